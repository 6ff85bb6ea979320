"""``skillbench matrix``: real rows, every setting and ablation, killed on the way, one table."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from scripted_server import Call, Say, ScriptedServer, Turn
from suite_support import ROOT, bench, compiled, rb2, rm, shared, ties, write

from skillbench.running.plan import SHIPPED, read_plan
from skillbench.settings import SETTINGS

SIX = ("baseline", "skill_fair", "skill_operational", "fair_flat_prompt", "flat_prompt", "tool_only")

PLAN = """
name: real rows
models:
  - {name: random, base_url: ["control:random"]}
  - {name: always-first, base_url: ["control:always-first"]}
settings: [baseline, skill_fair, skill_operational, fair_flat_prompt, flat_prompt, tool_only]
benchmarks:
  - {suite: judgebench, data: [judgebench/gpt.jsonl], metric: [judgebench.merged.overall, judgebench.overall]}
  - suite: rmbench
    data: [rmbench/chat_filtered.json, rmbench/code_filtered.json]
    metric: [rmbench.balanced.win_total]
    beside: [rmbench.one_order.win_total]
average: [judgebench, rmbench]
"""


def start(plan: Path, out: Path, limit: int) -> subprocess.Popen[bytes]:
    line = [sys.executable, "-m", "skillbench.cli", "matrix", str(plan), "--out", str(out)]
    line += ["--data-root", str(shared("judgebench/gpt.jsonl").parents[1]), "--artifacts", str(compiled())]
    return subprocess.Popen([*line, "--limit", str(limit), "--quiet"], stdout=subprocess.PIPE)


def recorded(out: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in out.glob("*/*/*/predictions.jsonl"))


def kill_after(process: subprocess.Popen[bytes], out: Path, rows: int) -> None:
    deadline = time.monotonic() + 60
    while recorded(out) < rows and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert process.poll() is None, "the matrix ended before it could be killed"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def results(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("m*.json"))}


def test_real_rows_in_every_setting_killed_twice(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    process = start(plan, whole, 5)
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    for rows in (250, 800):
        kill_after(start(plan, cut, 5), cut, rows)
    process = start(plan, cut, 5)
    again, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert again == printed
    assert results(cut) == results(whole)
    assert len(results(whole)) == 2 * 6 * 2 + 1
    table = json.loads((whole / "matrix.json").read_bytes())
    assert [(row["model"], row["setting"]) for row in table["rows"]] == [
        (model, setting) for model in ("random", "always-first") for setting in SIX
    ]
    for row in table["rows"]:
        cells = row["benchmarks"]
        assert all(cell["complete"] and not cell["invalid"] for cell in cells.values())
        for which in ("said", "readout"):
            mean = sum(cell[which] for cell in cells.values()) / 2
            assert row[f"average_{which}"] == pytest.approx(mean)
    first = table["rows"][6]
    assert first["benchmarks"]["rmbench"]["readout"] == 50
    assert first["benchmarks"]["rmbench"]["beside"]["rmbench.one_order.win_total"] == {
        "said": 100,
        "readout": 100,
    }
    assert "always-first, baseline: rmbench.one_order.win_total 100.00 / 100.00" in printed.decode()
    assert "said / readout" in printed.decode()


def scripted(turn: Turn) -> Any:
    """Loads the skill where there is one, then the first response by far, in the form of the task."""
    if not turn.tools:
        return Say("A>>B" if "## Response A" in turn.opening else "Output (a)")
    if "use_skill" in turn.tools and not turn.done:
        return Call("use_skill")
    schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in turn.body["tools"]}
    properties = schemas["final_answer"]["properties"]
    answer = {"findings": [], "reason": "It stands first.", "verdict": properties["verdict"]["enum"][0]}
    return Call("final_answer", {name: answer[name] for name in properties})


def test_real_rows_over_http_with_a_server_for_one_model_and_one_for_the_rest(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLAN.replace('name: random, base_url: ["control:random"]', "name: qwen, model: scripted"))
    root = shared("judgebench/gpt.jsonl").parents[1]
    with ScriptedServer(scripted) as server:
        line = ["matrix", plan, "--out", tmp_path / "out", "--data-root", root, "--limit", "2", "--quiet"]
        assert bench(*line, "--base-url", f"qwen={server.base_url}") == 0
        asked = len(server.requests)
        assert bench(*line, "--base-url", server.base_url) == 0, "finished runs ask nobody"
        assert len(server.requests) == asked
    table = json.loads((tmp_path / "out" / "matrix.json").read_bytes())
    rows = {(row["model"], row["setting"]): row["benchmarks"] for row in table["rows"]}
    for setting in SIX:
        for name in ("judgebench", "rmbench"):
            served, control = (rows[model, setting][name] for model in ("qwen", "always-first"))
            assert served["invalid"] == 0
            assert served == control, "a model that goes by the place is worth what the control is"


SMALL = """
name: small
models: [{name: first, base_url: ["control:always-first"]}]
settings: [baseline, {name: routed, skill: reward_judge_fair, delivery: flat, routes: [Safety]}]
benchmarks:
  - {suite: rewardbench2, data: [rb.jsonl], routes: []}
  - {suite: rewardbench2, mode: rotations, data: [rb.jsonl], settings: [baseline]}
  - {suite: rmbench, data: ["rm*.jsonl"], settings: [baseline]}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    write(tmp_path / "rb.jsonl", rb2(1), rb2(2, "Safety"), ties(1), ties(1, "ref"))
    write(tmp_path / "rm1.jsonl", rm(1))
    write(tmp_path / "rm2.jsonl", rm(2))
    (tmp_path / "plan.yaml").write_text(SMALL)
    return tmp_path / "plan.yaml"


