"""What every metric is given as: a value with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Estimate"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A metric in per cent with its 95% interval.

    ``of`` counts the units it is about; ``hits`` those that count, None where units count in parts.
    ``over`` says what it is the mean of: of the samples, or of the means of their strata.
    """

    value: float
    low: float
    high: float
    hits: int | None
    of: int
    method: str = "wilson"
    over: Literal["samples", "strata"] = "samples"
