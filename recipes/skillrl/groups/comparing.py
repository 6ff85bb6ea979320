"""Rewards by comparison: the rollouts of one prompt are set against each other by a pairwise skill.

GRPO learns from differences within a group, which a judge that sees one rollout at a time cannot name.
Rollouts with the same text share a result and are not compared; an empty one is worth 0.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from skillrl.failure import EMPTY, UNSERVED, Failure, stand_in
from skillrl.groups.ranking import Pair, pairs_under, shares_won, turned_first
from skillrl.managing import ManagerSettings
from skillrl.outcome import Outcome, empty_outcome, failed_outcome, rule_outcome
from skillrl.rows.sample import Instruction, read_instruction
from skillrl.rules import RuleScore
from skillrl.session import Session, session_for
from skillrl.settings import RewardSettings
from skillrl.thinking import strip_thinking
from skillrt.chat import Usage, add_usage
from skillrt.judging.verdict import Judgment, Verdict

__all__ = ["Comparer", "Member", "with_group"]

_EVEN = 0.5
_NOT_COMPARED = Failure("harness", "not compared", "the budget of comparisons left this rollout out")


@dataclass(frozen=True, slots=True)
class Member:
    """One rollout of a group, with what its row says of the instruction."""

    ground_truth: object
    rollout: str
    extra_info: object = None


@dataclass(frozen=True, slots=True)
class _Compared:
    """A comparison: 1 where the first won, 0 where the second did, 0.5 for level; None with the verdict of
    the judgment that failed."""

    result: float | None
    usage: Usage
    failed: Verdict | None = None


class Comparer:
    """Judges whole groups; its session is the running loop's."""

    def __init__(self, reward: RewardSettings, manager: ManagerSettings) -> None:
        self.manager = manager
        self.settings = msgspec.structs.replace(
            reward,
            mode="skill",
            skill=manager.group_skill,
            task=manager.group_task,
            setting=manager.group_setting,
            delivery=manager.group_delivery,
        )

    async def judge(self, uid: str, members: Sequence[Member]) -> list[dict[str, float | int | str]]:
        """Return the reward of each member of group ``uid``, in order.

        Raises:
            InstructionError: nobody can read the row.
        """
        began = asyncio.get_running_loop().time()
        instruction = read_instruction(members[0].ground_truth, members[0].extra_info)
        session = await session_for(self.settings)
        answers = [strip_thinking(member.rollout, self.settings.thinking_tags) for member in members]
        rules = await asyncio.gather(*(self._rules(session, instruction, answer) for answer in answers))
        distinct = list(dict.fromkeys(answer for answer in answers if answer.strip()))
        compared = await self._compare(session, uid, instruction, distinct)
        shares = shares_won(len(distinct), {pair: comparison.result for pair, comparison in compared.items()})
        outcomes: list[Outcome] = []
        ranks: list[tuple[float, int]] = []
        for member, answer, ruled in zip(members, answers, rules, strict=True):
            place = distinct.index(answer) if answer.strip() else -1
            mine = [comparison for pair, comparison in compared.items() if place in pair]
            share = None if place < 0 else shares[place] if len(distinct) > 1 else _EVEN
            outcome = replace(
                self._outcome(session, ruled, share, mine, answer),
                chars=len(answer),
                thinking_chars=len(member.rollout) - len(answer),
                latency_s=round(asyncio.get_running_loop().time() - began, 4),
            )
            outcomes.append(outcome)
            ranks.append((-1.0 if share is None else share, len(mine)))
        return [
            with_group(outcome, rank, len(members), pairs)
            for outcome, (rank, pairs) in zip(self._settled(outcomes), ranks, strict=True)
        ]

    def _settled(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Give those that failed what their siblings' scores say."""
        if self.settings.on_failure != "group":
            return list(outcomes)
        judged = [outcome.score for outcome in outcomes if outcome.counts]
        return [
            outcome
            if outcome.failure is None
            else outcome.settled(stand_in(judged, doubtful=outcome.failure.doubtful), self.settings)
            for outcome in outcomes
        ]

    async def _rules(self, session: Session, instruction: Instruction, answer: str) -> RuleScore | Failure:
        """Return the rule checks, or why there are none."""
        if not answer.strip():
            return EMPTY
        rules, sandbox = await session.rules(instruction, answer)
        return UNSERVED if sandbox.unserved else rules

    async def _compare(
        self, session: Session, uid: str, instruction: Instruction, answers: Sequence[str]
    ) -> Mapping[Pair, _Compared]:
        pairs = pairs_under(len(answers), self.manager.group_pairs)
        comparisons = await asyncio.gather(
            *(
                self._pair(session, instruction, answers[a], answers[b], turned_first(uid, (a, b)))
                for a, b in pairs
            )
        )
        for (a, b), comparison in zip(pairs, comparisons, strict=True):
            longer = max(answers[a], answers[b], key=len)
            session.reliability.note(
                session.failure(comparison.failed, longer) if comparison.failed else None
            )
        return dict(zip(pairs, comparisons, strict=True))

    async def _pair(
        self, session: Session, instruction: Instruction, first: str, second: str, turned: bool
    ) -> _Compared:
        orders = (turned, not turned) if self.manager.group_both_orders else (turned,)

        async def ask(is_turned: bool) -> Judgment:
            shown = (second, first) if is_turned else (first, second)
            sample: dict[str, Any] = {
                **instruction.fields,
                "responses": dict(zip("AB", shown, strict=True)),
                "response": None,
            }
            deadline_s = min(self.settings.deadline_s, self.manager.deadline_s)
            return await session.judge(sample, None, deadline_s)

        judgments = await asyncio.gather(*(ask(order) for order in orders))
        usage = Usage()
        results = []
        for order, judgment in zip(orders, judgments, strict=True):
            usage = add_usage(usage, judgment.usage)
            verdict = judgment.verdict
            if not verdict.valid:
                return _Compared(None, usage, verdict)
            won = {"A": 1.0, "B": 0.0}.get(str(verdict.outcome), _EVEN)
            results.append(1 - won if order else won)
        return _Compared(results[0] if len(set(results)) == 1 else _EVEN, usage)

    def _outcome(
        self,
        session: Session,
        rules: RuleScore | Failure,
        share: float | None,
        mine: Sequence[_Compared],
        answer: str,
    ) -> Outcome:
        if rules is EMPTY:
            return empty_outcome(0)
        usage = Usage()
        for comparison in mine:
            usage = add_usage(usage, comparison.usage)
        if isinstance(rules, Failure):
            return failed_outcome(rules, RuleScore(), self.settings, judged=bool(mine), usage=usage)
        if share is None:
            failures = [
                session.failure(comparison.failed, answer)
                for comparison in mine
                if comparison.failed is not None
            ]
            failure = max(filter(None, failures), key=lambda f: (f.blamed, f.doubtful), default=_NOT_COMPARED)
            return failed_outcome(failure, rules, self.settings, judged=True, usage=usage)
        weight = 1.0 if rules.mean is None else self.manager.rank_weight
        score = weight * share + (1 - weight) * (rules.mean or 0.0)
        return replace(
            rule_outcome(rules, self.settings),
            score=score,
            judge_score=share,
            judged=int(bool(mine)),
            failure=None,
            requests=usage.requests,
            prompt_tokens=usage.prompt_tokens,
            cached_tokens=usage.cached_tokens,
            completion_tokens=usage.completion_tokens,
        )


def with_group(outcome: Outcome, rank: float, size: int, comparisons: int) -> dict[str, float | int | str]:
    """Return an outcome with what its group adds: always the same keys.

    Args:
        outcome: the reward.
        rank: share of the comparisons won, -1 where there were none.
        size: members that were judged together.
        comparisons: pairs that this member was in.
    """
    return {**outcome.to_dict(), "rank": rank, "group_size": size, "comparisons": comparisons}
