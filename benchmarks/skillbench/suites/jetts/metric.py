"""JETTS: picking the best of N candidates with a pairwise judge (Zhou et al. 2025, arXiv:2504.15253).

The sequential knockout walks a seeded order: the champion meets the next candidate, the winner
stays. After k candidates the champion is the choice of best-of-k, so that one walk serves all
checkpoints. The walk asks nobody itself: it says which pair is next and is told the winner.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

__all__ = [
    "CHECKPOINTS",
    "MAX_CANDIDATES",
    "BestOfN",
    "BestOfNScore",
    "Knockout",
    "Match",
    "References",
    "gsm8k_answer",
    "majority_choice",
    "references",
    "score_choices",
    "seeded_order",
]

CHECKPOINTS: Final = (1, 2, 4, 8, 10)
"""Numbers of candidates after which the champion is noted."""

MAX_CANDIDATES: Final = 10


def seeded_order(key: str, candidates: int, seed: int = 0) -> tuple[int, ...]:
    """Return the numbers of at most ten candidates in the order in which they are met.

    The order depends on the seed and on ``key``, which names the query: its file and place in it.
    """
    order = list(range(candidates))
    random.Random(f"jetts order {seed} {key}").shuffle(order)  # noqa: S311
    return tuple(order[:MAX_CANDIDATES])


@dataclass(frozen=True, slots=True)
class Match:
    """A pair to be judged: candidate ``first`` is shown as A and ``second`` as B.

    ``champion`` is the one of the two that holds the place.
    """

    number: int
    first: int
    second: int
    champion: int


class Knockout:
    """One query's walk. Ask ``next_match``, judge it elsewhere, and ``tell`` the winner.

    Who is shown first is drawn for each match, so that a judge who prefers a position does not
    prefer the champion.
    """

    def __init__(self, key: str, candidates: int, seed: int = 0) -> None:
        """Start the walk over ``candidates`` candidates.

        Raises:
            ValueError: there is no candidate.
        """
        if candidates < 1:
            raise ValueError("a query needs at least one candidate")
        self.order = seeded_order(key, candidates, seed)
        self._coin = f"{seed} {key}"
        sides = random.Random(f"jetts sides {seed} {key}")  # noqa: S311
        self._champion_first = tuple(sides.random() < 0.5 for _ in self.order)
        self._champions = [self.order[0]]

    @property
    def finished(self) -> bool:
        """All candidates have been met."""
        return len(self._champions) == len(self.order)

    @property
    def champions(self) -> tuple[int, ...]:
        """The champion after 1, 2, ... candidates, as far as the walk has come."""
        return tuple(self._champions)

    def next_match(self) -> Match | None:
        """Return the pair to be judged now, the same one until it is told, or None at the end."""
        if self.finished:
            return None
        met = len(self._champions)
        champion, challenger = self._champions[-1], self.order[met]
        first, second = (champion, challenger) if self._champion_first[met] else (challenger, champion)
        return Match(met, first, second, champion)

    def drawn(self) -> str:
        """Return who wins the next match where the judge names nobody, by the published rule: a coin."""
        return random.Random(f"jetts drawn {self._coin} {len(self._champions)}").choice("AB")  # noqa: S311

    def tell(self, answer: str | None) -> int:
        """Take the judge's answer to the next match: ``A``, ``B``, or a tie or nothing.

        Without a winner the champion stays, whichever side it was shown on. Returns the champion.

        Raises:
            ValueError: the walk is finished.
        """
        match = self.next_match()
        if match is None:
            raise ValueError("the knockout is finished; there is no match to decide")
        winner = {"A": match.first, "B": match.second}.get(answer or "", match.champion)
        self._champions.append(winner)
        return winner

    def choices(self, checkpoints: Sequence[int] = CHECKPOINTS) -> dict[int, int]:
        """Return the choice of best-of-k for each checkpoint.

        A query with fewer than k candidates chooses among all it has.

        Raises:
            ValueError: the walk has not come that far.
        """
        last = len(self.order)
        reached = min(max(checkpoints), last)
        if len(self._champions) < reached:
            raise ValueError(f"only {len(self._champions)} of {reached} candidates have been met")
        return {k: self._champions[min(k, last) - 1] for k in checkpoints}


_MARKED: Final = (
    re.compile(r"####\s*([^\n]+)"),
    re.compile(r"\\boxed\{([^{}]*)\}"),
    re.compile(r"(?i)\banswer\b[^\n\d$-]{0,40}([-$]*\d[^\n]*)"),
)
_NUMBER: Final = re.compile(
    r"(?:(?<!\d)-)?\$?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|(?<![\d.])-?\$?\.\d+"
)


def _number(text: str, *, last: bool) -> str | None:
    numbers = _NUMBER.findall(text)
    if not numbers:
        return None
    raw = numbers[-1 if last else 0].replace(",", "").replace("$", "")
    try:
        value = Decimal(raw)
    except InvalidOperation:
        return None
    if not value:
        return "0"
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def gsm8k_answer(text: str) -> str | None:
    r"""Return the final number of a solution in plain form, ``1,200.00`` as ``1200``, or None.

    The last ``####`` line, the last ``\boxed{}``, the last "answer ..." with a number, and else the
    last number of the text.
    """
    for pattern in _MARKED:
        for marked in reversed(pattern.findall(text)):
            number = _number(marked, last=False)
            if number is not None:
                return number
    return _number(text, last=True)


def majority_choice(answers: Sequence[Hashable | None]) -> int | None:
    """Return the number of the first candidate whose answer is the most frequent one.

    Candidates without an answer do not vote; among equally frequent answers the one that comes
    first wins. None when nobody votes.
    """
    votes = Counter(answer for answer in answers if answer is not None)
    if not votes:
        return None
    top = max(votes.values())
    return next(
        number for number, answer in enumerate(answers) if answer is not None and votes[answer] == top
    )


@dataclass(frozen=True, slots=True)
class References:
    """What choosing without a judge achieves, by the numbers of candidates k.

    ``pass_at_1`` is the mean score of all candidates, ``pass_at_1_first`` that of the first, as published.
    ``random`` is the mean of the first k, what a random pick among them is expected to score; ``oracle`` the
    best of the first k; ``majority`` the score of the majority vote among the first k, the random pick's
    where nobody votes, and None where no answers were given.
    """

    pass_at_1: float
    pass_at_1_first: float
    random: Mapping[int, float]
    oracle: Mapping[int, float]
    majority: Mapping[int, float] | None


def references(
    scores: Sequence[float],
    order: Sequence[int],
    answers: Sequence[Hashable | None] | None = None,
    checkpoints: Sequence[int] = CHECKPOINTS,
) -> References:
    """Compute the references of one query.

    Args:
        scores: the oracle score of every candidate, in the order of the data.
        order: the order in which the knockout meets them.
        answers: the final answer of every candidate, for the majority vote.
        checkpoints: numbers of candidates.

    Raises:
        ValueError: there are no candidates, or not one answer for each.
    """
    if not scores or not order:
        raise ValueError("a query needs at least one candidate")
    if answers is not None and len(answers) != len(scores):
        raise ValueError(f"there are {len(answers)} answers for {len(scores)} candidates")
    first = {k: [scores[number] for number in order[:k]] for k in checkpoints}
    expected = {k: sum(values) / len(values) for k, values in first.items()}
    majority: dict[int, float] | None = None
    if answers is not None:
        majority = {}
        for k, values in first.items():
            winner = majority_choice([answers[number] for number in order[:k]])
            majority[k] = expected[k] if winner is None else values[winner]
    return References(
        pass_at_1=sum(scores) / len(scores),
        pass_at_1_first=scores[0],
        random=expected,
        oracle={k: max(values) for k, values in first.items()},
        majority=majority,
    )


@dataclass(frozen=True, slots=True)
class BestOfN:
    """One query's choices by checkpoint, with the oracle scores of its candidates."""

    choices: Mapping[int, int]
    scores: tuple[float, ...]
    references: References


