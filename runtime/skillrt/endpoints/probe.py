"""Finding out what a server can do, by asking it: the facts behind a choice of settings.

Every question is one or two short requests. A feature that a server ignores without a word counts as one that
it does not have: what it does is looked at, not what it accepts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Any

from skillrt.chat import ChatRequest, Reply
from skillrt.endpoints.answers.reply import read_reply
from skillrt.endpoints.body import COMPACT_JSON, request_body
from skillrt.endpoints.config import EndpointConfig, EndpointFailure
from skillrt.endpoints.server import Server
from skillrt.endpoints.transport import Transport
from skillrt.programs.arguments import ArgumentsError, ArgumentsReader
from skillspec.records import Tool

__all__ = ["Finding", "probe_chat", "probe_tools", "tool_mode"]

_BANNED = "takes banned tokens as text"
_BY_NAME = "obeys a named tool_choice"
_THINKING = "chat_template_kwargs"
_MOST_TOKENS = 128
_DETAIL = 160
_LONG = "The quick brown fox jumps over the lazy dog. " * 60
_ASK = "Which is larger, (a) 4 or (b) 5? Answer with the letter alone."
_PARAMETERS = {
    "type": "object",
    "properties": {
        "steps": {"type": "array", "items": {"type": "string", "enum": ["read", "compare"]}, "maxItems": 2},
        "better": {"type": "string", "enum": ["A", "B"]},
    },
    "required": ["steps", "better"],
    "additionalProperties": False,
}
_OTHER = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
_TOOLS = (
    Tool(name="look_up", description="Look the rules up.", parameters=_OTHER),
    Tool(name="decide", description="Submit the decision.", parameters=_PARAMETERS),
)
_SENT = tuple(
    {"type": "function", "function": {"name": tool.name, "description": tool.description, "strict": True,
                                      "parameters": tool.parameters}}
    for tool in _TOOLS
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a server can (``able`` true), cannot (false), or was not found out about (None)."""

    what: str
    able: bool | None
    detail: str = ""


def _request(text: str, *, tools: bool = False, forced: str | None = None) -> ChatRequest:
    names = tuple(tool.name for tool in _TOOLS) if tools else ()
    return ChatRequest(({"role": "user", "content": text},), _SENT if tools else (), forced, names)


class _Asker:
    """Asks one server, and turns a refusal into a finding."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.config: EndpointConfig = replace(
            server.config, tool_mode="native", max_tokens=min(server.config.max_tokens, _MOST_TOKENS)
        )

    async def ask(self, request: ChatRequest, config: EndpointConfig | None = None, **more: Any) -> Reply:
        """Ask with fields beside the request's own, left out or renamed as the server is known to want."""
        body = self.server.dialect.apply(request_body(request, config or self.config))
        return read_reply(await self.server.post({**body, **more}), request)

    async def found(self, what: str, asking: Awaitable[Reply]) -> tuple[Reply | None, Finding]:
        try:
            return await asking, Finding(what, True)
        except EndpointFailure as failure:
            return None, Finding(what, False, str(failure)[:_DETAIL])


async def probe_chat(transport: Transport, number: int) -> list[Finding]:
    """Find out what server ``number`` does with plain chats: answers, counts, thinking, log probabilities."""
    asker = _Asker(transport.servers[number])
    try:
        models = await asker.server.models()
    except EndpointFailure as failure:
        return [Finding("answers", False, str(failure)[:_DETAIL])]
    served = not models or asker.config.model in models
    told = [Finding("has the model", served, ", ".join(models)[:_DETAIL] or "keeps no list")]
    began = time.monotonic()
    reply, finding = await asker.found("answers", asker.server.answer(_request(_ASK), asker.config))
    if reply is None:
        return [*told, finding]
    text = " ".join((reply.content or reply.reasoning).split())[:40]
    told.append(Finding("answers", True, f"{text!r} in {time.monotonic() - began:.2f} s"))
    told.append(Finding("counts tokens", reply.usage.prompt_tokens > 0))
    told.append(Finding("gives reasoning apart", bool(reply.reasoning)))
    return [*told, *_fields(asker.server), await _cache(asker), await _tokens(asker)]


def _fields(server: Server) -> list[Finding]:
    """Return what the server was found not to take, and of thoughts also that it does."""
    changed = server.dialect.report()
    thinking = [] if _THINKING in changed or server.config.enable_thinking is None else [_THINKING]
    return [
        *(Finding(f"takes {name}", True) for name in thinking),
        *(Finding(f"takes {name}", False, change[:_DETAIL]) for name, change in changed.items()),
    ]


