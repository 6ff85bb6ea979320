"""The process in which math-verify runs: JSON lines in, JSON lines out. Started by `expressions`, alone.

It is a script, not an import: nothing of ours is needed here, and sympy stays out of the caller's process.
"""

from __future__ import annotations

import cmath
import contextlib
import gc
import json
import resource
import signal
import sys
from types import FrameType
from typing import Any

CPU_S = 4.0
MEMORY_BYTES = 3 * 1024**3
_NEAR = 1e-6
"""Relative: what is nearer than this may be equal, and is compared by its symbols."""


class _OutOfTimeError(BaseException):
    """Derived from BaseException so that no handler inside the symbolic engine swallows it."""


def _out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise _OutOfTimeError


def _differ(one: Any, other: Any) -> bool:
    """Whether two expressions in the same variables have different values at one point.

    Most wrong answers are found out here, for a tenth of what it takes to simplify the difference.
    """
    from sympy import Derivative, Expr, Limit, Rational  # type: ignore[import-untyped]
    from sympy.concrete.expr_with_limits import ExprWithLimits  # type: ignore[import-untyped]

    if not (isinstance(one, Expr) and isinstance(other, Expr)):
        return False
    variables = one.free_symbols
    if not variables or other.free_symbols != variables:
        return False
    if one.has(ExprWithLimits, Derivative, Limit) or other.has(ExprWithLimits, Derivative, Limit):
        return False
    # Positive, and no value at which a function of a textbook is zero or infinite.
    places = enumerate(sorted(variables, key=str))
    point = {name: Rational(113 + 34 * place, 97) for place, name in places}
    try:
        left, right = (complex(side.subs(point).evalf()) for side in (one, other))
        far = abs(left - right) > _NEAR * max(1.0, abs(left), abs(right))
    except Exception:  # it has no number there; the symbols decide
        return False
    return far and cmath.isfinite(left) and cmath.isfinite(right)


def main() -> None:
    """Serve comparisons until the input ends."""
    gc.disable()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.signal(signal.SIGPROF, _out_of_time)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = sys.stdout
    # Whatever a library prints must not be read as an answer.
    sys.stdout = sys.stderr
    from math_verify import LatexExtractionConfig, parse, verify  # type: ignore[import-untyped]

    config = [LatexExtractionConfig(boxed_match_priority=0)]

    def parsed(text: str) -> Any:
        return parse(
            f"\\boxed{{{text}}}",
            extraction_config=config,
            fallback_mode="no_fallback",
            extraction_mode="first_match",
            parsing_timeout=None,
            raise_on_error=False,
        )

    def compare(answer: str, reference: str) -> bool | None:
        gold, given = parsed(reference), parsed(answer)
        if not gold:
            return None
        if given and _differ(gold[0], given[0]):
            return False
        return bool(given) and bool(verify(gold, given, timeout_seconds=None, raise_on_error=False))

    # Parsing makes millions of small objects, and the engine's own never go: a tenth of the time was spent
    # on looking them through.
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    gc.enable()
    print(json.dumps({"ready": True}), file=out, flush=True)
    for line in sys.stdin:
        equal: bool | None = None
        with contextlib.suppress(Exception, _OutOfTimeError):
            message = json.loads(line)
            try:
                signal.setitimer(signal.ITIMER_PROF, CPU_S)
                equal = compare(message["answer"], message["reference"])
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps({"equal": equal}), file=out, flush=True)


if __name__ == "__main__":
    main()
