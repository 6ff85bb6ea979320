"""Intervals around what a run measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import Final

from skillbench.statistics.estimate import Estimate

__all__ = [
    "NO_SPREAD",
    "even_reaches",
    "mean_estimate",
    "mean_of_means",
    "percent_estimate",
    "satterthwaite",
    "share_estimate",
    "t_quantile",
    "wilson",
]

NO_SPREAD: Final = 1e-20
"""A variance below this is none, but for the last bits of the arithmetic."""


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


def share_estimate(hits: Sequence[bool], clusters: Sequence[str]) -> Estimate:
    """Return the share of ``hits`` in per cent with its 95% interval.

    Wilson's, where every hit or miss is of a prompt of its own; otherwise that of ``mean_estimate``.

    Args:
        hits: one for each unit; at least one.
        clusters: the prompt of each.
    """
    if len(set(clusters)) == len(clusters):
        return percent_estimate(sum(hits), len(hits))
    estimate = mean_estimate([float(hit) for hit in hits], clusters=clusters)
    return replace(estimate, hits=sum(hits))


def _variance_of_mean(values: Sequence[float], clusters: Sequence[str] | None = None) -> float:
    mean = sum(values) / len(values)
    return _sum_variance([(value - mean) / len(values) for value in values], clusters)


def _sum_variance(parts: Sequence[float], clusters: Sequence[str] | None) -> float:
    """Return the variance of a sum of parts that add up to zero, those of one cluster taken together."""
    if clusters is not None:
        together: dict[str, float] = {}
        for part, cluster in zip(parts, clusters, strict=True):
            together[cluster] = together.get(cluster, 0.0) + part
        parts = list(together.values())
    count = len(parts)
    return sum(part**2 for part in parts) * count / (count - 1) if count > 1 else math.inf


def _units(values: Sequence[float], clusters: Sequence[str] | None) -> int:
    return len(values) if clusters is None else len(set(clusters))


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
    parts = sum(
        variance**2 / (count - 1) for variance, count in zip(variances, counts, strict=True) if variance > 0
    )
    # Without any spread the quantile is multiplied by zero, whatever it is.
    return total**2 / parts if parts > 0 else float(max(1, sum(counts) - len(counts)))


def even_reach(value: float, of: int, limits: tuple[float, float]) -> tuple[float, float]:
    """Return how far from ``value`` a mean may lie of which all ``of`` prompts have that value.

    No spread among some is not none among all. The share of further values that differ is at most what
    Wilson's interval leaves for none in ``of``, and one that differs may lie at either limit. Where
    ``value`` is a limit, all right or all wrong, that is Wilson's interval itself.

    Args:
        value: what all values are.
        of: how many there are; one alone tells nothing, so that both reaches are infinite.
        limits: the least and greatest value there can be.
    """
    if of < 2:
        return math.inf, math.inf
    share = wilson(0, of)[1]
    return share * (value - limits[0]), share * (limits[1] - value)


def even_reaches(strata: Sequence[tuple[float, int]], limits: tuple[float, float]) -> tuple[float, float]:
    """Return the same of the mean of strata without spread: a value and a number of prompts each."""
    reaches = (even_reach(value, of, limits) for value, of in strata)
    below, above = (math.hypot(*side) / len(strata) for side in zip(*reaches, strict=True))
    return below, above


def _reach(
    values: Sequence[float], limits: tuple[float, float], clusters: Sequence[str] | None = None
) -> tuple[float, float]:
    variance, units = _variance_of_mean(values, clusters), _units(values, clusters)
    if variance < NO_SPREAD:
        return even_reach(sum(values) / len(values), units, limits)
    half = t_quantile(units - 1) * math.sqrt(variance) if units > 1 else math.inf
    return half, half


def _estimate(
    value: float, reach: tuple[float, float], of: int, limits: tuple[float, float], method: str
) -> Estimate:
    low, high = max(limits[0], value - reach[0]), min(limits[1], value + reach[1])
    return Estimate(100 * value, 100 * low, 100 * high, None, of, method)


def mean_estimate(
    values: Sequence[float],
    limits: tuple[float, float] = (0.0, 1.0),
    value: float | None = None,
    clusters: Sequence[str] | None = None,
) -> Estimate:
    """Return the mean of one value for each sample, in per cent, with its 95% interval.

    The interval is Student's from the spread between prompts: judgments of one prompt are not
    independent, so they are one unit (clustered standard errors; one degree of freedom less than there
    are prompts). Without any spread it is that of ``even_reach``. One prompt alone tells nothing.

    Args:
        values: one for each sample; at least one.
        limits: the least and greatest value there can be; the interval ends there.
        value: the mean, where its last digits come from an official order of summation.
        clusters: the prompt of each sample; each a prompt of its own when None.
    """
    mean = sum(values) / len(values) if value is None else value
    method = "wilson" if _variance_of_mean(values, clusters) < NO_SPREAD else "t"
    return _estimate(mean, _reach(values, limits, clusters), len(values), limits, method)


def mean_of_means(
    groups: Sequence[Sequence[float]],
    limits: tuple[float, float] = (0.0, 1.0),
    value: float | None = None,
    clusters: Sequence[Sequence[str]] | None = None,
) -> Estimate:
    """Return the unweighted mean of the groups' means, in per cent, with its 95% interval.

    As ``mean_estimate``; the groups are independent samples, so their variances add. Where a group
    shows no spread, its variance is unknown and not zero: then the squares of the groups' own reaches add,
    below and above by themselves (G. Y. Zou and A. Donner, Statistics in Medicine 2008). Where a prompt has
    several samples, in one group or in several, what they add to the mean is taken together first.

    Args:
        groups: the values of each; at least one in each.
        limits: the least and greatest value there can be.
        value: the mean, where its last digits come from an official order of summation.
        clusters: the prompt of each value; each a prompt of its own when None.
    """
    means = [sum(group) / len(group) for group in groups]
    mean = sum(means) / len(means) if value is None else value
    of = sum(map(len, groups))
    own = [None] * len(groups) if clusters is None else clusters
    variances = [_variance_of_mean(group, each) for group, each in zip(groups, own, strict=True)]
    if min(variances) < NO_SPREAD:
        reaches = [_reach(group, limits, each) for group, each in zip(groups, own, strict=True)]
        sides = zip(*reaches, strict=True)
        below, above = (math.hypot(*side) / len(groups) for side in sides)
        return replace(_estimate(mean, (below, above), of, limits, "mover"), over="strata")
    flat = [cluster for each in clusters or () for cluster in each]
    if len(set(flat)) < len(flat):
        parts = [
            (member - average) / len(group) / len(groups)
            for group, average in zip(groups, means, strict=True)
            for member in group
        ]
        variance, units = _sum_variance(parts, flat), len(set(flat))
        if variance < NO_SPREAD:
            return replace(
                _estimate(mean, even_reach(mean, units, limits), of, limits, "wilson"), over="strata"
            )
        half = t_quantile(units - 1) * math.sqrt(variance)
        return replace(_estimate(mean, (half, half), of, limits, "t"), over="strata")
    counts = [len(group) for group in groups]
    half = t_quantile(satterthwaite(variances, counts)) * math.sqrt(sum(variances)) / len(groups)
    return replace(_estimate(mean, (half, half), of, limits, "t"), over="strata")
