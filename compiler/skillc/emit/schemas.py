"""The tools' JSON Schemas, within the subset that strict function calling accepts.

Every property is required, nothing else is allowed, and the order of properties is meaning: a model
answers in that order, findings before the reason and the reason before the verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skillc.check.model import SkillModel, SlotModel, TaskModel
from skillspec.records import ChecklistAnswer, ScoreAnswer

__all__ = ["answer_property", "final_answer", "findings_property", "one_string", "strict_object"]

Schema = dict[str, Any]
DEFAULT_FINDINGS = 8
_MOST_ITEMS = 200


def strict_object(properties: dict[str, Schema]) -> Schema:
    """An object that has exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def one_string(name: str, values: Sequence[str] = ()) -> Schema:
    """An object with one text property, of the given values where there are any."""
    kind: Schema = {"type": "string", "enum": list(values)} if values else {"type": "string"}
    return strict_object({name: kind})


def _enum(values: Sequence[str]) -> Schema:
    return {"type": "string", "enum": list(values)}


def answer_property(task: TaskModel) -> dict[str, Schema]:
    """The property that holds the answer: ``verdict``, ``score`` or ``verdicts``."""
    answer = task.answer
    if isinstance(answer, ScoreAnswer):
        low, high = answer.minimum, answer.maximum
        if answer.integer:
            return {"score": {"type": "integer", "minimum": int(low), "maximum": int(high)}}
        return {"score": {"type": "number", "minimum": low, "maximum": high}}
    if isinstance(answer, ChecklistAnswer):
        entry = strict_object(
            {"item": {"type": "integer", "minimum": 1}, "status": _enum(("satisfied", "failed"))}
        )
        return {"verdicts": {"type": "array", "items": entry, "maxItems": _MOST_ITEMS}}
    return {"verdict": _enum([label.label for label in answer.labels])}


def _slot(slot: SlotModel) -> Schema:
    if slot.taxonomy is not None:
        kind = _enum([failure.name.text for failure in slot.taxonomy.failures])
    elif slot.values:
        kind = _enum(slot.values)
    else:
        kind = {"type": "string"}
    return kind if slot.when is None else {"anyOf": [kind, {"type": "null"}]}


def findings_property(skill: SkillModel, task: TaskModel) -> dict[str, Schema]:
    """The property that holds the findings; empty where the skill asks for none."""
    evidence = skill.evidence
    if evidence is None:
        return {}
    properties: dict[str, Schema] = {}
    for key in evidence.keys:
        match key.name.text:
            case "criterion":
                properties["criterion"] = _enum([criterion.name.text for criterion in evidence.criteria])
            case "response":
                properties["response"] = _enum(task.labels())
            case "item":
                properties["item"] = {"type": "integer", "minimum": 1}
    properties |= {slot.name: _slot(slot) for slot in skill.slots}
    if evidence.cites is not None:
        low, high, kinds = evidence.cites
        cite = strict_object({"kind": _enum([kind.text for kind in kinds]), "ref": {"type": "string"}})
        properties["cites"] = {
            "type": "array",
            "items": cite,
            "minItems": int(low.value),
            "maxItems": int(high.value),
        }
    most = int(evidence.most.value) if evidence.most is not None else DEFAULT_FINDINGS
    return {"findings": {"type": "array", "items": strict_object(properties), "maxItems": most}}


def final_answer(skill: SkillModel, task: TaskModel, *, findings: bool) -> Schema:
    """The schema of ``final_answer``: findings, reason, answer (none where findings alone make the score)."""
    computed = findings and skill.readout.base is not None
    return strict_object(
        {
            **(findings_property(skill, task) if findings else {}),
            "reason": {"type": "string"},
            **({} if computed else answer_property(task)),
        }
    )
