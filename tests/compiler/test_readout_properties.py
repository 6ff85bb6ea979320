"""Readouts are total: whatever is well typed compiles, and evaluates on any findings at all."""

from __future__ import annotations

import json
import math
import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from compiler_support import check, phrases

from skillrt.judging.readout import read_out
from skillspec.artifacts import decode_record
from skillspec.records import Skill, Task

PROJECT = '''\
language 1
import { words } from "words.skill"
task scored {
  given  prompt, response, domain?
  attach checklist?, checkers?
  answer score -1000..1000 real
  accept text trailing /(?P<score>[0-9]+)/
  user   """{{ prompt }} {{ response }}"""
  closing tools """Submit."""
}
task pairs {
  given  prompt, responses { A, B }, domain?
  answer choice { A, B, tie }
  accept text only label
  user   """{{ prompt }} {{ responses.A }} {{ responses.B }}"""
  closing tools """Submit."""
}
skill judge {
  version "1.0.0"
  summary "Judges."
  serves  TASK
  setting operational
  phrases words
  procedure { step look "Look." }
  taxonomy slips {
    critical wrong_task "another task" cap 0.25
    major    far_off    "far off"
    minor    style      "tone" cap 0.9
  }
  verifier rules { VERIFIER  run auto }
  evidence {
    finding each criterion, item max 9 {
      criterion right hard "it is right" weight 2
      criterion clear soft "it is clear" weight 0.5
      status satisfied | failed | unclear
      failure in slips when status = failed
    }
    ungrounded KEEP
  }
  readout {
RULES
  }
}
'''
VERIFIERS = {
    "scored": 'by "checklist_rules@1"  reads prompt, response, checkers  gives items',
    "pairs": 'by "code_examples@1"  reads prompt, responses  gives winner',
}


class Writer:
    """Writes random readouts that are well typed."""

    def __init__(self, rng: random.Random, task: str) -> None:
        self.rng = rng
        self.task = task
        self.lets: list[str] = []

    def number(self, depth: int, inside: bool = False) -> str:
        pick = self.rng.choice
        leaves = ["0", "1", "0.5", "7", "-3"]
        leaves += (
            ["item", "criterion.weight", "failure.cap"] if inside else ["satisfied", "total", *self.lets]
        )
        if not inside and self.task == "scored":
            leaves.append("answer")
        if depth == 0:
            return pick(leaves)
        a, b = self.number(depth - 1, inside), self.number(depth - 1, inside)
        shapes = [f"({a} {pick('+-*')} {b})", f"-({a})", f"min({a}, {b})", f"max({a}, {b}, 1)"]
        shapes.append(f"ratio({a}, {b}, {pick(['0', '1', '0.5'])})")
        if not inside:
            where = self.condition(depth - 1, True)
            shapes += [f"count(findings where {where})", f"sum({self.number(depth - 1, True)} where {where})"]
        return pick(shapes)

    def condition(self, depth: int, inside: bool = False) -> str:
        pick = self.rng.choice
        compare = f"{self.number(max(0, depth - 1), inside)} {pick(['=', '!=', '<', '<=', '>', '>='])} 1"
        leaves = [compare, "domain", 'domain in ["x", "y"]', "rules.conclusive"]
        if inside:
            leaves += [
                f"status {pick(['=', '!='])} {pick(['satisfied', 'failed', 'unclear'])}",
                "status in [failed, unclear]",
                f"failure = {pick(['wrong_task', 'style'])}",
                f"failure.severity != {pick(['critical', 'minor'])}",
                "criterion = right",
                "criterion.strength = soft",
            ]
        else:
            leaves += [f"failed({pick(['right', 'hard', 'far_off', 'major'])})", "any(findings)"]
            leaves += ["answer = tie"] if self.task == "pairs" else ["answer > 0"]
        if depth == 0:
            return pick(leaves)
        a, b = self.condition(depth - 1, inside), self.condition(depth - 1, inside)
        shapes = [f"({a} and {b})", f"({a} or {b})", f"not ({a})", compare]
        if not inside:
            shapes += [f"any(findings where {self.condition(depth - 1, True)})"]
            shapes += [f"all({self.condition(depth - 1, True)} where {self.condition(depth - 1, True)})"]
        return pick(shapes)

    def rules(self) -> str:
        pick, lines = self.rng.choice, []
        if self.task == "scored" and self.rng.random() < 0.7:
            lines.append("settle items by rules")
        for name in ("one", "two")[: self.rng.randrange(3)]:
            lines.append(f"let {name} = {self.number(2)}")
            self.lets.append(name)
        if self.task == "pairs":
            lines.append("base answer")
            winners = ["A", "B", "tie", "rules.winner"]
            lines += [
                f"decide {pick(winners)} when {self.condition(2)}" for _ in range(self.rng.randrange(3))
            ]
        else:
            ratio = f"ratio({self.number(1)}, {self.number(1)})"
            tail = pick(["", " else 0.5", " else invalid"])
            lines.append(pick([f"base {self.number(3)}", f"base {ratio}{tail}", "base answer"]))
            lines += [f"cap {self.number(1)} when {self.condition(2)}" for _ in range(self.rng.randrange(3))]
            lines += ["cap by slips"] * self.rng.randrange(2)
            lines += [f"decide {self.number(1)} when {self.condition(1)}"] * self.rng.randrange(2)
            lines += ["round 3"] * self.rng.randrange(2)
        lines += [f"abstain when {self.condition(1)}"] * self.rng.randrange(2)
        return "\n".join(f"    {line}" for line in lines)


