"""The cpython backend where something of ours does not answer, or the machine lacks what is wanted."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import time

import pytest
from sandbox_hosts import run_script, without

from skillrt.sandbox import Helpers, open_sandbox
from skillrt.sandbox.cpython import connection, server
from skillrt.sandbox.cpython.confine import why_not

pytestmark = pytest.mark.skipif(
    why_not() is not None, reason=f"the cpython sandbox cannot isolate here: {why_not()}"
)


async def test_a_frozen_server_is_given_up(monkeypatch, descendants):
    monkeypatch.setattr(connection, "PING_S", 0.1)
    before = descendants()
    async with open_sandbox("cpython", None, Helpers()) as sandbox:
        frozen = min(set(descendants()) - set(before))
        os.kill(frozen, signal.SIGSTOP)
        got = await sandbox.run("result = 1", {}, timeout_s=3600, memory_mb=48)
        assert got.error_kind == "unavailable"
        assert "server ended" in str(got.error)
        monkeypatch.setattr(connection, "PING_S", 2.0)
        assert (await sandbox.run("result = 2", {}, timeout_s=20, memory_mb=48)).result == 2
    for _ in range(100):
        if descendants() == before:
            break
        await asyncio.sleep(0.05)
    assert descendants() == before


async def test_a_call_that_takes_long_is_not_taken_for_a_frozen_server(monkeypatch):
    monkeypatch.setattr(connection, "PING_S", 0.1)
    async with open_sandbox("cpython", None, Helpers()) as sandbox:
        code = "import time\ntime.sleep(2.5)\nresult = 1"
        assert (await sandbox.run(code, {}, timeout_s=60, memory_mb=48)).result == 1


def test_a_zygote_that_does_not_do_what_it_is_told_ends_the_server():
    client, ours = socket.socketpair()
    zygote, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    limits = {
        "result_bytes": 100,
        "error_chars": 100,
        "scratch_bytes": 100,
        "flood_bytes": 9,
        "stdout_chars": 9,
    }
    lost = server.Server(client, zygote, None, {"heavy": [], "limits": limits, "base": "/"})
    call = {"id": 1, "code": "", "inputs": "{}", "timeout_s": 1, "memory_bytes": 1 << 20}
    with client, ours, zygote, theirs:
        lost._listen_to(zygote)
        lost._start(call)
        child = lost._children[1]
        child.deadline = time.monotonic() - 1
        assert lost._turn()
        assert child.killed_at is not None
        child.killed_at -= server.LOST_S + 1
        assert not lost._turn()
        child.close()


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the number of close_range is that of x86_64")
def test_a_kernel_without_close_range_is_no_reason_to_wait():
    body = """
        r = await s.run("result = 1", {}, timeout_s=20, memory_mb=48)
        print(r.result)
    """
    assert run_script(body, preexec_fn=without(436, action=0x50000 | 38)).stdout == "1\n"


@pytest.mark.parametrize("most", [10, 14, 18, 24, 40, 70, 90, 110])
def test_few_descriptors_are_a_refusal(most):
    """The client may open none, or the server: calls are refused, or the sandbox is, in words."""
    body = """
        calls = [s.run("result = 1", {}, timeout_s=20, memory_mb=48) for _ in range(16)]
        for r in await asyncio.gather(*calls):
            print("right" if r.result == 1 else r.error_kind + " " + r.error)
    """
    done = run_script(
        body,
        "SandboxLimits(processes=16), Helpers()",
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)),
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines
    assert {line.split()[0] for line in lines} <= {"right", "unavailable", "refused:"}, lines
    assert all("descriptors" in line or "open files" in line for line in lines if line != "right"), lines
