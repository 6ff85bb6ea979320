"""The client of the fork server: `run` for any number of callers on one event loop."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skillrt.sandbox.cpython.connection import Connection
from skillrt.sandbox.helpers import Helpers
from skillrt.sandbox.records import (
    JSON,
    ErrorKind,
    SandboxLimits,
    SandboxResult,
    SandboxUnavailable,
    check_call,
    clip_tail,
    failure,
)
from skillrt.sandbox.values import NotJson, decode_result, encode_inputs, whole_text

SYSTEM_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo")
DEVICES = ("/dev/urandom", "/dev/zero")

PRELOAD = (
    *(
        "ast",
        "bisect",
        "collections",
        "contextlib",
        "copy",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
    ),
    *(
        "functools",
        "hashlib",
        "heapq",
        "inspect",
        "io",
        "itertools",
        "json",
        "math",
        "operator",
        "random",
        "re",
    ),
    *("statistics", "string", "textwrap", "threading", "types", "typing", "unicodedata", "collections.abc"),
)
"""Standard modules that most code wants: imported once here instead of in every call."""

PROBE = """
import os, socket
def refused(act):
    try:
        act()
    except OSError:
        return True
    return False
result = [refused(lambda: os.listdir("/")), refused(lambda: open("/proc/self/environ")), refused(os.fork),
          refused(socket.socket), refused(lambda: open("../probe", "w")), not refused(lambda: open("p", "w"))]
"""
"""Run once at the start: the walls are believed when they have been run against."""


class CPythonSandbox:
    """An open fork server; made by `open_sandbox("cpython")`."""

    def __init__(self, limits: SandboxLimits, helpers: Helpers) -> None:
        self._limits = limits
        self._helpers = helpers
        self._turns = asyncio.Semaphore(limits.processes)
        self._numbers = itertools.count()
        self._starting = asyncio.Lock()
        self._server: Connection | None = None
        self._open = False

    async def start(self) -> None:
        """Start the server and try its walls. Raises SandboxUnavailable where it cannot isolate."""
        if not hasattr(os, "fork") or not sys.platform.startswith("linux"):
            raise SandboxUnavailable(
                f"the cpython sandbox needs Linux (Landlock, seccomp); this is {sys.platform}"
            )
        self._open = True
        await self._connect()
        probe = await self.run(PROBE, {}, timeout_s=20, memory_mb=64)
        if probe.result != [True] * 6:
            raise SandboxUnavailable(
                f"the cpython sandbox does not hold here: {probe.error or probe.result}; use monty"
            )

    async def close(self) -> None:
        """End the server and every call under way (their results have the kind `unavailable`)."""
        self._open = False
        if self._server is not None:
            await asyncio.shield(self._server.close())

    async def run(
        self, code: str, inputs: Mapping[str, JSON], *, timeout_s: float, memory_mb: int
    ) -> SandboxResult:
        """See `skillrt.sandbox.records.Sandbox.run`."""
        check_call(inputs, timeout_s, memory_mb)
        if len(code) > self._limits.code_chars:
            return failure("memory", f"the code is {len(code)} characters; at most {self._limits.code_chars}")
        encoded = encode_inputs(inputs, self._limits)
        if encoded is None:
            return failure("memory", f"the inputs are larger than {self._limits.input_bytes} bytes as JSON")
        await self._turns.acquire()
        try:
            return await self._call(whole_text(code), encoded, timeout_s, memory_mb)
        finally:
            self._turns.release()

    async def _call(self, code: str, encoded: str, timeout_s: float, memory_mb: int) -> SandboxResult:
        try:
            server = await self._connect()
        except SandboxUnavailable as error:
            return failure("unavailable", str(error))
        number = next(self._numbers)
        request = {
            "id": number,
            "code": code,
            "inputs": encoded,
            "timeout_s": timeout_s,
            "memory_bytes": memory_mb << 20,
        }
        answered = server.ask(number, request)
        try:
            answer = await asyncio.shield(answered)
        except asyncio.CancelledError:
            server.tell({"kill": number})
            await asyncio.wait([answered])  # the place is free when the process is gone, not before
            raise
        if answer is None:
            return failure("unavailable", "the sandbox's server ended during the call")
        return self._read(answer)

    async def _connect(self) -> Connection:
        async with self._starting:
            if not self._open:
                raise SandboxUnavailable("the sandbox is closed")
            if self._server is None or self._server.gone:
                if self._server is not None:
                    await self._server.close()
                self._server = await Connection.open(self._settings())
            return self._server

    def _settings(self) -> dict[str, Any]:
        limits = {name: getattr(self._limits, name) for name in _SERVER_LIMITS}
        hosted = {helper.name: helper.target for helper in self._helpers.hosted}
        return {
            "limits": limits,
            "processes": self._limits.processes,
            "preload": PRELOAD,
            "source": self._helpers.source_of(self._helpers.source_names),
            "source_names": self._helpers.source_names,
            "hosted": hosted,
            "heavy": [helper.name for helper in self._helpers.hosted if helper.heavy],
            "read_paths": [*_library_paths(), *SYSTEM_LIBRARIES, *DEVICES],
            "child_path": _library_paths(),
        }

    def _read(self, answer: dict[str, Any]) -> SandboxResult:
        """Make a result of what the server passed on; the payload is the child's word and is read as such."""
        kind: ErrorKind = answer["kind"]
        error: str | None = answer["error"]
        stdout = answer["stdout"]
        truncated = (
            len(stdout) > self._limits.stdout_chars or answer["printed"] > self._limits.stdout_chars * 4
        )
        stdout = stdout[: self._limits.stdout_chars]
        result: JSON = None
        if kind == "none":
            try:
                kind, error, result = _read_payload(answer["payload"])
            except NotJson as refusal:
                kind, error = "crashed", str(refusal)
        return SandboxResult(
            ok=kind == "none",
            stdout=stdout,
            result=result,
            error=None if error is None else whole_text(clip_tail(error, self._limits.error_chars)),
            error_kind=kind,
            truncated=truncated,
            duration_s=answer["duration_s"],
            spent_s=answer["spent_s"],
        )


