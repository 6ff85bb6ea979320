"""Judging against products with their quirks: what they refuse, and the forms in which they answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from judge_support import program, view_of
from products import products
from quirks import Product, Refuse, said
from scripted_server import Html, Reply, Say, Script, ScriptedServer, Status, Turn, call, final, plan

from skillrt.endpoints import EndpointConfig, EndpointDown, open_endpoints
from skillrt.endpoints import transport as transport_module
from skillrt.judging.judge import judge
from skillrt.judging.verdict import Judgment

CAREFUL = plan(call("use_skill"), call("list_resources"), final(lambda turn: "B"))


def talks_first(turn: Turn) -> Reply:
    """Has to be forced."""
    return final(lambda turn: "B")(turn) if turn.forced == "final_answer" or turn.done > 1 else Say("Hm.")


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    with ExitStack() as stack:
        yield lambda script, **options: stack.enter_context(ScriptedServer(script, **options))


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "_BACKOFF_S", 0.005)


async def judgments_of(
    server: ScriptedServer, product: Product, count: int = 8, **changes: Any
) -> tuple[list[Judgment], dict[str, Any]]:
    """So many judgments at once, and the server's report."""
    root = server.base_url.removesuffix("/v1") + product.root
    query = product.target.partition("?")[2]
    config = EndpointConfig(
        base_urls=(f"{root}?{query}" if query else root,),
        model="scripted",
        seed=0,
        headers=(product.header,) if product.header else (),
        request_timeout_s=5.0,
    )
    judged = program("starter", "progressive")
    async with open_endpoints(replace(config, **changes)) as transport:
        made = [judge(judged, view_of(judged), transport=transport, sandbox=None) for _ in range(count)]
        return await asyncio.gather(*made), transport.report()[0]


@pytest.mark.parametrize("script", [CAREFUL, talks_first], ids=["careful", "forced"])
@pytest.mark.parametrize("name", products())
async def test_every_judgment_is_valid_and_a_refusal_costs_two_requests_at_most(
    name: str, script: Script, serve: Callable[..., ScriptedServer]
) -> None:
    product = products()[name]
    server = serve(script, quirks=product)
    judgments, report = await judgments_of(server, product)
    assert [(one.verdict.outcome, one.verdict.error) for one in judgments] == [("B", None)] * 8
    assert report["answered"] == sum(not recorded.refused for recorded in server.requests)
    assert product.parameters == report.get("adapted", 0)
    per_field: dict[str, int] = {}
    for refuse in product.refuses:
        hits = sum(recorded.refused and refuse.hits(json.loads(recorded.raw)) for recorded in server.requests)
        per_field[refuse.path] = hits
    assert product.parameters <= 2 * max(1, len(report["changed"]))
    assert all(count <= 3 for count in per_field.values())
    for change in report["changed"].values():
        assert "the server: " in change


def test_there_are_enough_of_them() -> None:
    made = products().values()
    quirks = [
        (*product.refuses, *product.changes, *product.first, *filter(None, [product.before, product.header]))
        for product in made
    ]
    assert len(quirks) >= 10
    assert sum(map(len, quirks)) >= 40


async def test_what_is_sent_instead() -> None:
    sent: dict[str, dict[str, Any]] = {}
    for name, product in products().items():
        with ScriptedServer(talks_first, quirks=product) as server:
            await judgments_of(server, product, 1)
            sent[name] = server.bodies()[-1]
    assert "max_tokens" not in sent["openai"]
    assert sent["openai"]["max_completion_tokens"] == 2048
    assert not {"temperature", "chat_template_kwargs"} & set(sent["openai"])
    assert sent["openai"]["seed"] == 0
    assert not {"max_tokens", "max_completion_tokens"} & set(sent["of a length of its own"])
    assert sent["lm studio"]["tool_choice"] == "required"
    assert [tool["function"]["name"] for tool in sent["lm studio"]["tools"]] == ["final_answer"]
    assert sent["ollama"]["tool_choice"] == sent["deepseek"]["tool_choice"] == "auto"
    assert not any("strict" in tool["function"] for tool in sent["gemini"]["tools"])
    assert all("strict" in tool["function"] for tool in sent["mistral"]["tools"])


def refused(status: int, message: str, **more: Any) -> tuple[Status, str]:
    """A refusal, and words that must be told."""
    return Status(status, json.dumps(said(message, **more))), message


