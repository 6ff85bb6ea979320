"""Sentences as the official IFBench checks see them: cut at each end mark but for a few known exceptions.

Line breaks are spaces, so a text without end marks is one sentence. For helpers see ``segments``.
"""

from __future__ import annotations

import re
from typing import Final

_MARK: Final = re.compile(r"\.{2,}|[.?!]")
_TITLES: Final = ("Mr", "St", "Mrs", "Ms", "Dr")
_FIRMS: Final = (" Inc", " Ltd", " Jr", " Sr", " Co")
_DOMAINS: Final = ("com", "net", "org", "io", "gov", "edu", "me")
_OPENERS: Final = (
    *("Mr", "Mrs", "Ms", "Dr", "Prof", "Capt", "Cpt", "Lt", "Wherever"),
    *("He ", "She ", "It ", "They ", "Their ", "Our ", "We ", "But ", "However ", "That ", "This "),
)
"""Beginnings of a sentence: before them an abbreviation ends the one before."""
_QUOTES: Final = {".": '"”', "?": '"', "!": '"'}


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text, trimmed.

    A quotation mark right after an end mark changes places with it.
    """
    flat = f" {text}  ".replace("\n", " ")
    sentences: list[str] = []
    start = 0
    for match in _MARK.finditer(flat):
        mark, end = match[0], match.end()
        if mark == "." and not _ends(flat, match.start()):
            continue
        quote = flat[end] if flat[end] in _QUOTES.get(mark, "") else ""
        sentences.append(f"{flat[start : match.start()]}{quote}{mark}".strip())
        start = end + len(quote)
    if rest := flat[start:].strip():
        sentences.append(rest)
    return sentences


def _ends(flat: str, place: int) -> bool:
    """Tell whether the single period at ``place`` ends a sentence; ``flat`` has spaces around it."""
    letter, after = flat[place - 1], flat[place + 1]
    if _is_letter(letter) and (flat[place - 2].isspace() or (flat[place + 2] == "." and _is_letter(after))):
        return False  # an initial, or the first of several letters each with its period
    if after != " " and ((letter.isdigit() and after.isdigit()) or flat.startswith(_DOMAINS, place + 1)):
        return False
    if not _is_letter(letter):
        return True
    if flat.endswith(_TITLES, 0, place) or any(flat.startswith("Ph.D.", place - back) for back in (2, 4)):
        return False
    opens = after == " " and flat.startswith(_OPENERS, place + 2)
    if flat[place - 2] == "." and _is_letter(flat[place - 3]):
        return opens and letter.isupper()
    return opens or not flat.endswith(_FIRMS, 0, place)


def _is_letter(char: str) -> bool:
    return char.isascii() and char.isalpha()
