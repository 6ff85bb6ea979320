"""What every suite is made of: cases for the judge, sealed answers for us, rows, scores.

A suite turns data files into jobs. A job has two halves that never meet on the judge's side: the
:class:`Case`, whose fields may be shown as far as the task and the setting allow, and the
:class:`Sealed` oracle, which only the suite opens, after the judgment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol

import msgspec

from skillbench.suites.rows import FileDigest
from skillrt.judging.verdict import ErrorOwner, Judgment, Usage, Verdict

__all__ = [
    "Case",
    "DataSummary",
    "Estimate",
    "IdKeeper",
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
    """Oracle values of a row. It cannot be printed, compared, iterated or pickled; see :func:`open_seal`."""

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
    )


@dataclass(frozen=True, slots=True)
class DataSummary:
    """What a check of the data found.

    ``repeated_ids`` counts rows whose id was seen before; ``fields`` says in how many rows each field
    of the file stands.
    """

    files: tuple[FileDigest, ...]
    samples: int
    judgments: int
    repeated_ids: int
    groups: Mapping[str, int]
    fields: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric in per cent with its 95% interval.

    ``of`` counts the units it is about; ``hits`` those that count, None where units count in parts.
    """

    value: float
    low: float
    high: float
    hits: int | None
    of: int
    method: str = "wilson"


@dataclass(frozen=True, slots=True)
class Scores:
    """A suite's metrics, for what the readout made of the judgments and for what the judge said.

    ``headline`` names one of them, or is None when nothing is finished. ``said`` lacks metrics that
    the readout's outcomes alone decide. ``unfinished`` counts samples that lack a judgment and are
    left out. ``orders`` holds diagnostics of position, ``references`` what choosing without a judge
    achieves, in per cent, and ``facts`` counts that a reader of the metrics must know.
    """

    headline: str | None
    readout: Mapping[str, Estimate]
    said: Mapping[str, Estimate]
    unfinished: int = 0
    orders: Mapping[str, Mapping[str, int | float | None]] = field(default_factory=dict)
    references: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, int | float | str] = field(default_factory=dict)


class IdKeeper:
    """Makes ids unique: the second row with the id ``x`` gets the key ``x~2``."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._seen: dict[str, int] = {}
        self.repeated = 0

    def key(self, ident: str) -> str:
        """Return a key for the next row that carries ``ident``; the same rows give the same keys."""
        count = self._seen.get(ident, 0) + 1
        self.repeated += count > 1
        key = ident if count == 1 else f"{ident}~{count}"
        while key in self._keys:
            count += 1
            key = f"{ident}~{count}"
        self._seen[ident] = count
        self._keys.add(key)
        return key


class Suite(Protocol):
    """A benchmark: official files in, jobs out, official metrics from predictions."""

    @property
    def name(self) -> str:
        """The suite's name, which also begins the names of its metrics."""

    @property
    def mode(self) -> str:
        """Which of the suite's ways of judging this is."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that its cases use."""

    @property
    def shown(self) -> Mapping[str, str]:
        """The fields of the files that become fields of a task, and which; all others stay sealed."""

    def check(self, limit: int | None = None) -> DataSummary:
        """Read and check all data.

        Raises:
            BenchError: a file or row cannot be used; nothing has been judged yet.
        """

    def jobs(self, limit: int | None = None) -> Iterator[Job]:
        """Yield the jobs of the first ``limit`` samples lazily, always in the same order."""

    def mark(self, sealed: Sealed, verdict: Verdict) -> Mark:
        """Open the seal and mark a finished judgment."""

    def points(self, gold: Any, verdict: Verdict) -> int | float | None:
        """Return what a judgment is worth by the ``gold`` of its prediction; None when it is invalid."""

    def score(self, rows: Iterable[Prediction]) -> Scores:
        """Compute the metrics from predictions, in any order, without the data."""
