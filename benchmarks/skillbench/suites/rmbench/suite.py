"""RM-Bench: each of three chosen responses against each of three rejected ones, in both orders.

Files are the merged one, whose rows name their ``domain``, or the published ones, one a domain, whose
file names do (``chat_filtered.json``, ``safety-refuse_filtered.json``). The order-balanced numbers
stand first; the published one-order numbers, which a judge that always says A wins, beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from skillbench.statistics.estimate import Estimate
from skillbench.statistics.estimates import mean_estimate, mean_of_means
from skillbench.suites.base import Case, Job, Prediction, Scores
from skillbench.suites.behind import Behind
from skillbench.suites.fields import optional_texts, texts
from skillbench.suites.files import FileSuite, seal
from skillbench.suites.offers import Verifiable
from skillbench.suites.pairs import ORDERS, order_facts
from skillbench.suites.rmbench.metric import (
    DOMAINS,
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
from skillbench.suites.source import RemoteFile, Source
from skillrt.judging.verdict import Verdict

__all__ = ["RMBench", "Sample"]

_SPAN: Final = range(STYLES)
_LEVELS: Final = ("easy", "normal", "hard")
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


_DOMAIN_FILES: Final[Mapping[str, int]] = {
    "1df6053a68119c17eed9a54d35dc654b8cde3d3b0bbd1ad6941073e40ef5c9a8": 129,
    "c3a56181d34835345b9c5fbf22c203439d06ea96de12b232da80628f14fe1e15": 228,
}
"""SHA-256 and rows of the published ``chat_filtered.json`` and ``code_filtered.json``."""

_OPENRS: Final = (
    "https://raw.githubusercontent.com/Qwen-Applications/OpenRS/16e9cfbc5b1aae6c559536f353c97a1fd82a1ba2/data"
)


class RMBench(FileSuite[Sample]):
    """The suite ``rmbench``: 18 judgments a row."""

    name = "rmbench"
    source = Source(
        title="RM-Bench, 1,327 rows of four domains",
        home="https://huggingface.co/datasets/THU-KEG/RM-Bench",
        license="ODC-BY; the copy read here comes with OpenRS, Apache-2.0",
        files=(RemoteFile(f"{_OPENRS}/rmbench/rmbench.jsonl", "rmbench/rmbench.jsonl", rows=1327),),
        note="The published files, merged or one a domain (chat_filtered.json and so on), are read too.",
        rows=1327,
        groups={"chat": 129, "math": 529, "code": 228, "safety-refuse": 284, "safety-response": 157},
        known=_DOMAIN_FILES,
    )
    tasks: tuple[str, ...] = ("rmbench",)
    groups = ("chat", "math", "code", "safety-refuse", "safety-response")
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

    def group(self, sample: Sample) -> str:
        """Return the domain's part, such as ``safety-refuse``."""
        return sample.part

    def judgments(self, _: Sample, /) -> int:
        """Nine cells, both orders."""
        return STYLES * STYLES * len(ORDERS)

    def content(self, sample: Sample) -> object:
        """Return the prompt and all responses: ids repeat, with other responses."""
        return sample.prompt, sample.chosen, sample.rejected

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
            left, right = pair if order == "AB" else pair[::-1]
            fields = {"prompt": sample.prompt, "responses": {"A": left, "B": right}, **about}
            case_id = f"{key}:{i}{j}:{order}"
            yield Job(
                Case(case_id, sample.ident, position, self.tasks[0], order, fields, sample.part),
                seal({"winner": order[0], "cell": [i, j]}, sample.part),
            )

    def points(self, gold: Any, verdict: Verdict) -> int | None:
        """Return 1 for the chosen response; a tie is no win."""
        return int(verdict.outcome == gold["winner"]) if verdict.valid else None

    def answer_of(self, gold: Any) -> Any:
        """Return the label of the chosen response."""
        return gold["winner"]

    def stratum(self, group: str) -> str:
        """Return the domain: the two parts of safety are one."""
        return domain_of(group)

    def tries(self, sample: Sample, position: int, /) -> Iterator[Verifiable]:
        """Yield the three pairs of one style each, so that every response is tried once.

        The place of the chosen response is drawn where they are shown.
        """
        reference = tuple(sample.reference) if sample.reference is not None else None
        for style in _SPAN:
            shown = {"A": sample.chosen[style], "B": sample.rejected[style]}
            programs = domain_of(sample.part) == "code"
            ident = f"{sample.ident}:{style}"
            yield Verifiable(ident, sample.part, position, sample.prompt, shown, "A", reference, programs)

    def score(self, rows: Iterable[Prediction]) -> Scores:
        """Compute ``rmbench.{balanced,one_order,both_orders}.{overall,win_total,...}``.

        ``overall`` is the mean of the four domains, only where all four were run; ``win_total`` is won
        comparisons over all comparisons.
        """
        answers: dict[int, _Answers] = {}
        for row in rows:
            entry = answers.setdefault(row.position, _Answers(row.group, row.unit))
            cell = (*row.gold["cell"], str(row.order))
            entry.answers[cell] = (row.said, row.outcome)
            if not row.valid:
                entry.invalid.add(cell)
        size = STYLES * STYLES * len(ORDERS)
        finished = {number: row for number, row in sorted(answers.items()) if len(row.answers) == size}
        readout, said = _estimates(finished, 1), _estimates(finished, 0)
        headline = next((f"{self.name}.balanced.{name}" for name in ("overall", "win_total")
                         if f"{self.name}.balanced.{name}" in readout), None)  # fmt: skip
        shown = [pair for row in finished.values() for pair in row.pairs()]
        return Scores(
            headline,
            readout,
            said,
            len(answers) - len(finished),
            orders={"readout": order_facts(shown, 1), "said": order_facts(shown, 0)} if shown else {},
            behind=_behind(finished.values(), readout),
            finished=Counter(row.part for row in finished.values()),
        )


