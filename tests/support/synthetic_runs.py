"""Run folders made up whole: judges of a known accuracy, for statistics, reports and scale."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from bench_support import prediction

from skillbench.analysis.results import metrics_of
from skillbench.folder.journal import read_predictions
from skillbench.folder.store import pretty
from skillbench.suites import open_suite
from skillbench.suites.base import Prediction
from skillrt.chat import Usage

GROUPS = ("mmlu-pro", "livebench-reasoning", "livebench-math", "livecodebench")
HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


def judged(pairs: int, accuracy: float, seed: int, first: float = 0.0) -> Iterator[Prediction]:
    """Rows of a judge that is right in ``accuracy`` of its judgments and else, or by ``first``, names A."""
    draw = random.Random(seed)
    for position in range(pairs):
        gold = draw.choice("AB")
        for order, right in (("AB", gold), ("BA", "AB"[gold == "A"])):
            wrong = "AB"[right == "A"]
            answer = "A" if draw.random() < first else right if draw.random() < accuracy else wrong
            broken = draw.random() < 0.01
            yield prediction(
                position,
                order,
                id=f"pair-{position}:{order}",
                sample_id=f"pair-{position}",
                group=GROUPS[position % 4],
                gold=right,
                outcome=None if broken else answer,
                said=None if broken else answer,
                label=None if broken else answer,
                valid=not broken,
                error="no readable answer" if broken else None,
                error_owner="judge" if broken else None,
                grounded=None if broken else draw.random() < 0.9,
                score=None if broken else 1 if answer == right else -1,
                usage=Usage(
                    3, 4000 + draw.randrange(3000), 2000, 200 + draw.randrange(300), 2, 0, draw.random() * 9
                ),
            )


def trace_of(row: Prediction, text: str = "") -> dict[str, Any]:
    """A trace in the runtime's shape."""
    shown = {"A": f"Answer one. {text}", "B": f"Answer two, which is longer. {text}"}
    final = {
        "findings": [{"criterion": "correctness", "response": "A", "status": "failed", "note": HOSTILE}],
        "reason": text,
        "verdict": row.said or "?",
    }
    call = {
        "id": "c",
        "type": "function",
        "function": {"name": "final_answer", "arguments": msgspec.json.encode(final).decode()},
    }
    return {
        "fields": {"prompt": f"Question {row.position}?", "responses": shown},
        "messages": [
            {"role": "system", "content": "Compare two responses. " + "Rules. " * 40},
            {"role": "user", "content": f"Question {row.position}? {shown['A']} {shown['B']}"},
            {"role": "assistant", "content": "", "tool_calls": [call]},
        ],
        "events": [{"type": "run", "number": 1, "ok": True, "duration_s": 0.25}],
    }


def write_run(
    folder: Path, rows: Iterator[Prediction] | list[Prediction], text: str = "", **identity: Any
) -> Path:
    """Write a run folder of JudgeBench around rows, metrics included."""
    folder.mkdir(parents=True)
    count = 0
    encode = msgspec.json.encode
    with (folder / "predictions.jsonl").open("wb") as left, (folder / "traces.jsonl").open("wb") as right:
        for row in rows:
            left.write(encode(row) + b"\n")
            head = {"id": row.id, "sample_id": row.sample_id, "order": row.order, "task": row.task}
            right.write(encode({**head, "trace": trace_of(row, text)}) + b"\n")
            count += 1
    whole = {
        "suite": "judgebench", "mode": "", "skill": None, "setting": "fair", "delivery": "direct",
        "data": ["gpt.jsonl 00ff"], "limit": None, "placement_seed": 0, "model": "made-up", "seed": 0,
        **identity,
    }  # fmt: skip
    run = {"format": 1, "identity": whole, "rows": {"judgments": count}, "versions": {}, "sessions": []}
    (folder / "run.json").write_bytes(pretty(run))
    suite = open_suite(whole["suite"], score_only=True)
    (folder / "metrics.json").write_bytes(pretty(metrics_of(suite, read_predictions(folder), count)))
    return folder
