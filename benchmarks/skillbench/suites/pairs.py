"""Scoring predictions of pairwise suites that are run in both orders.

The metric itself, and where it comes from, is in :mod:`skillbench.suites.judgebench.metric`; here
predictions become pairs, and metrics get their names, intervals and diagnostics of position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from skillbench.statistics.estimates import percent_estimate
from skillbench.suites.base import Estimate, Prediction, Scores
from skillbench.suites.judgebench.metric import JudgedPair, flip, score_pairs

__all__ = ["ORDERS", "flip", "order_facts", "pair_scores"]

ORDERS: Final = ("AB", "BA")
"""Both orders of a pair: as the row gives it, and swapped."""

_LABELS: Final = ("A", "B")


@dataclass(slots=True)
class _Pair:
    """``answers`` holds for each order what the judge said and what the readout made of it."""

    group: str
    subset: str
    label: str = ""
    answers: dict[str, tuple[Any, Any]] = field(default_factory=dict)

    def judged(self, which: int) -> JudgedPair:
        return JudgedPair(self.group, self.label, tuple(self.answers[order][which] for order in ORDERS))


_SAID, _OUTCOME = 0, 1


def _collect(rows: Iterable[Prediction]) -> dict[int, _Pair]:
    pairs: dict[int, _Pair] = {}
    for row in rows:
        pair = pairs.setdefault(row.position, _Pair(row.group, row.subset))
        order = str(row.order)
        pair.label = row.gold if order == ORDERS[0] else flip(row.gold)
        pair.answers[order] = (row.said, row.outcome)
    return pairs


def order_facts(pairs: Iterable[Mapping[str, tuple[Any, Any]]], which: int) -> dict[str, int | float | None]:
    """Count what position did to answers: consistency over both orders, and how often the first won.

    Args:
        pairs: for each pair and order what the judge said and what the readout made of it.
        which: 0 for said, 1 for the readout.
    """
    decided = consistent = first = named = ties = nothing = 0
    for pair in pairs:
        shown = [pair[order][which] for order in ORDERS]
        ties += sum(answer == "tie" for answer in shown)
        nothing += sum(answer is None for answer in shown)
        named += sum(answer in _LABELS for answer in shown)
        first += sum(answer == "A" for answer in shown)
        if all(answer in _LABELS for answer in shown):
            decided += 1
            consistent += shown[0] == flip(shown[1])
    return {
        "pairs_decided_in_both_orders": decided,
        "consistent_pairs": consistent,
        "consistency_percent": 100 * consistent / decided if decided else None,
        "first_shown_chosen": first,
        "first_shown_percent": 100 * first / named if named else None,
        "ties": ties,
        "nothing": nothing,
    }


def pair_scores(
    rows: Iterable[Prediction],
    prefix_of: Callable[[str], str],
    merged_prefix: str,
    group_order: tuple[str, ...],
) -> Scores:
    """Compute the official metric and its parts.

    Args:
        rows: predictions in any order; a pair without both orders is left out and counted.
        prefix_of: gives a subset's prefix of metric names; ``<prefix>.overall`` and ``<prefix>.<group>``.
        merged_prefix: prefix used, in addition, over everything when there are several subsets.
        group_order: groups in the order to report; others follow by name.
    """
    pairs = _collect(rows)
    finished = [pair for _, pair in sorted(pairs.items()) if all(order in pair.answers for order in ORDERS)]
    prefixes = sorted({prefix_of(pair.subset) for pair in finished})
    spans = {prefix: [pair for pair in finished if prefix_of(pair.subset) == prefix] for prefix in prefixes}
    if len(prefixes) > 1:
        spans = {merged_prefix: finished, **spans}

    def estimates(which: int) -> dict[str, Estimate]:
        found: dict[str, Estimate] = {}
        for prefix, members in spans.items():
            score = score_pairs(pair.judged(which) for pair in members)
            named = [group for group in group_order if group in score.groups]
            named += sorted(set(score.groups).difference(group_order))
            tallies = {"overall": score.overall, **{group: score.groups[group] for group in named}}
            for name, tally in tallies.items():
                found[f"{prefix}.{name}"] = percent_estimate(tally.right, tally.pairs)
        return found

    shown = [pair.answers for pair in finished]
    return Scores(
        headline=f"{next(iter(spans))}.overall" if spans else None,
        readout=estimates(_OUTCOME),
        said=estimates(_SAID),
        unfinished=len(pairs) - len(finished),
        orders={"readout": order_facts(shown, _OUTCOME), "said": order_facts(shown, _SAID)} if shown else {},
    )
