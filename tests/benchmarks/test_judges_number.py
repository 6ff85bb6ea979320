"""The judge's number comes first, in every place that shows one, whatever code decided beside it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bench_support import prediction, real
from suite_support import bench, metrics, query, write
from synthetic_runs import judged, write_run

from skillbench.analysis.results import METRICS_FORMAT, metrics_of, read_metrics
from skillbench.cli import main
from skillbench.commands.demo import side_by_side
from skillbench.folder.journal import read_predictions
from skillbench.report.page import report_page
from skillbench.suites import open_suite
from skillbench.suites.base import Prediction

CODE = "code decided {decided} of {of}"
PLAN = """
name: coin
models: [{name: coin, base_url: ["control:random"]}]
settings: [baseline, skill_operational]
benchmarks: [{suite: judgebench, data: [gpt.jsonl]}]
average: [judgebench]
"""


@pytest.fixture(scope="module")
def coins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """A judge that tosses a coin, without a skill and with the one whose verifiers decide; and the table."""
    folder = tmp_path_factory.mktemp("coins")
    plan = folder / "plan.yaml"
    plan.write_text(PLAN)
    line = ["matrix", plan, "--data-root", real("gpt.jsonl").parent, "--limit", "90", "--quiet"]
    assert bench(*line, "--out", folder) == 0
    runs = folder / "coin" / "judgebench"
    return runs / "baseline", runs / "skill_operational", (folder / "matrix.md").read_text()


def said_alone(folder: Path) -> float:
    """JudgeBench's number by plain scoring of what was said: both orders together give a plus."""
    gained: dict[int, int] = {}
    for row in read_predictions(folder):
        points = {row.gold: 1, None: 0}.get(row.said, -1)
        gained[row.position] = gained.get(row.position, 0) + points
    return 100 * sum(points > 0 for points in gained.values()) / len(gained)


