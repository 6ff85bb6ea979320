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
from skillrt.verifiers.examples import CallExample, Examples, StdinExample, read_examples
from skillrt.verifiers.memo import Memo
from skillrt.verifiers.results import ResponseFinding, WinnerResult, decide, short

NAME = "code_examples@1"
TIMEOUT_S = 4.0
# A busy machine must not turn a slow program into a wrong one: after a missed limit it runs again, with this.
SECOND_TIMEOUT_S = 10.0
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
    code = whole_text(candidate.code)
    total = len(examples.programs or examples.calls)
    for number in range(total):
        if examples.programs:
            trial = await _try_program(code, examples, examples.programs[number], sandbox)
        else:
            trial = await _try_call(prompt, code, examples, examples.calls[number], sandbox)
        if trial.outcome != "passed":
            why = f"example {number + 1} of {total}: {trial.why}"
            return _Found(f"passes {number}", False, why, trial.outcome == "failed", trial.served)
    return _Found(f"passes {total}", True, f"passes all {total} examples")


async def _try_call(
    prompt: str, code: str, examples: Examples, example: CallExample, sandbox: Sandbox
) -> _Trial:
    """Call the solution's function with one example's arguments."""
    names = tuple(name for name, _ in example.arguments)
    entry = entry_for(prompt, code, names)
    if entry is None:
        return _Trial("unknown", "it is not clear which function to call")
    inputs: dict[str, JSON] = {
        "source": code,
        "owner": entry.owner,
        "name": entry.name,
        "arguments": _ordered(entry, example),
    }
    outcome = await _run(sandbox, drivers.CALL, inputs)
    stopped = _stopped(outcome)
    if stopped is not None or outcome is None:
        return stopped or _Trial("unknown", "no sandbox", served=False)
    if not isinstance(outcome.result, dict) or set(outcome.result) != {"returned"}:
        return _Trial("failed", "ended without a result")
    returned = outcome.result["returned"]
    if same_value(returned, example.expected, examples.any_order):
        return _Trial("passed", "passes")
    why = f"expected {short(repr(example.expected), 50)}, got {short(repr(returned), 50)}"
    return _Trial("unknown" if examples.any_answer else "failed", why)


def _ordered(entry: Function, example: CallExample) -> list[JSON]:
    """The arguments in the order of the function's parameters where the names agree, else as shown."""
    by_name = dict(example.arguments)
    names = entry.parameters[: len(by_name)]
    if set(names) == set(by_name):
        return [by_name[name] for name in names]
    return [value for _, value in example.arguments]


async def _try_program(code: str, examples: Examples, example: StdinExample, sandbox: Sandbox) -> _Trial:
    """Feed one sample input to a program and compare what it prints."""
    outcome = await _run(sandbox, drivers.PROGRAM, {"source": code, "stdin": whole_text(example.stdin)})
    stopped = _stopped(outcome)
    if stopped is not None or outcome is None:
        return stopped or _Trial("unknown", "no sandbox", served=False)
    printed = outcome.result.get("printed") if isinstance(outcome.result, dict) else None
    if not isinstance(printed, str):
        return _Trial("failed", "ended without a result")
    if any(same_output(printed, output, examples.any_case) for output in example.outputs):
        return _Trial("passed", "passes")
    why = f"expected {short(example.outputs[0], 50)!r}, printed {short(printed, 50)!r}"
    return _Trial("unknown" if examples.any_answer or examples.any_order else "failed", why)


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
