"""Every way in which a judgment can go and end, on the compiled artifacts and without a server."""

from typing import Any

import pytest
from judge_support import (
    DELIVERIES,
    Driver,
    call,
    cite,
    events,
    final,
    final_for,
    finding,
    play,
    program,
    sample_for,
    talk,
    turn,
    view_of,
)

from skillrt.chat import Usage
from skillrt.endpoints.config import EndpointFailure
from skillrt.judging.actions import RunResult
from skillrt.programs.view import JudgeView, SampleError, make_view

TASKS = ("starter", "judgebench")
TOOLED = DELIVERIES[1:]
CONTEXT = EndpointFailure("maximum context length is 4096 tokens", "context")
DOWN = EndpointFailure("connection refused", "down")


# ------------------------------------------------------------------------------------------ ending


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("delivery", TOOLED)
def test_a_submitted_answer_ends_the_judgment(task: str, delivery: str) -> None:
    one = program(task, delivery)
    judgment, driver = play(one, turn(final_for(one, "B")))
    verdict = judgment.verdict
    assert (verdict.valid, verdict.said, verdict.outcome, verdict.label) == (True, "B", "B", "B")
    assert verdict.reason == "scripted"
    assert len(driver.sent) == judgment.usage.requests == 1


@pytest.mark.parametrize("task", TASKS)
def test_a_direct_answer_is_read_from_the_text(task: str) -> None:
    one = program(task, "direct")
    shown = {label.label: label.shown for label in one.task.answer.labels}  # type: ignore[union-attr]
    judgment, driver = play(one, talk(f"<think>maybe {shown['A']}</think>{shown['B']}"))
    assert (judgment.verdict.valid, judgment.verdict.outcome) == (True, "B")
    assert not driver.sent[0].tools


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (talk("I like both."), "no readable answer"),
        (talk(""), "no readable answer"),
        (talk("Output (a), or rather Output (b)"), "no readable answer"),
        (talk("", reasoning="Output (a)"), "no readable answer"),
        (talk("Output (a) is better because", finish="length"), "cut by the token limit"),
    ],
)
def test_a_text_without_one_clear_answer_is_invalid(reply: Any, why: str) -> None:
    judgment, driver = play(program("judgebench", "direct"), reply)
    verdict = judgment.verdict
    assert (verdict.valid, verdict.outcome, verdict.error_owner) == (False, None, "judge")
    assert why in str(verdict.error)
    assert len(driver.sent) == 1


@pytest.mark.parametrize("delivery", TOOLED)
def test_who_only_talks_is_asked_with_the_tool_forced_and_then_given_up(delivery: str) -> None:
    judgment, driver = play(program("starter", delivery), talk("A is better, [[A]], Output (a)."))
    assert [request.forced for request in driver.sent] == [None, *["final_answer"] * 4]
    assert (judgment.verdict.valid, judgment.verdict.outcome) == (False, None)
    assert judgment.verdict.error == "no final answer: it kept talking"
    assert judgment.verdict.error_owner == "judge"


CUT = call("final_answer", raw='{"findings": [], "reason": "A is')
CUTS = {
    "a call": turn(CUT, finish="length"),
    "text where a call was forced": talk('<tool_call>{"name": "final_answer"', finish="length"),
}


@pytest.mark.parametrize("name", CUTS)
def test_a_forced_answer_that_is_cut_is_asked_for_again_in_bounds(name: str) -> None:
    cut = CUTS[name]
    judgment, driver = play(program("starter", "progressive"), talk("hm"), cut, cut, turn(final("A")))
    assert judgment.verdict.outcome == "A"
    assert [request.bounded for request in driver.sent] == [False, False, True, True]
    # The cut turn leaves the conversation: all the server has cached of it serves the next try.
    assert driver.sent[1].messages == driver.sent[2].messages == driver.sent[3].messages
    assert [event["bounded"] for event in events(judgment, "request")] == [False, False, True, True]
    assert [event["finish_reason"] for event in events(judgment, "reply")][1:3] == ["length"] * 2
    judgment, driver = play(program("starter", "progressive"), talk("hm"), cut)
    assert judgment.verdict.error == "no final answer: the answer was cut by the token limit"
    assert judgment.verdict.error_owner == "judge"
    assert len(driver.sent) == 5


def test_an_answer_that_is_cut_before_it_was_forced_is_forced_in_bounds() -> None:
    judgment, driver = play(program("starter", "flat"), CUTS["a call"], turn(final("B")))
    assert judgment.verdict.outcome == "B"
    assert [(request.forced, request.bounded) for request in driver.sent] == [
        (None, False),
        ("final_answer", True),
    ]


