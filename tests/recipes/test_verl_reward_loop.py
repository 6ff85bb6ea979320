"""verl's own reward loop, with Ray, asks our reward. Skipped where verl is not installed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("verl", reason="verl is not installed: pip install torch==2.13.0, then verl==0.9.1")
ray = pytest.importorskip("ray", reason="ray is not installed")

from reward_support import HOSTILE, judge_all, longer_wins, truth  # noqa: E402
from scripted_server import Hang, ScriptedServer, Status, every  # noqa: E402
from verl_support import batch, config  # noqa: E402

from skillrl.cpu.tiny import make_tokenizer  # noqa: E402
from skillrl.doctor import examine  # noqa: E402
from skillrl.reward import close_sessions, compute_score  # noqa: E402

ROLLOUTS = ("A tree.", "A birch.", "The old birch by the river is no tree.", "x")
REWARD = "reward.custom_reward_function"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("tokenizer")
    make_tokenizer(folder)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield folder
    ray.shutdown()


def score(model: Path, rows: list[dict[str, Any]], *overrides: str) -> tuple[Any, list[int]]:
    from verl.experimental.reward_loop import RewardLoopManager

    data, lengths = batch(model, rows)
    chosen = config(model, [f"{REWARD}.path=pkg://skillrl.reward", "reward.num_workers=2", *overrides])
    manager = RewardLoopManager(chosen)
    try:
        return manager.compute_rm_score(data), lengths
    finally:
        for worker in manager.reward_loop_workers:
            ray.kill(worker)


def on_last_token(result: Any, lengths: list[int]) -> list[float]:
    """The reward of each rollout; it must stand on its last valid token and nowhere else."""
    scores = result.batch["rm_scores"]
    last = [float(scores[row, length - 1]) for row, length in enumerate(lengths)]
    assert scores.sum(-1).tolist() == pytest.approx(last)
    return last


def test_64_rollouts_through_the_loop_equal_direct_calls(model: Path) -> None:
    rows = [
        {"prompt": "Write about a tree.", "response": ROLLOUTS[i % 4], "truth": truth(), "uid": f"g{i // 4}"}
        for i in range(64)
    ]
    with ScriptedServer(judge_all()) as server:
        kwargs = {"base_urls": server.base_url, "model": server.model}
        told = [f"+{REWARD}.reward_kwargs.{key}='{value}'" for key, value in kwargs.items()]
        result, lengths = score(model, rows, *told)
        direct = asyncio.run(directly(kwargs))
    assert on_last_token(result, lengths) == pytest.approx([direct[i % 4] for i in range(64)])
    assert len(set(direct)) > 1
    assert set(result.meta_info["reward_extra_keys"]) >= {"rule_score", "judge_score", "judge_failed"}
    assert sum(result.non_tensor_batch["judge_failed"]) == 0


async def directly(kwargs: dict[str, Any]) -> list[float]:
    try:
        found = [
            await compute_score(data_source="", solution_str=text, ground_truth=truth(), **kwargs)
            for text in ROLLOUTS
        ]
    finally:
        await close_sessions()
    return [float(one["score"]) for one in found]


def test_a_hostile_batch_goes_on(model: Path) -> None:
    rows = [
        {"prompt": "Write.", "response": "A tree.", "truth": truth([checker, None, None])}
        for checker in HOSTILE.values()
    ]
    rows += [{"prompt": "Write.", "response": "", "truth": truth()} for _ in range(3)]
    with ScriptedServer(every(judge_all("failed", "other_task"), Status(400), 4)) as server:
        kwargs = {"base_urls": server.base_url, "model": server.model}
        told = [f"+{REWARD}.reward_kwargs.{key}='{value}'" for key, value in kwargs.items()]
        result, lengths = score(model, rows, *told)
    assert max(on_last_token(result, lengths)) == 0
    assert sum(result.non_tensor_batch["judge_failed"]) > 0
    assert list(result.non_tensor_batch["failure"][-3:]) == ["rollout: empty"] * 3


MANAGER = (
    "reward.reward_manager.source=importlib",
    "reward.reward_manager.name=SkillRewardManager",
    "reward.reward_manager.module.path=pkg://skillrl.manager",
)


def test_the_manager_bounds_a_hanging_judge(model: Path, tmp_path: Path) -> None:
    # One group: a rollout whose judge hangs twice gets the mean of its siblings.
    row = {"prompt": "Write.", "response": "A tree.", "truth": truth(), "uid": "a", "split": "train"}
    rows = [row] * 12
    with ScriptedServer(lambda turn: Hang(60) if turn.number % 4 == 0 else judge_all()(turn)) as server:
        kwargs = {"base_urls": server.base_url, "model": server.model, "deadline_s": 3, "hedge": "false"}
        told = [f"+{REWARD}.reward_kwargs.{key}='{value}'" for key, value in kwargs.items()]
        own = ["+reward.skillrl.hedge_after_s=1", "actor_rollout_ref.rollout.n=12"]
        result, lengths = score(model, rows, *MANAGER, *told, *own)
    assert max(result.non_tensor_batch["latency_s"]) < 60
    assert on_last_token(result, lengths) == [1.0] * 12


def test_groups_meet_across_workers_whatever_their_size(model: Path) -> None:
    # Four siblings in training, two in validation, and a group of training that has lost one.
    groups = [("a", "train", 4), ("b", "val", 2), ("c", "train", 3)]
    rows = [
        {"prompt": "Write.", "response": "x" * (i + 1), "truth": truth([None]), "uid": uid, "split": split}
        for uid, split, size in groups
        for i in range(size)
    ]
    with ScriptedServer(longer_wins) as server:
        kwargs = {"base_urls": server.base_url, "model": server.model}
        told = [f"+{REWARD}.reward_kwargs.{key}='{value}'" for key, value in kwargs.items()]
        counts = ["actor_rollout_ref.rollout.n=4", "actor_rollout_ref.rollout.val_kwargs.n=2"]
        own = ["+reward.skillrl.group=True", "+reward.skillrl.group_patience_s=5"]
        result, lengths = score(model, rows, *MANAGER, *told, *counts, *own)
    wanted = [0, 1 / 3, 2 / 3, 1, 0, 1, 0, 0.5, 1]
    assert on_last_token(result, lengths) == pytest.approx(wanted)
    sizes = list(result.non_tensor_batch["group_size"])
    # Nine rows for two workers: verl judges a copy of the first one too, which may come in time or late.
    assert sizes[0] in (4, 5)
    assert sizes == sizes[:1] * 4 + [2] * 2 + [3] * 3


@pytest.mark.parametrize("name", ["paper", "small_gpu", "cpu"])
def test_the_launch_configurations_compose(model: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(__file__).parents[2] / "recipes/if_grpo"
    files = [folder / "common.overrides", folder / f"{name}.overrides"]
    for key in ("DATA", "JUDGE_URLS", "JUDGE_MODEL"):
        monkeypatch.setenv(key, "x")
    monkeypatch.setenv("POLICY", str(model))
    found = {one.what: one for one in examine(files, [])}
    assert found["configuration"].state == "ok", found["configuration"].told
    assert found["reward function"].state == "ok"
    wrong = {one.what: one for one in examine(files, ["actor_rollout_ref.rollout.nn=4"])}
    assert wrong["configuration"].state == "bad"
    assert "nn" in wrong["configuration"].told
    legacy = {one.what: one for one in examine(files, ["custom_reward_function.path=pkg://x"])}
    assert "reward.custom_reward_function" in legacy["overrides"].told


@pytest.mark.parametrize(
    ("override", "told"),
    [
        (f"+{REWARD}.reward_kwargs.mode=skill", "instruction_following_pairwise.if_pairwise.operational"),
        ("+reward.skillrl.group_task=nothing", "no link called instruction_following_pairwise.nothing"),
        (f"+{REWARD}.reward_kwargs.mode=rules", "group=True asks a judge"),
    ],
)
def test_the_doctor_looks_up_what_compares(
    model: Path, override: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(__file__).parents[2] / "recipes/if_grpo"
    files = [folder / f"{name}.overrides" for name in ("common", "paper", "group")]
    for key in ("DATA", "JUDGE_URLS", "JUDGE_MODEL"):
        monkeypatch.setenv(key, "x")
    monkeypatch.setenv("POLICY", str(model))
    found = {one.what: one for one in examine(files, [override])}
    assert told in found["reward manager"].told
