"""Conversations with servers that misbehave, over real sockets on the loopback interface."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from judge_support import program, view_of
from scripted_server import (
    CONTEXT_LLAMA,
    CONTEXT_VLLM,
    Cut,
    Hang,
    Html,
    Reply,
    Say,
    Script,
    ScriptedServer,
    Status,
    Turn,
    call,
    every,
    faulty,
    final,
    plan,
)

from skillrt.chat import ChatRequest
from skillrt.endpoints import EndpointConfig, EndpointDown, EndpointFailure, Transport, open_endpoints
from skillrt.endpoints import transport as transport_module
from skillrt.judging.judge import judge

REQUEST = ChatRequest(({"role": "user", "content": "Which?"},), ())
TALK: Script = lambda turn: Say("A")  # noqa: E731
WORK = plan(call("use_skill"), call("list_resources"), final(lambda turn: "A"))


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    """Starts servers; one that a test has stopped itself is ``gone``."""
    with ExitStack() as stack:
        yield lambda script=TALK, **options: stack.enter_context(ScriptedServer(script, **options))


def unused_url() -> str:
    """Where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "_BACKOFF_S", 0.005)


@asynccontextmanager
async def opened(*servers: ScriptedServer | str, **changes: Any) -> AsyncIterator[Transport]:
    urls = tuple(server if isinstance(server, str) else server.base_url for server in servers)
    config = EndpointConfig(base_urls=urls, model="scripted", request_timeout_s=5.0)
    async with open_endpoints(replace(config, **changes)) as transport:
        yield transport


async def judged(transport: Transport, **more: Any) -> Any:
    one = program("starter", "progressive")
    return await judge(one, view_of(one), transport=transport, sandbox=None, **more)


# --------------------------------------------------------------------------------- one server's faults

FAULTS = {
    "500": (Status(500), "down"),
    "502": (Status(502, "<html>bad gateway"), "down"),
    "429": (Status(429, headers={"Retry-After": "0.02"}), "busy"),
    "503": (Status(503), "busy"),
    "408": (Status(408), "down"),
    "html": (Html(), "broken"),
    "cut": (Cut(), "down"),
    "json": (Html("{"), "broken"),
    "empty": (Status(200, "{}"), "broken"),
    "null": (Status(200, "null"), "broken"),
    "half json": (Status(200, '{"choices": [{'), "down"),
    "brackets": (Status(200, "[" * 100_000), "broken"),
    "hang": (Hang(3), "deadline"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_is_met_by_sending_again(name: str, serve: Callable[..., ScriptedServer]) -> None:
    fault, kind = FAULTS[name]
    server = serve(faulty(TALK, {0: fault, 1: fault}))
    async with opened(server, request_timeout_s=0.3 if kind == "deadline" else 5.0) as transport:
        reply = await transport.conversation().send(REQUEST)
        report = transport.report()[0]
    assert (reply.content, reply.usage.retries) == ("A", 2)
    assert [one.partition(":")[0] for one in reply.failures] == [kind, kind]
    assert (report["requests"], report["answered"], report[kind]) == (3, 1, 2)
    assert len({recorded.raw for recorded in server.requests}) == 1


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_without_end_ends_in_a_reason(name: str, serve: Callable[..., ScriptedServer]) -> None:
    fault, kind = FAULTS[name]
    server = serve(lambda turn: fault)
    async with opened(server, request_timeout_s=0.2 if kind == "deadline" else 5.0, retries=1) as transport:
        with pytest.raises(EndpointFailure) as caught:
            await transport.conversation().send(REQUEST)
    assert caught.value.kind == kind
    assert "Traceback" not in str(caught.value)
    assert len(str(caught.value)) < 500
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (CONTEXT_VLLM, "context"),
        (CONTEXT_LLAMA, "context"),
        (Status(413, "the body is too large"), "context"),
        (Status(400, "messages[0].role: no such role"), "refused"),
        (Status(400, "top_logprobs: maximum is 20"), "refused"),
        (Status(401), "refused"),
        (Status(404), "refused"),
    ],
)
async def test_what_is_refused_is_not_sent_again(
    status: Status, kind: str, serve: Callable[..., ScriptedServer]
) -> None:
    server = serve(lambda turn: status)
    async with opened(server) as transport:
        with pytest.raises(EndpointFailure) as caught:
            await transport.conversation().send(REQUEST)
    assert caught.value.kind == kind
    assert len(server.requests) == 1


