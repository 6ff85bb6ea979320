"""From a raw row of a data set to an instruction: its prompt, checklist and rule checks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from skillrl.data.errors import RowError
from skillrt.constraints.arguments import plain_arguments
from skillrt.verifiers import Checker, ConstraintChecker, PythonChecker

__all__ = ["FORMATS", "Draft", "Format"]

_TAG = re.compile(r"^\s*\[(rule|llm)\]\s*", re.IGNORECASE)
_CALLS_A_MODEL = re.compile(r"^\s*(?:from\s+llm_call\b|import\s+llm_call\b)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Draft:
    """An instruction before its rules are tried. ``notes`` are counted in the data card."""

    id: str
    prompt: str
    checklist: tuple[str, ...]
    checkers: tuple[Checker | None, ...]
    system_prompt: str = ""
    history: tuple[dict[str, str], ...] = ()
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Format:
    """A data set: its name on Hugging Face, and how one of its rows is read."""

    name: str
    hub_name: str
    read: Callable[[Mapping[str, Any], int], Draft]


def _texts(row: Mapping[str, Any], key: str) -> list[Any]:
    value = row.get(key)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise RowError(f"{key} is text and no JSON list") from None
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        raise RowError(f"{key} is missing or no list")
    return list(value)


def _conversation(row: Mapping[str, Any]) -> dict[str, Any]:
    """Read ``prompt``: a text, or turns of which the last is the instruction."""
    prompt = row.get("prompt")
    if isinstance(prompt, str) and prompt.strip():
        return {"prompt": prompt}
    if not isinstance(prompt, Sequence) or isinstance(prompt, str) or not prompt:
        raise RowError("prompt is missing or empty")
    turns = []
    for turn in prompt:
        if not isinstance(turn, Mapping) or not isinstance(turn.get("content"), str):
            raise RowError("prompt has a turn without content")
        turns.append({"role": str(turn.get("role")), "content": turn["content"]})
    system = turns.pop(0)["content"] if turns[0]["role"] == "system" else ""
    if not turns or turns[-1]["role"] != "user" or not turns[-1]["content"].strip():
        raise RowError("prompt does not end with a user's turn")
    return {"system_prompt": system, "history": tuple(turns[:-1]), "prompt": turns[-1]["content"]}


def _verinstruct(row: Mapping[str, Any], number: int) -> Draft:
    said = _conversation(row)
    tagged, functions = _texts(row, "checkers"), _texts(row, "functions")
    if len(tagged) != len(functions):
        raise RowError("checkers and functions differ in length")
    if not tagged:
        raise RowError("no checkers")
    checklist: list[str] = []
    checkers: list[Checker | None] = []
    notes: list[str] = []
    for text, source in zip(tagged, functions, strict=True):
        tag = _TAG.match(text) if isinstance(text, str) else None
        if tag is None:
            raise RowError("a checker is tagged neither [rule] nor [llm]")
        checklist.append(text[tag.end() :].strip())
        is_rule = tag[1].lower() == "rule"
        if is_rule and isinstance(source, str) and _CALLS_A_MODEL.search(source):
            is_rule = False
            notes.append("rule left to the judge: it calls a model")
        elif is_rule and not (isinstance(source, str) and source.strip()):
            is_rule = False
            notes.append("rule left to the judge: it has no function")
        checkers.append(PythonChecker(source) if is_rule else None)
    if not all(checklist):
        raise RowError("a checker has no text")
    ident = str(row.get("id", number))
    return Draft(ident, checklist=tuple(checklist), checkers=tuple(checkers), notes=tuple(notes), **said)


def _constraints(family: str, row: Mapping[str, Any], number: int) -> Draft:
    """Read a row of IFEval or IFBench: ids of constraints and their arguments."""
    said = _conversation(row)
    ids, given = _texts(row, "instruction_id_list"), _texts(row, "kwargs")
    if len(ids) != len(given):
        raise RowError("instruction_id_list and kwargs differ in length")
    if not ids:
        raise RowError("no instructions")
    checklist, checkers = [], []
    for ident, kwargs in zip(ids, given, strict=True):
        if not isinstance(ident, str) or not isinstance(kwargs, Mapping | None):
            raise RowError("an instruction has no id, or arguments that are no object")
        kept = {name: _whole(value) for name, value in plain_arguments(kwargs).items()}
        told = ", ".join(f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in kept.items())
        checklist.append(f"{ident.replace('_', ' ').replace(':', ': ')}{f' ({told})' if told else ''}")
        checkers.append(ConstraintChecker(family, ident, kept))
    return Draft(str(row.get("key", number)), checklist=tuple(checklist), checkers=tuple(checkers), **said)


def _whole(value: Any) -> Any:
    """Return a whole number that a table made 3.0, because its column has gaps, as 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


FORMATS: Mapping[str, Format] = {
    "verinstruct": Format("verinstruct", "THU-KEG/VerInstruct", _verinstruct),
    "ifeval": Format("ifeval", "google/IFEval", partial(_constraints, "ifeval")),
    "ifbench": Format("ifbench", "allenai/IFBench_test", partial(_constraints, "ifbench")),
}
"""The data sets that can be prepared, by name."""
