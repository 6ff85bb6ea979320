"""Reading the fields that rows of several benchmarks share."""

from __future__ import annotations

from typing import Any

from skillbench.suites.rows import Row, kind_of

__all__ = ["objects", "optional_texts", "texts"]


def texts(row: Row, name: str, *, count: int | None = None) -> list[str]:
    """Return a list of texts, none of them of another type.

    Raises:
        RowError: the field is missing, or is no such list, or has another number than ``count``.
    """
    values = _listed(row, name)
    for number, value in enumerate(values):
        if not isinstance(value, str):
            raise row.error(f"{name}[{number}]", f"must be text, not {kind_of(value)}")
    if count is not None and len(values) != count:
        raise row.error(name, f"must hold {count} texts, not {len(values)}")
    return values


def objects(row: Row, name: str) -> list[dict[str, Any]]:
    """Return a list of objects that is not empty.

    Raises:
        RowError: the field is missing or is no such list.
    """
    values = _listed(row, name)
    for number, value in enumerate(values):
        if not isinstance(value, dict):
            raise row.error(f"{name}[{number}]", f"must be an object, not {kind_of(value)}")
    return values


def optional_texts(row: Row, name: str) -> list[str] | None:
    """Return a list of texts, or a text as a list of one; None where the field is absent or empty.

    Raises:
        RowError: the field is something else.
    """
    value = row.values.get(name)
    if value is None or value in ("", []):
        return None
    return [value] if isinstance(value, str) else texts(row, name)


def _listed(row: Row, name: str) -> list[Any]:
    value = row.values.get(name)
    if value is None:
        raise row.error(name, "is missing; every row needs it")
    if not isinstance(value, list):
        raise row.error(name, f"must be a list, not {kind_of(value)}")
    if not value:
        raise row.error(name, "is an empty list")
    return value
