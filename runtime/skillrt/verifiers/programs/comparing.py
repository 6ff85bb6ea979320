"""Whether what a program gave is what an example shows: passed, failed, or unknown where the task leaves it.

A mismatch is a failure only where no other answer can be right. What must hold of every right answer (its
kind, the members of a list in any order, that there is an answer) is looked at first.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Literal

from skillrt.verifiers.programs.accepts import Accepts, Tolerance

Outcome = Literal["passed", "failed", "unknown"]

VALUE_TOLERANCE = 1e-5
"""Of returned numbers, where the task states none: the interview sites'."""
TOKEN_TOLERANCE = 1e-6
"""Of printed numbers, where the task states none: the contests'."""

_VERDICTS = frozenset({"yes", "no", "true", "false", "possible", "impossible", "ok"})
_WORST: dict[Outcome, int] = {"passed": 0, "unknown": 1, "failed": 2}


def worst(outcomes: list[Outcome]) -> Outcome:
    """Return the outcome of several that all must pass."""
    return max(outcomes, key=_WORST.__getitem__, default="passed")


# ------------------------------------------------------------------------------------ returned values


def compare_values(got: object, expected: object, accepts: Accepts) -> Outcome:
    """Compare plain values (None, bool, int, float, str, list, dict)."""
    if not isinstance(expected, list) or not isinstance(got, list) or accepts.order == "shown":
        outcome = _same(got, expected, accepts.tolerance)
    else:
        outcome = _same_bag(got, expected, accepts)
    if outcome != "failed" or isinstance(expected, bool) or not _same_kind(got, expected):
        return outcome
    if accepts.answer == "any":
        return "unknown"
    is_compound = (isinstance(expected, list | dict) and bool(expected)) or isinstance(expected, str)
    if accepts.answer == "unclear" and is_compound:
        return "unknown"
    if accepts.longest and is_compound and len(got) == len(expected):  # type: ignore[arg-type]
        return "unknown"
    if isinstance(got, str) and isinstance(expected, str) and accepts.any_case != "no":
        return "unknown" if got.casefold() == expected.casefold() else "failed"
    return "failed"


def _same_kind(got: object, expected: object) -> bool:
    """Tell whether another right answer could be of the kind of ``got``."""
    if isinstance(expected, int | float):
        return isinstance(got, int | float) and not isinstance(got, bool)
    return type(got) is type(expected)


def _same(got: object, expected: object, tolerance: Tolerance | None) -> Outcome:
    """Compare in the order shown."""
    if isinstance(got, bool) or isinstance(expected, bool):
        both = isinstance(got, bool | int) and isinstance(expected, bool | int)
        return "passed" if both and got == expected else "failed"
    if isinstance(got, int | float) and isinstance(expected, int | float):
        return _same_number(got, expected, tolerance)
    if isinstance(got, list) and isinstance(expected, list):
        if len(got) != len(expected):
            return "failed"
        return worst([_same(given, wanted, tolerance) for given, wanted in zip(got, expected, strict=True)])
    if isinstance(got, dict) and isinstance(expected, dict):
        if got.keys() != expected.keys():
            return "failed"
        return worst([_same(got[key], expected[key], tolerance) for key in got])
    return "passed" if type(got) is type(expected) and got == expected else "failed"


def _same_number(got: float, expected: float, tolerance: Tolerance | None) -> Outcome:
    if got == expected:
        return "passed"
    if isinstance(got, int) and isinstance(expected, int) and tolerance is None:
        return "failed"
    try:
        got, expected = float(got), float(expected)
    except OverflowError:
        return "failed"
    return near(got, expected, tolerance or Tolerance(VALUE_TOLERANCE, "either"))


def _same_bag(got: list[object], expected: list[object], accepts: Accepts) -> Outcome:
    """Compare lists whose members may stand in any order, and so may perhaps the members of these."""
    if len(got) != len(expected):
        return "failed"
    outcome = _paired(got, expected, accepts.tolerance)
    if outcome == "failed":
        deeply = _paired(
            [_sorted(item) for item in got], [_sorted(item) for item in expected], accepts.tolerance
        )
        outcome = "failed" if deeply == "failed" else "passed" if accepts.order_within else "unknown"
    in_order = _same(got, expected, accepts.tolerance)
    if in_order == "passed":
        return "passed"
    return "unknown" if outcome == "passed" and accepts.order == "unclear" else outcome


def _paired(got: list[object], expected: list[object], tolerance: Tolerance | None) -> Outcome:
    """Compare member by member once both are sorted; rounding may sort them apart, which is no failure."""
    pairs = zip(sorted(got, key=_sort_key), sorted(expected, key=_sort_key), strict=True)
    outcome = worst([_same(given, wanted, tolerance) for given, wanted in pairs])
    return "unknown" if outcome == "failed" and _holds_float([*got, *expected]) else outcome


def _sorted(value: object) -> object:
    return sorted((_sorted(item) for item in value), key=_sort_key) if isinstance(value, list) else value


def _sort_key(value: object) -> tuple[str, object]:
    """Return a total order over plain values; numbers by size, long ones included."""
    if isinstance(value, int | float):
        return ("number", value)
    if isinstance(value, list):
        return ("list", tuple(_sort_key(item) for item in value))
    if isinstance(value, dict):
        return ("object", tuple((key, _sort_key(value[key])) for key in sorted(value)))
    return (type(value).__name__, value if isinstance(value, str) else "")


