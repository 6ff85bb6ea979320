"""Which form of answer a prompt demands: read from the prompt alone, never from a response or a reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Content = Literal["integer", "digit", "word", "list", "text", "expression"]

# A demand stands near the end of a prompt or at its start; the middle may be a long quoted document.
KEPT_PROMPTS = 256
"""A prompt comes several times, in both orders and in several pairs, and soon after another."""
HEAD_CHARS = 6_000
TAIL_CHARS = 12_000

_NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True, slots=True)
class RepeatedLetter:
    """The letter of an option, written ``times`` times in one string."""

    times: int

    def describe(self) -> str:
        """One phrase for a reader."""
        return f"an option's letter written {self.times} times in one string"


@dataclass(frozen=True, slots=True)
class Starred:
    """An answer between asterisks: ``stars`` is 2 for bold, 3 where the prompt shows ``***X***``.

    ``content`` says what stands between them; ``length`` is the number of entries of a list (None: any) and
    ``words`` the entries allowed in it (empty: any).
    """

    stars: int
    content: Content
    length: int | None = None
    words: frozenset[str] = frozenset()

    def describe(self) -> str:
        """One phrase for a reader."""
        what = f"a list of {self.length or 'several'} entries" if self.content == "list" else self.content
        return f"{what} between {'*' * self.stars}"


@dataclass(frozen=True, slots=True)
class Boxed:
    r"""An answer in LaTeX's ``\boxed{}``."""

    def describe(self) -> str:
        """One phrase for a reader."""
        return r"an answer in \boxed{}"


@dataclass(frozen=True, slots=True)
class ClosingDigits:
    """A number of exactly ``digits`` digits as the last part of the response."""

    digits: int

    def describe(self) -> str:
        """One phrase for a reader."""
        return f"a number of exactly {self.digits} digits as the last part"


@dataclass(frozen=True, slots=True)
class NumberList:
    """A comma list of whole numbers, in order (the numbers of sentences, expressions, steps)."""

    def describe(self) -> str:
        """One phrase for a reader."""
        return "a comma list of numbers"


@dataclass(frozen=True, slots=True)
class Tagged:
    """An answer between ``<tag>`` and ``</tag>``."""

    tag: str

    def describe(self) -> str:
        """One phrase for a reader."""
        return f"an answer between <{self.tag}> and </{self.tag}>"


@dataclass(frozen=True, slots=True)
class Marked:
    """An answer on the rest of the line after ``marker`` (such as ``####`` or ``Final answer:``)."""

    marker: str

    def describe(self) -> str:
        """One phrase for a reader."""
        return f"an answer after {self.marker!r}"


@dataclass(frozen=True, slots=True)
class OptionLetter:
    """The letter of an option, however it is announced."""

    def describe(self) -> str:
        """One phrase for a reader."""
        return "the letter of an option"


@dataclass(frozen=True, slots=True)
class Free:
    """The prompt demands no form that is known here."""

    def describe(self) -> str:
        """One phrase for a reader."""
        return "a stated final answer"


Form = RepeatedLetter | Starred | Boxed | ClosingDigits | NumberList | Tagged | Marked | OptionLetter | Free

