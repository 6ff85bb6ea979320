"""The checked model: what tasks and skills are once all names are resolved."""

from __future__ import annotations

from dataclasses import dataclass, field

from skillc.source import SourceFile, Span
from skillc.tree import (
    AcceptDecl,
    EvidenceDecl,
    GuidanceDecl,
    LabelDecl,
    Name,
    PipelineDecl,
    PythonDecl,
    Quantity,
    ResourceDecl,
    StepDecl,
    TaskDecl,
    TaxonomyDecl,
    Text,
    VerifierDecl,
)
from skillspec.expr import Expr
from skillspec.levels import Level
from skillspec.records import Answer, Limits, Readout

__all__ = ["FieldInfo", "Reading", "ResourceModel", "SkillModel", "SlotModel", "TaskModel"]


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A declared field of a task."""

    name: str
    level: Level
    optional: bool
    labels: tuple[LabelDecl, ...]
    span: Span


@dataclass(frozen=True)
class TaskModel:
    """A task. ``reads`` are the fields that its templates and its answer need."""

    declaration: TaskDecl
    fields: dict[str, FieldInfo]
    answer: Answer
    accept: AcceptDecl | None
    system: Text | None
    user: Text
    closing_text: Text | None
    closing_tools: Text | None
    locale: str
    selected_by: tuple[str, ...]
    reads: tuple[str, ...]
    files: tuple[SourceFile, ...]
    above_fair: tuple[Reading, ...] = ()
    """What its own texts read beyond the public fields: only skills of a wider setting can serve it."""

    @property
    def id(self) -> str:
        """The task's name."""
        return self.declaration.name.text

    def labels(self) -> tuple[str, ...]:
        """Return the labels of the responses."""
        info = self.fields.get("responses")
        return tuple(label.label.text for label in info.labels) if info else ()


@dataclass(frozen=True, slots=True)
class Reading:
    """Something reads a field. ``tasks`` are the ones it is for, None for all.

    ``limits``: whether its declaration can be limited to some tasks by ``for``.
    """

    field: Name
    place: str
    tasks: tuple[str, ...] | None
    limits: bool = False


@dataclass(frozen=True, slots=True)
class ResourceModel:
    """A resource with its compiled condition."""

    declaration: ResourceDecl
    hint: str
    tasks: tuple[str, ...] | None
    when: Expr | None
    when_fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SlotModel:
    """A slot with its compiled condition."""

    name: str
    values: tuple[str, ...]
    chars: int
    taxonomy: TaxonomyDecl | None
    when: Expr | None


@dataclass(frozen=True)
class SkillModel:
    """A skill whose every name is resolved."""

    name: Name
    version: str
    summary: str
    setting: str
    serves: tuple[TaskModel, ...]
    phrases: dict[str, str]
    guidance: tuple[GuidanceDecl, ...]
    steps: tuple[StepDecl, ...]
    resources: tuple[ResourceModel, ...]
    verifiers: tuple[tuple[VerifierDecl, Expr | None], ...]
    pipelines: tuple[tuple[PipelineDecl, Expr | None], ...]
    python: PythonDecl | None
    limits: Limits
    evidence: EvidenceDecl | None
    slots: tuple[SlotModel, ...]
    readout: Readout
    readings: tuple[Reading, ...]
    files: tuple[SourceFile, ...] = field(default=())
    text_limit: Quantity | None = None

    @property
    def id(self) -> str:
        """The skill's name."""
        return self.name.text
