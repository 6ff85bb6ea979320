"""Findings that are kept for a while: the same response is judged in both orders and in several pairs."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

_Found = TypeVar("_Found")
_KEPT = 512
"""More than are in flight at once, and few enough that their texts weigh nothing."""


class Memo(Generic[_Found]):
    """What was found by key, the latest only; those who ask for the same at once wait for one search.

    For one event loop. ``keep`` tells which findings hold; any other is searched for anew when asked again.
    """

    def __init__(self, keep: Callable[[_Found], bool]) -> None:
        self._keep = keep
        self._searches: OrderedDict[Hashable, asyncio.Task[_Found]] = OrderedDict()

    async def get(self, key: Hashable, search: Callable[[], Awaitable[_Found]]) -> _Found:
        """Return what ``search`` found for ``key``, now or before."""
        task = self._searches.get(key)
        if task is None:
            task = asyncio.ensure_future(self._search(search))
            self._searches[key] = task
            task.add_done_callback(lambda done: self._done(key, done))
        # One who stops waiting must not take the finding from the others.
        return await asyncio.shield(task)

    @staticmethod
    async def _search(search: Callable[[], Awaitable[_Found]]) -> _Found:
        return await search()

    def _done(self, key: Hashable, task: asyncio.Task[_Found]) -> None:
        if task.cancelled() or task.exception() is not None or not self._keep(task.result()):
            self._searches.pop(key, None)
        while len(self._searches) > _KEPT:
            # The oldest may still be searched for: its task goes on for those who wait for it.
            self._searches.popitem(last=False)
