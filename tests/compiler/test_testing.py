"""``skillc test``: every form of ``expect``, met and missed, and what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from compiler_support import Result, check, good_files

from skillc.cli import main
from skillc.commands import scripted
from skillc.commands.test import Outcome, run_tests, select_tests
from skillc.render import render

HEAD = """\
language 1
import { pairs, ratings, fair_judge, scorer } from "main.skill"

"""
PAIR = """\
  run fair_judge on pairs setting fair delivery progressive
  sample { prompt: "What is 2 + 2?", responses: { A: "It is 4.", B: "It is 5." }, label: "hid-den" }
  judge use_skill { }
  judge python_sandbox { code: "result = 2 + 2" }
  judge final_answer {
    findings: [
      { criterion: "correct", response: "A", status: "satisfied", cites: [{ kind: "run", ref: "1" }] },
      { criterion: "correct", response: "B", status: "failed", cites: [{ kind: "quote", ref: "It is 6." }] }
    ],
    reason: "four", verdict: "A"
  }
"""
RATING = """\
  run scorer on ratings setting operational delivery preloaded
  sample {
    prompt: "Say yes.", response: "no", checklist: ["says yes", "is short"],
    checkers: ['''
      def check_following(instruction, response):
          return "yes" in response
      ''', null]
  }
  judge final_answer {
    findings: [
      { item: 1, status: "satisfied", failure: null },
      { item: 2, status: "satisfied", failure: null }
    ],
    reason: ""
  }
"""
TALK = """\
  run fair_judge on pairs setting fair delivery direct
  sample { prompt: "What is 2 + 2?", responses: { A: "It is 4.", B: "It is 5." } }
  judge say "Output (a), or Output (b)."
