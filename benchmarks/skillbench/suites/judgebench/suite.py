"""JudgeBench: pairs of responses, one of them objectively right, judged in both orders.

Two row schemas are read. The original one has ``response_A``, ``response_B`` and ``label``; the
one that other projects ship has ``chosen`` and ``rejected``, which we place by a bit of the row's
id, so that the right one is not always the first, and no run differs from another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from skillbench.suites.base import Case, Job, Prediction, Scores, Sealed
from skillbench.suites.files import FileSuite
from skillbench.suites.judgebench.metric import GROUPS, flip, group_of, points
from skillbench.suites.pairs import ORDERS, pair_scores
from skillbench.suites.rows import Row
from skillrt.judging.verdict import Verdict

__all__ = ["GROUPS", "JudgeBench", "Pair", "group_of", "jobs_of_pair", "read_pair"]

_LABELS: Final = {"A>B": "A", "B>A": "B"}


@dataclass(frozen=True, slots=True)
class Pair:
    """One row in either schema. ``better`` is the label of the right response as placed."""

    ident: str
    source: str
    prompt: str
    responses: tuple[str, str]
    better: str
    model: str
    reference: str | list[str] | None
    checklist: list[str] | None


def read_pair(row: Row) -> Pair:
    """Read a row of either schema.

    Raises:
        RowError: a field is missing or has the wrong type; names file, line and field.
    """
    if "chosen" in row.values or "rejected" in row.values or "question_id" in row.values:
        return _read_vendored(row)
    if not {"pair_id", "question", "response_A", "response_B", "label"} & set(row.values):
        raise row.error(
            None,
            "this is no JudgeBench row: it has neither pair_id, question, response_A, response_B, label "
            "nor question_id, prompt, chosen, rejected",
        )
    return _read_original(row)


def _read_original(row: Row) -> Pair:
    label = row.text("label")
    if label not in _LABELS:
        raise row.error("label", f"must be A>B or B>A, not {label[:40]!r}")
    return Pair(
        ident=row.ident("pair_id"),
        source=row.text("source"),
        prompt=row.text("question"),
        responses=(row.text("response_A", empty=True), row.text("response_B", empty=True)),
        better=_LABELS[label],
        model=_model(row),
        reference=_texts(row, "ground_truth"),
        checklist=_checklist(row),
    )


def _read_vendored(row: Row) -> Pair:
    ident = row.ident("question_id")
    chosen, rejected = row.text("chosen", empty=True), row.text("rejected", empty=True)
    # A bit of a digest, not of Python's hash: the same in every process.
    first = hashlib.sha256(f"judgebench placement {ident}".encode()).digest()[0] % 2 == 0
    return Pair(
        ident=ident,
        source=row.text("query_type"),
        prompt=row.text("prompt"),
        responses=(chosen, rejected) if first else (rejected, chosen),
        better="A" if first else "B",
        model=_model(row),
        reference=_texts(row, "ground_truth"),
        checklist=_checklist(row),
    )


def _model(row: Row) -> str:
    return row.text("response_model") if row.values.get("response_model") is not None else ""


def _texts(row: Row, name: str) -> str | list[str] | None:
    value = row.values.get(name)
    match value:
        case None | "" | []:
            return None
        case str():
            return value
        case bool():
            pass
        case int() | float():
            return str(value)
        case list() if all(isinstance(item, str) for item in value):
            return value
    raise row.error(name, "must be a text or a list of texts")


def _checklist(row: Row) -> list[str] | None:
    value = row.values.get("check_list")
    if value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        return value or None
    raise row.error("check_list", "must be a list of texts")


def jobs_of_pair(pair: Pair, key: str, position: int, task: str, group: str) -> Iterator[Job]:
    """Yield the two jobs of a pair of ``group``, one for each order.

    The ground truth of livecodebench rows often describes the winning solution, so there it is
    oracle and no field at all.
    """
    about: dict[str, Any] = {"source": pair.source}
    subset = "claude" if pair.model.startswith("claude") else ""
    hidden: dict[str, Any] = {"model": pair.model, "source": pair.source, "group": group, "subset": subset}
    if pair.reference is not None:
        target = hidden if group_of(pair.source) == "livecodebench" else about
        target["reference"] = pair.reference
    if pair.checklist is not None:
        about["checklist"] = pair.checklist
    for order in ORDERS:
        one, two = pair.responses if order == "AB" else (pair.responses[1], pair.responses[0])
        gold = pair.better if order == "AB" else flip(pair.better)
        fields = {"prompt": pair.prompt, "responses": {"A": one, "B": two}, **about}
        yield Job(
            Case(f"{key}:{order}", pair.ident, position, task, order, fields, group),
            Sealed({**hidden, "gold": gold}),
        )


class JudgeBench(FileSuite[Pair]):
    """The suite ``judgebench`` over one or more files of either schema."""

    name = "judgebench"
    tasks: tuple[str, ...] = ("judgebench",)
    shown: ClassVar[Mapping[str, str]] = {
        "question": "prompt",
        "prompt": "prompt",
        "response_A": "responses",
        "response_B": "responses",
        "chosen": "responses",
        "rejected": "responses",
        "source": "source",
        "query_type": "source",
        "ground_truth": "reference",
        "check_list": "checklist",
    }

    def read(self, row: Row) -> Pair:
        """Read one row; a suite with rows of its own adds its checks here."""
        return read_pair(row)

    def ident(self, sample: Pair) -> str:
        """Return the pair's id."""
        return sample.ident

    def group(self, sample: Pair) -> str:
        """Return the group of the paper's tables."""
        return group_of(sample.source)

    def judgments(self, _: Pair, /) -> int:
        """Two: both orders."""
        return len(ORDERS)

    def expand(self, sample: Pair, key: str, position: int) -> Iterator[Job]:
        """Yield both orders of a pair."""
        return jobs_of_pair(sample, key, position, self.tasks[0], self.group(sample))

    def points(self, gold: Any, verdict: Verdict) -> int | None:
        """Return the official points: 1, 0 or -1."""
        return points(gold, verdict.outcome) if verdict.valid else None

    def score(self, rows: Iterable[Prediction]) -> Scores:
        """Compute ``judgebench.overall`` and the groups for the GPT pairs.

        Pairs written by a Claude model are reported as ``judgebench.claude.*``, and where a run
        has both, all together as ``judgebench.merged.*``.
        """
        return pair_scores(
            rows,
            lambda subset: f"{self.name}.{subset}" if subset else self.name,
            f"{self.name}.merged",
            GROUPS,
        )
