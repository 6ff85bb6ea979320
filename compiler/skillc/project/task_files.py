"""``--task-file``: tasks of the user's own in the place of the project's tasks of the same name.

A task file may take over what it replaces (``task mine extends mine { replace user ... }``):
the name after ``extends`` then means the project's task. The file has a root of its own, its folder.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from skillc.diagnostics import Report, did_you_mean
from skillc.project.load import load_project
from skillc.project.scope import Entry, Scope, Scopes, build_scopes
from skillc.tree import TaskDecl

__all__ = ["replace_tasks"]


def replace_tasks(scopes: Scopes, root: Path, files: Iterable[Path], report: Report) -> dict[int, Entry]:
    """Put the tasks of ``files`` in the place of those of the same name, wherever these are used.

    Returns:
        What replaces each task, by the ``id()`` of the replaced declaration.
    """
    replaced: dict[int, Entry] = {}
    for file in files:
        for entry in _read(file, root, report):
            name = entry.declaration.name
            first = _declared(scopes, name.text)
            if first is None:
                known = [key for scope in scopes.values() for key in scope.own if _declared(scopes, key)]
                message = f"there is no task `{name.text}` in the project that this could replace"
                report.error("SK211", name.span, message, did_you_mean(name.text, known))
            elif id(first.declaration) in replaced or any(first is own for own in replaced.values()):
                message = f"task `{name.text}` is replaced by another task file already"
                report.error("SK211", name.span, message, "leave one of them out")
            else:
                _exchange(scopes, first, entry)
                replaced[id(first.declaration)] = entry
    return replaced


def _read(file: Path, root: Path, report: Report) -> list[Entry]:
    """Return the tasks of a task file, which declares nothing else."""
    shown = Path(os.path.relpath(file.parent, root)).as_posix()
    project = load_project(file.parent, (file.name,), report, shown="" if shown == "." else f"{shown}/")
    scopes = build_scopes(project)
    scope = scopes.get(file.name)
    if scope is None:
        return []
    for test in scope.module.tests:
        report.error("SK211", test.span, "a task file declares tasks and nothing else", "move the test away")
    entries = []
    for entry in list(scope.own.values()):
        declaration = entry.declaration
        if isinstance(declaration, TaskDecl):
            entries.append(entry)
        else:
            message = "a task file declares tasks and nothing else"
            report.error("SK211", declaration.name.span, message, f"move `{declaration.name.text}` away")
    return entries


def _declared(scopes: Scopes, name: str) -> Entry | None:
    for scope in scopes.values():
        entry = scope.own.get(name)
        if entry is not None and isinstance(entry.declaration, TaskDecl):
            return entry
    return None


def _exchange(scopes: Scopes, first: Entry, entry: Entry) -> None:
    name = entry.declaration.name.text
    for scope in scopes.values():
        for names in (scope.own, scope.imported):
            if names.get(name) is first:
                names[name] = entry
    _take_over(entry.scope, name, first)


def _take_over(scope: Scope, name: str, first: Entry) -> None:
    """Inside of the task file the name means what is replaced, for ``extends``."""
    scope.own.pop(name, None)
    scope.imported[name] = first
    scope.used.add(name)
