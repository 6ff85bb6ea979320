"""`checklist_rules@1`: the rule checkers attached to a sample, run on one response."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from skillrt.sandbox.records import Sandbox, SandboxResult
from skillrt.sandbox.values import whole_text
from skillrt.verifiers import drivers
from skillrt.verifiers.results import ItemFinding, ItemsResult

NAME = "checklist_rules@1"
TIMEOUT_S = 5.0
MEMORY_MB = 512


async def checklist_rules(
    checkers: Sequence[str | None], instruction: str, response: str, sandbox: Sandbox
) -> ItemsResult:
    """Run every checker on `response`, all at once, each in a process of its own.

    A checker is Python source that defines `check_following(instruction, response)`; None stands for an item
    that has no rule. A true value that it returns satisfies the item. A check that breaks (an error, a limit,
    an exit) is not met: breaking a checker is never worth more than failing it. Inconclusive is only what no
    response has a part in: an item without a rule, a source that gives no checker, a sandbox that did not
    serve. What a checker prints is not read. `sandbox` is an open `cpython` sandbox. Never raises for what
    the texts hold.
    """
    texts = whole_text(instruction), whole_text(response)
    items = await asyncio.gather(
        *(_checked(index, checker, *texts, sandbox) for index, checker in enumerate(checkers))
    )
    return ItemsResult(NAME, tuple(items))


async def _checked(
    index: int, checker: str | None, instruction: str, response: str, sandbox: Sandbox
) -> ItemFinding:
    """Run one checker."""
    if not isinstance(checker, str) or not checker.strip():
        return ItemFinding(index, "inconclusive", "no rule is attached to this item")
    inputs = {"source": whole_text(checker), "instruction": instruction, "response": response}
    try:
        outcome = await sandbox.run(drivers.CHECKER, inputs, timeout_s=TIMEOUT_S, memory_mb=MEMORY_MB)
    except Exception as error:
        return ItemFinding(index, "inconclusive", f"the sandbox did not serve: {type(error).__name__}")
    return _read(index, outcome)


def _read(index: int, outcome: SandboxResult) -> ItemFinding:
    """An item from what the sandbox returned: a bare bool under the one expected key, or not met."""
    if outcome.error_kind == "unavailable":
        return ItemFinding(index, "inconclusive", f"the sandbox did not serve: {outcome.error}")
    if not outcome.ok or outcome.error_kind != "none":
        lines = (outcome.error or "").strip().splitlines()
        detail = f": {lines[-1]}" if lines else ""
        return ItemFinding(index, "failed", f"the checker ended with {outcome.error_kind}{detail}")
    found = outcome.result
    if isinstance(found, dict) and len(found) == 1:
        value = found.get("bool")
        if value is True:
            return ItemFinding(index, "satisfied", "the checker returned a true value")
        if value is False:
            return ItemFinding(index, "failed", "the checker returned a false value")
        if "broken" in found:
            return ItemFinding(index, "inconclusive", f"the source gives no checker: {found['broken']}")
    return ItemFinding(index, "failed", "the checker left no result")
