"""JSON lines in, JSON lines out: the loop of the worker process."""

from __future__ import annotations

import contextlib
import gc
import json
import resource
import signal
import sys
from types import FrameType
from typing import Any

from .comparison import OutOfTimeError, compare, same_curve

CPU_S = 2.0
MEMORY_BYTES = 3 * 1024**3


def _out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise OutOfTimeError


def _peer() -> Any:
    """math-verify, for what has no value at a point: integrals, sums, limits."""
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

    def equal(left: str, right: str) -> dict[str, Any]:
        # Both ways: that library asks for less of the side that it takes for the reference.
        first, second = parsed(left), parsed(right)
        ways = (
            first
            and second
            and [verify(*way, timeout_seconds=None) for way in ((first, second), (second, first))]
        )
        return {"equal": True if ways and all(ways) else None}

    return equal


def main() -> None:
    """Serve comparisons until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.signal(signal.SIGPROF, _out_of_time)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    out = sys.stdout
    # Whatever a library prints must not be read as an answer.
    sys.stdout = sys.stderr
    sys.setrecursionlimit(5_000)
    peer: Any = None
    gc.freeze()
    print(json.dumps({"ready": True}), file=out, flush=True)
    for line in sys.stdin:
        told: dict[str, Any] = {"equal": None}
        with contextlib.suppress(Exception, OutOfTimeError):
            message = json.loads(line)
            if message["mode"] == "texts" and peer is None:
                peer = _peer()
            serve = {"values": compare, "curves": same_curve, "texts": peer}[message["mode"]]
            try:
                signal.setitimer(signal.ITIMER_PROF, CPU_S)
                told = serve(message["left"], message["right"])
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(told), file=out, flush=True)
