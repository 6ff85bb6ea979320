"""What keeps a value keeps the verdict, and what changes it is never called equal."""

from __future__ import annotations

import os
from collections import Counter

from answer_rewritings import CHANGING, KEEPING, Pair, pairs
from answer_values import VALUES

from skillrt.verifiers import equal

# `ANSWER_PAIRS=20000` takes a minute or two; the default, a part of it, a few seconds.
COUNT = int(os.environ.get("ANSWER_PAIRS", "1500"))
SEED = int(os.environ.get("ANSWER_SEED", "15"))


def test_the_table_is_large_and_its_values_differ() -> None:
    assert len({value.text for value in VALUES}) == len(VALUES) >= 300
    assert all(equal(value.text, value.text) is True for value in VALUES)


def test_generated_pairs_are_never_wrong_for_certain() -> None:
    wrong: list[Pair] = []
    unsettled: Counter[bool] = Counter()
    made: Counter[str] = Counter()
    for pair in pairs(COUNT, SEED):
        verdict = equal(pair.one, pair.other)
        assert equal(pair.other, pair.one) is verdict, pair
        if verdict is None:
            unsettled[pair.equal] += 1
        elif verdict is not pair.equal:
            wrong.append(pair)
        made[pair.how.rpartition(": ")[2]] += 1
    assert wrong == []
    # What keeps a value is nearly always seen to keep it, and what changes it nearly always to change it.
    assert unsettled[True] <= 0.002 * COUNT
    assert unsettled[False] <= 0.08 * COUNT
    assert set(made) == {*KEEPING, *CHANGING, "two values"}


def test_the_pairs_are_the_same_each_time() -> None:
    assert list(pairs(50, 3)) == list(pairs(50, 3))
    assert list(pairs(50, 3)) != list(pairs(50, 4))
