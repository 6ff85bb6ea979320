"""What the client sends and reads on the wire, against an HTTP server of aiohttp's."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import openai
import pytest
from aiohttp import web

from skillrt.endpoints.client import Client, Pool

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "née"}]}).encode()
Handler = Callable[[web.Request], Awaitable[web.Response]]


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


async def post(url: str, times: int = 1) -> Any:
    """The last answer to ``times`` requests of one client."""
    async with Pool(4) as pool:
        client = Client(url, "secret", pool)
        for _ in range(times):
            response = await client.post_chat(BODY)
    return json.loads(response.content)


async def well(_request: web.Request) -> web.Response:
    return web.json_response({"well": True})


async def test_each_request_carries_the_key_and_the_body_and_says_nothing_of_the_machine() -> None:
    seen = Seen()
    async with served(well, seen) as root:
        assert await post(f"{root}/v1/", times=3) == {"well": True}
    assert len(seen.requests) == 3
    for method, target, headers, body in seen.requests:
        assert (method, target, body) == ("POST", "/v1/chat/completions", BODY)
        assert headers["authorization"] == "Bearer secret"
        assert headers["content-type"] == "application/json"
        assert not [name for name in headers if name.startswith("x-stainless")]


async def test_a_packed_answer_is_unpacked() -> None:
    async def packed(_request: web.Request) -> web.Response:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return web.Response(body=gzip.compress(b'{"packed": true}'), headers=headers)

    async with served(packed, Seen()) as root:
        assert await post(root) == {"packed": True}


async def test_a_redirect_that_keeps_the_method_is_followed_with_the_body() -> None:
    seen = Seen()

    async def moved(request: web.Request) -> web.Response:
        if request.path.startswith("/old"):
            raise web.HTTPTemporaryRedirect("/new/chat/completions")
        return await well(request)

    async with served(moved, seen) as root:
        assert await post(f"{root}/old") == {"well": True}
    assert [(target, body) for _, target, _, body in seen.requests] == [
        ("/old/chat/completions", BODY),
        ("/new/chat/completions", BODY),
    ]


async def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen()
    async with served(well, seen) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert await post("http://judge.invalid/v1") == {"well": True}
    assert seen.requests[0][1] == "http://judge.invalid/v1/chat/completions"


async def test_a_refused_connection_is_the_librarys_error_with_its_cause() -> None:
    async with served(well, Seen()) as root:
        pass
    with pytest.raises(openai.APIConnectionError) as caught:
        await post(root)
    assert "Connect" in str(caught.value.__cause__)


async def test_a_status_is_the_librarys_error_with_what_the_server_said() -> None:
    async def busy(_request: web.Request) -> web.Response:
        return web.Response(status=429, text="later", headers={"Retry-After": "7"})

    async with served(busy, Seen()) as root:
        with pytest.raises(openai.RateLimitError) as caught:
            await post(root)
    assert (caught.value.response.headers["retry-after"], caught.value.response.text) == ("7", "later")
