"""Reading skills: their items, procedure, protocol, evidence and readout."""

from __future__ import annotations

from dataclasses import replace

from skillc.reading.blocks import read_block
from skillc.reading.common import (
    Reader,
    name_of,
    names_of,
    number_of,
    quantity_of,
    refs_of,
    text_of,
    token_name,
)
from skillc.reading.task import extends_of
from skillc.source import Span
from skillc.syntax.outline import Block, Line
from skillc.syntax.parser import Node
from skillc.tree import (
    CriterionDecl,
    EvidenceDecl,
    Item,
    KeyDecl,
    Name,
    Names,
    Number,
    PhrasesDecl,
    ReadoutDecl,
    ResourceDecl,
    RuleDecl,
    SkillDecl,
    SlotDecl,
    StepDecl,
    UseRef,
    Value,
)

__all__ = ["read_skill"]


def read_skill(block: Block, reader: Reader) -> SkillDecl | None:
    """Read a skill; None when its head cannot be read."""
    head = reader.parse("head_skill", block.head, "file")
    reader.broken = head is None
    items: list[Item] = []
    for part in block.body:
        items.extend(_line(part, reader) if isinstance(part, Line) else _block(part, reader))
    if head is None:
        return None
    return SkillDecl(name_of(head), extends_of(head), tuple(items), head.span, reader.broken)


def _line(line: Line, reader: Reader) -> list[Item]:
    node = reader.parse("skill_line", line, "skill")
    items: list[Item] = []
    for item in node.nodes() if node is not None else ():
        inner = item.nodes()[-1]
        key, value = inner.rule, _simple(inner, reader)
        if isinstance(value, UseRef):
            key = "phrases" if key == "phrases_ref" else value.name.text
        if value is not None:
            items.append(Item(key, value, item.has("replace"), item.span))
    return items


def _simple(node: Node, reader: Reader) -> Value | None:
    match node.rule:
        case "version" | "setting":
            return name_of(node)
        case "serves":
            return names_of(node.nodes()[0])
        case "use_ref" | "phrases_ref":
            return UseRef(name_of(node))
    return reader.text_or_file(node.nodes()[0])


def _block(block: Block, reader: Reader) -> list[Item]:
    head = reader.parse("head_block", block.head, "skill")
    if head is None:
        return []
    replace = head.has("replace")
    inner = head.nodes()[-1]
    match inner.rule:
        case "block_procedure":
            return _procedure(block, reader, replace, inner.span)
        case "block_protocol":
            return _protocol(block, reader, replace)
        case "block_evidence":
            return [Item("evidence", _evidence(block, reader, inner.span), replace, inner.span)]
        case "block_readout":
            rules = tuple(_rule(node, reader) for node in reader.lines(block))
            return [Item("readout", ReadoutDecl(rules, inner.span), replace, inner.span)]
    shared = read_block(head, block, reader)
    assert shared is not None
    if isinstance(shared, PhrasesDecl):
        reader.report.error(
            "SK111",
            inner.span,
            "phrases are declared at the top level of a file",
            f"move them out of the skill and write `phrases {shared.name.text}` here",
        )
        return []
    key = shared.id if isinstance(shared, ResourceDecl) else shared.name.text
    return [Item(key, shared, replace, inner.span)]


# --------------------------------------------------------------------------------------- procedure


def _procedure(block: Block, reader: Reader, replace: bool, span: Span) -> list[Item]:
    items = [Item("procedure", Name("procedure", span), replace, span)]
    for node in reader.lines(block):
        step = _step(node, reader)
        if step is not None:
            items.append(Item(f"step {step.name.text}", step, node.has("replace"), node.span))
    return items


def _step(node: Node, reader: Reader) -> StepDecl | None:
    name = name_of(node)
    clauses: dict[str, Node] = {}
    seen: dict[str, Span] = {}
    text = None
    for kid in node.nodes():
        if kid.rule.startswith("clause_"):
            key = kid.rule.removeprefix("clause_")
            if reader.once(seen, key, kid.span, f"step `{name.text}`"):
                clauses[key] = kid
        elif kid.rule != "replace":
            text = reader.text_or_file(kid)
    if text is None:
        return None

    def refs(key: str) -> tuple[Name, ...]:
        return refs_of(clauses[key].nodes()[0]) if key in clauses else ()

    tasks = names_of(clauses["for"].nodes()[0]).names if "for" in clauses else None
    before = name_of(clauses["before"]) if "before" in clauses else None
    after = name_of(clauses["after"]) if "after" in clauses else None
    return StepDecl(name, text, refs("use"), refs("consult"), tasks, before, after)


# ---------------------------------------------------------------------------------------- protocol


