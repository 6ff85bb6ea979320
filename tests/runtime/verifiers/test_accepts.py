"""What a task says about the answers that it accepts, in the words that people use."""

# ruff: noqa: E501

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillrt.verifiers.programs.accepts import Tolerance, read_accepts

SEVERAL = [
    "If there are multiple answers, print any of them.",
    "If there are multiple answers,\nprint any of them.",
    "If there are multiple valid solutions, you may output any.",
    "If several solutions exist, output any one.",
    "If there is more than one solution, print any of those.",
    "If there are several possible answers, you can print any.",
    "If there are multiple such arrays, return any of them.",
    "If there are many optimal strings, print one of them.",
    "If multiple answers are possible, return any valid one.",
    "When more than one answer fits, either one is accepted.",
    "In case of ties, print any.",
    "Return any array containing n unique integers such that they add up to 0.",
    "Return any of the peaks.",
    "Return the index of any peak.",
    "Find any permutation with this property.",
    "Print any suitable sequence.",
    "You may return any valid answer.",
    "Any valid answer will be accepted.",
    "Any correct answer is accepted.",
    "Any of them will be accepted.",
    "Any solution will do.",
    "any answer suffices",
    "Print an arbitrary one.",
    "Output an arbitrary valid arrangement.",
    "You can return one of them.",
    "Print either of them.",
    "It does not matter which of them you print.",
    "You may print whichever you like.",
    "The choice among them is at your own choice.",
    "The answer may not be unique.",
    "Note that the answer is not necessarily unique.",
    "The solution isn't always unique.",
    "Solutions need not be unique.",
    "You can assume that the order of the words doesn't matter; print any of them.",
    'Note: "aba" is also a valid answer.',
    'Explanation: "aba" is also a valid answer.',
    "[2,1] would be accepted too.",
    "[1,0,2] is also accepted.",
    "[3,1,2] is another possible answer.",
    "[-5,1,4] is another valid solution.",
    "Other answers are also accepted.",
    "Other solutions are possible.",
    "Both are accepted.",
    "[0,-3,9,-10,null,5] would also be accepted: it is also a correct answer.",
    "All correct answers are accepted.",
    "Multiple answers may be accepted.",
    "There may be multiple correct answers; the checker accepts all.",
    "The output is checked by a program.",
    "This problem uses a special judge.",
    "A custom checker is used.",
    "This is an interactive problem.",
    "**Print any** of `them`.",
    "Return a valid arrangement of the pairs.",
    "Find one valid assignment.",
    "如果有多个答案,输出任意一个。",
    "答案不唯一,任选其一。",
]  # fmt: skip

ONE = [
    "Return the sum.",
    "Return the number of ways.",
    "If there are multiple answers, print the lexicographically smallest.",
    "If there are multiple answers, return the smallest one.",
    "There may be multiple solutions. Print the lexicographically smallest.",
    "If several indices fit, return the first.",
    "Print all of them.",
    "You can do the operation any number of times.",
    "You may perform the moves in any order.",
    "You can output the answer in any case.",
    "Choose any element of the array and flip a bit in it.",
    "In one operation, you can pick any index i and change word[i] to any letter.",
    "You can choose one of these strings and delete its last character.",
    "Do it as many times as you want.",
    "Return true if any value appears twice.",
    "Return whether any two of them meet.",
    "Return the maximum sum of any subarray.",
    "Return the distance between any two of the given points.",
    "Do not print any extra text.",
    "Print without any spaces.",
    "Return an integer denoting the minimum.",
    "It is possible that the list is empty.",
    "It can be shown that the answer is unique.",
]


@pytest.mark.parametrize("said", SEVERAL)
def test_several_answers_are_right(said: str) -> None:
    assert read_accepts(f"Do it well.\n\n{said}\n\nInput: n = 1\nOutput: 1\n").answer == "any"


@pytest.mark.parametrize("said", ONE)
def test_one_answer_is_right(said: str) -> None:
    assert read_accepts(f"Do it well.\n\n{said}\n\nInput: n = 1\nOutput: 1\n").answer == "shown"


@pytest.mark.parametrize(
    "said",
    [
        "Find a permutation p such that all sums differ.",
        "Rearrange the characters so that no two neighbours are equal.",
        "One optimal solution is [1,2].",
        "Construct an array with these sums.",
    ],
)
def test_several_lists_may_be_right(said: str) -> None:
    assert read_accepts(said).answer == "unclear"


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ("You may return the answer in any order.", "any"),
        ("Return the list in any order.", "any"),
        ("Print the numbers in arbitrary order.", "any"),
        ("The answer can be returned\nin any order.", "any"),
        ("Output them in no particular order.", "any"),
        ("The order of the output does not matter.", "any"),
        ("The order of elements in the result doesn't matter.", "any"),
        ("The order of the answer is not important.", "any"),
        ("答案的顺序不限。", "any"),
        ("You may do the moves in any order.", "unclear"),
        ("Return the array after you perform the operations in any order.", "unclear"),
        ("The elements may be in any order.", "unclear"),
        ("Regardless of the order, count each pair once.", "unclear"),
        ("Any permutation of these is fine.", "unclear"),
        ("The order is irrelevant.", "unclear"),
        ("Return the sum.", "shown"),
        ("Sort them in increasing order and return the list.", "shown"),
    ],
)
def test_order(said: str, order: str) -> None:
    assert read_accepts(said).order == order


