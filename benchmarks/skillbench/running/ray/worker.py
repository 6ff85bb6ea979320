"""The worker's side of ``--engine ray``: a process that judges cases with an engine of its own.

What travels to it are the artifacts, the configuration and cases; sealed values cannot be pickled and
stay with the driver, which alone writes the run folder.
"""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from skillbench.errors import BenchError
from skillbench.running.engine import (
    EngineGoneError,
    JudgeEngine,
    ProgramChoice,
    broken,
    load_programs,
    open_engine,
)
from skillbench.suites.base import Case
from skillrt.endpoints.config import EndpointConfig
from skillrt.judging.verdict import Judgment

__all__ = ["Answer", "Opened", "Setup", "Worker"]


@dataclass(frozen=True, slots=True)
class Setup:
    """What a worker needs before its first case.

    ``artifacts`` are files by their path: the driver's own, so that no machine judges with others.
    ``config.concurrency`` is this worker's share; ``version`` the driver's version of skillc.
    """

    artifacts: Mapping[str, bytes]
    choice: ProgramChoice
    config: EndpointConfig
    version: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A worker is ready, or says in ``problem`` why it is not."""

    models: tuple[str, ...] = ()
    node: str = ""
    pid: int = 0
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A judgment, and what the runtime logged since the last one; or why there can be none any more."""

    judgment: Judgment
    logged: tuple[str, ...] = ()
    gone: EngineGoneError | None = None


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def take(self) -> tuple[str, ...]:
        taken, self.lines = tuple(self.lines), []
        return taken


class Worker:
    """Judges as many cases at a time as it is given, with its own connections and sandboxes."""

    def __init__(self) -> None:
        self._stack = AsyncExitStack()
        self._engine: JudgeEngine | None = None
        self._log = _Collector()
        log = logging.getLogger("skillrt")
        log.addHandler(self._log)
        log.propagate = False

    async def open(self, setup: Setup) -> Opened:
        """Open connections and sandboxes, unless they are open already."""
        node = platform.node()
        here = version("skillc")
        if here != setup.version:
            return Opened(problem=f"{node} has skillc {here}, this machine {setup.version}")
        if self._engine is None:
            try:
                programs = load_programs(setup.artifacts, setup.choice)
                opening = open_engine(programs, setup.config)
                self._engine = await self._stack.enter_async_context(opening)
            except BenchError as error:
                return Opened(problem=str(error))
            except Exception as error:  # it is told where the person is, not in a log of this machine
                return Opened(problem=f"{node}: {type(error).__name__}: {error}")
        return Opened(self._engine.models, node, os.getpid())

    async def judge(self, case: Case) -> Answer:
        """Judge one case."""
        assert self._engine is not None
        try:
            judgment = await self._engine.judge(case)
        except EngineGoneError as error:
            return Answer(broken(error), self._log.take(), error)
        except Exception as error:
            judgment = broken(error)
        return Answer(judgment, self._log.take())

    async def alive(self) -> bool:
        """Tell whether a server still answers."""
        assert self._engine is not None
        return await self._engine.alive()

    async def report(self) -> list[dict[str, Any]]:
        """Return what became of this worker's requests to each server."""
        return await self._engine.report() if self._engine is not None else []

    async def close(self) -> None:
        """Close what ``open`` opened."""
        await self._stack.aclose()
