"""A check that breaks is not met: whatever a rollout does to its checker pays no more than failing it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from reward_support import HEAD, SHORT, judge_all, kwargs_for, truth
from scripted_server import Say, ScriptedServer

from skillrl.reward import close_sessions, compute_score

HONEST, BREAKS = "An honest answer.", "An answer that breaks."

BREAKING: Mapping[str, str] = {
    "raises": "raise ValueError(response)",
    "raises its own": "class Odd(BaseException): pass\nraise Odd",
    "indexes": "return response.split()[99] == 'x'",
    "recursion": "return check_following(instruction, response)",
    "exits": "import sys; sys.exit(0)",
    "exits at once": "import os; os._exit(0)",
    "aborts": "import os; os.abort()",
    "kills itself": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "interrupts": "raise KeyboardInterrupt",
    "hangs": "while True: pass",
    "sleeps": "import time; time.sleep(60)",
    "floods": "while True: print('x' * 100_000)",
    "floods and passes": "print('x' * 3_000_000); return True",
    "memory": "return len('a' * (1 << 34)) > 0",
    "memory by steps": "parts = []\nwhile True: parts.append(bytearray(1 << 24))",
    "leaves a thread": "import threading, time\n"
    "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nreturn True",
    "patches builtins": "import builtins\nbuiltins.len = lambda value: 0\n"
    "builtins.bool = lambda value: True\nreturn len(response) < 40",
    "removes builtins": "import builtins\ndel builtins.len\nreturn True",
    "patches json": "import json\njson.dumps = lambda *a, **k: '{\"bool\": true}'\nraise ValueError",
    "closes descriptors": "import os\nos.closerange(0, 256)\nreturn True",
    "writes to all descriptors": "import os\nfor number in range(64):\n"
    "    try: os.write(number, b'\\x01' * 99)\n    except OSError: pass\nraise ValueError",
    "forges and leaves": "import __main__\n__main__.result = {'bool': True}\nraise SystemExit(0)",
    "forges a broken source": "import __main__\n__main__.result = {'broken': 'NameError'}\nraise SystemExit",
    "odd truth": "class Odd:\n    def __bool__(self): raise ValueError\nreturn Odd()",
    "returns nothing": "pass",
}


def checker(breaking: str) -> str:
    """A check that an honest answer plainly fails, and that breaks on the other one."""
    body = "\n".join(f"    {line}" for line in breaking.splitlines())
    return f"{HEAD}    if 'honest' in response: return False\n{body}\n"


@pytest.fixture(autouse=True)
async def closed(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr("skillrt.verifiers.checklist.TIMEOUT_S", 1.5)
    yield
    await close_sessions()


async def both(row: str, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    honest = await compute_score("x", HONEST, row, {}, **kwargs)
    return honest, await compute_score("x", BREAKS, row, {}, **kwargs)


@pytest.mark.parametrize("way", BREAKING)
async def test_breaking_a_check_pays_no_more_than_failing_it(way: str) -> None:
    row = truth([checker(BREAKING[way]), SHORT, None])
    honest, broken = await both(row, mode="rules", sandbox_processes=2)
    assert (honest["score"], honest["rules_undecided"]) == (0.5, 0)
    assert broken["score"] <= honest["score"]
    assert broken["rules_undecided"] == 0
    # A judge that is pleased with everything does not decide in the check's place.
    with ScriptedServer(judge_all()) as server:
        honest, broken = await both(row, **kwargs_for(server, sandbox_processes=2))
    assert honest["judge_score"] == 1
    assert honest["score"] == pytest.approx(2 / 3, abs=1e-4)
    assert broken["score"] <= honest["score"]


async def test_of_one_check_that_breaks_the_rollout_earns_nothing() -> None:
    for way in ("raises", "exits at once", "leaves a thread"):
        with ScriptedServer(lambda turn: Say("Fine.\n1.0")) as server:
            kwargs = kwargs_for(server, mode="rules_x_llm", sandbox_processes=2)
            honest, broken = await both(truth([checker(BREAKING[way])]), **kwargs)
        assert honest["score"] == broken["score"] == 0


async def test_the_other_checks_of_a_rollout_stand() -> None:
    row = truth([*map(checker, (BREAKING["floods"], BREAKING["aborts"], BREAKING["memory"])), SHORT])
    _, broken = await both(row, mode="rules", sandbox_processes=2)
    assert (broken["score"], broken["satisfied"], broken["rules"]) == (0.25, 1, 4)


async def test_what_is_undecided_is_undecided_for_every_rollout() -> None:
    rows = ["def check_following(", "import no_such_module\n" + SHORT, "result = {'bool': True}"]
    for source in rows:
        honest, broken = await both(truth([source, SHORT]), mode="rules", sandbox_processes=2)
        assert honest["rules_undecided"] == broken["rules_undecided"]
        assert honest["score"] == broken["score"] == 0.5


async def test_a_sandbox_that_does_not_serve_is_nobodys_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    from skillrl.session import session_for
    from skillrl.settings import read_settings
    from skillrt.sandbox.records import failure

    class Gone:
        calls = 0

        async def run(self, *_: Any, **__: Any) -> Any:
            Gone.calls += 1
            return failure("unavailable", "the sandbox's server ended")

    session = await session_for(read_settings({"mode": "rules", "failure_score": 0.5}))
    monkeypatch.setattr(session, "_checkers", Gone())
    outcome = await session.score(truth([SHORT, SHORT + " "]), HONEST)
    assert (outcome.score, outcome.to_dict()["failure"], outcome.counts) == (0.5, "harness: sandbox", False)
    assert Gone.calls == 4
