"""JudgeBench's points, tallies and the readers of published judges' texts."""

from __future__ import annotations

import itertools

import pytest

from skillbench.suites.judgebench.metric import JudgedPair, flip, group_of, pair_counts, points, score_pairs
from skillbench.suites.judgebench.published import READERS, decision_from_scores, reader_for


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        ("A>B", "B>A", True),  # right in both orders
        ("A>B", "A=B", True),  # right and tie
        ("A=B", "B>A", True),
        ("A>B", None, True),  # right and nothing
        (None, "B>A", True),
        ("A>B", "A>B", False),  # A by position: right and wrong
        ("B>A", "B>A", False),  # B by position
        ("A=B", "A=B", False),
        (None, None, False),
        (None, "A=B", False),
        ("A=B", "A>B", False),  # tie and wrong
        ("B>A", "A>B", False),  # wrong in both orders
        ("A<B", "B>A", True),  # a label outside the vocabulary is worth nothing, not a vote for B
        ("A<B", "A=B", False),
    ],
)
def test_a_pair_counts_when_its_points_are_positive(
    first: str | None, second: str | None, counts: bool
) -> None:
    assert pair_counts(JudgedPair("g", "A>B", (first, second))) is counts
    mirrored = tuple(None if found is None else flip(found) for found in (first, second))
    assert pair_counts(JudgedPair("g", "B>A", mirrored)) is counts


def test_points_are_the_same_in_both_vocabularies() -> None:
    words = {"A": "A>B", "B": "B>A", "tie": "A=B", None: None}
    for gold, said in itertools.product(("A", "B"), words):
        assert points(gold, said) == points(words[gold] or "", words[said])
    assert (points("A", "A"), points("A", "B"), points("A", "tie"), points("A", None)) == (1, -1, 0, 0)


def test_tally_is_over_all_pairs_and_by_group() -> None:
    score = score_pairs(
        [
            JudgedPair("livecodebench", "A>B", ("A>B", "B>A")),
            JudgedPair("mmlu-pro", "A>B", ("A>B", "A>B")),
            JudgedPair("mmlu-pro", "B>A", ("B>A", None)),
            JudgedPair("zebra", "B>A", ("A>B", "B>A")),
        ]
    )
    assert list(score.groups) == ["mmlu-pro", "livecodebench", "zebra"]
    assert score.overall.percent == 50.0
    assert score.groups["mmlu-pro"].percent == 50.0
    assert score.groups["livecodebench"].both_right == 1
    overall = score.overall
    assert (overall.right, overall.wrong, overall.even) == (2, 1, 1)
    assert (overall.nulls, overall.inconsistent) == (1, 2)
    assert score.orders == 2


def test_a_single_game_counts_exact_matches() -> None:
    score = score_pairs(
        JudgedPair("mmlu-pro", "A>B", (found,)) for found in ("A>B", "A=B", "B>A", None, "A>B", "A<B")
    )
    assert (score.orders, score.overall.right, score.overall.pairs) == (1, 2, 6)


@pytest.mark.parametrize(
    ("pairs", "complaint"),
    [
        ([], "no pairs"),
        ([JudgedPair("g", "A>B", ())], "one or two decisions"),
        ([JudgedPair("g", "A>B", ("A>B",)), JudgedPair("g", "A>B", ("A>B", "A>B"))], "score them apart"),
    ],
)
def test_what_cannot_be_scored_is_refused(pairs: list[JudgedPair], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        score_pairs(pairs)


def test_subjects_of_mmlu_pro_are_one_group() -> None:
    assert group_of("mmlu-pro-computer science") == "mmlu-pro"
    assert group_of("livebench-math") == "livebench-math"


@pytest.mark.parametrize(
    ("judge", "text", "decision"),
    [
        ("arena_hard", "My final verdict is: [[A>>B]]", "A>B"),
        ("arena_hard", "so [[B>>A]] and again [[B>>A]]", "B>A"),
        ("arena_hard", "[[A=B]]", "A=B"),
        ("arena_hard", "first [[A>B]], on reflection [[B>A]]", None),
        ("arena_hard", "first [[A>B]], on reflection [[A>>B]]", None),  # distinct labels, same direction
        ("arena_hard", "[A>B] and [[C>D]]", None),
        ("arena_hard", "", None),
        ("arena_hard", "[[A<B]]", "A<B"),  # read as written, worth nothing
        ("arena_hard", "[[A]]", "A"),
        ("compass_judger", "[[B>A]]", "B>A"),
        ("vanilla", " Output (a)\n", "A>B"),
        ("vanilla", "Output (b)", "B>A"),
        ("vanilla", "I choose Output (b)", None),
        ("panda_lm", "1\n### Reason: because 2", "A>B"),
        ("panda_lm", " 2", "B>A"),
        ("panda_lm", "Tie", "A=B"),
        ("panda_lm", "1.", "A=B"),
        ("judge_lm", "7 8.5\nThe second", "B>A"),
        ("judge_lm", "8,7", "A>B"),
        ("judge_lm", "7 7", "A=B"),
        ("judge_lm", "8, 7", "A=B"),  # the comma becomes a second space: three parts
        ("judge_lm", "eight 7", "A=B"),
        ("auto_j", "... So, the final decision is Response 1. It ...", "A>B"),
        ("auto_j", "the final decision is tie; no, final decision is response 2", "B>A"),
        ("auto_j", "final decision is Tie", "A=B"),
        ("auto_j", "the final decision: Response 1", None),
        ("prometheus_2", "Feedback: ... [RESULT] B", "B>A"),
        ("prometheus_2", "[Result] Response A", "A>B"),
        ("prometheus_2", "text\nResult: b", "B>A"),
        ("prometheus_2", "[RESULT: A]", "A>B"),
        ("prometheus_2", "[Response B]", "B>A"),
        ("prometheus_2", "the result: A", None),
        ("prometheus_2", "[RESULT] Apple", None),
        ("skywork_critic", "[[B]]", "B>A"),
        ("skywork_critic", "[[B]] After all", "A>B"),  # any capital A is a vote, officially
        ("skywork_critic", "neither", None),
    ],
)
def test_texts_are_read_as_the_official_judges_read_them(judge: str, text: str, decision: str | None) -> None:
    assert READERS[judge](text) == decision


def test_readers_by_name_and_scores() -> None:
    assert reader_for("arena_hard_notie") is READERS["arena_hard"]
    assert reader_for("reward_model") is None
    assert decision_from_scores([1.5, 1.0]) == "A>B"
    assert decision_from_scores([1.0, 1.5]) == decision_from_scores([1.0, 1.0]) == "B>A"
