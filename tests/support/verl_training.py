"""Runs verl's trainer on this machine's processor, with the overrides of recipes/if_grpo and some more."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from skillrl.overrides import read_overrides

RECIPE = Path(__file__).resolve().parents[2] / "recipes/if_grpo"
REWARD = "+reward.custom_reward_function.reward_kwargs"
MANAGER = (
    "reward.reward_manager.source=importlib",
    "reward.reward_manager.name=SkillRewardManager",
    "reward.reward_manager.module.path=pkg://skillrl.manager",
)
_STEP = re.compile(r"step:(\d+) - .*timing_s/step:([\d.]+)")


def train(run: Path, data: Path, policy: Path, steps: int, more: Sequence[str], threads: int = 1) -> int:
    """Train until step ``steps``; return verl's exit code.

    ``run`` gets ``train.log``, ``rollouts``, ``summaries`` and what verl leaves behind.
    """
    run.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "DATA": str(data),
        "POLICY": str(policy),
        "VERL_USE_EXTERNAL_MODULES": "skillrl.cpu.platform",
        "VERL_ENGINE_DEVICE": "cuda",
        "TORCH_COMPILE_DISABLE": "1",
        "OMP_NUM_THREADS": str(threads),
        "HF_HUB_OFFLINE": "1",
        "HYDRA_FULL_ERROR": "1",
    }
    overrides = read_overrides(
        [RECIPE / "common.overrides", RECIPE / "cpu.overrides"],
        [
            *MANAGER,
            f"+reward.skillrl.summary_dir={run / 'summaries'}",
            f"{REWARD}.sandbox_processes=2",
            f"trainer.total_training_steps={steps}",
            "trainer.total_epochs=1000",
            f"trainer.rollout_data_dir={run / 'rollouts'}",
            f"trainer.default_local_dir={run / 'checkpoints'}",
            *more,
        ],
        environment,
    )
    command = [sys.executable, "-m", "verl.trainer.main_ppo", *overrides]
    with (run / "train.log").open("a") as log:
        done = subprocess.run(command, env=environment, stdout=log, stderr=log, check=False, cwd=run)
    if done.returncode:
        print(f"verl ended with {done.returncode}; see {run / 'train.log'}", file=sys.stderr)
    return done.returncode


def new_folder(given: Path | None, name: str) -> Path | None:
    """The folder of a run: the one given, or a new one; None, and the reason told, where it holds a run."""
    folder = given or RECIPE.parents[1] / "runs" / f"{name}-{int(time.time())}"
    if any(folder.glob("*/")):
        print(f"{given} holds a run already. Give --out another folder.", file=sys.stderr)
        return None
    folder.mkdir(parents=True, exist_ok=True)
    print(f"writes to {os.path.relpath(folder)}", flush=True)
    return folder.resolve()


def step_times(run: Path) -> dict[int, float]:
    """How long verl says each step took, in seconds."""
    log = (run / "train.log").read_text(errors="replace")
    return {int(step): float(took) for step, took in _STEP.findall(log)}
