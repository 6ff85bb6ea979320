"""A recorded judgment, run again from its trace alone."""

import json
from typing import Any

import pytest
from judge_support import (
    DELIVERIES,
    Driver,
    call,
    cite,
    final_for,
    finding,
    program,
    talk,
    turn,
    view_of,
)

from skillrt.chat import Usage
from skillrt.endpoints.config import EndpointFailure
from skillrt.judging.actions import RunResult
from skillrt.judging.loop import JudgeLoop
from skillrt.judging.replay import ReplayError, replay

CONTEXT = EndpointFailure("maximum context length is 4096 tokens", "context")
USED = Usage(prompt_tokens=10, cached_tokens=5, completion_tokens=3, retries=1, latency_s=0.25)


def recorded(judgment: Any) -> dict[str, Any]:
    """A trace as a journal gives it back."""
    trace: dict[str, Any] = json.loads(json.dumps(judgment.trace))
    return trace


def runs(delivery: str) -> dict[str, list[Any]]:
    one = program("starter", delivery)
    shown = {label.label: label.shown for label in one.task.answer.labels}  # type: ignore[union-attr]
    if delivery == "direct":
        return {
            "answer": [talk(shown["A"], usage=USED)],
            "nothing": [talk("hm")],
            "shorter": [CONTEXT, talk(shown["B"])],
        }
    answer = turn(final_for(one, "B"), usage=USED, failures=("busy: 429",))
    found = finding(cites=cite("run", "1"))
    tools = turn(
        call("use_skill"), call("python_sandbox", code="result = 1"), content="look", reasoning="why"
    )
    return {
        "answer": [answer],
        "tools": [tools, answer],
        "unfit": [turn(call("final_answer", raw="{")), turn(final_for(one, "A"))],
        "talk": [talk("hm", finish="length")],
        "shorter": [tools, CONTEXT, CONTEXT, answer],
        "never": [CONTEXT],
        "down": [tools, EndpointFailure("refused", "down")],
        "grounded": [tools, turn(call("final_answer", findings=[found], reason="r", verdict="A"))],
    }


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_replay_gives_the_same_judgment(delivery: str) -> None:
    one = program("starter", delivery)
    for turns in runs(delivery).values():
        ran = RunResult(ok=True, result={"n": [1, None, 0.5]}, printed="seen\n", duration_s=0.25)
        driver = Driver(turns, python=lambda _, ran=ran: ran)  # type: ignore[misc]
        judgment = driver.judge(one, view_of(one, prompt="p" * 9000))
        assert replay(one, recorded(judgment)) == judgment


def test_replay_of_verifiers_and_pipelines() -> None:
    one = program("judgebench", "progressive", "reward_judge_operational", "operational")
    result = {"conclusive": True, "winner": "A", "text": "A"}
    turns = [turn(call("use_skill"), call("run_resource", id="second_opinion")), turn(final_for(one, "B"))]
    judgment = Driver(turns, verifier=lambda _: result).judge(one, view_of(one, reference="42"))
    assert (judgment.verdict.said, judgment.verdict.outcome) == ("B", "A")
    assert replay(one, recorded(judgment)) == judgment


def test_what_was_given_up_half_way_is_given_up_again() -> None:
    one = program("starter", "progressive")
    loop = JudgeLoop(one, view_of(one))
    loop.start()
    loop.reply(turn(call("python_sandbox", code="while True: pass")))
    judgment = loop.given_up("the judgment took longer than 3 s", "endpoint")
    assert not judgment.verdict.valid
    assert replay(one, recorded(judgment)) == judgment


def test_a_trace_that_does_not_fit_is_refused() -> None:
    one = program("starter", "progressive")
    trace = recorded(Driver([turn(call("use_skill")), turn(final_for(one, "A"))]).judge(one))
    with pytest.raises(ReplayError, match="ends where the judge loop asks for Send"):
        replay(one, {**trace, "events": trace["events"][:-2]})
    run = {"type": "run", "ok": True, "result": 1, "printed": "", "error": "", "duration_s": 0.0}
    with pytest.raises(ReplayError, match="'run' where the judge loop asks for Send"):
        replay(one, {**trace, "events": [run]})


def test_a_part_of_a_submission_that_once_counted_counts_no_more() -> None:
    """Old runs took what was there; judged again, what is missing makes the judgment the judge's failure."""
    one = program("if_pointwise", "preloaded", "instruction_following_pointwise", "operational")
    item = {"item": 1, "why": None, "status": "satisfied", "failure": None, "cites": []}
    view = view_of(one, checklist=["says hi", "says bye"])
    whole = [turn(call("final_answer", findings=[item, {**item, "item": 2}], reason=""))]
    trace = recorded(Driver(whole).judge(one, view))
    part = json.dumps({"findings": [item], "reason": ""})
    for event in trace["events"]:
        if event["type"] == "reply":
            event["tool_calls"][0]["arguments"] = part
    verdict = replay(one, trace).verdict
    assert (verdict.valid, verdict.score, verdict.error_owner) == (False, None, "judge")
    assert verdict.error == "no final answer: incomplete: item 2"
