"""No interval has a width of zero: all right, all wrong, all alike, or cancelled within each prompt."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from every_suite import NAMES, answer, best, suites
from suite_judges import Ruled, golds, run_with

from skillbench.statistics.estimates import mean_estimate, mean_of_means, wilson
from skillbench.statistics.pairs import paired_difference


@pytest.mark.parametrize("of", [2, 5, 100, 1865])
def test_all_right_or_all_wrong_has_wilsons_bound_for_means_too(of: int) -> None:
    low, high = wilson(of, of)[0], wilson(0, of)[1]
    right, wrong = mean_estimate([1.0] * of), mean_estimate([0.0] * of)
    assert (right.low, right.high) == pytest.approx((100 * low, 100))
    assert (wrong.low, wrong.high) == pytest.approx((0, 100 * high))
    even = mean_estimate([0.5] * of)
    assert (even.low, even.high) == pytest.approx((50 - 50 * high, 50 + 50 * high))
    kendall = mean_estimate([1.0] * of, (-1.0, 1.0))
    assert (kendall.low, kendall.high) == pytest.approx((100 - 200 * high, 100))


def test_a_mean_of_means_has_a_width_too() -> None:
    groups = [[1.0] * 10, [1.0] * 40]
    found = mean_of_means(groups)
    each = [wilson(0, len(group))[1] for group in groups]
    assert found.low == pytest.approx(100 - 50 * math.hypot(*each))
    assert found.high == 100
    mixed = mean_of_means([[1.0] * 10, [1.0, 0.0, 1.0, 1.0, 0.0]])
    spread = mean_estimate([1.0, 0.0, 1.0, 1.0, 0.0], (-9, 9))
    reach = math.hypot(100 * each[0], spread.value - spread.low) / 2
    assert mixed.low == pytest.approx(mixed.value - reach), "the group without spread is not known for sure"
    assert (mean_of_means([[1.0], [1.0, 1.0]]).low, mean_of_means([[1.0]]).low) == (0, 0), "one tells nothing"


def test_the_width_covers_what_it_promises() -> None:
    """A judge that is right in 97 of 100 prompts: of 20 it is often right in all, and is not perfect."""
    random = np.random.default_rng(3)
    missed = 0
    for _ in range(2000):
        found = mean_estimate([float(one) for one in random.random(20) < 0.97])
        missed += found.low > 97 if found.method == "wilson" else 0
    assert missed == 0


def test_runs_that_differ_by_the_same_everywhere_are_not_known_to_differ_by_that() -> None:
    found = paired_difference(np.ones(30))
    assert found.low < found.value == found.high == 1
    assert found.low == pytest.approx(1 - 2 * wilson(0, 30)[1])
    assert found.error > 0


def test_prompts_whose_samples_cancel_have_a_width_too() -> None:
    """Each prompt has a right and a wrong sample: no spread between prompts, and still not sure."""
    prompts = [str(place // 2) for place in range(40)]
    found = mean_estimate([1.0, 0.0] * 20, clusters=prompts)
    assert found.high - 50 == pytest.approx(50 * wilson(0, 20)[1])
    shared = mean_of_means([[1.0, 0.0] * 5, [0.0, 1.0] * 5], clusters=[[*map(str, range(10))]] * 2)
    assert shared.low < shared.value < shared.high
    change = np.array([1.0, -1.0] * 20)
    cancelled = paired_difference(change, units=prompts)
    assert cancelled.low < 0 < cancelled.high
    strata = ["a"] * 20 + ["b"] * 20
    apart = paired_difference(np.array([1.0] * 20 + [0.0] * 20), strata)
    assert apart.low < apart.value == 0.5 < apart.high
    assert not math.isfinite(paired_difference(np.zeros(1)).high), "one prompt alone tells nothing"


@pytest.mark.parametrize("name", NAMES)
def test_no_metric_of_any_suite_has_an_interval_of_width_zero(tmp_path: Path, name: str) -> None:
    suite = suites(tmp_path)[name]
    right = golds(suite)
    for number, rule in enumerate((answer, lambda case: best(right[case.id], case))):
        found = run_with(suite, Ruled(rule), tmp_path / f"run{number}")
        for by in ("said", "readout"):
            for metric, one in found["intervals"][by].items():
                assert one["low"] < one["high"], metric
                assert one["low"] - 1e-9 <= one["value"] <= one["high"] + 1e-9, metric
