"""Computing the outcome from findings, verifiers and the judge's answer.

The order is fixed: settle (verifiers overrule items), base, the least cap that applies, the first
decision whose condition holds, round. The same code computes what the judge *said*, with the
verifiers left out, so that a verifier that decides cannot pass for a judge that judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from skillrt.judging.evaluate import Scope, evaluate, holds
from skillspec.records import ChecklistAnswer, Evidence, Readout, ScoreAnswer, Task

__all__ = ["Result", "answer_value", "read_out", "settled_findings"]

TIE = "tie"


@dataclass(frozen=True, slots=True)
class Result:
    """What a readout gives: an outcome (None when there is none), a number, and who decided.

    ``missing`` tells an outcome that could not be computed from one that the skill abstains from.
    """

    outcome: Any
    score: float | None = None
    decided_by: str | None = None
    missing: bool = False


def answer_value(task: Task, answer: Any) -> Any:
    """Translate a raw answer into an outcome: a label into its winner; numbers and lists stay.

    An answer that the task does not know, or a score out of bounds, is None.
    """
    kind = task.answer
    if isinstance(kind, ChecklistAnswer):
        return answer
    if isinstance(kind, ScoreAnswer):
        is_number = isinstance(answer, int | float) and not isinstance(answer, bool)
        return answer if is_number and kind.minimum <= answer <= kind.maximum else None
    outcome = kind.outcomes.get(answer) if isinstance(answer, str) else None
    return None if outcome is None else outcome.winner


def _one_an_item(
    findings: Sequence[Mapping[str, Any]], evidence: Evidence | None, fields: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Bind the findings to the checklist that they go over: one finding for each of its items.

    The first finding of an item counts. An item that the judge left out counts with the status
    ``missing``, so that leaving out is never worth more than failing. Findings of items that are
    not there do not count. Without a checklist the judge's own items stand as they are.
    """
    checklist = fields.get(evidence.items_from) if evidence is not None and evidence.items_from else None
    if checklist is None:
        return list(findings)
    items: dict[int, Mapping[str, Any]] = {
        number: {"item": number, "status": "missing", "grounded": True}
        for number in range(1, len(checklist) + 1)
    }
    given: set[int] = set()
    for finding in findings:
        number = finding.get("item")
        if number in items and number not in given:
            given.add(number)
            items[number] = finding
    return list(items.values())


def _settled(
    findings: Sequence[Mapping[str, Any]], readout: Readout, verifiers: Mapping[str, Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    items: dict[int, str] = {}
    for rule in readout.settle:
        verdicts = verifiers.get(rule.verifier, {}).get("items")
        for verdict in verdicts if isinstance(verdicts, list) else ():
            if verdict.get("status") in ("satisfied", "failed"):
                items.setdefault(verdict["item"], verdict["status"])
    settled: list[Mapping[str, Any]] = []
    for finding in findings:
        status = items.get(finding.get("item", 0))
        if status == "satisfied":
            finding = {**finding, "status": status, "failure": None}
        elif status is not None:
            finding = {**finding, "status": status}
        settled.append(finding)
    # A rule that was decided counts also where the judge left its item out.
    left_out = items.keys() - {finding.get("item") for finding in findings}
    settled += [{"item": item, "status": items[item], "grounded": True} for item in sorted(left_out)]
    return settled


def settled_findings(
    readout: Readout,
    evidence: Evidence | None,
    findings: Sequence[Mapping[str, Any]],
    *,
    fields: Mapping[str, Any],
    verifiers: Mapping[str, Mapping[str, Any]],
) -> list[Mapping[str, Any]]:
    """Return the findings that count: grounded ones where the skill says so, one an item, settled.

    The arguments are those of :func:`read_out`.
    """
    kept = [item for item in findings if item.get("grounded", True)] if _drops(evidence) else findings
    return _settled(_one_an_item(kept, evidence, fields), readout, verifiers)


def _with_failures(findings: Sequence[Mapping[str, Any]], evidence: Evidence | None) -> list[dict[str, Any]]:
    """Give each finding what the taxonomy and the criteria say of it, for expressions to read."""
    failures = {entry.name: entry for entry in evidence.failures} if evidence else {}
    criteria = {entry.name: entry for entry in evidence.criteria} if evidence else {}
    enriched = []
    for finding in findings:
        entry = failures.get(str(finding.get("failure")))
        more: dict[str, Any] = {}
        if entry is not None and finding.get("status") != "satisfied":
            more = {"failure.severity": entry.severity, "failure.cap": entry.cap}
        criterion = criteria.get(str(finding.get("criterion")))
        if criterion is not None:
            more |= {"criterion.strength": criterion.strength, "criterion.weight": criterion.weight}
        enriched.append({**finding, **more})
    return enriched


def read_out(
    task: Task,
    readout: Readout,
    evidence: Evidence | None,
    findings: Sequence[Mapping[str, Any]],
    answer: Any,
    *,
    fields: Mapping[str, Any],
    verifiers: Mapping[str, Mapping[str, Any]],
) -> Result:
    """Compute the outcome.

    Args:
        task: says what an answer means.
        readout: the skill's, or an empty one for the task's own readout.
        evidence: the skill's evidence rules; None where there are none.
        findings: as submitted, each marked with ``grounded``.
        answer: the raw answer (label, number, list), or None.
        fields: the visible fields of the sample.
        verifiers: results by id; pass none to learn what the judge said by itself.
    """
    settled = settled_findings(readout, evidence, findings, fields=fields, verifiers=verifiers)
    scope = Scope(fields, verifiers, _with_failures(settled, evidence), answer)
    for let in readout.lets:
        scope = replace(scope, lets={**scope.lets, let.name: evaluate(let.value, scope)})
    if readout.base is None:
        value = answer_value(task, answer)
    else:
        value = evaluate(readout.base, scope)
        value = readout.otherwise if value is None else value
    abstains = readout.abstain is not None and holds(readout.abstain, scope)
    value = None if abstains else value
    value = _capped(value, readout, scope)
    decided_by = None
    for decision in readout.decisions:
        decided = evaluate(decision.value, scope) if holds(decision.when, scope) else None
        if decided is not None:
            value, decided_by = decided, _source_of(decision.value)
            break
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    if number is not None:
        value = number = _finished(number, task, readout)
    return Result(value, number, decided_by, missing=value is None and not abstains)


def _finished(number: float, task: Task, readout: Readout) -> float:
    """Keep a computed score within the task's bounds, and round it."""
    if isinstance(task.answer, ScoreAnswer):
        number = min(max(number, task.answer.minimum), task.answer.maximum)
    if isinstance(number, float) and readout.round is not None:
        number = round(number, readout.round)
    return number


def _drops(evidence: Evidence | None) -> bool:
    return evidence is not None and evidence.ungrounded == "drop"


def _capped(value: Any, readout: Readout, scope: Scope) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    caps = [evaluate(cap.value, scope) for cap in readout.caps if holds(cap.when, scope)]
    return min([value, *(cap for cap in caps if isinstance(cap, int | float) and not isinstance(cap, bool))])


def _source_of(expr: Any) -> str:
    path = getattr(expr, "path", ())
    return ".".join(path[1:2]) if len(path) > 1 else "readout"
