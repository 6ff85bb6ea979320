"""`code_examples@1`: which response's program passes the examples that the prompt shows."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from weakref import WeakKeyDictionary

from skillrt.sandbox.records import JSON, Sandbox, SandboxResult
from skillrt.sandbox.values import whole_text
from skillrt.verifiers import drivers
from skillrt.verifiers.candidate import Function, entry_for, read_candidate
from skillrt.verifiers.examples import CallExample, Examples, read_examples
from skillrt.verifiers.memo import Memo
from skillrt.verifiers.results import ResponseFinding, WinnerResult, decide, short

NAME = "code_examples@1"
TIMEOUT_S = 4.0
# A busy machine must not turn a slow program into a wrong one: after a missed limit it runs again, with this.
SECOND_TIMEOUT_S = 10.0
# Of all examples in one process, for a process costs more than most programs; each may have its own after it.
TOGETHER_S = 2.0
MEMORY_MB = 512

Outcome = Literal["passed", "failed", "unknown"]


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
    """Run each response's program on the examples shown in `prompt`.

    A response matches when its program passes every readable example, and fails when one gives another
    result, an error or no end; code in another language, an unclear entry function or a sandbox that did not
    serve leave it open. Conclusive only when exactly one matches and all others fail. `sandbox` is an open
    `cpython` sandbox. Never raises for what the texts hold; the order of `responses` does not matter.
    """
    examples = read_examples(prompt)
    if not examples:
        nothing = "the prompt shows no example that can be read"
        return decide(
            NAME, [ResponseFinding(label, None, False, nothing, certain=False) for label in responses]
        )
    memo = _FOUND.setdefault(sandbox, Memo(lambda found: found.served))

    async def judged(label: str, text: str) -> ResponseFinding:
        found = await memo.get((prompt, text), lambda: _judged(prompt, examples, text, sandbox))
        return ResponseFinding(label, found.answer, found.matches, found.why, certain=found.certain)

    findings = await asyncio.gather(*(judged(label, text) for label, text in responses.items()))
    return decide(NAME, findings, none_reason="no program passes the prompt's examples")


async def _judged(prompt: str, examples: Examples, response: str, sandbox: Sandbox) -> _Found:
    """Whether the program of one response passes all examples; stops at the first that it does not pass."""
    candidate = read_candidate(response)
    if candidate.code is None:
        return _Found(None, False, candidate.why, certain=not candidate.foreign)
    trials = _Trials(prompt, whole_text(candidate.code), examples, sandbox)
    total = trials.total
    together = await trials.together() if total > 1 else None
    for number in range(total):
        trial = await trials.alone(number) if together is None else together[number]
        if trial.outcome != "passed" and together is not None and number > 0:
            # What an earlier example left behind, an `input` replaced for good, must not count against it.
            together, trial = None, await trials.alone(number)
        if trial.outcome != "passed":
            why = f"example {number + 1} of {total}: {trial.why}"
            return _Found(f"passes {number}", False, why, trial.outcome == "failed", trial.served)
    return _Found(f"passes {total}", True, f"passes all {total} examples")


class _Trials:
    """One program and the examples that it is tried on: all in one process, or each in its own."""

    def __init__(self, prompt: str, code: str, examples: Examples, sandbox: Sandbox) -> None:
        self._examples = examples
        self._sandbox = sandbox
        self._inputs: list[dict[str, JSON] | None]
        if examples.programs:
            self._one, self._all = drivers.PROGRAM, drivers.PROGRAMS
            self._inputs = [
                {"source": code, "given": whole_text(example.stdin)} for example in examples.programs
            ]
        else:
            self._one, self._all = drivers.CALL, drivers.CALLS
            self._inputs = [_call_inputs(prompt, code, example) for example in examples.calls]

    @property
    def total(self) -> int:
        """How many examples there are."""
        return len(self._inputs)

    async def together(self) -> list[_Trial] | None:
        """Try all, up to the first that does not pass; None where each must be tried alone to be sure."""
        known = [inputs for inputs in self._inputs if inputs is not None]
        common = [{**inputs, "given": None} for inputs in known]
        if len(known) < self.total or any(one != common[0] for one in common):
            return None  # no function to call, or not the same one
        inputs = {**common[0], "given": [inputs["given"] for inputs in known]}
        try:
            outcome = await self._sandbox.run(self._all, inputs, timeout_s=TOGETHER_S, memory_mb=MEMORY_MB)
        except Exception:  # alone it may be served
            return None
        told = _told(outcome)
        if told is None:
            return None
        gave, error = told
        trials = [self._compared(number, one) for number, one in enumerate(gave[: self.total])]
        if error is not None:
            trials.append(_Trial("failed", f"error: {error}"))
        whole = len(trials) >= self.total or any(trial.outcome != "passed" for trial in trials)
        return trials if whole else None

    async def alone(self, number: int) -> _Trial:
        """Try one example in a process of its own."""
        inputs = self._inputs[number]
        if inputs is None:
            return _Trial("unknown", "it is not clear which function to call")
        outcome = await _run(self._sandbox, self._one, inputs)
        stopped = _stopped(outcome)
        if stopped is not None or outcome is None:
            return stopped or _Trial("unknown", "no sandbox", served=False)
        told = _told(outcome)
        if told is None or len(told[0]) != 1:
            return _Trial("failed", "ended without a result")
        return self._compared(number, told[0][0])

    def _compared(self, number: int, gave: JSON) -> _Trial:
        """Compare what one example gave with what the prompt shows."""
        examples = self._examples
        if not examples.programs:
            expected = examples.calls[number].expected
            if same_value(gave, expected, examples.any_order):
                return _Trial("passed", "passes")
            why = f"expected {short(repr(expected), 50)}, got {short(repr(gave), 50)}"
            return _Trial("unknown" if examples.any_answer else "failed", why)
        if not isinstance(gave, str):
            return _Trial("failed", "ended without a result")
        outputs = examples.programs[number].outputs
        if any(same_output(gave, output, examples.any_case) for output in outputs):
            return _Trial("passed", "passes")
        why = f"expected {short(outputs[0], 50)!r}, printed {short(gave, 50)!r}"
        return _Trial("unknown" if examples.any_answer or examples.any_order else "failed", why)


def _told(outcome: SandboxResult) -> tuple[list[JSON], str | None] | None:
    """What a driver says that the examples gave, and the error that ended it; None where it says neither."""
    found = outcome.result
    if not outcome.ok or not isinstance(found, dict) or set(found) != {"gave", "error"}:
        return None
    gave, error = found["gave"], found["error"]
    if not isinstance(gave, list) or not isinstance(error, str | None):
        return None
    return gave, error


def _call_inputs(prompt: str, code: str, example: CallExample) -> dict[str, JSON] | None:
    """What the driver needs for the call of one example; None where no function is the one to call."""
    entry = entry_for(prompt, code, tuple(name for name, _ in example.arguments))
    if entry is None:
        return None
    return {"source": code, "owner": entry.owner, "name": entry.name, "given": _ordered(entry, example)}


def _ordered(entry: Function, example: CallExample) -> list[JSON]:
    """The arguments in the order of the function's parameters where the names agree, else as shown."""
    by_name = dict(example.arguments)
    names = entry.parameters[: len(by_name)]
    if set(names) == set(by_name):
        return [by_name[name] for name in names]
    return [value for _, value in example.arguments]


