"""The tokens of an answer, taken one after another, and the names that they make up."""

from __future__ import annotations

import re

from skillrt.verifiers.answers.listing import paired
from skillrt.verifiers.answers.reading.tokens import Token, UnreadableError
from skillrt.verifiers.answers.tree import Node, number

_END = Token("end", "", False)
FIGURES = paired(
    "angle angle triangle triangle overline segment overrightarrow ray overleftrightarrow line widehat"
    " arc overarc arc"
)
# A letter that is read as a function where a bracket follows at once; other letters are factors.
_FUNCTION_NAMES = frozenset("fghFGHPQ")


class TokenReader:
    """Takes tokens; reads numbers, names and figures of geometry."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.place = 0

    def peek(self, ahead: int = 0) -> Token:
        """The token ``ahead`` places further on."""
        place = self.place + ahead
        return self.tokens[place] if place < len(self.tokens) else _END

    def take(self) -> Token:
        """Take the next token and return it."""
        token = self.peek()
        self.place += 1
        return token

    def at(self, *texts: str) -> bool:
        """Tell whether an operator or command with one of these texts comes next."""
        token = self.peek()
        return token.kind in ("op", "cmd") and token.text in texts

    def expect(self, text: str) -> None:
        """Take the operator or command ``text``."""
        if not self.at(text):
            raise UnreadableError(f"no {text} at {self.peek().text!r}")
        self.place += 1

    def inside(self, closing: tuple[str, ...]) -> tuple[Node, str]:
        """Return an answer between brackets, and the closing bracket that ended it."""
        raise NotImplementedError

    def number(self, token: Token) -> Node:
        if self.at("_"):
            self.take()
            base = self.subscript()
            if token.text.isdecimal() and base.isdecimal():
                return Node("based", f"{token.text}_{base}")
            raise UnreadableError("a subscript of a number that is no base")
        if self.at("ldots", "...") and "." in token.text:
            self.take()
            return number(token.text + "...")
        return number(token.text)

    def subscript(self) -> str:
        """Return the text of a subscript."""
        if not self.at("{"):
            return self.take().text
        self.take()
        pieces = []
        while not self.at("}"):
            token = self.take()
            if token.kind == "end":
                raise UnreadableError("an open subscript")
            pieces.append(token.text)
        self.take()
        return "".join(pieces)

    def name(self, letter: str) -> Node:
        if letter in ("pi", "e", "i", "inf") and not self.at("_", "'"):
            return Node("inf") if letter == "inf" else Node("const", letter)
        name, raised = letter, False
        while True:
            if self.at("_"):
                self.take()
                name += "_" + self.subscript()
            elif self.at("'", "prime"):
                name += self.take().text.replace("prime", "'")
            elif self.at("^") and self.peek(1).text == "prime":
                self.place += 2
                name += "'"
            elif self.at("^") and self._primed_group():
                name += "'" * self._primed_group(take=True)
            else:
                break
        if letter in _FUNCTION_NAMES or name.endswith("'"):
            if self.at("^") and [self.peek(ahead).text for ahead in range(1, 5)] == ["{", "-", "1", "}"]:
                self.place += 5
                name, raised = name + "^-1", True
            if self.at("(") and not self.peek().spaced:
                self.take()
                content, _ = self.inside((")",))
                return Node("apply", name, (content,))
            if raised:
                raise UnreadableError("an inverse of no function")
        return Node("name", name)

    def _primed_group(self, take: bool = False) -> int:
        r"""Return how many primes stand in a group after ``^``.

        It counts ``y^{\prime\prime}``, and not ``y^{(2)}``.
        """
        ahead, primes = 2, 0
        if self.peek(1).text != "{":
            return 0
        while self.peek(ahead).text in ("prime", "'"):
            ahead, primes = ahead + 1, primes + 1
        if not primes or self.peek(ahead).text != "}":
            return 0
        if take:
            self.place += ahead + 1
        return primes

    def figure(self, command: str) -> Node:
        """Return a figure of geometry, named by the letters of its points."""
        grouped = self.at("{")
        if grouped:
            self.take()
        points = ""
        while self.peek().kind in ("name", "word") and re.fullmatch("[A-Z]+", self.peek().text):
            points += self.take().text
            while self.at("'", "_"):
                points += self.take().text if self.at("'") else self.take().text + self.subscript()
        if grouped:
            self.expect("}")
        if not points:
            raise UnreadableError(f"{command} of no points")
        return Node("mark", FIGURES[command], (Node("words", points),))
