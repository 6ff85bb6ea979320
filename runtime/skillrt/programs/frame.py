"""The frame around a sample's texts, and keeping those texts from spelling it.

A judge tells the responses apart by what the task's template puts around them: headings, tags, a label
before a colon. A response that holds such a line itself could end its own part and write the next one.
So whatever in a sample's text reads like a line or a tag of the frame gets a mark before it that can be
seen, a backslash (with a word joiner, by which ``neutral.plain`` finds it again). The frame is
known before any sample is, and nothing is drawn at random: the same text is shown the same way.

What counts as the same line: letter case, the width of letters and spaces, letters of other scripts that
look alike, characters without width, spaces around signs, and whatever stands before it but words (Markdown's
marks, numbers of a list, bars of a table, tags) do not matter. A label counts with its colon, or as a
heading without. A tag, and a line in brackets, counts wherever it stands, everything else where a line
begins.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from skillrt.programs.neutral import MARK

__all__ = ["GAP", "NUMBER", "Frame", "spoken_lines", "template_lines"]

GAP = "\0"
"""Stands in a line of the frame for what is filled in."""

NUMBER = "\1"
"""Stands in a line of the frame for a number that is filled in."""

_TAG = re.compile(r"</?\s*([A-Za-z][\w.-]*)[^<>\n\0]*>")
_BRACKETS = re.compile(r"\s*(?:\[[^\[\]\n]+\]|\([^()\n]+\))\s*")
_ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_UNSEEN = "\u2060"
_LINE_START = f"(?<![^{_ENDS}])"
_LINE_END = rf"(?=[{_ENDS}|]|\Z)"
_BLANKS = f"[ *_`~{_UNSEEN}]*+"
_INSIDE = f"[ \r\n{_UNSEEN}]{{0,8}}+"
_TAGS = f"<[^<>{_ENDS}]{{1,40}}+>"
# Each turn is atomic: a line can be read in but one way, which keeps the time linear.
_LEAD = rf"(?>{_TAGS}|[^\w{_ENDS}]|_|(?:\d{{1,3}}|[ivx]{{1,4}}|[a-z]){_BLANKS}[.):|\]])*"
_CLOSING = rf"(?>{_TAGS}|[^\w{_ENDS}:|]|_)*+"
_RULED = r"(?=\r?\n *(?:---|===))"
_FILLED = f"[^{_ENDS}]{{0,80}}?"
_HEADING = re.compile(r"[#*=_<|]")
_MOST_LINE = 120
_PIECE = re.compile(r"\w+|[^\w\s]")
_SENTENCE = re.compile(r"(?<=[.!?,;])\s+|(?<=[\u3002\uff01\uff1f\uff0c])")
_FEWEST_WORDS = 3

_ALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0458\u0455\u0442\u043a\u043c\u043d\u0432"
    "\u03bf\u03b1\u03c1\u03bd\u03c5\u03c4\u03ba\u03b9\u0131\u2236\ua789",
    "aeopcxyijstkmhboapvutkii::",
)


class _Folding(dict[int, str]):
    """What each character is compared as; always one for one, so that places stay the same."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if char in _ENDS:
            folded = char
        elif unicodedata.category(char) in ("Cf", "Mn", "Me") or char in "\u115f\u1160\u3164\uffa0":
            folded = _UNSEEN
        elif char.isspace() or char == "\u2800":
            folded = " "
        else:
            whole = unicodedata.normalize("NFKC", char).lower().translate(_ALIKE)
            folded = whole if len(whole) == 1 else char
        self[code] = folded
        return folded


_FOLDING = _Folding()


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


def spoken_lines(phrase: str) -> list[str]:
    """Return what a phrase of the runtime is known by: its lines, each up to the end of a clause."""
    lines = []
    for line in phrase.splitlines():
        first, *rest = _SENTENCE.split(line.strip())
        while rest and first.isascii() and len(first.split()) < _FEWEST_WORDS:
            first += " " + rest.pop(0)
        lines.append(first.rstrip(",;"))
        if NUMBER in first and _BRACKETS.fullmatch(first):
            lines.append(first.strip("[(.)]"))
    return lines


def _loose(text: str) -> str:
    """Return a pattern for folded ``text``: blanks of any width, and between signs, none as well."""
    pattern = ""
    after_word = False
    for piece in _PIECE.findall(text.translate(_FOLDING)):
        word = re.match(r"\w", piece) is not None
        if pattern:
            pattern += f"[ *_`~{_UNSEEN}-]++" if word and after_word else _BLANKS
        signs = {GAP: _FILLED, NUMBER: rf"#?+{_UNSEEN}*+\d{{1,6}}+"}
        pattern += signs.get(piece) or f"{_UNSEEN}*+".join(map(re.escape, piece))
        after_word = word
    return pattern + (r"(?!\w)" if after_word else "")


