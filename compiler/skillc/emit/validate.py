"""Holding artifacts against their JSON Schemas before they are written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

__all__ = ["find_mismatch", "tool_problem"]


def find_mismatch(files: Mapping[str, bytes], paths: Iterable[str]) -> str | None:
    """Say which of the artifacts ``paths`` does not fit its schema and where, or return None.

    Args:
        files: path to content, as compiled.
        paths: those to look at; texts have no schema.
    """
    from jsonschema import Draft202012Validator

    from skillspec.schemas import load_schema

    validators: dict[str, Any] = {}
    for path in paths:
        if not path.endswith(".json"):
            continue
        record = json.loads(files[path])
        kind = record["kind"]
        if kind not in validators:
            validators[kind] = Draft202012Validator(load_schema(kind))
        for error in validators[kind].iter_errors(record):
            return f"{path} does not fit the schema {kind}.json at {error.json_path}: {error.message[:200]}"
        for tool in record.get("tools", ()):
            problem = tool_problem(tool["parameters"])
            if problem is not None:
                return f"{path}: the parameters of tool {tool['name']} leave the strict subset: {problem}"
    return None


@lru_cache(maxsize=1)
def _subset_validator() -> Any:
    from jsonschema import Draft202012Validator

    from skillspec.tool_subset import tool_subset

    return Draft202012Validator(tool_subset())


def tool_problem(parameters: dict[str, Any]) -> str | None:
    """Say why strict function calling would refuse a tool's parameters, or return None."""
    from skillspec.tool_subset import order_problem

    for error in _subset_validator().iter_errors(parameters):
        return f"{error.json_path}: {error.message[:200]}"
    return order_problem(parameters)
