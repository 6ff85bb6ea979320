"""Records of a task: what a judge is given, and what it must return."""

from __future__ import annotations

from typing import Literal

import msgspec

from skillspec.levels import Level
from skillspec.records.base import Digest, Name, Natural, Record, TextRef

__all__ = [
    "Accept",
    "Answer",
    "ChecklistAnswer",
    "ChoiceAnswer",
    "Field",
    "Label",
    "Outcome",
    "ScaleAnswer",
    "ScoreAnswer",
    "Task",
]


class Field(Record, frozen=True, kw_only=True):
    """A declared field of the sample. ``labels`` is filled for ``responses`` alone."""

    name: Name
    level: Level
    optional: bool = False
    labels: tuple[Label, ...] = ()


class Label(Record, frozen=True, kw_only=True):
    """A label and how the task's texts show it."""

    label: str
    shown: str


class Outcome(Record, frozen=True, kw_only=True):
    """What an answer means: who wins (a response's label, or ``tie``) and by how many steps."""

    winner: str
    by: Natural = 1


class ChoiceAnswer(Record, frozen=True, kw_only=True, tag_field="kind", tag="choice"):
    """One label of several. ``of`` names the field whose labels they are, where there is one."""

    of: Name | None
    labels: tuple[Label, ...]
    outcomes: dict[str, Outcome]


class ScaleAnswer(Record, frozen=True, kw_only=True, tag_field="kind", tag="scale"):
    """One of several ordered labels, from one end to the other."""

    labels: tuple[Label, ...]
    outcomes: dict[str, Outcome]


class ScoreAnswer(Record, frozen=True, kw_only=True, tag_field="kind", tag="score"):
    """A number within bounds, both included."""

    minimum: float
    maximum: float
    integer: bool


class ChecklistAnswer(Record, frozen=True, kw_only=True, tag_field="kind", tag="checklist"):
    """One verdict for each item of the field ``over``: the texts that say satisfied and failed."""

    over: Name
    satisfied: str
    failed: str


Answer = ChoiceAnswer | ScaleAnswer | ScoreAnswer | ChecklistAnswer


class Accept(Record, frozen=True, kw_only=True):
    """How an answer is read from plain text.

    ``pattern`` is RE2 with a group ``label``, ``score`` or (for ``blocks``) ``item`` and ``label``;
    null means the shown labels themselves, longest first. ``only``: all matches must agree.
    ``last``: the last match counts. ``trailing``: the match must end the text, white space aside.
    ``blocks``: one match an item. ``labels`` maps what was captured to a label.
    """

    mode: Literal["only", "last", "trailing", "blocks"]
    pattern: str | None = None
    ignore_case: bool = False
    labels: dict[str, str] = msgspec.field(default_factory=dict)


class Task(Record, frozen=True, kw_only=True):
    """What the judge is given and what it must return."""

    format: int
    kind: Literal["task"] = "task"
    id: Name
    fields: tuple[Field, ...]
    answer: Answer
    accept: Accept | None
    system: TextRef | None
    user: TextRef
    closing_text: TextRef | None
    closing_tools: TextRef | None
    locale: str = "en"
    selected_by: tuple[Name, ...] = ()
    sources: dict[str, Digest]
    digest: Digest
