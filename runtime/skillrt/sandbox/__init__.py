"""Sandboxes: places to run code that nobody here wrote.

    async with open_sandbox("monty") as sandbox:
        outcome = await sandbox.run("result = len(response)", {"response": text}, timeout_s=2, memory_mb=64)

`monty` is for the judge's own code: a Python subset, under a millisecond a call. `cpython` is for code that
comes with data: full Python in a forked, locked-down process, a few milliseconds a call, Linux only.

In `cpython` the kernel bounds a call's folder and threads where namespaces are allowed; elsewhere, as in most
containers, they are measured every few milliseconds, and a burst between two looks is not bounded. A call can
ask whether a path of the machine exists (`stat`), and where Python and this package are installed; it reads
nothing but libraries, and sees neither our environment nor our arguments. `docs/sandboxes.md` has the whole
table.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from skillrt.sandbox.helpers import Helpers, HostedHelper, constraint_helpers
from skillrt.sandbox.records import (
    JSON,
    Backend,
    ErrorKind,
    Sandbox,
    SandboxLimits,
    SandboxResult,
    SandboxUnavailable,
)

if TYPE_CHECKING:
    from skillrt.sandbox.cpython.client import CPythonSandbox
    from skillrt.sandbox.monty import MontySandbox

__all__ = [
    "JSON",
    "Backend",
    "ErrorKind",
    "Helpers",
    "HostedHelper",
    "Sandbox",
    "SandboxLimits",
    "SandboxResult",
    "SandboxUnavailable",
    "constraint_helpers",
    "open_sandbox",
]


@asynccontextmanager
async def open_sandbox(
    backend: Backend, limits: SandboxLimits | None = None, helpers: Helpers | None = None
) -> AsyncIterator[Sandbox]:
    """Open a sandbox; leaving the block waits for calls under way and ends every process it started.

    helpers: the functions the code finds ready; None for all of `skillrt.constraints`. Raises
    SandboxUnavailable, saying why, where the backend cannot run or cannot isolate, and ValueError for a
    backend there is not.
    """
    sandbox = _make(backend, limits or SandboxLimits(), constraint_helpers() if helpers is None else helpers)
    try:
        await sandbox.start()
        yield sandbox
    finally:
        await sandbox.close()


def _make(backend: Backend, limits: SandboxLimits, helpers: Helpers) -> MontySandbox | CPythonSandbox:
    if backend == "monty":
        from skillrt.sandbox.monty import MontySandbox

        return MontySandbox(limits, helpers)
    if backend == "cpython":
        from skillrt.sandbox.cpython.client import CPythonSandbox

        return CPythonSandbox(limits, helpers)
    raise ValueError(f"there is no sandbox {backend!r}; there are monty and cpython")
