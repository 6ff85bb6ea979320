"""``skillbench report DIR [DIR ...]``: runs as one page that opens offline.

Everything in a run is hostile text: data sets, models and judges wrote it. The page's fixed parts are
escaped by the template; what the browser of judgments shows travels compressed, in an alphabet without
markup, and is put on the page as text alone. The page's own policy allows no script but its one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

__all__ = ["add_report_arguments", "run_report"]


def add_report_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="DIR", help="run folders; the first is the base"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="the page (default: report.html in the first folder)"
    )


def run_report(arguments: argparse.Namespace) -> int:
    """Carry out the command."""
    from skillbench.report.write import REPORT, write_report

    out: Path = arguments.out or arguments.runs[0] / REPORT
    size = write_report(arguments.runs, out)
    print(f"{out}: {size / 1e6:.1f} MB, opens in any browser of 2023 or later, offline")
    return 0
