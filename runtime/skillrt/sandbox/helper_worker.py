"""A process that runs hosted helpers for `monty`: reads one call a line, answers one line. Run by
`helper_pool`."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

from skillrt.sandbox.leash import die_with_client

WARM_TEXT = "A short text that is only there to be read once."


def main() -> int:
    """Serve calls from standard input until it ends. Argument 1 holds the callable targets, as JSON."""
    die_with_client()
    targets: dict[str, str] = json.loads(sys.argv[1])
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a library that prints must not write into the answers
    for line in requests:
        try:
            text = json.dumps(_answer(json.loads(line), targets))
        except Exception as error:  # whatever a library raises on odd text is told to the code, not to us
            text = json.dumps({"error": f"{type(error).__name__}: {error}"[:500]})
        answers.write(text.encode("ascii") + b"\n")
        answers.flush()
    return 0


def _answer(request: dict[str, Any], targets: dict[str, str]) -> dict[str, Any]:
    if "warm" in request:
        module = targets[request["warm"]].partition(":")[0]
        for target in targets.values():  # tables are a module's: one of its helpers may load them for all
            if target.partition(":")[0] == module:
                warm_up(load(target))
        return {"value": None}
    return {"value": load(targets[request["name"]])(*request["args"], **request["kwargs"])}


def load(target: str) -> Callable[..., Any]:
    """The function at `module:function`."""
    module, _, function = target.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def warm_up(helper: Callable[..., Any]) -> None:
    """Call a helper once, so that the tables it loads at its first call are there."""
    try:
        helper(WARM_TEXT)
    except TypeError:
        return  # it wants more than a text; its library is imported, which is most of it


if __name__ == "__main__":
    sys.exit(main())
