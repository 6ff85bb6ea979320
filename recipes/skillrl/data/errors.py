"""What can be wrong with data, for a person to read."""

from __future__ import annotations

__all__ = ["DataError"]


class DataError(Exception):
    """Data cannot be read or written; the text says what is wrong and how to mend it."""
