"""``skillbench demo``: the whole path, offline, with the embedded judge."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from skillbench.analysis.summary import MARK, invalid_share
from skillbench.commands.arguments import positive
from skillbench.console import short_count
from skillbench.running.run import LOCAL, Endpoint, RunOptions, RunResult, local_judge, run
from skillbench.suites import SUITES, suite_class
from skillspec.words import DIRECT

__all__ = ["add_arguments", "demo", "run_command", "side_by_side"]

_SKILL: Final = "reward_judge_fair"
_CLOSING: Final = (
    "The embedded model has 135 million parameters. It is here so that the path can be seen to work without "
    "a network: skill, tool calls, verdict, metric. How good a judge is shows only with a real model: "
    "skillbench run ... --base-url URL --model NAME."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--out", type=Path, required=True, help="folder for the two runs")
    parser.add_argument("--artifacts", help="folder of compiled artifacts (default: the installation's)")
    parser.add_argument(
        "--limit", type=positive, metavar="N", help="judge only N pairs of all groups (default: all)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress line")


def run_command(arguments: argparse.Namespace) -> int:
    """Carry out the command."""
    return demo(arguments.out, arguments.artifacts, arguments.limit, quiet=arguments.quiet)


def demo(out: Path, artifacts: str | None, limit: int | None, *, quiet: bool) -> int:
    """Run the suite that ships rows (``limit`` of them) directly and with the skill, print both side by side.

    Returns the exit code.

    Raises:
        BenchError: as ``skillbench.running.run.run``.
    """
    results: dict[str, tuple[RunResult, float, Path]] = {}
    suite = next(name for name in SUITES if suite_class(name).shipped)
    # One server for both runs; each run is told its address, its identity stays the model's name.
    with local_judge(Endpoint(base_urls=(LOCAL,)).config()) as config:
        for name, skill in ((DIRECT, None), (f"{_SKILL} progressive", _SKILL)):
            folder = out / name.replace(" ", "-")
            if not quiet:
                print(f"{suite}, {name}: judging", flush=True)
            began = time.monotonic()
            result = run(
                RunOptions(
                    suite=suite,
                    out=folder,
                    endpoint=config,
                    skill=skill,
                    limit=limit,
                    artifacts=artifacts,
                    quiet=quiet,
                )
            )
            results[name] = (result, time.monotonic() - began, folder)
            if result.ending == "interrupted":
                print(f"Interrupted; {folder} keeps every judgment, the same command goes on with it.")
                return 130
    table = side_by_side({name: (judged.metrics, seconds) for name, (judged, seconds, _) in results.items()})
    print("\n" + "\n".join(table) + "\n")
    for name, (_, _, folder) in results.items():
        print(f"{name}: traces in {folder / 'traces.jsonl'}, results in {folder / 'summary.md'}")
    print("\n" + _CLOSING)
    return 0


def _cell(metrics: Mapping[str, Any], by: str, name: str) -> str:
    estimate, state = metrics["intervals"][by].get(name), metrics["validity"].get(name)
    if estimate is None or state is None:
        return "-"
    invalid = f", {invalid_share(state)} invalid" if state["invalid"] else ""
    if estimate["value"] is None:
        return f"withheld{invalid}"
    mark = MARK if state["state"] == "marked" else ""
    span = f" ({estimate['low']:.0f} to {estimate['high']:.0f}{invalid})" if by == "said" else ""
    return f"{estimate['value']:.1f}{mark}{span}"


def side_by_side(runs: Mapping[str, tuple[Mapping[str, Any], float]]) -> list[str]:
    """Return the lines of a table that compares runs: name to metrics and seconds of this session."""
    rows: list[tuple[str, ...]] = [("", *runs)]

    def row(title: str, cells: list[str]) -> None:
        rows.append((title, *cells))

    every = [metrics for metrics, _ in runs.values()]
    for name in every[0]["official"]:
        for by, what in (("said", "% said (95%)"), ("readout", "% readout")):
            row(f"{name}, {what}", [_cell(metrics, by, name) for metrics in every])
    row("decided by code", [f"{metrics['code']['decided']} of {metrics['code']['of']}" for metrics in every])
    row(
        "valid judgments",
        [f"{metrics['counts']['valid']} of {metrics['counts']['expected']}" for metrics in every],
    )
    row(
        "tokens",
        [
            short_count(metrics["usage"]["prompt_tokens"] + metrics["usage"]["completion_tokens"])
            for metrics in every
        ],
    )
    row("seconds", [f"{seconds:.0f}" for _, seconds in runs.values()])
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in rows
    ]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]
