"""Trying every rule once in the sandbox, so that training never meets a source that cannot run there.

A rule may well raise on what the probes say and not on an answer: one that reads JSON does. It stays a rule.
Left to the judge is a source that gives no function, and one that can do nothing here whatever it is given:
it misses a module or a name, wants a file or the network, leaves, or breaks the limits every time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from skillrl.rules import RuleSandbox
from skillrt.sandbox import Sandbox, SandboxResult, SandboxUnavailable, open_sandbox
from skillrt.sandbox.records import default_processes
from skillrt.verifiers.checklist import MEMORY_MB, TIMEOUT_S

__all__ = ["PROBES", "try_checkers"]

PROBES = (
    "This is a plain answer. It has two sentences.",
    '# Title\n\n* First **point**\n* Second point\n\n1. 42\n2. "quoted"\n\nP.S. The end.',
)
_RAN = (True, "it ran on a probe")
_RAISED = (True, "it raised on the probes, and runs again on each rollout")

_TRIAL = """\
import ast, os

os.environ.setdefault("HOME", os.getcwd())
space = {"__name__": "checker"}
stage = "source"
try:
    for node in ast.walk(ast.parse(source)):
        # As the checks themselves do: imports first, in the globals, wherever they stand.
        if isinstance(node, (ast.Import, ast.ImportFrom)) and getattr(node, "module", "") != "__future__":
            try:
                exec(compile(ast.Module([node], []), "checker", "exec", dont_inherit=True), space)
            except Exception:
                pass
    exec(compile(source, "checker", "exec", dont_inherit=True), space)
    check = space["check_following"]
    stage = "call"
    check(instruction, response)
    result = {"raised": None}
except MemoryError:
    raise
except BaseException as error:
    cannot = stage == "source" or isinstance(error, (OSError, ImportError, NameError, SystemExit))
    cannot = cannot or type(error) is LookupError  # nltk's, for data that are not here
    result = {"raised": type(error).__name__[:80], "cannot": cannot}
"""


async def try_checkers(sources: Iterable[str]) -> Mapping[str, tuple[bool, str]]:
    """Run each source on the probes; return for each whether it is a rule, and why.

    Raises:
        skillrt.sandbox.SandboxUnavailable: rule checks cannot be isolated here.
    """
    distinct = sorted(set(sources))
    free = asyncio.Semaphore(4 * default_processes())
    async with open_sandbox("cpython") as opened:

        async def try_source(source: str) -> tuple[bool, str]:
            async with free:
                return await _tried(source, RuleSandbox(opened))

        fates = await asyncio.gather(*(try_source(source) for source in distinct))
    return dict(zip(distinct, fates, strict=True))


async def _tried(source: str, sandbox: Sandbox) -> tuple[bool, str]:
    fates = []
    for probe in PROBES:
        inputs = {"source": source, "instruction": "instruction", "response": probe}
        done = await sandbox.run(_TRIAL, inputs, timeout_s=TIMEOUT_S, memory_mb=MEMORY_MB)
        if done.error_kind == "unavailable":
            raise SandboxUnavailable(f"the sandbox for rule checks did not serve: {done.error}")
        fates.append(_fate(done))
        if fates[-1] == _RAN:
            break
    return max(fates, key=lambda fate: (fate == _RAN, fate == _RAISED))


def _fate(done: SandboxResult) -> tuple[bool, str]:
    told = done.result if isinstance(done.result, dict) else {}
    if not done.ok:
        return False, f"its source ends with {done.error_kind}"
    if told.get("raised", "") is None or "bool" in told:
        return _RAN
    if told.get("cannot", True):
        return False, f"its source cannot run here ({told.get('raised', 'no result')})"
    return _RAISED
