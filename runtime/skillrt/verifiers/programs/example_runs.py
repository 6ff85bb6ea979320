"""``code_examples@1``: which response's program passes the examples that the prompt shows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from skillrt.sandbox.records import JSON, Sandbox, SandboxResult
from skillrt.sandbox.values import whole_text
from skillrt.verifiers.memo import Memo
from skillrt.verifiers.programs import drivers
from skillrt.verifiers.programs.candidate import read_candidate
from skillrt.verifiers.programs.comparing import Outcome, compare_outputs
from skillrt.verifiers.programs.examples import Examples, read_examples
from skillrt.verifiers.programs.returned import compare_call, read_call, shown_value
from skillrt.verifiers.results import ResponseFinding, WinnerResult, decide, short

NAME = "code_examples@1"
LIMIT_S = 8.0
"""Seconds of processor time and waiting after which a program has no end."""
SETTLED_S = 4.0
"""A program that passes within this passes everywhere; one between the two limits is left open, for the same
work costs a busy or slow processor up to twice as much."""
TOGETHER_S = 2.0
"""Of all examples in one process, which costs more than most programs; each may have its own then."""
MEMORY_MB = 512

_OFFERED = (
    r"numpy|scipy|sympy|networkx|numba|pandas|sklearn|sortedcontainers|more_itertools|bitarray|gmpy2|atcoder"
    r"|acl|shapely|pulp|cvxopt|ortools|llvmlite|regex|torch"
)
"""Modules that the sites where programs are judged offer: where one is missing here, it is our lack."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """How one program did on one example."""

    outcome: Outcome
    why: str
    served: bool = True
    """False where the sandbox, not the program, is to blame."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What the examples say of one program, whatever its response is called."""

    answer: str | None
    matches: bool
    why: str
    certain: bool = True
    served: bool = True


_FOUND: WeakKeyDictionary[Sandbox, Memo[_Found]] = WeakKeyDictionary()
"""By sandbox: what one did not serve for, another may."""


async def code_examples(prompt: str, responses: Mapping[str, str], sandbox: Sandbox) -> WinnerResult:
    """Run each response's program on the examples shown in ``prompt``.

    A response matches when its program passes every readable example. It fails when one gives another result
    where no other can be right, or ends in any way but well: an error, an exit, a crash, a broken limit, a
    thread left behind, no end. Code in another language, an unclear entry function, a mismatch where the task
    accepts more than it shows, a time near the limit, and a sandbox that did not serve leave it open.
    Conclusive only when exactly one matches and all others fail. ``sandbox`` is an open ``cpython`` sandbox.
    Never raises for what the texts hold; the order of ``responses`` does not matter.
    """
    examples = read_examples(prompt)
    if not examples:
        nothing = "the prompt shows no example that can be read"
        return decide(
            NAME, [ResponseFinding(label, None, False, nothing, certain=False) for label in responses]
        )
    memo = _FOUND.setdefault(sandbox, Memo(lambda finding: finding.served))

    async def judged(label: str, text: str) -> ResponseFinding:
        finding = await memo.get((prompt, text), lambda: _judged(prompt, examples, text, sandbox))
        return ResponseFinding(label, finding.answer, finding.matches, finding.why, certain=finding.certain)

    findings = await asyncio.gather(*(judged(label, text) for label, text in responses.items()))
    return decide(NAME, findings, none_reason="no program passes the prompt's examples")


async def _judged(prompt: str, examples: Examples, response: str, sandbox: Sandbox) -> _Found:
    """Tell whether the program of one response passes all examples; stops at the first that it fails."""
    candidate = read_candidate(response)
    if candidate.code is None:
        return _Found(None, False, candidate.why, certain=not candidate.foreign)
    trials = _Trials(prompt, whole_text(candidate.code), examples, sandbox)
    total = trials.total
    together = await trials.together() if total > 1 else None
    passed, left_open = 0, None
    for number in range(total):
        trial = await trials.alone(number) if together is None else together[number]
        if trial.outcome != "passed" and together is not None:
            together = None
            # What an earlier example left behind, as an `input` replaced for good, is not its fault.
            trial = await trials.alone(number) if number > 0 else trial
        why = f"example {number + 1} of {total}: {trial.why}"
        if trial.outcome == "failed":
            return _Found(f"passes {passed}", False, why)
        if not trial.served:
            return _Found(f"passes {passed}", False, why, certain=False, served=False)
        if trial.outcome == "unknown":
            left_open = left_open or why
        else:
            passed += 1
    if left_open is not None:
        return _Found(f"passes {passed}", False, left_open, certain=False)
    return _Found(f"passes {total}", True, f"passes all {total} examples")


