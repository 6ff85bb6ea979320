"""What is said to a person at a terminal."""

from __future__ import annotations

import sys

__all__ = ["note", "short_count"]


def short_count(number: int) -> str:
    """Return a count as people read it: 950, 12.3k, 4.56M."""
    if number < 1000:
        return str(number)
    for unit, size in (("k", 1e3), ("M", 1e6), ("G", 1e9)):
        if number < 1000 * size or unit == "G":
            return f"{number / size:.3g}{unit}"
    raise AssertionError("unreachable")


def note(what: str, *, quiet: bool) -> None:
    """Tell a person at a terminal what goes on after the judging, where that may take a while."""
    if not quiet and sys.stderr.isatty():
        print(f"{what} ...", file=sys.stderr, flush=True)
