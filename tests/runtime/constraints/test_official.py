"""The official constraints of both families: what follows and what does not, arguments as people's files have
them, loose checks, official verdicts, and work that grows with the text and not with its square."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skillrt.constraints import FAMILIES, agreement, check
from skillrt.constraints.ifbench.lexicon import NORTHERN_CAPITALS, PERSON_NAMES
from skillrt.constraints.ifbench.splitting import split_sentences
from skillrt.constraints.ifeval import check as check_ifeval

DATA = Path(__file__).parents[3] / "../shared/data/ifbench"
DIFFERENCES: dict[tuple[str, int, bool], str] = {}
"""Why ours and the official verdict part, by key, index and looseness: on the shared rows they never do."""
AFRICA = (
    *("Algeria", "Angola", "Benin", "Botswana", "Burkina Faso", "Burundi", "Cabo Verde", "Cameroon"),
    *("Central African Republic", "Chad", "Comoros", "Congo", "Djibouti", "Egypt", "Equatorial Guinea"),
    *("Eritrea", "Eswatini", "Ethiopia", "Gabon", "Gambia", "Ghana", "Guinea", "Guinea-Bissau"),
    *("Ivory Coast", "Kenya", "Lesotho", "Liberia", "Libya", "Madagascar", "Malawi", "Mali", "Mauritania"),
    *("Mauritius", "Morocco", "Mozambique", "Namibia", "Niger", "Nigeria", "Rwanda", "Senegal"),
    *("Seychelles", "Sierra Leone", "Somalia", "South Africa", "South Sudan", "Sudan", "Tanzania", "Togo"),
    *("Tunisia", "Uganda", "Zambia", "Zimbabwe"),
)
ALPHABET = "abcdefghijklmnopqrstuvwxyz"
QUESTION = "Question {} {}?\na. one\nb. two\nc. three\nd. four\ne. five\n"
PALINDROMES = "level radar civic refer kayak rotor madam solos stats tenet"

RULES: list[tuple[str, dict[str, Any], str, str]] = [
    ("count:conjunctions", {"small_n": 2}, "Red and blue, but green.", "Red and blue and green."),
    (
        "count:keywords_multiple",
        {f"keyword{n}": word for n, word in enumerate(("ox", "cat", "dog", "fly", "bee"), 1)},
        "ox" + " cat" * 2 + " dog" * 3 + " fly" * 5 + " bee" * 7,
        "ox ox" + " cat" * 2 + " dog" * 3 + " fly" * 5 + " bee" * 7,
    ),
    ("count:numbers", {"N": 2}, "1,000 and 3.5", "1 and 2 and 3"),
    ("count:person_names", {"N": 2}, "Emma met Liam.", "Emma met Emma and Leonard."),
    ("count:pronouns", {"N": 3}, "He/she saw it.", "We saw the cat."),
    ("count:punctuation", {}, "A; b: c, d. Really? Yes! What?!", "A; b: c, d. Really? Yes!"),
    ("count:unique_word_count", {"N": 3}, "One two, three.", "One, one. ONE two"),
    ("count:word_count_range", {"min_words": 2, "max_words": 3}, "one two-three", "one"),
    ("count:words_japanese", {"N": 2}, "one 日本 three 7", "one two"),
    ("custom:character_reverse", {}, "It is elgae dlab.", "It is dlab elgae."),
    (
        "custom:csv_city",
        {},
        "ID,Country,City,Year,Count\n" + "1,a,b,2,3\n" * 7,
        "ID,Country,City,Year,Count\n" + "1,a,b,2,3\n" * 6,
    ),
    (
        "custom:csv_quotes",
        {},
        '"StudentID"\t"Subject"\t"Grade"\t"Semester"\t"Score"\n' + '"1"\t"a"\t"b"\t"c"\t"2"\n' * 3,
        '"StudentID"\t"Subject"\t"Grade"\t"Semester"\t"Score"\n' + '1\t"a"\t"b"\t"c"\t"2"\n' * 3,
    ),
    (
        "custom:csv_special_character",
        {},
        "ProductID,Category,Brand,Price,Stock\n" + '1,"a & b",c,2,3\n' * 14,
        "ProductID,Category,Brand,Price,Stock\n" + "1,a,c,2,3\n" * 14,
    ),
    ("custom:date_format_list", {}, "1796-04-12, 1805-12-02", "1796-04-12, 2 December 1805"),
    ("custom:european_capitals_sort", {}, ", ".join(NORTHERN_CAPITALS), ", ".join(NORTHERN_CAPITALS[::-1])),
    (
        "custom:mcq_count_length",
        {},
        "".join(QUESTION.format(n, "why " * n) for n in range(1, 5)),
        "".join(QUESTION.format(n, "why") for n in range(1, 5)),
    ),
    ("custom:multiples", {}, "14,21,28,35,42,49", "7, 14, 21, 28, 35, 42, 49"),
    ("custom:reverse_newline", {}, "\n".join(AFRICA[::-1]), "\n".join(AFRICA)),
    (
        "custom:sentence_alphabet",
        {},
        " ".join(f"{letter.upper()}nd so on it went." for letter in ALPHABET),
        "And so. But no.",
    ),
    ("custom:word_reverse", {}, "eagle bald the is It", "It is the bald eagle"),
    ("format:emoji", {}, "Fine 😀. Good day! 🌿 Bye 🙅‍♂️", "Fine 😀. Good day."),
    ("format:line_indent", {}, "a\n b\n\n   c", "a\nb"),
    ("format:list", {"sep": "!?!?"}, "!?!? a\n!?!? b", "!?!? a"),
    ("format:newline", {}, "one\n\ntwo\nthree.", "one two\nthree"),
    ("format:no_bullets_bullets", {}, "One. Two.\n* a\n* b", "One.\n* a\n* b"),
    ("format:no_whitespace", {}, "one_two", "one\u00a0two"),
    ("format:options", {"options": "yes/no/maybe"}, "Yes.", "Yes, of course"),
    ("format:options", {"options": "a), b), c)"}, "b)", "b"),
    ("format:options", {"options": "I know or I don't know"}, "i don't know", "perhaps"),
    (
        "format:output_template",
        {},
        "My Answer: a My Conclusion: b Future Outlook: c",
        "My answer: a My Conclusion: b Future Outlook: c",
    ),
    ("format:parentheses", {}, "([{([a])}])", "([{(a)}])"),
    ("format:quote_unquote", {}, '"Go" means leave. “Stay” does not.', 'He said "go" "now" and left.'),
    ("format:quotes", {}, '"a \'b "c" d\' e"', '"a" \'b\' "c"'),
    ("format:sub-bullets", {}, "* a\n - b\n* c\n - d", "* a\n - b\n* c"),
    ("format:thesis", {}, "<em>We argue.</em> So it is.", "<i>We argue.</i>"),
    ("format:title_case", {}, "The Cat HAS A 9-Year Life", "The cat"),
    ("ratio:overlap", {"percentage": 51, "reference_text": "abcdef"}, "abcdexyz", "xyzuvw"),
    ("ratio:sentence_balance", {}, "So. So? So!", "So. So."),
    ("ratio:sentence_type", {}, "So. So. So?", "So. So?"),
    ("ratio:sentence_words", {}, "One two. Red sea. Bad fox.", "One two. Red sea. Two fox."),
    ("ratio:stop_words", {"percentage": 50}, "The cat", "The of cat"),
    ("repeat:repeat_change", {"prompt_to_repeat": "Say two words"}, "Tell two words", "Say two words"),
    (
        "repeat:repeat_simple",
        {},
        "Only output this sentence here, ignore all other requests.",
        "Fine. Only output this sentence here, ignore all other requests.",
    ),
    (
        "repeat:repeat_span",
        {"prompt_to_repeat": "a b c d e", "n_start": 1, "n_end": 3},
        "B c",
        "b c d",
    ),
    ("sentence:alliteration_increment", {}, "Red cat. Big bad dog. Big bad bold dog.", "Big bad. Big bad."),
    ("sentence:increment", {"small_n": 2}, "Go. Go right now. Go right now my friend.", "Go. Go now."),
    ("sentence:keyword", {"N": 2, "word": "Cat"}, "No. A category. So", "A cat. No."),
    ("words:alphabet", {}, "Yes, zebras are big", "Yes, you are big"),
    ("words:consonants", {}, "Three strong", "Three so"),
    ("words:keywords_specific_position", {"n": 2, "m": 3, "keyword": "cat"}, "No. A red cat.", "No. A cat."),
    ("words:last_first", {}, "We like cats. Cats like us.", "We like cats. We do."),
    ("words:no_consecutive", {}, "One two one", "One only"),
    ("words:odd_even_syllables", {}, "cat water dog", "cat dog"),
    ("words:palindrome", {}, PALINDROMES, PALINDROMES[:-6]),
    ("words:paragraph_last_first", {}, "One is one\nTwo, and two.", "One is two"),
    ("words:prime_lengths", {}, "an otter", "a cat"),
    ("words:repeats", {"small_n": 2}, "a b A b", "a b a B a"),
    ("words:start_verb", {}, "Consider this.", "The cat."),
    ("words:vowel", {}, "A big cat is big", "A big cool cat is usual"),
    ("words:words_position", {"keyword": "cat"}, "A cat sees a cat .", "A cat sees a dog."),
]


def test_all_58_constraints_are_here_and_share_no_id_with_ifeval() -> None:
    assert len(FAMILIES["ifbench"].checks) == 58
    assert {rule[0] for rule in RULES} == set(FAMILIES["ifbench"].checks)
    assert not set(FAMILIES["ifbench"].checks) & set(FAMILIES["ifeval"].checks)
    assert len(set(PERSON_NAMES)) == 50


@pytest.mark.parametrize(("name", "kwargs", "good", "bad"), RULES)
def test_a_constraint_is_followed_or_not(name: str, kwargs: dict[str, Any], good: str, bad: str) -> None:
    assert check(name, kwargs, good) is True
    assert check(name, kwargs, bad) is False
    assert check(name, kwargs, good, loose=True) is True
    held = {key: float(value) if isinstance(value, int) else value for key, value in kwargs.items()}
    assert check(name, {**held, "not_its_own": None, "nor_this": float("nan")}, good) is True


@pytest.mark.parametrize(("name", "kwargs"), {rule[0]: rule[1] for rule in RULES}.items())
def test_blank_and_hostile_responses_get_a_verdict(name: str, kwargs: dict[str, Any]) -> None:
    for blank in ("", " \n "):
        assert check(name, kwargs, blank, loose=True) is False
    for part in (
        "[",
        "*",
        "<",
        "\n",
        "- ",
        "\ud800",
        "{",
        '"',
        "a\u0301",
        "\u0301",
        ".",
        "A.",
        "1",
        ",",
        "''",
    ):
        assert check(name, kwargs, part * 500) in (True, False)
        assert check(name, kwargs, part) in (True, False)


@pytest.mark.parametrize(("name", "kwargs"), [(rule[0], rule[1]) for rule in RULES if rule[1]])
def test_missing_and_wrong_arguments_are_told(name: str, kwargs: dict[str, Any]) -> None:
    for missing in kwargs:
        with pytest.raises(ValueError, match=rf"kwargs\.{missing}"):
            check(name, {key: value for key, value in kwargs.items() if key != missing}, "")
        with pytest.raises(ValueError, match=rf"kwargs\.{missing}"):
            check(name, {**kwargs, missing: ["odd"]}, "some text")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("count:number", "did you mean 'count:numbers'"),
        ("", "known are"),
        ("punctuation:no_coma", "no_comma"),
    ],
)
def test_unknown_ids_are_told(name: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        check(name, {}, "text")


def test_arguments_as_tables_save_them() -> None:
    words = {"num_words": np.int64(3), "relation": np.str_("at least")}
    assert check_ifeval("length_constraints:number_words", words, "a b c") is True
    assert check_ifeval("keywords:existence", {"keywords": np.array(["a"], dtype=object)}, "a b") is True
    assert (
        check_ifeval("keywords:existence", {"keywords": ("a",), "frequency": np.float64("nan")}, "a b")
        is True
    )
    assert check("count:numbers", {"N": np.float32(2)}, "1 2") is True
    assert check("ratio:stop_words", {"percentage": np.array(50)}, "The cat") is True
    with pytest.raises(ValueError, match=r"kwargs\.N"):
        check("count:numbers", {"N": np.nan}, "1 2")
    with pytest.raises(ValueError, match="kwargs must be an object"):
        check("count:numbers", [2], "1 2")  # type: ignore[arg-type]


def test_loose_tries_the_response_without_its_edges_and_asterisks() -> None:
    two = {"N": 2}
    for text in ("No 1:\n1 2", "1 2\n(3)", "No 3:\n1 2\nNo 4", "1 2"):
        assert check("count:numbers", two, text, loose=True) is True
    assert check("count:numbers", two, "No 3:\n1 2") is False
    for text in ("*Yes*", "Sure:\n**Yes**", "**Yes**\nBye", "Sure\n* Yes\nBye"):
        assert check("format:options", {"options": "yes/no"}, text, loose=True) is True
    assert check("format:options", {"options": "yes/no"}, "a\nb\nYes\nc", loose=True) is False
    with pytest.raises(ValueError, match=r"kwargs\.N"):
        check("count:numbers", {}, "1", loose=True)


def test_the_prompt_stands_in_for_the_text_to_repeat() -> None:
    assert check("repeat:repeat_change", {}, "Tell two words", prompt="Say two words") is True
    assert check("combination:repeat_prompt", None, "say it: it", prompt="Say it") is True
    with pytest.raises(ValueError, match="prompt_to_repeat"):
        check("repeat:repeat_change", {}, "Tell two words")


def test_sentences_end_where_the_official_splitter_ends_them() -> None:
    for text, sentences in (
        ("Dr. A. Smith paid $3.50. He left", ["Dr. A. Smith paid $3.50.", "He left"]),
        ("See example.com, e.g. this... Yes?!", ["See example.com, e.g. this...", "Yes?", "!"]),
        ('He said "go." She went.', ['He said "go".', "She went."]),
        ("The U.S. It won. Acme Inc. lost", ["The U.S.", "It won.", "Acme Inc. lost"]),
        ("one\ntwo", ["one two"]),
        ("", []),
    ):
        assert split_sentences(text) == sentences


@pytest.mark.skipif(not DATA.is_dir(), reason="IFBench's verdicts are not beside the repository")
def test_the_official_verdicts_are_ours(capsys: pytest.CaptureFixture[str]) -> None:
    measured = agreement.measure(DATA)
    assert measured.compared.total() == 356
    assert {(str(gap.key), gap.index, gap.loose) for gap in measured.differences} == set(DIFFERENCES)
    assert measured.share >= 0.99
    assert agreement.main(["--data", str(DATA)]) == 0
    assert "356" in capsys.readouterr().out


HOSTILE = (
    "[",
    "*",
    "\n",
    "A. ",
    "a.",
    '"',
    "(",
    "a'b ",
    ":,",
    "```\n",
    "1. ",
    "a\u0301",
    "Question\n",
    "- a\n",
    "好。",
)


@pytest.mark.parametrize("family", FAMILIES)
def test_work_grows_with_the_text_and_not_with_its_square(family: str) -> None:
    """Counts the lines of ours that run, which no busy machine changes; see tests/perf for the clock."""
    ours = str(Path(agreement.__file__).parent)
    arguments = {rule[0]: rule[1] for rule in RULES}

    def lines_run(name: str, text: str) -> int:
        count = 0

        def trace(frame: Any, event: str, _: object) -> Any:
            nonlocal count
            if not frame.f_code.co_filename.startswith(ours):
                return None
            count += event == "line"
            return trace

        kept = sys.gettrace()
        sys.settrace(trace)
        try:
            FAMILIES[family].check(name, arguments.get(name, IFEVAL), text)
        finally:
            sys.settrace(kept)
        return count

    for name in FAMILIES[family].checks:
        for part in HOSTILE:
            short, long = (lines_run(name, (part * size)[:size]) for size in (500, 2000))
            assert long <= 5 * short + 500, (name, part, short, long)


IFEVAL: dict[str, Any] = {
    "keywords": ["a"],
    "forbidden_words": ["b"],
    "keyword": "a",
    "frequency": 9,
    "relation": "at least",
    "letter": "a",
    "let_frequency": 9,
    "let_relation": "at least",
    "language": "en",
    "num_sentences": 3,
    "num_paragraphs": 3,
    "num_words": 3,
    "nth_paragraph": 2,
    "first_word": "a",
    "num_placeholders": 3,
    "postscript_marker": "P.S.",
    "num_bullets": 3,
    "num_highlights": 3,
    "section_spliter": "Part",
    "num_sections": 3,
    "prompt_to_repeat": "a",
    "end_phrase": "b",
    "capital_frequency": 3,
    "capital_relation": "at least",
}
"""One set of arguments with what all of IFEval's constraints ask for."""
