"""What a template may use of Jinja2: the compiler refuses the rest, and so does the runtime."""

from __future__ import annotations

from typing import Final

__all__ = ["FILTERS", "FORBIDDEN", "METHODS", "OPERATORS"]

FORBIDDEN: Final = ("Include", "Import", "FromImport", "Extends", "Block", "Macro", "CallBlock")
OPERATORS: Final = {"Mul": "*", "Pow": "**", "Mod": "%"}
FILTERS: Final = frozenset(
    [
        "batch",
        "capitalize",
        "count",
        "d",
        "default",
        "dictsort",
        "first",
        "float",
        "int",
        "items",
        "join",
        "last",
        "length",
        "list",
        "lower",
        "map",
        "reject",
        "rejectattr",
        "replace",
        "reverse",
        "round",
        "select",
        "selectattr",
        "sort",
        "string",
        "title",
        "tojson",
        "trim",
        "truncate",
        "unique",
        "upper",
        "wordcount",
    ]
)
METHODS: Final = frozenset(
    [
        "count",
        "endswith",
        "get",
        "items",
        "keys",
        "lower",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "title",
        "upper",
        "values",
    ]
)
