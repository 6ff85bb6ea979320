"""Checking and compiling a project as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from skillc.check.model import SkillModel, TaskModel
from skillc.check.phrases import check_phrases
from skillc.check.skill import check_skill
from skillc.check.task import check_task
from skillc.check.tests import check_test
from skillc.diagnostics import Report
from skillc.emit.budget import check_budget
from skillc.emit.link import link_direct, link_skill
from skillc.emit.records import emit_skill, emit_task
from skillc.emit.texts import TextStore
from skillc.project.load import Project, load_project
from skillc.project.scope import Scope, Scopes, build_scopes, unused_declarations, unused_imports
from skillc.project.task_files import replace_tasks
from skillc.tree import PhrasesDecl, SkillDecl, TaskDecl
from skillspec import ARTIFACT_FORMAT, LANGUAGE_VERSION
from skillspec.encoding import encode_pretty
from skillspec.records import Index, IndexEntry, Link, Skill, Task
from skillspec.words import SKILL_DELIVERIES

__all__ = ["Checked", "check_project", "compile_project"]


@dataclass(frozen=True)
class Checked:
    """A checked project: its tasks and skills by name, as far as they could be made."""

    project: Project
    tasks: dict[str, TaskModel]
    skills: dict[str, SkillModel]


class _Tasks:
    """Checks each task once, whoever asks for it."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.known: dict[int, TaskModel | None] = {}

    def of(self, declaration: TaskDecl, scope: Scope) -> TaskModel | None:
        if id(declaration) not in self.known:
            self.known[id(declaration)] = check_task(declaration, scope, self.report)
        return self.known[id(declaration)]


def check_project(
    root: Path,
    entries: tuple[str, ...],
    report: Report,
    unsaved: Mapping[str, str] | None = None,
    task_files: Sequence[Path] = (),
) -> Checked:
    """Read and check the entries and all that they import.

    Args:
        root: what all paths are relative to.
        entries: the files to begin with.
        report: takes the diagnostics.
        unsaved: texts that stand for the files of that path.
        task_files: files whose tasks replace those of the same name.
    """
    project = load_project(root, entries, report, unsaved)
    scopes = build_scopes(project)
    replaced = replace_tasks(scopes, root, task_files, report) if task_files else {}
    tasks = _Tasks(report)
    models: dict[str, TaskModel] = {}
    skills: dict[str, SkillModel] = {}
    _unique(scopes, report)
    for scope in scopes.values():
        for declaration in scope.module.declarations:
            if isinstance(declaration, TaskDecl):
                other = replaced.get(id(declaration))
                home = scope if other is None else other.scope
                task = tasks.of(declaration if other is None else cast(TaskDecl, other.declaration), home)
                if task is not None:
                    models[task.id] = task
            elif isinstance(declaration, PhrasesDecl):
                check_phrases(declaration, scope, report)
    for scope in scopes.values():
        for declaration in scope.module.declarations:
            if isinstance(declaration, SkillDecl):
                skill = check_skill(declaration, scope, tasks.of, report)
                if skill is not None:
                    check_budget(skill, report)
                    skills[skill.id] = skill
    for scope in scopes.values():
        for test in scope.module.tests:
            check_test(test, scope, tasks.of, skills, report)
    for name in unused_declarations(scopes):
        message = f"no skill takes in `{name.text}`"
        report.unused("SK602", name.span, message, f"write `use {name.text}` in a skill, or take it away")
    for name in unused_imports(scopes):
        report.unused(
            "SK205", name.span, f"`{name.text}` is imported and not used", "take it out of the import"
        )
    return Checked(project, models, skills)


def _unique(scopes: Scopes, report: Report) -> None:
    """Tasks and skills are files of the output: their names are unique in the project."""
    for kind, what in ((TaskDecl, "task"), (SkillDecl, "skill")):
        seen: dict[str, TaskDecl | SkillDecl] = {}
        for scope in scopes.values():
            for declaration in scope.own.values():
                declared = declaration.declaration
                if not isinstance(declared, kind):
                    continue
                first = seen.setdefault(declared.name.text, declared)
                if first is not declared:
                    where = first.name.span
                    message = f"there is another {what} `{declared.name.text}` in this project"
                    help = f"it is in {where.file.path}:{where.line}; rename one of them"
                    report.error("SK202", declared.name.span, message, help)


def compile_project(checked: Checked) -> dict[str, bytes]:
    """Return the artifacts of a project without errors, path to content."""
    texts = TextStore()
    tasks: dict[str, Task] = {}
    skills: dict[str, Skill] = {}
    links: dict[str, Link] = {}
    for name in sorted(checked.tasks):
        task = checked.tasks[name]
        tasks[name] = emit_task(task, texts)
        if task.accept is not None:
            link = link_direct(task, tasks[name], texts)
            links[link.id] = link
    for name in sorted(checked.skills):
        skill = checked.skills[name]
        skills[name] = emit_skill(skill, texts)
        for task in skill.serves:
            for delivery in SKILL_DELIVERIES:
                link = link_skill(skill, skills[name], task, tasks[task.id], delivery, texts)
                links[link.id] = link
    return _files(tasks, skills, links, texts)


def _files(
    tasks: dict[str, Task], skills: dict[str, Skill], links: dict[str, Link], texts: TextStore
) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    entries: dict[str, dict[str, IndexEntry]] = {"tasks": {}, "skills": {}, "links": {}}
    for folder, records in (("tasks", tasks), ("skills", skills), ("links", links)):
        for name in sorted(records):
            record = records[name]
            path = f"{folder}/{name}.json"
            files[path] = encode_pretty(record)
            entries[folder][name] = IndexEntry(path=path, digest=record.digest)
    for ref in sorted(texts.texts):
        files[f"texts/{ref}.txt"] = texts.texts[ref].encode()
    index = Index(
        format=ARTIFACT_FORMAT,
        language=LANGUAGE_VERSION,
        tasks=entries["tasks"],
        skills=entries["skills"],
        links=entries["links"],
        texts={ref: len(texts.texts[ref]) for ref in sorted(texts.texts)},
    )
    files["index.json"] = encode_pretty(index)
    return files
