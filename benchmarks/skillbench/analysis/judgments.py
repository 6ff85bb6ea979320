"""A run's judgments as columns: what a report needs of 100,000 of them, in little memory.

Two passes: one over the predictions, one over the traces, each a line at a time.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from skillbench.analysis.probabilities import stated_chance
from skillbench.folder.journal import TRACES, decode_line, read_predictions
from skillbench.suites.base import Prediction, Suite
from skillrt.judging.verdict import Verdict
from skillspec.files import open_file, read_lines

__all__ = ["COSTS", "Judgments", "read_judgments"]

COSTS: Final = ("prompt_tokens", "cached_tokens", "completion_tokens", "requests", "tool_calls", "latency_s")
"""What a judgment costs, by the names of ``Usage``; ``sandbox_s`` is from the traces."""

_SHOWN: Final = 60
_NAMES: Final = tuple("ABCDEFGHIJ")
UNKNOWN, WRONG, RIGHT = -1, 0, 1


@dataclass(slots=True)
class Judgments:
    """Columns, parallel to the lines of ``predictions.jsonl``.

    ``said`` is what the judge answered, or what the readout made of its findings where that is the only
    score, and ``outcome`` what the readout made of the judgment. By the former, ``right`` is 1, 0, or -1
    where a judgment has no points. ``length`` says of a choice whether the longest response was chosen (1),
    another one (0), or that there was no one longest or no choice (-1); ``longest_right`` whether the right
    response was the longest. ``trace_at`` is the place of a judgment's line in ``traces.jsonl``, in bytes.
    """

    ids: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    group: array[int] = field(default_factory=lambda: array("i"))
    cluster: array[int] = field(default_factory=lambda: array("q"))
    order: list[str] = field(default_factory=list)
    gold: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    outcome: list[str] = field(default_factory=list)
    label: list[str] = field(default_factory=list)
    note: list[str] = field(default_factory=list)
    right: array[int] = field(default_factory=lambda: array("b"))
    valid: array[int] = field(default_factory=lambda: array("b"))
    grounded: array[int] = field(default_factory=lambda: array("b"))
    overruled: array[int] = field(default_factory=lambda: array("b"))
    stated: array[float] = field(default_factory=lambda: array("d"))
    length: array[int] = field(default_factory=lambda: array("b"))
    longest_right: array[int] = field(default_factory=lambda: array("b"))
    trace_at: array[int] = field(default_factory=lambda: array("q"))
    sandbox_s: array[float] = field(default_factory=lambda: array("d"))
    costs: dict[str, array[float]] = field(default_factory=lambda: {name: array("d") for name in COSTS})
    owners: Counter[str] = field(default_factory=Counter)
    consistent: int = 0
    decided_pairs: int = 0
    timed: bool = False

    def __len__(self) -> int:
        return len(self.ids)


def _brief(value: Any) -> str:
    """Return a value in few characters; lists of statuses as signs."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value[:_SHOWN]
    if isinstance(value, list):
        signs = {"satisfied": "+", "failed": "-", None: "?", 1: "+", 0: "-"}
        try:
            return "".join(signs[status] for status in value)[:_SHOWN]
        except (KeyError, TypeError):
            pass
    return json.dumps(value, ensure_ascii=False)[:_SHOWN]


def _remark(row: Prediction) -> str:
    """Return why there is no verdict, or what a reader must know of how the readout came about."""
    if not row.valid:
        return (row.error or "")[:200]
    remarks = [f"decided by {row.decided_by[:_SHOWN]}"] if row.decided_by else []
    remarks += [] if row.clipped is None else [f"clipped from {row.clipped:g}"]
    remarks += ["over the judge's own items"] if row.keys == "own" else []
    return ", ".join(remarks)


def _right(suite: Suite, gold: Any, answer: Any) -> int:
    try:
        points = suite.points(gold, Verdict(valid=True, said=answer, outcome=answer))
    except (KeyError, TypeError, ValueError, AttributeError):
        return UNKNOWN
    return UNKNOWN if points is None else RIGHT if points >= 1 else WRONG


def _answer(row: Prediction) -> Any:
    """Return the judge's own answer; where none was asked for, what its findings come to."""
    return row.outcome if row.said is None and row.decided_by is None else row.said


