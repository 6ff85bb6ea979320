"""IF-RewardBench by groups of prompts and by kinds of constraints, as the official analysis reports them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from skillbench.suites.ifrewardbench.constraints import (
    LabelF1,
    PromptScore,
    label_f1,
    matthews,
    mean_score,
)

__all__ = ["KindScore", "checklist_size", "model_size", "score_groups", "score_kinds", "turn"]

_SIZES: Final[Mapping[str, tuple[str, ...]]] = {
    "Small": ("MiniCPM4.1-8B", "Qwen3-8B", "GLM-4-9B-0414", "Llama-3.1-Tulu-3.1-8B"),
    "Middle": ("GLM-4.5-Air", "LLama-3.3-70B-Instruct", "GPT-OSS-20B", "Qwen3-32B"),
    "Large": ("Qwen-3-235B-A22B-Instruct-2507", "Kimi-K2", "GLM-4.5", "DeepSeek-R1"),
    "API": ("Gemini-2.5-Pro", "Doubao-1.6-Seed", "GPT-5", "Claude-4.5-Sonnet"),
}
_MOST_TURNS: Final = 5


def model_size(name: str) -> str:
    """Return the official class of the model that wrote the responses; unlisted spellings are Unknown."""
    return next((size for size, names in _SIZES.items() if name in names), "Unknown")


def checklist_size(items: int) -> str:
    """Return the class of a checklist of so many items: ``<=3``, 4, 5, 6 or ``>=7``."""
    if items <= 3:
        return "<=3"
    return str(items) if items <= 6 else ">=7"


def turn(roles: Sequence[str]) -> str:
    """Return the number of the turn that is judged, at most 5, from the roles of the messages."""
    spoken = len(roles) - (bool(roles) and roles[0] == "system")
    return str(min((spoken + 1) // 2, _MOST_TURNS))


def score_groups(keys: Sequence[str], scores: Sequence[PromptScore]) -> dict[str, PromptScore]:
    """Return the mean score of the prompts with each key, in the order of the keys' names.

    Raises:
        ValueError: there is not one key for each score.
    """
    grouped: dict[str, list[PromptScore]] = {}
    for key, score in zip(keys, scores, strict=True):
        grouped.setdefault(key, []).append(score)
    return {key: mean_score(grouped[key]) for key in sorted(grouped)}


@dataclass(frozen=True, slots=True)
class KindScore:
    """Labels of one kind of constraint, all prompts together; ``violated`` of ``items`` are gold 0."""

    labels: LabelF1
    mcc: float
    items: int
    violated: int


def score_kinds(labels: Iterable[tuple[str, int, int]]) -> dict[str, KindScore]:
    """Score (kind, label read, gold label) triples by kind, in the order of the kinds' names.

    An item with several kinds takes part in each, so it is given once for each.
    """
    read: dict[str, list[int]] = {}
    gold: dict[str, list[int]] = {}
    for kind, label, right in labels:
        read.setdefault(kind, []).append(label)
        gold.setdefault(kind, []).append(right)
    return {
        kind: KindScore(
            label_f1(read[kind], gold[kind]),
            matthews(read[kind], gold[kind]),
            len(gold[kind]),
            gold[kind].count(0),
        )
        for kind in sorted(read)
    }
