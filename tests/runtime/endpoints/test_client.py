"""What the client sends and reads on the wire, against HTTP servers of aiohttp's and of bare sockets."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import openai
import pytest
from aiohttp import web

from skillrt.endpoints import EndpointFailure
from skillrt.endpoints.client import MOST_BYTES, Answer, Client
from skillrt.endpoints.secrets import Redactor

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "née"}]}).encode()
KEY = "sk-a-key-for-tests"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Seen:
    """The requests that a server got: method, target as it stood on the line, headers, body."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []

    async def note(self, request: web.Request) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((request.method, request.raw_path, headers, await request.read()))


@asynccontextmanager
async def served(handler: Handler, seen: Seen) -> AsyncIterator[str]:
    """The root of a server on the loopback interface."""

    async def noted(request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request, web.BaseRequest)
        await seen.note(request)  # type: ignore[arg-type]
        return await handler(request)  # type: ignore[arg-type]

    runner = web.ServerRunner(web.Server(noted))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def client_of(url: str, *, key: str | None = KEY, headers: tuple[tuple[str, str], ...] = ()) -> Client:
    return Client(url, key, headers, 4, Redactor([key] if key else []))


async def post(url: str, times: int = 1, **more: Any) -> Answer:
    """The last answer to ``times`` requests of one client."""
    async with client_of(url, **more) as client:
        for _ in range(times):
            answer = await client.post_chat(BODY)
    return answer


async def well(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"well": True})


async def test_each_request_carries_the_key_and_the_body_and_says_nothing_of_the_machine() -> None:
    seen = Seen()
    async with served(well, seen) as root:
        assert json.loads((await post(f"{root}/v1/", times=3)).body) == {"well": True}
    assert len(seen.requests) == 3
    for method, target, headers, body in seen.requests:
        assert (method, target, body) == ("POST", "/v1/chat/completions", BODY)
        assert headers["authorization"] == f"Bearer {KEY}"
        assert headers["content-type"] == "application/json"
        assert headers["user-agent"] == "skillrt"
        assert not [name for name in headers if name.startswith("x-")]


async def test_a_query_of_the_base_url_stays_behind_the_path() -> None:
    seen = Seen()
    async with served(well, seen) as root, client_of(f"{root}/openai/v1?api-version=7&a=b%20c") as client:
        await client.post_chat(BODY)
        await client.list_models()
    assert [target for _, target, _, _ in seen.requests] == [
        "/openai/v1/chat/completions?api-version=7&a=b%20c",
        "/openai/v1/models?api-version=7&a=b%20c",
    ]


async def test_headers_are_sent_and_stand_before_ours() -> None:
    seen = Seen()
    async with served(well, seen) as root:
        await post(root, key=None)
        await post(root, headers=(("api-key", "of-azure"), ("X-Title", "skills")))
        await post(root, headers=(("Authorization", "Basic abc"),))
    none, azure, basic = (headers for _, _, headers, _ in seen.requests)
    assert "authorization" not in none
    assert (azure["api-key"], azure["x-title"], "authorization" in azure) == ("of-azure", "skills", False)
    assert basic["authorization"] == "Basic abc"


async def test_models_are_listed_with_the_same_headers_and_no_others() -> None:
    seen = Seen()
    async with served(well, seen) as root, client_of(root) as client:
        assert await client.list_models() == {"well": True}
    _, target, headers, _ = seen.requests[0]
    assert (target, headers["authorization"]) == ("/models", f"Bearer {KEY}")
    assert not [name for name in headers if name.startswith("x-stainless")]


async def test_a_packed_answer_is_unpacked() -> None:
    async def packed(_request: web.Request) -> web.StreamResponse:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return web.Response(body=gzip.compress(b'{"packed": true}'), headers=headers)

    async with served(packed, Seen()) as root:
        assert (await post(root)).body == b'{"packed": true}'


