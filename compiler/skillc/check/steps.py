"""Checking the procedure: its steps name what there is, and use it as it can be used."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from skillc.check.naming import check_name, check_twice
from skillc.diagnostics import Report, did_you_mean
from skillc.tree import (
    GuidanceDecl,
    Name,
    PipelineDecl,
    PythonDecl,
    ResourceDecl,
    StepDecl,
    TaxonomyDecl,
    VerifierDecl,
)

__all__ = ["check_steps", "check_tasks"]

_MOST_CHARS = 1000


def check_tasks(tasks: tuple[Name, ...] | None, serves: Sequence[str], report: Report) -> None:
    """Report tasks after ``for`` that the skill does not serve."""
    check_twice(tasks or (), report)
    for name in tasks or ():
        if name.text not in serves:
            help = did_you_mean(name.text, serves, "add it to `serves`")
            report.error("SK603", name.span, f"this skill does not serve a task `{name.text}`", help)


def check_steps(
    steps: Sequence[StepDecl],
    parts: Mapping[str, object],
    lost: Collection[str],
    serves: list[str],
    complete: bool,
    report: Report,
) -> None:
    """Check every step; ``lost`` are names whose absence was reported already."""
    for step in steps:
        check_name(step.name, "a step", report)
        length = len(step.text.value.strip())
        if not 1 <= length <= _MOST_CHARS:
            message = f"a step has 1 to {_MOST_CHARS} characters, this one {length}"
            report.error(
                "SK605", step.text.declared, message, "put what is long into a resource and consult it"
            )
        if serves or complete:
            check_tasks(step.tasks, serves, report)
        check_twice((*step.use, *step.consult), report)
        for name in step.use:
            if name.text not in lost:
                _check_use(name, parts, report)
        for name in step.consult:
            if name.text.split(".")[-1] not in lost:
                _check_consult(name, parts, report)


def _check_use(name: Name, parts: Mapping[str, object], report: Report) -> None:
    part = parts.get(name.text)
    if isinstance(part, VerifierDecl | PipelineDecl | PythonDecl):
        return
    usable = [
        key for key, other in parts.items() if isinstance(other, VerifierDecl | PipelineDecl | PythonDecl)
    ]
    if isinstance(part, ResourceDecl):
        message = f"`{name.text}` is a resource: nothing can run it"
        report.error("SK601", name.span, message, f"write `consult {name.text}`")
    elif part is not None:
        report.error(
            "SK601",
            name.span,
            f"`{name.text}` is {_what(part)} and cannot be run",
            did_you_mean(name.text, usable),
        )
    else:
        help = did_you_mean(
            name.text,
            usable,
            "steps use verifiers, pipelines and `python`; declare it or take it in with `use`",
        )
        report.error("SK201", name.span, f"this skill has no `{name.text}` to use", help)


def _check_consult(name: Name, parts: Mapping[str, object], report: Report) -> None:
    part = parts.get(name.text)
    if isinstance(part, ResourceDecl):
        return
    known = [key for key, other in parts.items() if isinstance(other, ResourceDecl)]
    if isinstance(part, VerifierDecl | PipelineDecl | PythonDecl):
        message = f"`{name.text}` is {_what(part)}: there is nothing to read in it"
        report.error("SK601", name.span, message, f"write `use {name.text}`")
    elif part is not None or name.text.startswith("taxonomy."):
        message = f"`{name.text}` is {_what(part)}: it is shown with the manual anyway"
        report.error("SK601", name.span, message, "take it away here")
    else:
        help = did_you_mean(
            name.text, known, "declare it: `resource ... { text ... }`, or take it in with `use`"
        )
        report.error("SK201", name.span, f"this skill has no resource `{name.text}`", help)


def _what(part: object) -> str:
    match part:
        case VerifierDecl():
            return "a verifier"
        case PipelineDecl():
            return "a pipeline"
        case PythonDecl():
            return "the sandbox"
        case GuidanceDecl():
            return "guidance"
        case TaxonomyDecl() | None:
            return "a taxonomy"
    return "a resource"
