"""Tokens: maximal munch, texts and their indentation, numbers, comments and line ends kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillc.diagnostics import Report
from skillc.source import SourceFile
from skillc.syntax.lexer import lex


def tokens(text: str) -> tuple[list[tuple[str, str]], list[str]]:
    report = Report()
    found = lex(SourceFile("x.skill", text), report)
    assert found[-1].kind == "END"
    return [(token.kind, token.value) for token in found[:-1]], [item.code for item in report.diagnostics]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("skillfoo skill", [("WORD", "skillfoo"), ("WORD", "skill")]),
        ("3s 250ms 2min 1.5s", [("DURATION", word) for word in ("3s", "250ms", "2min", "1.5s")]),
        ("3 s", [("INT", "3"), ("WORD", "s")]),
        ("0..1", [("INT", "0"), ("PUNCT", ".."), ("INT", "1")]),
        ("0.5", [("FLOAT", "0.5")]),
        ("rubric.*", [("WORD", "rubric"), ("PUNCT", ".*")]),
        ("a >= b != c", [("WORD", "a"), ("PUNCT", ">="), ("WORD", "b"), ("PUNCT", "!="), ("WORD", "c")]),
        ("x # note\ny", [("WORD", "x"), ("COMMENT", "# note"), ("NEWLINE", "\n"), ("WORD", "y")]),
        (r'"a\n\"b\" é"', [("STRING", 'a\n"b" é')]),
        (r"/a\/b(?P<label>[)\]])/i", [("REGEX", r"/a\/b(?P<label>[)\]])/i")]),
        ('""', [("STRING", "")]),
        (r'"""a\n"""', [("LONG", r"a\n")]),
        ('"""say "yes""""', [("LONG", 'say "yes"')]),
        ("'''a \"\"\" b'''", [("LONG", 'a """ b')]),
    ],
)
def test_tokens(text: str, expected: list[tuple[str, str]]) -> None:
    assert tokens(text) == (expected, [])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"""\n    one\n      two\n    """', "one\n  two"),
        ('"""\n    one\n\n    two"""', "one\n\ntwo"),
        ('"""\n\tone\n\ttwo\n\t"""', "one\ntwo"),
        ('"""first\n  second\n  """', "first\nsecond"),
        ('"""\n    one   \n  \n    """', "one   \n"),
        ('"""\n  a\n  """', "a"),
    ],
)
def test_the_closing_line_gives_the_margin(text: str, value: str) -> None:
    assert tokens(text) == ([("LONG", value)], [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('"open', "SK102"),
        ('"""open\n', "SK102"),
        (r'"\q"', "SK106"),
        (r'"\ud800"', "SK106"),
        ("'single'", "SK103"),
        ("a ; b", "SK103"),
        ("12abc", "SK108"),
        ("1234567890123456", "SK108"),
        ('"""\n   a\n  b\n   """', "SK107"),
        ("/open", "SK103"),
    ],
)
def test_mistakes_are_one_report_and_one_bad_token(text: str, code: str) -> None:
    found, codes = tokens(text)
    assert codes == [code]
    assert sum(kind == "BAD" for kind, _ in found) == 1


@given(st.text(max_size=200))
def test_no_text_stops_the_lexer(text: str) -> None:
    report = Report()
    found = lex(SourceFile("x", text), report)
    starts = [token.span.start for token in found]
    assert starts == sorted(starts)
    assert bool([token for token in found if token.kind == "BAD"]) == report.has_errors


@given(st.text(st.characters(codec="utf-8"), max_size=80), st.booleans())
def test_a_quoted_text_means_what_json_says(text: str, ascii_only: bool) -> None:
    assert tokens(json.dumps(text, ensure_ascii=ascii_only)) == ([("STRING", text)], [])
