"""The tree: test blocks."""

from __future__ import annotations

from dataclasses import dataclass

from skillc.source import Span
from skillc.tree.common import Name

__all__ = ["Expectation", "TestDecl", "TestValue", "Turn"]


@dataclass(frozen=True, slots=True)
class TestValue:
    """A value in a test, JSON-like; words stand for true, false, null and labels."""

    value: object
    span: Span


@dataclass(frozen=True, slots=True)
class Turn:
    """A scripted turn of the judge: a tool call, or words when ``tool`` is None.

    A call has ``arguments``, or raw ``text`` in their place (which need not be JSON).
    """

    tool: Name | None
    arguments: TestValue | None
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a test expects; ``kind`` is the rule's name in the grammar."""

    kind: str
    target: str
    index: int | None
    attribute: str | None
    value: object
    span: Span


@dataclass(frozen=True, slots=True)
class TestDecl:
    """A test block."""

    name: Name
    run: tuple[Name, Name, Name, Name] | None
    """Skill, task, setting, delivery."""
    sample: TestValue | None
    turns: tuple[Turn, ...]
    expectations: tuple[Expectation, ...]
    span: Span