@dataclass(frozen=True, slots=True)
class BestOfNScore:
    """Means over the queries of one file, as shares or in the data set's own unit of score."""

    queries: int
    judge: Mapping[int, float]
    pass_at_1: float
    pass_at_1_first: float
    random: Mapping[int, float]
    oracle: Mapping[int, float]
    majority: Mapping[int, float] | None


def score_choices(queries: Iterable[BestOfN], checkpoints: Sequence[int] = CHECKPOINTS) -> BestOfNScore:
    """Average what the judge chose and the references over the queries of one file.

    Raises:
        ValueError: there are no queries.
    """
    counted = list(queries)
    if not counted:
        raise ValueError("there are no queries to score")

    def mean(values: Iterable[float]) -> float:
        return sum(values) / len(counted)

    majorities = [query.references.majority for query in counted]
    votes = [majority for majority in majorities if majority is not None]
    return BestOfNScore(
        queries=len(counted),
        judge={k: mean(query.scores[query.choices[k]] for query in counted) for k in checkpoints},
        pass_at_1=mean(query.references.pass_at_1 for query in counted),
        pass_at_1_first=mean(query.references.pass_at_1_first for query in counted),
        random={k: mean(query.references.random[k] for query in counted) for k in checkpoints},
        oracle={k: mean(query.references.oracle[k] for query in counted) for k in checkpoints},
        majority={k: mean(vote[k] for vote in votes) for k in checkpoints}
        if len(votes) == len(counted)
        else None,
    )