def _any(patterns: Iterable[str]) -> str:
    # The longest first: of two lines that begin alike the whole one is meant.
    return "|".join(sorted(patterns, key=lambda pattern: (-len(pattern), pattern))) or "(?!)"


class _Lines:
    """Patterns of the lines that count where a line begins, by what else they need to count."""

    def __init__(self) -> None:
        self.whole: set[str] = set()  # nothing else
        self.label: set[str] = set()  # a colon, or the line's end
        self.name: set[str] = set()  # a colon, or the line's end and a dress
        self.word: set[str] = set()  # a colon, or the line's end and the dress of a heading
        self.heading: set[str] = set()  # the dress of a heading

    def add(self, line: str, *, spoken: bool = False) -> None:
        """Take a line of the frame, unless it holds nothing to know it by."""
        line = line.strip()
        bare = line.lstrip("#*>_=-([ \t\"'")
        if not re.match(r"\w", bare) or len(line) > _MOST_LINE:
            return
        held, _, rest = bare.partition(GAP)
        held, rest = held.strip(), rest.strip(f" {GAP}")
        if GAP in bare and not rest and re.search(r"\w$", held):
            return  # words before a gap: any sentence could begin so
        if rest:
            self.whole.add(_loose(bare.rstrip(f" {GAP}")))
            return
        core = held.rstrip(":\uff1a ")
        several = re.search(r"[^\w]", core) is not None
        sentence = core.endswith((".", "?", "!")) or len(core.split()) >= _FEWEST_WORDS
        if NUMBER in core or (core == held and bare == line and sentence):
            self.whole.add(_loose(core.rstrip(".?!,;")))
        elif (spoken and several) or (core == held and bare == line) or re.search(r"[^\w\s]", core):
            self.label.add(_loose(core))
        elif several:
            self.name.add(_loose(core))
            if core == held:
                self.heading.add(_loose(core))
        else:
            self.word.add(_loose(core))

    def pattern(self) -> re.Pattern[str] | None:
        """Return the pattern of all; None where there is no line."""
        if not (self.whole or self.label or self.name or self.word):
            return None
        return re.compile(
            f"{_LINE_START}(?P<lead>{_LEAD})(?:{_any(self.whole)}"
            f"|(?:{_any(self.label)}){_CLOSING}(?::|{_LINE_END})"
            f"|(?:{_any(self.name)}){_CLOSING}(?::|{_RULED}|(?P<name>{_LINE_END}))"
            f"|(?:{_any(self.word)}){_CLOSING}(?::|{_RULED}|(?P<word>{_LINE_END}))"
            f"|(?P<heading>{_any(self.heading)}))"
        )


class Frame:
    """What ``lines`` put around texts; made once for a link.

    Args:
        lines: the lines of the frame, with :data:`GAP` and :data:`NUMBER` for what is filled in.
        spoken: lines of the runtime's own notices, of which the bare words count at a line's end.
    """

    def __init__(self, lines: Iterable[str], spoken: Iterable[str] = ()) -> None:
        names: set[str] = set()
        anywhere: set[str] = set()
        starts = _Lines()
        notices = dict.fromkeys(spoken)
        for line in [*lines, *notices]:
            names |= {_loose(name) for name in _TAG.findall(line)}
            rest = _TAG.sub("", line)
            if _BRACKETS.fullmatch(rest) and re.match(r"\s*.\w", rest):
                anywhere.add(_loose(rest))
            else:
                starts.add(rest, spoken=line in notices)
        if names:
            anywhere.add(rf"<{_INSIDE}/?{_INSIDE}(?:{_any(names)})(?:[ /][^<>{_ENDS}]{{0,80}}|{_INSIDE})>")
        self._anywhere = re.compile(_any(anywhere)) if anywhere else None
        self._starts = starts.pattern()

    def forged(self, text: str) -> bool:
        """Tell whether ``text`` spells a part of the frame."""
        return self.guard(text) != text

    def guard(self, text: str) -> str:
        """Return ``text`` with a mark before all that reads like a part of the frame."""
        return _marked(self._starts, _marked(self._anywhere, text))


def _marked(pattern: re.Pattern[str] | None, text: str) -> str:
    if pattern is None:
        return text
    folded = text.lower().replace("\t", " ") if text.isascii() else text.translate(_FOLDING)
    pieces: list[str] = []
    done = 0
    for match in pattern.finditer(folded):
        place = match.end("lead") if "lead" in pattern.groupindex else match.start()
        if _counts(match):
            pieces += [text[done:place], MARK]
            done = place
    return "".join([*pieces, text[done:]])


def _counts(match: re.Match[str]) -> bool:
    """Tell whether a label without its colon is dressed as the heading that it would have to be."""
    groups = match.groupdict()
    lead = groups.get("lead") or ""
    if groups.get("word") is not None:
        return _HEADING.search(lead) is not None
    if groups.get("name") is not None:
        return lead.strip(f" {_UNSEEN}") != ""
    return groups.get("heading") is None or "#" in lead
