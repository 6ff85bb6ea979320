"""Typed records of the artifacts that the compiler writes and the runtime reads.

One JSON file holds one ``Task``, ``Skill``, ``Link`` or ``Index``. Longer
texts lie in files of their own named by their content; a ``TextRef`` names one. The order of
fields here is the order in the files, and the order of properties in a tool's schema is kept,
because a model answers in that order.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from skillspec.expr import Expr
from skillspec.levels import Level
from skillspec.words import Delivery

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

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z_][a-z0-9_]*$", max_length=80)]
Ident = Annotated[str, msgspec.Meta(pattern=r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$", max_length=200)]
TextRef = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{20}$")]
"""The first 20 hex digits of the SHA-256 of a text's UTF-8 bytes; the text is ``texts/<ref>.txt``."""
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Natural = Annotated[int, msgspec.Meta(ge=0)]

Setting = Literal["fair", "operational"]


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all records: immutable, by keyword, unknown fields refused."""


# ---------------------------------------------------------------------------------------- tasks


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
    labels: dict[str, str] = {}


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


# --------------------------------------------------------------------------------------- skills


class Step(Record, frozen=True, kw_only=True):
    """One step of the procedure: its text, what it runs and what it consults, and for which tasks."""

    name: Name
    text: str
    use: tuple[Ident, ...] = ()
    consult: tuple[Ident, ...] = ()
    tasks: tuple[Name, ...] | None = None


class Resource(Record, frozen=True, kw_only=True):
    """Something to view: a text, or fields of the sample. Exactly one of ``text`` and ``fields`` is set."""

    id: Ident
    hint: str
    text: TextRef | None = None
    fields: tuple[Name, ...] = ()
    tasks: tuple[Name, ...] | None = None
    when: Expr | None = None


class Verifier(Record, frozen=True, kw_only=True):
    """A deterministic check, by its signature ``name@version``; ``auto`` ones run before the judge starts."""

    id: Ident
    by: str
    reads: tuple[Name, ...]
    gives: Literal["winner", "items", "score"]
    run: Literal["auto", "asked"]
    hint: str = ""
    tasks: tuple[Name, ...] | None = None
    when: Expr | None = None


class Pipeline(Record, frozen=True, kw_only=True):
    """A resource that asks the model itself, with a task of its own."""

    id: Ident
    task: Name
    reads: tuple[Name, ...]
    orders: Literal["one", "both"]
    each: Name | None
    gives: Literal["winner", "score"]
    requests: int
    hint: str = ""
    margin: float = 0.0
    tasks: tuple[Name, ...] | None = None
    when: Expr | None = None


class PythonTool(Record, frozen=True, kw_only=True):
    """The Python sandbox as the judge may use it. ``sees`` are the fields that its code is given."""

    calls: int
    timeout_s: float
    code_chars: int
    output_chars: int
    sees: tuple[Name, ...]


class Limits(Record, frozen=True, kw_only=True):
    """The protocol: how much of what. ``prefer`` orders the index."""

    load: Literal["optional", "required"] = "optional"
    turns: int = 6
    views: int = 4
    runs: int = 0
    view_chars: int = 6000
    prefer: tuple[str, ...] = ()


class Criterion(Record, frozen=True, kw_only=True):
    """A criterion that a finding may name; a failed ``hard`` one is a veto for the readout to use."""

    name: Name
    strength: Literal["hard", "soft"]
    text: str
    weight: float = 1.0


class Slot(Record, frozen=True, kw_only=True):
    """A property of a finding beside its keys."""

    name: Name
    type: Literal["enum", "text", "failure"]
    values: tuple[str, ...] = ()
    chars: int = 0
    when: Expr | None = None


class Failure(Record, frozen=True, kw_only=True):
    """An entry of a failure taxonomy."""

    name: Name
    severity: Literal["critical", "major", "minor"]
    text: str
    cap: float | None = None


class Evidence(Record, frozen=True, kw_only=True):
    """What findings look like and how they are bound to what was seen.

    ``keys`` are ``criterion``, ``response`` and ``item``; no two findings have the same. ``closed``: there is
    exactly one finding for each combination of them. ``cites`` is (least, most, kinds).
    """

    closed: bool = False
    keys: tuple[Literal["criterion", "response", "item"], ...]
    items_from: Name | None = None
    most: int
    criteria: tuple[Criterion, ...] = ()
    slots: tuple[Slot, ...] = ()
    cites_min: int = 0
    cites_max: int = 0
    cites_kinds: tuple[Literal["resource", "run", "quote"], ...] = ()
    failures: tuple[Failure, ...] = ()
    ungrounded: Literal["drop", "keep"] = "drop"


class Settle(Record, frozen=True, kw_only=True):
    """A verifier overrules the status of the items on which it is conclusive."""

    verifier: Ident


class Let(Record, frozen=True, kw_only=True):
    """A named value, usable below."""

    name: Name
    value: Expr


class Decision(Record, frozen=True, kw_only=True):
    """A verifier's finding that replaces the outcome while ``when`` holds."""

    value: Expr
    when: Expr


