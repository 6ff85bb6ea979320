"""Reading the blocks that a skill holds or that files share: resources, verifiers and the like."""

from __future__ import annotations

from dataclasses import dataclass

from skillc.reading.common import (
    Reader,
    name_of,
    names_of,
    number_of,
    quantity_of,
    text_of,
)
from skillc.source import Span
from skillc.syntax.outline import Block
from skillc.syntax.parser import Node
from skillc.tree import (
    ExprTree,
    FailureDecl,
    GuidanceDecl,
    Item,
    Name,
    Number,
    PhrasesDecl,
    PipelineDecl,
    PythonDecl,
    Quantity,
    ResourceDecl,
    TaxonomyDecl,
    Text,
    VerifierDecl,
)

__all__ = ["read_block"]

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0}

Shared = ResourceDecl | GuidanceDecl | TaxonomyDecl | VerifierDecl | PipelineDecl | PythonDecl | PhrasesDecl


@dataclass
class _Parts:
    """What the lines of a block gave, by the name of the item."""

    names: dict[str, tuple[Name, ...]]
    words: dict[str, Name]
    texts: dict[str, Text]
    numbers: dict[str, Number]
    quantities: dict[str, Quantity]
    when: ExprTree | None = None
    tasks: tuple[Name, ...] | None = None


_ITEM_NAMES = {
    "res_text": "text",
    "res_from": "from",
    "for_tasks": "for",
    "run_mode": "run",
    "pipeline_task": "task",
}


def _parts(block: Block, reader: Reader, owner: str) -> _Parts:
    parts = _Parts({}, {}, {}, {}, {})
    seen: dict[str, Span] = {}
    for node in reader.lines(block):
        key = _ITEM_NAMES.get(node.rule, node.rule)
        if reader.once(seen, key, node.span, owner):
            _take(parts, key, node, reader)
    return parts


def _take(parts: _Parts, key: str, node: Node, reader: Reader) -> None:
    match key:
        case "text" | "hint":
            text = reader.text_or_file(node.nodes()[0])
            if text is not None:
                parts.texts[key] = text
        case "for":
            parts.tasks = names_of(node.nodes()[0]).names
        case "when":
            parts.when = reader.expression(node.kids[0])
        case "from" | "reads" | "sees":
            parts.names[key] = names_of(node.nodes()[0]).names
        case "calls":
            parts.numbers[key] = number_of(node.tokens()[0])
        case "margin":
            parts.numbers[key] = number_of(node.nodes()[0])
        case "code" | "output" | "budget":
            parts.quantities[key] = quantity_of(node.nodes()[0])
        case "timeout":
            parts.numbers[key] = _seconds(name_of(node))
        case _:
            parts.words[key] = name_of(node)


def _seconds(duration: Name) -> Number:
    digits = duration.text.rstrip("msin")
    return Number(float(digits) * _SECONDS[duration.text[len(digits) :]], duration.span)


def read_block(head: Node, block: Block, reader: Reader) -> Shared | None:
    """Read a block that may be shared, by its parsed head; None for other heads."""
    inner = head.nodes()[-1]
    match inner.rule:
        case "block_resource":
            return _resource(inner, block, reader)
        case "block_guidance":
            name = name_of(inner)
            parts = _parts(block, reader, f"guidance `{name.text}`")
            return GuidanceDecl(name, parts.texts.get("text"), parts.tasks, inner.span)
        case "block_taxonomy":
            failures = tuple(_failure(node) for node in reader.lines(block))
            return TaxonomyDecl(name_of(inner), failures, inner.span)
        case "block_verifier":
            return _verifier(inner, block, reader)
        case "block_pipeline":
            return _pipeline(inner, block, reader)
        case "block_use":
            return _python(inner, block, reader)
        case "block_phrases":
            return _phrases(inner, block, reader)
    return None


def _resource(node: Node, block: Block, reader: Reader) -> ResourceDecl:
    kind, name = name_of(node), name_of(node, 1)
    parts = _parts(block, reader, f"resource `{kind.text}.{name.text}`")
    return ResourceDecl(
        kind,
        name,
        parts.texts.get("text"),
        parts.names.get("from", ()),
        parts.texts.get("hint"),
        parts.tasks,
        parts.when,
        node.span,
    )


def _failure(node: Node) -> FailureDecl:
    severity, name = name_of(node), name_of(node, 1)
    text = next(kid for kid in node.nodes() if kid.rule in ("text", "long"))
    caps = node.nodes("cap")
    return FailureDecl(severity, name, text_of(text), number_of(caps[0].nodes()[0]) if caps else None)


def _verifier(node: Node, block: Block, reader: Reader) -> VerifierDecl:
    name = name_of(node)
    parts = _parts(block, reader, f"verifier `{name.text}`")
    return VerifierDecl(
        name,
        parts.words.get("by"),
        parts.names.get("reads", ()),
        parts.words.get("gives"),
        parts.words.get("run"),
        parts.texts.get("hint"),
        parts.tasks,
        parts.when,
        node.span,
    )


def _pipeline(node: Node, block: Block, reader: Reader) -> PipelineDecl:
    name = name_of(node)
    parts = _parts(block, reader, f"pipeline `{name.text}`")
    return PipelineDecl(
        name,
        parts.words.get("task"),
        parts.names.get("reads", ()),
        parts.words.get("orders"),
        parts.words.get("each"),
        parts.words.get("gives"),
        parts.numbers.get("margin"),
        parts.quantities.get("budget"),
        parts.texts.get("hint"),
        parts.tasks,
        parts.when,
        node.span,
    )


def _python(node: Node, block: Block, reader: Reader) -> PythonDecl:
    name = name_of(node)
    parts = _parts(block, reader, f"`use {name.text}`")
    return PythonDecl(
        name,
        parts.numbers.get("calls"),
        parts.numbers.get("timeout"),
        parts.quantities.get("code"),
        parts.quantities.get("output"),
        parts.names.get("sees", ()),
        node.span,
    )


def _phrases(node: Node, block: Block, reader: Reader) -> PhrasesDecl:
    extends = node.nodes("extends")
    items = tuple(
        Item(
            name_of(kid).text,
            text_of(next(part for part in kid.nodes() if part.rule in ("text", "long"))),
            kid.has("replace"),
            kid.span,
        )
        for kid in reader.lines(block)
    )
    parent = name_of(extends[0]) if extends else None
    return PhrasesDecl(name_of(node), parent, items, node.span, reader.broken)
