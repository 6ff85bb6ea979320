"""Rollouts of one prompt judged together: gathering, pairs, ranks, and what is lost on the way."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from reward_support import SHORT, longer_wins, truth
from scripted_server import Call, Reply, Say, ScriptedServer, Status, Turn

from skillrl.groups.comparing import Comparer, Member
from skillrl.groups.gathering import Gatherer
from skillrl.groups.ranking import pairs_under, shares_won, turned_first
from skillrl.hedging import hedged
from skillrl.managing import read_manager_settings
from skillrl.reward import close_sessions
from skillrl.rows.sample import InstructionError
from skillrl.settings import SettingsError, read_settings
from skillrl.steps import StepLog


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    yield
    await close_sessions()


async def count_group(uid: str, members: Sequence[str]) -> list[tuple[str, int]]:
    return [(f"{uid}:{member}", len(members)) for member in members]


async def test_a_complete_group_is_judged_soon() -> None:
    gatherer = Gatherer(count_group, patience_s=30)
    found = await asyncio.gather(
        *(gatherer.join(uid, 4, str(number)) for number in range(4) for uid in ("g", "h"))
    )
    assert found == [(f"{uid}:{number}", 4) for number in range(4) for uid in ("g", "h")]


async def test_a_copy_of_a_rollout_takes_no_siblings_place() -> None:
    gatherer = Gatherer(count_group, patience_s=30)
    copied = [asyncio.ensure_future(gatherer.join("g", 3, member)) for member in ("0", "0", "1")]
    await asyncio.sleep(0.05)
    assert await gatherer.join("g", 3, "2") == ("g:2", 4)
    assert await asyncio.gather(*copied) == [("g:0", 4), ("g:0", 4), ("g:1", 4)]


async def test_a_lost_sibling_is_waited_for_and_then_left_out() -> None:
    gatherer = Gatherer(count_group, patience_s=0.05)
    found = await asyncio.gather(*(gatherer.join("g", 4, str(number)) for number in range(3)))
    assert {size for _, size in found} == {3}
    assert await asyncio.wait_for(gatherer.join("g", 4, "late"), 1) == ("g:late", 1)


async def test_what_breaks_a_group_reaches_all_of_it() -> None:
    async def broken(uid: str, members: Sequence[str]) -> list[str]:
        raise RuntimeError(uid)

    gatherer = Gatherer(broken, patience_s=1)
    found = await asyncio.gather(*(gatherer.join("g", 2, member) for member in "ab"), return_exceptions=True)
    assert [str(one) for one in found] == ["g", "g"]


@pytest.mark.parametrize(("count", "budget"), [(1, 6), (2, 6), (4, 6), (4, 4), (8, 8), (8, 28), (5, 5)])
def test_pairs_are_distinct_and_even(count: int, budget: int) -> None:
    pairs = pairs_under(count, budget)
    assert len(set(pairs)) == len(pairs) == min(budget, count * (count - 1) // 2)
    assert all(0 <= first < second < count for first, second in pairs)
    if pairs:
        uses = Counter(itertools.chain.from_iterable(pairs))
        assert max(uses.values()) - min(uses[number] for number in range(count)) <= 1


def test_shares_count_ties_half_and_leave_failures_out() -> None:
    assert shares_won(3, {(0, 1): 1.0, (1, 2): 0.5, (0, 2): None}) == [1.0, 0.25, 0.5]
    assert shares_won(2, {(0, 1): None}) == [None, None]
    assert len({turned_first(str(number), (0, 1)) for number in range(20)}) == 2


async def test_hedging_takes_the_first_answer_and_survives_one_failure() -> None:
    tries = itertools.count()

    async def first_hangs() -> int:
        number = next(tries)
        await asyncio.sleep(30 if number == 0 else 0)
        return number

    assert await hedged(first_hangs, 0.02) == 1

    async def fails() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await hedged(fails, 1)


async def group_of(
    rollouts: Sequence[str], script: Any, ground_truth: str, **more: Any
) -> list[dict[str, Any]]:
    with ScriptedServer(script) as server:
        reward = read_settings({"base_urls": server.base_url, "model": server.model})
        comparer = Comparer(reward, read_manager_settings({"group": True, "rank_weight": 1.0, **more}))
        found = await comparer.judge("g", [Member(ground_truth, rollout) for rollout in rollouts])
    assert len({frozenset(one) for one in found}) == 1
    return found


async def test_ranks_follow_the_comparisons() -> None:
    row = truth([None])
    for orders in (False, True):
        found = await group_of(["x", "xxx", "xx", "xxxx"], longer_wins, row, group_both_orders=orders)
        assert [one["rank"] for one in found] == pytest.approx([0, 2 / 3, 1 / 3, 1])
        assert [one["score"] for one in found] == [one["rank"] for one in found]
        assert {(one["comparisons"], one["group_size"], one["judge_failed"]) for one in found} == {(3, 4, 0)}


async def test_equal_rollouts_share_and_empty_ones_are_worth_nothing() -> None:
    found = await group_of(["xx", "xx", "", "<think>x</think>x"], longer_wins, truth([None]))
    assert [one["score"] for one in found] == [1, 1, 0, 0]
    assert found[2]["failure"] == "rollout: empty"
    alone = await group_of(["xx", "xx"], longer_wins, truth([None]))
    assert [one["score"] for one in alone] == [0.5, 0.5]
    assert alone[0]["judged"] == 0


async def test_what_the_judge_calls_level_is_shared() -> None:
    asked: list[str] = []

    def level(turn: Turn) -> Reply:
        asked.append(turn.text)
        return Call("final_answer", {"findings": [], "reason": "scripted", "verdict": "tie"})

    found = await group_of(["x", "xx", "xxx"], level, truth([None]))
    assert [one["score"] for one in found] == [0.5, 0.5, 0.5]
    # Its task, manual and notices speak the language of the prompts.
    assert len(asked) == 3
    assert all(text.isascii() for text in asked)


async def test_rules_have_their_share() -> None:
    found = await group_of(["x", "x" * 60], longer_wins, truth([SHORT]), rank_weight=0.25)
    assert [one["score"] for one in found] == [0.75, 0.25]


async def test_where_all_comparisons_fail_nobody_is_ahead() -> None:
    found = await group_of(["x", "x" * 60], lambda turn: Say("?"), truth([SHORT]), rank_weight=0.5)
    assert [one["score"] for one in found] == [0, 0]
    assert [one["rule_score"] for one in found] == [1, 0]
    assert {one["judge_failed"] for one in found} == {1}


async def test_a_group_whose_row_nobody_can_read_is_an_error() -> None:
    with pytest.raises(InstructionError, match="neither"):
        await group_of(["x", "xx"], longer_wins, "no JSON")


async def test_a_rollout_that_is_never_compared_gets_the_mean_of_its_siblings() -> None:
    def script(turn: Turn) -> Reply:
        return Status(400) if "broken" in turn.opening else longer_wins(turn)

    found = await group_of(["x", "broken", "xx", "xxx"], script, truth([None]))
    assert [one["score"] for one in found] == [0, 0.5, 0.5, 1]
    assert [one["failure"] for one in found] == ["", "endpoint: HTTP 400", "", ""]


def test_manager_settings_are_checked() -> None:
    assert read_manager_settings({"group": "true", "group_pairs": "4", "deadline_s": None}).group_pairs == 4
    for wrong in (
        {"groups": True},
        {"group": "yes"},
        {"deadline_s": 0},
        {"group_pairs": 2.7},
        {"group_patience_s": float("nan")},
        {"hedge_after_s": "nan"},
        {"rank_weight": 2},
        {"concurrency": "x"},
    ):
        with pytest.raises(SettingsError, match=r"reward\.skillrl"):
            read_manager_settings(wrong)


def test_a_step_is_summed_up_when_the_next_begins(tmp_path: Any) -> None:
    log = StepLog(tmp_path / "new")
    assert log.note(1, {"score": 1.0, "rule_score": 0.5, "judge_score": 1.0, "latency_s": 0.1}) is None
    assert log.note(1, {"score": 0.0, "rule_score": -1.0, "judge_score": -1.0, "latency_s": 0.3}) is None
    ended = log.note(2, {"score": 0.0, "latency_s": 0.1})
    assert ended is not None
    assert (ended["step"], ended["rewards"], ended["score"], ended["judge_above_rules"]) == (1, 2, 0.5, 0.5)
    assert len(next((tmp_path / "new").iterdir()).read_text().splitlines()) == 1
