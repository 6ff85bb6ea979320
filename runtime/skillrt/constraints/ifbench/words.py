"""IFBench's constraints on words and sentences one after another: ``words:*`` and ``sentence:*``."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from skillrt.constraints import arguments as given
from skillrt.constraints.ifbench import lexicon
from skillrt.constraints.ifbench.counts import NO_PUNCTUATION, PUNCTUATION
from skillrt.constraints.ifbench.splitting import split_sentences
from skillrt.constraints.treebank import treebank_words

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"
_CLUSTER: Final = re.compile(r"[bcdfghjklmnpqrstvwxyz]{2}")
_VOWELS: Final = re.compile(r"[aeiouy]+")
_SILENT: Final = re.compile(r"(?<=[^aeiouyl])es?$|(?<=[^aeioutdy])ed$|(?<=[aeiouy]l)es?$")
_MIN_PALINDROME: Final = 5


def _bare(response: str) -> list[str]:
    return response.translate(NO_PUNCTUATION).lower().split()


def _trimmed(text: str) -> list[str]:
    return [bare for word in text.lower().split() if (bare := word.strip(PUNCTUATION))]


def alphabet(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether each word begins with the letter after the one before; after z comes a."""
    letters = [word[0] for word in _trimmed(response)]
    if not letters or letters[0] not in _ALPHABET:
        return False
    start = _ALPHABET.index(letters[0])
    return all(letter == _ALPHABET[(start + place) % 26] for place, letter in enumerate(letters))


def vowel(_: Mapping[str, Any], response: str) -> bool:
    """One paragraph with at most three of the five vowels."""
    text = response.strip().lower()
    return "\n" not in text and len(set(text) & set("aeiou")) <= 3


def consonants(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether every word, as cut by spaces, has two consonants side by side."""
    return all(_CLUSTER.search(word) for word in response.lower().split())


def palindrome(_: Mapping[str, Any], response: str) -> bool:
    """Ten words of five characters and more that read the same backwards."""
    return sum(len(word) >= _MIN_PALINDROME and word == word[::-1] for word in _bare(response)) >= 10


def prime_lengths(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether the length of every word is a prime number."""
    lengths = {len(word) for word in _bare(response)}
    return all(
        length > 1 and all(length % part for part in range(2, int(length**0.5) + 1)) for length in lengths
    )


def repeats(kwargs: Mapping[str, Any], response: str) -> bool:
    """No word occurs more than ``small_n`` times."""
    return max(Counter(_bare(response)).values(), default=0) <= given.number(kwargs, "small_n")


def start_verb(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether the first word is a verb.

    Officially a tagger decides; here a list decides, and the endings -ing and -ed.
    """
    words = treebank_words(response[:1000])
    first = words[0].lower() if words else ""
    return first in lexicon.FIRST_VERBS or (len(first) > 5 and first.endswith(("ing", "ed")))


def odd_even_syllables(_: Mapping[str, Any], response: str) -> bool:
    """Words with an odd and with an even number of syllables take turns."""
    return all(
        count % 2 != next_count % 2 for count, next_count in pairwise(map(_syllables, _bare(response)))
    )


def _syllables(word: str) -> int:
    """Groups of vowels, without a silent e at the end: an estimate, as dictionaries know few names."""
    return max(1, len(_VOWELS.findall(_SILENT.sub("", word))))


def last_first(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether the last word of each sentence is the first of the next."""
    sentences = (_trimmed(sentence) for sentence in split_sentences(response))
    return all(
        bool(words and following) and words[-1] == following[0] for words, following in pairwise(sentences)
    )


def paragraph_last_first(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether each line ends with the word that it began with."""
    lines = (_trimmed(line) for line in response.split("\n") if line)
    return all(words[0] == words[-1] for words in lines if words)


def no_consecutive(_: Mapping[str, Any], response: str) -> bool:
    """No two words in a row begin with the same letter."""
    return all(word[0] != following[0] for word, following in pairwise(_bare(response)))


def keyword_position(kwargs: Mapping[str, Any], response: str) -> bool:
    """Tell whether the keyword is the ``m``-th token of the ``n``-th sentence."""
    nth, place = given.number(kwargs, "n", least=1), given.number(kwargs, "m", least=1)
    words = treebank_words("".join(split_sentences(response)[nth - 1 : nth]))
    return words[place - 1 : place] == [given.string(kwargs, "keyword").strip()]


def words_position(kwargs: Mapping[str, Any], response: str) -> bool:
    """Tell whether the keyword is the second token and the last but one."""
    keyword, words = given.string(kwargs, "keyword").strip(), treebank_words(response)
    return words[1:2] == words[-2:-1] == [keyword]


def alliteration_increment(_: Mapping[str, Any], response: str) -> bool:
    """More words of each sentence stand in alliterations than of the one before."""
    counts = [_alliterating(_trimmed(sentence)) for sentence in split_sentences(response)]
    return all(count < next_count for count, next_count in pairwise(counts))


def _alliterating(words: list[str]) -> int:
    """Words of a sentence that share their first letter with a neighbour."""
    count, inside = 0, False
    for word, following in pairwise(words):
        alike = word[0] == following[0]
        count += alike * (1 if inside else 2)
        inside = alike
    return count


def increment(kwargs: Mapping[str, Any], response: str) -> bool:
    """Tell whether each sentence has exactly ``small_n`` words more than the one before."""
    more = given.number(kwargs, "small_n")
    counts = [len(sentence.split()) for sentence in split_sentences(response)]
    return all(next_count - count == more for count, next_count in pairwise(counts))


def keyword(kwargs: Mapping[str, Any], response: str) -> bool:
    """Tell whether the ``N``-th sentence has the word, inside a longer one as well."""
    nth = given.number(kwargs, "N", least=1)
    word = given.string(kwargs, "word").strip().lower()
    return any(word in sentence.lower() for sentence in split_sentences(response)[nth - 1 : nth])
