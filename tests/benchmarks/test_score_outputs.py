"""`skillbench score judgebench`: published outputs, real ones and broken ones."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from skillbench.commands.score import add_arguments, run_command, score_judgebench
from skillbench.errors import BenchError

DATA = Path(__file__).parents[2] / "../shared/data/judgebench"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the real rows in ../shared/data are not here")


def judgment(text: str, **more: Any) -> dict[str, Any]:
    return {"judgment": {"judge_model": "m", "prompt": "p", "response": text}, **more}


def row(*judgments: Any, **more: Any) -> dict[str, Any]:
    return {
        "pair_id": "p1",
        "source": "mmlu-pro-law",
        "response_model": "gpt-4o-2024-05-13",
        "label": "A>B",
        "judge_name": "arena_hard",
        "judgments": list(judgments),
        **more,
    }


def scores(*values: float, decision: str) -> dict[str, Any]:
    inner = {"judge_model": "rm", "prompt": "", "response": "", "scores": list(values)}
    return {"judgment": inner, "decision": decision}


def write(path: Path, *found: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in found), encoding="utf-8")
    return path


def command(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run_command(parser.parse_args(["judgebench", *arguments]))


@needs_data
@pytest.mark.parametrize(
    ("name", "percents"),
    [
        ("outputs_o1-mini_arena_hard.jsonl", ["65.71", "58.44", "62.24", "82.14", "78.57"]),
        ("decisions_skywork-gemma-27b.jsonl", ["64.29", "59.74", "66.33", "83.93", "50.00"]),
    ],
)
def test_real_outputs_give_the_official_scores(name: str, percents: list[str]) -> None:
    report = score_judgebench(DATA / name)
    score = report.scores["gpt"]
    found = [score.overall.percent, *(tally.percent for tally in score.groups.values())]
    assert [f"{percent:.2f}" for percent in found] == percents
    assert (report.compared, report.agreements) == (700, 700)
    assert report.recorded == report.scores


def test_texts_decide_and_the_records_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(
        tmp_path / "out.jsonl",
        row(judgment("[[A>>B]]", decision="A>B"), judgment("[[B>A]]", decision="B>A")),
        # The file records a decision that its text does not contain.
        row(judgment("[[A=B]]", decision="A>B"), judgment("[[A=B]]", decision="A=B"), pair_id="p2"),
        row(None, judgment("no label", decision=None), pair_id="p3", source="livebench-math"),
    )
    assert command("--outputs", str(path)) == 0
    text = capsys.readouterr().out
    assert "judge: arena_hard (m)" in text
    overall = next(line.split() for line in text.splitlines() if line.startswith("overall"))
    assert overall == ["overall", "3", "1", "33.33", "66.67"]
    assert "agrees with the recorded decision in 4 of 5 judgments" in text
    assert "out.jsonl, line 2, pair p2, order 1: read A=B, recorded A>B" in text
    assert "pairs with a null 1" in text
    assert command("--outputs", str(path), "--json") == 0
    parsed = json.loads(capsys.readouterr().out)
    assert parsed["scores"]["gpt"]["groups"]["livebench-math"]["percent"] == 0
    assert parsed["read_from"] == {"text": 5, "scores": 0, "recorded": 0, "failed": 1}


def test_what_each_judgment_is_read_from(tmp_path: Path) -> None:
    path = write(
        tmp_path / "out.jsonl",
        row(scores(2.0, 1.0, decision="A>B"), scores(1.0, 2.0, decision="B>A"), judge_name="reward_model"),
        row(scores(1.0, 1.0, decision="B>A"), scores(1.0, 1.0, decision="B>A"), judge_name="reward_model"),
        # A judge that we cannot read, and one whose texts were not published.
        row(judgment("A wins", decision="A>B"), judgment("B wins", decision="B>A"), judge_name="new_judge"),
        row({"decision": "A>B"}, {"decision": "B>A"}),
        # No decision at all: only the texts.
        row(judgment("[[A>B]]"), judgment("[[B>A]]")),
    )
    report = score_judgebench(path)
    assert report.bases == {"text": 2, "scores": 4, "recorded": 4, "failed": 0}
    assert report.scores["gpt"].overall.right == 4  # equal scores vote B>A twice: right and wrong
    assert report.recorded is None
    assert (report.compared, report.agreements) == (4, 4)
    assert report.repeated_pairs == 4


def test_reward_models_in_a_single_game(tmp_path: Path) -> None:
    path = write(
        tmp_path / "out.jsonl",
        row(scores(2.0, 1.0, decision="A>B"), judge_name="reward_model"),
        row(scores(1.0, 2.0, decision="B>A"), judge_name="reward_model", pair_id="p2"),
    )
    score = score_judgebench(path).scores["gpt"]
    assert (score.orders, score.overall.percent) == (1, 50.0)


def test_gpt_claude_and_merged(tmp_path: Path) -> None:
    right = (judgment("[[A>B]]"), judgment("[[B>A]]"))
    gpt = write(tmp_path / "gpt.jsonl", row(*right))
    claude = write(
        tmp_path / "claude.jsonl",
        row(judgment("[[A=B]]"), judgment("[[A=B]]"), response_model="claude-3-5-sonnet-20240620"),
    )
    report = score_judgebench([claude, gpt])
    assert {name: score.overall.percent for name, score in report.scores.items()} == {
        "gpt": 100.0,
        "claude": 0.0,
        "merged": 50.0,
    }
    assert report.repeated_pairs == 0


def test_a_judge_can_be_named(tmp_path: Path) -> None:
    texts = (judgment("[RESULT] A", decision="A>B"), judgment("[RESULT] B", decision="B>A"))
    path = write(tmp_path / "out.jsonl", row(*texts, judge_name="my_prometheus"))
    assert score_judgebench(path).bases["recorded"] == 2
    assert score_judgebench(path, judge="prometheus_2").agreements == 2
    with pytest.raises(BenchError, match="no reader for judge 'oracle'"):
        score_judgebench(path, judge="oracle")


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (row(judgment("x"), label="A"), "line 2: field label must be A>B or B>A"),
        ({"pair_id": "p", "source": "s", "judgments": []}, "line 2: field label is missing"),
        (row(), "line 2: field judgments must have one entry for each order"),
        (row(judgment("x"), judgment("x"), judgment("x")), "not 3"),
        (row(judgment("x"), "A>B"), r"line 2: field judgments\[1\] must be an object or null"),
        (row(judgment("x", decision=1), None), r"judgments\[0\].decision must be text such as A>B"),
        (row({"judgment": 5}, None), r"judgments\[0\].judgment must be an object"),
        (row({"judgment": {"response": 5}}, None), r"judgments\[0\].judgment.response must be text"),
        (row({"judgment": {}}, None), r"judgments\[0\] has neither judgment.response"),
        (row({"judgment": {"scores": [1]}}, None), r"judgment.scores must be two numbers"),
        (row({"judgment": {"scores": [1, float("nan")]}}, None), "NaN"),
        (row(judgment("x"), None, judge_name="new"), "texts of judge 'new' cannot be read; give --judge"),
        (row(judgment("x"), None, source=None), "field source is missing"),
        ({k: v for k, v in row().items() if k != "judgments"}, "field judgments is missing"),
        ({**row(), "judgments": {}}, "field judgments must be a list"),
        (row(judgment("x")), "cannot score the gpt pairs: some pairs were judged in both orders"),
    ],
)
def test_broken_rows_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], broken: dict[str, Any], complaint: str
) -> None:
    path = write(tmp_path / "out.jsonl", row(judgment("[[A>B]]"), judgment("[[B>A]]")), broken)
    with pytest.raises(BenchError, match=complaint):
        score_judgebench(path)
    assert command("--outputs", str(path)) == 2
    assert capsys.readouterr().err.startswith("skillbench score: ")


def test_a_cut_file_and_a_missing_one(tmp_path: Path) -> None:
    path = write(tmp_path / "out.jsonl", row(judgment("[[A>B]]"), judgment("[[B>A]]")))
    path.write_bytes(path.read_bytes() + b'{"pair_id": "p2", "lab')
    with pytest.raises(BenchError, match=r"out.jsonl, line 2: the line ends in the middle"):
        score_judgebench(path)
    with pytest.raises(BenchError, match="cannot read"):
        score_judgebench(tmp_path / "none.jsonl")


def test_byte_order_mark_and_crlf(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    line = json.dumps(row(judgment("[[A>B]]"), judgment("[[B>A]]"))).encode()
    path.write_bytes(b"\xef\xbb\xbf" + line + b"\r\n\r\n" + line + b"\r\n")
    assert score_judgebench(path).scores["gpt"].overall.right == 2
