"""Running a recorded judgment again, without a server, a sandbox or the data set.

The trace holds what the judge's side saw and every answer that it got; the loop is fed those
answers in their order. A new readout or parser can so be applied to an old run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from skillrt.chat import Reply, ToolCall, Usage
from skillrt.judging.actions import Action, Finish, RunPython, RunResult, Send
from skillrt.judging.loop import JudgeLoop
from skillrt.judging.probabilities.judge import LOGPROBS, LogprobsError, LogprobsLoop
from skillrt.judging.verdict import Judgment
from skillrt.programs.program import Program
from skillrt.programs.view import JudgeView

__all__ = ["ReplayError", "replay"]


class ReplayError(Exception):
    """A trace does not fit the program: it was recorded with other artifacts, or is incomplete."""


def replay(program: Program, trace: Mapping[str, Any]) -> Judgment:
    """Judge again from a trace.

    Args:
        program: the link that the trace was recorded with, or a changed one.
        trace: as found in ``skillrt.judging.verdict.Judgment``.

    Raises:
        ReplayError: the trace has no answer for what the loop asks.
    """
    fields = {name: _frozen(value) for name, value in trace["fields"].items()}
    view = JudgeView(MappingProxyType(fields))
    answers = (event for event in trace["events"] if event["type"] in _ANSWERS)
    if trace.get("readout") == LOGPROBS:
        return _weigh_again(program, view, trace, answers)
    loop = JudgeLoop(program, view)
    action = loop.start()
    while not isinstance(action, Finish):
        event = next(answers, None)
        if event is None and isinstance(action, Send) and loop.refused is not None:
            # It was recorded when a submission counted with whatever it had; nobody is there to complete it.
            return loop.given_up(loop.refused, "judge")
        action = _answer(loop, action, event, answers)
    return action.judgment


def _weigh_again(
    program: Program, view: JudgeView, trace: Mapping[str, Any], answers: Iterator[Mapping[str, Any]]
) -> Judgment:
    """Judge again by the recorded token probabilities, as long as the same beginnings are asked for."""
    asked = (event["prefill"] for event in trace["events"] if event["type"] == "request")
    try:
        loop = LogprobsLoop(program, view, both_orders=trace["both_orders"])
    except LogprobsError as error:
        raise ReplayError(str(error)) from error
    action = loop.start()
    while isinstance(action, Send):
        if action.request.prefill != next(asked, None):
            raise ReplayError(f"the trace has no token probabilities after {action.request.prefill!r}")
        event = next(answers, None)
        if event is None:
            raise ReplayError("the trace ends where token probabilities are asked for")
        if event["type"] == "reply":
            action = loop.reply(_reply(event))
        elif event["type"] != "failure":
            raise ReplayError(f"the trace has {event['type']!r} where token probabilities are asked for")
        elif event["context"]:
            action = loop.failed(event["problem"], context=True, kind=event.get("kind", ""))
        else:
            return loop.given_up(event["problem"], event["owner"], event.get("kind", ""))
    return action.judgment


_ANSWERS = ("reply", "failure", "run", "verifier", "pipeline")


def _frozen(value: Any) -> Any:
    return MappingProxyType(value) if isinstance(value, dict) else value


def _answer(
    loop: JudgeLoop, action: Action, event: Mapping[str, Any] | None, answers: Iterator[Mapping[str, Any]]
) -> Action:
    if event is None:
        raise ReplayError(f"the trace ends where the judge loop asks for {type(action).__name__}")
    match action, event["type"]:
        case Send(), "reply":
            return loop.reply(_reply(event))
        case Send(), "failure" if event["context"]:
            return loop.failed(event["problem"], context=True, kind=event.get("kind", ""))
        case _, "failure":
            return Finish(loop.given_up(event["problem"], event["owner"], event.get("kind", "")))
        case RunPython(), "run":
            known = {name: event[name] for name in ("ok", "result", "printed", "error", "duration_s")}
            return loop.ran(RunResult(**known))
        case _, "verifier":
            return loop.verified(event["result"])
        case _, "pipeline":
            verified = next(answers, None)
            if verified is not None and verified["type"] == "verifier":
                return loop.verified(
                    verified["result"], used=Usage(**event["usage"]), traces=event["judgments"]
                )
    raise ReplayError(
        f"the trace has {event['type']!r} where the judge loop asks for {type(action).__name__}"
    )


def _reply(event: Mapping[str, Any]) -> Reply:
    return Reply(
        content=event["content"],
        tool_calls=tuple(ToolCall(**call) for call in event["tool_calls"]),
        finish_reason=event["finish_reason"],
        reasoning=event["reasoning"],
        endpoint=event["endpoint"],
        failures=tuple(event.get("failures", ())),
        tokens=tuple((token, logprob) for token, logprob in event.get("tokens", ())),
        usage=Usage(
            **{
                name: event[name]
                for name in ("prompt_tokens", "cached_tokens", "completion_tokens", "retries", "latency_s")
            }
        ),
    )
