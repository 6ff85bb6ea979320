"""One run of a suite: check everything, judge what is missing, compute the metrics."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skillbench.analysis.results import metrics_of
from skillbench.analysis.summary import summary_text
from skillbench.errors import BenchError
from skillbench.folder.journal import read_predictions
from skillbench.folder.store import RunFolder, pretty, read_run
from skillbench.report.write import REPORT, try_to_report
from skillbench.running.endpoint import LOCAL, Endpoint
from skillbench.running.engine import (
    AllAlikeError,
    EngineGoneError,
    JudgeEngine,
    ProgramChoice,
    Programs,
    ReadoutKind,
    load_programs,
    open_engine,
)
from skillbench.running.identity import facts_of, identity_of
from skillbench.running.progress import Progress
from skillbench.running.ray.cluster import RayOptions, open_cluster
from skillbench.running.workers import Ending, judge_all, stop_on_signals
from skillbench.suites import open_suite
from skillbench.suites.base import DataSummary, Prediction, Suite
from skillrt.endpoints.config import EndpointConfig
from skillrt.judging.controls import CONTROL_SCHEME
from skillspec.files import open_append
from skillspec.words import DIRECT, PROGRESSIVE

if TYPE_CHECKING:
    from skillbench.running.ray.engine import RayEngine

__all__ = ["LOCAL", "Endpoint", "Keep", "RunOptions", "RunResult", "local_judge", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What to run.

    ``setting`` None means the skill's own; ``delivery`` None means progressive, or direct without a
    skill. ``mode`` is one of the suite's, None its first. ``routes`` are groups that are judged
    directly whatever the skill. ``placement_seed`` places responses where a suite places them at
    random. ``endpoint`` comes from ``Endpoint.config``. ``readout`` is from the judge's text and
    calls, or from token probabilities. ``ray`` None judges in this process.
    """

    suite: str
    out: Path
    endpoint: EndpointConfig
    data: tuple[Path, ...] = ()
    skill: str | None = None
    setting: str | None = None
    delivery: str | None = None
    mode: str | None = None
    routes: tuple[str, ...] = ()
    placement_seed: int = 0
    readout: ReadoutKind = "text"
    limit: int | None = None
    allow_duplicates: bool = False
    reader: str = "ours"
    artifacts: str | None = None
    retry_errors: bool = False
    quiet: bool = False
    ray: RayOptions | None = None


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run ended and what ``metrics.json`` says.

    ``judged`` counts this session's judgments; ``why`` says of a run that stopped or was refused what
    happened.
    """

    ending: Ending
    metrics: Mapping[str, Any]
    judged: int
    why: str = ""


@contextmanager
def local_judge(config: EndpointConfig) -> Iterator[EndpointConfig]:
    """Start the embedded judge when ``config`` asks for it, and point the configuration at it.

    Raises:
        BenchError: it is not installed, or does not come up.
    """
    if LOCAL not in config.base_urls:
        yield config
        return
    from skillrt.embedded.model import ModelNotFoundError
    from skillrt.embedded.process import EmbeddedServerError, embedded_server

    with ExitStack() as stack:
        try:
            server = stack.enter_context(embedded_server())
        except (ModelNotFoundError, EmbeddedServerError) as error:
            raise BenchError(str(error)) from error
        yield replace(config, base_urls=(server.base_url,), model=server.model)


def _delivery(options: RunOptions) -> str:
    delivery = options.delivery or (PROGRESSIVE if options.skill is not None else DIRECT)
    if delivery == DIRECT and options.skill is not None:
        raise BenchError(
            "delivery direct is the baseline without a skill: leave out --skill, or choose a delivery"
        )
    if delivery != DIRECT and options.skill is None:
        raise BenchError(f"delivery {delivery} needs a skill: name one with --skill")
    return delivery


def run(options: RunOptions) -> RunResult:
    """Run a suite, or go on with a run.

    Raises:
        BenchError: something is wrong before the first judgment: options, data, artifacts, another
            run in the folder, or no server. What is recorded stays as it is.
    """
    delivery = _delivery(options)
    config = options.endpoint
    if options.ray is not None and LOCAL in config.base_urls:
        raise BenchError("the embedded judge is one process with one slot: --engine ray cannot spread it")
    _check_readout(options)
    suite = open_suite(
        options.suite, options.data, options.mode, options.placement_seed, reader=options.reader
    )
    routed = frozenset(options.routes if options.skill is not None else ())
    choice = ProgramChoice(suite.tasks, options.skill, options.setting, delivery, routed, options.readout)
    programs = load_programs(options.artifacts, choice)
    summary = suite.check(options.limit, allow_duplicates=options.allow_duplicates)
    _check_routes(options, summary)
    identity = identity_of(options, suite, programs, delivery, summary, config)
    keep = Keep(whole_samples=suite.sequential) if options.retry_errors else None
    ending: Ending = "done"
    why = ""
    with RunFolder(options.out, identity, facts_of(options, summary, config), keep) as folder:
        if len(folder.journal.recorded) < summary.judgments:
            with ExitStack() as stack:
                reachable = stack.enter_context(local_judge(config))
                if options.ray is not None:
                    stack.enter_context(open_cluster(options.ray))
                stack.enter_context(_errors_logged(folder.path / "errors.log"))
                opening = _opening(options, choice, programs, reachable)
                ending, why = asyncio.run(_judge_rest(options, suite, opening, reachable, summary, folder))
        metrics = metrics_of(
            suite, read_predictions(folder.path), summary.judgments, summary.groups, summary.duplicates
        )
        folder.write("metrics.json", pretty(metrics))
        folder.write("summary.md", summary_text(metrics, read_run(folder.path)).encode())
        judged = len(folder.journal.recorded) - folder.resumed
        page = folder.path / REPORT
        if folder.journal.recorded and (judged or not page.exists()):
            try_to_report([folder.path], page, quiet=options.quiet)
        return RunResult(ending, metrics, judged, why)


@contextmanager
def _errors_logged(path: Path) -> Iterator[None]:
    """Send what the runtime logs, such as the traceback of a broken judgment, to a file instead of stderr."""
    import logging

    log = logging.getLogger("skillrt")

    class LogFile(logging.FileHandler):
        def _open(self) -> TextIOWrapper:
            return os.fdopen(open_append(path), "a", encoding="utf-8", errors="backslashreplace")

    handler = LogFile(path, delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))
    log.addHandler(handler)
    before, log.propagate = log.propagate, False
    try:
        yield
    finally:
        log.propagate = before
        log.removeHandler(handler)
        handler.close()


def _check_readout(options: RunOptions) -> None:
    if options.readout == "text":
        return
    config = options.endpoint
    if config.base_urls[0].startswith(CONTROL_SCHEME):
        raise BenchError("a control gives no token probabilities: --readout logprobs needs a model")
    if config.enable_thinking:
        raise BenchError(
            "--readout logprobs begins the answer itself, which leaves no room for thoughts: "
            "leave --enable-thinking out"
        )


def _check_routes(options: RunOptions, summary: DataSummary) -> None:
    unknown = [group for group in options.routes if group not in summary.groups]
    if unknown and options.limit is None:
        raise BenchError(
            f"there is no group {unknown[0]} to route; the data has: {', '.join(sorted(summary.groups))}"
        )


class Keep:
    """Says which recorded rows stay when endpoint failures are judged again.

    Where a sample's cases follow from each other, all after a failed one go too: they may not follow
    from what is judged now. Asked in the order of recording.
    """

    def __init__(self, *, whole_samples: bool) -> None:
        self._whole_samples = whole_samples
        self._failed: set[int] = set()

    def __call__(self, row: Prediction) -> bool:
        if row.error_owner == "endpoint":
            self._failed.add(row.position)
            return False
        return not (self._whole_samples and row.position in self._failed)


def _opening(
    options: RunOptions, choice: ProgramChoice, programs: Programs, config: EndpointConfig
) -> AbstractAsyncContextManager[JudgeEngine | RayEngine]:
    """Return what opens the engine that a run asks for."""
    if options.ray is None:
        return open_engine(programs, config)
    from skillbench.running.ray.engine import open_ray_engine

    return open_ray_engine(choice, options.artifacts, config, options.ray)


async def _judge_rest(
    options: RunOptions,
    suite: Suite,
    opening: AbstractAsyncContextManager[JudgeEngine | RayEngine],
    config: EndpointConfig,
    summary: DataSummary,
    folder: RunFolder,
) -> tuple[Ending, str]:
    """Judge what is missing; return how that ended and, when something went away, what."""
    why = ""
    async with stop_on_signals() as stop, opening as engine:
        folder.begin(server={"base_urls": list(config.base_urls), "models": list(engine.models)})
        progress = Progress(summary.judgments, folder.journal, quiet=options.quiet)
        try:
            ending = await judge_all(
                suite,
                suite.jobs(options.limit),
                engine,
                folder.journal,
                concurrency=config.concurrency * len(config.base_urls),
                progress=progress,
                stop=stop,
            )
            why = "the endpoint stopped answering" if ending == "stopped" else ""
        except EngineGoneError as error:
            ending, why = ("refused" if isinstance(error, AllAlikeError) else "stopped"), str(error)
        finally:
            progress.close()
        folder.end(ending, engine="local" if options.ray is None else "ray", servers=await engine.report())
        return ending, why
