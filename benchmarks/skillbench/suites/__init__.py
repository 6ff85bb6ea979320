"""The benchmarks: one module a suite, found by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from skillbench.errors import BenchError
from skillbench.suites.base import Suite

__all__ = ["SEQUENTIAL", "SUITES", "SUITE_MODES", "open_suite"]

SUITE_MODES: Final[dict[str, tuple[str, ...]]] = {
    "rewardbench2": ("ranking", "rotations", "ratings"),
    "judgebench": (),
    "rmbench": (),
    "jetts": (),
    "ifrewardbench": ("overall", "overall_balanced", "constraint"),
    "starter": (),
}
"""The ways of judging that a suite has, the default first; none where there is but one."""

SEQUENTIAL: Final = frozenset({"jetts"})
"""Suites in which a sample's cases follow from the outcomes of earlier ones."""

SUITES: Final = tuple(SUITE_MODES)
"""Names of the suites, as the command line takes them."""


def open_suite(
    name: str, paths: Sequence[Path] = (), mode: str | None = None, seed: int = 0, *, score_only: bool = False
) -> Suite:
    """Return the suite called ``name`` over the data files ``paths``.

    Args:
        name: one of :data:`SUITES`.
        paths: the data files; ``starter`` brings its own.
        mode: one of the suite's :data:`SUITE_MODES`; the first one when None.
        seed: draws the places of responses where a suite places them at random.
        score_only: without data, to score predictions alone.

    Raises:
        BenchError: there is no such suite or mode, or it needs data files and got none.
    """
    mode = _mode(name, mode)
    if not paths and name != "starter" and not score_only:
        raise BenchError(
            f"{name} ships no data: name its files with --data; skillbench data where tells where they are"
        )
    match name:
        case "rewardbench2":
            from skillbench.suites.rewardbench2.suite import RewardBench2

            return RewardBench2(paths, mode, seed)
        case "judgebench":
            from skillbench.suites.judgebench.suite import JudgeBench

            return JudgeBench(paths)
        case "rmbench":
            from skillbench.suites.rmbench.suite import RMBench

            return RMBench(paths)
        case "jetts":
            from skillbench.suites.jetts.suite import JETTS

            return JETTS(paths, seed)
        case "ifrewardbench":
            from skillbench.suites.ifrewardbench.suite import IFRewardBench

            return IFRewardBench(paths, mode)
        case _:
            from skillbench.suites.starter.suite import Starter

            return Starter(paths)


def _mode(name: str, mode: str | None) -> str:
    if name not in SUITE_MODES:
        raise BenchError(f"there is no suite called {name}; there are: {', '.join(SUITES)}")
    modes = SUITE_MODES[name]
    if mode and mode not in modes:
        known = f"it has: {', '.join(modes)}" if modes else "it has one way of judging"
        raise BenchError(f"{name} has no mode {mode}; {known}")
    return mode or next(iter(modes), "")
