"""The dictionary that a trainer gets for a rollout: always the same keys, numbers and strings only."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from skillrl.rules import RuleScore
from skillrl.settings import RewardSettings
from skillrt.judging.verdict import Judgment, Usage

__all__ = ["Outcome", "failed_outcome", "judged_outcome", "rule_outcome"]

NOT_KNOWN = -1.0
"""Stands for a number that there is none of: None and NaN break verl's averages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One reward.

    Attributes:
        score: the reward, 0 to 1.
        rule_score: share of the rules that are met, undecided ones counted as not met; -1 where none was
            decided.
        judge_score: the score that the judge gave by itself, before rules overrule it; -1 for none.
        rules: rule checks of the instruction.
        rules_undecided: those that ended without a verdict (errors, limits).
        satisfied: items that count as met, out of ``total``; by findings and rules, or rules alone.
        total: see ``satisfied``.
        grounded: 1 when the judge's findings cite what was really seen, 0 when not, -1 not known.
        judged: 1 when the judge was asked.
        judge_failed: 1 when it was asked and no verdict came of it.
        failure: what failed, owner first; empty when nothing did.
        chars: length of what was judged, in characters.
        thinking_chars: length of the reasoning that was taken out.
        requests: requests to the judge.
        prompt_tokens: as the server counted them, all requests together.
        cached_tokens: of these, served from its prefix cache.
        completion_tokens: written by the judge.
        latency_s: seconds from arrival to here.
    """

    score: float
    rule_score: float = NOT_KNOWN
    judge_score: float = NOT_KNOWN
    rules: int = 0
    rules_undecided: int = 0
    satisfied: int = 0
    total: int = 0
    grounded: int = -1
    judged: int = 0
    judge_failed: int = 0
    failure: str = ""
    chars: int = 0
    thinking_chars: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    latency_s: float = 0.0

    def to_dict(self) -> dict[str, float | int | str]:
        """Return the fields as verl takes them."""
        return asdict(self)


def _rule_fields(rules: RuleScore) -> dict[str, Any]:
    mean = rules.mean
    return {
        "rule_score": NOT_KNOWN if mean is None else mean,
        "rules": rules.rules,
        "rules_undecided": rules.rules - rules.decided,
        "satisfied": rules.satisfied,
        "total": rules.rules,
    }


def _usage_fields(usage: Usage) -> dict[str, Any]:
    return {
        "requests": usage.requests,
        "prompt_tokens": usage.prompt_tokens,
        "cached_tokens": usage.cached_tokens,
        "completion_tokens": usage.completion_tokens,
    }


def rule_outcome(rules: RuleScore, settings: RewardSettings) -> Outcome:
    """The reward of rules alone; where none was decided it is ``failure_score``."""
    mean = rules.mean
    failure = "rules: no rule check was decided" if mean is None else ""
    return Outcome(
        score=settings.failure_score if mean is None else mean, failure=failure, **_rule_fields(rules)
    )


def failed_outcome(
    problem: str, rules: RuleScore, settings: RewardSettings, *, judged: bool, usage: Usage | None = None
) -> Outcome:
    """The reward of a rollout whose judgment came to nothing, by the policy on failure."""
    score = settings.failure_score
    if settings.on_failure == "rules" and rules.mean is not None:
        score = rules.mean
    return Outcome(
        score=score,
        failure=problem[:300],
        judged=int(judged),
        judge_failed=int(judged),
        **_rule_fields(rules),
        **_usage_fields(usage or Usage()),
    )


def judged_outcome(judgment: Judgment, rules: RuleScore, settings: RewardSettings) -> Outcome:
    """The reward of a judgment; an invalid one is worth what the policy on failure says."""
    verdict = judgment.verdict
    score = verdict.score
    if not verdict.valid or score is None or not 0 <= score <= 1:
        problem = f"{verdict.error_owner or 'judge'}: {verdict.error or 'no score between 0 and 1'}"
        return failed_outcome(problem, rules, settings, judged=True, usage=judgment.usage)
    said = verdict.said
    known = isinstance(said, int | float) and not isinstance(said, bool)
    fields = _rule_fields(rules)
    if settings.mode == "skill":
        statuses = [finding.get("status") for finding in verdict.findings]
        fields |= {
            "satisfied": statuses.count("satisfied"),
            "total": sum(status in ("satisfied", "failed", "missing") for status in statuses),
        }
    if settings.mode == "rules_x_llm":
        score *= 1.0 if rules.mean is None else rules.mean
    return Outcome(
        score=float(score),
        judge_score=float(said) if known else NOT_KNOWN,
        grounded=-1 if verdict.grounded is None else int(verdict.grounded),
        judged=1,
        **fields,
        **_usage_fields(judgment.usage),
    )
