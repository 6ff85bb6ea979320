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


def _spelled(value: Any, schema: dict[str, Any]) -> Any:
    """Return a value with what stands as a text in it, and should not, as what the text spells."""
    branches = schema.get("anyOf", ())
    if isinstance(value, str) and any(branch.get("type") == "string" for branch in branches):
        return value
    for branch in branches:
        spelled = _spelled(value, branch)
        if spelled is not value:
            return spelled
    kind = schema.get("type")
    if isinstance(value, str) and kind not in (None, "string"):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.MsgspecError, RecursionError):
            return value
    if isinstance(value, dict) and kind == "object":
        parts: dict[str, Any] = schema["properties"]
        return {key: _spelled(item, parts[key]) if key in parts else item for key, item in value.items()}
    if isinstance(value, list) and kind == "array":
        return [_spelled(item, schema["items"]) for item in value]
    return value


class ArgumentsReader:
    """Reads the arguments of calls to ``tools``."""

    def __init__(self, tools: tuple[Tool, ...]) -> None:
        self._decoders = {
            tool.name: msgspec.json.Decoder(_type_of(tool.parameters, tool.name)) for tool in tools
        }
        self._schemas = {tool.name: tool.parameters for tool in tools}

    def knows(self, name: str) -> bool:
        """Tell whether there is a tool called ``name``."""
        return name in self._decoders

    def read(self, name: str, arguments: str) -> dict[str, Any]:
        """Return the arguments as plain JSON values.

        A text is taken for the array, object, number or truth value that it spells, where the schema wants
        one: parsers of calls in tags give every parameter as text.

        Raises:
            ArgumentsError: they are not JSON, or do not fit the schema.
        """
        decoder = self._decoders[name]
        try:
            decoded = decoder.decode(arguments or "{}")
        except msgspec.ValidationError as error:
            try:
                spelled = _spelled(msgspec.json.decode(arguments), self._schemas[name])
                decoded = decoder.decode(msgspec.json.encode(spelled))
            except (msgspec.MsgspecError, RecursionError):
                raise ArgumentsError(str(error)) from None
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            raise ArgumentsError(f"the arguments are not JSON: {error}") from None
        values: dict[str, Any] = msgspec.to_builtins(decoded)
        return values
