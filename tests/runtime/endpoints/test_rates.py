"""Requests and tokens a minute, and servers that ask to be left alone for long."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from scripted_server import Reply, Say, ScriptedServer, Status, Turn

from skillrt.chat import ChatRequest
from skillrt.endpoints import EndpointConfig, EndpointFailure, Transport, open_endpoints
from skillrt.endpoints.rates import pace as pace_module
from skillrt.endpoints.rates.pace import Pace

REQUEST = ChatRequest(({"role": "user", "content": "Which?"},), ())


class Clock:
    """A time of its own, in which to sleep is to move the hands."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace_module, "time", clock)
    monkeypatch.setattr(pace_module, "asyncio", clock)
    return clock


async def starts_of(pace: Pace, clock: Clock, sizes: list[int], tokens: int | None = None) -> list[float]:
    """When requests of these sizes start, one after the other; each answer counts so many tokens."""
    starts = []
    for size in sizes:
        estimate = await pace.wait(size)
        starts.append(clock.now - 1000.0)
        if tokens is not None:
            pace.settle(size, estimate, tokens, 0)
    return starts


async def test_requests_are_spaced(clock: Clock) -> None:
    assert await starts_of(Pace(60, None), clock, [1] * 5) == pytest.approx([0, 1, 2, 3, 4])
    clock.now += 100
    pace = Pace(30, None)
    assert await starts_of(pace, clock, [1]) == [104.0]
    clock.now += 60
    # A pause is not saved up: no window of time has more than its share.
    assert await starts_of(pace, clock, [1] * 3) == pytest.approx([164, 166, 168])


async def test_tokens_are_spaced_by_estimate_and_corrected_by_what_was_counted(clock: Clock) -> None:
    # 4,000 bytes are some 1,000 tokens, and 256 for the answer.
    assert await starts_of(Pace(None, 1256 * 60), clock, [4000] * 4) == pytest.approx([0, 1, 2, 3])
    clock.now = 1000.0
    # Each was counted as 12,560: ten times as many.
    starts = await starts_of(Pace(None, 1256 * 60), clock, [4000] * 4, tokens=12_560)
    assert starts == pytest.approx([0, 10, 20, 30])
    clock.now = 1000.0
    assert await starts_of(Pace(None, 1256 * 60), clock, [4000] * 4, tokens=0) == pytest.approx([0, 1, 2, 3])


async def test_both_bounds_hold(clock: Clock) -> None:
    assert await starts_of(Pace(60, 256 * 6), clock, [0] * 3) == pytest.approx([0, 10, 20])
    clock.now = 1000.0
    assert await starts_of(Pace(6, 256 * 600), clock, [0] * 3) == pytest.approx([0, 10, 20])


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    with ExitStack() as stack:
        yield lambda script, **options: stack.enter_context(ScriptedServer(script, **options))


@asynccontextmanager
async def opened(*servers: ScriptedServer, **changes: Any) -> AsyncIterator[Transport]:
    config = EndpointConfig(base_urls=tuple(server.base_url for server in servers), model="scripted")
    async with open_endpoints(replace(config, **changes)) as transport:
        yield transport


async def test_a_server_gets_what_its_rate_allows_whatever_the_concurrency(
    serve: Callable[..., ScriptedServer],
) -> None:
    loop = asyncio.get_running_loop()
    times: list[float] = []

    def note(turn: Turn) -> Reply:
        times.append(loop.time())
        return Say("A")

    async with opened(serve(note), rpm=1200, concurrency=32) as transport:
        await asyncio.gather(*(transport.conversation().send(REQUEST) for _ in range(12)))
    assert times[-1] - times[0] >= 11 * 0.05 * 0.9


def asks_for(seconds: str, status: int = 429) -> Callable[[Turn], Reply]:
    return lambda turn: Status(
        status, json.dumps({"error": {"message": "too many"}}), {"Retry-After": seconds}
    )


@pytest.mark.parametrize("status", [429, 503])
async def test_nobody_waits_for_a_server_that_asks_for_too_long(
    status: int, serve: Callable[..., ScriptedServer], caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(asks_for("121", status))
    async with opened(server, refusal_limit=None) as transport:
        sends = (transport.conversation().send(REQUEST) for _ in range(40))
        ends = await asyncio.wait_for(asyncio.gather(*sends, return_exceptions=True), 10)
        report = transport.report()[0]
    assert all(isinstance(end, EndpointFailure) and end.kind == "busy" for end in ends)
    assert all(
        "left alone for 121 s, longer than the 120 s that --max-wait allows" in str(end) for end in ends
    )
    assert len(server.requests) == 1
    assert report["set_aside"] == 1
    assert caplog.text.count("it is set aside") == 1


async def test_what_one_server_puts_off_another_answers(serve: Callable[..., ScriptedServer]) -> None:
    away, there = serve(asks_for("3600")), serve(lambda turn: Say("A"))
    async with opened(away, there) as transport:
        replies = await asyncio.gather(*(transport.conversation().send(REQUEST) for _ in range(20)))
        report = transport.report()
    assert [reply.content for reply in replies] == ["A"] * 20
    assert (len(away.requests), len(there.requests)) == (1, 20)
    assert report[0]["set_aside"] == 1


async def test_a_server_is_asked_again_when_its_pause_is_over(serve: Callable[..., ScriptedServer]) -> None:
    server = serve(lambda turn: asks_for("0.3")(turn) if turn.number == 0 else Say("A"))
    async with opened(server, max_wait_s=0.2) as transport:
        with pytest.raises(EndpointFailure, match="left alone"):
            await transport.conversation().send(REQUEST)
        with pytest.raises(EndpointFailure, match="left alone"):
            await transport.conversation().send(REQUEST)
        await asyncio.sleep(0.35)
        assert (await transport.conversation().send(REQUEST)).content == "A"
    assert len(server.requests) == 2
