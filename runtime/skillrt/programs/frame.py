"""The frame around a sample's texts, and keeping those texts from spelling it.

A judge tells the responses apart by what the task's template puts around them: headings, tags, a label
before a colon. A response that holds such a line itself could end its own part and write the next one.
So whatever in a sample's text reads like a line or a tag of the frame gets a mark before it that can be
seen, a backslash (with a word joiner, by which ``neutral.plain`` finds it again). The frame is
known before any sample is, and nothing is drawn at random: the same text is shown the same way.

What counts as the same line: letter case, the width of spaces, characters without width, and Markdown's
marks at the beginning do not matter. A tag counts wherever it stands, everything else where a line begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from skillrt.programs.neutral import MARK

__all__ = ["Frame", "template_lines"]

GAP = "\0"
"""Stands in a line of the frame for what is filled in."""

_TAG = re.compile(r"</?\s*([A-Za-z][\w.-]*)[^<>\n\0]*>")
_BRACKETS = re.compile(r"\[[^\[\]\n]+\]")
_NO_WIDTH = "\u00ad\u200b-\u200f\u2060-\u2064\ufeff"
_BLANKS = "[ \t]{0,8}"
_LINE_START = "(?<![^\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029])"
_DECORATION = f"[ \t\u00a0\u3000>*_#`~+{_NO_WIDTH}-]*"
_FILLED = "[^\n]{0,80}?"
_MOST_LINE = 120


def template_lines(environment: Any, source: str) -> list[str]:
    """Return the lines of a Jinja2 template, each expression as one :data:`GAP`, statements left out."""
    text: list[str] = []
    inside = ""
    for _, kind, value in environment.lex(source):
        if kind in ("variable_begin", "block_begin", "comment_begin"):
            inside = kind
            text += [GAP] if kind == "variable_begin" else []
        elif kind in ("variable_end", "block_end", "comment_end"):
            inside = ""
        elif kind == "data" and not inside:
            text.append(value)
    return "".join(text).splitlines()


def _loose(text: str) -> str:
    """Return a pattern for ``text`` in which spaces have any width and characters without width may stand."""
    words = (f"[{_NO_WIDTH}]*".join(map(re.escape, word)) for word in text.split())
    return rf"(?:[^\S\n]|[{_NO_WIDTH}])+".join(words)


def _line_pattern(line: str) -> str | None:
    """Return a pattern for a line of the frame; None where it holds nothing to know it by."""
    line = line.strip()
    pieces = [piece.strip() for piece in line.split(GAP)]
    if not re.search(r"\w", pieces[0]) or len(line) > _MOST_LINE:
        return None
    held = [piece for piece in pieces if piece]
    if len(held) == 1 and len(pieces) > 1 and re.search(r"\w$", held[0]):
        return None  # words before a gap: any sentence could begin so
    pattern = _FILLED.join(_loose(piece) for piece in held)
    return pattern + (r"\b" if re.search(r"\w$", held[-1]) else "")


class Frame:
    """What ``lines`` put around texts; made once for a link.

    Args:
        lines: the lines of the frame, with :data:`GAP` for what is filled in.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        names: dict[str, None] = {}
        anywhere: dict[str, None] = {}
        starts: dict[str, None] = {}
        for line in lines:
            names |= dict.fromkeys(_TAG.findall(line))
            rest = _TAG.sub("", line)
            if _BRACKETS.fullmatch(rest.strip()) and GAP not in rest:
                anywhere[_loose(rest.strip())] = None
            elif (pattern := _line_pattern(rest)) is not None:
                starts[pattern] = None
        if names:
            spelt = "|".join(map(_loose, names))
            anywhere[rf"<[{_NO_WIDTH}]*{_BLANKS}/?{_BLANKS}(?:{spelt})(?:[\s/][^<>\n]{{0,80}})?>"] = None
        branches = [*anywhere]
        if starts:
            branches.append(f"{_LINE_START}(?P<lead>{_DECORATION})(?:{'|'.join(starts)})")
        self._pattern = re.compile("|".join(branches), re.IGNORECASE) if branches else None

    def forged(self, text: str) -> bool:
        """Tell whether ``text`` spells a part of the frame."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def guard(self, text: str) -> str:
        """Return ``text`` with a mark before all that reads like a part of the frame."""
        return text if self._pattern is None else self._pattern.sub(_marked, text)


def _marked(match: re.Match[str]) -> str:
    # The group is not there where no line of the frame can be known by its beginning.
    lead = match.groupdict().get("lead") or ""
    return lead + MARK + match[0][len(lead) :]
