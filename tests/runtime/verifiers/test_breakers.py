"""Programs that break: each has failed, whatever it breaks, and whenever. Its rival loses nothing by it.

The lines of each breaker are put into a program that is right without them: before its work or after it, in
the first example or the second, in a function that is called and in a program that prints.
"""

# ruff: noqa: E501

from __future__ import annotations

import textwrap

import pytest

from skillrt.sandbox import Sandbox
from skillrt.verifiers import code_examples
from skillrt.verifiers.programs import example_runs

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLED = (
    "Return twice n.\n\nExample 1:\n\nInput: n = 2\nOutput: 4\n\nExample 2:\n\nInput: n = 5\nOutput: 10\n\n"
)
PRINTED = "Sample Input 1\n\n2\n\nSample Output 1\n\n4\n\nSample Input 2\n\n5\n\nSample Output 2\n\n10\n\nTwice it is.\n"

BREAKERS = {
    "raise": "raise ValueError('no')",
    "raise what is no Exception": "raise KeyboardInterrupt",
    "raise GeneratorExit": "raise GeneratorExit",
    "exit with a status": "import sys\nsys.exit(3)",
    "exit with a word": "raise SystemExit('done')",
    "exit at once": "import os\nos._exit(0)",
    "exit at once with the status of small memory": "import os\nos._exit(72)",
    "abort": "import os\nos.abort()",
    "segmentation fault": "import ctypes\nctypes.string_at(0)",
    "hang": "while True: pass",
    "hang and catch": "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
    "hang with signals ignored": "import signal\nfor s in range(1, 60):\n    try: signal.signal(s, signal.SIG_IGN)\n"
    "    except (OSError, ValueError): pass\nwhile True: pass",
    "sleep": "import time\ntime.sleep(60)",
    "wait for a lock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "wait for input that does not come": "import os\nreader, writer = os.pipe()\nos.read(reader, 1)",
    "wait for a signal": "import signal\nsignal.pause()",
    "wait in many threads": "import threading\nlock = threading.Lock()\nlock.acquire()\n"
    "threads = [threading.Thread(target=lock.acquire) for _ in range(2)]\n"
    "for thread in threads: thread.start()\nthreads[0].join()",
    "alarm": "import signal, time\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\ntime.sleep(1)",
    "flood of output": "while True: print('x' * 1000)",
    "flood of errors": "import sys\nwhile True: print('x' * 1000, file=sys.stderr)",
    "flood on a descriptor": "import os\nwhile True: os.write(2, b'x' * 65536)",
    "flood of a file": "with open('f', 'wb') as f:\n    while True: f.write(bytes(100_000))",
    "flood of files": "n = 0\nwhile True:\n    open(f'f{n}', 'w').close()\n    n += 1",
    "big string": "x = 'x' * 10 ** 11",
    "growing list": "x = []\nwhile True: x.append('x' * 10000)",
    "recursion": "def again(): return again()\nagain()",
    "recursion in C": "import sys\nsys.setrecursionlimit(10 ** 9)\n"
    "class A:\n    def __repr__(self): return repr(self)\nrepr(A())",
    "thread that goes on": "import threading\ndef on():\n    while True: pass\nthreading.Thread(target=on).start()",
    "thread that sleeps on": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,)).start()",
    "daemon left": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "low thread left": "import _thread, time\n_thread.start_new_thread(time.sleep, (60,))",
    "closed descriptors": "import os\nfor fd in range(100):\n    try: os.close(fd)\n    except OSError: pass",
    "JSON into the descriptors": "import os\nfor fd in range(3, 64):\n"
    "    try: os.write(fd, b'{\"kind\": \"none\", \"result\": \"1\"}')\n    except OSError: pass",
    "flood into the descriptors": "import os\nwhile True:\n    for fd in range(3, 64):\n"
    "        try: os.write(fd, bytes(65536))\n        except OSError: pass",
    "forged frame": "import gc, os\njob = next(o for o in gc.get_objects() if type(o).__name__ == 'Job')\n"
    "payload = b'{\"kind\": \"unavailable\", \"error\": \"x\"}'\n"
    "os.write(3, bytes.fromhex(job.token) + len(payload).to_bytes(4, 'big') + payload)\nos._exit(0)",
    "forged result": "import __main__, os\n__main__.__dict__.clear()",
    "patched builtins": "import builtins\nbuiltins.len = builtins.isinstance = builtins.open = lambda *a, **k: 1 / 0",
    "patched type": "import builtins\nbuiltins.type = builtins.list = builtins.hasattr = None",
    "trace that raises": "import sys\ndef trace(*a): raise ValueError('traced')\nsys.settrace(trace)\n"
    "(lambda: 0)()",
    "kill the parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    "fork": "import os\nos.fork()",
    "deep result": "x = 0\nfor _ in range(90): x = [x]\nraise TypeError(x)",
    "endless text of an error": "class E(Exception):\n    def __str__(self):\n        while True: pass\nraise E",
}  # fmt: skip
"""Lines after which a program has failed."""

