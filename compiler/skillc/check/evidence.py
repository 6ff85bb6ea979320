"""Checking what findings look like."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

from skillc.check.model import SlotModel, TaskModel
from skillc.check.naming import check_name, check_twice
from skillc.check.readouts.expressions import ExprCompiler, Names, Typed
from skillc.diagnostics import Report, did_you_mean, listed
from skillc.tree import EvidenceDecl, FailureDecl, Name, SlotDecl, TaxonomyDecl
from skillspec.expr import Const, Expr, Operation, Ref
from skillspec.fields import shape_of

__all__ = [
    "KEYS",
    "MOST_CLOSED",
    "check_evidence",
    "check_taxonomy",
    "failed_conditions",
    "failure_is",
    "finding_names",
    "has_known_keys",
    "known_keys",
    "most_findings",
]

KEYS = ("criterion", "response", "item")
MOST_CLOSED = 100
"""How many findings a closed block can ask for: as many as an object of a tool can have properties."""
_RESERVED = (*KEYS, "cites", "grounded")
_KINDS = ("resource", "run", "quote")
SEVERITIES = ("critical", "major", "minor")
_MOST_FINDINGS = 200
_FREE_FINDINGS = 8
_PROPERTY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
_LISTS = ("texts", "sources", "turns", "references")
_MOST_CITES = 10

TaxonomyOf = Callable[[Name], TaxonomyDecl | None]


def check_evidence(
    evidence: EvidenceDecl, serves: tuple[TaskModel, ...], taxonomy_of: TaxonomyOf, report: Report
) -> tuple[SlotModel, ...]:
    """Check an ``evidence`` block and return its slots."""
    if not evidence.has_finding:
        report.error(
            "SK610",
            evidence.span,
            "evidence has no `finding`",
            "write `finding each criterion { ... }` or `finding some criterion max 8 { ... }`",
        )
        return ()
    keys = [key.name.text for key in evidence.keys]
    for key in evidence.keys:
        if key.name.text not in KEYS:
            help = did_you_mean(
                key.name.text, KEYS, f"keys are {listed((f'`{word}`' for word in KEYS), 'and')}"
            )
            report.error("SK611", key.name.span, f"findings have no key `{key.name.text}`", help)
        elif keys.count(key.name.text) > 1:
            report.error(
                "SK202", key.name.span, f"the key `{key.name.text}` is there twice", "keep one of them"
            )
        if key.source is not None and key.name.text != "item":
            report.error(
                "SK611", key.source.span, "only `item` comes from a field", "write `item from checklist`"
            )
        elif key.source is not None and shape_of(key.source.text) not in _LISTS:
            message = f"`{key.source.text}` is one text and has no items"
            report.error("SK611", key.source.span, message, "write `item from checklist`")
    _check_responses(evidence, serves, report)
    _check_criteria(evidence, report)
    _check_numbers(evidence, report)
    if evidence.closed and has_known_keys(evidence):
        _check_known(evidence, serves, report)
    slots = _slots(evidence, taxonomy_of, report)
    _check_ungrounded(evidence, slots, report)
    return slots


def has_known_keys(evidence: EvidenceDecl) -> bool:
    """Tell whether the keys are known when compiling: criteria and responses, no items of the sample."""
    return all(key.name.text != "item" for key in evidence.keys)


def known_keys(evidence: EvidenceDecl, labels: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the values that each key can have, in the order of the keys."""
    values = {
        "criterion": tuple(dict.fromkeys(criterion.name.text for criterion in evidence.criteria)),
        "response": labels,
    }
    return [values.get(key.name.text, ()) for key in evidence.keys]


def most_findings(evidence: EvidenceDecl) -> int:
    """Return how many findings the judge can submit where their number is not known when compiling."""
    if evidence.most is not None:
        return int(evidence.most.value)
    return MOST_CLOSED if evidence.closed else _FREE_FINDINGS


def _check_known(evidence: EvidenceDecl, serves: tuple[TaskModel, ...], report: Report) -> None:
    """A closed block of known keys is an object with a property for each key: they must fit."""
    names = {name for task in serves for values in known_keys(evidence, task.labels()) for name in values}
    bad = sorted(name for name in names if not _PROPERTY.fullmatch(name))
    if bad:
        message = f"`{bad[0]}` cannot name a finding that every submission has"
        help = "a label there has 1 to 64 of A-Z, a-z, 0-9, `_` and `-`; or write `finding some ...`"
        report.error("SK611", evidence.span, message, help)
    count = max(
        (len(list(itertools.product(*known_keys(evidence, task.labels())))) for task in serves), default=0
    )
    if count > MOST_CLOSED:
        message = f"every submission would need {count} findings; {MOST_CLOSED} are allowed"
        report.error("SK605", evidence.span, message, "ask for fewer keys, or write `finding some ...`")
    elif evidence.most is not None and evidence.most.value < count:
        message = f"every submission needs {count} findings, and `max` allows {evidence.most.value:g}"
        report.error("SK605", evidence.most.span, message, "take `max` away: the keys say how many there are")


