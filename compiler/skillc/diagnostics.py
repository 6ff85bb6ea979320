"""Diagnostics: one plain record serves text, JSON, GitHub, SARIF and editors."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal

from skillc.source import Span

MAX_IN_FILE = 100
"""Diagnostics that are shown for one file; what is wrong beyond is told by one more."""
_MAX_NEAR = 30
_MOST_KNOWN = 200

__all__ = ["Diagnostic", "Report", "Severity", "did_you_mean", "listed"]

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What is wrong, where, and how to mend it.

    Without a span the diagnostic is about a file as a whole, named by ``path``.
    """

    code: str
    severity: Severity
    message: str
    help: str
    span: Span | None
    path: str
    tentative: bool = False
    """Something seems unused; where there are errors, what would use it may just not have been read."""

    def key(self) -> tuple[str, int, int, str, str]:
        """Sort key: file, place, code."""
        start, end = (self.span.start, self.span.end) if self.span else (-1, -1)
        return (self.path, start, end, self.code, self.message)


@dataclass
class Report:
    """Collects diagnostics; the same one twice is one."""

    _items: dict[tuple[str, int, int, str, str], Diagnostic] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def error(self, code: str, span: Span, message: str, help: str = "") -> None:
        """Report an error at ``span``."""
        self._add(Diagnostic(code, "error", message, help, span, span.file.path))

    def warning(self, code: str, span: Span, message: str, help: str = "") -> None:
        """Report a warning at ``span``."""
        self._add(Diagnostic(code, "warning", message, help, span, span.file.path))

    def unused(self, code: str, span: Span, message: str, help: str = "") -> None:
        """Warn of something that nothing uses; not shown as long as there are errors."""
        self._add(Diagnostic(code, "warning", message, help, span, span.file.path, True))

    def file_error(self, code: str, path: str, message: str, help: str = "") -> None:
        """Report an error about a file as a whole."""
        self._add(Diagnostic(code, "error", message, help, None, path))

    def _add(self, diagnostic: Diagnostic) -> None:
        count = self._counts.get(diagnostic.path, 0)
        if diagnostic.key() in self._items:
            return
        self._counts[diagnostic.path] = count + 1
        if count == MAX_IN_FILE:
            diagnostic = replace(
                diagnostic,
                code="SK008",
                severity="error",
                message=f"there is more wrong in this file; the first {MAX_IN_FILE} are shown",
                help="mend these and check again",
                span=None,
                tentative=False,
            )
        if count <= MAX_IN_FILE:
            self._items[diagnostic.key()] = diagnostic

    def full(self, path: str) -> bool:
        """Tell whether so much is wrong in a file that no more is kept.

        Then costly explanations are not worked out.
        """
        return self._counts.get(path, 0) > MAX_IN_FILE

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """All of them, by file and place."""
        errors = self.has_errors
        items = [self._items[key] for key in sorted(self._items)]
        return [item for item in items if not (item.tentative and errors)]

    @property
    def has_errors(self) -> bool:
        """Whether there is an error among them."""
        return any(item.severity == "error" for item in self._items.values())


def listed(words: Iterable[str], last: str = "or") -> str:
    """Join words for a sentence: ``a, b or c``."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a hint at the known words nearest to ``word``, or at all of them, or ``otherwise``."""
    choices = list(dict.fromkeys(islice(known, _MOST_KNOWN)))
    like = [item for item in choices if abs(len(item) - len(word)) <= 2 + len(word) // 2][:_MAX_NEAR]
    near = difflib.get_close_matches(word, like, n=3, cutoff=0.6)
    if not near:
        near = [choice for choice in choices if choice.casefold() == word.casefold()]
    if near:
        return f"did you mean {listed(f'`{item}`' for item in near)}?"
    if otherwise:
        return otherwise
    if not choices:
        return ""
    shown = [f"`{item}`" for item in choices[:12]]
    return f"there are {listed(shown, 'and')}" if len(choices) > 1 else f"there is only {shown[0]}"
