"""The body of a request.

``native`` uses the API's own tool calls. ``schema`` is for servers on which a call cannot be forced
by name: the tools stay in the prompt, ``tool_choice`` is ``none`` and a JSON schema makes the
content ``{"name": ..., "arguments": {...}}`` of one of the tools that are of use in this turn. A
*bounded* request is sent so on any server. The tools are sent in both forms alike: chat templates put them
at the head of the prompt, and another list would lose all that a prefix cache holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from skillrt.chat import ChatRequest
from skillrt.endpoints.bounds import bounded_arguments
from skillrt.endpoints.config import EndpointConfig
from skillrt.programs.neutral import encodable

__all__ = ["COMPACT_JSON", "encode_body", "request_body"]

_LINE_BREAKS: Final = ("\n", "\n\n", "\n ", "\n  ", "\n   ", "\n    ", "\n       ")
_FENCE: Final = "```"

COMPACT_JSON: Final[Mapping[str, Any]] = {"logit_bias": [[text, False] for text in (*_LINE_BREAKS, _FENCE)]}
"""Body fields that keep forced JSON on one line: llama.cpp's grammar lets a model indent its JSON and fence
it, and small models do, which can double the tokens of a call. llama.cpp takes the banned tokens as text."""

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
    for name, value in config.extra_body.items():
        if value is None:
            body.pop(name, None)
        else:
            body[name] = value
    return body


def encode_body(body: Mapping[str, Any]) -> bytes:
    """Return the bytes that go over the wire: compact JSON in UTF-8."""
    try:
        return msgspec.json.encode(body)
    except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 cannot carry
        return msgspec.json.encode(encodable(body))


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
