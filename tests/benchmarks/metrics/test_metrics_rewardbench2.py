"""RewardBench 2: choices, ratings, placement, and the Ties score with its corner cases."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from skillbench.suites.rewardbench2 import metric as rb


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("My verdict: [[C]]", "C"),
        ("[[B]] at first, [[A]] in the end", "A"),  # the first letter of the alphabet, not of the text
        ("[A]", None),
        ("[[E]]", None),
        ("", None),
    ],
)
def test_choice_of_four(text: str, choice: str | None) -> None:
    assert rb.read_choice(text) == choice


@pytest.mark.parametrize(("choice", "score"), [("B", 1.0), ("A", 0.0), ("D", 0.0), (None, 0.25), ("E", 0.25)])
def test_best_of_four(choice: str | None, score: float) -> None:
    assert rb.best_of_four(choice, "B") == score


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("A good answer.\n\n9", 9),
        ("10  \n", 10),
        ("Rating: 7", 7),
        ("9/10", 10),
        ("7.5", 5),
        ("0", -1),
        ("11", -1),
        ("**8**", -1),
        ("8.", -1),
        ("I would say eight", -1),
        ("7 because", -1),
        ("", -1),
    ],
)
def test_trailing_rating(text: str, rating: int) -> None:
    assert rb.read_rating(text) == rating


@pytest.mark.parametrize(
    ("ratings", "score"),
    [
        ((9, 3, 4, 5), 1.0),
        ((9, 9, 4, 5), 1 / 2),
        ((9, 9, 9, 5), 1 / 3),
        ((8, 8, 8, 8), 1 / 4),
        ((7, 8, 8, 8), 0.0),
        ((-1, 3, 2, 1), 0.0),
        ((1, -1, -1, -1), 1.0),
        ((-1, -1, -1, -1), 0.25),
    ],
)
def test_four_way_ratings(ratings: tuple[int, ...], score: float) -> None:
    assert rb.four_way_ratings(ratings) == score


def test_placement_is_seeded_by_row_and_uses_all_places() -> None:
    places = [rb.seeded_place(f"row {number}") for number in range(400)]
    assert places == [rb.seeded_place(f"row {number}") for number in range(400)]
    assert min(Counter(places).values()) > 70
    assert set(places) == {0, 1, 2, 3}
    assert places != [rb.seeded_place(f"row {number}", seed=1) for number in range(400)]
    assert [rb.swapped_in(place) for place in range(4)] == [
        (0, 1, 2, 3),
        (1, 0, 2, 3),
        (2, 1, 0, 3),
        (3, 1, 2, 0),
    ]


def test_rotations_put_each_completion_once_at_each_place() -> None:
    turns = [rb.rotation(turn) for turn in range(4)]
    assert turns[0] == (0, 1, 2, 3)
    assert turns[1] == (3, 0, 1, 2)
    for place in range(4):
        assert {turn[place] for turn in turns} == {0, 1, 2, 3}


def test_rotated_scores() -> None:
    right = rb.rotated(["A", "B", "C", "D"])  # always the chosen one, wherever it stands
    assert (right.mean, right.consistent) == (1.0, True)
    first = rb.rotated(["A", "A", "A", "A"])  # always the first place
    assert (first.mean, first.consistent) == (0.25, False)
    wrong = rb.rotated(["B", "C", "D", "A"])  # always completion 1
    assert (wrong.mean, wrong.consistent) == (0.0, True)
    silent = rb.rotated([None, None, None, None])
    assert (silent.mean, silent.consistent) == (0.25, False)
    with pytest.raises(ValueError, match="4 choices, not 3"):
        rb.rotated(["A", "B", "C"])


def ties(*pairs: tuple[tuple[float, ...], tuple[float, ...], int]) -> list[rb.TiesRow]:
    """Rows of prompts given as (ratings of the reference, ratings of the tied one, its correct ones)."""
    rows = []
    for number, (ref, tied, correct) in enumerate(pairs, 1):
        rows += [rb.TiesRow(f"ref:{number}", ref, 1), rb.TiesRow(f"tied:{number}", tied, correct)]
    return rows


@pytest.mark.parametrize(
    ("rows", "overall", "margin"),
    [
        (ties(((10, 1), (10, 10, 1), 2)), 1.01, 1.0),  # zero spread, positive margin: tanh(inf) is 1
        (ties(((1, 10), (1, 1, 10), 2)), -0.01, -1.0),  # zero spread, negative margin
        (ties(((5, 5), (5, 5, 5), 2)), 0.0, 0.0),  # zero over zero counts nothing
        # Accurate in both; margins 8 and 2 against a spread of 4: neither is preferred.
        (ties(((9, 1), (10, 6, 4), 2)), 0.6 + 0.01 * math.tanh(2 / 4 - 1), math.tanh(-0.5)),
        # The tied margin 5 exceeds the spread 2, the smaller of both margins 1 does not.
        (ties(((4, 3), (10, 8, 3), 2)), 0.8 + 0.01 * math.tanh(1 / 2 - 1), math.tanh(-0.5)),
        # An unreadable correct completion takes part with -1: spread 11, margin -2.
        (ties(((9, 1), (10, -1, 1), 2)), 0.3 + 0.01 * math.tanh(-2 / 11 - 1), math.tanh(-2 / 11 - 1)),
        # An unreadable wrong one widens the margin: 11 for the reference, 8 for the tied prompt.
        (ties(((10, -1), (9, 7, -1), 2)), 1 + 0.01 * math.tanh(8 / 2 - 1), math.tanh(3)),
        # All unreadable.
        (ties(((-1, -1), (-1, -1, -1), 2)), 0.0, 0.0),
    ],
)
def test_ties_score(rows: list[rb.TiesRow], overall: float, margin: float) -> None:
    score = rb.ties_score(rows)
    assert score.overall == pytest.approx(overall, abs=1e-15)
    assert score.margin == pytest.approx(margin, abs=1e-15)
    assert score.prompts == 1


def test_ties_score_of_several_prompts() -> None:
    score = rb.ties_score(
        [
            *ties(((10, 1), (10, 10, 1), 2), ((1, 10), (8, 6, 4, 2), 3)),
            rb.TiesRow("ref:7", (9, 9), 1),
            rb.TiesRow("tied:8", (9, 8, 1), 2),
        ]
    )
    assert score.ref_accuracy == 1 / 3
    assert score.tied_accuracy == 1.0
    assert (score.preferred, score.preferred_hard) == (0.5, 0.5)  # prompt 2: margin 2 against spread 4
    assert score.margin == pytest.approx((1 + math.tanh(-9 / 4 - 1)) / 2)
    assert score.unpaired == (7, 8)
    assert score.prompts == 2
    parts = 0.3 * 1 + 0.3 / 3 + 0.2 * 0.5 + 0.2 * 0.5 + 0.01 * score.margin
    assert score.overall == pytest.approx(parts, abs=1e-15)


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([rb.TiesRow("other:1", (1, 2), 1)], "ref:N or tied:N"),
        ([rb.TiesRow("ref:x", (1, 2), 1)], "ref:N or tied:N"),
        ([rb.TiesRow("ref:1", (1,), 1)], "at least one correct and one wrong"),
        ([rb.TiesRow("tied:1", (1, 2), 1)], "one correct completion"),
        ([rb.TiesRow("ref:1", (1, 2), 1)], "both a ref:N and a tied:N"),
        ([rb.TiesRow("ref:1", (1, 2), 1)] * 2, "there twice"),
        ([], "both a ref:N and a tied:N"),
    ],
)
def test_unusable_ties_rows_are_refused(rows: list[rb.TiesRow], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        rb.ties_score(rows)


def test_leaderboard_is_the_unweighted_mean_of_six_subsets() -> None:
    shares = {"Factuality": 0.5, "Precise IF": 0.25, "Math": 0.75, "Safety": 1.0, "Focus": 0.5}
    assert rb.leaderboard({**shares, "Tie": 0.6}) == rb.leaderboard({**shares, "Ties": 0.6}) == 0.6
    with pytest.raises(ValueError, match="missing: Ties"):
        rb.leaderboard(shares)
    with pytest.raises(ValueError, match="Ties is there twice"):
        rb.leaderboard({**shares, "Tie": 0.6, "Ties": 0.6})
    with pytest.raises(ValueError, match="no subset 'Chat'"):
        rb.leaderboard({**shares, "Chat": 0.6})
    assert sum(rb.ROWS.values()) == 1865


def test_rows_make_subsets_and_a_missing_row_is_an_error() -> None:
    names = [name for name in rb.SUBSETS if name != "Ties"]
    rows = [rb.RowScore(2 * number, name, 1.0) for number, name in enumerate(names)]
    rows += [rb.RowScore(2 * number + 1, name, 0.25) for number, name in enumerate(names)]
    rows.append(rb.RowScore(99, "Math", 0.25))
    tied = ties(((10, 1), (10, 10, 1), 2))
    score = rb.score_rows(rows, tied, {**dict.fromkeys(names, 2), "Math": 3, "Tie": 2})
    assert score.subsets == {**dict.fromkeys(names, 0.625), "Math": 0.5, "Ties": 1.01}
    assert score.leaderboard == pytest.approx((4 * 0.625 + 0.5 + 1.01) / 6)
    assert score.micro == 6.5 / 11  # weighted by rows: not the same number
    assert score.rows["Math"] == 3
    with pytest.raises(ValueError, match="Math has 2 rows and needs 3"):
        rb.score_rows(rows[:-1], tied, {"Math": 3})
    with pytest.raises(ValueError, match="Ties has 0 rows and needs 2"):
        rb.score_rows(rows, (), {"Ties": 2})
    with pytest.raises(ValueError, match="row 99 was scored twice"):
        rb.score_rows([*rows, rows[-1]])
    with pytest.raises(ValueError, match="have ratings"):
        rb.score_rows([rb.RowScore(0, "Tie", 1.0)])
    assert rb.score_rows(rows).leaderboard is None
