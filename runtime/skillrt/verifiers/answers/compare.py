"""When two readings say the same: True, False, or None where neither is certain."""

from __future__ import annotations

import re

from skillrt.verifiers.answers.asked import NOT_MINE, Asked, Comparer, Rule, Ruling
from skillrt.verifiers.answers.preparing import prepared
from skillrt.verifiers.answers.quantities import quantities
from skillrt.verifiers.answers.relations import regions, relations
from skillrt.verifiers.answers.scalars import NoScalarError, exact, same_value
from skillrt.verifiers.answers.several import collections
from skillrt.verifiers.answers.tree import Node, capitals
from skillrt.verifiers.answers.words import is_no_number, same_words
from skillrt.verifiers.references.expressions import TooCostlyError


class Comparison:
    """Comparison of answers to one prompt; symmetric.

    Args:
        asked: what the prompt says.
    """

    def __init__(self, asked: Asked) -> None:
        self.asked = asked

    def same(self, answer: Node, other: Node) -> bool | None:
        """Tell whether two answers are equal; None when that is not settled.

        Raises:
            TooCostlyError: one of them cannot be evaluated within the bounds.
        """
        if answer == other:
            return True
        answer, other = prepared(answer, self.asked), prepared(other, self.asked)
        if answer == other:
            return True
        ranks = [_RANKS.get(node.head, len(_RANKS)) for node in (answer, other)]
        if ranks[0] <= ranks[1]:
            return self._ruled(answer, other)
        try:
            return self._ruled(other, answer)
        except TooCostlyError as error:
            raise TooCostlyError("right" if error.side == "left" else "left") from None

    def _ruled(self, answer: Node, other: Node) -> bool | None:
        """Return the verdict of the first node's rule, else that on single values."""
        rule = _RULES.get(answer.head)
        if rule is not None and not isinstance(verdict := rule(answer, other, self), str):
            return verdict
        return _same_scalar(answer, other, self)


def _same_scalar(answer: Node, other: Node, by: Comparer) -> bool | None:
    if answer.head == "inf" or other.head == "inf":
        return None
    letters = capitals(answer), capitals(other)
    if letters[0] and letters[1] and len(letters[0]) > 1:
        return (
            None if sorted(letters[0]) == sorted(letters[1]) or len(letters[0]) != len(letters[1]) else False
        )
    try:
        verdict = same_value(answer, other, by.asked.rounding)
        if verdict is False and (answer.has("percent") != other.has("percent")):
            return _without_percent(answer, other, by)
        if verdict is False and answer.has("deg") != other.has("deg"):
            return None
        return verdict
    except NoScalarError:
        return None


def _without_percent(answer: Node, other: Node, by: Comparer) -> bool | None:
    """``50%`` and ``50``: equal where the prompt speaks of percent."""
    bare = [node.args[0] if node.head == "percent" else node for node in (answer, other)]
    if same_value(bare[0], bare[1], by.asked.rounding) is False:
        return False
    return True if by.asked.percent else None


def _marks(answer: Node, other: Node, _by: Comparer) -> Ruling:
    points = _points(answer.args[0].text)
    others = _points(other.args[0].text) if other.head == "mark" else list(capitals(other))
    if not others:
        return None
    if other.head == "mark" and other.text != answer.text:
        return None
    if points == others or (points == others[::-1] and answer.text != "ray"):
        return None if answer.text == "triangle" and points != others else True
    if answer.text == "angle" and (len(points) != 3 or len(others) != 3 or points[1] == others[1]):
        return None
    return None if answer.text == "triangle" and sorted(points) == sorted(others) else False


def _points(text: str) -> list[str]:
    return re.findall(r"[A-Z](?:'|_\w)*", text)


def _words(answer: Node, other: Node, by: Comparer) -> Ruling:
    if other.head == "words":
        return same_words(answer.text, other.text, by.asked.prompt)
    return False if is_value(other) and is_no_number(answer.text) else None


def is_value(node: Node) -> bool:
    """Tell whether a node is a value with a number or an operation in it, and so no word."""
    return node.head in (
        "num",
        "div",
        "neg",
        "add",
        "pow",
        "root",
        "mixed",
        "quantity",
        "percent",
        "deg",
    ) or (node.head == "mul" and node.has("num", "const"))


def _infinities(_answer: Node, other: Node, _by: Comparer) -> Ruling:
    if other.head == "neg" and other.args[0].head == "inf":
        return False
    return False if other.head != "words" and not other.has("inf") and exact(other) is not None else None


def _based(answer: Node, other: Node, by: Comparer) -> Ruling:
    digits, _, base = answer.text.partition("_")
    if other.head == "based":
        if base == other.text.partition("_")[2]:
            return digits.lstrip("0") == other.text.partition("_")[0].lstrip("0")
        return exact(answer) == exact(other)
    if other.head != "num":
        return NOT_MINE
    if base == "10":
        return exact(answer) == exact(other)
    if digits == other.text:
        return True if by.asked.base == int(base) else None
    return None if exact(answer) == exact(other) else False


_RULES: dict[str, Rule] = {
    "words": _words,
    "mark": _marks,
    "rel": relations,
    **dict.fromkeys(("matrix", "list", "set", "tuple"), collections),
    **dict.fromkeys(("union", "minus", "inter", "reals"), regions),
    "quantity": quantities,
    "based": _based,
    "inf": _infinities,
}
# A pair is ruled by its kind that comes first here, whichever side has it.
_RANKS = {head: rank for rank, head in enumerate(_RULES)}
