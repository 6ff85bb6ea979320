"""What is certain of an expression before it is evaluated.

Conditions that can never hold: contradictions among the comparisons that are joined by ``and``.

Only what is certain is found, so that every warning is right; what is not found stays a condition.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from skillspec.expr import Aggregate, Const, Expr, Operation, Scalar

__all__ = ["can_lack_value", "never_holds"]

_MIRROR = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
_HOLDS = {"lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge}


@dataclass
class _Known:
    """What a conjunction says of one value."""

    allowed: set[Scalar] | None = None
    forbidden: set[Scalar] = field(default_factory=set)
    present: bool = False
    absent: bool = False
    bounds: list[tuple[str, float]] = field(default_factory=list)

    def only(self, values: Iterable[Scalar]) -> None:
        self.present = True
        self.allowed = set(values) if self.allowed is None else self.allowed & set(values)

    def impossible(self) -> bool:
        if self.present and self.absent:
            return True
        if self.allowed is not None:
            return not any(self._fits(value) for value in self.allowed)
        lows = [(value, op == "gt") for op, value in self.bounds if op in ("gt", "ge")]
        highs = [(value, op == "lt") for op, value in self.bounds if op in ("lt", "le")]
        low, above = max(lows, default=(-math.inf, False))
        high = min((value for value, _ in highs), default=math.inf)
        below = (high, True) in highs
        return low > high or (low == high and (above or below))

    def _fits(self, value: Scalar) -> bool:
        if value in self.forbidden:
            return False
        if isinstance(value, bool) or not isinstance(value, int | float):
            return True
        return all(_HOLDS[op](value, bound) for op, bound in self.bounds)


def never_holds(expr: Expr) -> bool:
    """Tell whether a condition is certainly false, whatever the sample and the findings are."""
    if isinstance(expr, Operation) and expr.op == "or":
        return all(never_holds(arg) for arg in expr.args)
    parts = list(_conjuncts(expr))
    if any(isinstance(part, Operation) and part.op == "or" and never_holds(part) for part in parts):
        return True
    known: dict[Expr, _Known] = {}
    for part in parts:
        if isinstance(part, Operation):
            _learn(part, known)
    return any(value.impossible() for value in known.values()) or _opposed(parts)


def _conjuncts(expr: Expr) -> Iterator[Expr]:
    if isinstance(expr, Operation) and expr.op == "and":
        for arg in expr.args:
            yield from _conjuncts(arg)
    else:
        yield expr


def _opposed(parts: list[Expr]) -> bool:
    """Tell whether something and its opposite are both asked for."""
    return any(isinstance(part, Operation) and part.op == "not" and part.args[0] in parts for part in parts)


def _learn(part: Operation, known: dict[Expr, _Known]) -> None:
    if part.op == "not":
        inner = part.args[0]
        if isinstance(inner, Operation):
            _learn_not(inner, known)
        return
    first, *others = part.args
    values = [other.value for other in others if isinstance(other, Const)]
    if len(values) != len(others):
        if part.op in _MIRROR and isinstance(first, Const) and len(others) == 1:
            _bound(_MIRROR[part.op], others[0], first.value, known)
        return
    about = known.setdefault(first, _fresh(first))
    if part.op in ("eq", "in"):
        about.only([first.value] if isinstance(first, Const) else values)
        about.only(values)
    elif part.op == "ne":
        about.present = True
        about.forbidden.update(value for value in values if value != "")
    else:
        _bound(part.op, first, values[0] if values else None, known)


def _learn_not(inner: Operation, known: dict[Expr, _Known]) -> None:
    first, *others = inner.args
    values = [other.value for other in others if isinstance(other, Const)]
    if len(values) != len(others) or inner.op not in ("eq", "in", "ne"):
        return
    about = known.setdefault(first, _fresh(first))
    if inner.op != "ne":
        about.forbidden.update(values)
    elif values == [""]:
        about.absent = True


def _fresh(expr: Expr) -> _Known:
    counts = isinstance(expr, Aggregate) and expr.fn == "count"
    return _Known(bounds=[("ge", 0)] if counts else [])


def _bound(op: str, about: Expr, value: Scalar, known: dict[Expr, _Known]) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or isinstance(about, Const):
        return
    known.setdefault(about, _fresh(about)).bounds.append((op, value))


def can_lack_value(base: Expr) -> bool:
    """Tell whether a number can be missing: a ratio over nothing, a verifier that says nothing, an answer."""
    match base:
        case Const():
            return base.value is None
        case Aggregate():
            return False
        case Operation():
            return any(can_lack_value(arg) for arg in base.args)
    return True
