"""What a row of training data says of its instruction, as the reward reads it.

A row's ``reward_model.ground_truth`` is a JSON object (text, because parquet does not keep ragged
lists): ``prompt``, and where there are any ``system_prompt``, ``history``, ``checklist`` (texts) and
``checkers`` (as :mod:`skillrt.verifiers.checkers` reads them, or null; parallel to the checklist).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skillspec.fields import is_absent, shape_problem

__all__ = ["FIELDS", "Instruction", "InstructionError", "read_instruction"]

FIELDS = ("prompt", "system_prompt", "history", "checklist", "checkers")


class InstructionError(ValueError):
    """A row's ground truth cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """The fields of one instruction; ``fields`` holds only those that are present."""

    fields: Mapping[str, Any]

    @property
    def checkers(self) -> list[object]:
        """The rule checks; empty where there are none."""
        return list(self.fields.get("checkers", ()))

    @property
    def soft(self) -> list[str]:
        """The entries of the checklist that no rule decides."""
        checklist = self.fields.get("checklist", ())
        checkers = self.fields.get("checkers") or [None] * len(checklist)
        return [text for text, checker in zip(checklist, checkers, strict=True) if checker is None]


def read_instruction(ground_truth: object) -> Instruction:
    """Read a row's ground truth.

    Raises:
        InstructionError: it is no JSON object, has no prompt, or a field has the wrong shape.
    """
    try:
        value = json.loads(ground_truth) if isinstance(ground_truth, str | bytes) else ground_truth
    except (ValueError, RecursionError) as error:
        raise InstructionError(
            f"ground_truth is no JSON ({error}); make the data with skillrl prepare"
        ) from None
    if not isinstance(value, Mapping):
        raise InstructionError("ground_truth is no JSON object; make the data with skillrl prepare")
    found = {name: value[name] for name in FIELDS if not is_absent(value.get(name))}
    if "prompt" not in found:
        raise InstructionError("ground_truth has no prompt")
    for name, content in found.items():
        problem = shape_problem(name, content)
        if problem is not None:
            raise InstructionError(f"ground_truth: {problem}")
    if "checkers" in found and len(found["checkers"]) != len(found.get("checklist", ())):
        raise InstructionError("ground_truth: checkers and checklist differ in length")
    return Instruction(found)
