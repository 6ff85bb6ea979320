"""The tree: what tasks are made of."""

from __future__ import annotations

from dataclasses import dataclass

from skillc.source import Span
from skillc.tree.common import Name, Number

__all__ = [
    "AcceptDecl",
    "ChecklistDecl",
    "ChoiceDecl",
    "ChoiceOfDecl",
    "FieldDecl",
    "Fields",
    "LabelDecl",
    "OutcomeDecl",
    "ScaleDecl",
    "ScoreDecl",
]


@dataclass(frozen=True, slots=True)
class OutcomeDecl:
    """``A by 2``."""

    winner: Name
    by: int
    span: Span


@dataclass(frozen=True, slots=True)
class LabelDecl:
    """A label, how it is shown, what it means."""

    label: Name
    shown: str | None
    outcome: OutcomeDecl | None


@dataclass(frozen=True, slots=True)
class FieldDecl:
    """A field of the sample."""

    name: Name
    optional: bool
    labels: tuple[LabelDecl, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one level."""

    fields: tuple[FieldDecl, ...]


@dataclass(frozen=True, slots=True)
class ChoiceOfDecl:
    """``choice of responses``."""

    field: Name
    span: Span


@dataclass(frozen=True, slots=True)
class ChoiceDecl:
    """``choice { ... }``."""

    labels: tuple[LabelDecl, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ScaleDecl:
    """``scale { ... }``."""

    labels: tuple[LabelDecl, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ScoreDecl:
    """``score 1..10 integer``."""

    minimum: Number
    maximum: Number
    type: Name
    span: Span


@dataclass(frozen=True, slots=True)
class ChecklistDecl:
    """``checklist over checklist { satisfied "..." failed "..." }``."""

    over: Name
    verdicts: tuple[tuple[Name, str], tuple[Name, str]]
    span: Span


@dataclass(frozen=True, slots=True)
class AcceptDecl:
    """``accept text only /.../ { ... }``; ``pattern`` is None for ``label``."""

    mode: Name
    pattern: str | None
    flags: str
    matcher: Span
    mapping: tuple[tuple[Name, Name], ...]
    span: Span
