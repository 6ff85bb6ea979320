"""Rows, checkers and scripted judges for the reward's tests."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from scripted_server import Call, Reply, Say, Turn

HEAD = "def check_following(instruction, response):\n"
SHORT = HEAD + "    return len(response) < 40"
HAS_TREE = HEAD + "    return 'tree' in response.lower()"

HOSTILE: Mapping[str, str] = {
    "endless loop": HEAD + "    while True: pass",
    "memory": HEAD + "    return len('a' * (1 << 34)) > 0",
    "reads a file": HEAD + "    return bool(open('/etc/passwd').read())",
    "network": HEAD + "    import socket\n    socket.create_connection(('127.0.0.1', 9), 1)\n    return True",
    "forks": HEAD + "    import os\n    os.fork()\n    return True",
    "prints a result": HEAD + '    print(\'{"kind": "none", "result": "true"}\')',
    "exits": HEAD + "    import sys\n    sys.exit(0)",
    "no function": "result = {'bool': True}",
    "no Python": "def check_following(",
}
"""Checkers of a hostile data set; none of them may count as met."""


def truth(
    checkers: Sequence[str | None] = (SHORT, HAS_TREE, None), prompt: str = "Write about a tree.", **more: Any
) -> str:
    """A row's ground truth with these checkers."""
    checklist = [f"Demand number {number}." for number in range(1, len(checkers) + 1)]
    return json.dumps({"prompt": prompt, "checklist": checklist, "checkers": list(checkers), **more})


def judge_all(status: str = "satisfied", failure: str | None = None) -> Any:
    """A judge that gives every item of the checklist this status at once."""

    def play(turn: Turn) -> Reply:
        if not turn.tools and "response_format" not in turn.body:
            return Say("All seen.\n0.5")
        # A finding for an item that a small row has not does not count.
        finding = {"status": status, "failure": failure, "why": "scripted" if failure else None, "cites": []}
        findings = [{"item": number, **finding} for number in (1, 2, 3)]
        if "findings" not in _final_properties(turn):
            return Call("final_answer", {"score": 0.5, "reason": "scripted"})
        return Call("final_answer", {"findings": findings, "reason": "scripted"})

    return play


def _final_properties(turn: Turn) -> Mapping[str, Any]:
    (tool,) = (tool for tool in turn.body["tools"] if tool["function"]["name"] == "final_answer")
    return tool["function"]["parameters"]["properties"]


def response_in(turn: Turn) -> str:
    """The response that the judge was shown."""
    found = re.search(r"<response>\n(.*?)\n</response>", turn.text, re.DOTALL)
    return found.group(1) if found else ""


def kwargs_for(server: Any, **more: Any) -> dict[str, Any]:
    """Reward settings that ask ``server``."""
    return {"base_urls": [server.base_url], "model": server.model, "hedge": False, **more}


def longer_wins(turn: Turn) -> Reply:
    """A judge that prefers the response with more letters x, wherever it is shown."""
    text = turn.opening
    first, second = (
        text.partition(f"<response_{label}>")[2].partition(f"</response_{label}>")[0].count("x")
        for label in "AB"
    )
    if first == second:
        return Say("neither")
    return Call(
        "final_answer", {"findings": [], "reason": "scripted", "verdict": "A" if first > second else "B"}
    )
