"""Records of a link: one task and skill in one setting and delivery, ready to be sent."""

from __future__ import annotations

from typing import Any, Literal

from skillspec.records.base import Digest, Ident, Name, Natural, Record, Setting, TextRef
from skillspec.words import Delivery

__all__ = [
    "EvidencePart",
    "Index",
    "IndexEntry",
    "Link",
    "Message",
    "Part",
    "ResourcePart",
    "TemplatePart",
    "TextPart",
    "Tool",
]


class TextPart(Record, frozen=True, kw_only=True, tag_field="part", tag="text"):
    """Static bytes."""

    ref: TextRef


class TemplatePart(Record, frozen=True, kw_only=True, tag_field="part", tag="template"):
    """Jinja2 over the sample's visible fields."""

    ref: TextRef


class ResourcePart(Record, frozen=True, kw_only=True, tag_field="part", tag="resource"):
    """A resource in line under its id, left out where it is absent for the sample."""

    id: Ident


class EvidencePart(Record, frozen=True, kw_only=True, tag_field="part", tag="evidence"):
    """The results of the automatic verifiers, left out where there is none."""


Part = TextPart | TemplatePart | ResourcePart | EvidencePart


class Message(Record, frozen=True, kw_only=True):
    """A message to send: the parts that are not empty, joined by a blank line."""

    role: Literal["system", "user"]
    parts: tuple[Part, ...]


class Tool(Record, frozen=True, kw_only=True):
    """A function that the judge may call; ``parameters`` is JSON Schema within the strict subset."""

    name: str
    description: str
    parameters: dict[str, Any]


class Link(Record, frozen=True, kw_only=True):
    """One task x skill x setting x delivery, ready to fill.

    ``resources``, ``verifiers`` and ``pipelines`` are the ids that this link could offer.
    ``loaded`` is what ``use_skill`` returns. ``readout`` says whose readout counts. ``fields`` are
    the fields of the sample that the judge's side is handed at all.
    """

    format: int
    kind: Literal["link"] = "link"
    id: str
    task: Name
    skill: Name | None
    setting: Setting
    delivery: Delivery
    fields: tuple[Name, ...]
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    loaded: tuple[Part, ...] = ()
    resources: tuple[Ident, ...] = ()
    verifiers: tuple[Ident, ...] = ()
    pipelines: tuple[Ident, ...] = ()
    readout: Literal["task", "skill"]
    static_chars: Natural
    task_digest: Digest
    skill_digest: Digest | None
    digest: Digest


class IndexEntry(Record, frozen=True, kw_only=True):
    """Where an artifact lies and what its digest is."""

    path: str
    digest: Digest


class Index(Record, frozen=True, kw_only=True):
    """All artifacts of one compilation."""

    format: int
    kind: Literal["index"] = "index"
    language: int
    tasks: dict[str, IndexEntry]
    skills: dict[str, IndexEntry]
    links: dict[str, IndexEntry]
    texts: dict[str, Natural]
