"""What goes into a sandbox and what comes out of it: limits, results, and the interface both backends
share."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Literal, Protocol, TypeAlias

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

ErrorKind: TypeAlias = Literal[
    "none", "syntax", "runtime", "timeout", "memory", "output", "crashed", "unavailable"
]

Backend: TypeAlias = Literal["monty", "cpython"]


class SandboxUnavailable(RuntimeError):
    """The sandbox cannot run here; the message says what is missing and what to do about it."""


def default_processes() -> int:
    """How many processes may run code at once: one for each core this process may use."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


@dataclass(frozen=True)
class SandboxLimits:
    """Limits that hold for every call of one sandbox; the time and the memory of a call are given with the
    call."""

    processes: int = field(default_factory=default_processes)
    """Calls that run at once; more wait their turn, and waiting does not count as their time."""
    stdout_chars: int = 20_000
    """Printed text that is kept; what comes after it is dropped and the result says `truncated`."""
    flood_bytes: int = 1_000_000
    """Printed bytes after which the call is stopped with the error kind `output`."""
    result_bytes: int = 100_000
    """Largest `result`, as JSON text."""
    error_chars: int = 2_000
    """Longest error text; the end, where the error is named, is what is kept."""
    code_chars: int = 200_000
    """Longest code."""
    input_bytes: int = 8_000_000
    """Largest inputs, all together, as JSON text."""
    scratch_bytes: int = 4_000_000
    """What a call may write into its private folder, where the backend has one (`cpython`)."""
    helper_chars: int = 200_000
    """Text that one call of a hosted helper may be given."""
    helper_timeout_s: float = 2.0
    """Time that one call of a hosted helper may take, in seconds."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value <= 0:
                raise ValueError(f"SandboxLimits.{name} must be greater than 0, not {value!r}")


@dataclass(frozen=True)
class SandboxResult:
    """How one call ended. Everything in it but the error kind and the duration was made by untrusted code."""

    ok: bool
    stdout: str
    """What was printed, standard error included, up to the limit."""
    result: JSON
    """What the code left in `result`; None when it left nothing or failed."""
    error: str | None
    """What went wrong, for a reader: the traceback's end, or what limit was met."""
    error_kind: ErrorKind
    truncated: bool
    """Printed text was dropped."""
    duration_s: float
    """Seconds that the code ran, without the wait for a free process."""
    spent_s: float = 0.0
    """Seconds of processor time and of waiting that the call used, as `timeout_s` counts them (`cpython`)."""


class Sandbox(Protocol):
    """An open sandbox; any number of `run` calls may be under way at once on one event loop."""

    async def run(
        self, code: str, inputs: Mapping[str, JSON], *, timeout_s: float, memory_mb: int
    ) -> SandboxResult:
        """Run code with ``inputs`` as its global names; see ``SandboxResult`` for what comes back.

        Whatever the code does is told in the result.

        Args:
            code: the source.
            inputs: JSON values by the name that the code finds them under.
            timeout_s: in ``monty`` seconds on the wall; in ``cpython`` seconds of processor time and of
                waiting (asleep, or for something that does not come), which a busy machine does not shorten.
                A call that the machine starves is given up after thirty times as long, after ten seconds at
                the earliest, as ``unavailable``.
            memory_mb: megabytes (2**20 bytes) that the code may use.

        Raises:
            ValueError: the arguments make no sense: a name that is no identifier, a time that is not above 0.
        """
        ...


def failure(
    kind: ErrorKind, error: str, *, stdout: str = "", truncated: bool = False, duration_s: float = 0.0
) -> SandboxResult:
    """The result of a call that failed."""
    return SandboxResult(
        ok=False,
        stdout=stdout,
        result=None,
        error=error,
        error_kind=kind,
        truncated=truncated,
        duration_s=duration_s,
    )


def clip_tail(text: str, limit: int) -> str:
    """The last `limit` characters of an error text, with a mark where something was left out."""
    return text if len(text) <= limit else "... " + text[-limit:]


def check_call(inputs: Mapping[str, JSON], timeout_s: float, memory_mb: int) -> None:
    """Raise ValueError for arguments no backend can work with."""
    for name in inputs:
        if not isinstance(name, str) or not name.isidentifier() or iskeyword(name) or name.startswith("__"):
            raise ValueError(
                f"input {name!r}: a name of an input must be a Python identifier, without leading __"
            )
    if not 0 < timeout_s <= 3600:
        raise ValueError(f"timeout_s must be between 0 and 3600 seconds, not {timeout_s!r}")
    if not 1 <= memory_mb <= 1 << 20:
        raise ValueError(f"memory_mb must be between 1 and 1048576, not {memory_mb!r}")
