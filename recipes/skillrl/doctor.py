"""``skillrl doctor``: what would break a run, found before the run costs money.

Each check is by itself: one that fails does not hide the next. Nothing is trained and Ray is not started.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from skillrl.data.errors import DataError
from skillrl.overrides import read_overrides
from skillrl.settings import RewardSettings, SettingsError, read_settings

__all__ = ["KNOWN_VERL", "Finding", "examine"]

KNOWN_VERL = ("0.9.1",)
"""The versions of verl that this recipe was run with."""

_ANSWER = "This is a plain answer. It has two sentences."


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was looked at, how it stands (``ok``, ``bad``, ``skipped``), and a sentence."""

    what: str
    state: Literal["ok", "bad", "skipped"]
    told: str

    def line(self) -> str:
        """Return the finding as one line."""
        return f"{self.state:7} {self.what}: {self.told}"


class _Problem(Exception):
    """A check failed; the text is the finding."""


class _NotNeeded(Exception):
    """A check does not apply; the text says why."""


def examine(files: Sequence[Path], more: Sequence[str]) -> list[Finding]:
    """Check this machine against a run's overrides.

    Args:
        files: override files, in order.
        more: overrides from the command line.
    """
    findings: list[Finding] = []

    def check(what: str, run: Callable[[], Any]) -> Any:
        try:
            told = run()
        except _NotNeeded as reason:
            findings.append(Finding(what, "skipped", str(reason)))
        except (_Problem, DataError, SettingsError) as problem:
            findings.append(Finding(what, "bad", " ".join(str(problem).split())))
        except Exception as error:  # a doctor that stops at a surprise hides what comes after it
            findings.append(Finding(what, "bad", " ".join(f"{type(error).__name__}: {error}".split())[:400]))
        else:
            value, text = told if isinstance(told, tuple) else (told, told)
            findings.append(Finding(what, "ok", str(text)))
            return value
        return None

    check("verl", _verl_version)
    overrides = check("overrides", lambda: _overrides(files, more))
    config = check("configuration", lambda: _composed(overrides))
    check("policy", lambda: _policy(config))
    row = check("data", lambda: _data(config))
    check("reward function", lambda: _reward_function(config))
    settings = check("reward settings", lambda: _reward_settings(config))
    check("reward manager", lambda: _manager(config, settings))
    check("judge", lambda: asyncio.run(_judge(settings)))
    check("sandbox", lambda: asyncio.run(_sandbox()))
    check("one reward", lambda: asyncio.run(_one_reward(settings, row)))
    return findings


def _verl_version() -> str:
    try:
        version = metadata.version("verl")
    except metadata.PackageNotFoundError:
        raise _Problem(
            f"not installed; this recipe runs on verl {', '.join(KNOWN_VERL)}: see docs/train.md"
        ) from None
    if version not in KNOWN_VERL:
        raise _Problem(f"version {version} is not known to work; install verl=={KNOWN_VERL[-1]}")
    return version


def _overrides(files: Sequence[Path], more: Sequence[str]) -> tuple[Sequence[str], str]:
    if not files and not more:
        raise _NotNeeded("none given; name the run's files with --config")
    read = read_overrides(files, more, os.environ)
    legacy = [line for line in read if line.lstrip("+").startswith("custom_reward_function.")]
    if legacy:
        raise _Problem(f"{legacy[0]}: verl 0.9 does not read this key; write reward.{legacy[0].lstrip('+')}")
    return read, f"{len(read)} of them"


def _composed(overrides: Sequence[str] | None) -> tuple[Any, str]:
    if overrides is None:
        raise _NotNeeded("there are no overrides to try")
    try:
        import verl
        from hydra import compose, initialize_config_dir
        from hydra.errors import HydraException
        from omegaconf import OmegaConf
        from verl.trainer.ppo.utils import need_critic, need_reference_policy
        from verl.utils.config import validate_config
    except ImportError as error:
        raise _NotNeeded(f"needs verl ({error})") from None
    folder = Path(str(verl.__file__)).parent / "trainer/config"
    try:
        with initialize_config_dir(config_dir=str(folder), version_base=None):
            config = compose("ppo_trainer", overrides=list(overrides))
        OmegaConf.resolve(config)
        validate_config(
            config, use_reference_policy=need_reference_policy(config), use_critic=need_critic(config)
        )
    except (HydraException, ValueError, AssertionError) as error:
        raise _Problem(f"verl does not take this configuration: {error}") from None
    return config, "composes against verl's schema and passes verl's own checks"


def _need(value: Any) -> Any:
    if value is None:
        raise _NotNeeded("needs what failed above")
    return value


def _policy(config: Any) -> str:
    model = _need(config).actor_rollout_ref.model
    path = model.get("tokenizer_path") or model.path
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(path)
    if not tokenizer.chat_template:
        raise _Problem("the tokenizer has no chat template: verl cannot build prompts")
    text = tokenizer.apply_chat_template(
        [{"role": "user", "content": "Hello."}], add_generation_prompt=True, tokenize=False
    )
    return f"{len(tokenizer)} tokens, and a chat template ({len(text)} characters for a greeting)"


