"""From nodes to the tree: what all kinds of blocks share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from skillc.diagnostics import Report
from skillc.source import SourceFile, Span
from skillc.syntax.deprecated import modernised
from skillc.syntax.errors import report_problem
from skillc.syntax.lexer import Token, too_long
from skillc.syntax.outline import BLOCKS, Block, Line
from skillc.syntax.parser import Node, SyntaxProblem, parse_line
from skillc.tree import (
    BinaryExpr,
    CallExpr,
    ExprTree,
    InExpr,
    Name,
    NameExpr,
    Names,
    Number,
    NumberExpr,
    Quantity,
    Text,
    TextExpr,
    UnaryExpr,
)

__all__ = [
    "Reader",
    "name_of",
    "names_of",
    "number_of",
    "quantity_of",
    "ref_name",
    "refs_of",
    "text_of",
    "token_name",
]

_MAX_EXPR_DEPTH = 120
_MOST_OLD_WORDS = 20
_BINARY = {"and", "or", "eq", "ne", "lt", "le", "gt", "ge", "add", "sub", "mul"}


def token_name(token: Node | Token) -> Name:
    """Return a token as a name."""
    assert isinstance(token, Token)
    return Name(token.value, token.span)


def name_of(node: Node, index: int = 0) -> Name:
    """Return the name that is the token number ``index`` among a node's tokens."""
    return token_name(node.tokens()[index])


def names_of(node: Node) -> Names:
    """Return the names of a node ``names``."""
    return Names(tuple(token_name(token) for token in node.tokens()), node.span)


def ref_name(node: Node) -> Name:
    """Return a dotted reference as one name."""
    text = ".".join(token.value for token in node.tokens())
    return Name(text + (".*" if node.has("star") else ""), node.span)


def refs_of(node: Node) -> tuple[Name, ...]:
    """Return the references of a node ``refs`` or ``globs``."""
    return tuple(ref_name(kid) for kid in node.nodes())


def number_of(node: Node | Token) -> Number:
    """Return a number, of a node ``number`` or a token."""
    if isinstance(node, Token):
        return Number(int(node.value) if node.kind == "INT" else float(node.value), node.span)
    token = node.tokens()[0]
    value: int | float = int(token.value) if token.kind == "INT" else float(token.value)
    return Number(-value if node.has("sign") else value, node.span)


def quantity_of(node: Node) -> Quantity:
    """Return a quantity: ``4000 chars``."""
    amount, unit = node.tokens()
    return Quantity(int(amount.value), token_name(unit), node.span)


def text_of(node: Node) -> Text:
    """Return the text of a node ``text`` or ``long``."""
    token = node.tokens()[0]
    return Text(token.value, token.span, token.kind == "LONG", token.span)


@dataclass
class Reader:
    """Reads one file's lines. ``include`` gives the content of a text file named by a path in this file."""

    report: Report
    include: Callable[[Name], SourceFile | None]
    broken: bool = field(default=False)

    def parse(self, start: str, line: Line, kind: str) -> Node | None:
        """Parse a line, or report what is wrong with it and return None."""
        if line.broken:
            self.broken = True
            return None
        tokens, old_words = line.tokens, 0
        while True:
            try:
                return parse_line(start, tokens, line.end)
            except SyntaxProblem as problem:
                newer = (
                    modernised(tokens, problem, kind, self.report) if old_words < _MOST_OLD_WORDS else None
                )
                if newer is None:
                    report_problem(problem, kind, BLOCKS.get(kind, frozenset()), self.report)
                    self.broken = True
                    return None
                tokens, old_words = newer, old_words + 1

    def lines(self, block: Block) -> Iterator[Node]:
        """Parse the lines of a block that holds no blocks; their items are the nodes' children."""
        for line in block.body:
            assert isinstance(line, Line)
            node = self.parse(f"{block.kind}_line", line, block.kind)
            if node is not None:
                yield from node.nodes()

    def body(self, node: Node) -> Text | None:
        """Return the text of a node ``body``: written here, or in a file."""
        inner = node.kids[0]
        assert isinstance(inner, Node)
        return self.text_or_file(inner)

    def text_or_file(self, node: Node) -> Text | None:
        """Return the text of a node that is a text or names a file."""
        if node.rule == "body":
            return self.body(node)
        if node.rule != "file":
            return text_of(node)
        path = name_of(node)
        source = self.include(path)
        value = source.text.removesuffix("\n") if source is not None else ""
        if source is None or too_long(value, path.span, self.report):
            # Something stands for what was reported, so that its absence is not reported too.
            self.broken = True
            return Text("?", path.span, True, path.span)
        return Text(value, Span(source, 0, len(source.text)), True, path.span)

    def once(self, seen: dict[str, Span], key: str, span: Span, owner: str) -> bool:
        """Tell whether ``key`` comes for the first time; report it otherwise."""
        if key in seen:
            line = seen[key].line
            self.report.error(
                "SK202",
                span,
                f"{owner} has `{key}` twice",
                f"the first one is on line {line}; keep one of them",
            )
            return False
        seen[key] = span
        return True

    # ------------------------------------------------------------------------------- expressions

    def expression(self, node: Node | Token) -> ExprTree:
        """Return the expression of a node; one that is too deep is reported, and 0 stands for it."""
        assert isinstance(node, Node)
        stack = [(node, 1)]
        while stack:
            inner, depth = stack.pop()
            if depth > _MAX_EXPR_DEPTH:
                message = f"this expression has more than {_MAX_EXPR_DEPTH} levels"
                self.report.error(
                    "SK004", node.span, message, "name parts of it with `let`, or write it flatter"
                )
                self.broken = True
                return NumberExpr(0, node.span)
            stack.extend((kid, depth + 1) for kid in inner.nodes())
        return self._expr(node)

    def _expr(self, node: Node | Token) -> ExprTree:
        assert isinstance(node, Node)
        span = node.span
        match node.rule:
            case "int" | "float":
                return NumberExpr(number_of(node.tokens()[0]).value, span)
            case "string":
                return TextExpr(node.tokens()[0].value, span)
            case "ref":
                return NameExpr(tuple(token_name(token) for token in node.tokens()), span)
            case "group":
                return self._expr(node.kids[0])
            case "not":
                return UnaryExpr("not", self._expr(node.kids[0]), span)
            case "neg":
                return UnaryExpr("neg", self._expr(node.kids[0]), span)
            case "in":
                options = node.nodes("options")[0]
                return InExpr(self._expr(node.kids[0]), self._exprs(options.kids), span)
            case "call":
                args = tuple(self._arg(kid) for kid in node.nodes("arg"))
                return CallExpr(name_of(node), args, span)
            case _:
                assert node.rule in _BINARY
                left, right = node.kids
                return BinaryExpr(node.rule, self._expr(left), self._expr(right), span)  # type: ignore[arg-type]

    def _exprs(self, nodes: Sequence[Node | Token]) -> tuple[ExprTree, ...]:
        return tuple(self._expr(node) for node in nodes)

    def _arg(self, node: Node) -> tuple[ExprTree, ExprTree | None]:
        where = node.nodes("where")
        return self._expr(node.kids[0]), self._expr(where[0].kids[0]) if where else None

    def guard(self, node: Node) -> ExprTree | None:
        """Return the condition after ``when``, when there is one."""
        guards = node.nodes("guard")
        return self.expression(guards[0].kids[0]) if guards else None
