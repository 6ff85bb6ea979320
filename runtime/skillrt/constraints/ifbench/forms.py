"""IFBench's constraints on the form of a text: ``format:*``."""

from __future__ import annotations

import re
import string
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import regex

from skillrt.constraints import arguments as given
from skillrt.constraints.ifbench.counts import NO_PUNCTUATION, PUNCTUATION
from skillrt.constraints.ifbench.splitting import split_sentences
from skillrt.constraints.treebank import treebank_words

if TYPE_CHECKING:
    from collections.abc import Mapping

_EMOJI: Final = regex.compile(r"[\p{Emoji}--[0-9#*]]", regex.V1)
_BRACKETS: Final = {")": "(", "]": "[", "}": "{"}
_LEVELS: Final = 5
_QUOTE_LEVELS: Final = 3
_STRAIGHT: Final = str.maketrans("“”‘’", "\"\"''")
_LETTERED: Final = re.compile(r"\W*a\W*b\W*c", re.IGNORECASE)
_EDGE: Final = string.digits + string.punctuation.replace('"', "")
_TEMPLATE: Final = ("My Answer:", "My Conclusion:", "Future Outlook:")


def parentheses(_: Mapping[str, Any], response: str) -> bool:
    """Brackets of any kind nested five deep, and the innermost closed again."""
    opened: list[str] = []
    for char in response:
        if char in "([{":
            opened.append(char)
        elif char in _BRACKETS and opened and opened[-1] == _BRACKETS[char]:
            if len(opened) >= _LEVELS:
                return True
            opened.pop()
    return False


def quotes(_: Mapping[str, Any], response: str) -> bool:
    """Quotation marks nested three deep, double and single in turn, and closed again.

    An apostrophe is a quotation mark as well: officially that is so.
    """
    opened: list[str] = []
    deepest = 0
    for char in response.translate(_STRAIGHT):
        if char not in "\"'":
            continue
        if opened and opened[-1] == char:
            opened.pop()
            if deepest - len(opened) >= _QUOTE_LEVELS:
                return True
        else:
            opened.append(char)
            deepest = len(opened)
    return False


def options(kwargs: Mapping[str, Any], response: str) -> bool:
    """Tell whether the whole response is one of the options.

    Lettered options are compared to the character, others without case.
    """
    told = given.string(kwargs, "options")
    separator = "/" if "/" in told else " or " if " or " in told else ","
    offered = [option.strip() for option in told.split(separator)]
    if _LETTERED.match(told):
        return response in offered
    return response.strip(f"{PUNCTUATION} ").lower() in [
        option.strip(PUNCTUATION).lower() for option in offered
    ]


def newline(_: Mapping[str, Any], response: str) -> bool:
    """As many lines that are not empty as words."""
    bare = response.translate(NO_PUNCTUATION).strip()
    return sum(map(bool, bare.split("\n"))) == len(bare.split())


def emoji(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether each sentence ends with an emoji, before its end mark or right after it."""
    bare = [sentence.translate(NO_PUNCTUATION).strip() for sentence in split_sentences(response)]
    return all(
        _EMOJI.search(sentence[-2:]) or _EMOJI.match(following)
        for sentence, following in pairwise([*bare, ""])
    )


def line_indent(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether each line that is not blank is indented more than the one before."""
    indents = [len(line) - len(line.lstrip(" ")) for line in response.split("\n") if line.strip()]
    return all(indent < next_indent for indent, next_indent in pairwise(indents))


def quote_unquote(_: Mapping[str, Any], response: str) -> bool:
    """No two quotations side by side, and none at the end."""
    text = "".join(response.replace("“", '"').replace("”", '"').split())
    return '""' not in text and not text.strip(_EDGE).endswith('"')


def special_list(kwargs: Mapping[str, Any], response: str) -> bool:
    """Tell whether the mark that stands for a bullet occurs twice at least."""
    return response.count(given.string(kwargs, "sep")) >= 2


def thesis(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether the response has a statement in HTML's italics, and text after it."""
    for opening, closing in (("<i>", "</i>"), ("<em>", "</em>")):
        _before, begun, rest = response.partition(opening)
        statement, ended, after = rest.partition(closing)
        if begun:
            return bool(ended and statement.strip() and after.strip())
    return False


def sub_bullets(_: Mapping[str, Any], response: str) -> bool:
    """After each asterisk, before the next one, a hyphen; a text without asterisks passes."""
    return all("-" in bullet for bullet in response.split("*")[1:])


def no_bullets_bullets(_: Mapping[str, Any], response: str) -> bool:
    """Two sentences that end in a period, then two bullets with asterisks, and nothing else."""
    sentences = bullets = 0
    for line in response.split("\n"):
        if line.strip().startswith("*"):
            bullets += 1
            if sentences < 2:
                return False
        elif bullets:
            return False
        elif line:
            here = split_sentences(line)
            if not all(sentence.endswith(".") for sentence in here):
                return False
            sentences += len(here)
    return bullets >= 2


def title_case(_: Mapping[str, Any], response: str) -> bool:
    """No word of two letters and more is all in small letters."""
    return not any(
        word[0].isalpha() and word[0].islower() and word[1:].islower() for word in treebank_words(response)
    )


def output_template(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether the response has the three headings of the template, wherever they stand."""
    return all(heading in response for heading in _TEMPLATE)


def no_whitespace(_: Mapping[str, Any], response: str) -> bool:
    """No white space of any kind."""
    return not any(map(str.isspace, response))
