"""What all rewards of one event loop share: a judge, its connections, and the sandboxes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from skillrl.failure import UNSERVED, Failure, failure_of, late
from skillrl.outcome import Outcome, empty_outcome, failed_outcome, judged_outcome, rule_outcome
from skillrl.reliability import Reliability
from skillrl.rows.sample import Instruction, read_instruction
from skillrl.rules import RuleSandbox, RuleScore, run_rules
from skillrl.settings import RewardSettings
from skillrl.thinking import strip_thinking
from skillrt.chat import DEADLINE
from skillrt.endpoints import EndpointConfig
from skillrt.judging.verdict import Judgment, Verdict
from skillrt.programs.program import Program, load_program
from skillrt.runtime import Runtime, open_runtime
from skillrt.sandbox import Sandbox, SandboxLimits, open_sandbox
from skillrt.sandbox.records import default_processes
from skillspec.artifacts import ArtifactStore

__all__ = ["Ask", "Session", "close_sessions", "endpoint_config", "sample_for", "session_for"]


Ask = Callable[[Callable[[], Awaitable[Outcome]]], Awaitable[Outcome]]


async def _at_once(judge: Callable[[], Awaitable[Outcome]]) -> Outcome:
    return await judge()


class Session:
    """One judge with its connections and sandboxes. Made by ``session_for``."""

    def __init__(self, settings: RewardSettings) -> None:
        self.settings = settings
        self.reliability = Reliability(settings)
        self._stack = AsyncExitStack()
        self._free = asyncio.Semaphore(settings.concurrency)
        self._program: Program | None = None
        self._runtime: Runtime | None = None
        self._checkers: Sandbox | None = None

    async def open(self) -> Session:
        """Load the link and start the sandboxes.

        Raises:
            skillspec.artifacts.ArtifactError: the link is not among the artifacts.
            skillrt.sandbox.SandboxUnavailable: rule checks cannot be isolated here.
        """
        settings = self.settings
        limits = SandboxLimits(processes=settings.sandbox_processes or default_processes())
        self._checkers = await self._stack.enter_async_context(open_sandbox("cpython", limits))
        if settings.needs_model:
            store = ArtifactStore(Path(settings.artifacts) if settings.artifacts else None)
            self._program = load_program(store, settings.link)
            config = endpoint_config(settings)
            opening = open_runtime((self._program,), config, checkers=self._checkers)
            self._runtime = await self._stack.enter_async_context(opening)
        return self

    async def close(self) -> None:
        """End the connections and the sandboxes."""
        await self._stack.aclose()

    async def score(
        self,
        ground_truth: object,
        rollout: str,
        extra_info: object = None,
        *,
        deadline_s: float | None = None,
        ask: Ask | None = None,
    ) -> Outcome:
        """Score one rollout; what fails is in the outcome.

        Rules run first: whatever becomes of the judge, rollouts that are equal have equal rules.

        Args:
            ground_truth: the row's, see ``skillrl.rows.sample``.
            rollout: its text.
            extra_info: the row's.
            deadline_s: a bound on the judgment besides the settings' own, in seconds.
            ask: calls the function that judges, where a manager bounds or repeats that.

        Raises:
            InstructionError: nobody can read the row.
            UnreliableReward: too many judgments fail and the settings say to stop.
        """
        began = time.monotonic()
        instruction = read_instruction(ground_truth, extra_info)
        answer = strip_thinking(rollout, self.settings.thinking_tags)
        bound_s = min(self.settings.deadline_s, deadline_s or self.settings.deadline_s)
        outcome = await self._outcome(instruction, answer, bound_s, ask or _at_once)
        if outcome.judged:
            self.reliability.note(outcome.failure)
        return replace(
            outcome,
            chars=len(answer),
            thinking_chars=len(rollout) - len(answer),
            latency_s=round(time.monotonic() - began, 4),
        )

    async def _outcome(self, instruction: Instruction, answer: str, bound_s: float, ask: Ask) -> Outcome:
        if not answer.strip():
            return empty_outcome(sum(checker is not None for checker in instruction.checkers))
        rules, sandbox = await self.rules(instruction, answer)
        if sandbox.unserved:
            return failed_outcome(UNSERVED, rules, self.settings, judged=False)
        if not self.settings.needs_model:
            return rule_outcome(rules, self.settings)
        try:
            async with asyncio.timeout(bound_s) as bound:
                ends = bound.when()
                assert ends is not None, "the bound has an end"
                return await ask(lambda: self._judged(instruction, answer, rules, sandbox, ends))
        except TimeoutError:
            failure = late(bound_s, self._trouble())
            return failed_outcome(failure, rules, self.settings, judged=True)

    async def _judged(
        self, instruction: Instruction, answer: str, rules: RuleScore, sandbox: RuleSandbox, ends: float
    ) -> Outcome:
        async with self._free:
            left_s = ends - asyncio.get_running_loop().time()
            # A little early, so that the judgment ends with its usage counted.
            deadline_s = max(0.01, 0.98 * left_s)
            judgment = await self.judge(sample_for(self.settings, instruction, answer), sandbox, deadline_s)
        if failure := self.failure(judgment.verdict, answer):
            return failed_outcome(failure, rules, self.settings, judged=True, usage=judgment.usage)
        return judged_outcome(judgment, rules, self.settings)

    def failure(self, verdict: Verdict, answer: str) -> Failure | None:
        """Return why the judgment of ``answer`` failed; None where it did not."""
        failure = failure_of(verdict, answer)
        if failure is not None and failure.kind == DEADLINE and (trouble := self._trouble()):
            # It waited for servers that do not answer: that is the cause, and time only the occasion.
            return replace(failure, kind=trouble)
        return failure

    def _trouble(self) -> str:
        transport = None if self._runtime is None else self._runtime.transport
        return "" if transport is None else transport.trouble()

    async def rules(self, instruction: Instruction, answer: str) -> tuple[RuleScore, RuleSandbox]:
        """Run the rule checks of a rollout; the sandbox remembers their results for the judge."""
        sandbox = RuleSandbox(self._checkers)
        return await run_rules(instruction, answer, sandbox), sandbox

    async def judge(self, sample: Mapping[str, Any], checkers: Sandbox | None, deadline_s: float) -> Judgment:
        """Judge one sample by the session's link; whatever fails is in the judgment."""
        assert self._program is not None, "the session is open"
        assert self._runtime is not None, "the session is open"
        return await self._runtime.judge(self._program, sample, checkers=checkers, deadline_s=deadline_s)