def test_an_answer_that_looks_whole_is_none_where_the_limit_ended_the_turn() -> None:
    cut = turn(final("B"), finish="length")
    judgment, driver = play(program("starter", "flat"), cut, turn(final("A")))
    assert (judgment.verdict.outcome, len(driver.sent)) == ("A", 2)
    judgment, driver = play(program("starter", "flat"), cut)
    assert judgment.verdict.error == "no final answer: the answer was cut by the token limit"


def test_a_call_that_is_no_json_is_not_sent_back() -> None:
    broken = turn(call("view_resource", raw='{"id": '))
    judgment, driver = play(program("starter", "preloaded"), broken, turn(final("A")))
    assert judgment.verdict.outcome == "A"
    # Some chat templates parse the arguments.
    assert driver.sent[-1].messages[-2]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_a_text_that_was_cut_says_so_in_the_reason() -> None:
    judgment, driver = play(program("starter", "flat"), talk("Let me think", finish="length"))
    assert judgment.verdict.error == "no final answer: the answer was cut by the token limit"
    # The first turn was free to talk: what it said stays.
    assert driver.sent[-1].messages[-2]["content"] == "Let me think"


@pytest.mark.parametrize("delivery", TOOLED)
def test_the_last_turn_is_forced(delivery: str) -> None:
    one = program("starter", delivery)
    assert one.skill is not None
    driver = Driver([turn(call("no_such_tool")), turn(final_for(one, "B"))])
    driver.turns = [driver.turns[0]] * (one.skill.limits.turns - 1) + [driver.turns[1]]
    judgment = driver.judge(one)
    assert judgment.verdict.outcome == "B"
    assert [request.forced for request in driver.sent[:-1]] == [None] * (one.skill.limits.turns - 1)
    assert driver.sent[-1].forced == "final_answer"
    assert driver.sent[-1].allowed == ("final_answer",)


def test_other_tools_are_not_run_in_a_forced_turn() -> None:
    judgment, driver = play(
        program("starter", "progressive"), talk("hm"), turn(call("python_sandbox", code="1"))
    )
    assert driver.ran == []
    assert len(driver.sent) == 5
    assert driver.last()["content"] == program("starter", "progressive").phrase("final_now")
    assert not judgment.verdict.valid


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_an_endpoint_failure_is_the_endpoints(delivery: str) -> None:
    judgment, _ = play(program("starter", delivery), DOWN)
    assert (judgment.verdict.valid, judgment.verdict.error_owner) == (False, "endpoint")
    assert judgment.verdict.error == "connection refused"
    assert events(judgment, "failure")[0]["problem"] == "connection refused"


def test_a_sample_without_a_field_is_the_samples() -> None:
    one = program("starter", "direct")
    with pytest.raises(SampleError, match="no prompt"):
        make_view(one.task, one.link, {**sample_for(one), "prompt": ""})


# ------------------------------------------------------------------------------- the judge's tools


def test_the_manual_is_loaded_once_and_its_resources_viewed_once() -> None:
    one = program("starter", "progressive")
    assert one.skill is not None
    rubric = one.link.resources[0]
    _, driver = play(
        one,
        turn(call("view_resource", id=rubric)),
        turn(call("use_skill")),
        turn(call("use_skill")),
        turn(call("list_resources"), call("view_resource", id=rubric)),
        turn(call("view_resource", id=rubric)),
        turn(final()),
    )
    shown = [request.messages for request in driver.sent]
    assert shown[1][-1]["content"] == one.phrase("load_first")
    assert shown[2][-1]["content"].startswith(one.loaded_text(view_of(one), {}))
    assert shown[3][-1]["content"] == one.phrase("already_loaded")
    assert rubric in shown[4][-2]["content"]
    assert str(one.resource_text(rubric, view_of(one)))[:500] in shown[4][-1]["content"]
    assert one.phrase("already_viewed", id=rubric) in shown[5][-1]["content"]


def test_views_are_counted() -> None:
    one = operational("preloaded")
    limit = one.skill.limits.views
    names = [item.id for item in one.offered(view_of(one))]
    assert len(names) > limit
    _, driver = play(
        one, turn(*(call("view_resource", n, id=name) for n, name in enumerate(names))), turn(final())
    )
    answers = [message["content"] for message in driver.sent[-1].messages if message["role"] == "tool"]
    assert one.phrase("views_spent", limit=limit) in answers[limit]
    assert all(one.phrase("views_spent", limit=limit) not in text for text in answers[:limit])


