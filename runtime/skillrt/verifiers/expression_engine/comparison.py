"""Two expressions, compared by their values at fixed points.

Rational values are compared exactly, all others with so many digits that two values which agree are equal,
however large or tiny the numbers that they are made of.
"""

from __future__ import annotations

import contextlib
from fractions import Fraction
from typing import Any

import mpmath  # type: ignore[import-untyped]

from .evaluation import Evaluation, NoValueError, TooMuchError, bits_of, to_float

_DIGITS = 1_200
_INTEGERS = frozenset("nkmjlNpqrst")
# Numbers at which no function of a textbook is zero, infinite or whole.
_POINTS = [(Fraction(67 + 20 * row, 59), Fraction(31 + 7 * row, 53), 1) for row in range(2)] + [
    (Fraction(811, 71), Fraction(97, 37), 1),
    (Fraction(1709, 61), Fraction(211, 43), 1),
    (Fraction(-127, 83), Fraction(-41, 43), 1),
    (Fraction(173, 89), Fraction(61, 47), -1),
]


class OutOfTimeError(BaseException):
    """Derived from BaseException so that no handler inside an engine swallows it."""


def _size(node: Any) -> float:
    """Return how many digits the numbers of an expression have, and those that its powers make."""
    head, text, args = node
    if head == "num":
        number = Fraction(text)
        return bits_of(number) * 0.302
    total = sum(_size(arg) for arg in args)
    if head in ("pow", "fact"):
        with contextlib.suppress(NoValueError, KeyError, ZeroDivisionError):
            made = Evaluation({}, None).value(node)
            total += abs(float(mpmath.log10(abs(to_float(made))))) if made != 0 else 0.0
    return total


def _names(node: Any) -> set[str]:
    head, text, args = node
    names = {text} if head == "name" else set()
    for arg in args:
        names |= _names(arg)
    return names


def _has(node: Any, head: str, text: str) -> bool:
    return (node[0] == head and node[1] == text and (head != "log" or len(node[2]) == 1)) or any(
        _has(arg, head, text) for arg in node[2]
    )


def _points(names: list[str]) -> list[dict[str, Fraction]]:
    if not names:
        return [{}]
    return [
        {name: (start + step * place) * turn**place for place, name in enumerate(names)}
        for start, step, turn in _POINTS
    ]


def _whole_points(names: list[str]) -> list[dict[str, Fraction]]:
    return [
        {name: Fraction(start + 2 * place) for place, name in enumerate(names)} for start in (4, 7, 12, 13)
    ]


class Comparison:
    """Two expressions, compared at points."""

    def __init__(self, left: Any, right: Any) -> None:
        self.left, self.right = left, right
        self.names = sorted(_names(left) | _names(right))
        self.late: str | None = None
        self.values: list[str] | None = None
        self.apart: float | None = None

    def digits(self) -> int:
        """Return how many digits it takes to tell equal values from unequal ones."""
        size = 0.0
        for side, name in ((self.left, "left"), (self.right, "right")):
            self.late = name
            size += _size(side)
            self._try(side)
        self.late = None
        return int(size) + 1

    def _try(self, side: Any) -> None:
        """Evaluate one side alone: what is too much for it is its own fault."""
        for point in _points(sorted(_names(side)))[:1]:
            with contextlib.suppress(NoValueError):
                Evaluation(point, None).value(side)

    def run(self) -> bool | None:
        """Tell whether they are equal; None where the points do not tell."""
        mpmath.mp.dps = 30
        size = self.digits()
        if size > _DIGITS and not self._rational():
            return None
        mpmath.mp.dps = 50 + 3 * min(size, _DIGITS)
        threshold = mpmath.mpf(10) ** (-25 - 2 * min(size, _DIGITS))
        bases = [None, 10] if _has(self.left, "log", "log") or _has(self.right, "log", "log") else [None]
        told = [self._at(_points(self.names), base, threshold) for base in bases]
        if not any(told) and set(self.names) <= _INTEGERS:
            # Nothing has a value at a fraction: `(-1)^n`.
            told = [self._at(_whole_points(self.names), base, threshold) for base in bases]
        if any(len(values) < (2 if self.names else 1) for values in told):
            return None
        verdicts = {verdict for values in told for verdict in values}
        return verdicts.pop() if len(verdicts) == 1 else None

    def _rational(self) -> bool:
        with contextlib.suppress(NoValueError, KeyError):
            return all(
                isinstance(Evaluation({}, None).value(side), Fraction) for side in (self.left, self.right)
            )
        return False

    def _at(self, points: list[dict[str, Fraction]], base: int | None, threshold: Any) -> list[bool]:
        """Tell whether they are equal at each point at which both have a value."""
        told = []
        for point in points:
            evaluation = Evaluation(point, base)
            try:
                left, right = evaluation.value(self.left), evaluation.value(self.right)
            except NoValueError:
                continue
            told.append(self._same(left, right, evaluation.scale, threshold))
        return told

    def _same(self, left: Any, right: Any, scale: Any, threshold: Any) -> bool:
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            apart = abs(left - right)
            equal = apart == 0
        else:
            left, right = to_float(left), to_float(right)
            apart = abs(left - right)
            equal = bool(apart <= max(scale, abs(left), abs(right)) * threshold)
        if not equal:
            relative = float(to_float(apart) / max(abs(to_float(left)), abs(to_float(right))))
            self.apart = relative if self.apart is None else max(self.apart, relative)
            if not self.names and mpmath.im(to_float(left)) == 0 and mpmath.im(to_float(right)) == 0:
                self.values = [_spelled(side) for side in (left, right)]
        return equal


