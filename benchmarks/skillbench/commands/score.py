"""Scoring published judge outputs without a model: ``skillbench score SUITE --outputs FILE``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from skillbench.commands.arguments import add_reader_argument
from skillbench.errors import BenchError
from skillbench.suites import SUITES, suite_class

__all__ = ["add_arguments", "run_command"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that ``run_command`` reads."""
    parser.add_argument("suite", choices=tuple(SUITES), help="the benchmark whose outputs are given")
    parser.add_argument(
        "--outputs", type=Path, nargs="+", required=True, metavar="FILE", help="published outputs, JSON lines"
    )
    parser.add_argument(
        "--judge", metavar="NAME", help="read the texts as this judge's, whatever the rows say"
    )
    add_reader_argument(parser, None)
    parser.add_argument("--json", action="store_true", help="print everything as JSON instead")


def run_command(args: argparse.Namespace) -> int:
    """Print the report; returns the exit code.

    Raises:
        BenchError: the suite knows no published outputs, or the files cannot be used.
    """
    score = suite_class(args.suite).published()
    if score is None:
        known = [name for name in SUITES if suite_class(name).published() is not None]
        raise BenchError(
            f"no published form of outputs is known for {args.suite}; there is one for {', '.join(known)}"
        )
    report = score(args.outputs, args.judge, args.reader)
    print(json.dumps(report.to_json(), indent=1, ensure_ascii=False) if args.json else report.text())
    return 0
