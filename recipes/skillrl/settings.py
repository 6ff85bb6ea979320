"""What a trainer sets by ``reward_kwargs``, checked once and frozen.

The values arrive from Hydra: numbers may be text from a command line, and a list of texts may be one text
with commas. A key that is not known is refused, so that a misspelt one cannot be ignored.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Meta

from skillspec.artifacts import link_id
from skillspec.words import PRELOADED

__all__ = [
    "Count",
    "RewardSettings",
    "Seconds",
    "SettingsError",
    "Share",
    "Whole",
    "read_settings",
    "read_struct",
]

_PASSED_BY_VERL = frozenset({"reward_router_address", "reward_model_tokenizer"})
"""What verl adds where it serves a reward model of its own; nothing of ours."""
_WEEK_S = 604_800.0

Seconds = Annotated[float, Meta(gt=0, le=_WEEK_S)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=1)]
Whole = Annotated[int, Meta(ge=0)]
Kind = TypeVar("Kind", bound=msgspec.Struct)


class SettingsError(ValueError):
    """A reward setting is wrong; the text names it and says what is allowed."""


class RewardSettings(msgspec.Struct, frozen=True, kw_only=True):
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
        deadline_s: bound on one judgment from the end of its rule checks, waiting included, in seconds.
        request_timeout_s: bound on one request to the judge, in seconds.
        concurrency: judgments under way at once in this process, and requests to one server.
        sandbox_processes: rule checks that run at once in this process; 0 for one a core.
        hedge: send a request that hangs a second time, to another server.
        on_failure: what a failed judgment is worth: ``group`` the mean of its siblings' scores where the
            manager sees the group, and ``failure_score`` elsewhere; ``value`` always ``failure_score``.
        failure_score: see ``on_failure``.
        max_failure_rate: share of failed judgments among the last ``failure_window`` above which the
            reward is called unreliable.
        failure_window: how many judgments that share is taken over.
        when_unreliable: ``warn`` writes an error to the log, ``stop`` raises it as well.
        thinking_tags: names of the blocks that are taken out of a rollout before it is judged.
    """

    mode: Literal["skill", "rules", "direct", "rules_x_llm"] = "skill"
    skill: str = "instruction_following_pointwise"
    task: str = "if_pointwise"
    setting: str = "operational"
    delivery: str = PRELOADED
    artifacts: str = ""
    base_urls: tuple[str, ...] = ()
    model: str = ""
    api_key: str = ""
    tool_mode: Literal["native", "schema"] = "native"
    max_tokens: Count = 2048
    seed: int = 0
    enable_thinking: bool = False
    deadline_s: Seconds = 120.0
    request_timeout_s: Seconds = 60.0
    concurrency: Count = 64
    sandbox_processes: Whole = 0
    hedge: bool = True
    on_failure: Literal["group", "value"] = "group"
    failure_score: Share = 0.0
    max_failure_rate: Share = 0.1
    failure_window: Count = 200
    when_unreliable: Literal["warn", "stop"] = "warn"
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


def read_settings(given: Mapping[str, Any]) -> RewardSettings:
    """Check and convert ``reward_kwargs``.

    Raises:
        SettingsError: an unknown key, a value of the wrong kind or out of bounds, or a judge that is
            needed and not named.
    """
    own = {name: value for name, value in given.items() if name not in _PASSED_BY_VERL}
    settings = read_struct(RewardSettings, own, "reward_kwargs")
    if settings.needs_model and not (settings.base_urls and settings.model):
        raise SettingsError(
            f"mode {settings.mode} asks a judge: set reward_kwargs.base_urls and reward_kwargs.model, "
            "or mode=rules to score by rule checks alone."
        )
    return settings


def read_struct(kind: type[Kind], given: Mapping[str, Any], prefix: str) -> Kind:
    """Convert settings as Hydra gives them; a key that is null keeps its default.

    Text stands for what it spells (``"3"``, ``"true"``, ``"a,b"``); nothing else is bent: 2.7 is no whole
    number, and what is not finite is out of bounds.

    Args:
        kind: the settings.
        given: name to value.
        prefix: where the names stand, for messages.

    Raises:
        SettingsError: an unknown key, or a value of the wrong kind or out of bounds.
    """
    kinds = get_type_hints(kind)
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in kinds:
            near = difflib.get_close_matches(name, kinds, 1)
            hint = f"; did you mean {near[0]}?" if near else f". Settings: {', '.join(kinds)}"
            raise SettingsError(f"{prefix}.{name} is not a setting{hint}")
        if value is not None:
            values[name] = _listed(value) if kinds[name] == tuple[str, ...] else value
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$.")
        name = place.rstrip("`").partition("[")[0]
        if choices := get_args(kinds.get(name)) if problem.startswith("Invalid enum") else ():
            problem = f"must be one of {', '.join(choices)}"
        told = "..." if name == "api_key" else repr(values.get(name))
        raise SettingsError(f"{prefix}.{name} is {told}: {problem}") from None


def _listed(value: Any) -> Any:
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        return value
    return [item.strip() if isinstance(item, str) else item for item in items if item != ""]
