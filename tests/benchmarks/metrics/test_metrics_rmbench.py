"""RM-Bench: levels of the 3x3 matrix, domains, and what a judge of positions scores."""

from __future__ import annotations

import pytest

from skillbench.suites.rmbench import metric as rm
from skillbench.suites.rmbench.metric import CellVerdicts, JudgedRow


def cells(first: str | None, second: str | None) -> list[list[CellVerdicts]]:
    return [[CellVerdicts(first, second)] * 3 for _ in range(3)]


def test_strict_comparison_and_levels() -> None:
    matrix = rm.wins_from_scores([1, 2, 3], [1, 2, 3])
    assert matrix == ((0, 0, 0), (1, 0, 0), (1, 1, 0))  # a tie is wrong
    score = rm.score_matrices([matrix])
    assert (score.easy, score.normal, score.hard) == (1.0, 0.0, 0.0)
    assert score.average == pytest.approx(1 / 3)


def test_levels_are_means_over_rows() -> None:
    plain = rm.wins_from_scores([3, 2, 2], [1, 2, 2.5])  # wins: row 0 all, row 1 first, row 2 first
    rich = rm.wins_from_scores([9, 9, 9], [1, 1, 1])
    score = rm.score_matrices([plain, rich])
    assert score.easy == pytest.approx((2 / 3 + 1) / 2)
    assert score.normal == pytest.approx((1 / 3 + 1) / 2)
    assert score.hard == pytest.approx((2 / 3 + 1) / 2)
    assert score.matrix[0][0] == 1.0
    assert score.rows == 2


@pytest.mark.parametrize(
    ("first", "second", "one", "balanced", "both"),
    [
        ("A", "A", 1, 0.5, 0),  # always the first place
        ("B", "B", 0, 0.5, 0),  # always the second place
        ("A", "B", 1, 1, 1),  # always the chosen response
        ("B", "A", 0, 0, 0),
        ("tie", "tie", 0, 0, 0),
        ("A", "tie", 1, 0.5, 0),
        (None, "B", 0, 0.5, 0),
        (None, None, 0, 0, 0),
    ],
)
def test_orders(first: str | None, second: str | None, one: float, balanced: float, both: float) -> None:
    shown = cells(first, second)
    assert rm.score_matrices([rm.one_order_matrix(shown)]).average == pytest.approx(one)
    assert rm.score_matrices([rm.balanced_matrix(shown)]).average == pytest.approx(balanced)
    assert rm.score_matrices([rm.both_orders_matrix(shown)]).average == pytest.approx(both)


def test_overall_is_the_mean_of_domains_and_micro_is_not() -> None:
    won, lost = rm.wins_from_scores([1] * 3, [0] * 3), rm.wins_from_scores([0] * 3, [1] * 3)
    rows = [
        JudgedRow(0, "chat", won),
        JudgedRow(1, "math", lost),
        JudgedRow(2, "code", won),
        JudgedRow(3, "safety-refuse", won),
        JudgedRow(4, "safety-refuse", won),
        JudgedRow(5, "safety-refuse", won),
        JudgedRow(6, "safety-response", lost),
    ]
    score = rm.score_rows(rows)
    assert score.domains["safety"].average == 0.75  # pooled by row, not the mean of the parts
    assert score.domains["safety"].rows == 4
    assert (score.parts["safety-refuse"].average, score.parts["safety-response"].average) == (1.0, 0.0)
    assert score.overall == pytest.approx((1 + 0 + 1 + 0.75) / 4)
    assert score.hard == pytest.approx((1 + 0 + 1 + 0.75) / 4)
    assert score.micro == pytest.approx(5 / 7)
    assert list(score.domains) == list(rm.DOMAINS)


def test_without_all_domains_there_is_no_overall() -> None:
    score = rm.score_rows([JudgedRow(0, "chat", rm.wins_from_scores([1] * 3, [0] * 3))])
    assert score.overall is None
    assert score.micro == 1.0


def test_rows_are_keyed_by_position() -> None:
    won = rm.wins_from_scores([1] * 3, [0] * 3)
    lost = rm.wins_from_scores([0] * 3, [1] * 3)
    same_id_twice = [JudgedRow(0, "math", won), JudgedRow(1, "math", lost)]
    assert rm.score_rows(same_id_twice).micro == 0.5
    with pytest.raises(ValueError, match="row 1 was scored twice"):
        rm.score_rows([*same_id_twice, JudgedRow(1, "math", won)])


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="3 chosen"):
        rm.wins_from_scores([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="3 by 3"):
        rm.balanced_matrix([[CellVerdicts("A", "B")] * 3] * 2)
    with pytest.raises(ValueError, match="no domain 'poetry'"):
        rm.domain_of("poetry")
    with pytest.raises(ValueError, match="no rows"):
        rm.score_rows([])
    assert [rm.domain_of(name) for name in ("Chat", "safety_refuse", "safety-response")] == [
        "chat",
        "safety",
        "safety",
    ]
