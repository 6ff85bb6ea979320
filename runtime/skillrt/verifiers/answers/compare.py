"""When two readings say the same: True, False, or None where neither is certain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from skillrt.verifiers.answers import units
from skillrt.verifiers.answers.regions import NoRegionError, is_region, region_of, same_region
from skillrt.verifiers.answers.scalars import (
    NoScalarError,
    Rounding,
    exact,
    primes_differ,
    rounding_of,
    same_equation,
    same_value,
    variables,
)
from skillrt.verifiers.answers.tree import Node, number
from skillrt.verifiers.answers.words import is_no_number, same_words

_SOLVE = re.compile(
    r"\b(?:solve|find all|all (?:real |possible |integer |complex )?(?:values|solutions|roots|numbers|pairs)|roots|zeros|solutions"
    r"|factors|possible values)\b",
    re.IGNORECASE,
)
_ORDERED = re.compile(r"\b(?:in (?:\w+ )?order|respectively|sequence|ascending|descending|increasing|sorted|ordered)\b", re.IGNORECASE)
_INTEGRAL = re.compile(r"\b(?:indefinite integral|antiderivative|anti-derivative)\b", re.IGNORECASE)
_BASE_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "binary": 2}
_BASE = re.compile(r"\bbase[\s-]*(\$?_?\{?(\d{1,2})|" + "|".join(_BASE_WORDS) + r")\b", re.IGNORECASE)
_COLLECTIONS = ("list", "set", "tuple", "matrix", "row")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a prompt says of its answer."""

    prompt: str
    rounding: Rounding | None
    any_order: bool
    in_order: bool
    percent: bool
    ratio: bool
    integral: bool
    base: int | None


@lru_cache(maxsize=256)
def asked(prompt: str) -> Asked:
    """What ``prompt`` says of its answer, in so far as it decides whether two answers are equal."""
    text = prompt if len(prompt) < 20_000 else prompt[:10_000] + prompt[-10_000:]
    base = _BASE.search(text)
    ordered = _ORDERED.search(text) is not None
    return Asked(
        text,
        rounding_of(text),
        _SOLVE.search(text) is not None and not ordered,
        ordered,
        re.search(r"\bpercent(?:age)?\b|%", text, re.IGNORECASE) is not None,
        re.search(r"\bratio\b", text, re.IGNORECASE) is not None,
        _INTEGRAL.search(text) is not None,
        (int(base[2]) if base[2] else _BASE_WORDS[base[1].lower()]) if base else None,
    )


def same(one: Node, other: Node, ask: Asked) -> bool | None:
    """Whether two answers are equal; symmetric.

    Raises:
        TooCostlyError: one of them cannot be evaluated within the bounds.
    """
    if one == other:
        return True
    one, other = _prepared(one, ask), _prepared(other, ask)
    if one == other:
        return True
    for first, second, turned in ((one, other, False), (other, one, True)):
        rule = _RULES.get(first.head)
        if rule is not None and (verdict := rule(first, second, ask, turned)) is not NotImplemented:
            return verdict
    return _same_scalar(one, other, ask)


def _same_scalar(one: Node, other: Node, ask: Asked) -> bool | None:
    if one.head == "inf" or other.head == "inf":
        return None
    capitals = _capitals(one), _capitals(other)
    if capitals[0] and capitals[1] and len(capitals[0]) > 1:
        return None if sorted(capitals[0]) == sorted(capitals[1]) else False
    try:
        verdict = same_value(one, other, ask.rounding)
        if verdict is False and (one.has("percent") != other.has("percent")):
            return _without_percent(one, other, ask)
        if verdict is False and one.has("deg") != other.has("deg"):
            return None
        return verdict
    except NoScalarError:
        return None


def _without_percent(one: Node, other: Node, ask: Asked) -> bool | None:
    """`50%` and `50`: equal where the prompt speaks of percent."""
    bare = [node.args[0] if node.head == "percent" else node for node in (one, other)]
    if same_value(bare[0], bare[1], ask.rounding) is False:
        return False
    return True if ask.percent else None


