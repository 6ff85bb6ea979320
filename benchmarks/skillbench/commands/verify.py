"""How far deterministic verifiers alone decide a benchmark: ``skillbench verify SUITE --data FILE``.

A verifier is handed a view of a row without its label: the responses stand under A, B and so on in an
order that a digest of the row draws. Which of them is better is kept here and looked at afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from skillbench.errors import BenchError
from skillbench.suites import SUITES, open_suite
from skillbench.suites.base import Suite
from skillbench.suites.offers import Verifiable
from skillrt.sandbox import Sandbox, SandboxUnavailable, open_sandbox
from skillrt.verifiers import WinnerResult, code_examples, reference_match
from skillrt.verifiers.results import short

__all__ = [
    "GroupTally",
    "RowOutcome",
    "RowView",
    "VerifyReport",
    "add_arguments",
    "run_command",
    "verify_suite",
]

_TASKS_AT_ONCE = 16

Verdict = Literal["right", "wrong", "inconclusive"]


@dataclass(frozen=True, slots=True)
class RowView:
    """All that a verifier gets of a row. ``reference`` is None where the data has none that may be used."""

    prompt: str
    responses: Mapping[str, str]
    reference: str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """One row, verified and then compared with its label."""

    ident: str
    group: str
    better: str
    verdict: Verdict
    result: WinnerResult
    known_contradiction: bool


@dataclass(frozen=True, slots=True)
class GroupTally:
    """Counts of one group of rows."""

    name: str
    right: int
    wrong: int
    inconclusive: int

    @property
    def pairs(self) -> int:
        """All rows of the group."""
        return self.right + self.wrong + self.inconclusive

    @property
    def decided(self) -> int:
        """Rows with a conclusive verdict."""
        return self.right + self.wrong


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """All outcomes, in the order of the rows; ``groups`` is the order of the table."""

    outcomes: tuple[RowOutcome, ...]
    groups: tuple[str, ...] = ()

    def tallies(self) -> list[GroupTally]:
        """Return the benchmark's groups that occur, other groups by name, and ``all``."""
        present = {outcome.group for outcome in self.outcomes}
        names = [name for name in self.groups if name in present] + sorted(present.difference(self.groups))
        return [*(self._tally(name, {name}) for name in names), self._tally("all", present)]

    def _tally(self, name: str, groups: set[str]) -> GroupTally:
        verdicts = [outcome.verdict for outcome in self.outcomes if outcome.group in groups]
        return GroupTally(
            name, verdicts.count("right"), verdicts.count("wrong"), verdicts.count("inconclusive")
        )

    def wrong(self) -> list[RowOutcome]:
        """Return the rows in which the verifier decided against the label."""
        return [outcome for outcome in self.outcomes if outcome.verdict == "wrong"]

    def to_json(self) -> dict[str, object]:
        """Return the report as plain JSON, with the evidence of every row."""
        return {
            "groups": [
                {
                    "group": tally.name,
                    "pairs": tally.pairs,
                    "decided": tally.decided,
                    "right": tally.right,
                    "wrong": tally.wrong,
                    "inconclusive": tally.inconclusive,
                }
                for tally in self.tallies()
            ],
            "pairs": [
                {
                    "id": outcome.ident,
                    "group": outcome.group,
                    "better": outcome.better,
                    "verdict": outcome.verdict,
                    "known_contradiction": outcome.known_contradiction,
                    "evidence": outcome.result.to_json(),
                }
                for outcome in self.outcomes
            ],
        }

    def text(self) -> str:
        """Return the report for a reader.

        It is a table, then each wrong row with the answers that were extracted.
        """
        lines = [f"{'group':22}{'pairs':>7}{'decided':>9}{'right':>7}{'wrong':>7}{'inconclusive':>14}"]
        for tally in self.tallies():
            counts = f"{tally.pairs:7}{tally.decided:9}{tally.right:7}{tally.wrong:7}{tally.inconclusive:14}"
            lines.append(f"{tally.name:22}{counts}")
        total = self.tallies()[-1]
        share = f"{total.decided} of {total.pairs} decided ({_percent(total.decided, total.pairs)})"
        lines += ["", f"{share}, {total.right} of them right ({_percent(total.right, total.decided)})"]
        wrong = self.wrong()
        if wrong:
            known = sum(outcome.known_contradiction for outcome in wrong)
            lines += ["", f"Decided against the label: {len(wrong)}, of which {known} are rows whose"]
            lines += ["reference is known to contradict the label (marked *)."]
        lines += [_wrong_line(outcome) for outcome in wrong]
        return "\n".join(lines)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "none"


