"""Reading test blocks."""

from __future__ import annotations

from skillc.reading.common import Reader, name_of, number_of, ref_name, token_name
from skillc.source import Span
from skillc.syntax.lexer import Token
from skillc.syntax.outline import Block
from skillc.syntax.parser import Node
from skillc.tree import Expectation, Name, TestDecl, TestValue, Turn

__all__ = ["read_test"]

_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}


def read_test(block: Block, reader: Reader) -> TestDecl | None:
    """Read a test; None when its head cannot be read."""
    head = reader.parse("head_test", block.head, "file")
    run: tuple[Name, Name, Name, Name] | None = None
    sample: TestValue | None = None
    turns: list[Turn] = []
    expectations: list[Expectation] = []
    seen: dict[str, Span] = {}
    for node in reader.lines(block):
        match node.rule:
            case "test_run":
                if reader.once(seen, "run", node.span, "a test"):
                    run = (name_of(node), name_of(node, 1), name_of(node, 2), name_of(node, 3))
            case "test_sample":
                if reader.once(seen, "sample", node.span, "a test"):
                    sample = TestValue(_value(node.nodes()[0], reader), node.span)
            case "test_say":
                turns.append(Turn(None, None, _text(node.nodes()[0]), node.span))
            case "test_call":
                arguments = TestValue(_value(node.nodes()[0], reader), node.span)
                turns.append(Turn(name_of(node), arguments, "", node.span))
            case "test_raw_call":
                turns.append(Turn(name_of(node), None, _text(node.nodes()[0]), node.span))
            case "test_expect":
                expectations.append(_expectation(node.nodes()[0], reader))
    if head is None:
        return None
    return TestDecl(name_of(head), run, sample, tuple(turns), tuple(expectations), head.span)


def _text(node: Node) -> str:
    return node.tokens()[0].value


def _value(node: Node | Token, reader: Reader) -> object:
    assert isinstance(node, Node)
    match node.rule:
        case "text" | "long":
            return _text(node)
        case "number":
            return number_of(node).value
        case "word":
            word = name_of(node).text
            return _WORDS.get(word, word)
        case "array":
            return [_value(kid, reader) for kid in node.kids]
    record: dict[str, object] = {}
    seen: dict[str, Span] = {}
    for pair in node.nodes("pair"):
        key = token_name(pair.tokens()[0])
        if reader.once(seen, key.text, key.span, "this record"):
            record[key.text] = _value(pair.kids[-1], reader)
    return record


def _expectation(node: Node, reader: Reader) -> Expectation:
    kind, span = node.rule.removeprefix("expect_"), node.span
    match kind:
        case "offered" | "hidden":
            return Expectation(kind, ref_name(node.nodes()[0]).text, None, None, None, span)
        case "sent" | "not_sent":
            return Expectation(kind, _text(node.nodes()[0]), None, None, None, span)
        case "requests" | "dropped":
            return Expectation(kind, "", None, None, number_of(node.tokens()[0]).value, span)
        case "invalid":
            texts = node.nodes()
            return Expectation(kind, "", None, None, _text(texts[0]) if texts else None, span)
        case "same":
            return Expectation(kind, "", None, None, None, span)
    target, *indexes, value = node.nodes()
    index = attribute = None
    if indexes:
        number, *names = indexes[0].tokens()
        index, attribute = int(number.value), names[0].value if names else None
    return Expectation("equal", ref_name(target).text, index, attribute, _value(value, reader), span)
