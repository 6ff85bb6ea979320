"""Sources for property tests: random programs of the grammar, random layouts, mutations of real files."""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path
from typing import Any

from compiler_support import good_files

from skillc.diagnostics import Report
from skillc.program import check_project, compile_project
from skillc.source import SourceFile
from skillc.syntax.lexer import Token, lex
from skillc.syntax.outline import Block, outline
from skillc.syntax.parser import Node, parse_line
from skillc.syntax.tables import grammar_text, start_symbols

_SOURCES = Path(__file__).parents[2] / "skills_src"
_TERMINALS: dict[str, tuple[str, ...]] = {
    "NAME": ("a", "b", "A", "prompt", "responses", "python", "status", "chars", "rubric"),
    "INT": ("0", "1", "2", "12"),
    "FLOAT": ("0.5", "1.25"),
    "DURATION": ("3s", "250ms"),
    "STRING": ('"x"', '"a \\"b\\" }"', '""', '"{{ prompt }}"', '"1.0.0"', '"rubric \\u00e9 #"'),
    "LONG": ('"""x"""', '"""\n   one\n     two\n   """', "'''\n  a \"b\" # no comment\n  '''"),
    "REGEX": ("/(?P<label>A|B)/", "/a\\/b [}#]/i"),
}


@lru_cache(maxsize=1)
def corpus() -> tuple[str, ...]:
    """The shipped sources and the tests' own."""
    shipped = [path.read_text(encoding="utf-8") for path in sorted(_SOURCES.rglob("*.skill"))]
    return (*good_files().values(), *shipped)


@lru_cache(maxsize=1)
def _productions() -> dict[str, list[list[str]]]:
    """The grammar's rules with keywords and signs as they are written."""
    from lark import Lark

    grammar = grammar_text()
    lark = Lark(grammar, parser="lalr", start=start_symbols(grammar), lexer="basic", maybe_placeholders=False)
    written: dict[str, str] = {}
    for terminal in lark.terminals:
        pattern: Any = terminal.pattern
        if pattern is not None:
            written[terminal.name] = pattern.value
    found: dict[str, list[list[str]]] = {}
    for rule in lark.rules:
        parts = [
            f"<{part.name}>" if not part.is_term else written.get(part.name, part.name)
            for part in rule.expansion
        ]
        found.setdefault(f"<{rule.origin.name}>", []).append(parts)
    return found


@lru_cache(maxsize=1)
def _shortest() -> dict[str, int]:
    """How deep the shallowest tree of each rule is."""
    rules = _productions()
    depth = dict.fromkeys(rules, 1_000)
    for _ in range(len(rules)):
        for name, choices in rules.items():
            depth[name] = min(
                1 + max((depth.get(part, 0) for part in choice), default=0) for choice in choices
            )
    return depth


def _expand(symbol: str, rng: random.Random, budget: int) -> list[str]:
    if not symbol.startswith("<") or not symbol.endswith(">") or len(symbol) < 3:
        return [rng.choice(_TERMINALS[symbol]) if symbol in _TERMINALS else symbol]
    choices, shortest = _productions()[symbol], _shortest()
    if budget <= 0:
        best = min(max((shortest.get(part, 0) for part in choice), default=0) for choice in choices)
        choices = [c for c in choices if max((shortest.get(part, 0) for part in c), default=0) == best]
    choice = rng.choice(choices)
    return [word for part in choice for word in _expand(part, rng, budget - 1)]


def _spaced(words: list[str], rng: random.Random) -> str:
    """Words with random space; a line may break after a comma."""
    out = ""
    for word in words:
        out += word
        gap = rng.choice((" ", " ", "  ", "   ", "\t"))
        out += rng.choice((gap, gap, "\n ", " # note\n")) if word == "," else gap
    return out.rstrip()


def scattered(text: str, seed: int) -> str:
    """The same tokens and line breaks with other spaces between them."""
    rng = random.Random(seed)
    spaces = ("", " ", "   ", "\t")
    out = ""
    for token in lex(SourceFile("x.skill", text), Report()):
        out += token.span.text + ("" if token.kind == "COMMENT" else " " + rng.choice(spaces))
    return out


_SHARED = ("resource", "guidance", "taxonomy", "verifier", "pipeline", "phrases", "use")
_INSIDE = (*_SHARED, "procedure", "protocol", "evidence", "readout")


def program(seed: int) -> str:
    """A random file that the grammar allows, in a random layout; most of them mean nothing."""
    rng = random.Random(seed)
    blocks = [
        _block(rng.choice(("task", "skill", "test", *_SHARED)), rng, "") for _ in range(rng.randint(1, 4))
    ]
    return "".join(
        ["language 1\n", *(rng.choice(("", "\n", "\n\n\n# between\n")) + block for block in blocks)]
    )


