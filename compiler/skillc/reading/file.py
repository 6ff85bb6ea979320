"""Reading a whole source file into a module."""

from __future__ import annotations

from collections.abc import Callable

from skillc.diagnostics import Report
from skillc.reading.blocks import read_block
from skillc.reading.common import Reader, name_of, names_of
from skillc.reading.skill import read_skill
from skillc.reading.task import read_task
from skillc.reading.test import read_test
from skillc.source import SourceFile, Span
from skillc.syntax.lexer import lex
from skillc.syntax.outline import Block, Line, outline
from skillc.tree import Declaration, Import, Module, Name, TestDecl
from skillspec import LANGUAGE_VERSION

__all__ = ["read_module"]


def read_module(file: SourceFile, report: Report, include: Callable[[Name], SourceFile | None]) -> Module:
    """Read ``file``; what cannot be read is reported and left out.

    Args:
        file: the source.
        report: takes the diagnostics.
        include: gives the text file that a path in this file names, or reports why not.
    """
    reader = Reader(report, include)
    imports: list[Import] = []
    declarations: list[Declaration] = []
    tests: list[TestDecl] = []
    lost: set[str] = set()
    parts = outline(lex(file, report), report)
    for part in parts:
        reader.broken = False
        if isinstance(part, Line):
            node = reader.parse("file_line", part, "file")
            if node is None:
                lost.update(token.value for token in part.tokens if token.kind == "WORD")
            elif node.rule == "import":
                imports.append(Import(names_of(node.nodes()[0]).names, name_of(node), node.span))
        elif part.kind == "test":
            test = read_test(part, reader)
            tests.extend([test] if test is not None else [])
        else:
            declaration = _declaration(part, reader)
            declarations.extend([declaration] if declaration is not None else [])
            if declaration is None:
                lost.update(token.value for token in part.head.tokens if token.kind == "WORD")
    _check_version(file, parts, report)
    return Module(file, tuple(imports), tuple(declarations), tuple(tests), frozenset(lost))


def _declaration(block: Block, reader: Reader) -> Declaration | None:
    if block.kind == "task":
        return read_task(block, reader)
    if block.kind == "skill":
        return read_skill(block, reader)
    head = reader.parse("head_block", block.head, "file")
    if head is None:
        return None
    if head.has("replace"):
        span = head.nodes("replace")[0].span
        reader.report.error(
            "SK207", span, "there is nothing to replace here", "`replace` belongs into what extends another"
        )
    return read_block(head, block, reader)


def _check_version(file: SourceFile, parts: list[Line | Block], report: Report) -> None:
    first = parts[0] if parts else None
    tokens = first.tokens if isinstance(first, Line) else ()
    if not tokens or tokens[0].value != "language":
        span = (
            tokens[0].span
            if tokens
            else first.head.tokens[0].span
            if isinstance(first, Block)
            else Span(file, 0, 0)
        )
        help = f"begin the file with the line `language {LANGUAGE_VERSION}`"
        report.error("SK112", span, "the file does not say which language version it is in", help)
        return
    if len(tokens) > 1 and tokens[1].kind == "INT" and int(tokens[1].value) != LANGUAGE_VERSION:
        report.error(
            "SK113",
            tokens[1].span,
            f"this is language version {tokens[1].value}; this compiler reads version {LANGUAGE_VERSION}",
            "update skillc, or write the file in this version",
        )
