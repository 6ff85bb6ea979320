"""Whether a metric may be read as a number: how many of the judgments behind it gave no verdict.

A suite computes its metric also where judgments failed: they count as wrong, as chance or as padding,
whatever the official rule says. Such a number says less and less about the judge, so above some share
it is marked, and above half it is withheld. An average is withheld with any of its parts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from skillbench.suites.base import Scores
from skillbench.suites.behind import Behind

__all__ = [
    "MOST_SHOWN",
    "MOST_UNMARKED",
    "WITHHELD_CODE",
    "Validity",
    "share_of",
    "validities",
    "withheld_of",
]

MOST_UNMARKED: Final = 5
"""Above so many per cent of invalid judgments a metric is marked."""

MOST_SHOWN: Final = 50
"""Above so many per cent of invalid judgments a metric is withheld."""

WITHHELD_CODE: Final = 3
"""Exit status of a command whose run is done and has a metric that is withheld."""

State = Literal["shown", "marked", "withheld"]


@dataclass(frozen=True, slots=True)
class Validity:
    """The judgments behind a metric; ``why`` says of a withheld one what keeps it from being a number."""

    judgments: int
    invalid: int
    state: State
    why: str | None = None

    def facts(self) -> dict[str, Any]:
        """Return what ``metrics.json`` says of it."""
        return {
            "judgments": self.judgments,
            "invalid": self.invalid,
            "percent": 100 * self.invalid / max(self.judgments, 1),
            "state": self.state,
            **({"why": self.why} if self.why else {}),
        }


def share_of(judgments: int, invalid: int) -> Validity:
    """Return whether a number made of ``judgments`` may be shown."""
    if 100 * invalid > MOST_SHOWN * judgments:
        why = (
            f"{invalid} of the {judgments} judgments behind it are invalid ({100 * invalid / judgments:.0f}%)"
        )
        return Validity(judgments, invalid, "withheld", why)
    marked = 100 * invalid > MOST_UNMARKED * judgments
    return Validity(judgments, invalid, "marked" if marked else "shown")


def withheld_of(metrics: Mapping[str, Any]) -> list[str]:
    """Return the metrics that ``metrics.json`` withholds, in its order."""
    return [name for name, validity in metrics["validity"].items() if validity["state"] == "withheld"]


def validities(
    scores: Scores, whole: Behind, strata: Mapping[str, Validity], incomplete: Collection[str]
) -> dict[str, Validity]:
    """Return for every metric of a run whether it may be shown.

    Args:
        scores: what the suite computed.
        whole: all judgments of the run, for metrics of which the suite says nothing.
        strata: the judgments of each stratum, for averages of which it says nothing.
        incomplete: strata of which a sample lacks a judgment; no average may hold one.
    """
    named = {**scores.said, **scores.readout}
    behind = {name: scores.behind.get(name, whole) for name in named}
    states = {name: share_of(counted.judgments, counted.invalid) for name, counted in behind.items()}
    for name, counted in behind.items():
        if counted.parts:
            parts = {stratum: states.get(metric) for stratum, metric in counted.parts.items()}
            states[name] = _averaged(states[name], parts, incomplete)
        elif name not in scores.behind and named[name].over == "strata":
            states[name] = _averaged(states[name], strata, incomplete)
    return states


def _averaged(own: Validity, parts: Mapping[str, Validity | None], incomplete: Collection[str]) -> Validity:
    lacking = [stratum for stratum, part in parts.items() if part is None or stratum in incomplete]
    withheld = [
        stratum
        for stratum, part in parts.items()
        if part is not None and part.state == "withheld" and stratum not in lacking
    ]
    told = [f"{', '.join(withheld)} withheld"] if withheld else []
    told += [f"{', '.join(lacking)} not complete"] if lacking else []
    if told:
        why = f"it is an average over {len(parts)} parts: {'; '.join(told)}"
        return replace(own, state="withheld", why=why)
    if own.state == "shown" and any(part.state == "marked" for part in parts.values() if part is not None):
        return replace(own, state="marked")
    return own
