"""Finding out what a server can do, by asking it: the facts behind a choice of settings.

Every question is one or two short requests. A feature that a server ignores without a word counts as one that
it does not have: what it does is looked at, not what it accepts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from skillrt.embedded.request import COMPACT_JSON
from skillrt.endpoints.body import read_reply, request_body
from skillrt.endpoints.config import EndpointConfig, EndpointFailure
from skillrt.endpoints.server import Server, refuses_thinking
from skillrt.endpoints.transport import Transport
from skillrt.judging.actions import Reply
from skillrt.judging.arguments import ArgumentsError, ArgumentsReader
from skillrt.programs.program import ChatRequest
from skillspec.records import Tool

__all__ = ["Finding", "probe_chat", "probe_tools", "tool_mode"]

_BANNED = "takes banned tokens as text"
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
    {"type": "function", "function": {"name": one.name, "description": one.description, "strict": True,
                                      "parameters": one.parameters}}
    for one in _TOOLS
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a server can (``able`` true), cannot (false), or was not found out about (None)."""

    what: str
    able: bool | None
    detail: str = ""


def _request(text: str, *, tools: bool = False, forced: str | None = None) -> ChatRequest:
    names = tuple(one.name for one in _TOOLS) if tools else ()
    return ChatRequest(({"role": "user", "content": text},), _SENT if tools else (), forced, names)


