"""IFBench's constraints on numbers of things: ``count:*`` and ``ratio:*``."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Any, Final

from skillrt.constraints import arguments as given
from skillrt.constraints.ifbench import lexicon
from skillrt.constraints.ifbench.splitting import split_sentences
from skillrt.constraints.treebank import treebank_words

if TYPE_CHECKING:
    from collections.abc import Mapping

WORD: Final = re.compile(r"\w+")
PUNCTUATION: Final = string.punctuation
NO_PUNCTUATION: Final = str.maketrans("", "", string.punctuation)
_DIGITS: Final = re.compile(r"\d+")
_JAPANESE: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_OVERLAP_WITHIN: Final = 2


def word_count_range(kwargs: Mapping[str, Any], response: str) -> bool:
    """Between ``min_words`` and ``max_words`` runs of letters and digits."""
    least, most = given.number(kwargs, "min_words"), given.number(kwargs, "max_words")
    return least <= len(WORD.findall(response)) <= most


def unique_word_count(kwargs: Mapping[str, Any], response: str) -> bool:
    """At least ``N`` different words, case and punctuation around them aside."""
    words = {word.strip(PUNCTUATION) for word in response.lower().split()}
    return len(words) >= given.number(kwargs, "N")


def conjunctions(kwargs: Mapping[str, Any], response: str) -> bool:
    """At least ``small_n`` different coordinating conjunctions."""
    words = {word.strip(PUNCTUATION).lower() for word in response.split()}
    return len(words & lexicon.CONJUNCTIONS) >= given.number(kwargs, "small_n")


def numbers(kwargs: Mapping[str, Any], response: str) -> bool:
    """Exactly ``N`` runs of digits. Punctuation is taken out first, so that 1,000 and 3.5 are one each."""
    return len(_DIGITS.findall(response.translate(NO_PUNCTUATION))) == given.number(kwargs, "N")


def person_names(kwargs: Mapping[str, Any], response: str) -> bool:
    """At least ``N`` different names of the list that the instruction gives."""
    words = set(WORD.findall(response))
    return len(words.intersection(lexicon.PERSON_NAMES)) >= given.number(kwargs, "N")


def pronouns(kwargs: Mapping[str, Any], response: str) -> bool:
    """At least ``N`` personal or possessive pronouns, each counted as often as it occurs."""
    words = treebank_words(response.replace("/", " ").lower())
    return sum(word in lexicon.PRONOUNS for word in words) >= given.number(kwargs, "N")


def punctuation(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether every standard mark occurs once at least.

    An interrobang is among them, and its two marks count for nothing else.
    """
    interrobang = next((mark for mark in ("?!", "!?", "‽") if mark in response), None)
    if interrobang is None:
        return False
    rest = response.replace(interrobang, "", 1)
    return all(mark in rest for mark in ".,!?;:")


def keywords_multiple(kwargs: Mapping[str, Any], response: str) -> bool:
    """Tell whether the response has the five keywords 1, 2, 3, 5 and 7 times, inside longer words as well."""
    words = [given.string(kwargs, f"keyword{place}").strip().lower() for place in range(1, 6)]
    return list(map(response.lower().count, words)) == [1, 2, 3, 5, 7]


def words_japanese(kwargs: Mapping[str, Any], response: str) -> bool:
    """Tell whether every ``N``-th word has a Japanese character; numbers and bare punctuation need none."""
    step = given.number(kwargs, "N", least=1)
    words = (word.strip(PUNCTUATION) for word in response.split()[step - 1 :: step])
    return all(not word or word.isdigit() or _JAPANESE.search(word) for word in words)


def stop_words(kwargs: Mapping[str, Any], response: str) -> bool:
    """At most ``percentage`` of the words are stop words."""
    words = WORD.findall(response.lower())
    share = sum(word in lexicon.STOP_WORDS for word in words) / len(words) if words else 0.0
    return 100 * share <= given.percentage(kwargs, "percentage")


def overlap(kwargs: Mapping[str, Any], response: str) -> bool:
    """Of the different runs of three characters, ``percentage`` are in the reference text, give or take 2."""
    wanted = given.percentage(kwargs, "percentage")
    own, reference = _trigrams(response), _trigrams(given.string(kwargs, "reference_text"))
    share = 100 * len(own & reference) / len(own) if own else 0.0
    return abs(share - wanted) <= _OVERLAP_WITHIN


def _trigrams(text: str) -> set[str]:
    return {text[place : place + 3] for place in range(len(text) - 2)}


def sentence_type(_: Mapping[str, Any], response: str) -> bool:
    """Twice as many sentences end in a period as in a question mark."""
    ends = [sentence[-1] for sentence in split_sentences(response)]
    return ends.count(".") == 2 * ends.count("?")


def sentence_balance(_: Mapping[str, Any], response: str) -> bool:
    """As many sentences end in a period as in a question mark as in an exclamation mark."""
    ends = [sentence[-1] for sentence in split_sentences(response)]
    return ends.count(".") == ends.count("?") == ends.count("!")


def sentence_words(_: Mapping[str, Any], response: str) -> bool:
    """Three sentences of the same length in characters, and no word twice."""
    sentences = split_sentences(response)
    words = [word.strip(PUNCTUATION) for sentence in sentences for word in sentence.lower().split()]
    words = [word for word in words if word]
    return len(sentences) == 3 and len(set(map(len, sentences))) == 1 and len(set(words)) == len(words)
