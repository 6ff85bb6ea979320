"""The scores of a group, for those of it whose judgment failed."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from skillrl.failure import stand_in
from skillrl.outcome import Outcome
from skillrl.settings import RewardSettings

__all__ = ["Siblings", "Tell", "settled"]

Tell = Callable[[str, float | None, bool], Awaitable[float | None]]
"""Tells a group the digest of a rollout's text, its score (None where it failed) and whether that is
doubtful; returns what ``Siblings.settle`` does."""

_REMEMBERED = 4096
_SETTLE_S = 0.5
"""A failed rollout asks this much after its group is complete: verl fills the last worker's share of a batch
up with copies of its first row, and a copy must not be taken for the last sibling."""


@dataclass
class _Group:
    came: list[tuple[str, float | None]] = field(default_factory=list)
    complete: asyncio.Event = field(default_factory=asyncio.Event)

    def judged(self, size: int) -> list[float]:
        """Return the scores that are known, without what is more than the group: copies."""
        surplus, kept, seen = len(self.came) - size, [], set()
        for text, score in self.came:
            if surplus > 0 and text in seen:
                surplus -= 1
                continue
            seen.add(text)
            kept.append(score)
        return [score for score in kept if score is not None]


class Siblings:
    """Gives each failed rollout what its siblings' scores say; nobody else waits.

    Args:
        patience_s: how long a failed rollout waits for siblings that have not come, in seconds.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._groups: OrderedDict[str, _Group] = OrderedDict()

    async def settle(
        self, uid: str, size: int, text: str, score: float | None, doubtful: bool
    ) -> float | None:
        """Add one rollout to group ``uid`` and return its score.

        Args:
            uid: the group.
            size: how many rollouts it has.
            text: tells rollouts with different texts apart.
            score: the rollout's own score; None where its judgment failed.
            doubtful: see ``skillrl.failure.Failure.doubtful``.

        Returns:
            ``score`` where it is known, else the stand-in; None where no sibling was judged.
        """
        group = self._groups.setdefault(uid, _Group())
        if len(self._groups) > _REMEMBERED:
            self._groups.popitem(last=False)
        group.came.append((text, score))
        if len(group.came) >= size:
            group.complete.set()
        if score is not None:
            return score
        try:
            async with asyncio.timeout(self._patience_s):
                await group.complete.wait()
            if size > 1:
                await asyncio.sleep(_SETTLE_S)
        except TimeoutError:
            pass
        return stand_in(group.judged(size), doubtful=doubtful)


async def settled(outcome: Outcome, rollout: str, settings: RewardSettings, tell: Tell) -> Outcome:
    """Tell a rollout's group its outcome; return it, with the stand-in for a score where it failed."""
    digest = hashlib.sha256(rollout.encode("utf-8", "replace")).hexdigest()[:16]
    doubtful = outcome.failure is not None and outcome.failure.doubtful
    score = await tell(digest, outcome.score if outcome.counts else None, doubtful)
    return outcome.settled(score, settings)
