"""The meaning of compiled expressions: total, without loops over anything but the findings.

Absent values propagate: a comparison with an absent value is false, arithmetic with one is absent,
and ``ratio`` over zero gives its third operand. Nothing here raises, whatever the data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skillspec.expr import Aggregate, Const, Expr, Operation, Ref
from skillspec.fields import is_absent

__all__ = ["Scope", "evaluate", "holds"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names in an expression stand for."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    verifiers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    findings: Sequence[Mapping[str, Any]] = ()
    answer: Any = None
    lets: Mapping[str, Any] = field(default_factory=dict)
    finding: Mapping[str, Any] | None = None


def holds(expr: Expr | None, scope: Scope) -> bool:
    """Tell whether a condition is true; no condition always holds, an absent value never does."""
    return expr is None or evaluate(expr, scope) is True


def evaluate(expr: Expr, scope: Scope) -> Any:
    """Return the value of ``expr``: a number, a text, a truth value, or None when it is absent."""
    match expr:
        case Const():
            return expr.value
        case Ref():
            return _lookup(expr.path, scope)
        case Aggregate():
            return _aggregate(expr, scope)
        case Operation():
            return _operate(expr, scope)


def _lookup(path: Sequence[str], scope: Scope) -> Any:
    match tuple(path):
        case ("answer",):
            return scope.answer
        case ("field", name):
            value = scope.fields.get(name)
            return None if is_absent(value) else value
        case ("let", name):
            return scope.lets.get(name)
        case ("finding", *names):
            return None if scope.finding is None else scope.finding.get(".".join(names))
        case ("verifier", name, key):
            return scope.verifiers.get(name, {}).get(key)
    return None


def _aggregate(expr: Aggregate, scope: Scope) -> Any:
    scopes = [
        Scope(scope.fields, scope.verifiers, scope.findings, scope.answer, scope.lets, finding)
        for finding in scope.findings
    ]
    matching = [inner for inner in scopes if holds(expr.where, inner)]
    match expr.fn:
        case "count":
            return len(matching)
        case "any":
            return bool(matching)
        case "all":
            return all(holds(expr.of, inner) for inner in matching)
        case "sum":
            values = [_number(evaluate(expr.of, inner)) for inner in matching] if expr.of is not None else []
            return math.fsum(value for value in values if value is not None)


def _number(value: Any) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) else None


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "min": min,
    "max": max,
}


def _operate(expr: Operation, scope: Scope) -> Any:
    match expr.op:
        case "and":
            return all(holds(arg, scope) for arg in expr.args)
        case "or":
            return any(holds(arg, scope) for arg in expr.args)
        case "not":
            return not holds(expr.args[0], scope)
    values = [evaluate(arg, scope) for arg in expr.args]
    match expr.op:
        case "eq":
            return values[0] is not None and _same(values[0], values[1])
        case "ne":
            return values[0] is not None and values[1] is not None and not _same(values[0], values[1])
        case "in":
            return values[0] is not None and any(_same(values[0], value) for value in values[1:])
    return _arithmetic(expr.op, [_number(value) for value in values])


def _arithmetic(op: str, numbers: list[float | int | None]) -> Any:
    if op == "ratio":
        top, bottom, otherwise = (*numbers, None)[:3]
        if bottom == 0:
            return otherwise
        if top is None or bottom is None:
            return None
        return _finite(lambda: top / bottom)
    known = [number for number in numbers if number is not None]
    if len(known) != len(numbers):
        return False if op in _COMPARE else None
    if op == "neg":
        return -known[0]
    if op in _COMPARE:
        return _COMPARE[op](known[0], known[1])
    total = known[0]
    for number in known[1:]:
        result = _finite(lambda total=total, number=number: _ARITHMETIC[op](total, number))  # type: ignore[misc]
        if result is None:
            return None
        total = result
    return total


def _finite(compute: Callable[[], float]) -> float | None:
    try:
        return _number(compute())
    except OverflowError:
        return None
