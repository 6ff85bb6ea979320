"""Driving the judge loop in memory: samples, scripted turns, and a driver that answers what the loop asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from skillrt.chat import ChatRequest, Reply, ToolCall, Usage
from skillrt.endpoints.config import EndpointFailure
from skillrt.judging.actions import Action, Finish, RunPipeline, RunPython, RunResult, RunVerifier, Send
from skillrt.judging.loop import JudgeLoop
from skillrt.judging.verdict import Judgment
from skillrt.programs.program import Program, load_program
from skillrt.programs.view import JudgeView, make_view
from skillspec.artifacts import ArtifactStore

DELIVERIES = ("direct", "progressive", "preloaded", "flat", "tools_only")
FAIR = "reward_judge_fair"
SAMPLES: dict[str, dict[str, Any]] = {
    "prompt": {"prompt": "How much is 17 + 25? Answer with the number."},
    "AB": {"responses": {"A": "The sum is 42.", "B": "It is 43, I am sure."}},
    "ABCD": {"responses": {"A": "42.", "B": "43.", "C": "44.", "D": "Forty-two, that is 42."}},
    "A": {"responses": {"A": "The sum is 42."}},
    "checklist": {"checklist": ["The answer is a number.", "The answer is 42."]},
    "response": {"response": "The sum is 42."},
    "reference": {"reference": "42"},
}


@cache
def store() -> ArtifactStore:
    """The artifacts of this checkout."""
    return ArtifactStore()


@cache
def program(task: str, delivery: str, skill: str = FAIR, setting: str = "fair") -> Program:
    """A compiled link."""
    name = f"{task}.direct" if delivery == "direct" else f"{skill}.{task}.{setting}.{delivery}"
    return load_program(store(), name)


def sample_for(one: Program) -> dict[str, Any]:
    """A small sample that has all that the task of ``one`` must have."""
    labels = {field.name: "".join(label.label for label in field.labels) for field in one.task.fields}
    wanted = [
        SAMPLES.get(labels[name] or name, {name: f"a {name}"}) for name in labels if not _optional(one, name)
    ]
    return {key: value for entry in wanted for key, value in entry.items()}


def _optional(one: Program, name: str) -> bool:
    return next(field.optional for field in one.task.fields if field.name == name)


def view_of(one: Program, **changes: Any) -> JudgeView:
    """The view of the small sample, with some fields changed."""
    return make_view(one.task, one.link, {**sample_for(one), **changes})


def call(name: str, number: int = 0, /, raw: str | None = None, **arguments: Any) -> ToolCall:
    """A tool call, its arguments as JSON or as ``raw`` says."""
    return ToolCall(f"call_{name}_{number}", name, json.dumps(arguments) if raw is None else raw)


def turn(*calls: ToolCall, content: str = "", finish: str = "tool_calls", **more: Any) -> Reply:
    """A turn of the judge that calls tools."""
    return Reply(content, calls, finish, **more)


def talk(text: str, finish: str = "stop", **more: Any) -> Reply:
    """A turn of the judge without a call."""
    return Reply(text, (), finish, **more)


def finding(**changes: Any) -> dict[str, Any]:
    """A finding as ``reward_judge_fair`` asks for it."""
    return {"criterion": "correctness", "response": "A", "status": "satisfied", "cites": [], **changes}


def cite(kind: str, ref: str) -> list[dict[str, str]]:
    return [{"kind": kind, "ref": ref}]


def final_for(one: Program, verdict: Any = "A") -> ToolCall:
    """A submitted answer without findings, as the link's own schema asks for it."""
    (tool,) = (tool for tool in one.link.tools if tool.name == "final_answer")
    given = {"findings": [], "reason": "scripted", "verdict": verdict, "score": verdict, "verdicts": verdict}
    return call("final_answer", **{name: given[name] for name in tool.parameters["properties"]})


def final(verdict: Any = "A", *findings: Mapping[str, Any], **more: Any) -> ToolCall:
    """A submitted answer."""
    arguments = {"findings": list(findings), "reason": "scripted", "verdict": verdict, **more}
    return call("final_answer", **{name: value for name, value in arguments.items() if value is not None})


Turns = Reply | EndpointFailure | Callable[[ChatRequest], Reply]


@dataclass
class Driver:
    """Plays ``turns`` against a loop; the last one goes on for ever.

    ``sent`` are the requests as they were sent; ``ran`` what was to be run.
    """

    turns: Sequence[Turns]
    python: Callable[[str], RunResult] = lambda code: RunResult(ok=True, result=len(code), duration_s=0.001)
    verifier: Callable[[RunVerifier | RunPipeline], dict[str, Any]] = lambda run: {"conclusive": False}
    sent: list[ChatRequest] = field(default_factory=list)
    ran: list[RunPython | RunVerifier | RunPipeline] = field(default_factory=list)

    def judge(self, one: Program, view: JudgeView | None = None) -> Judgment:
        """Run one judgment to its end."""
        loop = JudgeLoop(one, view or view_of(one))
        action = loop.start()
        for _ in range(100):
            if isinstance(action, Finish):
                return action.judgment
            action = self._answer(loop, action)
        raise AssertionError("the loop does not end")

    def _answer(self, loop: JudgeLoop, action: Action) -> Action:
        match action:
            case Send():
                return self._reply(loop, action.request)
            case RunPython():
                self.ran.append(action)
                return loop.ran(self.python(action.code))
            case RunVerifier():
                self.ran.append(action)
                return loop.verified(self.verifier(action))
            case RunPipeline():
                self.ran.append(action)
                return loop.verified(self.verifier(action), used=Usage(requests=2), traces=[{"sub": 1}])
        raise AssertionError(action)

    def _reply(self, loop: JudgeLoop, request: ChatRequest) -> Action:
        self.sent.append(request)
        answer = self.turns[min(len(self.sent), len(self.turns)) - 1]
        if isinstance(answer, EndpointFailure):
            return loop.failed(str(answer), context=answer.kind == "context")
        return loop.reply(answer if isinstance(answer, Reply) else answer(request))

    def last(self, back: int = 1) -> Mapping[str, Any]:
        """The last message of the last request but ``back`` - 1."""
        return self.sent[-back].messages[-1]


def play(one: Program, *turns: Turns, **more: Any) -> tuple[Judgment, Driver]:
    """Judge the small sample by ``turns``."""
    driver = Driver(turns, **more)
    return driver.judge(one), driver


def events(judgment: Judgment, kind: str) -> list[dict[str, Any]]:
    """The events of one type in a trace."""
    return [event for event in judgment.trace["events"] if event["type"] == kind]
