"""Computing the outcome from findings, verifiers and the judge's answer.

The order is fixed: settle (verifiers overrule items), base, the least cap that applies, the first
decision whose condition holds, round. The same code computes what the judge *said*, with the
verifiers left out, so that a verifier that decides cannot pass for a judge that judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from skillrt.judging.owed import settled_items
from skillrt.programs.evaluate import Scope, evaluate, holds
from skillspec.records import ChecklistAnswer, Evidence, Readout, ScoreAnswer, Task

__all__ = ["Result", "answer_value", "left_to_code", "read_out", "settled_findings"]

TIE = "tie"
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Result:
    """What a readout gives: an outcome (None when there is none), a number, and who decided.

    ``missing`` tells an outcome that could not be computed from one that the skill abstains from.
    ``clipped`` is the number as it was before it was brought within the task's bounds.
    """

    outcome: Any
    score: float | None = None
    decided_by: str | None = None
    missing: bool = False
    clipped: float | None = None


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


def _settled(
    findings: Sequence[Mapping[str, Any]],
    evidence: Evidence | None,
    readout: Readout,
    verifiers: Mapping[str, Mapping[str, Any]],
) -> list[Mapping[str, Any]]:
    """Put what verifiers found in the place of findings: nothing else that the judge said of an item counts.

    If the failure that it named still did, leaving the item out would pay.
    """
    items = settled_items(readout, verifiers)
    keys = ("item",) if evidence is None else evidence.keys
    settled = [
        {**{key: finding.get(key) for key in keys}, "status": items[finding["item"]], "grounded": True}
        if finding.get("item") in items
        else finding
        for finding in findings
    ]
    return [*settled, *left_to_code(findings, readout, verifiers)]


def left_to_code(
    findings: Sequence[Mapping[str, Any]], readout: Readout, verifiers: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return a finding for each item that a verifier settled and the judge left out."""
    items = settled_items(readout, verifiers)
    left_out = items.keys() - {finding.get("item") for finding in findings}
    return [{"item": item, "status": items[item], "grounded": True} for item in sorted(left_out)]


def _counted(findings: Sequence[Mapping[str, Any]], evidence: Evidence | None) -> Sequence[Mapping[str, Any]]:
    """Apply ``ungrounded drop``: an open block loses the finding; in a closed one it counts as failed.

    What it named as failure stays: neither way does it gain by what does not hold.
    """
    if evidence is None or evidence.ungrounded != "drop":
        return findings
    if not evidence.closed:
        return [finding for finding in findings if finding.get("grounded", True)]
    return [
        finding if finding.get("grounded", True) else {**finding, "status": "failed"} for finding in findings
    ]


def settled_findings(
    readout: Readout,
    evidence: Evidence | None,
    findings: Sequence[Mapping[str, Any]],
    *,
    verifiers: Mapping[str, Mapping[str, Any]],
) -> list[Mapping[str, Any]]:
    """Return the findings that count: grounded where the skill says so, and settled.

    The arguments are those of ``read_out``.
    """
    return _settled(_counted(findings, evidence), evidence, readout, verifiers)


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
    settled = settled_findings(readout, evidence, findings, verifiers=verifiers)
    scope = Scope(fields, verifiers, _with_failures(settled, evidence), answer)
    for let in readout.lets:
        scope = replace(scope, lets={**scope.lets, let.name: evaluate(let.value, scope)})
    if readout.base is None:
        value = answer_value(task, answer)
    else:
        value = evaluate(readout.base, scope)
        value = readout.otherwise if value is None else value
    base = value
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
    clipped = next((outside for outside in (base, number) if _is_outside(outside, task)), None)
    if number is not None:
        value = number = _finished(number, task, readout)
    missing = value is None and not abstains
    return Result(value, number, decided_by, missing=missing, clipped=None if value is None else clipped)


def _is_outside(number: Any, task: Task) -> bool:
    """Tell whether a number is no score of the task, by more than sums of fractions are off."""
    if (
        not isinstance(task.answer, ScoreAnswer)
        or isinstance(number, bool)
        or not isinstance(number, int | float)
    ):
        return False
    slack = _SLACK * max(1.0, abs(task.answer.minimum), abs(task.answer.maximum))
    return not task.answer.minimum - slack <= number <= task.answer.maximum + slack


def _finished(number: float, task: Task, readout: Readout) -> float:
    """Bring a computed score within the task's bounds, and round it."""
    if isinstance(task.answer, ScoreAnswer):
        number = min(max(number, task.answer.minimum), task.answer.maximum)
    if isinstance(number, float) and readout.round is not None:
        number = round(number, readout.round)
    return number


def _capped(value: Any, readout: Readout, scope: Scope) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    caps = [evaluate(cap.value, scope) for cap in readout.caps if holds(cap.when, scope)]
    return min([value, *(cap for cap in caps if isinstance(cap, int | float) and not isinstance(cap, bool))])


def _source_of(expr: Any) -> str:
    path = getattr(expr, "path", ())
    return ".".join(path[1:2]) if len(path) > 1 else "readout"
