"""RM-Bench: each of three chosen responses against each of three rejected ones, in both orders.

Files are the merged one, whose rows name their ``domain``, or the published ones, one a domain, whose
file names do (``chat_filtered.json``, ``safety-refuse_filtered.json``). The order-balanced numbers
stand first; the published one-order numbers, which a judge that always says A wins, beside them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from skillbench.statistics.estimates import mean_estimate, mean_of_means
from skillbench.suites.base import Case, Estimate, Job, Prediction, Scores
from skillbench.suites.fields import optional_texts, texts
from skillbench.suites.files import FileSuite, seal
from skillbench.suites.pairs import ORDERS, order_facts
from skillbench.suites.rmbench.metric import (
    STYLES,
    CellVerdicts,
    JudgedRow,
    Matrix,
    balanced_matrix,
    both_orders_matrix,
    domain_of,
    one_order_matrix,
    score_matrices,
    score_rows,
)
from skillbench.suites.rows import Row
from skillrt.judging.verdict import Verdict

__all__ = ["RMBench", "Sample"]

_SPAN: Final = range(STYLES)
_MATRICES: Final[Mapping[str, Callable[[Sequence[Sequence[CellVerdicts]]], Matrix]]] = {
    "balanced": balanced_matrix,
    "one_order": one_order_matrix,
    "both_orders": both_orders_matrix,
}


@dataclass(frozen=True, slots=True)
class Sample:
    """A row; ``part`` is the domain as the row or its file names it, ``safety-refuse`` for one."""

    ident: str
    part: str
    prompt: str
    chosen: tuple[str, ...]
    rejected: tuple[str, ...]
    reference: list[str] | None
    checklist: list[str] | None


def _part(row: Row) -> str:
    """Name the domain: ``domain``, or ``subset`` if it is one, or else the file's name."""
    for name in ("domain", "subset"):
        value = row.values.get(name)
        if isinstance(value, str):
            try:
                domain_of(value)
            except ValueError as error:
                if name == "domain":
                    raise row.error(name, f"is unknown: {error}") from error
            else:
                return value.strip().lower().replace("_", "-")
        elif value is not None:
            raise row.error(name, "must be text")
    stem = row.path.stem.lower().replace("_filtered", "").replace("_", "-")
    try:
        domain_of(stem)
    except ValueError as error:
        raise row.error(
            "domain",
            "is missing, and neither subset nor the file's name (chat_filtered.json) tells the domain",
        ) from error
    return stem


class RMBench(FileSuite[Sample]):
    """The suite ``rmbench``: 18 judgments a row."""

    name = "rmbench"
    tasks: tuple[str, ...] = ("rmbench",)
    shown: ClassVar[Mapping[str, str]] = {
        "prompt": "prompt",
        "chosen": "responses",
        "rejected": "responses",
        "domain": "domain",
        "reference": "reference",
        "checklist": "checklist",
    }

    def read(self, row: Row) -> Sample:
        """Read one row of the merged file or of a domain's file."""
        return Sample(
            ident=row.ident("id"),
            part=_part(row),
            prompt=row.text("prompt"),
            chosen=tuple(texts(row, "chosen", count=STYLES)),
            rejected=tuple(texts(row, "rejected", count=STYLES)),
            reference=optional_texts(row, "reference"),
            checklist=optional_texts(row, "checklist"),
        )

    def ident(self, sample: Sample) -> str:
        """Return the row's id, which repeats in the data."""
        return sample.ident

    def group(self, sample: Sample) -> str:
        """Return the domain's part, such as ``safety-refuse``."""
        return sample.part

    def judgments(self, _: Sample, /) -> int:
        """Nine cells, both orders."""
        return STYLES * STYLES * len(ORDERS)

    def expand(self, sample: Sample, key: str, position: int) -> Iterator[Job]:
        """Yield the cells so that those with the same first response follow each other.

        A server's prefix cache then holds the prompt and that response.
        """
        about: dict[str, Any] = {"domain": domain_of(sample.part)}
        if sample.reference is not None:
            about["reference"] = sample.reference
        if sample.checklist is not None:
            about["checklist"] = sample.checklist
        cells = [("AB", i, j) for i in _SPAN for j in _SPAN] + [("BA", i, j) for j in _SPAN for i in _SPAN]
        for order, i, j in cells:
            pair = (sample.chosen[i], sample.rejected[j])
            one, two = pair if order == "AB" else pair[::-1]
            fields = {"prompt": sample.prompt, "responses": {"A": one, "B": two}, **about}
            case_id = f"{key}:{i}{j}:{order}"
            yield Job(
                Case(case_id, sample.ident, position, self.tasks[0], order, fields, sample.part),
                seal({"winner": order[0], "cell": [i, j]}, sample.part),
            )

    def points(self, gold: Any, verdict: Verdict) -> int | None:
        """Return 1 for the chosen response; a tie is no win."""
        return int(verdict.outcome == gold["winner"]) if verdict.valid else None

    def score(self, rows: Iterable[Prediction]) -> Scores:
        """Compute ``rmbench.{balanced,one_order,both_orders}.{overall,win_total,...}``.

        ``overall`` is the mean of the four domains, only where all four were run; ``win_total`` is won
        comparisons over all comparisons.
        """
        found: dict[int, _Answers] = {}
        for row in rows:
            entry = found.setdefault(row.position, _Answers(row.group))
            entry.answers[(*row.gold["cell"], str(row.order))] = (row.said, row.outcome)
        size = STYLES * STYLES * len(ORDERS)
        finished = {number: row for number, row in sorted(found.items()) if len(row.answers) == size}
        readout, said = _estimates(finished, 1), _estimates(finished, 0)
        headline = next((f"{self.name}.balanced.{name}" for name in ("overall", "win_total")
                         if f"{self.name}.balanced.{name}" in readout), None)  # fmt: skip
        shown = [pair for row in finished.values() for pair in row.pairs()]
        return Scores(
            headline,
            readout,
            said,
            len(found) - len(finished),
            orders={"readout": order_facts(shown, 1), "said": order_facts(shown, 0)} if shown else {},
        )


