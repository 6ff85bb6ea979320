"""Findings that are kept: searched for once, never a failure, nobody's loss when another stops waiting."""

from __future__ import annotations

import asyncio

import pytest

from skillrt.verifiers import memo as memos
from skillrt.verifiers.memo import Memo


class Search:
    def __init__(self, *found: int | Exception) -> None:
        self.found = list(found)
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self) -> int:
        found = self.found.pop(0)
        await self.open.wait()
        if isinstance(found, Exception):
            raise found
        return found


async def test_the_same_question_is_searched_for_once() -> None:
    memo: Memo[int] = Memo(lambda found: True)
    search = Search(1)
    assert await asyncio.gather(*(memo.get("k", search) for _ in range(3))) == [1, 1, 1]
    assert await memo.get("k", search) == 1
    assert await memo.get("other", Search(2)) == 2


async def test_what_does_not_hold_is_searched_for_anew() -> None:
    memo: Memo[int] = Memo(lambda found: found > 0)
    search = Search(0, ValueError("broke"), 7)
    assert await memo.get("k", search) == 0
    with pytest.raises(ValueError, match="broke"):
        await memo.get("k", search)
    assert await memo.get("k", search) == 7


async def test_one_who_stops_waiting_takes_nothing_from_the_others() -> None:
    memo: Memo[int] = Memo(lambda found: True)
    search = Search(5)
    search.open.clear()
    first = asyncio.ensure_future(memo.get("k", search))
    second = asyncio.ensure_future(memo.get("k", search))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    search.open.set()
    assert await second == 5
    assert first.cancelled()


async def test_the_oldest_findings_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memos, "_KEPT", 2)
    memo: Memo[int] = Memo(lambda found: True)
    for key in range(3):
        assert await memo.get(key, Search(key)) == key
    assert await memo.get(2, Search()) == 2
    assert await memo.get(0, Search(10)) == 10