"""


def project(tmp_path: Path, *tests: str) -> Result:
    """The good project with a file of tests named t1, t2 and so on."""
    blocks = [f'test "t{number}" {{\n{body}}}\n' for number, body in enumerate(tests, 1)]
    used = "\n".join(blocks)
    names = [name for name in ("pairs", "ratings", "fair_judge", "scorer") if name in used]
    head = HEAD.replace("pairs, ratings, fair_judge, scorer", ", ".join(names))
    return check(tmp_path, {**good_files(), "tests.skill": head + used})


def run(tmp_path: Path, *tests: str) -> list[Outcome]:
    result = project(tmp_path, *tests)
    assert not result.report.diagnostics, result.text()
    return run_tests(result.checked, select_tests(result.checked))


MET = [
    (PAIR, "said = A"),
    (PAIR, "winner = A"),
    (PAIR, "outcome = A"),
    (PAIR, "label = A"),
    (PAIR, 'reason = "four"'),
    (PAIR, "grounded = false"),
    (PAIR, "decided_by = null"),
    (PAIR, "dropped 1"),
    (PAIR, "findings[2].grounded = false"),
    (PAIR, "requests 3"),
    (PAIR, "offered rubric.main"),
    (PAIR, 'sent contains "rubric.main: what counts" same twice'),
    (PAIR, 'sent contains "run_result: 1 4"'),
    (PAIR, 'sent contains "strict\\": true"'),
    (PAIR, 'sent not contains "hid-den"'),
    (PAIR, 'sent not contains "four"'),
    (RATING, "score = 0.5"),
    (RATING, "said = 1.0"),
    (RATING, "items[1].status = failed"),
    (RATING, "items[2] = satisfied"),
    (RATING, "findings[1].status = satisfied"),
    (RATING, "rules.conclusive = true"),
    (RATING, "rules.items[1].status = failed"),
    (RATING, "offered checklist.items"),
    (RATING, 'sent not contains "check_following"'),
    (RATING, "same twice"),
    (TALK, "invalid"),
    (TALK, 'invalid "no readable answer"'),
    (TALK, "requests 1"),
    (TALK, "same twice"),
]


def expecting(body: str, words: str) -> str:
    lines = [f"  expect {part}" for part in words.replace(" same twice", "\x00same twice").split("\x00")]
    return body + "\n".join(lines) + "\n"


def test_expectations_that_are_met(tmp_path: Path) -> None:
    outcomes = run(tmp_path, *(expecting(body, words) for body, words in MET))
    failed = {MET[n][1]: item.failures for n, item in enumerate(outcomes) if item.status != "passed"}
    assert not failed
    assert len(outcomes) == len(MET)


MISSED = [
    (PAIR, "said = B", "expected said = B; seen: said = A"),
    (PAIR, "winner = tie", "expected winner = tie; seen: winner = A"),
    (PAIR, "winner = null", "expected winner = null; seen: winner = A"),
    (PAIR, "dropped 0", "expected dropped 0; seen: dropped 1 of 2 (findings number 2)"),
    (PAIR, "requests 4", "expected requests 4; seen: requests 3"),
    (
        PAIR,
        "not offered rubric.main",
        "expected not offered rubric.main; seen: offered: rubric.main and note.bias",
    ),
    (
        PAIR,
        'sent contains "- rubric.main: what counst"',
        'nearest line is "- rubric.main: what counts"',
    ),
    (PAIR, 'sent not contains "It is 5."', "seen: a message of role user has"),
    (PAIR, 'sent not contains "strict\\": true"', "seen: the tools has"),
    (PAIR, "invalid", "expected invalid; seen: a valid judgment: A"),
    (
        PAIR,
        "findings[3].status = failed",
        "expected findings[3].status = failed; seen: there is no findings[3]",
    ),
    (RATING, "score = 0.51", "expected score = 0.51; seen: score = 0.5"),
    (RATING, "items[1].status = satisfied", "seen: items[1].status = failed"),
    (RATING, "items[3].status = satisfied", "seen: there is no items[3].status"),
    (RATING, "rules.conclusive = false", "seen: rules.conclusive = true"),
    (TALK, "winner = A", "seen: the judgment is invalid: no readable answer in the judge's text"),
    (TALK, 'invalid "too long"', 'expected invalid "too long"; seen: invalid "no readable'),
]


def test_expectations_that_are_missed_say_what_was_seen(tmp_path: Path) -> None:
    outcomes = run(tmp_path, *(expecting(body, words) for body, words, _ in MISSED))
    for (_, words, told), outcome in zip(MISSED, outcomes, strict=True):
        assert [failure.code for failure in outcome.failures] == ["SK810"], words
        assert told in outcome.failures[0].message
        assert outcome.failures[0].span is not None
        assert outcome.failures[0].span.text == words


def test_a_miss_shows_the_place(tmp_path: Path) -> None:
    (outcome,) = run(tmp_path, TALK + "  expect winner = A\n")
    shown = render(outcome.failures, "text", "src/")
    assert shown.splitlines() == [
        "src/tests.skill:8:10: error[SK810]: expected winner = A; seen: the judgment is invalid: "
        "no readable answer in the judge's text",
        "   |",
        " 8 |   expect winner = A",
        "   |          ^^^^^^^^^^",
        '   = help: in test "t1"',
        "",
    ]


def test_a_script_that_is_too_short_or_too_long(tmp_path: Path) -> None:
    short = PAIR.partition("  judge final_answer")[0] + "  expect winner = A\n"
    long = TALK + '  judge say "more"\n  expect invalid\n'
    outcomes = run(tmp_path, short, long)
    assert [[failure.code for failure in item.failures] for item in outcomes] == [["SK811"], ["SK811"]]
    first, second = (item.failures[0] for item in outcomes)
    assert first.message == "the script ran out of turns: the runtime asks for turn 3 of the judge"
    assert "run_result: 1 4" in first.help
    assert second.message == "the judgment ended after 1 of 2 turns: this one was not asked for"


def test_arguments_that_are_no_json(tmp_path: Path) -> None:
    body = PAIR.replace('judge python_sandbox { code: "result = 2 + 2" }', 'judge python_sandbox "{code: "')
    (outcome,) = run(
        tmp_path, body + '  expect sent contains "bad_arguments: python_sandbox"\n  expect dropped 2\n'
    )
    assert outcome.status == "passed", outcome.failures


def test_without_isolation_a_test_that_runs_checkers_is_skipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = scripted.LazySandbox.run

    async def run_without(self: scripted.LazySandbox, *arguments: object, **rest: object) -> object:
        if self.backend == "cpython":
            self.unavailable = "no walls"
        return await real(self, *arguments, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(scripted.LazySandbox, "run", run_without)
    outcomes = run(tmp_path, RATING + "  expect score = 0.5\n", PAIR + "  expect winner = A\n")
    assert [item.status for item in outcomes] == ["skipped", "passed"]
    assert outcomes[0].reason == "the cpython sandbox cannot run here: no walls"


def test_what_is_not_the_same_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter((4, 5))
    real = scripted.LazySandbox.run

    async def run_differently(self: scripted.LazySandbox, code: str, *rest: object, **more: object) -> object:
        return await real(self, f"result = {next(answers)}", *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(scripted.LazySandbox, "run", run_differently)
    (outcome,) = run(tmp_path, PAIR + "  expect same twice\n")
    assert [item.message for item in outcome.failures] == [
        "expected the same twice; seen: what was sent differs when it is run again"
    ]


WRONG = [
    ("run fair_judge on ratings", "setting fair", "`fair_judge` does not serve task `ratings`", "SK802"),
    ("run fair_judge on pairs", "setting operational", "`fair_judge` is made for setting fair", "SK802"),
]


@pytest.mark.parametrize(("run_words", "setting", "message", "code"), WRONG)
def test_a_run_that_cannot_be(tmp_path: Path, run_words: str, setting: str, message: str, code: str) -> None:
    body = TALK.replace("run fair_judge on pairs setting fair", f"{run_words} {setting}")
    if "ratings" in run_words:
        body = body.replace("responses: {", 'response: "x", responses: {')
    result = project(tmp_path, body + "  expect requests 1\n")
    assert result.codes() == [code], result.text()
    assert message in result.text()


NEVER = [
    (PAIR, "offered rubric.mian", "did you mean `rubric.main`?"),
    (PAIR, "not offered rubric.none", "that could be offered"),
    (PAIR, "score = 1", "there is no `score` to expect in a run of `fair_judge` on `pairs`"),
    (PAIR, "winer = A", "did you mean `winner`?"),
    (PAIR, "winner = C", "it is `A`, `B`, `tie` or `null`"),
    (PAIR, "items = satisfied", "numbered from 1"),
    (RATING, "winner = A", "there is no `winner`"),
    (RATING, "rulez.conclusive = true", "did you mean `rules.conclusive`?"),
    (RATING, "rules.winer = A", "did you mean `rules.winner`,"),
    (TALK, "offered rubric.main", "delivery direct offers nothing of the skill"),
    (TALK, "dropped 0", "no findings here that could be dropped"),
    (TALK, "items[1] = failed", "there is no `items`"),
]


@pytest.mark.parametrize(("body", "words", "told"), NEVER)
def test_an_expectation_of_what_cannot_be(tmp_path: Path, body: str, words: str, told: str) -> None:
    result = project(tmp_path, f"{body}  expect {words}\n")
    assert result.codes() == ["SK803"], result.text()
    assert told in result.text()


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    project(tmp_path / "skills_src", TALK + "  expect invalid\n", PAIR + "  expect winner = B\n")
    assert main(["test"]) == 1
    out = capsys.readouterr().out
    assert out.splitlines()[0].startswith("skills_src/tests.skill:")
    assert out.splitlines()[-1] == "total: 1 failed, 1 passed"
    assert main(["test", "-k", "T1"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "total: 1 passed"
    assert main(["test", "-k", "nothing"]) == 2
    assert "no test has 'nothing' in its name, skill or task; there are 2 tests" in capsys.readouterr().err
    assert main(["test", "skills_src/main.skill"]) == 2
    assert "there is no test in these files" in capsys.readouterr().err
    assert main(["test", "--format", "json"]) == 1
    plain = json.loads(capsys.readouterr().out)
    assert [item["status"] for item in plain] == ["passed", "failed"]
    assert plain[1]["failures"][0]["line"] == 23
    assert plain[1]["run"]["delivery"] == "progressive"
    assert main(["test", "--format", "github"]) == 1
    assert capsys.readouterr().out.startswith("::error file=skills_src/tests.skill,line=23")
    assert not (tmp_path / "generated").exists()


def test_sources_with_mistakes_are_not_tested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    project(tmp_path / "skills_src", TALK + "  expect winner = Z\n")
    assert main(["test"]) == 1
    assert "error[SK803]" in capsys.readouterr().out
