"""What a row of training data says of its instruction, as the reward reads it.

The rows of ``skillrl prepare`` say it in ``reward_model.ground_truth``, a JSON object (text, because parquet
does not keep ragged lists): ``prompt``, and where there are any ``system_prompt``, ``history``,
``checklist`` (texts) and ``checkers`` (as ``skillrt.verifiers.checkers`` reads them, or null; parallel to the
checklist). Other rows have the request in ``extra_info``, with the checkers and functions of their data set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skillrl.rows.raw import RowError, demands_of, from_json, plain, request_of
from skillrt.verifiers.checkers import checker_json
from skillspec.fields import is_absent, shape_problem

__all__ = ["FIELDS", "Instruction", "InstructionError", "read_instruction", "read_row"]

FIELDS = ("prompt", "system_prompt", "history", "checklist", "checkers")
_REQUESTS = ("query", "prompt", "instruction")


class InstructionError(ValueError):
    """A row cannot be used; the text says which and why."""


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


def read_instruction(ground_truth: object, extra_info: object = None) -> Instruction:
    """Read what a row says of its instruction.

    That is ``ground_truth`` where it is an object with a prompt, else ``extra_info`` where it names a
    request: ``query``, ``prompt`` or ``instruction``, with ``checkers`` and ``functions`` as the data sets
    have them. Rules of such a row were not tried: a source that gives no checker is left to the judge.

    Raises:
        InstructionError: neither of them can be read; a score of such a row would mean nothing.
    """
    extra = plain(extra_info)
    try:
        truth = _object(ground_truth)
        if truth is not None and any(truth.get(name) for name in _REQUESTS):
            return _own(truth) if _is_own(truth) else _raw(truth, ("prompt", "query", "instruction"))
        if isinstance(extra, dict) and any(extra.get(name) for name in _REQUESTS):
            return _raw(extra, _REQUESTS)
        raise RowError(
            "neither reward_model.ground_truth nor extra_info names a prompt; make the data with "
            "skillrl prepare, or give extra_info a query with its checkers"
        )
    except RowError as error:
        raise InstructionError(f"{_place(extra)}{error.reason}") from None


def read_row(row: Mapping[str, Any]) -> Instruction:
    """Read the instruction of a row in verl's columns; raises as ``read_instruction``."""
    model = row.get("reward_model")
    truth = model.get("ground_truth") if isinstance(model, Mapping) else None
    return read_instruction(truth, row.get("extra_info"))


def _object(ground_truth: object) -> dict[str, Any] | None:
    value = plain(ground_truth)
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        value = from_json(value)
    return value if isinstance(value, dict) else None


def _is_own(truth: Mapping[str, Any]) -> bool:
    """Tell our form from a data set's: there the checkers are tagged, or their functions beside them."""
    if "checklist" in truth or truth.get("functions"):
        return "checklist" in truth
    checkers = truth.get("checkers")
    items = checkers if isinstance(checkers, list) else []
    return not any(isinstance(item, dict) or str(item).lstrip().startswith("[") for item in items)


def _own(truth: Mapping[str, Any]) -> Instruction:
    fields = {name: truth[name] for name in FIELDS if not is_absent(truth.get(name))}
    if "prompt" not in fields:
        raise RowError("ground_truth has no prompt")
    for name, content in fields.items():
        problem = shape_problem(name, content)
        if problem is not None:
            raise RowError(f"ground_truth: {problem}")
    if "checkers" in fields and len(fields["checkers"]) != len(fields.get("checklist", ())):
        raise RowError("ground_truth: checkers and checklist differ in length")
    return Instruction(fields)


def _raw(row: Mapping[str, Any], keys: Sequence[str]) -> Instruction:
    fields = request_of(row, keys)
    if row.get("checkers"):
        demands = demands_of(row)
        fields |= {
            "checklist": list(demands.checklist),
            "checkers": [checker_json(rule) for rule in demands.checkers],
        }
    return Instruction({name: content for name, content in fields.items() if not is_absent(content)})


def _place(extra: object) -> str:
    """Say which row it is, as far as the row tells."""
    if not isinstance(extra, dict):
        return ""
    told = ", ".join(f"{name} {extra[name]}" for name in ("split", "index", "id") if name in extra)
    return f"the row with {told}: " if told else ""
