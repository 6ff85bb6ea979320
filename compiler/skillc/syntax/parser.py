"""A small LALR driver over the saved tables.

It decides for every word, from the state it is in, whether the word is a keyword or a name, and it
builds plain nodes. An error is one ``SyntaxProblem`` that knows what could have stood there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from skillc.source import Span
from skillc.syntax.lexer import Token
from skillc.syntax.tables import Tables, load_tables

__all__ = ["Node", "SyntaxProblem", "parse_line"]

_MAX_STACK = 600
_LITERALS = {"INT", "FLOAT", "DURATION", "STRING", "LONG", "REGEX"}


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree: the name of its rule, and its children without keywords and punctuation."""

    rule: str
    kids: tuple[Node | Token, ...]
    span: Span

    def tokens(self) -> list[Token]:
        """Return the children that are tokens."""
        return [kid for kid in self.kids if isinstance(kid, Token)]

    def nodes(self, rule: str | None = None) -> list[Node]:
        """Return the children that are nodes, all or those of one rule."""
        return [kid for kid in self.kids if isinstance(kid, Node) and rule in (None, kid.rule)]

    def has(self, rule: str) -> bool:
        """Tell whether a child is a node of ``rule``."""
        return any(isinstance(kid, Node) and kid.rule == rule for kid in self.kids)


class SyntaxProblem(Exception):
    """``token`` (None: the end) could not stand where it stood; ``expected`` could have."""

    def __init__(self, token: Token | None, expected: list[str], at: Span, first: bool) -> None:
        super().__init__(token)
        self.token = token
        self.expected = expected
        self.at = at
        self.first = first
        """Whether it was the first token of the line, or of an item in it."""


def _terminal(token: Token, actions: dict[str, int], tables: Tables) -> str:
    if token.kind == "WORD":
        if token.value in tables.keywords and token.value in actions:
            return token.value
        return "NAME"
    return token.value if token.kind == "PUNCT" else token.kind


class _Machine:
    def __init__(self, start: str, tables: Tables) -> None:
        self.tables = tables
        self.states = [tables.starts[start]]
        self.values: list[list[Node | Token]] = []
        self.spans: list[Span] = []
        self.here: Span

    def reduce(self, index: int) -> None:
        rule = self.tables.rules[index]
        kids: list[Node | Token] = []
        span = self.here
        if rule.size:
            for part in self.values[-rule.size :]:
                kids.extend(part)
            span = self.spans[-rule.size].to(self.spans[-1])
            del self.states[-rule.size :], self.values[-rule.size :], self.spans[-rule.size :]
        if rule.inline or (rule.expand and len(kids) == 1):
            value = kids
        else:
            value = [Node(rule.node, tuple(kids), span)]
        self.push(self.tables.states[self.states[-1]][rule.origin], value, span)

    def push(self, state: int, value: list[Node | Token], span: Span) -> None:
        self.states.append(state)
        self.values.append(value)
        self.spans.append(span)

    def accepts(self, terminal: str) -> bool:
        """Tell whether ``terminal`` can really come next.

        The lookahead sets of LALR are a little too wide.
        """
        pushed: list[int] = []
        depth = len(self.states)  # how much of the real stack is left under what was pushed
        while True:
            state = pushed[-1] if pushed else self.states[depth - 1]
            action = self.tables.states[state].get(terminal)
            if action is None:
                return False
            if action >= 0:
                return True
            rule = self.tables.rules[-action - 1]
            taken = min(rule.size, len(pushed))
            del pushed[len(pushed) - taken :]
            depth -= rule.size - taken
            state = pushed[-1] if pushed else self.states[depth - 1]
            pushed.append(self.tables.states[state][rule.origin])

    def expected(self) -> list[str]:
        actions = self.tables.states[self.states[-1]]
        known = self.tables.keywords.keys() | self.tables.puncts.keys() | _LITERALS | {"NAME", "$END"}
        return [name for name in actions if name in known and self.accepts(name)]


def parse_line(start: str, tokens: Sequence[Token], at: Span) -> Node:
    """Parse ``tokens`` from the start symbol ``start``.

    Args:
        start: a start symbol of the grammar.
        tokens: without comments and line ends.
        at: where an empty line, or the end of this one, is.

    Raises:
        SyntaxProblem: at the first token that cannot stand where it stands.
    """
    tables = load_tables()
    machine = _Machine(start, tables)
    for index, token in enumerate([*tokens, None]):
        machine.here = at if token is None else token.span
        if len(machine.states) > _MAX_STACK:
            raise SyntaxProblem(token, [], machine.here, False)
        settled = False
        while True:
            actions = tables.states[machine.states[-1]]
            terminal = "$END" if token is None else _terminal(token, actions, tables)
            action = actions.get(terminal)
            if action is None or (action < 0 and not settled and not machine.accepts(terminal)):
                raise SyntaxProblem(token, machine.expected(), machine.here, index == 0)
            settled = True
            if action >= 0:
                break
            machine.reduce(-action - 1)
        if token is not None:
            kept = terminal == "NAME" or terminal in _LITERALS
            machine.push(action, [token] if kept else [], token.span)
    return _result(machine)


def _result(machine: _Machine) -> Node:
    node = machine.values[-1][-1]
    assert isinstance(node, Node)
    return node
