"""JSON in a response: strict (no NaN, no comments), alone or in one Markdown fence."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from skillrt.constraints.pure import check_phrases, check_text

_OPENING: Final = re.compile(r"(`{3,}|~{3,})[ \t]*([A-Za-z0-9_+-]*)[ \t]*\r?\n")
MAX_KEYS: Final = 10_000
"""No more keys are listed."""


class _NotStrictError(ValueError):
    """A word that Python reads and JSON does not have."""


def unfenced(text: str) -> str:
    """The inside of the one code fence that the whole text is; any other text as it is, trimmed."""
    text = check_text(text).strip()
    opening = _OPENING.match(text)
    if opening and text.endswith(opening.group(1)) and opening.end() <= len(text) - len(opening.group(1)):
        return text[opening.end() : -len(opening.group(1))].strip()
    return text


def _refuse(word: str) -> Any:
    raise _NotStrictError(f"{word} is not JSON")


def _parse(text: str) -> tuple[Any, list[str], str | None]:
    """The value, the keys that an object has twice, and what is wrong (None when nothing is)."""
    doubled: list[str] = []

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(members)
        if len(value) < len(members) and len(doubled) < MAX_KEYS:
            seen: set[str] = set()
            for key, _ in members:
                if key in seen:
                    doubled.append(key)
                seen.add(key)
        return value

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=_refuse), doubled, None
    except RecursionError:
        return None, [], "nested too deeply"
    except ValueError as error:
        return None, [], str(error)[:200]


_TYPES: Final = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}


def json_report(text: str) -> dict[str, Any]:
    """Whether the text is one JSON value: {"valid", "fenced", "type", "keys", "duplicate_keys", "error"}.

    `fenced` tells of a code fence around it; `keys` are the top-level keys of an object, in order.
    """
    inside = unfenced(text)
    value, doubled, error = _parse(inside)
    return {
        "valid": error is None,
        "fenced": inside != text.strip(),
        "type": None if error else _TYPES.get(type(value), "number"),
        "keys": list(value)[:MAX_KEYS] if isinstance(value, dict) else [],
        "duplicate_keys": doubled,
        "error": error,
    }


def is_json(text: str, fence: bool = True) -> bool:
    """Whether the text is one JSON value and nothing else; `fence` allows one code fence around it."""
    return _parse(unfenced(text) if fence else check_text(text))[2] is None


def json_keys(text: str, nested: bool = False) -> list[str]:
    """The top-level keys of the JSON object that the text is; with `nested` all paths ("a.b", "a.0.c")."""
    value, _, _ = _parse(unfenced(text))
    if not nested:
        return list(value)[:MAX_KEYS] if isinstance(value, dict) else []
    keys: list[str] = []
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting and len(keys) < MAX_KEYS:
        path, here = waiting.pop()
        if path and path.count(".") > 50:  # paths of a deep value would be of quadratic size together
            continue
        pairs = here.items() if isinstance(here, dict) else enumerate(here) if isinstance(here, list) else ()
        below = [(f"{path}.{key}" if path else str(key), inner) for key, inner in pairs]
        if isinstance(here, dict):
            keys.extend(name for name, _ in below[: MAX_KEYS - len(keys)])
        waiting.extend(reversed(below))
    return keys


def json_missing(text: str, keys: list[str]) -> list[str]:
    """Those of the keys (or paths, "a.b") that the JSON lacks; all of them when it is no JSON."""
    wanted = check_phrases(keys, "keys")
    value, _, error = _parse(unfenced(text))
    return [key for key in wanted if error is not None or not _has(value, key)]


def _has(value: Any, path: str) -> bool:
    if isinstance(value, dict) and path in value:
        return True
    for step in path.split("."):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif (
            isinstance(value, list)
            and step.isascii()
            and step.isdigit()
            and len(step) < 10
            and int(step) < len(value)
        ):
            value = value[int(step)]
        else:
            return False
    return True
