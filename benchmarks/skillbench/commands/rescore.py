"""``skillbench rescore``: metrics again from the traces, with the artifacts and readers of now."""

from __future__ import annotations

import argparse
import json

from skillbench.errors import BenchError
from skillbench.folder.results import sentence
from skillbench.running.again import add_run_arguments, judge_again, print_some, write_rescored

__all__ = ["add_arguments", "run_command"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that :func:`run_command` reads."""
    add_run_arguments(parser)


def run_command(args: argparse.Namespace) -> int:
    """Judge again, write ``rescored`` beside the run, and say what changed."""
    again = judge_again(args.run_folder, args.artifacts, exact=False)
    out = write_rescored(args.run_folder, again)
    print(f"{sentence(again.metrics)}.")
    try:
        before = json.loads((args.run_folder / "metrics.json").read_bytes())
    except (OSError, ValueError) as error:
        raise BenchError(f"{args.run_folder} has no readable metrics.json to compare with") from error
    for which in ("official", "said"):
        for name, value in again.metrics[which].items():
            old = before[which].get(name)
            if old != value:
                shown = "nothing" if old is None else f"{old:.2f}"
                print(f"  {name} ({'readout' if which == 'official' else which}): {shown} -> {value:.2f}")
    if again.changed:
        print(f"{len(again.changed)} judgments changed:")
        print_some(again.changed)
    if again.unfit:
        print(f"{len(again.unfit)} judgments do not replay with these artifacts and stand as recorded:")
        print_some(again.unfit)
    print(f"Results: {out / 'summary.md'}")
    return 0
