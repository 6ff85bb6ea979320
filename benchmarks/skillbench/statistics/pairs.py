"""Is one run better than another: tests and intervals over samples that both have judged.

The unit is the sample, never the judgment: the judgments of one prompt hang together. Differences are
those of the same sample in two runs, so what makes a prompt hard cancels out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from skillbench.statistics.estimates import satterthwaite, t_quantile, wilson

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
"""The chance of finding a difference that :func:`minimum_detectable` speaks of."""


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


def paired_difference(
    differences: Floats, strata: Sequence[str] | None = None, span: float = 1.0
) -> Difference:
    """Return the mean of ``differences`` and its 95% interval (Student's t over samples).

    Where no sample differs at all, the interval is what Wilson's leaves for the share of samples that
    would differ: seeing no difference in ten samples is not knowing that there is none.

    Args:
        differences: one a sample; at least one.
        strata: the stratum of each sample, for the unweighted mean of the strata's means; None for the
            plain mean.
        span: the greatest difference that one sample can have.
    """
    count = len(differences)
    groups = [differences]
    if strata is not None:
        names = np.asarray(strata)
        groups = [differences[names == name] for name in np.unique(names)]
    value = float(np.mean([group.mean() for group in groups]))
    if not differences.any():
        half = wilson(0, count)[1] * span
        df = float(max(count - 1, 1))
        return Difference(0.0, -half, half, half / t_quantile(df), df, count)
    variances = [float(group.var(ddof=1)) / len(group) if len(group) > 1 else math.inf for group in groups]
    df = satterthwaite(variances, [len(group) for group in groups])
    error = math.sqrt(sum(variances)) / len(groups)
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

    one, two = np.asarray(only_first), np.asarray(only_second)
    tail = binom.cdf(np.minimum(one, two), one + two, 0.5)
    found = np.minimum(1.0, 2 * tail)
    return float(found) if found.ndim == 0 else found


def permutation_p(
    differences: Floats, weights: Floats | None = None, *, resamples: int = RESAMPLES, seed: int = 0
) -> float:
    """Return the two-sided p of the paired permutation test, over random signs of the differences.

    Differences of one size are drawn together: how many of n equal ones keep their sign is binomial, so
    the draw has the same distribution and costs by the number of sizes, not of samples.

    Args:
        differences: one a sample.
        weights: what each weighs in the statistic; the same when None.
        resamples: sign patterns drawn; the observed one is added to them.
        seed: of the draw.
    """
    weighed = differences if weights is None else differences * weights * len(differences)
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

    return [float(one) for one in false_discovery_control(list(values))]
