"""From a submitted answer to a verdict: grounding, what was said, and what the readout makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from skillrt.judging.desk import Desk
from skillrt.judging.grounding import ground
from skillrt.judging.readout import left_to_code, read_out
from skillrt.judging.verdict import Verdict
from skillrt.programs.program import Program
from skillrt.programs.view import JudgeView
from skillspec.records import Evidence, Readout

__all__ = ["conclude"]


def conclude(
    program: Program,
    view: JudgeView,
    desk: Desk,
    answer: Any,
    submitted: Sequence[Mapping[str, Any]],
) -> Verdict:
    """Compute the verdict of a judgment that ended with an answer.

    What the judge *said* is the readout without what verifiers add to it, so that both numbers can
    be reported side by side. Items that it left to a verifier count in both as that has settled them.

    Args:
        program: the link that was run; its ``readout`` says whose readout counts.
        view: the visible fields of the sample.
        desk: what was shown and run.
        answer: the raw answer, None where the score is computed from findings.
        submitted: the findings as the judge gave them.
    """
    skill = program.skill if program.link.readout == "skill" else None
    evidence = skill.evidence if skill is not None else None
    readout = skill.readout if skill is not None else Readout()
    findings: list[dict[str, Any]] = [dict(item) for item in submitted]
    grounded: bool | None = None
    if evidence is not None:
        findings, grounded = ground(findings, evidence, desk.seen)
    own = msgspec.structs.replace(readout, settle=(), decisions=(), abstain=None)
    counted = [*findings]
    if evidence is not None and evidence.closed:
        counted += left_to_code(findings, readout, desk.evidence)
    said = read_out(program.task, own, evidence, counted, answer, fields=view.fields, verifiers={})
    result = read_out(
        program.task, readout, evidence, counted, answer, fields=view.fields, verifiers=desk.evidence
    )
    return Verdict(
        valid=not result.missing,
        said=said.outcome,
        outcome=result.outcome,
        label=answer if isinstance(answer, str) else None,
        score=result.score,
        grounded=grounded,
        findings=tuple(findings),
        decided_by=result.decided_by,
        clipped=result.clipped,
        keys="own" if evidence is not None and _own_items(evidence, view) else None,
        error="the findings give the readout no value to compute" if result.missing else None,
        error_owner="judge" if result.missing else None,
        error_kind="no value" if result.missing else "",
    )


def _own_items(evidence: Evidence, view: JudgeView) -> bool:
    """Tell whether a closed block went over items of the judge's own, for the sample brought none."""
    return evidence.closed and "item" in evidence.keys and evidence.items_from not in view.fields
