"""Processes that end with the one that started them, also where they are busy and it was killed.

An interpreter at work does not see that nobody listens any more. On Linux the kernel ends it then. A process
is tied to the thread that started it: `monty`'s threads live as long as the sandbox.
"""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import signal
import sys
import sysconfig

PR_SET_PDEATHSIG = 1
TIED = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 9, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])"


def die_with_client() -> None:
    """Have the kernel end this process when the thread that started it ends; nothing where it cannot."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Leash:
    """A program that starts `monty`'s interpreter as a process that ends with us.

    `binary` is its path; None where `monty` is to look for its own: it cannot be tied there, and ends with
    the time limit of the call under way.
    """

    def __init__(self) -> None:
        self._file = -1
        self.binary: str | None = None
        program = os.environ.get("MONTY_BIN") or shutil.which("monty", path=_places())
        if sys.platform != "linux" or program is None or not os.access(program, os.X_OK):
            return
        words = [sys.executable, "-I", "-S", "-E", "-c", TIED, os.path.abspath(program)]  # noqa: PTH100
        try:
            self._file = _file_in_memory(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n'.encode())
        except OSError:
            return
        path = f"/proc/{os.getpid()}/fd/{self._file}"
        if os.access("/bin/sh", os.X_OK) and os.access(path, os.X_OK):
            self.binary = path

    def remove(self) -> None:
        """Let go of the program; the interpreters that it started go on."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _file_in_memory(content: bytes) -> int:
    """A descriptor, for reading, of a file that has no name and can be run: nothing is left of it."""
    written = os.memfd_create("monty")
    try:
        os.write(written, content)
        return os.open(f"/proc/self/fd/{written}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(written)


def _places() -> str:
    return os.pathsep.join((sysconfig.get_path("scripts"), os.environ.get("PATH", "")))
