"""``skillbench compare A B [C ...]``: is one run better than another, and by how much."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from skillbench.analysis.told import compare_runs, compared_text, quotable
from skillbench.analysis.validity import WITHHELD_CODE
from skillbench.statistics.pairs import adjusted_p

__all__ = ["add_arguments", "run_command"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="DIR", help="run folders; the first is the base"
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON, unrounded")


def run_command(arguments: argparse.Namespace) -> int:
    """Carry out the command; 3 where a run is not compared because its number is withheld."""
    told = compare_runs(arguments.runs)
    code = WITHHELD_CODE if told.withheld else 0
    if not arguments.json:
        print(compared_text(told))
        return code
    held = {
        (compared.view, compared.second): q
        for view in told.views
        for members in ([compared for compared in told.found if compared.view == view],)
        for compared, q in zip(members, adjusted_p([each.p for each in members]), strict=True)
    }
    listed = []
    for compared in told.found:
        groups = [{**asdict(each), "shown": each.shown} for each in compared.groups]
        extra = {
            "q": held[compared.view, compared.second],
            "shown": compared.shown,
            "sentence": quotable(compared),
        }
        listed.append({**asdict(compared), "groups": groups, **extra})
    runs = [
        {
            "name": name,
            "identity": dict(run.identity),
            "unfinished": run.unfinished,
            "samples": len(run.keys),
            "headline": metrics["headline"],
            "code": metrics["code"],
        }
        for name, run, metrics in zip(told.names, told.runs, told.metrics, strict=True)
    ]
    answer = {
        "format": 2,
        "runs": runs,
        "comparisons": listed,
        "withheld": list(told.withheld),
        "repeats": [asdict(repeat) for repeat in told.repeats],
    }
    print(json.dumps(_finite(answer), indent=2, ensure_ascii=False))
    return code


def _finite(value: Any) -> Any:
    """JSON knows no infinity: what is unknown is null."""
    if isinstance(value, dict):
        return {name: _finite(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
