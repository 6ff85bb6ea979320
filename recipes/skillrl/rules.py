"""The rule checks of a rollout: run once, remembered, and shown to the judge's verifier again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from skillrl.rows.sample import Instruction
from skillrt.sandbox.records import JSON, Sandbox, SandboxResult, failure
from skillrt.verifiers import run_verifier

__all__ = ["RuleSandbox", "RuleScore", "run_rules"]


@dataclass(frozen=True, slots=True)
class RuleScore:
    """The rule checks of one rollout: how many there are, were decided, and were met."""

    rules: int = 0
    decided: int = 0
    satisfied: int = 0

    @property
    def mean(self) -> float | None:
        """The share of the rules that are met; None where none was decided.

        A rule is undecided only where the sandbox did not serve; it counts as not met.
        """
        return self.satisfied / self.rules if self.decided else None


class RuleSandbox:
    """A sandbox for the checks of one rollout: each call is run once, its result kept.

    ``inner`` is an open ``cpython`` sandbox; None where the process has none.
    """

    def __init__(self, inner: Sandbox | None) -> None:
        self.unserved = False
        """Whether a check could not be run twice: the checks say nothing about the rollout then."""
        self._inner = inner
        self._done: dict[tuple[str, str], SandboxResult] = {}

    async def run(
        self, code: str, inputs: Mapping[str, JSON], *, timeout_s: float, memory_mb: int
    ) -> SandboxResult:
        """Run a call, or return what it came to before."""
        key = (code, json.dumps(inputs, sort_keys=True))
        if key not in self._done:
            if self._inner is None:
                self._done[key] = failure("unavailable", "there is no sandbox")
            else:
                done = await self._inner.run(code, inputs, timeout_s=timeout_s, memory_mb=memory_mb)
                if done.error_kind == "unavailable":  # its server ended under another's check, perhaps
                    done = await self._inner.run(code, inputs, timeout_s=timeout_s, memory_mb=memory_mb)
                    self.unserved |= done.error_kind == "unavailable"
                self._done[key] = done
        return self._done[key]


async def run_rules(instruction: Instruction, response: str, sandbox: Sandbox) -> RuleScore:
    """Run the rule checks of ``instruction`` on ``response``, all at once."""
    checkers = instruction.checkers
    rules = sum(checker is not None for checker in checkers)
    if not rules:
        return RuleScore()
    fields = {"prompt": instruction.fields["prompt"], "response": response, "checkers": checkers}
    checked = await run_verifier("checklist_rules@1", fields, sandbox)
    statuses = [item["status"] for item in checked["items"]]
    satisfied = statuses.count("satisfied")
    return RuleScore(rules, satisfied + statuses.count("failed"), satisfied)
