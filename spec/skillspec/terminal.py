"""What the commands print: no text of a sample, a server or a file may steer the terminal.

An escape sequence in the name of a model could clear the screen, set the title or hide what stands
before it. Control characters are therefore shown as ``\\u001b``, which is JSON's own way to write them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

__all__ = ["plain_output", "printable", "unescaped"]

# All but the line's end and the tabulator, and what turns the direction of writing.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Return ``text`` with every character that steers a terminal in its escaped form."""
    return _STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


class _Plain:
    """A text stream that prints what steers a terminal instead of sending it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return self.stream.write(printable(text))

    def writelines(self, lines: Any) -> None:
        self.stream.writelines(map(printable, lines))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def unescaped(stream: TextIO) -> TextIO:
    """Return the stream itself, for our own signs of progress and for output that is another's input."""
    return stream.stream if isinstance(stream, _Plain) else stream


@contextmanager
def plain_output() -> Iterator[None]:
    """Keep standard output and standard error free of characters that steer a terminal."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, _Plain(unescaped(stream))) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
