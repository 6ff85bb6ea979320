"""A judge's habits and costs, from the columns of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from skillbench.analysis.judgments import COSTS, RIGHT, UNKNOWN, Judgments
from skillbench.statistics.estimate import Estimate
from skillbench.statistics.estimates import percent_estimate
from skillbench.statistics.judge import Calibration, calibration, clustered_share, percentiles

__all__ = ["Diagnostics", "Rate", "diagnose"]

_MOST_LABELS: Final = 12


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of judgments with its interval, and what it is the share of."""

    name: str
    says: str
    share: Estimate


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """What a judge is like apart from its score.

    ``costs`` holds mean, median, p90, p99 and maximum of each cost of a judgment. ``degrees`` is how often
    judgments with the same label or rating were right. ``calibration`` is None where no judgment stated a
    chance.
    """

    judgments: int
    rates: tuple[Rate, ...]
    position: tuple[Rate, ...]
    length: tuple[Rate, ...]
    costs: Mapping[str, Mapping[str, float]]
    degrees: tuple[Rate, ...]
    calibration: Calibration | None


def _shares(run: Judgments) -> Any:
    """Return a function that makes the clustered share of a mask within another."""
    _, cluster = np.unique(np.asarray(run.cluster), return_inverse=True)
    size = int(cluster.max()) + 1 if len(cluster) else 0

    def share(hits: npt.NDArray[np.bool_], of: npt.NDArray[np.bool_]) -> Estimate | None:
        if not of.any():
            return None
        return clustered_share(
            np.bincount(cluster[hits & of], minlength=size), np.bincount(cluster[of], minlength=size)
        )

    return share


def _rates(*named: tuple[str, str, Estimate | None]) -> tuple[Rate, ...]:
    return tuple(Rate(name, says, share) for name, says, share in named if share is not None)


def _column(values: Any) -> npt.NDArray[Any]:
    return np.asarray(values)


def _costs(run: Judgments) -> dict[str, Mapping[str, float]]:
    costs = {name: percentiles(_column(run.costs[name])) for name in COSTS} if len(run) else {}
    if run.timed:
        costs["sandbox_s"] = percentiles(_column(run.sandbox_s))
    return costs


def diagnose(run: Judgments) -> Diagnostics:
    """Compute the diagnostics of a run, by what the judge said; rates are clustered by sample."""
    share = _shares(run)
    outcome, said, gold = _column(run.outcome), _column(run.said), _column(run.gold)
    valid = _column(run.valid).astype(bool)
    grounded, right, length = _column(run.grounded), _column(run.right), _column(run.length)
    longest_right = _column(run.longest_right)
    everything = np.ones(len(run), dtype=bool)
    letters = [*"ABCDEFGHIJ"]
    chosen, made = valid & np.isin(said, letters), valid & np.isin(outcome, letters)
    known = np.isin(gold, letters)
    rates = _rates(
        ("invalid", "judgments that gave no verdict", share(~valid, everything)),
        ("tie", "verdicts that were a tie", share(said == "tie", valid)),
        ("null", "verdicts that decided nothing", share(said == "", valid)),
        ("overruled", "verdicts that the readout changed", share(_column(run.overruled) == 1, valid)),
        ("ungrounded", "verdicts whose findings rest on nothing seen",
         share(grounded == 0, grounded != UNKNOWN)),
    )  # fmt: skip
    consistency = percent_estimate(run.consistent, run.decided_pairs) if run.decided_pairs else None
    position = _rates(
        ("same in both orders", "cases where both orders chose the same response", consistency),
        ("first chosen", "choices that fell on the response shown first", share(said == "A", chosen)),
        ("first by the readout", "the same, by the readout",
         share(outcome == "A", made) if (_column(run.overruled) == 1).any() else None),
        ("first right", "cases where the response shown first was right", share(gold == "A", known)),
    )  # fmt: skip
    lengths = _rates(
        ("longest chosen", "choices that fell on the longest response",
         share(length == 1, length != UNKNOWN)),
        ("longest right", "cases where the longest response was right",
         share(longest_right == 1, longest_right != UNKNOWN)),
        ("right, longest right", "right where the longest response was right",
         share(right == RIGHT, (longest_right == 1) & (right != UNKNOWN))),
        ("right, longest wrong", "right where the longest response was wrong",
         share(right == RIGHT, (longest_right == 0) & (right != UNKNOWN))),
    )  # fmt: skip
    stated = _column(run.stated)
    told = stated >= 0
    return Diagnostics(
        judgments=len(run),
        rates=rates,
        position=position,
        length=lengths,
        costs=_costs(run),
        degrees=_degrees(run, share, right, told),
        calibration=calibration(stated[told], right[told]) if told.any() else None,
    )


def _degrees(run: Judgments, share: Any, right: npt.NDArray[Any], told: npt.NDArray[Any]) -> tuple[Rate, ...]:
    """Return how often judgments of one label were right: a strong label should be right more often."""
    label = _column(run.label)
    strong = np.char.count(label.astype(str), ">") >= 2 if len(label) else np.zeros(0, dtype=bool)
    slight = (np.char.count(label.astype(str), ">") == 1) if len(label) else strong
    known = right != UNKNOWN
    if strong.any() or slight.any():
        return _rates(
            ("by far", "verdicts with a doubled sign", share(right == RIGHT, strong & known)),
            ("slightly", "verdicts with a single sign", share(right == RIGHT, slight & known)),
        )
    if told.any() or not len(label):
        return ()
    rated = sorted({degree for degree in run.said if degree.replace(".", "", 1).isdigit()}, key=float)
    said, gold = _column(run.said), _column(run.gold)
    judged = np.isin(gold, ["right", "wrong"])
    if not rated or len(rated) > _MOST_LABELS or not judged.any():
        return ()
    named = [
        (degree, f"responses rated {degree}", share(gold == "right", (said == degree) & judged))
        for degree in rated
    ]
    return _rates(*named)
