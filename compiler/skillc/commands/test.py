"""``skillc test``: the test blocks, run without a model."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from skillc.diagnostics import Diagnostic, Report
from skillc.program import Checked, compile_project
from skillc.render import plain, render
from skillc.source import Span
from skillc.tree import TestDecl

if TYPE_CHECKING:
    from skillc.commands.scripted import LazySandbox, Seen
    from skillspec.artifacts import ArtifactStore

__all__ = ["Outcome", "run_tests", "say_outcomes", "select_tests"]

Status = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test ended: its failures, or why it was skipped."""

    test: TestDecl
    status: Status
    failures: tuple[Diagnostic, ...] = ()
    reason: str = ""

    @property
    def path(self) -> str:
        """The file of the test, relative to the root."""
        return self.test.span.file.path


def select_tests(checked: Checked, name: str | None = None) -> list[TestDecl]:
    """Return the tests of the files that were asked for, in their order.

    Args:
        checked: a project without errors.
        name: keeps the tests whose name, or whose skill's or task's name, contains this; all when None.
    """
    modules = [checked.project.modules[path] for path in checked.project.entries]
    tests = [test for module in modules for test in module.tests]
    if name is None:
        return tests
    wanted = name.casefold()
    return [test for test in tests if any(wanted in word.casefold() for word in _words(test))]


def _words(test: TestDecl) -> list[str]:
    return [test.name.text, *(word.text for word in test.run or ())]


def run_tests(checked: Checked, tests: Sequence[TestDecl]) -> list[Outcome]:
    """Run tests of a project without errors; nothing is written to a disk."""
    import asyncio

    from skillspec.artifacts import ArtifactStore

    return asyncio.run(_run_all(ArtifactStore(files=compile_project(checked)), tests))


async def _run_all(store: ArtifactStore, tests: Sequence[TestDecl]) -> list[Outcome]:
    from skillc.commands.scripted import LazySandbox

    async with AsyncExitStack() as stack:
        python, checkers = LazySandbox("monty", stack), LazySandbox("cpython", stack)
        return [await _run_one(test, store, python, checkers) for test in tests]


async def _run_one(
    test: TestDecl, store: ArtifactStore, python: LazySandbox, checkers: LazySandbox
) -> Outcome:
    from skillc.commands.scripted import run_test

    seen = await run_test(test, store, python, checkers)
    if seen.skip is not None:
        return Outcome(test, "skipped", reason=seen.skip)
    report = Report()
    _judge(test, seen, report)
    for expected in test.expectations:
        if expected.kind == "same" and not seen.exhausted:
            again = await run_test(test, store, python, checkers)
            if again.fingerprint() != seen.fingerprint():
                _miss(report, expected.span, "the same twice", _difference(seen, again), test)
    failures = tuple(report.diagnostics)
    return Outcome(test, "failed" if failures else "passed", failures)


def _judge(test: TestDecl, seen: Seen, report: Report) -> None:
    """Report what the script missed and each expectation that does not hold."""
    from skillc.commands.expectations import check_expectation

    if seen.problem is not None:
        span = test.sample.span if test.sample is not None else test.span
        _miss(report, span, "a sample that can be judged", seen.problem, test)
        return
    if seen.exhausted:
        span = test.turns[-1].span if test.turns else test.span
        wanted = f"turn {len(test.turns) + 1} of the judge"
        told = next((sent.text for sent in reversed(seen.sent) if sent.role in ("tool", "user")), "")
        last = " ".join(told.split())[-120:]
        report.error(
            "SK811",
            span,
            f"the script ran out of turns: the runtime asks for {wanted}",
            f'in test "{test.name.text}"; it was last sent: ...{last}',
        )
        return
    for turn in seen.unused[:1]:
        used = len(test.turns) - len(seen.unused)
        report.error(
            "SK811",
            turn.span,
            f"the judgment ended after {used} of {len(test.turns)} turns: this one was not asked for",
            f'in test "{test.name.text}"; take it out, or see why the judgment ends before it',
        )
    for expected in test.expectations:
        miss = check_expectation(expected, seen) if expected.kind != "same" else None
        if miss is not None:
            _miss(report, expected.span, miss.expected, miss.seen, test)


def _miss(report: Report, span: Span, expected: str, seen: str, test: TestDecl) -> None:
    report.error("SK810", span, f"expected {expected}; seen: {seen}", f'in test "{test.name.text}"')


def _difference(first: Seen, second: Seen) -> str:
    names = ("the verdict", "what was sent", "the number of requests", "the sample's problem")
    pairs = zip(names, first.fingerprint(), second.fingerprint(), strict=True)
    return (
        ", ".join(name for name, before, after in pairs if before != after) + " differs when it is run again"
    )


# ----------------------------------------------------------------------------------------- the report


def say_outcomes(outcomes: Sequence[Outcome], format: str, prefix: str) -> None:
    """Print the outcomes.

    Args:
        outcomes: of the tests, in their order.
        format: ``text``, ``json`` (every test with its failures) or ``github``.
        prefix: put before every path.
    """
    if format == "json":
        print(json.dumps([_plain(item, prefix) for item in outcomes], ensure_ascii=False, indent=1))
        return
    failures = [failure for item in outcomes for failure in item.failures]
    sys.stdout.write(render(failures, format, prefix))
    if format != "text":
        return
    for item in outcomes:
        if item.status == "skipped":
            print(f'skipped: {prefix}{item.path}: "{item.test.name.text}": {item.reason}')
    for path in dict.fromkeys(item.path for item in outcomes):
        print(f"{prefix}{path}: {_counts([item for item in outcomes if item.path == path])}")
    print(f"total: {_counts(outcomes)}")


def _counts(outcomes: Sequence[Outcome]) -> str:
    order: tuple[Status, ...] = ("failed", "skipped", "passed")
    numbers = [(sum(item.status == status for item in outcomes), status) for status in order]
    return ", ".join(f"{number} {status}" for number, status in numbers if number)


def _plain(item: Outcome, prefix: str) -> dict[str, object]:
    line, column = item.test.span.file.position(item.test.span.start)
    run = [name.text for name in item.test.run or ()]
    return {
        "test": item.test.name.text,
        "file": prefix + item.path,
        "line": line,
        "column": column,
        "run": dict(zip(("skill", "task", "setting", "delivery"), run, strict=False)),
        "status": item.status,
        "reason": item.reason,
        "failures": [plain(failure, prefix) for failure in item.failures],
    }
