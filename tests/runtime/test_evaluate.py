import math
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from skillrt.programs.evaluate import Scope, evaluate, holds
from skillspec.expr import Aggregate, Const, Op, Operation, Ref

OPS = get_args(Op)


def op(name: str, *args: object) -> Operation:
    return Operation(
        name, tuple(arg if not isinstance(arg, int | float | str | None) else Const(arg) for arg in args)
    )


def test_ratio_never_divides_by_zero() -> None:
    assert evaluate(op("ratio", 3, 4, None), Scope()) == 0.75
    assert evaluate(op("ratio", 3, 0, 0.5), Scope()) == 0.5
    assert evaluate(op("ratio", 3, 0, None), Scope()) is None


def test_absent_values_propagate_and_never_hold() -> None:
    domain = Ref(("field", "domain"))
    for value in ("", None, []):
        scope = Scope(fields={"domain": value})
        assert not holds(op("eq", domain, "safety"), scope)
        assert not holds(op("ne", domain, "safety"), scope)
        assert not holds(op("lt", domain, 1), scope)
    assert holds(op("eq", domain, "safety"), Scope(fields={"domain": "safety"}))
    assert evaluate(op("add", domain, 1), Scope()) is None


def test_truth_is_not_one() -> None:
    assert not holds(op("eq", Const(True), 1), Scope())


def test_aggregates_over_findings() -> None:
    findings = [{"status": "failed", "weight": 2}, {"status": "satisfied", "weight": 1}, {"status": "failed"}]
    scope = Scope(findings=findings)
    failed = op("eq", Ref(("finding", "status")), "failed")
    weight = Ref(("finding", "weight"))
    assert evaluate(Aggregate("count", failed), scope) == 2
    assert evaluate(Aggregate("any", failed), scope) is True
    assert evaluate(Aggregate("sum", None, weight), scope) == 3
    assert evaluate(Aggregate("all", None, failed), scope) is False
    assert evaluate(Aggregate("all", failed, failed), scope) is True
    assert evaluate(Aggregate("count", failed), Scope()) == 0


_leaf = st.one_of(
    st.builds(Const, st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3))),
    st.builds(
        Ref,
        st.sampled_from(
            [
                ("answer",),
                ("field", "x"),
                ("finding", "s"),
                ("verifier", "v", "winner"),
                ("let", "y"),
                ("no", "such"),
            ]
        ),
    ),
)


def _grow(inner):
    return st.one_of(
        st.builds(
            lambda name, args: Operation(name, tuple(args)),
            st.sampled_from(OPS),
            st.lists(inner, min_size=3, max_size=3),
        ),
        st.builds(Aggregate, st.sampled_from(["count", "any", "all", "sum"]), inner, inner),
    )


@given(st.recursive(_leaf, _grow, max_leaves=12), st.one_of(st.none(), st.floats(), st.text(max_size=3)))
def test_total(expr, value) -> None:
    scope = Scope({"x": value}, {"v": {"winner": value}}, [{"s": value}, {}], value, {"y": value})
    result = evaluate(expr, scope)
    assert result is None or isinstance(result, bool | int | float | str)
    if isinstance(result, float) and isinstance(expr, Operation):
        assert math.isfinite(result) or expr.op in ("min", "max")
