"""When what a program returned or printed is what an example shows, and when that cannot be told."""

import pytest

from skillrt.verifiers.programs.accepts import Accepts, Tolerance
from skillrt.verifiers.programs.comparing import compare_outputs, compare_values

SHOWN = Accepts()
ANY_ORDER = Accepts(order="any")
ANY_ORDER_WITHIN = Accepts(order="any", order_within=True)
SOME_ORDER = Accepts(order="unclear")
ANY = Accepts(answer="any")
UNCLEAR = Accepts(answer="unclear")
LONGEST = Accepts(longest=True)


def within(amount: float, kind: str = "either") -> Accepts:
    return Accepts(tolerance=Tolerance(amount, kind))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("got", "expected", "accepts", "outcome"),
    [
        (True, True, SHOWN, "passed"),
        (1, True, SHOWN, "passed"),
        ("true", True, SHOWN, "failed"),
        (None, None, SHOWN, "passed"),
        (0, None, SHOWN, "failed"),
        (2.0000001, 2, SHOWN, "passed"),
        (2.1, 2, SHOWN, "failed"),
        (10**20, 10**20 + 1, SHOWN, "failed"),
        ([1, [2]], [1, [2]], SHOWN, "passed"),
        ([2, 1], [1, 2], SHOWN, "failed"),
        ([1], [1, 1], ANY_ORDER, "failed"),
        ({"a": 1}, {"a": 1}, SHOWN, "passed"),
        ({"a": 1}, {"b": 1}, SHOWN, "failed"),
        ("a", ["a"], SHOWN, "failed"),
        # Any order: the members must be the same; of the lists inside it is not said.
        ([2, 1], [1, 2], ANY_ORDER, "passed"),
        ([2, 2], [1, 2], ANY_ORDER, "failed"),
        ([[3, 2], [1]], [[1], [2, 3]], ANY_ORDER, "unknown"),
        ([[3, 2], [1]], [[1], [2, 3]], ANY_ORDER_WITHIN, "passed"),
        ([[1, 2], [1, 2]], [[1, 2], [2, 1]], ANY_ORDER, "unknown"),
        ([[2, 1], [1, 2]], [[1, 2], [2, 1]], ANY_ORDER, "passed"),
        ([2, 1], [1, 2], SOME_ORDER, "unknown"),
        ([3, 1], [1, 2], SOME_ORDER, "failed"),
        ([None, "a", 1, [2]], [[2], 1, "a", None], ANY_ORDER, "passed"),
        # Any answer: another value of the same kind may be right, no other kind is.
        ([0], [-7, 7], ANY, "unknown"),
        (5, 1, ANY, "unknown"),
        ("aba", "bab", ANY, "unknown"),
        (None, [1], ANY, "failed"),
        ("1", 1, ANY, "failed"),
        (True, 2, ANY, "failed"),
        (False, True, ANY, "failed"),
        # Where it is not plain that several are right, only lists and texts are left open.
        ([2, 1], [1, 2], UNCLEAR, "unknown"),
        ("aba", "bab", UNCLEAR, "unknown"),
        (5, 1, UNCLEAR, "failed"),
        # Several may be the longest, and all are as long.
        ("aba", "bab", LONGEST, "unknown"),
        ("ab", "bab", LONGEST, "failed"),
        (2, 3, LONGEST, "failed"),
        ("YES", "Yes", Accepts(any_case="unclear"), "unknown"),
        ("YES", "No", Accepts(any_case="unclear"), "failed"),
        # Tolerances.
        (0.3334, 0.33333, within(1e-3), "passed"),
        (0.3334, 0.33333, within(1e-6), "failed"),
        (1000.5, 1000.0, within(1e-3), "passed"),
        (1000.5, 1000.0, within(1e-3, "absolute"), "failed"),
        (1000.5, 1000.0, within(1e-3, "unsaid"), "unknown"),
        (0.0005, 0.0001, within(1e-3, "relative"), "failed"),
        ([1.0, 2.0004], [1.0, 2.0], within(1e-3), "passed"),
    ],
)  # fmt: skip
def test_values(got: object, expected: object, accepts: Accepts, outcome: str) -> None:
    assert compare_values(got, expected, accepts) == outcome


def test_integers_longer_than_python_writes_out() -> None:
    assert compare_values(10**6000, 10**6000, SHOWN) == "passed"
    assert compare_values(10**6000 + 1, 10**6000, SHOWN) == "failed"
    assert compare_values(10**6000, 2.5, SHOWN) == "failed"
    assert compare_values([10**6000, 1], [1, 10**6000], ANY_ORDER) == "passed"


ANY_CASE = Accepts(any_case="yes")


@pytest.mark.parametrize(
    ("printed", "shown", "accepts", "outcome"),
    [
        ("1 2\n", "1 2", SHOWN, "passed"),
        ("1\n2", "1 2", SHOWN, "passed"),
        ("yes", "YES", ANY_CASE, "passed"),
        ("yes", "YES", SHOWN, "failed"),
        ("yes", "YES", Accepts(any_case="unclear"), "passed"),
        ("ab", "AB", Accepts(any_case="unclear"), "unknown"),
        ("0.3333333333", "0.33333333", SHOWN, "passed"),
        ("0.3333", "0.333333333333", SHOWN, "failed"),
        ("0.34", "0.33", SHOWN, "failed"),
        ("0.333333", "0.33", SHOWN, "unknown"),
        ("12", "1 2", SHOWN, "failed"),
        ("1", "1.0", SHOWN, "passed"),
        ("1.0", "1", SHOWN, "unknown"),
        ("1.5", "1", SHOWN, "failed"),
        ("1", "01", SHOWN, "failed"),
        ("a.b", "a.c", SHOWN, "failed"),
        ("nan", "1.0", SHOWN, "failed"),
        ("inf", "1" + "0" * 400 + ".5", SHOWN, "failed"),
        ("2" + "0" * 400 + ".5", "1" + "0" * 400 + ".5", SHOWN, "unknown"),
        ("", "1", ANY, "failed"),
        # A stated tolerance.
        ("0.3333", "0.333333333333", within(1e-3), "passed"),
        ("0.334", "0.333333333333", within(1e-3), "passed"),
        ("0.335", "0.333333333333", within(1e-3), "failed"),
        ("0.333333", "0.333333333333", within(1e-9), "failed"),
        ("1", "0.9999", within(1e-3), "passed"),
        # Several answers.
        ("3\n1 2 3", "3\n3 2 1", ANY, "unknown"),
        ("4", "3", ANY, "unknown"),
        ("4", "3", UNCLEAR, "failed"),
        ("2 1", "1 2", UNCLEAR, "unknown"),
        ("NO", "YES\n1 2", ANY, "failed"),
        ("YES", "NO", ANY, "failed"),
        ("YES\n2 1", "YES\n1 2", ANY, "unknown"),
        ("YES NO YES", "YES YES YES", ANY, "failed"),
        ("2 1", "1 2", ANY_ORDER, "unknown"),
        ("2 2", "1 2", ANY_ORDER, "failed"),
        ("bab", "aba", LONGEST, "unknown"),
    ],
)  # fmt: skip
def test_outputs(printed: str, shown: str, accepts: Accepts, outcome: str) -> None:
    assert compare_outputs(printed, (shown,), accepts) == outcome


def test_the_best_reading_of_the_shown_output_counts() -> None:
    assert compare_outputs("1", ("1", "1\nBecause"), SHOWN) == "passed"
    assert compare_outputs("2", ("1", "1\nBecause"), SHOWN) == "failed"
    assert compare_outputs("2", ("1", "1\nBecause"), ANY) == "unknown"
