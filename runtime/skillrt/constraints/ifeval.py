"""The 25 instructions of IFEval with their official meaning, oddities included.

``check`` answers as the published checker does; where the two are known to part is said beside the rule.
An unknown instruction id, a missing or wrong argument, an unknown relation is a ValueError: nothing
passes by not being understood. Every pattern, ours and the data's, runs in RE2 and so in linear time.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from skillrt.constraints import arguments as given
from skillrt.constraints.family import Check, Family
from skillrt.constraints.language import guesses
from skillrt.constraints.patterns import count, found, linear
from skillrt.constraints.punkt import punkt_sentences
from skillrt.constraints.treebank import capital_count

if TYPE_CHECKING:
    from collections.abc import Mapping

# RE2's \s and \w know ASCII only, Python's all of Unicode: the classes are spelled out.
_SPACE: Final = r"[\t-\r\x1c-\x20\x85\p{Z}]"
# Python's own patterns where they need one pass: RE2 takes 20 times as long for each match.
_WORD: Final = re.compile(r"\w+")
_STARS: Final = re.compile(r"\s?\*\*\*\s?")
_SINGLE: Final = re.compile(r"\*[^\n*]*\*")
_DOUBLE: Final = re.compile(r"\*\*[^\n*]*\*\*")
_TITLE: Final = linear(r"<<[^\n]+>>")
_CHOICES: Final = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
_FENCES: Final = ("```json", "```Json", "```JSON", "```")
_LANGUAGE_CHARS: Final = 40_000
"""More than langdetect looks at; the rest of a longer text would only cost time."""


def _compare(relation: str, value: int, bound: int) -> bool:
    return value < bound if relation == "less than" else value >= bound


def _keyword_existence(kwargs: Mapping[str, Any], response: str) -> bool:
    return all(found(linear(word, ignore_case=True), response) for word in given.strings(kwargs, "keywords"))


def _keyword_frequency(kwargs: Mapping[str, Any], response: str) -> bool:
    pattern = linear(given.string(kwargs, "keyword").strip(), ignore_case=True)
    bound = given.number(kwargs, "frequency")
    # Finding all matches of a hostile pattern is quadratic; as many as the bound settle either relation.
    return _compare(given.relation(kwargs, "relation"), count(pattern, response, at_most=bound), bound)


def _forbidden_words(kwargs: Mapping[str, Any], response: str) -> bool:
    words = given.strings(kwargs, "forbidden_words")
    return not any(found(linear(word, ignore_case=True, whole_word=True), response) for word in words)


def _letter_frequency(kwargs: Mapping[str, Any], response: str) -> bool:
    # The official checker replaces what is not a letter by a random one; here it is counted as it is.
    letter = given.string(kwargs, "letter").strip().lower()
    if len(letter) != 1:
        raise ValueError(f"kwargs.letter must be one character, got {letter!r}")
    bound = given.number(kwargs, "let_frequency")
    return _compare(given.relation(kwargs, "let_relation"), response.lower().count(letter), bound)


def _is_language(response: str, code: str) -> bool:
    # Officially a text in which no language can be told (digits only, say) passes.
    likeliest = guesses(response, max_chars=_LANGUAGE_CHARS)
    return not likeliest or likeliest[0][0] == code


def _response_language(kwargs: Mapping[str, Any], response: str) -> bool:
    return _is_language(response, given.string(kwargs, "language"))


def _number_sentences(kwargs: Mapping[str, Any], response: str) -> bool:
    bound = given.number(kwargs, "num_sentences")
    return _compare(given.relation(kwargs, "relation"), len(punkt_sentences(response)), bound)


def _number_paragraphs(kwargs: Mapping[str, Any], response: str) -> bool:
    parts = _STARS.split(response)
    if any(not part.strip() for part in parts[1:-1]):
        return False
    ends = (parts[0], parts[-1]) if len(parts) > 1 else (parts[0],)
    blank = sum(not part.strip() for part in ends)
    return len(parts) - blank == given.number(kwargs, "num_paragraphs")


def _number_words(kwargs: Mapping[str, Any], response: str) -> bool:
    bound = given.number(kwargs, "num_words")
    return _compare(given.relation(kwargs, "relation"), len(_WORD.findall(response)), bound)


def _nth_paragraph_first_word(kwargs: Mapping[str, Any], response: str) -> bool:
    nth = given.number(kwargs, "nth_paragraph", least=1)
    paragraphs = response.split("\n\n")
    filled = sum(bool(paragraph.strip()) for paragraph in paragraphs)
    # Officially the n-th is looked up among all pieces, the blank ones included.
    if nth > filled or not paragraphs[nth - 1].strip():
        return False
    word = paragraphs[nth - 1].split(maxsplit=1)[0].lstrip("'").lstrip('"').lower()
    end = min((place for mark in ".,?!'\"" if (place := word.find(mark)) >= 0), default=len(word))
    wanted = given.string(kwargs, "first_word").lower()
    return filled == given.number(kwargs, "num_paragraphs") and word[:end] == wanted


def _number_placeholders(kwargs: Mapping[str, Any], response: str) -> bool:
    total = 0
    for line in response.split("\n"):
        start = line.find("[")
        while start >= 0 and (end := line.find("]", start)) >= 0:
            total += 1
            start = line.find("[", end)
    return total >= given.number(kwargs, "num_placeholders")


def _postscript(kwargs: Mapping[str, Any], response: str) -> bool:
    marker = given.string(kwargs, "postscript_marker")
    if marker == "P.P.S":
        pattern = linear(rf"p\.{_SPACE}?p\.{_SPACE}?s")
    elif marker == "P.S.":
        pattern = linear(rf"p\.{_SPACE}?s\.")
    else:
        pattern = linear(marker.lower())
    return found(pattern, response.lower())


def _number_bullet_lists(kwargs: Mapping[str, Any], response: str) -> bool:
    lines = [line.lstrip() for line in response.split("\n")]
    dashes = sum(line.startswith("-") for line in lines)
    stars, place = 0, 0
    while place < len(lines):
        line, last = lines[place], place + 1 == len(lines)
        # Officially what must follow the asterisk may be the end of the line, and then the next one is text.
        alone = line == "*" and not last
        stars += alone or (line[:1] == "*" and line[1:2] not in ("", "*"))
        place += 1 + alone
    return stars + dashes == given.number(kwargs, "num_bullets")


def _constrained_response(_: Mapping[str, Any], response: str) -> bool:
    return any(choice in response for choice in _CHOICES)


def _highlighted_sections(kwargs: Mapping[str, Any], response: str) -> bool:
    single = sum(bool(span.strip("*").strip()) for span in _SINGLE.findall(response))
    double = sum(bool(span[2:-2].strip()) for span in _DOUBLE.findall(response))
    return single + double >= given.number(kwargs, "num_highlights")


def _multiple_sections(kwargs: Mapping[str, Any], response: str) -> bool:
    marker = given.string(kwargs, "section_spliter").strip()
    pattern = linear(rf"{_SPACE}?{marker}{_SPACE}?\p{{Nd}}+{_SPACE}?")
    bound = given.number(kwargs, "num_sections")
    return count(pattern, response, at_most=bound) >= bound


def _json_format(_: Mapping[str, Any], response: str) -> bool:
    value = response.strip()
    for fence in _FENCES:
        value = value.removeprefix(fence)
    try:
        json.loads(value.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


def _title(_: Mapping[str, Any], response: str) -> bool:
    return any(title.lstrip("<").rstrip(">").strip() for title in _TITLE.findall(response))


def _two_responses(_: Mapping[str, Any], response: str) -> bool:
    parts = response.split("******")
    if any(not part.strip() for part in parts[1:-1]):
        return False
    filled = [part.strip() for part in parts if part.strip()]
    return len(filled) == 2 and filled[0] != filled[1]


def _repeat_prompt(kwargs: Mapping[str, Any], response: str) -> bool:
    return response.strip().lower().startswith(given.string(kwargs, "prompt_to_repeat").strip().lower())


def _end_checker(kwargs: Mapping[str, Any], response: str) -> bool:
    ending = given.string(kwargs, "end_phrase").strip().lower()
    return response.strip().strip('"').lower().endswith(ending)


def _english_capital(_: Mapping[str, Any], response: str) -> bool:
    return response.isupper() and _is_language(response, "en")


def _english_lowercase(_: Mapping[str, Any], response: str) -> bool:
    return response.islower() and _is_language(response, "en")


def _capital_word_frequency(kwargs: Mapping[str, Any], response: str) -> bool:
    bound = given.number(kwargs, "capital_frequency")
    return _compare(given.relation(kwargs, "capital_relation"), capital_count(response), bound)


def _no_comma(_: Mapping[str, Any], response: str) -> bool:
    return "," not in response


def _quotation(_: Mapping[str, Any], response: str) -> bool:
    value = response.strip()
    return len(value) > 1 and value[0] == '"' and value[-1] == '"'


_CHECKS: Final[Mapping[str, Check]] = {
    "keywords:existence": _keyword_existence,
    "keywords:frequency": _keyword_frequency,
    "keywords:forbidden_words": _forbidden_words,
    "keywords:letter_frequency": _letter_frequency,
    "language:response_language": _response_language,
    "length_constraints:number_sentences": _number_sentences,
    "length_constraints:number_paragraphs": _number_paragraphs,
    "length_constraints:number_words": _number_words,
    "length_constraints:nth_paragraph_first_word": _nth_paragraph_first_word,
    "detectable_content:number_placeholders": _number_placeholders,
    "detectable_content:postscript": _postscript,
    "detectable_format:number_bullet_lists": _number_bullet_lists,
    "detectable_format:constrained_response": _constrained_response,
    "detectable_format:number_highlighted_sections": _highlighted_sections,
    "detectable_format:multiple_sections": _multiple_sections,
    "detectable_format:json_format": _json_format,
    "detectable_format:title": _title,
    "combination:two_responses": _two_responses,
    "combination:repeat_prompt": _repeat_prompt,
    "startend:end_checker": _end_checker,
    "startend:quotation": _quotation,
    "change_case:capital_word_frequency": _capital_word_frequency,
    "change_case:english_capital": _english_capital,
    "change_case:english_lowercase": _english_lowercase,
    "punctuation:no_comma": _no_comma,
}

INSTRUCTIONS: Final = tuple(sorted(_CHECKS))
"""The ids that ``check`` knows."""


FAMILY: Final = Family("ifeval", "IFEval", _CHECKS)
check = FAMILY.check
