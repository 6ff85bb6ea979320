"""The cpython backend and the machine it runs on: what it leaves behind, who may use it, and when it refuses."""

# ruff: noqa: E501, PTH101, PTH106, PTH208

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from sandbox_hosts import as_ordinary_user, run_script, script, without

from skillrt.sandbox import Helpers, HostedHelper, SandboxLimits, open_sandbox
from skillrt.sandbox.cpython.confine import why_not

pytestmark = pytest.mark.skipif(
    why_not() is not None, reason=f"the cpython sandbox cannot isolate here: {why_not()}"
)

LIMITS = SandboxLimits(processes=4, flood_bytes=100_000, scratch_bytes=100_000)

HOSTILE = [
    "while True: pass",
    "import time\ntime.sleep(60)",
    "import os\nwhile True:\n    try: os.fork()\n    except OSError: break\nos._exit(9)",
    "import os\ntry:\n    if os.fork() == 0:\n        os.setsid()\n        os.fork()\nexcept OSError: pass\nwhile True: pass",
    "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,)).start()",
    "while True: print('x' * 1000)",
    "x = []\nwhile True: x.append('x' * 10000)",
    "n = 0\nwhile True:\n    open(str(n), 'w').write('x' * 5000)\n    n += 1",
    "import os\nwhile True:\n    os.mkdir('d')\n    os.chdir('d')",
    "import os\nos.umask(0o777)\nos.mkdir('closed')\nopen('f', 'w').close()\nwhile True: pass",
    "import os\nfor fd in range(100):\n    try: os.close(fd)\n    except OSError: pass\nwhile True: pass",
    "import signal\nfor s in range(1, 60):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass",
    "import os\nos.kill(os.getppid(), 9)",
    "import ctypes\nctypes.string_at(0)",
    "import os\nwhile True: os.write(3, b'x' * 1000)",
]


async def settled(look, wanted):
    """What `look` sees as soon as it is the wanted thing, or after five seconds.

    A call's child is reaped and its folder removed just after its result was sent.
    """
    for _ in range(100):
        if look() == wanted:
            break
        await asyncio.sleep(0.05)
    return look()


async def steady(look):
    """What `look` sees once it saw the same for a fifth of a second."""
    seen, since = look(), 0
    while since < 4:
        await asyncio.sleep(0.05)
        now = look()
        since = since + 1 if now == seen else 0
        seen = now
    return seen


async def test_hostile_calls_leave_nothing_behind(tmp_path, monkeypatch, descendants, memory_kb):
    """The full 1,000 run in tests/perf/bench_sandbox.py."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = descendants()
    async with open_sandbox("cpython", LIMITS, Helpers()) as sandbox:

        async def batch(count: int) -> None:
            codes = [HOSTILE[number % len(HOSTILE)] for number in range(count)]
            calls = (sandbox.run(code, {}, timeout_s=0.25, memory_mb=48) for code in codes)
            got = await asyncio.gather(*calls)
            assert not any(one.ok for one in got)
            assert not any(one.error_kind == "unavailable" for one in got)

        await batch(len(HOSTILE))
        server = await steady(descendants)
        added = [pid for pid in server if pid not in before]
        fds, memory = len(os.listdir("/proc/self/fd")), memory_kb(added)
        await batch(4 * len(HOSTILE))
        assert await settled(descendants, server) == server
        assert len(os.listdir("/proc/self/fd")) == fds
        left = lambda: [list(folder.iterdir()) for folder in tmp_path.iterdir()]  # noqa: E731
        assert await settled(left, [[]]) == [[]]
        assert memory_kb(added) - memory < 4000
        assert (await sandbox.run("result = 1", {}, timeout_s=5, memory_mb=48)).ok
    assert await settled(descendants, before) == before
    assert list(tmp_path.iterdir()) == []


async def test_the_second_zygote_comes_when_wanted_and_goes(descendants):
    heavy = Helpers(hosted=(HostedHelper("fill", "textwrap:fill", heavy=True),))
    before = descendants()
    async with open_sandbox("cpython", LIMITS, heavy) as sandbox:
        light = await steady(descendants)
        for _ in range(3):
            got = await sandbox.run("result = fill('a b c', width=3)", {}, timeout_s=5, memory_mb=48)
            assert got.result == "a b\nc"
        assert len(await steady(descendants)) == len(light) + 1
        hidden = "result = globals()['fi' + 'll']('a b', width=9)"
        assert (await sandbox.run(hidden, {}, timeout_s=5, memory_mb=48)).result == "a b"
    assert await settled(descendants, before) == before


@pytest.mark.parametrize("killed", ["client", "server"])
def test_a_death_takes_everything_with_it(tmp_path, descendants, killed):
    body = """
        task = asyncio.ensure_future(s.run("while True: pass", {}, timeout_s=60, memory_mb=48))
        await asyncio.sleep(0.3)
        print("ready", flush=True)
        got = await task
        again = await s.run("result = 5", {}, timeout_s=5, memory_mb=48)
        print(got.error_kind, again.result, flush=True)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", script(body)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    below = descendants(process.pid)
    assert len(below) == 3  # server, zygote, child
    if killed == "client":
        process.kill()
    else:
        os.kill(min(below), signal.SIGKILL)
        assert process.stdout.readline() == "unavailable 5\n"
    assert process.wait(20) == (-9 if killed == "client" else 0)
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}").exists() for pid in below) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]
    while list(tmp_path.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    os.getuid() != 0 or os.uname().machine != "x86_64", reason="needs root, to become another user"
)
def test_an_ordinary_user_can_use_it():
    folder = tempfile.mkdtemp(dir="/tmp")
    os.chmod(folder, 0o777)
    body = """
        print(os.getuid())
        r = await s.run("import os; open('f','w').write('x'); os.mkdir('d', 0); result=[os.getuid(), os.listdir('.')]", {}, timeout_s=5, memory_mb=48)
        print(sorted(r.result[1]), r.result[0])
        r = await s.run("import os, sys\\ntry:\\n  os.kill(os.getppid(), 9)\\nexcept OSError: result='held'", {}, timeout_s=5, memory_mb=48)
        print(r.result)
    """
    try:
        done = run_script(body, preexec_fn=as_ordinary_user, env={**os.environ, "TMPDIR": folder}, cwd="/")
        assert done.stdout == "65534\n['d', 'f'] 65534\nheld\n", done.stderr
        assert os.listdir(folder) == []
    finally:
        os.rmdir(folder)


def test_a_kernel_without_landlock_is_refused():
    done = run_script("print('ran')", preexec_fn=without(444, 445, 446, action=0x50000 | 38))
    assert done.returncode == 0
    assert done.stdout.startswith("refused: the cpython sandbox cannot isolate here: Landlock is not there")


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the number of prctl is that of x86_64")
def test_a_kernel_without_seccomp_is_refused():
    """EINVAL for every prctl is what a kernel without seccomp says to PR_SET_SECCOMP."""
    done = run_script("print('ran')", preexec_fn=without(157, action=0x50000 | 22))
    assert done.returncode == 0
    assert done.stdout.startswith(
        "refused: the cpython sandbox cannot isolate here: seccomp filters are not there"
    )


def test_walls_that_do_not_hold_are_refused():
    """A kernel that says yes to everything and does nothing: the probe finds out."""
    done = run_script("print('ran')", preexec_fn=without(446, action=0x50000))
    assert done.returncode == 0
    assert done.stdout.startswith("refused: the cpython sandbox does not hold here: [False")


def test_other_systems_are_refused(monkeypatch):
    import platform

    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert "riscv64" in str(why_not())
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert "needs Linux" in str(why_not())
