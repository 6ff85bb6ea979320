"""What suites over data files have in common: reading, checking, counting, unique keys."""

from __future__ import annotations

import itertools
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from skillbench.suites.base import DataSummary, Job, Mark, Sealed, Suite, Verifiable, open_seal
from skillbench.suites.rows import Row, digest_file, read_rows
from skillrt.judging.verdict import Verdict

__all__ = ["FileSuite", "IdKeeper", "Sample", "seal"]


class Sample(Protocol):
    """What every sample of a file has: the id that the data gives it, which may repeat."""

    @property
    def ident(self) -> str:
        """The id in the data."""


S = TypeVar("S", bound=Sample)


def seal(gold: Any, group: str, source: str | None = None, subset: str = "") -> Sealed:
    """Seal what :meth:`FileSuite.mark` needs of a case."""
    return Sealed({"gold": gold, "group": group, "source": source, "subset": subset})


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


class FileSuite(Suite, Generic[S]):
    """A suite over one or more files whose rows are samples of type ``S``."""

    @abstractmethod
    def read(self, row: Row) -> S:
        """Read and check one row.

        Raises:
            RowError: it cannot be used; names file, line and field.
        """

    @abstractmethod
    def group(self, sample: S) -> str:
        """Return the group that a sample is counted and routed by."""

    @abstractmethod
    def expand(self, sample: S, key: str, position: int) -> Iterator[Job]:
        """Yield the jobs of a sample; ``key`` is unique among all samples."""

    def judgments(self, sample: S, /) -> int:
        """Return how many judgments a sample takes; by default as many as it has jobs."""
        return sum(1 for _ in self.expand(sample, sample.ident, 0))

    def digested(self) -> tuple[Path, ...]:
        """Return the files that a run depends on."""
        return self.paths

    def tries(self, sample: S, position: int, /) -> Iterator[Verifiable]:  # noqa: ARG002
        """Yield what verifiers can try of a sample; by default nothing."""
        return iter(())

    def samples(self, ids: IdKeeper | None = None) -> Iterator[tuple[Row, str, S]]:
        """Yield every row with its unique key, which ``ids`` gives, and its sample.

        Raises:
            RowError: a row cannot be used.
        """
        ids = ids or IdKeeper()
        for row in read_rows(self.paths):
            sample = self.read(row)
            yield row, ids.key(sample.ident), sample

    def check(self, limit: int | None = None) -> DataSummary:
        """Read every row of every file, and count the first ``limit``."""
        groups: Counter[str] = Counter()
        fields: Counter[str] = Counter()
        samples = judgments = 0
        ids = IdKeeper()
        for rows, (row, _, sample) in enumerate(self.samples(ids), 1):
            fields.update(row.values.keys())
            if limit is None or rows <= limit:
                samples = rows
                judgments += self.judgments(sample)
                groups[self.group(sample)] += 1
        files = tuple(digest_file(path) for path in self.digested())
        return DataSummary(files, samples, judgments, ids.repeated, dict(groups), dict(fields))

    def jobs(self, limit: int | None = None) -> Iterator[Job]:
        """Yield the jobs, sample after sample."""
        for row, key, sample in itertools.islice(self.samples(), limit):
            yield from self.expand(sample, key, row.position)

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

    def verifiable(self) -> Iterator[Verifiable]:
        """Yield what verifiers can try of every sample."""
        for row, _, sample in self.samples():
            yield from self.tries(sample, row.position)
