"""Several servers behind one object.

A conversation stays with the server that has its prefix cached. It moves when that server fails, its
breaker is open, or it asks to be left alone for long, and then only the turn is repeated, not the
conversation. A request that hangs longer than nearly all others is sent a second time elsewhere, where
there is room, and the first answer counts. How long that is shows while the request waits, so that even
the first wave is served; how many are sent twice is a bounded share, so that servers which are slow
altogether do not get their load doubled.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from skillrt.chat import ChatRequest, Reply
from skillrt.endpoints.config import EndpointConfig, EndpointDown, EndpointFailure
from skillrt.endpoints.descriptors import connections_allowed
from skillrt.endpoints.refusals import Refusals, advice_for
from skillrt.endpoints.server import NotAdmittedError, Server

__all__ = ["Conversation", "Transport", "open_endpoints"]

_BACKOFF_S = 0.1
_BACKOFF_MOST_S = 10.0
_HEDGE_FACTOR = 2.0
_HEDGE_QUANTILE = 0.95
_HEDGE_SHARE = 0.1
_LOOK_S = 0.1
_LOOK_AGAIN = 0.25
"""A request of which no more is known looks again after this share of the time that it has waited."""
_WORTH_WAITING_S = 5.0
"""A server that asks for a longer pause loses its conversations: filling another's cache is cheaper."""
_SPARE_CONNECTIONS = 8
_BROKEN_RETRIES = 2