def _protocol(block: Block, reader: Reader, replace: bool) -> list[Item]:
    items = [
        Item("protocol", Name("protocol", block.head.tokens[0].span), replace, block.head.tokens[0].span)
    ]
    for node in reader.lines(block):
        inner = node.nodes()[-1]
        items.append(Item(f"protocol {inner.rule}", _limit(inner), node.has("replace"), node.span))
    return items


def _limit(node: Node) -> Value:
    match node.rule:
        case "load":
            return name_of(node)
        case "view" | "text":
            return quantity_of(node.nodes()[0])
        case "prefer":
            return Names(refs_of(node.nodes()[0]), node.span)
    return number_of(node.tokens()[0])


# ---------------------------------------------------------------------------------------- evidence


def _evidence(block: Block, reader: Reader, span: Span) -> EvidenceDecl:
    seen: dict[str, Span] = {}
    ungrounded: Name | None = None
    finding: EvidenceDecl | None = None
    for part in block.body:
        if isinstance(part, Line):
            node = reader.parse("evidence_line", part, "evidence")
            for item in node.nodes() if node is not None else ():
                if reader.once(seen, "ungrounded", item.span, "evidence"):
                    ungrounded = name_of(item)
        elif reader.once(seen, "finding", part.head.tokens[0].span, "evidence"):
            finding = _finding(part, reader)
    if finding is None:
        return EvidenceDecl(False, (), None, (), (), None, ungrounded, "finding" in seen, span)
    return replace(finding, ungrounded=ungrounded)


def _finding(block: Block, reader: Reader) -> EvidenceDecl | None:
    head = reader.parse("head_finding", block.head, "evidence")
    criteria: list[CriterionDecl] = []
    slots: list[SlotDecl] = []
    cites: tuple[Number, Number, tuple[Name, ...]] | None = None
    seen: dict[str, Span] = {}
    for node in reader.lines(block):
        if node.rule == "criterion":
            criteria.append(_criterion(node))
        elif node.rule != "cites":
            slots.append(_slot(node, reader))
        elif reader.once(seen, "cites", node.span, "a finding"):
            low, high = node.tokens()
            cites = number_of(low), number_of(high), names_of(node.nodes()[0]).names
    if head is None:
        return None
    keys = tuple(_key(node) for node in head.nodes("key"))
    most = head.nodes("max")
    limit = number_of(most[0].tokens()[0]) if most else None
    closed = head.has("each_key")
    return EvidenceDecl(closed, keys, limit, tuple(criteria), tuple(slots), cites, None, True, head.span)


def _key(node: Node) -> KeyDecl:
    source = node.nodes("from")
    return KeyDecl(name_of(node), name_of(source[0]) if source else None)


def _criterion(node: Node) -> CriterionDecl:
    text = next(kid for kid in node.nodes() if kid.rule in ("text", "long"))
    weight = node.nodes("weight")
    number = number_of(weight[0].nodes()[0]) if weight else None
    return CriterionDecl(name_of(node), name_of(node, 1), text_of(text), number)


def _slot(node: Node, reader: Reader) -> SlotDecl:
    name, *rest = (token_name(token) for token in node.tokens())
    when = reader.guard(node)
    quantities = node.nodes("quantity")
    chars = quantity_of(quantities[0]) if quantities else None
    is_enum = node.rule == "slot_enum"
    taxonomy = rest[0] if node.rule == "slot_in" else None
    return SlotDecl(name, tuple(rest) if is_enum else (), chars, taxonomy, when, node.span)


# ----------------------------------------------------------------------------------------- readout


def _rule(node: Node, reader: Reader) -> RuleDecl:
    span = node.span
    match node.rule:
        case "base":
            return RuleDecl("base", span, value=reader.expression(node.kids[0]))
        case "base_else":
            number = number_of(node.nodes("number")[-1])
            return RuleDecl("base", span, value=reader.expression(node.kids[0]), number=number)
        case "let":
            return RuleDecl("let", span, value=reader.expression(node.kids[1]), name=name_of(node))
        case "settle":
            return RuleDecl("settle", span, name=name_of(node), by=name_of(node, 1))
        case "decide":
            value, when = (reader.expression(kid) for kid in node.kids)
            return RuleDecl("decide", span, value=value, when=when)
        case "cap_rule":
            return RuleDecl("cap", span, value=reader.expression(node.kids[0]), when=reader.guard(node))
        case "cap_by":
            return RuleDecl("cap_by", span, by=name_of(node))
        case "abstain":
            return RuleDecl("abstain", span, when=reader.guard(node))
    return RuleDecl("round", span, number=number_of(node.tokens()[0]))
