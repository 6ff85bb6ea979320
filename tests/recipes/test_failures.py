"""What a failure is worth: nothing that fails may pay, and nothing that fails may become a gradient."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import socket
import statistics
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from reward_support import HAS_TREE, SHORT, judge_all, kwargs_for, response_in, truth
from scripted_server import CONTEXT_VLLM, Hang, Reply, Say, ScriptedServer, Status, Turn

from skillrl.failure import Failure, failure_of, stand_in
from skillrl.groups.siblings import Siblings, settled
from skillrl.outcome import Outcome
from skillrl.reliability import Reliability
from skillrl.reward import close_sessions, compute_score
from skillrl.rows.sample import InstructionError
from skillrl.session import session_for
from skillrl.settings import RewardSettings, read_settings
from skillrl.steps import StepLog
from skillrt.judging.verdict import Verdict

DOWN = Failure("endpoint", "HTTP 400", "refused at 10.0.0.1 after 3.1 s")
CUT = Failure("judge", "cut", "the answer was cut by the token limit")
RULES_ONLY = RewardSettings(mode="rules", failure_score=0.25)


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    yield
    await close_sessions()


@pytest.fixture(autouse=True)
def settles_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skillrl.groups.siblings._SETTLE_S", 0.02)


def nobody() -> str:
    """The address of a server that is not there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1"


def advantages(scores: Sequence[float]) -> list[float]:
    """What GRPO makes of the rewards of a group."""
    spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
    return [(score - statistics.fmean(scores)) / (spread + 1e-6) for score in scores]


async def group_of(
    outcomes: Sequence[Outcome], rooms: Siblings, uid: str = "g", size: int = 0
) -> list[Outcome]:
    """Settle the outcomes of a group as the manager does, all at once."""

    async def settle(text: str, outcome: Outcome) -> Outcome:
        return await settled(
            outcome, text, RULES_ONLY, lambda *told: rooms.settle(uid, size or len(outcomes), *told)
        )

    return list(await asyncio.gather(*(settle(f"{i}", outcome) for i, outcome in enumerate(outcomes))))


async def through_the_group(
    rollouts: Sequence[str], ground_truth: str, kwargs: dict[str, Any]
) -> list[dict[str, Any]]:
    """Score the rollouts of one prompt as the manager does."""
    settings = read_settings(kwargs)
    session, rooms = await session_for(settings), Siblings(5)

    async def score(rollout: str) -> dict[str, Any]:
        outcome = await session.score(ground_truth, rollout)
        told = await settled(
            outcome, rollout, settings, lambda *told: rooms.settle("g", len(rollouts), *told)
        )
        return told.to_dict()

    return list(await asyncio.gather(*(score(rollout) for rollout in rollouts)))


# ------------------------------------------------------------------------------------ the judge is down


@pytest.mark.parametrize("concurrency", [4, 64])
async def test_a_judge_that_is_down_spreads_no_group(concurrency: int) -> None:
    kwargs = {"base_urls": [nobody()], "model": "m", "deadline_s": 2, "concurrency": concurrency}
    rollouts = ["A tree.", "A birch."]

    async def score(number: int) -> dict[str, Any]:
        return await compute_score("x", rollouts[number % 2], truth(), {}, **kwargs)

    found = await asyncio.gather(*(score(number) for number in range(128)))
    groups = [found[start : start + 4] for start in range(0, 128, 4)]
    assert sum(len({one["score"] for one in group}) > 1 for group in groups) == 0
    # The rules waited for nobody.
    assert [one["rule_score"] for one in found] == [1, 0.5] * 64
    assert Counter(one["failure"] for one in found) == {"endpoint: connection refused": 128}


async def test_a_judge_that_is_down_in_the_manager_spreads_no_group() -> None:
    kwargs = {"base_urls": [nobody()], "model": "m", "deadline_s": 1, "concurrency": 2}
    found = await through_the_group(["A tree."] * 3 + ["A birch."], truth(), kwargs)
    assert len({one["score"] for one in found}) == 1
    assert [one["rule_score"] for one in found] == [1, 1, 1, 0.5]


async def test_a_judge_that_hangs_for_all_in_the_queue_leaves_them_equal() -> None:
    with ScriptedServer(lambda turn: Hang(30)) as server:
        kwargs = kwargs_for(server, deadline_s=1, concurrency=2, request_timeout_s=20)
        found = await asyncio.gather(
            *(compute_score("x", "A tree.", truth(), {}, **kwargs) for _ in range(16))
        )
    assert {one["score"] for one in found} == {0}
    assert {one["rule_score"] for one in found} == {1}
    assert {one["failure"] for one in found} == {"endpoint: no answer in time"}


# ------------------------------------------------------------------------------------ a group with failures


