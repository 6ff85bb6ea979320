"""Which samples a limit takes, and which rows are there twice."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Final

from skillbench.suites.rows import Row

__all__ = ["REPEATED", "Draw", "Duplicates"]

REPEATED: Final = (
    "Counted twice, it makes numbers look surer than they are: give the data once, or say "
    "--allow-duplicates, which every table then tells"
)


class Draw:
    """An order of samples of which every beginning is spread over all groups.

    In a group the order is drawn by the seed. Over the groups, each has its first sample early, the largest
    group first; then the r-th of n samples stands at (r - 1) / n, so that a beginning holds as large a part
    of each group as of the others (the divisor rule of J. Q. Adams). A longer one holds every shorter one.

    Args:
        seed: draws the order in the groups.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._groups: defaultdict[str, list[tuple[bytes, int]]] = defaultdict(list)

    def add(self, position: int, group: str, name: str) -> None:
        """Add a sample. Samples of a group that have the same name follow each other."""
        text = f"limit {self._seed} {group} {name}"
        drawn = hashlib.sha256(text.encode("utf-8", "replace")).digest()
        self._groups[group].append((drawn, position))

    def first(self, count: int | None) -> frozenset[int] | None:
        """Return the positions of the first ``count`` samples; None for all."""
        if count is None:
            return None
        places = [
            (rank / len(members), -len(members), group, position)
            for group, members in self._groups.items()
            for rank, (_, position) in enumerate(sorted(members))
        ]
        return frozenset(place[-1] for place in sorted(places)[:count])


class Duplicates:
    """Rows whose content was there before."""

    def __init__(self) -> None:
        self._seen: dict[bytes, tuple[str, int]] = {}
        self._first: tuple[Row, tuple[str, int]] | None = None
        self.count = 0

    def see(self, row: Row, content: object) -> None:
        """Take note of a row and its content."""
        digest = hashlib.sha256(repr(content).encode("utf-8", "replace")).digest()[:16]
        place = self._seen.get(digest)
        if place is None:
            self._seen[digest] = str(row.path), row.line
            return
        self.count += 1
        self._first = self._first or (row, place)

    def told(self) -> str:
        """Return in a sentence what is there twice, and what to do."""
        assert self._first is not None, "nothing is there twice"
        row, (path, line) = self._first
        more = f", and {self.count - 1} further rows repeat others" if self.count > 1 else ""
        return f"{row.path}, line {row.line}: the row holds the same as {path}, line {line}{more}. {REPEATED}"
