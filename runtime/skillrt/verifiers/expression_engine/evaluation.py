"""The value of an expression at a point: exact where it can be, else in the digits that mpmath is set to."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath  # type: ignore[import-untyped]

EXACT_BITS = 200_000
_EXPONENT = 10**8
"""The binary exponent up to which a number is handled."""
_FUNCTIONS = {
    **dict.fromkeys(("arsinh", "asinh"), "asinh"),
    **dict.fromkeys(("arcosh", "acosh"), "acosh"),
    **dict.fromkeys(("artanh", "atanh"), "atanh"),
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan", "cot", "sec", "csc")},
    **{
        name: name
        for name in ("sin cos tan cot sec csc sinh cosh tanh coth sech csch asin acos atan".split())  # noqa: SIM905
    },
}
"""What mpmath calls a function."""


class TooMuchError(Exception):
    """A number is too large to be handled."""


class NoValueError(Exception):
    """The expression has no value that is beyond dispute here."""


def bits_of(number: Fraction) -> int:
    return number.numerator.bit_length() + number.denominator.bit_length()


class Evaluation:
    """Values of expressions at one point; ``scale`` is the largest number that was added on the way."""

    def __init__(self, point: dict[str, Fraction], log_base: int | None) -> None:
        self.point = point
        self.log_base = log_base
        self.scale: Any = 0

    def value(self, node: Any) -> Any:
        """Return the value of a node: a Fraction where it is exact, else mpmath's real or complex number."""
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
            return result if bits_of(result) <= EXACT_BITS else to_float(result)
        if not mpmath.isfinite(result):
            raise NoValueError
        if mpmath.im(result) == 0:
            result = mpmath.re(result)
        return result

    def _add(self, _: str, left: Any, right: Any) -> Any:
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            return left + right
        left, right = to_float(left), to_float(right)
        self.scale = max(self.scale, abs(left), abs(right))
        return left + right

    def _mul(self, _: str, left: Any, right: Any) -> Any:
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            return left * right
        return to_float(left) * to_float(right)

    def _div(self, _: str, left: Any, right: Any) -> Any:
        if right == 0:
            raise NoValueError
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            return left / right
        return to_float(left) / to_float(right)

    def _neg(self, _: str, value: Any) -> Any:
        return -value

    def _abs(self, _: str, value: Any) -> Any:
        return abs(value)

    def _floor(self, _: str, value: Any) -> Any:
        return self._whole(value, math.floor)

    def _ceil(self, _: str, value: Any) -> Any:
        return self._whole(value, math.ceil)

    def _whole(self, value: Any, rounded: Any) -> Fraction:
        if isinstance(value, Fraction):
            return Fraction(rounded(value))
        if isinstance(value, mpmath.mpc) or abs(value) > 10**30:
            raise NoValueError
        nearest = mpmath.nint(value)
        if abs(value - nearest) < mpmath.mpf(10) ** (-20):
            raise NoValueError
        return Fraction(int(mpmath.floor(value)) + (rounded is math.ceil))

    def _fact(self, _: str, value: Any) -> Any:
        if isinstance(value, mpmath.mpc) or value < 0:
            raise NoValueError
        if value > 10**6:
            raise TooMuchError
        if isinstance(value, Fraction) and value.denominator == 1 and value <= 4000:
            return Fraction(math.factorial(int(value)))
        return mpmath.factorial(to_float(value))

    def _binom(self, _: str, total: Any, taken: Any) -> Any:
        exact = all(isinstance(side, Fraction) and side.denominator == 1 for side in (total, taken))
        if exact and 0 <= taken <= total <= 5000:
            return Fraction(math.comb(int(total), int(taken)))
        if exact and total > 5000:
            raise TooMuchError
        raise NoValueError

    def _pow(self, _: str, base: Any, exponent: Any) -> Any:
        if base == 0:
            if exponent == 0 or not isinstance(exponent, Fraction) or exponent < 0:
                raise NoValueError
            return Fraction(0)
        if isinstance(exponent, Fraction) and exponent.denominator == 1:
            times = int(exponent)
            if isinstance(base, Fraction) and bits_of(base) * abs(times) <= EXACT_BITS:
                return base**times
            base = to_float(base)
            _check_exponent(times * mpmath.log(abs(base), 2))
            return base**times
        if isinstance(base, Fraction) and isinstance(exponent, Fraction) and base > 0:
            root = _exact_root(base, exponent.denominator)
            if root is not None:
                return self._pow("", root, Fraction(exponent.numerator))
        base, exponent = to_float(base), to_float(exponent)
        real = mpmath.im(base) == 0
        if (real and base < 0) or not real:
            raise NoValueError
        _check_exponent(abs(exponent) * mpmath.log(base, 2))
        return base**exponent

    def _root(self, _: str, value: Any, index: Any) -> Any:
        if not isinstance(index, Fraction) or index.denominator != 1 or not 2 <= index <= 1000:
            raise NoValueError
        if isinstance(value, mpmath.mpc):
            raise NoValueError
        if value < 0:
            if index % 2:
                return -self._root("", -value, index)
            if index != 2 or self.point:
                raise NoValueError
            return mpmath.mpc(0, 1) * to_float(self._root("", -value, index))
        if isinstance(value, Fraction):
            root = _exact_root(value, int(index))
            if root is not None:
                return root
        return mpmath.root(to_float(value), int(index))

    def _log(self, name: str, value: Any, base: Any = None) -> Any:
        if isinstance(value, mpmath.mpc) or value <= 0:
            raise NoValueError
        self.scale = max(self.scale, 1)
        if name == "ln":
            base = None
        elif base is None:
            base = Fraction(10) if name == "lg" else self.log_base and Fraction(self.log_base)
        if base is None:
            return mpmath.log(to_float(value))
        if isinstance(base, mpmath.mpc) or base <= 0 or base == 1:
            raise NoValueError
        return mpmath.log(to_float(value)) / mpmath.log(to_float(base))

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
        argument = to_float(values[0])
        if abs(argument) > 10**12:
            raise TooMuchError
        self.scale = max(self.scale, 1)
        result = getattr(mpmath, _FUNCTIONS[name])(argument)
        if mpmath.im(result) != 0 or abs(result) > mpmath.mpf(10) ** 20:
            raise NoValueError
        return result


def to_float(number: Any) -> Any:
    if isinstance(number, Fraction):
        return mpmath.mpf(number.numerator) / number.denominator
    return number


def _check_exponent(bits: Any) -> None:
    if abs(bits) > _EXPONENT:
        raise TooMuchError


def _exact_root(number: Fraction, index: int) -> Fraction | None:
    """Return the root, where it is a fraction."""
    if index > 64 or bits_of(number) > 20_000:
        return None
    parts = []
    for part in (number.numerator, number.denominator):
        with mpmath.workprec(part.bit_length() + 20):
            root = int(mpmath.nint(mpmath.root(part, index)))
        if root**index != part:
            return None
        parts.append(root)
    return Fraction(parts[0], parts[1])
