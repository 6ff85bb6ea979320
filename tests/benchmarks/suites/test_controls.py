"""Controls: what position, length, chance and matching achieve, in every suite and answer kind."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest
from judge_support import program, view_of
from suite_support import bench, ifrb, metrics, positions, query, rb2, rm, shared, ties, write

from skillrt.judging.controls import CONTROLS, Control
from skillrt.judging.judge import judge

SETTINGS = {
    "rewardbench2": (
        "baseline",
        "skill_fair",
        "skill_operational",
        "flat_prompt",
        "tool_only",
    ),
    "rmbench": ("baseline", "skill_operational", "flat_prompt", "tool_only"),
    "jetts": ("baseline", "skill_fair", "flat_prompt"),
    "ifrewardbench": ("baseline", "agentic", "agentic_flat"),
    "starter": ("baseline", "skill_fair"),
}


def data(name: str, tmp: Path) -> list[str]:
    rows = {
        "rewardbench2": [rb2(1), rb2(2, "Safety"), ties(1), ties(1, "ref")],
        "rmbench": [rm(1), rm(2, "math")],
        "jetts": [query(1), query(2)],
        "ifrewardbench": [ifrb(1), ifrb(2, "Multi_Turn")],
    }.get(name)
    if rows is None:
        return []
    if name == "ifrewardbench":
        positions(tmp / "position_maps.json", *rows)
    return ["--data", str(write(tmp / "gsm8k_d.jsonl", *rows))]


@pytest.mark.parametrize("name", SETTINGS)
def test_controls_answer_every_kind_validly(tmp_path: Path, name: str) -> None:
    files = data(name, tmp_path)
    modes = {"ifrewardbench": ("overall", "constraint"), "rewardbench2": ("ranking", "ratings")}.get(
        name, ("",)
    )
    for mode, setting, control in itertools.product(modes, SETTINGS[name], CONTROLS):
        out = tmp_path / f"{mode}-{setting}-{control}"
        line = ["run", name, *files, *(["--mode", mode] if mode else []), "--setting", setting]
        assert bench(*line, "--base-url", f"control:{control}", "--out", out, "--quiet") == 0
        found = metrics(out)
        assert found["counts"]["valid"] == found["counts"]["expected"] > 0
        assert found["complete"]


def test_positions_in_official_numbers(tmp_path: Path) -> None:
    files = ["--data", str(shared("rmbench/chat_filtered.json")), "--limit", "12"]
    line = ["run", "rmbench", *files, "--setting", "skill_fair", "--base-url", "control:always-first"]
    assert bench(*line, "--out", tmp_path / "a", "--quiet") == 0
    official = metrics(tmp_path / "a")["official"]
    assert official["rmbench.one_order.chat"] == 100
    assert official["rmbench.balanced.chat"] == 50
    pairs = ["--data", str(shared("judgebench/gpt.jsonl")), "--limit", "40"]
    line = ["run", "judgebench", *pairs, "--setting", "baseline", "--base-url", "control:always-first"]
    assert bench(*line, "--out", tmp_path / "b", "--quiet") == 0
    assert metrics(tmp_path / "b")["official"]["judgebench.overall"] == 0


def test_length_is_what_always_longest_goes_by(tmp_path: Path) -> None:
    line = ["run", "rmbench", *data("rmbench", tmp_path), "--setting", "tool_only"]
    assert bench(*line, "--base-url", "control:always-longest", "--out", tmp_path / "a", "--quiet") == 0
    official = metrics(tmp_path / "a")["official"]
    # Richer styles are longer in these rows: easy cells are won, hard ones lost.
    assert official["rmbench.balanced.chat.easy"] == 100
    assert official["rmbench.balanced.chat.hard"] == 0


def test_random_is_seeded(tmp_path: Path) -> None:
    files = data("rmbench", tmp_path)
    found = {}
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        line = ["run", "rmbench", *files, "--setting", "baseline", "--base-url", "control:random"]
        assert bench(*line, "--seed", seed, "--out", tmp_path / name, "--quiet") == 0
        rows = map(json.loads, (tmp_path / name / "predictions.jsonl").read_text().splitlines())
        found[name] = {row["id"]: row["outcome"] for row in rows}
    assert found["a"] == found["b"] != found["c"]
    assert {"A", "B"} == set(found["a"].values())


def test_matching_the_reference_beats_chance_where_there_is_one(tmp_path: Path) -> None:
    files = ["--data", str(shared("judgebench/gpt.jsonl")), "--limit", "60"]
    line = ["run", "judgebench", *files, "--setting", "baseline", "--base-url", "control:reference_match"]
    assert bench(*line, "--out", tmp_path / "a", "--quiet") == 0
    assert metrics(tmp_path / "a")["official"]["judgebench.overall"] > 60


@pytest.mark.parametrize("items", [0, 3])
async def test_a_control_submits_every_finding_that_is_owed(items: int) -> None:
    """Closed findings are asked for again until they are complete, of a control too."""
    one = program("if_pointwise", "flat", "instruction_following_pointwise", "operational")
    fields = {"prompt": "Say hi.", "response": "Hi.", "checklist": [f"demand {n}" for n in range(items)]}
    chats = Control("always-first", 0).sit_down(one, fields, "x")
    judgment = await judge(one, view_of(one, **fields), transport=chats, sandbox=None)
    assert judgment.usage.requests == 1
    assert [finding["item"] for finding in judgment.verdict.findings] == list(range(1, max(1, items) + 1))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--base-url", "control:best"], "there is no control 'best'; there are: control:always-first"),
        (["--base-url", "control:random", "--base-url", "http://h:1/v1"], "no other can stand beside it"),
        (["--base-url", "control:random", "--model", "gpt"], "the control is called random"),
        (["--base-url", "control:random", "--setting", "skill_good"], "there is no setting skill_good"),
        (["--base-url", "control:random", "--mode", "fast"], "starter has no mode fast"),
        (["--base-url", "control:random", "--setting", "baseline", "--skill", "x"], "leave --skill"),
    ],
)
def test_wrong_use_is_a_sentence(
    tmp_path: Path, words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench("run", "starter", "--out", tmp_path / "x", *words) == 2
    assert sentence in capsys.readouterr().err