def _add(
    judgments: Judgments, row: Prediction, suite: Suite, places: dict[str, int], units: dict[str, int]
) -> None:
    answer = _answer(row)
    judgments.ids.append(row.id)
    if row.group not in places:
        places[row.group] = len(judgments.groups)
        judgments.groups.append(row.group)
    judgments.group.append(places[row.group])
    judgments.cluster.append(units.setdefault(row.unit, len(units)))
    judgments.order.append(row.order or "")
    judgments.gold.append(_brief(suite.answer_of(row.gold)))
    judgments.said.append(_brief(answer))
    judgments.outcome.append(_brief(row.outcome))
    judgments.label.append((row.label or "")[:_SHOWN])
    judgments.note.append(_remark(row))
    judgments.right.append(_right(suite, row.gold, answer) if row.valid else UNKNOWN)
    judgments.valid.append(int(row.valid))
    judgments.grounded.append(UNKNOWN if row.grounded is None else int(row.grounded))
    judgments.overruled.append(int(row.valid and answer != row.outcome))
    chance = stated_chance(row, suite)
    judgments.stated.append(chance[0] if chance else -1.0)
    if chance:
        judgments.right[-1] = chance[1]
    if not row.valid:
        judgments.owners[row.error_owner or "harness"] += 1
    for name, column in judgments.costs.items():
        column.append(getattr(row.usage, name))


def _pair_up(judgments: Judgments, row: Prediction, waiting: dict[str, str | None]) -> None:
    """Count a case whose two orders name the same response; each waits for the other."""
    if row.order not in ("AB", "BA"):
        return
    case = row.id.rpartition(":")[0]
    answer = _answer(row) if _answer(row) in ("A", "B") else None
    if case not in waiting:
        waiting[case] = answer
        return
    other = waiting.pop(case)
    if answer is not None and other is not None:
        judgments.decided_pairs += 1
        judgments.consistent += answer != other


class _Event(msgspec.Struct):
    type: str = ""
    duration_s: float | None = None


class _Fields(msgspec.Struct):
    responses: Any = None


class _Trace(msgspec.Struct):
    fields: _Fields | None = None
    events: list[_Event] = []


class _Line(msgspec.Struct):
    trace: _Trace


_DECODER = msgspec.json.Decoder(_Line)


def _trace(raw: bytes) -> _Trace:
    try:
        return decode_line(raw, _DECODER).trace
    except ValueError:
        return _Trace()


def _longest(trace: _Trace) -> str | None:
    shown = trace.fields.responses if trace.fields is not None else None
    if not isinstance(shown, dict) or len(shown) < 2:
        return None
    lengths = {str(name): len(text) for name, text in shown.items() if isinstance(text, str)}
    most = max(lengths.values(), default=0)
    longest = [name for name, length in lengths.items() if length == most]
    return longest[0] if len(longest) == 1 else None


def _add_traces(judgments: Judgments, path: Path) -> None:
    number = start = 0
    if path.exists():
        with open_file(path) as file:
            for number, raw in enumerate(read_lines(file), 1):
                if number > len(judgments):
                    break
                judgments.trace_at.append(start)
                start += len(raw)
                trace = _trace(raw)
                runs = [event.duration_s for event in trace.events if event.type == "run"]
                judgments.timed = judgments.timed or bool(runs)
                judgments.sandbox_s.append(sum(seconds or 0.0 for seconds in runs))
                longest, place = _longest(trace), number - 1
                chose = judgments.said[place] if judgments.said[place] in _NAMES else None
                judgments.length.append(
                    UNKNOWN if longest is None or chose is None else int(chose == longest)
                )
                gold = judgments.gold[place] if judgments.gold[place] in _NAMES else None
                judgments.longest_right.append(
                    UNKNOWN if longest is None or not gold else int(gold == longest)
                )
    for _ in range(len(judgments) - len(judgments.length)):
        judgments.length.append(UNKNOWN)
        judgments.longest_right.append(UNKNOWN)
        judgments.sandbox_s.append(0.0)


def read_judgments(folder: Path, suite: Suite) -> Judgments:
    """Read a run folder's predictions and traces into columns.

    Raises:
        BenchError: there are no predictions, or a line of them is broken.
    """
    judgments = Judgments()
    places: dict[str, int] = {}
    units: dict[str, int] = {}
    waiting: dict[str, str | None] = {}
    for row in read_predictions(folder):
        _add(judgments, row, suite, places, units)
        _pair_up(judgments, row, waiting)
    _add_traces(judgments, folder / TRACES)
    return judgments