def test_order_within() -> None:
    said = "Notice that the order of the output and the order of the triplets does not matter."
    assert read_accepts(said).order_within
    assert not read_accepts("The order of the output does not matter.").order_within


E3, E6 = 1e-3, 1e-6


@pytest.mark.parametrize(
    ("said", "tolerance"),
    [
        (
            "Your answer is considered correct if its absolute or relative error is at most 10^{-3}.",
            Tolerance(E3, "either"),
        ),
        ("The absolute or relative error must not exceed $10^{-6}$.", Tolerance(E6, "either")),
        (r"An absolute or relative error of at most \(10^{-9}\) is allowed.", Tolerance(1e-9, "either")),
        ("Answers within 10^-5 of the actual answer will be accepted.", Tolerance(1e-5, "unsaid")),
        ("Answers within 10-5 of the actual answer will be accepted.", Tolerance(1e-5, "unsaid")),
        ("Answers within 10⁻⁵ of the actual answer will be accepted.", Tolerance(1e-5, "unsaid")),
        ("Answers within 10−5 of the actual answer are accepted.", Tolerance(1e-5, "unsaid")),
        ("within 1e-5 of the right one", Tolerance(1e-5, "unsaid")),
        ("The relative error may be up to 1e-06.", Tolerance(E6, "relative")),
        ("The absolute error should be less than 0.001.", Tolerance(E3, "absolute")),
        ("Your output may differ from the right one by 10**-4 at most.", Tolerance(1e-4, "unsaid")),
        ("with a tolerance of 1.0E-6", Tolerance(E6, "unsaid")),
        ("It is right if |a - b| / max(1, |b|) is at most 10^(-6), the usual error.", Tolerance(E6, "unsaid")),
        ("The relative or absolute error of your answer should not be higher than 10^{-6}.", Tolerance(E6, "either")),
        ("Print it with an accuracy of 10^-4.", Tolerance(1e-4, "unsaid")),
        ("绝对或相对误差不超过 10^{-6}。", Tolerance(E6, "either")),
        ("-10^5 <= x <= 10^5", None),
        ("Print it with 6 digits after the point.", None),
        ("The probability is at most 0.5.", None),
        ("1 <= n <= 10^-1", None),
    ],
)  # fmt: skip
def test_tolerance(said: str, tolerance: Tolerance | None) -> None:
    assert read_accepts(f"Compute it.\n\n{said}\n").tolerance == tolerance


def test_two_tolerances_leave_the_kind_open() -> None:
    said = "The absolute error is at most 1e-3. The relative error is at most 1e-6."
    assert read_accepts(said).tolerance == Tolerance(1e-3, "unsaid")


@pytest.mark.parametrize(
    ("said", "any_case"),
    [
        ("You can output the answer in any case.", "yes"),
        ("You may print every letter in any case (upper or lower).", "yes"),
        ("You can print each letter in either case.", "yes"),
        ("Letters are compared in a case-insensitive way.", "unclear"),
        ("Print the words sorted case-insensitively.", "unclear"),
        ("Return the sum in any case.", "yes"),
        ("Return the sum.", "no"),
    ],
)
def test_case(said: str, any_case: str) -> None:
    assert read_accepts(said).any_case == any_case


@pytest.mark.parametrize(
    ("said", "in_place"),
    [
        ("Do not return anything, modify nums in-place instead.", "asked"),
        ("You have to rotate the image in place.", "asked"),
        ("You must do this in-place without making a copy of the array.", "asked"),
        ("Modify the array in place.", "asked"),
        ("class Solution:\n    def move(self, nums: List[int]) -> None:\n", "asked"),
        ("Follow up: could you do it in-place?", "named"),
        ("Return the sum.", "no"),
    ],
)
def test_in_place(said: str, in_place: str) -> None:
    assert read_accepts(said).in_place == in_place


@settings(max_examples=200, deadline=None)
@given(st.text() | st.lists(st.sampled_from([*SEVERAL, *ONE, "\n", " ", "any", "order"])).map(" ".join))
def test_any_text_can_be_read(prompt: str) -> None:
    read_accepts(prompt)