async def _cache(asker: _Asker) -> Finding:
    what = "serves prefixes from a cache"
    request = _request(f"{_LONG}\n\n{_ASK}")
    config = replace(asker.config, max_tokens=1)
    try:
        await asker.ask(request, config)
        usage = (await asker.ask(request, config)).usage
    except EndpointFailure as failure:
        return Finding(what, None, str(failure)[:_DETAIL])
    return Finding(what, usage.cached_tokens > 0, f"{usage.cached_tokens} of {usage.prompt_tokens} tokens")


async def _tokens(asker: _Asker) -> Finding:
    what = "gives log probabilities of a begun answer"
    request = ChatRequest(({"role": "user", "content": _ASK},), (), prefill="(")
    reply, finding = await asker.found(what, asker.ask(request))
    if reply is None:
        return finding
    likely = " ".join(repr(token) for token, _ in reply.tokens[:4])
    return Finding(what, bool(reply.tokens), likely)


async def probe_tools(transport: Transport, number: int) -> list[Finding]:
    """Find out how server ``number`` calls tools: by itself, by name, on demand, by schema."""
    asker = _Asker(transport.servers[number])
    before = asker.server.dialect.report()
    freely = _request(f"{_ASK} Then submit the decision with the tool decide.", tools=True)
    by_name = _request("Say hello.", tools=True, forced="decide")
    hello = _request("Say hello.", tools=True)
    told = [
        await _call(asker, "calls tools by itself", asker.server.answer(freely, asker.config), named=False),
        await _call(asker, _BY_NAME, asker.server.answer(by_name, asker.config), named=True),
        await _call(
            asker, "obeys tool_choice required", asker.ask(hello, tool_choice="required"), named=False
        ),
        *await _schema(asker),
        await _turns(asker),
    ]
    new = [finding for finding in _fields(asker.server) if finding.what.partition(" ")[2] not in before]
    return [*told, *(finding for finding in new if finding.able is False)]


async def _call(asker: _Asker, what: str, asking: Awaitable[Reply], *, named: bool) -> Finding:
    reply, finding = await asker.found(what, asking)
    return finding if reply is None else _judged(what, reply, named=named)


def _judged(what: str, reply: Reply, *, named: bool) -> Finding:
    if not reply.tool_calls:
        return Finding(what, False, f"no call; it said {' '.join(reply.content.split())[:60]!r}")
    call = reply.tool_calls[0]
    if named and call.name != "decide":
        return Finding(what, False, f"it called {call.name} instead")
    reader = ArgumentsReader(_TOOLS)
    if not reader.knows(call.name):
        return Finding(what, False, f"it called {call.name}, which there is not")
    try:
        reader.read(call.name, call.arguments)
    except ArgumentsError as error:
        return Finding(what, False, f"the arguments do not fit the schema: {error}"[:_DETAIL])
    return Finding(what, True, f"{call.name} {call.arguments}"[:80])


async def _schema(asker: _Asker) -> list[Finding]:
    """A server can obey a schema and still refuse what tool mode ``schema`` says to llama.cpp beside it."""
    what = "obeys a JSON schema"
    config = replace(asker.config, tool_mode="schema")
    request = _request("Say hello.", tools=True, forced="decide")
    bare = replace(config, extra_body={**config.extra_body, **dict.fromkeys(COMPACT_JSON)})
    reply, finding = await asker.found(what, asker.ask(request, bare))
    if reply is None:
        return [finding]
    _, taken = await asker.found(_BANNED, asker.ask(request, config))
    return [_judged(what, reply, named=True), taken]


async def _turns(asker: _Asker) -> Finding:
    what = "goes on after a tool's answer"
    function = {"name": "look_up", "arguments": "{}"}
    messages = (
        {"role": "user", "content": "Look the rules up, then tell me the magic word in them."},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "c1", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": json.dumps({"magic word": "plover"})},
    )
    request = replace(_request("", tools=True), messages=messages)
    reply, finding = await asker.found(what, asker.ask(request))
    if reply is None:
        return finding
    seen = "plover" in reply.content + reply.reasoning + str(reply.tool_calls)
    return Finding(what, True, "and read it" if seen else "but did not repeat what it said")


def tool_mode(findings: list[Finding]) -> str | None:
    """Return the tool mode that fits what ``probe_tools`` found; None where no call can be forced."""
    able = {finding.what: finding.able for finding in findings}
    if able.get(_BY_NAME) and able.get("goes on after a tool's answer"):
        return "native"
    return "schema" if able.get("obeys a JSON schema") and able.get(_BANNED) else None
