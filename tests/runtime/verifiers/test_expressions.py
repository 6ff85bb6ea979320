"""The worker that compares expressions: shared, bounded, replaced."""

import os
import resource
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from skillrt.verifiers.answers.equal import equal, settle
from skillrt.verifiers.references import expressions
from skillrt.verifiers.references.expressions import TooCostlyError


def test_the_same_pair_asked_at_once_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []
    send = expressions._Worker._send

    def counted(process: subprocess.Popen[bytes], question: str) -> None:
        sent.append(question)
        send(process, question)

    monkeypatch.setattr(expressions._Worker, "_send", staticmethod(counted))
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: equal("q+q", "2q"), range(4)))
    assert found == [True] * 4
    assert len(sent) == 1


def _cpu_s() -> float:
    """Processor time of the worker so far."""
    process = expressions._WORKER._process
    assert process is not None
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


HOSTILE = [
    "9^{9^{9^9}}",
    "9^{9^{9^{9^{9^9}}}}",
    "2^{2^{2^{2^{2^{2^2}}}}}",
    "(((9!)!)!)!",
    "1e999999999",
    "10^{10^{100}}",
    "\\exp(\\exp(\\exp(\\exp(9))))",
    "\\sin(9^{9^{9}})",
    "\\binom{10^{9}}{5\\cdot 10^{8}}",
    "\\sqrt{2}^{9^{9^{9}}}",
    "x^{9^{9^{9}}}",
    "(" * 200 + "1" + ")" * 200,
    "\\sqrt" * 150 + "{2}",
    "9" * 500 + "^{" + "9" * 50 + "}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_too_large_ends_unsettled_after_little_processor_time(text: str) -> None:
    assert equal("x+x", "2x") is True
    before = _cpu_s(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
    assert equal(text, "7") is None
    assert equal("7", text) is None
    assert _cpu_s() - before[0] < 0.4
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before[1] < 0.4
    assert equal("x+x+x", "3x") is True


def test_the_side_that_cannot_be_evaluated_is_named() -> None:
    with pytest.raises(TooCostlyError) as answer:
        settle("9^{9^{9^9}}", "7")
    with pytest.raises(TooCostlyError) as reference:
        settle("7", "9^{9^{9^9}}")
    assert (answer.value.side, reference.value.side) == ("left", "right")


def test_an_endless_comparison_is_stopped_by_processor_time() -> None:
    # The engine of another library, which has no bound of its own.
    assert equal("\\sum_{k=1}^{10^{9}} \\frac{1}{k^{k}}", "\\prod_{k=1}^{10^{9}} \\frac{k}{k+1}") is None
    assert equal("y+x+y", "2y+x") is True


def test_a_killed_worker_is_replaced() -> None:
    assert equal("y+y", "2y") is True
    process = expressions._WORKER._process
    assert process is not None
    process.kill()
    process.wait()
    assert equal("y+y+y", "3y") is True


def test_it_works_outside_the_main_thread() -> None:
    verdicts: list[bool | None] = []
    threads = [
        threading.Thread(target=lambda n=n: verdicts.append(equal(f"z+{n}z", f"{n + 1}z")))
        for n in range(2, 6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == [True] * 4


def test_a_forks_child_leaves_the_parents_worker_alone() -> None:
    assert equal("a+a", "2a") is True
    process = expressions._WORKER._process
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, b"none" if expressions._WORKER._process is None else b"kept")
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reader, 4) == b"none"
    os.close(reader)
    os.close(writer)
    assert expressions._WORKER._process is process
    assert equal("b+b", "2b") is True