def test_runs_are_counted_and_numbered() -> None:
    one = program("starter", "progressive")
    assert one.skill is not None
    assert one.skill.python is not None
    limit = one.skill.python.calls
    runs = [call("python_sandbox", number, code="result = 1") for number in range(limit + 1)]
    judgment, driver = play(one, turn(*runs), turn(final()))
    assert len(driver.ran) == limit
    assert [event["number"] for event in events(judgment, "run")] == list(range(1, limit + 1))
    assert one.phrase("calls_spent", limit=limit) in driver.last()["content"]


def test_code_that_is_too_long_is_not_run_and_costs_no_run() -> None:
    one = program("starter", "progressive")
    assert one.skill is not None
    assert one.skill.python is not None
    long = "#" * (one.skill.python.code_chars + 1)
    _, driver = play(
        one, turn(call("python_sandbox", code=long), call("python_sandbox", code="result = 2")), turn(final())
    )
    assert [run.code for run in driver.ran] == ["result = 2"]  # type: ignore[union-attr]
    assert one.phrase("run_result", number=1, result=10) in driver.last()["content"]


def test_what_a_run_shows_is_bounded_and_neutral() -> None:
    one = program("starter", "progressive")
    assert one.skill is not None
    assert one.skill.python is not None
    long = RunResult(ok=True, result="x" * 10_000, printed="<|im_end|>" * 10)
    _, driver = play(one, turn(call("python_sandbox", code="1")), turn(final()), python=lambda _: long)
    assert len(driver.last()["content"]) < one.skill.python.output_chars + 100
    short = RunResult(ok=False, error="ValueError: <|im_end|>", printed="</tool_call>")
    _, driver = play(one, turn(call("python_sandbox", code="1")), turn(final()), python=lambda _: short)
    content = driver.last()["content"]
    assert "<|im_end|>" not in content
    assert "</tool_call>" not in content
    assert "ValueError" in content


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (call("no_such_tool"), "There is no tool no_such_tool"),
        (call("no<|im_end|>such"), "There is no tool no<\u2060|im_end|\u2060>such"),
        (call("view_resource", raw="{"), "not JSON"),
        (call("view_resource", raw=""), "id"),
        (call("view_resource", raw="[]"), "object"),
        (call("view_resource", raw='{"id": "rubric.none"}'), "rubric.none"),
        (call("view_resource", raw='{"id": 3}'), "id"),
        (call("use_skill", raw='{"extra": 1}'), "extra"),
        (call("final_answer", raw='{"verdict": "A"}'), "findings"),
        (final("C"), "C"),
        (final("A>>B"), "A>>B"),
        (final("A", finding(response="Z")), "Z"),
        (final("A", finding(cites=[{"kind": "rumour", "ref": "x"}])), "rumour"),
        (final("A", *[finding()] * 9), "length"),
        (call("python_sandbox", raw='{"code": "\\ud800"}'), "python_sandbox"),
        (call("final_answer", raw="[" * 100_000), "final_answer"),
    ],
)
def test_a_wrong_call_is_told_what_is_wrong_and_costs_a_turn(wrong: Any, told: str) -> None:
    judgment, driver = play(program("starter", "progressive"), turn(wrong), turn(final("B")))
    assert told.casefold() in driver.last()["content"].casefold()
    assert judgment.verdict.outcome == "B"
    assert judgment.usage.tool_calls == 2


def test_parallel_calls_are_answered_in_their_order() -> None:
    one = program("starter", "progressive")
    calls = [call("use_skill", 1), call("python_sandbox", 2, code="result = 1"), call("list_resources", 3)]
    judgment, driver = play(one, turn(*calls), turn(final("A")))
    messages = driver.sent[-1].messages
    assert [message.get("tool_call_id") for message in messages[-3:]] == [one.id for one in calls]
    assert judgment.usage.tool_calls == 4


def test_calls_after_the_final_answer_and_calls_without_end_are_left_out() -> None:
    judgment, driver = play(
        program("starter", "progressive"), turn(final("A"), call("python_sandbox", code="1"))
    )
    assert (judgment.verdict.outcome, driver.ran) == ("A", [])
    many = [call("use_skill", number) for number in range(50)]
    _, driver = play(program("starter", "progressive"), turn(*many), turn(final("A")))
    assert len([message for message in driver.sent[-1].messages if message["role"] == "tool"]) == 8
    assert len(driver.sent[-1].messages[-9]["tool_calls"]) == 8


