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
    comparisons: list[Compared] = []
    withheld: list[str] = []
    for number in range(1, len(runs)):
        both, called = (metrics[0], metrics[number]), (names[0], names[number])
        why = withheld_from(both, called)
        if why is not None:
            withheld.append(why)
            continue
        compared = (compare(runs[0], runs[number], called, view, both) for view in views)
        comparisons += [comparison for comparison in compared if comparison is not None]
    if not comparisons and not withheld:
        raise BenchError("the runs have no finished sample in common")
    sound = [
        number
        for number, run_metrics in enumerate(metrics)
        if run_metrics["headline"].get("state") != "withheld"
    ]
    again = repeats([runs[number] for number in sound], [names[number] for number in sound], views[0])
    return Comparisons(names, runs, metrics, views, comparisons, withheld, again)


def _number(value: float, digits: int = 1) -> str:
    return f"{value:.{digits}f}" if math.isfinite(value) else "unknown"


def _p(value: float) -> str:
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}" if value < 0.1 else f"p = {value:.2f}"


def _interval(low: float, high: float) -> str:
    if not math.isfinite(low):
        return "95% interval unknown: a group has one sample"
    return f"95% interval {low:+.1f} to {high:+.1f}"


def quotable(compared: Compared) -> str:
    """Return a sentence to quote: what was found, how sure that is, and what could have been found."""
    change = compared.difference
    by = "" if compared.view == "said" else ", by the readout,"
    values = f"{compared.second_value:.1f} against {compared.first_value:.1f}"
    base = f"{compared.metric}: {values} on {compared.samples} samples"
    facts = (
        f"{change.value:+.1f} points, {_interval(change.low, change.high)}, {compared.test}, {_p(compared.p)}"
    )
    if compared.view == "said" and compared.readout != (compared.first_value, compared.second_value):
        facts += f"; readout {compared.readout[1]:.1f} against {compared.readout[0]:.1f}"
    named = zip((compared.second, compared.first), compared.code[::-1], strict=True)
    facts += "".join(f"; in {name} {code_share(code)}" for name, code in named if code["decided"])
    if max(compared.invalid_percent) > MOST_UNMARKED:
        facts += f"; invalid judgments {_invalid(compared)}"
    if compared.shown:
        way = "better" if change.value > 0 else "worse"
        return f"{compared.second}{by} is {way} than {compared.first} ({base}; {facts})."
    blind = (
        f"a true difference below {compared.detectable:.1f} points "
        "would go unseen here more than one time in five"
        if math.isfinite(compared.detectable)
        else "the samples are too few to say what could have been seen"
    )
    between = f"between {compared.second} and {compared.first}{by.rstrip(',')}"
    return f"No difference is shown {between}: {base}; {facts}; {blind}."


def _invalid(compared: Compared | GroupDifference) -> str:
    first, second = (invalid_share({"percent": percent}) for percent in compared.invalid_percent)
    return f"{second} against {first}"


def _group_lines(compared: Compared) -> list[str]:
    left_out = [f"  {name} is left out: too few judgments of it are valid" for name in compared.left_out]
    if not compared.groups:
        return left_out
    width = max(len("group"), *(len(group.group) for group in compared.groups))
    lines = [
        f"  {'group':<{width}} {'samples':>7} {'first':>7} {'second':>7} {'change':>7}  95% interval     "
        " q      invalid"
    ]
    for group in compared.groups:
        change = group.difference
        span = f"{change.low:+.1f} to {change.high:+.1f}" if math.isfinite(change.low) else "unknown"
        mark = " *" if group.shown else "  "
        lines.append(
            f"  {group.group:<{width}} {change.of:>7} {group.first:>7.1f} {group.second:>7.1f} "
            f"{change.value:>+7.1f}  {span:<16} {group.q:.3f}{mark} {_invalid(group)}"
        )
    shown = sum(group.shown for group in compared.groups)
    lines.append(
        f"  * a difference is shown in {shown} of {len(compared.groups)} groups (permutation tests, false "
        "discovery rate held at 5%)"
    )
    return lines + left_out


def compared_text(told: Comparisons) -> str:
    """Return the comparison for a reader."""
    lines = [line for why in told.withheld for line in (why, "")]
    before: Compared | None = None
    for compared in told.found:
        if before is not None and replace(compared, view=before.view) == before:
            by = "the readout" if compared.view == "readout" else "what the judge said"
            lines += [f"By {by}, the comparison is the same to the last sample.", ""]
            continue
        before = compared
        lines += [quotable(compared), ""]
        same = compared.samples - compared.only_first - compared.only_second
        lines.append(
            f"  better in {compared.second}: {compared.only_second}, "
            f"in {compared.first}: {compared.only_first}, the same: {same}; "
            f"permutation test {_p(compared.permutation_p)}; invalid judgments {_invalid(compared)}"
        )
        if compared.tokens is not None and compared.view == told.views[0]:
            ratio, low, high = compared.tokens
            span = f"{low:.2f} to {high:.2f}" if math.isfinite(high) else "interval unknown"
            lines.append(f"  tokens: {ratio:.2f} times as many ({span})")
        lines += [*_group_lines(compared), ""]
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
    least = min((compared.samples for compared in told.found), default=0)
    if told.found and least < max(len(run.keys) for run in told.runs):
        notes.append(f"Compared are the {least} samples that both runs of a pair have finished.")
    first = [compared for compared in told.found if compared.view == told.views[0]]
    if len(first) > 1:
        held = adjusted_p([compared.p for compared in first])
        listed = ", ".join(f"{compared.second} {q:.3f}" for compared, q in zip(first, held, strict=True))
        notes.append(
            f"{len(first)} comparisons; p adjusted for their number (false discovery rate): {listed}."
        )
    return notes
