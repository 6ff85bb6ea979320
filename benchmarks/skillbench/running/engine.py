"""What turns a case into a judgment: the runtime, opened for a run.

The rest of skillbench knows the judge only through ``Engine``; nothing on that side of the
line ever holds an oracle value.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from skillbench.errors import BenchError
from skillbench.suites.base import Case
from skillbench.suites.pairs import ORDERS
from skillrt.chat import Usage
from skillrt.endpoints.config import EndpointConfig, EndpointDown
from skillrt.endpoints.refusals import AllRefusedError
from skillrt.judging.verdict import Judgment, Verdict
from skillrt.programs.program import Program
from skillrt.runtime import Runtime, open_runtime
from skillspec.words import DIRECT

__all__ = [
    "AllAlikeError",
    "Engine",
    "EngineGoneError",
    "JudgeEngine",
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
            task: load_program(store, link_id(task, None, "fair", DIRECT))
            for task in (choice.tasks if choice.routed else ())
        }
        programs = Programs(main, direct, choice.routed, choice.readout)
    except ArtifactError as error:
        raise BenchError(str(error)) from error
    if choice.readout == "logprobs":
        _check_weighable(programs)
    return programs


def _check_weighable(programs: Programs) -> None:
    from skillrt.judging.probabilities.judge import LogprobsError, answer_texts

    try:
        for program in programs.all:
            answer_texts(program)
    except LogprobsError as error:
        raise BenchError(f"--readout logprobs: {error}") from error


class JudgeEngine:
    """Judges with a model behind a server, or with a control. Made by ``open_engine``."""

    def __init__(self, programs: Programs, runtime: Runtime) -> None:
        self._programs = programs
        self._runtime = runtime
        self.models: tuple[str, ...] = ()

    async def check(self) -> None:
        """Ask the servers which models they have, and for log probabilities where the run needs them.

        Raises:
            BenchError: no server answers, or the one that does has other models or gives no probabilities.
        """
        try:
            self.models = await self._runtime.check()
        except EndpointDown as error:
            raise BenchError(str(error)) from error
        transport = self._runtime.transport
        if self._programs.readout == "logprobs" and transport is not None:
            from skillrt.judging.probabilities.judge import LogprobsError, require_logprobs

            try:
                for _ in self._runtime.config.base_urls:  # conversations go round the servers
                    await require_logprobs(transport.conversation())
            except LogprobsError as error:
                raise BenchError(f"--readout logprobs cannot be used here: {error}") from error

    async def alive(self) -> bool:
        """Tell whether a server still answers; a control always does."""
        try:
            await self._runtime.check()
        except EndpointDown:
            return False
        return True

    async def report(self) -> list[dict[str, Any]]:
        """Return for each server what became of its requests; a control has no servers."""
        return self._runtime.transport.report() if self._runtime.transport is not None else []

    async def judge(self, case: Case) -> Judgment:
        """Judge one case with the program of its task.

        Raises:
            AllAlikeError: the servers refuse every request alike.
        """
        program = self._programs.of(case)
        try:
            if self._programs.readout == "logprobs":
                # In both orders of the responses, unless the suite makes a judgment of each.
                return await self._runtime.weigh(program, case.fields, both_orders=case.order not in ORDERS)
            return await self._runtime.judge(program, case.fields, case.id)
        except AllRefusedError as error:
            raise AllAlikeError(str(error)) from error


def broken(error: Exception) -> Judgment:
    """Return the judgment of a case on which our own code failed."""
    problem = f"{type(error).__name__}: {error}"
    return Judgment(Verdict(valid=False, error=problem, error_owner="harness"), Usage())


@asynccontextmanager
async def open_engine(programs: Programs, config: EndpointConfig) -> AsyncIterator[JudgeEngine]:
    """Open connections and, where a skill uses Python, a sandbox; close them at the end.

    Raises:
        BenchError: no server answers, or none has the model.
    """
    async with open_runtime(programs.all, config) as runtime:
        engine = JudgeEngine(programs, runtime)
        await engine.check()
        yield engine