def test_the_judge_is_told_when_few_turns_are_left() -> None:
    one = program("starter", "progressive")
    _, driver = play(one, *[turn(call("use_skill"))] * 5, turn(final()))
    told = [request.messages[-1]["content"] for request in driver.sent[1:]]
    assert [text.rpartition("\n")[2] for text in told[3:]] == [
        one.phrase("turns_left", left=2),
        one.phrase("turns_left", left=1),
    ]


def test_the_tools_never_change_within_a_conversation() -> None:
    _, driver = play(program("starter", "progressive"), turn(call("use_skill")), talk("hm"), turn(final()))
    assert len({id(request.tools) for request in driver.sent}) == 1
    assert all(
        later.messages[: len(earlier.messages)] == earlier.messages
        for earlier, later in zip(driver.sent, driver.sent[1:], strict=False)
    )


# ------------------------------------------------------------------- evidence, readout, said, outcome


def test_findings_are_bound_to_what_was_seen() -> None:
    one = program("starter", "progressive")
    rubric = one.link.resources[0]
    findings = [
        finding(cites=cite("resource", rubric)),
        finding(response="B", cites=cite("run", "Run 1")),
        finding(criterion="safety", cites=cite("run", "1")),
        finding(criterion="safety", response="B", cites=cite("quote", "the SUM  is 42")),
        finding(criterion="reasoning", cites=cite("run", "2")),
        finding(criterion="reasoning", response="B", cites=cite("resource", one.link.resources[1])),
        finding(criterion="helpfulness", cites=cite("quote", "the sum is 44")),
        finding(criterion="helpfulness", response="B", cites=cite("quote", "it")),
    ]
    judgment, _ = play(
        one,
        turn(call("use_skill"), call("view_resource", id=rubric), call("python_sandbox", code="result = 1")),
        turn(final("A", *findings)),
    )
    marks = [item["grounded"] for item in judgment.verdict.findings]
    assert marks == [True, True, True, True, False, False, False, False]
    assert judgment.verdict.grounded is False


def test_flat_resources_are_seen_from_the_start() -> None:
    one = program("starter", "flat")
    judgment, _ = play(one, turn(final("A", finding(cites=cite("resource", one.link.resources[0])))))
    assert judgment.verdict.grounded is True


def test_tools_only_has_the_tasks_own_readout() -> None:
    one = program("starter", "tools_only")
    judgment, _ = play(one, turn(final_for(one)))
    verdict = judgment.verdict
    assert (verdict.valid, verdict.outcome, verdict.grounded) == (True, "A", None)


def operational(delivery: str = "progressive") -> Any:
    return program("judgebench", delivery, "reward_judge_operational", "operational")


def decides(run: Any) -> dict[str, Any]:
    return {"conclusive": True, "winner": "A", "text": "42 is right: A"}


@pytest.mark.parametrize("delivery", ["progressive", "preloaded", "flat"])
def test_said_and_outcome_are_kept_apart(delivery: str) -> None:
    one = operational(delivery)
    driver = Driver([turn(final("B"))], verifier=decides)
    judgment = driver.judge(one, view_of(one, reference="42"))
    verdict = judgment.verdict
    assert (verdict.said, verdict.outcome, verdict.label) == ("B", "A", "B")
    assert verdict.decided_by == one.link.verifiers[0]
    assert [run.verifier.id for run in driver.ran] == list(one.link.verifiers)  # type: ignore[union-attr]
    assert [event["id"] for event in events(judgment, "verifier")] == list(one.link.verifiers)


def test_an_inconclusive_verifier_decides_nothing() -> None:
    one = operational()
    judgment = Driver([turn(final("B"))]).judge(one, view_of(one, reference="42"))
    assert (judgment.verdict.said, judgment.verdict.outcome) == ("B", "B")
    assert judgment.verdict.decided_by is None


def test_a_second_opinion_is_evidence_and_never_decides() -> None:
    one = operational()
    asked = turn(call("run_resource", id="second_opinion"))
    driver = Driver([turn(call("use_skill")), asked, asked, turn(final("B"))])
    driver.verifier = lambda run: decides(run) if hasattr(run, "pipeline") else {"conclusive": False}
    judgment = driver.judge(one, view_of(one, reference="42"))
    assert (judgment.verdict.said, judgment.verdict.outcome) == ("B", "B")
    assert judgment.usage.requests == 4 + 2
    assert len([run for run in driver.ran if hasattr(run, "pipeline")]) == 1
    assert one.phrase("already_viewed", id="second_opinion") in driver.last()["content"]
    assert events(judgment, "pipeline")[0]["judgments"] == [{"sub": 1}]
    assert "42 is right: A" in driver.sent[-2].messages[-1]["content"]


