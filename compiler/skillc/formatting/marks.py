"""What the formatter must know of a file beyond its tokens: items, blocks, and cells to align."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from skillc.diagnostics import Report
from skillc.syntax.errors import report_problem
from skillc.syntax.lexer import Token
from skillc.syntax.outline import BLOCKS, Block, Line, outline
from skillc.syntax.parser import Node, SyntaxProblem, parse_line

__all__ = ["Marks", "Row", "mark"]

Cell = tuple[str, int]
"""A cell's tag, and the offset of its first token. Rows align as far as their tags are the same."""


@dataclass(frozen=True, slots=True)
class Row:
    """An item that may be aligned with its neighbours; ``end`` is the offset at which it ends."""

    cells: tuple[Cell, ...]
    end: int


@dataclass
class Marks:
    """Facts about places in a file, by the offset of the token there."""

    items: set[int] = field(default_factory=set)
    """Begins an item: two spaces before it."""
    tight: set[int] = field(default_factory=set)
    """Sticks to the token before it."""
    breaks: set[int] = field(default_factory=set)
    """Begins a line."""
    braces: set[int] = field(default_factory=set)
    """Opens a block."""
    apart: set[int] = field(default_factory=set)
    """Begins a block of several lines at the top level: an empty line before it."""
    closed: set[int] = field(default_factory=set)
    """Closes such a block: an empty line after it."""
    rows: dict[int, Row] = field(default_factory=dict)


_MOST_CELLS = 8
_HEADS = {"task", "skill", "test", "finding"}
_KEYWORD = {
    "given": "task",
    "attach": "task",
    "about": "task",
    "answer": "task",
    "accept": "task",
    "locale": "task",
    "system": "task",
    "user": "task",
    "closing_text": "task",
    "closing_tools": "task",
    "version": "skill",
    "summary": "skill",
    "serves": "skill",
    "setting": "skill",
    "phrases_ref": "skill",
    "slot_enum": "slot",
    "slot_text": "slot",
    "slot_in": "slot",
    "cites": "slot",
    "base": "rule",
    "base_else": "rule",
    "let": "rule",
    "settle": "rule",
    "decide": "rule",
    "cap_rule": "rule",
    "cap_by": "rule",
    "abstain": "rule",
    "round": "rule",
}
"""Items of which the first word is a cell of its own, and the family with which they align."""
_WHOLE = {"step": 2, "phrase": 2, "failure": 4, "criterion": 4}
"""Items whose parts are cells, and how many of the parts."""


def mark(tokens: Sequence[Token], report: Report) -> Marks:
    """Return the marks of a file; mistakes are reported, and then the marks are not complete."""
    marks = Marks()
    significant = [token for token in tokens if token.kind not in ("COMMENT", "NEWLINE")]
    place = {token.span.start: index for index, token in enumerate(significant)}
    line_ends = [token.span.start for token in tokens if token.kind == "NEWLINE"]
    walker = _Walker(line_ends, significant, place, marks, report)
    walker.region("file", outline(tokens, report))
    return marks


@dataclass
class _Walker:
    line_ends: list[int]
    significant: list[Token]
    place: dict[int, int]
    marks: Marks
    report: Report

    def region(self, kind: str, parts: Sequence[Line | Block]) -> None:
        for part in parts:
            if isinstance(part, Block):
                self.block(kind, part)
            else:
                self.line(kind, part)

    def block(self, kind: str, block: Block) -> None:
        word = block.head.tokens[0]
        start = f"head_{block.kind}" if block.kind in _HEADS else "head_block"
        node = self.parse(start, block.head, kind)
        self.marks.items.add(word.span.start)
        self.region(block.kind, block.body)
        if node is None or self.report.has_errors:
            return
        brace = self.after(block.head.tokens[-1].span.start)
        self.marks.braces.add(brace.span.start)
        first, following = self.after(brace.span.start), self.after(block.close.start)
        if self.spans_lines(brace.span.start, block.close.start):
            places = (word, first, following)
            self.marks.breaks.update((block.close.start, *(token.span.start for token in places)))
            if kind == "file":
                self.marks.apart.add(word.span.start)
                self.marks.closed.add(block.close.start)
        elif block.body:
            self.one_line(block, brace)

    def one_line(self, block: Block, brace: Token) -> None:
        """A block on one line is a row: the words of its head, then its items."""
        cells = [(block.kind, token.span.start) for token in (*block.head.tokens[1:], brace)]
        inside = self.significant[self.place[brace.span.start] + 1 : self.place[block.close.start]]
        items = [token for token in inside if token.span.start in self.marks.items]
        cells += [
            (f"{token.value} after {before.value}", token.span.start) for before, token in pairwise(items)
        ]
        self.marks.rows[block.head.tokens[0].span.start] = Row(tuple(cells[:_MOST_CELLS]), block.close.end)

    def line(self, kind: str, line: Line) -> None:
        node = self.parse(f"{kind}_line", line, kind)
        if node is None:
            return
        if kind == "file":
            self.marks.items.add(line.tokens[0].span.start)
            items: list[Node] = []
        else:
            items = node.nodes()
        self.marks.items.update(item.span.start for item in items)
        if len(items) == 1:
            cells = tuple(self.cells(items[0]))
            if cells:
                self.marks.rows[items[0].span.start] = Row(cells, line.end.end)

    def cells(self, item: Node) -> Iterator[Cell]:
        inner = item
        if item.rule in ("task_item", "skill_item"):
            inner = item.nodes()[-1]
        if item.has("replace"):
            return
        if inner.rule in _WHOLE:
            for kid in inner.kids[: _WHOLE[inner.rule]]:
                if kid.span.start > item.span.start:
                    yield inner.rule, kid.span.start
            return
        family = _KEYWORD.get(inner.rule)
        if family is None:
            return
        yield family, self.after(item.span.start).span.start
        if inner.rule in ("closing_text", "closing_tools"):
            yield "closing", inner.kids[0].span.start
        if inner.rule == "cap_rule" and inner.has("guard"):
            yield "cap", inner.nodes("guard")[0].span.start
        if inner.rule == "decide":
            yield "decide", self.before(inner.kids[1].span.start).span.start

    def parse(self, start: str, line: Line, kind: str) -> Node | None:
        if line.broken:
            return None
        try:
            node = parse_line(start, line.tokens, line.end)
        except SyntaxProblem as problem:
            report_problem(problem, kind, BLOCKS.get(kind, frozenset()), self.report)
            return None
        self.spacing(node)
        return node

    def spacing(self, node: Node) -> None:
        """Note what sticks together, and the pairs that stand in braces without commas."""
        stack = [node]
        while stack:
            inner = stack.pop()
            start = inner.span.start
            match inner.rule:
                case "call" | "neg" | "sign":
                    self.marks.tight.add(self.after(start).span.start)
                case "index":
                    self.marks.tight.add(start)
                case "pair" | "pair_eq" | "scale_label":
                    self.marks.items.add(start)
            stack.extend(inner.nodes())

    def after(self, start: int) -> Token:
        """Return the token after the one at an offset."""
        return self.significant[self.place[start] + 1]

    def before(self, start: int) -> Token:
        return self.significant[self.place[start] - 1]

    def spans_lines(self, start: int, stop: int) -> bool:
        return bisect_left(self.line_ends, start) < bisect_left(self.line_ends, stop)
