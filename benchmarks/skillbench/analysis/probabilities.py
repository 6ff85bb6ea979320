"""What the probabilities of a run's outcomes are worth: are they honest, and what both orders say together.

For runs that were read by token probabilities. Nothing here depends on the order of the rows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from skillbench.suites.base import Prediction, Suite
from skillbench.suites.pairs import ORDERS, flip
from skillrt.judging.verdict import Verdict

if TYPE_CHECKING:
    from skillbench.statistics.judge import Calibration

__all__ = ["Probabilities", "calibration_of_both_orders", "canonical", "stated_chance"]

_EQUAL = 1e-12


def stated_chance(row: Prediction, suite: Suite) -> tuple[float, int] | None:
    """Return a stated chance of being right and whether it was, None where none was stated.

    Such a chance is the probability of the outcome, where the judgment has points; and a score between 0
    and 1 for a response that is right or wrong.
    """
    outcome = row.outcome
    if row.probabilities is not None:
        if not isinstance(outcome, str) or row.score is None:
            return None
        return row.probabilities[outcome], int(row.score >= 1)
    if not isinstance(outcome, int | float) or isinstance(outcome, bool) or not 0 <= outcome <= 1:
        return None
    right = suite.answer_of(row.gold)
    return (float(outcome), int(right == "right")) if right in ("right", "wrong") else None


def canonical(row: Prediction) -> dict[str, float]:
    """Return the probabilities of a pair's outcomes as of the order AB, in which order it was shown."""
    probabilities = row.probabilities or {}
    return (
        probabilities
        if row.order == ORDERS[0]
        else {flip(outcome): probabilities[outcome] for outcome in probabilities}
    )


def _likeliest(probabilities: Mapping[str, float]) -> str | None:
    most = max(probabilities.values())
    best = [outcome for outcome, probability in probabilities.items() if probability >= most - _EQUAL]
    return best[0] if len(best) == 1 else None


@dataclass(slots=True)
class Probabilities:
    """Collects the probabilities of a run, row by row; a pair's first order waits for the second.

    ``each`` and ``both`` hold a chance of being right and whether it was; undecided is where two outcomes are
    equally likely.
    """

    mass: list[float] = field(default_factory=list)
    each: list[tuple[float, int]] = field(default_factory=list)
    both: list[tuple[float, int]] = field(default_factory=list)
    undecided_each: int = 0
    undecided_both: int = 0
    _waiting: dict[str, Prediction] = field(default_factory=dict)

    def see(self, row: Prediction, suite: Suite) -> None:
        """Take a row; one without probabilities counts for nothing."""
        if row.probabilities is None:
            return
        self.mass.append(row.mass or 0.0)
        chance = stated_chance(row, suite)
        if chance is not None:
            self.each.append(chance)
        self.undecided_each += row.outcome is None
        if row.order not in ORDERS:
            return
        pair = row.id.rpartition(":")[0]
        other = self._waiting.pop(pair, None)
        if other is None:
            self._waiting[pair] = row
        else:
            first, second = (row, other) if row.order == ORDERS[0] else (other, row)
            self._join(first, second, suite)

    def _join(self, row: Prediction, turned: Prediction, suite: Suite) -> None:
        """Average both orders; ``row`` is the one in the order AB, whose gold counts."""
        first, second = canonical(row), canonical(turned)
        mean = {outcome: (first[outcome] + second.get(outcome, 0.0)) / 2 for outcome in first}
        outcome = _likeliest(mean)
        if outcome is None:
            self.undecided_both += 1
            return
        points = suite.points(row.gold, Verdict(valid=True, said=outcome, outcome=outcome))
        if points is not None:
            self.both.append((mean[outcome], int(points >= 1)))

    def facts(self) -> dict[str, Any]:
        """Return what ``metrics.json`` says of them; empty where there are none."""
        if not self.mass:
            return {}
        facts: dict[str, Any] = {
            "judgments": len(self.mass),
            "label_mass": {"mean": math.fsum(self.mass) / len(self.mass), "least": min(self.mass)},
        }
        if self.each or self.undecided_each:
            facts["each_order"] = {**_facts(self.each), "undecided": self.undecided_each}
        if self.both or self.undecided_both:
            facts["both_orders"] = {**_facts(self.both), "undecided": self.undecided_both}
        return facts


def _facts(chances: list[tuple[float, int]]) -> dict[str, Any]:
    if not chances:
        return {"of": 0}
    import numpy as np

    from skillbench.statistics.judge import calibration

    stated, right = np.asarray(sorted(chances)).T
    calibrated = calibration(stated, right.astype(int))
    return {
        "of": calibrated.of,
        "right_percent": 100 * float(right.mean()),
        "expected_calibration_error": calibrated.error,
        "brier": calibrated.brier,
        "bins": [asdict(part) for part in calibrated.bins],
    }


def calibration_of_both_orders(metrics: Mapping[str, Any]) -> Calibration | None:
    """Read from ``metrics.json`` how well the mean of both orders is calibrated; None where it has none."""
    facts = metrics.get("probabilities") or {}
    recorded = facts.get("both_orders") or {"of": 0}
    if not recorded["of"]:
        return None
    from skillbench.statistics.judge import Bin, Calibration

    bins = tuple(Bin(**each) for each in recorded["bins"])
    return Calibration(recorded["of"], recorded["expected_calibration_error"], recorded["brier"], bins)
