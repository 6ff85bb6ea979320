"""Trying every rule once, so that training never meets a checker that cannot run.

A rule may raise on a probe and not on an answer: one that reads JSON does. It stays a rule. Left to the judge
is one that can do nothing here whatever it is given: its source gives no function, misses a module, wants a
file or the network, leaves, or breaks the limits; or it names a constraint that nobody knows.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping

from skillrt.sandbox import Sandbox, SandboxUnavailable, open_sandbox
from skillrt.sandbox.records import default_processes
from skillrt.verifiers import Checker, checklist_rules

__all__ = ["PROBES", "try_checkers"]

PROBES = (
    "This is a plain answer. It has two sentences.",
    '# Title\n\n* First **point**\n* Second point\n\n1. 42\n2. "quoted"\n\nP.S. The end.',
)
_HOPELESS = re.compile(
    r"^the constraint cannot|ended with (?!runtime)|the checker (?:called|left|changed)|'check_following'"
    r"|: (?:Syntax|Indentation|Tab|Import|ModuleNotFound|Name|OS|Permission|FileNotFound|Blocking\w*)Error\b"
)
"""Ends of a check with which no answer has anything to do."""
_RAN = (True, "it ran on a probe")
_RAISED = (True, "it raised on the probes, and runs again on each rollout")


async def try_checkers(checkers: Iterable[Checker]) -> Mapping[Checker, tuple[bool, str]]:
    """Run each checker on the probes; return for each whether it is a rule, and why.

    Raises:
        skillrt.sandbox.SandboxUnavailable: rule checks cannot be isolated here.
    """
    distinct = list(dict.fromkeys(checkers))
    free = asyncio.Semaphore(4 * default_processes())
    async with open_sandbox("cpython") as opened:

        async def try_checker(checker: Checker) -> tuple[bool, str]:
            async with free:
                fates = [await _fate(checker, probe, opened) for probe in PROBES]
            return next((fate for fate in (_RAN, _RAISED) if fate in fates), fates[-1])

        fates = await asyncio.gather(*map(try_checker, distinct))
    return dict(zip(distinct, fates, strict=True))


async def _fate(checker: Checker, probe: str, sandbox: Sandbox) -> tuple[bool, str]:
    (item,) = (await checklist_rules([checker], PROBES[0], probe, sandbox)).items
    if item.status == "inconclusive":
        raise SandboxUnavailable(f"the sandbox for rule checks did not serve: {item.reason}")
    if _HOPELESS.search(item.reason):
        return False, f"it cannot run here: {_class_of(item.reason)}"
    return _RAISED if "ended with" in item.reason else _RAN


def _class_of(reason: str) -> str:
    """Cut a reason down to what can be counted: the kind of end and the exception's name."""
    head, _, detail = reason.partition(":")
    name = detail.strip().split(":")[0].split(" ")[0]
    return f"{head.strip()} ({name})" if name.isidentifier() else head.strip()
