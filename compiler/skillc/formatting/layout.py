"""Laying out tokens: lines, indentation, spaces, and cells in columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from skillc.formatting.marks import Marks, Row
from skillc.syntax.lexer import Token

__all__ = ["lay_out"]

_INDENT = 2
_WIDEST_CELL = 60
"""Characters: a cell that is wider does not push its neighbours away."""
_WIDEST_LINE = 100
"""Characters: the comment after a line that is wider does not push other comments away."""
_NO_SPACE_BEFORE = {",", ")", "]", ".", "..", ".*", ":", "?"}
_NO_SPACE_AFTER = {"(", "[", ".", ".."}
_OPEN, _CLOSE = {"{", "[", "("}, {"}", "]", ")"}


@dataclass
class _Line:
    """A line of the result; a text may make it several."""

    tokens: list[Token]
    blank: bool
    """An empty line stands before it."""
    indent: int = 0
    row: Row | None = None
    text: str = ""

    @property
    def code(self) -> list[Token]:
        return [token for token in self.tokens if token.kind != "COMMENT"]

    @property
    def tall(self) -> bool:
        """A text in it has several lines."""
        return any("\n" in token.span.text for token in self.code)


def lay_out(tokens: Sequence[Token], marks: Marks) -> str:
    """Return the canonical text of a file without mistakes."""
    lines = _split(tokens, marks)
    _blanks(lines, marks)
    _indent(lines, marks)
    for line in lines:
        line.row = _row(line, marks)
    for run in _runs(lines):
        _fill(run, marks)
    _comments(lines)
    out = [("\n" if line.blank else "") + " " * line.indent + line.text + "\n" for line in lines]
    return "".join(out)


def _split(tokens: Sequence[Token], marks: Marks) -> list[_Line]:
    lines: list[_Line] = []
    current: list[Token] = []
    ends = 0
    for token in tokens:
        if token.kind in ("NEWLINE", "END") or (current and token.span.start in marks.breaks):
            if current:
                lines.append(_Line(current, ends > 1 and bool(lines)))
                current, ends = [], 0
            if token.kind == "NEWLINE":
                ends += 1
                continue
        if token.kind != "END":
            current.append(token)
    return lines


def _blanks(lines: list[_Line], marks: Marks) -> None:
    """No empty line at the ends of a block, one around the big ones; more than one, splitting has dropped."""
    for number, line in enumerate(lines):
        if number and (_opens(lines[number - 1]) or _is_one(line.tokens[0], _CLOSE)):
            line.blank = False
    for number, line in enumerate(lines):
        if number and lines[number - 1].code and lines[number - 1].code[-1].span.start in marks.closed:
            line.blank = True
        if line.tokens[0].span.start in marks.apart:
            first = number
            while first and not lines[first - 1].code and not lines[first].blank:
                first -= 1
            lines[first].blank = first > 0


def _opens(line: _Line) -> bool:
    return bool(line.code) and _is_one(line.code[-1], _OPEN)


def _is_one(token: Token, signs: Collection[str]) -> bool:
    return token.kind == "PUNCT" and token.value in signs


def _indent(lines: list[_Line], marks: Marks) -> None:
    stack: list[
        tuple[int, bool]
    ] = []  # of each open bracket: the indentation of its line, whether of a block
    comma = False
    for line in lines:
        outer = stack[-1][0] if stack else -_INDENT
        base = outer if _is_one(line.tokens[0], _CLOSE) else outer + _INDENT
        goes_on = comma and (not stack or stack[-1][1])
        line.indent = base + (_INDENT if goes_on else 0)
        for token in line.code:
            comma = _is_one(token, {","})
            if _is_one(token, _OPEN):
                block = token.span.start in marks.braces
                stack.append((base if block else line.indent, block))
            elif _is_one(token, _CLOSE):
                stack.pop()


def _row(line: _Line, marks: Marks) -> Row | None:
    """Return the row that the line holds, cut to the cells that are on it.

    It is None when the line holds something else too.
    """
    if not line.code:
        return None
    row, last = marks.rows.get(line.code[0].span.start), line.code[-1].span
    if row is None or last.end > row.end:
        return None
    return Row(tuple(cell for cell in row.cells if cell[1] <= last.start), row.end)


def _runs(lines: list[_Line]) -> Iterator[list[_Line]]:
    """Neighbours that may be aligned: no empty line, comment or text of several lines between them."""
    run: list[_Line] = []
    for line in lines:
        if run and (line.blank or line.row is None or run[-1].row is None or run[-1].tall):
            yield run
            run = []
        run.append(line)
    if run:
        yield run


def _fill(run: list[_Line], marks: Marks) -> None:
    """Write the code of the lines, column by column."""
    done = [0] * len(run)  # tokens of each line that are written
    depth = max(len(line.row.cells) if line.row else 0 for line in run)
    for column in range(depth):
        for group in _groups(run, column):
            parts = {}
            for number in group:
                row = run[number].row
                assert row is not None
                stop = row.cells[column][1]
                parts[number], done[number] = _until(run[number].code, done[number], stop, marks)
            widths = {number: _width(part) for number, part in parts.items()}
            most = max((width for width in widths.values() if width <= _WIDEST_CELL), default=0)
            for number, part in parts.items():
                pad = "" if "\n" in part else " " * (most - widths[number])
                run[number].text += part + pad
    for number, line in enumerate(run):
        line.text += _until(line.code, done[number], None, marks)[0]


def _width(text: str) -> int:
    """Columns that a text takes: two for a wide sign. One with line breaks counts as too wide."""
    if "\n" in text:
        return _WIDEST_LINE + 1
    return len(text) + sum(east_asian_width(char) in "WF" for char in text if char > "\u02ff")


def _groups(run: list[_Line], column: int) -> Iterator[list[int]]:
    """Numbers of neighbouring lines whose tags are the same up to the column."""
    group: list[int] = []
    tags: list[str] = []
    for number, line in enumerate(run):
        cells = line.row.cells[: column + 1] if line.row else ()
        mine = [tag for tag, _ in cells] if len(cells) > column else []
        if group and mine != tags:
            yield group
            group = []
        tags = mine
        if mine:
            group.append(number)
    if group:
        yield group


def _until(code: list[Token], first: int, stop: int | None, marks: Marks) -> tuple[str, int]:
    """Return the text from a token up to the one at offset ``stop``, with the space between the two."""
    text, index = "", first
    while index < len(code) and (stop is None or code[index].span.start < stop):
        text += code[index].span.text
        if index + 1 < len(code):
            text += _gap(code[index], code[index + 1], marks)
        index += 1
    return text, index


def _gap(left: Token, right: Token, marks: Marks) -> str:
    if right.span.start in marks.tight:
        return ""
    if _is_one(right, _NO_SPACE_BEFORE) or _is_one(left, _NO_SPACE_AFTER):
        return ""
    return "  " if right.span.start in marks.items and not _is_one(left, {"{", ","}) else " "


def _comments(lines: list[_Line]) -> None:
    """Put comments in place; those that follow code on neighbouring lines stand in one column."""
    run: list[_Line] = []
    for line in [*lines, _Line([], True)]:
        comments = [token for token in line.tokens if token.kind == "COMMENT"]
        follows = bool(comments) and bool(line.code)
        if run and (line.blank or not follows or line.tall or line.indent != run[-1].indent):
            _column(run)
            run = []
        if comments and not line.code:
            line.text = comments[0].span.text.rstrip()
        elif follows:
            run.append(line)


def _column(run: list[_Line]) -> None:
    widths = [line.indent + _width(line.text) for line in run]
    most = max((width for width in widths if width <= _WIDEST_LINE), default=0)
    for line, width in zip(run, widths, strict=True):
        line.text += " " * (max(most - width, 0) + 2) + line.tokens[-1].span.text.rstrip()
