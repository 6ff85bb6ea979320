"""What the commands share: the usual folders, the error of wrong use, a way to say how many."""

from __future__ import annotations

__all__ = ["DEFAULT_OUT", "DEFAULT_ROOT", "UsageError", "count"]

DEFAULT_ROOT = "skills_src"
DEFAULT_OUT = "generated"


class UsageError(Exception):
    """The command cannot be carried out as given; exit status 2."""


def count(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it has to be."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
