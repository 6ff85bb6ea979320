"""Intervals and tests against scipy's own, against known coverage, and against equal judges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from skillbench.statistics.estimates import (
    mean_estimate,
    mean_of_means,
    percent_estimate,
    satterthwaite,
    t_quantile,
)
from skillbench.statistics.judge import bca_ratio, calibration, clustered_share, percentiles, spread
from skillbench.statistics.pairs import (
    adjusted_p,
    mcnemar_p,
    mean_weights,
    minimum_detectable,
    paired_difference,
    permutation_p,
)


def test_wilson_as_published() -> None:
    # R. G. Newcombe, Statistics in Medicine 1998, table I: 81 of 263 and 0 of 20.
    one = percent_estimate(81, 263)
    assert (round(one.low, 2), round(one.high, 2)) == (25.53, 36.62)
    assert round(percent_estimate(0, 20).high, 2) == 16.11


def test_a_mean_has_students_interval_over_prompts() -> None:
    values = [0.0, 0.25, 0.5, 1.0, 1.0]
    found = mean_estimate(values, (-9, 9))
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high))
    assert found.method == "t"
    alone = mean_estimate([0.5])
    assert (alone.low, alone.high) == (0, 100)


@pytest.mark.parametrize("df", [1, 1.3, 2, 3, 7.5, 29, 349, 1e4, 1e6, math.inf])
def test_students_quantile_is_scipys(df: float) -> None:
    assert t_quantile(df) == pytest.approx(stats.t.ppf(0.975, df), rel=1e-8)


def test_without_a_degree_of_freedom_nothing_is_known() -> None:
    assert t_quantile(0.99) == math.inf


def test_means_of_groups_have_welchs_degrees_of_freedom() -> None:
    one, two = [0.1, 0.2, 0.9, 0.4], [0.5, 0.6, 0.4, 0.7, 0.5, 0.1, 0.9]
    found = mean_of_means([one, two], (-9, 9))
    # The mean of the two is half the difference to the mirrored second group.
    known = stats.ttest_ind(one, [-value for value in two], equal_var=False)
    low, high = known.confidence_interval()
    assert (found.low, found.high) == pytest.approx((50 * low, 50 * high))
    assert satterthwaite([np.var(one, ddof=1) / 4, np.var(two, ddof=1) / 7], [4, 7]) == pytest.approx(
        known.df
    )


def test_mcnemar_is_the_exact_binomial_test() -> None:
    for one, two in ((0, 0), (3, 9), (9, 3), (25, 25), (0, 6), (140, 190)):
        known = stats.binomtest(one, one + two).pvalue if one + two else 1.0
        assert mcnemar_p(one, two) == pytest.approx(known)
    assert mcnemar_p(np.array([3, 0]), np.array([9, 6])) == pytest.approx(
        [stats.binomtest(3, 12).pvalue, 2 / 2**6]
    )


def test_the_permutation_test_is_scipys() -> None:
    random = np.random.default_rng(1)
    change = random.normal(0.12, 0.5, 60).round(1)
    known = stats.permutation_test(
        (change,), np.mean, permutation_type="samples", n_resamples=9999, rng=np.random.default_rng(2)
    ).pvalue
    assert permutation_p(change) == pytest.approx(known, abs=0.012)
    assert permutation_p(change) == permutation_p(change)
    assert permutation_p(np.zeros(9)) == 1.0
    assert permutation_p(np.ones(40)) == 1 / 10_000


def test_the_permutation_test_weighs_groups_as_the_metric_does() -> None:
    strata = ["big"] * 90 + ["small"] * 10
    change = np.array([0.0] * 90 + [1.0] * 10)
    weights = mean_weights(strata, macro=True)
    assert float(change @ weights) == pytest.approx(0.5)
    assert paired_difference(change, strata).value == pytest.approx(0.5)
    assert paired_difference(change).value == pytest.approx(0.1)
    assert permutation_p(change, weights) == pytest.approx(2 / 2**10, abs=0.002)


def test_no_difference_seen_is_not_no_difference() -> None:
    few, many = paired_difference(np.zeros(10)), paired_difference(np.zeros(1000))
    assert few.low == -few.high
    assert few.high == pytest.approx(0.2775, abs=1e-3)
    assert many.high < 0.004
    assert not math.isfinite(paired_difference(np.array([0.5])).low)
    wild = paired_difference(np.array([1.0, -1.0, 1.0]), span=1.0)
    assert (wild.low, wild.high) == (-1, 1)


def judges(random: np.random.Generator, times: int, samples: int, gain: float = 0.0) -> np.ndarray:
    """Differences (times, samples) of two judges on prompts that differ in difficulty."""
    chance = random.beta(2, 1, (times, samples))
    first = random.random((times, samples)) < chance
    second = random.random((times, samples)) < np.minimum(1, chance + gain)
    return second.astype(float) - first.astype(float)


def test_a_thousand_pairs_of_equal_judges_raise_no_more_alarms_than_they_may() -> None:
    change = judges(np.random.default_rng(7), 1000, 350)
    exact = mcnemar_p((change < 0).sum(axis=1), (change > 0).sum(axis=1))
    assert 0.015 <= (exact < 0.05).mean() <= 0.055, "the exact test is a little strict, never lax"
    found = [paired_difference(row) for row in change]
    missed = np.mean([not one.low <= 0 <= one.high for one in found])
    assert 0.035 <= missed <= 0.065
    shuffled = np.mean([permutation_p(row, resamples=999) < 0.05 for row in change])
    assert 0.02 <= shuffled <= 0.06


def test_equal_judges_over_groups_raise_one_alarm_in_twenty_families() -> None:
    change = judges(np.random.default_rng(8), 1000 * 6, 60)
    p = mcnemar_p((change < 0).sum(axis=1), (change > 0).sum(axis=1)).reshape(1000, 6)
    alarms = np.mean([min(adjusted_p(list(row))) < 0.05 for row in p])
    assert alarms <= 0.06
    assert np.mean(p.min(axis=1) < 0.05) > 2 * alarms, "without the adjustment there are many more"


def test_the_detectable_difference_is_found_four_times_in_five() -> None:
    random = np.random.default_rng(9)
    before = judges(random, 200, 350)
    least = np.mean([minimum_detectable(one.error, one.df) for one in map(paired_difference, before)])
    # What is capped at certainty gains less; the mean gain is what was really there.
    after = judges(random, 1000, 350, gain=float(least) * 1.13)
    assert after.mean() == pytest.approx(least, rel=0.1)
    power = np.mean([one.low > 0 for one in map(paired_difference, after)])
    assert 0.72 <= power <= 0.88


def test_a_clustered_share_covers_what_wilson_over_judgments_does_not() -> None:
    random = np.random.default_rng(10)
    covered = naive = 0
    for _ in range(400):
        chance = random.beta(0.5, 0.5, 80)
        hits = random.binomial(9, chance)
        one = clustered_share(hits, np.full(80, 9))
        covered += one.low <= 50 <= one.high
        flat = percent_estimate(int(hits.sum()), 720)
        naive += flat.low <= 50 <= flat.high
    assert 0.92 <= covered / 400 <= 0.98
    assert naive / 400 < 0.75
    single = clustered_share(np.array([1, 0, 1, 1]), np.ones(4))
    assert (single.low, single.high) == (percent_estimate(3, 4).low, percent_estimate(3, 4).high)


def test_the_ratio_of_costs_and_its_interval() -> None:
    random = np.random.default_rng(11)
    cost = random.gamma(2, 500, 300)
    _, low, high = bca_ratio(cost, cost * random.normal(2.0, 0.2, 300))
    assert low < 2.0 < high
    assert high - low < 0.12
    assert bca_ratio(cost, cost * 3) == pytest.approx((3, 3, 3))
    many = np.tile(cost, 10)
    _, low, high = bca_ratio(many, many * random.normal(2.0, 0.2, 3000))
    assert 0.005 < high - low < 0.04


def test_calibration_of_a_judge_that_knows_and_of_one_that_boasts() -> None:
    random = np.random.default_rng(12)
    stated = random.random(20_000)
    honest = calibration(stated, (random.random(20_000) < stated).astype(int))
    assert honest.error < 0.02
    assert len(honest.bins) == 10
    boasting = calibration(np.full(1000, 0.9), np.array([1, 0] * 500))
    assert (boasting.error, boasting.brier) == pytest.approx((0.4, 0.41))
    assert boasting.bins[0].of == 1000


def test_spread_and_percentiles() -> None:
    found = spread([70.0, 72.0, 74.0])
    assert (found.mean, found.deviation, found.least, found.greatest) == (72, 2, 70, 74)
    told = percentiles(np.arange(101))
    assert told == {"mean": 50, "p50": 50, "p90": 90, "p99": 99, "max": 100}