class ScoreRule(Record, frozen=True, kw_only=True):
    """A bound on the score while ``when`` holds (always, when that is null)."""

    value: Expr
    when: Expr | None = None


class Readout(Record, frozen=True, kw_only=True):
    """How findings become an outcome: settle, base, the least cap that applies, the first decision, round.

    ``base`` null means the judge's own answer. ``otherwise`` is what a base without a value is
    worth; null makes the judgment invalid.
    """

    settle: tuple[Settle, ...] = ()
    lets: tuple[Let, ...] = ()
    base: Expr | None = None
    otherwise: float | None = None
    caps: tuple[ScoreRule, ...] = ()
    abstain: Expr | None = None
    decisions: tuple[Decision, ...] = ()
    round: int | None = None


class Skill(Record, frozen=True, kw_only=True):
    """How to judge: procedure, resources, protocol, evidence, readout."""

    format: int
    kind: Literal["skill"] = "skill"
    id: Name
    version: str
    summary: str
    serves: tuple[Name, ...]
    setting: Setting
    phrases: dict[str, str]
    steps: tuple[Step, ...]
    resources: tuple[Resource, ...]
    verifiers: tuple[Verifier, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    python: PythonTool | None = None
    limits: Limits
    evidence: Evidence | None
    readout: Readout
    sources: dict[str, Digest]
    digest: Digest


# ---------------------------------------------------------------------------------------- links


class TextPart(Record, frozen=True, kw_only=True, tag_field="part", tag="text"):
    """Static bytes."""

    ref: TextRef


class TemplatePart(Record, frozen=True, kw_only=True, tag_field="part", tag="template"):
    """Jinja2 over the sample's visible fields."""

    ref: TextRef


class ResourcePart(Record, frozen=True, kw_only=True, tag_field="part", tag="resource"):
    """A resource in line under its id, left out where it is absent for the sample."""

    id: Ident


class EvidencePart(Record, frozen=True, kw_only=True, tag_field="part", tag="evidence"):
    """The results of the automatic verifiers, left out where there is none."""


Part = TextPart | TemplatePart | ResourcePart | EvidencePart


class Message(Record, frozen=True, kw_only=True):
    """A message to send: the parts that are not empty, joined by a blank line."""

    role: Literal["system", "user"]
    parts: tuple[Part, ...]


class Tool(Record, frozen=True, kw_only=True):
    """A function that the judge may call; ``parameters`` is JSON Schema within the strict subset."""

    name: str
    description: str
    parameters: dict[str, Any]


class Link(Record, frozen=True, kw_only=True):
    """One task x skill x setting x delivery, ready to fill.

    ``resources``, ``verifiers`` and ``pipelines`` are the ids that this link could offer.
    ``loaded`` is what ``use_skill`` returns. ``readout`` says whose readout counts. ``fields`` are
    the fields of the sample that the judge's side is handed at all.
    """

    format: int
    kind: Literal["link"] = "link"
    id: str
    task: Name
    skill: Name | None
    setting: Setting
    delivery: Delivery
    fields: tuple[Name, ...]
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    loaded: tuple[Part, ...] = ()
    resources: tuple[Ident, ...] = ()
    verifiers: tuple[Ident, ...] = ()
    pipelines: tuple[Ident, ...] = ()
    readout: Literal["task", "skill"]
    static_chars: Natural
    task_digest: Digest
    skill_digest: Digest | None
    digest: Digest


class IndexEntry(Record, frozen=True, kw_only=True):
    """Where an artifact lies and what its digest is."""

    path: str
    digest: Digest


class Index(Record, frozen=True, kw_only=True):
    """All artifacts of one compilation."""

    format: int
    kind: Literal["index"] = "index"
    language: int
    tasks: dict[str, IndexEntry]
    skills: dict[str, IndexEntry]
    links: dict[str, IndexEntry]
    texts: dict[str, Natural]
