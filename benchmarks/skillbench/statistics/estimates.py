"""Intervals around what a run measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from skillbench.suites.base import Estimate

__all__ = [
    "mean_estimate",
    "mean_of_means",
    "percent_estimate",
    "satterthwaite",
    "t_quantile",
    "wilson",
]


def wilson(hits: int, of: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval for the share ``hits / of`` (E. B. Wilson, JASA 1927).

    Both ends lie in 0..1. Nothing observed gives (0, 1): nothing is known.
    """
    if of == 0:
        return 0.0, 1.0
    # The closed form, because importing scipy.stats for it takes longer than judging a hundred pairs.
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, scale = hits / of, 1 + z * z / of
    middle = (share + z * z / (2 * of)) / scale
    half = z * math.sqrt(share * (1 - share) / of + (z / (2 * of)) ** 2) / scale
    # At the ends of the scale the formula is exact, the arithmetic is not.
    return (0.0 if hits == 0 else middle - half), (1.0 if hits == of else middle + half)


def percent_estimate(hits: int, of: int) -> Estimate:
    """Return ``hits / of`` in per cent with its 95% Wilson interval; ``of`` must be positive."""
    low, high = wilson(hits, of)
    return Estimate(100 * hits / of, 100 * low, 100 * high, hits, of)


def _variance_of_mean(values: Sequence[float]) -> float:
    count = len(values)
    if count < 2:
        return math.inf
    mean = sum(values) / count
    return sum((value - mean) ** 2 for value in values) / (count - 1) / count


def t_quantile(df: float) -> float:
    """Return the 97.5% quantile of Student's t, by which a 95% interval reaches to either side.

    Newton's method on the distribution function, which is the incomplete beta series (Abramowitz and
    Stegun 26.7.1 and 26.5.4). It is concave here and the start, the normal quantile, lies below the root,
    so the steps only ever go up. Importing scipy.special for it takes as long as judging ten pairs.

    Args:
        df: degrees of freedom; below 1 nothing is known and the quantile is infinite.
    """
    if df < 1:
        return math.inf
    scale = math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(df * math.pi)
    at = NormalDist().inv_cdf(0.975)
    while True:
        density = scale * math.exp(-(df + 1) / 2 * math.log1p(at * at / df))
        step = 0.475 / density - at * _beta_series(df, at)
        if not step > 1e-14 * at:  # nor where so many degrees of freedom leave nothing to compute
            return at
        at += step


def _beta_series(df: float, at: float) -> float:
    share, term, total, number = at * at / (df + at * at), 1.0, 0.0, 0
    while term > 1e-17 * total:
        total += term
        term *= share * ((df + 1) / 2 + number) / (1.5 + number)
        number += 1
    return total


def satterthwaite(variances: Sequence[float], counts: Sequence[int]) -> float:
    """Return the degrees of freedom of a sum of independent means (F. E. Satterthwaite, 1946).

    Args:
        variances: of each mean.
        counts: how many values each mean is of.
    """
    total = sum(variances)
    if not math.isfinite(total):
        return 0.0
    parts = sum(one**2 / (count - 1) for one, count in zip(variances, counts, strict=True) if one > 0)
    # Without any spread the quantile is multiplied by zero, whatever it is.
    return total**2 / parts if parts > 0 else float(max(1, sum(counts) - len(counts)))


def _around(value: float, variance: float, df: float, of: int, limits: tuple[float, float]) -> Estimate:
    half = t_quantile(df) * math.sqrt(variance) if math.isfinite(variance) else math.inf
    low, high = max(limits[0], value - half), min(limits[1], value + half)
    return Estimate(100 * value, 100 * low, 100 * high, None, of, "t")


def mean_estimate(
    values: Sequence[float], limits: tuple[float, float] = (0.0, 1.0), value: float | None = None
) -> Estimate:
    """Return the mean of one value for each prompt, in per cent, with its 95% interval.

    The interval is Student's from the spread between prompts: judgments of one prompt are not
    independent, so they are one unit (clustered standard errors; one degree of freedom less than there
    are prompts). One prompt alone tells nothing.

    Args:
        values: one for each prompt; at least one.
        limits: the least and greatest value there can be; the interval ends there.
        value: the mean, where its last digits come from an official order of summation.
    """
    mean = sum(values) / len(values) if value is None else value
    return _around(mean, _variance_of_mean(values), len(values) - 1, len(values), limits)


def mean_of_means(
    groups: Sequence[Sequence[float]], limits: tuple[float, float] = (0.0, 1.0), value: float | None = None
) -> Estimate:
    """Return the unweighted mean of the groups' means, in per cent, with its 95% interval.

    As :func:`mean_estimate`; the groups are independent samples, so their variances add.
    """
    means = [sum(group) / len(group) for group in groups]
    mean = sum(means) / len(means) if value is None else value
    variances = [_variance_of_mean(group) for group in groups]
    counts = [len(group) for group in groups]
    variance = sum(variances) / len(groups) ** 2
    return _around(mean, variance, satterthwaite(variances, counts), sum(counts), limits)
