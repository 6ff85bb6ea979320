"""Comparing runs of the same data, sample by sample."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from skillbench.analysis.sample_values import VIEWS, RunValues
from skillbench.errors import BenchError
from skillbench.statistics.judge import Spread, bca_ratio, spread
from skillbench.statistics.pairs import (
    Difference,
    adjusted_p,
    mcnemar_p,
    mean_weights,
    minimum_detectable,
    paired_difference,
    permutation_p,
)

__all__ = [
    "ALPHA",
    "Compared",
    "GroupDifference",
    "Repeats",
    "compare",
    "names_of",
    "repeats",
    "same_data",
    "views_of",
    "withheld_from",
]

ALPHA: Final = 0.05


@dataclass(frozen=True, slots=True)
class GroupDifference:
    """A group's difference in points; ``q`` is p adjusted over the groups (false discovery rate).

    ``invalid_percent`` are the shares of its judgments that are invalid in both runs.
    """

    group: str
    first: float
    second: float
    difference: Difference
    p: float
    q: float
    invalid_percent: tuple[float, float]

    @property
    def shown(self) -> bool:
        """Whether a difference is shown in this group."""
        return self.q < ALPHA


@dataclass(frozen=True, slots=True)
class Compared:
    """Two runs over the samples that both have finished; values and differences in points (per cent).

    ``p`` is McNemar's exact test where a sample is right or wrong, and the paired permutation test
    otherwise; ``test`` says which. ``only_first`` and ``only_second`` count the samples that one run did
    better than the other. ``detectable`` is the true difference that such data finds in 80% of cases.
    ``tokens`` is how many times as many the second run used, with its interval; None where none were
    counted. ``readout`` are the values of both by the readout, ``code`` what code decided in them, and
    ``invalid_percent`` the shares of invalid judgments; ``left_out`` are groups of which one run has too few
    judgments for a number.
    """

    first: str
    second: str
    view: str
    metric: str
    samples: int
    first_value: float
    second_value: float
    readout: tuple[float, float]
    code: tuple[Mapping[str, Any], Mapping[str, Any]]
    invalid_percent: tuple[float, float]
    difference: Difference
    test: str
    p: float
    permutation_p: float
    only_first: int
    only_second: int
    detectable: float
    tokens: tuple[float, float, float] | None
    groups: tuple[GroupDifference, ...]
    left_out: tuple[str, ...]

    @property
    def shown(self) -> bool:
        """Whether a difference is shown: the test and the interval agree."""
        return self.p < ALPHA and not self.difference.low <= 0 <= self.difference.high


@dataclass(frozen=True, slots=True)
class Repeats:
    """Runs that differ in their seed alone, and how the headline varies over them, in points."""

    names: tuple[str, ...]
    spread: Spread
    unstable: float


def names_of(folders: Sequence[Path]) -> list[str]:
    """Return the shortest ends of the paths that tell the folders apart."""
    parts = [folder.resolve().parts for folder in folders]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(path[-length:]) for path in parts]
        if len(set(names)) == len(names):
            return names
    raise BenchError("the same run folder is named twice; a run does not differ from itself")


def same_data(first: RunValues, second: RunValues, names: tuple[str, str]) -> str | None:
    """Return why two runs cannot be compared sample by sample, None when they can."""
    left, right = first.identity, second.identity
    for what in ("suite", "mode"):
        if (left.get(what) or "") != (right.get(what) or ""):
            return f"{names[0]} ran {what} {left.get(what)}, {names[1]} {right.get(what)}"
    digests = [[str(each).rpartition(" ")[2] for each in run.get("data") or ()] for run in (left, right)]
    if digests[0] != digests[1]:
        files = [", ".join(map(str, run.get("data") or ("nothing",))) for run in (left, right)]
        return f"{names[0]} ran other data than {names[1]} (file and SHA-256: {files[0]}; {files[1]})"
    return None


def _aligned(first: RunValues, second: RunValues, view: str) -> tuple[list[int], list[int]]:
    places = {key: number for number, key in enumerate(second.keys)}
    both = [(number, places[key]) for number, key in enumerate(first.keys) if key in places]
    first_values, second_values = first.values[view], second.values[view]
    known = [
        (left, right)
        for left, right in both
        if np.isfinite(first_values[left]) and np.isfinite(second_values[right])
    ]
    return [left for left, _ in known], [right for _, right in known]


def _points(difference: Difference) -> Difference:
    values = (difference.value, difference.low, difference.high, difference.error)
    value, low, high, error = (100 * each for each in values)
    return Difference(value, low, high, error, difference.df, difference.of)


def _by_group(
    groups: Sequence[str],
    first_values: Any,
    second_values: Any,
    span: float,
    left_out: Sequence[str],
    units: Sequence[str],
    metrics: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> tuple[GroupDifference, ...]:
    names = set(groups).difference(left_out)
    if len(set(groups)) < 2 or not names:
        return ()
    labels = np.asarray(groups)
    rows = []
    for name in sorted(names):
        inside = labels == name
        change, prompts = second_values[inside] - first_values[inside], np.asarray(units)[inside].tolist()
        difference = paired_difference(change, span=span, units=prompts)
        p = permutation_p(change, units=prompts)
        rows.append(
            (name, float(first_values[inside].mean()), float(second_values[inside].mean()), difference, p)
        )
    adjusted = adjusted_p([row[4] for row in rows])
    shares = [[_percent(run["groups"].get(row[0])) for run in metrics] for row in rows]
    invalid = {row[0]: (share[0], share[1]) for row, share in zip(rows, shares, strict=True)}
    return tuple(
        GroupDifference(name, 100 * first, 100 * second, _points(difference), p, q, invalid[name])
        for (name, first, second, difference, p), q in zip(rows, adjusted, strict=True)
    )


def views_of(metrics: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the views to compare runs by, that of their headlines first.

    What the judges said is no view where a readout makes the only score.

    Args:
        metrics: of each run, as in ``metrics.json``.
    """
    if all(run_metrics["headline"]["by"] != "readout" for run_metrics in metrics):
        return VIEWS
    return VIEWS[::-1] if all(run_metrics["said"] for run_metrics in metrics) else VIEWS[1:]


