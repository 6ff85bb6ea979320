"""The saved LALR tables of the grammar, and how Lark makes them.

Lark reads the grammar and builds the tables (``build_tables``, some 100 ms and only after a change of
the grammar); what runs is a plain table in ``tables.json``. The tests check that it is not stale.
Regenerate it with ``python -m skillc.syntax.tables``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["Rule", "Tables", "build_tables", "grammar_text", "load_tables", "start_symbols"]

_TABLES = Path(__file__).with_name("tables.json")


@dataclass(frozen=True, slots=True)
class Rule:
    """A production: what it reduces to, how many symbols, the name of its node."""

    origin: str
    size: int
    node: str
    inline: bool
    """A helper of a repetition: its children become its parent's."""
    expand: bool
    """With one child, the child stands for it."""


@dataclass(frozen=True, slots=True)
class Tables:
    """An LALR automaton. In a state, n >= 0 is the next state, n < 0 a reduction by rule -n - 1."""

    keywords: dict[str, str]
    puncts: dict[str, str]
    starts: dict[str, int]
    rules: tuple[Rule, ...]
    states: tuple[dict[str, int], ...]


def grammar_text() -> str:
    """Return the grammar, which is part of the contract package."""
    import skillspec

    return (Path(skillspec.__file__).parent / "skill.lark").read_text(encoding="utf-8")


def start_symbols(grammar: str) -> list[str]:
    """Return the names of the rules that a head or a line is parsed from."""
    import re

    return sorted(set(re.findall(r"^(head_[a-z]+|[a-z]+_line):", grammar, re.MULTILINE)))


def build_tables(grammar: str) -> dict[str, Any]:
    """Build the tables from the grammar with Lark, refusing every conflict, as plain JSON values."""
    from lark import Lark
    from lark.lexer import Lexer
    from lark.parsers.lalr_analysis import Shift

    class _NoLexer(Lexer):
        __future_interface__ = 2

        def __init__(self, conf: object) -> None:
            pass

        def lex(self, _lexer_state: object, _parser_state: object) -> Any:
            return iter(())

    starts = start_symbols(grammar)
    lark = Lark(grammar, parser="lalr", start=starts, strict=True, lexer=_NoLexer, maybe_placeholders=False)
    table: Any = lark.parser.parser._parse_table
    named: dict[str, str] = {}
    keywords: set[str] = set()
    puncts: set[str] = set()
    for terminal in lark.terminals:
        pattern: Any = terminal.pattern  # None for declared terminals, whatever Lark's annotation says
        if pattern is None:
            continue
        word = pattern.value
        named[terminal.name] = word
        (keywords if word.isalpha() else puncts).add(word)
    number = {rule: index for index, rule in enumerate(lark.rules)}
    rules = []
    for rule in lark.rules:
        origin = str(rule.origin.name)
        expand = bool(rule.options.expand1) and not rule.alias
        rules.append(
            [f"<{origin}>", len(rule.expansion), rule.alias or origin, origin.startswith("_"), expand]
        )
    order = _in_order([table.start_states[name] for name in starts], table.states, named, Shift)
    place = {state: index for index, state in enumerate(order)}
    states = []
    for state in order:
        actions: dict[str, int] = {}
        for symbol, (action, argument) in table.states[state].items():
            actions[_symbol(symbol, named)] = place[argument] if action is Shift else -number[argument] - 1
        states.append(dict(sorted(actions.items())))
    for name in starts:
        states[place[table.end_states[name]]]["$END"] = place[table.end_states[name]]
    return {
        "keywords": sorted(keywords),
        "puncts": sorted(puncts),
        "starts": {name: place[table.start_states[name]] for name in starts},
        "rules": rules,
        "states": states,
    }


def _symbol(symbol: str, named: dict[str, str]) -> str:
    """Name a symbol in the tables: a keyword by its word, a nonterminal in angle brackets."""
    return named.get(symbol) or (symbol if symbol.isupper() or symbol == "$END" else f"<{symbol}>")


def _in_order(starts: list[int], states: Any, named: dict[str, str], shift: object) -> list[int]:
    """Number the states by a walk from the starts: Lark's own numbers change from run to run."""
    order = dict.fromkeys(starts)
    queue = list(order)
    for state in queue:
        symbols = sorted(states[state], key=lambda symbol: _symbol(symbol, named))
        for symbol in symbols:
            action, argument = states[state][symbol]
            if action is shift and argument not in order:
                order[argument] = None
                queue.append(argument)
    return list(order)


def encode_tables(tables: dict[str, Any]) -> str:
    """Return the text of ``tables.json``: one state a line, so that a change of the grammar can be read."""
    lines = ["{"]
    for key in ("keywords", "puncts", "starts"):
        lines.append(f" {json.dumps(key)}: {json.dumps(tables[key], separators=(',', ':'))},")
    for key in ("rules", "states"):
        rows = ",\n".join("  " + json.dumps(row, separators=(",", ":")) for row in tables[key])
        lines.append(f" {json.dumps(key)}: [\n{rows}\n ]" + ("," if key == "rules" else ""))
    return "\n".join([*lines, "}", ""])


@lru_cache(maxsize=1)
def load_tables() -> Tables:
    """Read the saved tables."""
    raw = json.loads(_TABLES.read_text(encoding="utf-8"))
    return Tables(
        keywords={word: word for word in raw["keywords"]},
        puncts={word: word for word in raw["puncts"]},
        starts=raw["starts"],
        rules=tuple(Rule(*row) for row in raw["rules"]),
        states=tuple(raw["states"]),
    )


if __name__ == "__main__":
    _TABLES.write_text(encode_tables(build_tables(grammar_text())), encoding="utf-8")
