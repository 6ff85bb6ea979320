"""One run of a suite: check everything, judge what is missing, compute the metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from skillbench.errors import BenchError
from skillbench.folder.journal import read_predictions
from skillbench.folder.results import metrics_of
from skillbench.folder.store import RunFolder, pretty, read_run
from skillbench.folder.summary import summary_text
from skillbench.report.write import REPORT, try_to_report
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
from skillrt.controls import CONTROL_SCHEME, control_named
from skillrt.endpoints.config import EndpointConfig

if TYPE_CHECKING:
    from skillbench.running.ray.engine import RayEngine

__all__ = ["LOCAL", "Endpoint", "Keep", "RunOptions", "RunResult", "local_judge", "run"]

LOCAL = "local"
"""The base URL that means the embedded judge."""

# A small model under a grammar writes short; the embedded server has one slot, and two conversations
# in it push each other out of its prefix cache.
_LOCAL_MAX_TOKENS = 512
_LOCAL_CONCURRENCY = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the judge is and how it is asked, as a person says it: None is left to :meth:`config`."""

    base_urls: tuple[str, ...]
    model: str | None = None
    api_key: str | None = None
    temperature: float = 0.0
    max_tokens: int | None = None
    seed: int | None = 0
    enable_thinking: bool = False
    request_timeout_s: float = 300.0
    tool_mode: Literal["native", "schema"] | None = None
    concurrency: int | None = None

    @property
    def local(self) -> bool:
        """Whether the embedded judge is meant."""
        return LOCAL in self.base_urls

    @property
    def control(self) -> str | None:
        """The control that is meant, None for a model."""
        url = self.base_urls[0]
        if not url.startswith(CONTROL_SCHEME):
            return None
        try:
            return control_named(url)
        except ValueError as error:
            raise BenchError(str(error)) from error

    def config(self) -> EndpointConfig:
        """Fill in what was left open.

        Raises:
            BenchError: no model is named, a URL is none, or ``local`` stands beside other servers.
        """
        for url in self.base_urls:
            _check_url(url)
        if (self.local or self.control) and len(self.base_urls) > 1:
            alone = next(url for url in self.base_urls if url == LOCAL or url.startswith(CONTROL_SCHEME))
            raise BenchError(f"--base-url {alone} is one judge in this process; no other can stand beside it")
        model = self.model
        if self.control:
            if model not in (None, self.control):
                raise BenchError(
                    f"the judge is the control {self.control}; leave --model out, or name a server"
                )
            model = self.control
        if self.local:
            from skillrt.embedded.model import MODEL_ALIAS

            if model not in (None, MODEL_ALIAS):
                raise BenchError(f"the embedded judge is {MODEL_ALIAS}; leave --model out, or name a server")
            model = MODEL_ALIAS
        if model is None:
            raise BenchError("name the model with --model, as the server calls it")
        return EndpointConfig(
            base_urls=self.base_urls,
            model=model,
            api_key=self.api_key,
            temperature=self.temperature,
            max_tokens=self.max_tokens or (_LOCAL_MAX_TOKENS if self.local else 2048),
            seed=self.seed,
            enable_thinking=None if self.local else self.enable_thinking,
            request_timeout_s=self.request_timeout_s,
            concurrency=self.concurrency or (_LOCAL_CONCURRENCY if self.local else 16),
            tool_mode=self.tool_mode or ("schema" if self.local else "native"),
        )


def _check_url(url: str) -> None:
    if url == LOCAL or url.startswith(CONTROL_SCHEME):
        return
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BenchError(f"--base-url {url} is no URL such as http://127.0.0.1:8000/v1, and not: local")
    if parts.username or parts.password:
        # It would end up in run.json, in the traces and in process lists.
        raise BenchError("a base URL must not hold a password: put it into the variable of --api-key-env")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What to run.

    ``setting`` None means the skill's own; ``delivery`` None means progressive, or direct without a
    skill. ``mode`` is one of the suite's, None its first. ``routes`` are groups that are judged
    directly whatever the skill. ``placement_seed`` places responses where a suite places them at
    random. ``endpoint`` comes from :meth:`Endpoint.config`. ``readout`` is from the judge's text and
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
    delivery = options.delivery or ("progressive" if options.skill is not None else "direct")
    if delivery == "direct" and options.skill is not None:
        raise BenchError(
            "delivery direct is the baseline without a skill: leave out --skill, or choose a delivery"
        )
    if delivery != "direct" and options.skill is None:
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
    handler = logging.FileHandler(path, delay=True, encoding="utf-8", errors="backslashreplace")
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
