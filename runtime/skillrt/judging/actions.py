"""What the judge loop asks for, and what it is told in answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skillrt.chat import ChatRequest
from skillrt.judging.verdict import Judgment
from skillspec.records import Pipeline, Verifier

__all__ = [
    "Action",
    "Finish",
    "RunPipeline",
    "RunPython",
    "RunResult",
    "RunVerifier",
    "Send",
]


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
    """Send a request to the judge and answer with ``JudgeLoop.reply`` or ``JudgeLoop.failed``."""

    request: ChatRequest


@dataclass(frozen=True, slots=True)
class RunPython:
    """Run the judge's code and answer with ``JudgeLoop.ran``."""

    code: str
    inputs: Mapping[str, Any]
    timeout_s: float


@dataclass(frozen=True, slots=True)
class RunVerifier:
    """Run a verifier on visible fields and answer with ``JudgeLoop.verified``."""

    verifier: Verifier
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunPipeline:
    """Ask the model itself, by a task of its own, and answer with ``JudgeLoop.verified``."""

    pipeline: Pipeline
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finish:
    """The judgment is over."""

    judgment: Judgment


Action = Send | RunPython | RunVerifier | RunPipeline | Finish
