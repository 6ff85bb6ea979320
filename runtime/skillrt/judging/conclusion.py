"""From a submitted answer to a verdict: grounding, what was said, and what the readout makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from skillrt.judging.desk import Desk
from skillrt.judging.grounding import ground
from skillrt.judging.readout import read_out
from skillrt.judging.verdict import Verdict
from skillrt.programs.program import Program
from skillrt.programs.view import JudgeView
from skillspec.records import Readout

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
    be reported side by side.

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
    own = msgspec.structs.replace(readout, settle=(), decisions=())
    said = read_out(program.task, own, evidence, findings, answer, fields=view.fields, verifiers={})
    result = read_out(
        program.task, readout, evidence, findings, answer, fields=view.fields, verifiers=desk.evidence
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
        error="the findings give the readout no value to compute" if result.missing else None,
        error_owner="judge" if result.missing else None,
        error_kind="no value" if result.missing else "",
    )
