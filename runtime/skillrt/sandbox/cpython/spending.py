"""What a process has used of its time, however busy the machine is.

Seconds on the wall say as much of the neighbours as of the code. Two things are the code's own: processor
time, which the kernel counts, and time in which all threads slept, which nobody else caused. The wait for a
free processor is neither.
"""

# Plain os calls: on the path of every call that runs for a while.
# ruff: noqa: PTH123, PTH208

from __future__ import annotations

import os
import time

from skillrt.sandbox.cpython import rooms

MAX_SAMPLE_S = 0.2
"""The most that one look at sleeping threads may add: a late one says little of the time before it."""


class Spending:
    """Processor time and waiting of one process, in seconds; `pid` is 0 until it is known.

    Of a process with one thread the kernel knows how long it stood in line for a processor: what is neither
    that nor processor time is waiting. Where there are several threads, or the kernel does not tell, the
    process waits while all of them are seen asleep.
    """

    def __init__(self, started: float) -> None:
        self.pid = 0
        self.processor_s = 0.0
        self.waited_s = 0.0
        self._looked = started
        self._queued_s: float | None = None
        """Time in line up to the last look; None where that is not known of one thread alone."""

    @property
    def total_s(self) -> float:
        """All that counts against the process's limit."""
        return self.processor_s + self.waited_s

    def read_clock(self) -> None:
        """Read the processor time; nothing changes where the process is gone."""
        if self.pid:
            try:
                # The clock of another process: its number, and 2 for what the scheduler counted.
                self.processor_s = time.clock_gettime((~self.pid << 3) | 2)
            except OSError:
                return

    def threads(self) -> int:
        """Threads of the process; 0 where it is not known or gone."""
        return len(_threads(self.pid)) if self.pid else 0

    def look(self, now: float) -> None:
        """Read the processor time, and add what was waiting since the last look."""
        elapsed, self._looked = now - self._looked, now
        worked, queued = self.processor_s, self._queued_s
        self.read_clock()
        if not self.pid:
            return
        threads = _threads(self.pid)
        self._queued_s = _queued_s(threads[0]) if len(threads) == 1 else None
        if queued is not None and self._queued_s is not None:
            elapsed -= self._queued_s - queued
        elif threads and all(_sleeps(thread) for thread in threads):
            elapsed = min(elapsed, MAX_SAMPLE_S)
        else:
            return
        self.waited_s += max(0.0, elapsed - (self.processor_s - worked))

    def stood_in_line(self) -> float | None:
        """Seconds that the threads which are still there waited for a processor; None where nobody knows."""
        queued = [_queued_s(thread) for thread in _threads(self.pid)] if self.pid else []
        known = [part for part in queued if part is not None]
        return sum(known) if known else None


def _threads(pid: int) -> list[str]:
    """The folders of the process's threads; empty where it is gone."""
    folder = f"/proc/{pid}/task"
    try:
        return [f"{folder}/{name}" for name in os.listdir(folder)[: rooms.MAX_THREADS + 1]]
    except OSError:
        return []


def _sleeps(thread: str) -> bool:
    """Whether a thread neither runs, nor wants to, nor waits for a disk."""
    try:
        with open(f"{thread}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in b"RD"
    except (OSError, IndexError):
        return False


def _queued_s(thread: str) -> float | None:
    """How long a thread has stood in line for a processor; None where the kernel does not say."""
    try:
        with open(f"{thread}/schedstat", "rb") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None
