"""A warning that a condition never holds is right: no values make such a condition true."""

from __future__ import annotations

import itertools
import random

import pytest

from skillc.check.readouts.never import never_holds
from skillrt.programs.evaluate import Scope, holds
from skillspec.expr import Aggregate, Const, Expr, Operation, Ref

DOMAIN = Ref(path=("field", "domain"))
TOPIC = Ref(path=("field", "topic"))
NUMBER = Ref(path=("let", "number"))
COUNT = Aggregate(fn="count")
TEXTS = ["a", "b", "c"]
SCOPES = [
    Scope(fields={"domain": domain, "topic": topic}, lets={"number": number}, findings=[{}] * count)
    for domain, topic, number, count in itertools.product(
        [None, *TEXTS], [None, *TEXTS], [None, -1, 0, 0.5, 1, 2, 3], range(4)
    )
]


def text_is(op: str, ref: Expr, *values: str) -> Operation:
    return Operation(op=op, args=(ref, *(Const(value=value) for value in values)))  # type: ignore[arg-type]


def condition(rng: random.Random, depth: int) -> Expr:
    if depth == 0 or rng.random() < 0.2:
        ref = rng.choice([DOMAIN, TOPIC])
        number: Expr = rng.choice([NUMBER, COUNT])
        compare = Operation(
            op=rng.choice(["lt", "le", "gt", "ge", "eq", "ne"]),
            args=(number, Const(value=rng.choice([0, 1, 2]))),
        )
        turned = Operation(op=rng.choice(["lt", "ge"]), args=(Const(value=1), number))
        return rng.choice(
            [
                text_is("eq", ref, rng.choice(TEXTS)),
                text_is("ne", ref, rng.choice([*TEXTS, ""])),
                text_is("in", ref, *rng.sample(TEXTS, 2)),
                compare,
                turned,
            ]
        )
    if rng.random() < 0.2:
        return Operation(op="not", args=(condition(rng, depth - 1),))
    pair = (condition(rng, depth - 1), condition(rng, depth - 1))
    return Operation(op=rng.choice(["and", "and", "or"]), args=pair)


def test_what_is_said_never_to_hold_never_holds() -> None:
    rng = random.Random(3)
    found = missed = 0
    for _ in range(3000):
        expr = condition(rng, 3)
        truth = any(holds(expr, scope) for scope in SCOPES) if never_holds(expr) else None
        assert truth is not True, expr
        found += truth is False
        missed += truth is None
    assert found > 100
    assert missed > 100


def both(*parts: Expr) -> Operation:
    return Operation(op="and", args=parts)


def number_is(op: str, value: float, about: Expr = NUMBER) -> Operation:
    return Operation(op=op, args=(about, Const(value=value)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "expr",
    [
        both(text_is("eq", DOMAIN, "a"), text_is("eq", DOMAIN, "b")),
        both(text_is("in", DOMAIN, "a", "b"), text_is("eq", DOMAIN, "c")),
        both(text_is("eq", DOMAIN, "a"), text_is("ne", DOMAIN, "a")),
        both(text_is("ne", DOMAIN, ""), Operation(op="not", args=(text_is("ne", DOMAIN, ""),))),
        both(number_is("gt", 2), number_is("lt", 1)),
        both(number_is("gt", 1), number_is("le", 1)),
        number_is("lt", 0, COUNT),
        both(number_is("eq", 3), number_is("lt", 3)),
    ],
)
def test_contradictions_are_found(expr: Expr) -> None:
    assert never_holds(expr)
    assert not any(holds(expr, scope) for scope in SCOPES)
