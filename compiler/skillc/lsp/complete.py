"""What could be typed next: words of the language, and names that fit."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass

from skillc.check.evidence import KEYS
from skillc.diagnostics import Report
from skillc.lsp.project import Place
from skillc.lsp.symbols import Symbol, symbols_at
from skillc.source import SourceFile, Span
from skillc.syntax.lexer import Token, lex
from skillc.syntax.outline import BLOCKS, Block, Line, outline
from skillc.syntax.parser import SyntaxProblem, parse_line
from skillc.syntax.tables import load_tables
from skillspec.phrases import PHRASES
from skillspec.signatures import SIGNATURES
from skillspec.words import DELIVERIES

__all__ = ["Proposal", "complete"]

_OPEN_STRING = re.compile(r"\b(from|file|by)\s+\"([^\"\n]*)\Z")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_FIXED = {
    "setting": ("fair", "operational"),
    "delivery": DELIVERIES,
    "gives": ("winner", "items", "score"),
    "load": ("optional", "required"),
    "ungrounded": ("drop", "keep"),
    "orders": ("both",),
    "of": ("resource", "run", "quote"),
}
_KINDS = {
    "serves": {"task"},
    "for": {"task"},
    "on": {"task"},
    "task": {"task"},
    "use": {"verifier", "pipeline", "sandbox", "resource", "guidance", "taxonomy"},
    "consult": {"resource"},
    "prefer": {"resource", "verifier", "pipeline"},
    "offered": {"resource", "verifier", "pipeline"},
    "reads": {"field"},
    "sees": {"field"},
    "from": {"field"},
    "each": {"field"},
    "over": {"field"},
    "before": {"step"},
    "after": {"step"},
    "in": {"taxonomy"},
    "by": {"field", "verifier", "taxonomy"},
}
_OWN_HEADS = {"task", "skill", "test", "finding"}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A word that could come next; ``kind`` is ``word``, ``path``, ``value`` or the kind of a symbol."""

    text: str
    kind: str
    detail: str = ""


def complete(place: Place) -> list[Proposal]:
    """Return what could stand at a place, without regard to the letters that are there already."""
    text = place.source.text[: place.offset]
    line = text[text.rfind("\n") + 1 :]
    opened = _OPEN_STRING.search(line)
    if opened is not None:
        return _quoted(place, opened[1])
    typed = _WORD.search(text)
    if typed is not None:
        text = text[: typed.start()]
    kind, tokens = _context(text)
    if tokens is None:
        return []
    expected = _expected(kind, tokens)
    proposals = [Proposal(word, "word") for word in expected if word in load_tables().keywords]
    if not tokens:
        proposals += [Proposal(word, "word", "block") for word in sorted(BLOCKS.get(kind, ()))]
    if kind == "phrases" and "NAME" in expected and not tokens:
        proposals += [
            Proposal(name, "phrase", " ".join(f"{{{mark}}}" for mark in marks))
            for name, marks in PHRASES.items()
        ]
    elif "NAME" in expected and (tokens or kind == "readout"):
        proposals += _names(place, kind, tokens)
    return list({proposal.text: proposal for proposal in reversed(proposals)}.values())[::-1]


def _marks(marks: Iterable[str]) -> str:
    return " ".join(f"{{{mark}}}" for mark in marks)


def _context(text: str) -> tuple[str, list[Token] | None]:
    """Return the kind of the innermost open block, and the tokens of the item being typed; None in a text."""
    source = SourceFile("x", text)
    tokens = lex(source, Report())
    if len(tokens) > 1 and tokens[-2].kind in ("BAD", "COMMENT") and tokens[-2].span.end == len(text):
        return "file", None
    last = tokens[-2] if len(tokens) > 1 else None
    kind, parts = "file", outline(tokens, Report())
    while parts and isinstance(parts[-1], Block) and parts[-1].close.text != "}":
        kind, parts = parts[-1].kind, list(parts[-1].body)
    goes_on = last is not None and (last.kind != "NEWLINE" or _after_comma(tokens))
    if parts and isinstance(parts[-1], Line) and (goes_on or _open_inside(parts[-1])):
        return kind, list(parts[-1].tokens)
    return kind, []