def sample_for(settings: RewardSettings, instruction: Instruction, answer: str) -> dict[str, Any]:
    """Return the sample that the judge is given: the instruction's fields and the response.

    The data set's own score asks for the soft demands in the instruction: its judge has no checklist.
    """
    sample = {**instruction.fields, "response": answer}
    if settings.mode == "rules_x_llm" and instruction.soft:
        demands = "\n".join(f"{number}. {text}" for number, text in enumerate(instruction.soft, 1))
        sample["prompt"] = f"{sample['prompt']}\n\n{demands}"
    return sample


def endpoint_config(settings: RewardSettings, base_urls: tuple[str, ...] = ()) -> EndpointConfig:
    """Return the settings of the judge's servers; ``base_urls`` in place of all where given."""
    return EndpointConfig(
        base_urls=base_urls or settings.base_urls,
        model=settings.model,
        api_key=settings.api_key or None,
        max_tokens=settings.max_tokens,
        seed=settings.seed,
        enable_thinking=settings.enable_thinking,
        request_timeout_s=settings.request_timeout_s,
        judgment_timeout_s=settings.deadline_s,
        patience_s=settings.deadline_s,
        concurrency=settings.concurrency,
        refusal_limit=None,  # a reward is given for whatever happens: its own settings say when to stop
        hedge=settings.hedge,
        tool_mode=settings.tool_mode,
    )


_Opened = dict[RewardSettings, "asyncio.Task[Session]"]
_SESSIONS: WeakKeyDictionary[asyncio.AbstractEventLoop, _Opened] = WeakKeyDictionary()


async def session_for(settings: RewardSettings) -> Session:
    """Return the running loop's session for these settings; the first call opens it.

    Raises as ``Session.open``; a session that could not be opened is tried again by the next call.
    """
    opened = _SESSIONS.setdefault(asyncio.get_running_loop(), {})
    task = opened.get(settings)
    if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
        opened[settings] = task = asyncio.create_task(_open(settings))
    # Shielded: a caller that gives up must not take the session from the others.
    return await asyncio.shield(task)


async def _open(settings: RewardSettings) -> Session:
    session = Session(settings)
    try:
        return await session.open()
    except BaseException:
        await session.close()
        raise


async def close_sessions() -> None:
    """Close all sessions of the running loop."""
    for task in _SESSIONS.pop(asyncio.get_running_loop(), {}).values():
        session = await task
        await session.close()
