"""How far deterministic verifiers alone decide a benchmark: `skillbench verify judgebench --data FILE`.

A verifier is handed a view of a pair without label, `chosen` and `rejected`: the responses stand under A
and B by a seeded bit of the row's id. Which of them is better is kept here and looked at afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from skillbench.errors import BenchError
from skillbench.suites.judgebench.suite import GROUPS, group_of, read_pair
from skillbench.suites.pairs import flip
from skillbench.suites.rows import read_rows
from skillrt.sandbox import Sandbox, SandboxUnavailable, open_sandbox
from skillrt.verifiers import WinnerResult, code_examples, reference_match
from skillrt.verifiers.results import short

__all__ = [
    "KNOWN_CONTRADICTIONS",
    "GroupTally",
    "PairOutcome",
    "PairView",
    "VerifyReport",
    "add_arguments",
    "run_command",
    "verify_judgebench",
]

KNOWN_CONTRADICTIONS: Final = frozenset(
    {
        "07019bab-fc3e-5c91-ac9c-36869cfe79b0",
        "52dc37ec-fb24-59d8-9390-53185cb0c6d1",
        "6efc8c4d-df53-5758-b3b1-988604fa35af",
        "a4eff39a-4f2e-5cee-a6de-b8e74625269f",
        "adec78c1-2733-577d-bbb9-fa5ba72cd85f",
        "c4da31be-6fe6-5c9a-bdf8-2dfd8f2884ef",
        "c67cf264-33f9-5730-aeea-a7364756a96b",
        "df1964d5-629f-5b4a-bcd5-79137e8f3bc5",
    }
)
"""Pairs whose `ground_truth` contradicts the official label. Read by hand: the response that the label calls
worse gives the reference's answer in the demanded form, the other one a different answer. Reported,
never used."""

Verdict = Literal["right", "wrong", "inconclusive"]


@dataclass(frozen=True, slots=True)
class PairView:
    """All that a verifier gets of a pair. `reference` is None where the data has none that may be used."""

    prompt: str
    response_a: str
    response_b: str
    reference: str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class PairOutcome:
    """One pair, verified and then compared with the label."""

    ident: str
    group: str
    better: str
    verdict: Verdict
    result: WinnerResult

    @property
    def known_contradiction(self) -> bool:
        """The row's reference is known to contradict its label."""
        return self.ident in KNOWN_CONTRADICTIONS


@dataclass(frozen=True, slots=True)
class GroupTally:
    """Counts of one group of pairs."""

    name: str
    right: int
    wrong: int
    inconclusive: int

    @property
    def pairs(self) -> int:
        """All pairs of the group."""
        return self.right + self.wrong + self.inconclusive

    @property
    def decided(self) -> int:
        """Pairs with a conclusive verdict."""
        return self.right + self.wrong


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """All outcomes, in the order of the rows."""

    outcomes: tuple[PairOutcome, ...]

    def tallies(self) -> list[GroupTally]:
        """The benchmark's groups that occur, other groups by name, and `all`."""
        present = {outcome.group for outcome in self.outcomes}
        names = [name for name in GROUPS if name in present] + sorted(present.difference(GROUPS))
        return [*(self._tally(name, {name}) for name in names), self._tally("all", present)]

    def _tally(self, name: str, groups: set[str]) -> GroupTally:
        found = [outcome.verdict for outcome in self.outcomes if outcome.group in groups]
        return GroupTally(name, found.count("right"), found.count("wrong"), found.count("inconclusive"))

    def wrong(self) -> list[PairOutcome]:
        """The pairs in which the verifier decided against the label."""
        return [outcome for outcome in self.outcomes if outcome.verdict == "wrong"]

    def to_json(self) -> dict[str, object]:
        """The report as plain JSON, with the evidence of every pair."""
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
        """The report for a reader: a table, then each wrong pair with both extracted answers."""
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
            lines += ["", f"Decided against the label: {len(wrong)}, of which {known} are pairs whose"]
            lines += ["reference is known to contradict the label (marked *)."]
        lines += [_wrong_line(outcome) for outcome in wrong]
        return "\n".join(lines)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "none"


