"""The rule checks of a rollout: run once, remembered, and shown to the judge's verifier again.

A checker is Python source for the ``cpython`` sandbox, or one of IFEval's instructions, marked by a
first line of our own and decided here by :mod:`skillrt.constraints` (its patterns run in linear time).
A data set that forges the mark gains nothing: it gets that check.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skillrl.sample import Instruction
from skillrt.sandbox.records import JSON, Sandbox, SandboxResult, failure
from skillrt.verifiers import run_verifier

__all__ = ["RuleSandbox", "RuleScore", "ifeval_checker", "run_rules"]

_MARK = "# ifeval: "
_ONE_AT_A_TIME = threading.Lock()
"""langdetect loads its profiles at the first call, and two threads at it end in an error."""


@dataclass(frozen=True, slots=True)
class RuleScore:
    """The rule checks of one rollout: how many there are, were decided, and were met."""

    rules: int = 0
    decided: int = 0
    satisfied: int = 0

    @property
    def mean(self) -> float | None:
        """The share of the rules that are met; None where none was decided.

        A rule that is undecided has a source that gives no checker: it counts as not met.
        """
        return self.satisfied / self.rules if self.decided else None


def ifeval_checker(instruction_id: str, kwargs: Mapping[str, Any]) -> str:
    """Return the checker for one IFEval instruction."""
    given = {name: value for name, value in kwargs.items() if value is not None}
    return _MARK + json.dumps([instruction_id, given], ensure_ascii=True, sort_keys=True)


class RuleSandbox:
    """A sandbox for the checks of one rollout: each source is run once, its result kept.

    ``inner`` is an open ``cpython`` sandbox; None where the process has none, and then only IFEval's
    checks can be decided.
    """

    def __init__(self, inner: Sandbox | None) -> None:
        self.unserved = False
        """Whether a check could not be run twice: the checks say nothing about the rollout then."""
        self._inner = inner
        self._done: dict[tuple[str, str], SandboxResult] = {}

    async def run(
        self, code: str, inputs: Mapping[str, JSON], *, timeout_s: float, memory_mb: int
    ) -> SandboxResult:
        """Run a checker's call, or return what it came to before."""
        key = (code, json.dumps(inputs, sort_keys=True))
        if key not in self._done:
            source = str(inputs.get("source", ""))
            if source.startswith(_MARK):
                response = str(inputs.get("response", ""))
                self._done[key] = await asyncio.to_thread(_ifeval, source.removeprefix(_MARK), response)
            elif self._inner is None:
                self._done[key] = failure("unavailable", "there is no sandbox")
            else:
                done = await self._inner.run(code, inputs, timeout_s=timeout_s, memory_mb=memory_mb)
                if done.error_kind == "unavailable":  # its server ended under another's check, perhaps
                    done = await self._inner.run(code, inputs, timeout_s=timeout_s, memory_mb=memory_mb)
                    self.unserved |= done.error_kind == "unavailable"
                self._done[key] = done
        return self._done[key]


def _ifeval(told: str, response: str) -> SandboxResult:
    from skillrt.constraints.ifeval import check

    try:
        instruction_id, kwargs = json.loads(told)
        with _ONE_AT_A_TIME:
            met = check(instruction_id, kwargs, response)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        return failure("runtime", f"{type(error).__name__}: {error}")
    return SandboxResult(True, "", {"bool": met}, None, "none", False, 0.0)


async def run_rules(instruction: Instruction, response: str, sandbox: Sandbox) -> RuleScore:
    """Run the rule checks of ``instruction`` on ``response``, all at once."""
    checkers = instruction.checkers
    rules = sum(checker is not None for checker in checkers)
    if not rules:
        return RuleScore()
    fields = {"prompt": instruction.fields["prompt"], "response": response, "checkers": checkers}
    found = await run_verifier("checklist_rules@1", fields, sandbox)
    statuses = [item["status"] for item in found["items"]]
    satisfied = statuses.count("satisfied")
    return RuleScore(rules, satisfied + statuses.count("failed"), satisfied)
