"""Starts the embedded judge in a process of its own and stops it again.

with embedded_server() as judge:
    client = openai.OpenAI(base_url=judge.base_url, api_key="none")
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO

from skillrt.embedded.model import find_model
from skillrt.embedded.server import ServerOptions

START_SECONDS = 60.0
_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.05
_LOG_TAIL_LINES = 15

# An OpenMP team that spins at its barriers stalls on a machine with other work to do; one that always sleeps
# pays two context switches a barrier. Spinning for some microseconds before sleeping costs less than either.
OPENMP_ENVIRONMENT = {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "10000"}


class EmbeddedServerError(Exception):
    """The embedded judge did not come up; the message holds the reason and the end of its log."""


@dataclass(frozen=True)
class EmbeddedServer:
    """A running embedded judge: where it listens (with /v1), the model's name in its API, its process id.

    ``slots`` is the number of requests it serves at once; more in flight only push each other out of the
    cache.
    """

    base_url: str
    model: str
    pid: int
    slots: int


@dataclass(frozen=True)
class _Starting:
    """A process on its way up, with the files that its two output streams go to."""

    process: subprocess.Popen[bytes]
    out: IO[bytes]
    log: IO[bytes]
    deadline: float
    slots: int

    def check(self) -> None:
        """Raises EmbeddedServerError when the process has died or has run out of time."""
        code = self.process.poll()
        if code is not None:
            raise EmbeddedServerError(
                f"The embedded judge ended while starting (exit code {code}).{self._tail()}"
            )
        if time.monotonic() > self.deadline:
            raise EmbeddedServerError(f"The embedded judge was not ready in time.{self._tail()}")

    def _tail(self) -> str:
        lines = _read_all(self.log).decode("utf-8", "replace").splitlines()[-_LOG_TAIL_LINES:]
        return (
            "\n".join([" The end of its log:", *(f"    {line}" for line in lines)])
            if lines
            else " It logged nothing."
        )


@contextmanager
def embedded_server(
    options: ServerOptions | None = None, *, start_seconds: float = START_SECONDS
) -> Iterator[EmbeddedServer]:
    """Runs the embedded judge for the length of the ``with`` block, also when the block ends by an exception.

    ``options`` defaults to the packaged model with one slot. ``start_seconds`` bounds loading. Raises
    ModelNotFoundError when there is no model file, EmbeddedServerError when the server does not come up.
    """
    chosen = replace(options or ServerOptions(find_model()), parent=os.getpid())
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as log:
        process = _launch(chosen, out, log)
        try:
            deadline = time.monotonic() + start_seconds
            yield _wait_until_ready(_Starting(process, out, log, deadline, chosen.slots))
        finally:
            _stop(process)


def _launch(options: ServerOptions, out: IO[bytes], log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Starts the process in a session of its own: a Ctrl-C is for us, who may still be asking it."""
    return subprocess.Popen(  # noqa: S603 - our own module, run by our own interpreter
        [sys.executable, "-m", "skillrt.embedded.server", *options.arguments()],
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=log,
        env={**os.environ, **OPENMP_ENVIRONMENT},
        start_new_session=True,
    )


def _wait_until_ready(starting: _Starting) -> EmbeddedServer:
    while not (announced := _read_all(starting.out)).endswith(b"\n"):
        starting.check()
        time.sleep(_POLL_SECONDS)
    address = json.loads(announced)
    server = EmbeddedServer(address["base_url"], address["model"], starting.process.pid, starting.slots)
    while not _healthy(server.base_url.removesuffix("/v1") + "/health"):
        starting.check()
        time.sleep(_POLL_SECONDS)
    return server


def _healthy(url: str) -> bool:
    """Tell whether the server says that its model is loaded; before, it answers 503 or nothing at all."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=2.0) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _read_all(stream: IO[bytes]) -> bytes:
    """Return what the file holds, by position.

    The child writes at the offset that a plain read would move.
    """
    return os.pread(stream.fileno(), os.fstat(stream.fileno()).st_size, 0)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