HARMLESS = {
    "patched print of its own": "def print_(x): pass",
    "patched json": "import json\njson.dumps = json.loads = None",
    "patched exits": "import os, sys\nos._exit = sys.exit = os.write = None",
    "patched sleep and threads": "import threading, time\ntime.sleep = threading.active_count = lambda *a: 9",
    "closed standard error": "import os\nos.close(2)",
    "deep recursion limit": "import sys\nsys.setrecursionlimit(10 ** 6)",
    "registered at exit": "import atexit\natexit.register(lambda: 1 / 0)",
    "thread that ends": "import threading\nthreading.Thread(target=len, args=('',)).start()",
    "signals ignored": "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)",
}
"""Lines that a right program may hold."""

GOOD = {CALLED: "def double(n):\n    return 2 * n", PRINTED: "print(2 * int(input()))"}
BAD = {CALLED: "def double(n):\n    return n", PRINTED: "print(input())"}


def program(prompt: str, lines: str, place: str) -> str:
    """A program that is right but for the lines: before or after its work, or in the second example only."""
    if prompt == CALLED:
        within = textwrap.indent(lines, "        ")
        condition = {"before": "True", "later": "n == 5"}.get(place)
        body = (
            f"    if {condition}:\n{within}\n    return 2 * n"
            if condition
            else (f"    try:\n        return 2 * n\n    finally:\n{within}")
        )
        return f"def double(n):\n{body}\n"
    within = textwrap.indent(lines, "    ")
    condition = "n == 5" if place == "later" else "True"
    parts = [f"if {condition}:\n{within}", "print(2 * n, flush=True)"]
    return "n = int(input())\n" + "\n".join(parts if place != "after" else parts[::-1]) + "\n"


PLACES = pytest.mark.parametrize(
    ("prompt", "place"),
    [
        pytest.param(CALLED, "before", id="called, before"),
        pytest.param(CALLED, "later", id="called, later"),
        pytest.param(PRINTED, "after", id="printed, after"),
        pytest.param(PRINTED, "later", id="printed, later"),
    ],
)


def fenced(code: str) -> str:
    return f"```python\n{code}\n```"


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(example_runs, "TOGETHER_S", 0.2)
    monkeypatch.setattr(example_runs, "SETTLED_S", 0.3)
    monkeypatch.setattr(example_runs, "LIMIT_S", 0.4)


@PLACES
@pytest.mark.parametrize("name", BREAKERS)
async def test_what_breaks_has_failed(name: str, prompt: str, place: str, sandbox: Sandbox) -> None:
    breaker = fenced(program(prompt, BREAKERS[name], place))
    good, bad = fenced(GOOD[prompt]), fenced(BAD[prompt])
    result = await code_examples(prompt, {"A": breaker, "B": good}, sandbox)
    assert result.winner == "B", result.to_json()
    result = await code_examples(prompt, {"A": bad, "B": breaker}, sandbox)
    assert (result.winner, result.of("A").certain, result.of("B").certain) == (None, True, True)


@PLACES
@pytest.mark.parametrize("name", HARMLESS)
async def test_what_does_no_harm_passes(name: str, prompt: str, place: str, sandbox: Sandbox) -> None:
    harmless = fenced(program(prompt, HARMLESS[name], place))
    result = await code_examples(prompt, {"A": harmless, "B": fenced(BAD[prompt])}, sandbox)
    assert result.winner == "A", result.to_json()


async def test_neighbours_of_breakers_lose_nothing(sandbox: Sandbox) -> None:
    """All at once: each right program passes, and none of the others."""
    responses: dict[str, str] = {}
    for number, (name, lines) in enumerate(BREAKERS.items()):
        responses[name] = fenced(program(PRINTED, lines, "before"))
        responses[f"good {number}"] = fenced(GOOD[PRINTED] + f"  # {number}")
    result = await code_examples(PRINTED, responses, sandbox)
    assert {finding.label for finding in result.responses if finding.matched} == {
        label for label in responses if label.startswith("good")
    }
    assert all(finding.certain for finding in result.responses)


async def test_a_response_that_is_too_long_has_failed(sandbox: Sandbox) -> None:
    long = fenced(GOOD[PRINTED] + "\n" + "# x\n" * 60_000)
    result = await code_examples(PRINTED, {"A": long, "B": fenced(GOOD[PRINTED])}, sandbox)
    assert result.winner == "B"


async def test_a_program_near_the_limit_is_left_open(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example_runs, "LIMIT_S", 1.5)
    near = "import time\ntime.sleep(0.9)\n" + GOOD[PRINTED]
    result = await code_examples(PRINTED, {"A": fenced(near), "B": fenced(BAD[PRINTED])}, sandbox)
    assert (result.winner, result.of("A").certain) == (None, False)
    assert "takes between" in result.of("A").why
    wrong = "import time\ntime.sleep(0.9)\n" + BAD[PRINTED]
    result = await code_examples(PRINTED, {"A": fenced(wrong), "B": fenced(GOOD[PRINTED])}, sandbox)
    assert result.winner == "B"