@dataclass(slots=True)
class _Answers:
    """A row's answers (said, outcome) by cell and order."""

    part: str
    answers: dict[tuple[int, int, str], tuple[Any, Any]] = field(default_factory=dict)

    def cells(self, which: int) -> list[list[CellVerdicts]]:
        return [
            [CellVerdicts(*(self.answers[i, j, order][which] for order in ORDERS)) for j in _SPAN]
            for i in _SPAN
        ]

    def pairs(self) -> Iterator[dict[str, tuple[Any, Any]]]:
        for i in _SPAN:
            for j in _SPAN:
                yield {order: self.answers[i, j, order] for order in ORDERS}


def _estimates(rows: Mapping[int, _Answers], which: int) -> dict[str, Estimate]:
    found: dict[str, Estimate] = {}
    for name, matrix_of in _MATRICES.items() if rows else ():
        judged = [JudgedRow(number, row.part, matrix_of(row.cells(which))) for number, row in rows.items()]
        found |= {f"rmbench.{name}.{metric}": one for metric, one in _of_matrices(judged).items()}
    return found


def _of_matrices(judged: Sequence[JudgedRow]) -> dict[str, Estimate]:
    score = score_rows(judged)
    by_domain: dict[str, list[Matrix]] = {name: [] for name in score.domains}
    for row in judged:
        by_domain[domain_of(row.domain)].append(row.matrix)

    def values(name: str, level: str) -> list[float]:
        return [getattr(score_matrices([matrix]), level) for matrix in by_domain[name]]

    found: dict[str, Estimate] = {}
    for metric, level in (("overall", "average"), ("easy", "easy"), ("normal", "normal"), ("hard", "hard")):
        total = getattr(score, metric)
        if total is not None:
            found[metric] = mean_of_means([values(name, level) for name in by_domain], value=total)
    wins = [sum(map(sum, row.matrix)) / STYLES**2 for row in judged]
    found["win_total"] = mean_estimate(wins, value=score.micro)
    for name, domain in score.domains.items():
        for metric, level in ((name, "average"), (f"{name}.easy", "easy"), (f"{name}.normal", "normal"),
                              (f"{name}.hard", "hard")):  # fmt: skip
            found[metric] = mean_estimate(values(name, level), value=getattr(domain, level))
    for name, part in score.parts.items():
        if name not in score.domains:
            own = [score_matrices([row.matrix]).average for row in judged if row.domain == name]
            found[name] = mean_estimate(own, value=part.average)
    return found
