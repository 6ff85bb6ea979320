"""The monty backend: what it runs, how it fails, and what does not get out of it."""

# ruff: noqa: E501, PTH208

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
import pytest_asyncio

from skillrt.sandbox import (
    Helpers,
    HostedHelper,
    SandboxLimits,
    SandboxResult,
    SandboxUnavailable,
    open_sandbox,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIMITS = SandboxLimits(
    processes=2,
    stdout_chars=1000,
    flood_bytes=50_000,
    result_bytes=5000,
    helper_chars=2000,
    helper_timeout_s=0.5,
)
HELPERS = Helpers(
    source_names=("shout", "twice"),
    source_of=lambda names: "\n".join(
        {
            "shout": "def shout(text):\n    return text.upper()",
            "twice": "def twice(text):\n    return text + text",
        }[n]
        for n in names
    ),
    hosted=(HostedHelper("shorten", "textwrap:shorten"), HostedHelper("doze", "time:sleep")),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox():
    async with open_sandbox("monty", LIMITS, HELPERS) as opened:
        yield opened


async def call(sandbox, code: str, timeout_s: float = 1.0, memory_mb: int = 32, **inputs) -> SandboxResult:
    return await sandbox.run(textwrap.dedent(code), inputs, timeout_s=timeout_s, memory_mb=memory_mb)


async def test_inputs_results_and_prints_come_through(sandbox):
    got = await call(
        sandbox, "print('seen', n)\nresult = {'n': n + 1, 'x': x}", n=1, x=[None, True, 2.5, "é"]
    )
    assert got.ok
    assert got.error_kind == "none"
    assert got.result == {"n": 2, "x": [None, True, 2.5, "é"]}
    assert got.stdout == "seen 1\n"
    assert got.error is None
    assert 0 < got.duration_s < 1


async def test_no_result_is_null(sandbox):
    got = await call(sandbox, "x = 1")
    assert got.ok
    assert got.result is None


async def test_nothing_is_kept_between_calls(sandbox):
    assert (await call(sandbox, "leak = 'left'\nresult = 1")).ok
    for _ in range(4):
        got = await call(sandbox, "result = leak")
        assert got.error_kind == "runtime"
        assert "NameError" in got.error


async def test_random_numbers_are_the_same_in_every_call(sandbox):
    code = "import random\nresult = [random.random(), random.randint(1, 10**6)]"
    assert (await call(sandbox, code)).result == (await call(sandbox, code)).result


UNFOLDS = "a = ['x' * 1_000_000] * 100\nresult = [a] * 10"
"""Small in memory, and larger than the memory of a call at its first steps of being written out: it ends there
long before any time limit, however busy the machine is."""

FAILURES = [
    ("syntax error", "x = (", "syntax"),
    ("syntax not in the subset", "def f():\n    yield 1", "syntax"),
    ("null byte", "x = 1\0", "syntax"),
    ("runtime error", "1 / 0", "runtime"),
    ("raise BaseException", "raise BaseException('out')", "runtime"),
    ("KeyboardInterrupt", "raise KeyboardInterrupt", "runtime"),
    ("SystemExit", "raise SystemExit('0')", "runtime"),
    ("deep recursion", "def f():\n    return f()\nf()", "runtime"),
    ("endless loop", "while True:\n    pass", "timeout"),
    (
        "endless loop that catches everything",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "timeout",
    ),
    ("sleep", "import time\ntime.sleep(60)", "timeout"),
    (
        "sleep that is caught",
        "import time\ntry:\n    time.sleep(60)\nexcept BaseException:\n    pass\nresult = 1",
        "timeout",
    ),
    ("async sleep", "import asyncio\nawait asyncio.sleep(60)", "timeout"),
    ("big product", "x = 'a' * 10**10", "memory"),
    ("big power", "x = 9 ** 10**9", "memory"),
    ("growing list", "x = []\nwhile True:\n    x.append('a' * 1000)", "memory"),
    ("flood of output", "while True:\n    print('a' * 1000)", "output"),
    ("result too large", "result = ['a'] * 10000", "output"),
    ("result that unfolds", UNFOLDS, "memory"),
    ("result with itself inside", "result = []\nresult.append(result)", "runtime"),
    ("result not a number", "result = float('nan')", "runtime"),
    ("result infinite", "result = [float('inf')]", "runtime"),
    ("result not JSON", "result = {1, 2}", "runtime"),
    ("result a function", "result = len", "runtime"),
    ("result with tuple keys", "result = {(1, 2): 3}", "runtime"),
    ("result a huge integer", "result = 10 ** 4000", "runtime"),
    ("result deep", "x = 0\nfor i in range(90):\n    x = [x]\nresult = x", "runtime"),
    ("result very deep", "x = 0\nfor i in range(90000):\n    x = [x]\nresult = x", "runtime"),
]


@pytest.mark.parametrize(("code", "kind"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
async def test_failures_are_told_apart(sandbox, code, kind):
    began = time.monotonic()
    got = await call(sandbox, code, timeout_s=0.2 if kind == "timeout" else 1.5)
    assert not got.ok
    assert got.error_kind == kind
    assert got.error
    assert got.result is None
    assert time.monotonic() - began < 5
    assert (await call(sandbox, "result = 7")).result == 7


async def test_a_timeout_cannot_be_faked(sandbox):
    got = await call(sandbox, "raise TimeoutError('feed time limit exceeded: 1.0s > 1s')", timeout_s=30)
    assert got.error_kind == "runtime"


async def test_output_is_cut_and_marked(sandbox):
    got = await call(sandbox, "print('a' * 3000)\nprint('b')\nresult = 1")
    assert got.ok
    assert got.truncated
    assert got.stdout == "a" * 1000


async def test_half_characters_become_replacement_characters(sandbox):
    got = await call(sandbox, "print(x + '\\ud800')\nresult = x", x="a\ud83db")
    assert got.ok
    assert got.result == "a�b"
    assert got.stdout == "a�b�\n"


ESCAPES = [
    "open('/etc/passwd').read()",
    "import os\nos.system('id')",
    "import os\nos.environ['HOME']",
    "import os\nos.listdir('/')",
    "from pathlib import Path\nPath('/etc/passwd').read_text()",
    "import socket",
    "import subprocess",
    "import ctypes",
    "import importlib\nimportlib.import_module('os')",
    "__import__('os').getcwd()",
    "import collections\ncollections._sys.modules['os']",
    "import json\njson.codecs.open('/etc/passwd')",
    "import json\njson.codecs.builtins.open('/etc/passwd')",
    "import statistics\nstatistics.sys.modules",
    "import re\nre.enum.sys.modules['os']",
    "().__class__.__bases__[0].__subclasses__()",
    "(lambda: 0).__globals__['__builtins__']",
    "g = (x for x in [1])\ng.gi_frame.f_back.f_globals",
    "try:\n    1 / 0\nexcept Exception as e:\n    result = e.__traceback__.tb_frame.f_back.f_globals",
    "import string\nstring.Formatter().get_field('0.__class__.__base__', ([],), {})",
    "class A:\n    pass\nresult = '{0.__init__.__globals__}'.format(A())",
    "result = '{0.__class__.__mro__}'.format(1)",
    "import json\njson.dumps = lambda *a, **k: '\"forged\"'\nresult = 1",
    "import sys\nsys.modules['os'].getcwd()",
    "breakpoint()",
    "input()",
    "globals()['__builtins__']['open']('/etc/passwd')",
    "vars()['__builtins__']",
]


@pytest.mark.parametrize("code", ESCAPES)
async def test_known_ways_out_are_closed(sandbox, code):
    got = await call(sandbox, code)
    assert not got.ok, got
    assert got.error_kind in ("runtime", "syntax")
    assert "root:" not in f"{got.stdout}{got.result}"


async def test_code_cannot_redefine_how_its_result_is_collected(sandbox):
    got = await call(
        sandbox, "def dumps(*a, **k):\n    return 'x' * 10**6\n__dumps = dumps\njson = 1\nresult = 'plain'"
    )
    assert got.result == "plain"


async def test_source_helpers_are_there_alone_and_together(sandbox):
    assert (await call(sandbox, "result = shout('a')")).result == "A"
    assert (await call(sandbox, "result = twice(shout('a'))")).result == "AA"
    assert (await call(sandbox, "def shout(t):\n    return 'mine'\nresult = shout('a')")).result == "mine"


async def test_hosted_helpers_are_called_with_bounds(sandbox):
    assert (await call(sandbox, "result = shorten('a b c d e f', width=8)", timeout_s=5)).result == "a [...]"
    wrong = await call(sandbox, "result = shorten('a b')")
    assert wrong.error_kind == "runtime"
    assert "shorten" in wrong.error
    nested = await call(
        sandbox, "a = [1]\nfor i in range(40):\n    a = [a] * 9\nresult = shorten(a, width=3)"
    )
    assert "flat lists" in nested.error
    long = await call(sandbox, "result = shorten('x' * 5000, width=3)")
    assert "longer than 2000" in long.error
    huge = await call(sandbox, "result = shorten('x', width=9 ** 999)")
    assert "64 bits" in huge.error


async def test_a_slow_helper_is_stopped_and_holds_up_nobody(sandbox):
    await call(sandbox, "doze(0)", timeout_s=10)
    began = time.monotonic()
    slow = asyncio.create_task(call(sandbox, "doze(30)", timeout_s=20))
    ticks = 0
    while not slow.done():
        await asyncio.sleep(0.02)
        ticks += 1
    got = await slow
    assert got.error_kind == "runtime"
    assert "TimeoutError: doze took too long" in got.error
    assert ticks > 10, "the event loop stood still"
    assert time.monotonic() - began < 10
    late = await call(
        sandbox, "try:\n    doze(30)\nexcept BaseException:\n    pass\nresult = 1", timeout_s=0.2
    )
    assert late.error_kind == "timeout"


async def test_arguments_that_make_no_sense_are_the_callers_error(sandbox):
    for name in ("1x", "class", "__builtins__", "a b"):
        with pytest.raises(ValueError, match="identifier"):
            await sandbox.run("result = 1", {name: 1}, timeout_s=1, memory_mb=8)
    with pytest.raises(ValueError, match="not a JSON value"):
        await sandbox.run("result = 1", {"x": {1, 2}}, timeout_s=1, memory_mb=8)
    with pytest.raises(ValueError, match="timeout_s"):
        await sandbox.run("result = 1", {}, timeout_s=0, memory_mb=8)
    with pytest.raises(ValueError, match="memory_mb"):
        await sandbox.run("result = 1", {}, timeout_s=1, memory_mb=0)
    with pytest.raises(ValueError, match="monty and cpython"):
        async with open_sandbox("docker"):
            pass
    with pytest.raises(ValueError, match="processes"):
        SandboxLimits(processes=0)


async def test_what_is_too_large_to_send_is_refused(sandbox):
    assert (await call(sandbox, "#" + "x" * LIMITS.code_chars)).error_kind == "memory"
    assert (await call(sandbox, "result = 1", x="x" * LIMITS.input_bytes)).error_kind == "memory"


async def test_hundreds_of_calls_at_once_do_not_mix(sandbox):
    async def one(number: int) -> bool:
        got = await call(sandbox, "result = shout(f'v{n}')", timeout_s=20, n=number)
        return got.result == f"V{number}"

    assert all(await asyncio.gather(*(one(number) for number in range(300))))


async def test_a_cancelled_call_leaves_the_sandbox_usable(sandbox):
    tasks = [asyncio.create_task(call(sandbox, "while True:\n    pass", timeout_s=0.5)) for _ in range(6)]
    await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    assert all(
        isinstance(e, asyncio.CancelledError) for e in await asyncio.gather(*tasks, return_exceptions=True)
    )
    assert (await call(sandbox, "result = 3")).result == 3


async def test_hostile_calls_leave_nothing_behind(descendants, memory_kb):
    codes, before = [row[1] for row in FAILURES], descendants()
    async with open_sandbox("monty", LIMITS, HELPERS) as opened:

        async def batch() -> None:
            got = await asyncio.gather(*(call(opened, code, timeout_s=0.1) for code in codes))
            assert not any(one.ok for one in got)

        await batch()
        added = [pid for pid in descendants() if pid not in before]
        fds, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
        assert 1 <= len(added) <= LIMITS.processes
        await batch()
        await batch()
        now = [pid for pid in descendants() if pid not in before]
        assert len(now) <= LIMITS.processes
        assert memory_kb(now) < 150_000
        assert len(os.listdir("/proc/self/fd")) <= fds + 4
        assert threading.active_count() <= threads
    assert descendants() == before
    assert (await call(opened, "result = 1")).error_kind == "unavailable"


async def test_closing_tells_the_calls_that_wait():
    async with open_sandbox("monty", LIMITS, HELPERS) as opened:
        calls = [asyncio.create_task(call(opened, "while True:\n    pass", timeout_s=0.3)) for _ in range(9)]
        await asyncio.sleep(0.1)
    kinds = [(await one).error_kind for one in calls]
    assert kinds[:2] == ["timeout", "timeout"]
    assert set(kinds[2:]) == {"unavailable"}


async def test_no_worker_is_told_as_unavailable(monkeypatch):
    monkeypatch.setenv("MONTY_BIN", "/nonexistent/monty")
    with pytest.raises(SandboxUnavailable, match="monty worker did not start"):
        async with open_sandbox("monty", LIMITS, HELPERS):
            pass


EXITS = {
    "a loop that is torn down under calls": """
        async def main():
            async with open_sandbox("monty", helpers=Helpers()) as s:
                for _ in range(8):
                    asyncio.ensure_future(s.run("while True: pass", {}, timeout_s=0.4, memory_mb=8))
                await asyncio.sleep(0.1)
        asyncio.run(main())
    """,
    "cancelled calls": """
        async def main():
            async with open_sandbox("monty", helpers=Helpers()) as s:
                t = [asyncio.ensure_future(s.run("while True: pass", {}, timeout_s=0.4, memory_mb=8)) for _ in range(8)]
                await asyncio.sleep(0.1)
                for x in t:
                    x.cancel()
        asyncio.run(main())
    """,
    "a sandbox that nobody closed": """
        async def main():
            s = await open_sandbox("monty", helpers=Helpers()).__aenter__()
            asyncio.ensure_future(s.run("while True: pass", {}, timeout_s=0.4, memory_mb=8))
            await asyncio.sleep(0.1)
        asyncio.run(main())
    """,
}


@pytest.mark.parametrize("script", EXITS.values(), ids=EXITS.keys())
async def test_the_process_exits_with_0(script):
    text = "import asyncio\nfrom skillrt.sandbox import open_sandbox, Helpers\n" + textwrap.dedent(script)
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", text], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "Abort" not in done.stderr


LEFT_ALONE = """
import asyncio
from skillrt.sandbox import open_sandbox, Helpers, HostedHelper
async def main():
    helpers = Helpers(hosted=(HostedHelper("doze", "time:sleep"),))
    async with open_sandbox("monty", helpers=helpers) as s:
        codes = "while True: pass", "doze(500)"
        calls = [asyncio.ensure_future(s.run(c, {}, timeout_s=600, memory_mb=8)) for c in codes]
        await asyncio.sleep(1)
        print("ready", flush=True)
        await asyncio.wait(calls)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a process to another")
async def test_busy_processes_end_with_a_client_that_is_killed(descendants):
    client = subprocess.Popen(  # noqa: ASYNC220 a fork and an exec are quick
        [sys.executable, "-c", LEFT_ALONE], stdout=subprocess.PIPE, text=True
    )
    assert client.stdout is not None
    assert client.stdout.readline() == "ready\n"
    below = descendants(client.pid)
    assert len(below) >= 2
    client.kill()
    client.communicate()
    for _ in range(200):
        if not any(_runs(pid) for pid in below):
            break
        await asyncio.sleep(0.05)
    assert not any(_runs(pid) for pid in below)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


FEW = """
import asyncio, resource, sys
from skillrt.sandbox import open_sandbox, Helpers, HostedHelper, SandboxLimits, SandboxUnavailable
async def main():
    most = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    helpers = Helpers(hosted=(HostedHelper("dedent", "textwrap:dedent"),))
    try:
        async with open_sandbox("monty", SandboxLimits(processes=6), helpers) as s:
            code = "try:\\n    result = dedent('a')\\nexcept BaseException:\\n    result = 'misjudged'"
            calls = (s.run(code, {}, timeout_s=20, memory_mb=8) for _ in range(12))
            for got in await asyncio.gather(*calls):
                print(got.result or got.error_kind)
    except SandboxUnavailable as error:
        print("refused:", error)
asyncio.run(main())
"""


@pytest.mark.parametrize("most", [8, 10, 12, 14, 18, 24, 40])
async def test_few_descriptors_are_nobodys_fault(most):
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", FEW, str(most)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert {line.split()[0] for line in done.stdout.splitlines()} <= {"a", "unavailable", "refused:"}, (
        done.stdout
    )
