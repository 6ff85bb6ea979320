"""Reachability: what is declared and can never be reached, read or hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import UnionType

from skillc.diagnostics import Report, listed
from skillc.project.scope import Bound
from skillc.tree import (
    EvidenceDecl,
    Name,
    NameExpr,
    Number,
    PipelineDecl,
    PythonDecl,
    ReadoutDecl,
    ResourceDecl,
    StepDecl,
    TaxonomyDecl,
    VerifierDecl,
)

__all__ = ["check_reach"]


def check_reach(
    parts: Mapping[str, object],
    steps: Sequence[StepDecl],
    evidence: EvidenceDecl | None,
    readout: ReadoutDecl | None,
    items: Mapping[str, Bound],
    report: Report,
) -> None:
    """Warn of what a skill declares and nothing can get to."""
    for step in steps:
        for name in (*step.use, *step.consult):
            _check_step(step, name, parts.get(name.text), report)
    _check_limits(parts, items, report)
    _check_caps(parts, readout, report)
    if evidence is not None:
        _check_cites(evidence, parts, report)
        _check_weights(evidence, readout, report)


def _check_step(step: StepDecl, name: Name, part: object, report: Report) -> None:
    """A step that names something for other tasks than its own never shows it."""
    tasks = getattr(part, "tasks", None)
    if tasks is None or step.tasks is None:
        return
    own, others = [task.text for task in step.tasks], [task.text for task in tasks]
    if not set(own) & set(others):
        there = listed((f"`{task}`" for task in others), "and")
        here = listed((f"`{task}`" for task in own), "and")
        message = f"`{name.text}` is for {there}, and this step for {here}: they never meet"
        report.unused("SK602", name.span, message, "let both be for the same tasks, or take it away here")


def _can_run(parts: Mapping[str, object]) -> bool:
    return any(
        isinstance(part, PipelineDecl)
        or (isinstance(part, VerifierDecl) and part.run is not None and part.run.text == "asked")
        for part in parts.values()
    )


def _has(parts: Mapping[str, object], kind: type | UnionType) -> bool:
    return any(isinstance(part, kind) for part in parts.values())


def _check_limits(parts: Mapping[str, object], items: Mapping[str, Bound], report: Report) -> None:
    """A limit on what is not there."""
    checks = (
        ("views", _has(parts, ResourceDecl), "there is no resource to view"),
        ("view", _has(parts, ResourceDecl), "there is no resource to view"),
        ("runs", _can_run(parts), "there is no pipeline, and no verifier with `run asked`"),
    )
    for key, there, why in checks:
        bound = items.get(f"protocol {key}")
        limits_nothing = (
            isinstance(bound.item.value, Number) and bound.item.value.value == 0 if bound else True
        )
        if bound is not None and not there and not limits_nothing:
            report.unused("SK602", bound.item.span, f"`{key}` limits nothing: {why}", "take it away")


def _check_cites(evidence: EvidenceDecl, parts: Mapping[str, object], report: Report) -> None:
    """Citations of what no conversation can have shown."""
    possible = {
        "resource": (_has(parts, ResourceDecl), "there is no resource"),
        "run": (_has(parts, PythonDecl | PipelineDecl | VerifierDecl), "there is nothing to run"),
    }
    for kind in evidence.cites[2] if evidence.cites is not None else ():
        there, why = possible.get(kind.text, (True, ""))
        if not there:
            message = f"no finding can ever cite a `{kind.text}`: {why}"
            report.unused("SK602", kind.span, message, "take it away here, or declare one")


def _check_weights(evidence: EvidenceDecl, readout: ReadoutDecl | None, report: Report) -> None:
    """Weights and caps that the readout does not read."""
    words = set(_words(readout)) if readout is not None else set()
    weighted = [item for item in evidence.criteria if item.weight is not None]
    if weighted and "criterion.weight" not in words and weighted[0].weight is not None:
        message = "nothing reads the weights of criteria"
        help = "read `criterion.weight` in the readout: `sum(criterion.weight where ...)`, or take it away"
        report.unused("SK602", weighted[0].weight.span, message, help)


def _check_caps(parts: Mapping[str, object], readout: ReadoutDecl | None, report: Report) -> None:
    rules = readout.rules if readout is not None else ()
    applied = {rule.by.text for rule in rules if rule.kind == "cap_by" and rule.by is not None}
    if "failure.cap" in set(_words(readout)):
        return
    for name, part in parts.items():
        if not isinstance(part, TaxonomyDecl) or part.name.text in applied:
            continue
        cap = next((failure.cap for failure in part.failures if failure.cap is not None), None)
        if cap is not None:
            message = f"nothing applies the caps of taxonomy `{name}`"
            report.unused(
                "SK602", cap.span, message, f"write `cap by {name}` in the readout, or take them away"
            )


def _words(tree: object) -> Iterable[str]:
    """Return all dotted names in a readout's expressions."""
    if isinstance(tree, NameExpr):
        yield tree.text
    elif isinstance(tree, tuple):
        for part in tree:
            yield from _words(part)
    elif is_dataclass(tree) and not isinstance(tree, Name):
        for item in fields(tree):
            if item.name != "span":
                yield from _words(getattr(tree, item.name))
