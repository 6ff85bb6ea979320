"""What can fail in a reward, whose it is, and what the rollout is worth then.

A failure is neutral: nobody learned anything about the rollout, so it gets the mean of its siblings and
GRPO gives it no advantage. Two kinds are not neutral, or a policy could live by them. A rollout that makes
its own judging impossible (it says nothing, or no context holds it) is worth 0, no more than one that meets
nothing. A judge that ran to its token limit may have been led there by the rollout, and nobody can tell:
that rollout gets the least of its siblings' scores, never more than what was judged.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from skillrt.chat import CONTEXT, CUT, DEADLINE
from skillrt.judging.verdict import Verdict

__all__ = ["Failure", "failure_of", "late", "stand_in"]

Owner = Literal["row", "rollout", "judge", "endpoint", "harness"]
_GRANTED_BYTES = 2000
"""A judge shortens the texts of a sample to so much when they do not fit. A longer rollout that still does
not fit is too long by its own doing; with a shorter one the server's context is too small for the task."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no judgment.

    Attributes:
        owner: who failed.
        kind: the sort of failure, a word or two that can be counted.
        told: what happened, for a person, with addresses and seconds.
    """

    owner: Owner
    kind: str
    told: str = ""

    @property
    def cause(self) -> str:
        """Owner and kind: equal for failures that are the same thing."""
        return f"{self.owner}: {self.kind}"

    @property
    def blamed(self) -> bool:
        """Whether the rollout brought the failure about."""
        return self.owner == "rollout"

    @property
    def doubtful(self) -> bool:
        """Whether the rollout may have brought it about."""
        return self.owner == "judge" and self.kind == CUT


EMPTY = Failure("rollout", "empty", "nothing was answered")
NO_RULES = Failure("row", "no rule", "no rule check of the row gives a result, and no judge is asked")
UNSERVED = Failure("harness", "sandbox", "the sandbox for rule checks did not serve")


def late(deadline_s: float, trouble: str = "") -> Failure:
    """Return the failure of a judgment that did not come in time; ``trouble`` is why no server answers."""
    told = f"no judgment within {deadline_s:g} s"
    return Failure("endpoint", trouble or DEADLINE, f"{told}: {trouble}" if trouble else told)


def failure_of(verdict: Verdict, rollout: str) -> Failure | None:
    """Return why an invalid verdict is none; None for a valid one with a score or a winner."""
    if verdict.valid:
        return None
    owner, kind, told = verdict.error_owner, verdict.error_kind, verdict.error or ""
    if owner == "sample" and kind == CONTEXT:
        own = len(rollout.encode("utf-8", "replace")) > _GRANTED_BYTES
        return Failure("rollout" if own else "endpoint", CONTEXT, told)
    if owner in ("judge", "endpoint"):
        return Failure(owner, kind or "failed", told)
    # The row was read before: what the judge's side still refuses is a fault of ours.
    return Failure("harness", f"{owner} {kind}".strip(), told)


def stand_in(judged: Sequence[float], *, doubtful: bool) -> float | None:
    """Return what a failed rollout gets by its siblings' scores; None where there are none.

    Args:
        judged: the scores of the siblings that were judged.
        doubtful: see ``Failure.doubtful``.
    """
    if not judged:
        return None
    return min(judged) if doubtful else statistics.fmean(judged)
