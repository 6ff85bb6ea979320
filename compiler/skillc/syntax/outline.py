"""The outline of a file: blocks and lines, found by brackets and line ends before anything is parsed.

An item never crosses a line, except inside brackets or after a comma. So a broken line is one
diagnostic, and what stands around it is parsed as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from skillc.diagnostics import Report
from skillc.source import MAX_DEPTH, MAX_LINE_TOKENS, Span
from skillc.syntax.lexer import Token

__all__ = ["BLOCKS", "Block", "Line", "outline"]

_OPEN = {"{": "}", "[": "]", "(": ")"}
_CLOSE = {close: open_ for open_, close in _OPEN.items()}
_DECLARATIONS = {"task", "skill", "test"}

_SHARED = {"resource", "guidance", "taxonomy", "verifier", "pipeline", "phrases", "use"}
BLOCKS: dict[str, frozenset[str]] = {
    "file": frozenset(_DECLARATIONS | _SHARED),
    "skill": frozenset(_SHARED | {"procedure", "protocol", "evidence", "readout"}),
    "evidence": frozenset({"finding"}),
}
"""The words that open a block, by the kind of the block that they stand in."""

_MAY_LACK_BLOCK = {"use", "phrases"}


@dataclass(frozen=True, slots=True)
class Line:
    """One or more items on a line. ``broken``: what is wrong in it has been reported already."""

    tokens: tuple[Token, ...]
    end: Span
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A head and what stands between its braces."""

    kind: str
    head: Line
    body: tuple[Line | Block, ...]
    close: Span


@dataclass
class _Brackets:
    match: dict[int, int] = field(default_factory=dict)
    unmatched: set[int] = field(default_factory=set)


def outline(tokens: Sequence[Token], report: Report) -> list[Line | Block]:
    """Return the lines and blocks of a file. Brackets without a partner are reported."""
    kept = [token for token in tokens if token.kind != "COMMENT"]
    # A text that is never closed swallows the rest: the brackets it swallowed are no mistake.
    swallowed = bool(len(kept) > 1 and kept[-2].kind == "BAD" and kept[-2].value == "")
    brackets = _match(kept, report, quiet=swallowed)
    return _Outliner(kept, brackets, report).region("file", 0, len(kept) - 1)


def _starts_declaration(tokens: Sequence[Token], index: int) -> bool:
    token = tokens[index]
    at_line_start = index == 0 or tokens[index - 1].kind == "NEWLINE"
    return (
        at_line_start
        and token.kind == "WORD"
        and token.value in _DECLARATIONS
        and token.span.file.position(token.span.start)[1] == 1
    )


def _match(tokens: Sequence[Token], report: Report, *, quiet: bool) -> _Brackets:
    brackets = _pair(tokens, False)
    if brackets.unmatched:
        brackets = _pair(tokens, True)
    for index in sorted(brackets.unmatched):
        token = tokens[index]
        if token.value in _CLOSE:
            report.error(
                "SK105", token.span, f"this `{token.value}` closes nothing", "take it away, or open it before"
            )
        elif not quiet:
            report.error(
                "SK104",
                token.span,
                f"this `{token.value}` is never closed",
                f"add the missing `{_OPEN[token.value]}`; it may also be missing in a block inside",
            )
    return brackets


def _indent(tokens: Sequence[Token], index: int) -> int:
    """Return the column of the first token on the line of a token."""
    while index > 0 and tokens[index - 1].kind != "NEWLINE":
        index -= 1
    return tokens[index].span.file.position(tokens[index].span.start)[1]


def _pair(tokens: Sequence[Token], resync: bool) -> _Brackets:
    """Pair brackets.

    ``resync`` is for files in which they do not come in pairs: a declaration at the start of a line
    closes whatever is open, and the indentation of a closing brace says what it means to close.
    """
    brackets, stack = _Brackets(), list[int]()
    for index, token in enumerate(tokens):
        if resync and stack and _starts_declaration(tokens, index):
            brackets.unmatched.update(stack)
            stack.clear()
        if token.kind != "PUNCT":
            continue
        if token.value in _OPEN:
            stack.append(index)
        elif token.value in _CLOSE:
            opener = next((n for n in reversed(stack) if tokens[n].value == _CLOSE[token.value]), None)
            if opener is not None and resync and token.value == "}":
                opener = _meant(tokens, stack, index, opener)
            if opener is None:
                brackets.unmatched.add(index)
                continue
            while stack[-1] != opener:
                brackets.unmatched.add(stack.pop())
            stack.pop()
            brackets.match[opener], brackets.match[index] = index, opener
    brackets.unmatched.update(stack)
    return brackets


