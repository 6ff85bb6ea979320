"""The tree: names, texts, numbers and expressions, every node with its span."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from skillc.source import Span

__all__ = [
    "BinaryExpr",
    "CallExpr",
    "ExprTree",
    "InExpr",
    "Name",
    "NameExpr",
    "Names",
    "Number",
    "NumberExpr",
    "Quantity",
    "Text",
    "TextExpr",
    "UnaryExpr",
]


@dataclass(frozen=True, slots=True)
class Name:
    """A name, a label, a dotted id or a word, as written."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Names:
    """A list of names."""

    names: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Text:
    """A text and where it comes from: written here, or a file's (``span`` is then in that file)."""

    value: str
    span: Span
    raw: bool
    """Written between triple quotes or in a file: line breaks are as in the source."""
    declared: Span
    """Where the declaring file gives or names it."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number; whole ones are ``int``."""

    value: int | float
    span: Span


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit."""

    value: int
    unit: Name
    span: Span


@dataclass(frozen=True, slots=True)
class NumberExpr:
    """A number in an expression."""

    value: int | float
    span: Span


@dataclass(frozen=True, slots=True)
class TextExpr:
    """A text in an expression."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class NameExpr:
    """A dotted name in an expression."""

    parts: tuple[Name, ...]
    span: Span

    @property
    def text(self) -> str:
        """The name as written."""
        return ".".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class UnaryExpr:
    """``not x`` or ``-x``."""

    op: Literal["not", "neg"]
    arg: ExprTree
    span: Span


@dataclass(frozen=True, slots=True)
class BinaryExpr:
    """Two operands and an operator, named as in the artifacts."""

    op: Literal["and", "or", "eq", "ne", "lt", "le", "gt", "ge", "add", "sub", "mul"]
    left: ExprTree
    right: ExprTree
    span: Span


@dataclass(frozen=True, slots=True)
class InExpr:
    """``x in [a, b]``."""

    arg: ExprTree
    options: tuple[ExprTree, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class CallExpr:
    """``f(a, b)``; each argument may have a ``where``."""

    name: Name
    args: tuple[tuple[ExprTree, ExprTree | None], ...]
    span: Span


ExprTree = NumberExpr | TextExpr | NameExpr | UnaryExpr | BinaryExpr | InExpr | CallExpr
