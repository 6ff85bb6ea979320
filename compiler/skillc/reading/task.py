"""Reading tasks."""

from __future__ import annotations

from skillc.reading.common import Reader, name_of, names_of, number_of, token_name
from skillc.source import Span
from skillc.syntax.lexer import Token
from skillc.syntax.outline import Block, Line
from skillc.syntax.parser import Node
from skillc.tree import (
    AcceptDecl,
    ChecklistDecl,
    ChoiceDecl,
    ChoiceOfDecl,
    FieldDecl,
    Fields,
    Item,
    LabelDecl,
    Name,
    OutcomeDecl,
    ScaleDecl,
    ScoreDecl,
    TaskDecl,
    Value,
)

__all__ = ["extends_of", "read_task"]

_KEYS = {"closing_text": "closing text", "closing_tools": "closing tools", "selected_by": "selected by"}


def extends_of(head: Node) -> Name | None:
    """Return the name after ``extends``."""
    nodes = head.nodes("extends")
    return name_of(nodes[0]) if nodes else None


def read_task(block: Block, reader: Reader) -> TaskDecl | None:
    """Read a task; None when its head cannot be read."""
    head = reader.parse("head_task", block.head, "file")
    reader.broken = head is None
    items: list[Item] = []
    for line in block.body:
        assert isinstance(line, Line)
        node = reader.parse("task_line", line, "task")
        for item in node.nodes() if node is not None else ():
            inner = item.nodes()[-1]
            value = _value(inner, reader)
            if value is not None:
                key = _KEYS.get(inner.rule, inner.rule)
                items.append(Item(key, value, item.has("replace"), item.span))
    if head is None:
        return None
    return TaskDecl(name_of(head), extends_of(head), tuple(items), head.span, reader.broken)


def _value(node: Node, reader: Reader) -> Value | None:
    match node.rule:
        case "given" | "attach" | "about":
            return Fields(tuple(_field(field) for field in node.nodes()[0].nodes()))
        case "answer":
            return _answer(node.nodes()[0])
        case "accept":
            return _accept(node)
        case "locale":
            return name_of(node)
        case "selected_by":
            return names_of(node.nodes()[0])
    return reader.text_or_file(node.nodes()[0])


def _field(node: Node) -> FieldDecl:
    labels = node.nodes("labels")
    declared = tuple(_label(label) for label in labels[0].nodes()) if labels else ()
    return FieldDecl(name_of(node), node.has("optional"), declared, node.span)


def _label_name(node: Node) -> Name:
    return token_name(node.tokens()[0])


def _outcome(node: Node) -> OutcomeDecl:
    winner, *by = node.tokens()
    return OutcomeDecl(token_name(winner), int(by[0].value) if by else 1, node.span)


def _label(node: Node) -> LabelDecl:
    texts = [kid for kid in node.nodes() if kid.rule in ("text", "long")]
    outcomes = node.nodes("outcome")
    shown = texts[0].tokens()[0].value if texts else None
    return LabelDecl(_label_name(node.nodes()[0]), shown, _outcome(outcomes[0]) if outcomes else None)


def _answer(node: Node) -> Value:
    span = node.span
    match node.rule:
        case "choice_of":
            return ChoiceOfDecl(name_of(node), span)
        case "choice":
            return ChoiceDecl(tuple(_label(label) for label in node.nodes()[0].nodes()), span)
        case "scale":
            labels = (
                LabelDecl(_label_name(label.nodes()[0]), None, _outcome(label.nodes("outcome")[0]))
                for label in node.nodes()
            )
            return ScaleDecl(tuple(labels), span)
        case "score":
            low, high = node.nodes("number")
            return ScoreDecl(number_of(low), number_of(high), name_of(node), span)
    over, first, second = node.tokens()
    texts = [kid.tokens()[0].value for kid in node.nodes()]
    verdicts = ((token_name(first), texts[0]), (token_name(second), texts[1]))
    return ChecklistDecl(token_name(over), verdicts, span)


def _accept(node: Node) -> AcceptDecl:
    matcher = next(kid for kid in node.nodes() if kid.rule in ("regex", "shown_labels"))
    pattern, flags = None, ""
    if matcher.rule == "regex":
        pattern, _, flags = matcher.tokens()[0].value[1:].rpartition("/")
        pattern = pattern.replace("\\/", "/")
    mapping: list[tuple[Name, Name]] = []
    for pair in node.nodes("mapping"):
        for kid in pair.nodes():
            captured = next(part for part in kid.kids if isinstance(part, Token))
            mapping.append((token_name(captured), _label_name(kid.nodes()[-1])))
    return AcceptDecl(name_of(node), pattern, flags, _matcher_span(matcher), tuple(mapping), node.span)


def _matcher_span(matcher: Node) -> Span:
    return matcher.span
