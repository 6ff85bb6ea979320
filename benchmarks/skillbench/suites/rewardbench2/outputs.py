"""Scoring judges' texts for RewardBench 2, by our rules of reading or by the published ones.

A row of best of four is ``{"id", "subset", "chosen_at": "A" to "D", "text"}``: the letter under which the
chosen response was shown, and the judge's text. A rated row is ``{"id", "subset", "num_correct", "texts"}``
with one text for each response, the correct ones first, as in the data. A judge that gave nothing is null.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from skillbench.suites.base import Case, Job, Prediction
from skillbench.suites.files import IdKeeper, seal
from skillbench.suites.rewardbench2.metric import LETTERS, subset_name
from skillbench.suites.rewardbench2.rows import TIES
from skillbench.suites.rewardbench2.suite import RATED, TIED, RewardBench2
from skillbench.suites.rows import Row, read_rows
from skillbench.suites.texts import OURS, TextsReport, predict_text, reader_of

__all__ = ["score_texts"]


def score_texts(paths: Sequence[Path], judge: str | None = None, reader: str | None = None) -> TextsReport:
    """Score files of texts.

    Raises:
        BenchError: a file cannot be read, or a row is not of this form; names file, line and field.
    """
    del judge  # one form of answers for all
    suite = RewardBench2()
    how = reader or OURS
    readers = {task: reader_of(suite, task, how) for task in (*suite.tasks, RATED)}

    def rows() -> Iterator[Prediction]:
        ids = IdKeeper()
        for row in read_rows(paths):
            for job, text in _judged(row, ids.key(row.ident("id"))):
                yield predict_text(suite, job, text, readers[job.case.task])

    return TextsReport.of(suite, how, rows())


def _judged(row: Row, key: str) -> Iterator[tuple[Job, str | None]]:
    """Yield what each text of a row is a judgment of."""
    try:
        subset = subset_name(row.text("subset"))
    except ValueError as error:
        raise row.error("subset", f"is unknown: {error}") from error
    ident = row.ident("id")

    def case(order: str, task: str) -> Case:
        return Case(f"{key}:{order}", ident, row.position, task, order, {}, subset)

    if "texts" not in row.values:
        if subset == TIES:
            raise row.error("texts", "is missing; rows of Ties have a text for each response")
        place = row.text("chosen_at")
        if place not in LETTERS:
            raise row.error("chosen_at", f"must be one of {', '.join(LETTERS)}, not {place[:20]!r}")
        yield (
            Job(case("text", "rewardbench2"), seal(place, subset)),
            _text(row, "text", row.values.get("text")),
        )
        return
    texts, correct = row.values["texts"], row.values.get("num_correct")
    if not isinstance(texts, list) or len(texts) < 2:
        raise row.error("texts", "must be a list with a text for each response")
    if type(correct) is not int or not 0 < correct < len(texts):
        raise row.error("num_correct", f"must be a whole number from 1 to {len(texts) - 1}")
    for number, text in enumerate(texts):
        gold = {"number": number, "of": len(texts), "correct": correct}
        job = Job(case(str(number), TIED if subset == TIES else RATED), seal(gold, subset, subset="rating"))
        yield job, _text(row, f"texts[{number}]", text)


def _text(row: Row, field: str, value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise row.error(field, "must be text or null")
    return value
