"""Running one judgment: drives the loop against a transport, a sandbox and the verifiers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from skillrt.chat import DEADLINE, Chat, Chats, Usage
from skillrt.endpoints.config import EndpointFailure
from skillrt.endpoints.refusals import AllRefusedError
from skillrt.judging.actions import Action, Finish, RunPipeline, RunPython, RunResult, RunVerifier, Send
from skillrt.judging.loop import JudgeLoop
from skillrt.judging.verdict import ErrorOwner, Judgment, Verdict
from skillrt.programs.program import Program
from skillrt.programs.view import JudgeView, SampleError, make_view

if TYPE_CHECKING:
    from skillrt.sandbox.records import Sandbox

__all__ = ["guarded", "judge", "unfit"]

_LOG = logging.getLogger(__name__)
_CODE_MEMORY_MB = 64


async def judge(
    program: Program,
    view: JudgeView,
    *,
    transport: Chats,
    sandbox: Sandbox | None,
    checkers: Sandbox | None = None,
    deadline_s: float | None = None,
) -> Judgment:
    """Judge one sample.

    Args:
        program: the link to run.
        view: the sample's visible fields, from ``skillrt.programs.view.make_view``.
        transport: gives the conversation with the model.
        sandbox: runs the judge's code; None where the skill uses no Python.
        checkers: a ``cpython`` sandbox for verifiers that run code; without one they are inconclusive.
        deadline_s: bound on the whole judgment in seconds; none when None.

    Returns:
        A judgment: whatever fails is recorded in it with its owner.

    Raises:
        AllRefusedError: the servers refuse everything alike, and another judgment would meet the same.
    """
    loop = JudgeLoop(program, view)
    driving = _drive(loop, transport.conversation(), sandbox, checkers)
    return await guarded(driving, loop, program, deadline_s)


class _GivesUp(Protocol):
    def given_up(self, problem: str, owner: ErrorOwner, kind: str = "") -> Judgment: ...


async def guarded(
    driving: Awaitable[Judgment], loop: _GivesUp, program: Program, deadline_s: float | None
) -> Judgment:
    """Await a judgment; what breaks or takes too long is recorded in a judgment that ``loop`` gives up.

    Raises:
        AllRefusedError: the servers refuse everything alike.
    """
    deadline = asyncio.timeout(deadline_s)
    try:
        async with deadline:
            return await driving
    except AllRefusedError:
        raise
    except Exception as error:  # one broken judgment must not end a run of thousands
        if isinstance(error, TimeoutError) and deadline.expired():
            return loop.given_up(f"the judgment took longer than {deadline_s:g} s", "endpoint", DEADLINE)
        _LOG.exception("a judgment of %s broke", program.link.id)
        return loop.given_up(f"{type(error).__name__}: {error}", "harness", type(error).__name__)


async def _drive(loop: JudgeLoop, chat: Chat, sandbox: Sandbox | None, checkers: Sandbox | None) -> Judgment:
    action = loop.start()
    while not isinstance(action, Finish):
        match action:
            case Send():
                action = await _send(action, loop, chat)
            case RunPython():
                action = loop.ran(await _run_code(action, sandbox))
            case RunVerifier():
                action = loop.verified(await _run_verifier(action, checkers))
            case RunPipeline():
                action = await _run_pipeline(action, loop, chat)
    return action.judgment


async def _send(action: Send, loop: JudgeLoop, chat: Chat) -> Action:
    try:
        reply = await chat.send(action.request)
    except EndpointFailure as failure:
        return loop.failed(str(failure), context=failure.kind == "context", kind=failure.cause)
    return loop.reply(reply)


async def _run_code(action: RunPython, sandbox: Sandbox | None) -> RunResult:
    if sandbox is None:
        return RunResult(ok=False, error="there is no sandbox in this run")
    done = await sandbox.run(
        action.code, action.inputs, timeout_s=action.timeout_s, memory_mb=_CODE_MEMORY_MB
    )
    error = f"{done.error_kind}: {done.error}" if done.error else str(done.error_kind)
    return RunResult(done.ok, done.result, done.stdout, "" if done.ok else error, done.duration_s)


async def _run_verifier(action: RunVerifier, sandbox: Sandbox | None) -> dict[str, Any]:
    from skillrt.verifiers import run_verifier

    return await run_verifier(action.verifier.by, action.fields, sandbox)


async def _run_pipeline(action: RunPipeline, loop: JudgeLoop, chat: Chat) -> Action:
    from skillrt.judging.pipelines import run_pipeline

    async def ask(program: Program, sample: Mapping[str, Any]) -> Judgment:
        try:
            view = make_view(program.task, program.link, sample)
        except SampleError as error:
            return unfit(error)
        return await _drive(JudgeLoop(program, view), chat, None, None)

    done = await run_pipeline(action.pipeline, loop.program, action.fields, ask)
    return loop.verified(done.result, used=done.usage, traces=done.traces)


def unfit(error: SampleError) -> Judgment:
    """Return the invalid judgment of a sample that does not fit its task."""
    return Judgment(
        Verdict(valid=False, error=error.problem, error_owner="sample", error_kind="fields"), Usage()
    )
