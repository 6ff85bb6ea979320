"""Single values: exact where they can be, else compared by the worker; and when a decimal is a rounding."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from skillrt.verifiers.answers.listing import listed, paired
from skillrt.verifiers.answers.tree import Node, number
from skillrt.verifiers.references.expressions import compare_curves, compare_values

_BITS = 4_000
_MAX_EXPONENT = 5_000


class NoScalarError(ValueError):
    """The node is no single value."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """What a prompt asks for: so many decimal places, so many figures, or a decimal of any length."""

    places: int | None = None
    figures: int | None = None


_PLACE_NAMES = {
    name: int(places)
    for name, places in paired(
        "whole 0 integer 0 unit 0 dollar 0 percent 0 degree 0 tenth 1 hundredth 2 thousandth 3"
        " ten-thousandth 4 cent 2 penny 2 ten -1 hundred -2 thousand -3"
    ).items()
}
_COUNTS = {word: place for place, word in enumerate(listed("zero one two three four five six seven eight"))}
_PLACES = re.compile(
    r"\b(?:to|with|using|up to|correct to)\s+(\d{1,2}|"
    + "|".join(_COUNTS)
    + r")[\s-]+(decimals?|significant|sig|d\.?p|s\.?f)\b",
    re.IGNORECASE,
)
_NEAREST = re.compile(
    r"\bnearest\s+(?:one[- ])?((?:ten-)?[a-z]+?)(?:s|\b)(?:\s+(?:number|degree|place))?\b", re.IGNORECASE
)
_ROUGH = re.compile(
    r"\b(?:round(?:ed|ing)?|approximat\w+|as a decimal|decimal (?:form|approximation))\b", re.IGNORECASE
)


def rounding_of(prompt: str) -> Rounding | None:
    """Return the rounding that a prompt asks for, or None."""
    if match := _PLACES.search(prompt):
        count = int(match[1]) if match[1].isdecimal() else _COUNTS[match[1].lower()]
        return Rounding(places=count) if match[2].lower().startswith("d") else Rounding(figures=count)
    if (match := _NEAREST.search(prompt)) and match[1].lower() in _PLACE_NAMES:
        return Rounding(places=_PLACE_NAMES[match[1].lower()])
    return Rounding() if _ROUGH.search(prompt) else None


@dataclass(frozen=True, slots=True)
class _Literal:
    """A number as it was written: its value, the places after the point and the figures."""

    value: Fraction
    places: int
    figures: int
    pointed: bool


def fraction_of(text: str) -> Fraction | None:
    """Return the exact value of a number's text (``1.50``, ``1.5e3``, ``0.1(6)``, ``0.333...``)."""
    if "..." in text:
        digits = text.removesuffix("...")
        whole, _, decimals = digits.partition(".")
        repeated = re.search(r"(\d{1,6}?)\1+$", decimals)
        if repeated is None or len(repeated[0]) < 2:
            return None
        text = f"{whole}.{decimals[: repeated.start()]}({repeated[1]})"
    if "(" in text:
        plain, _, block = text.removesuffix(")").partition("(")
        places = len(plain.partition(".")[2])
        return Fraction(plain.removesuffix(".") or "0") + Fraction(
            int(block), 10**places * (10 ** len(block) - 1)
        )
    exponent = re.search(r"[eE]([-+]?\d+)$", text)
    if exponent and (len(exponent[1]) > 5 or abs(int(exponent[1])) > _MAX_EXPONENT):
        return None
    return Fraction(text)


def exact(node: Node) -> Fraction | None:
    """Return the value of a small rational expression, or None."""
    if node.head == "num":
        return fraction_of(node.text)
    if node.head == "based":
        return _based(node.text)
    if node.head not in ("neg", "add", "mul", "div", "mixed", "percent", "pow"):
        return None
    values = [exact(arg) for arg in node.args]
    if any(value is None or _bits(value) > _BITS for value in values):
        return None
    return _combined(node.head, [value for value in values if value is not None])


def _combined(head: str, values: list[Fraction]) -> Fraction | None:
    match head:
        case "neg":
            return -values[0]
        case "add" | "mixed":
            return values[0] + values[1]
        case "mul":
            return values[0] * values[1]
        case "div":
            return values[0] / values[1] if values[1] else None
        case "percent":
            return values[0] / 100
        case _:
            base, power = values
            if power.denominator != 1 or not base or _bits(base) * abs(power) > _BITS:
                return None
            return base ** int(power)


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()


def _based(text: str) -> Fraction | None:
    digits, _, base = text.partition("_")
    try:
        return Fraction(int(digits, int(base)))
    except ValueError:
        return None


