"""An OpenAI-compatible server for tests, played by a script instead of a model.

    with ScriptedServer(plan(call("use_skill"), final(lambda turn: "A"))) as server:
        ...  # server.base_url, server.model, server.requests

A script is a callable: it is given a :class:`Turn` (the request and everything visible in it) and
returns what to do: :class:`Say`, :class:`Call`, :class:`Weigh`, or a fault. It runs in a thread of its own on
a free loopback port. Token counts are made up from lengths, the same for the same request.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

MODEL = "scripted"


@dataclass(frozen=True)
class Turn:
    """A request as a script sees it. ``number`` counts requests from 0, ``done`` the judge's turns so far."""

    number: int
    body: Mapping[str, Any]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return self.body["messages"]

    @property
    def done(self) -> int:
        return sum(message["role"] == "assistant" for message in self.messages)

    @property
    def tools(self) -> list[str]:
        return [tool["function"]["name"] for tool in self.body.get("tools", ())]

    @property
    def forced(self) -> str | None:
        """The tool that must be called: by ``tool_choice``, or by a schema with one constant name."""
        choice = self.body.get("tool_choice")
        if isinstance(choice, dict):
            return choice["function"]["name"]
        if choice == "required" and len(self.tools) == 1:
            return self.tools[0]
        schema = self.body.get("response_format", {}).get("json_schema", {}).get("schema", {})
        return schema.get("properties", {}).get("name", {}).get("const")

    @property
    def begun(self) -> str:
        """The beginning of the answer that the request holds; empty where it holds none."""
        last = self.messages[-1]
        return last["content"] if last["role"] == "assistant" and "logprobs" in self.body else ""

    @property
    def opening(self) -> str:
        """What the judge was first shown: the last user message before its first turn."""
        before = itertools.takewhile(lambda message: message["role"] != "assistant", self.messages)
        return [message["content"] for message in before if message["role"] == "user"][-1]

    @property
    def text(self) -> str:
        """Everything visible in the messages."""
        return "\n".join(str(message.get("content") or "") for message in self.messages)


@dataclass(frozen=True)
class Say:
    """Plain text; ``finish`` is ``length`` for a text that the token limit cut."""

    text: str
    finish: str = "stop"


@dataclass(frozen=True)
class Call:
    """One tool call. ``raw`` replaces the arguments by any text, such as JSON cut in the middle."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    raw: str | None = None
    finish: str = "tool_calls"


@dataclass(frozen=True)
class Weigh:
    """Whole answers and how likely each is; the next token is told with its ``logprobs`` as OpenAI does.

    ``cut`` makes tokens of an answer. ``given`` False is a server that leaves log probabilities out.
    """

    answers: Mapping[str, float]
    cut: Callable[[str], Sequence[str]] = tuple
    given: bool = True

    def tokens(self, begun: str) -> dict[str, float]:
        """The tokens that may go on after ``begun`` with their probabilities, the likeliest first."""
        found: dict[str, float] = {}
        for answer, probability in self.answers.items():
            tokens = (*self.cut(answer), "<end>")
            starts = ("".join(tokens[:number]).strip() for number in range(len(tokens)))
            token = next((one for one, start in zip(tokens, starts, strict=True) if start == begun), None)
            if token is not None:
                found[token] = found.get(token, 0.0) + probability
        total = sum(found.values())
        return {token: found[token] / total for token in sorted(found, key=found.__getitem__, reverse=True)}


@dataclass(frozen=True)
class Calls:
    """Several tool calls in one turn."""

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Status:
    """An HTTP error; 429 with ``headers={"Retry-After": "0.1"}``, 500, 400 and so on."""

    code: int
    text: str = '{"error": {"message": "scripted failure", "type": "server_error"}}'
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hang:
    """Say nothing for so long, then answer with an error."""

    seconds: float


@dataclass(frozen=True)
class Cut:
    """Close the connection in the middle of the answer's body."""


@dataclass(frozen=True)
class Html:
    """What a misconfigured proxy sends: a page, status 200."""

    text: str = "<!doctype html><title>Welcome</title><p>It works!"


Reply = Say | Call | Calls | Weigh | Status | Hang | Cut | Html
Script = Callable[[Turn], Reply]

CONTEXT_VLLM = Status(
    400,
    '{"error": {"message": "This model\'s maximum context length is 4096 tokens. However, you requested '
    '9000 tokens.", "type": "BadRequestError", "code": 400}}',
)
CONTEXT_LLAMA = Status(
    400,
    '{"error": {"code": 400, "message": "request (9000 tokens) exceeds the available context size (4096 '
    'tokens)", "type": "exceed_context_size_error"}}',
)


# ------------------------------------------------------------------------------------------ scripts


def call(name: str, **arguments: Any) -> Script:
    """A step that calls a tool."""
    return lambda turn: Call(name, arguments)


def say(rule: Callable[[Turn], str]) -> Script:
    """A step that answers in plain text."""
    return lambda turn: Say(rule(turn))


def final(rule: Callable[[Turn], Any], **more: Any) -> Script:
    """A step that submits the verdict that ``rule`` gives."""
    return lambda turn: Call(
        "final_answer", {"findings": [], "reason": "scripted", "verdict": rule(turn), **more}
    )


def plan(*steps: Script) -> Script:
    """Play ``steps`` turn by turn; the last one goes on, and takes over when the final call is forced."""

    def play(turn: Turn) -> Reply:
        if turn.forced == "final_answer":
            return steps[-1](turn)
        return steps[min(turn.done, len(steps) - 1)](turn)

    return play