def _data(config: Any) -> tuple[Any, str]:
    from skillrl.data.source import read_parquet
    from skillrl.rows.sample import InstructionError, read_row

    data = _need(config).data
    counts = []
    first = None
    for name in ("train_files", "val_files"):
        files = data[name] if not isinstance(data[name], str) else [data[name]]
        for file in files:
            if not Path(file).is_file():
                raise _Problem(f"{name}: {file} does not exist; make it with skillrl prepare")
            rows = read_parquet(Path(file))
            if not rows:
                raise _Problem(f"{name}: {file} holds no rows")
            for number, row in enumerate(rows, 1):
                try:
                    read_row(row)
                except InstructionError as error:
                    raise _Problem(f"{name}, row {number}: {error}") from None
            first = first or rows[0]
            counts.append(f"{name} {len(rows)} rows")
    if (batch := int(data.train_batch_size)) > int(counts[0].split()[1]):
        raise _Problem(f"data.train_batch_size is {batch}, more than there are rows ({counts[0]})")
    return first, ", ".join(counts)


def _reward_function(config: Any) -> str:
    from verl.trainer.ppo.reward import get_custom_reward_fn

    function = get_custom_reward_fn(_need(config))
    if function is None:
        raise _Problem("none set: reward.custom_reward_function.path=pkg://skillrl.reward")
    return str(config.reward.custom_reward_function.path)


def _reward_settings(config: Any) -> tuple[RewardSettings, str]:
    from omegaconf import OmegaConf

    given = _need(config).reward.custom_reward_function.get("reward_kwargs")
    plain: Any = {} if given is None else OmegaConf.to_container(given, resolve=True)
    settings = read_settings(plain)
    return settings, f"mode {settings.mode}, {settings.link}" if settings.needs_model else "mode rules"


def _manager(config: Any, reward: RewardSettings | None) -> str:
    from omegaconf import OmegaConf
    from verl.trainer.ppo.reward import resolve_reward_manager_cls

    from skillrl.managing import read_manager_settings
    from skillrt.programs.program import load_program
    from skillspec.artifacts import ArtifactStore

    name = str(resolve_reward_manager_cls(_need(config)).__name__)
    given = config.reward.get("skillrl")
    if given is not None and name != "SkillRewardManager":
        raise _Problem(f"reward.skillrl is set, but the manager is {name}, which does not read it")
    plain: Any = {} if given is None else OmegaConf.to_container(given, resolve=True)
    settings = read_manager_settings(plain)
    if not settings.group:
        return name
    if reward is not None and not reward.needs_model:
        raise _Problem(
            "group=True asks a judge and mode=rules names none; set mode=skill, base_urls and model"
        )
    load_program(ArtifactStore(), settings.group_link)
    return f"{name}, by group, {settings.group_link}"


async def _judge(settings: RewardSettings | None) -> str:
    if not _need(settings).needs_model:
        raise _NotNeeded("mode rules asks nobody")
    from skillrl.session import endpoint_config
    from skillrt.endpoints import EndpointDown, open_endpoints
    from skillrt.endpoints.config import EndpointFailure

    assert settings is not None, "it is needed"
    names = []
    for url in settings.base_urls:
        try:
            async with open_endpoints(endpoint_config(settings, (url,))) as transport:
                models = await transport.check()
        except (EndpointDown, EndpointFailure) as error:
            raise _Problem(f"{url}: {error}") from None
        if settings.model not in models:
            raise _Problem(f"{url} serves {', '.join(models)}, not {settings.model}")
        names.append(url)
    return f"{len(names)} of {len(names)} servers answer and serve {settings.model}"


async def _sandbox() -> str:
    from skillrt.sandbox import SandboxUnavailable, open_sandbox
    from skillrt.verifiers.checklist import checklist_rules

    checker = "def check_following(instruction, response):\n    return len(response) > 0"
    try:
        async with open_sandbox("cpython") as sandbox:
            checked = await checklist_rules([checker], "p", _ANSWER, sandbox)
    except SandboxUnavailable as error:
        raise _Problem(str(error)) from None
    if checked.items[0].status != "satisfied":
        raise _Problem(f"a checker that must pass did not: {checked.items[0].reason}")
    return "a checker ran behind its walls"


async def _one_reward(settings: RewardSettings | None, row: Any) -> str:
    from skillrl.session import close_sessions, session_for

    truth, extra = (_need(row).get("reward_model") or {}).get("ground_truth"), row.get("extra_info")
    try:
        session = await session_for(_need(settings))
        outcome = await session.score(truth, _ANSWER, extra)
    finally:
        await close_sessions()
    if (failure := outcome.failure) is not None:
        raise _Problem(f"{failure.cause} ({failure.told})")
    asked = f", {outcome.requests} requests, {outcome.prompt_tokens} tokens" if outcome.judged else ""
    return f"{outcome.score:.3f} for a plain answer in {outcome.latency_s:.2f} s{asked}"