# --------------------------------------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_on_the_same_host_is_followed_with_the_body(status: int) -> None:
    seen = Seen()

    async def moved(request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/old"):
            return web.Response(status=status, headers={"Location": "/new/chat/completions"})
        return await well(request)

    async with served(moved, seen) as root:
        assert (await post(f"{root}/old")).status == 200
    assert [(method, target, body) for method, target, _, body in seen.requests] == [
        ("POST", "/old/chat/completions", BODY),
        ("POST", "/new/chat/completions", BODY),
    ]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_to_another_host_gets_neither_key_nor_prompt(status: int) -> None:
    other, seen = Seen(), Seen()
    async with served(well, other) as elsewhere:

        async def moved(_request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers={"Location": f"{elsewhere}/v1/chat/completions"})

        async with served(moved, seen) as root:
            answer = await post(f"{root}/v1")
            async with client_of(f"{root}/v1") as client:
                with pytest.raises(openai.APIStatusError):
                    await client.list_models()
    assert (answer.status, answer.headers["location"]) == (status, f"{elsewhere}/v1/chat/completions")
    assert other.requests == []


async def test_a_circle_of_redirects_ends() -> None:
    async def round_and_round(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": "/v1/chat/completions"})

    seen = Seen()
    async with served(round_and_round, seen) as root:
        with pytest.raises(EndpointFailure, match="circle"):
            await post(f"{root}/v1")
    assert len(seen.requests) == 5


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen()
    async with served(well, seen) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert (await post("http://judge.invalid/v1")).status == 200
    assert seen.requests[0][1] == "http://judge.invalid/v1/chat/completions"


# ------------------------------------------------------------------------------------------------ bounds


async def test_a_refused_connection_is_a_failure_with_its_cause() -> None:
    async with served(well, Seen()) as root:
        pass
    with pytest.raises(EndpointFailure, match="Connect") as caught:
        await post(root)
    assert caught.value.kind == "down"


async def test_a_status_comes_with_what_the_server_said() -> None:
    async def busy(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=429, text="later", headers={"Retry-After": "7"})

    async with served(busy, Seen()) as root:
        answer = await post(root)
    assert (answer.status, answer.headers["retry-after"], answer.body) == (429, "7", b"later")


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    with suppress(ConnectionError):
        while True:
            await response.write(bytes(1 << 20))
    return response


async def packed_bomb(_request: web.Request) -> web.StreamResponse:
    """A gibibyte of zeros in a megabyte."""
    once = gzip.compress(bytes(1 << 24))
    return web.Response(body=once * 64, headers={"Content-Encoding": "gzip"})


async def enormous(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": str(10 << 30)})
    await response.prepare(request)
    with suppress(ConnectionError):
        while True:
            await response.write(bytes(1 << 20))
    return response


@pytest.mark.parametrize("handler", [endless, packed_bomb, enormous])
async def test_a_body_that_is_too_large_is_given_up(handler: Handler) -> None:
    async with served(handler, Seen()) as root:
        with pytest.raises(EndpointFailure, match="more than 32 MiB") as caught:
            await post(root)
    assert (caught.value.kind, caught.value.status) == ("broken", 200)


async def test_large_bodies_are_read_one_at_a_time_and_whole() -> None:
    async def large(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=b" " * (3 << 20) + b"{}")

    assert MOST_BYTES > 3 << 20
    async with served(large, Seen()) as root, client_of(root) as client:
        answers = await asyncio.gather(*(client.post_chat(BODY) for _ in range(4)))
    assert [len(answer.body) for answer in answers] == [(3 << 20) + 2] * 4


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param(b"".join(b"x-%d: y\r\n" % number for number in range(200_000)), id="many"),
        pytest.param(b"x: " + b"y" * 5_000_000, id="long"),
        pytest.param(b"x" * 5_000_000, id="no end of a line"),
    ],
)
async def test_a_flood_of_headers_is_given_up(flood: bytes) -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\n" + flood)
            await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    async with await asyncio.start_server(pour, "127.0.0.1", 0) as server:
        with pytest.raises(EndpointFailure) as caught:
            await post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
    assert caught.value.kind == "down"
    assert len(str(caught.value)) < 1000


# -------------------------------------------------------------------------------------------------- keys


@pytest.mark.parametrize(
    "repeated",
    [
        KEY,
        f"Bearer {KEY}",
        KEY.replace("-", "\\u002d"),
        KEY.replace("k", "\\\\u006B"),
        "c2stYS1rZXktZm9yLXRlc3Rz",
    ],
)
@pytest.mark.parametrize("status", [200, 401])
async def test_a_key_that_is_repeated_is_hidden(status: int, repeated: str) -> None:
    async def repeats(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=f'{{"said": "no: {repeated}"}}')

    async with served(repeats, Seen()) as root:
        answer = await post(root)
    assert json.loads(answer.body)["said"].endswith("[key]")


def test_words_that_stand_for_no_key_are_left_alone() -> None:
    from skillrt.endpoints import EndpointConfig
    from skillrt.endpoints.secrets import secrets_of

    def secrets(key: str | None, *headers: tuple[str, str]) -> tuple[str, ...]:
        return secrets_of(EndpointConfig(base_urls=(), model="m", api_key=key, headers=headers))

    assert secrets(None) == secrets("none") == secrets("EMPTY") == secrets("ollama") == ()
    assert secrets("s3cr3t") == ("s3cr3t",)
    assert secrets(None, ("X-Title", "a title of words"), ("api-key", "k" * 20)) == ("k" * 20,)
    assert set(secrets(None, ("Authorization", "Bearer abcdefgh1"))) == {"Bearer abcdefgh1", "abcdefgh1"}


def test_no_secret_stands_in_what_is_shown_of_a_configuration() -> None:
    from skillrt.endpoints import EndpointConfig

    shown = repr(EndpointConfig(base_urls=(), model="m", api_key=KEY, headers=(("api-key", KEY),)))
    assert KEY not in shown
