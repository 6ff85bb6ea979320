"""Sets of real numbers: intervals, their unions, and the inequalities that say the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from skillrt.verifiers.answers.scalars import exact
from skillrt.verifiers.answers.tree import Node

_INFINITY = Node("inf")
_MINUS_INFINITY = Node("neg", "", (_INFINITY,))
_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "!=": "!="}


class NoRegionError(ValueError):
    """The node is no set of real numbers of a kind that is known here."""


@dataclass(frozen=True, slots=True)
class Piece:
    """An interval; a point is one that is closed on both sides."""

    low: Node
    low_closed: bool
    high: Node
    high_closed: bool


@dataclass(frozen=True, slots=True)
class Region:
    """Pieces in the order in which they were written, and the name of the variable if one is given."""

    pieces: tuple[Piece, ...]
    name: str = ""


def is_region(node: Node) -> bool:
    """Tell whether the node can be nothing but a set of real numbers."""
    match node.head:
        case "union" | "minus" | "reals" | "inter":
            return True
        case "tuple":
            half_open = node.text in ("[)", "(]")
            return len(node.args) == 2 and (half_open or any(_infinite(arg) for arg in node.args))
        case "rel":
            return node.text == "in" or all(operator in _TURNED for operator in node.text.split())
        case "list":
            return node.text != "and" and all(is_region(arg) for arg in node.args)
    return False


def _infinite(node: Node) -> bool:
    return node in (_INFINITY, _MINUS_INFINITY)


def region_of(node: Node) -> Region:
    """Return the set of real numbers that a node is.

    Raises:
        NoRegionError: it is none, or none that is known here.
    """
    match node.head:
        case "reals":
            return Region((Piece(_MINUS_INFINITY, False, _INFINITY, False),))
        case "tuple" if len(node.args) == 2:
            low, high = node.args
            return Region((Piece(low, node.text[0] == "[", high, node.text[1] == "]"),))
        case "set":
            return Region(tuple(Piece(arg, True, arg, True) for arg in node.args))
        case "union" | "list" if node.head == "union" or node.text != "and":
            return _united([region_of(arg) for arg in node.args])
        case "minus":
            return _without(region_of(node.args[0]), node.args[1])
        case "rel":
            return _of_relation(node)
    raise NoRegionError(node.head)


def _united(parts: list[Region]) -> Region:
    names = {part.name for part in parts if part.name}
    if len(names) > 1:
        raise NoRegionError("several variables")
    return Region(tuple(piece for part in parts for piece in part.pieces), names.pop() if names else "")


def _without(region: Region, points: Node) -> Region:
    """Return a region without single points."""
    if points.head not in ("set", "list", "num", "neg", "div"):
        raise NoRegionError("a difference of regions")
    taken = points.args if points.head in ("set", "list") else (points,)
    values = sorted((_value(point), point) for point in taken)
    pieces = list(region.pieces)
    for value, point in values:
        last = pieces.pop()
        inside = _order(last.low, value) < 0 < _order(last.high, value)
        if not inside:
            raise NoRegionError("a point outside of the last piece")
        pieces += [
            Piece(last.low, last.low_closed, point, False),
            Piece(point, False, last.high, last.high_closed),
        ]
    return Region(tuple(pieces), region.name)


def _value(node: Node) -> Fraction:
    value = exact(node)
    if value is None:
        raise NoRegionError("an end that is not rational")
    return value


def _order(end: Node, value: Fraction) -> int:
    if _infinite(end):
        return 1 if end == _INFINITY else -1
    other = _value(end)
    return (other > value) - (other < value)


def _of_relation(node: Node) -> Region:
    operators, sides = node.text.split(), list(node.args)
    if operators == ["in"] and sides[0].head == "name":
        inner = region_of(sides[1])
        return Region(inner.pieces, sides[0].text)
    if any(operator not in _TURNED for operator in operators):
        raise NoRegionError(node.text)
    if len(operators) == 2 and sides[1].head == "name" and _one_way(operators):
        if operators[0].startswith(">"):
            operators, sides = [_TURNED[operator] for operator in reversed(operators)], sides[::-1]
        return Region((Piece(sides[0], "=" in operators[0], sides[2], "=" in operators[1]),), sides[1].text)
    if len(operators) != 1:
        raise NoRegionError(node.text)
    operator = operators[0]
    if sides[0].head != "name":
        sides, operator = sides[::-1], _TURNED[operator]
    if sides[0].head != "name" or sides[1].names():
        raise NoRegionError("an inequality that is not solved")
    name, end = sides[0].text, sides[1]
    if operator == "!=":
        return Region(_without(region_of(Node("reals")), end).pieces, name)
    low = Piece(_MINUS_INFINITY, False, end, operator == "<=")
    high = Piece(end, operator == ">=", _INFINITY, False)
    return Region((low if operator.startswith("<") else high,), name)


def _one_way(operators: list[str]) -> bool:
    return all(operator.startswith("<") for operator in operators) or all(
        operator.startswith(">") for operator in operators
    )


def same_region(first: Region, second: Region, same: Callable[[Node, Node], bool | None]) -> bool | None:
    """Tell whether two regions are equal; ``same`` compares two ends."""
    if first.name and second.name and first.name != second.name:
        return None
    merged = [_merged(region) for region in (first, second)]
    exact_ends = None not in merged
    if exact_ends and merged[0] == merged[1]:
        return True
    if len(first.pieces) != len(second.pieces):
        return False if exact_ends else None
    verdicts = [
        _same_piece(left, right, same) for left, right in zip(first.pieces, second.pieces, strict=True)
    ]
    if all(verdicts):
        return True
    # Pieces in another order differ in their places; of those with exact ends that was seen above.
    return False if False in verdicts and (len(verdicts) == 1 or exact_ends) else None


def _same_piece(first: Piece, second: Piece, same: Callable[[Node, Node], bool | None]) -> bool | None:
    closed = (first.low_closed, first.high_closed) == (second.low_closed, second.high_closed)
    ends = [_same_end(first.low, second.low, same), _same_end(first.high, second.high, same)]
    if False in ends or not closed:
        return False
    return None if None in ends else True


def _same_end(first: Node, second: Node, same: Callable[[Node, Node], bool | None]) -> bool | None:
    if _infinite(first) or _infinite(second):
        return first == second
    return same(first, second)


_Exact = tuple[tuple[float | Fraction, bool], tuple[float | Fraction, bool]]


def _merged(region: Region) -> list[_Exact] | None:
    """Return the pieces in order, those that touch united; None where an end is not rational."""
    pieces = []
    for piece in region.pieces:
        ends: list[float | Fraction] = []
        for end in (piece.low, piece.high):
            if _infinite(end):
                ends.append(float("inf") if end == _INFINITY else float("-inf"))
            elif (value := exact(end)) is not None:
                ends.append(value)
            else:
                return None
        empty = ends[0] > ends[1] or (ends[0] == ends[1] and not (piece.low_closed and piece.high_closed))
        if not empty:
            pieces.append((ends[0], not piece.low_closed, ends[1], piece.high_closed))
    merged: list[_Exact] = []
    for low, open_low, high, closed_high in sorted(pieces):
        if merged:
            first, last = merged[-1]
            if low < last[0] or (low == last[0] and (last[1] or not open_low)):
                merged[-1] = (first, max(last, (high, closed_high)))
                continue
        merged.append(((low, not open_low), (high, closed_high)))
    return merged
