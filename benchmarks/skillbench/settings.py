"""The settings of the published experiments, by name: which skill is delivered how.

A setting of an experiment is not a setting of the language (a set of levels): ``skill_operational`` is
the skill ``reward_judge_operational``, delivered progressively, which sees the operational levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from skillbench.errors import BenchError
from skillspec.words import DIRECT, FLAT, PROGRESSIVE, TOOLS_ONLY

__all__ = ["LEVELS", "SETTINGS", "Setting", "find_setting", "setting_for"]

LEVELS: Final = ("fair", "operational")
"""Settings of the language, which --setting takes too."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a named setting stands for. ``skill`` None is the judge without a skill."""

    name: str
    skill: str | None
    delivery: str
    says: str


_FAIR: Final = "reward_judge_fair"
_OPERATIONAL: Final = "reward_judge_operational"
_FOLLOWING: Final = "instruction_following"

SETTINGS: Final[Mapping[str, Setting]] = MappingProxyType(
    {
        setting.name: setting
        for setting in (
            Setting("baseline", None, DIRECT, "the task alone"),
            Setting("skill_fair", _FAIR, PROGRESSIVE, "a skill that sees what the baseline sees"),
            Setting("skill_operational", _OPERATIONAL, PROGRESSIVE, "a skill with the row's resources"),
            Setting("fair_flat_prompt", _FAIR, FLAT, "ablation: the fair skill pasted into the prompt"),
            Setting("flat_prompt", _OPERATIONAL, FLAT, "ablation: skill and resources pasted in"),
            Setting("tool_only", _FAIR, TOOLS_ONLY, "ablation: the baseline's prompt and tools, no skill"),
            Setting("agentic", _FOLLOWING, PROGRESSIVE, "a checklist judged with the skill for instructions"),
            Setting("agentic_flat", _FOLLOWING, FLAT, "ablation: the same pasted into the prompt"),
        )
    }
)
"""All named settings, in the order of tables."""


def find_setting(name: str) -> Setting:
    """Return the setting called ``name``.

    Raises:
        BenchError: there is none.
    """
    if name not in SETTINGS:
        raise BenchError(f"there is no setting {name}; there are: {', '.join(SETTINGS)}")
    return SETTINGS[name]


def setting_for(skill: str | None, delivery: str) -> str | None:
    """Return the name of the setting that delivers ``skill`` so, None where it has no name."""
    return next(
        (
            setting.name
            for setting in SETTINGS.values()
            if (setting.skill, setting.delivery) == (skill, delivery)
        ),
        None,
    )
