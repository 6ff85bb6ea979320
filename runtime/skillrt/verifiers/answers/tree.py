"""The tree that an answer is read into: one small record for every kind of node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """A node: what it is (``head``), its own text (digits, a name, a unit, operators) and what stands below.

    The heads of expressions are ``num based inf const name add mul div neg pow root fact abs floor ceil pm
    percent deg mixed apply call log binom``, those of answers made of several values ``list set tuple union
    minus inter rel matrix row``. ``quantity`` holds a value with its unit (``text``), ``mark`` a figure of
    geometry with the letters of its points, ``words`` plain text, and ``reals`` is the real line.
    """

    head: str
    text: str = ""
    args: tuple[Node, ...] = ()

    def plain(self) -> list[object]:
        """Nested lists, for the worker's pipe."""
        return [self.head, self.text, [arg.plain() for arg in self.args]]

    def walk(self) -> Iterator[Node]:
        """This node and all nodes below it."""
        yield self
        for arg in self.args:
            yield from arg.walk()

    def names(self) -> frozenset[str]:
        """Return the variables that occur."""
        return frozenset(node.text for node in self.walk() if node.head == "name")

    def has(self, *heads: str) -> bool:
        """Tell whether a node of one of these kinds occurs."""
        return any(node.head in heads for node in self.walk())


COLLECTIONS = ("list", "set", "tuple", "matrix", "row")


def capitals(node: Node) -> str:
    """Return the capitals of a product of capitals, in order."""
    if node.head == "name" and len(node.text) == 1 and node.text.isupper():
        return node.text
    if node.head == "mul":
        parts = [capitals(arg) for arg in node.args]
        return "".join(parts) if all(parts) else ""
    return ""


def number(text: str) -> Node:
    """Return a number as it is written, in plain digits."""
    return Node("num", text)
