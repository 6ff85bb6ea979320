"""Typed records of the artifacts that the compiler writes and the runtime reads.

One JSON file holds one :class:`Task`, :class:`Skill`, :class:`Link` or :class:`Index`. Longer
texts lie in files of their own named by their content; a :data:`TextRef` names one. The order of
fields here is the order in the files, and the order of properties in a tool's schema is kept,
because a model answers in that order.
"""

from __future__ import annotations

from skillspec.records.base import TextRef
from skillspec.records.links import (
    EvidencePart,
    Index,
    IndexEntry,
    Link,
    Message,
    Part,
    ResourcePart,
    TemplatePart,
    TextPart,
    Tool,
)
from skillspec.records.skills import (
    Criterion,
    Decision,
    Evidence,
    Failure,
    Let,
    Limits,
    Pipeline,
    PythonTool,
    Readout,
    Resource,
    ScoreRule,
    Settle,
    Skill,
    Slot,
    Step,
    Verifier,
)
from skillspec.records.tasks import (
    Accept,
    Answer,
    ChecklistAnswer,
    ChoiceAnswer,
    Field,
    Label,
    Outcome,
    ScaleAnswer,
    ScoreAnswer,
    Task,
)

__all__ = [
    "Accept",
    "Answer",
    "ChecklistAnswer",
    "ChoiceAnswer",
    "Criterion",
    "Decision",
    "Evidence",
    "EvidencePart",
    "Failure",
    "Field",
    "Index",
    "IndexEntry",
    "Label",
    "Let",
    "Limits",
    "Link",
    "Message",
    "Outcome",
    "Part",
    "Pipeline",
    "PythonTool",
    "Readout",
    "Resource",
    "ResourcePart",
    "ScaleAnswer",
    "ScoreAnswer",
    "ScoreRule",
    "Settle",
    "Skill",
    "Slot",
    "Step",
    "Task",
    "TemplatePart",
    "TextPart",
    "TextRef",
    "Tool",
    "Verifier",
]
