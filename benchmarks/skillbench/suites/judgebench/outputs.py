"""Scoring the outputs of judges that the official repository publishes.

The files are those that the official JudgeBench repository publishes: a pair in each row, with
``judge_name`` and ``judgments``, one entry for each order, the second one as shown and not flipped. The
score is computed from the judges' own texts, or scores, through our readers; what the file records
as ``decision`` is used where there is neither, and compared everywhere else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from skillbench.errors import BenchError
from skillbench.suites.judgebench.published import READERS, decision_from_scores, reader_for
from skillbench.suites.judgebench.suite import GROUPS, group_of
from skillbench.suites.pair_metric import JudgedPair, PairScore, PairTally, score_pairs
from skillbench.suites.rows import Row, read_rows
from skillbench.suites.texts import OURS

__all__ = [
    "Difference",
    "OutputsReport",
    "PairOutput",
    "ReadDecision",
    "score_outputs",
]

Basis = Literal["text", "scores", "recorded", "failed"]

_LABELS: Final = ("A>B", "B>A")
_SHOWN_DIFFERENCES: Final = 10
_DEFAULT_JUDGE: Final = "arena_hard"


@dataclass(frozen=True, slots=True)
class ReadDecision:
    """One judgment: what we read, from what, and what the file records (if it records anything)."""

    decision: str | None
    basis: Basis
    recorded: str | None
    has_record: bool

    @property
    def compared(self) -> bool:
        """We read it ourselves, and the file has a decision to compare with."""
        return self.has_record and self.basis in ("text", "scores")


@dataclass(frozen=True, slots=True)
class PairOutput:
    """A row of a file of outputs."""

    place: str
    ident: str
    group: str
    label: str
    judge: str
    model: str
    written_by: str
    judgments: tuple[ReadDecision, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A judgment whose text we read otherwise than the file records it."""

    place: str
    ident: str
    order: int
    read: str | None
    recorded: str | None


@dataclass(frozen=True, slots=True)
class OutputsReport:
    """Scores of one or more files of outputs.

    ``scores`` are named ``gpt``, ``claude`` by who wrote the responses, and ``merged`` when there are both;
    ``recorded`` are the same from the recorded decisions, None when a judgment has none. ``bases``
    counts what the judgments were read from.
    """

    judges: tuple[str, ...]
    scores: dict[str, PairScore]
    recorded: dict[str, PairScore] | None
    bases: dict[str, int]
    compared: int
    differences: tuple[Difference, ...]
    repeated_pairs: int

    @property
    def agreements(self) -> int:
        """Judgments that we read as the file records them."""
        return self.compared - len(self.differences)

    def to_json(self) -> dict[str, object]:
        """Return the report as plain JSON; scores in per cent, unrounded."""
        return {
            "judges": list(self.judges),
            "scores": {name: _score_json(score) for name, score in self.scores.items()},
            "recorded": None
            if self.recorded is None
            else {name: _score_json(score) for name, score in self.recorded.items()},
            "read_from": self.bases,
            "compared": self.compared,
            "agreements": self.agreements,
            "differences": [
                {"at": difference.place, "id": difference.ident, "order": difference.order}
                | {"read": difference.read, "recorded": difference.recorded}
                for difference in self.differences
            ],
            "repeated_pairs": self.repeated_pairs,
        }

    def text(self) -> str:
        """Return the report for a reader."""
        lines = []
        for name, score in self.scores.items():
            kept = None if self.recorded is None else self.recorded[name]
            lines += [*_table(name, score, kept), ""]
        return "\n".join([f"judge: {', '.join(self.judges)}", "", *lines, *self._facts()])

    def _facts(self) -> list[str]:
        bases = [f"{count} from {_BASIS_NAMES[basis]}" for basis, count in self.bases.items() if count]
        lines = [f"judgments: {', '.join(bases)}"]
        if self.compared:
            lines.append(
                f"parser agrees with the recorded decision in {self.agreements} of {self.compared} judgments"
            )
        shown = self.differences[:_SHOWN_DIFFERENCES]
        lines += [
            f"  {difference.place}, pair {difference.ident}, order {difference.order}: "
            f"read {difference.read or 'nothing'}, recorded {difference.recorded or 'nothing'}"
            for difference in shown
        ]
        if len(self.differences) > len(shown):
            lines.append(f"  and {len(self.differences) - len(shown)} more (all of them with --json)")
        if self.repeated_pairs:
            lines.append(
                f"warning: {self.repeated_pairs} rows repeat a pair_id; each row counts, as officially"
            )
        return lines


