"""Reading decisions from judges' texts as the judges of the official JudgeBench repository do.

One reader for each ``judge_name`` of published outputs. They are kept as lenient or strict as the
official ones, oddities included, because a published number was made by them: ``skywork_critic``
takes any capital A for a vote, two arena-hard labels of the same direction and different strength
decide nothing, and a reward model's equal scores vote for B.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

__all__ = [
    "READERS",
    "decision_from_scores",
    "read_arena_hard",
    "read_auto_j",
    "read_judge_lm",
    "read_last_output",
    "read_panda_lm",
    "read_prometheus_2",
    "read_skywork_critic",
    "read_vanilla",
    "reader_for",
]

_ARENA_LABEL: Final = re.compile(r"\[\[([AB<>=]+)\]\]")
_PROMETHEUS_RESULT: Final = re.compile(
    r"(?:(?:\[result\](?:\s+response)?|\[result:|^result:?)\s*|\[response\s+)([ab])(?:\]|\s|$)",
    re.IGNORECASE | re.MULTILINE,
)
_OUTPUT: Final = re.compile(r"Output \(([ab])\)", re.IGNORECASE)
_AUTO_J_LEAD: Final = "final decision is "


def read_arena_hard(text: str) -> str | None:
    """Return the label in double brackets, ``>>`` as ``>``; none or several different ones are null.

    The labels are compared before ``>>`` is shortened: ``[[A>B]]`` with ``[[A>>B]]`` is null.
    """
    labels = set(_ARENA_LABEL.findall(text))
    return labels.pop().replace(">>", ">") if len(labels) == 1 else None


def read_vanilla(text: str) -> str | None:
    """Return the decision of a judge that answers ``Output (a)`` or ``Output (b)`` and nothing else."""
    return {"Output (a)": "A>B", "Output (b)": "B>A"}.get(text.strip())


def read_last_output(text: str) -> str | None:
    """Return ``A`` or ``B`` for the last ``Output (a)`` or ``Output (b)`` in a text."""
    named = _OUTPUT.findall(text)
    return named[-1].upper() if named else None


def read_panda_lm(text: str) -> str:
    """Return the decision of PandaLM: the first line is 1 or 2, anything else is a tie."""
    return {"1": "A>B", "2": "B>A"}.get(text.strip().split("\n")[0], "A=B")


def read_judge_lm(text: str) -> str:
    """Return the decision of JudgeLM: two scores in the first line; an unreadable line is a tie."""
    parts = text.split("\n")[0].replace(",", " ").split(" ")
    if len(parts) != 2:
        return "A=B"
    try:
        first, second = float(parts[0]), float(parts[1])
    except ValueError:
        return "A=B"
    if first > second:
        return "A>B"
    return "B>A" if first < second else "A=B"


def read_auto_j(text: str) -> str | None:
    """Return the decision of Auto-J, which follows its last ``final decision is``."""
    _, lead, rest = text.strip().rpartition(_AUTO_J_LEAD)
    if not lead:
        return None
    said = rest.strip().lower()
    for beginning, decision in (("response 1", "A>B"), ("response 2", "B>A"), ("tie", "A=B")):
        if said.startswith(beginning):
            return decision
    return None


def read_prometheus_2(text: str) -> str | None:
    """Return the decision of Prometheus 2, the first ``[RESULT] A`` or a form like it."""
    match = _PROMETHEUS_RESULT.search(text)
    if match is None:
        return None
    return "A>B" if match[1].upper() == "A" else "B>A"


def read_skywork_critic(text: str) -> str | None:
    """Return the decision of Skywork-Critic: an A anywhere, else a B anywhere."""
    if "A" in text:
        return "A>B"
    return "B>A" if "B" in text else None


READERS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "arena_hard": read_arena_hard,
    "compass_judger": read_arena_hard,
    "vanilla": read_vanilla,
    "panda_lm": read_panda_lm,
    "judge_lm": read_judge_lm,
    "auto_j": read_auto_j,
    "prometheus_2": read_prometheus_2,
    "skywork_critic": read_skywork_critic,
}
"""The reader of each judge that answers in text, by the ``judge_name`` of published outputs."""


def reader_for(judge_name: str) -> Callable[[str], str | None] | None:
    """Return the reader of a judge; variants of arena-hard prompts end in the same labels."""
    if judge_name.startswith("arena_hard"):
        return read_arena_hard
    return READERS.get(judge_name)


def decision_from_scores(scores: Sequence[float]) -> str:
    """Return a reward model's decision from its two scores; equal scores are ``B>A``, as officially."""
    return "A>B" if scores[0] > scores[1] else "B>A"
