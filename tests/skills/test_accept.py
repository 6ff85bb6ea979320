"""What the shipped tasks read out of a judge's plain text, and what they refuse to read."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from skillc.diagnostics import Report
from skillc.emit.records import emit_task
from skillc.emit.texts import TextStore
from skillc.program import Checked, check_project
from skillc.project.load import find_sources
from skillrt.judging.answers import read_answer

SOURCES = Path(__file__).parents[2] / "skills_src"

MET = "[[人工智能助手的回复满足了该要求]]"
NOT_MET = "[[人工智能助手的回复没有满足该要求]]"


def block(number: int, conclusion: str, analysis: str = "依据原文", colon: str = "：") -> str:
    """A block of IF-RewardBench's form."""
    return (
        f"[检查项{number}-开始]\n要求：某项\n分析：{analysis}\n结论{colon}{conclusion}\n[检查项{number}-结束]"
    )


CASES: list[tuple[str, str, Any]] = [
    ("judgebench", "Output (a)", "A"),
    ("judgebench", "output (B) is better", "B"),
    ("judgebench", "Output (a) beats Output (b)", None),
    ("judgebench", "the first one", None),
    ("starter", "Response B", "B"),
    ("starter", "Response A or Response B", None),
    ("rewardbench2", "C names it. [[C]]", "C"),
    ("rewardbench2", "[[C]] twice: [[C]]", "C"),
    ("rewardbench2", "[[A]], not [[D]]", None),
    ("rewardbench2", "[[E]]", None),
    ("rewardbench2", "<think>[[A]]</think>[[B]]", "B"),
    ("rewardbench2", "<think>[[A]]", None),
    ("rewardbench2_rating", "Good.\n\n8", 8),
    ("rewardbench2_rating", "Good. 8", 8),
    ("rewardbench2_rating", "Rating: 10\n", 10),
    ("rewardbench2_rating", "I saw 3 slips and 2 merits: 4", 4),
    ("rewardbench2_rating", "8/10", None),
    ("rewardbench2_rating", "8 / 10", None),
    ("rewardbench2_rating", "8 out of 10", None),
    ("rewardbench2_rating", "7.5", None),
    ("rewardbench2_rating", "7,5", None),
    ("rewardbench2_rating", "6-7", None),
    ("rewardbench2_rating", "0", None),
    ("rewardbench2_rating", "11", None),
    ("rewardbench2_rating", "8, I think", None),
    ("rewardbench2_rating_ties", "Fits.\n9", 9),
    ("rmbench", "A>>B", "A>>B"),
    ("rmbench", "A>B", "A>B"),
    ("rmbench", "B>>A", "B>>A"),
    ("rmbench", "A=B", "A=B"),
    ("rmbench", "A>B, or even A>>B", None),
    ("rmbench", "AB>A", None),
    ("jetts_match", "[[B]]", "B"),
    ("jetts_match", "[[A]] [[B]]", None),
    ("ifrb_overall", "结论：[[A]]", "A"),
    ("ifrb_overall", "[[A]] 与 [[B]] 相当", None),
    ("ifrb_constraint", block(1, MET) + "\n\n" + block(2, NOT_MET), ["satisfied", "failed"]),
    ("ifrb_constraint", block(2, MET), [None, "satisfied"]),
    ("ifrb_constraint", block(1, "没有做到") + block(2, MET), [None, "satisfied"]),
    ("ifrb_constraint", block(1, MET, colon=":") + block(1, NOT_MET) + block(2, MET), [None, "satisfied"]),
    ("ifrb_constraint", block(1, MET, "原文是 [a] 和 [[b]]") + block(2, MET), ["satisfied", "satisfied"]),
    ("ifrb_constraint", "两项都做到了", None),
    ("if_pointwise", "Three of four.\n0.75", 0.75),
    ("if_pointwise", "All.\n1", 1.0),
    ("if_pointwise", "**0.5", 0.5),
    ("if_pointwise", "0.5 of 1", None),
    ("if_pointwise", "3/1", None),
    ("if_pointwise", "75", None),
    ("if_pointwise", "-0.5", None),
    ("if_pairwise", "B misses the limit. [[A]]", "A"),
    ("if_pairwise", "Not [[A]], level: [[tie]]", "tie"),
    ("if_pairwise", "[[C]]", None),
    ("graded_against_reference", "Disagrees.\n0", 0),
    ("graded_against_reference", "9/10", None),
    ("blind_pairwise", "Not [[A]] but [[B]]", "B"),
    ("blind_pairwise", "[[tie]]", "tie"),
    ("blind_pairwise", "[[C]]", None),
    ("blind_listwise", "[[A]] falls, so [[D]]", "D"),
]


@cache
def project() -> Checked:
    """The shipped sources."""
    return check_project(SOURCES, find_sources(SOURCES, [SOURCES]), Report())


@pytest.mark.parametrize(("task", "text", "answer"), CASES)
def test_what_a_task_reads(task: str, text: str, answer: Any) -> None:
    """One answer, or none: ambiguity is never resolved by a guess."""
    record = emit_task(project().tasks[task], TextStore())
    assert read_answer(record, text, items=2) == answer


def test_every_task_is_covered() -> None:
    """The table has no hole."""
    assert {task for task, _, _ in CASES} == set(project().tasks)
