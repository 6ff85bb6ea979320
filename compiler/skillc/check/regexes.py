"""Author-written regular expressions: they must compile in RE2."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Compiled", "compile_regex"]

_MAX_MEMORY = 1 << 20


@dataclass(frozen=True, slots=True)
class Compiled:
    """What RE2 says of a pattern: its named groups, or what is wrong with it."""

    groups: frozenset[str]
    problem: str | None
    matches_empty: bool


def compile_regex(pattern: str, ignore_case: bool) -> Compiled:
    """Compile ``pattern`` in RE2, with a bound on its memory (1 MiB)."""
    import re2

    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.log_errors = False
    options.max_mem = _MAX_MEMORY
    try:
        compiled = re2.compile(pattern, options=options)
    except re2.error as error:
        return Compiled(frozenset(), _problem(error), False)
    return Compiled(frozenset(compiled.groupindex), None, compiled.search("") is not None)


def _problem(error: Exception) -> str:
    text = error.args[0] if error.args else str(error)
    return text.decode(errors="replace") if isinstance(text, bytes) else str(text)
