"""One object that judges: link, connections and sandboxes opened once, for a script, a notebook or a server.

with Judge("instruction_following_pairwise", base_url=URL, model=NAME) as judge:
    print(judge.judge(prompt="2 + 2?", responses={"A": "4", "B": "5"}).verdict.outcome)
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from skillrt.endpoints.config import EndpointConfig
from skillrt.judging.verdict import Judgment
from skillrt.programs.choice import choose_link
from skillrt.programs.explain import explanation
from skillrt.programs.program import Program, load_program
from skillrt.runtime import LOCAL, Runtime, judge_config, open_runtime
from skillspec.artifacts import ArtifactStore

__all__ = ["BothOrders", "Judge"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class BothOrders:
    """Two judgments of one pair: as given, and with the two responses in each other's place.

    Both verdicts speak of places; ``winner`` speaks of the labels as given.

    Attributes:
        first: the judgment of the responses as given.
        second: the judgment with the responses exchanged.
        labels: the two labels, in the task's order.
    """

    first: Judgment
    second: Judgment
    labels: tuple[str, str]

    @property
    def winner(self) -> str | None:
        """The label that both judgments prefer, ``"tie"`` where both say so; None where they disagree."""
        turned = dict(zip(self.labels, reversed(self.labels), strict=True))
        first, second = self.first.verdict, self.second.verdict
        if not (first.valid and second.valid) or first.outcome is None:
            return None
        outcome: str = first.outcome
        return outcome if turned.get(second.outcome, second.outcome) == outcome else None

    @property
    def consistent(self) -> bool | None:
        """Whether the order made no difference; None where a judgment is invalid."""
        if not (self.first.verdict.valid and self.second.verdict.valid):
            return None
        return self.winner is not None


class Judge:
    """Judges samples by one skill and task against one model.

    Connections and sandboxes are opened at the first judgment, in a thread with an event loop of its own,
    and closed by ``close``, by the end of a ``with`` block, or with the process. So the same object works
    in a script, in a notebook and in an async program, and may be used from several threads.

    Args:
        skill: a compiled skill's name; None judges by the task alone.
        task: the task; may be left out where the skill serves one task only.
        base_url: an OpenAI-compatible root such as ``http://127.0.0.1:8000/v1``, several of them, ``local``
            for the embedded judge, or ``control:NAME`` for a judge without a model.
        model: the model's name at the server.
        setting: None for the skill's own.
        delivery: None for ``progressive``, or ``direct`` without a skill.
        artifacts: folder of compiled artifacts; None for those of the installation.
        concurrency: judgments under way at once, at most.
        options: further fields of ``EndpointConfig`` by name, such as ``api_key`` or ``temperature``.

    Raises:
        skillrt.programs.choice.ChoiceError: the names do not go together.
        skillspec.artifacts.ArtifactError: an artifact is missing or broken.
        ValueError: the server or model is not said well.

    Example:
        >>> judge = Judge("instruction_following_pairwise", base_url="control:always-first")
        >>> judge.judge(prompt="2 + 2?", responses={"B": "5", "A": "4"}).verdict.outcome
        'A'
        >>> judge.both_orders(prompt="2 + 2?", responses={"A": "4", "B": "5"}).consistent
        False
    """

    def __init__(
        self,
        skill: str | None = None,
        *,
        task: str | None = None,
        base_url: str | Sequence[str],
        model: str | None = None,
        setting: str | None = None,
        delivery: str | None = None,
        artifacts: str | Path | None = None,
        concurrency: int | None = None,
        **options: Any,
    ) -> None:
        store = ArtifactStore(Path(artifacts) if artifacts else None)
        self.program: Program = load_program(store, choose_link(store, skill, task, setting, delivery))
        urls = (base_url,) if isinstance(base_url, str) else tuple(base_url)
        config = judge_config(urls, model, concurrency=concurrency, **options)
        # No run is ended here: each sample gets its judgment, whatever became of others.
        self.config: EndpointConfig = replace(config, refusal_limit=options.get("refusal_limit"))
        self._host = _Host(self.program, self.config)
        self._finalizer = weakref.finalize(self, self._host.close)
        # At the end of the process no thread can be waited for; sandboxes and servers end with their client.
        self._finalizer.atexit = False

    def judge(self, sample: Mapping[str, Any] | None = None, /, **fields: Any) -> Judgment:
        """Judge one sample, given as an object or by the names of its fields.

        Responses may stand in any order. A sample that does not fit, or a judge that fails, gives an invalid
        judgment that says why, as in a recorded run.

        Raises:
            skillrt.endpoints.EndpointDown: no server answers, or none has the model.
            skillrt.endpoints.AllRefusedError: the servers refuse every request alike.
            skillrt.sandbox.SandboxUnavailable: the skill runs code that cannot be isolated here.
        """
        return self._host.run(self._host.judge(_sample(sample, fields))).result()

    async def ajudge(self, sample: Mapping[str, Any] | None = None, /, **fields: Any) -> Judgment:
        """Judge one sample without blocking the running event loop; otherwise as ``judge``."""
        return await asyncio.wrap_future(self._host.run(self._host.judge(_sample(sample, fields))))

    def judge_all(self, samples: Iterable[Mapping[str, Any]]) -> list[Judgment]:
        """Judge many samples at once, ``concurrency`` at a time; judgments in the order of the samples."""
        return self._host.run(self._host.judge_all(samples)).result()

    async def ajudge_all(self, samples: Iterable[Mapping[str, Any]]) -> list[Judgment]:
        """Judge many samples without blocking the running event loop; otherwise as ``judge_all``."""
        return await asyncio.wrap_future(self._host.run(self._host.judge_all(samples)))

    def both_orders(self, sample: Mapping[str, Any] | None = None, /, **fields: Any) -> BothOrders:
        """Judge a pair of responses twice, the second time in each other's place.

        Raises:
            ValueError: the sample has not two responses.
        """
        given = _sample(sample, fields)
        responses = given.get("responses")
        labels = tuple(label.label for field in self.program.task.fields for label in field.labels)
        if not isinstance(responses, Mapping) or len(labels) != 2 or set(responses) != set(labels):
            raise ValueError(f"both orders need two responses; task {self.program.task.id} was given others")
        first, second = labels
        turned = {**given, "responses": {first: responses[second], second: responses[first]}}
        as_given, exchanged = self.judge_all([given, turned])
        return BothOrders(as_given, exchanged, (first, second))

    def explain(self, sample: Mapping[str, Any] | None = None, /, **fields: Any) -> str:
        """Return what the judge would be sent first for a sample, with sizes; asks no server.

        Raises:
            skillrt.programs.view.SampleError: the sample does not fit the task.
        """
        return explanation(self.program, _sample(sample, fields))

    def close(self) -> None:
        """End the connections and the sandboxes; may be called twice."""
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _sample(sample: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> Mapping[str, Any]:
    if sample is not None and fields:
        raise TypeError("give a sample as an object, or its fields by name, not both")
    return fields if sample is None else sample


class _Host:
    """The thread, its event loop, and the runtime that is opened there at the first judgment."""

    def __init__(self, program: Program, config: EndpointConfig) -> None:
        self._program = program
        self._config = config
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        # Of the loop's own thread alone:
        self._stack = AsyncExitStack()
        self._opening: asyncio.Task[Runtime] | None = None
        self._places = asyncio.Semaphore(config.concurrency)

    def run(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Run ``work`` in the host's event loop."""
        with self._lock:
            if self._closed:
                work.close()
                raise RuntimeError("this judge is closed")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="judge", daemon=True)
                self._thread.start()
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def judge(self, sample: Mapping[str, Any]) -> Judgment:
        runtime = await self._runtime()
        async with self._places:
            return await runtime.judge(self._program, sample)

    async def judge_all(self, samples: Iterable[Mapping[str, Any]]) -> list[Judgment]:
        return list(await asyncio.gather(*map(self.judge, samples)))

    async def _runtime(self) -> Runtime:
        """Return the open runtime; who comes first opens it, and an opening that failed is tried again."""
        if self._opening is None or (self._opening.done() and self._opening.exception() is not None):
            self._opening = asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def _open(self) -> Runtime:
        config = self._config
        try:
            if LOCAL in config.base_urls:
                from skillrt.embedded.process import embedded_server

                server = await asyncio.to_thread(self._stack.enter_context, embedded_server())
                config = replace(config, base_urls=(server.base_url,), model=server.model)
            runtime = await self._stack.enter_async_context(open_runtime((self._program,), config))
            await runtime.check()
        except BaseException:
            await self._stack.aclose()
            raise
        return runtime

    def close(self) -> None:
        """Close what is open, end the loop and join the thread."""
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._stack.aclose()
