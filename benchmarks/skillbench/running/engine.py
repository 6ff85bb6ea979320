"""What turns a case into a judgment: the runtime, opened for a run.

The rest of skillbench knows the judge only through :class:`Engine`; nothing on that side of the
line ever holds an oracle value.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from skillbench.errors import BenchError
from skillbench.suites.base import Case
from skillrt.endpoints.config import EndpointConfig, EndpointDown
from skillrt.endpoints.refusals import AllRefusedError
from skillrt.endpoints.transport import Transport
from skillrt.judging.judge import Chats
from skillrt.judging.verdict import Judgment, Usage, Verdict
from skillrt.programs.program import Program
from skillrt.programs.view import SampleError, make_view
from skillrt.sandbox.records import Sandbox

if TYPE_CHECKING:
    from skillbench.running.controls import Control

__all__ = [
    "AllAlikeError",
    "ControlEngine",
    "Engine",
    "EngineGoneError",
    "ModelEngine",
    "ProgramChoice",
    "Programs",
    "ReadoutKind",
    "broken",
    "load_programs",
    "open_engine",
]


ReadoutKind = Literal["text", "logprobs"]
"""How a verdict is read: from what the judge says, or from the probabilities of the labels' tokens."""


class EngineGoneError(Exception):
    """Nothing is left that could judge; the text is for a person. What is recorded can be continued."""


class AllAlikeError(EngineGoneError):
    """The servers refuse every request alike; the text also says what to change."""


class Engine(Protocol):
    """Judges cases."""

    async def judge(self, case: Case) -> Judgment:
        """Judge one case; whatever fails is recorded in the judgment.

        Raises:
            EngineGoneError: neither this case nor any other can be judged any more.
        """

    async def alive(self) -> bool:
        """Tell whether a server still answers."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The links of a run: by task, and for groups that are routed to the baseline their own."""

    main: Mapping[str, Program]
    direct: Mapping[str, Program]
    routed: frozenset[str] = frozenset()
    readout: ReadoutKind = "text"

    def of(self, case: Case) -> Program:
        """Return the program that judges ``case``."""
        return (self.direct if case.group in self.routed else self.main)[case.task]

    @property
    def all(self) -> tuple[Program, ...]:
        """Every program that is used."""
        return (*self.main.values(), *(self.direct.values() if self.routed else ()))


@dataclass(frozen=True, slots=True)
class ProgramChoice:
    """Which links a run uses: one for each task of the suite.

    ``skill`` None judges directly; ``setting`` is ``fair`` or ``operational``, None the skill's own.
    ``routed`` are groups that are judged directly whatever the skill.
    """

    tasks: tuple[str, ...]
    skill: str | None
    setting: str | None
    delivery: str
    routed: frozenset[str] = frozenset()
    readout: ReadoutKind = "text"


def load_programs(artifacts: str | Mapping[str, bytes] | None, choice: ProgramChoice) -> Programs:
    """Load the links of a choice.

    Args:
        artifacts: their folder, or themselves by path; the installation's own when None.
        choice: which of them.

    Raises:
        BenchError: an artifact is missing or broken, there is no such combination, or it cannot be read so.
    """
    from pathlib import Path

    from skillrt.programs.program import load_program
    from skillspec.artifacts import ArtifactError, ArtifactStore, link_id

    try:
        if isinstance(artifacts, Mapping):
            store = ArtifactStore(files=artifacts)
        else:
            store = ArtifactStore(Path(artifacts) if artifacts else None)
        skill, setting = choice.skill, choice.setting
        if setting is None:
            setting = store.skill(skill).setting if skill is not None else "fair"
        main = {
            task: load_program(store, link_id(task, skill, setting, choice.delivery)) for task in choice.tasks
        }
        direct = {
            task: load_program(store, link_id(task, None, "fair", "direct"))
            for task in (choice.tasks if choice.routed else ())
        }
        programs = Programs(main, direct, choice.routed, choice.readout)
    except ArtifactError as error:
        raise BenchError(str(error)) from error
    if choice.readout == "logprobs":
        _check_weighable(programs)
    return programs


def _check_weighable(programs: Programs) -> None:
    from skillrt.judging.logprobs import LogprobsError, answer_texts

    try:
        for program in programs.all:
            answer_texts(program)
    except LogprobsError as error:
        raise BenchError(f"--readout logprobs: {error}") from error


