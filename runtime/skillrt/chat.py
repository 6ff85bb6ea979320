"""What is said to a model and what comes back, whoever carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

__all__ = [
    "CONTEXT",
    "CUT",
    "DEADLINE",
    "Chat",
    "ChatRequest",
    "Chats",
    "Reply",
    "ToolCall",
    "Usage",
    "add_usage",
]

CUT = "cut"
"""The kind of a judgment in which the judge ran to its token limit."""
DEADLINE = "no answer in time"
"""The kind of a judgment that took longer than its deadline."""
CONTEXT = "context"
"""The kind of a judgment whose sample the model's context does not hold."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Sums over the requests of a judgment; tokens as the server counted them."""

    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    tool_calls: int = 0
    retries: int = 0
    latency_s: float = 0.0


def add_usage(left: Usage, right: Usage) -> Usage:
    """Return the sum of two usages, field by field."""
    return Usage(
        requests=left.requests + right.requests,
        prompt_tokens=left.prompt_tokens + right.prompt_tokens,
        cached_tokens=left.cached_tokens + right.cached_tokens,
        completion_tokens=left.completion_tokens + right.completion_tokens,
        tool_calls=left.tool_calls + right.tool_calls,
        retries=left.retries + right.retries,
        latency_s=left.latency_s + right.latency_s,
    )


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request to the judge. ``forced`` names the tool that must be called; ``allowed`` the tools
    that are of use in this turn and ``choices`` the labels that answer a text request, for servers on
    which a call or a label has to be forced by a grammar. ``prefill`` asks for the probabilities of the
    one token that goes on after this beginning of an answer. ``bounded`` asks for the forced call in a form
    that cannot run on: by a JSON schema whose texts and lists are short. ``owed`` are the lists of the final
    answer that the outcome is computed from, each with the keys of the entries that are still owed; with None
    where these are the judge's own or properties."""

    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[Mapping[str, Any]]
    forced: str | None = None
    allowed: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    prefill: str | None = None
    bounded: bool = False
    owed: Mapping[str, Sequence[Mapping[str, Any]] | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call as the model wrote it; ``arguments`` is JSON text, if the model kept to JSON."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An assistant's turn, as read from a server's answer.

    ``failures`` says what became of the tries before the one that was answered. ``tokens`` are the
    likeliest first tokens with their natural log probabilities, where they were asked for and given.
    """

    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"
    reasoning: str = ""
    usage: Usage = field(default_factory=Usage)
    endpoint: str = ""
    failures: tuple[str, ...] = ()
    tokens: tuple[tuple[str, float], ...] = ()

    def event(self) -> dict[str, Any]:
        """Return what a trace keeps of the turn, as plain JSON values; replay reads it."""
        return {
            "type": "reply",
            "endpoint": self.endpoint,
            "finish_reason": self.finish_reason,
            "prompt_tokens": self.usage.prompt_tokens,
            "cached_tokens": self.usage.cached_tokens,
            "completion_tokens": self.usage.completion_tokens,
            "retries": self.usage.retries,
            "latency_s": self.usage.latency_s,
            "failures": list(self.failures),
            "content": self.content,
            "tool_calls": [
                {"id": call.id, "name": call.name, "arguments": call.arguments} for call in self.tool_calls
            ],
            "reasoning": self.reasoning,
        }


class Chat(Protocol):
    """One conversation with a model."""

    async def send(self, request: ChatRequest) -> Reply:
        """Answer ``request`` or raise ``EndpointFailure``."""


class Chats(Protocol):
    """Where conversations come from; ``skillrt.endpoints.Transport`` is the real one."""

    def conversation(self) -> Chat:
        """Begin a conversation."""
