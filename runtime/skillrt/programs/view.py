"""What the judge's side of a run is handed of a sample.

A :class:`JudgeView` holds the fields that the link may see and no others: the oracle fields are
not hidden in it, they are not there. Everything that a judge is sent, and everything that a
verifier or the readout computes, starts from a view.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from skillrt.programs.neutral import encodable, map_strings
from skillspec.fields import is_absent, shape_problem
from skillspec.levels import SETTINGS
from skillspec.records import Link, Task

__all__ = ["JudgeView", "SampleError", "cut_fields", "make_view"]


class SampleError(Exception):
    """A sample cannot be judged: a field that the task needs is absent or has the wrong shape."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field
        self.problem = problem


@dataclass(frozen=True, slots=True)
class JudgeView:
    """The visible fields of one sample; absent optional fields are left out."""

    fields: Mapping[str, Any]

    def labels(self) -> tuple[str, ...]:
        """Return the labels of the responses, in the order shown; empty where there are none."""
        responses = self.fields.get("responses")
        return tuple(responses) if isinstance(responses, Mapping) else ()


def make_view(task: Task, link: Link, sample: Mapping[str, Any]) -> JudgeView:
    """Take from ``sample`` the fields that ``link`` may see.

    Args:
        task: the task that the link was made of; it declares names, levels and shapes.
        link: its ``fields`` are what its setting grants.
        sample: field name to value; what the task does not declare is never looked at.

    Raises:
        SampleError: a field that is needed is absent, or a value has the wrong shape.
    """
    seen: dict[str, Any] = {}
    for field in task.fields:
        if field.name not in link.fields or field.level not in SETTINGS[link.setting]:
            continue
        value = sample.get(field.name)
        if is_absent(value):
            if field.optional:
                continue
            raise SampleError(field.name, f"the sample has no {field.name}, which task {task.id} needs")
        labels = tuple(label.label for label in field.labels)
        problem = shape_problem(field.name, value, labels)
        if problem is not None:
            raise SampleError(field.name, problem)
        if labels and value is not None:  # shown in the task's order, whatever the order of the object
            value = {label: value[label] for label in labels}
        value = map_strings(value, encodable)  # a copy: the sample may change
        seen[field.name] = MappingProxyType(value) if isinstance(value, dict) else value
    return JudgeView(MappingProxyType(seen))


def cut_fields(fields: Mapping[str, Any], chars: int) -> Mapping[str, Any]:
    """Return ``fields`` with every text cut to ``chars`` characters, its middle taken out.

    All texts get the same bound: of two responses neither gains by the cut.
    """

    def cut(value: Any) -> Any:
        if isinstance(value, str) and len(value) > chars:
            half = chars // 2
            return f"{value[:half]}\n[...]\n{value[-half:]}"
        if isinstance(value, Mapping):
            return MappingProxyType({key: cut(item) for key, item in value.items()})
        if isinstance(value, list | tuple):
            return [cut(item) for item in value]
        return value

    return MappingProxyType({name: cut(value) for name, value in fields.items()})
