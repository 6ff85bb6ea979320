"""Settings of the reward manager: what verl's own manager does not have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from skillrl.settings import SettingsError
from skillspec.artifacts import link_id
from skillspec.words import PRELOADED

__all__ = ["ManagerSettings", "read_manager_settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerSettings:
    """How trajectories are scheduled, given as ``+reward.skillrl.NAME=VALUE``.

    Attributes:
        deadline_s: bound on a trajectory's reward from its arrival, in seconds; when the reward keeps
            its own deadline this one is never met.
        hedge_after_s: a reward that takes longer is asked for a second time, and the first answer
            counts; 0 for never. In seconds.
        concurrency: rewards under way at once over all workers.
        summary_dir: folder for one JSON line a step and worker; none when empty.
        group: judge the rollouts of a prompt together, by comparison.
        group_patience_s: how long an incomplete group is waited for from its first member, in seconds.
        group_pairs: comparisons a group, at most.
        group_both_orders: ask each pair in both orders; a winner must win in both.
        group_skill: the skill that compares.
        group_task: the pairwise task that it serves.
        group_setting: what the judge may see.
        group_delivery: how the skill is delivered.
        rank_weight: share of the rank in the reward; the rest is the mean of the rule checks, where
            there are any.
    """

    deadline_s: float = 180.0
    hedge_after_s: float = 0.0
    concurrency: int = 128
    summary_dir: str = ""
    group: bool = False
    group_patience_s: float = 120.0
    group_pairs: int = 6
    group_both_orders: bool = False
    group_skill: str = "instruction_following_pairwise"
    group_task: str = "if_pairwise"
    group_setting: str = "operational"
    group_delivery: str = PRELOADED
    rank_weight: float = 0.5

    @property
    def group_link(self) -> str:
        """The id of the compiled link that compares."""
        return link_id(self.group_task, self.group_skill, self.group_setting, self.group_delivery)


def read_manager_settings(given: Mapping[str, Any]) -> ManagerSettings:
    """Check and convert the manager's settings.

    Raises:
        SettingsError: an unknown key, or a value of the wrong kind or out of bounds.
    """
    kinds: dict[str, type[Any]] = get_type_hints(ManagerSettings)
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in kinds:
            raise SettingsError(f"reward.skillrl.{name} is not a setting; there are {', '.join(kinds)}.")
        kind = kinds[name]
        wrong = SettingsError(f"reward.skillrl.{name} must be {kind.__name__}, not {value!r}.")
        if kind is bool and not isinstance(value, bool):
            raise wrong
        try:
            values[name] = kind(value)
        except (TypeError, ValueError):
            raise wrong from None
    settings = ManagerSettings(**values)
    for name in ("deadline_s", "concurrency", "group_patience_s", "group_pairs"):
        if not getattr(settings, name) > 0:
            raise SettingsError(f"reward.skillrl.{name} must be greater than 0.")
    if settings.hedge_after_s < 0 or not 0 <= settings.rank_weight <= 1:
        raise SettingsError("reward.skillrl: hedge_after_s must be 0 or more, rank_weight between 0 and 1.")
    return settings
