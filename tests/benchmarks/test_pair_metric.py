"""JudgeBench's metric on constructed rows, and on recorded decisions of a real judge."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from bench_support import prediction, real
from scipy.stats import binomtest

from skillbench.analysis.results import metrics_of
from skillbench.analysis.summary import sentence, summary_text
from skillbench.statistics.estimates import wilson
from skillbench.suites.base import Prediction
from skillbench.suites.judgebench.suite import JudgeBench

SUITE = JudgeBench([])


def pair(position: int, first: Any, second: Any, **more: Any) -> list[Prediction]:
    """Both judgments of a pair whose better response is A as given, so B when swapped."""
    return [
        prediction(position, "AB", gold="A", outcome=first, **more),
        prediction(position, "BA", gold="B", outcome=second, **more),
    ]


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        ("A", "B", True),  # right twice
        ("A", "tie", True),  # right and tie
        ("tie", "B", True),
        ("A", None, True),  # right and nothing
        ("A", "A", False),  # always first: right and wrong
        ("B", "B", False),
        ("tie", "tie", False),
        (None, None, False),
        (None, "tie", False),
        ("B", "tie", False),
        ("B", "A", False),
        ("X", "B", True),  # an unknown label is worth nothing, as in the official code
    ],
)
def test_when_a_pair_counts(first: Any, second: Any, counts: bool) -> None:
    metrics = metrics_of(SUITE, pair(0, first, second), 2)
    assert metrics["official"] == {
        "judgebench.overall": 100.0 * counts,
        "judgebench.livebench-math": 100.0 * counts,
    }
    assert metrics["headline"]["name"] == "judgebench.overall"


def test_all_pairs_are_in_the_denominator_and_groups_stand_in_order() -> None:
    rows = [
        *pair(0, "A", "B", group="livecodebench"),
        *pair(1, None, None, group="livecodebench"),
        *pair(2, "B", "A", group="mmlu-pro"),
        *pair(3, "A", "B", group="a new source"),
    ]
    official = metrics_of(SUITE, rows, 8)["official"]
    assert official == {
        "judgebench.overall": 50.0,
        "judgebench.mmlu-pro": 0.0,
        "judgebench.livecodebench": 50.0,
        "judgebench.a new source": 100.0,
    }
    assert list(official) == [
        f"judgebench.{n}" for n in ("overall", "mmlu-pro", "livecodebench", "a new source")
    ]


def test_merged_has_a_name_of_its_own() -> None:
    gpt = [row for position in range(3) for row in pair(position, "A", "B")]
    claude = [row for position in range(3, 4) for row in pair(position, "A", "A", subset="claude")]
    assert metrics_of(SUITE, gpt, 6)["headline"]["name"] == "judgebench.overall"
    assert metrics_of(SUITE, claude, 2)["headline"]["name"] == "judgebench.claude.overall"
    both = metrics_of(SUITE, gpt + claude, 8)
    assert both["headline"]["name"] == "judgebench.merged.overall"
    assert both["official"]["judgebench.merged.overall"] == 75.0
    assert both["official"]["judgebench.overall"] == 100.0
    assert both["official"]["judgebench.claude.overall"] == 0.0


def test_said_and_readout_are_both_reported() -> None:
    rows = [
        prediction(0, "AB", gold="A", outcome="A", said="B"),
        prediction(0, "BA", gold="B", outcome="B", said="B"),
    ]
    metrics = metrics_of(SUITE, rows, 2)
    assert metrics["readout"]["judgebench.overall"] == 100.0
    assert metrics["said"]["judgebench.overall"] == metrics["official"]["judgebench.overall"] == 0.0
    assert metrics["counts"]["readout_differs_from_said"] == 1


def test_order_diagnostics_of_a_judge_that_always_says_first() -> None:
    rows = [row for position in range(10) for row in pair(position, "A", "A")]
    facts = metrics_of(SUITE, rows, 20)["orders"]["readout"]
    assert facts["first_shown_percent"] == 100.0
    assert (facts["consistent_pairs"], facts["consistency_percent"]) == (0, 0.0)
    facts = metrics_of(SUITE, pair(0, None, "tie"), 2)["orders"]["readout"]
    assert (facts["ties"], facts["nothing"], facts["consistency_percent"]) == (1, 1, None)


def test_unfinished_pairs_are_left_out_and_counted() -> None:
    metrics = metrics_of(SUITE, [*pair(0, "A", "B"), prediction(1, "BA", gold="B", outcome="A")], 4)
    assert metrics["official"]["judgebench.overall"] == 100.0
    assert metrics["complete"] is False
    assert metrics["counts"]["unfinished_samples"] == 1


def test_nothing_at_all() -> None:
    metrics = metrics_of(SUITE, [], 4)
    assert set(metrics["headline"].values()) == {None}
    assert "no sample finished; 0 of 4 judgments" in sentence(metrics)


def test_the_order_of_predictions_does_not_matter() -> None:
    choice = random.Random(5)
    rows = [
        row
        for position in range(60)
        for row in pair(position, choice.choice(["A", "B", "tie", None]), choice.choice(["A", "B"]))
    ]
    wanted = json.dumps(metrics_of(SUITE, rows, 120))
    for _ in range(5):
        choice.shuffle(rows)
        assert json.dumps(metrics_of(SUITE, iter(rows), 120)) == wanted


def test_invalid_judgments_by_owner_and_usage() -> None:
    rows = pair(0, "A", None)
    rows[1] = prediction(0, "BA", gold="B", outcome=None, valid=False, error="x", error_owner="endpoint")
    metrics = metrics_of(SUITE, rows, 2)
    assert metrics["counts"]["invalid_by_owner"] == {"endpoint": 1}
    assert metrics["usage"]["prompt_tokens"] == 20
    run = {"identity": {"suite": "judgebench", "skill": None, "delivery": "direct", "model": "m"}}
    text = summary_text(metrics, run)
    span = "100.00* (20.65 to 100.00)"
    assert f"| judgebench.overall | {span} | {span} | 50% | 1 |" in text
    assert "* More than 5% of the judgments behind the number" in text
    assert "endpoint 1" in text


def test_wilson_against_scipy() -> None:
    for hits, of in ((0, 7), (7, 7), (3, 10), (230, 350), (1, 100_000)):
        expected = binomtest(hits, of).proportion_ci(0.95, "wilson")
        assert wilson(hits, of) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert wilson(0, 0) == (0.0, 1.0)


def decided(row: dict[str, Any], position: int, decisions: list[str]) -> list[Prediction]:
    """Predictions from recorded decisions; the second is for the swapped order, as shown."""
    gold = row["label"][0]
    group = "mmlu-pro" if row["source"].startswith("mmlu-pro") else row["source"]
    flipped = {"A": "B", "B": "A"}
    said = [{"A": "A", "B": "B"}.get(text[0]) if text in ("A>B", "B>A") else "tie" for text in decisions]
    return [
        prediction(position, "AB", gold=gold, outcome=said[0], group=group),
        prediction(position, "BA", gold=flipped[gold], outcome=said[1], group=group),
    ]


def test_a_real_reward_models_decisions_give_its_official_score() -> None:
    lines = real("decisions_skywork-gemma-27b.jsonl").read_text("utf-8").splitlines()
    rows = []
    for position, line in enumerate(lines):
        row = json.loads(line)
        rows += decided(row, position, row["decisions_raw_unflipped"])
    official = metrics_of(SUITE, rows, 700)["official"]
    assert {name: round(value, 2) for name, value in official.items()} == {
        "judgebench.overall": 64.29,
        "judgebench.mmlu-pro": 59.74,
        "judgebench.livebench-reasoning": 66.33,
        "judgebench.livebench-math": 83.93,
        "judgebench.livecodebench": 50.0,
    }


def test_a_real_judges_decisions_give_its_official_score() -> None:
    lines = real("outputs_o1-mini_arena_hard.jsonl").read_text("utf-8").splitlines()
    rows = []
    for position, line in enumerate(lines):
        row = json.loads(line)
        rows += decided(row, position, [one["decision"] for one in row["judgments"]])
    official = metrics_of(SUITE, rows, 700)["official"]
    assert [round(value, 2) for value in official.values()] == [65.71, 58.44, 62.24, 82.14, 78.57]
