"""Rows of RewardBench 2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from skillbench.suites.fields import optional_texts, texts
from skillbench.suites.rewardbench2.metric import subset_name
from skillbench.suites.rows import Row

__all__ = ["TIES", "Sample", "read_sample"]

TIES: Final = "Ties"
"""The subset whose responses are rated one by one."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A row: the correct completions first, as in the data."""

    ident: str
    subset: str
    prompt: str
    completions: tuple[str, ...]
    correct: int
    reference: str | list[str] | None
    checklist: list[str] | None


def read_sample(row: Row) -> Sample:
    """Read and check one row.

    Raises:
        RowError: it cannot be used; names file, line and field.
    """
    try:
        subset = subset_name(row.text("subset"))
    except ValueError as error:
        raise row.error("subset", f"is unknown: {error}") from error
    chosen, rejected = texts(row, "chosen"), texts(row, "rejected")
    if subset != TIES and (len(chosen), len(rejected)) != (1, 3):
        raise row.error(
            "chosen",
            f"and rejected must hold 1 and 3 responses, not {len(chosen)} and {len(rejected)}: best of four",
        )
    for name, responses in (("num_correct", chosen), ("num_incorrect", rejected)):
        if row.values.get(name) is not None and row.values[name] != len(responses):
            raise row.error(name, f"says {row.values[name]!r}, but the row has {len(responses)}")
    ident = row.ident("id")
    if subset == TIES:
        _check_ties(row, ident, len(chosen))
    return Sample(
        ident=ident,
        subset=subset,
        prompt=row.text("prompt"),
        completions=(*chosen, *rejected),
        correct=len(chosen),
        reference=optional_texts(row, "reference") or None,
        checklist=optional_texts(row, "checklist") or None,
    )


def _check_ties(row: Row, ident: str, correct: int) -> None:
    kind, _, number = ident.partition(":")
    if kind not in ("ref", "tied") or not number.strip().isdecimal():
        raise row.error("id", f"must be ref:N or tied:N in the subset Ties, not {ident[:40]!r}")
    if kind == "tied" and correct < 2:
        raise row.error("chosen", "needs two responses or more where the id is tied:N")
