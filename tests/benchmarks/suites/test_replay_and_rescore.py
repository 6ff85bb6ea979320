"""Recorded runs judged again: the same bytes, other readers, and folders that do not fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from suite_support import bench, metrics, query, shared, write


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("recorded") / "run"
    files = ["--data", str(shared("judgebench/gpt.jsonl"))]
    line = ["run", "judgebench", *files, "--setting", "skill_operational", "--base-url", "control:random"]
    assert bench(*line, "--out", out, "--quiet") == 0
    return out


def test_seven_hundred_judgments_replay_to_the_same_bytes(
    recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in recorded.iterdir()}
    assert bench("replay", recorded) == 0
    assert "700 judgments replayed; metrics.json has the same bytes" in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in recorded.iterdir()} == before


def test_said_and_readout_differ_where_a_verifier_decides(recorded: Path) -> None:
    found = metrics(recorded)
    assert found["counts"]["readout_differs_from_said"] > 100
    assert found["readout"]["judgebench.overall"] > found["said"]["judgebench.overall"] + 20
    assert found["official"] == found["said"]


def test_walks_replay_too(tmp_path: Path) -> None:
    path = write(tmp_path / "gsm8k_d.jsonl", *(query(number) for number in range(4)))
    line = ["run", "jetts", "--data", path, "--setting", "skill_fair", "--base-url", "control:random"]
    assert bench(*line, "--out", tmp_path / "run", "--quiet") == 0
    assert bench("replay", tmp_path / "run") == 0


def test_other_artifacts_are_refused_by_replay_and_taken_by_rescore(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from skillbench.cli import main
    from skillc.cli import main as skillc

    sources = tmp_path / "sources"
    root = Path(__file__).parents[3] / "skills_src"
    shutil.copytree(root, sources)
    skill = sources / "reward_judge_operational.skill"
    text = skill.read_text("utf-8")
    changed = "\n".join(line for line in text.splitlines() if not line.strip().startswith("decide "))
    assert changed != text.rstrip("\n")
    skill.write_text(changed + "\n", "utf-8")
    artifacts = tmp_path / "artifacts"
    capsys.readouterr()
    code = skillc(["compile", "--root", str(sources), str(sources), "--out", str(artifacts)])
    told = capsys.readouterr()
    assert code == 0, told
    run = tmp_path / "run"
    shutil.copytree(recorded, run)
    assert main(["replay", str(run), "--artifacts", str(artifacts)]) == 2
    assert "use skillbench rescore" in capsys.readouterr().err
    assert main(["rescore", str(run), "--artifacts", str(artifacts)]) == 0
    told = capsys.readouterr()
    assert "judgments changed" in told.out
    old, new = metrics(run), metrics(run / "rescored")
    assert new["said"] == old["said"]
    assert new["readout"]["judgebench.overall"] < old["readout"]["judgebench.overall"]
    assert (run / "metrics.json").read_bytes() == (recorded / "metrics.json").read_bytes()


def test_rescore_with_the_same_artifacts_changes_nothing(recorded: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(recorded, run)
    assert bench("rescore", run) == 0
    assert (run / "rescored" / "metrics.json").read_bytes() == (run / "metrics.json").read_bytes()
    assert (run / "rescored" / "predictions.jsonl").read_bytes() == (run / "predictions.jsonl").read_bytes()


def test_a_changed_record_is_found(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(recorded, run)
    lines = (run / "predictions.jsonl").read_text("utf-8").splitlines()
    first = json.loads(lines[0])
    first["outcome"] = "B" if first["outcome"] == "A" else "A"
    (run / "predictions.jsonl").write_text("\n".join([json.dumps(first), *lines[1:]]) + "\n", "utf-8")
    assert bench("replay", run) == 1
    assert "1 judgments differ from the record" in capsys.readouterr().out
    traces = (run / "traces.jsonl").read_text("utf-8").splitlines()
    (run / "traces.jsonl").write_text("\n".join(traces[1:]) + "\n", "utf-8")
    assert bench("replay", run) == 2
    assert "has no trace of" in capsys.readouterr().err


def test_what_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("replay", tmp_path) == 2
    assert "is it a run folder?" in capsys.readouterr().err