class _Asker:
    """Asks one server, and turns a refusal into a finding."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.config: EndpointConfig = server.config

    async def ask(self, body: Mapping[str, Any], *, tools: bool = False) -> Reply:
        return read_reply(await self.server.post(body), self.config, forced=tools)

    async def found(self, what: str, body: Mapping[str, Any]) -> tuple[Reply | None, Finding]:
        try:
            return await self.ask(body), Finding(what, True)
        except EndpointFailure as failure:
            return None, Finding(what, False, str(failure)[:160])


def _body(config: EndpointConfig, request: ChatRequest, **more: Any) -> dict[str, Any]:
    body = request_body(request, config)
    body.pop("chat_template_kwargs", None)
    return {**body, "max_tokens": min(config.max_tokens, 128), **more}


async def probe_chat(transport: Transport, number: int) -> list[Finding]:
    """Find out what server ``number`` does with plain chats: answers, counts, thinking, log probabilities."""
    asker = _Asker(transport.servers[number])
    try:
        models = await asker.server.models()
    except EndpointFailure as failure:
        return [Finding("answers", False, str(failure)[:160])]
    served = not models or asker.config.model in models
    found = [Finding("has the model", served, ", ".join(models)[:160] or "keeps no list")]
    began = time.monotonic()
    plain = _body(asker.config, _request(_ASK))
    reply, finding = await asker.found("answers", plain)
    if reply is None:
        return [*found, finding]
    text = " ".join((reply.content or reply.reasoning).split())[:40]
    found.append(Finding("answers", True, f"{text!r} in {time.monotonic() - began:.2f} s"))
    found.append(Finding("counts tokens", reply.usage.prompt_tokens > 0))
    found.append(Finding("gives reasoning apart", bool(reply.reasoning)))
    return [*found, await _thinking(asker, plain), await _cache(asker), await _tokens(asker)]


async def _thinking(asker: _Asker, plain: Mapping[str, Any]) -> Finding:
    what = "takes chat_template_kwargs"
    try:
        await asker.ask({**plain, "chat_template_kwargs": {"enable_thinking": False}})
    except EndpointFailure as failure:
        return Finding(
            what, False, "refused, and left out then" if refuses_thinking(failure) else str(failure)[:160]
        )
    return Finding(what, True)


async def _cache(asker: _Asker) -> Finding:
    what = "serves prefixes from a cache"
    body = _body(asker.config, _request(f"{_LONG}\n\n{_ASK}"), max_tokens=1)
    try:
        await asker.ask(body)
        again = await asker.ask(body)
    except EndpointFailure as failure:
        return Finding(what, None, str(failure)[:160])
    usage = again.usage
    return Finding(what, usage.cached_tokens > 0, f"{usage.cached_tokens} of {usage.prompt_tokens} tokens")


async def _tokens(asker: _Asker) -> Finding:
    what = "gives log probabilities of a begun answer"
    request = ChatRequest(({"role": "user", "content": _ASK},), (), prefill="(")
    body = request_body(request, asker.config)
    body.pop("chat_template_kwargs", None)
    reply, finding = await asker.found(what, body)
    if reply is None:
        return finding
    likely = " ".join(repr(token) for token, _ in reply.tokens[:4])
    return Finding(what, bool(reply.tokens), likely)


async def probe_tools(transport: Transport, number: int) -> list[Finding]:
    """Find out how server ``number`` calls tools: by itself, by name, on demand, by schema."""
    asker = _Asker(transport.servers[number])
    by_name = {"tool_choice": {"type": "function", "function": {"name": "decide"}}}
    task = f"{_ASK} Then submit the decision with the tool decide."
    return [
        await _call(asker, "calls tools by itself", task, {}, named=False),
        await _call(asker, "obeys a named tool_choice", "Say hello.", by_name, named=True),
        await _call(
            asker, "obeys tool_choice required", "Say hello.", {"tool_choice": "required"}, named=False
        ),
        *await _schema(asker),
        await _turns(asker),
    ]


async def _call(asker: _Asker, what: str, text: str, more: Mapping[str, Any], *, named: bool) -> Finding:
    body = {**_native(asker, text), **more}
    try:
        reply = read_reply(await asker.server.post(body), asker.config)
    except EndpointFailure as failure:
        return Finding(what, False, str(failure)[:160])
    return _judged(what, reply, named=named)


def _native(asker: _Asker, text: str) -> dict[str, Any]:
    return _body(replace(asker.config, tool_mode="native"), _request(text, tools=True))


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
        return Finding(what, False, f"the arguments do not fit the schema: {error}"[:160])
    return Finding(what, True, f"{call.name} {call.arguments}"[:80])


async def _schema(asker: _Asker) -> list[Finding]:
    """A server can obey a schema and still refuse what tool mode ``schema`` says to llama.cpp beside it."""
    what = "obeys a JSON schema"
    config = replace(asker.config, tool_mode="schema")
    body = _body(config, _request("Say hello.", tools=True, forced="decide"))
    bare = {name: value for name, value in body.items() if name not in COMPACT_JSON}
    try:
        obeyed = _judged(what, read_reply(await asker.server.post(bare), config, forced=True), named=True)
    except EndpointFailure as failure:
        return [Finding(what, False, str(failure)[:160])]
    _, taken = await asker.found(_BANNED, body)
    return [obeyed, taken]


async def _turns(asker: _Asker) -> Finding:
    what = "goes on after a tool's answer"
    function = {"name": "look_up", "arguments": "{}"}
    messages = [
        {"role": "user", "content": "Look the rules up, then tell me the magic word in them."},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "c1", "type": "function", "function": function}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": json.dumps({"magic word": "plover"})},
    ]
    body = {**_native(asker, ""), "messages": messages}
    reply, finding = await asker.found(what, body)
    if reply is None:
        return finding
    seen = "plover" in reply.content + reply.reasoning + str(reply.tool_calls)
    return Finding(what, True, "and read it" if seen else "but did not repeat what it said")


def tool_mode(found: list[Finding]) -> str | None:
    """Return the tool mode that fits what :func:`probe_tools` found; None where no call can be forced."""
    able = {finding.what: finding.able for finding in found}
    if able.get("obeys a named tool_choice") and able.get("goes on after a tool's answer"):
        return "native"
    return "schema" if able.get("obeys a JSON schema") and able.get(_BANNED) else None
