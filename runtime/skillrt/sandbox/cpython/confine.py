"""Locking a forked child down, in the order that works: files, privileges, descriptors, limits, calls."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
from dataclasses import dataclass
from pathlib import Path

from skillrt.sandbox.cpython import landlock, rooms, seccomp

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 1, 38, 22
SECCOMP_MODE_FILTER = 2
CAPSET = {"x86_64": 126, "aarch64": 91}
CAPABILITY_VERSION_3 = 0x20080522

RESULT_FD, JOB_FD = 3, 4
MAX_FD = 4096
"""No process of ours has a descriptor from here on: all can be closed, also where the kernel lacks
close_range."""
MEMORY_SLACK = 16 << 20
"""Bytes a child that ran out of memory may have on top, to say so."""

_libc = ctypes.CDLL(None, use_errno=True)


class ConfineError(OSError):
    """A step of the lock-down failed; the child must not go on."""


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


@dataclass(frozen=True)
class Walls:
    """What is the same for every child, prepared once by the server."""

    landlock_abi: int
    read_fds: tuple[tuple[int, bool], ...]
    """O_PATH descriptors that may be read, and whether each is a folder."""
    write_fds: tuple[int, ...]
    """O_PATH descriptors of devices that may be read and written (the null device)."""
    filter: bytes
    """The seccomp program."""
    base_memory: int
    """Bytes of address space that the zygote itself takes: what a call may use comes on top."""
    bounds: rooms.Bounds
    """What the kernel bounds of a call's folder and threads."""


@dataclass(frozen=True)
class ChildLimits:
    """What one call may use."""

    timeout_s: float
    memory_bytes: int
    file_bytes: int


def address_space() -> int:
    """Bytes of address space that this process takes."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    return int(pages) * resource.getpagesize()


def why_not() -> str | None:
    """What this kernel lacks for the isolation, in words for a user; None where nothing is known to be
    missing."""
    if platform.system() != "Linux":
        return f"it needs Linux (Landlock and seccomp); this is {platform.system()}"
    if not seccomp.machine_is_known():
        return f"its filter is for {', '.join(seccomp.MACHINES)}; this machine is {platform.machine()}"
    if landlock.abi() < 1:
        return (
            "Landlock is not there: the kernel is older than 5.13, was started without it, or "
            "the container's own filter refuses the landlock_* calls"
        )
    if not _pidfd_is_there():
        return "pidfd_open is not there: the container's own filter refuses the call"
    if not _seccomp_is_there():
        return "seccomp filters are not there: the kernel lacks SECCOMP_FILTER or the container refuses them"
    return None


def confine(walls: Walls, scratch: str, limits: ChildLimits, fds: tuple[int, int, int]) -> None:
    """Lock the calling process down, for good. Raises OSError when any step fails; the caller must then
    exit.

    fds: job, result, output. After it: descriptors 0 (null), 1 and 2 (output), RESULT_FD and JOB_FD are
    open and no others; the working folder is the scratch folder; no file outside it can be written, none
    outside the libraries read.
    """
    if walls.bounds.folder:
        rooms.make_folder(scratch, limits.file_bytes)
    else:
        os.chdir(scratch)
    os.umask(0 if walls.bounds.folder else 0o077)  # what nobody else sees needs no modes
    rooms.count_threads(walls.bounds, rooms.MAX_THREADS)
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    _apply_file_rules(walls)
    _move_descriptors(*fds)
    drop_capabilities()
    die_with_parent()
    _set_limits(limits)
    _install_filter(walls.filter)


def _apply_file_rules(walls: Walls) -> None:
    rules = [(fd, landlock.READ if is_folder else landlock.READ_FILE) for fd, is_folder in walls.read_fds]
    rules += [(fd, landlock.READ_FILE | landlock.WRITE_FILE) for fd in walls.write_fds]
    rules.append((os.open(".", os.O_PATH | os.O_CLOEXEC), landlock.SCRATCH))
    landlock.restrict_self(walls.landlock_abi, rules)


def _move_descriptors(job: int, result: int, output: int) -> None:
    """Put the descriptors where the child wants them and close all others."""
    null = os.open("/dev/null", os.O_RDONLY)
    wanted = {0: null, 1: output, 2: output, RESULT_FD: result, JOB_FD: job}
    high = max(*wanted, *wanted.values()) + 1
    for place, fd in enumerate(wanted.values()):
        os.dup2(fd, high + place)  # first out of the way of one another
    for place, target in enumerate(wanted):
        os.dup2(high + place, target)
    os.closerange(JOB_FD + 1, MAX_FD)


def _set_limits(limits: ChildLimits) -> None:
    seconds = int(limits.timeout_s) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes + MEMORY_SLACK))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def drop_capabilities() -> None:
    """Give up every capability: root without any is a user who owns root's files; Landlock guards those."""
    header = struct.pack("=Ii", CAPABILITY_VERSION_3, 0)
    number = ctypes.c_long(CAPSET[platform.machine()])
    if _libc.syscall(number, ctypes.c_char_p(header), ctypes.c_char_p(bytes(24))) != 0:
        raise ConfineError(ctypes.get_errno(), "capset failed")


def _install_filter(program: bytes) -> None:
    buffer = ctypes.create_string_buffer(program, len(program))
    described = _FilterProgram(len(program) // 8, ctypes.addressof(buffer))
    if _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(described), 0, 0) != 0:
        raise ConfineError(ctypes.get_errno(), "the seccomp filter was refused")


def _pidfd_is_there() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)
    return True


def _seccomp_is_there() -> bool:
    """Ask with a null program: EFAULT means that filters are supported, EINVAL that they are not."""
    refused = _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, None, 0, 0)
    return bool(refused != 0 and ctypes.get_errno() == errno.EFAULT)


def die_with_parent() -> None:
    """Have the kernel end the calling process when its parent ends, also a process that was stopped."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def too_few_descriptors(calls: int) -> str | None:
    """What to say where there are too few descriptors for so many calls at once."""
    needed, allowed = max(64, 3 * calls + 32), resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed >= needed:
        return None
    return f"{calls} calls at once need {needed} descriptors, and {allowed} are allowed; see `ulimit -n`"


def bound_descriptors() -> None:
    """Let the calling process have no descriptor above MAX_FD, and as many as it may up to there."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = MAX_FD if hard == resource.RLIM_INFINITY else min(hard, MAX_FD)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _prctl(option: int, value: int) -> None:
    if (
        _libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0))
        != 0
    ):
        raise ConfineError(ctypes.get_errno(), f"prctl({option}) failed")
