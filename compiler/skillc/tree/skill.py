"""The tree: what skills are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from skillc.source import Span
from skillc.tree.common import ExprTree, Name, Number, Quantity, Text

__all__ = [
    "CriterionDecl",
    "EvidenceDecl",
    "FailureDecl",
    "GuidanceDecl",
    "KeyDecl",
    "PipelineDecl",
    "PythonDecl",
    "ReadoutDecl",
    "ResourceDecl",
    "RuleDecl",
    "SlotDecl",
    "StepDecl",
    "TaxonomyDecl",
    "UseRef",
    "VerifierDecl",
]


@dataclass(frozen=True, slots=True)
class StepDecl:
    """A step of the procedure."""

    name: Name
    text: Text
    use: tuple[Name, ...]
    consult: tuple[Name, ...]
    tasks: tuple[Name, ...] | None
    before: Name | None
    after: Name | None


@dataclass(frozen=True, slots=True)
class ResourceDecl:
    """A resource; its id is ``kind.name``."""

    kind: Name
    name: Name
    text: Text | None
    fields: tuple[Name, ...]
    hint: Text | None
    tasks: tuple[Name, ...] | None
    when: ExprTree | None
    span: Span

    @property
    def id(self) -> str:
        """``kind.name``."""
        return f"{self.kind.text}.{self.name.text}"


@dataclass(frozen=True, slots=True)
class GuidanceDecl:
    """A paragraph before the steps."""

    name: Name
    text: Text | None
    tasks: tuple[Name, ...] | None
    span: Span


@dataclass(frozen=True, slots=True)
class FailureDecl:
    """An entry of a taxonomy."""

    severity: Name
    name: Name
    text: Text
    cap: Number | None


@dataclass(frozen=True, slots=True)
class TaxonomyDecl:
    """A taxonomy of failures."""

    name: Name
    failures: tuple[FailureDecl, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class VerifierDecl:
    """A deterministic check."""

    name: Name
    by: Name | None
    reads: tuple[Name, ...]
    gives: Name | None
    run: Name | None
    hint: Text | None
    tasks: tuple[Name, ...] | None
    when: ExprTree | None
    span: Span


@dataclass(frozen=True, slots=True)
class PipelineDecl:
    """A resource that asks the model itself."""

    name: Name
    task: Name | None
    reads: tuple[Name, ...]
    orders: Name | None
    each: Name | None
    gives: Name | None
    margin: Number | None
    budget: Quantity | None
    hint: Text | None
    tasks: tuple[Name, ...] | None
    when: ExprTree | None
    span: Span


@dataclass(frozen=True, slots=True)
class PythonDecl:
    """The sandbox and its limits; ``timeout`` in seconds."""

    name: Name
    calls: Number | None
    timeout: Number | None
    code: Quantity | None
    output: Quantity | None
    sees: tuple[Name, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class KeyDecl:
    """A key of the findings."""

    name: Name
    source: Name | None


@dataclass(frozen=True, slots=True)
class CriterionDecl:
    """A criterion that a finding may name."""

    name: Name
    strength: Name
    text: Text
    weight: Number | None


@dataclass(frozen=True, slots=True)
class SlotDecl:
    """A slot of a finding: ``values`` for an enum, ``chars`` for a text, ``taxonomy`` for a failure."""

    name: Name
    values: tuple[Name, ...]
    chars: Quantity | None
    taxonomy: Name | None
    when: ExprTree | None
    span: Span


@dataclass(frozen=True, slots=True)
class EvidenceDecl:
    """What findings look like. ``closed``: exactly one for each combination of the keys (``each``)."""

    closed: bool
    keys: tuple[KeyDecl, ...]
    most: Number | None
    criteria: tuple[CriterionDecl, ...]
    slots: tuple[SlotDecl, ...]
    cites: tuple[Number, Number, tuple[Name, ...]] | None
    ungrounded: Name | None
    has_finding: bool
    span: Span


@dataclass(frozen=True, slots=True)
class RuleDecl:
    """A line of the readout; ``kind`` says which, the other parts are what that kind has."""

    kind: Literal["base", "let", "settle", "decide", "cap", "cap_by", "abstain", "round"]
    span: Span
    value: ExprTree | None = None
    when: ExprTree | None = None
    name: Name | None = None
    by: Name | None = None
    number: Number | None = None


@dataclass(frozen=True, slots=True)
class ReadoutDecl:
    """The readout's rules in the order written."""

    rules: tuple[RuleDecl, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class UseRef:
    """``use NAME`` without a block, or ``phrases NAME``: takes in a shared declaration."""

    name: Name
