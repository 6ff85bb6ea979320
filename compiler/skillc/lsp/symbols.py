"""What names mean at a place: for hover, go to definition and completion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from skillc.diagnostics import Report
from skillc.lsp.project import Place
from skillc.project.inherit import effective_items
from skillc.project.scope import Bound, Scope, kind_of
from skillc.source import Span
from skillc.tree import (
    BinaryExpr,
    Declaration,
    EvidenceDecl,
    ExprTree,
    FieldDecl,
    Fields,
    GuidanceDecl,
    InExpr,
    Name,
    NameExpr,
    Names,
    PhrasesDecl,
    PipelineDecl,
    PythonDecl,
    ReadoutDecl,
    ResourceDecl,
    SkillDecl,
    StepDecl,
    TaskDecl,
    TaxonomyDecl,
    TestDecl,
    Text,
    UnaryExpr,
    UseRef,
    VerifierDecl,
)

__all__ = ["Symbol", "enclosing", "symbols_at", "target_of"]

_LEVELS = {"given": "public", "attach": "sample", "about": "benchmark"}
_MOST_CHARS = 2_000
_PARTS = (ResourceDecl, GuidanceDecl, TaxonomyDecl, VerifierDecl, PipelineDecl, PythonDecl)


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name, what kind of thing it names, where that stands, and what a hover shows of it (Markdown)."""

    name: str
    kind: str
    span: Span
    hover: str


def enclosing(place: Place) -> Declaration | TestDecl | None:
    """Return the declaration or test in which a place lies, as last read."""
    module = place.analysis.project.modules.get(place.path)
    if module is None:
        return None
    for part in (*module.declarations, *module.tests):
        if part.span.start <= place.offset <= part.span.end:
            return part
    # While a block is being typed its end is not where it will be: what began last before the place counts.
    before = [part for part in (*module.declarations, *module.tests) if part.span.start <= place.offset]
    return max(before, key=lambda part: part.span.start, default=None)


def symbols_at(place: Place) -> list[Symbol]:
    """Return all names that mean something at a place, the nearest first."""
    scope = place.analysis.scopes.get(place.path)
    if scope is None:
        return []
    symbols = list(_inside(enclosing(place), scope))
    symbols += [_declared(entry.declaration, entry.scope) for entry in (scope.own | scope.imported).values()]
    return symbols


def _inside(part: Declaration | TestDecl | None, scope: Scope) -> Iterator[Symbol]:
    if isinstance(part, TaskDecl):
        yield from _fields(part, scope)
    elif isinstance(part, SkillDecl):
        yield from _skill(part, scope)
    elif isinstance(part, TestDecl) and part.run is not None:
        for name in part.run[:2]:
            entry = scope.own.get(name.text) or scope.imported.get(name.text)
            if entry is not None and isinstance(entry.declaration, TaskDecl | SkillDecl):
                yield from _inside(entry.declaration, entry.scope)


def _levelled(task: TaskDecl, scope: Scope) -> Iterator[tuple[FieldDecl, str]]:
    """Yield the fields of a task, each with its level."""
    for key, bound in effective_items(task, scope, Report()).items():
        value = bound.item.value
        if isinstance(value, Fields) and key in _LEVELS:
            for field in value.fields:
                yield field, _LEVELS[key]


def _fields(task: TaskDecl, scope: Scope) -> Iterator[Symbol]:
    for field, level in _levelled(task, scope):
        absent = ", may be absent" if field.optional else ""
        text = f"**{field.name.text}**: field of task `{task.name.text}`, level {level}{absent}"
        yield Symbol(field.name.text, "field", field.name.span, text)


def _served(items: dict[str, Bound]) -> Iterator[tuple[TaskDecl, Scope]]:
    serves = items.get("serves")
    if serves is None or not isinstance(serves.item.value, Names):
        return
    for name in serves.item.value.names:
        entry = serves.scope.own.get(name.text) or serves.scope.imported.get(name.text)
        if entry is not None and isinstance(entry.declaration, TaskDecl):
            yield entry.declaration, entry.scope


def _skill(skill: SkillDecl, scope: Scope) -> Iterator[Symbol]:
    items = effective_items(skill, scope, Report())
    levels: dict[str, set[str]] = {}
    fields: dict[str, Symbol] = {}
    for task, scope in _served(items):
        for field, level in _levelled(task, scope):
            levels.setdefault(field.name.text, set()).add(level)
        for symbol in _fields(task, scope):
            fields.setdefault(symbol.name, symbol)
    for bound in items.values():
        value, home = bound.item.value, bound.scope
        if isinstance(value, UseRef):
            entry = home.own.get(value.name.text) or home.imported.get(value.name.text)
            if entry is not None:
                yield _declared(entry.declaration, entry.scope, levels)
        elif isinstance(value, StepDecl):
            yield Symbol(
                value.name.text,
                "step",
                value.name.span,
                f"**step {value.name.text}**\n\n{_quoted(value.text)}",
            )
        elif isinstance(value, EvidenceDecl):
            yield from _evidence(value)
        elif isinstance(value, ReadoutDecl):
            for rule in value.rules:
                if rule.kind == "let" and rule.name is not None:
                    yield Symbol(rule.name.text, "value", rule.name.span, f"```skill\n{rule.span.text}\n```")
        elif isinstance(value, _PARTS):
            yield _declared(value, home, levels)
    yield from fields.values()


