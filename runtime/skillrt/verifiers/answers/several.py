"""Answers of several values: lists, sets, tuples, matrices."""

from __future__ import annotations

from collections.abc import Sequence

from skillrt.verifiers.answers.asked import NOT_MINE, Comparer, Ruling
from skillrt.verifiers.answers.regions import is_region
from skillrt.verifiers.answers.relations import is_name, regions
from skillrt.verifiers.answers.tree import COLLECTIONS, Node, capitals


def collections(answer: Node, other: Node, by: Comparer) -> Ruling:
    if is_region(answer) or is_region(other):
        return regions(answer, other, by)
    if other.head == "words":
        return NOT_MINE
    if "matrix" in (answer.head, other.head):
        return _matrices(answer, other, by)
    if other.head not in COLLECTIONS:
        return _one_of(answer, other, by)
    named = _named(answer), _named(other)
    if named[0] and named[1] and named[0].keys() == named[1].keys():
        verdicts = [by.same(value, named[1][name]) for name, value in named[0].items()]
        return False if False in verdicts else None if None in verdicts else True
    orders = [_order(node) for node in (answer, other)]
    sides = (answer.args, other.args)
    in_place = [by.same(left, right) for left, right in zip(*sides, strict=False)]
    aligned = len(sides[0]) == len(sides[1]) and all(in_place)
    if aligned and set(orders) != {"ordered", "set"} and not _brackets_differ(answer, other):
        return True
    members = _same_members(sides[0], sides[1], by)
    if members is False:
        return False
    if members is None or aligned:
        return None
    return _permuted(orders, sides, in_place, by)


def _named(node: Node) -> dict[Node, Node]:
    """Return the values of a list of equations, by name; empty for anything else."""
    pairs = [(arg.args[0], arg.args[1]) for arg in node.args if arg.head == "rel" and arg.text == "="]
    whole = len(pairs) == len(node.args) == len(dict(pairs)) and all(is_name(name) for name, _ in pairs)
    return dict(pairs) if whole else {}


def _permuted(
    orders: list[str], sides: Sequence[Sequence[Node]], in_place: list[bool | None], by: Comparer
) -> bool | None:
    """Tell whether the same members in another order count as equal."""
    if "ordered" in orders:
        certain = orders == ["ordered", "ordered"] and (False in in_place or len(sides[0]) != len(sides[1]))
        return False if certain else None
    if "set" in orders or (by.asked.any_order and len(sides[0]) == len(sides[1])):
        return None if "named" in orders and by.asked.in_order else True
    return False if by.asked.in_order and False in in_place else None


def _order(node: Node) -> str:
    if node.head == "list":
        return {"and": "set", "or": "set", "named": "named"}.get(node.text, "bare")
    return "set" if node.head == "set" else "ordered"


def _brackets_differ(answer: Node, other: Node) -> bool:
    """``(1, 2)`` and ``[1, 2]`` may be two intervals."""
    return answer.head == other.head == "tuple" and answer.text != other.text and len(answer.args) == 2


def _same_members(members: Sequence[Node], other: Sequence[Node], by: Comparer) -> bool | None:
    """Tell whether each side's members are among the other's."""
    table = [[by.same(left, right) for right in other] for left in members]
    lines = table + [list(column) for column in zip(*table, strict=True)]
    if any(all(verdict is False for verdict in line) for line in lines) or bool(members) != bool(other):
        return False
    return True if all(any(line) for line in lines) else None


def _one_of(several: Node, single: Node, by: Comparer) -> bool | None:
    """Several values against a single one."""
    if several.head == "list":
        letters = [capitals(arg) for arg in several.args]
        if all(len(letter) == 1 for letter in letters) and sorted(letters) == sorted(capitals(single)):
            return True
    members = _same_members(several.args, (single,), by)
    if several.head == "tuple" and len(several.args) > 1:
        return False if members is not None and several.text in ("()", "[]") else None
    return members


def _matrices(answer: Node, other: Node, by: Comparer) -> bool | None:
    rows = [_rows(node) for node in (answer, other)]
    if not rows[0] or not rows[1]:
        scalar = other.head not in COLLECTIONS and not other.has("matrix")
        return (
            False
            if scalar and answer.head == "matrix" and len(answer.args) * len(answer.args[0].args) > 1
            else None
        )
    shapes = [(len(side), len(side[0])) for side in rows]
    flat = [[entry for row in side for entry in row] for side in rows]
    if len(flat[0]) != len(flat[1]):
        return False
    verdicts = [by.same(left, right) for left, right in zip(*flat, strict=True)]
    if False in verdicts:
        return False
    if shapes[0] != shapes[1] and answer.head == other.head:
        return None
    return True if all(verdicts) else None


def _rows(node: Node) -> list[tuple[Node, ...]]:
    """Return a matrix's rows; a tuple is a column."""
    if node.head == "matrix":
        return [row.args for row in node.args]
    return [(arg,) for arg in node.args] if node.head == "tuple" else []
