"""Words of earlier forms of the language: read as what they are called now, with a warning.

A word stands here only while what replaced it means the same, so that a source with old words compiles to
the same artifacts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from skillc.diagnostics import Report
from skillc.syntax.lexer import Token
from skillc.syntax.parser import SyntaxProblem

__all__ = ["DEPRECATED", "modernised"]

DEPRECATED: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"readout": MappingProxyType({"veto": "cap"})}
)
"""For each kind of block, old words and what they are called now."""


def modernised(
    tokens: tuple[Token, ...], problem: SyntaxProblem, kind: str, report: Report
) -> tuple[Token, ...] | None:
    """Return the tokens with the old word that ``problem`` is about replaced, None where it is about none."""
    token = problem.token
    word = DEPRECATED.get(kind, {}).get(token.value) if token is not None and token.kind == "WORD" else None
    if token is None or word is None or word not in problem.expected:
        return None
    report.warning("SK114", token.span, f"`{token.value}` is an old word for `{word}`", f"write `{word}`")
    return tuple(replace(other, value=word) if other is token else other for other in tokens)
