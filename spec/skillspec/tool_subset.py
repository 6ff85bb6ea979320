"""The part of JSON Schema that tools are described in: ``tool_subset.json`` and what it cannot say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["DEPTH", "order_problem", "tool_subset"]

DEPTH = 5
"""How deep objects may nest: the least that providers of strict function calling accept."""


@lru_cache(maxsize=1)
def tool_subset() -> dict[str, Any]:
    """Return the meta-schema (2020-12) that every tool's parameters fit."""
    schema: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return schema


def order_problem(parameters: dict[str, Any]) -> str | None:
    """Say what is wrong beyond the meta-schema, or return None.

    ``required`` must name the properties in their own order, because that is the order in which a model
    answers; and objects nest no deeper than ``DEPTH``.
    """
    for path, schema, depth in _objects(parameters, "$", 1):
        if list(schema["properties"]) != schema["required"]:
            return f"{path}: `required` does not name the properties in their order"
        if depth > DEPTH:
            return f"{path}: objects nest deeper than {DEPTH}"
    return None


def _objects(schema: Any, path: str, depth: int) -> Iterator[tuple[str, dict[str, Any], int]]:
    if schema.get("type") == "object":
        yield path, schema, depth
        for name, inner in schema["properties"].items():
            yield from _objects(inner, f"{path}.{name}", depth + 1)
    for inner in (schema.get("items"), *schema.get("anyOf", ())):
        if inner is not None:
            yield from _objects(inner, f"{path}[]", depth)
