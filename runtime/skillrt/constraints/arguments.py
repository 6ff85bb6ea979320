"""Reading the arguments of a constraint: there and of the right kind, or a ValueError that names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

RELATIONS: Final = ("at least", "less than")


def plain_arguments(kwargs: object) -> dict[str, Any]:
    """Return the arguments that are there, as Python's own values.

    Tables that people save turn lists into numpy's arrays, numbers into numpy's, and what is absent into
    null or NaN. ValueError when the arguments are no object.
    """
    if kwargs is None:
        return {}
    if not isinstance(kwargs, Mapping):
        raise ValueError(f"kwargs must be an object, got {type(kwargs).__name__}")
    values = {str(name): _plain(value) for name, value in kwargs.items()}
    return {name: value for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # numpy's arrays and numbers
        value = value.tolist()
    if type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value):
        return None
    return value


def string(kwargs: Mapping[str, Any], name: str) -> str:
    """Return a string that is not blank."""
    value = kwargs.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"kwargs.{name} must be a string that is not blank, got {value!r}")
    return value


def strings(kwargs: Mapping[str, Any], name: str) -> list[str]:
    """Return a list of at least one string, none blank."""
    value = kwargs.get(name)
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"kwargs.{name} must be a list of at least one string, got {value!r}")
    for word in value:
        if not isinstance(word, str) or not word.strip():
            raise ValueError(f"kwargs.{name} must hold strings that are not blank, got {word!r}")
    return list(value)


def number(kwargs: Mapping[str, Any], name: str, least: int = 0) -> int:
    """Return a whole number.

    A float without a fraction counts too, because tables that were saved with gaps have it.
    """
    value = kwargs.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"kwargs.{name} must be a whole number of at least {least}, got {value!r}")
    return value


def percentage(kwargs: Mapping[str, Any], name: str) -> float:
    """Return a number from 0 to 100."""
    value = kwargs.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise ValueError(f"kwargs.{name} must be a number from 0 to 100, got {value!r}")
    return float(value)


def relation(kwargs: Mapping[str, Any], name: str) -> str:
    """One of the two relations that IFEval knows."""
    value = kwargs.get(name)
    if value not in RELATIONS:
        raise ValueError(f"kwargs.{name} must be one of {', '.join(RELATIONS)}, got {value!r}")
    return str(value)
