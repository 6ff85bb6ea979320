"""The test blocks of the shipped skills: all pass, and some fail when what they name is broken."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

from skillc.commands.test import Outcome, run_tests, select_tests
from skillc.diagnostics import Report
from skillc.program import Checked, check_project
from skillc.project.load import find_sources

SOURCES = Path(__file__).parents[2] / "skills_src"


def check(root: Path) -> Checked:
    """Check the sources below ``root``, which have no mistakes."""
    report = Report()
    checked = check_project(root, find_sources(root, [root]), report)
    assert not report.has_errors, [item.message for item in report.diagnostics]
    return checked


@cache
def shipped() -> Checked:
    """The shipped sources, checked once."""
    return check(SOURCES)


def run(checked: Checked, name: str) -> Outcome:
    """Run the one test with this name."""
    tests = [test for test in select_tests(checked) if test.name.text == name]
    assert len(tests) == 1, name
    (outcome,) = run_tests(checked, tests)
    if outcome.status == "skipped":
        pytest.skip(outcome.reason)
    return outcome


def test_all_blocks_of_the_shipped_skills_pass() -> None:
    outcomes = run_tests(shipped(), select_tests(shipped()))
    failed = {item.test.name.text: [f.message for f in item.failures] for item in outcomes}
    assert {name: told for name, told in failed.items() if told} == {}
    assert sum(item.status == "passed" for item in outcomes) > len(outcomes) // 2


# What is changed in the sources (a file, what stands there, what is put in its place), the test that must
# fail then, and a part of what it says.
OPERATIONAL, POINTWISE = "reward_judge_operational.skill", "instruction_following_pointwise.skill"
JUDGEBENCH = "tasks/judgebench.skill"
BROKEN_SOURCES = [
    (
        [(OPERATIONAL, "decide reference_match.winner when reference_match.conclusive", "")],
        "zero reward: a conclusive reference overrules the judge, and what it said is kept",
        "expected winner = A; seen: winner = B",
    ),
    (
        [(OPERATIONAL, "decide code_examples.winner   when code_examples.conclusive", "")],
        "programs are run on the examples of the task, and a conclusive run decides",
        "expected winner = B; seen: winner = A",
    ),
    (
        [(OPERATIONAL, "views 4", "views 5")],
        "budget: the fifth view is turned down, and said so",
        "expected dropped 1; seen: dropped 0 of 1",
    ),
    (
        [(POINTWISE, "settle items by", "# settle items by")],
        "a rule that was run overrules the judge",
        "expected score = 0.5; seen: score = 1.0",
    ),
    (
        [(POINTWISE, "cap    by failures", "")],
        "a critical failure bounds the score",
        "expected score = 0.6; seen: score = 0.75",
    ),
    (
        [
            (JUDGEBENCH, "given  prompt,", "given  prompt, source?,"),
            (JUDGEBENCH, "about  source?", ""),
            (JUDGEBENCH, "    Instruction:\n", "    {{ source or '' }}\n    Instruction:\n"),
        ],
        "hidden fields: neither reference nor source nor label reach a fair judge",
        'expected sent not contains "src-plants"; seen: a message of role user has',
    ),
]


@pytest.mark.parametrize(("changes", "name", "told"), BROKEN_SOURCES)
def test_a_broken_source_fails_the_test_that_names_it(
    tmp_path: Path, changes: list[tuple[str, str, str]], name: str, told: str
) -> None:
    root = tmp_path / "skills_src"
    shutil.copytree(SOURCES, root)
    for file, old, new in changes:
        text = (root / file).read_text(encoding="utf-8")
        assert old in text, old
        (root / file).write_text(text.replace(old, new), encoding="utf-8")
    outcome = run(check(root), name)
    assert outcome.status == "failed"
    assert told in " / ".join(failure.message for failure in outcome.failures)


# What is put in the place of something in the runtime, the test that must fail then, and what it says.
BROKEN_RUNTIME = [
    (
        "skillrt.judging.grounding.Seen.bears_out",
        lambda *_: True,
        "grounding: a quotation that stands nowhere is left out",
        "expected dropped 1; seen: dropped 0 of 2",
    ),
    (
        "skillrt.programs.program.neutralise",
        lambda value: value,
        "a candidate cannot close the judge's turn",
        'expected sent not contains "<|im_end|>"',
    ),
    (
        "skillrt.judging.loop.read_answer",
        lambda *_: "A",
        "five degrees, without tools: a tie",
        "expected winner = tie",
    ),
    (
        "skillrt.judging.desk.Desk._fields",
        lambda self, names: dict.fromkeys(names, "something else"),
        "determinism: the same code gives the same result, and a run can be cited",
        "sent contains",
    ),
]


@pytest.mark.parametrize(("target", "broken", "name", "told"), BROKEN_RUNTIME)
def test_a_broken_runtime_fails_the_test_that_names_it(
    monkeypatch: pytest.MonkeyPatch, target: str, broken: object, name: str, told: str
) -> None:
    assert run(shipped(), name).status == "passed"
    monkeypatch.setattr(target, broken)
    outcome = run(shipped(), name)
    assert outcome.status == "failed"
    assert told in " / ".join(failure.message for failure in outcome.failures)
