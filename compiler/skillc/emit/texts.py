"""Content-addressed texts, and the text of a loaded skill."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from skillc.check.evidence import most_findings
from skillc.check.model import ResourceModel, SkillModel
from skillspec.encoding import text_ref
from skillspec.phrases import fill
from skillspec.records import TemplatePart, TextPart

__all__ = ["TextStore", "findings_text", "guidance_text", "index_text", "inlined_text", "steps_text"]


@dataclass
class TextStore:
    """The texts of a compilation, by reference."""

    texts: dict[str, str] = field(default_factory=dict)

    def put(self, text: str) -> str:
        """Store a text and return its reference."""
        ref = text_ref(text)
        self.texts[ref] = text
        return ref

    def text(self, text: str) -> TextPart:
        """Store a text and return it as a static part."""
        return TextPart(ref=self.put(text))

    def template(self, text: str) -> TemplatePart:
        """Store a template and return it as a part."""
        return TemplatePart(ref=self.put(text))


def _for(tasks: Sequence[object] | None, task: str) -> bool:
    return tasks is None or task in [getattr(name, "text", name) for name in tasks]


def guidance_text(skill: SkillModel, task: str) -> str:
    """Return the paragraphs before the steps."""
    texts = (part.text for part in skill.guidance if _for(part.tasks, task))
    return "\n\n".join(text.value.strip() for text in texts if text is not None)


def steps_text(skill: SkillModel, task: str, offered: Collection[str]) -> str:
    """Return the numbered steps, each with the ids that it names and that are offered."""
    lines = [skill.phrases["heading_procedure"]]
    steps = [step for step in skill.steps if _for(step.tasks, task)]
    for number, step in enumerate(steps, 1):
        ids = [name.text for name in (*step.use, *step.consult) if name.text in offered]
        named = f" [{', '.join(dict.fromkeys(ids))}]" if ids else ""
        lines.append(f"{number}. {step.name.text}: {step.text.value.strip()}{named}")
    return "\n".join(lines)


def index_text(skill: SkillModel, entries: Sequence[tuple[str, str]]) -> str:
    """One line for each id with its hint; empty where nothing is offered."""
    if not entries:
        return ""
    return "\n".join([skill.phrases["heading_resources"], *(f"- {name}: {hint}" for name, hint in entries)])


def findings_text(skill: SkillModel) -> str:
    """Return the criteria, the slots and the failures that findings can name."""
    evidence = skill.evidence
    if evidence is None:
        return ""
    keys = ", ".join(key.name.text for key in evidence.keys)
    rule = "findings_each" if evidence.closed else "findings_some"
    most = most_findings(evidence)
    lines = [skill.phrases["heading_findings"], fill(skill.phrases[rule], keys=keys, most=most)]
    lines += [
        f"- {item.name.text} ({item.strength.text}): {item.text.value.strip()}" for item in evidence.criteria
    ]
    for slot in skill.slots:
        if slot.values:
            lines.append(f"{slot.name}: {' | '.join(slot.values)}")
        elif slot.taxonomy is not None:
            lines.append(f"{slot.name}:")
            failures = slot.taxonomy.failures
            lines += [
                f"- {item.name.text} ({item.severity.text}): {item.text.value.strip()}" for item in failures
            ]
    return "\n".join(lines)


def inlined_text(resources: Sequence[ResourceModel]) -> str:
    """Static resources in full, each under its id."""
    blocks = []
    for resource in resources:
        text = resource.declaration.text
        if text is not None:
            blocks.append(f"{resource.declaration.id}:\n{text.value.strip()}")
    return "\n\n".join(blocks)
