"""``skillbench rescore``: metrics again from the traces, with the artifacts and readers of now."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skillbench.analysis.results import METRICS_FORMAT, read_metrics, recorded_metrics
from skillbench.analysis.summary import sentence
from skillbench.commands.arguments import add_reader_argument
from skillbench.errors import BenchError
from skillbench.running.again import (
    Again,
    add_run_arguments,
    judge_again,
    print_some,
    write_rescored,
    write_results,
)

__all__ = ["add_arguments", "run_command"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that ``run_command`` reads."""
    add_run_arguments(parser)
    add_reader_argument(parser, None)


def run_command(args: argparse.Namespace) -> int:
    """Judge again, write ``rescored`` beside the run, and say what changed."""
    again = judge_again(args.run_folder, args.artifacts, exact=False, reader=args.reader)
    out = write_rescored(args.run_folder, again)
    print(f"{sentence(again.metrics)}.")
    before = _recorded(args.run_folder, again)
    for which in ("said", "readout"):
        for name in {**before[which], **again.metrics[which]}:
            old, new = (recorded[which].get(name) for recorded in (before, again.metrics))
            if old != new:
                print(f"  {name} ({which}): {_shown(old)} -> {_shown(new)}")
    if again.changed:
        print(f"{len(again.changed)} judgments changed:")
        print_some(again.changed)
    if again.unfit:
        print(f"{len(again.unfit)} judgments do not replay with these artifacts and stand as recorded:")
        print_some(again.unfit)
    print(f"Results: {out / 'summary.md'}")
    return 0


def _recorded(folder: Path, again: Again) -> Mapping[str, Any]:
    """Return the run's own metrics; those of an older form are written anew from its own judgments."""
    metrics = recorded_metrics(folder)
    if metrics is None:
        raise BenchError(f"{folder} has no metrics.json to compare with")
    if metrics["format"] == METRICS_FORMAT:
        return metrics
    fresh = read_metrics(folder)
    write_results(folder, fresh, again.run)
    print(f"{folder / 'metrics.json'} was of an older form and is written anew, the judge's number first.")
    return fresh


def _shown(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.2f}"
