"""``checklist_rules@1``: the rule checkers attached to a sample, run on one response.

Checkers written in Python are counted as VerIF, the reward that they were published with, counts them.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence

from skillrt.sandbox.records import Sandbox, SandboxResult
from skillrt.sandbox.values import whole_text
from skillrt.verifiers.checkers import ConstraintChecker, PythonChecker, read_checker
from skillrt.verifiers.programs import drivers
from skillrt.verifiers.results import ItemFinding, ItemsResult

NAME = "checklist_rules@1"
INSTRUCTION = "instruction"
"""What VerIF gives a checker for the instruction: this word, and never the text of the instruction."""
TIMEOUT_S = 5.0
MEMORY_MB = 512
_ONE_AT_A_TIME = threading.Lock()
"""langdetect loads its profiles at the first call, and two threads at it end in an error."""


async def checklist_rules(
    checkers: Sequence[object], instruction: str, response: str, sandbox: Sandbox | None
) -> ItemsResult:
    """Run every checker on ``response``, all at once, those in Python each in a process of its own.

    A checker is what ``skillrt.verifiers.checkers`` reads: Python source that defines
    ``check_following(instruction, response)``, or an object that names an official constraint; None stands
    for an item that has no rule. A true value that comes back (a match object, 3, "yes") satisfies the item.
    Whatever else happens fails it: a false value, an exception, an exit, a limit, a thread that goes on,
    patched builtins, closed descriptors, arguments that nobody understands. So breaking a checker is never
    worth more than failing it. Inconclusive is only an item without a rule, and one for which the sandbox did
    not serve. What a checker prints is not read. ``sandbox`` is an open ``cpython`` sandbox; without one only
    constraints are decided. Never raises for what the texts hold.
    """
    texts = whole_text(instruction), whole_text(response)
    items = await asyncio.gather(
        *(_checked(index, checker, *texts, sandbox) for index, checker in enumerate(checkers))
    )
    return ItemsResult(NAME, tuple(items))


async def _checked(
    index: int, value: object, instruction: str, response: str, sandbox: Sandbox | None
) -> ItemFinding:
    """Run one checker."""
    try:
        checker = read_checker(value)
    except ValueError as error:
        return ItemFinding(index, "failed", f"the checker cannot be read: {error}")
    if checker is None:
        return ItemFinding(index, "inconclusive", "no rule is attached to this item")
    if isinstance(checker, ConstraintChecker):
        return await asyncio.to_thread(_decided, index, checker, instruction, response)
    return await _run(index, checker, response, sandbox)


def _decided(index: int, checker: ConstraintChecker, instruction: str, response: str) -> ItemFinding:
    """Decide an official constraint; its patterns run in linear time, so it needs no sandbox."""
    try:
        with _ONE_AT_A_TIME:
            met = checker.met(instruction, response)
    except (ValueError, RecursionError) as error:
        return ItemFinding(index, "failed", f"the constraint cannot be checked: {error}")
    return ItemFinding(index, "satisfied" if met else "failed", f"{checker.id} is{'' if met else ' not'} met")


async def _run(index: int, checker: PythonChecker, response: str, sandbox: Sandbox | None) -> ItemFinding:
    """Run a checker in Python."""
    if sandbox is None:
        return ItemFinding(index, "inconclusive", "there is no sandbox")
    inputs = {"source": whole_text(checker.source), "instruction": INSTRUCTION, "response": response}
    try:
        outcome = await sandbox.run(drivers.CHECKER, inputs, timeout_s=TIMEOUT_S, memory_mb=MEMORY_MB)
    except Exception as error:
        return ItemFinding(index, "inconclusive", f"the sandbox did not serve: {type(error).__name__}")
    return _read(index, outcome)


def _read(index: int, outcome: SandboxResult) -> ItemFinding:
    """Return an item from what the sandbox returned: the one expected value, or else not met."""
    if outcome.error_kind == "unavailable":
        return ItemFinding(index, "inconclusive", f"the sandbox did not serve: {outcome.error}")
    if not outcome.ok or outcome.error_kind != "none":
        lines = (outcome.error or "").strip().splitlines()
        detail = f": {lines[-1]}" if lines else ""
        return ItemFinding(index, "failed", f"the checker ended with {outcome.error_kind}{detail}")
    if outcome.result in ({"met": True}, {"met": False}) and type(outcome.result["met"]) is bool:
        met = outcome.result["met"]
        return ItemFinding(
            index, "satisfied" if met else "failed", f"the checker returned a {met} value".lower()
        )
    return ItemFinding(index, "failed", "the checker left no result")