class Transport:
    """The servers of one configuration. Made by ``open_endpoints``."""

    def __init__(self, config: EndpointConfig, servers: list[Server]) -> None:
        self.config = config
        self.servers = servers
        self._turn = itertools.count()
        self._asked = self._hedged = 0
        self._refusals = Refusals(config.refusal_limit)
        # Jitter spreads retries in time; it never reaches a verdict.
        self._jitter = random.Random(0)  # noqa: S311

    async def check(self) -> tuple[str, ...]:
        """Return the names of the models served, from the first server that answers.

        Raises:
            EndpointDown: no server answers.
        """
        problems = []
        advice = "Start the server, or correct --base-url."
        for server in self.servers:
            try:
                return await server.models()
            except EndpointFailure as failure:
                problems.append(str(failure))
                advice = advice_for(failure) if failure.kind == "refused" else advice
        raise EndpointDown(f"no judge answers ({'; '.join(problems)}). {advice}")

    def conversation(self) -> Conversation:
        """Begin a conversation on the next server in turn that is healthy or due for a probe."""
        ring = self._ring(next(self._turn))
        return Conversation(self, next((n for n in ring if self.servers[n].breaker.admits), ring[0]))

    def report(self) -> list[dict[str, Any]]:
        """Return for each server what became of its requests, as plain JSON values."""
        return [server.report() for server in self.servers]

    async def send(self, request: ChatRequest, home: int) -> tuple[Reply, int]:
        """Send ``request``, if possible to server number ``home``; return the reply and who gave it.

        Raises:
            EndpointFailure: all tries failed, the server refused the request itself, or no server has
                been healthy for longer than the configuration's patience.
            AllRefusedError: the first requests were all refused alike, and so would this one be.
        """
        avoid: int | None = None
        failures: list[str] = []
        while True:
            try:
                number = await self._choose(home, avoid)
            except EndpointFailure as failure:
                self._refusals.failed(failure)
                raise
            self._refusals.check()
            try:
                reply, number = await self._ask(number, request)
            except NotAdmittedError:
                continue
            except EndpointFailure as failure:
                if self._is_final(failure, failures):
                    self._refusals.failed(failure)
                    raise
                failures.append(f"{failure.kind}: {failure}")
                # A busy server keeps the conversation: its cache is worth the wait.
                avoid = None if failure.kind == "busy" else number
                if failure.kind != "busy" or failure.retry_after is None:
                    await asyncio.sleep(self._pause(len(failures)))
            else:
                self._refusals.answered()
                if failures:
                    usage = replace(reply.usage, retries=len(failures))
                    reply = replace(reply, usage=usage, failures=tuple(failures))
                return reply, number

    def _is_final(self, failure: EndpointFailure, before: list[str]) -> bool:
        """Tell whether it is useless to send a request again that failed so, after others ``before``."""
        if failure.kind in ("context", "refused", "filtered"):
            return True
        # What is no chat completion is most often no such server either.
        nonsense = sum(text.startswith("broken:") for text in before)
        return len(before) >= self.config.retries or (
            failure.kind == "broken" and nonsense >= _BROKEN_RETRIES
        )

    def trouble(self) -> str:
        """Say why no server is healthy, in a word or two; empty where one is."""
        if any(server.breaker.closed for server in self.servers):
            return ""
        last = next((server.last_failure for server in self.servers if server.last_failure), None)
        return "" if last is None else last.cause

    def _ring(self, start: int) -> list[int]:
        count = len(self.servers)
        return [(start + step) % count for step in range(count)]

    def _pause(self, failures: int) -> float:
        return float(min(_BACKOFF_S * 2 ** (failures - 1), _BACKOFF_MOST_S) * (0.5 + self._jitter.random()))

    async def _choose(self, home: int, avoid: int | None) -> int:
        """Return the best server that may be asked now; wait for one where there is none."""
        while True:
            there = [number for number in self._ring(home) if self.servers[number].aside is None]
            if not there:
                raise _again(next(server.aside for server in self.servers if server.aside is not None))
            admitting = [number for number in there if self.servers[number].breaker.admits]
            if admitting:
                ready = [n for n in admitting if self.servers[n].limiter.closed_for <= _WORTH_WAITING_S]
                others = [number for number in ready if number != avoid]
                return (others or ready or admitting)[0]
            last = self.servers[there[0]].last_failure
            if last is not None and all(self.servers[number].nonsense for number in there):
                raise _again(last)
            down_for = min(server.breaker.open_for for server in self.servers)
            if down_for > self.config.patience_s:
                problem = f"no server has answered for {down_for:.0f} s"
                problem = f"{problem}; the last failure: {last}" if last else problem
                raise _again(last, problem) from last
            # All who wait would wake at once for the one probe: jitter keeps them apart.
            opens_in = min(server.breaker.opens_in for server in self.servers)
            await asyncio.sleep(min(opens_in, 1.0) + 0.1 + 0.2 * self._jitter.random())

    async def _ask(self, number: int, request: ChatRequest) -> tuple[Reply, int]:
        server = self.servers[number]
        if not self.config.hedge or len(self.servers) == 1:
            return await server.ask(request), number
        self._asked += 1
        first = asyncio.create_task(server.ask(request))
        tasks = {first: number}
        try:
            spare = await self._wait(first, number)
            if spare is not None:
                self._hedged += 1
                server.counts["hedged"] += 1
                tasks[asyncio.create_task(self.servers[spare].ask(request))] = spare
            return await _first_reply(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait(self, task: asyncio.Task[Reply], number: int) -> int | None:
        """Wait for a request; return the server to send it to as well once it hangs, None when it is done."""
        began, pause = time.monotonic(), _LOOK_S
        while not (await asyncio.wait((task,), timeout=pause))[0]:
            waited = time.monotonic() - began
            slow = self._slow(number)
            left = 0.0 if slow is None else _HEDGE_FACTOR * slow - waited
            if slow is not None and left <= 0 and (spare := self._spare(number)) is not None:
                return spare
            pause = max(_LOOK_S, left if left > 0 else waited * _LOOK_AGAIN)
        return None

    def _slow(self, number: int) -> float | None:
        """Return what is slow for a server, in seconds, or for the slowest other one while it is unknown."""
        own = self.servers[number].latency(_HEDGE_QUANTILE)
        if own is not None:
            return own
        known = [server.latency(_HEDGE_QUANTILE) for server in self.servers]
        return max((latency for latency in known if latency is not None), default=None)

    def _spare(self, busy: int) -> int | None:
        if self._hedged >= max(1.0, _HEDGE_SHARE * self._asked):
            return None
        free = (
            number
            for number, server in enumerate(self.servers)
            if number != busy and server.breaker.closed and server.limiter.free
        )
        return next(free, None)


def _again(failure: EndpointFailure | None, problem: str = "") -> EndpointFailure:
    """Return the same failure anew, for another request that meets it."""
    if failure is None:
        return EndpointFailure(problem, "down")
    return EndpointFailure(problem or str(failure), failure.kind, None, failure.status, failure.words)


async def _first_reply(tasks: dict[asyncio.Task[Reply], int]) -> tuple[Reply, int]:
    """Return the first reply and who gave it; where all fail, raise what the first one asked met with."""
    pending = set(tasks)
    while pending:
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task.exception() is None:
                return task.result(), tasks[task]
    return next(iter(tasks)).result(), 0


class Conversation:
    """The requests of one judgment: they stay on one server as long as it answers."""

    def __init__(self, transport: Transport, number: int) -> None:
        self._transport = transport
        self._number = number

    async def send(self, request: ChatRequest) -> Reply:
        """Send the next request of this conversation; raises as ``Transport.send``."""
        reply, self._number = await self._transport.send(request, self._number)
        return reply


@contextlib.asynccontextmanager
async def open_endpoints(config: EndpointConfig) -> AsyncIterator[Transport]:
    """Open the connection pools for ``config`` and close them at the end.

    The pools are sized by the concurrency, and the soft limit on open files is raised to fit.
    """
    # Here, because the library takes half a second to import and most commands ask no server.
    from skillrt.endpoints.client import Client
    from skillrt.endpoints.secrets import Redactor, secrets_of

    wanted = config.concurrency + _SPARE_CONNECTIONS
    each = connections_allowed(wanted * len(config.base_urls)) // len(config.base_urls)
    redactor = Redactor(secrets_of(config))
    async with contextlib.AsyncExitStack() as stack:
        servers = []
        for url in config.base_urls:
            client = Client(url, config.api_key, config.headers, each, redactor)
            await stack.enter_async_context(client)
            servers.append(Server(url, client, config, max(1, each - _SPARE_CONNECTIONS)))
        yield Transport(config, servers)
