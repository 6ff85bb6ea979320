"""What the judge loop asks for, and what it is told in answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from skillrt.judging.verdict import Judgment, Usage
from skillrt.programs.program import ChatRequest
from skillspec.records import Pipeline, Verifier

__all__ = [
    "Action",
    "Finish",
    "Reply",
    "RunPipeline",
    "RunPython",
    "RunResult",
    "RunVerifier",
    "Send",
    "ToolCall",
]


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


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a sandboxed run gave."""

    ok: bool
    result: Any = None
    printed: str = ""
    error: str = ""
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request to the judge and answer with :meth:`JudgeLoop.reply` or :meth:`JudgeLoop.failed`."""

    request: ChatRequest


@dataclass(frozen=True, slots=True)
class RunPython:
    """Run the judge's code and answer with :meth:`JudgeLoop.ran`."""

    code: str
    inputs: Mapping[str, Any]
    timeout_s: float


@dataclass(frozen=True, slots=True)
class RunVerifier:
    """Run a verifier on visible fields and answer with :meth:`JudgeLoop.verified`."""

    verifier: Verifier
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunPipeline:
    """Ask the model itself, by a task of its own, and answer with :meth:`JudgeLoop.verified`."""

    pipeline: Pipeline
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finish:
    """The judgment is over."""

    judgment: Judgment


Action = Send | RunPython | RunVerifier | RunPipeline | Finish
