"""The typed tree of a source file, every node with its span.

Tasks, skills and phrases can extend others; they keep their items in a list, each with the key under
which ``replace`` and duplicates find it. Everything else is read at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from skillc.source import SourceFile, Span
from skillc.tree.common import (
    BinaryExpr,
    CallExpr,
    ExprTree,
    InExpr,
    Name,
    NameExpr,
    Names,
    Number,
    NumberExpr,
    Quantity,
    Text,
    TextExpr,
    UnaryExpr,
)
from skillc.tree.skill import (
    CriterionDecl,
    EvidenceDecl,
    FailureDecl,
    GuidanceDecl,
    KeyDecl,
    PipelineDecl,
    PythonDecl,
    ReadoutDecl,
    ResourceDecl,
    RuleDecl,
    SlotDecl,
    StepDecl,
    TaxonomyDecl,
    UseRef,
    VerifierDecl,
)
from skillc.tree.task import (
    AcceptDecl,
    ChecklistDecl,
    ChoiceDecl,
    ChoiceOfDecl,
    FieldDecl,
    Fields,
    LabelDecl,
    OutcomeDecl,
    ScaleDecl,
    ScoreDecl,
)
from skillc.tree.test import Expectation, TestDecl, TestValue, Turn

__all__ = [
    "AcceptDecl",
    "BinaryExpr",
    "CallExpr",
    "ChecklistDecl",
    "ChoiceDecl",
    "ChoiceOfDecl",
    "CriterionDecl",
    "Declaration",
    "EvidenceDecl",
    "Expectation",
    "ExprTree",
    "FailureDecl",
    "FieldDecl",
    "Fields",
    "GuidanceDecl",
    "Import",
    "InExpr",
    "Item",
    "KeyDecl",
    "LabelDecl",
    "Module",
    "Name",
    "NameExpr",
    "Names",
    "Number",
    "NumberExpr",
    "OutcomeDecl",
    "PhrasesDecl",
    "PipelineDecl",
    "PythonDecl",
    "Quantity",
    "ReadoutDecl",
    "ResourceDecl",
    "RuleDecl",
    "ScaleDecl",
    "ScoreDecl",
    "SkillDecl",
    "SlotDecl",
    "StepDecl",
    "TaskDecl",
    "TaxonomyDecl",
    "TestDecl",
    "TestValue",
    "Text",
    "TextExpr",
    "Turn",
    "UnaryExpr",
    "UseRef",
    "Value",
    "VerifierDecl",
]


Value = (
    Fields
    | ChoiceOfDecl
    | ChoiceDecl
    | ScaleDecl
    | ScoreDecl
    | ChecklistDecl
    | AcceptDecl
    | Text
    | Name
    | Names
    | Number
    | Quantity
    | StepDecl
    | ResourceDecl
    | GuidanceDecl
    | TaxonomyDecl
    | VerifierDecl
    | PipelineDecl
    | PythonDecl
    | EvidenceDecl
    | ReadoutDecl
    | UseRef
)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a task, a skill or phrases. ``key`` is what it is called in messages and by ``replace``."""

    key: str
    value: Value
    replace: bool
    span: Span


@dataclass(frozen=True, slots=True)
class TaskDecl:
    """A task as written."""

    name: Name
    extends: Name | None
    items: tuple[Item, ...]
    span: Span
    broken: bool
    """A part of it could not be read, so what seems to be missing may be there."""


@dataclass(frozen=True, slots=True)
class SkillDecl:
    """A skill as written; steps and protocol entries are items like the rest."""

    name: Name
    extends: Name | None
    items: tuple[Item, ...]
    span: Span
    broken: bool


@dataclass(frozen=True, slots=True)
class PhrasesDecl:
    """Phrases as written."""

    name: Name
    extends: Name | None
    items: tuple[Item, ...]
    span: Span
    broken: bool


Declaration = (
    TaskDecl
    | SkillDecl
    | PhrasesDecl
    | ResourceDecl
    | GuidanceDecl
    | TaxonomyDecl
    | VerifierDecl
    | PipelineDecl
    | PythonDecl
)


@dataclass(frozen=True, slots=True)
class Import:
    """``import { names } from "path"``."""

    names: tuple[Name, ...]
    path: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Module:
    """A file: what it imports, declares and tests."""

    file: SourceFile
    imports: tuple[Import, ...]
    declarations: tuple[Declaration, ...]
    tests: tuple[TestDecl, ...]
    lost: frozenset[str]
    """Words of heads that could not be read: names that may be declared after all."""
