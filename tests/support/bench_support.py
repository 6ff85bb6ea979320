"""Rows, fakes and answers that the tests of skillbench share."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from skillbench.suites.base import Case, Prediction
from skillrt.chat import Usage
from skillrt.judging.verdict import Judgment, Verdict

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "judgebench"


def real(name: str) -> Path:
    """A real data file, or skip the test."""
    path = REAL / name
    if not path.is_file():
        pytest.skip(f"needs ../shared/data/judgebench/{name}, which is not here")
    return path


def original(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A row in JudgeBench's original schema."""
    row = {
        "pair_id": f"pair-{number}",
        "original_id": number,
        "source": "livebench-math",
        "question": f"Question {number}?",
        "response_model": "gpt-4o-2024-05-13",
        "response_A": f"Right {number}.",
        "response_B": f"Wrong {number}.",
        "label": "A>B",
    }
    return {**row, **changes}


def vendored(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A row in the schema that other projects ship."""
    row = {
        "question_id": f"q-{number}",
        "query_type": "mmlu-pro-law",
        "prompt": f"Question {number}?",
        "chosen": f"Right {number}.",
        "rejected": f"Wrong {number}.",
        "original_id": number,
        "response_model": "gpt-4o-2024-05-13",
        "check_list": [],
        "ground_truth": "J",
    }
    return {**row, **changes}


def write_rows(path: Path, *rows: Mapping[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def prediction(
    position: int,
    order: str = "AB",
    *,
    gold: str = "A",
    outcome: Any = "A",
    said: Any = "same",
    group: str = "livebench-math",
    subset: str = "",
    **changes: Any,
) -> Prediction:
    """A row of predictions.jsonl, for the metrics."""
    values: dict[str, Any] = {
        "id": f"p{position}:{order}",
        "sample_id": f"p{position}",
        "position": position,
        "task": "judgebench",
        "order": order,
        "group": group,
        "source": group,
        "subset": subset,
        "gold": gold,
        "said": outcome if said == "same" else said,
        "outcome": outcome,
        "label": None,
        "score": None,
        "valid": True,
        "error": None,
        "error_owner": None,
        "grounded": None,
        "decided_by": None,
        "reason": "",
        "usage": Usage(requests=1, prompt_tokens=10, completion_tokens=2),
    }
    return Prediction(**{**values, **changes})


def by_digest(fields: Mapping[str, Any]) -> str | None:
    """A verdict that depends on what is visible alone: A, B, and now and then a tie or nothing."""
    shown = json.dumps([fields["prompt"], fields["responses"]["A"], fields["responses"]["B"]])
    number = hashlib.sha256(shown.encode()).digest()[0]
    return "tie" if number < 10 else None if number < 20 else "AB"[number % 2]


class FakeEngine:
    """Judges by a rule on the visible fields, after a pause that differs from case to case."""

    def __init__(
        self, rule: Callable[[Mapping[str, Any]], Any] = by_digest, pause_s: float = 0.0, alive: bool = True
    ) -> None:
        self.rule = rule
        self.pause_s = pause_s
        self.answers = alive
        self.seen: list[Case] = []

    async def alive(self) -> bool:
        return self.answers

    async def judge(self, case: Case) -> Judgment:
        self.seen.append(case)
        spread = hashlib.sha256(case.id.encode()).digest()[0] / 255
        await asyncio.sleep(self.pause_s * spread)
        said = self.rule(case.fields)
        if isinstance(said, Judgment):
            return said
        verdict = (
            Verdict(valid=True, said=said, outcome=said, label=said)
            if said is not None
            else Verdict(valid=False, error="no readable answer in the judge's text", error_owner="judge")
        )
        usage = Usage(requests=1, prompt_tokens=len(str(case.fields)), completion_tokens=3)
        return Judgment(
            verdict, usage, {"messages": [{"role": "user", "content": str(case.fields["prompt"])}]}
        )
