"""Settings of the reward manager: what verl's own manager does not have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from skillrl.settings import Count, Seconds, Share, read_struct
from skillspec.artifacts import link_id
from skillspec.words import PRELOADED

__all__ = ["ManagerSettings", "read_manager_settings"]


class ManagerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How trajectories are scheduled, given as ``+reward.skillrl.NAME=VALUE``.

    Attributes:
        deadline_s: bound on a judgment, or on the comparisons of a group, from the end of the rule
            checks, in seconds; the reward's own deadline is the smaller one by default.
        hedge_after_s: a judgment that takes longer is asked for a second time, and the first answer
            counts; 0 for never. In seconds.
        concurrency: judgments under way at once over all workers.
        summary_dir: folder for one JSON line a step and worker; none when empty.
        group: judge the rollouts of a prompt together, by comparison.
        group_patience_s: how long an incomplete group is waited for from its first member (or a failed
            rollout waits for its siblings' scores), in seconds.
        group_pairs: comparisons a group, at most.
        group_both_orders: ask each pair in both orders; a winner must win in both.
        group_skill: the skill that compares.
        group_task: the pairwise task that it serves.
        group_setting: what the judge may see.
        group_delivery: how the skill is delivered.
        rank_weight: share of the rank in the reward; the rest is the mean of the rule checks, where
            there are any.
    """

    deadline_s: Seconds = 180.0
    hedge_after_s: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    concurrency: Count = 128
    summary_dir: str = ""
    group: bool = False
    group_patience_s: Seconds = 120.0
    group_pairs: Count = 6
    group_both_orders: bool = False
    group_skill: str = "instruction_following_pairwise"
    group_task: str = "if_pairwise"
    group_setting: str = "operational"
    group_delivery: str = PRELOADED
    rank_weight: Share = 0.5

    @property
    def group_link(self) -> str:
        """The id of the compiled link that compares."""
        return link_id(self.group_task, self.group_skill, self.group_setting, self.group_delivery)


def read_manager_settings(given: Mapping[str, Any]) -> ManagerSettings:
    """Check and convert the manager's settings.

    Raises:
        SettingsError: an unknown key, or a value of the wrong kind or out of bounds.
    """
    return read_struct(ManagerSettings, given, "reward.skillrl")