class _Trials:
    """One program and the examples that it is tried on: all in one process, or each in its own."""

    def __init__(self, prompt: str, code: str, examples: Examples, sandbox: Sandbox) -> None:
        self._code, self._examples, self._sandbox = code, examples, sandbox
        self._calls = [read_call(prompt, code, example, examples.accepts) for example in examples.calls]
        self._one, self._all = drivers.PROGRAM, drivers.PROGRAMS
        self._inputs: list[dict[str, JSON] | None]
        if examples.programs:
            self._inputs = [
                {"source": code, "given": whole_text(example.stdin)} for example in examples.programs
            ]
        else:
            has_nodes = any(call is not None and call.nodes.shapes for call in self._calls)
            self._one = drivers.NODE_CALL if has_nodes else drivers.CALL
            self._all = drivers.NODE_CALLS if has_nodes else drivers.CALLS
            self._inputs = [None if call is None else call.inputs(code) for call in self._calls]

    @property
    def total(self) -> int:
        """How many examples there are."""
        return len(self._inputs)

    async def together(self) -> list[_Trial] | None:
        """Try all, up to the first that does not pass; None where each must be tried alone to be sure."""
        known = [inputs for inputs in self._inputs if inputs is not None]
        common = [{**inputs, "given": None} for inputs in known]
        if len(known) < self.total or any(outcome != common[0] for outcome in common):
            return None  # no function to call, or not the same one
        inputs = {**common[0], "given": [inputs["given"] for inputs in known]}
        outcome = await self._run(self._all, inputs, TOGETHER_S)
        told = None if outcome is None else _told(outcome)
        if told is None:
            return None
        gave, error = told
        if len(gave) > self.total or (error is None and len(gave) < self.total):
            return None
        trials = [self._compared(number, given) for number, given in enumerate(gave)]
        if error is not None:
            trials.append(self._raised(error))
        return trials

    async def alone(self, number: int) -> _Trial:
        """Try one example in a process of its own."""
        inputs = self._inputs[number]
        if inputs is None:
            return _Trial("unknown", "it is not clear which function to call, or with what")
        outcome = await self._run(self._one, inputs, LIMIT_S)
        if outcome is None or outcome.error_kind == "unavailable":
            return _Trial("unknown", "the sandbox did not serve", served=False)
        if not outcome.ok:
            return self._stopped(outcome)
        told = _told(outcome)
        if told is None or told[1] is not None or len(told[0]) != 1:
            return _Trial("failed", "ended without a result")
        trial = self._compared(number, told[0][0])
        if trial.outcome == "passed" and outcome.spent_s > SETTLED_S:
            return _Trial("unknown", f"passes, but takes between {SETTLED_S:g} and {LIMIT_S:g} s")
        return trial

    async def _run(self, driver: str, inputs: dict[str, JSON], timeout_s: float) -> SandboxResult | None:
        """One run, and a second one where the sandbox ended under it; None when the sandbox gave up."""
        try:
            outcome = await self._sandbox.run(driver, inputs, timeout_s=timeout_s, memory_mb=MEMORY_MB)
            if outcome.error_kind == "unavailable" and outcome.duration_s < timeout_s:
                outcome = await self._sandbox.run(driver, inputs, timeout_s=timeout_s, memory_mb=MEMORY_MB)
        except Exception:
            # Whatever a sandbox raises is its own fault or the harness's, never evidence about a response.
            return None
        return outcome

    def _compared(self, number: int, gave: JSON) -> _Trial:
        """Compare what one example gave with what the prompt shows."""
        examples = self._examples
        if not examples.programs:
            call = self._calls[number]
            assert call is not None
            outcome, value = compare_call(gave, call)
            why = f"expected {shown_value(call.expected)}, got {_steady(shown_value(value))}"
            return self._failed(why) if outcome == "failed" else _Trial(outcome, why)
        outputs = examples.programs[number].outputs
        if isinstance(gave, dict) and isinstance(long := gave.get("long"), int):
            most = 4 * max(map(len, outputs)) + 1_000
            return _Trial("failed" if long > most else "unknown", "printed more than can be compared")
        if not isinstance(gave, str):
            return _Trial("failed", "ended without a result")
        outcome = compare_outputs(gave, outputs, examples.accepts)
        why = f"expected {short(outputs[0], 50)!r}, printed {short(_steady(gave), 50)!r}"
        return _Trial(outcome, why)

    def _raised(self, error: str) -> _Trial:
        """Return what an error of the program says of it."""
        missing = re.match(rf"ModuleNotFoundError: No module named '({_OFFERED})\b", error)
        if missing and re.search(rf"\b(?:import|from)\b.*\b{missing[1]}\b", self._code):
            return _Trial("unknown", f"needs {missing[1]}, which is not installed here")
        return self._failed(f"error: {_steady(error)}")

    def _failed(self, why: str) -> _Trial:
        """Return a failure, unless the program may have wanted its trees and lists in another form."""
        sure = all(call.nodes.sure for call in self._calls if call is not None)
        return _Trial("failed" if sure else "unknown", why)

    def _stopped(self, outcome: SandboxResult) -> _Trial:
        """Return what a run that did not end well says about the program."""
        match outcome.error_kind:
            case "syntax" | "runtime":
                lines = (outcome.error or "").strip().splitlines()
                return self._raised(lines[-1] if lines else "unknown")
            case "timeout":
                return _Trial("failed", f"no end within {LIMIT_S:g} s")
            case "memory":
                return _Trial("failed", f"needs more than {MEMORY_MB} MB")
            case "output":
                return _Trial("failed", "prints, returns or writes more than it may")
            case _:
                return _Trial("failed", "ended without a result")


def _steady(text: str) -> str:
    """Return the text without addresses of memory, which differ from run to run."""
    return re.sub(r"\b0x[0-9a-fA-F]{6,16}\b", "0x...", text)


def _told(outcome: SandboxResult) -> tuple[list[JSON], str | None] | None:
    """Return what a driver says that the examples gave, and the error that ended it.

    It is None where the driver says neither.
    """
    returned = outcome.result
    if not outcome.ok or not isinstance(returned, dict) or set(returned) != {"gave", "error"}:
        return None
    gave, error = returned["gave"], returned["error"]
    if not isinstance(gave, list) or not isinstance(error, str | None):
        return None
    return gave, error
