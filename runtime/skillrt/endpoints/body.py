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

from skillrt.endpoints.config import EndpointConfig
from skillrt.programs.neutral import encodable
from skillrt.programs.program import ChatRequest

__all__ = ["COMPACT_JSON", "encode_body", "request_body"]

_LINE_BREAKS: Final = ("\n", "\n\n", "\n ", "\n  ", "\n   ", "\n    ", "\n       ")
_FENCE: Final = "```"

COMPACT_JSON: Final[Mapping[str, Any]] = {"logit_bias": [[text, False] for text in (*_LINE_BREAKS, _FENCE)]}
"""Body fields that keep forced JSON on one line: llama.cpp's grammar lets a model indent its JSON and fence
it, and small models do, which can double the tokens of a call. llama.cpp takes the banned tokens as text."""

_FREE_TEXT_CHARS = 80
_CODE_CHARS = 200
_ITEMS = 1
_ANSWERS = {"verdict", "score", "verdicts"}
_TOP_TOKENS = 20
"""As many as vLLM gives."""


def request_body(request: ChatRequest, config: EndpointConfig) -> dict[str, Any]:
    """Return the body of a chat-completions request, its keys in the order sent."""
    body: dict[str, Any] = {"model": config.model, "messages": list(request.messages)}
    if request.tools:
        body["tools"] = list(request.tools)
        if config.tool_mode == "schema" or request.bounded:
            body["tool_choice"] = "none"
            body["response_format"] = _call_format(request)
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


def _call_format(request: ChatRequest) -> dict[str, Any]:
    names = (request.forced,) if request.forced is not None else request.allowed
    branches = [
        {
            "type": "object",
            "properties": {
                "name": {"const": tool["function"]["name"]},
                "arguments": _bounded(tool["function"]["parameters"]),
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


def _bounded(schema: Mapping[str, Any], name: str = "", *, whole: bool = False) -> dict[str, Any]:
    """Bound free strings and arrays: a small model under a grammar would otherwise never end them.

    Args:
        schema: what is bounded.
        name: of the property whose schema this is.
        whole: the array keeps its length, for the answer is computed from it.
    """
    bounded: dict[str, Any] = {}
    for key, value in schema.items():
        match key:
            case "properties":
                # Findings are the answer where nothing else is; where there is one they comment on it.
                answer = "verdicts" if value.keys() & _ANSWERS else "findings"
                bounded[key] = {one: _bounded(sub, one, whole=one == answer) for one, sub in value.items()}
            case "items":
                bounded[key] = _bounded(value)
            case "anyOf":
                bounded[key] = [_bounded(branch, name) for branch in value]
            case "description":
                continue
            case _:
                bounded[key] = value
    if schema.get("type") == "string" and "enum" not in schema:
        bounded.setdefault("maxLength", _CODE_CHARS if name == "code" else _FREE_TEXT_CHARS)
    if schema.get("type") == "array" and not whole:
        bounded["maxItems"] = min(max(_ITEMS, schema.get("minItems", 0)), schema.get("maxItems", _ITEMS))
    return bounded
