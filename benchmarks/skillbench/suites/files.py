"""What suites over data files have in common: reading, checking, counting, unique keys."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from skillbench.suites.base import DataSummary, IdKeeper, Job, Mark, Prediction, Scores, Sealed, open_seal
from skillbench.suites.rows import Row, digest_file, read_rows
from skillrt.judging.verdict import Verdict

__all__ = ["FileSuite", "seal"]

S = TypeVar("S")


def seal(gold: Any, group: str, source: str | None = None, subset: str = "") -> Sealed:
    """Seal what :meth:`FileSuite.mark` needs of a case."""
    return Sealed({"gold": gold, "group": group, "source": source, "subset": subset})


class FileSuite(ABC, Generic[S]):
    """A suite over one or more files whose rows are samples of type ``S``.

    Args:
        paths: the data files; none to score predictions alone.
    """

    name: ClassVar[str]
    tasks: tuple[str, ...]
    mode: str = ""
    shown: ClassVar[Mapping[str, str]]

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)

    @abstractmethod
    def read(self, row: Row) -> S:
        """Read and check one row.

        Raises:
            RowError: it cannot be used; names file, line and field.
        """

    @abstractmethod
    def ident(self, sample: S) -> str:
        """Return the id that the data gives a sample; it may repeat."""

    @abstractmethod
    def group(self, sample: S) -> str:
        """Return the group that a sample is counted and routed by."""

    @abstractmethod
    def judgments(self, sample: S, /) -> int:
        """Return how many judgments a sample takes."""

    @abstractmethod
    def expand(self, sample: S, key: str, position: int) -> Iterator[Job]:
        """Yield the jobs of a sample; ``key`` is unique among all samples."""

    @abstractmethod
    def points(self, gold: Any, verdict: Verdict) -> int | float | None:
        """Return what a judgment is worth; None when it is invalid."""

    @abstractmethod
    def score(self, rows: Iterable[Prediction]) -> Scores:
        """Compute the metrics."""

    def digested(self) -> tuple[Path, ...]:
        """Return the files that a run depends on."""
        return self.paths

    def check(self, limit: int | None = None) -> DataSummary:
        """Read every row of every file, and count the first ``limit``."""
        groups: Counter[str] = Counter()
        fields: Counter[str] = Counter()
        ids = IdKeeper()
        samples = judgments = 0
        for rows, row in enumerate(read_rows(self.paths), 1):
            sample = self.read(row)
            ids.key(self.ident(sample))
            fields.update(row.values.keys())
            if limit is None or rows <= limit:
                samples = rows
                judgments += self.judgments(sample)
                groups[self.group(sample)] += 1
        files = tuple(digest_file(path) for path in self.digested())
        return DataSummary(files, samples, judgments, ids.repeated, dict(groups), dict(fields))

    def jobs(self, limit: int | None = None) -> Iterator[Job]:
        """Yield the jobs, sample after sample."""
        ids = IdKeeper()
        for row in itertools.islice(read_rows(self.paths), limit):
            sample = self.read(row)
            yield from self.expand(sample, ids.key(self.ident(sample)), row.position)

    def mark(self, sealed: Sealed, verdict: Verdict) -> Mark:
        """Mark a judgment by what :func:`seal` was given."""
        oracle = open_seal(sealed)
        return Mark(
            gold=oracle["gold"],
            score=self.points(oracle["gold"], verdict),
            group=oracle["group"],
            source=oracle["source"],
            subset=oracle["subset"],
        )
