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

__all__ = ["ALPHA", "Compared", "GroupDifference", "Repeats", "compare", "names_of", "repeats", "same_data"]

ALPHA: Final = 0.05


@dataclass(frozen=True, slots=True)
class GroupDifference:
    """A group's difference in points; ``q`` is p adjusted over the groups (false discovery rate)."""

    group: str
    first: float
    second: float
    difference: Difference
    p: float
    q: float

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
    counted.
    """

    first: str
    second: str
    view: str
    metric: str
    samples: int
    first_value: float
    second_value: float
    difference: Difference
    test: str
    p: float
    permutation_p: float
    only_first: int
    only_second: int
    detectable: float
    tokens: tuple[float, float, float] | None
    groups: tuple[GroupDifference, ...]

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
        names = ["/".join(one[-length:]) for one in parts]
        if len(set(names)) == len(names):
            return names
    raise BenchError("the same run folder is named twice; a run does not differ from itself")


def same_data(first: RunValues, second: RunValues, names: tuple[str, str]) -> str | None:
    """Return why two runs cannot be compared sample by sample, None when they can."""
    one, two = first.identity, second.identity
    for what in ("suite", "mode"):
        if (one.get(what) or "") != (two.get(what) or ""):
            return f"{names[0]} ran {what} {one.get(what)}, {names[1]} {two.get(what)}"
    digests = [[str(each).rpartition(" ")[2] for each in run.get("data") or ()] for run in (one, two)]
    if digests[0] != digests[1]:
        files = [", ".join(map(str, run.get("data") or ("nothing",))) for run in (one, two)]
        return f"{names[0]} ran other data than {names[1]} (file and SHA-256: {files[0]}; {files[1]})"
    return None


def _aligned(first: RunValues, second: RunValues, view: str) -> tuple[list[int], list[int]]:
    places = {key: number for number, key in enumerate(second.keys)}
    both = [(number, places[key]) for number, key in enumerate(first.keys) if key in places]
    one, two = first.values[view], second.values[view]
    known = [(left, right) for left, right in both if np.isfinite(one[left]) and np.isfinite(two[right])]
    return [left for left, _ in known], [right for _, right in known]


def _points(one: Difference) -> Difference:
    values = (one.value, one.low, one.high, one.error)
    value, low, high, error = (100 * each for each in values)
    return Difference(value, low, high, error, one.df, one.of)


def _by_group(groups: Sequence[str], one: Any, two: Any, span: float) -> tuple[GroupDifference, ...]:
    names = list(dict.fromkeys(groups))
    if len(names) < 2:
        return ()
    labels = np.asarray(groups)
    rows = []
    for name in sorted(names):
        inside = labels == name
        found = paired_difference(two[inside] - one[inside], span=span)
        p = permutation_p(two[inside] - one[inside])
        rows.append((name, float(one[inside].mean()), float(two[inside].mean()), found, p))
    adjusted = adjusted_p([row[4] for row in rows])
    return tuple(
        GroupDifference(name, 100 * first, 100 * second, _points(found), p, q)
        for (name, first, second, found, p), q in zip(rows, adjusted, strict=True)
    )


def compare(first: RunValues, second: RunValues, names: tuple[str, str], view: str) -> Compared | None:
    """Compare the second run with the first by one of the :data:`~skillbench.analysis.sample_values.VIEWS`.

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
    one, two = first.values[view][left], second.values[view][right]
    strata = [first.strata[place] for place in left]
    weights = mean_weights(strata, macro=first.macro)
    change = two - one
    span = 2.0 if min(one.min(), two.min()) < 0 else 1.0
    found = paired_difference(change, strata if first.macro else None, span)
    only_first, only_second = int((change < 0).sum()), int((change > 0).sum())
    shuffled = permutation_p(change, weights)
    binary = not first.macro and bool(np.isin(one, (0.0, 1.0)).all() and np.isin(two, (0.0, 1.0)).all())
    tokens = first.tokens[left], second.tokens[right]
    return Compared(
        first=names[0],
        second=names[1],
        view=view,
        metric=str(first.metric(view)),
        samples=len(left),
        first_value=100 * float(one @ weights),
        second_value=100 * float(two @ weights),
        difference=_points(found),
        test="McNemar, exact" if binary else "paired permutation",
        p=mcnemar_p(only_first, only_second) if binary else shuffled,
        permutation_p=shuffled,
        only_first=only_first,
        only_second=only_second,
        detectable=100 * minimum_detectable(found.error, found.df),
        tokens=bca_ratio(*tokens) if tokens[0].sum() > 0 and tokens[1].sum() > 0 else None,
        groups=_by_group([first.groups[place] for place in left], one, two, span),
    )


def _but_for_seed(identity: Mapping[str, Any]) -> str:
    return repr(sorted((name, repr(value)) for name, value in identity.items() if name != "seed"))


def repeats(runs: Sequence[RunValues], names: Sequence[str]) -> tuple[Repeats, ...]:
    """Return the sets of runs that differ in their seed alone, and the spread of their headlines.

    ``unstable`` is the share of samples, in per cent, whose value is not the same in all of a set.
    """
    sets: dict[str, list[int]] = {}
    for number, run in enumerate(runs):
        if run.headline is not None:
            sets.setdefault(_but_for_seed(run.identity), []).append(number)
    found = []
    for members in (one for one in sets.values() if len(one) > 1):
        common = set(runs[members[0]].keys).intersection(*(runs[place].keys for place in members))
        tables = [dict(zip(runs[place].keys, runs[place].values[VIEWS[0]], strict=True)) for place in members]
        moved = sum(len({float(table[key]) for table in tables}) > 1 for key in common)
        values = [100 * float(runs[place].mean(VIEWS[0]) or 0.0) for place in members]
        share = 100 * moved / len(common) if common else math.nan
        found.append(Repeats(tuple(names[place] for place in members), spread(values), share))
    return tuple(found)
