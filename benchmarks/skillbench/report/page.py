"""From run folders to the bytes of ``report.html``."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from skillbench.analysis.comparison import (
    Compared,
    Repeats,
    compare,
    names_of,
    repeats,
    same_data,
    views_of,
    withheld_from,
)
from skillbench.analysis.diagnostics import Rate
from skillbench.analysis.probabilities import calibration_of_both_orders
from skillbench.analysis.summary import BY, MARK, code_share, invalid_share
from skillbench.analysis.told import quotable
from skillbench.analysis.validity import MOST_SHOWN, MOST_UNMARKED
from skillbench.console import short_count
from skillbench.errors import BenchError
from skillbench.report.facts import RunFacts, read_facts
from skillbench.report.pack import pack
from skillbench.statistics.judge import Calibration

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["MOST_RUNS", "report_page"]

MOST_RUNS: Final = 12
"""Runs on one page."""

_COST_NAMES: Final = {
    "prompt_tokens": "prompt tokens",
    "cached_tokens": "cached tokens",
    "completion_tokens": "completion tokens",
    "requests": "requests",
    "tool_calls": "tool calls",
    "sandbox_s": "sandbox, s",
    "latency_s": "latency, s",
}


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def _part(name: str) -> str:
    return (files("skillbench.report") / name).read_text("utf-8")


@cache
def _template() -> Template:
    """The page's; a matrix writes dozens, and compiling it takes longer than filling it in."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_part("page.html.j2"))


def _short(value: float) -> str:
    """Return a cost in few digits: seconds with two, counts as people say them."""
    if value == 0:
        return "0"
    if value < 10:
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{value:.0f}" if value < 10_000 else short_count(int(value))


def _compared(runs: Sequence[RunFacts]) -> tuple[dict[str, Compared], list[str]]:
    """Compare every run with the first; say why where that cannot be done."""
    comparisons: dict[str, Compared] = {}
    apart: list[str] = []
    view = views_of([run.metrics for run in runs])[0]
    for run in runs[1:]:
        names = (runs[0].name, run.name)
        why = same_data(runs[0].values, run.values, names)
        if why is not None:
            apart.append(f"{why}: side by side only, not compared.")
            continue
        both = (runs[0].metrics, run.metrics)
        withheld = withheld_from(both, names)
        if withheld is not None:
            apart.append(withheld)
            continue
        compared = compare(runs[0].values, run.values, names, view, both)
        if compared is not None:
            comparisons[run.name] = compared
    return comparisons, apart


def _repeats(runs: Sequence[RunFacts]) -> tuple[Repeats, ...]:
    sound = [run for run in runs if run.metrics["headline"].get("state") != "withheld"]
    view = views_of([run.metrics for run in runs])[0]
    return repeats([run.values for run in sound], [run.name for run in sound], view)


def _scale(runs: Sequence[RunFacts]) -> tuple[float, float]:
    lows = [
        estimate.low
        for run in runs
        for estimate in run.groups.values()
        if estimate and math.isfinite(estimate.low)
    ]
    return (-100.0 if min(lows, default=0.0) < 0 else 0.0), 100.0


def _plot(runs: Sequence[RunFacts]) -> dict[str, Any]:
    """Places of marks and intervals in per cent of the plot's width."""
    least, most = _scale(runs)

    def place(value: float) -> str:
        return f"{100 * (min(max(value, least), most) - least) / (most - least):.2f}%"

    rows = []
    for name in sorted({group for run in runs for group in run.groups}):
        marks: list[dict[str, Any]] = []
        withheld: list[str] = []
        for number, run in enumerate(runs):
            estimate, state = run.groups.get(name), run.metrics["groups"].get(name)
            if name in run.groups and estimate is None:
                withheld.append(f"{run.name}: {state['why'] if state else 'no judgments'}")
            if estimate is not None:
                x = [place(each) for each in (estimate.value, estimate.low, estimate.high)]
                invalid = invalid_share(state) if state else ""
                share = f", {invalid} of the judgments invalid" if state else ""
                span = f"{estimate.value:.1f} ({estimate.low:.1f} to {estimate.high:.1f})"
                says = f"{run.name}: {span}, {estimate.of} samples{share}"
                sign = MARK if state and state["state"] == "marked" else ""
                marks.append({"run": number, "x": x[0], "low": x[1], "high": x[2], "says": says,
                              "value": f"{estimate.value:.1f}{sign}", "invalid": invalid})  # fmt: skip
        rows.append({"name": name, "marks": marks, "withheld": withheld})
    ticks = [least + (most - least) * part / 4 for part in range(5)]
    return {"rows": rows, "ticks": [(place(tick), f"{tick:.0f}") for tick in ticks]}


