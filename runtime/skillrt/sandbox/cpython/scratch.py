"""Private folders for calls: made, measured and removed whatever hostile code left in them."""

# Plain os calls: entries of hostile content, many of them.
# ruff: noqa: PTH101, PTH104, PTH106, PTH108, PTH116, PTH118, PTH123, PTH208

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator

MAX_ENTRIES = 2_000
"""Files and folders in a scratch folder beyond which a call is stopped."""
MAX_STEPS = 1_000_000


def make(base: str) -> str:
    """A new private folder under base."""
    return tempfile.mkdtemp(prefix="call-", dir=base)


def too_full(root: str, pid: int, max_bytes: int) -> bool | None:
    """Whether the folder, with what the process still holds of it, is over the limit.

    A folder that cannot be measured is over the limit: its path is too long, its mode forbids the look.
    None where something went away during the look. Looks at no more than MAX_ENTRIES entries.
    """
    try:
        spent, entries, vanished, waiting = _held_open(root, pid), 0, False, [root]
        while waiting:
            try:
                with os.scandir(waiting.pop()) as listed:
                    for entry in listed:
                        entries += 1
                        status = entry.stat(follow_symlinks=False)
                        spent += status.st_blocks * 512
                        if entries > MAX_ENTRIES or spent > max_bytes:
                            return True
                        if stat.S_ISDIR(status.st_mode):
                            waiting.append(entry.path)
            except (FileNotFoundError, NotADirectoryError):
                vanished = True
    except OSError:
        return True
    if spent > max_bytes:  # in an empty folder, too: what has no name is in none
        return True
    return None if vanished else False


def _held_open(root: str, pid: int) -> int:
    """Bytes in files that have no name left, which the process holds open or mapped."""
    spent = 0
    try:
        folder = f"/proc/{pid}/fd"
        for name in os.listdir(folder):
            try:
                status = os.stat(f"{folder}/{name}")
            except FileNotFoundError:
                continue
            if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                spent += status.st_blocks * 512
        with open(f"/proc/{pid}/maps", "rb") as maps:
            for line in maps:
                if line.endswith(b" (deleted)\n") and b" " + os.fsencode(root) + b"/" in line:
                    start, _, end = line.split(maxsplit=1)[0].partition(b"-")
                    spent += int(end, 16) - int(start, 16)
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return spent
    return spent


def remove(root: str) -> None:
    """Remove the folder and all in it, without following links, however deep it is and whatever its modes."""
    for _ in removal(root):
        pass


def removal(root: str) -> Iterator[None]:
    """Remove the folder piece by piece, as far as its owner may.

    Folders inside folders are first moved up to the root, so that no path grows long and nothing recurses.
    """
    for _ in range(MAX_STEPS):
        try:
            if not _empty_once(root):
                os.rmdir(root)
                return
        except OSError as error:
            raced = error.errno in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST)
            if not raced or not os.path.lexists(root):
                return  # else another process of ours removes it at the same time
        yield


def _empty_once(root: str) -> bool:
    """Remove the files and empty folders in root, raising the folders below by one level; False when it is
    empty."""
    with os.scandir(root) as listed:
        entries = list(listed)
    for number, entry in enumerate(entries):
        if not entry.is_dir(follow_symlinks=False):
            os.unlink(entry.path)
            continue
        os.chmod(entry.path, 0o700)
        with os.scandir(entry.path) as below:
            for inner_number, inner in enumerate(list(below)):
                if inner.is_dir(follow_symlinks=False):
                    os.chmod(
                        inner.path, 0o700
                    )  # moving a folder rewrites its `..`, which needs its write bit
                    os.rename(inner.path, _free_name(root, number, inner_number))
                else:
                    os.unlink(inner.path)
        os.rmdir(entry.path)
    return bool(entries)


def _free_name(root: str, number: int, inner_number: int) -> str:
    attempt = 0
    while os.path.lexists(name := os.path.join(root, f".{number}-{inner_number}-{attempt}")):
        attempt += 1
    return name