async def _run(sandbox: Sandbox, driver: str, inputs: dict[str, JSON]) -> SandboxResult | None:
    """One run, repeated once with more time where the first ran out of it; None when the sandbox gave up."""
    try:
        outcome = await sandbox.run(driver, inputs, timeout_s=TIMEOUT_S, memory_mb=MEMORY_MB)
        if outcome.error_kind == "timeout":
            outcome = await sandbox.run(driver, inputs, timeout_s=SECOND_TIMEOUT_S, memory_mb=MEMORY_MB)
    except Exception:
        # Whatever a sandbox raises is its own fault or the harness's, never evidence about a response.
        return None
    return outcome


def _stopped(outcome: SandboxResult | None) -> _Trial | None:
    """What a run that did not end well says about the program; None for one that did."""
    if outcome is None:
        return _Trial("unknown", "the sandbox did not serve", served=False)
    if outcome.ok:
        return None
    match outcome.error_kind:
        case "syntax" | "runtime":
            lines = (outcome.error or "").strip().splitlines()
            return _Trial("failed", f"error: {lines[-1] if lines else 'unknown'}")
        case "timeout":
            return _Trial("failed", f"no end within {SECOND_TIMEOUT_S:g} s")
        case "memory":
            return _Trial("failed", f"needs more than {MEMORY_MB} MB")
        case kind:
            return _Trial("unknown", f"the sandbox stopped it: {kind}", served=kind != "unavailable")


def same_value(got: object, expected: object, any_order: bool) -> bool:
    """Equal JSON values: decimals to 1e-5, lists as bags when any order will do."""
    if isinstance(got, bool) or isinstance(expected, bool):
        return isinstance(got, bool | int) and isinstance(expected, bool | int) and got == expected
    if isinstance(got, int | float) and isinstance(expected, int | float):
        if isinstance(got, int) and isinstance(expected, int):
            return got == expected
        return math.isclose(got, expected, rel_tol=1e-5, abs_tol=1e-5)
    if isinstance(got, list) and isinstance(expected, list):
        if len(got) != len(expected):
            return False
        if any_order:
            got, expected = sorted(map(_sorted, got), key=repr), sorted(map(_sorted, expected), key=repr)
        return all(same_value(one, other, False) for one, other in zip(got, expected, strict=True))
    if isinstance(got, dict) and isinstance(expected, dict):
        return got.keys() == expected.keys() and all(
            same_value(got[key], expected[key], any_order) for key in got
        )
    return type(got) is type(expected) and got == expected


def _sorted(value: object) -> object:
    return sorted(map(_sorted, value), key=repr) if isinstance(value, list) else value


def same_output(printed: str, shown: str, any_case: bool) -> bool:
    """Equal printed texts: white space aside, decimals to 1e-6."""
    if any_case:
        printed, shown = printed.casefold(), shown.casefold()
    left, right = printed.split(), shown.split()
    return len(left) == len(right) and all(map(_same_token, left, right))


def _same_token(one: str, other: str) -> bool:
    if one == other:
        return True
    if "." not in one + other:
        return False
    try:
        return math.isclose(float(one), float(other), rel_tol=1e-6, abs_tol=1e-6)
    except ValueError:
        return False
