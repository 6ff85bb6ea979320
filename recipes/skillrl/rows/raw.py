"""What people's rows hold, as plain values: a request, and demands with their rule checks.

The same forms are met in a data set's file and in a row's ``extra_info``: lists that numpy, pandas or
parquet brought along, lists and turns that somebody wrote down as text, and NaN for what is absent.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from skillrt.verifiers import Checker, PythonChecker

__all__ = [
    "BY_RULE",
    "TO_JUDGE",
    "Demands",
    "RowError",
    "demands_of",
    "from_json",
    "from_text",
    "listed",
    "plain",
    "request_of",
]

_TAG = re.compile(r"^\s*\[(rule|llm)\]\s*", re.IGNORECASE)
_CALLS_A_MODEL = re.compile(r"^\s*(?:from\s+llm_call\b|import\s+llm_call\b)", re.MULTILINE)
_LOOKS_LIKE_TURNS = re.compile(r"""^\s*[\[{]\s*\{?\s*['"](?:role|content|from)['"]\s*:""")
_TAG_KEYS = ("type", "kind", "tag", "category")
_TEXT_KEYS = ("checker", "text", "description", "constraint", "content", "instruction", "requirement")
_SOURCE_KEYS = ("function", "code", "source")
_MOST_REPR = 200_000
"""Longest text that is read as a Python literal, in characters."""

BY_RULE = "decided by a rule"
TO_JUDGE = "left to the judge"
UNTAGGED = "ignored: tagged neither [rule] nor [llm]"


class RowError(Exception):
    """A row cannot be used; ``reason`` is counted in the data card."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Demands:
    """What a row demands, in order.

    Attributes:
        checklist: the demands as texts.
        checkers: for each what decides it without a judge, None where a judge does.
        fates: for each item of the row, the ignored ones too, who decides it and why; to be counted.
    """

    checklist: tuple[str, ...] = ()
    checkers: tuple[Checker | None, ...] = ()
    fates: tuple[str, ...] = ()


def plain(value: Any) -> Any:
    """Return a value with numpy's arrays and scalars as Python's own, and None for NaN."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if (isinstance(value, float) and value != value) or type(value).__name__ in ("NAType", "NaTType"):
        return None
    return value


def from_json(text: str) -> Any:
    """Return what a text spells as JSON; None where it is none."""
    try:
        return plain(json.loads(text.removeprefix("\ufeff")))
    except (ValueError, RecursionError):
        return None


def from_text(text: str) -> Any:
    """Return what a text spells as JSON or as a Python literal; None where it is neither."""
    value = from_json(text)
    if value is not None or len(text) > _MOST_REPR:
        return value
    try:
        return plain(ast.literal_eval(text.strip()))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def listed(row: Mapping[str, Any], key: str) -> list[Any]:
    """Return the list at ``key``, also where it is written down as text.

    Raises:
        RowError: there is none.
    """
    value = plain(row.get(key))
    if isinstance(value, str):
        value = from_text(value)
        if not isinstance(value, list):
            raise RowError(f"{key} is text and no JSON list")
    if not isinstance(value, list):
        raise RowError(f"{key} is missing or no list")
    return value


def request_of(row: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Return a row's request: ``prompt``, and of a conversation ``system_prompt`` and ``history``.

    Args:
        row: the row.
        keys: where the request may stand; the first that is present counts.

    Raises:
        RowError: there is none, or it is no text and no turns that end with the user's.
    """
    prompt = next((value for key in keys if (value := plain(row.get(key))) not in (None, "", [])), None)
    if isinstance(prompt, str) and _LOOKS_LIKE_TURNS.match(prompt):
        turns = from_text(prompt)
        turns = [turns] if isinstance(turns, Mapping) else turns
        if not isinstance(turns, list):
            raise RowError("prompt looks like turns written down as text, and cannot be read")
        prompt = turns
    if isinstance(prompt, str) and prompt.strip():
        return {"prompt": prompt.removeprefix("\ufeff")}
    if not isinstance(prompt, list) or not prompt:
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


def demands_of(row: Mapping[str, Any]) -> Demands:
    """Return what ``checkers`` and ``functions`` of a row demand.

    An item is a text that begins with ``[rule]`` or ``[llm]``, or an object that says the same. One with
    neither tag is ignored. A rule without a function, or with one that asks a model, is the judge's.

    Raises:
        RowError: the lists cannot be read, do not belong together, or an item has no text.
    """
    items = listed(row, "checkers")
    given = plain(row.get("functions"))
    functions = listed(row, "functions") if given not in (None, "", []) else [None] * len(items)
    if len(items) != len(functions):
        raise RowError("checkers and functions differ in length")
    if not items:
        raise RowError("no checkers")
    checklist: list[str] = []
    checkers: list[Checker | None] = []
    fates: list[str] = []
    for item, function in zip(items, functions, strict=True):
        tag, text, source = _item(item, function)
        if tag is None:
            fates.append(UNTAGGED)
            continue
        if not text:
            raise RowError("a checker has no text")
        fate = _fate(tag, source)
        fates.append(fate)
        checklist.append(text)
        checkers.append(PythonChecker(source) if fate == BY_RULE else None)
    return Demands(tuple(checklist), tuple(checkers), tuple(fates))


def _item(item: Any, function: Any) -> tuple[str | None, str, str]:
    """Return an item's tag (None for none), its text without it, and its source."""
    tag, text = "", item
    if isinstance(item, Mapping):
        texts = [item[key] for key in _TEXT_KEYS if isinstance(item.get(key), str)]
        text = texts[0] if texts else ""
        tags = (str(item.get(key)).strip().strip("[]").lower() for key in _TAG_KEYS)
        tag = next((name for name in tags if name in ("rule", "llm")), "")
        own = (item[key] for key in _SOURCE_KEYS if isinstance(item.get(key), str))
        function = function or next(own, None)
    text = text if isinstance(text, str) else ""
    marked = _TAG.match(text)
    if marked is not None:
        tag, text = tag or marked[1].lower(), text[marked.end() :]
    return tag or None, text.strip(), function if isinstance(function, str) else ""


def _fate(tag: str, source: str) -> str:
    if tag == "llm":
        return f"{TO_JUDGE}: tagged [llm]"
    if not source.strip():
        return f"{TO_JUDGE}: the rule has no function"
    if _CALLS_A_MODEL.search(source):
        return f"{TO_JUDGE}: the rule calls a model"
    return BY_RULE
