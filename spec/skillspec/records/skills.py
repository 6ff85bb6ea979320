"""Records of a skill: procedure, resources, protocol, evidence, readout."""

from __future__ import annotations

from typing import Literal

from skillspec.expr import Expr
from skillspec.records.base import Digest, Ident, Name, Record, Setting, TextRef

__all__ = [
    "Criterion",
    "Decision",
    "Evidence",
    "Failure",
    "Let",
    "Limits",
    "Pipeline",
    "PythonTool",
    "Readout",
    "Resource",
    "ScoreRule",
    "Settle",
    "Skill",
    "Slot",
    "Step",
    "Verifier",
]


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
