"""From the checked model to the records of tasks and skills."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from skillc.check.answers import build_accept
from skillc.check.evidence import most_findings
from skillc.check.model import SkillModel, SlotModel, TaskModel
from skillc.emit.texts import TextStore
from skillc.source import SourceFile
from skillc.tree import EvidenceDecl, Name, Text
from skillspec import ARTIFACT_FORMAT
from skillspec.encoding import sha256_hex, with_digest
from skillspec.records import (
    Criterion,
    Evidence,
    Failure,
    Field,
    Label,
    Pipeline,
    PythonTool,
    Resource,
    Skill,
    Slot,
    Step,
    Task,
    Verifier,
)

__all__ = ["emit_skill", "emit_task", "python_tool"]

_NO_DIGEST = "0" * 64
_CALLS, _TIMEOUT_S, _CODE, _OUTPUT = 3, 3.0, 4000, 2000


def _sources(files: Iterable[SourceFile]) -> dict[str, str]:
    digests = {_recorded(file.path): sha256_hex(file.text.encode()) for file in files}
    return dict(sorted(digests.items()))


def _recorded(path: str) -> str:
    # Where a task file lies is an affair of the machine, and not of what is compiled.
    return f"task-file/{path.rpartition('/')[2]}" if path.startswith("../") else path


def _names(names: Iterable[Name] | None) -> tuple[str, ...]:
    return tuple(name.text for name in names or ())


def _tasks(names: tuple[Name, ...] | None) -> tuple[str, ...] | None:
    return None if names is None else _names(names)


def emit_task(task: TaskModel, texts: TextStore) -> Task:
    """Build the record of a task."""

    def ref(text: Text | None) -> str | None:
        return None if text is None else texts.put(text.value)

    fields = tuple(
        Field(
            name=info.name,
            level=info.level,
            optional=info.optional,
            labels=tuple(
                Label(label=label.label.text, shown=label.shown or label.label.text) for label in info.labels
            ),
        )
        for info in task.fields.values()
    )
    return with_digest(
        Task(
            format=ARTIFACT_FORMAT,
            id=task.id,
            fields=fields,
            answer=task.answer,
            accept=build_accept(task.accept, task.answer),
            system=ref(task.system),
            user=texts.put(task.user.value),
            closing_text=ref(task.closing_text),
            closing_tools=ref(task.closing_tools),
            locale=task.locale,
            selected_by=task.selected_by,
            sources=_sources(task.files),
            digest=_NO_DIGEST,
        )
    )


def emit_skill(skill: SkillModel, texts: TextStore) -> Skill:
    """Build the record of a skill."""
    return with_digest(
        Skill(
            format=ARTIFACT_FORMAT,
            id=skill.id,
            version=skill.version,
            summary=skill.summary,
            serves=tuple(task.id for task in skill.serves),
            setting=skill.setting,  # type: ignore[arg-type]
            phrases=skill.phrases,
            steps=tuple(
                Step(
                    name=step.name.text,
                    text=step.text.value.strip(),
                    use=_names(step.use),
                    consult=_names(step.consult),
                    tasks=_tasks(step.tasks),
                )
                for step in skill.steps
            ),
            resources=_resources(skill, texts),
            verifiers=_verifiers(skill),
            pipelines=_pipelines(skill),
            python=python_tool(skill),
            limits=skill.limits,
            evidence=_evidence(skill),
            readout=skill.readout,
            sources=_sources(skill.files),
            digest=_NO_DIGEST,
        )
    )


def _resources(skill: SkillModel, texts: TextStore) -> tuple[Resource, ...]:
    return tuple(
        Resource(
            id=item.declaration.id,
            hint=item.hint,
            text=None if item.declaration.text is None else texts.put(item.declaration.text.value.strip()),
            fields=_names(item.declaration.fields),
            tasks=item.tasks,
            when=item.when,
        )
        for item in skill.resources
    )


def _hint(text: Text | None) -> str:
    return text.value.strip() if text is not None else ""


def _word(name: Name | None) -> Any:
    """Return the text of a name that the checks have found to be there and among its allowed words."""
    assert name is not None
    return name.text


def _verifiers(skill: SkillModel) -> tuple[Verifier, ...]:
    return tuple(
        Verifier(
            id=item.name.text,
            by=_word(item.by),
            reads=_names(item.reads),
            gives=_word(item.gives),
            run=_word(item.run),
            hint=_hint(item.hint),
            tasks=_tasks(item.tasks),
            when=when,
        )
        for item, when in skill.verifiers
    )


def _pipelines(skill: SkillModel) -> tuple[Pipeline, ...]:
    return tuple(
        Pipeline(
            id=item.name.text,
            task=_word(item.task),
            reads=_names(item.reads),
            orders=_word(item.orders) if item.orders is not None else "one",
            each=None if item.each is None else item.each.text,
            gives=_word(item.gives),
            requests=item.budget.value if item.budget is not None else 1,
            hint=_hint(item.hint),
            margin=float(item.margin.value) if item.margin is not None else 0.0,
            tasks=_tasks(item.tasks),
            when=when,
        )
        for item, when in skill.pipelines
    )


def python_tool(skill: SkillModel) -> PythonTool | None:
    tool = skill.python
    if tool is None:
        return None
    return PythonTool(
        calls=int(tool.calls.value) if tool.calls is not None else _CALLS,
        timeout_s=float(tool.timeout.value) if tool.timeout is not None else _TIMEOUT_S,
        code_chars=tool.code.value if tool.code is not None else _CODE,
        output_chars=tool.output.value if tool.output is not None else _OUTPUT,
        sees=_names(tool.sees),
    )


def _slot(slot: SlotModel) -> Slot:
    if slot.taxonomy is not None:
        values = tuple(failure.name.text for failure in slot.taxonomy.failures)
        return Slot(name=slot.name, type="failure", values=values, when=slot.when)
    if slot.values:
        return Slot(name=slot.name, type="enum", values=slot.values, when=slot.when)
    return Slot(name=slot.name, type="text", chars=slot.chars, when=slot.when)


def _ungrounded(evidence: EvidenceDecl) -> Literal["drop", "keep"]:
    """What becomes of ungrounded findings: where each key needs its own, they stay unless the author says."""
    if evidence.ungrounded is None:
        return "keep" if evidence.closed else "drop"
    return "keep" if evidence.ungrounded.text == "keep" else "drop"


def _evidence(skill: SkillModel) -> Evidence | None:
    evidence = skill.evidence
    if evidence is None:
        return None
    items_from = next((key.source.text for key in evidence.keys if key.source is not None), None)
    low, high, kinds = evidence.cites if evidence.cites is not None else (None, None, ())
    taxonomies = [slot.taxonomy for slot in skill.slots if slot.taxonomy is not None]
    return Evidence(
        closed=evidence.closed,
        keys=tuple(_word(key.name) for key in evidence.keys),
        items_from=items_from,
        most=most_findings(evidence),
        criteria=tuple(
            Criterion(
                name=item.name.text,
                strength=_word(item.strength),
                text=item.text.value.strip(),
                weight=float(item.weight.value) if item.weight is not None else 1.0,
            )
            for item in evidence.criteria
        ),
        slots=tuple(_slot(slot) for slot in skill.slots),
        cites_min=int(low.value) if low is not None else 0,
        cites_max=int(high.value) if high is not None else 0,
        cites_kinds=tuple(_word(kind) for kind in kinds),
        failures=tuple(
            Failure(
                name=item.name.text,
                severity=_word(item.severity),
                text=item.text.value.strip(),
                cap=float(item.cap.value) if item.cap is not None else None,
            )
            for taxonomy in taxonomies
            for item in taxonomy.failures
        ),
        ungrounded=_ungrounded(evidence),
    )