NO_USER = {"type": "missing", "loc": ["body", "user"], "msg": "Field required", "input": {"temperature": 0}}
FILTERED = {"finish_reason": "content_filter", "message": {"content": "B"}}
REFUSALS = {
    "a length": refused(
        400, "max_tokens is too large: 2048. This model supports at most 1024 tokens.", param="max_tokens"
    ),
    "a tool call id": refused(
        400,
        "Invalid 'messages[3].tool_calls[0].id': string too long. Expected at most 40 characters, got 51.",
        code="string_above_max_length",
    ),
    "a schema": refused(
        400,
        "Invalid schema: In context=('properties', 'findings'), 'maxItems' is not permitted.",
        code="invalid_function_parameters",
    ),
    "flags of the server": refused(
        400,
        '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser',
        code=400,
    ),
    "jinja": refused(500, "tools param requires --jinja flag", code=500),
    "a model": refused(404, "model 'scripted' not found, try pulling it first"),
    "no tools": refused(200, "No endpoints found that support tool use", code=404),
    "no credit": refused(402, "Insufficient Balance"),
    "no quota": refused(429, "You exceeded your current quota, check your plan.", code="insufficient_quota"),
    "a filtered prompt": refused(400, "The prompt triggered the content policy.", code="content_filter"),
    "validation": (Status(422, json.dumps({"detail": [NO_USER]})), "body.user: Field required"),
    "a turn that was filtered": (Status(200, json.dumps({"choices": [FILTERED]})), "content_filter"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_what_cannot_be_mended_is_refused_once_with_the_servers_words(
    name: str, serve: Callable[..., ScriptedServer]
) -> None:
    status, words = REFUSALS[name]
    server = serve(lambda turn: status)
    [judgment], report = await judgments_of(server, Product(), 1)
    assert (judgment.verdict.valid, judgment.verdict.error_owner) == (False, "endpoint")
    assert words in (judgment.verdict.error or "")
    assert (len(server.requests), report["changed"]) == (1, {})


async def test_a_field_that_was_not_the_cause_is_sent_again(serve: Callable[..., ScriptedServer]) -> None:
    """A server that repeats what a sample says, whatever is sent."""
    echo = Status(400, json.dumps(said("cannot read this: 'temperature is not supported, leave seed out'")))
    server = serve(lambda turn: echo if turn.number < 2 else CAREFUL(turn))
    judgments, report = await judgments_of(server, Product(), 2)
    assert sorted(one.verdict.valid for one in judgments) == [False, True]
    assert report["changed"] == {}
    assert {"seed", "temperature"} <= set(server.bodies()[-1])


async def test_what_a_person_asked_for_is_not_left_out(serve: Callable[..., ScriptedServer]) -> None:
    refuse = Refuse("top_k", said("top_k is not supported"))
    product = Product(refuses=(refuse, Refuse("temperature", said("temperature is not supported"))))
    server = serve(CAREFUL, quirks=product)
    for extra in ({"top_k": 5}, {"temperature": 0.3}):
        [judgment], report = await judgments_of(server, product, 1, extra_body=extra)
        assert next(iter(extra)) in (judgment.verdict.error or "")
        assert report["changed"] == {}
    [judgment], _ = await judgments_of(server, product, 1, extra_body={"temperature": None})
    assert judgment.verdict.valid


async def test_a_refusal_found_late_is_found_once(serve: Callable[..., ScriptedServer]) -> None:
    """The forced call comes in the middle of sixteen conversations that are in flight together."""
    product = products()["lm studio"]
    server = serve(talks_first, quirks=product, latency_s=0.02)
    judgments, _ = await judgments_of(server, product, 16)
    assert all(one.verdict.valid for one in judgments)
    assert product.parameters == 1


async def test_a_server_of_web_pages_costs_three_requests_a_sample(
    serve: Callable[..., ScriptedServer],
) -> None:
    server = serve(lambda turn: Html())
    judgments, report = await judgments_of(server, Product(), 24)
    assert {one.verdict.error_owner for one in judgments} == {"endpoint"}
    assert len(server.requests) <= 3 * 24
    assert report["breaker_opened"] == 1


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
async def test_a_server_that_shows_no_list_of_models_is_asked_all_the_same(status: int) -> None:
    async with (
        listing(status) as url,
        open_endpoints(EndpointConfig(base_urls=(url,), model="m")) as transport,
    ):
        assert await transport.check() == ()


@pytest.mark.parametrize(
    ("status", "words"), [(401, "--api-key-env"), (307, "http://other/v1/models"), (503, "Start")]
)
async def test_what_is_wrong_with_the_list_is_told_with_what_to_change(status: int, words: str) -> None:
    async with (
        listing(status) as url,
        open_endpoints(EndpointConfig(base_urls=(url,), model="m")) as transport,
    ):
        with pytest.raises(EndpointDown, match=f"HTTP {status}") as caught:
            await transport.check()
    assert words in str(caught.value)


@asynccontextmanager
async def listing(status: int) -> AsyncIterator[str]:
    """A server that answers so when it is asked for its models."""

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(
            status=status, headers={"Location": "http://other/v1/models"} if status < 400 else {}
        )

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()
