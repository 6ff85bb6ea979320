"""The forked child: locks itself down, takes its job, runs the code, writes one frame with the result, and
ends.

The frame is a greeting that says "locked down", a token, a length and JSON. The token is there so that code
which writes into every open descriptor is found out; code that reads its own frames can learn it and forge
its own result, which it could have set anyway.
"""

from __future__ import annotations

import errno
import io
import json
import linecache
import os
import random
import resource
import signal
import sys
import traceback
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from skillrt.sandbox.cpython.confine import JOB_FD, MEMORY_SLACK, RESULT_FD, ChildLimits, Walls, confine

TOKEN_BYTES = 16
HEADER_BYTES = TOKEN_BYTES + 4
FILENAME = "<code>"
LOCKED = b"L"
GREETING_BYTES = len(LOCKED) + 4
"""The greeting, LOCKED and the process id, is written to the result pipe before any code runs: without it the
child never was locked down."""
TOO_SMALL_STATUS = 72
"""Exit status of a child whose memory does not hold its own inputs."""
OUT_OF_MEMORY = {"kind": "memory", "error": "MemoryError: the code ran out of the memory it was given"}

Frame = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """What a child must know before it is locked down: numbers and its folder, nothing of the job."""

    scratch: str
    timeout_s: float
    memory_bytes: int
    file_bytes: int


@dataclass(frozen=True)
class Job:
    """What a child reads from the server once it is locked down."""

    token: str
    """In hexadecimal; the result's frame begins with it."""
    code: str
    inputs: str
    """The inputs as JSON text."""
    result_bytes: int
    error_chars: int


def become(
    place: Place, walls: Walls, helpers: Mapping[str, Any], fds: tuple[int, int, int], parent: int
) -> NoReturn:
    """Be the child: never returns, and never runs the parent's code again.

    fds: where the job is read, where the result and where the output is written. parent: the process that
    forked.
    """
    leave = os._exit  # the code may put something else there, and this process must end here
    try:
        os.setsid()
        sys.argv[:], sys.orig_argv[:] = [""], []
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        limits = ChildLimits(place.timeout_s, walls.base_memory + place.memory_bytes, place.file_bytes)
        try:
            confine(walls, place.scratch, limits, fds)
        except OSError as error:
            os.write(fds[2], f"the child could not lock itself down: {error}".encode())
            os._exit(1)
        if os.getppid() == parent:
            os.write(RESULT_FD, LOCKED + os.getpid().to_bytes(4, "big"))
            _work(helpers)
    finally:
        leave(70)


def _work(helpers: Mapping[str, Any]) -> None:
    write, leave, dumps = os.write, os._exit, json.dumps  # the code may put others in these places
    job = _read_job()
    token = bytes.fromhex(job.token)
    try:
        frame = _run(job, helpers)
    except MemoryError:
        _allow_slack()
        frame = OUT_OF_MEMORY
    except BaseException as error:
        frame = {"kind": "runtime", "error": type(error).__name__}
    payload = dumps(frame).encode("ascii")
    data = memoryview(token + len(payload).to_bytes(4, "big") + payload)
    while data:
        data = data[write(RESULT_FD, data) :]
    leave(0)


def _read_job() -> Job:
    try:
        with open(JOB_FD, "rb") as pipe:  # noqa: PTH123 a descriptor
            return Job(**json.loads(pipe.read()))
    except MemoryError:
        os._exit(TOO_SMALL_STATUS)


def _run(job: Job, helpers: Mapping[str, Any]) -> Frame:
    dumps = json.dumps
    _fresh_streams()
    random.seed(0)
    module = types.ModuleType("__main__")
    module.__dict__.update(helpers)
    module.__dict__.update(json.loads(job.inputs))
    sys.modules["__main__"] = module
    failed = _execute(job, module.__dict__)
    _flush()
    if failed is not None:
        return failed
    return _collect(module.__dict__.get("result"), job, dumps)


def _execute(job: Job, names: dict[str, Any]) -> Frame | None:
    """Run the code; None where it ended well, else the frame that says how it failed."""
    try:
        compiled = compile(job.code, FILENAME, "exec", dont_inherit=True)
    except MemoryError:
        return OUT_OF_MEMORY
    except (SyntaxError, ValueError, RecursionError, OverflowError) as error:
        text = "".join(traceback.format_exception_only(error))
        return {"kind": "syntax", "error": text[-job.error_chars :]}
    linecache.cache[FILENAME] = (len(job.code), None, job.code.splitlines(keepends=True), FILENAME)
    try:
        exec(compiled, names)  # noqa: S102 the purpose of this process
    except SystemExit as error:
        return (
            None
            if error.code in (None, 0)
            else {"kind": "runtime", "error": f"SystemExit: {error.code!s:.500}"}
        )
    except BaseException as error:
        if issubclass(type(error), MemoryError):
            _allow_slack()
            names.clear()
            return OUT_OF_MEMORY
        kind = "output" if _is_full(error) else "runtime"
        return {"kind": kind, "error": _describe(error)[-job.error_chars :]}
    return None


def _is_full(error: BaseException) -> bool:
    """Whether the folder held no more; the code may say so itself, of itself."""
    try:
        return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    except BaseException:
        return False


def _describe(error: BaseException) -> str:
    """The traceback from the code's own frames on; whatever the exception's methods do, some text."""
    try:
        own = error.__traceback__.tb_next if error.__traceback__ else None
        return "".join(traceback.TracebackException(type(error), error, own, limit=-8, compact=True).format())
    except MemoryError:
        _allow_slack()
        return "MemoryError while the error was written out"
    except BaseException as second:
        return f"{type(error).__name__} (writing it out failed with {type(second).__name__})"


def _collect(result: Any, job: Job, dumps: Any) -> Frame:
    try:
        text = dumps(result, allow_nan=False)
    except MemoryError:
        raise
    except BaseException as error:
        return {"kind": "runtime", "error": f"`result` cannot be written as JSON: {error!s:.500}"}
    if not isinstance(text, str) or len(text) > job.result_bytes:
        return {"kind": "output", "error": f"`result` is longer than {job.result_bytes} bytes as JSON"}
    return {"kind": "none", "result": text}


def _fresh_streams() -> None:
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8", errors="replace")
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        raw = io.BufferedWriter(io.FileIO(descriptor, "w", closefd=False))
        stream = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    vars(sys)["__stdin__"] = sys.stdin


def _flush() -> None:
    for stream in (sys.stdout, sys.__stdout__, sys.stderr, sys.__stderr__):
        try:
            if stream is not None:
                stream.flush()
        except BaseException:  # noqa: S112 the code may have put anything there, or closed it
            continue


def _allow_slack() -> None:
    """Give the child the memory it needs to say that it has none left."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if soft <= hard - MEMORY_SLACK:
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