def _evidence(evidence: EvidenceDecl) -> Iterator[Symbol]:
    for item in evidence.criteria:
        text = f"**criterion {item.name.text}** ({item.strength.text})\n\n{_quoted(item.text)}"
        yield Symbol(item.name.text, "criterion", item.name.span, text)
    for slot in evidence.slots:
        yield Symbol(slot.name.text, "slot", slot.name.span, f"```skill\n{slot.span.text}\n```")
        for value in slot.values:
            yield Symbol(value.text, "status", value.span, f"a value of `{slot.name.text}`")
    rule = "exactly one for each combination of keys" if evidence.closed else "no two with the same keys"
    for key in evidence.keys:
        text = f"**{key.name.text}**: key of the findings, {rule}"
        yield Symbol(key.name.text, "key", key.name.span, text)


def _declared(declaration: Declaration, scope: Scope, levels: dict[str, set[str]] | None = None) -> Symbol:
    """Return a declaration as a symbol; a resource goes by its id."""
    name, span = declaration.name.text, declaration.name.span
    kind = kind_of(declaration).split(" ", 1)[-1]
    if isinstance(declaration, ResourceDecl):
        return Symbol(declaration.id, "resource", span, _resource(declaration, levels or {}))
    if isinstance(declaration, PythonDecl):
        name = "python"
    lines = [f"**{kind} {name}** ({scope.module.file.path}:{span.line})"]
    if isinstance(declaration, SkillDecl | TaskDecl):
        texts = [item.value for item in declaration.items if item.key in ("summary", "system")]
        lines += [_quoted(text) for text in texts if isinstance(text, Text)]
    elif isinstance(declaration, TaxonomyDecl):
        lines += [
            f"- {item.severity.text} `{item.name.text}`: {item.text.value}" for item in declaration.failures
        ]
    elif not isinstance(declaration, PhrasesDecl):
        lines.append(f"```skill\n{declaration.span.text[:_MOST_CHARS]}\n```")
    return Symbol(name, kind, span, "\n\n".join(lines))


def _resource(resource: ResourceDecl, levels: dict[str, set[str]]) -> str:
    """Id, level and text of a resource; the level is the union of the levels of what it reads."""
    reads = [name.text for name in resource.fields] + sorted(_names(resource.when))
    needed = sorted({level for name in reads for level in levels.get(name, {"oracle"} if levels else set())})
    level = ", ".join(needed) or ("public" if not reads else "that of the fields it reads")
    lines = [f"**{resource.id}**: level {level}"]
    if resource.hint is not None:
        lines.append(resource.hint.value)
    if resource.fields:
        lines.append("From the sample: " + ", ".join(f"`{name.text}`" for name in resource.fields))
    if resource.text is not None:
        lines.append(_quoted(resource.text))
    return "\n\n".join(lines)


def _names(tree: ExprTree | None) -> set[str]:
    match tree:
        case NameExpr():
            return {tree.parts[0].text}
        case UnaryExpr():
            return _names(tree.arg)
        case BinaryExpr():
            return _names(tree.left) | _names(tree.right)
        case InExpr():
            return _names(tree.arg)
    return set()


def _quoted(text: Text) -> str:
    cut = text.value if len(text.value) <= _MOST_CHARS else text.value[:_MOST_CHARS] + " ..."
    fence = "```"
    while fence in cut:
        fence += "`"
    return f"{fence}text\n{cut}\n{fence}"


def target_of(place: Place) -> Symbol | str | None:
    """Return what the word or path at a place stands for.

    It is a symbol, the root-relative path of a file, or nothing.
    """
    token = place.token()
    if token is None:
        return None
    index = place.tokens.index(token)
    if token.kind == "STRING":
        before = place.tokens[index - 1].value if index else ""
        if before in ("from", "file"):
            return place.analysis.project.locate(place.source, Name(token.value, token.span))
        return None
    symbols = symbols_at(place)
    for wanted in _spellings(place, index):
        for symbol in symbols:
            if wanted in (symbol.name, symbol.name.partition(".")[2]):
                return symbol
    return None


def _spellings(place: Place, index: int) -> Iterator[str]:
    """Yield how the name at a token may be meant: as the id that it is a part of, or alone."""
    tokens = place.tokens
    word = tokens[index].value
    around = [token.value for token in tokens[max(index - 2, 0) : index + 3]]
    at = min(index, 2)
    if around[at + 1 : at + 2] == ["."] and len(around) > at + 2:
        yield f"{word}.{around[at + 2]}"
    if at == 2 and around[1] == ".":
        yield f"{around[0]}.{word}"
    if at == 2 and tokens[index - 2].value == "resource":
        yield f"{around[1]}.{word}"
    yield word