def _holds_float(value: object) -> bool:
    return isinstance(value, float) or (isinstance(value, list) and any(map(_holds_float, value)))


# ------------------------------------------------------------------------------------- printed texts


def compare_outputs(printed: str, shown: tuple[str, ...], accepts: Accepts) -> Outcome:
    """Compare a printed text with what may be the shown one; white space aside."""
    tokens = printed.split()
    outcomes: list[Outcome] = [_same_tokens(tokens, text.split(), accepts) for text in shown]
    if "passed" in outcomes:
        return "passed"
    if "unknown" in outcomes:
        return "unknown"
    if not tokens or all(_fixed(tokens, text.split()) for text in shown):
        return "failed"
    candidates = [_other_answer(printed, text, accepts) for text in shown]
    return "unknown" if "unknown" in candidates else "failed"


def _same_tokens(tokens: list[str], shown: list[str], accepts: Accepts) -> Outcome:
    if len(tokens) != len(shown):
        return "failed"
    return worst([_same_token(token, wanted, accepts) for token, wanted in zip(tokens, shown, strict=True)])


_INTEGER = re.compile(r"[-+]?\d+")
_DECIMAL = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,4})?")


def _same_token(token: str, shown: str, accepts: Accepts) -> Outcome:
    if token == shown:
        return "passed"
    if token.casefold() == shown.casefold():
        if accepts.any_case == "yes" or (accepts.any_case == "unclear" and shown.casefold() in _VERDICTS):
            return "passed"
        return "unknown" if accepts.any_case == "unclear" else "failed"
    if not _DECIMAL.fullmatch(token) or not _DECIMAL.fullmatch(shown):
        return "failed"
    whole = _INTEGER.fullmatch(token) is not None, _INTEGER.fullmatch(shown) is not None
    if all(whole) and accepts.tolerance is None:
        return "failed"
    got, expected = float(token), float(shown)
    if math.isinf(got) or math.isinf(expected):
        return "unknown"
    outcome = near(got, expected, accepts.tolerance or Tolerance(TOKEN_TOLERANCE, "either"))
    if whole[1] and not whole[0] and accepts.tolerance is None:
        # A whole number is shown, and 3.0 printed: some judges read numbers, and some texts.
        return "unknown" if outcome == "passed" else outcome
    if outcome == "failed" and _rounds_to(got, shown):
        return "unknown"
    return outcome


def near(got: float, expected: float, tolerance: Tolerance) -> Outcome:
    """Tell whether a number is as near to the expected one as the tolerance wants."""
    if not (math.isfinite(got) and math.isfinite(expected)):
        return "passed" if got == expected else "failed"
    off = abs(got - expected)
    amount = tolerance.amount * (1 + 1e-9) + math.ulp(expected)
    absolute, relative = off <= amount, off <= amount * abs(expected)
    if tolerance.kind == "unsaid":
        return "passed" if absolute else "unknown" if relative else "failed"
    accepted = {"absolute": absolute, "relative": relative, "either": absolute or relative}
    return "passed" if accepted[tolerance.kind] else "failed"


def _rounds_to(got: float, shown: str) -> bool:
    """Tell whether the shown number is the given one, rounded to the digits that it has."""
    point = shown.find(".")
    if point < 0 or "e" in shown.lower():
        return False
    return abs(got - float(shown)) <= 0.5 * 10.0 ** (point + 1 - len(shown)) * (1 + 1e-9)


def _verdict(token: str) -> str | None:
    word = token.strip(".,:!").casefold()
    return word if word in _VERDICTS else None


def _fixed(tokens: list[str], shown: list[str]) -> bool:
    """Tell whether a right answer's output can only be the shown one, or begins in another way than this one.

    A truth has one right value, and so has the question whether there is an answer.
    """
    if all(_verdict(token) for token in shown):
        return True
    first = _verdict(shown[0]) if shown else None
    return first is not None and first != _verdict(tokens[0])


def _other_answer(printed: str, shown: str, accepts: Accepts) -> Outcome:
    """Tell whether a text that is not the shown one may be as right."""
    if accepts.answer == "any":
        return "unknown"
    is_compound = any(_is_compound(line) for line in shown.splitlines())
    if accepts.answer == "unclear" and is_compound:
        return "unknown"
    if accepts.longest and is_compound and len(printed.split()) == len(shown.split()):
        return "unknown"
    if accepts.order != "shown" and _same_members(printed, shown):
        return "unknown"
    return "failed"


def _is_compound(line: str) -> bool:
    """Tell whether a line of an output is more than a number or a verdict."""
    tokens = line.split()
    return len(tokens) > 1 or any(not _DECIMAL.fullmatch(token) and not _verdict(token) for token in tokens)


def _same_members(printed: str, shown: str) -> bool:
    """Tell whether the same words and numbers stand in both, in whatever order.

    Of decimals only their number is compared.
    """
    return Counter(map(_member, printed.split())) == Counter(map(_member, shown.split()))


def _member(token: str) -> str:
    return "." if "." in token and _DECIMAL.fullmatch(token) else token.casefold()
