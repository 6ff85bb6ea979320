"""Servers that refuse the first requests all alike."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from judge_support import program, view_of
from scripted_server import CONTEXT_VLLM, Html, Reply, Say, ScriptedServer, Status, Turn

from skillrt.chat import ChatRequest
from skillrt.endpoints import AllRefusedError, EndpointConfig, EndpointFailure, open_endpoints
from skillrt.judging.judge import judge

REQUEST = ChatRequest(({"role": "user", "content": "Which?"},), ())
WRONG_KEY = Status(401, '{"error": {"message": "No such key: come back with another."}}')

FILTERED = Status(200, '{"choices": [{"finish_reason": "content_filter", "message": {"content": "A"}}]}')


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    with ExitStack() as stack:
        yield lambda script, **options: stack.enter_context(ScriptedServer(script, **options))


async def ends_of(server: ScriptedServer, count: int, **changes: Any) -> list[object]:
    """How so many requests end, eight at a time."""
    config = EndpointConfig(base_urls=(server.base_url,), model="scripted", request_timeout_s=5.0, retries=0)
    async with open_endpoints(replace(config, **changes)) as transport:
        places = asyncio.Semaphore(8)

        async def send() -> object:
            async with places:
                return await transport.conversation().send(REQUEST)

        return await asyncio.gather(*(send() for _ in range(count)), return_exceptions=True)


@pytest.mark.parametrize(
    ("refusal", "kind", "status", "words", "advice"),
    [
        (WRONG_KEY, "refused", 401, "come back with another", "--api-key-env"),
        (Status(404, "no such path"), "refused", 404, "no such path", "--base-url"),
        (Status(400, "tools: unknown"), "refused", 400, "tools: unknown", "endpoints check"),
        (CONTEXT_VLLM, "context", 400, "4096", "larger context"),
        (Status(402, "no credit"), "refused", 402, "no credit", "credit"),
        (Status(429, "later", {"Retry-After": "999"}), "busy", 429, "left alone for 999 s", "--max-wait"),
        (Html(), "broken", 200, "no chat completion", "--base-url"),
        (FILTERED, "filtered", 200, "content_filter", "endpoints check"),
    ],
)
async def test_refusals_all_alike_end_it_with_the_servers_words(
    refusal: Reply, kind: str, status: int, words: str, advice: str, serve: Callable[..., ScriptedServer]
) -> None:
    server = serve(lambda turn: refusal)
    ends = await ends_of(server, 100)
    single = [end for end in ends if isinstance(end, EndpointFailure)]
    told = [end for end in ends if isinstance(end, AllRefusedError)]
    assert (len(single), len(told)) == (31, 69)
    assert len(server.requests) <= 32 + 8
    for error in (told[0], pickle.loads(pickle.dumps(told[0]))):
        assert (error.kind, error.status, error.count) == (kind, status, 32)
        assert words in error.words
        assert advice in error.advice
        assert words in str(error)
        assert advice in str(error)


async def test_the_limit_can_be_set_and_lifted(serve: Callable[..., ScriptedServer]) -> None:
    server = serve(lambda turn: WRONG_KEY)
    ends = await ends_of(server, 20, refusal_limit=5)
    assert sum(isinstance(end, AllRefusedError) for end in ends) == 16
    ends = await ends_of(server, 60, refusal_limit=None)
    assert all(isinstance(end, EndpointFailure) for end in ends)


def answers_once(turn: Turn) -> Reply:
    return Say("A") if turn.number == 10 else WRONG_KEY


def refuses_in_two_ways(turn: Turn) -> Reply:
    return Status(400, "no") if turn.number == 10 else WRONG_KEY


@pytest.mark.parametrize("script", [answers_once, refuses_in_two_ways])
async def test_an_answer_or_another_refusal_lets_it_go_on(
    script: Callable[[Turn], Reply], serve: Callable[..., ScriptedServer]
) -> None:
    ends = await ends_of(serve(script), 60)
    assert not any(isinstance(end, AllRefusedError) for end in ends)


async def test_a_judgment_lets_it_through(serve: Callable[..., ScriptedServer]) -> None:
    one = program("starter", "progressive")
    server = serve(lambda turn: WRONG_KEY)
    config = EndpointConfig(base_urls=(server.base_url,), model="scripted", refusal_limit=2)
    async with open_endpoints(config) as transport:
        first = await judge(one, view_of(one), transport=transport, sandbox=None)
        assert first.verdict.error_owner == "endpoint"
        with pytest.raises(AllRefusedError, match="come back with another"):
            await judge(one, view_of(one), transport=transport, sandbox=None)
