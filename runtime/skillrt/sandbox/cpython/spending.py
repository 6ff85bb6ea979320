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
"""The most that one look may add: a look that came late says little of the time before it."""


class Spending:
    """Processor time and waiting of one process, in seconds; `pid` is 0 until it is known."""

    def __init__(self, started: float) -> None:
        self.pid = 0
        self.processor_s = 0.0
        self.waited_s = 0.0
        self._looked = started

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
        try:
            return _state(f"/proc/{self.pid}/stat")[1] if self.pid else 0
        except (OSError, ValueError, IndexError):
            return 0

    def look(self, now: float) -> None:
        """Read the processor time, and count what is left since the last look as waiting if all sleep."""
        elapsed = min(now - self._looked, MAX_SAMPLE_S)
        self._looked = now
        before = self.processor_s
        self.read_clock()
        if self.pid and _all_sleep(self.pid):
            self.waited_s += max(0.0, elapsed - (self.processor_s - before))


def _all_sleep(pid: int) -> bool:
    """Whether no thread of the process runs, wants to, or waits for a disk."""
    try:
        state, threads = _state(f"/proc/{pid}/stat")
        if threads == 1:
            return state not in b"RD"
        folder = f"/proc/{pid}/task"
        names = os.listdir(folder)[: rooms.MAX_THREADS]
        return all(_state(f"{folder}/{name}/stat")[0] not in b"RD" for name in names)
    except (OSError, ValueError, IndexError):
        return False


def _state(path: str) -> tuple[bytes, int]:
    """The letter of a thread's state, and the number of threads in its process."""
    with open(path, "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    return fields[0], int(fields[17])
