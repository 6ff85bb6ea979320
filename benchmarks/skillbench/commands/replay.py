"""``skillbench replay``: a recorded run without a server, to the same bytes of metrics."""

from __future__ import annotations

import argparse

from skillbench.analysis.results import METRICS_FORMAT, recorded_metrics
from skillbench.analysis.summary import sentence
from skillbench.errors import BenchError
from skillbench.folder.store import pretty
from skillbench.running.again import add_run_arguments, judge_again, print_some

__all__ = ["add_arguments", "run_command"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that ``run_command`` reads."""
    add_run_arguments(parser)


def run_command(args: argparse.Namespace) -> int:
    """Judge again and compare; 0 when ``metrics.json`` has the same bytes, else 1.

    Where it is of an older form, the judgments alone are compared: they are all that it was made of.
    """
    again = judge_again(args.run_folder, args.artifacts, exact=True)
    recorded = recorded_metrics(args.run_folder)
    if recorded is None:
        raise BenchError(f"{args.run_folder} has no metrics.json to compare with")
    print(f"{sentence(again.metrics)}.")
    if again.kept:
        print(f"{again.kept} judgments have no trace and stand as recorded.")
    for what, lines in (("differ from the record", again.changed), ("do not replay", again.unfit)):
        if lines:
            print(f"{len(lines)} judgments {what}:")
            print_some(lines)
    same = not again.changed and not again.unfit
    if same and recorded["format"] < METRICS_FORMAT:
        print(
            f"{len(again.rows)} judgments replayed as recorded; metrics.json is of an older form, which "
            "skillbench rescore brings to this one."
        )
        return 0
    if same and pretty(again.metrics) == (args.run_folder / "metrics.json").read_bytes():
        print(f"{len(again.rows)} judgments replayed; metrics.json has the same bytes.")
        return 0
    print("metrics.json is not what the traces give.")
    return 1
