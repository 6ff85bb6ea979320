"""The body of a request, and an assistant's turn read from a server's answer.

``native`` uses the API's own tool calls. ``schema`` is for servers on which a call cannot be forced
by name: the tools stay in the prompt, ``tool_choice`` is ``none`` and a JSON schema makes the
content ``{"name": ..., "arguments": {...}}`` of one of the tools that are of use in this turn. A
*bounded* request is sent so on any server. The tools are sent in both forms alike: chat templates put them
at the head of the prompt, and another list would lose all that a prefix cache holds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import msgspec

from skillrt.embedded.request import COMPACT_JSON
from skillrt.endpoints.bounds import bounded_arguments
from skillrt.endpoints.config import EndpointConfig, EndpointFailure
from skillrt.judging.actions import Reply, ToolCall
from skillrt.judging.verdict import Usage
from skillrt.programs.neutral import encodable
from skillrt.programs.program import ChatRequest

__all__ = ["encode_body", "read_reply", "request_body"]

_TOP_TOKENS = 20
"""As many as vLLM gives."""


def request_body(request: ChatRequest, config: EndpointConfig) -> dict[str, Any]:
    """Return the body of a chat-completions request, its keys in the order sent."""
    body: dict[str, Any] = {"model": config.model, "messages": list(request.messages)}
    if request.tools:
        body["tools"] = list(request.tools)
        if config.tool_mode == "schema" or request.bounded:
            body["tool_choice"] = "none"
            body["response_format"] = _call_format(request, config.max_tokens)
            body |= COMPACT_JSON if config.tool_mode == "schema" else {}
        elif request.forced is not None:
            body["tool_choice"] = {"type": "function", "function": {"name": request.forced}}
        else:
            body["tool_choice"] = "auto"
    elif config.tool_mode == "schema" and request.choices and request.prefill is None:
        body["response_format"] = _json_format("answer", {"enum": list(request.choices)})
    body["temperature"] = config.temperature
    body["max_tokens"] = config.max_tokens
    if request.prefill is not None:
        body |= _prefilled(body["messages"], request.prefill)
    if config.seed is not None:
        body["seed"] = config.seed
    if config.enable_thinking is not None:
        body["chat_template_kwargs"] = {"enable_thinking": config.enable_thinking}
    return body


def encode_body(body: Mapping[str, Any]) -> bytes:
    """Return the bytes that go over the wire: compact JSON in UTF-8."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 cannot carry
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")


def _prefilled(messages: list[Any], prefill: str) -> dict[str, Any]:
    """Ask for one token after ``prefill``: vLLM is told by the two flags, llama.cpp does so by itself."""
    if prefill:
        messages = [*messages, {"role": "assistant", "content": prefill}]
    return {
        "messages": messages,
        "max_tokens": 1,
        "logprobs": True,
        "top_logprobs": _TOP_TOKENS,
        "add_generation_prompt": not prefill,
        "continue_final_message": bool(prefill),
    }


def _call_format(request: ChatRequest, max_tokens: int) -> dict[str, Any]:
    names = (request.forced,) if request.forced is not None else request.allowed
    branches = [
        {
            "type": "object",
            "properties": {
                "name": {"const": tool["function"]["name"]},
                "arguments": bounded_arguments(tool["function"]["parameters"], request.owed, max_tokens),
            },
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in request.tools
        if tool["function"]["name"] in names
    ]
    schema = branches[0] if len(branches) == 1 else {"anyOf": branches}
    return _json_format("call", schema)


def _json_format(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


def read_reply(answer: Any, config: EndpointConfig, *, forced: bool = False, bounded: bool = False) -> Reply:
    """Read the assistant's turn from a decoded answer.

    Args:
        answer: what the server sent, decoded from JSON.
        config: ``schema`` mode reads the call from the content.
        forced: whether tools were sent; in schema mode the content is then a call.
        bounded: whether the request was bounded; the content is then a call in any mode.

    Raises:
        EndpointFailure: the answer is no chat completion.
    """
    try:
        choice = encodable(answer["choices"][0])
        message = choice["message"]
        content = message.get("content") or ""
        raw_calls = message.get("tool_calls") or []
        calls = tuple(
            ToolCall(str(call.get("id") or f"call_{number}"), str(call["function"]["name"]), _text(call))
            for number, call in enumerate(raw_calls)
        )
        finish = str(choice.get("finish_reason") or "")
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        raise EndpointFailure(f"the server's answer is no chat completion ({error!r})", "broken") from error
    if isinstance(content, list):  # some servers answer in parts
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, Mapping))
    if forced and (bounded or config.tool_mode == "schema") and not calls:
        calls = _call_of(content)
        content = "" if calls else content
    reasoning = message.get("reasoning_content") or message.get("reasoning") or ""
    return Reply(str(content), calls, finish, str(reasoning), _usage(answer), tokens=_tokens(choice))


def _text(call: Mapping[str, Any]) -> str:
    arguments = call["function"].get("arguments")
    return arguments if isinstance(arguments, str) else json.dumps(arguments or {})


def _call_of(content: str) -> tuple[ToolCall, ...]:
    try:
        call = json.loads(content)
        return (ToolCall("call_0", call["name"], json.dumps(call["arguments"], ensure_ascii=False)),)
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()


def _tokens(choice: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """Read the likeliest first tokens; none where the answer has none that can be read."""
    try:
        top = choice["logprobs"]["content"][0]["top_logprobs"]
        return tuple((str(one["token"]), float(one["logprob"])) for one in top)
    except (TypeError, KeyError, IndexError, ValueError):
        return ()


def _usage(answer: Mapping[str, Any]) -> Usage:
    usage = answer.get("usage")
    if not isinstance(usage, Mapping):
        return Usage()
    return Usage(
        prompt_tokens=_count(usage, "prompt_tokens"),
        cached_tokens=_count(usage.get("prompt_tokens_details"), "cached_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
    )


def _count(usage: Any, name: str) -> int:
    value = usage.get(name) if isinstance(usage, Mapping) else None
    return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0