def test_a_coin_is_worth_the_same_in_all_places_whatever_code_decides(
    coins: tuple[Path, Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    plain, decided, table = coins
    value = said_alone(decided)
    assert value == said_alone(plain) < 30
    found = metrics(decided)
    readout, code = found["readout"]["judgebench.overall"], CODE.format(**found["code"])
    assert readout > value + 40
    assert (
        found["code"]["decided"] == sum(row.decided_by is not None for row in read_predictions(decided)) > 90
    )
    assert sum(found["code"]["by_verifier"].values()) == found["code"]["decided"]

    head = found["headline"]
    assert (head["value"], head["by"], head["readout"]) == (pytest.approx(value), "said", readout)
    assert found["official"]["judgebench.overall"] == pytest.approx(value)

    line = [
        "run",
        "judgebench",
        "--data",
        real("gpt.jsonl"),
        "--limit",
        "90",
        "--setting",
        "skill_operational",
    ]
    assert bench(*line, "--base-url", "control:random", "--out", decided) == 0
    last = capsys.readouterr().out.splitlines()[-2]
    summary = (decided / "summary.md").read_text()
    for text in (last, summary):
        assert text.index(f"judgebench.overall {value:.2f}") < text.index(f"readout {readout:.2f}; {code}")
    assert f"| judgebench.overall | {value:.2f} (" in summary

    page = report_page([decided]).decode()
    giant = re.findall(r'<p class="big">([\d.]+)', page)
    assert giant == [f"{value:.1f}"]
    assert f"Readout {readout:.1f}%" in page
    assert code in page

    assert f"| {value:.2f} / {readout:.2f} (0% invalid) | {value:.2f} / {readout:.2f} |" in table
    assert f"coin, skill_operational: {code}, reference_match" in table

    assert main(["compare", str(plain), str(decided)]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.startswith(
        "No difference is shown between skill_operational and baseline: judgebench.overall"
    )
    assert f"{value:.1f} against {value:.1f}" in first
    assert f"readout {readout:.1f} against {value:.1f}" in first
    assert code in first

    lines = {line.split("  ")[0]: line for line in side_by_side({"coin": (found, 1.0)})}
    assert f"  {value:.1f} (" in lines["judgebench.overall, % said (95%)"]
    assert lines["judgebench.overall, % readout"].endswith(f"{readout:.1f}")
    assert lines["decided by code"].endswith("{decided} of {of}".format(**found["code"]))


def test_the_report_shows_the_habits_of_the_judge_not_of_the_code(coins: tuple[Path, Path, str]) -> None:
    from skillbench.analysis.diagnostics import diagnose
    from skillbench.analysis.judgments import read_judgments
    from skillbench.analysis.sample_values import suite_of
    from skillbench.folder.store import read_run

    plain, decided = (
        diagnose(read_judgments(folder, suite_of(read_run(folder), folder))) for folder in coins[:2]
    )
    assert plain.length == decided.length
    names = [one.name for one in decided.position]
    assert names == [*(one.name for one in plain.position[:2]), "first by the readout", "first right"]
    assert plain.position[0] == decided.position[0]


# ------------------------------------------------------------------------------- the only score there is


def test_where_the_readout_makes_the_only_score_that_stands_first_and_says_so(tmp_path: Path) -> None:
    rows = [
        prediction(place, order, gold=gold, outcome=gold, said=None)
        for place in range(4)
        for order, gold in (("AB", "A"), ("BA", "B"))
    ]
    suite = open_suite("judgebench", score_only=True)
    found = metrics_of(suite, rows, 8)
    assert (found["headline"]["by"], found["headline"]["value"], found["said"]) == ("readout", 100, {})
    assert found["only_readout"] == list(found["official"])
    page = report_page([write_run(tmp_path / "run", rows)]).decode()
    assert "by the readout, which makes the only score" in page

    silent = [msgspec.structs.replace(row, decided_by="reference_match") for row in rows]
    found = metrics_of(suite, silent, 8)
    assert (found["headline"]["by"], found["headline"]["value"]) == ("said", 0), (
        "code that decides is no judge"
    )
    assert found["headline"]["readout"] == 100


def test_a_walk_that_the_readout_decides_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "gsm8k_d.jsonl", *(query(number) for number in range(4)))
    runs = []
    for seed in ("1", "2"):
        runs.append(tmp_path / seed)
        line = ["run", "jetts", "--data", path, "--setting", "skill_fair", "--base-url", "control:random"]
        assert bench(*line, "--seed", seed, "--out", runs[-1], "--quiet") == 0
        assert "by the readout, which makes the only score" in capsys.readouterr().out
    found = metrics(runs[0])
    assert "jetts.best_of_10" in found["only_readout"]
    assert found["official"]["jetts.best_of_10"] == found["readout"]["jetts.best_of_10"]
    assert found["official"]["jetts.match_accuracy"] == found["said"]["jetts.match_accuracy"]
    assert main(["compare", *map(str, runs)]) == 0
    first, *rest = (line for line in capsys.readouterr().out.splitlines() if "jetts." in line)
    assert "by the readout: jetts.best_of_10" in first
    assert any("jetts.match_accuracy" in line for line in rest)


# ----------------------------------------------------------------------------------------- old run folders


def older(folder: Path) -> dict[str, Any]:
    """Write ``metrics.json`` as the first format had it: ``official`` and ``headline`` by the readout."""
    found = metrics(folder)
    old = {name: found[name] for name in ("suite", "mode", "complete", "orders", "references", "facts")}
    one = found["intervals"]["readout"]["judgebench.overall"]
    old |= {
        "format": 1,
        "headline": {"name": "judgebench.overall", **{end: one[end] for end in ("value", "low", "high")}},
        "official": found["readout"],
        "said": found["said"],
        "intervals": found["intervals"],
        "counts": found["counts"],
        "usage": found["usage"],
    }
    (folder / "metrics.json").write_text(json.dumps(old))
    return found


def overruled(seed: int) -> list[Prediction]:
    """A judge that is half right, and code that puts half of the rest right."""
    return [
        msgspec.structs.replace(row, outcome=row.gold, decided_by="reference_match")
        if row.valid and row.position % 2
        else row
        for row in judged(40, 0.5, seed)
    ]


def test_an_old_folder_is_read_as_what_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    new, old = (write_run(tmp_path / name, overruled(3)) for name in ("new", "old"))
    found = older(old)
    assert read_metrics(old) == found
    value, readout = found["said"]["judgebench.overall"], found["readout"]["judgebench.overall"]
    assert readout > value + 10
    assert re.findall(r'<p class="big">([\d.]+)', report_page([old]).decode()) == [f"{value:.1f}"]
    assert main(["compare", str(new), str(old)]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert f"{value:.1f} against {value:.1f} on 40 samples" in first
    assert f"readout {readout:.1f} against {readout:.1f}" not in first.split("against")[0]


def test_an_old_folder_is_replayed_rescored_and_tabled(
    coins: tuple[Path, Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import shutil

    top = tmp_path / "all"
    shutil.copytree(coins[1].parents[2], top)
    run = top / "coin" / "judgebench" / "skill_operational"
    found = older(run)
    assert bench("matrix", top / "plan.yaml", "--out", top, "--table") == 0
    assert capsys.readouterr().out.strip() == coins[2].strip()
    assert bench("replay", run) == 0
    assert "metrics.json is of an older form" in capsys.readouterr().out
    assert json.loads((run / "metrics.json").read_bytes())["format"] == 1
    assert bench("rescore", run) == 0
    told = capsys.readouterr().out
    assert "is written anew" in told
    assert "->" not in told, "the numbers are the same"
    assert metrics(run) == metrics(run / "rescored") == found
    assert found["format"] == METRICS_FORMAT
    assert bench("replay", run) == 0
    assert "metrics.json has the same bytes" in capsys.readouterr().out
