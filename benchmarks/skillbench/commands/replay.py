"""``skillbench replay``: a recorded run without a server, to the same bytes of metrics."""

from __future__ import annotations

import argparse

from skillbench.errors import BenchError
from skillbench.folder.results import sentence
from skillbench.folder.store import pretty
from skillbench.running.again import add_run_arguments, judge_again, print_some

__all__ = ["add_arguments", "run_command"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that :func:`run_command` reads."""
    add_run_arguments(parser)


def run_command(args: argparse.Namespace) -> int:
    """Judge again and compare; 0 when ``metrics.json`` has the same bytes, else 1."""
    again = judge_again(args.run_folder, args.artifacts, exact=True)
    try:
        recorded = (args.run_folder / "metrics.json").read_bytes()
    except OSError as error:
        raise BenchError(f"{args.run_folder} has no metrics.json to compare with") from error
    print(f"{sentence(again.metrics)}.")
    if again.kept:
        print(f"{again.kept} judgments have no trace and stand as recorded.")
    for what, lines in (("differ from the record", again.changed), ("do not replay", again.unfit)):
        if lines:
            print(f"{len(lines)} judgments {what}:")
            print_some(lines)
    if pretty(again.metrics) == recorded and not again.changed and not again.unfit:
        print(f"{len(again.rows)} judgments replayed; metrics.json has the same bytes.")
        return 0
    print("metrics.json is not what the traces give.")
    return 1
