"""The rows that we ship: every ground truth is computed, run or measured here, for both responses."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest

from skillbench.suites.starter.suite import GROUPS, SHIPPED, Starter

ROWS: list[dict[str, Any]] = [json.loads(line) for line in SHIPPED.read_text("utf-8").splitlines()]
FACTS = {
    "closest to the Sun": "Mercury",
    "symbol of sodium": "Na",
    "Second World War end": "1945",
    "for photosynthesis": "carbon dioxide",
    "capital of Australia": "Canberra",
    "play Hamlet": "Shakespeare",
}


def final_line(response: str) -> str | None:
    found = re.search(r"^Answer: (.+)\Z", response, re.MULTILINE)
    return found[1] if found else None


def truth_of(row: dict[str, Any]) -> str:
    check = row["check"]
    match check["kind"]:
        case "math":
            return str(eval(check["expression"], {"__builtins__": {"sum": sum, "range": range}}))
        case "reasoning":
            space: dict[str, Any] = {}
            exec(check["program"], space)
            return str(space["answer"])
        case _:
            return next(answer for words, answer in FACTS.items() if words in row["question"])


def passes_code(response: str, check: dict[str, Any]) -> bool:
    source = re.search(r"```python\n(.*?)```", response, re.DOTALL)
    assert source is not None
    space: dict[str, Any] = {}
    exec(source[1], space)
    try:
        return all(space[check["entry"]](*given) == wanted for given, wanted in check["cases"])
    except IndexError:
        return False


def has_form(response: str, check: dict[str, Any]) -> bool:
    if "words" in check:
        return len(response.split()) == check["words"]
    if "without" in check:
        return check["without"] not in response.lower()
    if "json" in check:
        try:
            return json.loads(response) == check["json"]
        except ValueError:
            return False
    return re.fullmatch(check["pattern"], response) is not None


def is_right(row: dict[str, Any], response: str) -> bool:
    match row["check"]["kind"]:
        case "code":
            return passes_code(response, row["check"])
        case "format":
            return has_form(response, row["check"])
        case _:
            assert final_line(response) is not None
            return final_line(response) == truth_of(row)


@pytest.mark.parametrize("row", ROWS, ids=[row["pair_id"] for row in ROWS])
def test_the_labelled_response_is_right_and_the_other_wrong(row: dict[str, Any]) -> None:
    right, wrong = ("A", "B") if row["label"] == "A>B" else ("B", "A")
    assert is_right(row, row[f"response_{right}"])
    assert not is_right(row, row[f"response_{wrong}"])
    if "ground_truth" in row:
        assert row["ground_truth"] == truth_of(row)
        assert row["check"].get("answer", row["ground_truth"]) == row["ground_truth"]


def test_rows_are_many_short_and_balanced() -> None:
    groups = Counter(row["source"] for row in ROWS)
    assert len(ROWS) >= 24
    assert groups == {f"starter-{group}": len(ROWS) // len(GROUPS) for group in GROUPS}
    assert len({row["pair_id"] for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert len(row["question"]) + len(row["response_A"]) + len(row["response_B"]) < 600
    firsts = sum(row["label"] == "A>B" for row in ROWS)
    longer = sum((len(row["response_A"]) > len(row["response_B"])) == (row["label"] == "A>B") for row in ROWS)
    assert firsts * 2 == len(ROWS)
    assert 0.4 <= longer / len(ROWS) <= 0.6, "a judge that picks the longer response must not look good"


def test_the_suite_reads_them_all() -> None:
    summary = Starter().check()
    assert (summary.samples, summary.judgments, summary.repeated_ids) == (len(ROWS), 2 * len(ROWS), 0)
