"""Is one run better than another: tests and intervals over samples that both have judged.

The unit is the prompt, never the judgment: the judgments of one prompt hang together. Differences are
those of the same sample in two runs, so what makes a prompt hard cancels out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from skillbench.statistics.estimates import NO_SPREAD, even_reaches, satterthwaite, t_quantile

__all__ = [
    "POWER",
    "RESAMPLES",
    "Difference",
    "adjusted_p",
    "mcnemar_p",
    "mean_weights",
    "minimum_detectable",
    "paired_difference",
    "permutation_p",
]

Floats = npt.NDArray[np.float64]

RESAMPLES: Final = 9999
"""Sign patterns that a permutation test draws; with the observed one the least p is 0.0001."""

POWER: Final = 0.8
"""The chance of finding a difference that ``minimum_detectable`` speaks of."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference of two runs over ``of`` samples, with its 95% interval, in the values' unit.

    ``error`` is the standard error and ``df`` its degrees of freedom; both ends of the interval are
    infinite where a stratum has one sample and its spread cannot be told.
    """

    value: float
    low: float
    high: float
    error: float
    df: float
    of: int


def mean_weights(strata: Sequence[str], *, macro: bool) -> Floats:
    """Return what each sample weighs in the mean; the weights add up to 1.

    Args:
        strata: the stratum of each sample.
        macro: every stratum weighs the same, however many samples it has; otherwise every sample does.
    """
    if not macro:
        return np.full(len(strata), 1 / len(strata))
    _, place, counts = np.unique(np.asarray(strata), return_inverse=True, return_counts=True)
    return np.asarray(1 / (len(counts) * counts[place]), dtype=np.float64)


def _of_units(parts: Floats, units: Sequence[str]) -> Floats:
    """Return the sums of the parts of each unit."""
    _, place = np.unique(np.asarray(units), return_inverse=True)
    return np.asarray(np.bincount(place, parts), dtype=np.float64)


def paired_difference(
    differences: Floats,
    strata: Sequence[str] | None = None,
    span: float = 1.0,
    units: Sequence[str] | None = None,
) -> Difference:
    """Return the mean of ``differences`` and its 95% interval (Student's t over prompts).

    Where there is no spread, because all samples differ by the same or none does, the interval is what
    Wilson's leaves for the share of prompts that would differ otherwise: seeing no difference in ten
    samples is not knowing that there is none. Of one prompt alone the interval is unknown.

    Args:
        differences: one a sample; at least one.
        strata: the stratum of each sample, for the unweighted mean of the strata's means; None for the
            plain mean.
        span: the greatest difference that one sample can have.
        units: the prompt of each sample; each a prompt of its own when None.
    """
    count = len(differences)
    groups = [differences]
    if strata is not None:
        names = np.asarray(strata)
        groups = [differences[names == name] for name in np.unique(names)]
    value = float(np.mean([group.mean() for group in groups]))
    prompts = count if units is None else len(set(units))
    if float(np.ptp(differences)) ** 2 < NO_SPREAD:
        return _even(value, [(value, prompts)], span, count)
    if units is not None and prompts < count:
        parts = (differences - _stratum_means(differences, strata)) * mean_weights(
            strata or [""] * count, macro=strata is not None
        )
        together = _of_units(parts, units)
        variance = float((together**2).sum()) * prompts / (prompts - 1) if prompts > 1 else math.inf
        if variance < NO_SPREAD:
            return _even(value, [(value, prompts)], span, count)
        return _interval(value, math.sqrt(variance), float(prompts - 1), span, count)
    variances = [float(group.var(ddof=1)) / len(group) if len(group) > 1 else math.inf for group in groups]
    if sum(variances) < NO_SPREAD:
        return _even(value, [(float(group.mean()), len(group)) for group in groups], span, count)
    df = satterthwaite(variances, [len(group) for group in groups])
    error = math.sqrt(sum(variances)) / len(groups)
    return _interval(value, error, df, span, count)


def _stratum_means(values: Floats, strata: Sequence[str] | None) -> Floats:
    """Return for each value the mean of its stratum."""
    _, place = np.unique(np.asarray(strata or [""] * len(values)), return_inverse=True)
    return np.asarray((np.bincount(place, values) / np.bincount(place))[place], dtype=np.float64)


def _even(value: float, strata: Sequence[tuple[float, int]], span: float, count: int) -> Difference:
    """Return the difference of strata without any spread: each with its value and its number of prompts."""
    below, above = even_reaches(strata, (-span, span))
    df = float(max(sum(of for _, of in strata) - len(strata), 1))
    return Difference(value, value - below, value + above, max(below, above) / t_quantile(df), df, count)


def _interval(value: float, error: float, df: float, span: float, count: int) -> Difference:
    half = t_quantile(df) * error if df >= 1 else math.inf
    low, high = value - half, value + half
    if math.isfinite(half):  # Student's t knows no bounds, the scale does; what is unknown stays infinite
        low, high = max(-span, low), min(span, high)
    return Difference(value, low, high, error, df, count)


def minimum_detectable(error: float, df: float, alpha: float = 0.05, power: float = POWER) -> float:
    """Return the least true difference that a test at ``alpha`` finds with the chance ``power``.

    That is (t(1 - alpha / 2) + t(power)) standard errors, in the unit of ``error``.
    """
    if not math.isfinite(error) or df < 1:
        return math.inf
    from scipy.special import stdtrit

    return float(stdtrit(df, 1 - alpha / 2) + stdtrit(df, power)) * error


def mcnemar_p(only_first: Any, only_second: Any) -> Any:
    """Return the exact two-sided p of McNemar's test, for numbers or for arrays of numbers.

    It is the binomial test of ``only_first`` in ``only_first + only_second`` at one half.

    Args:
        only_first: samples that only the first run got right.
        only_second: samples that only the second run got right.
    """
    from scipy.stats import binom

    first, second = np.asarray(only_first), np.asarray(only_second)
    tail = binom.cdf(np.minimum(first, second), first + second, 0.5)
    p = np.minimum(1.0, 2 * tail)
    return float(p) if p.ndim == 0 else p


def permutation_p(
    differences: Floats,
    weights: Floats | None = None,
    units: Sequence[str] | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> float:
    """Return the two-sided p of the paired permutation test, over random signs of the differences.

    Differences of one size are drawn together: how many of n equal ones keep their sign is binomial, so
    the draw has the same distribution and costs by the number of sizes, not of samples.

    Args:
        differences: one a sample.
        weights: what each weighs in the statistic; the same when None.
        units: the prompt of each sample, whose differences change sign together; each its own when None.
        resamples: sign patterns drawn; the observed one is added to them.
        seed: of the draw.
    """
    weighed = differences if weights is None else differences * weights * len(differences)
    if units is not None:
        weighed = _of_units(weighed, units)
    sizes, counts = np.unique(np.round(np.abs(weighed[weighed != 0]), 12), return_counts=True)
    if not len(sizes):
        return 1.0
    observed = abs(float(weighed.sum()))
    random = np.random.default_rng(seed)
    total = np.zeros(resamples)
    for size, count in zip(sizes, counts, strict=True):
        total += size * (2.0 * random.binomial(int(count), 0.5, resamples) - count)
    # Sums of the same numbers in another order differ in their last bits.
    as_far = int(np.count_nonzero(np.abs(total) >= observed - 1e-9 * max(1.0, observed)))
    return (as_far + 1) / (resamples + 1)


def adjusted_p(values: Sequence[float]) -> list[float]:
    """Return p values adjusted so that a cut at 5% bounds the false discovery rate (Benjamini-Hochberg)."""
    if not values:
        return []
    from scipy.stats import false_discovery_control

    return [float(q) for q in false_discovery_control(list(values))]
