"""A summary of each training step's rewards, written when the next step begins: nobody tells a reward
worker that a step is over."""

from __future__ import annotations

import json
import logging
import os
import statistics
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["StepLog", "summarise"]

_LOG = logging.getLogger(__name__)
_MEANS = ("score", "rule_score", "judge_score", "judge_failed", "chars", "requests", "prompt_tokens")


class StepLog:
    """Collects the rewards of the step that is under way in this worker."""

    def __init__(self, folder: Path | None) -> None:
        self._file = None if folder is None else folder / f"rewards.{os.getpid()}.jsonl"
        self._step: int | None = None
        self._rewards: list[Mapping[str, Any]] = []

    def note(self, step: int, reward: Mapping[str, Any]) -> dict[str, Any] | None:
        """Take one reward; return the summary of the step that it ends, if it does.

        A reward that comes in after its step counts with the step that is under way.
        """
        ended = None
        if self._step is not None and step > self._step:
            ended = self.flush()
        self._step = step if self._step is None else max(step, self._step)
        self._rewards.append(reward)
        return ended

    def flush(self) -> dict[str, Any] | None:
        """Write what was collected as the summary of its step; return it, None where there is nothing."""
        if not self._rewards or self._step is None:
            return None
        summary = {"step": self._step, **summarise(self._rewards)}
        self._rewards = []
        _LOG.info("rewards of a step: %s", summary)
        if self._file is not None:
            try:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                with self._file.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(summary) + "\n")
            except OSError as error:
                # A full disk must not cost the training its rewards.
                _LOG.warning("the summary of step %s was not written: %s", self._step, error)
        return summary


def summarise(rewards: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return count, failures by cause, means, and latency percentiles in seconds; a number that is not known
    (-1) is left out of its mean."""
    summary: dict[str, Any] = {"rewards": len(rewards)}
    if causes := Counter(str(reward["failure"]) for reward in rewards if reward.get("failure")):
        summary["failures"] = dict(causes.most_common())
    for name in _MEANS:
        known = [float(reward[name]) for reward in rewards if reward.get(name, -1) >= 0]
        if known:
            summary[name] = round(statistics.fmean(known), 4)
    latencies = sorted(float(reward.get("latency_s", 0.0)) for reward in rewards)
    summary["latency_p50_s"] = latencies[len(latencies) // 2]
    summary["latency_p99_s"] = latencies[min(len(latencies) - 1, int(len(latencies) * 0.99))]
    both = [
        (reward["rule_score"], reward["judge_score"])
        for reward in rewards
        if reward.get("rule_score", -1) >= 0 and reward.get("judge_score", -1) >= 0
    ]
    if both:
        # A judge that rises while the rules do not is a judge that is being talked round.
        summary["judge_above_rules"] = round(statistics.fmean(judge - rule for rule, judge in both), 4)
    return summary
