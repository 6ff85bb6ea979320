"""Reading judges' texts by the published rules, and scoring published critiques."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from skillbench.suites.base import Prediction
from skillbench.suites.ifrewardbench.constraints import conclusions, read_verdict
from skillbench.suites.texts import OURS, TextsReport, predict_text, reader_of

__all__ = ["read_preference", "read_statuses", "score_critiques"]

_LABELS = ("A", "B")


def read_statuses(text: str, fields: Mapping[str, Any]) -> list[str | None] | None:
    """Return a status for each item of the checklist by the published rule.

    A block whose conclusion is not that the item is satisfied counts as failed, whatever it says. An item
    without a block has no status; the metric pads it.
    """
    items = len(fields["checklist"])
    statuses: list[str | None] = [
        "satisfied" if read_verdict(conclusion) else "failed" for conclusion in conclusions(text)[:items]
    ]
    return statuses + [None] * (items - len(statuses)) if statuses else None


def read_preference(text: str, _: Mapping[str, Any]) -> str | None:
    """Return the one of ``[[A]]`` and ``[[B]]`` that stands in a text; None for both or neither."""
    named = [label for label in _LABELS if f"[[{label}]]" in text]
    return named[0] if len(named) == 1 else None


def score_critiques(
    paths: Sequence[Path], judge: str | None = None, reader: str | None = None
) -> TextsReport:
    """Score files of prompts whose responses carry a judge's ``critique`` beside their ``labels``.

    Raises:
        BenchError: a file cannot be used, or a critique is missing.
    """
    from skillbench.suites.ifrewardbench.suite import IFRewardBench

    del judge  # the critiques' form is one
    suite = IFRewardBench(paths, "constraint")
    how = reader or OURS
    read = reader_of(suite, suite.tasks[0], how)

    def rows() -> Iterator[Prediction]:
        for row, key, sample in suite.samples():
            for number, job in enumerate(suite.expand(sample, key, row.position)):
                critique = row.values["responses"][number].get("critique")
                if critique is not None and not isinstance(critique, str):
                    raise row.error(f"responses[{number}].critique", "must be text or null")
                yield predict_text(suite, job, critique, read)

    return TextsReport.of(suite, how, rows())