def _capitals(node: Node) -> str:
    """The capitals of a product of capitals, in order."""
    if node.head == "name" and len(node.text) == 1 and node.text.isupper():
        return node.text
    if node.head == "mul":
        parts = [_capitals(arg) for arg in node.args]
        return "".join(parts) if all(parts) else ""
    return ""


# Preparation.


def _prepared(node: Node, ask: Asked) -> Node:
    """Signs that stand for two values spelled out, names of numbered solutions and the like taken off."""
    if node.has("pm"):
        node = _both_signs(node)
    if ask.integral:
        node = _without_constant(node)
    if node.head == "list":
        node = _without_numbered_names(node)
    if node.head == "rel" and set(node.text.split()) == {"="}:
        sides = node.args
        if not any(side.names() or side.has("words", "apply", "mark") for side in sides):
            # `2+3=5` is 5; `5=6` stays a statement.
            values = [exact(side) for side in sides]
            if None not in values and len(set(values)) == 1:
                return sides[-1]
    if node.head == "words" and node.text in ("all real numbers", "all reals", "real numbers", "all real number"):
        return Node("reals")
    return node


def _both_signs(node: Node) -> Node:
    if node.head in ("list", "set"):
        parts = [part for arg in node.args for part in (_both_signs(arg).args if arg.has("pm") else (arg,))]
        return Node(node.head, "and" if node.head == "list" else "", tuple(parts))
    return Node("list", "and", tuple(_signed(node, upper) for upper in (True, False)))


def _signed(node: Node, upper: bool) -> Node:
    args = tuple(_signed(arg, upper) for arg in node.args)
    if node.head == "pm":
        return args[0] if (node.text == "+") is upper else Node("neg", "", args)
    return Node(node.head, node.text, args)


def _without_constant(node: Node) -> Node:
    """An antiderivative without its constant."""
    if node.head == "rel" and node.text == "=":
        return Node("rel", "=", (node.args[0], _without_constant(node.args[1])))
    constant = node.args[1] if node.head == "add" else None
    if constant is not None and constant.head == "name" and constant.text.casefold() in ("c", "k"):
        return node.args[0]
    if constant is not None and constant.head == "words" and constant.text in ("c", "constant"):
        return node.args[0]
    return node


_NUMBERED = re.compile(r"(.+?)_?(\d+)")


def _without_numbered_names(node: Node) -> Node:
    """`x_1 = 2, x_2 = 3` and `x = 2, x = 3` as values, when the names are one name with numbers."""
    bases, places = set(), []
    for arg in node.args:
        if arg.head != "rel" or arg.text != "=" or arg.args[0].head != "name":
            return node
        name = arg.args[0].text
        numbered = _NUMBERED.fullmatch(name)
        bases.add(numbered[1] if numbered else name)
        places.append(int(numbered[2]) if numbered else 0)
    if len(bases) > 1 or (len(set(places)) != len(places) and set(places) != {0}):
        return node
    values = [arg.args[1] for arg in node.args]
    ordered = [value for _, value in sorted(zip(places, values, strict=True), key=lambda pair: pair[0])]
    return Node("list", "named" if set(places) != {0} else "and", tuple(ordered))


# Rules by kind. Each is given the node of its kind first, and says NotImplemented where it has nothing to say.


def _quantities(one: Node, other: Node, ask: Asked, turned: bool) -> bool | None:
    value, unit = one.args[0], one.text
    if other.head != "quantity":
        if other.head in ("words", "rel", "mark", *_COLLECTIONS) or is_region(other):
            return NotImplemented
        return _bare_against_unit(value, unit, other, ask)
    if unit == other.text:
        return same(value, other.args[0], ask)
    things = [text.startswith("thing: ") for text in (unit, other.text)]
    if any(things):
        if all(things) and unit.rstrip("s") == other.text.rstrip("s"):
            return same(value, other.args[0], ask)
        return None
    return _converted(one, other, ask)