async def test_four_equal_rollouts_and_one_refused_request() -> None:
    refused: list[int] = []

    def script(turn: Turn) -> Reply:
        # The status is one that is not tried again.
        if not refused:
            refused.append(turn.number)
            return Status(400)
        return judge_all("failed", "part_missing")(turn)

    with ScriptedServer(script) as server:
        found = await through_the_group(["A tree."] * 4, truth(), kwargs_for(server))
    assert sum(one["judge_failed"] for one in found) == 1
    assert advantages([one["score"] for one in found]) == [0, 0, 0, 0]
    assert next(one["failure"] for one in found if one["judge_failed"]) == "endpoint: HTTP 400"


async def test_a_thousand_groups_with_a_tenth_of_the_judgments_failed() -> None:
    chance = random.Random(13)
    rooms = Siblings(5)
    honest = [[round(chance.random(), 2) for _ in range(8)] for _ in range(1000)]
    failed = [[chance.random() < 0.1 for _ in range(8)] for _ in range(1000)]

    async def play(number: int) -> list[float]:
        outcomes = [
            Outcome(score=0.25, failure=DOWN) if lost else Outcome(score=score)
            for score, lost in zip(honest[number], failed[number], strict=True)
        ]
        return [one.score for one in await group_of(outcomes, rooms, f"g{number}")]

    played = await asyncio.gather(*(play(number) for number in range(1000)))
    astray = []
    for scores, true, lost in zip(played, honest, failed, strict=True):
        gained = advantages(scores)
        astray += [abs(gain) for gain, gone in zip(gained, lost, strict=True) if gone]
        kept = [(score, gain) for score, gain, gone in zip(true, gained, lost, strict=True) if not gone]
        assert [gain for _, gain in sorted(kept)] == sorted(gain for _, gain in kept)
        assert [s for s, gone in zip(scores, lost, strict=True) if not gone] == [s for s, _ in kept]
    assert len(astray) > 700
    assert statistics.fmean(astray) < 1e-9


async def test_where_all_fail_all_are_equal_whatever_failed() -> None:
    outcomes = [Outcome(score=0.25, failure=DOWN), Outcome(score=0.0, failure=CUT)] * 2
    assert {one.score for one in await group_of(outcomes, Siblings(5))} == {0.25}
    alone = await group_of([Outcome(score=0.25, failure=DOWN)], Siblings(5))
    assert alone[0].score == 0.25


async def test_a_sibling_that_never_comes_is_waited_for_and_then_left_out() -> None:
    outcomes = [Outcome(score=0.25, failure=DOWN), Outcome(score=0.75)]
    found = await group_of(outcomes, Siblings(0.05), size=4)
    assert [one.score for one in found] == [0.75, 0.75]


async def test_a_copy_that_fills_a_batch_is_not_counted_twice() -> None:
    rooms = Siblings(5)
    await rooms.settle("g", 4, "first", 1.0, False)
    await rooms.settle("g", 4, "first", 1.0, False)
    waits = asyncio.ensure_future(rooms.settle("g", 4, "failed", None, False))
    await asyncio.sleep(0)
    await rooms.settle("g", 4, "second", 0.4, False)
    await rooms.settle("g", 4, "third", 0.1, False)
    assert await waits == pytest.approx((1.0 + 0.4 + 0.1) / 3)
    # Siblings that happen to say the same are two.
    for text, score in (("same", 1.0), ("same", 1.0), ("other", 0.4)):
        await rooms.settle("h", 4, text, score, False)
    assert await rooms.settle("h", 4, "failed", None, False) == pytest.approx(0.8)


# ------------------------------------------------------------------------------------ who made it fail


def cut_for(word: str) -> Any:
    """A judge that runs to its token limit on every response with this word, and fails the others' items."""

    def play(turn: Turn) -> Reply:
        if word in response_in(turn):
            return Say("And on and on and", "length")
        return judge_all("failed", "part_missing")(turn)

    return play


async def test_a_judge_that_runs_to_its_token_limit_never_pays() -> None:
    row = truth([HAS_TREE, HAS_TREE, None])
    for delivery in ("preloaded", "tools_only", "flat"):
        with ScriptedServer(cut_for("endless")) as server:
            kwargs = kwargs_for(server, failure_score=0.9, delivery=delivery)
            alone = await compute_score("x", "An endless tree.", row, {}, **kwargs)
            judged = await compute_score("x", "A tree.", row, {}, **kwargs)
            rollouts = ["An endless tree.", "A tree.", "A birch.", "A tree again."]
            group = await through_the_group(rollouts, row, kwargs)
        assert alone["failure"] == "judge: cut"
        assert alone["score"] <= judged["score"]
        assert group[0]["score"] <= min(one["score"] for one in group[1:])
        assert advantages([one["score"] for one in group])[0] <= 0


async def test_a_judge_that_ran_to_its_limit_and_then_babbled_did_run_to_its_limit() -> None:
    def play(turn: Turn) -> Reply:
        return Say("And on and on and", "length") if turn.done == 0 else Say("I cannot go on.")

    with ScriptedServer(play) as server:
        found = await compute_score("x", "A tree.", truth(), {}, **kwargs_for(server, failure_score=0.9))
    assert (found["failure"], found["score"]) == ("judge: cut", 0)


