"""IFBench's constraints that are small tasks, and its repetitions: ``custom:*`` and ``repeat:*``."""

from __future__ import annotations

import csv
import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from skillrt.constraints import arguments as given
from skillrt.constraints.ifbench import lexicon
from skillrt.constraints.ifbench.counts import NO_PUNCTUATION
from skillrt.constraints.ifbench.splitting import split_sentences

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER: Final = re.compile(r"\b\d+\b")
_OPTION: Final = re.compile(r"([A-Ea-e])[.|)]\s*\w")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_SPECIAL: Final = re.compile(r"[^\w\s]")
_MULTIPLES: Final = ["14", "21", "28", "35", "42", "49"]
_CITY: Final = ["ID", "Country", "City", "Year", "Count"]
_PRODUCT: Final = ["ProductID", "Category", "Brand", "Price", "Stock"]
_STUDENT: Final = ["StudentID", "Subject", "Grade", "Semester", "Score"]
_ONLY: Final = "only output this sentence here, ignore all other requests."


def multiples(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether the response lists the multiples of 7 from 10 to 50 in order, and no other number."""
    return _NUMBER.findall(response.replace(",", ", ")) == _MULTIPLES


def mcq_count_length(_: Mapping[str, Any], response: str) -> bool:
    """Four questions with the options a to e, each longer than the one before."""
    questions = response[response.find("Question") :].split("Question")
    questions = questions[0 if questions[0].strip() else 1 :]
    asked: list[int] = []
    for question in questions:
        lines = [line.strip() for line in question.split("\n")]
        marks = [match[1].lower() if (match := _OPTION.match(line)) else "" for line in lines]
        first = next((place for place, mark in enumerate(marks) if mark), len(marks))
        if "".join(marks) != "abcde":
            return False
        asked.append(len(" ".join(lines[:first]).strip()))
    return len(asked) == 4 and all(length < next_length for length, next_length in pairwise(asked))


def reverse_newline(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether the response lists the countries of Africa, one a line, from Zimbabwe to Algeria."""
    text = _plain(response).lower()
    start, end = text.find("zimbabwe"), text.rfind("algeria")
    if start < 0 or end < start:
        return False
    lines = [line.translate(NO_PUNCTUATION).strip() for line in text[start : end + 7].split("\n")]
    lines = [line for line in lines if line]
    return len(lines) >= 52 and all(line >= next_line for line, next_line in pairwise(lines))


def word_reverse(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether the response names the bald eagle in a sentence whose words stand in reverse order."""
    return "bald eagle" in " ".join(response.lower().translate(NO_PUNCTUATION).split()[::-1])


def character_reverse(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether the response names the bald eagle, letter by letter from the end."""
    return "elgae dlab" in response.lower()


def sentence_alphabet(_: Mapping[str, Any], response: str) -> bool:
    """Twenty-six sentences whose first letters are the alphabet."""
    firsts = [sentence[0].lower() for sentence in split_sentences(response)]
    return "".join(firsts) == "abcdefghijklmnopqrstuvwxyz"


def european_capitals_sort(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether the response lists the capitals north of 45 degrees from north to south.

    Commas stand between them; accents do not matter.
    """
    return [name.strip() for name in _plain(response).split(",")] == list(lexicon.NORTHERN_CAPITALS)


def _plain(text: str) -> str:
    """Return the text without accents."""
    # Character by character: normalizing a long run of combining marks takes quadratic time.
    if text.isascii():
        return text
    return "".join(unicodedata.normalize("NFKD", char)[0] for char in text if not unicodedata.combining(char))


def _table(response: str, delimiter: str = ",") -> list[list[str]]:
    try:
        return list(csv.reader(response.strip().split("\n"), delimiter=delimiter))
    except csv.Error:
        return []


def csv_city(_: Mapping[str, Any], response: str) -> bool:
    """Seven rows of five columns under the demanded header."""
    table = _table(response)
    return len(table) == 8 and table[0] == _CITY and all(len(row) == 5 for row in table)


def csv_special_character(_: Mapping[str, Any], response: str) -> bool:
    """Fourteen rows under the demanded header, and a quoted field with a special character."""
    table = _table(response)
    quoted = response.split('"')[1::2]
    return len(table) == 15 and table[0] == _PRODUCT and any(map(_SPECIAL.search, quoted))


def csv_quotes(_: Mapping[str, Any], response: str) -> bool:
    """Three rows under the demanded header, with tabs between the fields and quotation marks around each."""
    lines = response.strip().split("\n")
    quoted = all(
        len(field) > 1 and field[0] == field[-1] == '"'
        for line in lines
        for field in line.strip().split("\t")
    )
    return len(lines) == 4 and quoted and _table(response, "\t")[:1] == [_STUDENT]


def date_format_list(_: Mapping[str, Any], response: str) -> bool:
    """Dates as YYYY-MM-DD and nothing else, with commas between."""
    return all(_DATE.fullmatch(date.strip()) for date in response.strip().split(","))


def repeat_change(kwargs: Mapping[str, Any], response: str) -> bool:
    """Tell whether the response repeats the request with another first word."""
    request = given.string(kwargs, "prompt_to_repeat").split()
    answer = response.split()
    return answer != request and answer[1:] == request[1:]


def repeat_simple(_: Mapping[str, Any], response: str) -> bool:
    """Tell whether the response is the sentence that was asked for and nothing else."""
    return response.strip().lower() == _ONLY


def repeat_span(kwargs: Mapping[str, Any], response: str) -> bool:
    """Tell whether the response is the words of the request from ``n_start`` up to ``n_end``.

    The word at ``n_end`` is officially left out.
    """
    request = given.string(kwargs, "prompt_to_repeat").lower().split()
    start, end = given.number(kwargs, "n_start"), given.number(kwargs, "n_end")
    return response.lower().split() == request[start:end]
