"""From predictions to ``metrics.json`` and ``summary.md``.

Metrics depend on the recorded judgments alone, never on the order they came in nor on the clock:
times lie in ``run.json`` and in the traces.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from skillbench.analysis.probabilities import Probabilities
from skillbench.running.progress import short_count
from skillbench.suites.base import Estimate, Prediction, Scores, Suite

__all__ = ["METRICS_FORMAT", "metrics_of", "sentence", "summary_text"]

METRICS_FORMAT = 1
"""Version of ``metrics.json``."""

_SUMS = ("requests", "prompt_tokens", "cached_tokens", "completion_tokens", "tool_calls", "retries")


@dataclass(slots=True)
class _Tally:
    """Counts over all predictions, taken while they pass by."""

    judgments: int = 0
    valid: int = 0
    owners: Counter[str] = field(default_factory=Counter)
    usage: Counter[str] = field(default_factory=Counter)
    overruled: int = 0
    grounded: Counter[str] = field(default_factory=Counter)
    probabilities: Probabilities = field(default_factory=Probabilities)

    def watch(self, rows: Iterable[Prediction], suite: Suite) -> Iterator[Prediction]:
        for row in rows:
            self.judgments += 1
            self.valid += row.valid
            if not row.valid:
                self.owners[row.error_owner or "harness"] += 1
            self.overruled += row.valid and row.said != row.outcome
            if row.grounded is not None:
                self.grounded["grounded" if row.grounded else "ungrounded"] += 1
            for name in _SUMS:
                self.usage[name] += getattr(row.usage, name)
            self.probabilities.see(row, suite)
            yield row


def _values(estimates: Mapping[str, Estimate]) -> dict[str, float]:
    return {name: estimate.value for name, estimate in estimates.items()}


def _detailed(estimates: Mapping[str, Estimate]) -> dict[str, dict[str, float | int | str | None]]:
    return {
        name: {
            "value": one.value,
            "low": one.low,
            "high": one.high,
            "hits": one.hits,
            "of": one.of,
            "method": one.method,
        }
        for name, one in estimates.items()
    }


def metrics_of(suite: Suite, rows: Iterable[Prediction], expected: int) -> dict[str, Any]:
    """Compute what ``metrics.json`` holds.

    Args:
        suite: gives the official metric.
        rows: the predictions, in any order; read once.
        expected: how many judgments the whole run has.

    Values are per cent, Kendall too; ``official`` is by the readout, ``said`` by the judge's own answer;
    ``probabilities`` is there where the judgments have some.
    """
    tally = _Tally()
    scores: Scores = suite.score(tally.watch(rows, suite))
    head = scores.readout[scores.headline] if scores.headline is not None else None
    weighed = tally.probabilities.facts()
    return {
        "format": METRICS_FORMAT,
        "suite": suite.name,
        "mode": suite.mode,
        "complete": tally.judgments == expected,
        "headline": {
            "name": scores.headline,
            "value": head.value if head is not None else None,
            "low": head.low if head is not None else None,
            "high": head.high if head is not None else None,
        },
        "official": _values(scores.readout),
        "said": _values(scores.said),
        "intervals": {
            "confidence": 0.95,
            "readout": _detailed(scores.readout),
            "said": _detailed(scores.said),
        },
        "orders": {name: dict(facts) for name, facts in scores.orders.items()},
        "references": dict(scores.references),
        "facts": dict(scores.facts),
        **({"probabilities": weighed} if weighed else {}),
        "counts": {
            "expected": expected,
            "judgments": tally.judgments,
            "valid": tally.valid,
            "invalid": tally.judgments - tally.valid,
            "invalid_by_owner": dict(sorted(tally.owners.items())),
            "unfinished_samples": scores.unfinished,
            "readout_differs_from_said": tally.overruled,
            "grounded": tally.grounded["grounded"],
            "ungrounded": tally.grounded["ungrounded"],
        },
        "usage": {name: tally.usage[name] for name in _SUMS},
    }


def _span(one: Mapping[str, Any]) -> str:
    if one.get("method") == "none":
        return f"{one['value']:.2f}"
    return f"{one['value']:.2f} ({one['low']:.2f} to {one['high']:.2f})"


def sentence(metrics: Mapping[str, Any]) -> str:
    """Say in one sentence what a run found and what it cost."""
    counts, usage, head = metrics["counts"], metrics["usage"], metrics["headline"]
    tokens = short_count(usage["prompt_tokens"] + usage["completion_tokens"])
    what = (
        f"{head['name']} {_span(head)}, 95% interval" if head["value"] is not None else "no sample finished"
    )
    invalid = f"{counts['invalid']} invalid" if counts["invalid"] else "all valid"
    return f"{what}; {counts['judgments']} of {counts['expected']} judgments, {invalid}; {tokens} tokens"


def summary_text(metrics: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    """Return ``summary.md``: a page for a person."""
    identity, counts, usage = run["identity"], metrics["counts"], metrics["usage"]
    skill = identity["skill"] or "no skill"
    mode = f" ({identity['mode']})" if identity.get("mode") else ""
    routed = [f"{group} is judged directly, without the skill" for group in identity.get("routes") or ()]
    lines = [
        f"# {identity['suite']}{mode}: {skill}, {identity['delivery']}, {identity['model']}",
        "",
        sentence(metrics) + ".",
        "",
        *([f"Routing: {'; '.join(routed)}.", ""] if routed else []),
        "| metric | readout, % (95%) | said, % (95%) | samples |",
        "|---|---|---|---|",
    ]
    intervals = metrics["intervals"]
    for name, one in intervals["readout"].items():
        said = intervals["said"].get(name)
        lines.append(f"| {name} | {_span(one)} | {'-' if said is None else _span(said)} | {one['of']} |")
    lines += ["", "`said` is what the judge answered, `readout` what the skill's code made of it.", ""]
    orders = metrics["orders"].get("readout")
    if orders is not None:
        lines += _order_lines(orders)
    if metrics["references"]:
        lines += ["Choosing without a judge, %:", ""]
        lines += [f"- {name}: {value:.2f}" for name, value in metrics["references"].items()] + [""]
    if metrics["facts"]:
        told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in metrics["facts"].items())
        lines += [f"Counts: {told}.", ""]
    if "probabilities" in metrics:
        lines += _probability_lines(metrics["probabilities"])
    if counts["invalid"]:
        owners = ", ".join(f"{owner} {number}" for owner, number in counts["invalid_by_owner"].items())
        lines += [f"Invalid judgments by owner of the error: {owners}.", ""]
        if "harness" in counts["invalid_by_owner"]:
            lines += ["Errors of the harness are mistakes of ours: errors.log has their tracebacks.", ""]
    if not metrics["complete"]:
        lines += [
            f"The run is not complete: {counts['expected'] - counts['judgments']} judgments are missing. "
            "The same command goes on with it.",
            "",
        ]
    each = max(counts["judgments"], 1)
    lines += [
        f"Per judgment: {usage['requests'] / each:.1f} requests, {usage['prompt_tokens'] / each:.0f} prompt "
        f"tokens ({usage['cached_tokens'] / each:.0f} cached), {usage['completion_tokens'] / each:.0f} "
        f"completion tokens, {usage['tool_calls'] / each:.1f} tool calls.",
        "",
    ]
    return "\n".join(lines)


def _probability_lines(facts: Mapping[str, Any]) -> list[str]:
    lines = [
        f"Read by token probabilities: {100 * facts['label_mass']['mean']:.1f}% of all probability fell on "
        f"labels (the least of a judgment: {100 * facts['label_mass']['least']:.1f}%).",
        "",
    ]
    for name, what in (("each_order", "each judgment by itself"), ("both_orders", "the mean of both orders")):
        one = facts.get(name) or {"of": 0}
        if one["of"]:
            lines += [
                f"- {what}: right {one['right_percent']:.2f}% of {one['of']}, expected calibration error "
                f"{one['expected_calibration_error']:.3f}, Brier score {one['brier']:.3f}"
                + (f"; {one['undecided']} undecided" if one["undecided"] else "")
            ]
    return [*lines, ""] if lines[-1] else lines


def _order_lines(orders: Mapping[str, Any]) -> list[str]:
    def share(value: float | None) -> str:
        return "none" if value is None else f"{value:.1f}%"

    return [
        f"Orders: the same response was chosen in both for {share(orders['consistency_percent'])} of "
        f"{orders['pairs_decided_in_both_orders']} pairs; the response shown first was chosen in "
        f"{share(orders['first_shown_percent'])} of the choices; ties {orders['ties']}, "
        f"nothing {orders['nothing']}.",
        "",
    ]
