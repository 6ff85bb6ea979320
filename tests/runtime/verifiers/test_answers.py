"""Answers as people write them: equal (=), different (!) or not settled (?)."""

from __future__ import annotations

import doctest
import sys

import pytest
from answer_tables import KINDS, SAID, table_rows

from skillrt.verifiers import equal, reference_match

BOX = "Work it out. Put your final answer in \\boxed{}."
# What bug reports of the field showed; the last column lists the verdicts that are right.
REPORTED = r"""
tiny powers
\frac{1}{2006!} | \frac{1}{2004!} | !
\frac{1}{2^{98}} | \frac{1}{2^{99}} | !
\frac{1}{3\cdot 2^{2006}} | \frac{2^{2005}+1}{3\cdot 2^{2006}} | !
2\cdot 10^{-20} | 10^{-20} | !
6.63\times 10^{-34} | 9.11\times 10^{-31} | !
2^{-60} | 2^{-61} | !
digits apart
1 1/2 | \frac{11}{2} | !
1 1/2 | \frac32 | =
1 2 | 12 | !?
1 234 | 1234 | =
units
35 \text{ cm} | 35 \text{ m} | !
5 kg | 5 g | !
5 \text{ hours} | 5 \text{ minutes} | !
5\text{ cm}^2 | 5\text{ cm}^3 | !
30^\circ | 30 \text{ radians} | !
\$5 | 5\text{ cents} | !
42 apples | 42 | =
42 days | 42 | =
42 dollars | 42 | =
42 euros | 42 | =
42 people | 42 | =
primes and what stands left
f'(x) | f(x) | !
y'=2x | y''=2x | !
y''+y=0 | y'+y=0 | !
5=6 | 6 | !
letters
\angle ABC | \angle ACB | !
AC | CA | ?
A, C | AC | =
root of a quotient
\sqrt{1/n} | \frac{1}{\sqrt{n}} | =
signs of Unicode
½ | 0.5 | =
√2 | \sqrt{2} | =
x² | x^2 | =
90° | 90^\circ | =
５ | 5 | =
2π | 2\pi | =
program notation
1.5e3 | 1500 | =
4.2e1 | 42 | =
-1 + exp(16) | e^{16} - 1 | =
dress of TeX
\boldsymbol{5} | 5 | =
\textcolor{red}{5} | 5 | =
\ 5 \  | 5 | =
5\\ | 5 | =
\text{1,234} | 1234 | =
\texttt{even} | even | =
\mbox{even} | even | =
{\rm even} | even | =
\emptyset | \varnothing | =
\begin{aligned} x &= 42 \end{aligned} | 42 | =
\operatorname{arctan}(x) | \arctan x | =
upright e
1 + \frac{1}{\mathrm{e}} | 1 - \frac{1}{\mathrm{e}} | !
an option with its words
(D)\ 12 | D | =
\textbf{(D)}\ 12 | D | =
D) 12 | D | =
"""


@pytest.mark.parametrize(("answer", "reference", "right"), table_rows(REPORTED))
def test_what_was_reported(answer: str, reference: str, right: str) -> None:
    finding = reference_match(BOX, {"A": f"\\boxed{{{answer}}}", "B": "I do not know."}, reference).of("A")
    assert SAID[finding.matched if finding.certain else None] in right
    assert SAID[equal(answer, reference)] in right
    assert equal(reference, answer) is equal(answer, reference)


def test_scientific_notation_after_a_marker() -> None:
    prompt = "End with a line of the form 'Final answer: X'."
    assert reference_match(prompt, {"A": "Final answer: 4.2e1", "B": "Final answer: 4.2"}, "42").winner == "A"


@pytest.mark.parametrize(("answer", "reference", "right"), table_rows(KINDS))
def test_kinds_of_answers(answer: str, reference: str, right: str) -> None:
    assert SAID[equal(answer, reference)] in right
    assert SAID[equal(reference, answer)] in right


PROMPTED = [
    ("Round to two decimal places.", "0.67", r"\frac23", True),
    ("Round to two decimals.", "0.67", r"\frac23", True),
    ("Give it to 2 d.p.", "0.67", r"\frac23", True),
    ("Round to two decimal places.", "0.66", r"\frac23", None),
    ("Round to two decimal places.", "0.7", r"\frac23", None),
    ("Give your answer to the nearest tenth.", "3.1", r"\pi", True),
    ("Give your answer to the nearest integer.", "3", r"\pi", True),
    ("Give your answer to the nearest integer.", "4", r"\pi", False),
    ("Answer to 3 significant figures.", "0.667", r"\frac23", True),
    ("Approximately how long is it?", "1.414", r"\sqrt2", True),
    ("How long is it?", "1.414", r"\sqrt2", None),
    ("What percentage of them is red?", "35", r"35\%", True),
    ("How many are red?", "35", r"35\%", None),
    ("Write 32 in base 3.", "1012", "1012_3", True),
    ("Find all roots of the polynomial.", "4, 9", "9, 4", True),
    ("List them in ascending order.", "9, 4", "4, 9", False),
    ("What is the ratio of boys to girls?", "4:6", "2:3", True),
    ("Find an antiderivative.", "x^3 + C", "x^3", True),
    ("Find the derivative.", "x^3 + C", "x^3", False),
    ("Which? (A) 3 (B) 5 (C) 7", "5", "B", True),
    ("Which? (A) 3 (B) 5 (C) 7", "7", "B", False),
    ("Which? (A) 3 (B) 5 (C) 7", "8", "B", None),
    ("Which?\nA. Paris\nB. Rome\nC. Oslo", "Rome", "B", True),
    ("Anna, Bert and Carl ran. Who won?", "Anna", "Bert", False),
    ("Who won?", "Anna", "Bert", None),
]


@pytest.mark.parametrize(("prompt", "answer", "reference", "right"), PROMPTED)
def test_what_the_prompt_asks_for(prompt: str, answer: str, reference: str, right: bool | None) -> None:
    assert equal(answer, reference, prompt=prompt) is right
    assert equal(reference, answer, prompt=prompt) is right


@pytest.mark.parametrize(
    "text", ["", " ", "$", "}{", "\\", "\\frac", "^", "_", "(", "\\boxed{", "\ud800", "\x00", "x" * 5000]
)
def test_whatever_stands_there_nothing_is_raised(text: str) -> None:
    for other in ("5", "x+1", "\\text{no}", text):
        assert equal(text, other) is equal(other, text)
    assert equal(text, "5") is not True


def test_the_example_of_the_door_is_true() -> None:
    assert doctest.testmod(sys.modules["skillrt.verifiers.answers.equal"]).attempted == 1
    assert doctest.testmod(sys.modules["skillrt.verifiers.answers.equal"]).failed == 0
