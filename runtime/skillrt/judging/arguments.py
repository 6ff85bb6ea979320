"""Checking a tool call's arguments against the schema that the judge was sent.

The schemas stay within the strict subset (objects with all properties required, enums, bounded
arrays, numbers with bounds), so each becomes a msgspec type once and decoding checks the whole
call in microseconds, with the path of the first fault.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from skillspec.records import Tool

__all__ = ["ArgumentsError", "ArgumentsReader"]


class ArgumentsError(Exception):
    """The arguments of a call do not fit its schema; the text tells the model what is wrong."""


def _type_of(schema: dict[str, Any], name: str) -> Any:
    if "const" in schema:
        return Literal[schema["const"]]
    if "enum" in schema:
        return Literal[tuple(schema["enum"])]
    if "anyOf" in schema:
        union: Any = None
        for number, branch in enumerate(schema["anyOf"]):
            kind = _type_of(branch, f"{name}_{number}")
            union = kind if union is None else union | kind
        return union
    match schema.get("type"):
        case "object":
            # Labels may be no identifiers, or words of Python.
            names = {f"p{place}": key for place, key in enumerate(schema["properties"])}
            fields = [
                (own, _type_of(schema["properties"][key], f"{name}_{own}")) for own, key in names.items()
            ]
            return msgspec.defstruct(name, fields, rename=names, forbid_unknown_fields=True, kw_only=True)
        case "array":
            item = _type_of(schema["items"], f"{name}_item")
            limits = msgspec.Meta(min_length=schema.get("minItems"), max_length=schema.get("maxItems"))
            return Annotated[list[item], limits]  # type: ignore[valid-type]
        case "integer" | "number" as kind:
            limits = msgspec.Meta(ge=schema.get("minimum"), le=schema.get("maximum"))
            width: type[int | float] = int if kind == "integer" else float
            return Annotated[width, limits]
        case "boolean":
            return bool
        case "null":
            return None
    return str


class ArgumentsReader:
    """Reads the arguments of calls to ``tools``."""

    def __init__(self, tools: tuple[Tool, ...]) -> None:
        self._decoders = {
            tool.name: msgspec.json.Decoder(_type_of(tool.parameters, tool.name)) for tool in tools
        }

    def knows(self, name: str) -> bool:
        """Tell whether there is a tool called ``name``."""
        return name in self._decoders

    def read(self, name: str, arguments: str) -> dict[str, Any]:
        """Return the arguments as plain JSON values.

        Raises:
            ArgumentsError: they are not JSON, or do not fit the schema.
        """
        try:
            decoded = self._decoders[name].decode(arguments or "{}")
        except msgspec.ValidationError as error:
            raise ArgumentsError(str(error)) from None
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            raise ArgumentsError(f"the arguments are not JSON: {error}") from None
        values: dict[str, Any] = msgspec.to_builtins(decoded)
        return values
