"""What a trainer sets by ``reward_kwargs``, checked once and frozen.

The values arrive from Hydra: lists may be list-like objects of its own, numbers may be text from a
command line. A key that is not known is refused, so that a misspelt one cannot be ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args, get_type_hints

from skillspec.artifacts import link_id
from skillspec.words import PRELOADED

__all__ = ["RewardSettings", "SettingsError", "read_settings"]

Mode = Literal["skill", "rules", "direct", "rules_x_llm"]
OnFailure = Literal["rules", "value"]
WhenUnreliable = Literal["warn", "stop"]

_PASSED_BY_VERL = frozenset({"reward_router_address", "reward_model_tokenizer"})
"""What verl adds where it serves a reward model of its own; nothing of ours."""


class SettingsError(ValueError):
    """A reward setting is wrong; the text names it and says what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewardSettings:
    """How one rollout is scored.

    Attributes:
        mode: ``skill`` judges with the compiled skill; the rest are baselines: ``rules`` is the mean of
            the rule checks, without a model; ``direct`` the judge's own number without a skill;
            ``rules_x_llm`` the mean of the rules times the judge's number for the soft demands.
        skill: name of the compiled skill.
        task: name of the task that it serves.
        setting: ``fair`` or ``operational``; what the judge may see.
        delivery: ``progressive``, ``preloaded``, ``flat`` or ``tools_only``.
        artifacts: folder of the compiled artifacts; the installation's own when empty.
        base_urls: roots of the judge's servers, such as ``http://127.0.0.1:8000/v1``.
        model: the served model's name.
        api_key: sent as bearer token; none when empty.
        tool_mode: ``native``, or ``schema`` for servers that cannot force a call by name.
        max_tokens: bound on one turn of the judge.
        seed: sampling seed that is sent.
        enable_thinking: whether the judge's template lets it think.
        deadline_s: bound on one reward from its arrival, waiting included, in seconds.
        request_timeout_s: bound on one request to the judge, in seconds.
        concurrency: rewards under way at once in this process, and requests to one server.
        sandbox_processes: rule checks that run at once in this process; 0 for one a core.
        hedge: send a request that hangs a second time, to another server.
        on_failure: what a failed judgment is worth: ``rules`` is the mean of the rules (where none
            was decided, ``failure_score``), ``value`` always ``failure_score``.
        failure_score: see ``on_failure``.
        max_failure_rate: share of failed judgments among the last ``failure_window`` above which the
            reward is called unreliable.
        failure_window: how many judgments that share is taken over.
        when_unreliable: ``warn`` writes an error to the log, ``stop`` raises it as well.
        thinking_tags: names of the blocks that are taken out of a rollout before it is judged.
    """

    mode: Mode = "skill"
    skill: str = "instruction_following_pointwise"
    task: str = "if_pointwise"
    setting: str = "operational"
    delivery: str = PRELOADED
    artifacts: str = ""
    base_urls: tuple[str, ...] = ()
    model: str = ""
    api_key: str = ""
    tool_mode: Literal["native", "schema"] = "native"
    max_tokens: int = 2048
    seed: int = 0
    enable_thinking: bool = False
    deadline_s: float = 120.0
    request_timeout_s: float = 60.0
    concurrency: int = 64
    sandbox_processes: int = 0
    hedge: bool = True
    on_failure: OnFailure = "rules"
    failure_score: float = 0.0
    max_failure_rate: float = 0.1
    failure_window: int = 200
    when_unreliable: WhenUnreliable = "warn"
    thinking_tags: tuple[str, ...] = ("think", "thinking")

    @property
    def link(self) -> str:
        """The id of the compiled link that is run."""
        delivery = self.delivery if self.mode == "skill" else "direct"
        return link_id(self.task, self.skill, self.setting, delivery)

    @property
    def needs_model(self) -> bool:
        """Whether a judge is asked at all."""
        return self.mode != "rules"


_TYPES = get_type_hints(RewardSettings)
_POSITIVE = ("max_tokens", "deadline_s", "request_timeout_s", "concurrency", "failure_window")
_SHARES = ("failure_score", "max_failure_rate")


def read_settings(given: Mapping[str, Any]) -> RewardSettings:
    """Check and convert ``reward_kwargs``.

    Raises:
        SettingsError: an unknown key, a value of the wrong kind or out of bounds, or a judge that is
            needed and not named.
    """
    known = [field.name for field in fields(RewardSettings)]
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name in _PASSED_BY_VERL:
            continue
        if name not in known:
            raise SettingsError(
                f"reward_kwargs.{name} is not a setting of this reward{_nearest(name, known)}."
            )
        if value is not None:
            values[name] = _converted(name, value)
    settings = RewardSettings(**values)
    for name in _POSITIVE:
        if not getattr(settings, name) > 0:
            raise SettingsError(f"reward_kwargs.{name} must be greater than 0.")
    for name in _SHARES:
        if not 0 <= getattr(settings, name) <= 1:
            raise SettingsError(f"reward_kwargs.{name} must lie between 0 and 1.")
    if settings.sandbox_processes < 0:
        raise SettingsError("reward_kwargs.sandbox_processes must be 0 (one a core) or more.")
    if settings.needs_model and not (settings.base_urls and settings.model):
        raise SettingsError(
            f"mode {settings.mode} asks a judge: set reward_kwargs.base_urls and reward_kwargs.model, "
            "or mode=rules to score by rule checks alone."
        )
    return settings


def _nearest(name: str, known: Sequence[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, 1)
    return f"; did you mean {near[0]}?" if near else f". Settings: {', '.join(known)}"


def _converted(name: str, value: Any) -> Any:
    wanted = _TYPES[name]
    if wanted == tuple[str, ...]:
        items = value.split(",") if isinstance(value, str) else list(value)
        return tuple(text for item in items if (text := str(item).strip()))
    if choices := get_args(wanted):
        if value not in choices:
            raise SettingsError(f"reward_kwargs.{name} must be one of {', '.join(choices)}, not {value!r}.")
        return value
    if wanted is bool:
        truths = {True: True, False: False, "true": True, "false": False}
        key = value.lower() if isinstance(value, str) else value
        if isinstance(key, float) or key not in truths:
            raise SettingsError(f"reward_kwargs.{name} must be true or false, not {value!r}.")
        return truths[key]
    try:
        number = wanted(value)
    except (TypeError, ValueError):
        raise SettingsError(f"reward_kwargs.{name} must be {wanted.__name__}, not {value!r}.") from None
    if isinstance(number, float) and number - number != 0:
        raise SettingsError(f"reward_kwargs.{name} must be finite, not {value!r}.")
    return number
