"""Running one test block: the judge loop with a scripted judge, and real verifiers and sandboxes.

Only ``skillc test`` imports this: it brings in the runtime.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

from skillc.tree import TestDecl, Turn
from skillrt.chat import ChatRequest, Reply, ToolCall
from skillrt.endpoints.config import EndpointFailure
from skillrt.judging.judge import judge
from skillrt.judging.readout import settled_findings
from skillrt.judging.verdict import Judgment
from skillrt.programs.program import Program, load_program
from skillrt.programs.view import JudgeView, SampleError, make_view
from skillrt.sandbox.records import Backend, Sandbox, SandboxResult, SandboxUnavailable, failure
from skillspec.artifacts import ArtifactStore, link_id
from skillspec.records import ChecklistAnswer

__all__ = ["LazySandbox", "Seen", "Sent", "run_test"]


@dataclass(frozen=True, slots=True)
class Sent:
    """A text that a judge was sent: in a message of ``role``, or as the ``tools``."""

    role: str
    text: str


@dataclass(frozen=True)
class Seen:
    """What one run of a test came to.

    ``problem`` is set when the sample could not be judged at all; ``exhausted`` when the loop asked
    for a turn after the last one of the script; ``unused`` are turns that nobody asked for;
    ``skip`` says what is missing on this machine.
    """

    program: Program | None = None
    view: JudgeView | None = None
    judgment: Judgment | None = None
    sent: tuple[Sent, ...] = ()
    requests: int = 0
    exhausted: bool = False
    unused: tuple[Turn, ...] = ()
    problem: str | None = None
    skip: str | None = None

    def results(self) -> dict[str, Mapping[str, Any]]:
        """Results of verifiers and pipelines, by id."""
        events = self.judgment.trace["events"] if self.judgment is not None else ()
        return {event["id"]: event["result"] for event in events if event["type"] == "verifier"}

    def offered(self) -> tuple[str, ...]:
        """Ids that this judge could view or run for this sample."""
        if self.program is None or self.view is None:
            return ()
        resources = [item.id for item in self.program.offered(self.view)]
        return (*resources, *self.program.runnable(self.view))

    def items(self) -> list[Mapping[str, Any]]:
        """Return what became of the items: verdicts of a checklist, or the findings that count, settled."""
        if self.program is None or self.view is None or self.judgment is None:
            return []
        verdict = self.judgment.verdict
        if isinstance(self.program.task.answer, ChecklistAnswer):
            statuses = verdict.outcome or ()
            return [{"item": number, "status": status} for number, status in enumerate(statuses, 1)]
        skill = self.program.skill
        if skill is None or self.program.link.readout != "skill":
            return list(verdict.findings)
        return settled_findings(
            skill.readout,
            skill.evidence,
            verdict.findings,
            verifiers=self.results(),
        )

    def fingerprint(self) -> tuple[object, ...]:
        """Return what must be equal when the same test is run again; times are not part of it."""
        verdict = self.judgment.verdict if self.judgment is not None else None
        return (verdict, self.sent, self.requests, self.problem)


class LazySandbox:
    """A sandbox that is opened by the first code that runs in it, and remembers when it cannot be."""

    def __init__(self, backend: Backend, stack: AsyncExitStack) -> None:
        self.backend: Backend = backend
        self.unavailable: str | None = None
        self.asked = False
        self._stack = stack
        self._open: Sandbox | None = None

    async def run(
        self, code: str, inputs: Mapping[str, Any], *, timeout_s: float, memory_mb: int
    ) -> SandboxResult:
        """Run code as ``skillrt.sandbox.Sandbox`` does."""
        self.asked = True
        if self._open is None and self.unavailable is None:
            from skillrt.sandbox import open_sandbox

            try:
                self._open = await self._stack.enter_async_context(open_sandbox(self.backend))
            except SandboxUnavailable as error:
                self.unavailable = str(error)
        if self._open is None:
            return failure("unavailable", self.unavailable or "")
        return await self._open.run(code, inputs, timeout_s=timeout_s, memory_mb=memory_mb)


class _Script:
    """The scripted judge: gives its turns in order, and keeps what it was sent."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self.turns = turns
        self.used = self.requests = 0
        self.exhausted = False
        self.sent: dict[Sent, None] = {}

    def conversation(self) -> _Script:
        """Pipelines ask the same script."""
        return self

    async def send(self, request: ChatRequest) -> Reply:
        """Answer with the next turn, or fail when there is none."""
        self.requests += 1
        if request.tools:
            self.sent[Sent("tools", json.dumps(list(request.tools), ensure_ascii=False))] = None
        for message in request.messages:
            if message["role"] != "assistant":
                self.sent[Sent(message["role"], message["content"])] = None
        if self.used == len(self.turns):
            self.exhausted = True
            raise EndpointFailure("the script of the test has no further turn", "broken")
        turn = self.turns[self.used]
        self.used += 1
        if turn.tool is None:
            return Reply(turn.text)
        raw = turn.text
        if turn.arguments is not None:
            raw = json.dumps(turn.arguments.value, ensure_ascii=False)
        call = ToolCall(f"call_{self.used}", turn.tool.text, raw)
        return Reply("", (call,), "tool_calls")


async def run_test(test: TestDecl, store: ArtifactStore, python: LazySandbox, checkers: LazySandbox) -> Seen:
    """Run a test that the compiler has checked, once.

    Args:
        test: the block.
        store: the compiled project.
        python: runs the judge's code (monty).
        checkers: runs what verifiers run (cpython).
    """
    assert test.run is not None, "checked by check_tests"
    assert test.sample is not None, "checked by check_tests"
    skill, task, setting, delivery = (name.text for name in test.run)
    program = load_program(store, link_id(task, skill, setting, delivery))
    sample = test.sample.value if isinstance(test.sample.value, dict) else {}
    try:
        view = make_view(program.task, program.link, sample)
    except SampleError as error:
        return Seen(problem=error.problem)
    script = _Script(test.turns)
    python.asked = checkers.asked = False
    judgment = await judge(program, view, transport=script, sandbox=python, checkers=checkers)
    seen = Seen(
        program,
        view,
        judgment,
        tuple(script.sent),
        script.requests,
        script.exhausted,
        tuple(test.turns[script.used :]),
    )
    for box in (python, checkers):
        if box.asked and box.unavailable is not None:
            return replace(seen, skip=f"the {box.backend} sandbox cannot run here: {box.unavailable}")
    return seen