async def test_retry_after_is_waited_for_in_seconds_or_as_a_date(
    serve: Callable[..., ScriptedServer],
) -> None:
    server = serve(faulty(TALK, {0: Status(429, headers={"Retry-After": "0.3"})}))
    async with opened(server) as transport:
        began = time.monotonic()
        await transport.conversation().send(REQUEST)
        assert time.monotonic() - began >= 0.3
    past = Status(503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    odd = Status(503, headers={"Retry-After": "soon"})
    server = serve(faulty(TALK, {0: past, 1: odd}))
    async with opened(server) as transport:
        assert (await transport.conversation().send(REQUEST)).usage.retries == 2
        assert transport.servers[0].limiter.limit < 16


async def test_a_server_that_drips_meets_the_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n")
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with opened(f"http://127.0.0.1:{port}/v1", request_timeout_s=0.3, retries=0) as transport:
            began = time.monotonic()
            with pytest.raises(EndpointFailure, match=r"did not answer within 0.3 s"):
                await transport.conversation().send(REQUEST)
            assert time.monotonic() - began < 2


def refuses_thinking(turn: Turn) -> Reply:
    if "chat_template_kwargs" in turn.body:
        return Status(400, '{"error": {"message": "Extra inputs are not permitted: chat_template_kwargs"}}')
    return Say("A")


async def test_thinking_is_dropped_for_a_server_that_refuses_it_and_that_is_remembered(
    serve: Callable[..., ScriptedServer],
) -> None:
    picky, plain = serve(refuses_thinking, latency_s=0.05), serve()
    async with opened(picky, plain) as transport:
        replies = await asyncio.gather(*(transport.conversation().send(REQUEST) for _ in range(8)))
        assert [reply.content for reply in replies] == ["A"] * 8
        before = len(picky.requests)
        for _ in range(4):
            await transport.conversation().send(REQUEST)
        picky_report, plain_report = transport.report()
    assert picky_report["changed"]["chat_template_kwargs"].startswith("left out (the server: Extra inputs")
    assert (picky_report["adapted"], plain_report["changed"]) == (1, {})
    # The first went out alone: one request was refused, not all that were in flight together.
    assert ["chat_template_kwargs" in body for body in picky.bodies()] == [True] + [False] * (before + 1)
    assert all("chat_template_kwargs" in body for body in plain.bodies())
    assert not any(reply.usage.retries for reply in replies)


@pytest.mark.parametrize("takes", [True, False])
async def test_an_answer_that_is_cut_is_asked_for_in_bounds_where_the_server_takes_them(
    takes: bool, serve: Callable[..., ScriptedServer]
) -> None:
    def rambles(turn: Turn) -> Reply:
        if "response_format" not in turn.body:
            done = sum("response_format" not in body for body in server.bodies())
            return final(lambda turn: "B")(turn) if done == 4 else Say("Well, ", "length")
        return final(lambda turn: "A")(turn) if takes else Status(400, "response_format: not with tools")

    server = serve(rambles)
    async with opened(server) as transport:
        judgment = await judged(transport)
        assert ("response_format" in transport.report()[0]["changed"]) is not takes
    assert (judgment.verdict.valid, judgment.verdict.outcome) == (True, "A" if takes else "B")
    # Talk, cut answer, bounded answer; or, where it was refused once, two more tries without.
    assert ["response_format" in body for body in server.bodies()] == (
        [False, False, True] if takes else [False, False, True, False, False]
    )


async def test_reasoning_is_never_the_answer(serve: Callable[..., ScriptedServer]) -> None:
    message = {"role": "assistant", "content": None, "reasoning_content": "Output (a)"}
    server = serve(lambda turn: Status(200, json.dumps({"choices": [{"message": message}]})))
    one = program("judgebench", "direct")
    async with opened(server) as transport:
        judgment = await judge(one, view_of(one), transport=transport, sandbox=None)
    assert (judgment.verdict.valid, judgment.verdict.error_owner) == (False, "judge")
    assert judgment.trace["events"][1]["reasoning"] == "Output (a)"


async def test_no_server_at_all() -> None:
    async with opened(unused_url(), retries=1) as transport:
        with pytest.raises(EndpointDown, match="Start the server"):
            await transport.check()
        with pytest.raises(EndpointFailure) as caught:
            await transport.conversation().send(REQUEST)
    assert caught.value.kind == "down"
    assert "Connect call failed" in str(caught.value)


# -------------------------------------------------------------------------------------- several servers


async def test_a_conversation_stays_and_conversations_are_spread(
    serve: Callable[..., ScriptedServer],
) -> None:
    servers = [serve(WORK) for _ in range(3)]
    async with opened(*servers) as transport:
        judgments = await asyncio.gather(*(judged(transport) for _ in range(6)))
    for judgment in judgments:
        assert judgment.verdict.valid
        assert len({event["endpoint"] for event in judgment.trace["events"] if event["type"] == "reply"}) == 1
    assert [len(server.requests) for server in servers] == [6, 6, 6]


async def test_failover_repeats_the_turn_and_not_the_conversation(
    serve: Callable[..., ScriptedServer],
) -> None:
    bad = serve(lambda turn: Status(500) if turn.done >= 1 else WORK(turn))
    good = serve(WORK)
    async with opened(bad, good) as transport:
        judgment = await judged(transport)
    assert judgment.verdict.valid
    turns = [
        [sum(message["role"] == "assistant" for message in body["messages"]) for body in server.bodies()]
        for server in (bad, good)
    ]
    assert turns == [[0, 1], [1, 2]]  # moved after the failed turn, and stayed there


async def test_a_busy_server_keeps_its_conversation_unless_it_asks_for_long(
    serve: Callable[..., ScriptedServer],
) -> None:
    busy, other = serve(faulty(TALK, {0: Status(429, headers={"Retry-After": "0.05"})})), serve()
    async with opened(busy, other) as transport:
        await transport.conversation().send(REQUEST)
    assert (len(busy.requests), len(other.requests)) == (2, 0)
    long, other = serve(lambda turn: Status(429, headers={"Retry-After": "3600"})), serve()
    async with opened(long, other) as transport:
        await asyncio.wait_for(transport.conversation().send(REQUEST), 5)
    assert (len(long.requests), len(other.requests)) == (1, 1)


async def test_a_dead_server_is_left_alone_and_used_again_when_it_is_back(
    serve: Callable[..., ScriptedServer],
) -> None:
    lives, dies = serve(), ScriptedServer(TALK).__enter__()
    port = int(dies.base_url.split(":")[2].split("/")[0])
    async with opened(dies, lives) as transport:
        await asyncio.gather(*(transport.conversation().send(REQUEST) for _ in range(4)))
        dies.__exit__()
        for _ in range(20):
            assert (await transport.conversation().send(REQUEST)).content == "A"
        report = transport.report()
        assert report[0]["breaker_opened"] == 1
        assert report[0]["down"] == 8
        back = serve(port=port)
        await asyncio.sleep(1.1)  # the breaker's pause
        for _ in range(6):
            await transport.conversation().send(REQUEST)
        assert transport.servers[0].breaker.closed
    assert len(back.requests) == 3


async def test_patience_ends_when_no_server_is_healthy() -> None:
    async with opened(unused_url(), patience_s=0.5) as transport:
        began = time.monotonic()
        sends = (transport.conversation().send(REQUEST) for _ in range(30))
        results = await asyncio.wait_for(asyncio.gather(*sends, return_exceptions=True), 20)
        assert all(isinstance(result, EndpointFailure) for result in results)
        assert time.monotonic() - began < 8
        began = time.monotonic()
        with pytest.raises(EndpointFailure):
            await transport.conversation().send(REQUEST)
        assert time.monotonic() - began < 5


# ---------------------------------------------------------------------------------- hedges and deadlines


async def test_a_request_that_hangs_is_sent_elsewhere_and_the_loser_given_up(
    serve: Callable[..., ScriptedServer],
) -> None:
    def hangs_once(turn: Turn) -> Reply:
        return Hang(30) if turn.number == 20 else Say("slow")

    slow, other = serve(hangs_once), serve(lambda turn: Say("other"))
    async with opened(slow, other) as transport:
        for _ in range(20):
            await transport.send(REQUEST, 0)
        began = time.monotonic()
        reply, number = await transport.send(REQUEST, 0)
        took = time.monotonic() - began
        report = transport.report()
        assert transport.servers[0].limiter.in_flight == transport.servers[1].limiter.in_flight == 0
    assert (reply.content, number, reply.usage.retries) == ("other", 1, 0)
    assert took < 2
    assert (report[0]["hedged"], report[0]["given_up"], report[0]["answered"]) == (1, 1, 20)
    assert len(other.requests) == 1


async def test_the_first_wave_is_hedged_too(serve: Callable[..., ScriptedServer]) -> None:
    """All start at once, when no latency is known; what is slow shows while they wait."""
    one = serve(lambda turn: Hang(30) if turn.number % 20 == 7 else Say("A"), latency_s=0.05)
    other = serve(lambda turn: Say("A"), latency_s=0.05)
    async with opened(one, other, concurrency=64, request_timeout_s=20.0) as transport:
        began = time.monotonic()
        replies = await asyncio.gather(*(transport.conversation().send(REQUEST) for _ in range(120)))
        assert time.monotonic() - began < 5
        report = transport.report()
    assert len(replies) == 120
    assert (report[0]["hedged"], report[0]["given_up"], report[0]["answered"]) == (3, 3, 57)


async def test_a_server_that_never_answers_is_measured_by_the_others(
    serve: Callable[..., ScriptedServer],
) -> None:
    mute, other = serve(lambda turn: Hang(30)), serve()
    async with opened(mute, other, request_timeout_s=20.0) as transport:
        for _ in range(20):
            await transport.send(REQUEST, 1)
        _, number = await asyncio.wait_for(transport.send(REQUEST, 0), 5)
    assert number == 1


async def test_servers_that_slow_down_together_get_a_bounded_share_twice(
    serve: Callable[..., ScriptedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport_module, "_LOOK_S", 0.01)
    slow = [serve(lambda turn: Say("A")) for _ in range(2)]
    async with opened(*slow, concurrency=200) as transport:
        for _ in range(40):
            await transport.conversation().send(REQUEST)
        for server in slow:
            server.latency_s = 0.8
        await asyncio.gather(*(transport.conversation().send(REQUEST) for _ in range(100)))
        hedged = sum(report.get("hedged", 0) for report in transport.report())
    assert 1 <= hedged <= 14
    assert sum(len(server.requests) for server in slow) == 140 + hedged


async def test_no_hedge_where_it_is_switched_off(serve: Callable[..., ScriptedServer]) -> None:
    slow, other = serve(lambda turn: Hang(0.5) if turn.number == 20 else Say("slow")), serve()
    async with opened(slow, other, hedge=False, retries=0) as transport:
        for _ in range(20):
            await transport.send(REQUEST, 0)
        with pytest.raises(EndpointFailure, match="HTTP 504"):
            await transport.send(REQUEST, 0)
    assert other.requests == []


async def test_the_deadline_of_a_judgment_ends_it_and_frees_its_place(
    serve: Callable[..., ScriptedServer],
) -> None:
    server = serve(faulty(WORK, {1: Hang(30)}))
    async with opened(server) as transport:
        began = time.monotonic()
        judgment = await judged(transport, deadline_s=0.3)
        assert time.monotonic() - began < 2
        assert (judgment.verdict.valid, judgment.verdict.error_owner) == (False, "endpoint")
        assert judgment.verdict.error == "the judgment took longer than 0.3 s"
        assert judgment.usage.requests == 1
        assert transport.servers[0].limiter.in_flight == 0
        assert transport.servers[0].breaker.closed
        assert (await judged(transport, deadline_s=5)).verdict.valid


async def test_deadlines_expire_in_the_queue_too(serve: Callable[..., ScriptedServer]) -> None:
    server = serve(lambda turn: Hang(30))
    async with opened(server, concurrency=2) as transport:
        judgments = await asyncio.gather(*(judged(transport, deadline_s=0.3) for _ in range(10)))
        assert {judgment.verdict.error for judgment in judgments} == {"the judgment took longer than 0.3 s"}
        assert (transport.servers[0].limiter.in_flight, transport.servers[0].limiter.waiting) == (0, 0)


async def test_a_time_out_within_is_not_taken_for_the_deadline(
    serve: Callable[..., ScriptedServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        async def run(self, *_: Any, **__: Any) -> Any:
            raise TimeoutError("pool")

    one = program("starter", "progressive")
    server = serve(plan(call("python_sandbox", code="result = 1"), final(lambda turn: "A")))
    async with opened(server) as transport:
        judgment = await judge(one, view_of(one), transport=transport, sandbox=Broken())  # type: ignore[arg-type]
    assert judgment.verdict.error_owner == "harness"
    assert judgment.verdict.error == "TimeoutError: pool"


async def test_the_limit_on_requests_in_flight_holds(serve: Callable[..., ScriptedServer]) -> None:
    server = serve(TALK, latency_s=0.05)
    async with opened(server, concurrency=4) as transport:
        sends = [asyncio.create_task(transport.conversation().send(REQUEST)) for _ in range(20)]
        most = 0
        while not all(task.done() for task in sends):
            most = max(most, transport.servers[0].limiter.in_flight)
            await asyncio.sleep(0.005)
    assert most == 4


async def test_overload_lowers_the_limit_and_answers_raise_it(serve: Callable[..., ScriptedServer]) -> None:
    server = serve(every(TALK, Status(429), 5))
    async with opened(server, concurrency=64) as transport:
        await asyncio.gather(*(transport.conversation().send(REQUEST) for _ in range(100)))
        report = transport.report()[0]
    assert report["answered"] == 100
    assert report["busy"] >= 20
    assert 1 <= report["concurrency"] < 64
