"""Patterns that data may bring, in RE2: no backtracking, so no text and no pattern takes more than linear
time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

MAX_PATTERN: Final = 2_000
"""Longest pattern taken, in characters."""
WORD_CLASS: Final = r"[\p{L}\p{N}_]"
"""What Python's \\w matches, for RE2 (whose own \\w is ASCII)."""
_MAX_MEMORY: Final = 4 << 20


@lru_cache(maxsize=256)
def linear(pattern: str, ignore_case: bool = False, whole_word: bool = False) -> Any:
    """Compile a pattern for RE2. ValueError when it is too long or not RE2's (look-around, say)."""
    import re2

    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"a pattern may have {MAX_PATTERN} characters, this one has {len(pattern)}")
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    try:
        compiled = re2.compile(pattern, options)
        if whole_word:
            compiled = re2.compile(_bounded(pattern, re2), options)
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"{pattern!r} is no pattern that RE2 takes: {reason}") from error
    return compiled


def _bounded(pattern: str, re2: Any) -> str:
    """Return the pattern between Python's word boundaries: RE2's own take a letter beyond ASCII for a space.

    Next to a character that is no plain letter (an operator, say) RE2's have to do.
    """
    inside = re2.compile(WORD_CLASS)
    left = r"(?:^|[^\p{L}\p{N}_])" if inside.fullmatch(pattern[0]) else r"\b"
    right = r"(?:$|[^\p{L}\p{N}_])" if inside.fullmatch(pattern[-1]) else r"\b"
    return f"{left}{pattern}{right}"


def found(pattern: Any, text: str) -> bool:
    """Tell whether the pattern occurs in the text."""
    return pattern.search(text) is not None


def count(pattern: Any, text: str, at_most: int | None = None) -> int:
    """Return how often the pattern occurs, not overlapping; counting stops at ``at_most``."""
    total = 0
    for _ in pattern.finditer(text):
        if at_most is not None and total >= at_most:
            break
        total += 1
    return total