def findings(rng: random.Random) -> list[dict[str, Any]]:
    """Findings as a judge may submit them, also such as a schema would refuse."""
    found = []
    for _ in range(rng.randrange(8)):
        finding: dict[str, Any] = {
            "criterion": rng.choice(["right", "clear", "unknown", None]),
            "item": rng.choice([1, 2, 3, 99, -1]),
            "status": rng.choice(["satisfied", "failed", "unclear", "never heard of"]),
            "failure": rng.choice([None, "wrong_task", "style", "far_off", "unknown"]),
            "grounded": rng.random() < 0.8,
        }
        for key in rng.sample(list(finding), rng.randrange(3)):
            del finding[key]
        found.append(finding)
    return found


def verifiers(rng: random.Random) -> dict[str, Any]:
    """What a verifier may have said, or nothing."""
    status = ["satisfied", "failed", None]
    items = [{"item": number, "status": rng.choice(status)} for number in range(1, rng.randrange(1, 5))]
    results: list[dict[str, Any]] = [
        {},
        {"rules": {"conclusive": False, "winner": None, "items": None}},
        {"rules": {"conclusive": True, "winner": rng.choice(["A", "B"]), "items": items}},
    ]
    return rng.choice(results)


def compiled(root: Path, rng: random.Random, task: str, rules: str = "") -> tuple[Task, Skill, str]:
    """A compiled project with the given readout, or a random one."""
    rules = rules or Writer(rng, task).rules()
    text = PROJECT.replace("TASK", task).replace("VERIFIER", VERIFIERS[task]).replace("RULES", rules)
    text = text.replace("KEEP", rng.choice(["keep", "drop"]))
    result = check(root, {"main.skill": text, "words.skill": "language 1\n" + phrases()})
    assert not result.report.has_errors, rules + "\n" + result.text()
    files = result.artifacts()
    tasks, skills = files[f"tasks/{task}.json"], files["skills/judge.json"]
    return decode_record(tasks, Task, "task"), decode_record(skills, Skill, "skill"), rules


@pytest.mark.parametrize("task", ["scored", "pairs"])
@pytest.mark.parametrize("seed", range(60))
def test_a_readout_ends_with_a_value_or_says_that_there_is_none(tmp_path: Path, task: str, seed: int) -> None:
    rng = random.Random(f"{task} {seed}")
    record, skill, rules = compiled(tmp_path, rng, task)
    for _ in range(25):
        submitted, said = findings(rng), verifiers(rng)
        answer = rng.choice([None, 3, -2.5, "A", "tie", "nonsense", [], math.nan, True])
        fields: dict[str, Any] = rng.choice(
            [{}, {"domain": "x"}, {"checklist": ["a", "b", "c"], "domain": 3}]
        )
        before = json.dumps([submitted, said])

        once = partial(
            read_out,
            record,
            skill.readout,
            skill.evidence,
            submitted,
            answer,
            fields=fields,
            verifiers=said,
        )
        result = once()
        assert json.dumps([submitted, said]) == before, "the findings were changed"
        assert once() == result, "not the same twice"
        assert (result.outcome is None) or not result.missing, rules
        if task == "pairs":
            assert result.outcome in (None, "A", "B", "tie"), rules
        elif result.outcome is not None:
            assert isinstance(result.outcome, int | float), rules
            assert math.isfinite(result.outcome), rules
            assert result.score == result.outcome


CAPPED = """\
    base count(findings)
    cap  by slips
    cap  2 when failed(major)
    decide 900 when rules.conclusive
"""


def test_the_least_cap_that_applies_binds_and_a_decision_comes_after_it(tmp_path: Path) -> None:
    record, skill, _ = compiled(tmp_path, random.Random(7), "scored", CAPPED)
    seen = set()
    for number in range(200):
        submitted = [
            {"criterion": "right", "item": index, "status": "failed", "failure": slip, "grounded": True}
            for index, slip in enumerate(
                random.Random(number).choices(["wrong_task", "far_off", "style", None, None, None], k=4)
            )
        ]
        slips = {finding["failure"] for finding in submitted}
        expected = min(
            [4, *({"wrong_task": 0.25, "far_off": 2, "style": 0.9}[slip] for slip in slips if slip)]
        )
        seen.add(expected)
        for conclusive in (False, True):
            verdict = {"rules": {"conclusive": conclusive, "items": []}}
            result = read_out(
                record, skill.readout, skill.evidence, submitted, None, fields={}, verifiers=verdict
            )
            assert result.outcome == (900 if conclusive else expected)
    assert seen == {0.25, 0.9, 2, 4}


def test_abstaining_is_no_missing_value_and_a_missing_value_is_invalid(tmp_path: Path) -> None:
    """A base without a value is missing unless `else` says what it is; abstaining is said on purpose."""
    share = "    base ratio(satisfied, total)"
    cases = [
        (share, None, True),
        (f"{share} else 0.5", 0.5, False),
        (f"{share} else 0.5\n    abstain when total = 0", None, False),
    ]
    for number, (rules, outcome, missing) in enumerate(cases):
        record, skill, _ = compiled(tmp_path / str(number), random.Random(1), "scored", rules)
        result = read_out(record, skill.readout, skill.evidence, [], None, fields={}, verifiers={})
        assert (result.outcome, result.missing) == (outcome, missing)