_SERVER_LIMITS = ("result_bytes", "error_chars", "scratch_bytes", "flood_bytes", "stdout_chars")
_CHILD_KINDS: tuple[ErrorKind, ...] = ("syntax", "runtime", "memory", "output")


def _read_payload(payload: str) -> tuple[ErrorKind, str | None, JSON]:
    """The child's own account of how it ended. Raises NotJson where it is not of the form that our child
    writes."""
    frame = decode_result(payload)
    if not isinstance(frame, dict):
        raise NotJson("the result frame is no object")
    if set(frame) == {"kind", "result"} and frame["kind"] == "none" and isinstance(frame["result"], str):
        try:
            return "none", None, decode_result(frame["result"])
        except NotJson as error:
            return "runtime", str(error), None
    if set(frame) == {"kind", "error"} and isinstance(frame["error"], str):
        for kind in _CHILD_KINDS:
            if frame["kind"] == kind:
                return kind, frame["error"], None
    raise NotJson("the result frame is not of the right form")


def _library_paths() -> list[str]:
    """Folders that hold the interpreter's own modules and the installed packages, and no project's files."""
    paths = sysconfig.get_paths()
    wanted = [paths["stdlib"], paths["platstdlib"], paths["purelib"], paths["platlib"]]
    stdlib = Path(os.__file__).resolve().parent
    wanted += [str(stdlib), str(stdlib / "lib-dynload")]
    wanted += [path for path in sys.path if path.rstrip("/").endswith(("site-packages", "dist-packages"))]
    return [path for path in dict.fromkeys(wanted) if Path(path).is_dir()]