def test_modes_routes_patterns_and_narrowed_settings(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ["matrix", small, "--data-root", small.parent, "--out", small.parent / "out", "--quiet"]
    assert bench(*line) == 0
    table = json.loads((small.parent / "out" / "matrix.json").read_bytes())
    assert set(table["rows"][0]["benchmarks"]) == {"rewardbench2", "rewardbench2-rotations", "rmbench"}
    assert set(table["rows"][1]["benchmarks"]) == {"rewardbench2"}
    run = json.loads((small.parent / "out/first/rewardbench2/routed/run.json").read_bytes())
    assert run["identity"]["routes"] == ["Safety"]
    assert run["rows"]["samples"] == 4
    page = small.parent / "out" / "rewardbench2.html"
    assert b"routed" in page.read_bytes()
    assert not page.with_name("rmbench.html").exists(), "one run alone has its page in its folder"
    assert (small.parent / "out/first/rmbench/baseline/report.html").exists()
    written = page.stat().st_mtime_ns
    assert bench(*line) == 0
    assert page.stat().st_mtime_ns == written, "nothing was judged"
    capsys.readouterr()
    assert bench(*line, "--settings", "baseline", "--benchmarks", "rmbench", "--table") == 0
    assert "routed" not in capsys.readouterr().out
    assert bench(*line, "--settings", "best") == 2
    assert "the plan has no setting best; it has: baseline, routed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("settings: [baseline,", "settings: [good,"), "there is no setting good; there are: baseline"),
        (("suite: rmbench", "suite: rnbench"), "there is no suite rnbench"),
        (("name: small", "nam: small"), "plan.yaml: Object contains unknown field nam"),
        (("benchmarks:", "benchmarks: ["), "is not YAML"),
        (("mode: rotations, ", ""), "there are two of the benchmark rewardbench2"),
        (('"rm*.jsonl"', '"zz*.jsonl"'), "no file fits"),
        (("rb.jsonl", "nowhere.jsonl"), "cannot read"),
        (("reward_judge_fair", "reward_judge_best"), "first/rewardbench2/routed: "),
        (('["control:always-first"]', '["control:best"]'), "there is no control 'best'"),
        (
            ('{name: first, base_url: ["control:always-first"]}', "qwen35_27b"),
            "has no server: give --base-url",
        ),
        (
            ("settings: [baseline]}\n  - {suite: rm", "settings: [flat]}\n  - {suite: rm"),
            "names the setting flat",
        ),
    ],
)
def test_a_wrong_plan_is_a_sentence_before_anything_runs(
    small: Path, change: tuple[str, str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = small.read_text()
    assert change[0] in text
    small.write_text(text.replace(*change, 1))
    out = small.parent / "out"
    assert bench("matrix", small, "--data-root", small.parent, "--out", out, "--quiet") == 2
    assert sentence in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.yaml")))
def test_plans_that_ship(name: str) -> None:
    plan = read_plan(Path(name))
    assert plan.name == name
    assert plan.cells()
    for setting in plan.settings:
        assert (setting.skill, setting.delivery) == (
            SETTINGS[setting.name].skill,
            SETTINGS[setting.name].delivery,
        )


def test_the_plans_cover_the_published_experiments() -> None:
    assert {path.stem for path in SHIPPED.glob("*.yaml")} >= {"paper", "ablations", "jetts", "ifrewardbench"}
    assert SHIPPED == ROOT / "benchmarks" / "skillbench" / "running" / "plans"
    paper: Any = read_plan(Path("paper"))
    assert paper.average == ("rewardbench2", "judgebench", "rmbench")
    shown = {(*one.metric, *one.beside) for one in paper.benchmarks if one.suite == "rmbench"}
    assert shown == {("rmbench.balanced.win_total", "rmbench.one_order.win_total")}
    assert [model.model for model in paper.models][:2] == ["Qwen3.5-9B", "Qwen3.5-27B"]
    assert [one.name for one in read_plan(Path("ablations")).settings] == list(SIX)
