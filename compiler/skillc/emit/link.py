"""Linking: one task, one skill, one setting, one delivery, ready to fill.

The deliveries are choices over one source. What differs is where the same texts go and which tools
there are; verifiers, evidence and readout are those of the skill in all deliveries that show it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from skillc.check.model import ResourceModel, SkillModel, TaskModel
from skillc.check.protocol import prefer_order
from skillc.check.visibility import readings_for
from skillc.emit.records import python_tool
from skillc.emit.schemas import final_answer, one_string, strict_object
from skillc.emit.texts import (
    TextStore,
    findings_text,
    guidance_text,
    index_text,
    inlined_text,
    steps_text,
)
from skillspec import ARTIFACT_FORMAT, words
from skillspec.artifacts import link_id
from skillspec.encoding import with_digest
from skillspec.phrases import fill
from skillspec.records import (
    EvidencePart,
    Link,
    Message,
    Part,
    ResourcePart,
    Skill,
    Task,
    TemplatePart,
    TextPart,
    Tool,
)
from skillspec.words import (
    DIRECT,
    FINAL_ANSWER,
    FLAT,
    LIST_RESOURCES,
    PRELOADED,
    PROGRESSIVE,
    PYTHON_SANDBOX,
    RUN_RESOURCE,
    TOOLS_ONLY,
    USE_SKILL,
    VIEW_RESOURCE,
    Delivery,
    SkillDelivery,
)

__all__ = ["link_direct", "link_skill", "manual_text"]

_NO_DIGEST = "0" * 64


@dataclass(frozen=True)
class _Offer:
    """What a skill offers to one task."""

    resources: tuple[ResourceModel, ...]
    verifiers: tuple[str, ...]
    auto: tuple[str, ...]
    asked: tuple[tuple[str, str], ...]
    pipelines: tuple[tuple[str, str], ...]
    python: bool

    @property
    def runnable(self) -> list[str]:
        """The ids that ``run_resource`` takes."""
        return [name for name, _ in (*self.asked, *self.pipelines)]


def _offer(skill: SkillModel, task: TaskModel) -> _Offer:
    def serves(tasks: Sequence[object] | None) -> bool:
        return tasks is None or task.id in [getattr(name, "text", name) for name in tasks]

    by_id = {item.declaration.id: item for item in skill.resources if serves(item.tasks)}
    resources = tuple(by_id[name] for name in prefer_order(skill.limits.prefer, list(by_id)))
    verifiers = [item for item, _ in skill.verifiers if serves(item.tasks)]
    auto = [item for item in verifiers if item.run is not None and item.run.text == "auto"]
    asked = [item for item in verifiers if item not in auto]
    pipelines = [item for item, _ in skill.pipelines if serves(item.tasks)]
    return _Offer(
        resources,
        tuple(item.name.text for item in verifiers),
        tuple(item.name.text for item in auto),
        tuple((item.name.text, item.hint.value.strip() if item.hint else "") for item in asked),
        tuple((item.name.text, item.hint.value.strip() if item.hint else "") for item in pipelines),
        skill.python is not None,
    )


def _message(role: Literal["system", "user"], parts: Sequence[Part | None]) -> list[Message]:
    kept = tuple(part for part in parts if part is not None)
    return [Message(role=role, parts=kept)] if kept else []


def _static_chars(
    texts: TextStore, messages: Sequence[Message], loaded: Sequence[Part], tools: Sequence[Tool]
) -> int:
    parts = [part for message in messages for part in message.parts] + list(loaded)
    characters = sum(
        len(texts.texts[part.ref]) for part in parts if isinstance(part, TextPart | TemplatePart)
    )
    schemas = [
        {"name": tool.name, "description": tool.description, "parameters": tool.parameters} for tool in tools
    ]
    return characters + sum(
        len(json.dumps(schema, ensure_ascii=False, separators=(",", ":"))) for schema in schemas
    )


def link_direct(task: TaskModel, record: Task, texts: TextStore) -> Link:
    """Link a task alone: the baseline."""
    system = texts.template(task.system.value) if task.system is not None else None
    closing = texts.text(task.closing_text.value) if task.closing_text is not None else None
    messages = (
        *_message("system", [system]),
        *_message("user", [texts.template(task.user.value), closing]),
    )
    return with_digest(
        Link(
            format=ARTIFACT_FORMAT,
            id=link_id(task.id, None, "fair", DIRECT),
            task=task.id,
            skill=None,
            setting="fair",
            delivery=DIRECT,
            fields=task.reads,
            messages=messages,
            tools=(),
            readout="task",
            static_chars=_static_chars(texts, messages, (), ()),
            task_digest=record.digest,
            skill_digest=None,
            digest=_NO_DIGEST,
        )
    )


def link_skill(
    skill: SkillModel,
    skill_record: Skill,
    task: TaskModel,
    record: Task,
    delivery: SkillDelivery,
    texts: TextStore,
) -> Link:
    """Link a skill with a task that it serves, in the skill's setting."""
    linker = _Linker(skill, task, texts)
    messages, loaded = linker.messages(delivery)
    tools = linker.tools(delivery)
    offer = linker.offer
    shows_skill = delivery != TOOLS_ONLY
    kept: Delivery = delivery
    return with_digest(
        Link(
            format=ARTIFACT_FORMAT,
            id=link_id(task.id, skill.id, skill.setting, delivery),
            task=task.id,
            skill=skill.id,
            setting=skill.setting,  # type: ignore[arg-type]
            delivery=kept,
            fields=linker.fields(shows_skill),
            messages=messages,
            tools=tools,
            loaded=loaded,
            resources=tuple(item.declaration.id for item in offer.resources) if shows_skill else (),
            verifiers=offer.verifiers if shows_skill else (),
            pipelines=tuple(name for name, _ in offer.pipelines) if shows_skill else (),
            readout="skill" if shows_skill else "task",
            static_chars=_static_chars(texts, messages, loaded, tools),
            task_digest=record.digest,
            skill_digest=skill_record.digest,
            digest=_NO_DIGEST,
        )
    )


