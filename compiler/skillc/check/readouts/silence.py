"""What would pay if the judge left findings out.

Over an open block (``finding some``) the judge says as much as it likes. A share, a weighted sum or ``all``
over what it happened to say is then worth more the less is said, so none of them can stand in a readout, and
no finding can make the base or a cap's value. A cap may ask whatever it wants of the findings, for a cap only
lowers; a decision or an abstention only what more findings can make true and fewer cannot.
"""

from __future__ import annotations

from collections.abc import Mapping

from skillc.diagnostics import Report
from skillc.tree import EvidenceDecl, ExprTree
from skillspec.expr import Aggregate, Const, Expr, Operation, Ref, walk

__all__ = ["Silence"]

_GROWS, _SHRINKS = {"ge", "gt"}, {"le", "lt"}
_WORDS = {"sum": "a sum", "all": "`all`"}


class Silence:
    """Reports what a readout cannot make of the findings of an open block."""

    def __init__(self, evidence: EvidenceDecl | None, report: Report) -> None:
        self._open = evidence is not None and not evidence.closed
        self._report = report
        self._lets: dict[str, Expr] = {}

    def name(self, name: str, tree: ExprTree, expr: Expr) -> None:
        """Check a value that is given a name; what is wrong with it is said here and not where it is used."""
        self._lets[name] = expr if self.check(tree, expr) else Const(value=None)

    def check(self, tree: ExprTree, expr: Expr, *, value: str = "", turns: str = "") -> bool:
        """Check an expression; return whether it is right.

        Args:
            tree: where it stands.
            expr: what it was compiled to.
            value: what its number is, where findings may not make it.
            turns: what its truth brings about, where only more findings may make it true.
        """
        if not self._open:
            return True
        free = "`finding some` lets the judge leave findings out"
        help = "write `finding each ...`; of an open block a `cap` may ask `failed`, `any` or `count`"
        shape = _forbidden(expr, self._lets)
        if shape is not None:
            message = f"{free}, and {shape} over them would gain by it"
        elif value and _reads_findings(expr, self._lets):
            message = f"{free}, so they cannot make {value}"
        elif turns and _silence_helps(expr, self._lets):
            message = f"{free}, and fewer of them would bring about {turns} here"
            help = "write `finding each ...`, or a condition that more findings make true"
        else:
            return True
        self._report.error("SK708", tree.span, message, help)
        return False


def _reads_findings(expr: Expr, lets: Mapping[str, Expr]) -> bool:
    """Tell whether a value depends on the findings; ``lets`` are the values with a name."""
    return any(isinstance(part, Aggregate) for part in walk(expr, lets))


def _forbidden(expr: Expr, lets: Mapping[str, Expr]) -> str | None:
    """Name what an open block does not allow anywhere in ``expr``, or return None."""
    for part in walk(expr, lets):
        if isinstance(part, Aggregate) and part.fn in _WORDS:
            return _WORDS[part.fn]
        if isinstance(part, Operation) and part.op == "ratio" and _reads_findings(part, lets):
            return "a share"
    return None


def _silence_helps(expr: Expr, lets: Mapping[str, Expr], *, grows: bool = True) -> bool:
    """Tell whether leaving findings out could make a condition true, or a number larger.

    Args:
        expr: the condition or number.
        lets: the values with a name.
        grows: False asks whether it could make it false, or smaller.
    """
    if not _reads_findings(expr, lets):
        return False
    match expr:
        case Ref(path=("let", name)):
            return _silence_helps(lets[name], lets, grows=grows)
        case Aggregate():
            return not grows
        case Operation(op="and" | "or" | "add" | "min" | "max"):
            return any(_silence_helps(arg, lets, grows=grows) for arg in expr.args)
        case Operation(op="not" | "neg"):
            return _silence_helps(expr.args[0], lets, grows=not grows)
        case Operation(op="sub"):
            return _either(expr, lets, grows=grows)
        case Operation(op=op) if op in _GROWS or op in _SHRINKS:
            return _either(expr, lets, grows=grows == (op in _GROWS))
        case Operation(op="mul"):
            factors = [arg.value for arg in expr.args if isinstance(arg, Const)]
            positive = len(factors) == 1 and isinstance(factors[0], int | float) and factors[0] >= 0
            return not positive or any(_silence_helps(arg, lets, grows=grows) for arg in expr.args)
    return True


def _either(expr: Operation, lets: Mapping[str, Expr], *, grows: bool) -> bool:
    """The left side pulls one way, the right side the other."""
    left, right = expr.args
    return _silence_helps(left, lets, grows=grows) or _silence_helps(right, lets, grows=not grows)
