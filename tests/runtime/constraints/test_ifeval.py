"""The 25 IFEval instructions: texts that follow and that do not, refusals, the official verdicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from skillrt.constraints import agreement
from skillrt.constraints.ifeval import INSTRUCTIONS, check
from skillrt.constraints.patterns import count, found, linear
from skillrt.constraints.punkt import punkt_sentences

DATA = Path(__file__).parents[3] / "../shared/data/ifeval"
ENGLISH = "the weather was fine and we walked along the river until it was dark"

RULES: list[tuple[str, dict[str, Any], str, str]] = [
    ("keywords:existence", {"keywords": ["red", "blue"]}, "Red and BLUE.", "Red only."),
    ("keywords:existence", {"keywords": ["r.d"]}, "a rod", "rd"),
    ("keywords:frequency", {"keyword": "a", "frequency": 3, "relation": "at least"}, "banana", "bad"),
    ("keywords:frequency", {"keyword": "a", "frequency": 3, "relation": "less than"}, "bad", "banana"),
    ("keywords:forbidden_words", {"forbidden_words": ["art"]}, "a party", "the Art."),
    ("keywords:forbidden_words", {"forbidden_words": ["été"]}, "étés", "un été là"),
    (
        "keywords:letter_frequency",
        {"letter": "e", "let_frequency": 2, "let_relation": "at least"},
        "Eve",
        "eat",
    ),
    (
        "keywords:letter_frequency",
        {"letter": "!", "let_frequency": 2, "let_relation": "less than"},
        "a!",
        "a!!",
    ),
    ("language:response_language", {"language": "en"}, ENGLISH, "Das Wetter war schön, wir gingen am Fluss."),
    (
        "length_constraints:number_sentences",
        {"num_sentences": 2, "relation": "at least"},
        "Hi. Ho.",
        "Dr. Ho.",
    ),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\nb\n***", "a\n***\n***\nb"),
    (
        "length_constraints:number_words",
        {"num_words": 3, "relation": "less than"},
        "one two",
        "well-known man",
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "Hello"},
        'a\n\n"hello, you',
        "a\n\nhello-you b",
    ),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[a] [b c]", "[a\n] [b]"),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "a\np. s. b", "PS b"),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "a P.P.S b", "P.S. b"),
    ("detectable_content:postscript", {"postscript_marker": "Note"}, "a note", "a nota"),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n - b", "* a\n**b**"),
    ("detectable_format:constrained_response", {}, "Well. My answer is no.", "My answer is nope"),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "*a* and *b*", "*a* and * *"),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 1}, "**b**", "****"),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "Part", "num_sections": 2},
        "Part 1\nPart2",
        "Part 1 part 2",
    ),
    ("detectable_format:json_format", {}, '```json\n{"a": 1}\n```', "{a: 1}"),
    ("detectable_format:title", {}, "<<A>>", "<< >>"),
    ("combination:two_responses", {}, "a\n******\nb", "a ****** a"),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say hi"}, " say HI! Hi", "Hi"),
    ("startend:end_checker", {"end_phrase": "The end."}, 'All. the end."', "The end. Bye"),
    ("startend:quotation", {}, ' "a" ', '"a'),
    (
        "change_case:capital_word_frequency",
        {"capital_frequency": 2, "capital_relation": "at least"},
        "I AM",
        "Am I",
    ),
    ("change_case:english_capital", {}, ENGLISH.upper(), ENGLISH.upper() + " x"),
    ("change_case:english_lowercase", {}, ENGLISH, ENGLISH + " X"),
    ("punctuation:no_comma", {}, "a; b", "a, b"),
]


def test_all_25_instructions_are_here() -> None:
    assert len(INSTRUCTIONS) == 25
    assert {rule[0] for rule in RULES} == set(INSTRUCTIONS)


@pytest.mark.parametrize(("name", "kwargs", "good", "bad"), RULES)
def test_an_instruction_is_followed_or_not(name: str, kwargs: dict[str, Any], good: str, bad: str) -> None:
    assert check(name, kwargs, good) is True
    assert check(name, kwargs, bad) is False
    assert check(name, {**kwargs, "not_its_own": None}, good) is True


@pytest.mark.parametrize(("name", "kwargs", "good", "bad"), RULES)
def test_blank_and_hostile_responses_get_a_verdict(
    name: str, kwargs: dict[str, Any], good: str, bad: str
) -> None:
    assert check(name, kwargs, "") is False
    assert check(name, kwargs, " \n ") is False
    for part in ("[", "*", "<", "\n", "- ", "\ud800", "{", '"', "a\u0301"):
        assert check(name, kwargs, part * 3000) in (True, False)


@pytest.mark.parametrize(
    ("name", "kwargs", "told"),
    [
        ("keywords:existance", {}, "unknown IFEval instruction"),
        ("keywords:existence", {}, "keywords"),
        ("keywords:existence", {"keywords": []}, "keywords"),
        ("keywords:existence", {"keywords": [""]}, "keywords"),
        ("keywords:existence", {"keywords": ["("]}, "RE2"),
        ("keywords:forbidden_words", {"forbidden_words": ["(?=a)"]}, "RE2"),
        ("keywords:existence", {"keywords": ["a" * 3000]}, "2000 characters"),
        (
            "keywords:frequency",
            {"keyword": "a", "frequency": 1, "relation": "at most"},
            "at least, less than",
        ),
        ("keywords:frequency", {"keyword": "a", "frequency": 1.5, "relation": "at least"}, "whole number"),
        ("keywords:frequency", {"keyword": "a", "frequency": True, "relation": "at least"}, "whole number"),
        (
            "keywords:letter_frequency",
            {"letter": "ab", "let_frequency": 1, "let_relation": "at least"},
            "one character",
        ),
        ("length_constraints:number_words", {"num_words": 3, "relation": None}, "relation"),
        ("startend:end_checker", {"end_phrase": " "}, "end_phrase"),
        (
            "length_constraints:nth_paragraph_first_word",
            {"num_paragraphs": 2, "nth_paragraph": 0, "first_word": "a"},
            "nth_paragraph",
        ),
    ],
)
def test_what_is_not_understood_never_passes(name: str, kwargs: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        check(name, kwargs, "some text")


def test_a_text_without_a_language_passes_as_officially() -> None:
    assert check("language:response_language", {"language": "kn"}, "123 456") is True


def test_hostile_keywords_take_linear_time() -> None:
    text = "a" * 50_000
    kwargs = {"keyword": "(a*)*b|a", "frequency": 5, "relation": "at least"}
    assert check("keywords:frequency", kwargs, text) is True
    assert check("keywords:existence", {"keywords": ["(a+)+$b"]}, text) is False


def test_patterns_find_and_count() -> None:
    assert found(linear("B", ignore_case=True), "abc")
    assert not found(linear("b", whole_word=True), "éb bé")
    assert count(linear("a"), "banana") == 3
    assert count(linear("a"), "banana", at_most=2) == 2


def test_punkt_keeps_its_oddities() -> None:
    assert punkt_sentences("Dr. Smith met J. Jones. They talked.") == [
        "Dr. Smith met J. Jones.",
        "They talked.",
    ]
    assert punkt_sentences("Wow!!! Yes") == ["Wow!!!", "Yes"]


@pytest.mark.skipif(not DATA.is_dir(), reason="the official IFEval files are not beside the repository")
def test_the_official_verdicts_are_ours(capsys: pytest.CaptureFixture[str]) -> None:
    measured = agreement.measure(DATA)
    assert measured.compared.total() == 426
    assert measured.left_out == 1
    assert measured.differences == ()
    assert agreement.main(["--data", str(DATA)]) == 0
    assert "426 of  426" in capsys.readouterr().out


def test_the_agreement_command_reports_differences_and_bad_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert agreement.main(["--data", str(tmp_path)]) == 2
    assert "cannot read" in capsys.readouterr().err
    asked = {
        "key": 1,
        "instruction_id_list": ["punctuation:no_comma", "startend:quotation"],
        "kwargs": [{}, {}],
    }
    told = {"key": 1, "response": "a, b", "strict_follow_instruction_list": [True, False]}
    (tmp_path / agreement.INPUTS).write_text(json.dumps(asked) + "\n")
    (tmp_path / agreement.VERDICTS).write_text(json.dumps(told) + "\n")
    assert agreement.main(["--data", str(tmp_path)]) == 1
    assert "key 1 [0] punctuation:no_comma {}: official True, ours False" in capsys.readouterr().out
    (tmp_path / agreement.VERDICTS).write_text(json.dumps({**told, "key": 2}) + "\n")
    assert agreement.main(["--data", str(tmp_path)]) == 2
    (tmp_path / agreement.VERDICTS).write_text("not json\n")
    assert agreement.main(["--data", str(tmp_path)]) == 2
    assert "official_strict_verdicts.jsonl:1" in capsys.readouterr().err
