"""The reward manager for verl 0.9::

    reward.reward_manager.source=importlib
    reward.reward_manager.name=SkillRewardManager
    reward.reward_manager.module.path=pkg://skillrl.manager

Its settings are those of ``skillrl.managing``, given as ``+reward.skillrl.NAME=VALUE``.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import ray
from verl.experimental.reward_loop.reward_manager.base import RewardManagerBase

from skillrl.groups.comparing import Comparer, Member
from skillrl.groups.gathering import Gatherer
from skillrl.groups.siblings import Siblings, settled
from skillrl.hedging import hedged
from skillrl.managing import ManagerSettings, read_manager_settings
from skillrl.outcome import Outcome
from skillrl.rows.sample import read_row
from skillrl.session import session_for
from skillrl.settings import RewardSettings, read_settings
from skillrl.steps import StepLog

__all__ = ["GroupRoom", "SkillRewardManager"]

_ROOM = "skillrl_group_room"


class GroupRoom:
    """Where the rollouts of a prompt meet: verl sends each to a worker drawn at random."""

    def __init__(self, reward: RewardSettings, manager: ManagerSettings) -> None:
        comparer = Comparer(reward, manager)
        self._gatherer: Gatherer[Member, dict[str, Any]] = Gatherer(comparer.judge, manager.group_patience_s)
        self._siblings = Siblings(manager.group_patience_s)

    async def reward(self, uid: str, size: int, member: Member) -> dict[str, Any]:
        """Join group ``uid`` to be compared, and return this rollout's reward."""
        return await self._gatherer.join(uid, size, member)

    async def settle(
        self, uid: str, size: int, text: str, score: float | None, doubtful: bool
    ) -> float | None:
        """Tell group ``uid`` this rollout's score; one that failed is told what it gets, as
        ``skillrl.groups.siblings.Siblings.settle`` says."""
        return await self._siblings.settle(uid, size, text, score, doubtful)


class SkillRewardManager(RewardManagerBase):  # type: ignore[misc, unused-ignore]
    """Rewards with a deadline, hedging, bounded concurrency and summaries; by group where told so."""

    def __init__(
        self,
        config: Any,
        tokenizer: Any,
        compute_score: Any,
        reward_router_address: str | None = None,
        reward_model_tokenizer: Any = None,
    ) -> None:
        super().__init__(config, tokenizer, compute_score)
        del reward_router_address, reward_model_tokenizer
        self._own = read_manager_settings(_plain(config.reward.get("skillrl")))
        self._settings = read_settings(_plain(config.reward.custom_reward_function.get("reward_kwargs")))
        workers = max(1, int(config.reward.num_workers))
        self._free = asyncio.Semaphore(max(1, self._own.concurrency // workers))
        self._sizes = {
            "train": int(config.actor_rollout_ref.rollout.n),
            "val": int(config.actor_rollout_ref.rollout.val_kwargs.n),
        }
        self._steps = StepLog(Path(self._own.summary_dir) if self._own.summary_dir else None)
        self._room: Any = None
        if self._own.group or self._settings.on_failure == "group":
            # Rooms of runs with other settings are not this one.
            told = repr((self._settings, self._own))
            name = f"{_ROOM}_{hashlib.sha256(told.encode()).hexdigest()[:16]}"
            options = {"name": name, "get_if_exists": True, "num_cpus": 0, "max_concurrency": 4096}
            self._room = ray.remote(GroupRoom).options(**options).remote(self._settings, self._own)

    async def run_single(self, data: Any) -> dict[str, Any]:
        """Score the last sequence of one trajectory; the argument and the result are verl's."""
        item = data[-1:][0]
        length = item.batch["responses"].shape[-1]
        valid = int(item.batch["attention_mask"][-length:].sum())
        text = await self.loop.run_in_executor(
            None, lambda: self.tokenizer.decode(item.batch["responses"][:valid], skip_special_tokens=True)
        )
        values = item.non_tensor_batch
        reward = await (self._grouped(values, text) if self._own.group else self._single(values, text))
        step = values.get("global_steps", data.meta_info.get("global_steps", 0))
        self._steps.note(int(step), reward)
        return {"reward_score": reward["score"], "reward_extra_info": reward}

    async def _single(self, values: Mapping[str, Any], text: str) -> dict[str, Any]:
        session = await session_for(self._settings)
        truth, extra = _row(values)
        outcome = await session.score(truth, text, extra, deadline_s=self._own.deadline_s, ask=self._ask)
        if self._room is not None and (uid := values.get("uid")) is not None:
            size, settle = self._size(extra), self._room.settle.remote
            outcome = await settled(
                outcome, text, self._settings, lambda *told: settle(str(uid), size, *told)
            )
        return outcome.to_dict()

    async def _ask(self, judge: Callable[[], Awaitable[Outcome]]) -> Outcome:
        async with self._free:
            return await hedged(judge, self._own.hedge_after_s)

    async def _grouped(self, values: Mapping[str, Any], text: str) -> dict[str, Any]:
        # No worker's bound on concurrency here: who waits for siblings would keep them out.
        read_row(values)  # one that nobody can read ends the run here, before a group waits
        truth, extra = _row(values)
        reward: dict[str, Any] = await self._room.reward.remote(
            str(values["uid"]), self._size(extra), Member(truth, text, extra)
        )
        return reward

    def _size(self, extra: Any) -> int:
        split = str((extra or {}).get("split", "train"))
        return self._sizes["val" if split.startswith(("val", "test")) else "train"]


def _row(values: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return a row's ground truth and its extra information, None where it has none."""
    return (values.get("reward_model") or {}).get("ground_truth"), values.get("extra_info")


def _plain(config: Any) -> dict[str, Any]:
    from omegaconf import OmegaConf

    if config is None:
        return {}
    plain = OmegaConf.to_container(config, resolve=True) if OmegaConf.is_config(config) else dict(config)
    return {str(name): value for name, value in plain.items()}
