"""Other hosts for the sandboxes: an ordinary user, an older kernel, a container's filter."""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

from skillrt.sandbox.cpython import seccomp
from skillrt.sandbox.cpython.confine import PR_SET_NO_NEW_PRIVS, _install_filter, _prctl

SCRIPT = """
import asyncio, os, sys, time
from skillrt.sandbox import open_sandbox, Helpers, HostedHelper, SandboxLimits, SandboxUnavailable
async def main():
    try:
        async with open_sandbox("cpython", {options}) as s:
            {body}
    except SandboxUnavailable as error:
        print("refused:", error)
asyncio.run(main())
"""


def script(body: str, options: str = "None, Helpers()") -> str:
    """A program that opens a sandbox `s` and runs the body, or prints why it cannot."""
    indented = textwrap.indent(textwrap.dedent(body), " " * 12).strip()
    return SCRIPT.replace("{options}", options).replace("{body}", indented)


def run_script(body: str, options: str = "None, Helpers()", **how: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script(body, options)], capture_output=True, text=True, timeout=120, **how
    )


def as_ordinary_user() -> None:
    """Become nobody, keeping only the right to read files: the interpreter may be in a folder of root's."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(8, 1, 0, 0, 0)  # PR_SET_KEEPCAPS
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    header, read_only = (ctypes.c_uint32 * 2)(0x20080522, 0), 1 << 2
    data = (ctypes.c_uint32 * 6)(read_only, read_only, read_only, 0, 0, 0)
    assert libc.syscall(126, header, data) == 0
    assert libc.prctl(47, 2, 2, 0, 0) == 0  # PR_CAP_AMBIENT_RAISE, CAP_DAC_READ_SEARCH


def without(*numbers: int, action: int) -> Callable[[], None]:
    """Something for preexec_fn that lets the kernel answer these calls with an error, as older kernels do."""
    program = [(seccomp.LOAD, 0, 0, 0)]
    for number in numbers:
        program += [(seccomp.JUMP_EQUAL, 0, 1, number), (seccomp.RETURN, 0, 0, action)]
    program.append((seccomp.RETURN, 0, 0, seccomp.ALLOW))
    packed = b"".join(struct.pack("=HBBI", *one) for one in program)

    def install() -> None:
        _prctl(PR_SET_NO_NEW_PRIVS, 1)
        _install_filter(packed)

    return install


def drop_rights(*capabilities: int) -> None:
    """Stay root, without these capabilities, also in the programs that are run."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in capabilities:
        assert libc.prctl(24, capability, 0, 0, 0) == 0  # PR_CAPBSET_DROP
