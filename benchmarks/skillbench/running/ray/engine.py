"""The driver's side of ``--engine ray``: cases go to worker processes, judgments come back.

A worker is an actor with an event loop, not a task for each judgment: judging is waiting, and connections,
prefix caches and sandboxes are worth keeping. The runner drives this engine as it drives any other, so
no more cases travel than are judged at a time, and one process writes the run folder.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from skillbench.errors import BenchError
from skillbench.running.engine import EngineGoneError, ProgramChoice
from skillbench.running.ray.cluster import RayOptions
from skillbench.running.ray.worker import Answer, Opened, Setup, Worker
from skillbench.suites.base import Case
from skillrt.chat import Usage
from skillrt.endpoints.config import EndpointConfig
from skillrt.judging.verdict import Judgment, Verdict
from skillspec.artifacts import default_root

__all__ = ["DEATHS", "RayEngine", "open_ray_engine"]

DEATHS: Final = 3
"""After so many deaths of its worker a judgment is given up."""

_OPEN_TRIES: Final = 3
_OPEN_PAUSE_S: Final = 5.0
_START_S: Final = 120.0
_JOIN_S: Final = 15.0
_PATIENCE_S: Final = 120.0
_CLOSE_S: Final = 5.0
_SPARE_CALLS: Final = 16

_log = logging.getLogger("skillrt")


@dataclass(slots=True)
class _Seat:
    """A worker as the driver knows it. ``gone`` means that it never comes back."""

    number: int
    actor: Any
    judging: int = 0
    ready: bool = False
    gone: bool = False
    problem: str = ""
    opened: Opened | None = None


class RayEngine:
    """Judges with workers on a cluster. Made by ``open_ray_engine``."""

    def __init__(self, actors: list[Any], setup: Any) -> None:
        self._setup = setup
        self._seats = [_Seat(number, actor) for number, actor in enumerate(actors, 1)]
        self._changed = asyncio.Event()
        self._alone = asyncio.Lock()
        self._tending = [asyncio.create_task(self._tend(seat)) for seat in self._seats]

    # ---------------------------------------------------------------------------------- workers

    async def start(self) -> None:
        """Wait for the first worker, and a while for the others; who comes later joins then.

        Raises:
            BenchError: none can judge, or the cluster gives none.
        """
        try:
            async with asyncio.timeout(_START_S):
                while not any(seat.ready for seat in self._seats):
                    if all(seat.problem for seat in self._seats):
                        raise BenchError(self._seats[0].problem)
                    await self._change()
            with suppress(TimeoutError):
                async with asyncio.timeout(_JOIN_S):
                    while not all(seat.ready or seat.problem for seat in self._seats):
                        await self._change()
        except TimeoutError as error:
            raise BenchError(
                f"the Ray cluster gave no worker within {_START_S:.0f} s: each needs one CPU that is free "
                "(ray status shows them)"
            ) from error

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    async def _tend(self, seat: _Seat) -> None:
        """Open a worker, and again after each death; Ray starts its process anew."""
        from ray.exceptions import RayError

        tries = 0
        while not seat.ready:
            try:
                opened: Opened = await seat.actor.open.remote(self._setup)
            except RayError as error:
                tries += 1
                seat.problem = _why(error)
                seat.gone = tries >= _OPEN_TRIES
            else:
                seat.problem = opened.problem or ""
                seat.opened, seat.ready = opened, opened.problem is None
            self._changed.set()
            if seat.gone:
                return
            if not seat.ready:
                await asyncio.sleep(_OPEN_PAUSE_S)

    def _lost(self, seat: _Seat) -> None:
        """Note a death once, whatever number of judgments tell of it."""
        if seat.ready:
            seat.ready = False
            _log.warning("Ray worker %d died; its judgments go to others", seat.number)
            self._tending.append(asyncio.create_task(self._tend(seat)))

    async def _seat(self) -> _Seat:
        """Return the worker that has the least to do; waits while none is there."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while True:
                    ready = [seat for seat in self._seats if seat.ready]
                    if ready:
                        return min(ready, key=lambda seat: seat.judging)
                    if all(seat.gone for seat in self._seats):
                        raise EngineGoneError(f"no Ray worker is left: {self._seats[0].problem}")
                    await self._change()
        except TimeoutError as error:
            why = next((f": {seat.problem}" for seat in self._seats if seat.problem), "")
            raise EngineGoneError(f"no Ray worker was there for {_PATIENCE_S:.0f} s{why}") from error

    # ---------------------------------------------------------------------------------- judging

    @property
    def models(self) -> tuple[str, ...]:
        """The models that the servers list."""
        return next((seat.opened.models for seat in self._seats if seat.ready and seat.opened), ())

    async def judge(self, case: Case) -> Judgment:
        """Judge one case on a worker, on another one when that dies.

        Raises:
            EngineGoneError: there are no workers any more.
        """
        for deaths in range(DEATHS):
            async with AsyncExitStack() as stack:
                if deaths == DEATHS - 1:
                    # A case that kills its worker takes others with it; so that these are not given up
                    # too, nothing that died twice is judged beside its like.
                    await stack.enter_async_context(self._alone)
                answer = await self._ask(case)
            if answer is not None:
                for line in answer.logged:
                    _log.warning("%s", line)
                if answer.gone is not None:
                    raise answer.gone
                return answer.judgment
        problem = f"the worker that judged it died, {DEATHS} times"
        return Judgment(Verdict(valid=False, error=problem, error_owner="harness"), Usage())

    async def _ask(self, case: Case) -> Answer | None:
        """Return a worker's answer, None when it died with the question."""
        from ray import exceptions

        seat = await self._seat()
        seat.judging += 1
        try:
            answer: Answer = await seat.actor.judge.remote(case)
            return answer
        except exceptions.RayActorError:
            self._lost(seat)
            return None
        except exceptions.ObjectLostError:  # its machine went away with the answer
            return None
        finally:
            seat.judging -= 1

    async def alive(self) -> bool:
        """Tell whether a server still answers a worker."""
        from ray.exceptions import RayError

        seat = await self._seat()
        try:
            return bool(await seat.actor.alive.remote())
        except RayError:
            return True  # the worker died, which says nothing about the server

    async def report(self) -> list[dict[str, Any]]:
        """Return for each worker and server what became of its requests."""

        async def of(seat: _Seat) -> list[dict[str, Any]]:
            from ray.exceptions import RayError

            try:
                async with asyncio.timeout(_CLOSE_S):
                    told = await seat.actor.report.remote()
            except (RayError, TimeoutError):
                return []
            where = {"worker": seat.number, "node": seat.opened.node if seat.opened else ""}
            return [{**where, **entry} for entry in told]

        reports = await asyncio.gather(*(of(seat) for seat in self._seats if seat.ready))
        return [entry for each in reports for entry in each]

    async def close(self) -> None:
        """End the workers."""
        import ray
        from ray.exceptions import RayError

        async def end(seat: _Seat) -> None:
            if seat.ready and not seat.judging:
                with suppress(RayError, TimeoutError):
                    async with asyncio.timeout(_CLOSE_S):
                        await seat.actor.close.remote()
            ray.kill(seat.actor)

        for task in self._tending:
            task.cancel()
        await asyncio.gather(*self._tending, return_exceptions=True)
        await asyncio.gather(*map(end, self._seats))


