"""Reading and writing files that others may have prepared.

What is read is a regular file of a bounded size, so that a pipe, a device or a file of terabytes is an
error and no wait. What is written never goes through a link, and a whole file is there or it is not.
Every function says what is wrong by an ``OSError`` or a ``ValueError`` in words for a person.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Final, NoReturn

__all__ = [
    "MOST_BYTES",
    "decode_json",
    "open_append",
    "open_file",
    "read_file",
    "read_json",
    "read_lines",
    "write_file",
]

MOST_BYTES: Final = 64 << 20
"""The most that a file has, where it is read as a whole, and a line of a longer one."""

_KINDS: Final = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def _regular(descriptor: int, path: Path) -> int:
    """Return the descriptor of a regular file; close any other and refuse it."""
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    kind = next((name for test, name in _KINDS if test(mode)), "something else")
    raise OSError(errno.EINVAL, f"it is {kind}, not a file", str(path))


def open_file(path: Path) -> BufferedReader:
    """Open a regular file for reading.

    Raises:
        OSError: it is not there, may not be read, or is no file.
    """
    try:
        # Without O_NONBLOCK a pipe would wait for somebody who writes.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:  # a null character, or half a surrogate pair
        raise OSError(errno.EINVAL, "no file can have this name", str(path)) from error
    return os.fdopen(_regular(descriptor, path), "rb")


def read_file(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return the bytes of a file.

    Raises:
        OSError: as :func:`open_file`, or there are more than ``most`` bytes.
    """
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        content = file.read(most + 1) if size <= most else b""
    if size > most or len(content) > most:
        raise OSError(errno.EFBIG, f"it is too large: {most:,} bytes is the most", str(path))
    return content


def read_lines(file: BinaryIO, most: int = MOST_BYTES) -> Iterator[bytes]:
    """Yield the lines of an open file, with their ends.

    Raises:
        OSError: a line has more than ``most`` bytes.
    """
    number = 0
    while line := file.readline(most + 1):
        number += 1
        if len(line) > most:
            raise OSError(errno.EFBIG, f"line {number} is too long: {most:,} bytes is the most", file.name)
        yield line


def decode_json(raw: bytes | str) -> Any:
    """Return what JSON holds.

    Raises:
        ValueError: it is none, is nested too deeply, or has a number that JSON does not have.
    """
    try:
        return json.loads(raw, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def read_json(path: Path, most: int = MOST_BYTES) -> Any:
    """Return what a JSON file holds.

    Raises:
        OSError: as :func:`read_file`.
        ValueError: as :func:`decode_json`.
    """
    return decode_json(read_file(path, most))


def open_append(path: Path) -> int:
    """Return a descriptor that reads, and writes at the end; the file is made where there is none.

    Raises:
        OSError: it is a link or no file, or may not be written.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        return _regular(os.open(path, flags, 0o644), path)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise OSError(errno.ELOOP, "it is a link, and links are not followed", str(path)) from error
        raise


def write_file(path: Path, content: bytes, mode: int | None = None) -> None:
    """Write a whole file: a reader sees the old bytes or the new ones, also after the power failed.

    A link in the place of the file is replaced, not followed.

    Raises:
        OSError: the folder may not be written, or the disk is full.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fresh = path.with_name(f".{path.name[:200]}.{secrets.token_hex(8)}.new")
    descriptor = os.open(fresh, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:  # a folder that may be written and not read
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EROFS):
            raise
    finally:
        os.close(descriptor)
