"""What judgments share: the way to the model, and the sandboxes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from skillrt.controls import CONTROL_SCHEME, Control, control_named
from skillrt.endpoints.config import EndpointConfig, EndpointDown
from skillrt.endpoints.transport import Transport
from skillrt.judging.judge import Chats, judge
from skillrt.judging.verdict import Judgment, Usage, Verdict
from skillrt.programs.program import Program
from skillrt.programs.view import JudgeView, SampleError, make_view
from skillrt.sandbox.records import Sandbox, SandboxLimits

__all__ = ["Runtime", "open_runtime", "view_or_refusal"]

Seat = Callable[[Program, Mapping[str, Any], str], Chats]
"""Gives the conversations of one judgment: of a program, a sample, and a key that a control draws by."""


class Runtime:
    """Judges samples with any of the programs it was opened for. Made by :func:`open_runtime`.

    Attributes:
        transport: the servers; None where a control judges.
        config: how the model is asked.
    """

    def __init__(
        self,
        config: EndpointConfig,
        transport: Transport | None,
        seat: Seat,
        python: Sandbox | None,
        checkers: Sandbox | None,
    ) -> None:
        self.config = config
        self.transport = transport
        self._seat = seat
        self._python = python
        self._checkers = checkers

    async def judge(self, program: Program, sample: Mapping[str, Any], key: str = "") -> Judgment:
        """Judge one sample; whatever fails is recorded in the judgment with its owner.

        Args:
            program: the link to run.
            sample: field name to value; what the link may not see is never looked at.
            key: tells this judgment from others with the same texts, for controls that draw.
        """
        view = view_or_refusal(program, sample)
        if isinstance(view, Judgment):
            return view
        deadline = None if self.transport is None else self.config.judgment_timeout_s
        return await judge(
            program,
            view,
            transport=self._seat(program, sample, key),
            sandbox=self._python,
            checkers=self._checkers,
            deadline_s=deadline,
        )

    async def weigh(self, program: Program, sample: Mapping[str, Any], *, both_orders: bool) -> Judgment:
        """Judge one sample by the probabilities of the labels' tokens; needs servers that give them."""
        from skillrt.judging.logprobs import judge_by_logprobs

        view = view_or_refusal(program, sample)
        if isinstance(view, Judgment):
            return view
        assert self.transport is not None, "a control has no token probabilities"
        return await judge_by_logprobs(
            program,
            view,
            transport=self.transport,
            both_orders=both_orders,
            deadline_s=self.config.judgment_timeout_s,
        )

    async def check(self) -> tuple[str, ...]:
        """Ask the servers which models they have; return the names.

        Raises:
            EndpointDown: no server answers, or the one that does has other models.
        """
        if self.transport is None:
            return (self.config.model,)
        models = await self.transport.check()
        if models and self.config.model not in models:
            raise EndpointDown(
                f"the server has no model {self.config.model}; it has: {', '.join(models)}. "
                "Name one of them as the model."
            )
        return models


def view_or_refusal(program: Program, sample: Mapping[str, Any]) -> JudgeView | Judgment:
    """Return what ``program`` may see of ``sample``, or the invalid judgment of an unfit sample."""
    try:
        return make_view(program.task, program.link, sample)
    except SampleError as error:
        return Judgment(Verdict(valid=False, error=error.problem, error_owner="sample"), Usage())


@asynccontextmanager
async def open_runtime(
    programs: Iterable[Program], config: EndpointConfig, *, limits: SandboxLimits | None = None
) -> AsyncIterator[Runtime]:
    """Open connections and the sandboxes that the programs use; close them at the end.

    Args:
        programs: all that will be run.
        config: the servers, or a control such as ``control:random``.
        limits: of the sandboxes.

    Raises:
        ValueError: there is no such control.
        skillrt.sandbox.SandboxUnavailable: what the skills run cannot be isolated here.
    """
    from skillrt.sandbox import open_sandbox
    from skillrt.verifiers import SANDBOXED

    skills = [program.skill for program in programs if program.skill is not None]
    async with AsyncExitStack() as stack:
        python = checkers = None
        if any(verifier.by in SANDBOXED for skill in skills for verifier in skill.verifiers):
            checkers = await stack.enter_async_context(open_sandbox("cpython", limits))
        if config.base_urls[0].startswith(CONTROL_SCHEME):
            control = Control(control_named(config.base_urls[0]), config.seed or 0)
            yield Runtime(config, None, control.sit_down, None, checkers)
            return
        from skillrt.endpoints import open_endpoints

        transport = await stack.enter_async_context(open_endpoints(config))
        if any(skill.python is not None for skill in skills):
            python = await stack.enter_async_context(open_sandbox("monty", limits))
        yield Runtime(config, transport, lambda *_: transport, python, checkers)