def _converted(one: Node, other: Node, ask: Asked) -> bool | None:
    if {one.text, other.text} == {"degree", "radian"}:
        sides = [Node("deg", "", side.args) if side.text == "degree" else side.args[0] for side in (one, other)]
        return same_value(sides[0], sides[1], ask.rounding)
    try:
        change = units.conversion(one.text, other.text)
    except ValueError:
        return None
    if change is None:
        return False
    factor, offset = change
    moved = one.args[0]
    if factor != 1:
        moved = Node("mul", "", (moved, _fraction(factor)))
    if offset:
        moved = Node("add", "", (moved, _fraction(offset)))
    return same(moved, other.args[0], ask)


def _fraction(value: Fraction) -> Node:
    return Node("div", "", (number(str(value.numerator)), number(str(value.denominator))))


def _bare_against_unit(value: Node, unit: str, bare: Node, ask: Asked) -> bool | None:
    """One side without a unit goes on being accepted; it differs only where no unit of the kind could mend it."""
    if variables(bare) - variables(value):
        # A letter may be a unit in its turn.
        return None
    verdict = same(value, bare, ask)
    if verdict is not False:
        return verdict
    if unit == "degree" and same_value(Node("deg", "", (value,)), bare, None):
        return True
    sides = exact(value), exact(bare)
    if unit.startswith("thing: ") or sides[0] is None or sides[1] is None or not sides[1]:
        return False
    ratio = abs(sides[0] / sides[1])
    return None if units.may_convert(unit, ratio) else False


def _relations(one: Node, other: Node, ask: Asked, turned: bool) -> bool | None:
    if one.head == "rel" and set(one.text.split()) <= {"=", "~"}:
        if other.head == "rel" and set(other.text.split()) <= {"=", "~"}:
            return _equations(one, other, ask)
        return _named_value(one, other, ask)
    if one.text == ":" and other.head == "rel" and other.text == ":":
        return _ratios(one, other, ask)
    if one.text == ":":
        return None
    if other.head == "rel" and one.text == other.text:
        verdicts = [same(left, right, ask) for left, right in zip(one.args, other.args, strict=True)]
        if all(verdicts):
            return True
    if is_region(one) and (other.head in ("tuple", "set") or is_region(other)):
        verdict = _regions(one, other, ask, turned)
        if verdict is not None:
            return verdict
    return _inequalities(one, other)


def _inequalities(one: Node, other: Node) -> bool | None:
    turned = {">": "<", ">=": "<="}
    if other.head != "rel" or turned.get(one.text, one.text) != turned.get(other.text, other.text):
        return None
    if one.text not in ("<", ">", "<=", ">="):
        return None
    sides = [node.args[::-1] if node.text in turned else node.args for node in (one, other)]
    try:
        equal, positive = same_equation(*(_difference(side[0], side[1]) for side in sides))
    except NoScalarError:
        return None
    return True if equal and positive else None


def _difference(left: Node, right: Node) -> Node:
    return Node("add", "", (left, Node("neg", "", (right,))))


def _is_name(node: Node) -> bool:
    if node.head == "apply":
        return all(arg.head in ("name", "list", "num") for arg in node.args)
    return node.head in ("name", "words", "mark") or bool(_capitals(node))


def _named_value(one: Node, other: Node, ask: Asked) -> bool | None:
    """`x = 5` and `5`."""
    left, value = one.args[0], _last_exact(one)
    if other.head in ("name", "apply", "words") and not _is_name(left):
        return None
    if _is_name(left):
        return same(value, other, ask)
    if not variables(left) and not variables(value) and not one.has("words", "mark"):
        # A statement about numbers that is not true.
        return False if exact(left) is not None and exact(value) is not None else None
    if _is_name(value):
        return same(left, other, ask)
    return None


def _last_exact(node: Node) -> Node:
    """What a chain says in the end: the last value before an approximation of it."""
    operators = node.text.split()
    if "~" not in operators:
        return node.args[-1]
    first = operators.index("~")
    return node.args[first] if first or not _is_name(node.args[0]) else node.args[1]


