"""Planted strings in every oracle place of every benchmark: nothing that is sent or seen holds one.

The judge here asks for whatever there is: it loads the skill, lists and views every resource, runs
every runnable thing, and prints its sandbox's variables.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from suite_judges import judge_curiously, programs
from suite_support import ifrb, positions, query, rb2, rm, ties, write

from skillbench.errors import BenchError
from skillbench.suites import SUITES, open_suite, suite_class
from skillrt.chat import ChatRequest, Reply
from skillrt.judging.probabilities.judge import answer_texts, judge_by_logprobs
from skillrt.programs.view import make_view
from skillrt.sandbox import open_sandbox

PLANT = "ZZORACLE"
SCORE = 7_770_001_234_567
"""So many digits that no measured latency in a trace holds them by chance."""
_COUNT = itertools.count(1)


def planted(value: Any) -> Any:
    """A copy of ``value`` with every leaf replaced by a unique planted string."""
    if isinstance(value, dict):
        return {key: planted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [planted(item) for item in value]
    return f"{PLANT}{next(_COUNT)}"


EXTRA = {"winner": 1, "label": "A", "notes": ["x"], "generator": {"name": "y"}}


def rewardbench2(tmp: Path) -> Path:
    hidden = {
        "models": planted(["a", "b"]),
        "additional_metadata": planted({"method": "x"}),
        **planted(EXTRA),
    }
    ids = {"id": f"{PLANT}id", "total_completions": planted(4)}
    rows = [rb2(1, **hidden, **ids), ties(1, **hidden), ties(1, "ref", **hidden)]
    return write(tmp / "d.jsonl", *rows)


def judgebench(tmp: Path) -> Path:
    row = {
        "pair_id": f"{PLANT}id",
        "original_id": f"{PLANT}original",
        "source": "livecodebench",
        "question": "Prompt?",
        "response_model": f"{PLANT}model",
        "response_A": "Right.",
        "response_B": "Wrong.",
        "label": "A>B",
        "ground_truth": f"{PLANT}reference of livecodebench",
        **planted({key: value for key, value in EXTRA.items() if key != "label"}),
    }
    return write(tmp / "d.jsonl", row)


def rmbench(tmp: Path) -> Path:
    return write(
        tmp / "d.jsonl",
        rm(1, id=f"{PLANT}id", **planted({"error": "", "error_key": "", "task_id": "", **EXTRA})),
    )


def jetts(tmp: Path) -> Path:
    row = query(1, (0, 1, 0), **planted(EXTRA))
    row["query"] |= {"metadata": planted({"answer": 42}), "id": planted(1)}
    for place, response in enumerate(row["responses"]):
        response["metadata"] = {"score": SCORE + place * 10**13, **planted({"model": "m", "steps": ["s"]})}
    return write(tmp / f"gsm8k_{PLANT}generator.jsonl", row)


def ifrewardbench(tmp: Path) -> Path:
    row = ifrb(1, id=f"{PLANT}id", response_generation_model=f"{PLANT}model", **planted(EXTRA))
    for response in row["responses"]:
        response |= planted({"critique": "text", "model": "m"})
    row["constraint_type"] = [
        {"item": planted(""), "constraint_categories": planted(["a"])} for _ in row["checklist"]
    ]
    for edge in row["preference_graph"]:
        edge["reason"] = planted("")
    positions(tmp / "position_maps.json", row)
    return write(tmp / "if.json", row)


def starter(tmp: Path) -> Path:
    path = judgebench(tmp)
    row = json.loads(path.read_text())
    return write(tmp / "s.jsonl", {**row, "source": "starter-code", "ground_truth": None})


MAKERS = {one.__name__: one for one in (rewardbench2, judgebench, rmbench, jetts, ifrewardbench, starter)}
SKILLS = ("reward_judge_fair", "reward_judge_operational", "instruction_following")
DELIVERIES = ("progressive", "preloaded", "flat", "tools_only")


@pytest.mark.parametrize("name", SUITES)
async def test_nothing_that_is_sent_holds_an_oracle_value(tmp_path: Path, name: str) -> None:
    path = MAKERS[name](tmp_path)
    assert PLANT in path.read_text()
    seen = combinations = 0
    async with open_sandbox("monty") as sandbox:
        for mode in suite_class(name).modes or (None,):
            suite = open_suite(name, [path], mode)
            for skill, delivery in [(None, "direct"), *itertools.product(SKILLS, DELIVERIES)]:
                try:
                    linked = programs(suite, skill, delivery)
                except BenchError:
                    continue  # this skill does not serve this benchmark
                combinations += 1
                for job in suite.jobs():
                    following = job
                    while following is not None:
                        case = following.case
                        judgment, sent = await judge_curiously(linked.of(case), case, sandbox)
                        assert judgment.verdict.valid, (case.id, judgment.verdict)
                        shown = "".join(sent)
                        assert all(text in shown for text in case.fields["responses"].values())
                        for text in (*sent, json.dumps(judgment.trace, ensure_ascii=False, default=str)):
                            assert PLANT not in text, (skill, delivery, re.findall(PLANT + r"\w*", text))
                            assert str(SCORE) not in text
                            seen += 1
                        following = following.follow("A") if following.follow is not None else None
    least = 5 if name == "ifrewardbench" else 9
    assert combinations >= least * max(1, len(suite_class(name).modes))
    assert seen > 2 * combinations


class Weighing:
    """A model of which every answer is as likely as any; keeps all that it was sent."""

    def __init__(self, answers: Collection[str]) -> None:
        self.answers = answers
        self.sent: list[str] = []

    def conversation(self) -> Weighing:
        return self

    async def send(self, request: ChatRequest) -> Reply:
        self.sent.append(json.dumps([request.messages, request.prefill], ensure_ascii=False))
        begun = request.prefill or ""
        ends = {text.removeprefix(begun) or "." for text in self.answers if text.startswith(begun)}
        return Reply("", tokens=tuple((end, -3.0) for end in sorted(ends)))


@pytest.mark.parametrize("name", ["judgebench", "rmbench", "starter", "ifrewardbench"])
async def test_nothing_that_is_sent_for_token_probabilities_holds_one(tmp_path: Path, name: str) -> None:
    suite = open_suite(name, [MAKERS[name](tmp_path)])
    linked = programs(suite, None, "direct")
    sent = 0
    for job in suite.jobs():
        program = linked.of(job.case)
        model = Weighing(answer_texts(program).values())
        view = make_view(program.task, program.link, job.case.fields)
        judgment = await judge_by_logprobs(program, view, transport=model)
        assert judgment.verdict.probabilities is not None
        for text in (*model.sent, json.dumps(judgment.trace, ensure_ascii=False, default=str)):
            assert PLANT not in text
        sent += len(model.sent)
    assert sent > 2


def test_the_seal_is_what_keeps_them_out(tmp_path: Path) -> None:
    """The planted strings do reach the suite: its golds and its check see the rows that hold them."""
    for name, make in MAKERS.items():
        path = make(tmp_path)
        rows = path.read_text()
        suite = open_suite(name, [path])
        fields = set(suite.check().fields)
        assert fields - set(suite.shown), name
        for job in suite.jobs():
            assert PLANT in rows
            assert PLANT not in json.dumps(dict(job.case.fields), ensure_ascii=False)
            assert repr(job.sealed) == "<sealed>"
