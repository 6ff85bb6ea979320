"""The process in which expressions are evaluated: JSON lines in, JSON lines out. Started by `expressions`, alone.

It is a script, not an import: nothing of ours is needed here, and the engines stay out of the caller's process.
Two expressions are compared by their values at fixed points, rational numbers exactly and all else with so many
digits that two values which agree are equal, however large or tiny the numbers that they are made of.
"""

from __future__ import annotations

import contextlib
import gc
import json
import math
import resource
import signal
import sys
from fractions import Fraction
from types import FrameType
from typing import Any

import mpmath  # type: ignore[import-untyped]

CPU_S = 2.0
MEMORY_BYTES = 3 * 1024**3
EXACT_BITS = 200_000
_EXPONENT = 10**8
"""The binary exponent up to which a number is handled."""
_DIGITS = 1_200
_INTEGERS = frozenset("nkmjlNpqrst")
# Numbers at which no function of a textbook is zero, infinite or whole.
_POINTS = [(Fraction(67 + 20 * row, 59), Fraction(31 + 7 * row, 53), 1) for row in range(2)] + [
    (Fraction(811, 71), Fraction(97, 37), 1),
    (Fraction(1709, 61), Fraction(211, 43), 1),
    (Fraction(-127, 83), Fraction(-41, 43), 1),
    (Fraction(173, 89), Fraction(61, 47), -1),
]
_FUNCTIONS = {
    **{name: name for name in ("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh", "coth", "sech", "csch")},
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan", "cot", "sec", "csc")},
    **{name: name for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh")},
    **{"arsinh": "asinh", "arcosh": "acosh", "artanh": "atanh"},
}


class _OutOfTimeError(BaseException):
    """Derived from BaseException so that no handler inside an engine swallows it."""


class TooMuchError(Exception):
    """A number is too large to be handled."""


class NoValueError(Exception):
    """The expression has no value that is beyond dispute here."""


def _out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise _OutOfTimeError


def _bits(number: Fraction) -> int:
    return number.numerator.bit_length() + number.denominator.bit_length()


class Evaluation:
    """Values of expressions at one point; ``scale`` is the largest number that was added on the way."""

    def __init__(self, point: dict[str, Fraction], log_base: int | None) -> None:
        self.point = point
        self.log_base = log_base
        self.scale: Any = 0

    def value(self, node: Any) -> Any:
        """The value of a node: a Fraction where it is exact, else mpmath's real or complex number."""
        head, text, args = node
        if head == "num":
            return Fraction(text)
        if head == "name":
            return self.point[text]
        if head == "const":
            return {"pi": +mpmath.mp.pi, "e": +mpmath.mp.e, "i": mpmath.mpc(0, 1)}[text]
        values = [self.value(arg) for arg in args]
        result = getattr(self, f"_{head}")(text, *values)
        if isinstance(result, Fraction):
            return result if _bits(result) <= EXACT_BITS else _float(result)
        if not mpmath.isfinite(result):
            raise NoValueError
        if mpmath.im(result) == 0:
            result = mpmath.re(result)
        return result

    def _add(self, _: str, one: Any, other: Any) -> Any:
        if isinstance(one, Fraction) and isinstance(other, Fraction):
            return one + other
        one, other = _float(one), _float(other)
        self.scale = max(self.scale, abs(one), abs(other))
        return one + other

    def _mul(self, _: str, one: Any, other: Any) -> Any:
        if isinstance(one, Fraction) and isinstance(other, Fraction):
            return one * other
        return _float(one) * _float(other)

    def _div(self, _: str, one: Any, other: Any) -> Any:
        if other == 0:
            raise NoValueError
        if isinstance(one, Fraction) and isinstance(other, Fraction):
            return one / other
        return _float(one) / _float(other)

    def _neg(self, _: str, one: Any) -> Any:
        return -one

    def _abs(self, _: str, one: Any) -> Any:
        return abs(one)

    def _floor(self, _: str, one: Any) -> Any:
        return self._whole(one, math.floor)

    def _ceil(self, _: str, one: Any) -> Any:
        return self._whole(one, math.ceil)

    def _whole(self, one: Any, rounded: Any) -> Fraction:
        if isinstance(one, Fraction):
            return Fraction(rounded(one))
        if isinstance(one, mpmath.mpc) or abs(one) > 10**30:
            raise NoValueError
        nearest = mpmath.nint(one)
        if abs(one - nearest) < mpmath.mpf(10) ** (-20):
            raise NoValueError
        return Fraction(int(mpmath.floor(one)) + (rounded is math.ceil))

    def _fact(self, _: str, one: Any) -> Any:
        if isinstance(one, mpmath.mpc) or one < 0:
            raise NoValueError
        if one > 10**6:
            raise TooMuchError
        if isinstance(one, Fraction) and one.denominator == 1 and one <= 4000:
            return Fraction(math.factorial(int(one)))
        return mpmath.factorial(_float(one))

    def _binom(self, _: str, one: Any, other: Any) -> Any:
        exact = all(isinstance(side, Fraction) and side.denominator == 1 for side in (one, other))
        if exact and 0 <= other <= one <= 5000:
            return Fraction(math.comb(int(one), int(other)))
        if exact and one > 5000:
            raise TooMuchError
        raise NoValueError

    def _pow(self, _: str, base: Any, exponent: Any) -> Any:
        if base == 0:
            if exponent == 0 or not isinstance(exponent, Fraction) or exponent < 0:
                raise NoValueError
            return Fraction(0)
        if isinstance(exponent, Fraction) and exponent.denominator == 1:
            times = int(exponent)
            if isinstance(base, Fraction) and _bits(base) * abs(times) <= EXACT_BITS:
                return base**times
            base = _float(base)
            _check_exponent(times * mpmath.log(abs(base), 2))
            return base**times
        if isinstance(base, Fraction) and isinstance(exponent, Fraction) and base > 0:
            root = _exact_root(base, exponent.denominator)
            if root is not None:
                return self._pow("", root, Fraction(exponent.numerator))
        base, exponent = _float(base), _float(exponent)
        real = mpmath.im(base) == 0
        if (real and base < 0) or not real:
            raise NoValueError
        _check_exponent(abs(exponent) * mpmath.log(base, 2))
        return base**exponent

    def _root(self, _: str, one: Any, index: Any) -> Any:
        if not isinstance(index, Fraction) or index.denominator != 1 or not 2 <= index <= 1000:
            raise NoValueError
        if isinstance(one, mpmath.mpc):
            raise NoValueError
        if one < 0:
            if index % 2:
                return -self._root("", -one, index)
            if index != 2 or self.point:
                raise NoValueError
            return mpmath.mpc(0, 1) * _float(self._root("", -one, index))
        if isinstance(one, Fraction):
            root = _exact_root(one, int(index))
            if root is not None:
                return root
        return mpmath.root(_float(one), int(index))

    def _log(self, name: str, one: Any, base: Any = None) -> Any:
        if isinstance(one, mpmath.mpc) or one <= 0:
            raise NoValueError
        self.scale = max(self.scale, 1)
        if name == "ln":
            base = None
        elif base is None:
            base = Fraction(10) if name == "lg" else self.log_base and Fraction(self.log_base)
        if base is None:
            return mpmath.log(_float(one))
        if isinstance(base, mpmath.mpc) or base <= 0 or base == 1:
            raise NoValueError
        return mpmath.log(_float(one)) / mpmath.log(_float(base))

    def _call(self, name: str, *values: Any) -> Any:
        if name in ("gcd", "lcm", "max", "min"):
            if not all(isinstance(value, Fraction) for value in values):
                raise NoValueError
            if name in ("max", "min"):
                return max(values) if name == "max" else min(values)
            if any(value.denominator != 1 for value in values):
                raise NoValueError
            whole = [int(value) for value in values]
            return Fraction(math.gcd(*whole) if name == "gcd" else math.lcm(*whole))
        if name not in _FUNCTIONS or len(values) != 1 or isinstance(values[0], mpmath.mpc):
            raise NoValueError
        argument = _float(values[0])
        if abs(argument) > 10**12:
            raise TooMuchError
        self.scale = max(self.scale, 1)
        result = getattr(mpmath, _FUNCTIONS[name])(argument)
        if mpmath.im(result) != 0 or abs(result) > mpmath.mpf(10) ** 20:
            raise NoValueError
        return result


def _float(number: Any) -> Any:
    if isinstance(number, Fraction):
        return mpmath.mpf(number.numerator) / number.denominator
    return number


def _check_exponent(bits: Any) -> None:
    if abs(bits) > _EXPONENT:
        raise TooMuchError


def _exact_root(number: Fraction, index: int) -> Fraction | None:
    """The root, where it is a fraction."""
    if index > 64 or _bits(number) > 20_000:
        return None
    parts = []
    for part in (number.numerator, number.denominator):
        with mpmath.workprec(part.bit_length() + 20):
            root = int(mpmath.nint(mpmath.root(part, index)))
        if root**index != part:
            return None
        parts.append(root)
    return Fraction(parts[0], parts[1])


def _size(node: Any) -> float:
    """How many digits the numbers of an expression have, the exponents of its powers counted as what they make."""
    head, text, args = node
    if head == "num":
        number = Fraction(text)
        return _bits(number) * 0.302
    total = sum(_size(arg) for arg in args)
    if head in ("pow", "fact"):
        with contextlib.suppress(NoValueError, KeyError, ZeroDivisionError):
            made = Evaluation({}, None).value(node)
            total += abs(float(mpmath.log10(abs(_float(made))))) if made != 0 else 0.0
    return total


def _names(node: Any) -> set[str]:
    head, text, args = node
    found = {text} if head == "name" else set()
    for arg in args:
        found |= _names(arg)
    return found


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
    return [{name: Fraction(start + 2 * place) for place, name in enumerate(names)} for start in (4, 7, 12, 13)]


class Comparison:
    """Two expressions, compared at points."""

    def __init__(self, left: Any, right: Any) -> None:
        self.left, self.right = left, right
        self.names = sorted(_names(left) | _names(right))
        self.late: str | None = None
        self.values: list[str] | None = None
        self.apart: float | None = None

    def digits(self) -> int:
        """How many digits it takes to tell equal values from unequal ones."""
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
        """Whether they are equal; None where the points do not tell."""
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
            return all(isinstance(Evaluation({}, None).value(side), Fraction) for side in (self.left, self.right))
        return False

    def _at(self, points: list[dict[str, Fraction]], base: int | None, threshold: Any) -> list[bool]:
        """Whether they are equal at each point at which both have a value."""
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
            left, right = _float(left), _float(right)
            apart = abs(left - right)
            equal = bool(apart <= max(scale, abs(left), abs(right)) * threshold)
        if not equal:
            relative = float(_float(apart) / max(abs(_float(left)), abs(_float(right))))
            self.apart = relative if self.apart is None else max(self.apart, relative)
            if not self.names and mpmath.im(_float(left)) == 0 and mpmath.im(_float(right)) == 0:
                self.values = [_spelled(side) for side in (left, right)]
        return equal


def _spelled(number: Any) -> str:
    """A real number as a fraction or in 40 digits."""
    if isinstance(number, Fraction):
        return f"{number.numerator}/{number.denominator}" if _bits(number) < 10_000 else ""
    return str(mpmath.nstr(number, 40, min_fixed=-50, max_fixed=50)) if 1e-40 < abs(number) < 1e40 else ""


def compare(left: Any, right: Any) -> dict[str, Any]:
    """The verdict on two expressions and what was learned on the way."""
    comparison = Comparison(left, right)
    equal: bool | None = None
    late: str | None = None
    try:
        equal = comparison.run()
    except (TooMuchError, _OutOfTimeError, OverflowError, MemoryError, RecursionError):
        late = comparison.late
    except (NoValueError, ValueError, ArithmeticError, KeyError, AttributeError, TypeError):
        equal = None
    return {"equal": equal, "late": late, "values": comparison.values, "apart": comparison.apart}


def same_curve(left: Any, right: Any) -> dict[str, Any]:
    """Whether two equations (each given as left side minus right side) hold at the same points."""
    mpmath.mp.dps = 60
    names = sorted(_names(left) | _names(right))
    ratios = []
    for point in _points(names):
        with contextlib.suppress(NoValueError):
            above, below = (_float(Evaluation(point, None).value(side)) for side in (left, right))
            ratios.append(above / below if below != 0 else None)
    if len(ratios) < 2:
        return {"equal": None}
    first = ratios[0]
    if first and all(ratio is not None and abs(ratio - first) < abs(first) * mpmath.mpf(10) ** -40 for ratio in ratios):
        return {"equal": True, "positive": bool(mpmath.re(first) > 0)}
    if any(_leaves(one, other, names) for one, other in ((left, right), (right, left))):
        return {"equal": False}
    return {"equal": None}


def _leaves(one: Any, other: Any, names: list[str]) -> bool:
    """Whether a point of the curve ``one`` is seen not to lie on ``other``."""
    for name in names:
        for point in _points(names)[:3]:
            low, high = Fraction(-60), Fraction(60)
            try:
                signs = [Evaluation(point | {name: at}, None).value(one) for at in (low, high)]
                if signs[0] == 0 or signs[1] == 0 or (signs[0] > 0) == (signs[1] > 0):
                    low = Fraction(1, 97)
                    signs[0] = Evaluation(point | {name: low}, None).value(one)
                if (signs[0] > 0) == (signs[1] > 0):
                    continue
                for _ in range(60):
                    middle = (low + high) / 2
                    value = Evaluation(point | {name: middle}, None).value(one)
                    low, high = (middle, high) if (value > 0) == (signs[0] > 0) else (low, middle)
                root = point | {name: low}
                here = _float(abs(Evaluation(root, None).value(one)))
                there = _float(abs(Evaluation(root, None).value(other)))
            except (NoValueError, TypeError):
                continue
            if here < mpmath.mpf(10) ** -9 and there > mpmath.mpf(10) ** -5:
                return True
    return False


def _peer() -> Any:
    """math-verify, for what has no value at a point: integrals, sums, limits."""
    from math_verify import LatexExtractionConfig, parse, verify  # type: ignore[import-untyped]

    config = [LatexExtractionConfig(boxed_match_priority=0)]

    def parsed(text: str) -> Any:
        return parse(
            f"\\boxed{{{text}}}",
            extraction_config=config,
            fallback_mode="no_fallback",
            extraction_mode="first_match",
            parsing_timeout=None,
            raise_on_error=False,
        )

    def equal(left: str, right: str) -> dict[str, Any]:
        # Both ways: that library asks for less of the side that it takes for the reference.
        one, other = parsed(left), parsed(right)
        ways = one and other and [verify(*way, timeout_seconds=None) for way in ((one, other), (other, one))]
        return {"equal": True if ways and all(ways) else None}

    return equal


def main() -> None:
    """Serve comparisons until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.signal(signal.SIGPROF, _out_of_time)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = sys.stdout
    # Whatever a library prints must not be read as an answer.
    sys.stdout = sys.stderr
    sys.setrecursionlimit(5_000)
    peer: Any = None
    gc.freeze()
    print(json.dumps({"ready": True}), file=out, flush=True)
    for line in sys.stdin:
        told: dict[str, Any] = {"equal": None}
        with contextlib.suppress(Exception, _OutOfTimeError):
            message = json.loads(line)
            if message["mode"] == "texts" and peer is None:
                peer = _peer()
            serve = {"values": compare, "curves": same_curve, "texts": peer}[message["mode"]]
            try:
                signal.setitimer(signal.ITIMER_PROF, CPU_S)
                told = serve(message["left"], message["right"])
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(told), file=out, flush=True)


if __name__ == "__main__":
    main()
