"""What is read out of a response, form by form."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillrt.verifiers.references.extract import letter_of, read_answer, split_list
from skillrt.verifiers.references.forms import (
    Boxed,
    ClosingDigits,
    Form,
    Free,
    Marked,
    NumberList,
    OptionLetter,
    RepeatedLetter,
    Starred,
    Tagged,
)

FIVE = RepeatedLetter(5)
WHOLE = Starred(2, "integer")
YES_NO = Starred(2, "list", 3, frozenset({"yes", "no"}))
WORD = Starred(3, "word")
DIGIT = Starred(3, "digit")
THREE = ClosingDigits(3)

CASES: list[tuple[Form, str, str | None]] = [
    (FIVE, "So BBBBB", "B"),
    (FIVE, "First AAAAA, no: **CCCCC**.", "C"),
    (FIVE, "\\[\\boxed{\\text{DDDDD}}\\]", "D"),
    (FIVE, "_EEEEE_", "E"),
    (FIVE, "four: AAAA", None),
    (FIVE, "six: AAAAAA", None),
    (FIVE, "AAAAABBBBB", None),
    (FIVE, "AAAAAH, I see", None),
    (FIVE, "aaaaa", None),
    (FIVE, "The answer is (A).", None),
    (FIVE, "", None),
    (RepeatedLetter(3), "BBBBB or CCC", "C"),
    (WHOLE, "First **3**, then **4** pieces.", "4"),
    (WHOLE, "It is **4**. I checked **five** cuts and ****.", "4"),
    (WHOLE, "**Answer: 12.**", "12"),
    (WHOLE, "**The final answer is 7**", "7"),
    (WHOLE, "**-3**", "-3"),
    (WHOLE, "**1,024**", "1,024"),
    (WHOLE, "**4 pieces**", None),
    (WHOLE, "**\\(4\\)**", "4"),
    (WHOLE, "**$5$**", "5"),
    (WHOLE, "**\\boxed{6}**", "6"),
    (WHOLE, "**50%**", None),
    (WHOLE, "**1/2**", None),
    (Starred(2, "list"), "**-3, +4**", "-3, +4"),
    (WHOLE, "2 * 3 = 6 * 1", None),
    (WHOLE, "**4", None),
    (WHOLE, "** 4 **", None),
    (WHOLE, "the number is 4", None),
    (WHOLE, "<b>5</b>", "5"),
    (WHOLE, "\\textbf{6}", "6"),
    (WHOLE, "__8__", "8"),
    (YES_NO, "**no, no, yes** hence **yes, no, yes**.", "yes, no, yes"),
    (YES_NO, "**Yes, No, Yes.**", "Yes, No, Yes"),
    (YES_NO, "**yes**, **no**, and **yes**", "yes, no, yes"),
    (YES_NO, "**yes, no**", None),
    (YES_NO, "**yes, maybe, no**", None),
    (YES_NO, "**The gym**: **yes**", None),
    (WORD, "So ***Hiking***.", "Hiking"),
    (WORD, "***police-officer***", "police-officer"),
    (WORD, "***d&b***", "d&b"),
    (WORD, "**Answer: ***tea*****", "tea"),
    (WORD, "***boat.***", "boat"),
    (WORD, "***`blues`***", "blues"),
    (WORD, "**tea**", None),
    (WORD, "***green tea***", None),
    (DIGIT, "***3***", "3"),
    (DIGIT, "**So,***2***\nCorrect.", "2"),
    (DIGIT, "***12***", None),
    (DIGIT, "***X***", None),
    (Boxed(), "\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
    (Boxed(), "\\boxed{1} no, \\boxed{ 2 }.", "2"),
    (Boxed(), "\\fbox{7}", "7"),
    (Boxed(), "\\boxed{\\boxed{5}}", "5"),
    (Boxed(), "\\boxed{1} and \\boxed{2", None),
    (Boxed(), "\\boxed{}", None),
    (Boxed(), "\\boxed{\\{1, 2\\}}", "\\{1, 2\\}"),
    (Boxed(), "x = 3", None),
    (Boxed(), "\\boxed{3}, \\boxed{5} and \\boxed{7}", "3, 5, 7"),
    (Boxed(), "$\\boxed{3}$, $\\boxed{5}$\\text{ and } $\\boxed{7}$.", "3, 5, 7"),
    (Boxed(), "\\boxed{1}\\boxed{2}", "1, 2"),
    (Boxed(), "\\boxed{4}\n\n\\boxed{4}", "4"),
    (Boxed(), "\\boxed{840}. Final answer \\boxed{840}", "840"),
    (Boxed(), "First \\boxed{1}, but really \\boxed{2}", "2"),
    (Boxed(), "So $\\boxed 42$.", "42"),
    (Boxed(), "\\boxed \\frac12$", "\\frac12"),
    (Boxed(), "\\boxed -7.", "-7"),
    (Boxed(), "\\boxedx{3}", None),
    (THREE, "Thus\n\\[\n\\boxed{055}.\n\\]", "055"),
    (THREE, "**972**", "972"),
    (THREE, "the sum is 55", None),
    (THREE, "\\boxed{1225}", None),
    (THREE, "\\boxed{51}", None),
    (THREE, "1,225", None),
    (THREE, "1{,}225", None),
    (THREE, "3.142", None),
    (THREE, "-123", None),
    (THREE, "809 games are lost by Alice", None),
    (THREE, "no number", None),
    (NumberList(), "Reasons 1, 2.\nAnswer: 5, 22,3", "5, 22, 3"),
    (NumberList(), "The order is **4, 1, 2**.", "4, 1, 2"),
    (NumberList(), "\\boxed{2,1}", "2, 1"),
    (NumberList(), "I put 3, 1, 2 there.", "3, 1, 2"),
    (NumberList(), "Answer: 7", "7"),
    (NumberList(), "none", None),
    (Tagged("answer"), "<answer>1</answer> <answer> B </answer>", "B"),
    (Tagged("answer"), "<ANSWER>x</Answer>", "x"),
    (Tagged("answer"), "<answer>x", None),
    (Tagged("answer"), "</answer>x<answer>", None),
    (Marked("####"), "so #### 42\n", "42"),
    (Marked("final answer"), "Final answer: 1\nFinal  Answer:\n\n **2**\n", "2"),
    (Marked("final answer"), "nothing", None),
    (Marked("answer"), "Answer: 42\nThis answer depends on x.", "42"),
    (Marked("answer"), "**Answer**: 42", "42"),
    (Marked("the answer is"), "So the answer is (C).", "(C)."),
    (OptionLetter(), "The answer is (C) since A is wrong.", "C"),
    (OptionLetter(), "\\boxed{D}", "D"),
    (OptionLetter(), "I think so.\n\nB.", "B"),
    (OptionLetter(), "Answer: A", "A"),
    (OptionLetter(), "The answer is A's brother", None),
    (OptionLetter(), "The answer: A dog did it", None),
    (Free(), "The answer is 42.", "42."),
    (Free(), "Final answer: **Paris**, as said.", "Paris"),
    (Free(), "Paris", "Paris"),
    (Free(), "A long essay.\nWith no end.", None),
]


@pytest.mark.parametrize(("form", "response", "answer"), CASES)
def test_read_answer(form: Form, response: str, answer: str | None) -> None:
    assert read_answer(form, response) == answer


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        ("(B)", "B"),
        ("**B.**", "B"),
        ("\\textbf{(E)}\\ \\frac{1}{2}", "E"),
        ("(C) a longer answer", "C"),
        ("(D)\\ 12", "D"),
        ("\\text{(D)}~12", "D"),
        ("B) words", "B"),
        ("Because", None),
        ("b", None),
        ("AB", None),
        ("A dog", None),
        ("", None),
    ],
)
def test_letter_of(text: str, letter: str | None) -> None:
    assert letter_of(text) == letter


def test_split_list_takes_off_numbers_and_conjunctions() -> None:
    assert split_list("1. red\n2. green\n3. and blue.") == ["red", "green", "blue"]


FORMS = sorted({form for form, _, _ in CASES}, key=repr)
PIECES = st.sampled_from(
    [
        "*",
        "**",
        "***",
        "\\boxed{",
        "}",
        "AAAAA",
        "answer",
        ": ",
        "\n",
        "1, 2",
        "<answer>",
        "</answer>",
        "é",
        "####",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FORMS), st.text() | st.lists(PIECES, max_size=40).map("".join))
def test_reading_never_raises_and_finds_nonempty_text_or_nothing(form: Form, response: str) -> None:
    answer = read_answer(form, response)
    assert answer is None or answer


@pytest.mark.parametrize(
    "unit", ["*", "**a", "A", "\\boxed{", "1, ", "1 ", "answer ", "\n", " ", "(", "<answer>", "ß"]
)
def test_a_megabyte_is_read_in_bounded_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    for form in FORMS:
        started = time.perf_counter()
        read_answer(form, text)
        # Two orders of magnitude above what was seen: this is about exponents, not about the machine.
        assert time.perf_counter() - started < 10
