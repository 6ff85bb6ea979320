"""What every suite is made of: cases for the judge, sealed answers for us, rows, scores.

A suite turns data files into jobs. A job has two halves that never meet on the judge's side: the
``Case``, whose fields may be shown as far as the task and the setting allow, and the
``Sealed`` oracle, which only the suite opens, after the judgment.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, NoReturn

import msgspec

from skillbench.statistics.estimate import Estimate
from skillbench.suites.behind import Behind
from skillbench.suites.offers import PublishedReader, TextReader, Verifiable, Worth
from skillbench.suites.rows import FileDigest
from skillbench.suites.source import Source
from skillrt.chat import Usage
from skillrt.judging.verdict import ErrorOwner, Judgment, Verdict

__all__ = [
    "Case",
    "DataSummary",
    "Job",
    "Mark",
    "Prediction",
    "Scores",
    "Sealed",
    "Suite",
    "open_seal",
    "predict",
]


@dataclass(frozen=True, slots=True)
class Case:
    """One judgment to be made, as the judge's side may know it.

    ``id`` is unique in a run, even where the data repeats an id; ``sample_id`` is the id in the
    data and ``position`` the row's number over all files, from 0. ``order`` says which response
    was shown first. ``fields`` are the task's fields; what the setting does not grant is taken
    away again by the runtime's view. ``group`` is what routing rules go by; no judge sees it.
    """

    id: str
    sample_id: str
    position: int
    task: str
    order: str | None
    fields: Mapping[str, Any]
    group: str = ""


class Sealed:
    """Oracle values of a row. It cannot be printed, compared, iterated or pickled; see ``open_seal``."""

    __slots__ = ("__values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__values = dict(values)

    def __repr__(self) -> str:
        return "<sealed>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("sealed values never leave the process that read them")

    def _open(self) -> Mapping[str, Any]:
        return self.__values


def open_seal(sealed: Sealed) -> Mapping[str, Any]:
    """Return the oracle values. Only suites call this, and only to mark a finished judgment."""
    return sealed._open()


@dataclass(frozen=True, slots=True)
class Job:
    """A case and what only we know of it.

    ``follow`` is told the judgment's outcome, as it is recorded, and gives the next job of the same
    sample or None: some cases exist only once an earlier one is decided. It is called once, in turn.
    """

    case: Case
    sealed: Sealed
    follow: Callable[[Any], Job | None] | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """What a suite adds to a judgment: the right answer, its points, and where the row belongs."""

    gold: Any
    score: int | float | None
    group: str
    source: str | None = None
    subset: str = ""


class Prediction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A row of ``predictions.jsonl``; one judgment.

    For pairs ``gold``, ``said`` and ``outcome`` are ``A``, ``B``, ``tie`` or null in the order
    shown, and ``score`` is the judgment's official points by ``outcome``; null when invalid.
    ``probabilities`` of the outcomes, in the order shown too, add up to 1; ``mass`` is how much of all
    probability fell on labels before that. Both stand only in rows that were read by token probabilities.
    ``cluster`` is a digest of the prompt: samples of one prompt are no independent observations.
    ``clipped`` is the readout's number before it was brought within the task's bounds, where it was outside;
    ``keys`` is ``own`` where the readout is over items that the judge itself had listed.
    """

    id: str
    sample_id: str
    position: int
    task: str
    order: str | None
    group: str
    source: str | None
    subset: str
    gold: Any
    said: Any
    outcome: Any
    label: str | None
    score: int | float | None
    valid: bool
    error: str | None
    error_owner: ErrorOwner | None
    grounded: bool | None
    decided_by: str | None
    reason: str
    usage: Usage
    probabilities: dict[str, float] | None = None
    mass: float | None = None
    cluster: str = ""
    clipped: float | None = None
    keys: Literal["own"] | None = None

    @property
    def unit(self) -> str:
        """What the sample is one observation of: its prompt, or itself in runs that do not say."""
        return self.cluster or f"#{self.position}"


_ASKED: Final = ("system_prompt", "history", "prompt")


