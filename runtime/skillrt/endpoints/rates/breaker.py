"""A circuit breaker: a server that keeps failing is left alone, then probed with one request."""

from __future__ import annotations

import time

__all__ = ["Breaker"]

_FAILURES = 8
_PAUSE_S = 1.0
_PAUSE_MOST_S = 30.0


class Breaker:
    """The state of one server: closed (healthy), open (left alone), half open (one probe at a time)."""

    def __init__(self) -> None:
        self._failures = 0
        self._pause_s = _PAUSE_S
        self._opened_at = 0.0
        self._open_until: float | None = None
        self._probing = False
        self.opened = 0
        """How often the breaker opened, for the run's summary."""

    @property
    def closed(self) -> bool:
        """Tell whether the server counts as healthy."""
        return self._open_until is None

    @property
    def admits(self) -> bool:
        """Tell whether a request may go there now: the breaker is closed, or the one probe is due."""
        if self._open_until is None:
            return True
        return not self._probing and time.monotonic() >= self._open_until

    @property
    def opens_in(self) -> float:
        """Seconds until the next probe is due; 0 when the server may be asked now."""
        return 0.0 if self._open_until is None else max(0.0, self._open_until - time.monotonic())

    @property
    def open_for(self) -> float:
        """Seconds since the server was last healthy; 0 while it is."""
        return 0.0 if self._open_until is None else time.monotonic() - self._opened_at

    def started(self) -> bool:
        """Note that a request goes out, and tell whether it is the probe behind an open breaker."""
        self._probing = self._open_until is not None
        return self._probing

    def succeeded(self) -> None:
        """Note an answer: the server is healthy."""
        self._failures, self._pause_s = 0, _PAUSE_S
        self._open_until, self._probing = None, False

    def failed(self, *, probe: bool = False) -> None:
        """Note a failure; several in a row open the breaker, a failed probe keeps it open for longer.

        Failures of requests that were under way when the breaker opened say nothing new.
        """
        self._failures += 1
        now = time.monotonic()
        if self._open_until is None:
            if self._failures < _FAILURES:
                return
            self.opened += 1
            self._opened_at = now
        elif probe:
            self._pause_s = min(self._pause_s * 2, _PAUSE_MOST_S)
            self._probing = False
        else:
            return
        self._open_until = now + self._pause_s

    def cancelled(self, *, probe: bool = False) -> None:
        """Note that a request was given up without learning anything."""
        if probe:
            self._probing = False
