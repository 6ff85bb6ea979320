"""``skillc diff``: what changed for the judge between two compilations.

Each side is a folder of artifacts, or of sources, which are compiled in memory. What is compared is
what a judge is sent: the texts of every link, its tools, and the settings of its skill.
"""

from __future__ import annotations

import argparse
import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from skillc.usage import UsageError
from skillspec.artifacts import ArtifactError, ArtifactStore
from skillspec.records import Link, Part, Resource, ResourcePart, Skill, TemplatePart, TextPart

__all__ = ["Difference", "LinkSize", "compare_stores", "diff", "open_side"]

_CHARS_PER_TOKEN = 4
_NAMES = 4
_SHOWN_AS_TEXTS = ("phrases", "steps", "resources")
_NOT_FOR_THE_JUDGE = ("format", "sources", "digest", "task_digest", "skill_digest")


@dataclass(frozen=True, slots=True)
class LinkSize:
    """Static characters of a link on both sides; None on the side that does not have it."""

    link: str
    before: int | None
    after: int | None


@dataclass
class Difference:
    """What differs: names by kind, texts and tools as unified diffs, settings as pairs of values."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)
    settings: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    sizes: list[LinkSize] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.texts or self.tools or self.settings or self.sizes)


def diff(options: argparse.Namespace) -> int:
    """Print how B differs from A; 0 when it does not, 1 when it does.

    Raises:
        UsageError: a side cannot be read, or its sources have mistakes.
    """
    try:
        difference = compare_stores(open_side(options.before), open_side(options.after))
    except ArtifactError as error:
        raise UsageError(str(error)) from error
    if options.format == "json":
        print(json.dumps(asdict(difference), ensure_ascii=False, indent=1))
    else:
        print(_shown(difference), end="")
    return int(bool(difference))


def open_side(path: Path) -> ArtifactStore:
    """Open artifacts, or compile the sources at ``path`` in memory.

    Raises:
        UsageError: there is neither, or the sources have mistakes.
        ArtifactError: the artifacts cannot be read.
    """
    if (path / "index.json").is_file():
        return ArtifactStore(path)
    if not path.exists():
        raise UsageError(f"there is no {path}")
    from skillc.diagnostics import Report
    from skillc.program import check_project, compile_project
    from skillc.project.load import find_sources

    root = path if path.is_dir() else path.parent
    entries = find_sources(root, [path])
    if not entries:
        raise UsageError(f"{path} holds neither artifacts (index.json) nor sources (*.skill)")
    report = Report()
    checked = check_project(root, entries, report)
    if report.has_errors:
        raise UsageError(f"the sources in {path} have mistakes: skillc check {path}")
    return ArtifactStore(files=compile_project(checked))


# ------------------------------------------------------------------------------------------ comparing


def compare_stores(before: ArtifactStore, after: ArtifactStore) -> Difference:
    """Compare two compilations."""
    difference = Difference()
    for kind in ("tasks", "skills", "links"):
        old, new = getattr(before.index, kind), getattr(after.index, kind)
        difference.added += [f"{kind[:-1]} {name}" for name in sorted(new.keys() - old.keys())]
        difference.removed += [f"{kind[:-1]} {name}" for name in sorted(old.keys() - new.keys())]
        for name in sorted(old.keys() & new.keys()):
            if old[name].digest != new[name].digest:
                _COMPARE[kind](difference, name, before, after)
    for name in sorted(before.index.links.keys() | after.index.links.keys()):
        sizes = [
            store.link(name).static_chars if name in store.index.links else None for store in (before, after)
        ]
        if sizes[0] != sizes[1]:
            difference.sizes.append(LinkSize(name, *sizes))
    return difference


def _task(difference: Difference, name: str, before: ArtifactStore, after: ArtifactStore) -> None:
    old, new = before.task(name), after.task(name)
    for what in ("system", "user", "closing_text", "closing_tools"):
        texts = [
            store.text(ref) if (ref := getattr(task, what)) is not None else ""
            for store, task in ((before, old), (after, new))
        ]
        _text(difference, f"task {name}: {what.replace('_', ' ')}", *texts)
    _settings(difference, f"task {name}", old, new, ("system", "user", "closing_text", "closing_tools"))


def _skill(difference: Difference, name: str, before: ArtifactStore, after: ArtifactStore) -> None:
    old, new = before.skill(name), after.skill(name)
    for what, texts in (
        ("phrase", (old.phrases, new.phrases)),
        (
            "step",
            ({step.name: step.text for step in old.steps}, {step.name: step.text for step in new.steps}),
        ),
        ("resource", (_resources(old, before), _resources(new, after))),
    ):
        for key in dict.fromkeys((*texts[0], *texts[1])):
            _text(difference, f"skill {name}: {what} {key}", texts[0].get(key, ""), texts[1].get(key, ""))
    for what, items in (
        ("step", ({step.name: step for step in old.steps}, {step.name: step for step in new.steps})),
        ("resource", ({r.id: r for r in old.resources}, {r.id: r for r in new.resources})),
    ):
        for key in items[0].keys() & items[1].keys():
            _settings(difference, f"skill {name}: {what} {key}", items[0][key], items[1][key], ("text",))
    _settings(difference, f"skill {name}", old, new, _SHOWN_AS_TEXTS)


def _resources(skill: Skill, store: ArtifactStore) -> dict[str, str]:
    def text(resource: Resource) -> str:
        shown = store.text(resource.text) if resource.text is not None else ""
        return f"{resource.hint}\n\n{shown}"

    return {resource.id: text(resource) for resource in skill.resources}


def _link(difference: Difference, name: str, before: ArtifactStore, after: ArtifactStore) -> None:
    old, new = before.link(name), after.link(name)
    for role in ("system", "user"):
        _text(
            difference,
            f"link {name}: {role} message",
            _message(old, role, before),
            _message(new, role, after),
        )
    _text(difference, f"link {name}: use_skill", _parts(old.loaded, before), _parts(new.loaded, after))
    tools = [{tool.name: msgspec.to_builtins(tool) for tool in link.tools} for link in (old, new)]
    for tool in dict.fromkeys((*tools[0], *tools[1])):
        pair = [
            json.dumps(side[tool], ensure_ascii=False, indent=1) if tool in side else "" for side in tools
        ]
        if pair[0] != pair[1]:
            difference.tools[f"link {name}: {tool}"] = _unified(*pair)
    _settings(difference, f"link {name}", old, new, ("messages", "loaded", "tools", "static_chars"))


_COMPARE = {"tasks": _task, "skills": _skill, "links": _link}


def _message(link: Link, role: str, store: ArtifactStore) -> str:
    return "\n\n".join(_parts(message.parts, store) for message in link.messages if message.role == role)


def _parts(parts: tuple[Part, ...], store: ArtifactStore) -> str:
    return "\n\n".join(_part(part, store) for part in parts)


def _part(part: Part, store: ArtifactStore) -> str:
    match part:
        case TextPart() | TemplatePart():
            return store.text(part.ref)
        case ResourcePart():
            return f"[resource {part.id}]"
    return "[results of the automatic verifiers]"


def _text(difference: Difference, name: str, before: str, after: str) -> None:
    if before != after:
        difference.texts[name] = _unified(before, after)


def _unified(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=2, lineterm="")
    return "\n".join(list(lines)[2:])


def _settings(
    difference: Difference, name: str, before: msgspec.Struct, after: msgspec.Struct, leave: tuple[str, ...]
) -> None:
    old, new = _flat(before, leave), _flat(after, leave)
    for key in dict.fromkeys((*old, *new)):
        if old.get(key) == new.get(key):
            continue
        if isinstance(old.get(key), list | tuple) and isinstance(new.get(key), list | tuple):
            lists = [json.dumps(side[key], ensure_ascii=False, indent=1) for side in (old, new)]
            _text(difference, f"{name}: {key}", *lists)
        else:
            difference.settings[f"{name}: {key}"] = (old.get(key), new.get(key))


def _flat(record: msgspec.Struct, leave: tuple[str, ...]) -> dict[str, Any]:
    """Return the record as dotted keys, down to lists."""
    values: Mapping[str, Any] = msgspec.to_builtins(record)
    left = {*leave, *_NOT_FOR_THE_JUDGE}

    def walk(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, dict) and value:
            for key, item in value.items():
                yield from walk(f"{prefix}.{key}" if prefix else key, item)
        else:
            yield prefix, value

    return {key: value for name in values if name not in left for key, value in walk(name, values[name])}


# ------------------------------------------------------------------------------------------- showing


def _shown(difference: Difference) -> str:
    if not difference:
        return "no difference for the judge\n"
    blocks = [*(f"+ {name}" for name in difference.added), *(f"- {name}" for name in difference.removed)]
    for name, (before, after) in difference.settings.items():
        blocks.append(f"{name}: {_value(before)} -> {_value(after)}")
    # One change of a shared text shows in many links; its lines are printed once.
    for changes in (difference.texts, difference.tools):
        places: dict[str, list[str]] = {}
        for name, change in changes.items():
            places.setdefault(_changed_lines(change), []).append(name)
        for names in places.values():
            more = [f"... and {len(names) - _NAMES} more"] if len(names) > _NAMES else []
            blocks.append("\n" + "\n".join([*names[:_NAMES], *more, changes[names[0]]]))
    if difference.sizes:
        blocks.append("\ncharacters (tokens are an estimate)")
        blocks += [f"  {_size(item)}" for item in difference.sizes]
    return "\n".join(blocks).lstrip("\n") + "\n"


def _changed_lines(change: str) -> str:
    return "\n".join(line for line in change.splitlines() if line.startswith(("+", "-")))


def _value(value: Any) -> str:
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


def _size(item: LinkSize) -> str:
    def told(chars: int | None) -> str:
        return "none" if chars is None else f"{chars} (about {-(-chars // _CHARS_PER_TOKEN)} tokens)"

    return f"{item.link}: {told(item.before)} -> {told(item.after)}"