class ModelEngine:
    """Judges with a model behind a chat-completions endpoint. Made by :func:`open_engine`."""

    def __init__(
        self,
        programs: Programs,
        config: EndpointConfig,
        transport: Transport,
        sandbox: Sandbox | None,
        checkers: Sandbox | None,
    ) -> None:
        self._programs = programs
        self._config = config
        self._transport = transport
        self._sandbox = sandbox
        self._checkers = checkers
        self.models: tuple[str, ...] = ()

    async def check(self) -> None:
        """Ask the servers which models they have, and for log probabilities where the run needs them.

        Raises:
            BenchError: no server answers, or the one that does has other models or gives no probabilities.
        """
        try:
            self.models = await self._transport.check()
        except EndpointDown as error:
            raise BenchError(str(error)) from error
        if self.models and self._config.model not in self.models:
            raise BenchError(
                f"the server has no model {self._config.model}; it has: {', '.join(self.models)}. "
                "Name one of them with --model."
            )
        if self._programs.readout == "logprobs":
            from skillrt.judging.logprobs import LogprobsError, require_logprobs

            try:
                for _ in self._config.base_urls:  # conversations go round the servers
                    await require_logprobs(self._transport.conversation())
            except LogprobsError as error:
                raise BenchError(f"--readout logprobs cannot be used here: {error}") from error

    async def alive(self) -> bool:
        """Tell whether a server still answers."""
        try:
            await self._transport.check()
        except EndpointDown:
            return False
        return True

    async def report(self) -> list[dict[str, Any]]:
        """Return for each server what became of its requests."""
        return self._transport.report()

    async def judge(self, case: Case) -> Judgment:
        """Judge one case with the program of its task.

        Raises:
            AllAlikeError: the servers refuse every request alike.
        """
        try:
            return await self._judge(case)
        except AllRefusedError as error:
            raise AllAlikeError(str(error)) from error

    async def _judge(self, case: Case) -> Judgment:
        if self._programs.readout == "logprobs":
            return await _judge_by_logprobs(
                self._programs.of(case), case, self._transport, self._config.judgment_timeout_s
            )
        return await _judge(
            self._programs.of(case),
            case,
            self._transport,
            self._sandbox,
            self._checkers,
            self._config.judgment_timeout_s,
        )


class ControlEngine:
    """Judges with a control; the rest is as with a model. Made by :func:`open_engine`."""

    def __init__(self, programs: Programs, control: Control, checkers: Sandbox | None) -> None:
        self._programs = programs
        self._control = control
        self._checkers = checkers
        self.models: tuple[str, ...] = (control.name,)

    async def alive(self) -> bool:
        """A control is always there."""
        return True

    async def report(self) -> list[dict[str, Any]]:
        """Return nothing: a control has no servers."""
        return []

    async def judge(self, case: Case) -> Judgment:
        """Judge one case with the program of its task."""
        program = self._programs.of(case)
        return await _judge(program, case, self._control.sit_down(program, case), None, self._checkers, None)


def broken(error: Exception) -> Judgment:
    """The judgment of a case on which our own code failed."""
    problem = f"{type(error).__name__}: {error}"
    return Judgment(Verdict(valid=False, error=problem, error_owner="harness"), Usage())


async def _judge(
    program: Program,
    case: Case,
    chats: Chats,
    sandbox: Sandbox | None,
    checkers: Sandbox | None,
    deadline_s: float | None,
) -> Judgment:
    from skillrt.judging.judge import judge

    try:
        view = make_view(program.task, program.link, case.fields)
    except SampleError as error:
        return Judgment(Verdict(valid=False, error=error.problem, error_owner="sample"), Usage())
    return await judge(
        program, view, transport=chats, sandbox=sandbox, checkers=checkers, deadline_s=deadline_s
    )


async def _judge_by_logprobs(
    program: Program, case: Case, chats: Chats, deadline_s: float | None
) -> Judgment:
    """Judge in both orders of the responses, unless the suite makes a judgment of each."""
    from skillbench.suites.pairs import ORDERS
    from skillrt.judging.logprobs import judge_by_logprobs

    try:
        view = make_view(program.task, program.link, case.fields)
    except SampleError as error:
        return Judgment(Verdict(valid=False, error=error.problem, error_owner="sample"), Usage())
    return await judge_by_logprobs(
        program, view, transport=chats, both_orders=case.order not in ORDERS, deadline_s=deadline_s
    )


@asynccontextmanager
async def open_engine(
    programs: Programs, config: EndpointConfig
) -> AsyncIterator[ModelEngine | ControlEngine]:
    """Open connections and, where a skill uses Python, a sandbox; close them at the end.

    Raises:
        BenchError: no server answers, or none has the model.
    """
    from skillbench.running.controls import CONTROL_SCHEME, Control, control_named
    from skillrt.sandbox import open_sandbox
    from skillrt.verifiers import SANDBOXED

    skills = [program.skill for program in programs.all if program.skill is not None]
    async with AsyncExitStack() as stack:
        sandbox = checkers = None
        if any(verifier.by in SANDBOXED for skill in skills for verifier in skill.verifiers):
            checkers = await stack.enter_async_context(open_sandbox("cpython"))
        if config.base_urls[0].startswith(CONTROL_SCHEME):
            control = Control(control_named(config.base_urls[0]), config.seed or 0)
            yield ControlEngine(programs, control, checkers)
            return
        from skillrt.endpoints import open_endpoints

        transport = await stack.enter_async_context(open_endpoints(config))
        if any(skill.python is not None for skill in skills):
            sandbox = await stack.enter_async_context(open_sandbox("monty"))
        engine = ModelEngine(programs, config, transport, sandbox, checkers)
        await engine.check()
        yield engine
