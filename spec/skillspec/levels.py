"""The visibility lattice: who may see a field of a sample.

A task gives every field that it declares one level; a field that no task declares is oracle.
A setting is a set of levels. Whatever reads fields needs the union of their levels, and a
reading is allowed when that union lies inside the setting. Oracle is in no setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

__all__ = ["SETTINGS", "Level", "allows", "levels_text", "missing_levels"]


class Level(StrEnum):
    """Where a field comes from, and so who may see it."""

    PUBLIC = "public"
    """What the candidate saw, and the candidates: declared by ``given``."""
    SAMPLE = "sample"
    """What belongs to one sample, such as a reference or a checklist: declared by ``attach``."""
    BENCHMARK = "benchmark"
    """What belongs to the benchmark's bookkeeping, such as a subset's name: declared by ``about``."""
    ORACLE = "oracle"
    """Labels, origins, generators, scores and all that nobody declared. Never visible."""


SETTINGS: Final[Mapping[str, frozenset[Level]]] = MappingProxyType(
    {
        "fair": frozenset({Level.PUBLIC}),
        "operational": frozenset({Level.PUBLIC, Level.SAMPLE, Level.BENCHMARK}),
    }
)
"""The settings of the language, each a set of levels."""


def missing_levels(needed: Iterable[Level], setting: str) -> tuple[Level, ...]:
    """Return the levels of ``needed`` that ``setting`` does not grant, in the order of ``Level``."""
    granted = SETTINGS[setting]
    wanted = set(needed)
    return tuple(level for level in Level if level in wanted and level not in granted)


def allows(setting: str, needed: Iterable[Level]) -> bool:
    """Tell whether everything in ``needed`` may be read in ``setting``."""
    return not missing_levels(needed, setting)


def levels_text(setting: str) -> str:
    """Name the levels of a setting for a person: ``public, sample, benchmark``."""
    return ", ".join(level.value for level in Level if level in SETTINGS[setting])