def _check_ungrounded(evidence: EvidenceDecl, slots: tuple[SlotModel, ...], report: Report) -> None:
    if evidence.ungrounded is not None and evidence.ungrounded.text not in ("drop", "keep"):
        name = evidence.ungrounded
        help = did_you_mean(name.text, ("drop", "keep"), "write `drop` or `keep`")
        report.error("SK604", name.span, f"`ungrounded` is `drop` or `keep`, not `{name.text}`", help)
    has_failed = any(slot.name == "status" and "failed" in slot.values for slot in slots)
    if (
        evidence.closed
        and evidence.ungrounded is not None
        and evidence.ungrounded.text == "drop"
        and not has_failed
    ):
        message = "an ungrounded finding cannot be dropped here: there is one for each key"
        help = "write `ungrounded keep`, or a slot `status satisfied | failed`: it counts as failed then"
        report.error("SK611", evidence.ungrounded.span, message, help)


def _check_responses(evidence: EvidenceDecl, serves: tuple[TaskModel, ...], report: Report) -> None:
    for key in evidence.keys:
        without = [task.id for task in serves if "responses" not in task.fields]
        if key.name.text == "response" and without:
            names = listed((f"`{name}`" for name in without), "and")
            message = f"findings name a response, and task {names} has no `responses`"
            report.error("SK611", key.name.span, message, "take `response` out of the keys")


def _check_criteria(evidence: EvidenceDecl, report: Report) -> None:
    has_key = any(key.name.text == "criterion" for key in evidence.keys)
    if has_key and not evidence.criteria:
        report.error(
            "SK612",
            evidence.span,
            "findings name a criterion, and there is none",
            'write `criterion correctness hard "..."`',
        )
    if evidence.criteria and not has_key:
        message = "there are criteria, and findings do not name one"
        report.error("SK612", evidence.criteria[0].name.span, message, "write `finding each criterion ...`")
    seen: set[str] = set()
    for criterion in evidence.criteria:
        check_name(criterion.name, "a criterion", report)
        if criterion.name.text in seen:
            message = f"criterion `{criterion.name.text}` is there twice"
            report.error("SK202", criterion.name.span, message, "keep one of them")
        seen.add(criterion.name.text)
        strength = criterion.strength
        if strength.text not in ("hard", "soft"):
            help = did_you_mean(strength.text, ("hard", "soft"), "write one of them")
            report.error(
                "SK604", strength.span, f"a criterion is `hard` or `soft`, not `{strength.text}`", help
            )
        if criterion.weight is not None and not 0 < criterion.weight.value <= 1000:
            report.error(
                "SK605", criterion.weight.span, "a weight is above 0 and at most 1000", "write such a number"
            )


def _check_numbers(evidence: EvidenceDecl, report: Report) -> None:
    if evidence.most is not None and not 1 <= evidence.most.value <= _MOST_FINDINGS:
        message = f"`max` is 1 to {_MOST_FINDINGS} findings"
        report.error("SK605", evidence.most.span, message, "write such a number")
    if evidence.cites is None:
        return
    low, high, kinds = evidence.cites
    check_twice(kinds, report)
    if not 0 <= low.value <= high.value <= _MOST_CITES or high.value == 0:
        message = f"citations go from 0 up to {_MOST_CITES}, the smaller number first"
        report.error("SK605", low.span.to(high.span), message, "write for example `cites 0..3 of quote`")
    for kind in kinds:
        if kind.text not in _KINDS:
            help = did_you_mean(
                kind.text, _KINDS, f"it can be {listed((f'`{word}`' for word in _KINDS), 'or')}"
            )
            report.error("SK604", kind.span, f"`{kind.text}` cannot be cited", help)


def _slots(evidence: EvidenceDecl, taxonomy_of: TaxonomyOf, report: Report) -> tuple[SlotModel, ...]:
    slots: list[SlotModel] = []
    seen: set[str] = set()
    for slot in evidence.slots:
        check_name(slot.name, "a slot", report)
        if slot.name.text in _RESERVED:
            message = f"`{slot.name.text}` cannot be a slot: it is a word of its own in findings"
            report.error("SK611", slot.name.span, message, "choose another name")
            continue
        if slot.name.text in seen:
            report.error(
                "SK202", slot.name.span, f"slot `{slot.name.text}` is there twice", "keep one of them"
            )
            continue
        seen.add(slot.name.text)
        slots.append(_slot(slot, taxonomy_of, report))
    compiled = []
    names = finding_names(evidence, tuple(slots), ())
    for model, slot in zip(slots, [s for s in evidence.slots if s.name.text in seen], strict=False):
        when = None
        if slot.when is not None:
            others = {key: value for key, value in names.items() if key.split(".")[0] != model.name}
            when = ExprCompiler(Names(others), report).holding(slot.when)
        compiled.append(SlotModel(model.name, model.values, model.chars, model.taxonomy, when))
    return tuple(compiled)


