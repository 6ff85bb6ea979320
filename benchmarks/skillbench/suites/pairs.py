"""Suites of pairs that are run in both orders: most of what such a benchmark needs.

The metric itself, and where it comes from, is in ``skillbench.suites.pair_metric``; here rows become
jobs, predictions become pairs, and metrics get their names, intervals and diagnostics of position.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from skillbench.statistics.estimate import Estimate
from skillbench.statistics.estimates import share_estimate
from skillbench.suites.base import Case, Job, Prediction, Scores, Sealed
from skillbench.suites.behind import Behind
from skillbench.suites.files import FileSuite
from skillbench.suites.offers import Verifiable, Worth
from skillbench.suites.pair_metric import JudgedPair, flip, pair_counts, points
from skillbench.suites.rows import Row
from skillrt.judging.verdict import Verdict

__all__ = ["ORDERS", "Pair", "PairSuite", "flip", "order_facts", "pair_scores", "placed"]

ORDERS: Final = ("AB", "BA")
"""Both orders of a pair: as the row gives it, and swapped."""

_LABELS: Final = ("A", "B")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One row of a pairwise benchmark.

    Attributes:
        ident: the id in the data.
        group: what results are broken down by.
        prompt: what was asked.
        responses: both, as the row places them.
        better: the label of the right one, ``A`` or ``B``.
        about: further fields of the task, as far as the row has them.
        hidden: what is kept in the seal, such as the names of generators.
        subset: what is reported under a prefix of its own, empty for most.
    """

    ident: str
    group: str
    prompt: str
    responses: tuple[str, str]
    better: str
    about: Mapping[str, Any] = field(default_factory=dict)
    hidden: Mapping[str, Any] = field(default_factory=dict)
    subset: str = ""


def placed(salt: str, chosen: str, rejected: str) -> tuple[tuple[str, str], str]:
    """Place the right response by a bit of a digest; return both, and the label of the right one.

    Data that gives the right response first would otherwise give every first prompt the same answer.
    """
    # A bit of a digest, not of Python's hash: the same in every process.
    first = hashlib.sha256(salt.encode()).digest()[0] % 2 == 0
    return ((chosen, rejected), "A") if first else ((rejected, chosen), "B")


class PairSuite(FileSuite[Pair]):
    """A benchmark of pairs with one right response each. A suite says how to read a row, and its names.

    The metrics are ``<name>.overall`` and ``<name>.<group>``: the share of pairs whose two judgments, one
    in each order, sum to more than 0. Pairs of a subset count under ``<name>.<subset>``.
    """

    @abstractmethod
    def read(self, row: Row) -> Pair:
        """Read and check one row."""

    def group(self, sample: Pair) -> str:
        """Return the pair's group."""
        return sample.group

    def judgments(self, _: Pair, /) -> int:
        """Two: both orders."""
        return len(ORDERS)

    def expand(self, sample: Pair, key: str, position: int) -> Iterator[Job]:
        """Yield both orders of a pair."""
        hidden = {"source": None, **sample.hidden, "group": sample.group, "subset": sample.subset}
        for order in ORDERS:
            left, right = sample.responses if order == ORDERS[0] else sample.responses[::-1]
            gold = sample.better if order == ORDERS[0] else flip(sample.better)
            fields = {"prompt": sample.prompt, "responses": {"A": left, "B": right}, **sample.about}
            case = Case(f"{key}:{order}", sample.ident, position, self.tasks[0], order, fields, sample.group)
            yield Job(case, Sealed({**hidden, "gold": gold}))

    def points(self, gold: Any, verdict: Verdict) -> int | None:
        """Return the official points: 1, 0 or -1."""
        return points(gold, verdict.outcome) if verdict.valid else None

    def score(self, rows: Iterable[Prediction]) -> Scores:
        """Compute the metrics; where a run has several subsets, all together as ``<name>.merged`` too."""
        return pair_scores(rows, self.name, self.groups)

    def worth(self, rows: Sequence[Prediction], headline: str) -> Worth:  # noqa: ARG002
        """Return 1 for a pair that counts as right, else 0."""
        if len(rows) != len(ORDERS):
            return Worth(None, None)
        readout, said = (
            float(sum(points(row.gold, getattr(row, which)) for row in rows) > 0)
            for which in ("outcome", "said")
        )
        return Worth(readout, said)

    def tries(self, sample: Pair, position: int, /) -> Iterator[Verifiable]:
        """Yield the pair, with its reference where the judge's side may have one."""
        reference = sample.about.get("reference")
        yield Verifiable(
            sample.ident,
            sample.group,
            position,
            sample.prompt,
            dict(zip(_LABELS, sample.responses, strict=True)),
            sample.better,
            tuple(reference) if isinstance(reference, list) else reference,
        )


