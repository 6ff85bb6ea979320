"""What a run found, in words: the last line of a run, and ``summary.md``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from skillbench.analysis.validity import MOST_SHOWN, MOST_UNMARKED
from skillbench.console import short_count
from skillspec.terminal import printable

__all__ = [
    "BY",
    "MARK",
    "code_share",
    "duplicates_told",
    "invalid_share",
    "quoted",
    "sentence",
    "summary_text",
]

MARK: Final = "*"
"""Stands behind a number of whose judgments more than a few are invalid."""

_MARKS = re.compile(r"[\\`*\[\]<>|]")

BY: Final = {"said": "by what the judge said", "readout": "by the readout, which makes the only score"}
"""Whose number it is."""


def code_share(code: Mapping[str, Any]) -> str:
    """Say how many judgments code decided, by verifier."""
    by = "".join(f", {name} {number}" for name, number in code["by_verifier"].items())
    return f"code decided {code['decided']} of {code['of']}{by}"


def invalid_share(validity: Mapping[str, Any]) -> str:
    """Say what part of the judgments behind a number is invalid."""
    percent = validity["percent"]
    return f"{percent:.0f}%" if percent in (0, 100) or 1 <= percent < 99.5 else f"{percent:.2g}%"


def _span(estimate: Mapping[str, Any] | None, mark: str = "") -> str:
    if estimate is None:
        return "-"
    if estimate["method"] == "withheld":
        return "withheld"
    if estimate["method"] == "none":
        return f"{estimate['value']:.2f}{mark}"
    return f"{estimate['value']:.2f}{mark} ({estimate['low']:.2f} to {estimate['high']:.2f})"


def duplicates_told(number: int) -> str:
    """Say that rows of the data are there twice."""
    return f"{number} rows of the data repeat others (--allow-duplicates)"


def sentence(metrics: Mapping[str, Any]) -> str:
    """Say in one sentence what a run found and what it cost."""
    counts, usage = metrics["counts"], metrics["usage"]
    tokens = short_count(usage["prompt_tokens"] + usage["completion_tokens"])
    invalid = ", all valid" if counts["judgments"] else ""
    if counts["invalid"]:
        share = invalid_share({"percent": 100 * counts["invalid"] / counts["judgments"]})
        invalid = f", {counts['invalid']} invalid ({share})"
    made = f"{counts['judgments']} of {counts['expected']} judgments{invalid}"
    if metrics.get("reader", "ours") != "ours":
        made += f"; answers read by {metrics['reader']} rules"
    if counts.get("duplicates"):
        made += f"; {duplicates_told(counts['duplicates'])}"
    return f"{_found(metrics)}; {made}; {tokens} tokens"


def _found(metrics: Mapping[str, Any]) -> str:
    head = metrics["headline"]
    if head["name"] is None:
        return "no sample finished"
    if head["state"] == "withheld":
        return f"{head['name']} is withheld: {head['why']}"
    number = f"{head['value']:.2f} ({head['low']:.2f} to {head['high']:.2f}), 95% interval"
    marked = f", marked: {invalid_share(head)} of its judgments are invalid"
    told = f"{head['name']} {number}, {BY[head['by']]}{marked if head['state'] == 'marked' else ''}"
    if head["by"] == "said" and head["readout"] is not None:
        told += f"; readout {head['readout']:.2f}"
    return f"{told}; {code_share(metrics['code'])}"


def quoted(value: Any) -> Any:
    """Return a JSON-like value whose texts, names included, say nothing in Markdown and fit a line."""
    if isinstance(value, str):
        return _MARKS.sub(r"\\\g<0>", printable(" ".join(value.split("\n"))))
    if isinstance(value, Mapping):
        return {quoted(name): quoted(item) for name, item in value.items()}
    return [quoted(item) for item in value] if isinstance(value, list | tuple) else value


def summary_text(metrics: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    """Return ``summary.md``: a page for a person."""
    metrics, run = quoted(metrics), quoted(run)
    identity, usage = run["identity"], metrics["usage"]
    skill = identity["skill"] or "no skill"
    mode = f" ({identity['mode']})" if identity.get("mode") else ""
    routed = [f"{group} is judged directly, without the skill" for group in identity.get("routes") or ()]
    lines = [
        f"# {identity['suite']}{mode}: {skill}, {identity['delivery']}, {identity['model']}",
        "",
        sentence(metrics) + ".",
        "",
        *([f"Routing: {'; '.join(routed)}.", ""] if routed else []),
        *_table(metrics),
    ]
    for by in ("said", "readout"):
        orders = metrics["orders"].get(by)
        if orders is not None and (by == "said" or metrics["counts"]["readout_differs_from_said"]):
            lines += _order_lines(by, orders)
    if metrics["references"]:
        lines += ["Choosing without a judge, %:", ""]
        lines += [f"- {name}: {value:.2f}" for name, value in metrics["references"].items()] + [""]
    if metrics["facts"]:
        told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in metrics["facts"].items())
        lines += [f"Counts: {told}.", ""]
    if "probabilities" in metrics:
        lines += _probability_lines(metrics["probabilities"])
    lines += _failure_lines(metrics)
    each = max(metrics["counts"]["judgments"], 1)
    lines += [
        f"Per judgment: {usage['requests'] / each:.1f} requests, {usage['prompt_tokens'] / each:.0f} prompt "
        f"tokens ({usage['cached_tokens'] / each:.0f} cached), {usage['completion_tokens'] / each:.0f} "
        f"completion tokens, {usage['tool_calls'] / each:.1f} tool calls.",
        "",
    ]
    return "\n".join(lines)


def _table(metrics: Mapping[str, Any]) -> list[str]:
    """The judge's number first, the readout's beside it, and how much of both is made of nothing."""
    lines = ["| metric | said, % (95%) | readout, % (95%) | invalid | samples |", "|---|---|---|---|---|"]
    intervals, states = metrics["intervals"], metrics["validity"]
    for name in metrics["official"]:
        state = states[name]
        mark = MARK if state["state"] == "marked" else ""
        both = [intervals[by].get(name) for by in ("said", "readout")]
        cells = [name, *(_span(estimate, mark) for estimate in both), invalid_share(state)]
        lines.append(f"| {' | '.join(cells)} | {next(estimate['of'] for estimate in both if estimate)} |")
    lines += ["", "`said` is what the judge answered, `readout` what the skill's code made of it; "
              f"{code_share(metrics['code'])}."]  # fmt: skip
    if metrics["only_readout"]:
        lines.append("Where nothing stands under said, the readout makes the only score.")
    if any(validity["state"] == "marked" for validity in states.values()):
        lines.append(
            f"{MARK} More than {MOST_UNMARKED}% of the judgments behind the number, or behind a part of it, "
            "are invalid; they count as the benchmark's rule for a missing answer says."
        )
    withheld = {name: validity["why"] for name, validity in states.items() if validity["state"] == "withheld"}
    if withheld:
        lines += ["", f"Withheld, because there is no number without judgments (at most {MOST_SHOWN}% may "
                  "be invalid), and no average over what is withheld:", ""]  # fmt: skip
        lines += [f"- {name}: {why}" for name, why in withheld.items()]
    return [*lines, ""]


def _failure_lines(metrics: Mapping[str, Any]) -> list[str]:
    counts = metrics["counts"]
    lines = []
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
    return lines


def _probability_lines(facts: Mapping[str, Any]) -> list[str]:
    lines = [
        f"Read by token probabilities: {100 * facts['label_mass']['mean']:.1f}% of all probability fell on "
        f"labels (the least of a judgment: {100 * facts['label_mass']['least']:.1f}%).",
        "",
    ]
    for name, what in (("each_order", "each judgment by itself"), ("both_orders", "the mean of both orders")):
        calibration = facts.get(name) or {"of": 0}
        if calibration["of"]:
            lines += [
                f"- {what}: right {calibration['right_percent']:.2f}% of {calibration['of']}, "
                f"expected calibration error {calibration['expected_calibration_error']:.3f}, "
                f"Brier score {calibration['brier']:.3f}"
                + (f"; {calibration['undecided']} undecided" if calibration["undecided"] else "")
            ]
    return [*lines, ""] if lines[-1] else lines


def _order_lines(by: str, orders: Mapping[str, Any]) -> list[str]:
    def share(value: float | None) -> str:
        return "none" if value is None else f"{value:.1f}%"

    whose = "Orders" if by == "said" else "Orders, by the readout"
    return [
        f"{whose}: the same response was chosen in both for {share(orders['consistency_percent'])} of "
        f"{orders['pairs_decided_in_both_orders']} pairs; the response shown first was chosen in "
        f"{share(orders['first_shown_percent'])} of the choices; ties {orders['ties']}, "
        f"nothing {orders['nothing']}.",
        "",
    ]
