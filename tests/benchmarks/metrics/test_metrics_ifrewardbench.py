"""IF-RewardBench: Elo, preference graphs, Chinese verdict blocks, the official numbers of 15 real rows."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skillbench.suites.ifrewardbench import constraints, groups
from skillbench.suites.ifrewardbench import metric as overall

DATA = Path(__file__).parents[3] / "../shared/data/if_rewardbench"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real rows in ../shared/data are not here")


@pytest.mark.parametrize(
    ("text", "preference"),
    [
        ("[[A]]", "A"),
        ("thus [[B]]. [[B]]", "B"),
        ("[[A]] or [[B]]", None),
        ("neither", None),
        ("[A]", None),
        ("[[C]]", None),
    ],
)
def test_preferences(text: str, preference: str | None) -> None:
    assert overall.read_preference(text) == preference


def test_each_pair_is_shown_once_in_the_official_order() -> None:
    positions = {"0_1": 1, "0_2": 0, "1_2": 1}
    assert list(overall.shown_pairs(3, positions)) == [(0, 2), (1, 0), (2, 1)]
    said = {(0, 2): "A", (1, 0): "B", (2, 1): None}
    assert overall.comparisons_of(3, positions, said) == [(2, 0), (1, 0)]
    with pytest.raises(ValueError, match="position of 0_2"):
        list(overall.shown_pairs(3, {"0_1": 1}))
    with pytest.raises(KeyError):
        overall.comparisons_of(3, positions, {})


def test_elo_of_two_responses_follows_the_falling_factor() -> None:
    # Two responses and one game: the ratings stay symmetric, so that their gap has its own recursion.
    gap = 0.0
    for epoch in range(100):
        factor = 32.0 if epoch <= 20 else max(1.0, 32 * (100 - epoch) / 80)
        gap += 2 * factor / (1 + 10 ** (gap / 400))
    low, high = overall.elo_ratings(2, [(0, 1)], random.Random(42))
    assert high - low == pytest.approx(gap, rel=1e-12)
    assert high + low == pytest.approx(2400)


def test_elo_depends_on_the_order_of_prompts_and_edges_do_not() -> None:
    cycle = ((0, 1), (1, 2), (2, 0), (3, 1), (0, 3))
    one, two = random.Random(42), random.Random(42)
    first = overall.elo_ratings(4, cycle, one)
    assert first != overall.elo_ratings(4, cycle, one)  # the stream goes on
    assert first == overall.elo_ratings(4, cycle, two)
    assert overall.elo_ratings(4, [], one) == [1200.0] * 4


@pytest.mark.parametrize(
    ("scores", "accuracy", "kendall"),
    [
        ([3, 2, 1], 1.0, 1.0),
        ([1, 2, 3], 0.0, -1.0),
        ([1, 1, 1], 0.0, 0.0),
        ([2, 1, 1], 2 / 3, 2 / 6**0.5),  # C = 2, T = 1: 2 / sqrt(2 * 3)
    ],
)
def test_ranking_of_edges(scores: list[float], accuracy: float, kendall: float) -> None:
    found = overall.rank_edges([(0, 1), (1, 2), (0, 2)], scores)
    assert found.accuracy == pytest.approx(accuracy)
    assert found.kendall == pytest.approx(kendall)
    assert overall.rank_edges([], scores) == overall.Ranking(0.0, 0.0)


def test_overall_averages_instruction_types_not_prompts() -> None:
    def prompt(kind: str, *, right: bool) -> overall.OverallPrompt:
        return overall.OverallPrompt(kind, 2, ((1, 0) if right else (0, 1),), ((0, 1),), undecided=1)

    score = overall.score_overall(
        [prompt("Single_Turn", right=True)] * 3
        + [prompt("Multi_Turn", right=False), prompt("System_Prompt", right=False)]
    )
    assert score.accuracy == pytest.approx(1 / 3)
    assert score.kendall == pytest.approx(-1 / 3)
    assert score.undecided == 5
    assert [found.accuracy for found in score.prompts] == [1, 1, 1, 0, 0]
    with pytest.raises(ValueError, match="Single_Turn"):
        overall.score_overall([prompt("Essay", right=True)])


def block(number: int, conclusion: str, end: int | None = None) -> str:
    last = number if end is None else end
    return f"[检查项{number}-开始]\n要求：r\n分析：a\n结论：{conclusion}\n[检查项{last}-结束]"


YES, NO = "[[人工智能助手的回复满足了该要求]]", "[[人工智能助手的回复没有满足该要求]]"


@pytest.mark.parametrize(
    ("conclusion", "verdict"),
    [
        (YES, 1),
        (NO, 0),
        ("[[满足该要求]]", 1),
        ("人工智能助手的回复满足了该要求", 1),
        ("[[没有满足该要求]]", 0),
        ("unclear", 0),
        ("", 0),
        (f"{YES}</think> {NO}", 0),
    ],
)
def test_verdicts(conclusion: str, verdict: int) -> None:
    assert constraints.read_verdict(conclusion) == verdict


@pytest.mark.parametrize(
    ("critique", "items", "labels", "padded"),
    [
        ("\n".join([block(1, YES), block(2, NO)]), 2, (1, 0), 0),
        (block(1, NO), 3, (0, 1, 1), 2),  # missing ones are padded with 1
        ("\n".join([block(1, NO), block(2, NO)]), 1, (0,), 0),  # superfluous ones are cut
        ("thinking " + block(1, NO) + " the end", 1, (0,), 0),
        (block(1, NO, end=2), 1, (1,), 1),  # marks of different items
        (block(1, NO) + "\n[检查项2-开始]", 2, (1, 1), 2),  # one mark too many: nothing counts
        ("the block begins with [检查项1-开始]\n" + block(1, NO), 1, (1,), 1),
        (block(1, NO).replace("分析：", "分析:"), 1, (1,), 1),
        (block(1, NO).replace("-开始]\n", "-开始]  \n\n"), 1, (0,), 0),
        (block(1, f"because\n\n{NO}\n"), 1, (0,), 0),
        ("", 2, (1, 1), 2),
        (None, 1, (1,), 1),
    ],
)
def test_labels_of_a_critique(critique: str | None, items: int, labels: tuple[int, ...], padded: int) -> None:
    assert constraints.read_labels(critique, items) == constraints.AnswerLabels(labels, padded)


def test_hostile_critiques_are_read_in_linear_time() -> None:
    # A pattern with lazy gaps would go through all ways to place the lines.
    for text in (
        "[检查项1-开始]\n要求：" * 20_000,
        "[检查项1-开始]\n要求：" + "\n分析：\n结论：" * 50_000,
        "\n" * 200_000,
    ):
        assert constraints.conclusions(text) == []


def test_f1_and_matthews() -> None:
    read, gold = (1, 1, 1, 0, 0, 1), (1, 1, 0, 0, 1, 1)
    found = constraints.label_f1(read, gold)
    assert found.positive == pytest.approx(0.75)  # precision 3/4, recall 3/4
    assert found.negative == pytest.approx(0.5)
    assert constraints.matthews(read, gold) == pytest.approx(0.25)
    assert constraints.label_f1((1, 1), (1, 1)) == constraints.LabelF1(1.0, 0.0)  # none violated: 0, not 1
    assert constraints.label_f1((), ()) == constraints.LabelF1(0.0, 0.0)
    assert constraints.matthews((1, 1), (0, 1)) == 0.0
    with pytest.raises(ValueError, match="1 labels for 2"):
        constraints.label_f1((1,), (1, 0))


def test_constraint_score_counts_padding_and_edges_once() -> None:
    prompt = constraints.ConstraintPrompt(
        "Multi_Turn",
        {0: constraints.read_labels(block(1, YES), 2), 1: constraints.read_labels(None, 2)},
        {0: (1, 1), 1: (0, 1)},
        ((0, 1), (0, 1)),
    )
    score = constraints.score_constraints([prompt])
    assert (score.items, score.padded, score.answers, score.unreadable) == (4, 3, 2, 1)
    assert score.overall.ranking == overall.Ranking(0.0, 0.0)  # both are all 1 after padding: a tie
    assert score.overall.labels.positive == pytest.approx(6 / 7)
    with pytest.raises(ValueError, match="Single_Turn"):
        constraints.score_constraints([])


def test_groups_of_prompts() -> None:
    assert [groups.checklist_size(items) for items in (1, 3, 4, 5, 6, 7, 20)] == [
        "<=3",
        "<=3",
        "4",
        "5",
        "6",
        ">=7",
        ">=7",
    ]
    assert groups.turn(["user"]) == "1"
    assert groups.turn(["system", "user", "assistant", "user"]) == "2"
    assert groups.turn(["user", "assistant"] * 8 + ["user"]) == "5"
    assert groups.model_size("GPT-5") == "API"
    assert groups.model_size("Someone-1B") == "Unknown"


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DATA / "QwQ-32B.json").read_text(encoding="utf-8"))
    return found


def edges(row: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    return tuple(
        (edge["chosen"]["response_id"], edge["rejected"]["response_id"]) for edge in row["preference_graph"]
    )


def constraint_prompt(row: dict[str, Any]) -> constraints.ConstraintPrompt:
    return constraints.ConstraintPrompt(
        row["instruction_type"],
        {
            a["response_id"]: constraints.read_labels(a["critique"], len(a["labels"]))
            for a in row["responses"]
        },
        {a["response_id"]: tuple(a["labels"]) for a in row["responses"]},
        edges(row),
    )


def as_official(score: constraints.PromptScore) -> dict[str, dict[str, float]]:
    return {
        "verification": {"Positive F1": score.labels.positive, "Negative F1": score.labels.negative},
        "ranking": {"Accuracy": score.ranking.accuracy, "Kendall Taub": score.ranking.kendall},
    }


@needs_data
def test_constraint_metrics_of_real_rows_equal_the_official_ones() -> None:
    official = json.loads((DATA / "official_constraint_metrics_QwQ-32B.json").read_text(encoding="utf-8"))
    real = rows()
    score = constraints.score_constraints(map(constraint_prompt, real))
    assert as_official(score.overall) == official["Overall"]
    assert (score.items, score.padded, score.answers, score.unreadable) == (619, 27, 108, 4)
    keys = {
        "metrics_per_instruction_type": [row["instruction_type"] for row in real],
        "metrics_per_model_type": [groups.model_size(row["response_generation_model"]) for row in real],
        "metrics_per_turn": [groups.turn([message["role"] for message in row["messages"]]) for row in real],
        "metrics_per_constraint_count": [groups.checklist_size(len(row["checklist"])) for row in real],
    }
    for name, of_prompts in keys.items():
        found = groups.score_groups(of_prompts, score.prompts)
        assert {key: as_official(value) for key, value in found.items()} == official[name]


def kinds(real: list[dict[str, Any]], field: str) -> Iterator[tuple[str, int, int]]:
    """Every item's labels once for each of its kinds; an item's kinds are the same in all rows."""
    of_item = {item["item"].strip(): item[field] for row in real for item in row["constraint_type"]}
    for row in real:
        prompt = constraint_prompt(row)
        for ident, gold in prompt.gold.items():
            for item, read, right in zip(row["checklist"], prompt.read[ident].labels, gold, strict=True):
                for kind in of_item[item.strip()]:
                    yield kind, read, right


@needs_data
@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("constraint_categories", "metrics_per_constraint_category"),
        ("constraint_composition_types", "metrics_per_constraint_composition_type"),
    ],
)
def test_kinds_of_constraints_of_real_rows_equal_the_official_ones(field: str, name: str) -> None:
    official = json.loads((DATA / "official_constraint_metrics_QwQ-32B.json").read_text(encoding="utf-8"))
    found = {
        kind: {
            "metrics": {"Positive F1": score.labels.positive, "Negative F1": score.labels.negative},
            "MCC": score.mcc,
            "label_distribution": {
                "0": score.violated,
                "1": score.items - score.violated,
                "ratio": score.violated / score.items,
            },
        }
        for kind, score in groups.score_kinds(kinds(rows(), field)).items()
    }
    assert found == official[name]


@needs_data
def test_elo_over_real_position_maps_equals_the_official_script() -> None:
    # Preferences are drawn from a digest of each pair; the two numbers come from running the official
    # analysis on them: 42 as the seed, one stream over the 15 prompts in file order.
    maps = json.loads((DATA / "position_maps.json").read_text(encoding="utf-8"))
    prompts = []
    for row in rows():
        count, positions = len(row["responses"]), maps[str(row["id"])]
        said = {
            (one, two): ("A", "B", None)[hashlib.sha256(f"{row['id']} {one} {two}".encode()).digest()[0] % 3]
            for one, two in overall.shown_pairs(count, positions)
        }
        comparisons = overall.comparisons_of(count, positions, said)
        prompts.append(
            overall.OverallPrompt(
                row["instruction_type"], count, tuple(comparisons), edges(row), len(said) - len(comparisons)
            )
        )
    score = overall.score_overall(prompts)
    assert (score.accuracy, score.kendall) == (0.39453703703703696, -0.21092592592592593)