_BASIS_NAMES: Final = {
    "text": "the judge's text",
    "scores": "the judge's scores",
    "recorded": "the recorded decision",
    "failed": "nothing (the judge failed)",
}


def _table(name: str, score: PairScore, kept: PairScore | None) -> list[str]:
    orders = "both orders" if score.orders == 2 else "one order (single game)"
    lines = [f"{name}, {orders}", f"{'group':22}{'pairs':>7}{'right':>7}{'score':>9}{'recorded':>10}"]
    rows = [("overall", score.overall, None if kept is None else kept.overall)]
    rows += [
        (group, tally, None if kept is None else kept.groups[group]) for group, tally in score.groups.items()
    ]
    for group, tally, other in rows:
        recorded = "-" if other is None else f"{other.percent:.2f}"
        lines.append(f"{group:22}{tally.pairs:7}{tally.right:7}{tally.percent:9.2f}{recorded:>10}")
    all_pairs = score.overall
    lines.append(
        f"right in every order {all_pairs.both_right}, wrong {all_pairs.wrong}, even {all_pairs.even}; "
        f"pairs with a null {all_pairs.nulls}, inconsistent {all_pairs.inconsistent}"
    )
    return lines


def _score_json(score: PairScore) -> dict[str, object]:
    return {
        "orders": score.orders,
        "overall": _tally_json(score.overall),
        "groups": {name: _tally_json(tally) for name, tally in score.groups.items()},
    }


def _tally_json(tally: PairTally) -> dict[str, object]:
    return {
        "percent": tally.percent,
        "pairs": tally.pairs,
        "right": tally.right,
        "wrong": tally.wrong,
        "even": tally.even,
        "right_in_every_order": tally.both_right,
        "nulls": tally.nulls,
        "inconsistent": tally.inconsistent,
    }


def score_outputs(
    paths: Sequence[Path], judge: str | None = None, reader: str | None = None
) -> OutputsReport:
    """Score files of published outputs.

    Args:
        paths: files whose pairs are taken together.
        judge: read all texts as this judge's; by default each row's ``judge_name`` decides.
        reader: only the official ones are known of judges that others ran.

    Raises:
        BenchError: a file cannot be read, or a row is not as published; names file, line and field.
    """
    if reader == OURS:
        raise BenchError("published outputs are read as their judges' own readers do; there is no other rule")
    if judge is not None and judge != "reward_model" and reader_for(judge) is None:
        raise BenchError(f"there is no reader for judge {judge!r}; there are {', '.join(sorted(READERS))}")
    rows = read_rows(paths)
    pairs = [_read_output(row, judge) for row in rows]
    judgments = [judgment for pair in pairs for judgment in pair.judgments]
    has_records = all(judgment.has_record for judgment in judgments)
    differences = [
        Difference(pair.place, pair.ident, order, judgment.decision, judgment.recorded)
        for pair in pairs
        for order, judgment in enumerate(pair.judgments, 1)
        if judgment.compared and judgment.decision != judgment.recorded
    ]
    return OutputsReport(
        judges=tuple(
            sorted({f"{pair.judge} ({pair.model})" if pair.model else pair.judge for pair in pairs})
        ),
        scores=_scores(pairs, recorded=False),
        recorded=_scores(pairs, recorded=True) if has_records else None,
        bases={basis: sum(judgment.basis == basis for judgment in judgments) for basis in _BASIS_NAMES},
        compared=sum(judgment.compared for judgment in judgments),
        differences=tuple(differences),
        repeated_pairs=len(pairs) - len({(pair.written_by, pair.ident) for pair in pairs}),
    )


def _scores(pairs: list[PairOutput], *, recorded: bool) -> dict[str, PairScore]:
    writers = sorted({pair.written_by for pair in pairs}, reverse=True)
    spans = {writer: [pair for pair in pairs if pair.written_by == writer] for writer in writers}
    if len(spans) > 1:
        spans["merged"] = pairs
    scores = {}
    for name, span in spans.items():
        judged = [
            JudgedPair(
                pair.group,
                pair.label,
                tuple(judgment.recorded if recorded else judgment.decision for judgment in pair.judgments),
            )
            for pair in span
        ]
        try:
            scores[name] = score_pairs(judged, GROUPS)
        except ValueError as error:
            raise BenchError(f"cannot score the {name} pairs: {error}") from error
    return scores


