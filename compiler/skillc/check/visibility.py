"""Visibility as a type: whatever reads a field needs its level to lie in the setting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from skillc.check.model import FieldInfo, Reading, TaskModel
from skillc.diagnostics import Report, did_you_mean, listed
from skillspec.levels import levels_text, missing_levels

__all__ = ["check_direct", "check_readings", "readings_for"]


def readings_for(readings: Iterable[Reading], task: str) -> list[str]:
    """Return the fields that are read when the skill serves ``task``."""
    return [item.field.text for item in readings if item.tasks is None or task in item.tasks]


def check_readings(
    skill: str, setting: str, readings: Iterable[Reading], serves: Sequence[TaskModel], report: Report
) -> None:
    """Report readings of fields that a served task does not declare or the setting does not grant.

    One reading is one diagnostic, however many tasks it concerns.
    """
    for task in serves:
        for reading in task.above_fair:
            if missing_levels([task.fields[reading.field.text].level], setting):
                _refused_task(skill, setting, reading, task, report)
    for group in _grouped(readings):
        tasks = [task for task in serves if group[0].tasks is None or task.id in group[0].tasks]
        absent = [item for item in group if any(item.field.text not in task.fields for task in tasks)]
        if absent:
            _undeclared(skill, absent, tasks, report)
        for reading in group:
            name = reading.field.text
            refused = [
                task
                for task in tasks
                if name in task.fields and missing_levels([task.fields[name].level], setting)
            ]
            if refused and reading not in absent:
                _refused(skill, setting, reading, refused, report)


def _grouped(readings: Iterable[Reading]) -> list[list[Reading]]:
    """Put together what one place reads: a verifier that lacks two fields is one mistake."""
    groups: dict[tuple[str, tuple[str, ...] | None], list[Reading]] = {}
    for reading in readings:
        groups.setdefault((reading.place, reading.tasks), []).append(reading)
    return list(groups.values())


def _undeclared(skill: str, absent: list[Reading], tasks: list[TaskModel], report: Report) -> None:
    names = [reading.field.text for reading in absent]
    lacking = [task for task in tasks if any(name not in task.fields for name in names)]
    having = [task.id for task in tasks if task not in lacking]
    fields = listed(dict.fromkeys(f"`{name}`" for name in names), "and")
    verb = "does" if len(lacking) == 1 else "do"
    it_is = "it is" if len(names) == 1 else "they are"
    message = (
        f"{absent[0].place} of skill `{skill}` reads {fields}, which {_tasks(lacking)} {verb} not declare: "
        f"{it_is} oracle"
    )
    help = "declare it there with `given`, `attach` or `about`, if judges may know it at all"
    if having and absent[0].limits:
        help = f"limit this with `for {', '.join(having)}`, or declare what is missing in the task"
    else:
        known = dict.fromkeys(field for task in tasks for field in task.fields)
        near = did_you_mean(names[0], known, help)
        help = near if near.startswith("did") else help
    report.error("SK302", absent[0].field.span, message, help)


def _refused(skill: str, setting: str, reading: Reading, refused: list[TaskModel], report: Report) -> None:
    name = reading.field.text
    levels = listed(dict.fromkeys(task.fields[name].level.value for task in refused), "and")
    message = (
        f"{reading.place} of skill `{skill}` reads `{name}`, which is at level {levels} in "
        f"{_tasks(refused)}; setting {setting} grants {levels_text(setting)}"
    )
    report.error("SK301", reading.field.span, message, "take it out, or judge in `setting operational`")


def _refused_task(skill: str, setting: str, reading: Reading, task: TaskModel, report: Report) -> None:
    name = reading.field.text
    message = (
        f"skill `{skill}` serves task `{task.id}`, where {reading.place} reads `{name}`, which is at level "
        f"{task.fields[name].level.value}; setting {setting} grants {levels_text(setting)}"
    )
    report.error("SK301", reading.field.span, message, "judge in `setting operational`, or take it out here")


def check_direct(task: str, field: FieldInfo, readings: Sequence[Reading], report: Report) -> None:
    """Report what a task's own texts read and its ``direct`` link, in setting fair, does not allow.

    A field is one diagnostic, however many of the texts read it.
    """
    name = field.name
    places = listed(dict.fromkeys(reading.place for reading in readings), "and")
    message = (
        f"{places} of task `{task}` {'reads' if len(readings) == 1 else 'read'} `{name}`, which is at level "
        f"{field.level.value}: a task by itself runs in setting fair"
    )
    help = (
        f"declare it with `given`, or let a skill offer it: `resource ... {{ from {name} }}`; "
        "without `accept` the task has no run by itself"
    )
    report.error("SK301", readings[0].field.span, message, help)


def _tasks(tasks: Iterable[TaskModel]) -> str:
    names = [f"`{task.id}`" for task in tasks]
    return f"task {names[0]}" if len(names) == 1 else f"tasks {listed(names, 'and')}"
