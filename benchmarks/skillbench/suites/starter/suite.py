"""Starter: short pairs that we wrote ourselves, shipped with the package.

They have JudgeBench's original row schema, ground truths that the tests check by computing,
running or measuring, and are short enough for a very small model. They show that the whole path
works; a score on them says little about a judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

from skillbench.suites.judgebench.suite import JudgeBench, read_pair
from skillbench.suites.pairs import Pair, PairSuite
from skillbench.suites.rows import Row
from skillbench.suites.source import Source

__all__ = ["GROUPS", "SHIPPED", "Starter"]

SHIPPED: Final = Path(__file__).resolve().with_name("starter.jsonl")
"""The rows that come with the package."""

GROUPS: Final = ("knowledge", "reasoning", "math", "code", "format")
"""The kinds of request; a row's source is ``starter-`` and one of them."""


class Starter(PairSuite):
    """The suite ``starter``: the shipped rows, or other files in the same schemas."""

    name = "starter"
    tasks: tuple[str, ...] = ("starter",)
    shown = JudgeBench.shown
    groups: ClassVar[Sequence[str]] = GROUPS
    shipped: ClassVar[tuple[Path, ...]] = (SHIPPED,)
    source = Source(
        title="Starter, pairs of our own",
        home="ships with skillbench",
        license="Apache-2.0",
        note="Nothing to get.",
        rows=30,
    )

    def read(self, row: Row) -> Pair:
        """Read one row; its group is the kind of request."""
        pair = read_pair(row)
        return replace(pair, group=str(pair.about["source"]).removeprefix("starter-"), subset="")
