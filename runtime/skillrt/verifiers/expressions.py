r"""Equality of mathematical expressions, through math-verify in a worker process.

A hostile `\boxed{9^{9^{9^9}}}` can hold a symbolic engine for hours, so it never runs in this process: one
worker is started when first needed, limited in memory, given a deadline for each comparison, and replaced
when it misses one. math-verify's own deadlines use SIGALRM, which works in the main thread of a process only;
the worker limits its CPU time instead, so that a busy machine does not change a verdict.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import select
import subprocess
import sys
import threading
import time
from pathlib import Path

EXPRESSION_CHARS = 600
START_S = 120.0
# Wall clock, a backstop only: the worker gives up by itself after a few seconds of CPU time.
COMPARE_S = 30.0
KEPT = 4096

_CONSTANT = re.compile(r"\s*\+\s*(?:[CcKk]|\\(?:text|mathrm)\{\s*(?:[CcKk]|constant)\s*\})\s*$")
_BARE_POWER = re.compile(r"\^\s*(\\sqrt\{[^{}]{1,200}\}|\\[dt]?frac\{[^{}]{1,200}\}\{[^{}]{1,200}\})")
_INTEGRAL = re.compile(r"\b(?:indefinite integral|antiderivative|anti-derivative)\b", re.IGNORECASE)


def same_expression(prompt: str, answer: str, reference: str) -> bool | None:
    """Whether two LaTeX expressions are equal in value; None when that could not be settled.

    Blocks up to a few seconds for a hard pair (call it from a thread in an event loop). For an indefinite
    integral the constant is dropped on both sides.
    """
    left, right = _clean(answer), _clean(reference)
    if _INTEGRAL.search(prompt):
        left, right = _CONSTANT.sub("", left), _CONSTANT.sub("", right)
    if not left or not right or len(left) > EXPRESSION_CHARS:
        return False
    if _squeezed(left) == _squeezed(right):
        return True
    if len(right) > EXPRESSION_CHARS:
        return None
    return _WORKER.compare(left, right)


def _clean(text: str) -> str:
    """The expression without dollar signs, display brackets, a closing full stop and lone surrogates."""
    bare = text.encode("utf-8", "replace").decode("utf-8").strip()
    bare = re.sub(r"^(?:\$\$?|\\\[|\\\()\s*|\s*(?:\$\$?|\\\]|\\\))$", "", bare)
    # TeX takes `e^\sqrt{x}`; the parser wants the braces.
    bare = _BARE_POWER.sub(r"^{\1}", bare)
    return bare.strip().rstrip(".,;").strip()


def _squeezed(text: str) -> str:
    """Spelling that does not change the meaning taken away: spaces, sizes of brackets and fractions."""
    return re.sub(
        r"\\left|\\right|\\[,!;: ]|\s+", "", text.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")
    )


class _Worker:
    """One process that compares; started lazily, replaced after a crash or a missed deadline."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settled: dict[tuple[str, str], bool] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def forget(self) -> None:
        """In a fork's child: leave the parent's worker to the parent."""
        self._lock = threading.Lock()
        self._process = None

    def compare(self, left: str, right: str) -> bool | None:
        """True, False, or None when the worker could not tell in time."""
        pair = (left, right)
        with self._lock:
            # Both orders of a pair ask at once: the second one waited for the first one's verdict.
            if pair in self._settled:
                return self._settled[pair]
            try:
                process = self._started()
                self._send(process, {"answer": left, "reference": right})
                verdict = self._receive(process, COMPARE_S).get("equal")
            except (OSError, ValueError):
                self._stop()
                return None
            if not isinstance(verdict, bool):
                return None
            if len(self._settled) >= KEPT:
                self._settled.clear()
            self._settled[pair] = verdict
        return verdict

    def _started(self) -> subprocess.Popen[bytes]:
        """The running worker, started when there is none."""
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        script = Path(__file__).with_name("expression_worker.py")
        started = subprocess.Popen(  # noqa: S603 (our own interpreter and script)
            [sys.executable, "-I", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            bufsize=0,
        )
        self._process = started
        self._receive(started, START_S)
        return started

    @staticmethod
    def _send(process: subprocess.Popen[bytes], message: dict[str, str]) -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps(message).encode() + b"\n")

    @staticmethod
    def _receive(process: subprocess.Popen[bytes], limit_s: float) -> dict[str, object]:
        """One answer line; OSError when the worker died or is late, ValueError when it is not JSON."""
        assert process.stdout is not None
        deadline = time.monotonic() + limit_s
        line = b""
        while not line.endswith(b"\n"):
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not select.select([process.stdout], [], [], left_s)[0]:
                raise TimeoutError
            piece = os.read(process.stdout.fileno(), 4096)
            if not piece:
                raise BrokenPipeError
            line += piece
        message = json.loads(line)
        return message if isinstance(message, dict) else {}

    def stop(self) -> None:
        """End the worker; the next comparison starts a new one."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


_WORKER = _Worker()
atexit.register(_WORKER.stop)
os.register_at_fork(after_in_child=_WORKER.forget)
