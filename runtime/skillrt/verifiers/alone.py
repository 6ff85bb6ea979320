"""Verifiers used alone: without a judge, a skill or an event loop of one's own."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from skillrt.verifiers.programs.example_runs import code_examples
from skillrt.verifiers.results import ResponseFinding

__all__ = ["run_examples"]


def run_examples(prompt: str, program: str) -> ResponseFinding:
    """Run a program on the examples that a prompt shows, in a sandbox of its own.

    Starting the sandbox takes a tenth of a second; who has many programs opens one sandbox and awaits
    ``code_examples``. Works in a notebook, too.

    Args:
        prompt: the task, with its input and output examples.
        program: Python source, or a response that holds it in a fence.

    Returns:
        ``matched`` tells whether it passes all examples; ``certain`` is False where that is not settled;
        ``why`` says what happened.

    Raises:
        skillrt.sandbox.SandboxUnavailable: programs cannot be isolated here.

    Example:
        >>> task = "Example 1:\\n\\nInput: n = 2\\nOutput: 4\\n\\n"
        >>> run_examples(task, "def double(n):\\n    return 2 * n").matched
        True
    """

    async def run() -> ResponseFinding:
        from skillrt.sandbox import open_sandbox

        async with open_sandbox("cpython") as sandbox:
            return (await code_examples(prompt, {"program": program}, sandbox)).of("program")

    with ThreadPoolExecutor(1) as thread:  # the caller may have a running event loop
        return thread.submit(asyncio.run, run()).result()