def _cluster(fields: Mapping[str, Any]) -> str:
    """Return a digest of what the judge is told was asked; empty where no field has a name for it."""
    asked = [fields[name] for name in _ASKED if fields.get(name)]
    return hashlib.sha256(repr(asked).encode("utf-8", "replace")).hexdigest()[:16] if asked else ""


def predict(case: Case, mark: Mark, judgment: Judgment) -> Prediction:
    """Put a case, its mark and its judgment together into the row that is recorded."""
    verdict = judgment.verdict
    return Prediction(
        id=case.id,
        sample_id=case.sample_id,
        position=case.position,
        task=case.task,
        order=case.order,
        group=mark.group,
        source=mark.source,
        subset=mark.subset,
        gold=mark.gold,
        said=verdict.said,
        outcome=verdict.outcome,
        label=verdict.label,
        score=mark.score,
        valid=verdict.valid,
        error=verdict.error,
        error_owner=verdict.error_owner,
        grounded=verdict.grounded,
        decided_by=verdict.decided_by,
        reason=verdict.reason,
        usage=judgment.usage,
        probabilities=verdict.probabilities,
        mass=verdict.mass,
        cluster=_cluster(case.fields),
        clipped=verdict.clipped,
        keys=verdict.keys,
    )


@dataclass(frozen=True, slots=True)
class DataSummary:
    """What a check of the data found.

    ``repeated_ids`` counts rows whose id was seen before; ``fields`` says in how many rows each field
    of the file stands. ``duplicates`` counts rows that hold the same as an earlier one, whatever their id.
    """

    files: tuple[FileDigest, ...]
    samples: int
    judgments: int
    repeated_ids: int
    groups: Mapping[str, int]
    fields: Mapping[str, int] = field(default_factory=dict)
    duplicates: int = 0


@dataclass(frozen=True, slots=True)
class Scores:
    """A suite's metrics, for what the readout made of the judgments and for what the judge said.

    ``headline`` names one of them, or is None when nothing is finished. ``said`` lacks metrics that
    the readout's outcomes alone decide. ``unfinished`` counts samples that lack a judgment and are
    left out. ``orders`` holds diagnostics of position, ``references`` what choosing without a judge
    achieves, in per cent, and ``facts`` counts that a reader of the metrics must know. ``behind`` has the
    judgments of each metric; one that it lacks is made of all of them. ``finished`` counts samples by
    group.
    """

    headline: str | None
    readout: Mapping[str, Estimate]
    said: Mapping[str, Estimate]
    unfinished: int = 0
    orders: Mapping[str, Mapping[str, int | float | None]] = field(default_factory=dict)
    references: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, int | float | str] = field(default_factory=dict)
    behind: Mapping[str, Behind] = field(default_factory=dict)
    finished: Mapping[str, int] = field(default_factory=dict)