_COUNT = r"(?P<count>\d{1,2}|" + "|".join(_NUMBER_WORDS[1:]) + ")"
_REPEATED = re.compile(
    r"\b(?:duplicat|repeat|writ|print|copy)\w*\b[^.\n]{0,80}\b(?:letter|option|choice|answer)\b[^.\n]{0,60}?\b"
    + _COUNT
    + r"\s+times\b",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"\bexactly\s+" + _COUNT + r"[\s-]+digits?\b.{0,400}?\b(?:last part|very end|end of (?:your|the))\b"
    r"|\b(?:last part|very end|end of (?:your|the))\b.{0,400}?\bexactly\s+(?P<count2>\d{1,2}|"
    + "|".join(_NUMBER_WORDS[1:])
    + r")[\s-]+digits?\b",
    re.IGNORECASE | re.DOTALL,
)
_STARS_SHOWN = re.compile(r"(?<!\*)(?P<stars>\*{2,3})(?!\*)(?P<inner>[^*\n]{1,80}?)(?<!\*)(?P=stars)(?!\*)")
_SENTENCE_END = re.compile(r"(?<=[.?!])\s|\n")
_STAR_DEMAND = re.compile(
    r"\b(?:put|give|write|return|respond|reply|state|place|provide|show|enclose|present|express|report|submit|mark"
    r"|highlight|your (?:final )?answer|with the (?:final )?answer)\b",
    re.IGNORECASE,
)
_BOLD = re.compile(r"\bbold(?:ed|face)?\b", re.IGNORECASE)
_SHOWN_NEXT = re.compile(r"\b(?:format|form|asterisks|like(?: this)?)\b[^.\n]{0,20}$", re.IGNORECASE)
_BOLD_WORD = re.compile(
    r"\b(?:answer|result|choice)\b[^.\n]{0,60}\b(?:in|as|with) bold\b"
    r"|\bbold(?:face)? (?:your|the) (?:final )?answer\b",
    re.IGNORECASE,
)
_BOXED = re.compile(
    r"\\+boxed\b|\bboxed (?:answer|format|form|environment)\b|\b(?:in|inside|within) a box\b", re.IGNORECASE
)
_NUMBER_LIST = re.compile(
    r"\b(?:answer|respond|reply|output|return|give|provide|write|submit)\b[^\n]{0,100}?"
    r"(?:\bcomma[\s-]*separated\s+(?:list|sequence)\s+of\s+(?:\w+\s+){0,4}(?:numbers|indices|indexes|identifiers"
    r"|ids|integers)\b"
    r"|\blist\s+of\s+(?:\w+\s+){0,3}(?:numbers|indices|indexes|integers)\b[^\n]{0,80}?\d+\s*,\s*\d+"
    r"|\bcomma[\s-]*separated\b[^\n]{0,120}?\d+\s*,\s*\d+\s*,\s*\d+)",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(?P<tag>answer|solution|final_answer)>", re.IGNORECASE)
# Four hashes alone are also a heading of Markdown.
_HASHES = re.compile(
    r"\b(?:after|with|by|form|format|use|using|line)\b[^\n]{0,60}(?<!#)####(?!#)|(?<!#)####\s*[<{\[]",
    re.IGNORECASE,
)
_MARKER = r"(?:the\s+)?(?:final\s+|correct\s+)?answer(?:\s+is\b)?"
_LINE_MARKER = re.compile(
    r"\b(?:form|format|end|ending|finish|conclude|last line|final line)\b[^\n]{0,80}?[\"'“‘`]\s*\**"
    rf"(?P<quoted>{_MARKER})"
    rf"|\b(?:form|format)\b[^\n]{{0,40}}:[ \t]*\n\s*\**(?P<shown>{_MARKER})\s*:",
    re.IGNORECASE,
)
_OPTION = r"(?:the\s+|your\s+)?(?:correct\s+|best\s+|right\s+|chosen\s+)?(?:option|choice|answer)"
_LETTER = re.compile(
    rf"\bletter\s+(?:of|for|corresponding\s+to|that\s+corresponds\s+to)\s+{_OPTION}\b(?![^.\n]{{0,80}}\btimes\b)"
    r"|\b(?:answer|respond|reply)\s+with\s+(?:only\s+|just\s+)?(?:a\s+|the\s+|one\s+)?(?:single\s+)?(?:capital\s+)?"
    r"letter\b(?![^.\n]{0,80}\btimes\b)",
    re.IGNORECASE,
)


@lru_cache(maxsize=KEPT_PROMPTS)
def read_form(prompt: str) -> Form:
    """Return the form of answer that ``prompt`` demands.

    Where several are mentioned the last one counts: instructions on form close a prompt. ``Free`` when none
    is known. Never raises; looks at the first and last parts of a very long prompt only.
    """
    text = (
        prompt
        if len(prompt) <= HEAD_CHARS + TAIL_CHARS
        else prompt[:HEAD_CHARS] + "\n" + prompt[-TAIL_CHARS:]
    )
    demands = list(_demands(text))
    if not demands:
        return Free()
    return max(demands, key=lambda pair: pair[0])[1]


def _demands(text: str) -> Iterator[tuple[int, Form]]:
    """Yield each demand on form with the place where it ends."""
    for match in _REPEATED.finditer(text):
        yield match.end(), RepeatedLetter(_count(match["count"]))
    for match in _CLOSING.finditer(text):
        yield match.end(), ClosingDigits(_count(match["count"] or match["count2"]))
    yield from _star_demands(text)
    for match in _BOXED.finditer(text):
        yield match.end(), Boxed()
    for match in _NUMBER_LIST.finditer(text):
        yield match.end(), NumberList()
    for match in _TAG.finditer(text):
        yield match.end(), Tagged(match["tag"].lower())
    for match in _HASHES.finditer(text):
        yield match.end(), Marked("####")
    for match in _LINE_MARKER.finditer(text):
        yield match.end(), Marked(" ".join((match["quoted"] or match["shown"]).lower().split()))
    for match in _LETTER.finditer(text):
        yield match.end(), OptionLetter()


def _star_demands(text: str) -> Iterator[tuple[int, Form]]:
    """Demands for bold or for text between asterisks, with what the sentence says about the content."""
    for match in _STARS_SHOWN.finditer(text):
        before = _SENTENCE_END.split(text[max(0, match.start() - 160) : match.start()])[-1]
        after = _SENTENCE_END.split(text[match.end() : match.end() + 160])[0]
        # A heading such as `**Output format:**` speaks of form, but is no demand for bold.
        named = _BOLD.search(f"{before} {after}") or _BOLD.fullmatch(match["inner"])
        if _STAR_DEMAND.search(f"{before} {after}") and (named or _SHOWN_NEXT.search(before)):
            yield match.end(), _starred(len(match["stars"]), match["inner"], before + match[0] + after)
    for match in _BOLD_WORD.finditer(text):
        yield match.end(), _starred(2, "", text[match.start() : match.end() + 120])


def _starred(stars: int, shown: str, sentence: str) -> Starred:
    """Return the starred form whose demanding sentence is ``sentence``.

    ``shown`` is what stood between the stars.
    """
    lowered = sentence.lower()
    listed = re.search(r"\blist of (?:(\w+) )?(?:words|items|entries|values|answers|names|numbers)", lowered)
    if listed:
        counted = listed[1] if listed[1] and (listed[1] in _NUMBER_WORDS or listed[1].isdecimal()) else None
        either = re.search(r"\bwords?,? (\w+) or (\w+)\b", lowered)
        words = frozenset(either.groups()) if either else frozenset()
        return Starred(stars, "list", _count(counted) if counted else None, words)
    if re.search(r"\bsingle[- ]digit\b", lowered):
        return Starred(stars, "digit")
    if re.search(r"\b(?:integer|whole number)\b", lowered) or shown.strip().isdecimal():
        return Starred(stars, "integer")
    if re.search(r"\b(?:single|one) word\b", lowered):
        return Starred(stars, "word")
    return Starred(stars, "text")


def _count(word: str) -> int:
    """Return a small number written in digits or as an English word."""
    return int(word) if word.isdecimal() else _NUMBER_WORDS.index(word.lower())