def _slot(slot: SlotDecl, taxonomy_of: TaxonomyOf, report: Report) -> SlotModel:
    values = tuple(value.text for value in slot.values)
    if len(set(values)) != len(values):
        report.error("SK202", slot.span, f"slot `{slot.name.text}` has a value twice", "keep one of them")
    chars = 0
    if slot.chars is not None:
        chars = slot.chars.value
        if slot.chars.unit.text != "chars" or not 1 <= chars <= 2000:
            report.error(
                "SK605",
                slot.chars.span,
                "a text slot has 1 to 2000 chars",
                "write for example `text 80 chars`",
            )
    taxonomy = taxonomy_of(slot.taxonomy) if slot.taxonomy is not None else None
    if slot.taxonomy is not None and slot.name.text != "failure":
        message = "the slot that names a failure of a taxonomy is called `failure`"
        report.error("SK611", slot.name.span, message, f"write `failure in {slot.taxonomy.text}`")
    return SlotModel(slot.name.text, values, chars, taxonomy, None)


def check_taxonomy(taxonomy: TaxonomyDecl, report: Report) -> None:
    """Check the entries of a taxonomy."""
    seen: set[str] = set()
    for failure in taxonomy.failures:
        check_name(failure.name, "a failure", report)
        if failure.name.text in seen:
            report.error(
                "SK202",
                failure.name.span,
                f"failure `{failure.name.text}` is there twice",
                "keep one of them",
            )
        seen.add(failure.name.text)
        _check_failure(failure, report)
    if not taxonomy.failures:
        message = f"taxonomy `{taxonomy.name.text}` is empty"
        report.error(
            "SK210", taxonomy.name.span, message, 'write entries: `critical wrong_task "..." cap 0.25`'
        )


def _check_failure(failure: FailureDecl, report: Report) -> None:
    severity = failure.severity
    if severity.text not in SEVERITIES:
        known = listed((f"`{word}`" for word in SEVERITIES), "or")
        help = did_you_mean(severity.text, SEVERITIES, f"it is {known}")
        report.error("SK604", severity.span, f"there is no severity `{severity.text}`", help)


def finding_names(
    evidence: EvidenceDecl, slots: tuple[SlotModel, ...], labels: tuple[str, ...]
) -> dict[str, Typed]:
    """Return what names mean in a condition over findings."""

    def ref(name: str) -> Ref:
        return Ref(path=("finding", name))

    names: dict[str, Typed] = {}
    for key in evidence.keys:
        match key.name.text:
            case "criterion":
                values = tuple(criterion.name.text for criterion in evidence.criteria)
                names["criterion"] = Typed("word", ref("criterion"), values)
                names["criterion.strength"] = Typed("word", ref("criterion.strength"), ("hard", "soft"))
                names["criterion.weight"] = Typed("number", ref("criterion.weight"))
            case "response":
                names["response"] = Typed("word", ref("response"), labels)
            case "item":
                names["item"] = Typed("number", ref("item"))
    for slot in slots:
        if slot.taxonomy is not None:
            values = tuple(failure.name.text for failure in slot.taxonomy.failures)
            names[slot.name] = Typed("word", ref(slot.name), values)
            names["failure.severity"] = Typed("word", ref("failure.severity"), SEVERITIES)
            names["failure.cap"] = Typed("number", ref("failure.cap"))
        elif slot.values:
            names[slot.name] = Typed("word", ref(slot.name), slot.values)
        else:
            names[slot.name] = Typed("text", ref(slot.name))
    return names


def failure_is(failure: FailureDecl) -> Expr:
    """Tell whether a finding names ``failure``.

    The severity is absent where a verifier found it satisfied.
    """
    pairs = (("failure", failure.name.text), ("failure.severity", failure.severity.text))
    tests = (
        Operation(op="eq", args=(Ref(path=("finding", key)), Const(value=value))) for key, value in pairs
    )
    return Operation(op="and", args=tuple(tests))


def failed_conditions(evidence: EvidenceDecl, slots: tuple[SlotModel, ...]) -> dict[str, Expr]:
    """Return what ``failed(x)`` asks of a finding, for each x."""

    def equals(name: str, value: str) -> Expr:
        return Operation(op="eq", args=(Ref(path=("finding", name)), Const(value=value)))

    conditions: dict[str, Expr] = {}
    if any(slot.name == "status" and "failed" in slot.values for slot in slots):
        failed = equals("status", "failed")
        for criterion in evidence.criteria:
            conditions[criterion.name.text] = Operation(
                op="and", args=(failed, equals("criterion", criterion.name.text))
            )
        if evidence.criteria:
            conditions["hard"] = Operation(op="and", args=(failed, equals("criterion.strength", "hard")))
    for slot in slots:
        if slot.taxonomy is not None:
            for failure in slot.taxonomy.failures:
                conditions[failure.name.text] = failure_is(failure)
            for severity in SEVERITIES:
                conditions[severity] = equals("failure.severity", severity)
    return conditions