def _equations(one: Node, other: Node, ask: Asked) -> bool | None:
    names = one.args[0], other.args[0]
    if _is_name(names[0]) and _is_name(names[1]):
        verdict = same(_last_exact(one), _last_exact(other), ask)
        if names[0] == names[1] or (names[0].head == "mark" and same(*names, ask)):
            return verdict
        if primes_differ(*names):
            return False
        function = {node.head for node in names} == {"apply", "name"} and any(node.text == "y" for node in names)
        if verdict is True and function:
            return True
        if verdict is True or names[0].has("words") or names[1].has("words"):
            return None
    if len(one.args) != 2 or len(other.args) != 2:
        return None
    try:
        return same_equation(_difference(*one.args), _difference(*other.args))[0]
    except NoScalarError:
        return None


def _ratios(one: Node, other: Node, ask: Asked) -> bool | None:
    if len(one.args) != len(other.args):
        return False
    if all(same(left, right, ask) for left, right in zip(one.args, other.args, strict=True)):
        return True
    values = [[exact(arg) for arg in node.args] for node in (one, other)]
    if any(value is None or not value for side in values for value in side):
        return None
    ratios = {left / right for left, right in zip(*values, strict=True) if left is not None and right}
    if len(ratios) > 1:
        return False
    return True if ask.ratio else None


def _regions(one: Node, other: Node, ask: Asked, turned: bool) -> bool | None:
    if not (is_region(one) or is_region(other)):
        return NotImplemented
    try:
        regions = region_of(one), region_of(other)
    except NoRegionError:
        return None
    return same_region(*regions, lambda left, right: same(left, right, ask))


def _marks(one: Node, other: Node, ask: Asked, turned: bool) -> bool | None:
    points = _points(one.args[0].text)
    others = _points(other.args[0].text) if other.head == "mark" else list(_capitals(other))
    if not others:
        return None
    if other.head == "mark" and other.text != one.text:
        return None
    if points == others or (points == others[::-1] and one.text != "ray"):
        return None if one.text == "triangle" and points != others else True
    if one.text == "angle" and (len(points) != 3 or len(others) != 3 or points[1] == others[1]):
        return None
    return None if one.text == "triangle" and sorted(points) == sorted(others) else False


def _points(text: str) -> list[str]:
    return re.findall(r"[A-Z](?:'|_\w)*", text)


def _words(one: Node, other: Node, ask: Asked, turned: bool) -> bool | None:
    if other.head == "words":
        return same_words(one.text, other.text, ask.prompt)
    return False if is_value(other) and is_no_number(one.text) else None


def is_value(node: Node) -> bool:
    """Whether a node is a value with a number or an operation in it, and so no word."""
    return node.head in ("num", "div", "neg", "add", "pow", "root", "mixed", "quantity", "percent", "deg") or (
        node.head == "mul" and node.has("num", "const")
    )


def _infinities(one: Node, other: Node, ask: Asked, turned: bool) -> bool | None:
    if other.head == "neg" and other.args[0].head == "inf":
        return False
    return False if other.head != "words" and not other.has("inf") and exact(other) is not None else None


def _based(one: Node, other: Node, ask: Asked, turned: bool) -> bool | None:
    digits, _, base = one.text.partition("_")
    if other.head == "based":
        if base == other.text.partition("_")[2]:
            return digits.lstrip("0") == other.text.partition("_")[0].lstrip("0")
        return True if exact(one) == exact(other) and exact(one) is not None else False
    if other.head != "num":
        return NotImplemented
    if digits == other.text:
        return True if ask.base == int(base) else None
    return None if exact(one) == exact(other) else False


def _collections(one: Node, other: Node, ask: Asked, turned: bool) -> bool | None:
    if is_region(one) or is_region(other):
        return _regions(one, other, ask, turned)
    if other.head == "words":
        return NotImplemented
    if "matrix" in (one.head, other.head):
        return _matrices(one, other, ask)
    if other.head not in _COLLECTIONS:
        return _one_of(one, other, ask)
    named = _named(one), _named(other)
    if named[0] and named[1] and named[0].keys() == named[1].keys():
        verdicts = [same(value, named[1][name], ask) for name, value in named[0].items()]
        return False if False in verdicts else None if None in verdicts else True
    orders = [_order(node) for node in (one, other)]
    sides = (one.args, other.args)
    in_place = [same(left, right, ask) for left, right in zip(*sides, strict=False)]
    aligned = len(sides[0]) == len(sides[1]) and all(in_place)
    if aligned and set(orders) != {"ordered", "set"} and not _brackets_differ(one, other):
        return True
    members = _same_members(sides[0], sides[1], ask)
    if members is False:
        return False
    if members is None or aligned:
        return None
    return _permuted(orders, sides, in_place, ask)


