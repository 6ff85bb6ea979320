"""Pipelines: sub-judgments by which a judge asks the model itself, with a task of their own.

A pipeline sees only the fields that it reads, is bound by its budget of requests, and never
decides: its result is evidence. With ``orders both`` a winner must win in both orders; with
``each`` every response is scored by itself and the best must lead by the margin.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from skillrt.chat import Usage, add_usage
from skillrt.judging.verdict import Judgment
from skillrt.programs.program import Program
from skillspec.records import Pipeline

__all__ = ["PipelineResult", "run_pipeline"]

SubJudge = Callable[[Program, Mapping[str, Any]], Awaitable[Judgment]]


@dataclass(frozen=True, slots=True)
class PipelineResult:
    """``result`` is plain JSON for the loop, ``usage`` the cost, ``traces`` those of the sub-judgments."""

    result: dict[str, Any]
    usage: Usage
    traces: tuple[dict[str, Any], ...]


async def run_pipeline(
    pipeline: Pipeline, program: Program, fields: Mapping[str, Any], ask: SubJudge
) -> PipelineResult:
    """Run ``pipeline`` on ``fields``.

    Args:
        pipeline: the record.
        program: the parent's program; it gives the pipeline's own.
        fields: what the pipeline reads, from the parent's view.
        ask: judges one sample by a program and returns the judgment.
    """
    sub = program.sub_program(pipeline)
    usage = Usage()
    traces: list[dict[str, Any]] = []
    outcomes: dict[str, Any] = {}
    for key, sample in _samples(pipeline, fields)[: pipeline.requests]:
        judgment = await ask(sub, sample)
        usage = add_usage(usage, judgment.usage)
        traces.append({"sample": key, "outcome": judgment.verdict.outcome, **judgment.trace})
        outcomes[key] = judgment.verdict.outcome if judgment.verdict.valid else None
    result = _best(pipeline, outcomes) if pipeline.each is not None else _winner(outcomes, fields)
    # What the judge reads is data, not prose: it needs no translation.
    shown = {name: value for name, value in result.items() if name != "conclusive"}
    return PipelineResult({**result, "text": json.dumps(shown, ensure_ascii=False)}, usage, tuple(traces))


def _samples(pipeline: Pipeline, fields: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the sub-samples in the order asked, each under the key of what it is about."""
    base = dict(fields)
    if pipeline.each is not None:
        responses = base.pop(pipeline.each)
        return [(label, {**base, "response": text}) for label, text in responses.items()]
    samples = [("shown", base)]
    responses = base.get("responses")
    if pipeline.orders == "both" and isinstance(responses, Mapping):
        labels = list(responses)
        turned = dict(zip(labels, reversed(list(responses.values())), strict=True))
        samples.append(("turned", {**base, "responses": turned}))
    return samples


def _winner(outcomes: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Join the outcomes of one or two orders: they must agree once the turned one is turned back."""
    labels = list(fields.get("responses", {}))
    back = dict(zip(labels, reversed(labels), strict=True))
    votes = [back.get(outcome, outcome) if key == "turned" else outcome for key, outcome in outcomes.items()]
    agreed = len(set(votes)) == 1 and votes[0] is not None
    winner = votes[0] if agreed else None
    return {"winner": winner, "votes": votes, "conclusive": agreed and winner in labels}


def _best(pipeline: Pipeline, scores: Mapping[str, Any]) -> dict[str, Any]:
    """Rank the responses by score; the first wins when it leads by more than nothing and the margin."""
    known = sorted((score for score in scores.values() if isinstance(score, int | float)), reverse=True)
    leads = len(known) == len(scores) > 1 and known[0] > known[1] and known[0] - known[1] >= pipeline.margin
    winner = next((label for label, score in scores.items() if score == known[0]), None) if leads else None
    return {"winner": winner, "scores": dict(scores), "conclusive": leads}
