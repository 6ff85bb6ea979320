"""Expressions as data: what ``when`` and the readout are compiled to.

An expression is a constant, a reference, an operation over expressions, or an aggregate over
the findings. There is no way to loop, to call code or to divide by zero: ``ratio`` takes the
value to use instead. ``skillrt.programs.evaluate`` gives the meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

__all__ = ["Aggregate", "Const", "Expr", "Op", "Operation", "Ref", "Scalar", "walk"]

Scalar = str | int | float | bool | None

Op = Literal[
    "and",
    "or",
    "not",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "in",
    "add",
    "sub",
    "mul",
    "neg",
    "ratio",
    "min",
    "max",
]


class Const(msgspec.Struct, frozen=True, tag_field="expr", tag="const", forbid_unknown_fields=True):
    """A constant."""

    value: Scalar


class Ref(msgspec.Struct, frozen=True, tag_field="expr", tag="ref", forbid_unknown_fields=True):
    """A name: ``["field", "domain"]``, ``["verifier", "reference_match", "winner"]``, ``["answer"]``,
    ``["let", "ok"]``, or inside an aggregate's condition ``["finding", "status"]``."""

    path: tuple[str, ...]


class Operation(msgspec.Struct, frozen=True, tag_field="expr", tag="op", forbid_unknown_fields=True):
    """An operation. ``ratio`` has three operands: numerator, denominator, value when that is zero."""

    op: Op
    args: tuple[Expr, ...]


class Aggregate(msgspec.Struct, frozen=True, tag_field="expr", tag="aggregate", forbid_unknown_fields=True):
    """A count, sum or quantifier over the findings for which ``where`` holds (all when it is null)."""

    fn: Literal["count", "any", "all", "sum"]
    where: Expr | None = None
    of: Expr | None = None


Expr = Const | Ref | Operation | Aggregate


def walk(expr: Expr, lets: Mapping[str, Expr] | None = None) -> Iterator[Expr]:
    """Go through an expression and all its parts; a name in ``lets`` is followed into its value."""
    yield expr
    parts: tuple[Expr | None, ...] = ()
    match expr:
        case Operation():
            parts = expr.args
        case Aggregate():
            parts = (expr.where, expr.of)
        case Ref(path=("let", name)) if lets is not None and name in lets:
            parts = (lets[name],)
        case _:
            pass
    for part in parts:
        if part is not None:
            yield from walk(part, lets)
