"""``skillbench compare A B [C ...]``: is one run better than another, and by how much."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from skillbench.analysis.comparison import Compared, Repeats, compare, names_of, repeats
from skillbench.analysis.sample_values import VIEWS, RunValues, read_values
from skillbench.errors import BenchError
from skillbench.statistics.pairs import adjusted_p

__all__ = ["add_arguments", "compare_runs", "compared_text", "quotable", "run_command"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "runs", nargs="+", type=Path, metavar="DIR", help="run folders; the first is the base"
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON, unrounded")


def compare_runs(
    folders: Sequence[Path],
) -> tuple[list[str], list[RunValues], list[Compared], tuple[Repeats, ...]]:
    """Compare every further run with the first one.

    Returns:
        Names, runs, comparisons, and the sets of runs that are repeats of each other.

    Raises:
        BenchError: fewer than two runs, no run folder, or runs of different data.
    """
    if len(folders) < 2:
        raise BenchError("name two run folders or more: skillbench compare RUN_A RUN_B")
    names = names_of(folders)
    runs = [read_values(folder) for folder in folders]
    pairs = [(number, view) for number in range(1, len(runs)) for view in VIEWS]
    found = [compare(runs[0], runs[number], (names[0], names[number]), view) for number, view in pairs]
    there = [one for one in found if one is not None]
    if not there:
        raise BenchError("the runs have no finished sample in common")
    return names, runs, there, repeats(runs, names)


def _number(value: float, digits: int = 1) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "unknown"


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def _interval(low: float, high: float) -> str:
    if not math.isfinite(low):
        return "95% interval unknown: a group has one sample"
    return f"95% interval {low:+.1f} to {high:+.1f}"


def quotable(one: Compared) -> str:
    """Return a sentence to quote: what was found, how sure that is, and what could have been found."""
    change = one.difference
    by = "" if one.view == VIEWS[0] else ", by what the judge itself said,"
    base = f"{one.metric}: {one.second_value:.1f} against {one.first_value:.1f} on {one.samples} samples"
    facts = f"{change.value:+.1f} points, {_interval(change.low, change.high)}, {one.test}, {_p(one.p)}"
    if one.shown:
        way = "better" if change.value > 0 else "worse"
        return f"{one.second}{by} is {way} than {one.first} ({base}; {facts})."
    blind = (
        f"a true difference below {one.detectable:.1f} points would go unseen here more than one time in five"
        if math.isfinite(one.detectable)
        else "the samples are too few to say what could have been seen"
    )
    between = f"between {one.second} and {one.first}{by.rstrip(',')}"
    return f"No difference is shown {between}: {base}; {facts}; {blind}."


def _group_lines(one: Compared) -> list[str]:
    if not one.groups:
        return []
    width = max(len("group"), *(len(group.group) for group in one.groups))
    lines = [
        f"  {'group':<{width}} {'samples':>7} {'first':>7} {'second':>7} {'change':>7}  95% interval      q"
    ]
    for group in one.groups:
        change = group.difference
        span = f"{change.low:+.1f} to {change.high:+.1f}" if math.isfinite(change.low) else "unknown"
        mark = "  *" if group.shown else ""
        lines.append(
            f"  {group.group:<{width}} {change.of:>7} {group.first:>7.1f} {group.second:>7.1f} "
            f"{change.value:>+7.1f}  {span:<16} {group.q:.3f}{mark}"
        )
    shown = sum(group.shown for group in one.groups)
    lines.append(
        f"  * a difference is shown in {shown} of {len(one.groups)} groups (permutation tests, false "
        "discovery rate held at 5%)"
    )
    return lines


def compared_text(
    names: Sequence[str], runs: Sequence[RunValues], found: Sequence[Compared], again: Sequence[Repeats]
) -> str:
    """Return the comparison for a reader."""
    lines: list[str] = []
    before: Compared | None = None
    for one in found:
        if before is not None and replace(one, view=before.view) == before:
            lines += ["By what the judge itself said, the comparison is the same to the last sample.", ""]
            continue
        before = one
        lines += [quotable(one), ""]
        same = one.samples - one.only_first - one.only_second
        lines.append(
            f"  better in {one.second}: {one.only_second}, in {one.first}: {one.only_first}, "
            f"the same: {same}; permutation test {_p(one.permutation_p)}"
        )
        if one.tokens is not None and one.view == VIEWS[0]:
            ratio, low, high = one.tokens
            lines.append(f"  tokens: {ratio:.2f} times as many ({_number(low, 2)} to {_number(high, 2)})")
        lines += [*_group_lines(one), ""]
    for each in again:
        lines += [
            f"Repeats: {', '.join(each.names)} differ in their seed alone: mean {each.spread.mean:.1f}, "
            f"{each.spread.least:.1f} to {each.spread.greatest:.1f}, standard deviation "
            f"{each.spread.deviation:.2f}; {_number(each.unstable)}% of the samples came out differently.",
            "",
        ]
    return "\n".join(lines + _notes(names, runs, found))


def _notes(names: Sequence[str], runs: Sequence[RunValues], found: Sequence[Compared]) -> list[str]:
    notes = []
    for name, run in zip(names, runs, strict=True):
        if run.unfinished:
            notes.append(f"{name}: {run.unfinished} samples are not finished and are left out.")
    least = min(one.samples for one in found)
    if least < max(len(run.keys) for run in runs):
        notes.append(f"Compared are the {least} samples that both runs of a pair have finished.")
    first = [one for one in found if one.view == VIEWS[0]]
    if len(first) > 1:
        held = adjusted_p([one.p for one in first])
        told = ", ".join(f"{one.second} {q:.3f}" for one, q in zip(first, held, strict=True))
        notes.append(f"{len(first)} comparisons; p adjusted for their number (false discovery rate): {told}.")
    return notes


def _finite(value: Any) -> Any:
    """JSON knows no infinity: what is unknown is null."""
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def run_command(arguments: argparse.Namespace) -> int:
    """Carry out the command."""
    names, runs, found, again = compare_runs(arguments.runs)
    if not arguments.json:
        print(compared_text(names, runs, found, again))
        return 0
    held = {
        (one.view, one.second): q
        for view in VIEWS
        for members in ([one for one in found if one.view == view],)
        for one, q in zip(members, adjusted_p([each.p for each in members]), strict=True)
    }
    listed = []
    for one in found:
        groups = [{**asdict(each), "shown": each.shown} for each in one.groups]
        extra = {"q": held[one.view, one.second], "shown": one.shown, "sentence": quotable(one)}
        listed.append({**asdict(one), "groups": groups, **extra})
    told = [
        {"name": name, "identity": dict(run.identity), "unfinished": run.unfinished, "samples": len(run.keys)}
        for name, run in zip(names, runs, strict=True)
    ]
    answer = {"format": 1, "runs": told, "comparisons": listed, "repeats": [asdict(one) for one in again]}
    print(json.dumps(_finite(answer), indent=2, ensure_ascii=False))
    return 0
