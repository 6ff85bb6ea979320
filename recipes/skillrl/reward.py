"""The reward that verl loads: ``reward.custom_reward_function.path=pkg://skillrl.reward``.

``reward_kwargs`` are the fields of ``skillrl.settings.RewardSettings``; what comes back are those
of ``skillrl.outcome.Outcome``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from skillrl.session import close_sessions, session_for
from skillrl.settings import RewardSettings, read_settings

__all__ = ["close_sessions", "compute_score"]


async def compute_score(
    data_source: str,  # noqa: ARG001  (verl passes it by name; it must never reach a judge)
    solution_str: str,
    ground_truth: Any,
    extra_info: Any = None,
    **reward_kwargs: Any,
) -> dict[str, float | int | str]:
    """Score one rollout.

    Args:
        data_source: the row's data set; not used.
        solution_str: the rollout's text.
        ground_truth: the row's instruction as ``skillrl.rows.sample`` reads it.
        extra_info: what else the row holds; read where the instruction stands there.
        **reward_kwargs: see ``skillrl.settings.RewardSettings``.

    Returns:
        ``score`` between 0 and 1 and what explains it; always the same keys, numbers and strings only.

    Raises:
        SettingsError: a setting is wrong.
        InstructionError: neither ``ground_truth`` nor ``extra_info`` holds an instruction: the data are
            wrong, and no score would say so.
        UnreliableReward: too many judgments fail and the settings say to stop.
    """
    session = await session_for(_settings(reward_kwargs))
    return (await session.score(ground_truth, solution_str, extra_info)).to_dict()


def _settings(given: dict[str, Any]) -> RewardSettings:
    # 1, 1.0 and True are one key of a cache, and not one setting: their types tell them apart.
    plain = [
        (name, type(value).__name__, value if isinstance(value, str | int | float | None) else tuple(value))
        for name, value in given.items()
        if name not in ("reward_router_address", "reward_model_tokenizer")
    ]
    return _read(tuple(sorted(plain)))


@lru_cache(maxsize=16)
def _read(given: tuple[tuple[str, str, Any], ...]) -> RewardSettings:
    return read_settings({name: value for name, _, value in given})
