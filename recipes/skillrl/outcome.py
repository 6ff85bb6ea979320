"""The dictionary that a trainer gets for a rollout: always the same keys, numbers and strings only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from skillrl.failure import EMPTY, NO_RULES, Failure
from skillrl.rules import RuleScore
from skillrl.settings import RewardSettings
from skillrt.chat import Usage
from skillrt.judging.verdict import Judgment

__all__ = ["Outcome", "empty_outcome", "failed_outcome", "judged_outcome", "rule_outcome"]

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
        rules_undecided: those whose source gives no checker, whatever the rollout; they count as not met.
        satisfied: items that count as met, out of ``total``; by findings and rules, or rules alone.
        total: see ``satisfied``.
        grounded: 1 when the judge's findings cite what was really seen, 0 when not, -1 not known.
        judged: 1 when the judge was asked.
        judge_failed: 1 when it was asked and no verdict came of it.
        failure: what failed; None when nothing did. A trainer gets its cause, equal for equal failures,
            and an empty text when nothing did; the words are in the log.
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
    failure: Failure | None = None
    chars: int = 0
    thinking_chars: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    latency_s: float = 0.0

    def to_dict(self) -> dict[str, float | int | str]:
        """Return the fields as verl takes them."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {**values, "failure": "" if self.failure is None else self.failure.cause}

    @property
    def counts(self) -> bool:
        """Whether siblings may be measured by the score: it is the rollout's own, and no stand-in."""
        return self.failure is None or self.failure.blamed

    def settled(self, score: float | None, settings: RewardSettings) -> Outcome:
        """Return a failed outcome with its siblings' stand-in for a score; where they all failed there is
        none (None), and all get ``failure_score``."""
        if self.counts:
            return self
        return replace(self, score=settings.failure_score if score is None else score)


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


def empty_outcome(rules: int) -> Outcome:
    """Return the reward of a rollout that says nothing.

    It needs no judge, and a rule that happens to hold of nothing does not count.
    """
    known = 0.0 if rules else NOT_KNOWN
    return Outcome(score=0.0, rule_score=known, rules=rules, total=rules, failure=EMPTY)


def rule_outcome(rules: RuleScore, settings: RewardSettings) -> Outcome:
    """Return the reward of rules alone; where none was decided it is ``failure_score``."""
    if rules.mean is None:
        return failed_outcome(NO_RULES, rules, settings, judged=False)
    return Outcome(score=rules.mean, **_rule_fields(rules))


def failed_outcome(
    failure: Failure, rules: RuleScore, settings: RewardSettings, *, judged: bool, usage: Usage | None = None
) -> Outcome:
    """Return the reward of a rollout whose judgment came to nothing, as far as its siblings are not known.

    A rollout that is to blame, or may be, gets 0: no more than one that was judged.
    """
    return Outcome(
        score=0.0 if failure.blamed or failure.doubtful else settings.failure_score,
        failure=failure,
        judged=int(judged),
        judge_failed=int(judged),
        **_rule_fields(rules),
        **_usage_fields(usage or Usage()),
    )


def judged_outcome(judgment: Judgment, rules: RuleScore, settings: RewardSettings) -> Outcome:
    """Return the reward of a valid judgment."""
    verdict = judgment.verdict
    score = verdict.score
    if score is None or not 0 <= score <= 1:
        failure = Failure("judge", "no score", f"{score!r} is no score between 0 and 1")
        return failed_outcome(failure, rules, settings, judged=True, usage=judgment.usage)
    said = verdict.said
    known = isinstance(said, int | float) and not isinstance(said, bool)
    fields = _rule_fields(rules)
    if settings.mode == "skill":
        # What a rule decided counts by the rule, whether the judge named the item or not.
        open_items = [finding for finding in verdict.findings if finding.get("item") not in rules.items]
        statuses = [finding.get("status") for finding in open_items]
        fields |= {
            "satisfied": rules.satisfied + statuses.count("satisfied"),
            "total": rules.decided + sum(status in ("satisfied", "failed") for status in statuses),
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
