"""What counts as a call's time, and whose fault an end from outside is."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from skillrt.sandbox.cpython.running import WALL_FACTOR, Running
from skillrt.sandbox.cpython.spending import MAX_SAMPLE_S, Spending

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are read as on Linux")

LIMITS = {
    "result_bytes": 100,
    "error_chars": 100,
    "stdout_chars": 100,
    "flood_bytes": 1000,
    "scratch_bytes": 1000,
}


def spent_by(code: str, seconds: float = 0.4) -> Spending:
    """Look at a process every 20 ms."""
    process = subprocess.Popen([sys.executable, "-c", f"print(flush=True)\n{code}"], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        began = time.monotonic()
        spending = Spending(began)
        spending.pid = process.pid
        spending.read_clock()
        at_first = spending.processor_s
        while time.monotonic() < began + seconds:
            time.sleep(0.02)
            spending.look(time.monotonic())
        spending.processor_s -= at_first
        return spending
    finally:
        process.kill()
        process.communicate()


def test_who_works_does_not_wait() -> None:
    spending = spent_by("while True: pass")
    assert spending.waited_s < 0.1
    assert spending.processor_s > spending.waited_s


@pytest.mark.parametrize(
    "code",
    [
        "import time\ntime.sleep(60)",
        "import threading\nfor _ in range(5): threading.Thread(target=threading.Event().wait).start()",
    ],
)
def test_who_sleeps_waits(code: str) -> None:
    spending = spent_by(code)
    assert spending.waited_s > 0.1
    assert spending.processor_s < 0.1
    assert spending.total_s == spending.processor_s + spending.waited_s


def test_a_thread_that_works_keeps_the_others_from_waiting() -> None:
    code = "import threading\nthreading.Thread(target=threading.Event().wait).start()\nwhile True: pass"
    assert spent_by(code).waited_s < 0.1


def test_a_look_that_comes_late_adds_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skillrt.sandbox.cpython.spending._sleeps", lambda thread: True)
    spending = Spending(0.0)
    spending.pid = os.getpid()
    spending.read_clock()
    spending.look(1000.0)
    assert 0 < spending.waited_s <= MAX_SAMPLE_S


def test_who_wakes_for_every_look_still_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skillrt.sandbox.cpython.spending._sleeps", lambda thread: False)
    assert spent_by("import time\ntime.sleep(60)").waited_s > 0.1


def test_without_the_kernels_word_the_threads_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skillrt.sandbox.cpython.spending._queued_s", lambda thread: None)
    assert spent_by("import time\ntime.sleep(60)").waited_s > 0.1
    assert spent_by("while True: pass").waited_s < 0.1


def test_a_process_that_is_gone_changes_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    spending = Spending(0.0)
    spending.pid, spending.processor_s = process.pid, 1.5
    spending.look(100.0)
    assert spending.total_s == 1.5


@pytest.fixture
def under_way(tmp_path: Path) -> Iterator[Running]:
    ours, theirs = socket.socketpair()
    call = {"id": 1, "code": "", "inputs": "{}", "timeout_s": 1.0, "memory_bytes": 64 << 20}
    child = Running(call, LIMITS, str(tmp_path), ours)
    child.close_far_ends()
    yield child
    child.close()
    ours.close()
    theirs.close()


def test_a_call_that_the_machine_starves_is_not_the_codes_fault(under_way: Running) -> None:
    started = under_way.deadline - WALL_FACTOR * under_way.timeout_s
    assert not under_way.check(started + 0.9 * WALL_FACTOR)
    assert under_way.check(started + 1.1 * WALL_FACTOR)
    outcome = under_way.outcome({})
    assert outcome["kind"] == "unavailable"
    assert "too busy" in outcome["error"]


def test_a_late_call_that_did_not_stand_in_line_has_hidden_its_waiting(
    under_way: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Spending, "look", lambda self, now: None)
    for queued, kind in ((1.0, "timeout"), (29.0, "unavailable"), (None, "unavailable")):
        monkeypatch.setattr(Spending, "stood_in_line", lambda self, queued=queued: queued)
        under_way._stopped = None
        assert under_way.check(under_way.deadline + 0.1)
        assert under_way.outcome({})["kind"] == kind


@pytest.mark.parametrize(
    ("number", "processor_s", "peak_mb", "kind"),
    [
        (signal.SIGKILL, 0.1, 10, "unavailable"),
        (signal.SIGKILL, 0.1, 40, "memory"),
        (signal.SIGKILL, 1.2, 10, "timeout"),
        (signal.SIGXCPU, 1.2, 10, "timeout"),
        (signal.SIGXCPU, 0.1, 10, "crashed"),
        (signal.SIGSEGV, 0.1, 10, "crashed"),
        (signal.SIGABRT, 2.0, 60, "crashed"),
        (50, 0.1, 10, "crashed"),
    ],
)
def test_what_a_signal_says(
    under_way: Running, number: int, processor_s: float, peak_mb: int, kind: str
) -> None:
    ended = {"status": int(number), "processor_s": processor_s, "peak_bytes": peak_mb << 20}
    assert under_way.outcome(ended)["kind"] == kind
