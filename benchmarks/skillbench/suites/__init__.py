"""The benchmarks: a folder a suite, found by name; installed packages can bring more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from skillbench.errors import BenchError
from skillbench.suites.base import Suite

__all__ = ["ENTRY_POINTS", "SUITES", "open_suite", "suite_class"]

ENTRY_POINTS: Final = "skillbench.suites"
"""The entry-point group by which a package names its suites: ``name = "package.module:Class"``."""

_OURS: Final[Mapping[str, str]] = {
    "rewardbench2": "skillbench.suites.rewardbench2.suite:RewardBench2",
    "judgebench": "skillbench.suites.judgebench.suite:JudgeBench",
    "rmbench": "skillbench.suites.rmbench.suite:RMBench",
    "jetts": "skillbench.suites.jetts.suite:JETTS",
    "ifrewardbench": "skillbench.suites.ifrewardbench.suite:IFRewardBench",
    "starter": "skillbench.suites.starter.suite:Starter",
}


def _table() -> dict[str, str]:
    """Return all suites: ours, then those of installed packages by name."""
    others = sorted((point.name, point.value) for point in entry_points(group=ENTRY_POINTS))
    return {**_OURS, **{name: place for name, place in others if name not in _OURS}}


SUITES: Final[Mapping[str, str]] = _table()
"""Where the class of each suite is, by the name that the command line takes; imported when it is opened."""


def suite_class(name: str) -> type[Suite]:
    """Return the class of the suite called ``name``.

    Raises:
        BenchError: there is no such suite, or the package that brings it is broken.
    """
    if name not in SUITES:
        raise BenchError(f"there is no suite called {name}; there are: {', '.join(SUITES)}")
    module, _, attribute = SUITES[name].partition(":")
    try:
        suite = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise BenchError(f"the suite {name} cannot be loaded from {SUITES[name]}: {error}") from error
    if not (isinstance(suite, type) and issubclass(suite, Suite)):
        raise BenchError(f"the suite {name} is no class of suites: {SUITES[name]}")
    if getattr(suite, "name", None) != name:
        raise BenchError(
            f"{SUITES[name]} is installed as {name} and must have this name; it is {suite.name!r}"
        )
    return suite


def open_suite(
    name: str,
    paths: Sequence[Path] = (),
    mode: str | None = None,
    seed: int = 0,
    *,
    reader: str = "ours",
    score_only: bool = False,
) -> Suite:
    """Return the suite called ``name`` over the data files ``paths``.

    Args:
        name: one of ``SUITES``.
        paths: the data files; none where the suite brings its own.
        mode: one of the suite's modes; the first one when None.
        seed: draws the places of responses where a suite places them at random.
        reader: by whose rules texts are read, ``ours`` or ``official``.
        score_only: without data, to score predictions alone.

    Raises:
        BenchError: there is no such suite, mode or reader, or it needs data files and got none.
    """
    suite = suite_class(name)
    if mode and mode not in suite.modes:
        known = f"it has: {', '.join(suite.modes)}" if suite.modes else "it has one way of judging"
        raise BenchError(f"{name} has no mode {mode}; {known}")
    if not paths and not suite.shipped and not score_only:
        raise BenchError(
            f"{name} ships no data: name its files with --data; skillbench data where tells where they are"
        )
    if reader != "ours" and not suite.official:
        raise BenchError(f"no official rule of reading answers is known for {name} that differs from ours")
    opened = suite(paths, mode or "", seed)
    opened.reader = reader
    return opened
