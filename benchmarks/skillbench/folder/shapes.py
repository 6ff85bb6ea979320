"""What the files of a run folder must hold for a reader to rely on it.

The files may come from another machine, or from somebody else: a value of another type is an error in
one sentence, not a traceback in the midst of a report. What is not named here is not relied on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

__all__ = ["RunShape", "misshapen", "problem_of"]

Number = float | None
State = Literal["shown", "marked", "withheld"]


class _Identity(msgspec.Struct):
    suite: str = ""
    model: str = ""
    delivery: str = ""
    setting: str = ""
    readout: str | None = None
    reader: str = ""
    mode: str | None = None
    skill: str | None = None
    placement_seed: int | None = None
    links: dict[str, str] = {}
    routes: list[str] = []


class _Rows(msgspec.Struct):
    judgments: int = 0
    duplicates: int | None = None
    groups: dict[str, int] | None = None


class RunShape(msgspec.Struct):
    """``run.json``."""

    format: int
    identity: _Identity | None = None
    limit: int | None = None
    rows: _Rows | None = None
    sessions: list[dict[str, Any]] | None = None


class _Headline(msgspec.Struct):
    name: str | None
    by: Literal["said", "readout"] | None
    value: Number
    low: Number
    high: Number
    readout: Number
    state: State = "shown"


class _Span(msgspec.Struct):
    value: Number
    low: Number
    high: Number
    of: int
    method: str


class _Share(msgspec.Struct):
    judgments: int
    invalid: int
    percent: float
    state: State
    why: str | None = None


class _Intervals(msgspec.Struct):
    said: dict[str, _Span]
    readout: dict[str, _Span]


class _Code(msgspec.Struct):
    decided: int
    of: int
    by_verifier: dict[str, int]


class _Counts(msgspec.Struct):
    expected: int
    judgments: int
    valid: int
    invalid: int
    invalid_by_owner: dict[str, int]
    unfinished_samples: int
    readout_differs_from_said: int
    duplicates: int = 0


class _Metrics(msgspec.Struct):
    suite: str
    complete: bool
    headline: _Headline
    official: dict[str, Number]
    said: dict[str, Number]
    readout: dict[str, Number]
    only_readout: list[str]
    intervals: _Intervals
    validity: dict[str, _Share]
    groups: dict[str, _Share]
    code: _Code
    orders: dict[str, dict[str, Number]]
    references: dict[str, Number]
    facts: dict[str, Any]
    counts: _Counts
    usage: dict[str, int]


def problem_of(value: Any, shape: type[msgspec.Struct]) -> str | None:
    """Say what keeps a value from having a shape; None when it has it."""
    try:
        msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        return str(error).replace("`", "")
    except RecursionError:
        return "it is nested too deeply"
    return None


def misshapen(metrics: Mapping[str, Any]) -> str | None:
    """Say what is wrong with the content of ``metrics.json``; None when nothing is."""
    problem = problem_of(metrics, _Metrics)
    if problem is not None:
        return problem
    shown = {*metrics["intervals"]["said"], *metrics["intervals"]["readout"]}
    lacking = [name for name in metrics["official"] if name not in metrics["validity"] or name not in shown]
    head = metrics["headline"]
    if head["name"] is not None and head["name"] not in metrics["intervals"][head["by"] or "readout"]:
        lacking.append(head["name"])
    return f"it lacks the interval or the validity of {lacking[0]}" if lacking else None