def _why(error: BaseException) -> str:
    """Return the last line of what Ray says, which names the cause; before it stand traces of stacks."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = lines[-1][:300] if lines else type(error).__name__
    if "ModuleNotFoundError" in said or "No module named" in said:
        said += "; install skillc with its extra ray on every machine of the cluster"
    return f"a Ray worker could not start: {said}"


def _files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix in (".json", ".txt")
    }


@asynccontextmanager
async def open_ray_engine(
    choice: ProgramChoice, artifacts: str | None, config: EndpointConfig, options: RayOptions
) -> AsyncIterator[RayEngine]:
    """Start workers on the cluster of ``skillbench.running.ray.cluster.open_cluster``, and end them.

    Raises:
        BenchError: no worker can judge: no server answers, or none has the model.
    """
    import ray

    cluster: Any = ray
    total = config.concurrency * len(config.base_urls)
    cpus = int(cluster.cluster_resources().get("CPU", 1))
    number = options.workers or max(1, min(cpus, total))
    share = replace(
        config,
        concurrency=-(-config.concurrency // number),
        rpm=config.rpm and config.rpm / number,
        tpm=config.tpm and config.tpm / number,
    )
    files = _files(Path(artifacts) if artifacts else default_root())
    setup = cluster.put(Setup(files, choice, share, version("skillc")))
    kind = cluster.remote(Worker).options(
        num_cpus=1,
        max_restarts=-1,
        max_task_retries=0,
        max_concurrency=total + _SPARE_CALLS,
        scheduling_strategy="SPREAD",
    )
    engine = RayEngine([kind.remote() for _ in range(number)], setup)
    try:
        await engine.start()
        yield engine
    finally:
        await engine.close()
