"""IF-RewardBench, overall assessment: pairwise judgments, Elo, and a preference graph (thu-coai).

Each pair of responses is shown once, in the order that a position map fixes. The judgments of a
prompt become Elo ratings, and the ratings are compared with the edges of its preference graph. The
constants are those of the official ``analysis_overall_assessment``: ratings start at 1200, K is 32
for epochs 0 to 20 and falls in a line towards 0 over the rest of the 100, never below 1.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = [
    "INSTRUCTION_TYPES",
    "OverallPrompt",
    "OverallScore",
    "Ranking",
    "comparisons_of",
    "elo_ratings",
    "mean_of_types",
    "numpy_mean",
    "rank_edges",
    "read_preference",
    "score_overall",
    "shown_pairs",
]

INSTRUCTION_TYPES: Final = ("Single_Turn", "Multi_Turn", "System_Prompt")
"""The types whose scores are averaged, each with the same weight."""

SHUFFLE_SEED: Final = 42
_EPOCHS: Final = 100
_START: Final = 1200.0
_K: Final = 32


def read_preference(text: str) -> str | None:
    """Return ``A`` or ``B`` when exactly one of ``[[A]]`` and ``[[B]]`` occurs, else None."""
    has_a, has_b = "[[A]]" in text, "[[B]]" in text
    if has_a == has_b:
        return None
    return "A" if has_a else "B"


def shown_pairs(responses: int, positions: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """Yield the pairs (first shown, second shown) of a prompt in the official order.

    ``positions`` is the prompt's entry of ``position_maps.json``: ``"u_v"`` with u < v is 0 when u is
    shown first and 1 when v is.

    Raises:
        ValueError: a pair has no position, or one that is neither 0 nor 1.
    """
    for first in range(responses):
        for second in range(responses):
            if first == second:
                continue
            name = f"{min(first, second)}_{max(first, second)}"
            position = positions.get(name)
            if position not in (0, 1):
                raise ValueError(f"the position of {name} must be 0 or 1, not {position!r}")
            if (position == 0) == (first < second):
                yield first, second


def comparisons_of(
    responses: int, positions: Mapping[str, int], preferences: Mapping[tuple[int, int], str | None]
) -> list[tuple[int, int]]:
    """Return (loser, winner) of each decided pair, in the official order.

    ``preferences`` holds ``A``, ``B`` or anything undecided for each pair of ``shown_pairs``.

    Raises:
        KeyError: a pair was not judged.
    """
    pairs = []
    for first, second in shown_pairs(responses, positions):
        preference = preferences[first, second]
        if preference == "A":
            pairs.append((second, first))
        elif preference == "B":
            pairs.append((first, second))
    return pairs


def elo_ratings(responses: int, comparisons: Sequence[tuple[int, int]], stream: random.Random) -> list[float]:
    """Return the Elo rating of each response after 100 shuffled passes over (loser, winner) pairs."""
    ratings = [_START] * responses
    games = list(comparisons)
    flat = _EPOCHS * 0.2
    for epoch in range(_EPOCHS):
        stream.shuffle(games)
        factor: float = _K
        if epoch > flat:
            factor = max(1.0, _K * (1 - (epoch - flat) / (_EPOCHS * 0.8)))
        for loser, winner in games:
            low, high = ratings[loser], ratings[winner]
            ratings[winner] = high + factor * (1 - 1 / (1 + 10 ** ((low - high) / 400)))
            ratings[loser] = low + factor * (0 - 1 / (1 + 10 ** ((high - low) / 400)))
    return ratings


@dataclass(frozen=True, slots=True)
class Ranking:
    """Agreement of scores with the edges of a preference graph; Kendall between -1 and 1."""

    accuracy: float
    kendall: float


def rank_edges(edges: Iterable[tuple[int, int]], scores: Mapping[int, float] | Sequence[float]) -> Ranking:
    """Compare scores with edges (chosen, rejected); equal scores agree with nothing.

    Kendall is (C - D) / max(1, sqrt((C + D) (C + D + T))). No edges give 0 for both.

    Raises:
        LookupError: an edge names a response without a score.
    """
    agree = differ = equal = 0
    for chosen, rejected in edges:
        better, worse = scores[chosen], scores[rejected]
        agree += better > worse
        differ += better < worse
        equal += better == worse
    decided = agree + differ
    kendall = (agree - differ) / max(1, math.sqrt(decided * (decided + equal)))
    return Ranking(agree / max(decided + equal, 1), kendall)


def numpy_mean(values: Sequence[float]) -> float:
    """Return the mean with numpy's order of summation, which the official last digits depend on."""
    import numpy as np

    return float(np.mean(values))


def mean_of_types(by_type: Mapping[str, float]) -> float:
    """Return the unweighted mean over those instruction types that are present.

    Raises:
        ValueError: none of the three is present.
    """
    present = [by_type[name] for name in INSTRUCTION_TYPES if name in by_type]
    if not present:
        raise ValueError(f"the score needs prompts of a type among {', '.join(INSTRUCTION_TYPES)}")
    return numpy_mean(present)


@dataclass(frozen=True, slots=True)
class OverallPrompt:
    """One prompt: its comparisons (loser, winner) from ``comparisons_of`` and its graph's edges.

    Edges are (chosen, rejected) response numbers in the order of the data; repeated edges count
    each time. ``undecided`` is how many shown pairs gave no preference.
    """

    instruction_type: str
    responses: int
    comparisons: tuple[tuple[int, int], ...]
    edges: tuple[tuple[int, int], ...]
    undecided: int = 0


@dataclass(frozen=True, slots=True)
class OverallScore:
    """``accuracy`` and ``kendall`` are means of the instruction types; ``prompts`` in file order."""

    accuracy: float
    kendall: float
    types: Mapping[str, Ranking]
    prompts: tuple[Ranking, ...]
    undecided: int


def score_overall(prompts: Iterable[OverallPrompt], seed: int = SHUFFLE_SEED) -> OverallScore:
    """Score all prompts in the order of the data file, on which the one shuffle stream depends.

    The stream is the official one for the first judge that is analysed; the official script goes on
    with it for a second file, in the order in which the file system lists them.

    Raises:
        ValueError: there are no prompts of a known type.
        LookupError: an edge names a response that the prompt does not have.
    """
    stream = random.Random(seed)  # noqa: S311
    ranked: list[Ranking] = []
    by_type: dict[str, list[Ranking]] = {}
    undecided = 0
    for prompt in prompts:
        ratings = elo_ratings(prompt.responses, prompt.comparisons, stream)
        ranking = rank_edges(prompt.edges, ratings)
        ranked.append(ranking)
        by_type.setdefault(prompt.instruction_type, []).append(ranking)
        undecided += prompt.undecided
    types = {
        name: Ranking(
            numpy_mean([ranking.accuracy for ranking in rankings]),
            numpy_mean([ranking.kendall for ranking in rankings]),
        )
        for name, rankings in by_type.items()
    }
    return OverallScore(
        accuracy=mean_of_types({name: ranking.accuracy for name, ranking in types.items()}),
        kendall=mean_of_types({name: ranking.kendall for name, ranking in types.items()}),
        types=types,
        prompts=tuple(ranked),
        undecided=undecided,
    )
