"""``extends``: what a task, a skill or phrases have with all that they take over."""

from __future__ import annotations

from collections.abc import Sequence

from skillc.diagnostics import Report
from skillc.project.scope import Bound, Scope
from skillc.tree import Item, Name, PhrasesDecl, SkillDecl, StepDecl, TaskDecl

__all__ = ["Extensible", "effective_items", "is_complete"]

Extensible = TaskDecl | SkillDecl | PhrasesDecl
_NOT_INHERITED = {"version"}
_MAX_LEVELS = 16
_MERGED = {"procedure": "step ", "protocol": "protocol "}


def lineage(declaration: Extensible, scope: Scope) -> list[tuple[Extensible, Scope]] | None:
    """Return the declaration and what it extends, the farthest first; None for a broken or endless line."""
    chain: list[tuple[Extensible, Scope]] = [(declaration, scope)]
    while (parent := chain[-1][0].extends) is not None:
        ancestor = chain[-1][1].lookup(parent, type(declaration))
        if ancestor is None:
            return None
        if any(ancestor[0] is known for known, _ in chain):
            message = f"`{declaration.name.text}` extends itself"
            if ancestor[0] is declaration:
                path = " extends ".join([*(known.name.text for known, _ in chain), ancestor[0].name.text])
                scope.report.error("SK206", parent.span, message, f"{path}: take one of these away")
            return None
        if len(chain) == _MAX_LEVELS:
            message = f"`{declaration.name.text}` extends something over more than {_MAX_LEVELS} levels"
            span = (declaration.extends or declaration.name).span
            scope.report.error("SK004", span, message, "extend what stands nearer to the root")
            return None
        chain.append(ancestor)
    return chain[::-1]


def is_complete(declaration: Extensible, scope: Scope) -> bool:
    """Tell whether everything that belongs to a declaration could be read."""
    chain = lineage(declaration, scope)
    return chain is not None and not any(part.broken for part, _ in chain)


def effective_items(declaration: Extensible, scope: Scope, report: Report) -> dict[str, Bound]:
    """Return all items by key, steps in their order.

    Duplicates and ``replace`` without anything to replace are reported, once, where they are written.
    """
    chain = lineage(declaration, scope) or [(declaration, scope)]
    items: dict[str, Bound] = {}
    for part, home in chain:
        own = _own_items(part.items, part, report)
        for key in _NOT_INHERITED:
            items.pop(key, None)
        items = _merge(items, own, home, report if part is declaration else Report(), part)
    return items


def _own_items(items: Sequence[Item], owner: Extensible, report: Report) -> list[Item]:
    seen: dict[str, Item] = {}
    for item in items:
        first = seen.setdefault(item.key, item)
        if first is not item and item.key not in _MERGED:
            message = f"`{owner.name.text}` has `{shown(item.key)}` twice"
            report.error(
                "SK202", item.span, message, f"the first one is on line {first.span.line}; keep one of them"
            )
        elif first is not item:
            message = f"`{owner.name.text}` has two blocks `{item.key}`"
            report.error(
                "SK202", item.span, message, f"the first one is on line {first.span.line}; join them"
            )
    return list(seen.values())


def shown(key: str) -> str:
    """Return a key as it is written: protocol entries without their block."""
    return key.removeprefix("protocol ")


def _merge(
    inherited: dict[str, Bound], own: list[Item], scope: Scope, report: Report, owner: Extensible
) -> dict[str, Bound]:
    items = dict(inherited)
    for item in own:
        there = inherited.get(item.key)
        if item.key in _MERGED:
            if item.replace:
                items = {key: kept for key, kept in items.items() if not key.startswith(_MERGED[item.key])}
            if item.replace and there is None:
                _nothing_to_replace(item, owner, report)
        elif there is not None and item.key in items and not item.replace:
            where = there.item.span
            message = f"`{shown(item.key)}` is taken over from {where.file.path}:{where.line} already"
            report.error(
                "SK202",
                item.span,
                message,
                f"write `replace {item.span.text.split()[0]} ...` to put this in its place",
            )
        elif item.replace and there is None:
            _nothing_to_replace(item, owner, report)
        _put(items, Bound(item, scope), report)
    return items


def _nothing_to_replace(item: Item, owner: Extensible, report: Report) -> None:
    if owner.extends is None:
        help = f"`{owner.name.text}` extends nothing: take `replace` away"
    else:
        help = f"`{owner.extends.text}` has none: take `replace` away, or check the name"
    report.error("SK207", item.span, f"there is no `{shown(item.key)}` to replace", help)


def _put(items: dict[str, Bound], bound: Bound, report: Report) -> None:
    value = bound.item.value
    place = (value.before or value.after) if isinstance(value, StepDecl) else None
    if place is None or not isinstance(value, StepDecl):
        items[bound.item.key] = bound
        return
    anchor = f"step {place.text}"
    if anchor not in items or anchor == bound.item.key:
        _no_step(place, items, report)
        items[bound.item.key] = bound
        return
    items.pop(bound.item.key, None)
    order = list(items.items())
    index = [key for key, _ in order].index(anchor) + (value.after is not None)
    order.insert(index, (bound.item.key, bound))
    items.clear()
    items.update(order)


def _no_step(place: Name, items: dict[str, Bound], report: Report) -> None:
    from skillc.diagnostics import did_you_mean

    known = [key.removeprefix("step ") for key in items if key.startswith("step ")]
    report.error(
        "SK201",
        place.span,
        f"there is no step `{place.text}` before this one",
        did_you_mean(place.text, known),
    )
