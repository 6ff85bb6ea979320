"""Reading one expression: sums, products, powers and functions, in undressed TeX or program notation."""

from __future__ import annotations

from skillrt.verifiers.answers.listing import paired
from skillrt.verifiers.answers.reading.stream import FIGURES, TokenReader
from skillrt.verifiers.answers.reading.tokens import Token, UnreadableError
from skillrt.verifiers.answers.tree import Node, number

_DEPTH = 60
_ADDITIVE = {"+": "+", "-": "-", "pm": "pm", "mp": "mp"}
_TIMES = frozenset(["*", "cdot", "times"])
_OVER = frozenset(["/", "div"])
_OPENING = frozenset(["(", "[", "{", "lfloor", "lceil", "langle"])
_PREFIXED = frozenset(["frac", "sqrt", "surd", "binom", "begin", "{"])
_ACCENTS = frozenset(
    ["bar", "hat", "tilde", "vec", "dot", "ddot", "mathcal", "mathscr", "mathfrak", "widetilde"]
)
_INVERSE = paired("sin arcsin cos arccos tan arctan cot arccot sec arcsec csc arccsc")


class ExpressionReader(TokenReader):
    """A recursive descent over tokens.

    ``tight`` says that a product without a sign binds closer than a slash (``1/2x`` as ``1/(2x)``);
    ``ambiguous`` is set where that made a difference.
    """

    def __init__(self, tokens: list[Token], tight: bool = False) -> None:
        super().__init__(tokens)
        self.tight = tight
        self.ambiguous = False
        self._bars = 0
        self._depth = 0

    # Sums and products.

    def sum(self) -> Node:
        """Terms joined by signs."""
        self._depth += 1
        if self._depth > _DEPTH:
            raise UnreadableError("nested too deeply")
        result: Node | None = None
        while result is None or self.at(*_ADDITIVE):
            sign = _ADDITIVE[self.take().text] if self.at(*_ADDITIVE) else ""
            term = self._term()
            if sign == "-":
                term = Node("neg", "", (term,))
            elif sign in ("pm", "mp"):
                term = Node("pm", "+" if sign == "pm" else "-", (term,))
            result = term if result is None else Node("add", "", (result, term))
        self._depth -= 1
        return result

    def _term(self) -> Node:
        result = self._product()
        while True:
            if self.at(*_TIMES):
                self.take()
                result = Node("mul", "", (result, self._signed()))
            elif self.at(*_OVER):
                self.take()
                result = self._divided(result)
            elif self.at("%"):
                # Of all that stands before it: `4 4/9 %`.
                self.take()
                result = Node("percent", "", (result,))
            else:
                return result

    def _signed(self) -> Node:
        """Return a factor after a sign of multiplication, which may have a sign of its own."""
        if self.at("-", "+"):
            negative = self.take().text == "-"
            factor = self._signed()
            return Node("neg", "", (factor,)) if negative else factor
        return self._product()

    def _divided(self, above: Node) -> Node:
        if self.at("-", "+"):
            return Node("div", "", (above, self._signed()))
        below = self._power()
        if not self._starts_factor():
            return Node("div", "", (above, below))
        self.ambiguous = True
        rest = self._product()
        if self.tight:
            return Node("div", "", (above, Node("mul", "", (below, rest))))
        return Node("mul", "", (Node("div", "", (above, below)), rest))

    def _starts_factor(self) -> bool:
        token = self.peek()
        if token.kind in ("num", "name", "call"):
            return True
        if token.kind == "op" and token.text == "|":
            return self._bars == 0
        return token.kind in ("op", "cmd") and (
            token.text in _OPENING
            or token.text in _PREFIXED
            or token.text in _ACCENTS
            or token.text == "mathbb"
        )

    def _product(self) -> Node:
        """Factors side by side."""
        result = self._power()
        while self._starts_factor():
            if self.peek().kind == "num":
                result = self._mixed(result)
                continue
            whole = (
                self.tokens[self.place - 1].kind == "num" and result.head == "num" and result.text.isdecimal()
            )
            fraction = self.at("frac")
            factor = self._power()
            if fraction and whole and _is_ratio(factor):
                # A whole number before a fraction of whole numbers is added to it.
                result = Node("mixed", "", (result, factor))
            else:
                result = Node("mul", "", (result, factor))
        return result

    def _mixed(self, whole: Node) -> Node:
        """``1 1/2``; two numbers side by side are nothing else that could be read."""
        above, slash, below = self.peek(), self.peek(1), self.peek(2)
        plain = all(token.text.isdecimal() for token in (above, below)) and slash.text in _OVER
        after_number = (
            self.tokens[self.place - 1].kind == "num" and whole.head == "num" and whole.text.isdecimal()
        )
        if not (plain and after_number and above.spaced and int(above.text) < int(below.text)):
            raise UnreadableError("numbers side by side")
        self.place += 3
        return Node("mixed", "", (whole, Node("div", "", (number(above.text), number(below.text)))))

    # Powers and what follows a factor.

    def _power(self) -> Node:
        base = self._atom()
        while True:
            if self.at("!") and not self.peek().spaced:
                self.take()
                base = Node("fact", "", (base,))
            elif self.at("^", "**"):
                self.take()
                base = self._raised(base)
            elif self.at("circ"):
                self.take()
                base = self._degrees(base)
            else:
                return base

    def _raised(self, base: Node) -> Node:
        if self._mark_follows("circ"):
            return self._degrees(base)
        return Node("pow", "", (base, self._exponent()))

    def _degrees(self, base: Node) -> Node:
        scale = self.peek()
        if scale.kind in ("name", "word") and scale.text in ("C", "F"):
            self.take()
            return Node("deg", scale.text, (base,))
        return Node("deg", "", (base,))

    def _mark_follows(self, mark: str) -> bool:
        """Take ``mark`` or ``{mark}``, if one stands here."""
        if self.at(mark):
            self.take()
            return True
        if self.at("{") and self.peek(1).text == mark and self.peek(2).text == "}":
            self.place += 3
            return True
        return False

    def _exponent(self) -> Node:
        if self.at("-", "+"):
            negative = self.take().text == "-"
            exponent = self._exponent()
            return Node("neg", "", (exponent,)) if negative else exponent
        exponent = self._atom()
        if self.at("^", "**"):
            self.take()
            return Node("pow", "", (exponent, self._exponent()))
        return exponent

    # Atoms.

    def _atom(self) -> Node:
        token = self.take()
        if token.kind == "num":
            return self.number(token)
        if token.kind == "name":
            return self.name(token.text)
        if token.kind == "word" and len(token.text) == 1:
            return self.name(token.text)
        if token.kind == "call":
            return self._call(token.text)
        if token.kind in ("op", "cmd"):
            return (
                self._bracket(token.text)
                if token.text in _OPENING or token.text == "|"
                else self._special(token.text)
            )
        raise UnreadableError(f"{token.text or 'the end'} where a value should stand")

    def _bracket(self, opening: str) -> Node:
        if opening == "|":
            self._bars += 1
            content = self.sum()
            self._bars -= 1
            self.expect("|")
            return Node("abs", "", (content,))
        closing = {"(": (")", "]"), "[": ("]", ")"), "{": ("}",), "langle": ("rangle",)}.get(opening)
        bars, self._bars = self._bars, 0
        if closing is None:
            content = self.sum()
            self.expect("r" + opening[1:])
            self._bars = bars
            return Node("floor" if opening == "lfloor" else "ceil", "", (content,))
        content, end = self.inside(closing)
        self._bars = bars
        shape = ("[" if opening == "[" else "(") + ("]" if end == "]" else ")")
        if content.head == "list" and opening != "{":
            return Node("tuple", shape, content.args)
        if shape in ("[)", "(]"):
            raise UnreadableError("brackets that do not match")
        return content

    def _special(self, name: str) -> Node:
        """Return what a command begins."""
        if name == "frac":
            return Node("div", "", (self._argument(), self._argument()))
        if name == "binom":
            return Node("binom", "", (self._argument(), self._argument()))
        if name in ("sqrt", "surd"):
            return self._root(name == "sqrt")
        if name in FIGURES:
            return self.figure(name)
        if name in _ACCENTS:
            accented = self._argument()
            if accented.head not in ("name", "const"):
                raise UnreadableError(f"{name} over more than a letter")
            return self.name(f"{name} {accented.text}")
        if name == "mathbb":
            letter = self.subscript()
            return Node("reals") if letter == "R" else Node("name", f"set {letter}")
        if name == "emptyset":
            return Node("set")
        if name == "\\{":
            return self._set()
        if name == "begin":
            return self._matrix()
        raise UnreadableError(f"the sign {name}")

    def _set(self) -> Node:
        raise NotImplementedError

    def _matrix(self) -> Node:
        raise NotImplementedError

    def _argument(self) -> Node:
        r"""Return a command's argument: a group, or one sign (``\frac12``)."""
        token = self.peek()
        if token.kind == "num" and len(token.text) > 1 and token.text.isdecimal():
            self.tokens[self.place] = token._replace(text=token.text[1:], spaced=False)
            return number(token.text[0])
        return self._atom()

    def _root(self, one_sign: bool) -> Node:
        index: Node | None = None
        if self.at("["):
            self.take()
            index, _ = self.inside(("]",))
        if one_sign and self.peek().kind == "num" and len(self.peek().text) > 1:
            raise UnreadableError("a root of one digit or of the number")
        return Node("root", "", (self._atom(), index or number("2")))

    # Functions.

    def _call(self, name: str) -> Node:
        base: Node | None = None
        power: Node | None = None
        while self.at("^", "_"):
            if self.take().text == "_":
                base = self._atom()
            else:
                power = self._exponent()
        if name in _INVERSE and power == Node("neg", "", (number("1"),)):
            name, power = _INVERSE[name], None
        argument = self._function_argument(name)
        if name in ("log", "lg", "ln"):
            called = Node("log", name, (argument, base) if base else (argument,))
        elif base is not None:
            raise UnreadableError(f"a subscript of {name}")
        elif name == "sqrt":
            called = Node("root", "", (argument, number("2")))
        elif name == "cbrt":
            called = Node("root", "", (argument, number("3")))
        elif name in ("abs", "floor", "ceil"):
            called = Node(name, "", (argument,))
        elif name == "exp":
            called = Node("pow", "", (Node("const", "e"), argument))
        else:
            called = Node("call", name, argument.args if argument.head in ("list", "tuple") else (argument,))
        return Node("pow", "", (called, power)) if power is not None else called

    def _function_argument(self, name: str) -> Node:
        """Return what a function is applied to: brackets, or the factors up to the next sign or function."""
        if self.at("("):
            argument = self._atom()
            if self.at("^", "**"):
                raise UnreadableError(f"a power after {name}(...)")
            return argument
        if name in ("exp", "abs", "floor", "ceil", "gcd", "lcm", "max", "min") and not self.at("{"):
            raise UnreadableError(f"{name} without brackets")
        if self.at("-"):
            self.take()
            return Node("neg", "", (self._function_argument(name),))
        argument = self._power()
        while self._starts_factor() and self.peek().kind != "call" and not self.at("(", "["):
            if self.peek().kind == "num":
                raise UnreadableError("numbers side by side")
            argument = Node("mul", "", (argument, self._power()))
        if self.at("/"):
            self.ambiguous = True
            if self.tight:
                self.take()
                argument = Node("div", "", (argument, self._power()))
        return argument


def _is_ratio(node: Node) -> bool:
    """Tell whether this is a fraction of whole numbers, smaller than 1."""
    whole = node.head == "div" and all(arg.head == "num" and arg.text.isdecimal() for arg in node.args)
    return whole and int(node.args[0].text) < int(node.args[1].text)
