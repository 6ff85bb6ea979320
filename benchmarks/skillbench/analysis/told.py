"""Runs held against each other, told in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from skillbench.analysis.comparison import (
    Compared,
    GroupDifference,
    Repeats,
    compare,
    names_of,
    repeats,
    views_of,
    withheld_from,
)
from skillbench.analysis.results import read_metrics
from skillbench.analysis.sample_values import RunValues, read_values
from skillbench.analysis.summary import code_share, duplicates_told, invalid_share
from skillbench.analysis.validity import MOST_UNMARKED
from skillbench.errors import BenchError
from skillbench.statistics.pairs import adjusted_p

__all__ = ["Comparisons", "compare_runs", "compared_text", "quotable"]


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Runs held against the first of them.

    Attributes:
        names: of the runs.
        runs: by sample.
        metrics: of the runs, as in ``metrics.json``.
        views: whose answers they are compared by, that of the headline first.
        found: the comparisons, by run and view.
        withheld: a sentence for each run that is not compared.
        repeats: the sets of runs that differ in their seed alone.
    """

    names: Sequence[str]
    runs: Sequence[RunValues]
    metrics: Sequence[Mapping[str, Any]]
    views: Sequence[str]
    found: Sequence[Compared]
    withheld: Sequence[str]
    repeats: Sequence[Repeats]


def compare_runs(folders: Sequence[Path]) -> Comparisons:
    """Compare every further run with the first one.

    Raises:
        BenchError: fewer than two runs, no run folder, or runs of different data.
    """
    if len(folders) < 2:
        raise BenchError("name two run folders or more: skillbench compare RUN_A RUN_B")
    names = names_of(folders)
    runs = [read_values(folder) for folder in folders]
    for name, run_values in zip(names, runs, strict=True):
        if not run_values.adds_up:
            raise BenchError(
                f"what the samples of {name} are worth does not add up to its {run_values.headline}: a "
                "comparison would be of another number. The suite must say what a sample is worth (worth, "
                "sample_of, stratum)"
            )
    metrics = [read_metrics(folder) for folder in folders]
    views = views_of(metrics)
    found: list[Compared] = []
    withheld: list[str] = []
    for number in range(1, len(runs)):
        both, called = (metrics[0], metrics[number]), (names[0], names[number])
        why = withheld_from(both, called)
        if why is not None:
            withheld.append(why)
            continue
        compared = (compare(runs[0], runs[number], called, view, both) for view in views)
        found += [one for one in compared if one is not None]
    if not found and not withheld:
        raise BenchError("the runs have no finished sample in common")
    sound = [number for number, one in enumerate(metrics) if one["headline"].get("state") != "withheld"]
    again = repeats([runs[number] for number in sound], [names[number] for number in sound], views[0])
    return Comparisons(names, runs, metrics, views, found, withheld, again)


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
    by = "" if one.view == "said" else ", by the readout,"
    base = f"{one.metric}: {one.second_value:.1f} against {one.first_value:.1f} on {one.samples} samples"
    facts = f"{change.value:+.1f} points, {_interval(change.low, change.high)}, {one.test}, {_p(one.p)}"
    if one.view == "said" and one.readout != (one.first_value, one.second_value):
        facts += f"; readout {one.readout[1]:.1f} against {one.readout[0]:.1f}"
    named = zip((one.second, one.first), one.code[::-1], strict=True)
    facts += "".join(f"; in {name} {code_share(code)}" for name, code in named if code["decided"])
    if max(one.invalid_percent) > MOST_UNMARKED:
        facts += f"; invalid judgments {_invalid(one)}"
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


def _invalid(one: Compared | GroupDifference) -> str:
    first, second = (invalid_share({"percent": percent}) for percent in one.invalid_percent)
    return f"{second} against {first}"


def _group_lines(one: Compared) -> list[str]:
    left_out = [f"  {name} is left out: too few judgments of it are valid" for name in one.left_out]
    if not one.groups:
        return left_out
    width = max(len("group"), *(len(group.group) for group in one.groups))
    lines = [
        f"  {'group':<{width}} {'samples':>7} {'first':>7} {'second':>7} {'change':>7}  95% interval     "
        " q      invalid"
    ]
    for group in one.groups:
        change = group.difference
        span = f"{change.low:+.1f} to {change.high:+.1f}" if math.isfinite(change.low) else "unknown"
        mark = " *" if group.shown else "  "
        lines.append(
            f"  {group.group:<{width}} {change.of:>7} {group.first:>7.1f} {group.second:>7.1f} "
            f"{change.value:>+7.1f}  {span:<16} {group.q:.3f}{mark} {_invalid(group)}"
        )
    shown = sum(group.shown for group in one.groups)
    lines.append(
        f"  * a difference is shown in {shown} of {len(one.groups)} groups (permutation tests, false "
        "discovery rate held at 5%)"
    )
    return lines + left_out


def compared_text(told: Comparisons) -> str:
    """Return the comparison for a reader."""
    lines = [line for why in told.withheld for line in (why, "")]
    before: Compared | None = None
    for one in told.found:
        if before is not None and replace(one, view=before.view) == before:
            by = "the readout" if one.view == "readout" else "what the judge said"
            lines += [f"By {by}, the comparison is the same to the last sample.", ""]
            continue
        before = one
        lines += [quotable(one), ""]
        same = one.samples - one.only_first - one.only_second
        lines.append(
            f"  better in {one.second}: {one.only_second}, in {one.first}: {one.only_first}, "
            f"the same: {same}; permutation test {_p(one.permutation_p)}; invalid judgments {_invalid(one)}"
        )
        if one.tokens is not None and one.view == told.views[0]:
            ratio, low, high = one.tokens
            span = f"{low:.2f} to {high:.2f}" if math.isfinite(high) else "interval unknown"
            lines.append(f"  tokens: {ratio:.2f} times as many ({span})")
        lines += [*_group_lines(one), ""]
    for each in told.repeats:
        lines += [
            f"Repeats: {', '.join(each.names)} differ in their seed alone: mean {each.spread.mean:.1f}, "
            f"{each.spread.least:.1f} to {each.spread.greatest:.1f}, standard deviation "
            f"{each.spread.deviation:.2f}; {_number(each.unstable)}% of the samples came out differently.",
            "",
        ]
    return "\n".join(lines + _notes(told))


def _notes(told: Comparisons) -> list[str]:
    notes = []
    for name, run in zip(told.names, told.runs, strict=True):
        if twice := (run.run.get("rows") or {}).get("duplicates"):
            notes.append(f"{name}: {duplicates_told(twice)}.")
        if run.unfinished:
            notes.append(f"{name}: {run.unfinished} samples are not finished and are left out.")
    least = min((one.samples for one in told.found), default=0)
    if told.found and least < max(len(run.keys) for run in told.runs):
        notes.append(f"Compared are the {least} samples that both runs of a pair have finished.")
    first = [one for one in told.found if one.view == told.views[0]]
    if len(first) > 1:
        held = adjusted_p([one.p for one in first])
        listed = ", ".join(f"{one.second} {q:.3f}" for one, q in zip(first, held, strict=True))
        notes.append(
            f"{len(first)} comparisons; p adjusted for their number (false discovery rate): {listed}."
        )
    return notes