def faulty(script: Script, faults: Mapping[int, Reply]) -> Script:
    """Play ``script``, but answer the requests with these numbers by a fault."""
    return lambda turn: faults.get(turn.number) or script(turn)


def every(script: Script, fault: Reply, nth: int) -> Script:
    """Play ``script``, but answer each ``nth`` request by a fault."""
    return lambda turn: fault if turn.number % nth == nth - 1 else script(turn)


# ------------------------------------------------------------------------------------------- server


@dataclass
class Recorded:
    """A request that came in: its bytes as they were, and its headers."""

    raw: bytes
    headers: Mapping[str, str]
    target: str
    refused: bool = False


class ScriptedServer:
    """Serves ``script`` while the ``with`` block lasts. ``requests`` holds every request that came in.

    ``quirks`` are those of a product, as ``quirks.Product`` has them: it may refuse and change.
    """

    def __init__(
        self,
        script: Script,
        *,
        model: str = MODEL,
        latency_s: float = 0.0,
        port: int = 0,
        quirks: Any = None,
    ) -> None:
        self.script = script
        self.quirks = quirks
        self.model = model
        self.latency_s = latency_s
        self.requests: list[Recorded] = []
        self._port = port
        self._numbers = itertools.count()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="scripted-server", daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        assert self._ready.wait(10), "the scripted server did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of all requests so far, decoded."""
        return [json.loads(request.raw) for request in self.requests]

    def sent(self) -> str:
        """All that was ever sent here, bodies and headers, as one text with escapes undone."""
        shown = [json.dumps(body, ensure_ascii=False) for body in self.bodies()]
        return "\n".join([*shown, *(str(request.headers) for request in self.requests)])

    # -------------------------------------------------------------------------- in the server's thread

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        await self._runner.cleanup()
        hanging = asyncio.all_tasks() - {asyncio.current_task()}
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)

    async def _start(self) -> None:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/{root:.*}/models", self._models)
        app.router.add_post("/{root:.*}/chat/completions", self._chat)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def _models(self, _: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [{"id": self.model, "object": "model"}]})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        recorded = Recorded(raw, dict(request.headers), request.raw_path)
        self.requests.append(recorded)
        turn = Turn(next(self._numbers), json.loads(raw))
        if self.latency_s:
            await asyncio.sleep(self.latency_s)
        refusal = self.quirks and self.quirks.refusal(turn.body, request.headers, request.raw_path)
        recorded.refused = refusal is not None
        return await self._play(request, turn, raw, refusal or self.script(turn))

    async def _play(self, request: web.Request, turn: Turn, raw: bytes, reply: Reply) -> web.StreamResponse:
        match reply:
            case Status(code, text, headers):
                return web.Response(
                    status=code, text=text, headers=dict(headers), content_type="application/json"
                )
            case Hang(seconds):
                await asyncio.sleep(seconds)
                return web.Response(status=504, text="scripted hang")
            case Html(text):
                return web.Response(text=text, content_type="text/html")
            case Cut():
                response = web.StreamResponse(headers={"Content-Length": "1000"})
                await response.prepare(request)
                await response.write(b'{"id": "cut')
                assert request.transport is not None
                request.transport.close()
                return response
        answer = _completion(turn, reply, raw, self.model)
        body = self.quirks.change(answer) if self.quirks else json.dumps(answer).encode()
        return web.Response(body=body, content_type="application/json")


def _logprobs(turn: Turn, reply: Weigh) -> tuple[str, dict[str, Any] | None]:
    """The next token, and what the server says of it and of the others."""
    tokens = reply.tokens(turn.begun) or {"<end>": 1.0}
    token = next(iter(tokens))
    if not reply.given or not turn.body.get("logprobs"):
        return token, None
    told = [{"token": one, "logprob": math.log(p), "bytes": list(one.encode())} for one, p in tokens.items()]
    return token, {"content": [{**told[0], "top_logprobs": told[: turn.body["top_logprobs"]]}]}


def _completion(turn: Turn, reply: Say | Call | Calls | Weigh, raw: bytes, model: str) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None}
    logprobs = None
    if isinstance(reply, Weigh):
        message["content"], logprobs = _logprobs(turn, reply)
        finish = "length"
    elif isinstance(reply, Say):
        message["content"], finish = reply.text, reply.finish
    else:
        calls = reply.calls if isinstance(reply, Calls) else (reply,)
        finish = calls[-1].finish
        if "response_format" in turn.body:
            one = calls[0]
            message["content"] = one.raw or json.dumps({"name": one.name, "arguments": dict(one.arguments)})
        else:
            message["tool_calls"] = _tool_calls(turn, calls)
    tokens = len(raw) // 4
    written = len(json.dumps(message)) // 4
    return {
        "id": f"chatcmpl-{turn.number}",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": logprobs}],
        "usage": {
            "prompt_tokens": tokens,
            "completion_tokens": written,
            "total_tokens": tokens + written,
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }


def _tool_calls(turn: Turn, calls: Sequence[Call]) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{turn.done}_{number}",
            "type": "function",
            "function": {
                "name": one.name,
                "arguments": one.raw if one.raw is not None else json.dumps(dict(one.arguments)),
            },
        }
        for number, one in enumerate(calls)
    ]


def serving(script: Script) -> Iterator[Callable[..., ScriptedServer]]:
    """For a fixture: give a function that starts servers, by ``script`` unless told another; stop them."""
    with contextlib.ExitStack() as servers:

        def start(script: Script = script, **options: Any) -> ScriptedServer:
            return servers.enter_context(ScriptedServer(script, **options))

        yield start
