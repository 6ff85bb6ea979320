"""A link made ready to run: texts loaded, templates prepared, tools encoded.

A :class:`Program` is shared by all judgments of a link; it holds no state of a conversation.
What is common to all samples comes first in every message, so that a server's prefix cache
serves it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from skillrt.chat import ChatRequest
from skillrt.programs.arguments import ArgumentsReader
from skillrt.programs.evaluate import Scope, holds
from skillrt.programs.frame import GAP, NUMBER, Frame, spoken_lines, template_lines
from skillrt.programs.neutral import map_strings, neutralise, visible
from skillrt.programs.view import JudgeView, SampleError
from skillspec.artifacts import ArtifactStore, link_id
from skillspec.phrases import SAID, fill
from skillspec.records import (
    EvidencePart,
    Link,
    Part,
    Pipeline,
    Resource,
    ResourcePart,
    Skill,
    Task,
    TemplatePart,
    TextPart,
    Verifier,
)
from skillspec.words import DIRECT

__all__ = ["Program", "load_program", "show_value"]

_NUMBERS = ("number", "limit", "left", "chars")
_PLACE = re.compile(r"\{(\w+)\}")
_KEPT_TEXTS, _KEPT_CHARS = 256, 20_000

Evidence = Mapping[str, Mapping[str, Any]]
"""What the verifiers found: verifier id to its result."""


def show_value(value: Any) -> str:
    """Render a field of a sample for a judge: text as it is, lists numbered, objects labelled."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        if set(value) == {"role", "content"}:
            return f"{value['role']}: {value['content']}"
        return "\n\n".join(f"{key}:\n{show_value(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        if len(value) == 1:
            return show_value(value[0])
        return "\n".join(f"{number}. {show_value(item)}" for number, item in enumerate(value, 1))
    return json.dumps(value)


class Program:
    """One link with all that it refers to. Build it with :func:`load_program`."""

    def __init__(self, store: ArtifactStore, link: Link) -> None:
        self.link: Link = link
        self.task: Task = store.task(link.task)
        self.skill: Skill | None = store.skill(link.skill) if link.skill is not None else None
        self._store = store
        self._sub_programs: dict[str, Program] = {}
        self.tools: tuple[dict[str, Any], ...] = tuple(
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "strict": True,
                    "parameters": tool.parameters,
                },
            }
            for tool in link.tools
        )
        self.tool_names: tuple[str, ...] = tuple(tool.name for tool in link.tools)
        skill = self.skill
        self.phrases: Mapping[str, str] = skill.phrases if skill is not None else {}
        self._resources = {resource.id: resource for resource in (skill.resources if skill else ())}
        self._verifiers = {verifier.id: verifier for verifier in (skill.verifiers if skill else ())}
        self._pipelines = {pipeline.id: pipeline for pipeline in (skill.pipelines if skill else ())}

    @cached_property
    def arguments(self) -> ArgumentsReader:
        """The reader of this link's tool calls."""
        return ArgumentsReader(self.link.tools)

    @cached_property
    def _templates(self) -> Any:
        from skillrt.programs.template import Templates  # Jinja2 is needed only where texts are filled

        return Templates()

    def check(self) -> None:
        """Read all that the program can ever send, so that nothing is missing in the midst of a run.

        Raises:
            skillspec.artifacts.ArtifactError: a text, a template or a link is missing, broken or altered.
        """
        for record in (self.task, self.link, self.skill):
            if record is not None:
                self._store.check_texts(record)
        for message in self.link.messages:
            for part in message.parts:
                if isinstance(part, TemplatePart):
                    self._templates.compile(part.ref, self._store.text(part.ref))
        for name in self.link.pipelines:
            self.sub_program(self._pipelines[name])

    @cached_property
    def frame(self) -> Frame:
        """What this link puts around the texts of a sample, which none of them may spell."""
        lines: list[str] = []
        spoken: list[str] = []
        for message in self.link.messages:
            if message.role != "user":
                continue
            for part in message.parts:
                match part:
                    case TemplatePart():
                        lines += template_lines(self._templates.environment, self._store.text(part.ref))
                    case TextPart():
                        lines += self._store.text(part.ref).splitlines()
                    case _:
                        pass
        if self.skill is not None:
            for name in SAID:
                known = _PLACE.sub(lambda place: NUMBER if place[1] in _NUMBERS else GAP, self.phrases[name])
                spoken += spoken_lines(known)
            lines += [f"{name}:" for name in (*self._verifiers, *self._pipelines, *self._resources)]
        return Frame(lines, spoken)

    def harmless(self, text: str) -> str:
        """Return a text that we did not write, so that it spells neither a control token nor the frame."""
        return self._kept(text) if len(text) <= _KEPT_CHARS else self._harmless(text)

    def _harmless(self, text: str) -> str:
        # What is hidden goes first: without it a token or a line could form that was none before.
        return neutralise(self.frame.guard(visible(text)))

    @cached_property
    def _kept(self) -> Callable[[str], str]:
        """What :meth:`harmless` made of short texts: a sample's come again in the other order."""
        return lru_cache(maxsize=_KEPT_TEXTS)(self._harmless)

    def phrase(self, key: str, /, **values: object) -> str:
        """Return one of the skill's phrases, filled."""
        return fill(self.phrases[key], **values)

    # ------------------------------------------------------------------ what is there for a sample

    def _applies(self, tasks: tuple[str, ...] | None, when: Any, view: JudgeView) -> bool:
        return (tasks is None or self.task.id in tasks) and holds(when, Scope(fields=view.fields))

    def offered(self, view: JudgeView) -> tuple[Resource, ...]:
        """Return the resources that are there for this sample, in the order of the index."""
        return tuple(
            resource
            for resource in (self._resources[name] for name in self.link.resources)
            if self._applies(resource.tasks, resource.when, view)
            and (not resource.fields or any(name in view.fields for name in resource.fields))
        )

    def verifiers(self, view: JudgeView, run: str) -> tuple[Verifier, ...]:
        """Return the verifiers with the given ``run`` mode that can run on this sample."""
        return tuple(
            verifier
            for verifier in (self._verifiers[name] for name in self.link.verifiers)
            if verifier.run == run
            and self._applies(verifier.tasks, verifier.when, view)
            and all(name in view.fields for name in verifier.reads)
        )

    def pipelines(self, view: JudgeView) -> tuple[Pipeline, ...]:
        """Return the pipelines that can run on this sample."""
        return tuple(
            pipeline
            for pipeline in (self._pipelines[name] for name in self.link.pipelines)
            if self._applies(pipeline.tasks, pipeline.when, view)
            and all(name in view.fields for name in pipeline.reads)
        )

    def runnable(self, view: JudgeView) -> dict[str, Verifier | Pipeline]:
        """Return what ``run_resource`` can run on this sample, by id."""
        found: list[Verifier | Pipeline] = [*self.verifiers(view, "asked"), *self.pipelines(view)]
        return {item.id: item for item in found}

    def sub_program(self, pipeline: Pipeline) -> Program:
        """Return the program of a pipeline's task, in its direct delivery."""
        name = link_id(pipeline.task, None, "fair", DIRECT)
        program = self._sub_programs.get(name)
        if program is None:
            self._sub_programs[name] = program = load_program(self._store, name)
        return program

    def resource_text(self, name: str, view: JudgeView) -> str | None:
        """Return what a resource says, or None when it is absent for this sample."""
        resource = next((item for item in self.offered(view) if item.id == name), None)
        if resource is None:
            return None
        if resource.text is not None:
            return self._store.text(resource.text)
        shown = [
            self.harmless(show_value(view.fields[field])) for field in resource.fields if field in view.fields
        ]
        return "\n\n".join(shown)

    # --------------------------------------------------------------------------------- what is sent

    def _render(self, ref: str, view: JudgeView) -> str:
        context: dict[str, Any] = {
            field.name: map_strings(view.fields.get(field.name), self.harmless) for field in self.task.fields
        }
        from jinja2 import TemplateError

        try:
            text: str = self._templates.fill(ref, self._store.text(ref), context)
        except (TemplateError, TypeError, ValueError, LookupError, ArithmeticError, RecursionError) as error:
            raise SampleError(
                "", f"the template of task {self.task.id} failed on this sample: {error}"
            ) from error
        return text

    def _part(self, part: Part, view: JudgeView, evidence: Evidence) -> str:
        match part:
            case TextPart():
                return self._store.text(part.ref)
            case TemplatePart():
                return self._render(part.ref, view)
            case ResourcePart():
                text = self.resource_text(part.id, view)
                return "" if text is None else f"{part.id}:\n{text}"
            case EvidencePart():
                return self.evidence_text(evidence)

    def evidence_text(self, evidence: Evidence) -> str:
        """Return the verifiers' results as the judge reads them; empty where there are none."""
        if not evidence:
            return ""
        lines = [self.phrases["heading_evidence"]]
        for name, result in evidence.items():
            shown = result.get("text") or self.phrases["inconclusive"]
            lines.append(f"{name}: {self.harmless(str(shown))}")
        return "\n".join(lines)

    def join(self, parts: Sequence[Part], view: JudgeView, evidence: Evidence) -> str:
        """Return the parts that are not empty, joined by a blank line."""
        texts = (self._part(part, view, evidence) for part in parts)
        return "\n\n".join(text for text in texts if text)

    def loaded_text(self, view: JudgeView, evidence: Evidence) -> str:
        """Return what ``use_skill`` answers."""
        return self.join(self.link.loaded, view, evidence)

    def messages(self, view: JudgeView, evidence: Evidence) -> list[dict[str, Any]]:
        """Return the opening messages for a sample; a message without text is not sent."""
        opened = [
            {"role": message.role, "content": self.join(message.parts, view, evidence)}
            for message in self.link.messages
        ]
        return [message for message in opened if message["content"]]

    def first_request(self, view: JudgeView, evidence: Evidence | None = None) -> ChatRequest:
        """Return the request that opens a judgment of this sample.

        Args:
            view: the sample's visible fields.
            evidence: what the automatic verifiers found; nothing when None.

        Raises:
            SampleError: a template cannot be filled with this sample.
        """
        return ChatRequest(
            self.messages(view, evidence or {}), self.tools, None, self.tool_names, self.choices
        )

    @cached_property
    def most_verdicts(self) -> int:
        """How many verdicts of a checklist the judge can submit; 0 where it submits none."""
        for tool in self.link.tools:
            if "verdicts" in tool.parameters["properties"]:
                return int(tool.parameters["properties"]["verdicts"]["maxItems"])
        return 0

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The labels as the task shows them, where the answer is one of them and is given as text."""
        labels = () if self.tools else getattr(self.task.answer, "labels", ())
        return tuple(label.shown for label in labels)


def load_program(store: ArtifactStore, name: str) -> Program:
    """Load the link called ``name`` with its task and skill.

    Raises:
        skillspec.artifacts.ArtifactError: the link, or something it refers to, is missing or broken.
    """
    program = Program(store, store.link(name))
    program.check()
    return program