def withheld_from(metrics: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str | None:
    """Return why runs cannot be compared, of which one has too few judgments; None where they can."""
    for run_metrics, name in zip(metrics, names, strict=True):
        head = run_metrics["headline"]
        if head.get("state") == "withheld":
            told = f"{names[1]} and {names[0]} are not compared: {head['name']} of {name} is withheld"
            return f"{told}: {head['why']}."
    return None


def _percent(state: Mapping[str, Any] | None) -> float:
    return float(state["percent"]) if state else 0.0


def compare(
    first: RunValues,
    second: RunValues,
    names: tuple[str, str],
    view: str,
    metrics: tuple[Mapping[str, Any], Mapping[str, Any]],
) -> Compared | None:
    """Compare the second run with the first by one of the ``VIEWS``.

    Args:
        first: the base.
        second: the run that is held against it.
        names: of both.
        view: whose answers count.
        metrics: of both, as in ``metrics.json``; groups that they withhold are left out.

    Returns:
        None where no sample has a value in both: nothing is finished, or the view has no metric.

    Raises:
        BenchError: the runs are of different data.
    """
    why = same_data(first, second, names)
    if why is not None:
        raise BenchError(f"{why}: only runs of the same data can be compared sample by sample")
    left, right = _aligned(first, second, view)
    if not left:
        return None
    first_values, second_values = first.values[view][left], second.values[view][right]
    strata = [first.strata[place] for place in left]
    # Where all values are equal, either mean adds up to the metric: the other run tells which it is.
    macro = first.macro or second.macro
    weights = mean_weights(strata, macro=macro)
    change = second_values - first_values
    span = 2.0 if min(first_values.min(), second_values.min()) < 0 else 1.0
    units = [first.units[place] for place in left]
    difference = paired_difference(change, strata if macro else None, span, units)
    only_first, only_second = int((change < 0).sum()), int((change > 0).sum())
    shuffled = permutation_p(change, weights, units)
    binary = (
        not macro
        and len(set(units)) == len(units)
        and bool(np.isin(first_values, (0.0, 1.0)).all() and np.isin(second_values, (0.0, 1.0)).all())
    )
    tokens = first.tokens[left], second.tokens[right]
    groups = [first.groups[place] for place in left]
    left_out = sorted(
        name
        for name in set(groups)
        if any(run["groups"].get(name, {}).get("state") == "withheld" for run in metrics)
    )
    metric = str(first.metric(view))
    return Compared(
        first=names[0],
        second=names[1],
        view=view,
        metric=metric,
        samples=len(left),
        first_value=100 * float(first_values @ weights),
        second_value=100 * float(second_values @ weights),
        readout=(
            100 * float(first.values["readout"][left] @ weights),
            100 * float(second.values["readout"][right] @ weights),
        ),
        code=(metrics[0]["code"], metrics[1]["code"]),
        invalid_percent=(
            _percent(metrics[0]["validity"].get(metric)),
            _percent(metrics[1]["validity"].get(metric)),
        ),
        difference=_points(difference),
        test="McNemar, exact" if binary else "paired permutation",
        p=mcnemar_p(only_first, only_second) if binary else shuffled,
        permutation_p=shuffled,
        only_first=only_first,
        only_second=only_second,
        detectable=100 * minimum_detectable(difference.error, difference.df),
        tokens=bca_ratio(*tokens) if tokens[0].sum() > 0 and tokens[1].sum() > 0 else None,
        groups=_by_group(groups, first_values, second_values, span, left_out, units, metrics),
        left_out=tuple(left_out),
    )


def _but_for_seed(run: RunValues) -> str:
    told = {**run.identity, "limit": run.run.get("limit")}
    return repr(sorted((name, repr(value)) for name, value in told.items() if name != "seed"))


def repeats(runs: Sequence[RunValues], names: Sequence[str], view: str) -> tuple[Repeats, ...]:
    """Return the sets of runs that differ in their seed alone, and the spread of their headlines.

    ``unstable`` is the share of samples, in per cent, whose value is not the same in all of a set.

    Args:
        runs: by sample.
        names: of the runs.
        view: whose answers count.
    """
    sets: dict[str, list[int]] = {}
    for number, run in enumerate(runs):
        if run.headline is not None:
            sets.setdefault(_but_for_seed(run), []).append(number)
    repeated = []
    for members in (places for places in sets.values() if len(places) > 1):
        common = set(runs[members[0]].keys).intersection(*(runs[place].keys for place in members))
        tables = [dict(zip(runs[place].keys, runs[place].values[view], strict=True)) for place in members]
        moved = sum(len({float(table[key]) for table in tables}) > 1 for key in common)
        values = [100 * float(runs[place].mean(view) or 0.0) for place in members]
        share = 100 * moved / len(common) if common else math.nan
        repeated.append(Repeats(tuple(names[place] for place in members), spread(values), share))
    return tuple(repeated)
