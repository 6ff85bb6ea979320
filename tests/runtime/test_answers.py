import pytest

from skillrt.endpoints.answers.thinking import strip_thinking
from skillrt.judging.answers import label_pattern, read_answer
from skillspec.records import (
    Accept,
    ChecklistAnswer,
    ChoiceAnswer,
    Label,
    Outcome,
    ScaleAnswer,
    ScoreAnswer,
    Task,
)


def task(answer, accept) -> Task:
    return Task(
        format=1, id="t", fields=(), answer=answer, accept=accept, system=None, user="0" * 20,
        closing_text=None, closing_tools=None, sources={}, digest="0" * 64,
    )  # fmt: skip


CHOICE = ChoiceAnswer(
    of="responses",
    labels=(Label(label="A", shown="Output (a)"), Label(label="B", shown="Output (b)")),
    outcomes={"A": Outcome(winner="A"), "B": Outcome(winner="B")},
)
OUTPUT = {"pattern": r"Output \((?P<label>a|b)\)", "ignore_case": True, "labels": {"a": "A", "b": "B"}}


@pytest.mark.parametrize(
    ("mode", "text", "expected"),
    [
        ("only", "Output (a)", "A"),
        ("only", "output (B) it is", "B"),
        ("only", "Output (a), again Output (a)", "A"),
        ("only", "Output (a) beats Output (b)", None),
        ("only", "neither", None),
        ("only", "", None),
        ("last", "Output (a) beats Output (b)? No: Output (a)", "A"),
        ("last", "Output (a) or Output (b)", "B"),
        ("trailing", "I say Output (b)  \n", "B"),
        ("trailing", "Output (b), because", None),
    ],
)
def test_choice(mode: str, text: str, expected: str | None) -> None:
    assert read_answer(task(CHOICE, Accept(mode=mode, **OUTPUT)), text) == expected


def test_thinking_is_never_the_answer() -> None:
    only = task(CHOICE, Accept(mode="only", **OUTPUT))
    assert read_answer(only, "<think>Output (a)? hm</think>Output (b)") == "B"
    assert read_answer(only, "<think>Output (a), surely, but let me see") is None
    assert strip_thinking("plain") == "plain"


SCALE = ScaleAnswer(
    labels=tuple(Label(label=text, shown=text) for text in ("A>>B", "A>B", "A=B", "B>A", "B>>A")),
    outcomes={"A>B": Outcome(winner="A")},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("A>>B", "A>>B"), ("verdict: A>B", "A>B"), ("B>>A.", "B>>A"), ("AA>BB", None), ("A=B and A>B", None)],
)
def test_scale_labels_are_whole_and_longest_first(text: str, expected: str | None) -> None:
    assert read_answer(task(SCALE, Accept(mode="only")), text) == expected


def test_labels_are_literal() -> None:
    assert label_pattern(("A", "A+")).startswith("(?P<label>")
    plus = ChoiceAnswer(
        of=None, labels=(Label(label="A+", shown="A+"),), outcomes={"A+": Outcome(winner="A")}
    )
    assert read_answer(task(plus, Accept(mode="only")), "an A+ for it") == "A+"
    assert read_answer(task(plus, Accept(mode="only")), "AAA") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fine, 7", 7),
        ("7", 7),
        ("10", 10),
        ("11", None),
        ("0", None),
        ("7.", None),
        ("7 points", None),
        ("", None),
    ],
)
def test_score_trailing(text: str, expected: int | None) -> None:
    score = ScoreAnswer(minimum=1, maximum=10, integer=True)
    accept = Accept(mode="trailing", pattern=r"\b(?P<score>\d+)\s*$")
    assert read_answer(task(score, accept), text) == expected


def test_score_takes_the_bounds_in() -> None:
    real = ScoreAnswer(minimum=0, maximum=1, integer=False)
    assert read_answer(task(real, Accept(mode="last")), "0.2, no, 1.0") == 1.0
    assert read_answer(task(real, Accept(mode="last")), "1.01") is None


BLOCKS = ChecklistAnswer(over="checklist", satisfied="[[yes]]", failed="[[no]]")
BLOCK = r"(?s)<item (?P<item>\d+)>.*?(?P<label>\[\[[a-z]+\]\])"


def test_blocks_one_verdict_an_item() -> None:
    blocks = task(BLOCKS, Accept(mode="blocks", pattern=BLOCK))
    text = "<item 1> fine [[yes]] <item 3> bad [[no]] <item 2> [[maybe]]"
    assert read_answer(blocks, text, 4) == ["satisfied", None, "failed", None]
    assert read_answer(blocks, "<item 1>[[yes]] <item 1>[[no]]", 1) == [None]
    assert read_answer(blocks, "no blocks at all", 2) is None


def test_hostile_text_stays_linear() -> None:
    blocks = task(BLOCKS, Accept(mode="blocks", pattern=r"(?s)(<item (?P<item>\d+)>.*)*(?P<label>\[\[x\]\])"))
    assert read_answer(blocks, "<item 1>" * 3000, 1) is None
