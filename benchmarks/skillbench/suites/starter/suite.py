"""Starter: short pairs that we wrote ourselves, shipped with the package.

They have JudgeBench's original row schema, ground truths that the tests check by computing,
running or measuring, and are short enough for a very small model. They show that the whole path
works; a score on them says little about a judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from skillbench.suites.base import Prediction, Scores
from skillbench.suites.judgebench.suite import JudgeBench, Pair
from skillbench.suites.pairs import pair_scores

__all__ = ["GROUPS", "SHIPPED", "Starter"]

SHIPPED: Final = Path(__file__).resolve().with_name("starter.jsonl")
"""The rows that come with the package."""

GROUPS: Final = ("knowledge", "reasoning", "math", "code", "format")
"""The kinds of request; a row's source is ``starter-`` and one of them."""


class Starter(JudgeBench):
    """The suite ``starter``: the shipped rows, or other files in the same schemas."""

    name = "starter"
    tasks: tuple[str, ...] = ("starter",)

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        super().__init__(paths or (SHIPPED,))

    def group(self, sample: Pair) -> str:
        """Return the kind of request."""
        return sample.source.removeprefix("starter-")

    def score(self, rows: Iterable[Prediction]) -> Scores:
        """Compute ``starter.overall`` and ``starter.<group>`` by JudgeBench's rule."""
        return pair_scores(rows, lambda _: self.name, f"{self.name}.merged", GROUPS)