def lowered(node: Node) -> Node:
    """Return an expression in the few kinds of nodes that the worker knows.

    Raises:
        NoScalarError: it is no single value.
    """
    if node.head in ("num", "based"):
        value = exact(node)
        if value is None:
            raise NoScalarError(node.text)
        return number(f"{value.numerator}/{value.denominator}")
    if node.head == "apply":
        return Node("name", f"{node.text}({node.args[0].plain()})")
    if node.head in ("name", "const"):
        return node
    args = tuple(lowered(arg) for arg in node.args)
    if node.head == "mixed":
        return Node("add", "", args)
    if node.head == "percent":
        return Node("div", "", (args[0], number("100")))
    if node.head == "deg":
        return Node("mul", "", (args[0], Node("div", "", (Node("const", "pi"), number("180")))))
    if node.head in _EXPRESSIONS:
        return Node(node.head, node.text, args)
    raise NoScalarError(node.head)


_EXPRESSIONS = frozenset(listed("add mul div neg pow root fact abs floor ceil call log binom"))


def literal(node: Node) -> _Literal | None:
    """Return the number as it is written, sign, percent and power of ten included, if the node is one."""
    if node.head in ("neg", "percent"):
        inner = literal(node.args[0])
        value = exact(node)
        if inner is None or value is None:
            return None
        return _Literal(value, inner.places + 2 * (node.head == "percent"), inner.figures, inner.pointed)
    value = exact(node)
    if value is None:
        return None
    shift, digits = 0, node
    if node.head == "mul" and node.args[1].head == "pow" and node.args[1].args[0] == number("10"):
        power = exact(node.args[1].args[1])
        if power is None or power.denominator != 1:
            return None
        shift, digits = int(power), node.args[0]
    if digits.head != "num" or "(" in digits.text or "..." in digits.text:
        return None
    mantissa, _, exponent = digits.text.lower().partition("e")
    places = len(mantissa.partition(".")[2]) - shift - int(exponent or 0)
    return _Literal(value, places, len(mantissa.replace(".", "").lstrip("0")), "." in mantissa)


def same_value(answer: Node, other: Node, rounding: Rounding | None) -> bool | None:
    """Tell whether two single values are equal.

    Raises:
        NoScalarError: one of them is no single value.
        TooCostlyError: one of them cannot be evaluated within the bounds.
    """
    values = exact(answer), exact(other)
    if values[0] is not None and values[1] is not None:
        return values[0] == values[1] or _rounded(answer, other, values[0], values[1], rounding)
    told = compare_values(lowered(answer), lowered(other))
    if told.equal is not False:
        return told.equal
    if told.values is not None:
        return _rounded(answer, other, *told.values, rounding)
    figures = [len(node.text.replace(".", "").lstrip("0")) for node in _decimals(answer) + _decimals(other)]
    if figures and min(figures) > 1 and told.apart is not None and told.apart < 5 * 10.0 ** -min(figures):
        return None
    return _same_primes(answer, other)


def _decimals(node: Node) -> list[Node]:
    return [part for part in node.walk() if part.head == "num" and "." in part.text and "(" not in part.text]


def _same_primes(answer: Node, other: Node) -> bool | None:
    """For expressions that differ: None where the variables' names alone may make the difference."""
    names = variables(answer), variables(other)
    if names[0] <= names[1] or names[1] <= names[0]:
        return False
    return False if primes_differ(answer, other) else None


def variables(node: Node) -> frozenset[str]:
    """Return the names in an expression, those of unknown functions included."""
    return frozenset(part.text for part in node.walk() if part.head in ("name", "apply"))


def primes_differ(answer: Node, other: Node) -> bool:
    """Tell whether the names are the same but for their primes."""
    names = [variables(node) for node in (answer, other)]
    bare = [{name.replace("'", "") for name in side} for side in names]
    return names[0] != names[1] and bare[0] == bare[1]


def _rounded(
    answer: Node, other: Node, left: Fraction, right: Fraction, rounding: Rounding | None
) -> bool | None:
    """For two values that differ: whether one of them is written as a rounding of the other."""
    apart = abs(left - right)
    written = sorted(
        (
            side
            for side in (literal(answer), literal(other))
            if side is not None and (side.pointed or rounding)
        ),
        key=lambda side: side.places,
    )
    if not written:
        return False
    shorter = written[0]
    unit = Fraction(10) ** -shorter.places if abs(shorter.places) < _MAX_EXPONENT else Fraction(0)
    if len(written) == 2 and (
        written[1].places == shorter.places or (shorter.places < 2 and rounding is None)
    ):
        return False
    if apart > unit / 2:
        # Digits that were cut off instead of rounded.
        return None if apart < unit and shorter.pointed and len(written) == 1 else False
    if rounding is None:
        return None
    if rounding.places is not None:
        return True if rounding.places == shorter.places else None if shorter.pointed else False
    if rounding.figures is not None:
        return True if rounding.figures == shorter.figures else None
    return True if shorter.figures >= 3 and shorter.pointed else None


def same_equation(answer: Node, other: Node) -> tuple[bool | None, bool]:
    """Tell whether two differences are zero at the same points, and whether their ratio is positive."""
    if primes_differ(answer, other):
        return False, False
    told = compare_curves(lowered(answer), lowered(other))
    if told.equal is False and not (
        variables(answer) <= variables(other) or variables(other) <= variables(answer)
    ):
        return None, False
    return told.equal, told.positive
