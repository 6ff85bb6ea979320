"""Answers brought to one form before they are compared."""

from __future__ import annotations

import re

from skillrt.verifiers.answers.asked import Asked
from skillrt.verifiers.answers.scalars import exact
from skillrt.verifiers.answers.tree import Node


def prepared(node: Node, asked: Asked) -> Node:
    """Signs that stand for two values spelled out, names of numbered solutions and the like taken off."""
    if node.has("pm"):
        node = _both_signs(node)
    if asked.integral:
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
    if node.head == "words" and node.text in (
        "all real numbers",
        "all reals",
        "real numbers",
        "all real number",
    ):
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
    """Return an antiderivative without its constant."""
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
    """``x_1 = 2, x_2 = 3`` and ``x = 2, x = 3`` as values, when the names are one name with numbers."""
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
