r"""Comparison of expressions in a worker process, which is limited in memory and in processor time.

A hostile ``\boxed{9^{9^{9^9}}}`` can hold an engine for hours, so none runs in this process: one worker is
started when first needed and replaced after a crash. It limits the processor time of each comparison itself,
so that a busy machine does not change a verdict; the wall clock is a wide backstop.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from skillrt.verifiers.answers.tree import Node

START_S = 120.0
COMPARE_S = 120.0
"""Wall clock, a backstop only: the worker gives up by itself after two seconds of processor time."""
KEPT = 4096
_START = "import sys; sys.path.append(sys.argv[1]); from expression_engine.serve import main; main()"

Side = Literal["left", "right"]


class TooCostlyError(Exception):
    """One side cannot be evaluated within the bounds; ``side`` brought it."""

    def __init__(self, side: Side) -> None:
        super().__init__(side)
        self.side: Side = side


@dataclass(frozen=True, slots=True)
class Told:
    """What the worker found: equal or not (None: not settled), real values, how far apart (relative)."""

    equal: bool | None
    values: tuple[Fraction, Fraction] | None = None
    apart: float | None = None
    positive: bool = False


def compare_values(left: Node, right: Node) -> Told:
    """Compare two expressions in the worker's own nodes by their values.

    Blocks up to a few seconds (call it from a thread in an event loop).

    Raises:
        TooCostlyError: one of them is too large or takes too long.
    """
    message = _WORKER.ask("values", left.plain(), right.plain())
    late = message.get("late")
    if late == "left" or late == "right":
        raise TooCostlyError(late)
    equal, apart, values = message.get("equal"), message.get("apart"), message.get("values")
    told = values if isinstance(values, list) and all(values) else None
    return Told(
        equal if isinstance(equal, bool) else None,
        (Fraction(told[0]), Fraction(told[1])) if told else None,
        apart if isinstance(apart, float) else None,
    )


def compare_curves(left: Node, right: Node) -> Told:
    """Tell whether two equations, each given as the difference of its sides, hold at the same points."""
    message = _WORKER.ask("curves", left.plain(), right.plain())
    equal = message.get("equal")
    return Told(equal if isinstance(equal, bool) else None, positive=message.get("positive") is True)


def compare_texts(left: str, right: str) -> bool | None:
    """Tell whether math-verify finds two TeX texts equal: True or None, never False."""
    return True if _WORKER.ask("texts", left, right).get("equal") is True else None


class _Worker:
    """One process that compares; started lazily, replaced after a crash or a missed deadline."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._settled: dict[str, Mapping[str, object]] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def forget(self) -> None:
        """In a fork's child: leave the parent's worker to the parent."""
        self._lock = threading.Lock()
        self._process = None

    def ask(self, mode: str, left: object, right: object) -> Mapping[str, object]:
        """Return the worker's answer; empty when it could not tell."""
        question = json.dumps({"mode": mode, "left": left, "right": right})
        with self._lock:
            # Both orders of a pair ask at once: the second one waited for the first one's verdict.
            if question in self._settled:
                return self._settled[question]
            try:
                process = self._started()
                self._send(process, question)
                message = self._receive(process, COMPARE_S)
            except (OSError, ValueError):
                self._stop()
                return {}
            if len(self._settled) >= KEPT:
                self._settled.clear()
            self._settled[question] = message
        return message

    def _started(self) -> subprocess.Popen[bytes]:
        """Return the running worker, started when there is none."""
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        started = subprocess.Popen(  # noqa: S603 (our own interpreter and script)
            [sys.executable, "-I", "-c", _START, str(Path(__file__).parents[1])],
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
    def _send(process: subprocess.Popen[bytes], question: str) -> None:
        assert process.stdin is not None
        process.stdin.write(question.encode() + b"\n")

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
            piece = os.read(process.stdout.fileno(), 65_536)
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
