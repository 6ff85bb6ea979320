"""Making the judgments of a run: so many at a time, recorded by one writer as they come in.

Cases are read lazily and traces are not kept, so memory does not grow with the run, but for the
ids of what is recorded. A run ends in one of four ways: ``done``; ``interrupted`` by a signal;
``stopped`` because the endpoint or the engine went away; ``refused`` because the servers refuse whatever is
sent. All leave a folder that can be continued.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

from skillbench.folder.journal import Journal
from skillbench.running.engine import Engine, EngineGoneError, broken
from skillbench.running.progress import Progress
from skillbench.suites.base import Job, Prediction, Suite, predict
from skillbench.suites.texts import read_again
from skillrt.judging.verdict import Judgment

__all__ = ["Ending", "Stop", "judge_all", "stop_on_signals"]

Ending = Literal["done", "interrupted", "stopped", "refused"]

GRACE_S = 5.0
"""How long judgments in flight may go on after the first signal, in seconds."""

_FAILURES_BEFORE_DOUBT = 10

_MOST_HELD = 1024
"""Failures that wait to be recorded: more than a run gets before its servers are given up."""


class Stop:
    """Asks a run to end: softly (no new case, a grace for those in flight), then at once."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.now = asyncio.Event()

    def ask(self) -> None:
        """Ask to stop; asked again, stop at once."""
        if self.asked.is_set():
            self.now.set()
        self.asked.set()


@asynccontextmanager
async def stop_on_signals() -> AsyncIterator[Stop]:
    """Within the block, Ctrl-C and SIGTERM ask the run to stop instead of breaking it off."""
    stop = Stop()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.ask)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _judge(engine: Engine, job: Job) -> Judgment:
    try:
        return await engine.judge(job.case)
    except EngineGoneError:
        raise
    except Exception as error:  # one broken judgment must not end a run of thousands
        return broken(error)


def _pending(job: Job | None, journal: Journal) -> Job | None:
    """Return the first job from ``job`` on that is not recorded; those that are tell what follows."""
    while job is not None and job.case.id in journal.recorded:
        job = job.follow(journal.outcomes.get(job.case.id)) if job.follow is not None else None
    return job


class _Workers:
    """Tasks that share one iterator of jobs and one journal.

    ``chains`` counts samples that are begun and whose next job is not made yet: a run with one left
    is not done.
    """

    def __init__(self, jobs: Iterator[Job], suite: Suite, engine: Engine, journal: Journal) -> None:
        self._jobs = jobs
        self.chains = 0
        self._suite = suite
        self._engine = engine
        self._journal = journal
        self._failures = 0
        self._held: list[tuple[Prediction, Mapping[str, Any]]] = []
        self._holds = True
        self.gone = False

    async def work(self, stop: Stop, progress: Progress, doubt: int) -> None:
        while not stop.asked.is_set() and not self.gone:
            job = next(self._jobs, None)
            if job is None:
                return
            self.chains += 1
            while job is not None:
                if stop.asked.is_set() or self.gone:
                    return
                try:
                    judgment = await _judge(self._engine, job)
                    if await self._went_away(judgment, doubt):
                        return
                except EngineGoneError:
                    self.gone = True
                    raise
                judgment = read_again(self._suite, job.case.task, judgment)
                mark = self._suite.mark(job.sealed, judgment.verdict)
                self._record(predict(job.case, mark, judgment), judgment.trace, progress)
                follower = job.follow(judgment.verdict.outcome) if job.follow is not None else None
                job = _pending(follower, self._journal)
            self.chains -= 1

    def _record(self, row: Prediction, trace: Mapping[str, Any], progress: Progress) -> None:
        """Record a judgment; failures of the endpoint wait until it has answered something.

        Where it never does and is given up, a resume judges them: they say nothing about the sample.
        """
        self._held.append((row, trace))
        if self._holds and row.error_owner == "endpoint" and len(self._held) <= _MOST_HELD:
            return
        self.flush(progress)

    def flush(self, progress: Progress) -> None:
        """Record what waits, and let nothing wait any more."""
        self._holds = False
        for row, trace in self._held:
            self._journal.append(row, trace)
            progress.advance()
        self._held.clear()

    async def _went_away(self, judgment: Judgment, doubt: int) -> bool:
        """Tell whether the endpoint is gone; asked of it only after many failures in a row."""
        if judgment.verdict.error_owner != "endpoint":
            self._failures = 0
            return False
        self._failures += 1
        if self._failures >= doubt and not await self._engine.alive():
            self.gone = True
        return self.gone


async def judge_all(
    suite: Suite,
    jobs: Iterator[Job],
    engine: Engine,
    journal: Journal,
    *,
    concurrency: int,
    progress: Progress,
    stop: Stop,
) -> Ending:
    """Judge every job that is not recorded yet and record it.

    Raises:
        OSError: the run folder cannot be written.
        EngineGoneError: the engine cannot go on; what is recorded can be continued.
    """
    todo = (rest for job in jobs if (rest := _pending(job, journal)) is not None)
    workers = _Workers(todo, suite, engine, journal)
    doubt = max(_FAILURES_BEFORE_DOUBT, 2 * concurrency)
    tasks = [asyncio.create_task(workers.work(stop, progress, doubt)) for _ in range(concurrency)]
    ender = asyncio.create_task(_end_tasks(stop, tasks))
    try:
        results = await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        ender.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result
    if workers.gone:
        return "stopped"
    cut = any(isinstance(result, asyncio.CancelledError) for result in results)
    if cut or workers.chains or next(todo, None) is not None:
        return "interrupted"
    workers.flush(progress)
    return "done"


async def _end_tasks(stop: Stop, tasks: list[asyncio.Task[None]]) -> None:
    """After the first signal, give the tasks their grace; then, or at a second one, cancel them."""
    await stop.asked.wait()
    try:
        async with asyncio.timeout(GRACE_S):
            await stop.now.wait()
    except TimeoutError:
        pass
    for task in tasks:
        task.cancel()