def _named(node: Node) -> dict[Node, Node]:
    """The values of a list of equations, by name; empty for anything else."""
    pairs = [(arg.args[0], arg.args[1]) for arg in node.args if arg.head == "rel" and arg.text == "="]
    whole = len(pairs) == len(node.args) == len(dict(pairs)) and all(_is_name(name) for name, _ in pairs)
    return dict(pairs) if whole else {}


def _permuted(orders: list[str], sides: Sequence[Sequence[Node]], in_place: list[bool | None], ask: Asked) -> bool | None:
    """The same members in another order."""
    if "ordered" in orders:
        certain = orders == ["ordered", "ordered"] and (False in in_place or len(sides[0]) != len(sides[1]))
        return False if certain else None
    if "set" in orders or (ask.any_order and len(sides[0]) == len(sides[1])):
        return None if "named" in orders and ask.in_order else True
    return False if ask.in_order and False in in_place else None


def _order(node: Node) -> str:
    if node.head == "list":
        return {"and": "set", "or": "set", "named": "named"}.get(node.text, "bare")
    return "set" if node.head == "set" else "ordered"


def _brackets_differ(one: Node, other: Node) -> bool:
    """`(1, 2)` and `[1, 2]` may be two intervals."""
    return one.head == other.head == "tuple" and one.text != other.text and len(one.args) == 2


def _same_members(one: Sequence[Node], other: Sequence[Node], ask: Asked) -> bool | None:
    """Whether each side's members are among the other's."""
    table = [[same(left, right, ask) for right in other] for left in one]
    lines = table + [list(column) for column in zip(*table, strict=True)]
    if any(all(verdict is False for verdict in line) for line in lines) or bool(one) != bool(other):
        return False
    return True if all(any(line) for line in lines) else None


def _one_of(several: Node, single: Node, ask: Asked) -> bool | None:
    """Several values against a single one."""
    if several.head == "list":
        letters = [_capitals(arg) for arg in several.args]
        if all(len(letter) == 1 for letter in letters) and sorted(letters) == sorted(_capitals(single)):
            return True
    members = _same_members(several.args, (single,), ask)
    if several.head == "tuple" and len(several.args) > 1:
        return False if members is not None and several.text in ("()", "[]") else None
    return members


def _matrices(one: Node, other: Node, ask: Asked) -> bool | None:
    rows = [_rows(node) for node in (one, other)]
    if not rows[0] or not rows[1]:
        scalar = other.head not in _COLLECTIONS and not other.has("matrix")
        return False if scalar and one.head == "matrix" and len(one.args) * len(one.args[0].args) > 1 else None
    shapes = [(len(side), len(side[0])) for side in rows]
    flat = [[entry for row in side for entry in row] for side in rows]
    if len(flat[0]) != len(flat[1]):
        return False
    verdicts = [same(left, right, ask) for left, right in zip(*flat, strict=True)]
    if False in verdicts:
        return False
    if shapes[0] != shapes[1] and one.head == other.head:
        return None
    return True if all(verdicts) else None


def _rows(node: Node) -> list[tuple[Node, ...]]:
    """A matrix's rows; a tuple is a column."""
    if node.head == "matrix":
        return [row.args for row in node.args]
    return [(arg,) for arg in node.args] if node.head == "tuple" else []


_RULES = {
    "words": _words,
    "mark": _marks,
    "rel": _relations,
    "matrix": _collections,
    "list": _collections,
    "set": _collections,
    "tuple": _collections,
    "union": _regions,
    "minus": _regions,
    "inter": _regions,
    "reals": _regions,
    "quantity": _quantities,
    "based": _based,
    "inf": _infinities,
}
