"""Answers in words: numbers spelled out, words that name no number, and when two texts say the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from skillrt.verifiers.answers.listing import listed

_ONES = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
    " sixteen seventeen eighteen nineteen"
)
_TENS = listed("twenty thirty forty fifty sixty seventy eighty ninety")
_VALUES = {word: value for value, word in enumerate(_ONES)} | {
    word: 20 + 10 * place for place, word in enumerate(_TENS)
}
_LARGE = {"thousand": 10**3, "million": 10**6, "billion": 10**9}


def number_of_words(words: Sequence[str]) -> int | None:
    """Return the whole number that English words spell (``forty-two`` as two words), or None."""
    total = part = 0
    last = ""
    for word in (word.casefold() for word in words):
        if word in _VALUES:
            fits = (
                not last or last in ("and", "hundred", *_LARGE) or (last in _TENS and 0 < _VALUES[word] < 10)
            )
            if not fits:
                return None
            part += _VALUES[word]
        elif word == "hundred" and 0 < part < 100:
            part *= 100
        elif word in _LARGE and part:
            total += part * _LARGE[word]
            part = 0
        elif not (word == "and" and last in ("hundred", *_LARGE)):
            return None
        last = word
    return total + part if words and last != "and" else None


# A hyphen between letters is a gap between words; before a number it is a sign.
_MARKS = re.compile(r"[^\w\s]|_")
_GAP = re.compile(r"[\s_]+|(?<=[^\W\d_])[-‐‑–](?=[^\W\d_])")


def plain_words(text: str) -> str:
    """Words for comparison: case, accents' encoding, hyphens, a leading article and outer marks aside."""
    folded = unicodedata.normalize("NFKC", text).strip(_EDGE).casefold()
    words = [word for word in _GAP.split(folded) if word]
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("a", "an", "the") else words)


_EDGE = " \t\r\n.,;:!?\"'`*_()[]{}$“”‘’«»。，、；：！？…"

# Each word of a row excludes the others of its row.
_EXCLUSIVE = [
    frozenset(row.split())
    for row in (
        "yes no",
        "true false",
        "correct incorrect",
        "right wrong left",
        "even odd neither both",
        "increasing decreasing constant",
        "increases decreases",
        "positive negative zero",
        "convergent divergent",
        "converges diverges",
        "monday tuesday wednesday thursday friday saturday sunday",
        "january february march april may june july august september october november december",
        "north south east west northeast northwest southeast southwest",
        "red orange yellow green blue purple violet black white brown gray pink",
        "rational irrational",
        "prime composite",
        "parallel perpendicular",
        "acute obtuse",
        "maximum minimum",
        "always never sometimes",
        "possible impossible",
        "finite infinite",
        "first second third fourth fifth sixth seventh eighth ninth tenth",
    )
]
_NO_NUMBER = re.compile(
    r"yes|no|true|false|even|odd|undefined|not defined|impossible|not possible|unknown|none|neither|divergent"
    r"|diverges|does not exist|not exist|dne|no (?:real )?solutions?|no answer|no limit|cannot be determined"
    r"|not enough information|indeterminate|i do(?: not|n't) know"
)


def same_words(text: str, other: str, prompt: str = "") -> bool | None:
    """Tell whether two texts in words say the same; None where that is not certain.

    They differ for certain where they exclude each other, or where ``prompt`` names both of them.
    """
    left, right = plain_words(text), plain_words(other)
    if not left or not right:
        return None
    if left == right or left.replace(" ", "") == right.replace(" ", ""):
        return True
    if any(left in row and right in row for row in _EXCLUSIVE):
        return False
    if (
        _NO_NUMBER.fullmatch(left)
        and _NO_NUMBER.fullmatch(right)
        and {left, right} & {"yes", "no", "true", "false"}
    ):
        return False
    return False if _both_named(left, right, prompt) else None


def _both_named(left: str, right: str, prompt: str) -> bool:
    """Tell whether a prompt names both, as two things of which none is a part of the other."""
    told, *sides = (
        f" {' '.join(_MARKS.sub(' ', text.casefold()).split())} " for text in (prompt, left, right)
    )
    apart = sides[0].strip() not in sides[1] and sides[1].strip() not in sides[0]
    return apart and all(side in told for side in sides)


_OF_NUMBERS = _VALUES.keys() | set(
    listed(
        "nil nothing none no not unity single double triple pair couple dozen score once twice thrice"
        " half halves quarter quarters third thirds fourth fourths fifth fifths sixth sixths seventh"
        " eighth ninth tenth tenths hundredth infinity infinite infinitely unbounded pi plus minus"
        " times over divided squared cubed square cube root power sum difference product quotient"
        " percent equals equal point negative positive all both each every hundred thousand million"
        " billion trillion per degree degrees any real reals complex integer integers natural numbers"
        " number empty undefined inf sin cos tan log exp sqrt first second identity"
    )
)


def is_no_number(text: str) -> bool:
    """Tell whether words say something that no number can be: none of them speaks of a number."""
    if _NO_NUMBER.fullmatch(plain_words(text)):
        return True
    words = re.findall(r"[^\W\d_]+", text.casefold())
    return len("".join(words)) > 3 and not re.search(r"\d|\\", text) and not _OF_NUMBERS & set(words)
