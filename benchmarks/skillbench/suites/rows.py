"""Reading data files row by row, with the place of every row.

Official files are JSON lines or one JSON list; they come with a byte order mark, CRLF line ends,
blank lines and long lines, and all are read. A file is never in memory as a whole. What is not a
JSON object is a :class:`~skillbench.errors.RowError`.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from skillbench.errors import BenchError, RowError
from skillspec.files import MOST_BYTES, open_file, read_lines

__all__ = ["FileDigest", "Row", "digest_file", "read_rows"]

_BOM = b"\xef\xbb\xbf"
_CHUNK: Final = 1 << 20
_TAIL: Final = 16
_BETWEEN: Final = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its values and where it stands. ``position`` counts rows over all files from 0."""

    values: Mapping[str, Any]
    path: Path
    line: int
    position: int

    def error(self, field: str | None, problem: str) -> RowError:
        """Return an error that names this row and ``field``."""
        return RowError(self.path, self.line, problem, field)

    def text(self, field: str, *, empty: bool = False) -> str:
        """Return a text field; absent, empty (unless ``empty``) or of another type is an error."""
        if self.values.get(field) is None:
            raise self.error(field, "is missing; every row needs it")
        value = self.values[field]
        if not isinstance(value, str):
            raise self.error(field, f"must be text, not {kind_of(value)}")
        if not empty and not value.strip():
            raise self.error(field, "is empty")
        return value

    def ident(self, field: str) -> str:
        """Return an id as text; whole numbers are accepted."""
        value = self.values.get(field)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text(field)


@dataclass(frozen=True, slots=True)
class FileDigest:
    """A data file as it was read: its name without folders, and the SHA-256 of its bytes."""

    name: str
    sha256: str


def kind_of(value: object) -> str:
    """Name the JSON type of ``value`` for a person."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def digest_file(path: Path) -> FileDigest:
    """Return the digest of a file, read in pieces.

    Raises:
        BenchError: the file cannot be read.
    """
    try:
        with open_file(path) as file:
            return FileDigest(path.name, hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise BenchError(f"cannot read {path}: {error.strerror}") from error


def read_rows(paths: Sequence[Path]) -> Iterator[Row]:
    """Yield the rows of JSON-lines files and JSON lists, one file after the other.

    Raises:
        RowError: a row is not UTF-8 or not a JSON object, or a file has no rows or ends within one.
        BenchError: a file cannot be read.
    """
    position = 0
    for path in paths:
        before = position
        try:
            with open_file(path) as file:
                rows = _list_rows(path, file) if _is_list(file) else _line_rows(path, file)
                for line, values in rows:
                    yield Row(values, path, line, position)
                    position += 1
        except OSError as error:
            raise BenchError(f"cannot read {path}: {error.strerror}") from error
        if position == before:
            raise RowError(path, None, "the file has no rows")


def _is_list(file: BinaryIO) -> bool:
    """Whether the first character of the file opens a list that holds objects; rewinds."""
    head = file.read(4096).removeprefix(_BOM).lstrip()
    file.seek(0)
    return head[:1] == b"[" and head[1:].lstrip()[:1] in (b"{", b"]", b"")


def _line_rows(path: Path, file: BinaryIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line, raw in enumerate(read_lines(file), 1):
        text = raw.removeprefix(_BOM) if line == 1 else raw
        if text.strip():
            yield line, _parse(path, line, text)


class _Window:
    """A part of a file as text, that moves on: what was read is dropped."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._lines = 1
        self._ahead = _CHUNK
        self.text = ""
        self.at = 0
        self.ended = False

    def more(self) -> None:
        """Read on; each time twice as much, so that a very long row is parsed few times."""
        if len(self.text) - self.at > MOST_BYTES:
            raise RowError(self._path, self.line, f"the row has more than {MOST_BYTES:,} bytes")
        raw = self._file.read(self._ahead)
        self._ahead *= 2
        self.ended = not raw
        try:
            fresh = self._decoder.decode(raw, final=self.ended)
        except UnicodeDecodeError as error:
            raise RowError(
                self._path, self.line, f"not UTF-8 ({error.reason}), in or after this row"
            ) from error
        self.text = self.text[self.at :] + fresh
        self.at = 0

    def advance(self, to: int) -> None:
        """Go on to place ``to`` of the text."""
        self._lines += self.text.count("\n", self.at, to)
        self.at = to
        self._ahead = _CHUNK

    @property
    def line(self) -> int:
        """The line that the place is in, from 1."""
        return self._lines

    def skip(self) -> str:
        """Go over white space and commas; return the next character, empty at the end of the file."""
        while True:
            match = _BETWEEN.match(self.text, self.at)
            self.advance(match.end() if match else self.at)
            if self.at < len(self.text) or self.ended:
                return self.text[self.at : self.at + 1]
            self.more()


def _list_rows(path: Path, file: BinaryIO) -> Iterator[tuple[int, Mapping[str, Any]]]:
    window = _Window(path, file)
    window.skip()
    window.advance(window.at + 1)
    decoder = json.JSONDecoder()
    while (head := window.skip()) != "]":
        if not head:
            raise RowError(path, window.line, "the file ends in the middle of its list (cut off?)")
        line = window.line
        while True:
            try:
                values, end = decoder.raw_decode(window.text, window.at)
                break
            except RecursionError as error:
                raise RowError(path, line, "the JSON is nested too deeply") from error
            except json.JSONDecodeError as error:
                # A row that the window cuts looks broken near the window's end, or never ends a text.
                cut = error.pos >= len(window.text) - _TAIL or error.msg.startswith("Unterminated")
                if window.ended or not cut:
                    where = line + window.text.count("\n", window.at, error.pos)
                    what = (
                        "the row ends in the middle of its JSON (cut off?)"
                        if cut
                        else f"not JSON: {error.msg}"
                    )
                    raise RowError(path, where, what) from error
                window.more()
            except ValueError as error:
                raise RowError(path, line, f"not JSON that can be read: {error}") from error
        window.advance(end)
        if not isinstance(values, dict):
            raise RowError(path, line, f"a row must be a JSON object, not {kind_of(values)}")
        yield line, values


def _parse(path: Path, line: int, raw: bytes) -> Mapping[str, Any]:
    try:
        values = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RowError(path, line, f"byte {error.start + 1} is not UTF-8") from error
    except RecursionError as error:
        raise RowError(path, line, "the JSON is nested too deeply") from error
    except json.JSONDecodeError as error:
        cut = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated")
        hint = "the line ends in the middle of its JSON (cut off?)" if cut else f"not JSON: {error.msg}"
        raise RowError(path, line, f"{hint}, at column {error.colno}") from error
    except ValueError as error:  # a number of thousands of digits
        raise RowError(path, line, f"not JSON that can be read: {error}") from error
    if not isinstance(values, dict):
        raise RowError(path, line, f"a row must be a JSON object, not {kind_of(values)}")
    return values
