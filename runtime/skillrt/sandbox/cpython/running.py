"""A call under way, seen from the server: its pipes, what came through them, and how it ended."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

from skillrt.sandbox.cpython.child import GREETING_BYTES, HEADER_BYTES, LOCKED, TOKEN_BYTES, TOO_SMALL_STATUS
from skillrt.sandbox.cpython.rooms import MAX_THREADS
from skillrt.sandbox.cpython.scratch import MAX_ENTRIES
from skillrt.sandbox.cpython.spending import Spending

LOOK_S = 0.05
"""Most calls end sooner; of one that does not, time and folder are measured this often."""
WALL_FACTOR = 30
"""A call that has not used its time after this many times as long is ended all the same."""
MIN_WALL_S = 10.0
"""However short its limit, a call has so long: on a busy machine its process alone takes a while to start."""


class Running:
    """The state of one call. The child's ends of the pipes are `far_ends`: job, result, output."""

    def __init__(
        self, call: dict[str, Any], limits: dict[str, int], scratch: str, zygote: socket.socket
    ) -> None:
        """Raises OSError where there are no descriptors left for its pipes."""
        self.number: int = call["id"]
        self.zygote = zygote
        self.timeout_s: float = call["timeout_s"]
        self.scratch = scratch
        self._limits = limits
        self._token = os.urandom(TOKEN_BYTES)
        self._unsent = memoryview(self._job_text(call))
        job_out, self.job, self._result, result_in, self._output, output_in = _three_pipes()
        self.far_ends = [job_out, result_in, output_in]
        for fd in (self.job, self._result, self._output):
            os.set_blocking(fd, False)
        self._frame_bytes = HEADER_BYTES + limits["result_bytes"] * 2 + limits["error_chars"] * 12 + 1024
        self._kept_bytes = limits["stdout_chars"] * 4
        self._frame, self._stdout = bytearray(), bytearray()
        self._printed = 0
        self._stopped: tuple[str, str] | None = None
        self.answered = False
        """The client has its answer; what is left is to see the process end."""
        self.killed_at: float | None = None
        """When the zygote was told to end it."""
        self.watched = False
        """The keeper looks at its folder."""
        self._started = self._looked = time.monotonic()
        self._spending = Spending(self._started)
        self._memory_bytes: int = call["memory_bytes"]
        self.deadline = self._started + max(MIN_WALL_S, self.timeout_s * WALL_FACTOR)

    def _job_text(self, call: dict[str, Any]) -> bytes:
        job = {
            "token": self._token.hex(),
            "code": call["code"],
            "inputs": call["inputs"],
            "result_bytes": self._limits["result_bytes"],
            "error_chars": self._limits["error_chars"],
        }
        return json.dumps(job).encode("ascii")

    def close_far_ends(self) -> None:
        """The child has its own copies now."""
        for fd in self.far_ends:
            os.close(fd)

    def pipes(self) -> list[tuple[int, Callable[[], bool], int]]:
        """The pipes that are open: descriptor, what to do when it is ready, and which event it waits for."""
        found: list[tuple[int, Callable[[], bool], int]] = [
            (self._result, self.read_frame, selectors.EVENT_READ),
            (self._output, self.read_output, selectors.EVENT_READ),
        ]
        if self.job >= 0:
            found.append((self.job, self.write_job, selectors.EVENT_WRITE))
        return found

    def close(self) -> None:
        """Close all pipes."""
        for fd, _, _ in self.pipes():
            os.close(fd)

    @property
    def pid(self) -> int:
        """The process, once it is locked down; 0 until then."""
        return self._spending.pid

    def stop(self, kind: str, error: str) -> None:
        """Note why the call must end, unless there is a reason already; the caller has the child killed."""
        self._stopped = self._stopped or (kind, error)

    def stop_full(self) -> None:
        """Note that the folder is too full."""
        limit = f"{self._limits['scratch_bytes']} bytes or {MAX_ENTRIES} files"
        self.stop("output", f"wrote more than {limit} into its folder, or what cannot be measured")

    def write_job(self) -> bool:
        """Hand the child a piece of its job; False when all is handed over, or nobody takes it."""
        try:
            self._unsent = self._unsent[os.write(self.job, self._unsent) :]
        except BlockingIOError:
            return True
        except BrokenPipeError:
            self._unsent = memoryview(b"")
        return bool(self._unsent)

    def end_job(self) -> None:
        """Close the job's pipe: the child has all of it."""
        os.close(self.job)
        self.job = -1

    def read_output(self) -> bool:
        """Take what is in the output pipe; False when there is no more."""
        chunk = _read(self._output)
        if chunk:
            self._printed += len(chunk)
            self._stdout += chunk[: max(0, self._kept_bytes - len(self._stdout))]
        if self._printed > self._limits["flood_bytes"]:
            self.stop("output", f"printed more than {self._limits['flood_bytes']} bytes")
        return bool(chunk)

    def read_frame(self) -> bool:
        """Take what is in the result pipe; False when there is no more."""
        chunk = _read(self._result)
        if chunk and len(self._frame) <= self._frame_bytes:
            self._frame += chunk
            if not self._spending.pid and self._frame[: len(LOCKED)] == LOCKED:
                self._spending.pid = int.from_bytes(self._frame[len(LOCKED) : GREETING_BYTES], "big")
        if len(self._frame) > self._frame_bytes:
            self.stop("crashed", "the result pipe carried more than a result")
        return bool(chunk)

    def has_whole_frame(self) -> bool:
        """Whether the child's own account is there, to the byte: it was written last, so the call is over."""
        start = GREETING_BYTES
        length = int.from_bytes(self._frame[start + TOKEN_BYTES : start + HEADER_BYTES], "big")
        return (
            self._stopped is None
            and len(self._frame) == start + HEADER_BYTES + length
            and self._frame[start : start + TOKEN_BYTES] == self._token
        )

    def check(self, now: float) -> bool:
        """Whether the child must be killed: its time is up, or it was stopped for another reason."""
        if self.answered:
            return True
        if now - self._looked >= LOOK_S:
            self._looked = now
            self._look(now)
        if now >= self.deadline:
            self._end_late(now)
        return self._stopped is not None

    def _end_late(self, now: float) -> None:
        """Say whose fault it is that a call is late: the machine's, unless its threads hid their waiting."""
        queued = self._spending.stood_in_line()
        if queued is not None and queued < (now - self._started) / 2:
            self.stop("timeout", self._too_long())
        used = f"{self._spending.total_s:.1f} of its {self.timeout_s:g} s"
        self.stop("unavailable", f"the machine is too busy: in {now - self._started:.0f} s it had {used}")

    def _look(self, now: float) -> None:
        self._spending.look(now)
        if self._spending.total_s >= self.timeout_s:
            self.stop("timeout", self._too_long())
        elif self._spending.threads() > MAX_THREADS:
            self.stop("memory", f"started more than {MAX_THREADS} threads")

    def _too_long(self) -> str:
        return f"ran longer than {self.timeout_s:g} s"

    def outcome(self, ended: dict[str, Any]) -> dict[str, Any]:
        """What became of the child, for the client.

        ended: the zygote's word, empty where the child has yet to end.
        """
        self._spending.read_clock()
        self._spending.processor_s = max(self._spending.processor_s, ended.get("processor_s", 0.0))
        kind, error, payload = self._verdict(ended.get("status", 0), ended.get("peak_bytes", 0))
        return {
            "id": self.number,
            "kind": kind,
            "error": error,
            "payload": payload,
            "stdout": self._stdout.decode("utf-8", "replace"),
            "printed": self._printed,
            "duration_s": time.monotonic() - self._started,
            "spent_s": self._spending.total_s,
        }

    def _verdict(self, status: int, peak_bytes: int) -> tuple[str, str | None, str | None]:
        """Error kind, error, and the child's own account where there is a well-formed one."""
        frame = bytes(self._frame)
        if self._stopped is not None:
            return (*self._stopped, None)
        if os.WIFSIGNALED(status):
            return (*self._signalled(os.WTERMSIG(status), peak_bytes), None)
        code = os.waitstatus_to_exitcode(status)
        if frame[:1] != LOCKED:
            return "unavailable", self._stdout.decode("utf-8", "replace"), None
        frame = frame[GREETING_BYTES:]
        if code == TOO_SMALL_STATUS and not frame:
            return "memory", "the memory does not hold the code and its inputs", None
        if code != 0 or not frame:
            return "crashed", f"the process ended with status {code} and left no result", None
        length = HEADER_BYTES + int.from_bytes(frame[TOKEN_BYTES:HEADER_BYTES], "big")
        if frame[:TOKEN_BYTES] != self._token or len(frame) != length:
            return "crashed", "the result pipe carried something that is not one result", None
        return "none", None, frame[HEADER_BYTES:].decode("utf-8", "replace")

    def _signalled(self, number: int, peak_bytes: int) -> tuple[str, str]:
        """Error kind and error of a child that a signal ended. Nobody in it can send SIGKILL: the kernel
        does, for its own limit of processor time, or where the machine runs out of memory."""
        if number in (signal.SIGXCPU, signal.SIGKILL) and self._spending.total_s >= self.timeout_s:
            return "timeout", self._too_long()
        if number != signal.SIGKILL:
            names = {known.value: known.name for known in signal.Signals}
            return "crashed", f"the process was ended by {names.get(number, f'signal {number}')}"
        if peak_bytes >= self._memory_bytes // 2:
            return "memory", "the machine ended the process, which had taken much of its memory"
        return "unavailable", "the process was ended from outside, by SIGKILL"


def refusal(number: int, kind: str, error: str) -> dict[str, Any]:
    """The answer to a call that never began."""
    answer: dict[str, Any] = {"id": number, "kind": kind, "error": error, "payload": None, "stdout": ""}
    return {**answer, "printed": 0, "duration_s": 0.0, "spent_s": 0.0}


def _three_pipes() -> list[int]:
    opened: list[int] = []
    try:
        for _ in range(3):
            opened += os.pipe()
    except OSError:
        for fd in opened:
            os.close(fd)
        raise
    return opened


def _read(fd: int) -> bytes | None:
    try:
        return os.read(fd, 1 << 16)
    except BlockingIOError:
        return None
