"""An assistant's turn, read from a server's answer.

How a turn ended is read first: only one that the model ended itself may hold a verdict. Servers have many
names for three ends; whatever is none of them was an end by the server, and so its failure.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from skillrt.chat import ChatRequest, Reply, ToolCall, Usage
from skillrt.endpoints.answers.calls import calls_in, clean_name, object_text
from skillrt.endpoints.answers.failures import shown
from skillrt.endpoints.answers.thinking import strip_thinking
from skillrt.endpoints.config import EndpointFailure
from skillrt.programs.neutral import encodable

__all__ = ["decode", "read_reply", "usage_of"]

_ENDED: Final = frozenset(
    ("", "stop", "end_turn", "eos", "eos_token", "stop_sequence", "stop_token", "complete", "completed")
)
_CALLED: Final = frozenset(("tool_calls", "tool_call", "tool_use", "function_call"))
_CUT: Final = frozenset(
    ("length", "max_tokens", "max_output_tokens", "max_length", "model_length", "token_limit",
     "model_context_window_exceeded")
)  # fmt: skip
_FILTERED: Final = frozenset(
    ("content_filter", "content_filtered", "safety", "recitation", "prohibited_content", "blocklist", "spii",
     "sensitive", "refusal", "guardrail_intervened", "language", "image_safety")
)  # fmt: skip
_MOST_TOKENS: Final = 10**12
_MOST_DIGITS: Final = 30
_MANY_BRACKETS: Final = 100_000
_LARGE: Final = 1024 * 1024


def decode(body: bytes | bytearray) -> Any:
    """Return what a body says in JSON, with no half of a surrogate pair in it.

    Raises:
        ValueError: it is no JSON.
        EndpointFailure: it is JSON that nobody may read: brackets in brackets, or a million of them.
    """
    if len(body) > _LARGE and body.count(b"[") + body.count(b"{") > _MANY_BRACKETS:
        raise EndpointFailure("the answer is a mass of brackets, no chat completion", "broken", status=200)
    try:
        return msgspec.json.decode(body)  # what this reads can be encoded again
    except RecursionError:
        pass
    except (msgspec.MsgspecError, UnicodeDecodeError):
        try:
            return encodable(json.loads(body, parse_int=_whole))
        except RecursionError:
            pass
    raise EndpointFailure("the answer is brackets in brackets, no chat completion", "broken", status=200)


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS else math.inf


def read_reply(answer: Any, request: ChatRequest) -> Reply:
    """Read the assistant's turn from a decoded answer.

    Args:
        answer: what the server sent, decoded from JSON.
        request: what it answers: its tools are the ones that can be called.

    Raises:
        EndpointFailure: the answer is no chat completion, or a turn that the server ended.
    """
    if isinstance(answer, str):
        problem = f"the server's answer is no chat completion: it begins with {shown(answer, 80)!r}"
        raise EndpointFailure(problem, "broken", status=200)
    try:
        choice = answer["choices"][0]
        message = choice["message"]
        content, thoughts = _texts(message.get("content"))
        content = content or str(message.get("refusal") or "")
        names = tuple(tool["function"]["name"] for tool in request.tools)
        calls = _calls(message, names)
        finish = _finish(choice.get("finish_reason"))
    except (TypeError, KeyError, IndexError, AttributeError) as error:
        problem = f"the server's answer is no chat completion ({error!r})"
        raise EndpointFailure(problem, "broken", status=200) from error
    if names and content and not calls:
        content, calls = _left_in(content, request, names)
    reasoning, _ = _texts(message.get("reasoning_content") or message.get("reasoning") or thoughts)
    return Reply(content, calls, finish, reasoning, usage_of(answer), tokens=_tokens(choice))


def _finish(reason: Any) -> str:
    """Return ``stop``, ``tool_calls`` or ``length``; another end raises."""
    name = str(reason or "").strip().lower()
    if name in _ENDED:
        return "stop" if name else ""
    if name in _CALLED:
        return "tool_calls"
    if name in _CUT:
        return "length"
    said = shown(str(reason), 80)
    if name in _FILTERED:
        problem = f"the server's filter ended the judge's turn (finish_reason {said})"
        raise EndpointFailure(problem, "filtered", status=200)
    problem = f"the server ended the judge's turn (finish_reason {said})"
    raise EndpointFailure(problem, "broken", status=200)


def _texts(content: Any) -> tuple[str, str]:
    """Return the text of a message and the thoughts in it; some servers send both in parts."""
    if isinstance(content, str) or not content:
        return content or "", ""
    if isinstance(content, Mapping):
        content = [content]
    if not isinstance(content, list):
        return str(content), ""
    told: list[str] = []
    thought: list[str] = []
    for part in content:
        if isinstance(part, Mapping):
            if part.get("type") in ("thinking", "reasoning"):
                thought.append(_texts(part.get("thinking") or part.get("text"))[0])
            else:
                told.append(str(part.get("text") or part.get("content") or ""))
    return "".join(told), "".join(thought)


def _calls(message: Mapping[str, Any], names: tuple[str, ...]) -> tuple[ToolCall, ...]:
    calls = message.get("tool_calls")
    if not calls and message.get("function_call"):
        calls = [{"function": message["function_call"]}]  # the API's first form
    if isinstance(calls, Mapping):
        calls = [calls]
    if not calls:
        return ()
    return tuple(
        ToolCall(
            str(call.get("id") or _id(number)),
            clean_name(str(call["function"]["name"]), names),
            object_text(call["function"].get("arguments")),
        )
        for number, call in enumerate(calls)
    )


def _id(number: int) -> str:
    """Return an id for a call that has none, in the only form that the templates of Mistral take."""
    return f"call{number:05}"


def _left_in(content: str, request: ChatRequest, names: tuple[str, ...]) -> tuple[str, tuple[ToolCall, ...]]:
    """Take the calls out of a text, where it is made of them."""
    functions = (tool["function"] for tool in request.tools)
    parameters = next(
        (function["parameters"] for function in functions if function["name"] == request.forced), None
    )
    text, calls = calls_in(strip_thinking(content), names, request.forced, parameters)
    if not calls:
        return content, ()
    return text, tuple(
        ToolCall(_id(number), name, arguments) for number, (name, arguments) in enumerate(calls)
    )


def _tokens(choice: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    """Read the likeliest first tokens; none where the answer has none that can be read."""
    try:
        top = choice["logprobs"]["content"][0]["top_logprobs"]
        return tuple((str(candidate["token"]), float(candidate["logprob"])) for candidate in top)
    except (TypeError, KeyError, IndexError, ValueError):
        return ()


def usage_of(answer: Any) -> Usage:
    """Return what an answer says of its tokens; 0 where it says nothing that can be."""
    usage = answer.get("usage") if isinstance(answer, Mapping) else None
    if not isinstance(usage, Mapping):
        return Usage()
    cached = _count(usage.get("prompt_tokens_details"), "cached_tokens")
    return Usage(
        prompt_tokens=_count(usage, "prompt_tokens"),
        cached_tokens=cached or _count(usage, "prompt_cache_hit_tokens") or _count(usage, "cached_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
    )


def _count(usage: Any, name: str) -> int:
    """Read a count; one that cannot be is 0, as one that is not told."""
    value = usage.get(name) if isinstance(usage, Mapping) else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0
    return int(value) if 0 <= value < _MOST_TOKENS else 0