def _block(kind: str, rng: random.Random, indent: str) -> str:
    head = _head(kind, rng)
    body: list[str] = []
    for _ in range(rng.randint(0, 3)):
        if kind == "skill" and rng.random() < 0.6:
            body.append(_block(rng.choice(_INSIDE), rng, indent + "   "))
        elif kind == "evidence" and rng.random() < 0.6:
            body.append(_block("finding", rng, indent + " "))
        else:
            words = _line(kind, rng)
            body.append(
                indent
                + rng.choice(("", "  "))
                + _spaced(words, rng)
                + rng.choice(("\n", "  # why\n", "\n\n"))
            )
    if len(body) == 1 and body[0].count("\n") == 1 and "#" not in body[0]:
        return f"{indent}{head} {{{body[0].strip()}}}\n"
    return f"{indent}{head} {{{rng.choice(('', ' # head'))}\n{''.join(body)}{indent}}}\n"


def _head(kind: str, rng: random.Random) -> str:
    start = f"<head_{kind}>" if kind in ("task", "skill", "test", "finding") else "<head_block>"
    while True:
        words = _expand(start, rng, 6)
        plain = words[1:] if words[0] == "replace" else words
        if plain[0] == kind:
            return " ".join(words)


def _line(kind: str, rng: random.Random) -> list[str]:
    """Items of one line; one that would open a block is drawn again."""
    while True:
        words = _expand(f"<{kind}_line>", rng, rng.randint(4, 12))
        plain = words[1:] if words[0] == "replace" else words
        if not (kind in ("skill", "evidence") and plain[0] in (*_INSIDE, "finding") and "{" in words):
            return words


def mutated(seed: int) -> str:
    """A real file with some stretches taken out, doubled, moved or overwritten."""
    rng = random.Random(seed)
    text = rng.choice(corpus())
    other = rng.choice(corpus())
    for _ in range(rng.randint(1, 6)):
        start = rng.randrange(len(text) + 1)
        stop = min(len(text), start + rng.choice((0, 1, 1, 2, 5, 20, 200)))
        at = rng.randrange(len(other))
        junk = rng.choice(
            ('"""', "'''", '"', "{", "}", "(", "[", "/", "\n", ",", "é", "\0", "#", "..", "1e9", "replace ")
        )
        new = rng.choice(("", "", junk, text[start:stop] * 2, other[at : at + rng.choice((3, 30, 300))]))
        text = text[:start] + new + text[stop:]
    return text


def noise(seed: int) -> str:
    """Words and signs of the language in no order."""
    rng = random.Random(seed)
    words = [
        *"{}[]():,.=<>|+-*?/#\"'\n\n\n",
        '"""',
        '"x"',
        "..",
        ".*",
        "!=",
        "3s",
        "0.5",
        "7",
        *_INSIDE,
        "task",
        "text",
    ]
    return "language 1\n" + " ".join(rng.choice(words) for _ in range(rng.randint(1, 300)))


def meaning(text: str) -> tuple[list[Any], list[str]]:
    """What a file parses to, without places, and its comments. The file has no syntax errors."""
    report = Report()
    tokens = lex(SourceFile("x.skill", text), report)
    parts = [_plain(part, "file") for part in outline(tokens, report)]
    assert not report.has_errors
    return parts, [token.value.rstrip() for token in tokens if token.kind == "COMMENT"]


def _plain(part: Any, kind: str) -> Any:
    if isinstance(part, Block):
        start = f"head_{part.kind}" if part.kind in ("task", "skill", "test", "finding") else "head_block"
        return [
            _node(parse_line(start, part.head.tokens, part.head.end)),
            [_plain(p, part.kind) for p in part.body],
        ]
    return _node(parse_line(f"{kind}_line", part.tokens, part.end))


def _node(value: Node) -> list[tuple[int, str, str]]:
    """A tree as a list, so that comparing deep ones does not recurse: depth, rule or kind, value."""
    found, stack = [], list[tuple[int, Node | Token]]([(0, value)])
    while stack:
        depth, inner = stack.pop()
        if isinstance(inner, Token):
            found.append((depth, inner.kind, inner.value))
        else:
            found.append((depth, inner.rule, ""))
            stack.extend((depth + 1, kid) for kid in inner.kids)
    return found


def compile_text(root: Path, text: str) -> Report:
    """Check one file (and its imports below ``root``) and, when there is no error, compile it."""
    report = Report()
    checked = check_project(root, ("main.skill",), report, {"main.skill": text})
    if not report.has_errors:
        compile_project(checked)
    return report