def _wrong_line(outcome: PairOutcome) -> str:
    """One wrong pair: the label's choice, and what was read from each response."""
    found = ", ".join(
        f"{finding.label}: {'nothing' if finding.answer is None else short(finding.answer, 60)} "
        f"({short(finding.why, 70)})"
        for finding in outcome.result.responses
    )
    mark = "*" if outcome.known_contradiction else " "
    return f"{mark} {outcome.ident} {outcome.group}: label {outcome.better}; {found}"


async def verify_judgebench(
    rows_path: Path | Sequence[Path], *, seed: int = 0, sandbox: Sandbox | None = None
) -> VerifyReport:
    """Verify every pair of JudgeBench files and compare the verdicts with the labels.

    Rows with a usable reference go to `reference_match`; livecodebench rows, whose `ground_truth` describes
    the winning solution, go to `code_examples`. `seed` places the responses under A and B. Without `sandbox`
    a `cpython` sandbox is opened if some row needs it.

    Raises RowError or BenchError for unusable data, SandboxUnavailable where code cannot be isolated.
    """
    pairs = list(_views([rows_path] if isinstance(rows_path, Path) else list(rows_path), seed))
    async with AsyncExitStack() as stack:
        if sandbox is None and any(view.reference is None for _, _, _, view in pairs):
            sandbox = await stack.enter_async_context(open_sandbox("cpython"))
        results = await asyncio.gather(*(_verified(view, sandbox) for _, _, _, view in pairs))
    return VerifyReport(
        tuple(
            PairOutcome(ident, group, better, _compared(result, better), result)
            for (ident, group, better, _), result in zip(pairs, results, strict=True)
        )
    )


def _views(paths: Sequence[Path], seed: int) -> list[tuple[str, str, str, PairView]]:
    """Each pair's id, group, better label, and the view that the verifier gets."""
    found = []
    for row in read_rows(paths):
        pair = read_pair(row)
        group = group_of(pair.source)
        one, two = pair.responses
        better = pair.better
        # Ids may repeat between files: the position tells such rows apart.
        bit = hashlib.sha256(f"verify {seed} {row.position} {pair.ident}".encode()).digest()[0] % 2
        if bit:
            one, two, better = two, one, flip(better)
        reference = None if group == "livecodebench" else pair.reference
        acceptable = tuple(reference) if isinstance(reference, list) else reference
        found.append((pair.ident, group, better, PairView(pair.prompt, one, two, acceptable)))
    return found


async def _verified(view: PairView, sandbox: Sandbox | None) -> WinnerResult:
    """The verdict on one view."""
    responses = {"A": view.response_a, "B": view.response_b}
    if view.reference is not None or sandbox is None:
        return await asyncio.to_thread(reference_match, view.prompt, responses, view.reference or ())
    return await code_examples(view.prompt, responses, sandbox)


def _compared(result: WinnerResult, better: str) -> Verdict:
    if result.winner is None:
        return "inconclusive"
    return "right" if result.winner == better else "wrong"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that `run_command` reads."""
    parser.add_argument("benchmark", choices=["judgebench"], help="the benchmark whose rows are given")
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, metavar="FILE", help="the benchmark's JSON-lines files"
    )
    parser.add_argument("--seed", type=int, default=0, help="places the responses under A and B (default: 0)")
    parser.add_argument("--json", action="store_true", help="print every pair's evidence as JSON instead")


def run_command(args: argparse.Namespace) -> int:
    """`skillbench verify`: print the report; 0, or 2 for unusable data or no way to isolate code."""
    try:
        report = asyncio.run(verify_judgebench(args.data, seed=args.seed))
    except (BenchError, SandboxUnavailable) as error:
        print(f"skillbench verify: {error}", file=sys.stderr)
        return 2
    print(json.dumps(report.to_json(), indent=1, ensure_ascii=False) if args.json else report.text())
    return 0
