"""Answers that are no mathematics: options, times of the day, numbers with letters for digits."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from skillrt.verifiers.answers.reading.dress import UPRIGHT
from skillrt.verifiers.answers.tree import Node

_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?::(?P<minute>[0-5]\d))?(?::(?P<second>[0-5]\d))?\s*(?P<half>[ap]\.?\s?m\.?)?",
    re.IGNORECASE,
)
_NAMED_TIMES = {"noon": 12 * 3600, "12 noon": 12 * 3600, "midday": 12 * 3600, "midnight": 0, "12 midnight": 0}
_HALF_DAY = 12 * 3600


class Time(NamedTuple):
    """A time of the day in seconds; ``known`` when the half of the day is."""

    seconds: int
    known: bool
    told: bool
    """Whether it can be nothing but a time."""


def bare(text: str) -> str:
    """Return an undressed text without its marks of upright letters and with single spaces."""
    return re.sub(r"\s+", " ", text.replace(UPRIGHT, "").replace("{", " ").replace("}", " ")).strip()


def time_of(text: str) -> Time | None:
    """Return the time of the day that an undressed text is, or None."""
    plain = bare(text)
    if plain.casefold() in _NAMED_TIMES:
        return Time(_NAMED_TIMES[plain.casefold()], True, True)
    match = _TIME.fullmatch(plain)
    if match is None or not (match["minute"] or match["half"]):
        return None
    hour = int(match["hour"])
    seconds = 60 * int(match["minute"] or 0) + int(match["second"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        afternoon = match["half"][0] in "pP"
        return Time((hour % 12 + 12 * afternoon) * 3600 + seconds, True, True)
    return Time(hour * 3600 + seconds, not 1 <= hour <= 12, False) if hour < 24 else None


def same_time(time: Time, other: Time) -> bool | None:
    """Tell whether two times are the same; None where the half of the day is not told."""
    if time.known and other.known:
        return time.seconds == other.seconds
    if (time.seconds - other.seconds) % _HALF_DAY:
        return False
    return True if time.known == other.known else None


def same_ratio(ratio: str, other: str) -> bool:
    """Tell whether two times, read as ratios, are equal: ``1:10`` and ``2:20``."""
    (left, right), (first, second) = (
        [int(part) for part in bare(text).split(":")[:2]] for text in (ratio, other)
    )
    return left * second == right * first and bool(left and right and first and second)


class Option(NamedTuple):
    """An option's letter and the words after it."""

    letter: str
    words: str


_OPTION = re.compile(
    r"(?:(?:option|choice|answer)\s+)?"
    r"(?:\(\s*(?P<round>[A-Z])\s*\)|\[\s*(?P<square>[A-Z])\s*\]|(?P<stop>[A-Z])\s*[.):](?=\s|$)|(?P<alone>[A-Z])$)"
    r"[\s:.]*(?P<rest>.*)",
    re.DOTALL | re.IGNORECASE,
)
_NO_WORDS = re.compile(
    r"[-+*/^=<>_,;'!|]|\\(?:cup|cap|cdot|times|in|to|le|ge|ne|pm|setminus|parallel|perp)\b"
)


def option_of(text: str) -> Option | None:
    """Return the option that an undressed text names, or None."""
    plain = text.strip().strip("*_`\"' ")
    plain = re.sub(r"^\{([^{}]*)\}", r" \1 ", plain)
    match = _OPTION.match(plain.replace(UPRIGHT, "").strip())
    if match is None:
        return None
    letter = match["round"] or match["square"] or match["stop"] or match["alone"]
    rest = match["rest"]
    if not letter.isupper() or _NO_WORDS.match(rest):
        return None
    # The words keep the marks that `bare` letters have lost.
    return Option(letter, plain[len(plain) - len(rest) :] if UPRIGHT not in plain else _tail(plain, rest))


def _tail(marked: str, rest: str) -> str:
    """Return the end of a marked text that is ``rest`` without its marks."""
    for place in range(len(marked) + 1):
        if marked[place:].replace(UPRIGHT, "") == rest:
            return marked[place:]
    return rest


_LISTED = re.compile(
    r"(?:^|(?<=\s)|(?<=\$))(?:\\(?:text|textbf|mathrm)\{)?\(?(?P<letter>[A-Z])[).:]\}?(?=\s|\\)(?P<words>[^\n]*)",
    re.MULTILINE,
)


@lru_cache(maxsize=256)
def options_of(prompt: str) -> dict[str, str]:
    """Return the options that a prompt lists, by letter; empty where it lists none in order from A."""
    text = prompt[-20_000:]
    starts = list(_LISTED.finditer(re.sub(r"(?<=\S)[ \t]+\$?(?=\(?[A-Z][).:]\s)", "\n", text)))
    options: dict[str, str] = {}
    for match in starts:
        letter = match["letter"]
        if letter == "A":
            options = {}
        if letter == chr(ord("A") + len(options)):
            options[letter] = match["words"].strip().strip("\\").strip()
    return options if len(options) > 1 else {}


_LETTERED = re.compile(
    r"\(?\s*(?P<digits>[0-9A-Fa-f]+)\s*\)?\s*_\s*\{?\s*(?P<base>\d{1,2}|two|three|eight|ten|sixteen)\s*\}?"
)
_BASE_NAMES = {"two": "2", "three": "3", "eight": "8", "ten": "10", "sixteen": "16"}


def based_of(text: str) -> Node | None:
    """Return a number with its base as a subscript, letters for digits included; None for anything else."""
    match = _LETTERED.fullmatch(text.replace(UPRIGHT, "").strip())
    if match is None:
        return None
    base = _BASE_NAMES.get(match["base"], match["base"])
    digits = match["digits"].upper()
    known = 2 <= int(base) <= 36 and (any(map(str.isdigit, digits)) or int(base) > 10)
    if not known or any(int(digit, 36) >= int(base) for digit in digits):
        return None
    return Node("based", f"{digits}_{base}")
