"""Payloads against both sandboxes, as root and as an ordinary user: none gets out, no neighbour is disturbed.

Each tries something and sets `result` to "out" where it works. An honest call runs beside all of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sandbox_hosts import as_ordinary_user
from sandbox_payloads import CPYTHON, MONTY, THAT_STAY

from skillrt.sandbox.cpython.confine import why_not

needs_cpython = pytest.mark.skipif(
    why_not() is not None, reason=f"the cpython sandbox cannot isolate here: {why_not()}"
)
USERS: dict[str, Callable[[], None] | None] = {"this user": None}
if os.getuid() == 0 and os.uname().machine == "x86_64":
    USERS["an ordinary user"] = as_ordinary_user

SCRIPT = """
import asyncio, json, sys
from skillrt.sandbox import open_sandbox, Helpers, SandboxLimits

async def main():
    backend, codes = json.loads(sys.stdin.read())
    limits = SandboxLimits(processes=3, flood_bytes=100_000, scratch_bytes=100_000)
    async with open_sandbox(backend, limits, Helpers()) as s:
        turns, done, honest = asyncio.Semaphore(2), asyncio.Event(), []

        async def attack(name, code):
            async with turns:
                got = await s.run(code, {}, timeout_s=1, memory_mb=64)
            return [name, got.error_kind, got.result, got.stdout[-200:], got.error]

        async def neighbour():
            while not done.is_set():
                got = await s.run("result = sum(range(n))", {"n": 100}, timeout_s=60, memory_mb=64)
                honest.append([got.error_kind, got.result, got.error])
                await asyncio.sleep(0.01)

        beside = asyncio.create_task(neighbour())
        rows = await asyncio.gather(*(attack(*item) for item in codes.items()))
        done.set()
        await beside
        print(json.dumps([rows, honest]))

asyncio.run(main())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        path = Path(name)
        path.chmod(0o777)
        (path / "secret").write_text("the secret of the host")
        yield path


def run_payloads(
    backend: str, codes: dict[str, str], user: str, folder: Path
) -> tuple[list[list[str]], list[list[object]]]:
    filled = {name: code.replace("SECRET", str(folder / "secret")) for name, code in codes.items()}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps([backend, filled]),
        capture_output=True,
        text=True,
        timeout=300,
        preexec_fn=USERS[user],
        env={**os.environ, "TMPDIR": str(folder), "PAYLOAD_KEY": "the key of the host"},
        cwd="/",
    )
    assert done.returncode == 0, done.stderr
    rows, honest = json.loads(done.stdout)
    assert [path.name for path in folder.iterdir()] == ["secret"]
    assert (folder / "secret").read_text() == "the secret of the host"
    return rows, honest


def check(rows: list[list[str]], honest: list[list[object]], count: int) -> None:
    assert len(rows) >= count
    for name, kind, result, printed, error in rows:
        assert result != "out", name
        assert "of the host" not in f"{result}{printed}{error}", name
        assert kind != "unavailable", (name, error)
        if name in THAT_STAY:
            assert kind == THAT_STAY[name], (name, kind, error)
    assert honest
    assert all(row == ["none", 4950, None] for row in honest), honest


@needs_cpython
@pytest.mark.parametrize("user", USERS)
def test_no_payload_leaves_cpython(user: str, folder: Path) -> None:
    check(*run_payloads("cpython", CPYTHON, user, folder), 60)


@pytest.mark.parametrize("user", USERS)
def test_no_payload_leaves_monty(user: str, folder: Path) -> None:
    check(*run_payloads("monty", MONTY, user, folder), 40)
