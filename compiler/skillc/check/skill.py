"""Checking skills: all names resolved, every reading visible, everything within its bounds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from skillc.check.evidence import check_evidence, check_taxonomy
from skillc.check.model import Reading, SkillModel, TaskModel
from skillc.check.naming import check_name, check_twice
from skillc.check.parts import PartChecker
from skillc.check.phrases import check_phrases
from skillc.check.protocol import build_limits, text_limit
from skillc.check.readouts.reach import check_reach
from skillc.check.readouts.readout import ReadoutContext, check_readout
from skillc.check.steps import check_steps
from skillc.check.visibility import check_readings
from skillc.diagnostics import Report, did_you_mean, listed
from skillc.project.inherit import effective_items, is_complete, lineage
from skillc.project.scope import Bound, Scope, kind_of
from skillc.source import SourceFile
from skillc.tree import (
    EvidenceDecl,
    GuidanceDecl,
    Name,
    Names,
    PhrasesDecl,
    PipelineDecl,
    PythonDecl,
    ReadoutDecl,
    ResourceDecl,
    SkillDecl,
    StepDecl,
    TaskDecl,
    TaxonomyDecl,
    Text,
    UseRef,
    Value,
    VerifierDecl,
)
from skillspec.levels import SETTINGS

__all__ = ["TaskOf", "check_skill"]

V = TypeVar("V")
TaskOf = Callable[[TaskDecl, Scope], TaskModel | None]
Part = ResourceDecl | GuidanceDecl | TaxonomyDecl | VerifierDecl | PipelineDecl | PythonDecl

_REQUIRED = {
    "version": 'write `version "1.0.0"`',
    "summary": "write what it does and when to use it: it is all that the judge sees before loading",
    "serves": "name the tasks that it judges: `serves my_task`",
    "setting": "write `setting fair` or `setting operational`",
    "phrases": "name the phrases in which it speaks: `phrases plain_english`",
    "procedure": 'write the steps: `procedure { step look "..." }`',
}
_SUMMARY_CHARS = 1024


@dataclass
class Parts:
    """The parts of a skill by kind, each with the scope in which its names mean something."""

    by_id: dict[str, Part] = field(default_factory=dict)
    scopes: dict[str, Scope] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    """Names that were to be taken in and could not be found."""

    def of(self, kind: type) -> list[tuple[str, Part]]:
        """Return the parts of one kind, with their ids."""
        return [(name, part) for name, part in self.by_id.items() if isinstance(part, kind)]


def check_skill(declaration: SkillDecl, scope: Scope, task_of: TaskOf, report: Report) -> SkillModel | None:
    """Check a skill; None when so much is wrong that nothing can be made of it."""
    check_name(declaration.name, "a skill", report)
    items = effective_items(declaration, scope, report)
    complete = is_complete(declaration, scope)
    if complete:
        _required(declaration, items, report)
    serves = _serves(items, task_of)
    phrases, phrase_files = _phrases(items, report)
    parts = _parts(items, report)
    setting = _word(items, "setting")
    _check_setting(setting, report)
    _check_simple(items, report)
    served = tuple(task for _, task in serves)
    listed_tasks = _value(items, "serves", Names)
    names = [name.text for name in listed_tasks.names] if listed_tasks is not None else []
    check_twice(listed_tasks.names if listed_tasks is not None else (), report)
    _check_closing(serves, report)
    checker = PartChecker(declaration.name.text, served, list(dict.fromkeys(names)), report)
    checked = checker.check(parts.by_id, parts.scopes, task_of)
    limits = build_limits(items, parts.by_id, report)
    steps = _steps(items)
    check_steps(steps, parts.by_id, parts.lost, names, complete, report)
    evidence = _value(items, "evidence", EvidenceDecl)
    slots = (
        () if evidence is None else check_evidence(evidence, served, _taxonomy_lookup(parts, report), report)
    )
    _check_taxonomies(parts, slots_of=[slot.taxonomy for slot in slots], complete=complete, report=report)
    context = ReadoutContext(
        declaration.name.text,
        served,
        tuple(part for part in parts.by_id.values() if isinstance(part, VerifierDecl)),
        frozenset(name for name, _ in parts.of(PipelineDecl)),
        evidence,
        slots,
    )
    readout, readout_readings = check_readout(_value(items, "readout", ReadoutDecl), context, report)
    readings = [*checked.readings, *_evidence_readings(evidence), *readout_readings]
    if setting is not None and setting.text in SETTINGS:
        check_readings(declaration.name.text, setting.text, readings, served, report)
    check_reach(parts.by_id, steps, evidence, _value(items, "readout", ReadoutDecl), items, report)
    version, summary = _word(items, "version"), _value(items, "summary", Text)
    if report.has_errors or setting is None or version is None or summary is None or not phrases:
        return None
    return SkillModel(
        declaration.name,
        version.text,
        summary.value.strip(),
        setting.text,
        served,
        phrases,
        tuple(part for part in parts.by_id.values() if isinstance(part, GuidanceDecl)),
        tuple(steps),
        checked.resources,
        checked.verifiers,
        checked.pipelines,
        next((part for part in parts.by_id.values() if isinstance(part, PythonDecl)), None),
        limits,
        evidence,
        slots,
        readout,
        tuple(readings),
        _files(declaration, scope, items, parts, phrase_files),
        text_limit(items),
    )


def _value(items: dict[str, Bound], key: str, kind: type[V]) -> V | None:
    value = items[key].item.value if key in items else None
    return value if isinstance(value, kind) else None


def _word(items: dict[str, Bound], key: str) -> Name | None:
    value = items[key].item.value if key in items else None
    return value if isinstance(value, Name) else None


def _required(declaration: SkillDecl, items: dict[str, Bound], report: Report) -> None:
    for key, help in _REQUIRED.items():
        if key not in items:
            report.error(
                "SK210", declaration.name.span, f"skill `{declaration.name.text}` has no `{key}`", help
            )


def _serves(items: dict[str, Bound], task_of: TaskOf) -> list[tuple[Name, TaskModel]]:
    bound = items.get("serves")
    served: list[tuple[Name, TaskModel]] = []
    if bound is None or not isinstance(bound.item.value, Names):
        return served
    for name in bound.item.value.names:
        task = bound.scope.lookup(name, TaskDecl)
        model = task_of(*task) if task is not None else None
        if model is not None and name.text not in [known.text for known, _ in served]:
            served.append((name, model))
    return served


def _check_closing(serves: list[tuple[Name, TaskModel]], report: Report) -> None:
    for name, task in serves:
        if task.closing_tools is None:
            message = f"task `{task.id}` does not say how to answer by tool"
            report.error(
                "SK613",
                name.span,
                message,
                'add to the task: `closing tools """Submit ... with final_answer."""`',
            )


def _phrases(items: dict[str, Bound], report: Report) -> tuple[dict[str, str], tuple[SourceFile, ...]]:
    bound = items.get("phrases")
    if bound is None or not isinstance(bound.item.value, UseRef):
        return {}, ()
    declared = bound.scope.lookup(bound.item.value.name, PhrasesDecl)
    if declared is None:
        return {}, ()
    files = tuple(home.module.file for _, home in lineage(*declared) or [])
    return check_phrases(*declared, report), files


def _parts(items: dict[str, Bound], report: Report) -> Parts:
    parts = Parts()
    for bound in items.values():
        value: Value | None = bound.item.value
        home = bound.scope
        if isinstance(value, UseRef) and bound.item.key != "phrases":
            shared = _shared(value.name, bound.scope, report)
            if shared is None:
                parts.lost.add(value.name.text)
                continue
            value, home = shared
        if not isinstance(
            value, ResourceDecl | GuidanceDecl | TaxonomyDecl | VerifierDecl | PipelineDecl | PythonDecl
        ):
            continue
        name = value.id if isinstance(value, ResourceDecl) else value.name.text
        if name in parts.by_id:
            first = parts.by_id[name].name.span
            message = f"this skill has `{name}` already"
            report.error("SK202", bound.item.span, message, f"the other is in {first.file.path}:{first.line}")
            continue
        parts.by_id[name], parts.scopes[name] = value, home
    return parts


def _shared(name: Name, scope: Scope, report: Report) -> tuple[Part, Scope] | None:
    entry = scope.find(name.text)
    if entry is None:
        if name.text not in scope.unresolved:
            known = [
                key
                for key, other in {**scope.own, **scope.imported}.items()
                if not isinstance(other.declaration, TaskDecl | SkillDecl | PhrasesDecl)
            ]
            help = did_you_mean(
                name.text, known, "declare it, import it, or give it a block here: `use python { ... }`"
            )
            report.error("SK201", name.span, f"there is no shared declaration `{name.text}` here", help)
        return None
    if isinstance(entry.declaration, TaskDecl | SkillDecl | PhrasesDecl):
        message = f"`{name.text}` is {kind_of(entry.declaration)} and cannot be used like this"
        report.error(
            "SK208",
            name.span,
            message,
            "`use` takes in resources, guidance, taxonomies, verifiers, pipelines and `python`",
        )
        return None
    return entry.declaration, entry.scope


def _check_setting(setting: Name | None, report: Report) -> None:
    if setting is not None and setting.text not in SETTINGS:
        help = did_you_mean(
            setting.text, SETTINGS, f"settings are {listed((f'`{name}`' for name in SETTINGS), 'and')}"
        )
        report.error("SK604", setting.span, f"there is no setting `{setting.text}`", help)


def _check_simple(items: dict[str, Bound], report: Report) -> None:
    import re

    version = _word(items, "version")
    if version is not None and not re.fullmatch(r"\d{1,6}\.\d{1,6}\.\d{1,6}", version.text):
        report.error(
            "SK604", version.span, f'"{version.text}" is no version', 'write three numbers: `version "1.0.0"`'
        )
    summary = _value(items, "summary", Text)
    if summary is not None and not 1 <= len(summary.value.strip()) <= _SUMMARY_CHARS:
        count = len(summary.value.strip())
        message = f"the summary has {count} characters; 1 to {_SUMMARY_CHARS} are allowed"
        report.error(
            "SK605",
            summary.declared,
            message,
            "say in a few sentences what the skill does and when to use it",
        )


def _steps(items: dict[str, Bound]) -> list[StepDecl]:
    return [bound.item.value for bound in items.values() if isinstance(bound.item.value, StepDecl)]


def _taxonomy_lookup(parts: Parts, report: Report) -> Callable[[Name], TaxonomyDecl | None]:
    def lookup(name: Name) -> TaxonomyDecl | None:
        part = parts.by_id.get(name.text)
        if isinstance(part, TaxonomyDecl):
            return part
        known = [key for key, _ in parts.of(TaxonomyDecl)]
        help = did_you_mean(name.text, known, "declare one: `taxonomy failures { ... }`")
        report.error("SK201", name.span, f"this skill has no taxonomy `{name.text}`", help)
        return None

    return lookup


def _check_taxonomies(
    parts: Parts, *, slots_of: list[TaxonomyDecl | None], complete: bool, report: Report
) -> None:
    for name, part in parts.of(TaxonomyDecl):
        assert isinstance(part, TaxonomyDecl)
        check_taxonomy(part, report)
        if complete and not any(known is part for known in slots_of):
            help = f"let findings name them: `failure in {name}`"
            report.unused("SK602", part.name.span, f"nothing uses the taxonomy `{name}`", help)


def _evidence_readings(evidence: EvidenceDecl | None) -> list[Reading]:
    keys = evidence.keys if evidence is not None else ()
    return [Reading(key.source, "`finding each item`", None) for key in keys if key.source is not None]


def _files(
    declaration: SkillDecl,
    scope: Scope,
    items: dict[str, Bound],
    parts: Parts,
    phrase_files: tuple[SourceFile, ...],
) -> tuple[SourceFile, ...]:
    files = [home.module.file for _, home in lineage(declaration, scope) or []]
    files += [home.module.file for home in parts.scopes.values()]
    files += phrase_files
    texts = [bound.item.value for bound in items.values()]
    for value in (*texts, *parts.by_id.values()):
        text = value if isinstance(value, Text) else getattr(value, "text", None)
        if isinstance(text, Text):
            files.append(text.span.file)
    return tuple(dict.fromkeys(files))
