"""One call of the `monty` backend: its clock, what it printed, and how it ended."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from skillrt.sandbox.records import ErrorKind, SandboxLimits, SandboxResult, clip_tail, failure
from skillrt.sandbox.values import NotJson, decode_result, whole_text

if TYPE_CHECKING:
    from pydantic_monty import MontyError


class Flood(Exception):
    """The code printed more than the limit."""


class MontyCall:
    """The state of one call outside the interpreter; used by one thread.

    The clock covers what monty's own does not see, sleeps and hosted helpers. It starts with the call.
    """

    def __init__(self, limits: SandboxLimits, timeout_s: float) -> None:
        self._limits = limits
        self.timeout_s = timeout_s
        self.started = time.monotonic()
        self.overrun = False
        """The deadline was met outside the interpreter."""
        self.has_begun = False
        """An interpreter took the call."""
        self.unavailable: str | None = None
        """What the machine did not give, which is not the code's fault."""
        self.collecting = False
        """The code has ended; its result is being written out."""
        self._kept: list[str] = []
        self._chars = self._bytes = 0
        self._truncated = self._flooded = False

    @property
    def deadline(self) -> float:
        """When the time is up, on `time.monotonic`'s clock."""
        return self.started + self.timeout_s

    @property
    def spent(self) -> float:
        """Seconds since the call began."""
        return time.monotonic() - self.started

    def pause(self, seconds: float) -> None:
        """Do not count these seconds: they went into starting a helper's process."""
        self.started += seconds

    def take_printed(self, stream: Literal["stdout", "stderr"], text: str) -> None:  # noqa: ARG002 monty calls it
        """Keep the beginning of what is printed, count the rest, stop a flood."""
        self._bytes += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        room = self._limits.stdout_chars - self._chars
        self._truncated = self._truncated or len(text) > room
        self._kept.append(text[:room])
        self._chars += len(text[:room])
        if self._bytes > self._limits.flood_bytes:
            self._flooded = True
            raise Flood("printed too much")

    def sleep(self, seconds: float) -> None:
        """Sleep, or raise TimeoutError at once where that would end after the deadline."""
        if self.overrun or self.spent + seconds > self.timeout_s:
            self.overrun = True
            raise TimeoutError("slept past the time limit")
        time.sleep(max(0.0, seconds))

    def finished(self, output: object) -> SandboxResult:
        """The outcome of code that ran to its end; `output` is its result as the interpreter's JSON text."""
        if self.unavailable:
            return self._fail("unavailable", self.unavailable)
        if self.overrun:
            return self._fail("timeout", self._time_text())
        if not isinstance(output, str):
            return self._fail("crashed", "the result did not come back as text")
        if len(output) > self._limits.result_bytes:
            return self._fail("output", f"`result` is longer than {self._limits.result_bytes} bytes as JSON")
        try:
            result = decode_result(output)
        except NotJson as error:
            return self._fail("runtime", str(error))
        return SandboxResult(
            ok=True,
            stdout=self._stdout(),
            result=result,
            error=None,
            error_kind="none",
            truncated=self._truncated,
            duration_s=self.spent,
        )

    def failed(self, error: Exception) -> SandboxResult:
        """The outcome of a feed that raised."""
        from pydantic_monty import MontyCrashedError, MontyError

        if self.unavailable or not self.has_begun:
            return self._fail("unavailable", self.unavailable or f"no interpreter could be started: {error}")
        if self._flooded:
            return self._fail("output", f"printed more than {self._limits.flood_bytes} bytes")
        crashed = isinstance(error, MontyCrashedError)
        if self.overrun or (crashed and self.spent >= self.timeout_s):
            return self._fail("timeout", self._time_text())
        if crashed:
            return self._fail("crashed", "the interpreter's process ended")
        if isinstance(error, MontyError):
            return self._fail(*self._classify(error))
        return self._fail("runtime", f"{type(error).__name__}: {error}")

    def _classify(self, error: MontyError) -> tuple[ErrorKind, str]:
        """Code can raise anything itself: a TimeoutError counts as a timeout only when the time is spent."""
        from pydantic_monty import MontySyntaxError

        inner, text = error.exception(), display(error)
        if isinstance(error, MontySyntaxError):
            return "syntax", text
        if isinstance(inner, TimeoutError) and self.spent >= 0.98 * self.timeout_s:
            return "timeout", self._time_text()
        if isinstance(inner, MemoryError):
            return "memory", text
        if isinstance(inner, NotImplementedError) and "syntax parser" in str(inner):
            return "syntax", text
        if self.collecting:
            return "runtime", f"`result` cannot be written as JSON: {inner}"
        return "runtime", text

    def _fail(self, kind: ErrorKind, message: str) -> SandboxResult:
        return failure(
            kind,
            whole_text(clip_tail(message, self._limits.error_chars)),
            stdout=self._stdout(),
            truncated=self._truncated,
            duration_s=self.spent,
        )

    def _stdout(self) -> str:
        return whole_text("".join(self._kept))

    def _time_text(self) -> str:
        return f"ran longer than {self.timeout_s:g} s"


def display(error: MontyError) -> str:
    """The traceback of an error as a reader of the code knows it."""
    from pydantic_monty import MontyRuntimeError, MontySyntaxError

    text = error.display() if isinstance(error, MontyRuntimeError | MontySyntaxError) else str(error)
    return text.replace('"<python-input-0>"', '"<code>"').replace('"<python-input-1>"', '"<code>"')