def _wrong_line(outcome: RowOutcome) -> str:
    """One wrong row: the label's choice, and what was read from each response."""
    findings = ", ".join(
        f"{finding.label}: {'nothing' if finding.answer is None else short(finding.answer, 60)} "
        f"({short(finding.why, 70)})"
        for finding in outcome.result.responses
    )
    mark = "*" if outcome.known_contradiction else " "
    return f"{mark} {outcome.ident} {outcome.group}: label {outcome.better}; {findings}"


async def verify_suite(suite: Suite, *, seed: int = 0, sandbox: Sandbox | None = None) -> VerifyReport:
    """Verify every row that has something to verify it by, and compare the verdicts with the labels.

    Rows with a usable reference go to ``reference_match``, programs without one to ``code_examples``, which
    tries them on the examples in their prompt.

    Args:
        suite: tells what its rows can be verified by.
        seed: places the responses under their labels.
        sandbox: runs programs; opened here where None is given and some row needs one.

    Raises:
        BenchError: the data cannot be used, or has nothing to verify by.
        SandboxUnavailable: programs cannot be isolated here.
    """
    rows = list(suite.verifiable())
    if not any(row.reference is not None or row.programs for row in rows):
        raise BenchError(
            f"no row of {suite.name} has a reference, or programs to try: verifiers have nothing to go by"
        )
    views = [_placed(row, seed) for row in rows]
    gate = asyncio.Semaphore(_TASKS_AT_ONCE)

    async def verified(row: Verifiable, view: RowView, box: Sandbox | None) -> WinnerResult:
        async with gate:
            if view.reference is None and row.programs and box is not None:
                return await code_examples(view.prompt, view.responses, box)
            return await asyncio.to_thread(reference_match, view.prompt, view.responses, view.reference or ())

    async with AsyncExitStack() as stack:
        if sandbox is None and any(row.programs and row.reference is None for row in rows):
            sandbox = await stack.enter_async_context(open_sandbox("cpython"))
        results = await asyncio.gather(
            *(verified(row, view, sandbox) for row, (view, _) in zip(rows, views, strict=True))
        )
    outcomes = [
        RowOutcome(row.ident, row.group, better, _compared(result, better), result, row.contradicted)
        for row, (_, better), result in zip(rows, views, results, strict=True)
    ]
    return VerifyReport(tuple(outcomes), tuple(suite.groups))


def _placed(row: Verifiable, seed: int) -> tuple[RowView, str]:
    """Return what the verifier gets, and the label of the better response as it stands there."""
    # Ids may repeat between files: the position tells such rows apart.
    drawn = hashlib.sha256(f"verify {seed} {row.position} {row.ident}".encode()).digest()[0]
    labels = list(row.responses)
    turn = drawn % len(labels)
    source = labels[turn:] + labels[:turn]
    shown = {label: row.responses[name] for label, name in zip(labels, source, strict=True)}
    return RowView(row.prompt, shown, row.reference), labels[source.index(row.better)]


def _compared(result: WinnerResult, better: str) -> Verdict:
    if result.winner is None:
        return "inconclusive"
    return "right" if result.winner == better else "wrong"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that ``run_command`` reads."""
    parser.add_argument("suite", choices=tuple(SUITES), help="the benchmark whose rows are given")
    parser.add_argument("--data", type=Path, nargs="+", default=[], metavar="FILE", help="data files")
    parser.add_argument("--seed", type=int, default=0, help="places the responses (default: 0)")
    parser.add_argument("--json", action="store_true", help="print every row's evidence as JSON instead")


def run_command(args: argparse.Namespace) -> int:
    """Print the report; returns the exit code.

    Raises:
        BenchError: the data cannot be used, has nothing to verify by, or programs cannot be isolated here.
    """
    suite = open_suite(args.suite, tuple(args.data))
    try:
        report = asyncio.run(verify_suite(suite, seed=args.seed))
    except SandboxUnavailable as error:
        raise BenchError(str(error)) from error
    print(json.dumps(report.to_json(), indent=1, ensure_ascii=False) if args.json else report.text())
    return 0