@dataclass(slots=True)
class _Answers:
    """A row's answers (said, outcome) by cell and order."""

    part: str
    unit: str
    answers: dict[tuple[int, int, str], tuple[Any, Any]] = field(default_factory=dict)
    invalid: set[tuple[int, int, str]] = field(default_factory=set)

    def cells(self, which: int) -> list[list[CellVerdicts]]:
        return [
            [CellVerdicts(*(self.answers[i, j, order][which] for order in ORDERS)) for j in _SPAN]
            for i in _SPAN
        ]

    def pairs(self) -> Iterator[dict[str, tuple[Any, Any]]]:
        for i in _SPAN:
            for j in _SPAN:
                yield {order: self.answers[i, j, order] for order in ORDERS}


def _level(i: int, j: int) -> str:
    return "easy" if i > j else "hard" if i < j else "normal"


def _behind(rows: Iterable[_Answers], metrics: Iterable[str]) -> dict[str, Behind]:
    """Count the judgments of each metric: of its domain or part, its level, and its orders."""
    counts: Counter[tuple[str, str, str]] = Counter()
    invalid: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        for i, j, order in row.answers:
            counts[row.part, _level(i, j), order] += 1
            invalid[row.part, _level(i, j), order] += (i, j, order) in row.invalid
    behind = {}
    for metric in metrics:
        matrix, _, name = metric.removeprefix("rmbench.").partition(".")
        where, _, last = name.rpartition(".")
        wanted = last if last in _LEVELS else ""
        where = where if wanted else "" if name in ("overall", "win_total") else name
        cells = [
            (part, level, order)
            for part, level, order in counts
            if where in ("", part, domain_of(part))
            and wanted in ("", level)
            and (matrix != "one_order" or order == ORDERS[0])
        ]
        parts: dict[str, str] = {}
        if not where and name != "win_total":
            ending = f".{wanted}" if wanted else ""
            parts = {domain: f"rmbench.{matrix}.{domain}{ending}" for domain in DOMAINS}
        behind[metric] = Behind(
            sum(counts[cell] for cell in cells), sum(invalid[cell] for cell in cells), parts
        )
    return behind


def _estimates(rows: Mapping[int, _Answers], which: int) -> dict[str, Estimate]:
    estimates: dict[str, Estimate] = {}
    for name, matrix_of in _MATRICES.items() if rows else ():
        units = [row.unit for row in rows.values()]
        judged = [JudgedRow(number, row.part, matrix_of(row.cells(which))) for number, row in rows.items()]
        estimates |= {
            f"rmbench.{name}.{metric}": estimate for metric, estimate in _of_matrices(judged, units).items()
        }
    return estimates


def _of_matrices(judged: Sequence[JudgedRow], units: Sequence[str]) -> dict[str, Estimate]:
    score = score_rows(judged)
    by_domain: dict[str, list[Matrix]] = {name: [] for name in score.domains}
    prompts: dict[str, list[str]] = {name: [] for name in score.domains}
    for row, unit in zip(judged, units, strict=True):
        by_domain[domain_of(row.domain)].append(row.matrix)
        prompts[domain_of(row.domain)].append(unit)

    def values(name: str, level: str) -> list[float]:
        return [getattr(score_matrices([matrix]), level) for matrix in by_domain[name]]

    estimates: dict[str, Estimate] = {}
    for metric, level in (("overall", "average"), ("easy", "easy"), ("normal", "normal"), ("hard", "hard")):
        total = getattr(score, metric)
        if total is not None:
            estimates[metric] = mean_of_means(
                [values(name, level) for name in by_domain], value=total, clusters=[*prompts.values()]
            )
    wins = [sum(map(sum, row.matrix)) / STYLES**2 for row in judged]
    estimates["win_total"] = mean_estimate(wins, value=score.micro, clusters=units)
    for name, domain in score.domains.items():
        for metric, level in ((name, "average"), (f"{name}.easy", "easy"), (f"{name}.normal", "normal"),
                              (f"{name}.hard", "hard")):  # fmt: skip
            estimates[metric] = mean_estimate(
                values(name, level), value=getattr(domain, level), clusters=prompts[name]
            )
    for name, part in score.parts.items():
        if name not in score.domains:
            pairs = zip(judged, units, strict=True)
            own = [(score_matrices([row.matrix]).average, unit) for row, unit in pairs if row.domain == name]
            estimates[name] = mean_estimate(
                [value for value, _ in own], value=part.average, clusters=[unit for _, unit in own]
            )
    return estimates
