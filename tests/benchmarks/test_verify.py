"""`skillbench verify judgebench`: verdicts of the verifiers, compared with labels that they never saw."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from suite_support import query, rb2, rm, write

from skillbench.cli import main
from skillbench.commands import verify
from skillbench.commands.verify import (
    RowView,
    VerifyReport,
    add_arguments,
    run_command,
    verify_suite,
)
from skillbench.errors import BenchError, RowError
from skillbench.suites import open_suite
from skillbench.suites.base import Suite
from skillbench.suites.judgebench.suite import CONTRADICTIONS
from skillrt.sandbox import SandboxUnavailable
from skillrt.verifiers import WinnerResult, reference_match

DATA = Path(__file__).parents[2] / "../shared/data/judgebench/gpt.jsonl"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the JudgeBench rows are not beside this checkout")

LETTER = "Which? Duplicate that letter five times in a single string, like KKKKK."
CODE = "Example 1:\n\nInput: n = 2\nOutput: 4\n\n"


def judgebench(path: Path) -> Suite:
    return open_suite("judgebench", [path])


def row(number: int, **values: object) -> dict[str, object]:
    return {
        "question_id": f"id-{number}",
        "query_type": "mmlu-pro-law",
        "prompt": LETTER,
        "chosen": "so AAAAA",
        "rejected": "so BBBBB",
        "ground_truth": "A",
        **values,
    }


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    found = [
        row(0),
        row(1, ground_truth="B"),
        row(2, ground_truth="C"),
        row(3, ground_truth=["B", "A"]),
        row(4, query_type="livebench-math", ground_truth=["A", "D"]),
        row(5, query_type="a-new-source"),
    ]
    path.write_text("".join(json.dumps(values) + "\n" for values in found), encoding="utf-8")
    return path


async def test_each_group_is_counted(rows: Path) -> None:
    report = await verify_suite(judgebench(rows))
    assert [dataclasses.astuple(tally) for tally in report.tallies()] == [
        ("mmlu-pro", 1, 1, 2),
        ("livebench-math", 1, 0, 0),
        ("a-new-source", 1, 0, 0),
        ("all", 3, 1, 2),
    ]
    [wrong] = report.wrong()
    assert wrong.ident == "id-1"
    assert not wrong.known_contradiction
    assert {finding.answer for finding in wrong.result.responses} == {"A", "B"}
    assert "4 of 6 decided (66.7%), 3 of them right (75.0%)" in report.text()
    assert "id-1" in report.text()
    assert len(json.loads(json.dumps(report.to_json()))["pairs"]) == 6


def test_a_view_has_no_field_that_tells_the_label() -> None:
    assert [field.name for field in dataclasses.fields(RowView)] == [
        "prompt",
        "responses",
        "reference",
    ]


async def test_the_verifier_sees_nothing_but_the_view(rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, Mapping[str, str], object]] = []

    def watched(prompt: str, responses: Mapping[str, str], reference: str | tuple[str, ...]) -> WinnerResult:
        seen.append((prompt, dict(responses), reference))
        return reference_match(prompt, responses, reference)

    monkeypatch.setattr(verify, "reference_match", watched)
    await verify_suite(judgebench(rows))
    assert len(seen) == 6
    for prompt, responses, reference in seen:
        assert prompt == LETTER
        assert set(responses) == {"A", "B"}
        assert set(responses.values()) == {"so AAAAA", "so BBBBB"}
        assert "id-" not in repr(reference)
    # The better response stands now under A, now under B.
    assert {responses["A"] for _, responses, _ in seen} == {"so AAAAA", "so BBBBB"}


async def test_the_ground_truth_of_code_rows_is_oracle_and_unused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "code.jsonl"
    secret = "The winning solution doubles n."
    values = row(0, query_type="livecodebench", prompt=CODE, chosen="c", rejected="r", ground_truth=secret)
    path.write_text(json.dumps(values), encoding="utf-8")
    seen: list[object] = []

    async def watched(*given: object) -> WinnerResult:
        seen.extend(given)
        return WinnerResult("code_examples@1", None, False, "", ())

    monkeypatch.setattr(verify, "code_examples", watched)
    box = object()
    report = await verify_suite(judgebench(path), sandbox=box)  # type: ignore[arg-type]
    assert report.tallies()[0].name == "livecodebench"
    assert seen[0] == CODE
    assert sorted(seen[1].values()) == ["c", "r"]  # type: ignore[attr-defined]
    assert seen[2] is box
    assert secret not in repr(seen)


async def test_the_placement_changes_with_the_seed_and_the_verdict_does_not(rows: Path) -> None:
    reports = [await verify_suite(judgebench(rows), seed=seed) for seed in range(6)]
    verdicts = {tuple(outcome.verdict for outcome in report.outcomes) for report in reports}
    places = {tuple(outcome.better for outcome in report.outcomes) for report in reports}
    assert len(verdicts) == 1
    assert len(places) > 1
    assert await verify_suite(judgebench(rows), seed=3) == reports[3]


async def test_unusable_rows_are_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(row(0)) + "\n{}\n", encoding="utf-8")
    with pytest.raises(RowError, match="line 2"):
        await verify_suite(judgebench(path))
    with pytest.raises(BenchError, match="cannot read"):
        await verify_suite(judgebench(tmp_path / "absent.jsonl"))


def parsed(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(arguments)


def test_the_command_prints_a_table_or_json(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(parsed("judgebench", "--data", str(rows))) == 0
    assert "mmlu-pro" in capsys.readouterr().out
    assert run_command(parsed("judgebench", "--data", str(rows), "--json", "--seed", "2")) == 0
    assert json.loads(capsys.readouterr().out)["groups"][-1]["pairs"] == 6


def test_the_command_says_what_is_wrong_and_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["verify", "judgebench", "--data", str(tmp_path / "absent")]) == 2
    assert "cannot read" in capsys.readouterr().err

    async def unavailable(*_: object, **__: object) -> VerifyReport:
        raise SandboxUnavailable("the kernel has no Landlock")

    monkeypatch.setattr(verify, "verify_suite", unavailable)
    assert main(["verify", "judgebench", "--data", "x"]) == 2
    assert "Landlock" in capsys.readouterr().err


@needs_data
async def test_the_350_real_pairs() -> None:
    try:
        report = await verify_suite(judgebench(DATA))
    except SandboxUnavailable as error:
        pytest.skip(f"no cpython sandbox here: {error}")
    total = report.tallies()[-1]
    assert total.pairs == 350
    assert total.decided >= 0.78 * total.pairs
    assert total.right >= 0.965 * total.decided
    # Every miss is a pair whose reference contradicts its label; no extraction is at fault.
    assert {outcome.ident for outcome in report.wrong()} == CONTRADICTIONS
    for outcome in report.wrong():
        assert all(finding.answer for finding in outcome.result.responses)
        assert sum(finding.matched for finding in outcome.result.responses) == 1


def test_every_suite_with_references_is_verified_and_the_others_say_that_there_is_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "starter"]) == 0
    assert "12 of 30 decided (40.0%), 12 of them right (100.0%)" in capsys.readouterr().out
    four = {**rb2(1, prompt=LETTER, chosen=["so AAAAA"], rejected=["so BBBBB", "so CCCCC", "so DDDDD"])}
    path = write(
        tmp_path / "four.jsonl", {**four, "reference": "A"}, {**four, "id": "2", "prompt": LETTER + " Now."}
    )
    assert main(["verify", "rewardbench2", "--data", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["groups"][-1] == {
        "group": "all", "pairs": 2, "decided": 1, "right": 1, "wrong": 0, "inconclusive": 1
    }  # fmt: skip
    matrix = write(
        tmp_path / "m.jsonl",
        rm(1, prompt=LETTER, reference="B", chosen=["BBBBB"] * 3, rejected=["CCCCC"] * 3),
    )
    assert main(["verify", "rmbench", "--data", str(matrix)]) == 0
    assert "3 of 3 decided (100.0%), 3 of them right (100.0%)" in capsys.readouterr().out
    assert main(["verify", "jetts", "--data", str(write(tmp_path / "gsm8k_x.jsonl", query(1)))]) == 2
    assert "no row of jetts has a reference, or programs to try" in capsys.readouterr().err
