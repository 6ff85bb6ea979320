"""From a raw row of a data set to an instruction: its prompt, checklist and rule checks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from skillrl.rows.raw import BY_RULE, Demands, RowError, demands_of, from_text, listed, plain, request_of
from skillrt.constraints.arguments import plain_arguments
from skillrt.verifiers import ConstraintChecker

__all__ = ["FORMATS", "Draft", "Format"]

_REQUESTS = ("prompt", "query", "instruction")


@dataclass(frozen=True, slots=True)
class Draft:
    """An instruction before its rules are tried."""

    id: str
    prompt: str
    demands: Demands
    system_prompt: str = ""
    history: tuple[dict[str, str], ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Format:
    """A data set: its name on Hugging Face, and how one of its rows is read."""

    name: str
    hub_name: str
    read: Callable[[Mapping[str, Any], int], Draft]


def _verinstruct(row: Mapping[str, Any], number: int) -> Draft:
    said = request_of(row, _REQUESTS)
    return Draft(_ident(row, "id", number), demands=demands_of(row), **said)


def _constraints(family: str, row: Mapping[str, Any], number: int) -> Draft:
    """Read a row of IFEval or IFBench: ids of constraints and their arguments."""
    said = request_of(row, _REQUESTS)
    ids, given = listed(row, "instruction_id_list"), listed(row, "kwargs")
    if len(ids) != len(given):
        raise RowError("instruction_id_list and kwargs differ in length")
    if not ids:
        raise RowError("no instructions")
    checklist, checkers = [], []
    for ident, kwargs in zip(ids, given, strict=True):
        arguments = from_text(kwargs) if isinstance(kwargs, str) else kwargs
        if not isinstance(ident, str) or not isinstance(arguments, Mapping | None):
            raise RowError("an instruction has no id, or arguments that are no object")
        kept = {name: _whole(value) for name, value in plain_arguments(arguments).items()}
        told = ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in kept.items())
        checklist.append(f"{ident.replace('_', ' ').replace(':', ': ')}{f' ({told})' if told else ''}")
        checkers.append(ConstraintChecker(family, ident, kept))
    demands = Demands(tuple(checklist), tuple(checkers), (BY_RULE,) * len(checkers))
    return Draft(_ident(row, "key", number), demands=demands, **said)


def _ident(row: Mapping[str, Any], key: str, number: int) -> str:
    ident = plain(row.get(key))
    return str(number if ident is None else ident)


def _whole(value: Any) -> Any:
    """Return a whole number that a table made 3.0, because the column has gaps, as 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


FORMATS: Mapping[str, Format] = {
    "verinstruct": Format("verinstruct", "THU-KEG/VerInstruct", _verinstruct),
    "ifeval": Format("ifeval", "google/IFEval", partial(_constraints, "ifeval")),
    "ifbench": Format("ifbench", "allenai/IFBench_test", partial(_constraints, "ifbench")),
}
"""The data sets that can be prepared, by name."""
