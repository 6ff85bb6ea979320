"""JETTS: the knockout's walk, its checkpoints, and the references."""

from __future__ import annotations

import pytest

from skillbench.suites.jetts.metric import (
    CHECKPOINTS,
    BestOfN,
    Knockout,
    gsm8k_answer,
    majority_choice,
    references,
    score_choices,
    seeded_order,
)


def play(walk: Knockout, scores: list[float]) -> None:
    """Let a judge who knows the scores decide all matches; equal scores are a tie."""
    while (match := walk.next_match()) is not None:
        one, two = scores[match.first], scores[match.second]
        walk.tell("A" if one > two else "B" if two > one else "tie")


def test_a_perfect_judge_reaches_the_oracle_at_every_checkpoint() -> None:
    scores = [0.1, 0.9, 0.3, 0.5, 0.2, 0.8, 0.7, 0.4, 0.6, 1.0]
    walk = Knockout("gsm8k_model 3", len(scores), seed=5)
    play(walk, scores)
    assert walk.finished
    assert walk.next_match() is None
    oracle = references(scores, walk.order).oracle
    assert {k: scores[choice] for k, choice in walk.choices().items()} == dict(oracle)
    assert oracle[10] == 1.0
    assert walk.choices()[1] == walk.order[0]


def test_order_and_sides_are_seeded_and_at_most_ten_candidates_play() -> None:
    assert seeded_order("a", 12) == seeded_order("a", 12)
    assert len(seeded_order("a", 12)) == 10
    assert seeded_order("a", 10) != seeded_order("b", 10)
    assert seeded_order("a", 10) != seeded_order("a", 10, seed=1)
    assert sorted(seeded_order("a", 7)) == list(range(7))
    champion_first = 0
    for number in range(200):
        match = Knockout(f"row {number}", 2).next_match()
        assert match is not None
        champion_first += match.first == match.champion
    assert 70 < champion_first < 130


def test_without_a_winner_the_champion_stays() -> None:
    for answer in (None, "tie", "nonsense"):
        walk = Knockout("x", 4)
        while not walk.finished:
            walk.tell(answer)
        assert set(walk.champions) == {walk.order[0]}
        assert len(walk.champions) == 4


def test_a_judge_of_positions_does_not_prefer_the_champion() -> None:
    changes = 0
    for number in range(100):
        walk = Knockout(f"row {number}", 10)
        while not walk.finished:
            before = walk.champions[-1]
            changes += walk.tell("A") != before
    assert 390 < changes < 510  # of 900 matches


def test_fewer_candidates_than_a_checkpoint() -> None:
    walk = Knockout("x", 3)
    play(walk, [0, 1, 2])
    assert walk.choices()[10] == walk.choices()[4] == 2
    alone = Knockout("x", 1)
    assert alone.finished
    assert alone.choices() == dict.fromkeys(CHECKPOINTS, 0)


def test_misuse_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one candidate"):
        Knockout("x", 0)
    with pytest.raises(ValueError, match="finished"):
        Knockout("x", 1).tell("A")
    with pytest.raises(ValueError, match="only 1 of 3"):
        Knockout("x", 3).choices()
    assert Knockout("x", 3).choices((1,)) == {1: Knockout("x", 3).order[0]}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("She pays 18 dollars.\n#### 18", "18"),
        (r"so $\boxed{1,200}$ and 7 remain", "1200"),
        ("The answer is $1,200.50. Checked twice in 3 ways.", "1200.5"),
        ("The final answer is: **42**.", "42"),
        ("3 apples and 4 pears make 7.00 fruits", "7"),
        ("The temperature falls to -5", "-5"),
        ("It rises from 10-12", "12"),
        ("#### none\nbut 3 of 8", "8"),
        ("about .50 dollars", "0.5"),
        ("-0", "0"),
        ("I do not know", None),
        ("", None),
    ],
)
def test_gsm8k_answers(text: str, answer: str | None) -> None:
    assert gsm8k_answer(text) == answer


def test_majority_takes_the_first_of_the_most_frequent() -> None:
    assert majority_choice(["3", "4", "4", None, "3"]) == 0
    assert majority_choice([None, "4", "3", "3"]) == 2
    assert majority_choice([None, None]) is None


def test_references() -> None:
    scores = [0.0, 1.0, 1.0, 0.0]
    found = references(scores, (3, 1, 0, 2), ["8", "5", "5", None], (1, 2, 4, 10))
    assert found.pass_at_1 == 0.5
    assert found.random == {1: 0.0, 2: 0.5, 4: 0.5, 10: 0.5}
    assert found.oracle == {1: 0.0, 2: 1.0, 4: 1.0, 10: 1.0}
    assert found.majority == {1: 0.0, 2: 1.0, 4: 1.0, 10: 1.0}
    assert references(scores, (0, 1, 2, 3)).majority is None
    with pytest.raises(ValueError, match="3 answers for 4"):
        references(scores, (0, 1, 2, 3), ["1"] * 3)
    with pytest.raises(ValueError, match="at least one"):
        references([], ())


def test_means_over_queries() -> None:
    points = (1, 2)
    first = BestOfN({1: 0, 2: 1}, (0.0, 1.0), references((0.0, 1.0), (0, 1), ["1", "2"], points))
    second = BestOfN({1: 0, 2: 0}, (1.0, 0.0), references((1.0, 0.0), (0, 1), ["3", "2"], points))
    score = score_choices([first, second], points)
    assert score.judge == {1: 0.5, 2: 1.0}
    assert (score.pass_at_1, score.random, score.oracle) == (0.5, {1: 0.5, 2: 0.5}, {1: 0.5, 2: 1.0})
    assert score.majority == {1: 0.5, 2: 0.5}
    assert score.queries == 2
    with pytest.raises(ValueError, match="no queries"):
        score_choices([])
