"""The canonical layout of a source file: ``skillc fmt``.

Words, texts, regular expressions and comments stay as they are, character by character, and the author
says where lines break; the formatter sets indentation, spaces, columns and empty lines.
"""

from __future__ import annotations

from skillc.diagnostics import Report
from skillc.formatting.layout import lay_out
from skillc.formatting.marks import mark
from skillc.source import SourceFile
from skillc.syntax.lexer import lex

__all__ = ["format_source"]


def format_source(source: SourceFile, report: Report) -> str | None:
    """Return the formatted text; None when the file has syntax errors, which are reported."""
    tokens = lex(source, report)
    marks = mark(tokens, report)
    return None if report.has_errors else lay_out(tokens, marks)
