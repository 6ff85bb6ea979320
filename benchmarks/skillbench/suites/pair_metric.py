"""Pairs judged in both orders, by the rule that JudgeBench published (Tan et al. 2024, arXiv:2410.12784).

A judgment is worth +1 when it names the better response, -1 when it names the other one, and 0 for
a tie, for nothing, or for a label outside the official vocabulary. A pair counts when its two points
sum to more than 0: right and tie counts, right and wrong does not. The share is over all pairs.

Decisions are written ``A>B``, ``B>A``, ``A=B`` in published outputs and ``A``, ``B``, ``tie`` in our
own predictions; the functions here take either, as long as label and decision use the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = [
    "JudgedPair",
    "PairScore",
    "PairTally",
    "flip",
    "pair_counts",
    "points",
    "score_pairs",
]

_FLIPPED: Final[Mapping[str, str]] = {"A>B": "B>A", "B>A": "A>B", "A": "B", "B": "A"}


def flip(decision: str) -> str:
    """Return what a decision means in the other order; a tie and unknown labels stay as they are."""
    return _FLIPPED.get(decision, decision)


def points(label: str, decision: str | None) -> int:
    """Return the points of one judgment whose right answer in the order shown is ``label``."""
    if decision is None or decision not in _FLIPPED:
        return 0
    if decision == label:
        return 1
    return -1 if decision == flip(label) else 0


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A pair's group, its label in the row's order, and its decisions as the judge gave them.

    The second decision belongs to the swapped order and is **not** flipped. A single decision
    means that only the row's order was judged.
    """

    group: str
    label: str
    decisions: tuple[str | None, ...]

    def total(self) -> int:
        """Return the sum of the points of all orders, between -2 and 2."""
        labels = (self.label, flip(self.label))
        return sum(points(label, decision) for label, decision in zip(labels, self.decisions, strict=False))


def pair_counts(pair: JudgedPair) -> bool:
    """Tell whether the pair counts as right."""
    return pair.total() > 0


@dataclass(frozen=True, slots=True)
class PairTally:
    """Counts over pairs. ``right + wrong + even`` is ``pairs``.

    ``nulls`` counts pairs with a judgment that decided nothing, ``both_right`` those right in every
    order, ``inconsistent`` those whose two judgments do not name the same response.
    """

    pairs: int
    right: int
    wrong: int
    even: int
    both_right: int
    nulls: int
    inconsistent: int

    @property
    def percent(self) -> float:
        """The official score in per cent."""
        return 100 * self.right / self.pairs


@dataclass(frozen=True, slots=True)
class PairScore:
    """The tally over all pairs and by group; ``orders`` is 2, or 1 for a single game."""

    orders: int
    overall: PairTally
    groups: Mapping[str, PairTally]


def _tally(pairs: list[JudgedPair]) -> PairTally:
    totals = [pair.total() for pair in pairs]
    right, wrong = sum(total > 0 for total in totals), sum(total < 0 for total in totals)
    inconsistent = 0
    for pair in pairs:
        first, *rest = pair.decisions
        inconsistent += any((None if other is None else flip(other)) != first for other in rest)
    return PairTally(
        pairs=len(pairs),
        right=right,
        wrong=wrong,
        even=len(pairs) - right - wrong,
        both_right=sum(total == len(pair.decisions) for total, pair in zip(totals, pairs, strict=True)),
        nulls=sum(None in pair.decisions for pair in pairs),
        inconsistent=inconsistent,
    )


def score_pairs(pairs: Iterable[JudgedPair], groups: Sequence[str] = ()) -> PairScore:
    """Score pairs that were all judged in both orders, or all in one.

    Groups come in the order of ``groups``, others after them by name.

    Raises:
        ValueError: no pairs, a pair without one or two decisions, or both kinds mixed.
    """
    counted = list(pairs)
    if not counted:
        raise ValueError("there are no pairs to score")
    orders = {len(pair.decisions) for pair in counted}
    if not orders <= {1, 2}:
        raise ValueError("a pair has one or two decisions, one for each order")
    if len(orders) > 1:
        raise ValueError("some pairs were judged in both orders and some in one; score them apart")
    present = {pair.group for pair in counted}
    names = [name for name in groups if name in present] + sorted(present.difference(groups))
    tallies = {name: _tally([pair for pair in counted if pair.group == name]) for name in names}
    return PairScore(orders.pop(), _tally(counted), tallies)
