"""Reading judges' texts by our rules or by a benchmark's published ones, and scoring texts without a model.

Ours is the task's ``accept``: ambiguity is nothing, never a guess. The official rules are each suite's, as
lenient as they were when published numbers were made by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from skillbench.errors import BenchError
from skillbench.statistics.estimate import Estimate
from skillbench.suites.base import Case, Job, Prediction, Scores, Suite, predict
from skillbench.suites.offers import TextReader
from skillrt.chat import Usage
from skillrt.judging.verdict import Judgment, Verdict

__all__ = ["OFFICIAL", "OURS", "READERS", "TextsReport", "predict_text", "read_again", "reader_of"]

OURS: Final = "ours"
OFFICIAL: Final = "official"
READERS: Final = (OURS, OFFICIAL)


def reader_of(suite: Suite, task: str, reader: str) -> TextReader:
    """Return what reads an answer of ``task`` from a text and the task's fields.

    Raises:
        BenchError: there are no artifacts of the task, or no official rule.
    """
    if reader == OFFICIAL:
        official = suite.official_reader(task)
        if official is None:
            raise BenchError(f"no official rule of reading texts is known for the task {task}")
        return official
    from skillrt.judging.answers import read_answer
    from skillspec.artifacts import ArtifactError, ArtifactStore

    try:
        record = ArtifactStore(None).task(task)
    except ArtifactError as error:
        raise BenchError(str(error)) from error
    over = getattr(record.answer, "over", "")
    return lambda text, fields: read_answer(record, text, len(fields.get(over, ())))


def read_again(suite: Suite, task: str, judgment: Judgment) -> Judgment:
    """Read a judgment's text by the official rule, where the suite is opened so and the answer is a text.

    An answer that the judge submitted by a call is no text, and stands as it is.
    """
    reader = suite.official_reader(task) if suite.reader == OFFICIAL else None
    text = _text_of(judgment.trace)
    if reader is None or text is None:
        return judgment
    answer = reader(text, judgment.trace.get("fields") or {})
    return replace(judgment, verdict=_verdict(answer))


def _verdict(answer: Any) -> Verdict:
    if answer is None:
        return Verdict(valid=False, error="no answer by the official rule of reading", error_owner="judge")
    label = answer if isinstance(answer, str) else None
    return Verdict(valid=True, said=answer, outcome=answer, label=label)


def _text_of(trace: Mapping[str, Any]) -> str | None:
    """Return the last text of a judge that had no tools to answer with."""
    if not str(trace.get("link", "")).endswith(".direct") or trace.get("readout"):
        return None
    texts = [event["content"] for event in trace.get("events", ()) if event["type"] == "reply"]
    return texts[-1] if texts else None


def predict_text(suite: Suite, job: Job, text: str | None, reader: TextReader) -> Prediction:
    """Return the prediction of a judge that gave ``text``, None where it gave nothing."""
    case: Case = job.case
    verdict = _verdict(None if text is None else reader(text, case.fields))
    return predict(case, suite.mark(job.sealed, verdict), Judgment(verdict, Usage()))


@dataclass(frozen=True, slots=True)
class TextsReport:
    """Scores of texts: ``texts`` were read by ``reader``, ``unread`` of them to nothing."""

    suite: str
    reader: str
    scores: Scores
    texts: int
    unread: int

    @classmethod
    def of(cls, suite: Suite, reader: str, rows: Iterable[Prediction]) -> TextsReport:
        """Score predictions of texts."""
        listed = list(rows)
        unread = sum(not row.valid for row in listed)
        return cls(suite.name, reader, suite.score(listed), len(listed), unread)

    def to_json(self) -> dict[str, object]:
        """Return the report as plain JSON; metrics in per cent, unrounded."""
        return {
            "suite": self.suite,
            "reader": self.reader,
            "headline": self.scores.headline,
            "metrics": {name: estimate.value for name, estimate in self.scores.said.items()},
            "unfinished_samples": self.scores.unfinished,
            "texts": self.texts,
            "unread": self.unread,
            "facts": dict(self.scores.facts),
        }

    def text(self) -> str:
        """Return the report for a reader."""
        lines = [
            f"{self.suite}: {self.texts} texts read by {self.reader} rules, {self.unread} to nothing",
            "",
        ]
        width = max((len(name) for name in self.scores.said), default=0)
        lines += [f"{name:{width}}  {_span(estimate)}" for name, estimate in self.scores.said.items()]
        if self.scores.unfinished:
            lines += ["", f"{self.scores.unfinished} samples lack a text and are left out"]
        facts = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in self.scores.facts.items())
        return "\n".join([*lines, "", f"counts: {facts}"] if facts else lines)


def _span(estimate: Estimate) -> str:
    span = "" if estimate.method == "none" else f" ({estimate.low:.2f} to {estimate.high:.2f})"
    return f"{estimate.value:8.4f}{span} of {estimate.of}"
