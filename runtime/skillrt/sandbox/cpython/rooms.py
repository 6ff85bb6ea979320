"""What the kernel itself bounds for a call: its folder, which is a small file system of its own, and its
threads, which are counted as those of a user who has no others.

Both need rights that not every machine gives. What is possible is tried out once, in a process made for it;
where it is not, `keeper.py` measures instead.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from skillrt.sandbox.cpython.scratch import MAX_ENTRIES

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 1 << 14, 1 << 18
MAX_THREADS = 64
"""Threads of one call."""
FIRST_USER = 0x70000000
"""Users from here on are nobody's: a child of root becomes the one with its own process id added, as root's
threads are not bounded."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Bounds:
    """What the kernel bounds here."""

    folder: bool = False
    """Bytes and files of the scratch folder."""
    threads: Literal["user", "namespace", "none"] = "none"
    """Threads: counted for a user number of the call's own, for a user namespace of its own, or not."""


def find_bounds(base: str, drop_capabilities: Callable[[], None]) -> Bounds:
    """Try out, in processes made for it, what the kernel lets us bound; nothing changes for the caller."""

    def folder() -> None:
        enter(Bounds(folder=True))
        make_folder(base, 1 << 16)
        _write("probe", b"x")

    def threads(bounds: Bounds) -> None:
        enter(bounds)
        count_threads(bounds, 1)
        drop_capabilities()
        try:
            child = os.fork()
        except BlockingIOError:
            return
        if child == 0:
            os._exit(0)
        raise RuntimeError("the limit does not hold")

    has_folder = _holds(folder)
    user, namespace = Bounds(has_folder, "user"), Bounds(has_folder, "namespace")
    for bounds in (user, namespace):
        # A folder that is measured must be: what a process holds open counts, so it must be seen.
        if _holds(partial(threads, bounds), looked_into=not has_folder):
            return bounds
    return Bounds(has_folder)


def enter(bounds: Bounds) -> None:
    """Move the calling process (the zygote) to where its children can mount a folder of their own."""
    if not bounds.folder:
        return
    if _libc.unshare(CLONE_NEWNS) != 0:
        user, group = os.geteuid(), os.getegid()
        _checked("unshare", _libc.unshare(CLONE_NEWNS | CLONE_NEWUSER))
        _write("/proc/self/setgroups", b"deny")
        _write("/proc/self/uid_map", b"%d %d 1" % (user, user))
        _write("/proc/self/gid_map", b"%d %d 1" % (group, group))
    _checked("mount", _libc.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None))


def make_folder(place: str, size: int) -> None:
    """Mount a file system of this size over the place, seen by the calling process alone, and go there.

    It goes away with the process, whatever is in it.
    """
    _checked("unshare", _libc.unshare(CLONE_NEWNS))
    options = f"size={size},nr_inodes={MAX_ENTRIES + 1},mode=777".encode("ascii")
    flags = ctypes.c_ulong(MS_NOSUID | MS_NODEV | MS_NOEXEC)
    _checked("mount", _libc.mount(b"tmpfs", os.fsencode(place), b"tmpfs", flags, options))
    os.chdir(place)


def count_threads(bounds: Bounds, limit: int) -> None:
    """Let the kernel count the calling process's threads by themselves, and allow so many."""
    if bounds.threads == "user":
        os.setresuid(FIRST_USER + os.getpid(), -1, -1)
    elif bounds.threads == "namespace":
        _checked("unshare", _libc.unshare(CLONE_NEWUSER))
    if bounds.threads != "none":
        resource.setrlimit(resource.RLIMIT_NPROC, (limit, limit))


def _holds(trial: Callable[[], None], *, looked_into: bool = False) -> bool:
    """Whether the trial runs to its end in a process of its own.

    looked_into: and whether the files that this process then holds open can be seen from outside.
    """
    (done_out, done_in), (go_out, go_in) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(go_in)
            trial()
            os.write(done_in, b"d")
            os.read(go_out, 1)
        except BaseException:
            os._exit(1)
        os._exit(0)
    os.close(done_in)
    os.close(go_out)
    try:
        seen = bool(os.read(done_out, 1))
        if looked_into:
            os.stat(f"/proc/{child}/fd/{go_out}")  # noqa: PTH116 the file itself, which takes the right to see it
    except OSError:
        seen = False
    os.close(go_in)
    os.close(done_out)
    return os.waitpid(child, 0)[1] == 0 and seen


def _write(path: str, content: bytes) -> None:
    """Write without a module of the library: none may be readable here."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.write(descriptor, content)
    os.close(descriptor)


def _checked(call: str, answer: int) -> None:
    if answer != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{call}: {errno.errorcode.get(code, code)}")
