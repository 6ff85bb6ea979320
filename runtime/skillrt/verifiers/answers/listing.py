"""Words and pairs of words from a text, which is easier to read and to add to than many quoted strings."""

from __future__ import annotations


def listed(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()


def paired(text: str) -> dict[str, str]:
    """Return the words of a text, each second one by the one before it."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))