@dataclass(slots=True)
class _Answers:
    """``answers`` holds for each order what the judge said and what the readout made of it."""

    group: str
    subset: str
    unit: str
    label: str = ""
    answers: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    invalid: int = 0

    def judged(self, which: int) -> JudgedPair:
        return JudgedPair(self.group, self.label, tuple(self.answers[order][which] for order in ORDERS))


_SAID, _OUTCOME = 0, 1


def _collect(rows: Iterable[Prediction]) -> dict[int, _Answers]:
    pairs: dict[int, _Answers] = {}
    for row in rows:
        pair = pairs.setdefault(row.position, _Answers(row.group, row.subset, row.unit))
        order = str(row.order)
        pair.label = row.gold if order == ORDERS[0] else flip(row.gold)
        pair.answers[order] = (row.said, row.outcome)
        pair.invalid += not row.valid
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


def pair_scores(rows: Iterable[Prediction], name: str, groups: Sequence[str]) -> Scores:
    """Compute the official metric and its parts.

    Args:
        rows: predictions in any order; a pair without both orders is left out and counted.
        name: begins the names of the metrics: ``<name>.overall``, ``<name>.<subset>.overall`` for a
            subset, and ``<name>.merged.overall`` over several.
        groups: groups in the order to report; others follow by name.
    """
    pairs = _collect(rows)
    finished = [pair for _, pair in sorted(pairs.items()) if all(order in pair.answers for order in ORDERS)]
    spans: dict[str, list[_Answers]] = {}
    for pair in finished:
        spans.setdefault(f"{name}.{pair.subset}" if pair.subset else name, []).append(pair)
    spans = dict(sorted(spans.items()))
    if len(spans) > 1:
        spans = {f"{name}.merged": finished, **spans}

    def estimates(which: int) -> dict[str, Estimate]:
        shares: dict[str, Estimate] = {}
        for prefix, members in spans.items():
            counted = [(pair.group, pair.unit, pair_counts(pair.judged(which))) for pair in members]
            present = {pair.group for pair in members}
            named = [group for group in groups if group in present] + sorted(present.difference(groups))
            for part in ("overall", *named):
                units = [(unit, right) for group, unit, right in counted if part in ("overall", group)]
                shares[f"{prefix}.{part}"] = share_estimate(
                    [right for _, right in units], [unit for unit, _ in units]
                )
        return shares

    shown = [pair.answers for pair in finished]
    return Scores(
        headline=f"{next(iter(spans))}.overall" if spans else None,
        readout=estimates(_OUTCOME),
        said=estimates(_SAID),
        unfinished=len(pairs) - len(finished),
        orders={"readout": order_facts(shown, _OUTCOME), "said": order_facts(shown, _SAID)} if shown else {},
        behind=_behind(spans),
        finished=Counter(pair.group for pair in finished),
    )


def _behind(spans: Mapping[str, list[_Answers]]) -> dict[str, Behind]:
    named: dict[str, list[_Answers]] = {}
    for prefix, pairs in spans.items():
        for pair in pairs:
            named.setdefault(f"{prefix}.overall", []).append(pair)
            named.setdefault(f"{prefix}.{pair.group}", []).append(pair)
    return {
        name: Behind(len(ORDERS) * len(members), sum(pair.invalid for pair in members))
        for name, members in named.items()
    }
