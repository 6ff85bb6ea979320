"""A row's fields as the judge's side may get them, for looking at what a judge would be sent."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from skillbench.commands.arguments import positive
from skillbench.errors import BenchError
from skillbench.suites import SUITES, open_suite
from skillbench.suites.pairs import ORDERS

__all__ = ["add_arguments", "run_command", "sample_json"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("suite", choices=SUITES)
    parser.add_argument("--data", type=Path, action="append", default=[], metavar="FILE", help="data file")
    parser.add_argument("--row", type=positive, default=1, metavar="N", help="row number, from 1")
    parser.add_argument("--order", choices=ORDERS, default=ORDERS[0], help="order of the responses")


def run_command(arguments: argparse.Namespace) -> int:
    """Carry out the command."""
    print(sample_json(arguments.suite, arguments.data, arguments.row, arguments.order))
    return 0


def sample_json(suite_name: str, data: Sequence[Path], row: int, order: str) -> str:
    """Return the fields of the ``row``-th sample (from 1) in ``order`` as JSON; nothing sealed is in it.

    Raises:
        BenchError: the data cannot be used, or has no such row.
    """
    suite = open_suite(suite_name, tuple(data))
    samples = 0
    for job in suite.jobs(row):
        samples = job.case.position + 1
        if samples == row and (job.case.order == order or job.case.order not in ORDERS):
            return json.dumps(job.case.fields, ensure_ascii=False, indent=2)
    raise BenchError(f"there is no row {row}: the data has {samples}")