class Suite(ABC):
    """A benchmark: official files in, jobs out, official metrics from predictions, and all else known of it.

    Nobody outside a suite's own folder asks for it by name: what differs from suite to suite is an
    attribute or a method here.

    Args:
        paths: the data files; those that ship with the suite where none are named, and else none, to
            score predictions alone.
        mode: one of the suite's ``modes``, the first when empty.
        seed: draws what the suite places at random.

    Attributes:
        name: the suite's name, which also begins the names of its metrics.
        modes: its ways of judging, the default first; none where there is but one.
        mode: which of them this is.
        tasks: the tasks that its cases use; by default one of its name.
        groups: its groups in the order of tables; others follow by name.
        shown: the fields of the files that become fields of a task, and which; all others stay sealed.
        source: where the data is, and its license.
        shipped: data files that come with the suite, read where none are named.
        sequential: whether a sample's cases follow from the outcomes of earlier ones.
        official: what ``--reader official`` does otherwise, in a sentence; empty where no rule is known that
            differs from ours.
        reader: ``ours`` or ``official``: by whose rules this one reads.
        said_metric: what stands for the headline by what the judge said, where the readout alone decides
            the headline.
    """

    name: ClassVar[str]
    modes: ClassVar[tuple[str, ...]] = ()
    tasks: tuple[str, ...] = ()
    groups: ClassVar[Sequence[str]] = ()
    shown: ClassVar[Mapping[str, str]] = {}
    source: ClassVar[Source] = Source("its package does not say where its data is")
    shipped: ClassVar[tuple[Path, ...]] = ()
    sequential: ClassVar[bool] = False
    said_metric: ClassVar[str | None] = None
    official: ClassVar[str] = ""
    reader: str = "ours"

    def __init__(self, paths: Sequence[Path] = (), mode: str = "", seed: int = 0) -> None:
        self.paths = tuple(paths) or self.shipped
        self.mode = mode or next(iter(self.modes), "")
        self.seed = seed
        self.tasks = self.tasks or (self.name,)

    # --------------------------------------------------------------------------------------- the data

    @abstractmethod
    def check(self, limit: int | None = None, *, allow_duplicates: bool = False) -> DataSummary:
        """Read and check all data, and count what ``limit`` takes of it.

        Raises:
            BenchError: a file or row cannot be used, or is there twice; nothing has been judged yet.
        """

    @abstractmethod
    def jobs(self, limit: int | None = None) -> Iterator[Job]:
        """Yield the jobs of ``limit`` samples lazily, always in the same order.

        Which they are is drawn by the seed, of all groups; those of a smaller limit are among those of a
        larger one.
        """

    # ------------------------------------------------------------------------------------ the metrics

    @abstractmethod
    def mark(self, sealed: Sealed, verdict: Verdict) -> Mark:
        """Open the seal and mark a finished judgment."""

    def points(self, gold: Any, verdict: Verdict) -> int | float | None:
        """Return what a judgment is worth by the ``gold`` of its prediction; None when it is invalid.

        By default 1 for the outcome that is the gold, and 0 for any other.
        """
        return int(verdict.outcome == gold) if verdict.valid else None

    def answer_of(self, gold: Any) -> Any:
        """Return the right answer of a gold; ``right`` or ``wrong`` for a response that is rated alone."""
        return gold

    @abstractmethod
    def score(self, rows: Iterable[Prediction]) -> Scores:
        """Compute the metrics from predictions, in any order, without the data."""

    # ------------------------------------------------------- what a sample is worth by the headline

    def sample_of(self, row: Prediction) -> str:
        """Return the sample that a judgment belongs to: what the headline is a mean over."""
        return f"{row.position}:{row.sample_id}"

    def stratum(self, group: str) -> str:
        """Return what a group counts under, where a metric is a mean of means."""
        return group

    def worth(self, rows: Sequence[Prediction], headline: str) -> Worth:
        """Return what one sample is worth by the headline, from all its judgments.

        By default the sample is scored alone, and the headline is its value.
        """
        scores = self.score(rows)
        name = headline if headline in scores.readout else scores.headline or headline
        stand_in = scores.said.get(self.said_metric or "")
        return Worth(_share(scores.readout.get(name)), _share(scores.said.get(name, stand_in)))

    def worths(
        self,
        rows: Iterable[Prediction],  # noqa: ARG002
    ) -> Iterable[tuple[Sequence[Prediction], Worth]] | None:
        """Return the judgments and the worth of every sample where a sample's worth hangs on the others.

        By default None: each sample is worth what ``worth`` says.
        """
        return None

    # --------------------------------------------------------------------------- beyond running a suite

    def verifiable(self) -> Iterator[Verifiable]:
        """Yield what deterministic verifiers can try to decide; by default nothing.

        Raises:
            BenchError: the data cannot be used.
        """
        return iter(())

    def official_reader(self, task: str) -> TextReader | None:  # noqa: ARG002
        """Return the published rule of reading a judge's text, None where it is ours or not known."""
        return None

    @classmethod
    def published(cls) -> PublishedReader | None:
        """Return what reads published outputs of judges; None where no published form is known."""
        return None


def _share(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value / 100