def _spelled(number: Any) -> str:
    """Return a real number as a fraction or in 40 digits."""
    if isinstance(number, Fraction):
        return f"{number.numerator}/{number.denominator}" if bits_of(number) < 10_000 else ""
    return str(mpmath.nstr(number, 40, min_fixed=-50, max_fixed=50)) if 1e-40 < abs(number) < 1e40 else ""


def compare(left: Any, right: Any) -> dict[str, Any]:
    """Return the verdict on two expressions and what was learned on the way."""
    comparison = Comparison(left, right)
    equal: bool | None = None
    late: str | None = None
    try:
        equal = comparison.run()
    except (TooMuchError, OutOfTimeError, OverflowError, MemoryError, RecursionError):
        late = comparison.late
    except (NoValueError, ValueError, ArithmeticError, KeyError, AttributeError, TypeError):
        equal = None
    return {"equal": equal, "late": late, "values": comparison.values, "apart": comparison.apart}


def same_curve(left: Any, right: Any) -> dict[str, Any]:
    """Tell whether two equations (each given as left side minus right side) hold at the same points."""
    mpmath.mp.dps = 60
    names = sorted(_names(left) | _names(right))
    ratios = []
    for point in _points(names):
        with contextlib.suppress(NoValueError):
            above, below = (to_float(Evaluation(point, None).value(side)) for side in (left, right))
            ratios.append(above / below if below != 0 else None)
    if len(ratios) < 2:
        return {"equal": None}
    first = ratios[0]
    if first and all(
        ratio is not None and abs(ratio - first) < abs(first) * mpmath.mpf(10) ** -40 for ratio in ratios
    ):
        return {"equal": True, "positive": bool(mpmath.re(first) > 0)}
    if any(_leaves(curve, other, names) for curve, other in ((left, right), (right, left))):
        return {"equal": False}
    return {"equal": None}


def _leaves(curve: Any, other: Any, names: list[str]) -> bool:
    """Tell whether a point of ``curve`` is seen not to lie on ``other``."""
    for name in names:
        for point in _points(names)[:3]:
            low, high = Fraction(-60), Fraction(60)
            try:
                signs = [Evaluation(point | {name: at}, None).value(curve) for at in (low, high)]
                if signs[0] == 0 or signs[1] == 0 or (signs[0] > 0) == (signs[1] > 0):
                    low = Fraction(1, 97)
                    signs[0] = Evaluation(point | {name: low}, None).value(curve)
                if (signs[0] > 0) == (signs[1] > 0):
                    continue
                for _ in range(60):
                    middle = (low + high) / 2
                    value = Evaluation(point | {name: middle}, None).value(curve)
                    low, high = (middle, high) if (value > 0) == (signs[0] > 0) else (low, middle)
                root = point | {name: low}
                here = to_float(abs(Evaluation(root, None).value(curve)))
                there = to_float(abs(Evaluation(root, None).value(other)))
            except (NoValueError, TypeError):
                continue
            if here < mpmath.mpf(10) ** -9 and there > mpmath.mpf(10) ** -5:
                return True
    return False