def _read_output(row: Row, judge: str | None) -> PairOutput:
    label = row.text("label")
    if label not in _LABELS:
        raise row.error("label", f"must be A>B or B>A, not {label[:40]!r}")
    name = judge or (row.text("judge_name") if row.values.get("judge_name") is not None else None)
    if "judgments" in row.values or "decisions_raw_unflipped" not in row.values:
        judgments, model = _read_judgments(row, name or _DEFAULT_JUDGE)
    else:
        judgments, model = _read_decision_list(row), ""
        name = name or "recorded decisions"
    writer = row.values.get("response_model")
    return PairOutput(
        place=f"{row.path.name}, line {row.line}",
        ident=row.ident("pair_id"),
        group=group_of(row.text("source")),
        label=label,
        judge=name or _DEFAULT_JUDGE,
        model=model,
        written_by="claude" if isinstance(writer, str) and writer.startswith("claude") else "gpt",
        judgments=judgments,
    )


def _listed(row: Row, field: str) -> list[Any]:
    value = row.values.get(field)
    if not isinstance(value, list):
        raise row.error(
            field, "is missing; a row of outputs has a list" if value is None else "must be a list"
        )
    if len(value) not in (1, 2):
        raise row.error(field, f"must have one entry for each order, so 1 or 2, not {len(value)}")
    return value


def _read_judgments(row: Row, judge: str) -> tuple[tuple[ReadDecision, ...], str]:
    decisions, model = [], ""
    for number, entry in enumerate(_listed(row, "judgments")):
        field = f"judgments[{number}]"
        if entry is None:
            decisions.append(ReadDecision(None, "failed", None, True))
            continue
        if not isinstance(entry, dict):
            raise row.error(field, "must be an object or null")
        inner = entry.get("judgment")
        inner = {"response": inner} if isinstance(inner, str) else inner
        if inner is not None and not isinstance(inner, dict):
            raise row.error(f"{field}.judgment", "must be an object")
        named = (inner or {}).get("judge_model")
        model = named if isinstance(named, str) else model
        decisions.append(_read_entry(row, field, entry, inner or {}, judge))
    return tuple(decisions), model


def _read_entry(
    row: Row, field: str, entry: dict[str, Any], inner: dict[str, Any], judge: str
) -> ReadDecision:
    has_record = "decision" in entry
    recorded = _decision(row, f"{field}.decision", entry.get("decision"))
    scores = inner.get("scores")
    if scores is not None:
        read = decision_from_scores(_score_pair(row, f"{field}.judgment.scores", scores))
        return ReadDecision(read, "scores", recorded, has_record)
    text = inner.get("response")
    if text is not None and not isinstance(text, str):
        raise row.error(f"{field}.judgment.response", "must be text")
    reader = reader_for(judge)
    if text and reader is not None:
        return ReadDecision(reader(text), "text", recorded, has_record)
    if not has_record:
        if text:
            raise row.error(
                f"{field}.decision",
                f"is missing, and the texts of judge {judge!r} cannot be read; give --judge one of "
                f"{', '.join(sorted(READERS))}",
            )
        if text is None:
            raise row.error(field, "has neither judgment.response nor judgment.scores nor decision")
        return ReadDecision(None, "text", None, False)
    return ReadDecision(recorded, "recorded", recorded, True)


def _read_decision_list(row: Row) -> tuple[ReadDecision, ...]:
    decisions = _listed(row, "decisions_raw_unflipped")
    scores = row.values.get("scores")
    if scores is not None and (not isinstance(scores, list) or len(scores) != len(decisions)):
        raise row.error("scores", "must be a list with one pair of scores for each decision")
    entries = []
    for number, decision in enumerate(decisions):
        recorded = _decision(row, f"decisions_raw_unflipped[{number}]", decision)
        if scores is None:
            entries.append(ReadDecision(recorded, "recorded", recorded, True))
        else:
            read = decision_from_scores(_score_pair(row, f"scores[{number}]", scores[number]))
            entries.append(ReadDecision(read, "scores", recorded, True))
    return tuple(entries)


def _decision(row: Row, field: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise row.error(field, "must be text such as A>B, or null")


def _score_pair(row: Row, field: str, value: object) -> list[float]:
    if isinstance(value, list) and len(value) == 2:
        # Some reward models publish each score as a list of its own.
        flat = [item[0] if isinstance(item, list) and len(item) == 1 else item for item in value]
        if all(isinstance(item, int | float) and not isinstance(item, bool) for item in flat):
            if any(math.isnan(item) for item in flat):
                raise row.error(field, "is not a number (NaN)")
            return flat
    raise row.error(field, "must be two numbers")
