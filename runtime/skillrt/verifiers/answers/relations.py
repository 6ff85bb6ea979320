"""Equations, inequalities, ratios, and the regions that inequalities describe."""

from __future__ import annotations

from skillrt.verifiers.answers.asked import NOT_MINE, Comparer, Ruling
from skillrt.verifiers.answers.regions import NoRegionError, is_region, region_of, same_region
from skillrt.verifiers.answers.scalars import NoScalarError, exact, primes_differ, same_equation, variables
from skillrt.verifiers.answers.tree import Node, capitals


def relations(answer: Node, other: Node, by: Comparer) -> Ruling:
    if answer.head == "rel" and set(answer.text.split()) <= {"=", "~"}:
        if other.head == "rel" and set(other.text.split()) <= {"=", "~"}:
            return _equations(answer, other, by)
        return _named_value(answer, other, by)
    if answer.text == ":" and other.head == "rel" and other.text == ":":
        return _ratios(answer, other, by)
    if answer.text == ":":
        return None
    if other.head == "rel" and answer.text == other.text:
        verdicts = [by.same(left, right) for left, right in zip(answer.args, other.args, strict=True)]
        if all(verdicts):
            return True
    if is_region(answer) and (other.head in ("tuple", "set") or is_region(other)):
        verdict = regions(answer, other, by)
        if verdict is not None:
            return verdict
    return _inequalities(answer, other)


def _inequalities(answer: Node, other: Node) -> bool | None:
    turned = {">": "<", ">=": "<="}
    if other.head != "rel" or turned.get(answer.text, answer.text) != turned.get(other.text, other.text):
        return None
    if answer.text not in ("<", ">", "<=", ">="):
        return None
    sides = [node.args[::-1] if node.text in turned else node.args for node in (answer, other)]
    try:
        equal, positive = same_equation(*(_difference(side[0], side[1]) for side in sides))
    except NoScalarError:
        return None
    return True if equal and positive else None


def _difference(left: Node, right: Node) -> Node:
    return Node("add", "", (left, Node("neg", "", (right,))))


def is_name(node: Node) -> bool:
    if node.head == "apply":
        return all(arg.head in ("name", "list", "num") for arg in node.args)
    return node.head in ("name", "words", "mark") or bool(capitals(node))


def _named_value(answer: Node, other: Node, by: Comparer) -> bool | None:
    """``x = 5`` and ``5``."""
    left, value = answer.args[0], _last_exact(answer)
    if other.head in ("name", "apply", "words") and not is_name(left):
        return None
    if is_name(left):
        return by.same(value, other)
    if not variables(left) and not variables(value) and not answer.has("words", "mark"):
        # A statement about numbers that is not true.
        return False if exact(left) is not None and exact(value) is not None else None
    if is_name(value):
        return by.same(left, other)
    return None


def _last_exact(node: Node) -> Node:
    """Return what a chain says in the end: the last value before an approximation of it."""
    operators = node.text.split()
    if "~" not in operators:
        return node.args[-1]
    first = operators.index("~")
    return node.args[first] if first or not is_name(node.args[0]) else node.args[1]


def _equations(answer: Node, other: Node, by: Comparer) -> bool | None:
    names = answer.args[0], other.args[0]
    if is_name(names[0]) and is_name(names[1]):
        verdict = by.same(_last_exact(answer), _last_exact(other))
        if names[0] == names[1] or (names[0].head == "mark" and by.same(*names)):
            return verdict
        if primes_differ(*names):
            return False
        function = {node.head for node in names} == {"apply", "name"} and any(
            node.text == "y" for node in names
        )
        if verdict is True and function:
            return True
        if verdict is True or names[0].has("words") or names[1].has("words"):
            return None
    if len(answer.args) != 2 or len(other.args) != 2:
        return None
    try:
        return same_equation(_difference(*answer.args), _difference(*other.args))[0]
    except NoScalarError:
        return None


def _ratios(answer: Node, other: Node, by: Comparer) -> bool | None:
    if len(answer.args) != len(other.args):
        return False
    if all(by.same(left, right) for left, right in zip(answer.args, other.args, strict=True)):
        return True
    values = [[exact(arg) for arg in node.args] for node in (answer, other)]
    if any(value is None or not value for side in values for value in side):
        return None
    ratios = {left / right for left, right in zip(*values, strict=True) if left is not None and right}
    if len(ratios) > 1:
        return False
    return True if by.asked.ratio else None


def regions(answer: Node, other: Node, by: Comparer) -> Ruling:
    if not (is_region(answer) or is_region(other)):
        return NOT_MINE
    try:
        regions = region_of(answer), region_of(other)
    except NoRegionError:
        return None
    return same_region(*regions, by.same)
