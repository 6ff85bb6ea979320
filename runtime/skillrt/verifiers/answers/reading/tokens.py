"""Tokens of an undressed answer."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from skillrt.verifiers.answers.listing import listed, paired
from skillrt.verifiers.answers.reading.dress import GROUPING, UPRIGHT
from skillrt.verifiers.answers.units import unit_of

Comma = Literal["group", "decimal", "list"]
Kind = Literal["num", "name", "word", "call", "cmd", "op", "end"]


class UnreadableError(ValueError):
    """The text is no answer of a kind that is read here."""


class Token(NamedTuple):
    """A token: ``spaced`` when space stands before it, ``upright`` for letters that stood upright."""

    kind: Kind
    text: str
    spaced: bool
    upright: bool = False


FUNCTIONS = frozenset(
    listed(
        "sin cos tan cot sec csc sinh cosh tanh coth sech csch arcsin arccos arctan arccot arcsec"
        " arccsc arsinh arcosh artanh asin acos atan asinh acosh atanh ln log lg exp sqrt cbrt abs"
        " floor ceil gcd lcm min max det arg Re Im mod sgn sign"
    )
)
_CONSTANTS = paired("pi pi infinity inf inf inf infty inf oo inf Pi pi")
_GREEK_WORDS = frozenset(
    listed(
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon"
        " phi chi psi omega"
    )
)
_GROUPS = rf"\d{{1,3}}(?:{GROUPING}\d{{3}})+(?!\d)(?:\.\d+)?"
_COMMAS = r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?"
_SPACED = r"(?<![\d.] )\d{1,3}(?: \d{3})+(?!\d)(?:\.\d+)?"
_BAR = r"\\(?:overline|bar|dot)\s*(?:\{\d+\}|\d)"
_REPEATING = rf"\d*\.\d*(?:(?:{_BAR}\d*)+|\(\d+\)|(?:\d[\u0305\u0304\u0307])+)"
_PLAIN = r"(?:\d+\.\d+|\d+|\.\d+)"
_SCIENTIFIC = rf"{_PLAIN}[eE][-+]?\d+(?!\.?\d)"
_NUMBER = {
    "group": re.compile("|".join((_SCIENTIFIC, _REPEATING, _GROUPS, _COMMAS, _SPACED, _PLAIN))),
    "decimal": re.compile(rf"\d+(?:,|{GROUPING})\d+|{_PLAIN}"),
    "list": re.compile("|".join((_SCIENTIFIC, _REPEATING, _GROUPS, _SPACED, _PLAIN))),
}
_COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
_LETTERS = re.compile(r"[^\W\d_]+")
_OPERATORS = re.compile(r"\*\*|<=|>=|!=|==|=>|->|\.{3}|[^\s\w]|_")
# A run of letters that is rather a product of variables than a word.
_PRODUCT = re.compile(r"[A-Z]{1,4}|.{1,2}|[abcd]{3,4}|[^aeiouAEIOU]{3}")
_WORDS_OF_TWO = frozenset(listed("no on or is it as at an to of if by in we us go so up be do he me my"))


def tokenize(text: str, comma: Comma) -> list[Token]:
    """Return the tokens of an undressed answer, ``comma`` telling what a comma between two digits is.

    Raises:
        UnreadableError: a sign that belongs to no answer.
    """
    tokens: list[Token] = []
    place, spaced = 0, False
    while place < len(text):
        sign = text[place]
        if sign.isspace():
            place, spaced = place + 1, True
            continue
        new, place = _next(text, place, comma, spaced, tokens)
        tokens.extend(new)
        spaced = False
    return tokens


def _next(text: str, place: int, comma: Comma, spaced: bool, before: list[Token]) -> tuple[list[Token], int]:
    sign = text[place]
    after_number = bool(before) and before[-1].kind == "num"
    if match := _NUMBER[comma].match(text, place):
        return [Token("num", _digits(match[0], comma), spaced)], match.end()
    if sign == UPRIGHT and (match := _LETTERS.match(text, place + 1)):
        return [_upright(match[0], spaced, after_number)], match.end()
    if match := _LETTERS.match(text, place):
        return _plain_letters(match[0], spaced, after_number), match.end()
    if match := _COMMAND.match(text, place):
        return [_command(match[0][1:], spaced)], match.end()
    if match := _OPERATORS.match(text, place):
        return [Token("op", match[0], spaced)], match.end()
    raise UnreadableError(f"the sign {sign!r}")


def _digits(text: str, comma: Comma) -> str:
    """Return a number in plain digits; what repeats stands in brackets."""
    if comma == "decimal":
        text = re.sub(f"[,{GROUPING}]", ".", text)
    text = re.sub(f"[, {GROUPING}]", "", text)
    marks = "[\u0305\u0304\u0307]"
    if re.search(marks, text):
        text = re.sub(rf"(\d{marks})+", lambda run: "(" + re.sub(marks, "", run[0]) + ")", text)
    if "\\" in text:
        # Dots stand over the first and the last digit of what repeats.
        first = re.search(_BAR, text)
        assert first is not None
        repeated = re.sub(r"[^\d]", "", text[first.start() :])
        text = text[: first.start()] + f"({repeated})"
    text = text.removesuffix(".")
    return "0" + text if text.startswith(".") else text


def _command(name: str, spaced: bool) -> Token:
    if name in ("{", "}"):
        return Token("cmd", "\\" + name, spaced)
    if name in ("%", "vert", "&"):
        return Token("op", "|" if name == "vert" else name, spaced)
    if name in FUNCTIONS and name not in ("mod", "arg", "sqrt"):
        return Token("call", name, spaced)
    if name == "infty":
        return Token("name", "inf", spaced)
    if name.casefold() in _GREEK_WORDS or name in ("ell", "hbar", "imath", "jmath"):
        return Token("name", name, spaced)
    if name in ("pi", "Pi"):
        return Token("name", "pi" if name == "pi" else "Pi", spaced)
    return Token("cmd", name, spaced)


def _upright(letters: str, spaced: bool, after_number: bool) -> Token:
    """Letters that stood upright: a function, a constant, a unit or a word."""
    if letters in FUNCTIONS and not (after_number and unit_of(letters)):
        return Token("call", letters, spaced, True)
    if letters in ("e", "i", "pi"):
        return Token("name", letters, spaced, True)
    return Token("word", letters, spaced, True)


def _plain_letters(letters: str, spaced: bool, after_number: bool) -> list[Token]:
    """Letters of a text that may be mathematics or prose."""
    if letters in FUNCTIONS and not (after_number and unit_of(letters)):
        return [Token("call", letters, spaced)]
    if letters in _CONSTANTS or letters.casefold() in ("infinity",):
        return [Token("name", _CONSTANTS.get(letters, "inf"), spaced)]
    if len(letters) > 2 and letters in _GREEK_WORDS:
        return [Token("name", letters, spaced)]
    if len(letters) == 1:
        return [Token("name", letters, spaced)]
    if after_number and (unit_of(letters) or (spaced and len(letters) > 2)):
        return [Token("word", letters, spaced)]
    for function in sorted(FUNCTIONS, key=len, reverse=True):
        rest = letters[len(function) :]
        if letters.startswith(function) and len(function) > 2 and len(rest) == 1:
            return [Token("call", function, spaced), Token("name", rest, False)]
    if _PRODUCT.fullmatch(letters) and letters.casefold() not in _WORDS_OF_TWO:
        return [Token("name", letter, spaced and place == 0) for place, letter in enumerate(letters)]
    return [Token("word", letters, spaced)]
