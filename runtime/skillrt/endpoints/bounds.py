"""Bounding a call, so that its JSON ends within the tokens of a turn.

Free texts get a line and lists that only comment on the answer one entry. What the answer is computed from
must be whole, so there the room of a turn is shared out: the more entries are owed, the shorter their
texts, and where even short ones do not fit, only as many entries are asked for as do, and the rest in the
next turn. The entries that are owed stand in the schema one by one, each with its keys: such a grammar
cannot miss any.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["bounded_arguments"]

Schema = Mapping[str, Any]
Keys = Sequence[Mapping[str, Any]] | None
Owed = Mapping[str, Keys]
_TEXT_CHARS = (80, 40, 20)
_CODE_CHARS = 200
_ENTRIES = 1
_SHARE = 0.75
"""Of the tokens of a turn, what lists and objects that must be whole may take."""
_REST_TOKENS = 160
"""What the call takes beside them: its name, a reason, the answer."""
_MARKS_A_TOKEN = 3
"""JSON's own marks and words; of a free text every character counts as a token, as in Chinese it may."""


def bounded_arguments(parameters: Schema, owed: Owed, max_tokens: int) -> dict[str, Any]:
    """Return the schema of a tool's arguments, bounded.

    Args:
        parameters: the tool's own schema.
        owed: the properties that must be whole, with the keys of what is owed; None where they are not known.
        max_tokens: of one turn.
    """
    room = max(1, int(max_tokens * _SHARE) - _REST_TOKENS)
    properties = parameters.get("properties", {})
    changed = {
        name: _whole(schema, owed[name], room) if name in owed else _bounded(schema, name)
        for name, schema in properties.items()
    }
    return {**_bounded({**parameters, "properties": {}}), "properties": changed}


def _whole(schema: Schema, keys: Keys, room: int) -> dict[str, Any]:
    """Bound a list or an object of which nothing may be left out."""
    if schema.get("type") != "array":
        fitting = (chars for chars in _TEXT_CHARS if _tokens(schema, chars) <= room)
        return _bounded(schema, chars=next(fitting, _TEXT_CHARS[-1]))
    entry = schema["items"]
    most = min(schema["maxItems"] if keys is None else len(keys), schema["maxItems"])
    fitting = (chars for chars in _TEXT_CHARS if most * _tokens(entry, chars) <= room)
    chars = next(fitting, _TEXT_CHARS[-1])
    most = min(most, max(1, room // _tokens(entry, chars)))
    bounded = _bounded(entry, chars=chars)
    if not keys:
        return {**schema, "items": bounded, "maxItems": most}
    entries = [
        {**bounded, "properties": bounded["properties"] | {name: {"const": key[name]} for name in key}}
        for key in keys[:most]
    ]
    return {"type": "array", "prefixItems": entries, "minItems": most, "maxItems": most}


def _tokens(schema: Schema, chars: int) -> int:
    """Estimate from above what the longest value of a bounded schema takes."""
    marks, text = _longest(schema, chars)
    return math.ceil(marks / _MARKS_A_TOKEN) + text


def _longest(schema: Schema, chars: int) -> tuple[int, int]:
    """Return how many characters of JSON and how many of free text the longest value has."""
    if "anyOf" in schema:
        return max((_longest(branch, chars) for branch in schema["anyOf"]), key=sum)
    match schema.get("type"):
        case "object":
            parts = [(name, _longest(sub, chars)) for name, sub in schema["properties"].items()]
            marks = sum(len(name) + 4 + inner for name, (inner, _) in parts)
            return 2 + marks, sum(text for _, (_, text) in parts)
        case "array":
            marks, text = _longest(schema["items"], chars)
            most = _short(schema)
            return 2 + most * (marks + 1), most * text
        case "string" if "enum" in schema:
            return 2 + max(map(len, schema["enum"])), 0
        case "string":
            return 2, chars
    return 6, 0


def _short(schema: Schema) -> int:
    """Return how many entries a bounded list has: one, or as many as its schema demands."""
    return min(max(_ENTRIES, int(schema.get("minItems", 0))), int(schema.get("maxItems", _ENTRIES)))


def _bounded(schema: Schema, name: str = "", *, chars: int = _TEXT_CHARS[0]) -> dict[str, Any]:
    """Bound free strings and lists: a small model under a grammar would otherwise never end them."""
    bounded: dict[str, Any] = {}
    for key, value in schema.items():
        match key:
            case "properties":
                bounded[key] = {own: _bounded(sub, own, chars=chars) for own, sub in value.items()}
            case "items":
                bounded[key] = _bounded(value, chars=chars)
            case "anyOf":
                bounded[key] = [_bounded(branch, name, chars=chars) for branch in value]
            case "description":
                continue
            case _:
                bounded[key] = value
    if schema.get("type") == "string" and "enum" not in schema:
        bounded.setdefault("maxLength", _CODE_CHARS if name == "code" else chars)
    if schema.get("type") == "array":
        bounded["maxItems"] = _short(schema)
    return bounded
