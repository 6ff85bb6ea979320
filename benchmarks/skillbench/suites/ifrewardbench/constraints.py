"""IF-RewardBench, constraint assessment: one verdict for each item of a checklist (thu-coai).

The judge writes a block in Chinese for each item. A critique whose block marks do not pair up is
worth nothing, and every label that is missing is taken for "satisfied", which flatters a judge that
cannot be read: hence ``ConstraintScore.padded``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from skillbench.suites.ifrewardbench.metric import Ranking, mean_of_types, numpy_mean, rank_edges

__all__ = [
    "AnswerLabels",
    "ConstraintPrompt",
    "ConstraintScore",
    "LabelF1",
    "PromptScore",
    "conclusions",
    "label_f1",
    "matthews",
    "mean_score",
    "read_labels",
    "read_verdict",
    "score_constraints",
]

_HEAD: Final = re.compile(r"\[检查项(\d+)-开始\]\s*\n要求：")
_ANALYSIS: Final = "\n分析："
_CONCLUSION: Final = "\n结论："
_SATISFIED: Final = ("人工智能助手的回复满足了该要求", "[[满足该要求]]")
_AFTER_THINKING: Final = "</think>"

PADDING: Final = 1
"""The label of an item for which no verdict could be read."""


def conclusions(critique: str) -> list[str]:
    """Return the conclusions of all blocks in order, or none if the marks do not pair up.

    A block is ``[检查项N-开始]``, 要求, 分析, 结论, each on a line of its own, and ``[检查项N-结束]`` with
    the same N. One mark too many anywhere, in the thinking too, makes the critique unreadable.
    """
    passages: list[str] = []
    position = 0
    while (head := _HEAD.search(critique, position)) is not None:
        tail = f"\n[检查项{head[1]}-结束]"
        analysis = critique.find(_ANALYSIS, head.end())
        conclusion = critique.find(_CONCLUSION, analysis + len(_ANALYSIS)) if analysis >= 0 else -1
        begin = conclusion + len(_CONCLUSION)
        end = critique.find(tail, begin) if conclusion >= 0 else -1
        if end < 0:
            # An opening mark without a block of its own: the marks cannot pair up any more. Giving up
            # here also keeps the time linear in the length of a text that a model wrote.
            return []
        passages.append(critique[begin:end].strip())
        position = end + len(tail)
    paired = critique.count("-开始]") == len(passages) == critique.count("-结束]")
    return passages if paired else []


def read_verdict(conclusion: str) -> int:
    """Return 1 when the conclusion says that the item is satisfied, else 0."""
    said = conclusion.split(_AFTER_THINKING)[-1]
    return int(any(form in said for form in _SATISFIED))


@dataclass(frozen=True, slots=True)
class AnswerLabels:
    """Labels of one response, 0 or 1 for each item; ``padded`` of them were not in the critique."""

    labels: tuple[int, ...]
    padded: int


def read_labels(critique: str | None, items: int) -> AnswerLabels:
    """Read the labels of a critique for a checklist of ``items`` items; superfluous ones are cut off."""
    labels = [read_verdict(text) for text in conclusions(critique or "")][:items]
    padded = items - len(labels)
    return AnswerLabels(tuple(labels) + (PADDING,) * padded, padded)


@dataclass(frozen=True, slots=True)
class LabelF1:
    """F1 of finding satisfied items, and of finding violated ones."""

    positive: float
    negative: float


def _f1(hits: int, claimed: int, actual: int) -> float:
    precision = hits / claimed if claimed else 0.0
    recall = hits / actual if actual else 0.0
    return (2 * precision * recall) / (precision + recall) if precision + recall else 0.0


def _counts(read: Sequence[int], gold: Sequence[int]) -> tuple[int, int, int, int]:
    if len(read) != len(gold):
        raise ValueError(f"there are {len(read)} labels for {len(gold)} items")
    pairs = list(zip(read, gold, strict=True))
    return pairs.count((1, 1)), pairs.count((0, 0)), pairs.count((1, 0)), pairs.count((0, 1))


def label_f1(read: Sequence[int], gold: Sequence[int]) -> LabelF1:
    """Compare labels with gold labels; where a precision or recall is undefined, F1 is 0.

    Raises:
        ValueError: they are not as many.
    """
    tp, tn, fp, fn = _counts(read, gold)
    return LabelF1(_f1(tp, tp + fp, tp + fn), _f1(tn, tn + fn, tn + fp))


def matthews(read: Sequence[int], gold: Sequence[int]) -> float:
    """Return Matthews' correlation of labels and gold labels; 0 when either never varies.

    Raises:
        ValueError: they are not as many.
    """
    tp, tn, fp, fn = _counts(read, gold)
    total = tp + tn + fp + fn
    spread = (total**2 - (tp + fp) ** 2 - (tn + fn) ** 2) * (total**2 - (tp + fn) ** 2 - (tn + fp) ** 2)
    together = (tp + tn) * total - (tp + fp) * (tp + fn) - (tn + fn) * (tn + fp)
    return together / math.sqrt(spread) if spread else 0.0


@dataclass(frozen=True, slots=True)
class ConstraintPrompt:
    """One prompt: what was read and what is right for each response, by response id.

    ``read`` and ``gold`` have the same keys in the order of the data. ``edges`` are (chosen,
    rejected) response ids; an edge that is there twice counts once, as officially.
    """

    instruction_type: str
    read: Mapping[int, AnswerLabels]
    gold: Mapping[int, tuple[int, ...]]
    edges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class PromptScore:
    """The two halves of a score: verification of items, and ranking of responses."""

    labels: LabelF1
    ranking: Ranking


@dataclass(frozen=True, slots=True)
class ConstraintScore:
    """``overall`` is the mean of the instruction types; ``prompts`` are in the order given.

    ``padded`` of ``items`` labels were missing from the critiques and taken for satisfied;
    ``unreadable`` of ``answers`` critiques gave no label at all.
    """

    overall: PromptScore
    types: Mapping[str, PromptScore]
    prompts: tuple[PromptScore, ...]
    items: int
    padded: int
    answers: int
    unreadable: int


def _score_prompt(prompt: ConstraintPrompt) -> PromptScore:
    read = [label for ident in prompt.gold for label in prompt.read[ident].labels]
    gold = [label for labels in prompt.gold.values() for label in labels]
    means = {ident: sum(answer.labels) / len(answer.labels) for ident, answer in prompt.read.items()}
    return PromptScore(label_f1(read, gold), rank_edges(set(prompt.edges), means))


def mean_score(scores: Sequence[PromptScore]) -> PromptScore:
    """Return the mean of prompts' scores, number by number.

    Raises:
        ValueError: there is none.
    """
    if not scores:
        raise ValueError("there are no prompts to score")
    return PromptScore(
        LabelF1(
            numpy_mean([score.labels.positive for score in scores]),
            numpy_mean([score.labels.negative for score in scores]),
        ),
        Ranking(
            numpy_mean([score.ranking.accuracy for score in scores]),
            numpy_mean([score.ranking.kendall for score in scores]),
        ),
    )


def score_constraints(prompts: Iterable[ConstraintPrompt]) -> ConstraintScore:
    """Score all prompts as the official ``analysis_constraint_assessment`` does.

    Raises:
        ValueError: no prompts of a known type, or labels that do not fit their checklist.
        LookupError: a response that the gold labels or an edge name was not read.
    """
    scored: list[PromptScore] = []
    by_type: dict[str, list[PromptScore]] = {}
    items = padded = answers = unreadable = 0
    for prompt in prompts:
        score = _score_prompt(prompt)
        scored.append(score)
        by_type.setdefault(prompt.instruction_type, []).append(score)
        for labels in prompt.read.values():
            items += len(labels.labels)
            padded += labels.padded
            answers += 1
            unreadable += labels.padded == len(labels.labels)
    types = {name: mean_score(scores) for name, scores in by_type.items()}
    overall = PromptScore(
        LabelF1(
            mean_of_types({name: score.labels.positive for name, score in types.items()}),
            mean_of_types({name: score.labels.negative for name, score in types.items()}),
        ),
        Ranking(
            mean_of_types({name: score.ranking.accuracy for name, score in types.items()}),
            mean_of_types({name: score.ranking.kendall for name, score in types.items()}),
        ),
    )
    return ConstraintScore(overall, types, tuple(scored), items, padded, answers, unreadable)
