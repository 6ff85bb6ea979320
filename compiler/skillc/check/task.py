"""Checking tasks: fields, answer, acceptance, templates."""

from __future__ import annotations

from skillc.check.answers import build_answer, check_accept
from skillc.check.model import FieldInfo, Reading, TaskModel
from skillc.check.naming import check_label, check_name, check_twice
from skillc.check.templates import check_template
from skillc.check.visibility import check_direct
from skillc.diagnostics import Report, did_you_mean
from skillc.project.inherit import effective_items, is_complete, lineage
from skillc.project.scope import Bound, Scope
from skillc.source import SourceFile
from skillc.tree import (
    AcceptDecl,
    ChecklistDecl,
    ChoiceOfDecl,
    Fields,
    Name,
    Names,
    TaskDecl,
    Text,
)
from skillspec.fields import shape_of
from skillspec.levels import Level
from skillspec.records import Answer, ChecklistAnswer, ScoreAnswer

__all__ = ["check_task"]

_LEVELS = {"given": Level.PUBLIC, "attach": Level.SAMPLE, "about": Level.BENCHMARK}


def check_task(declaration: TaskDecl, scope: Scope, report: Report) -> TaskModel | None:
    """Check a task; None when so much is wrong that nothing can be made of it."""
    check_name(declaration.name, "a task", report)
    items = effective_items(declaration, scope, report)
    complete = is_complete(declaration, scope)
    fields = _fields(items, report)
    answer = _answer(items, fields, report)
    _required(declaration, items, complete, report)
    readings = _answer_readings(items, fields, declaration)
    for key in ("system", "user"):
        text = _text(items, key)
        if text is not None:
            readings += check_template(text, fields, f"`{key}`", declaration.name.text, report)
    above = [reading for reading in readings if fields[reading.field.text].level is not Level.PUBLIC]
    accept = _accept(items, answer, report)
    if accept is not None:
        for name in dict.fromkeys(reading.field.text for reading in above):
            places = [reading for reading in above if reading.field.text == name]
            check_direct(declaration.name.text, fields[name], places, report)
    elif not above:
        _warn_unfinished(declaration, items, answer, complete, report)
    reads = {reading.field.text for reading in readings}
    selected = _selected(items, fields, declaration, report)
    user = _text(items, "user")
    if answer is None or user is None:
        return None
    locale = items["locale"].item.value if "locale" in items else None
    return TaskModel(
        declaration,
        fields,
        answer,
        accept,
        _text(items, "system"),
        user,
        _text(items, "closing text"),
        _text(items, "closing tools"),
        locale.text if isinstance(locale, Name) else "en",
        selected,
        tuple(name for name in fields if name in reads),
        _files(declaration, scope, items),
        () if accept is not None else tuple(above),
    )


def _files(declaration: TaskDecl, scope: Scope, items: dict[str, Bound]) -> tuple[SourceFile, ...]:
    files = [home.module.file for _, home in lineage(declaration, scope) or []]
    files += [bound.item.value.span.file for bound in items.values() if isinstance(bound.item.value, Text)]
    return tuple(dict.fromkeys(files))


def _text(items: dict[str, Bound], key: str) -> Text | None:
    value = items[key].item.value if key in items else None
    return value if isinstance(value, Text) else None


def _fields(items: dict[str, Bound], report: Report) -> dict[str, FieldInfo]:
    fields: dict[str, FieldInfo] = {}
    for key, level in _LEVELS.items():
        value = items[key].item.value if key in items else None
        for field in value.fields if isinstance(value, Fields) else ():
            name = field.name
            if name.text in fields:
                first = fields[name.text].span
                message = f"field `{name.text}` is declared twice"
                report.error(
                    "SK202",
                    name.span,
                    message,
                    f"the first one is on line {first.line}; a field has one level",
                )
                continue
            check_name(name, "a field", report)
            if shape_of(name.text) == "responses" and not field.labels:
                message = "`responses` needs its labels"
                report.error("SK507", name.span, message, "write `responses { A, B }`")
            elif field.labels and shape_of(name.text) != "responses":
                message = f"`{name.text}` has labels, and only `responses` can"
                report.error(
                    "SK507", field.span, message, "take the braces away, or call the field `responses`"
                )
            seen: set[str] = set()
            for label in field.labels:
                check_label(label.label, report)
                if label.outcome is not None:
                    report.error(
                        "SK507",
                        label.outcome.span,
                        "a response has no outcome",
                        "outcomes belong to `answer`",
                    )
                if label.label.text in seen:
                    message = f"label `{label.label.text}` is there twice"
                    report.error("SK202", label.label.span, message, "rename one of them")
                seen.add(label.label.text)
            fields[name.text] = FieldInfo(name.text, level, field.optional, field.labels, name.span)
    return fields


def _answer(items: dict[str, Bound], fields: dict[str, FieldInfo], report: Report) -> Answer | None:
    if "answer" not in items:
        return None
    return build_answer(items["answer"].item.value, fields, report)


def _answer_readings(
    items: dict[str, Bound], fields: dict[str, FieldInfo], declaration: TaskDecl
) -> list[Reading]:
    """Return what the answer is about: the responses, and the list that a checklist goes over."""
    value = items["answer"].item.value if "answer" in items else None
    names = [value.over] if isinstance(value, ChecklistDecl) else []
    if "responses" in fields:
        names.append(
            value.field if isinstance(value, ChoiceOfDecl) else Name("responses", fields["responses"].span)
        )
    known = [name for name in names if name.text in fields]
    return [Reading(name, "the answer", (declaration.name.text,)) for name in known]


def _accept(items: dict[str, Bound], answer: Answer | None, report: Report) -> AcceptDecl | None:
    value = items["accept"].item.value if "accept" in items else None
    if not isinstance(value, AcceptDecl):
        return None
    if answer is not None:
        check_accept(value, answer, report)
    return value


def _required(declaration: TaskDecl, items: dict[str, Bound], complete: bool, report: Report) -> None:
    if not complete:
        return
    helps = {
        "answer": "write what it must return, such as `answer choice of responses`",
        "user": 'write the message that the judge gets: `user """..."""`',
    }
    for key, help in helps.items():
        if key not in items:
            message = f"task `{declaration.name.text}` has no `{key}`"
            report.error("SK210", declaration.name.span, message, help)


def _warn_unfinished(
    declaration: TaskDecl, items: dict[str, Bound], answer: Answer | None, complete: bool, report: Report
) -> None:
    if complete and "accept" not in items:
        shape = "only label"
        if isinstance(answer, ScoreAnswer):
            shape = "trailing /(?P<score>[0-9]+)/"
        elif isinstance(answer, ChecklistAnswer):
            shape = "blocks /(?P<item>[0-9]+): (?P<label>.*)/"
        message = f"task `{declaration.name.text}` has no `accept`, so it has no direct link"
        report.warning(
            "SK508",
            declaration.name.span,
            message,
            f"write how an answer is read from text: `accept text {shape}`",
        )


def _selected(
    items: dict[str, Bound], fields: dict[str, FieldInfo], declaration: TaskDecl, report: Report
) -> tuple[str, ...]:
    value = items["selected by"].item.value if "selected by" in items else None
    names = value.names if isinstance(value, Names) else ()
    check_twice(names, report)
    for name in names:
        if name.text not in fields:
            message = f"task `{declaration.name.text}` has no field `{name.text}`"
            report.error(
                "SK302", name.span, message, did_you_mean(name.text, fields, "declare it with `about`")
            )
    return tuple(name.text for name in names)
