"""How many requests a server gets at once: additive increase, multiplicative decrease.

Each answer raises the limit by 1/limit, so that it grows by one a round trip; a sign of overload
(429, 503, a time-out) halves it, at most once for the requests that were in flight together. A
Retry-After closes the door until it is over.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque

__all__ = ["Limiter"]

_DECREASE = 0.5


class Limiter:
    """Admission to one server.

    Args:
        most: the limit never grows above this; it starts there.
    """

    def __init__(self, most: int) -> None:
        self.most = max(1, most)
        self.limit: float = float(self.most)
        self.in_flight = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._closed_until = 0.0
        self._last_cut = -1.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def free(self) -> bool:
        """Tell whether a request could start now without waiting."""
        return self.in_flight < int(self.limit) and not self._queue and self.closed_for == 0.0

    @property
    def closed_for(self) -> float:
        """Seconds until the pause that the server asked for is over; 0 when there is none."""
        return max(0.0, self._closed_until - time.monotonic()) if self._closed_until else 0.0

    @property
    def waiting(self) -> int:
        """How many requests wait for a place."""
        return len(self._queue)

    async def acquire(self) -> None:
        """Wait for a place; first come, first served."""
        if self.free:
            self.in_flight += 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(place)
        self._wake()
        try:
            await place
        except asyncio.CancelledError:
            if place.cancelled():
                # It may have been passed over, and so taken from the queue, before this task came to run.
                if place in self._queue:
                    self._queue.remove(place)
            else:  # the place was given in the moment of the cancellation: pass it on
                self.release()
            raise

    def release(self) -> None:
        """Give the place back."""
        self.in_flight -= 1
        self._wake()

    def succeeded(self) -> None:
        """Note an answer."""
        self.limit = min(self.most, self.limit + 1.0 / self.limit)
        self._wake()

    def overloaded(self, began: float, retry_after: float | None = None) -> None:
        """Note a sign of overload.

        Args:
            began: monotonic time at which the request started; of requests that started before
                the last cut only the first one cuts.
            retry_after: seconds for which the server asked to be left alone.
        """
        now = time.monotonic()
        if began > self._last_cut:
            self.limit = max(1.0, self.limit * _DECREASE)
            self._last_cut = now
        if retry_after is not None:
            self._closed_until = max(self._closed_until, now + retry_after)
        self._wake()

    def _wake(self) -> None:
        if not self._queue:
            return
        wait = self.closed_for
        if wait > 0:
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(wait, self._reopen)
            return
        while self._queue and self.in_flight < int(self.limit):
            place = self._queue.popleft()
            if not place.done():
                self.in_flight += 1
                place.set_result(None)

    def _reopen(self) -> None:
        self._timer = None
        self._wake()
