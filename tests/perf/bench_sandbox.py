"""What a call costs in each sandbox, alone and beside attackers, and what 1,000 hostile calls leave behind.

    python tests/perf/bench_sandbox.py [--hostile N]

Prints the median of 200 calls after warm-up, through `open_sandbox`; then how long an honest call every 10 ms
takes, alone and beside four attackers at a time; and then processes, files, descriptors and memory before and
after N hostile or endless calls (1,000 unless told).
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from skillrt.sandbox import Backend, Sandbox, SandboxLimits, SandboxUnavailable, open_sandbox

WARM_UP, CALLS = 20, 200
ATTACKERS, SECONDS = 4, 8.0
TEXT = "The quick brown fox jumps over the lazy dog. " * 40

CODES = {
    "result = len(response.split())": "plain code",
    "result = keyword_count(response, 'fox')": "a helper from source",
    "result = word_count(response)": "a hosted helper",
}

GOALS_MS: dict[Backend, float] = {"monty": 2.0, "cpython": 10.0}

HOSTILE = [
    "while True: pass",
    "import time\ntime.sleep(60)",
    "x = []\nwhile True: x.append('x' * 10000)",
    "while True: print('x' * 1000)",
    "x = 'a' * 10**10",
    "def f(): return f()\nf()",
    "result = 10 ** 10 ** 9",
    "open('/etc/passwd').read()",
]
HOSTILE_CPYTHON = [
    "import os\nwhile True:\n    try: os.fork()\n    except OSError: break\nos._exit(9)",
    "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,)).start()",
    "n = 0\nwhile True:\n    open(str(n), 'w').write('x' * 5000)\n    n += 1",
    "import os\nwhile True:\n    os.mkdir('d')\n    os.chdir('d')",
    "import os\nfor fd in range(100):\n    try: os.close(fd)\n    except OSError: pass\nwhile True: pass",
    "import ctypes\nctypes.string_at(0)",
    "import os\nwhile True: os.write(3, b'x' * 1000)",
    "import os\nos.kill(os.getppid(), 9)",
]


def below(pid: int) -> set[int]:
    """Processes below pid."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found, waiting = set[int](), [pid]
    while waiting:
        parent = waiting.pop()
        children = [child for child, above in parents.items() if above == parent]
        found.update(children)
        waiting += children
    return found


def memory_mb(pids: set[int]) -> float:
    """Resident memory of the processes together."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def time_calls(backend: Backend) -> None:
    """Print the cost of a call for each kind of code, and the rate at 64 calls at once."""
    async with open_sandbox(backend) as sandbox:
        for code, what in CODES.items():
            times = []
            for number in range(WARM_UP + CALLS):
                began = time.perf_counter()
                outcome = await sandbox.run(code, {"response": TEXT}, timeout_s=5, memory_mb=64)
                if not outcome.ok:
                    raise SystemExit(f"{backend}: {outcome.error}")
                if number >= WARM_UP:
                    times.append((time.perf_counter() - began) * 1e3)
            median, worst = statistics.median(times), statistics.quantiles(times, n=20)[-1]
            goal = GOALS_MS[backend]
            verdict = "met" if median < goal else "missed"
            print(f"{backend:8s} {what:22s} median {median:6.2f} ms  p95 {worst:6.2f} ms", end="  ")
            print(f"goal {goal:g} ms: {verdict}")
        code = next(iter(CODES))
        began = time.perf_counter()
        await asyncio.gather(
            *(sandbox.run(code, {"response": TEXT}, timeout_s=30, memory_mb=64) for _ in range(400))
        )
        print(f"{backend:8s} 400 calls at once: {400 / (time.perf_counter() - began):.0f} calls/s")


def descriptors() -> int:
    """Open descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


def files(folder: Path) -> int:
    """Files and folders two levels and more below the folder: what is in the folders that it holds."""
    return sum(1 for _ in folder.glob("*/**/*"))


