"""The tools' JSON Schemas, within the subset that strict function calling accepts.

Every property is required, nothing else is allowed, and the order of properties is meaning: a model
answers in that order, findings before the reason and the reason before the verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from skillc.check.evidence import has_known_keys, known_keys, most_findings
from skillc.check.model import SkillModel, SlotModel, TaskModel
from skillspec.expr import Ref, walk
from skillspec.records import ChecklistAnswer, Readout, ScoreAnswer

__all__ = ["answer_property", "final_answer", "findings_property", "one_string", "strict_object"]

Schema = dict[str, Any]
_MOST_ITEMS = 200


def strict_object(properties: dict[str, Schema]) -> Schema:
    """Return an object that has exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def one_string(name: str, values: Sequence[str] = ()) -> Schema:
    """Return an object with one text property, of the given values where there are any."""
    kind: Schema = {"type": "string", "enum": list(values)} if values else {"type": "string"}
    return strict_object({name: kind})


def _enum(values: Sequence[str]) -> Schema:
    return {"type": "string", "enum": list(values)}


def answer_property(task: TaskModel) -> dict[str, Schema]:
    """Return the property that holds the answer: ``verdict``, ``score`` or ``verdicts``."""
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
    """Return the property that holds the findings; empty where the skill asks for none.

    Where there is one finding for each of several known keys, each key is a property of its own, so that
    none can be left out or said twice; otherwise findings are a list, and the runtime looks at the keys.
    """
    evidence = skill.evidence
    if evidence is None:
        return {}
    leaf = {slot.name: _slot(slot) for slot in skill.slots}
    if evidence.cites is not None:
        low, high, kinds = evidence.cites
        cite = strict_object({"kind": _enum([kind.text for kind in kinds]), "ref": {"type": "string"}})
        bounds = {"minItems": int(low.value), "maxItems": int(high.value)}
        leaf["cites"] = {"type": "array", "items": cite, **bounds}
    keys = known_keys(evidence, task.labels())
    if evidence.closed and has_known_keys(evidence):
        schema = strict_object(leaf)
        for names in reversed(keys):
            schema = strict_object(dict.fromkeys(names, schema))
        return {"findings": schema}
    kinds_of_key: dict[str, Schema] = {
        key.name.text: _enum(names) if names else {"type": "integer", "minimum": 1}
        for key, names in zip(evidence.keys, keys, strict=True)
    }
    entry = strict_object({**kinds_of_key, **leaf})
    return {"findings": {"type": "array", "items": entry, "maxItems": most_findings(evidence)}}


def _reads_answer(readout: Readout) -> bool:
    """Tell whether the judge's own answer is the base, or some rule reads it."""
    values = [let.value for let in readout.lets]
    values += [part for rule in readout.caps for part in (rule.value, rule.when) if part is not None]
    values += [part for decision in readout.decisions for part in (decision.value, decision.when)]
    values += [part for part in (readout.base, readout.abstain) if part is not None]
    reads = any(
        isinstance(part, Ref) and part.path == ("answer",) for value in values for part in walk(value)
    )
    return readout.base is None or reads


def final_answer(skill: SkillModel, task: TaskModel, *, findings: bool) -> Schema:
    """Return the schema of ``final_answer``: findings, reason, and the answer where the readout reads it."""
    offered = not findings or _reads_answer(skill.readout)
    return strict_object(
        {
            **(findings_property(skill, task) if findings else {}),
            "reason": {"type": "string"},
            **(answer_property(task) if offered else {}),
        }
    )