def _after_comma(tokens: list[Token]) -> bool:
    before = [token for token in tokens[:-1] if token.kind not in ("NEWLINE", "COMMENT")]
    return bool(before) and before[-1].kind == "PUNCT" and before[-1].value == ","


def _open_inside(line: Line) -> bool:
    signs = [token.value for token in line.tokens if token.kind == "PUNCT"]
    return sum(sign in "{[(" for sign in signs) > sum(sign in "}])" for sign in signs)


def _expected(kind: str, tokens: list[Token]) -> list[str]:
    """Return what the grammar accepts after the tokens of an item, or of a head."""
    file = tokens[0].span.file if tokens else SourceFile("x", "")
    end = tokens[-1].span.end if tokens else 0
    stop = Token("BAD", "", Span(file, end, end))
    heads = [f"{kind}_line"]
    if tokens and tokens[0].value in BLOCKS.get(kind, ()):
        own = tokens[0].value in _OWN_HEADS
        heads.insert(0, f"head_{tokens[0].value}" if own else "head_block")
    expected: list[str] = []
    for start in heads:
        if start in load_tables().starts:
            try:
                parse_line(start, [*tokens, stop], stop.span)
            except SyntaxProblem as problem:
                if problem.token is stop:
                    expected += problem.expected
    return expected


def _names(place: Place, kind: str, tokens: list[Token]) -> list[Proposal]:
    keywords = load_tables().keywords
    said = [token.value for token in tokens if token.kind == "WORD" and token.value in keywords]
    word = said[-1] if said else ""
    last = tokens[-1].value if tokens else ""
    if last == "." and len(tokens) > 1:
        head = f"{tokens[-2].value}."
        ids = [symbol for symbol in symbols_at(place) if symbol.name.startswith(head)]
        return [Proposal(symbol.name.removeprefix(head), symbol.kind, _first(symbol)) for symbol in ids]
    if last in _FIXED:
        return [Proposal(value, "value") for value in _FIXED[last]]
    if last == "run" and kind == "verifier":
        return [Proposal(value, "value") for value in ("auto", "asked")]
    if last == "text" and kind == "task":
        return [Proposal(value, "value") for value in ("only", "last", "trailing", "blocks")]
    if kind == "evidence" and word in ("each", "some"):
        return [Proposal(value, "value") for value in KEYS]
    wanted = _KINDS.get(word)
    if last == "extends":
        wanted = {_kind_of_head(tokens)}
    elif last == "phrases":
        wanted = {"phrases"}
    elif last == "run" and kind == "test":
        wanted = {"skill"}
    symbols: Iterable[Symbol] = symbols_at(place)
    return [
        Proposal(symbol.name, symbol.kind, _first(symbol))
        for symbol in symbols
        if wanted is None or symbol.kind in wanted
    ]


def _kind_of_head(tokens: list[Token]) -> str:
    """Return the kind of thing that the head of a block names: ``task``, ``skill`` or ``phrases``."""
    return next((token.value for token in tokens if token.value in ("task", "skill", "phrases")), "")


def _first(symbol: Symbol) -> str:
    return symbol.hover.split("\n")[0].replace("**", "")


def _quoted(place: Place, word: str) -> list[Proposal]:
    """Files for ``from`` and ``file``, verifiers for ``by``."""
    if word == "by":
        return [Proposal(name, "value", f"gives {signature.gives}") for name, signature in SIGNATURES.items()]
    root, here = place.analysis.root, posixpath.dirname(place.path)
    suffixes = (".skill",) if word == "from" else (".md", ".txt")
    paths = sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.suffix in suffixes and path.is_file()
    )
    return [Proposal(posixpath.relpath(path, here or "."), "path") for path in paths if path != place.path]
