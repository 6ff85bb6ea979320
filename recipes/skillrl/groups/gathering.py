"""Gathering the rollouts of one prompt, which arrive one by one, in any order, and not always all."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

__all__ = ["Gatherer"]

Member = TypeVar("Member")
Result = TypeVar("Result")
_REMEMBERED = 4096
_SETTLE_S = 0.5
"""A complete group is judged this much later: verl fills the last worker's share of a batch up with copies
of its first row, and a copy that comes first must not take a sibling's place."""


@dataclass
class _Group(Generic[Member, Result]):
    size: int
    members: list[Member] = field(default_factory=list)
    answers: list[asyncio.Future[Result]] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None


class Gatherer(Generic[Member, Result]):
    """Calls ``judge`` once for each group: soon after it is complete, or when its patience ends.

    Args:
        judge: given the group's id and the members that came, returns one result for each.
        patience_s: seconds from the first member's arrival to an incomplete group's judgment.
    """

    def __init__(
        self, judge: Callable[[str, Sequence[Member]], Awaitable[Sequence[Result]]], patience_s: float
    ) -> None:
        self._judge = judge
        self._patience_s = patience_s
        self._waiting: dict[str, _Group[Member, Result]] = {}
        self._closed: OrderedDict[str, None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    async def join(self, uid: str, size: int, member: Member) -> Result:
        """Add a member of group ``uid`` and wait for its result.

        A member that comes after its group was judged is judged alone, at once: there is nobody left to
        compare it with.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()
        late = uid in self._closed
        group = self._waiting.get(uid)
        if group is None:
            group = self._waiting[uid] = _Group(size)
            group.timer = loop.call_later(self._patience_s, self._close, uid)
        group.members.append(member)
        group.answers.append(answer)
        if late:
            self._close(uid)
        elif len(group.members) == group.size and group.timer is not None:
            group.timer.cancel()
            group.timer = loop.call_later(_SETTLE_S, self._close, uid)
        return await answer

    def _close(self, uid: str) -> None:
        group = self._waiting.pop(uid, None)
        if group is None:
            return
        if group.timer is not None:
            group.timer.cancel()
        self._closed[uid] = None
        if len(self._closed) > _REMEMBERED:
            self._closed.popitem(last=False)
        task = asyncio.create_task(self._answer(uid, group))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, uid: str, group: _Group[Member, Result]) -> None:
        try:
            results = await self._judge(uid, group.members)
        except Exception as error:  # all who wait must hear of it, whatever it is
            for answer in group.answers:
                if not answer.done():
                    answer.set_exception(error)
            return
        for answer, result in zip(group.answers, results, strict=True):
            if not answer.done():
                answer.set_result(result)