def _meant(tokens: Sequence[Token], stack: list[int], index: int, opener: int) -> int | None:
    """Return which opening brace a closing one means, by the way the file is laid out.

    It is None for a stray brace.
    """
    first_on_line = tokens[index - 1].kind == "NEWLINE" if index else True
    same_line = not any(token.kind == "NEWLINE" for token in tokens[opener:index])
    if same_line:
        return opener
    if not first_on_line:
        return None
    column = _indent(tokens, index)
    braces = [n for n in reversed(stack) if tokens[n].value == "{"]
    return next((n for n in braces if _indent(tokens, n) == column), None)


class _Outliner:
    def __init__(self, tokens: Sequence[Token], brackets: _Brackets, report: Report) -> None:
        self.tokens = tokens
        self.brackets = brackets
        self.report = report

    def region(self, kind: str, start: int, stop: int, depth: int = 0) -> list[Line | Block]:
        items: list[Line | Block] = []
        index = start
        while index < stop:
            if self.tokens[index].kind == "NEWLINE":
                index += 1
                continue
            item, index = self._item(kind, index, stop, depth)
            items.append(item)
        return items

    def _item(self, kind: str, start: int, stop: int, depth: int) -> tuple[Line | Block, int]:
        word = self._opening_word(kind, start, stop)
        index, previous = start, None
        while index < stop:
            token = self.tokens[index]
            if token.kind == "NEWLINE" and not (
                previous is not None and previous.value == "," and previous.kind == "PUNCT"
            ):
                break
            if token.kind == "PUNCT" and token.value == "{" and word is not None:
                return self._block(word, start, index, stop, depth)
            if index > start and token.kind == "WORD" and _starts_declaration(self.tokens, index):
                break
            previous = token if token.kind != "NEWLINE" else previous
            index = self.brackets.match[index] + 1 if self._opens(index) else index + 1
        line = self._line(start, index)
        if word is not None and word not in _MAY_LACK_BLOCK and not line.broken:
            index = self._no_block(word, line, index, stop)
            line = Line(line.tokens, line.end, True)
        return line, index

    def _opens(self, index: int) -> bool:
        token = self.tokens[index]
        return token.kind == "PUNCT" and token.value in _OPEN and index in self.brackets.match

    def _opening_word(self, kind: str, start: int, stop: int) -> str | None:
        index = start
        if self.tokens[index].value == "replace" and index + 1 < stop:
            index += 1
        token = self.tokens[index]
        known = BLOCKS.get(kind, frozenset())
        return token.value if token.kind == "WORD" and token.value in known else None

    def _block(self, word: str, start: int, brace: int, stop: int, depth: int) -> tuple[Block, int]:
        head = self._line(start, brace)
        close = self.brackets.match.get(brace)
        if close is None:
            close = self._end_by_indent(brace, stop)
            body, after = self.region(word, brace + 1, close, depth + 1), close
        else:
            body, after = self.region(word, brace + 1, close, depth + 1), close + 1
        return Block(word, head, tuple(body), self.tokens[close].span), after

    def _end_by_indent(self, brace: int, stop: int) -> int:
        """Return where a block without its closing brace ends: at the next line indented no further."""
        column = _indent(self.tokens, brace)
        for index in range(brace + 1, stop):
            new_line = self.tokens[index - 1].kind == "NEWLINE" and self.tokens[index].kind != "NEWLINE"
            if new_line and _indent(self.tokens, index) <= column:
                return index
        return stop

    def _line(self, start: int, stop: int) -> Line:
        tokens = [token for token in self.tokens[start:stop] if token.kind != "NEWLINE"]
        broken = any(token.kind == "BAD" for token in tokens)
        broken = broken or any(index in self.brackets.unmatched for index in range(start, stop))
        if len(tokens) > MAX_LINE_TOKENS and not broken:
            message = f"this item has more than {MAX_LINE_TOKENS:,} words and signs"
            self.report.error("SK004", tokens[0].span, message, "split it")
            broken = True
        depth = deepest = 0
        for token in tokens:
            if token.kind == "PUNCT":
                depth += (token.value in _OPEN) - (token.value in _CLOSE)
                if depth > deepest:
                    deepest = depth
                if depth > MAX_DEPTH and not broken:
                    message = f"brackets nest deeper than {MAX_DEPTH} here"
                    self.report.error("SK004", token.span, message, "name parts of it with `let`")
                    broken = True
        last = tokens[-1].span
        return Line(tuple(tokens), Span(last.file, last.end, last.end), broken)

    def _no_block(self, word: str, line: Line, index: int, stop: int) -> int:
        """Report a missing block; a brace on the next line is read over. Returns where to go on."""
        following = next((n for n in range(index, stop) if self.tokens[n].kind != "NEWLINE"), stop)
        on_next = following < stop and self.tokens[following].value == "{" and self._opens(following)
        self.report.error(
            "SK109",
            line.tokens[0].span.to(line.tokens[-1].span),
            f"`{word}` needs a block {{ ... }}",
            "put its `{` on the same line" if on_next else "write what belongs to it in braces after it",
        )
        return self.brackets.match[following] + 1 if on_next else index
