"""Turning comparisons among the rollouts of one prompt into rewards between 0 and 1."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

__all__ = ["Pair", "pairs_under", "shares_won", "turned_first"]

Pair = tuple[int, int]


def pairs_under(count: int, budget: int) -> list[Pair]:
    """Return at most ``budget`` pairs of ``count`` rollouts, spread evenly.

    Pairs are taken by their distance on a ring, so that a budget that does not reach all of them still
    gives every rollout about as many comparisons as any other.
    """
    ring = [
        (min(first, other), max(first, other))
        for distance in range(1, count // 2 + 1)
        for first in range(count)
        if (other := (first + distance) % count) != first
    ]
    return list(dict.fromkeys(ring))[:budget]


def turned_first(uid: str, pair: Pair) -> bool:
    """Say whether a pair is shown in turned order; drawn from the group's id, so that runs agree and no
    rollout gains by its place."""
    return hashlib.sha256(f"{uid} {pair}".encode()).digest()[0] % 2 == 1


def shares_won(count: int, results: Mapping[Pair, float | None]) -> Sequence[float | None]:
    """Return for each rollout the share of its comparisons that it won, ties counting half.

    Args:
        count: how many rollouts there are.
        results: for each pair 1 when its first member won, 0 when the second, 0.5 for a tie, None when
            the comparison failed; failed ones are left out.

    Returns:
        The shares; None for a rollout that no comparison was decided for.
    """
    won = [0.0] * count
    compared = [0] * count
    for (first, second), result in results.items():
        if result is not None:
            won[first] += result
            won[second] += 1 - result
            compared[first] += 1
            compared[second] += 1
    return [share / number if number else None for share, number in zip(won, compared, strict=True)]