def manual_text(skill: SkillModel, task: TaskModel) -> str:
    """Return what ``use_skill`` returns for a task, without the results of verifiers."""
    texts = TextStore()
    return "\n\n".join(texts.texts[part.ref] for part in _Linker(skill, task, texts).manual(flat=False))


class _Linker:
    def __init__(self, skill: SkillModel, task: TaskModel, texts: TextStore) -> None:
        self.skill = skill
        self.task = task
        self.texts = texts
        self.offer = _offer(skill, task)

    def fields(self, shows_skill: bool) -> tuple[str, ...]:
        """Return the fields that the judge's side is handed: those that something reads, and no others."""
        if shows_skill:
            read = {*self.task.reads, *readings_for(self.skill.readings, self.task.id)}
        else:
            sees = self.skill.python.sees if self.skill.python is not None else ()
            read = {*self.task.reads, *(name.text for name in sees)}
        return tuple(name for name in self.task.fields if name in read)

    # -------------------------------------------------------------------------------- messages

    def messages(self, delivery: SkillDelivery) -> tuple[tuple[Message, ...], tuple[Part, ...]]:
        """Return the opening messages, and what ``use_skill`` returns."""
        system = self.texts.template(self.task.system.value) if self.task.system is not None else None
        user = self.texts.template(self.task.user.value)
        assert self.task.closing_tools is not None
        closing = self.texts.text(self.task.closing_tools.value)
        evidence = EvidencePart() if self.offer.auto else None
        loaded: tuple[Part, ...] = ()
        above: list[Part | None] = [system]
        below: list[Part | None] = [user]
        match delivery:
            case words.PROGRESSIVE:
                announce = fill(
                    self.skill.phrases["announce"], skill=self.skill.id, summary=self.skill.summary
                )
                above.append(self.texts.text(announce.strip()))
                loaded = (*self.manual(flat=False), *([evidence] if evidence else []))
            case words.PRELOADED:
                above += [self._introduction(), *self.manual(flat=False)]
                below.append(evidence)
            case words.FLAT:
                above += [self._introduction(), *self.manual(flat=True)]
                below += [ResourcePart(id=item.declaration.id) for item in self._bound()]
                below.append(evidence)
        below.append(closing)
        return (*_message("system", above), *_message("user", below)), loaded

    def _introduction(self) -> TextPart:
        return self.texts.text(fill(self.skill.phrases["preloaded"], skill=self.skill.id).strip())

    def _bound(self) -> list[ResourceModel]:
        """Resources that depend on the sample: from a field of it, or there only ``when``."""
        return [
            item for item in self.offer.resources if item.declaration.text is None or item.when is not None
        ]

    def manual(self, *, flat: bool) -> list[TextPart]:
        """Return the text of the skill; ``flat``: with its resources in line and without the index."""
        resources = [item.declaration.id for item in self.offer.resources]
        tools = [] if flat else [*self.offer.runnable, *(["python"] if self.offer.python else [])]
        offered = {*resources, *self.offer.auto, *tools}
        blocks = [
            guidance_text(self.skill, self.task.id),
            steps_text(self.skill, self.task.id, offered),
            "" if flat else index_text(self.skill, self._index()),
            findings_text(self.skill),
        ]
        if flat:
            bound = self._bound()
            blocks.append(inlined_text([item for item in self.offer.resources if item not in bound]))
        return [self.texts.text("\n\n".join(block for block in blocks if block))]

    def _index(self) -> list[tuple[str, str]]:
        entries = {item.declaration.id: item.hint for item in self.offer.resources}
        entries |= dict((*self.offer.asked, *self.offer.pipelines))
        return [(name, entries[name]) for name in prefer_order(self.skill.limits.prefer, list(entries))]

    # ----------------------------------------------------------------------------------- tools

    def tools(self, delivery: SkillDelivery) -> tuple[Tool, ...]:
        """Return the tools, the same in all turns."""
        say = self.skill.phrases
        tools: list[Tool] = []
        shows_resources = delivery in (PROGRESSIVE, PRELOADED)
        resources = [item.declaration.id for item in self.offer.resources]
        if delivery == PROGRESSIVE:
            tools.append(
                Tool(name=USE_SKILL, description=say["tool_use_skill"].strip(), parameters=strict_object({}))
            )
        if shows_resources and resources:
            listing = say["tool_list_resources"].strip()
            tools.append(Tool(name=LIST_RESOURCES, description=listing, parameters=strict_object({})))
            viewing = say["tool_view_resource"].strip()
            tools.append(
                Tool(name=VIEW_RESOURCE, description=viewing, parameters=one_string("id", resources))
            )
        if shows_resources and self.offer.runnable:
            running = say["tool_run_resource"].strip()
            tools.append(
                Tool(name=RUN_RESOURCE, description=running, parameters=one_string("id", self.offer.runnable))
            )
        if delivery != FLAT:
            tools += self._python()
        schema = final_answer(self.skill, self.task, findings=delivery != TOOLS_ONLY)
        tools.append(Tool(name=FINAL_ANSWER, description=say["tool_final_answer"].strip(), parameters=schema))
        return tuple(tools)

    def _python(self) -> list[Tool]:
        tool = python_tool(self.skill)
        if tool is None:
            return []
        description = fill(
            self.skill.phrases["tool_python_sandbox"],
            calls=tool.calls,
            seconds=f"{tool.timeout_s:g}",
            fields=", ".join(tool.sees),
        )
        return [Tool(name=PYTHON_SANDBOX, description=description.strip(), parameters=one_string("code"))]
