"""Trying every rule once, so that training never meets a checker that cannot run.

A rule may raise on a probe and not on an answer: one that reads JSON does. It stays a rule. Left to the judge
is one that can do nothing here whatever it is given: its source gives no function, misses a module, wants a
file or the network, leaves, or breaks the limits; or it names a constraint that nobody knows.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping

from skillrt.sandbox import open_sandbox
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


async def try_checkers(checkers: Iterable[Checker]) -> Mapping[Checker, str]:
    """Run each checker on the probes; return for those that can decide nothing why.

    Raises:
        skillrt.sandbox.SandboxUnavailable: rule checks cannot be isolated here.
    """
    distinct = list(dict.fromkeys(checkers))
    free = asyncio.Semaphore(4 * default_processes())
    async with open_sandbox("cpython") as opened:

        async def try_one(checker: Checker) -> str:
            why = ""
            async with free:
                for probe in PROBES:
                    (item,) = (await checklist_rules([checker], PROBES[0], probe, opened)).items
                    if not _HOPELESS.search(item.reason):
                        return ""
                    why = item.reason
            return why

        reasons = await asyncio.gather(*(try_one(checker) for checker in distinct))
    return {checker: why for checker, why in zip(distinct, reasons, strict=True) if why}
