"""When an answer equals a reference."""

import pytest

from skillrt.verifiers.references.equality import matches_any, same_list
from skillrt.verifiers.references.forms import (
    Boxed,
    ClosingDigits,
    Form,
    Free,
    NumberList,
    OptionLetter,
    RepeatedLetter,
    Starred,
)

CASES: list[tuple[Form, str, str, bool | None]] = [
    (RepeatedLetter(5), "C", "C", True),
    (RepeatedLetter(5), "C", "(C)", True),
    (RepeatedLetter(5), "C", "CCCCC", True),
    (RepeatedLetter(5), "C", "c", None),
    (RepeatedLetter(5), "C", "Cat", None),
    (OptionLetter(), "B", "B", True),
    (ClosingDigits(3), "055", "55", True),
    (ClosingDigits(3), "055", "550", False),
    (Starred(2, "integer"), "1,024", "1024", True),
    (Starred(2, "integer"), "4", "4.0", True),
    (Starred(2, "integer"), "4", "four", True),
    (Starred(2, "list", 3), "Yes, no, yes", "yes, no, yes", True),
    (Starred(2, "list", 3), "no, yes, yes", "yes, no, yes", False),
    (Starred(2, "text"), "Square Pyramid", "square pyramid", True),
    (Starred(2, "text"), "a square pyramid", "square pyramid", True),
    (Starred(2, "text"), "pyramid", "square pyramid", None),
    (Starred(3, "word"), "police officer", "police-officer", True),
    (Starred(3, "word"), "Cafe\u0301", "café", True),
    (NumberList(), "5, 22, 3", "5,22,3", True),
    (NumberList(), "5, 3, 22", "5,22,3", False),
    (NumberList(), "5, 22", "5,22,3", False),
    (Boxed(), "0.5", "\\frac{1}{2}", True),
    (Boxed(), "264.5", "264.5", True),
    (Boxed(), "264.50001", "264.5", False),
    (Boxed(), "\\textbf{(E)}", "E", True),
    (Boxed(), "27", "E", None),
    (Boxed(), "4i\\sqrt{5}", "\\boxed{4i\\sqrt{5}}", True),
    (Free(), "Paris.", "Paris", True),
    (Free(), "eat", "tea", None),
    (Free(), "new york", "New York.", True),
    (Boxed(), "\\text{undefined}", "undefined", True),
    (Boxed(), "\\text{defined}", "x", None),
    (Boxed(), "ba", "ab", True),
    (Free(), "$18", "18", True),
    (Free(), "x", " ", False),
    (Free(), "-5", "5", False),
    (Free(), "No", "no", True),
    (Free(), "on", "no", None),
    (Boxed(), "x-y", "xy", False),
    (Boxed(), "\\(x+y\\)", "y+x", True),
    (Starred(2, "list"), "-3, 4", "3, 4", False),
    (Starred(2, "list"), "0.50, 4", "1/2, 4.0", True),
    (Starred(2, "text"), "C++", "C", None),
    (Starred(2, "text"), "3-4", "3 4", None),
    (Starred(2, "integer"), "-3", "3", False),
]


@pytest.mark.parametrize(("form", "answer", "reference", "equal"), CASES)
def test_equality_by_form(form: Form, answer: str, reference: str, equal: bool | None) -> None:
    assert matches_any(form, "", answer, [reference]) is equal


def test_a_list_of_another_length_is_another_list() -> None:
    assert same_list("", "") is False
    assert same_list("1, 2", "1, 2, 3") is False
    assert same_list("yes, even", "yes, prime") is None


def test_any_of_several_references_will_do() -> None:
    assert matches_any(Boxed(), "", "2", ["\\odd[", "2"]) is True
    assert matches_any(Boxed(), "", "2", ["\\odd[", "3"]) is None
    assert matches_any(Boxed(), "", "2", ["4", "3"]) is False
