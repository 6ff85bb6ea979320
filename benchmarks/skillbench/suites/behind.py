"""The judgments that a metric is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Behind"]


@dataclass(frozen=True, slots=True)
class Behind:
    """How many judgments a metric is made of, and how many of them gave no verdict.

    ``parts`` names the metrics that an average is of, by the stratum that each is about.
    """

    judgments: int
    invalid: int
    parts: Mapping[str, str] = field(default_factory=dict)
