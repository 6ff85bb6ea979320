"""Expressions: equal in value, and safe against hostile ones."""

import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from skillrt.verifiers import expressions
from skillrt.verifiers.expressions import same_expression


@pytest.mark.parametrize(
    ("answer", "reference", "equal"),
    [
        ("\\frac{1}{x + \\frac{1}{2}}", "\\frac{2}{2x+1}", True),
        (
            "12(x+\\frac{1}{12})^2 + \\frac{32}{3}",
            "12\\left(x + \\frac{1}{12}\\right)^2 + \\frac{131}{12}",
            False,
        ),
        ("5(x-\\frac45)^2 - 19.2", "5(x-0.8)^2-\\frac{96}{5}", True),
        ("e^{\\sqrt{4x+2}}", "e^\\sqrt{4x + 2}", True),
        ("$\\lambda^2 - 1$.", "(\\lambda-1)(\\lambda+1)", True),
        ("8\\sin(7-8x)", "-8\\sin(7-8x)", False),
        ("f'(x) = 2x", "2x", True),
        ("\\text{undefined}", "4i\\sqrt{5}", False),
        ("", "x", False),
        ("x", "", False),
        ("x" * 5000, "x", False),
        ("}{", "x", False),
        ("\ud800", "x", False),
        ("\x00", "x", False),
    ],
)
def test_value_decides(answer: str, reference: str, equal: bool) -> None:
    assert same_expression("", answer, reference) is equal


@pytest.mark.parametrize(
    ("answer", "reference", "equal"),
    [
        # Equal where the first variable is 113/97, where values are compared first, and nowhere else.
        ("x^2", "\\frac{113}{97}x", False),
        ("x + 10^{-9}", "x", False),
        ("2\\sin x\\cos x", "\\sin(2x)", True),
        ("\\ln(x-5) + \\ln 2", "\\ln(2x-10)", True),
        ("\\int_0^1 x t\\,dt", "\\frac{x}{2}", True),
        ("x^{9^{9}} + x", "x", False),
        ("(y+x)(y-x)", "y^2-x^2", True),
        ("(x+y)(x-y)", "y^2-x^2", False),
    ],
)
def test_a_difference_in_value_is_a_difference_and_equal_values_are_not_enough(
    answer: str, reference: str, equal: bool
) -> None:
    assert same_expression("", answer, reference) is equal


def test_the_same_pair_asked_at_once_is_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []
    send = expressions._Worker._send

    def counted(process: subprocess.Popen[bytes], message: dict[str, str]) -> None:
        sent.append(message)
        send(process, message)

    monkeypatch.setattr(expressions._Worker, "_send", staticmethod(counted))
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: same_expression("", "q+q", "2q"), range(4)))
    assert found == [True] * 4
    assert len(sent) == 1


def test_an_indefinite_integral_may_differ_by_a_constant() -> None:
    prompt = "Find an indefinite integral of the function."
    assert same_expression(prompt, "x^2", "x^2 + C") is True
    assert same_expression(prompt, "x^2 + K", "x^2+C") is True
    assert same_expression("Compute it.", "x^2", "x^2 + C") is False


def test_a_reference_that_cannot_be_read_leaves_it_open() -> None:
    assert same_expression("", "x", "\\undefinedcommand[") is None
    assert same_expression("", "\\undefinedcommand[", "\\undefinedcommand[") is True


def test_a_hostile_power_ends_undecided_and_the_next_comparison_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(expressions, "COMPARE_S", 1.5)
    assert same_expression("", "9^{9^{9^9}}", "7") is None
    monkeypatch.undo()
    assert same_expression("", "x+x+x", "3x") is True


def test_a_killed_worker_is_replaced() -> None:
    assert same_expression("", "y+y", "2y") is True
    process = expressions._WORKER._process
    assert process is not None
    process.kill()
    process.wait()
    assert same_expression("", "y+y+y", "3y") is True


def test_it_works_outside_the_main_thread() -> None:
    verdicts: list[bool | None] = []
    threads = [
        threading.Thread(target=lambda n=n: verdicts.append(same_expression("", f"z+{n}z", f"{n + 1}z")))
        for n in range(2, 6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == [True] * 4


def test_a_forks_child_leaves_the_parents_worker_alone() -> None:
    assert same_expression("", "a+a", "2a") is True
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
    assert same_expression("", "b+b", "2b") is True
