"""The words that NLTK's tokenizer makes of a text, in linear time.

NLTK rewrites a whole sentence some twenty times, and on long ones one of its patterns is quadratic. Its
rules look at no more than one run of characters between spaces, except for the period at the end of a
sentence: so plain words are cut here, and the other runs are handed to NLTK once each, all together. Double
quotation marks stay what they are in the text (NLTK spells them with grave accents and apostrophes).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

from skillrt.constraints.punkt import punkt_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ALONE: Final = r"\[\](){}<>;@#$%&?!*\"«“‘„»”’‒–—―"
_RUN: Final = re.compile(rf"[{_ALONE}]|``?|[^\s`{_ALONE}]+")
"""A mark that is a token wherever it stands, or what is between such marks and spaces."""
_PLAIN: Final = re.compile(rf"\w+[.,:]?|[{_ALONE}]|``?|[:,]+")
_SHORTENED: Final = re.compile(r"(\w+)(n't|N'T|'(?:[sSmMdD]|ll|LL|re|RE|ve|VE))")
_TWO_IN_ONE: Final = frozenset(("cannot", "gimme", "gonna", "gotta", "lemme", "wanna"))
"""Words that NLTK cuts in two."""
_AFTER_PERIOD: Final = "])}>\"'»”’ "
_PRIVATE: Final = range(0xE000, 0xF8FF)


def treebank_words(text: str) -> list[str]:
    """Return the tokens of a text, punctuation included, sentence by sentence."""
    runs = _runs(text)
    pieces = _pieces(set(runs))
    return [piece for run in runs for piece in pieces[run]]


def capital_count(text: str) -> int:
    """Return how many of the tokens are all in capitals."""
    runs = Counter(_runs(text))
    pieces = _pieces(run for run in runs if run != run.lower())
    return sum(runs[run] * sum(map(str.isupper, tokens)) for run, tokens in pieces.items())


def _runs(text: str) -> list[str]:
    runs: list[str] = _RUN.findall("\n".join(map(_last_period_apart, punkt_sentences(text))))
    return runs


def _last_period_apart(sentence: str) -> str:
    """The period that ends a sentence is a token of its own; any other stays with its word."""
    if len(sentence) == 1 or sentence[-1].isalnum():
        return sentence
    if sentence[-1] == ".":
        return sentence if sentence[-2] == "." else f"{sentence[:-1]} ."
    end = len(sentence.rstrip().rstrip(_AFTER_PERIOD))
    opened = ' "' in sentence[end:] or " ''" in sentence[end:]  # a quotation that begins closes nothing
    if end > 1 and not opened and sentence[end - 1] == "." != sentence[end - 2]:
        return f"{sentence[: end - 1]} . {sentence[end:]}"
    return sentence


def _pieces(runs: Iterable[str]) -> Mapping[str, list[str]]:
    pieces: dict[str, list[str]] = {}
    hard: list[str] = []
    for run in runs:
        shortened = _SHORTENED.fullmatch(run)
        if (shortened[1] if shortened else run.rstrip(".,:")).lower() in _TWO_IN_ONE:
            hard.append(run)
        elif shortened:
            pieces[run] = [shortened[1], shortened[2]]
        elif not _PLAIN.fullmatch(run):
            hard.append(run)
        elif run[-1] in ",:":
            pieces[run] = [run[:-1], run[-1]] if run[0] not in ",:" else list(run)
        else:
            pieces[run] = [run]
    return pieces | _by_nltk(hard) if hard else pieces


def _by_nltk(runs: list[str]) -> dict[str, list[str]]:
    # NLTK takes over a second to import: only who needs it pays for it.
    from nltk.tokenize.destructive import NLTKWordTokenizer

    used = set("".join(runs))
    mark = next(sign for code in _PRIVATE if (sign := chr(code)) not in used)
    by_run: dict[str, list[str]] = {}
    pieces: list[str] = []
    waiting = iter(runs)
    for token in NLTKWordTokenizer().tokenize(f" {mark} ".join([*runs, ""])):
        if token == mark:
            by_run[next(waiting)], pieces = pieces, []
        else:
            pieces.append(token)
    return by_run
