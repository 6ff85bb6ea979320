"""What a judge is like apart from being right: position, calibration, spread over repeats, cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from skillbench.statistics.estimate import Estimate
from skillbench.statistics.estimates import t_quantile, wilson

__all__ = [
    "PERCENTILES",
    "Bin",
    "Calibration",
    "Spread",
    "bca_ratio",
    "calibration",
    "clustered_share",
    "percentiles",
    "spread",
]

Floats = npt.NDArray[np.float64]

PERCENTILES: Final = (50, 90, 99)

_BINS: Final = 10
_BOOTSTRAPPED: Final = 2000
_RESAMPLES: Final = 1999


def clustered_share(hits: npt.NDArray[Any], of: npt.NDArray[Any]) -> Estimate:
    """Return the share of ``hits`` in per cent, its 95% interval clustered by sample.

    With one judgment a sample this is Wilson's interval. Otherwise the variance is that of a ratio of
    totals over clusters, with as many degrees of freedom as clusters less one (W. G. Cochran, Sampling
    Techniques, 1977, section 3.12); where clusters show no spread, Wilson's with clusters for units.

    Args:
        hits: in each sample, judgments that count.
        of: in each sample, judgments; at least one judgment over all.
    """
    used = of > 0
    hits, of = hits[used].astype(np.float64), of[used].astype(np.float64)
    clusters, total = len(of), float(of.sum())
    share = float(hits.sum()) / total
    variance = clusters / max(clusters - 1, 1) * float(((hits - share * of) ** 2).sum()) / total**2
    if clusters == total or variance < 1e-15 or clusters < 2:
        low, high = wilson(round(share * clusters), clusters)
        return Estimate(100 * share, 100 * low, 100 * high, int(hits.sum()), int(total))
    half = t_quantile(clusters - 1) * math.sqrt(variance)
    low, high = max(0.0, share - half), min(1.0, share + half)
    return Estimate(100 * share, 100 * low, 100 * high, int(hits.sum()), int(total), "clustered t")


@dataclass(frozen=True, slots=True)
class Bin:
    """Judgments of like confidence: their number, mean stated chance, and the share that was right."""

    of: int
    stated: float
    right: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well stated chances of being right fit what came true.

    ``error`` is the expected calibration error over ten bins of equal width, ``brier`` the mean squared
    error of the chances; both in 0..1, less is better.
    """

    of: int
    error: float
    brier: float
    bins: tuple[Bin, ...]


def calibration(stated: Floats, right: npt.NDArray[Any]) -> Calibration:
    """Compare stated chances (0..1) with what was right (0 or 1); at least one of them."""
    place = np.minimum((stated * _BINS).astype(int), _BINS - 1)
    bins: list[Bin] = []
    error = 0.0
    for number in np.unique(place):
        inside = place == number
        count, hits = int(inside.sum()), int(right[inside].sum())
        mean = float(stated[inside].mean())
        low, high = wilson(hits, count)
        bins.append(Bin(count, mean, hits / count, low, high))
        error += count / len(stated) * abs(mean - hits / count)
    return Calibration(len(stated), error, float(((stated - right) ** 2).mean()), tuple(bins))


@dataclass(frozen=True, slots=True)
class Spread:
    """A metric over repeats of one run: mean, standard deviation (n - 1), least and greatest."""

    of: int
    mean: float
    deviation: float
    least: float
    greatest: float


def spread(values: Sequence[float]) -> Spread:
    """Return how a metric varies over repeats that differ in their seed alone; at least two."""
    array = np.asarray(values, dtype=np.float64)
    return Spread(
        len(values), float(array.mean()), float(array.std(ddof=1)), float(array.min()), float(array.max())
    )


def percentiles(values: npt.NDArray[Any]) -> Mapping[str, float]:
    """Return mean, median, 90th and 99th percentile and maximum of what judgments cost."""
    measures = {"mean": float(values.mean())}
    cuts = np.percentile(values, PERCENTILES)
    measures |= {f"p{name}": float(cut) for name, cut in zip(PERCENTILES, cuts, strict=True)}
    return measures | {"max": float(values.max())}


def bca_ratio(first: Floats, second: Floats, seed: int = 0) -> tuple[float, float, float]:
    """Return the ratio of totals ``second / first`` over samples with its 95% interval.

    Bias-corrected and accelerated bootstrap over samples (B. Efron, JASA 1987); beyond 2,000 samples,
    where it would take long and changes nothing, the interval is Student's from the ratio's residuals.
    Where each sample costs as many times as much, the interval is unknown: 0 to infinity.

    Args:
        first: what each sample cost in one run; a positive total.
        second: what the same samples cost in another.
        seed: of the bootstrap.
    """
    ratio = float(second.sum() / first.sum())
    count = len(first)
    residuals = second - ratio * first
    if count < 2 or not np.abs(residuals).max() > 1e-9 * float(first.max()):
        return ratio, 0.0, math.inf  # without any spread nothing bounds what other samples cost
    if count > _BOOTSTRAPPED:
        half = t_quantile(count - 1) * math.sqrt(count * float(residuals.var(ddof=1))) / float(first.sum())
        return ratio, ratio - half, ratio + half
    from scipy.stats import bootstrap

    def statistic(denominators: Floats, numerators: Floats, axis: int = -1) -> Any:
        return numerators.sum(axis=axis) / denominators.sum(axis=axis)

    interval = bootstrap(
        (first, second),
        statistic,
        paired=True,
        vectorized=True,
        n_resamples=_RESAMPLES,
        batch=200,
        method="BCa",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return ratio, float(interval.low), float(interval.high)
