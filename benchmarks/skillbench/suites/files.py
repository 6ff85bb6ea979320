"""What suites over data files have in common: reading, checking, counting, unique keys."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from skillbench.errors import BenchError
from skillbench.suites.base import DataSummary, Job, Mark, Sealed, Suite, open_seal
from skillbench.suites.draw import REPEATED, Draw, Duplicates
from skillbench.suites.offers import Verifiable
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
    """Seal what ``FileSuite.mark`` needs of a case."""
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

    _draw: Draw | None = None

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

    def content(self, sample: S) -> object:
        """Return what makes a sample this sample and no other, whatever its id: what would be judged.

        By default what was asked and all responses, in any order.
        """
        asked: list[object] = []
        responses: set[str] = set()
        for job in self.expand(sample, sample.ident, 0):
            fields = dict(job.case.fields)
            shown = fields.pop("responses", {})
            asked = asked or [fields.get(name, "") for name in ("system_prompt", "history", "prompt")]
            responses.update(shown.values() if isinstance(shown, Mapping) else [repr(fields)])
        return asked, sorted(responses)

    def together(self, sample: S) -> str | None:  # noqa: ARG002
        """Return what samples have in common that ``limit`` takes one after the other; by default nothing."""
        return None

    def check(self, limit: int | None = None, *, allow_duplicates: bool = False) -> DataSummary:
        """Read every row of every file, and count what ``limit`` takes."""
        given = Counter(path.resolve() for path in self.paths)
        if not allow_duplicates and (again := [path for path in self.paths if given[path.resolve()] > 1]):
            raise BenchError(f"{again[0]} is given twice. {REPEATED}")
        fields: Counter[str] = Counter()
        taken: list[tuple[str, int]] = []
        ids, twice, draw = IdKeeper(), Duplicates(), Draw(self.seed)
        for row, key, sample in self.samples(ids):
            fields.update(row.values.keys())
            twice.see(row, self.content(sample))
            draw.add(row.position, self.group(sample), self.together(sample) or key)
            taken.append((self.group(sample), self.judgments(sample)))
        if twice.count and not allow_duplicates:
            raise BenchError(twice.told())
        files = tuple(digest_file(path) for path in self.digested())
        self._draw = draw
        drawn = draw.first(limit)
        taken = [entry for position, entry in enumerate(taken) if drawn is None or position in drawn]
        judgments, groups = sum(number for _, number in taken), Counter(group for group, _ in taken)
        return DataSummary(
            files, len(taken), judgments, ids.repeated, dict(groups), dict(fields), twice.count
        )

    def jobs(self, limit: int | None = None) -> Iterator[Job]:
        """Yield the jobs, sample after sample."""
        drawn = self._drawn(limit)
        for row, key, sample in self.samples():
            if drawn is None or row.position in drawn:
                yield from self.expand(sample, key, row.position)

    def _drawn(self, limit: int | None) -> frozenset[int] | None:
        if limit is not None and self._draw is None:
            self._draw = Draw(self.seed)
            for row, key, sample in self.samples():
                self._draw.add(row.position, self.group(sample), self.together(sample) or key)
        return None if self._draw is None else self._draw.first(limit)

    def mark(self, sealed: Sealed, verdict: Verdict) -> Mark:
        """Mark a judgment by what ``seal`` was given."""
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