def test_runs_asked_for_are_bounded() -> None:
    one = operational()
    view = view_of(one, reference="42")
    names = sorted(one.runnable(view))
    asked = [call("run_resource", number, id=name) for number, name in enumerate(names)]
    driver = Driver([turn(call("use_skill"), *asked), turn(final())])
    driver.judge(one, view)
    assert len([run for run in driver.ran if hasattr(run, "pipeline")]) == min(
        one.skill.limits.runs, len(names)
    )


# ------------------------------------------------------------------------------------------ length


def long_view(one: Any) -> JudgeView:
    return view_of(one, prompt="p" * 10_000, responses={"A": "a" * 20_000, "B": "b" * 3_000})


def test_a_conversation_that_does_not_fit_is_shortened_by_stated_steps() -> None:
    one = program("starter", "progressive")
    shown = turn(call("use_skill"), call("view_resource", id=one.link.resources[0]))
    driver = Driver([shown, CONTEXT, CONTEXT, CONTEXT, CONTEXT, turn(final("A"))])
    judgment = driver.judge(one, long_view(one))
    assert judgment.verdict.outcome == "A"
    sizes = [sum(len(message["content"]) for message in request.messages) for request in driver.sent[1:]]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 5
    last = driver.sent[-1].messages
    assert last[0] == driver.sent[0].messages[0]
    assert "b" * 1000 in last[1]["content"]
    assert "b" * 1001 not in last[1]["content"]
    assert "a" * 1001 not in last[1]["content"]
    steps = events(judgment, "shortened")
    assert [step["step"] for step in steps] == [0, 1, 2, 3]
    # The trace still tells what was shown before.
    assert steps[0]["was"][0]["content"].startswith(one.loaded_text(view_of(one), {}))
    assert "a" * 20_000 in steps[1]["was"][0]["content"]


def test_what_never_fits_is_the_samples_failure() -> None:
    one = program("starter", "direct")
    driver = Driver([CONTEXT])
    judgment = driver.judge(one, long_view(one))
    assert (judgment.verdict.valid, judgment.verdict.error_owner) == (False, "sample")
    assert len(driver.sent) == 5


def test_shortening_leaves_the_requests_before_as_they_were() -> None:
    one = program("starter", "progressive")
    driver = Driver([turn(call("use_skill"), call("list_resources")), CONTEXT, turn(final("A"))])
    driver.judge(one)
    whole, cut = driver.sent[1].messages[3], driver.sent[2].messages[3]
    assert whole["content"] == one.loaded_text(view_of(one), {})
    assert len(cut["content"]) < len(whole["content"])


# ------------------------------------------------------------------------------------------- trace


def test_usage_is_summed_and_every_reply_traced() -> None:
    used = Usage(prompt_tokens=100, cached_tokens=60, completion_tokens=7, retries=2, latency_s=0.5)
    first = turn(call("use_skill"), usage=used, endpoint="http://x/v1", failures=("busy: 429", "down: cut"))
    judgment, _ = play(program("starter", "progressive"), first, turn(final(), usage=used))
    total = judgment.usage
    assert (total.requests, total.prompt_tokens, total.cached_tokens) == (2, 200, 120)
    assert (total.completion_tokens, total.tool_calls, total.retries, total.latency_s) == (14, 2, 4, 1.0)
    reply = events(judgment, "reply")[0]
    assert (reply["endpoint"], reply["retries"], reply["failures"]) == (
        "http://x/v1",
        2,
        ["busy: 429", "down: cut"],
    )


def test_reasoning_is_kept_and_never_sent_back() -> None:
    judgment, driver = play(
        program("starter", "progressive"), turn(call("use_skill"), reasoning="SECRET"), turn(final())
    )
    assert events(judgment, "reply")[0]["reasoning"] == "SECRET"
    assert "SECRET" not in str(driver.sent[-1].messages)


def test_what_the_judge_repeats_goes_back_harmless_and_without_its_thoughts() -> None:
    code = "result = '<|im_end|>' in responses['A']"
    said = turn(call("python_sandbox", code=code), content="<think>hm</think>It wrote <|im_end|>.")
    _, driver = play(program("starter", "progressive"), said, turn(final()))
    message = driver.sent[-1].messages[-2]
    assert message["content"] == "It wrote <\u2060|im_end|\u2060>."
    assert "<|im_end|>" not in str(message)
    assert driver.ran[0].code == code  # type: ignore[union-attr]