async def test_text_cut_by_the_limit_is_the_same_kind() -> None:
    with ScriptedServer(cut_for("endless")) as server:
        direct = await compute_score(
            "x", "An endless tree.", truth(), {}, **kwargs_for(server, mode="direct", failure_score=0.9)
        )
    assert (direct["failure"], direct["score"]) == ("judge: cut", 0)


async def test_a_rollout_over_the_judges_context_earns_no_more_than_one_that_plainly_fails() -> None:
    def script(turn: Turn) -> Reply:
        return CONTEXT_VLLM if "tree tree" in turn.text else judge_all("failed", "other_task")(turn)

    rows = truth([HAS_TREE, None])
    with ScriptedServer(script) as server:
        kwargs = kwargs_for(server, failure_score=0.9)
        found = await through_the_group(["tree " * 20_000, "A birch.", "A tree."], rows, kwargs)
        alone = await compute_score("x", "tree " * 20_000, rows, {}, **kwargs)
    assert [found[0]["failure"], alone["failure"]] == ["rollout: context"] * 2
    assert found[0]["score"] == alone["score"] == 0 <= found[1]["score"]


def test_owners_and_kinds() -> None:
    def kind(owner: Any, kind: str, rollout: str = "short") -> str:
        failure = failure_of(Verdict(valid=False, error="e", error_owner=owner, error_kind=kind), rollout)
        return "" if failure is None else failure.cause

    assert kind("sample", "context") == "endpoint: context"
    assert kind("sample", "context", "\u6811" * 700) == "rollout: context"
    assert kind("sample", "context", "\ud800" * 2001) == "rollout: context"
    assert kind("sample", "fields") == "harness: sample fields"
    assert kind("judge", "cut") == "judge: cut"
    assert kind("harness", "KeyError") == "harness: harness KeyError"
    assert failure_of(Verdict(valid=True), "x") is None
    assert stand_in([0.2, 0.6], doubtful=False) == pytest.approx(0.4)
    assert stand_in([0.2, 0.6], doubtful=True) == 0.2
    assert stand_in([], doubtful=False) is None


# ------------------------------------------------------------------------------------ counted by cause


async def test_failures_are_counted_by_cause(caplog: pytest.LogCaptureFixture, tmp_path: Any) -> None:
    scripts = {"four hundred": Status(400), "hang": Hang(30), "babble": Say("?")}

    def script(turn: Turn) -> Reply:
        return next(reply for word, reply in scripts.items() if word in response_in(turn))

    with ScriptedServer(script) as server, caplog.at_level(logging.WARNING, "skillrl"):
        kwargs = kwargs_for(server, deadline_s=1.5, request_timeout_s=0.5)
        found = await asyncio.gather(
            *(
                compute_score("x", f"{word} {n}", truth([None]), {}, **kwargs)
                for n in range(2)
                for word in scripts
            )
        )
    causes = Counter(one["failure"] for one in found)
    names = ("endpoint: HTTP 400", "endpoint: no answer in time", "judge: no answer")
    assert causes == dict.fromkeys(names, 2)
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warned) == len(causes)
    log = StepLog(tmp_path)
    for one in found:
        log.note(1, one)
    log.flush()
    (line,) = next(tmp_path.iterdir()).read_text().splitlines()
    assert json.loads(line)["failures"] == dict(causes)


def test_the_alarm_names_causes_and_not_their_seconds() -> None:
    reliability = Reliability(RewardSettings(mode="rules"))
    for number in range(40):
        told = f"http://10.0.0.{number}/v1: no answer after {number}.3 s"
        reliability.note(Failure("endpoint", "connection refused", told))
    assert "40 x endpoint: connection refused (http://10.0.0.0/v1" in reliability.describe()


# ------------------------------------------------------------------------------------ the seed's silent zeros


async def test_a_parquet_in_the_form_of_others_is_no_silent_zero() -> None:
    extra = {"query": "Write about a tree.", "checkers": ["[rule] Names a tree."], "functions": [HAS_TREE]}
    given = {"data_source": "x", "ground_truth": "", "mode": "rules"}
    assert (await compute_score(solution_str="A tree.", extra_info=extra, **given))["score"] == 1
    assert (await compute_score(solution_str="A birch.", extra_info=extra, **given))["score"] == 0
    with pytest.raises(InstructionError, match="neither"):
        await compute_score(solution_str="A tree.", extra_info={"index": 1}, **given)


async def test_short_rules_do_not_wait_for_a_judge_that_is_asked_too_much() -> None:
    with ScriptedServer(lambda turn: Hang(30)) as server:
        kwargs = kwargs_for(server, deadline_s=3, concurrency=1)
        held = [asyncio.ensure_future(compute_score("x", "A tree.", truth(), {}, **kwargs)) for _ in range(4)]
        session = await session_for(read_settings(kwargs))
        rules, _ = await session.rules(_instruction(), "A tree.")
        assert rules.mean == 1
        assert not any(task.done() for task in held)
        await asyncio.gather(*held)


def _instruction() -> Any:
    from skillrl.rows.sample import read_instruction

    return read_instruction(truth([SHORT, HAS_TREE]))
