"""``skillbench report DIR [DIR ...]``: runs as one page that opens offline."""

from __future__ import annotations

import argparse
from pathlib import Path

from skillbench.report.write import REPORT, write_report

__all__ = ["add_arguments", "run_command"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="DIR", help="run folders; the first is the base"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the page (default: report.html in the first folder)"
    )


def run_command(arguments: argparse.Namespace) -> int:
    """Carry out the command."""
    out: Path = arguments.out or arguments.runs[0] / REPORT
    size = write_report(arguments.runs, out)
    print(f"{out}: {size / 1e6:.1f} MB, opens in any browser of 2023 or later, offline")
    return 0
