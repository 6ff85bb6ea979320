"""Counting failed judgments, and saying so before a trainer learns from noise."""

from __future__ import annotations

import logging
from collections import Counter, deque

from skillrl.failure import Failure
from skillrl.settings import RewardSettings

__all__ = ["Reliability", "UnreliableReward"]

_LOG = logging.getLogger(__name__)
_FEWEST = 20
"""Judgments before a share means anything."""


class UnreliableReward(RuntimeError):
    """Too many judgments fail; the text says how many and why."""


class Reliability:
    """The last judgments of this process: which failed, and why."""

    def __init__(self, settings: RewardSettings) -> None:
        self._settings = settings
        self._last: deque[str] = deque(maxlen=settings.failure_window)
        self._told: dict[str, str] = {}
        self._alarmed_at = 0
        self.judged = 0
        self.failed = 0

    @property
    def rate(self) -> float:
        """The share of the last judgments that failed, 0 to 1."""
        return sum(map(bool, self._last)) / len(self._last) if self._last else 0.0

    def note(self, failure: Failure | None) -> None:
        """Take one judgment; ``failure`` is None for one that succeeded.

        Failures are counted by their cause, and the log gets the words of the first of each.

        Raises:
            UnreliableReward: the rate is above the bound and the settings say to stop.
        """
        self.judged += 1
        self._last.append("" if failure is None else failure.cause)
        if failure is not None:
            self.failed += 1
            if failure.cause not in self._told:
                self._told[failure.cause] = failure.told
                _LOG.warning("a judgment failed: %s (%s)", failure.cause, failure.told)
        if len(self._last) < min(_FEWEST, self._settings.failure_window):
            return
        if self.rate <= self._settings.max_failure_rate:
            return
        # One alarm a window: a trainer's log must stay readable.
        due = not self._alarmed_at or self.judged - self._alarmed_at >= self._settings.failure_window
        if due:
            self._alarmed_at = self.judged
            _LOG.error(self.describe())
        if self._settings.when_unreliable == "stop":
            raise UnreliableReward(self.describe())

    def describe(self) -> str:
        """Say how many of the last judgments failed, and of what."""
        causes = Counter(cause for cause in self._last if cause).most_common(3)
        told = "; ".join(f"{count} x {cause} ({self._told[cause][:120]})" for cause, count in causes)
        return (
            f"REWARD UNRELIABLE: {sum(map(bool, self._last))} of the last {len(self._last)} judgments failed "
            f"(bound {self._settings.max_failure_rate:.0%}). Mend the judge or stop the run. {told}"
        )