async def hostile_calls(backend: Backend, count: int, folder: Path) -> None:
    """Print what is left after hostile calls."""
    codes = HOSTILE + (HOSTILE_CPYTHON if backend == "cpython" else [])
    limits = SandboxLimits(flood_bytes=100_000, scratch_bytes=100_000)
    start, own = below(os.getpid()), {os.getpid()}
    async with open_sandbox(backend, limits) as sandbox:
        await run_codes(sandbox, codes * 2)
        before = below(os.getpid())
        was = (len(before), descriptors(), files(folder), memory_mb(before - start), memory_mb(own))
        began = time.perf_counter()
        await run_codes(sandbox, [codes[number % len(codes)] for number in range(count)])
        took = time.perf_counter() - began
        await asyncio.sleep(0.5)
        after = below(os.getpid())
        now = (len(after), descriptors(), files(folder), memory_mb(after - start), memory_mb(own))
    await asyncio.sleep(0.5)
    print(f"{backend:8s} {count} hostile calls in {took:.0f} s, before -> after:")
    names = ("processes", "descriptors", "files", "MB of its processes", "MB of this process")
    print(
        "        ",
        ", ".join(f"{name} {a:.4g} -> {b:.4g}" for name, a, b in zip(names, was, now, strict=True)),
    )
    left, kept = len(below(os.getpid()) - start), files(folder.parent)
    print(f"         when closed: processes {left}, files {kept}")


async def honest_calls(sandbox: Sandbox, seconds: float) -> tuple[list[float], int]:
    """Milliseconds of honest calls, one every 10 ms, and how many of them were judged wrong."""
    times, wrong = [], 0
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        began = time.perf_counter()
        outcome = await sandbox.run("result = sum(range(n))", {"n": 100}, timeout_s=5, memory_mb=64)
        times.append((time.perf_counter() - began) * 1e3)
        wrong += outcome.result != 4950
        await asyncio.sleep(0.01)
    return times, wrong


async def beside_attackers(backend: Backend, seconds: float) -> None:
    """Print the time of honest calls, alone and while four attackers are always at work."""
    codes = HOSTILE + (HOSTILE_CPYTHON if backend == "cpython" else [])
    limits = SandboxLimits(processes=5, flood_bytes=100_000, scratch_bytes=100_000)

    async def attack(sandbox: Sandbox, first: int) -> None:
        for code in itertools.islice(itertools.cycle(codes), first, None):
            await sandbox.run(code, {}, timeout_s=0.5, memory_mb=48)

    async with open_sandbox(backend, limits) as sandbox:
        await honest_calls(sandbox, 0.5)
        quiet, wrong_quiet = await honest_calls(sandbox, seconds)
        attackers = [asyncio.create_task(attack(sandbox, number * 4)) for number in range(ATTACKERS)]
        beside, wrong = await honest_calls(sandbox, seconds)
        for task in attackers:
            task.cancel()
        await asyncio.wait(attackers)
    before, after = (statistics.quantiles(times, n=100) for times in (quiet, beside))
    print(f"{backend:8s} honest call p50 {before[49]:.2f} -> {after[49]:.2f} ms", end=", ")
    print(f"p99 {before[98]:.2f} -> {after[98]:.2f} ms ({after[98] / before[98]:.1f}x)", end=", ")
    print(f"misjudged {wrong_quiet} of {len(quiet)} -> {wrong} of {len(beside)}")


async def run_codes(sandbox: Sandbox, codes: list[str]) -> None:
    """Run all codes, eight at a time; none may end well."""
    for first in range(0, len(codes), 8):
        outcomes = await asyncio.gather(
            *(sandbox.run(code, {}, timeout_s=0.15, memory_mb=48) for code in codes[first : first + 8])
        )
        for outcome in outcomes:
            if outcome.ok or outcome.error_kind == "unavailable":
                raise SystemExit(f"a hostile call ended with {outcome}")


def main() -> int:
    """Run everything; 0 when it ran."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--hostile", type=int, default=1000, metavar="N", help="hostile calls (0 for none)")
    arguments = parser.parse_args()
    backends: tuple[Backend, ...] = ("monty", "cpython")
    for backend in backends:
        try:
            asyncio.run(time_calls(backend))
        except SandboxUnavailable as error:
            print(f"{backend:8s} not available: {error}")
            continue
        asyncio.run(beside_attackers(backend, SECONDS))
        if arguments.hostile > 0:
            with tempfile.TemporaryDirectory() as parent:
                tempfile.tempdir = f"{parent}/own"
                Path(tempfile.tempdir).mkdir()
                asyncio.run(hostile_calls(backend, arguments.hostile, Path(tempfile.tempdir)))
                tempfile.tempdir = None
    return 0


if __name__ == "__main__":
    sys.exit(main())
