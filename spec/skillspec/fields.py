"""Sample fields that have a shape of their own, and the shape of the rest.

The names are part of the language: a task that declares ``responses`` gets labelled texts,
one that declares ``history`` gets turns, and so on. Every other name is plain text.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

__all__ = ["FIELD_SHAPES", "Shape", "is_absent", "shape_of", "shape_problem"]

Shape = Literal["text", "responses", "turns", "texts", "sources", "references"]

FIELD_SHAPES: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "responses": "responses",  # {label: text}, labels as the task declares them
        "history": "turns",  # [{role, content}], oldest first
        "checklist": "texts",  # [text]
        "checkers": "sources",  # [Python source or null], parallel to the checklist
        "reference": "references",  # text, or several acceptable texts
    }
)


def shape_of(name: str) -> Shape:
    """Return the shape of the field called ``name``; names without one of their own are text."""
    return FIELD_SHAPES.get(name, "text")


def is_absent(value: object) -> bool:
    """Missing, null and empty are one thing: absent. Zero and false are present."""
    return value is None or value in ("", [], {}, ())


def _is_texts(value: object, *, holes: bool = False) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(item, str) or (holes and item is None) for item in value
    )


def _is_turns(value: object) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(turn, Mapping)
        and isinstance(turn.get("role"), str)
        and isinstance(turn.get("content"), str)
        for turn in value
    )


def shape_problem(name: str, value: Any, labels: tuple[str, ...] = ()) -> str | None:
    """Say what is wrong with ``value`` as the field ``name``, or return None.

    ``labels`` are the labels that the task declares for ``responses``.
    """
    match shape_of(name):
        case "text":
            return None if isinstance(value, str | int | float | bool) else f"{name} must be text"
        case "responses":
            if not isinstance(value, Mapping) or not all(isinstance(text, str) for text in value.values()):
                return f"{name} must be an object that gives each label its text"
            if labels and set(value) != set(labels):
                return f"{name} must have exactly the labels {', '.join(labels)}"
            return None
        case "turns":
            return None if _is_turns(value) else f"{name} must be a list of objects with role and content"
        case "texts":
            return None if _is_texts(value) else f"{name} must be a list of texts"
        case "sources":
            return None if _is_texts(value, holes=True) else f"{name} must be a list of texts or nulls"
        case "references":
            ok = isinstance(value, str | int | float) or _is_texts(value)
            return None if ok else f"{name} must be a text or a list of texts"