def _rates(runs: Sequence[RunFacts], which: str) -> list[dict[str, Any]]:
    """Rates of one kind as rows, a cell for each run."""
    listed: list[dict[str, Rate]] = [
        {rate.name: rate for rate in getattr(run.diagnostics, which)} for run in runs
    ]
    rows = []
    for name in dict.fromkeys(name for rates in listed for name in rates):
        says = next(rates[name].says for rates in listed if name in rates)
        rows.append(
            {"says": says, "cells": [rates[name].share if name in rates else None for rates in listed]}
        )
    return rows


def _costs(runs: Sequence[RunFacts]) -> list[dict[str, Any]]:
    rows = []
    for name, says in _COST_NAMES.items():
        cells = [run.diagnostics.costs.get(name) for run in runs]
        if any(cells):
            shown = [{key: _short(value) for key, value in cell.items()} if cell else None for cell in cells]
            rows.append({"says": says, "cells": shown})
    return rows


def _calibrations(runs: Sequence[RunFacts]) -> list[tuple[str, Calibration]]:
    """Return each run's calibration, and that of the mean of both orders where there is one."""
    listed: list[tuple[str, Calibration | None]] = []
    for run in runs:
        listed.append((run.name, run.diagnostics.calibration))
        listed.append((f"{run.name}, mean of both orders", calibration_of_both_orders(run.metrics)))
    return [(name, calibration) for name, calibration in listed if calibration is not None]


def _run(run: RunFacts, change: Compared | None) -> dict[str, Any]:
    metrics, identity = run.metrics, run.identity
    head, counts, usage = metrics["headline"], metrics["counts"], metrics["usage"]
    intervals, each = metrics["intervals"], max(counts["judgments"], 1)
    versions = run.values.run.get("versions")
    return {
        "name": run.name,
        "setting": run.setting,
        "model": identity.get("model"),
        "identity": identity,
        "versions": versions if isinstance(versions, dict) else {},
        "head": head,
        "by": BY.get(head["by"], ""),
        "said": intervals["said"].get(head["name"]),
        "readout": intervals["readout"].get(head["name"]),
        "code": code_share(metrics["code"]),
        "mark": MARK if head.get("state") == "marked" else "",
        "invalid": invalid_share({"percent": 100 * counts["invalid"] / each}),
        "withheld": [
            (name, validity["why"]) for name, validity in metrics["validity"].items() if validity.get("why")
        ],
        "counts": counts,
        "tokens": short_count(usage["prompt_tokens"] + usage["completion_tokens"]),
        "tokens_each": _short((usage["prompt_tokens"] + usage["completion_tokens"]) / each),
        "latency": _short(run.diagnostics.costs["latency_s"]["p50"]),
        "change": change,
        "complete": metrics.get("complete", False),
        "references": metrics.get("references") or {},
    }


def report_page(folders: Sequence[Path]) -> bytes:
    """Return the page of one run or several.

    Raises:
        BenchError: a folder is no run folder, is broken or empty, or there are too many.
    """
    if len(folders) > MOST_RUNS:
        raise BenchError(f"a page holds {MOST_RUNS} runs at most; {len(folders)} are named")
    names = names_of(folders)
    runs = [read_facts(folder, name) for folder, name in zip(folders, names, strict=True)]
    changes, apart = _compared(runs)
    packed = pack(folders, names, [run.judgments for run in runs])
    script, style = _part("script.js"), _part("style.css")
    page = _template().render(
        policy=f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; "
        "form-action 'none'",
        script=script,
        style=style,
        suites=list(dict.fromkeys(str(run.identity["suite"]) for run in runs)),
        runs=[_run(run, changes.get(run.name)) for run in runs],
        sentences=[quotable(compared) for compared in changes.values()],
        apart=apart,
        repeats=_repeats(runs),
        limits=(MOST_UNMARKED, MOST_SHOWN),
        plot=_plot(runs),
        rates=_rates(runs, "rates"),
        position=_rates(runs, "position"),
        length=_rates(runs, "length"),
        degrees=_rates(runs, "degrees"),
        calibrations=_calibrations(runs),
        costs=_costs(runs),
        pack=packed,
        finite=math.isfinite,
    )
    return page.encode("utf-8", "replace")
