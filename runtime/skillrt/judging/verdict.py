"""What a judgment comes to: the verdict, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from skillrt.chat import Usage

__all__ = ["ErrorOwner", "Judgment", "Verdict"]

ErrorOwner = Literal["sample", "endpoint", "judge", "tool", "verifier", "harness"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one judgment.

    ``said`` is what the judge answered and ``outcome`` what the readout made of it: the winning response's
    label or ``"tie"`` for choice and scale, a number for score, a list of ``"satisfied"``/``"failed"``/None
    for checklist; None when there is none. ``label`` is the raw label that the judge used (``"A>>B"``).
    ``score`` is the number behind the outcome where there is one, and ``clipped`` that number before it was
    brought within the task's bounds, where it was outside. ``keys`` is ``"own"`` where findings went over
    items that the judge itself had listed, so that whatever is a share of them is a share of what it chose
    to list. ``probabilities`` has for each possible outcome how likely it is, all together 1, and ``mass``
    how much of all probability fell on labels before that; only where tokens' probabilities were read. An
    invalid verdict has ``error`` and ``error_owner`` set and never a made-up outcome.
    ``error_kind``, empty where it is not known, is a word or two that can be counted (``"cut"``,
    ``"connection refused"``); ``error`` says the same at length, with addresses and seconds.
    """

    valid: bool
    said: Any = None
    outcome: Any = None
    label: str | None = None
    score: float | None = None
    grounded: bool | None = None
    findings: tuple[dict[str, Any], ...] = ()
    reason: str = ""
    decided_by: str | None = None
    clipped: float | None = None
    keys: Literal["own"] | None = None
    error: str | None = None
    error_owner: ErrorOwner | None = None
    error_kind: str = ""
    probabilities: dict[str, float] | None = None
    mass: float | None = None


@dataclass(frozen=True, slots=True)
class Judgment:
    """A verdict with its cost and the trace that explains it (plain JSON values)."""

    verdict: Verdict
    usage: Usage
    trace: dict[str, Any] = field(default_factory=dict)
