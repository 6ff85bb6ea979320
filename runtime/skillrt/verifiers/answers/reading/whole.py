"""Reading a whole answer: lists, sets, intervals, relations, quantities with units."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from skillrt.verifiers.answers.listing import paired
from skillrt.verifiers.answers.reading.dress import GROUPING, UPRIGHT
from skillrt.verifiers.answers.reading.expression import ExpressionReader
from skillrt.verifiers.answers.reading.tokens import Comma, UnreadableError, tokenize
from skillrt.verifiers.answers.tree import Node, number
from skillrt.verifiers.answers.units import unit_of
from skillrt.verifiers.answers.words import number_of_words

_RELATIONS = paired(
    "= = == = < < > > <= <= le <= >= >= ge >= != != ne != in in approx ~ to -> -> -> equiv equiv cong"
    " cong sim sim parallel parallel perp perp : :"
)
_JOINED = {"cup": "union", "setminus": "minus", "cap": "inter"}
_MONEY = {"$": "us_dollar", "euro": "euro", "pounds": "uk_pound", "yen": "yen", "cent": "us_cent"}
_SCALES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "dozen": 0}
_CONJUNCTIONS = {"and": "and", "or": "or", "&": "and", "wedge": "and", "vee": "or"}
_MATRICES = frozenset(["pmatrix", "bmatrix", "matrix", "vmatrix", "Bmatrix", "smallmatrix", "array"])


class Reading(NamedTuple):
    """One way to read a text.

    A ``weak`` one alone makes nothing equal, except that one with ``unit`` letters equals another quantity.
    """

    node: Node
    weak: bool = False
    unit: bool = False


class _AnswerReader(ExpressionReader):
    """A reader of whole answers."""

    def whole(self) -> Node:
        """Return the answer, all tokens used."""
        node = self._items(())
        if self.peek().kind != "end":
            raise UnreadableError(f"{self.peek().text} left over")
        return node

    def inside(self, closing: tuple[str, ...]) -> tuple[Node, str]:
        node = self._items(closing)
        if not self.at(*closing):
            raise UnreadableError("a bracket that is not closed")
        return node, self.take().text

    def _items(self, closing: tuple[str, ...]) -> Node:
        """Entries with commas, semicolons, ``and`` or line ends between them."""
        items = [self._relation()]
        conjunction = ""
        while self._separator():
            while self._separator():
                word = self.take().text.casefold()
                conjunction = _CONJUNCTIONS.get(word, conjunction)
            if self.peek().kind == "end" or self.at(*closing):
                break
            items.append(self._relation())
        return items[0] if len(items) == 1 else Node("list", conjunction or ",", tuple(items))

    def _separator(self) -> bool:
        token = self.peek()
        if token.kind == "word":
            return token.text.casefold() in _CONJUNCTIONS
        return self.at(",", ";", "\\", "&", "wedge", "vee")

    def _relation(self) -> Node:
        operands, operators = [self._joined()], []
        while self.peek().kind in ("op", "cmd") and self.peek().text in _RELATIONS:
            operators.append(_RELATIONS[self.take().text])
            operands.append(self._joined())
        if not operators:
            return operands[0]
        return Node("rel", " ".join(operators), tuple(operands))

    def _joined(self) -> Node:
        node = self._quantity()
        while self.at(*_JOINED):
            node = Node(_JOINED[self.take().text], "", (node, self._quantity()))
        return node

    # Quantities.

    def _quantity(self) -> Node:
        """Return a value and the unit or the thing that it counts."""
        negative = self.at("-") and self.peek(1).kind == "cmd" and self.peek(1).text in _MONEY
        if negative:
            self.take()
        money = _MONEY[self.take().text] if self.at(*_MONEY) else ""
        if not money and self._starts_phrase():
            return self._phrase()
        value = self.sum()
        if negative:
            value = Node("neg", "", (value,))
        value = self._scaled(value)
        unit = money or self._unit()
        if money:
            self._skip_words()
        if unit == "percent":
            return Node("percent", "", (value,))
        bare = value.args[0] if value.head == "neg" else value
        if bare.head == "deg":
            unit = f"deg{bare.text}" if bare.text else "degree"
            value = Node("neg", "", bare.args) if value.head == "neg" else bare.args[0]
        return Node("quantity", unit, (value,)) if unit else value

    def _starts_phrase(self) -> bool:
        token, after = self.peek(), self.peek(1)
        article = (
            token.text in ("a", "A") and after.kind == "word" and after.text.casefold() not in _CONJUNCTIONS
        )
        return article or (token.kind == "word" and len(token.text) > 1)

    def _phrase(self) -> Node:
        """Words alone: a name before a relation, or an answer in words."""
        words: list[str] = []
        while self.peek().kind in ("word", "name") or (self.peek().kind == "num" and words):
            words.append(self.take().text)
            if self.at("-", "'", ".", "&"):
                # `well-known`, `don't`.
                self.take()
        spelled = number_of_words(words)
        return number(str(spelled)) if spelled is not None else Node("words", " ".join(words).casefold())

    def _scaled(self, value: Node) -> Node:
        word = self.peek()
        if word.kind == "word" and word.text.casefold() in _SCALES:
            self.take()
            scale = 10 ** _SCALES[word.text.casefold()] if word.text.casefold() != "dozen" else 12
            return Node("mul", "", (value, number(str(scale))))
        return value

    def _unit(self) -> str:
        """Return the unit that stands here, ``thing: ...`` for what is no unit, or nothing."""
        if self.at("cent"):
            self.take()
            return "us_cent"
        if self.at(*_MONEY):
            return _MONEY[self.take().text]
        start = self.place
        unit = self._unit_product()
        if unit:
            self._skip_words()
            return unit
        self.place = start
        words = self._skip_words()
        if words in (["percent"], ["per", "cent"], ["pct"], ["percentage"]):
            return "percent"
        return "thing: " + " ".join(words) if words else ""

    def _skip_words(self) -> list[str]:
        """Words such as ``apples`` or ``of sleep``, taken."""
        words: list[str] = []
        while self.peek().kind == "word" and self.peek().text.casefold() not in _CONJUNCTIONS:
            words.append(self.take().text.casefold())
            if self.at("-") and self.peek(1).kind == "word":
                self.take()
        return words

    def _unit_product(self) -> str:
        """Units joined by products, quotients and powers, as pint spells them."""
        pieces: list[str] = []
        joint = ""
        while True:
            factor = self._unit_factor()
            if not factor:
                return " ".join(pieces[: -1 if pieces and joint else None]) if not joint else ""
            pieces.append(factor)
            joint = ""
            if self.at("/") or self.peek().text.casefold() == "per":
                joint = "/"
            elif self.at("*", "cdot", "times"):
                joint = "*"
            elif self.peek().kind == "word" and unit_of(self.peek().text) and len(self.peek().text) < 3:
                pieces.append("*")
                continue
            else:
                return " ".join(pieces)
            self.take()
            pieces.append(joint)

    def _unit_factor(self) -> str:
        """Return a unit with its power: ``cm^2``, ``square feet``, ``meters squared``."""
        power = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}.get(self.peek().text.casefold(), 1)
        if power > 1:
            self.take()
            if self.at("."):
                self.take()
        token = self.peek()
        unit = unit_of(token.text) if token.kind == "word" or (token.kind == "name" and self.place) else None
        if unit is None or (token.kind == "name" and not self._after_slash()):
            return ""
        self.take()
        if self.at("^", "**"):
            self.take()
            exponent = self._exponent()
            sign = "-" if exponent.head == "neg" else ""
            digits = exponent.args[0] if sign else exponent
            if digits.head != "num" or not digits.text.isdecimal() or len(digits.text) > 2:
                raise UnreadableError("a unit's power")
            return f"({unit}) ** {sign}{digits.text}"
        follows = self.peek().text.casefold()
        if follows in ("squared", "cubed"):
            self.take()
            power = 2 if follows == "squared" else 3
        return f"({unit}) ** {power}" if power > 1 else f"({unit})" if " " in unit else unit

    def _after_slash(self) -> bool:
        return self.tokens[self.place - 1].text == "/"

    # Sets and matrices.

    def _set(self) -> Node:
        if self.at("\\}"):
            self.take()
            return Node("set")
        content, _ = self.inside(("\\}",))
        return Node("set", "", content.args if content.head == "list" else (content,))

    def _matrix(self) -> Node:
        kind = self.subscript()
        if kind not in _MATRICES:
            raise UnreadableError(f"an environment {kind}")
        if kind == "array" and self.at("{"):
            self.subscript()
        rows, row = [], [self._relation()]
        while not self.at("end"):
            if self.at("\\"):
                self.take()
                rows.append(tuple(row))
                row = []
                if self.at("end"):
                    break
            else:
                self.expect("&")
            row.append(self._relation())
        self.take()
        self.subscript()
        if row:
            rows.append(tuple(row))
        return Node(
            "matrix", kind[0] if kind[0] == "v" else "", tuple(Node("row", "", entries) for entries in rows)
        )


_GLUED = re.compile(r"\d,\d")
_ALL_GROUPS = re.compile(r"(?<![\d.])[1-9]\d{0,2}(?:,\d{3})+(?![\d,])")
_IN_BRACKETS = re.compile(r"[(\[{]\s*\d{1,3}(?:,\d{3})+\s*[)\]}\\]")
_DECIMAL_COMMA = re.compile(rf"[-+]?\s*\d+[,{GROUPING}]\d+(?![\d,]).*", re.DOTALL)


def _commas(text: str) -> Iterable[Comma]:
    """Return what a comma between two digits may be in this text, the likeliest first."""
    if not _GLUED.search(text):
        return ("decimal",) if re.search(rf"\d{GROUPING}(?!\d{{3}}(?!\d))\d", text) else ("list",)
    if not _GLUED.search(_ALL_GROUPS.sub("0", text)):
        return ("list",) if _IN_BRACKETS.search(text) else ("group", "list")
    return (
        ("list", "decimal")
        if _DECIMAL_COMMA.fullmatch(text) and len(_GLUED.findall(text)) == 1
        else ("list",)
    )


_TAIL = re.compile(
    r"(?<=[\d})])(?P<space>\s*)(?P<units>[A-Za-z]{1,4}(?:\^\{?-?\d\}?)?(?:(?:\s*(?:/|\\cdot|\*)\s*|\s+)[A-Za-z]{1,4}(?:\^\{?-?\d\}?)?){0,3})$"
)


def _with_units(text: str) -> tuple[str, bool] | None:
    """Return the text with the letters at its end as units, and whether space set them off; else None."""
    tail = _TAIL.search(text)
    if tail is None or not all(unit_of(word) for word in re.findall("[A-Za-z]+", tail["units"])):
        return None
    marked = re.sub("[A-Za-z]+", lambda word: UPRIGHT + word[0], tail["units"])
    return text[: tail.start("units")] + marked, bool(tail["space"])


_DERIVATIVE = re.compile(
    rf"\\frac\{{\s*{UPRIGHT}?d(?:\^\{{?(?P<order>[123])\}}?)?\s*{UPRIGHT}?(?P<of>[a-zA-Z])?\s*\}}"
    rf"\s*\{{\s*{UPRIGHT}?d\s*{UPRIGHT}?[a-zA-Z](?:\^\{{?[123]\}}?)?\s*\}}"
    r"|\bd(?P<name>[a-zA-Z])/d[a-zA-Z]\b"
)


def _primed(match: re.Match[str]) -> str:
    """Return a derivative as a name with primes."""
    return f" {match['of'] or match['name']}{chr(39) * int(match['order'] or 1)} "


@lru_cache(maxsize=2048)
def readings(text: str) -> tuple[Reading, ...]:
    """Return the ways in which an undressed text can be read; none where it is no answer of a known kind."""
    if any(not (match["of"] or match["name"]) for match in _DERIVATIVE.finditer(text)):
        return ()
    text = _DERIVATIVE.sub(_primed, text)
    ways: dict[Node, Reading] = {}
    for comma in _commas(text):
        for tight in (False, True):
            reader = _read(text, comma, tight)
            if reader is None:
                break
            ways.setdefault(reader[0], Reading(*reader))
            if not reader[1]:
                break
    if units := _with_units(text):
        reader = _read(units[0], "list", False)
        if reader is not None:
            ways.setdefault(reader[0], Reading(reader[0], not units[1], True))
    return tuple(ways.values())


def _read(text: str, comma: Comma, tight: bool) -> tuple[Node, bool] | None:
    """Return the tree of a text and whether a product beside a slash makes it ambiguous.

    It is None if the text is unreadable.
    """
    try:
        reader = _AnswerReader(tokenize(text, comma), tight)
        return reader.whole(), reader.ambiguous
    except (UnreadableError, RecursionError):
        return None
