"""From the words of a person to a link: which skill, for which task, in which setting and delivery."""

from __future__ import annotations

from difflib import get_close_matches

from skillspec.artifacts import ArtifactStore, link_id

__all__ = ["ChoiceError", "choose_link"]


class ChoiceError(ValueError):
    """There is no such combination of skill, task, setting and delivery; the text says what there is."""


def choose_link(
    store: ArtifactStore,
    skill: str | None,
    task: str | None = None,
    setting: str | None = None,
    delivery: str | None = None,
) -> str:
    """Return the name of the link that is meant.

    Args:
        store: the compiled artifacts.
        skill: a skill's name; None judges by the task alone, in the delivery ``direct``.
        task: a task's name; may be None where the skill serves one task only.
        setting: None for the skill's own.
        delivery: None for ``progressive``, or ``direct`` without a skill.

    Raises:
        ChoiceError: a name is unknown, or the names do not go together.
        skillspec.artifacts.ArtifactError: an artifact is broken.

    Example:
        >>> choose_link(ArtifactStore(), "reward_judge_fair", "judgebench")
        'reward_judge_fair.judgebench.fair.progressive'
    """
    if skill is not None and skill not in store.index.skills:
        raise ChoiceError(f"there is no skill called {skill}{_meant(skill, store.index.skills)}")
    if task is not None and task not in store.index.tasks:
        raise ChoiceError(f"there is no task called {task}{_meant(task, store.index.tasks)}")
    if skill is None or delivery == "direct":
        if task is None:
            raise ChoiceError(f"without a skill a task is needed; there are: {_listed(store.index.tasks)}")
        return link_id(task, None, "fair", "direct")
    known = store.skill(skill)
    task = task or (known.serves[0] if len(known.serves) == 1 else None)
    if task is None:
        raise ChoiceError(f"{skill} serves several tasks; choose a task of: {_listed(known.serves)}")
    if task not in known.serves:
        raise ChoiceError(f"{skill} does not serve {task}; it serves: {_listed(known.serves)}")
    if setting not in (None, known.setting):
        raise ChoiceError(
            f"{skill} is made for setting {known.setting}; it is not run in setting {setting}, "
            "which would leave parts of the skill out"
        )
    return link_id(task, skill, known.setting, delivery or "progressive")


def _listed(names: object) -> str:
    return ", ".join(sorted(map(str, names)))  # type: ignore[call-overload]


def _meant(name: str, known: object) -> str:
    names = sorted(map(str, known))  # type: ignore[call-overload]
    close = get_close_matches(name, names, 1)
    return f"; did you mean {close[0]}?" if close else f"; there are: {', '.join(names)}"
