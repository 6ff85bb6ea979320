"""No number without judgments: marked, withheld, out of every average, and a run that ends at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bench_support import original, write_rows
from every_suite import NAMES, answer, suites
from scripted_server import Call, Say, ScriptedServer, Status, Turn, serving
from suite_judges import Ruled, run_with
from suite_support import bench, metrics, rb2, write
from synthetic_runs import judged, write_run
from tiny_artifacts import write_artifacts

from skillbench.analysis.results import metrics_of
from skillbench.analysis.summary import sentence, summary_text
from skillbench.cli import main
from skillbench.folder.journal import read_predictions
from skillbench.report.page import report_page
from skillbench.suites import open_suite
from skillbench.suites.base import Case

RUN: dict[str, Any] = {"identity": {"suite": "s", "skill": None, "delivery": "direct", "model": "m"}}


def every_third(case: Case) -> Any:
    return None if int.from_bytes(case.id.encode(), "big") % 3 == 0 else answer(case)


@pytest.mark.parametrize("name", NAMES)
def test_every_metric_of_every_suite_says_which_judgments_it_is_made_of(tmp_path: Path, name: str) -> None:
    suite = suites(tmp_path)[name]
    run_with(suite, Ruled(every_third), tmp_path / "run")
    rows = list(read_predictions(tmp_path / "run"))
    scores = suite.score(rows)
    assert set(scores.behind) == set(scores.readout) >= set(scores.said)
    assert scores.behind[scores.headline or ""].judgments <= len(rows)
    assert sum(scores.finished.values()) == len({row.position for row in rows})
    for metric, one in scores.behind.items():
        assert (one.judgments > 0) != metric.endswith("best_of_1"), metric
        assert 0 <= one.invalid <= one.judgments
        assert set(one.parts.values()) <= set(scores.readout), metric
        assert bool(one.parts) == (scores.readout[metric].over == "strata"), metric
        if one.parts:
            assert one.judgments == sum(scores.behind[part].judgments for part in one.parts.values()), metric
            assert set(one.parts) == {suite.stratum(row.group) for row in rows}


@pytest.mark.parametrize("name", NAMES)
def test_a_dead_judge_has_no_number_in_any_suite(tmp_path: Path, name: str) -> None:
    suite = suites(tmp_path)[name]
    found = run_with(suite, Ruled(lambda case: None), tmp_path / "run")
    numbers = {
        metric: found[by][metric]
        for by in ("official", "said", "readout")
        for metric in found[by]
        if not metric.endswith("best_of_1")
    }
    assert numbers
    assert set(numbers.values()) == {None}
    assert found["headline"]["value"] is found["headline"]["low"] is None
    told = sentence(found) + summary_text(found, RUN)
    assert "is withheld" in told
    assert "invalid (100%)" in told
    assert " 0.00 (" not in told


def only(*groups: str) -> Callable[[Case], Any]:
    return lambda case: None if case.group in groups else answer(case)


@pytest.mark.parametrize(
    ("name", "group", "average", "part"),
    [
        ("rmbench-", "math", "rmbench.balanced.overall", "rmbench.balanced.math"),
        ("rmbench-", "code", "rmbench.balanced.hard", "rmbench.balanced.code.hard"),
        ("rewardbench2-ranking", "Focus", "rewardbench2.leaderboard", "rewardbench2.Focus"),
        ("rewardbench2-ratings", "Ties", "rewardbench2.ratings.leaderboard", "rewardbench2.ratings.Ties"),
        ("ifrewardbench-overall", "Multi_Turn", "ifrewardbench.overall.kendall",
         "ifrewardbench.overall.Multi_Turn.kendall"),
        ("ifrewardbench-constraint", "Single_Turn", "ifrewardbench.constraint.positive_f1",
         "ifrewardbench.constraint.Single_Turn.positive_f1"),
        ("jetts-", "math_a", "jetts.best_of_10", "jetts.math_a.best_of_10"),
    ],
)  # fmt: skip
def test_an_average_holds_no_part_that_is_withheld_and_says_which(
    tmp_path: Path, name: str, group: str, average: str, part: str
) -> None:
    found = run_with(suites(tmp_path)[name], Ruled(only(group)), tmp_path / "run")
    assert found["official"][part] is None
    assert found["official"][average] is None
    assert f"{group} withheld" in found["validity"][average]["why"]
    others = [one for one in found["validity"].values() if one["state"] == "shown"]
    assert others, "what was judged is shown"
    text = summary_text(found, RUN)
    assert f"- {average}: it is an average over" in text


def test_a_level_whose_cells_alone_failed_is_withheld_alone(tmp_path: Path) -> None:
    def overlong(case: Case) -> Any:
        _, cell, _ = case.id.split(":")
        return None if cell[0] < cell[1] else answer(case)

    found = run_with(suites(tmp_path)["rmbench-"], Ruled(overlong), tmp_path / "run")
    states = {name: one["state"] for name, one in found["validity"].items()}
    assert states["rmbench.balanced.chat.hard"] == "withheld"
    assert states["rmbench.balanced.chat.easy"] == "shown"
    assert states["rmbench.balanced.chat"] == states["rmbench.balanced.overall"] == "marked"
    assert found["validity"]["rmbench.balanced.overall"]["percent"] == pytest.approx(100 / 3)


def test_where_the_marks_begin(tmp_path: Path) -> None:
    suite = open_suite("judgebench", score_only=True)
    wanted = {0: "shown", 5: "shown", 6: "marked", 50: "marked", 51: "withheld", 100: "withheld"}
    for broken, state in wanted.items():
        rows = list(judged(50, 1.0, 1))
        rows = [invalid(row) if place < broken else valid(row) for place, row in enumerate(rows)]
        found = metrics_of(suite, rows, 100)
        assert found["headline"]["state"] == state, broken
        assert (found["headline"]["value"] is None) == (state == "withheld")
        line = next(one for one in summary_text(found, RUN).splitlines() if "| judgebench.overall" in one)
        assert ("* (" in line, "withheld" in line) == (state == "marked", state == "withheld"), broken
        assert ("marked:" in sentence(found)) == (state == "marked")
        assert f"{broken} invalid ({broken}%)" in sentence(found) or not broken


def valid(row: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(
        row, said=row.gold, outcome=row.gold, valid=True, error=None, error_owner=None
    )


def invalid(row: Any) -> Any:
    import msgspec

    return msgspec.structs.replace(row, said=None, outcome=None, valid=False, error="x", error_owner="judge")


def test_an_average_of_a_run_that_is_not_complete_is_withheld(tmp_path: Path) -> None:
    suite = suites(tmp_path)["rmbench-"]
    run_with(suite, Ruled(answer), tmp_path / "run")
    rows = list(read_predictions(tmp_path / "run"))
    groups = {row.group: 1 for row in rows}
    whole = metrics_of(suite, rows, len(rows), groups)
    assert whole["validity"]["rmbench.balanced.overall"]["state"] == "shown"
    more = metrics_of(suite, rows, 2 * len(rows), groups | {"math": 2})
    assert more["official"]["rmbench.balanced.overall"] is None
    assert more["validity"]["rmbench.balanced.overall"]["why"].endswith("4 parts: math not complete")
    assert more["official"]["rmbench.balanced.chat"] is not None


# ------------------------------------------------------------------------------- matrix, compare, report


def test_the_table_averages_only_what_is_there_and_says_what_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "rb.jsonl", rb2(1), rb2(2, "Safety"))
    write_rows(tmp_path / "jb.jsonl", *(original(number) for number in range(4)))
    plan = tmp_path / "plan.yaml"
    plan.write_text(
        'name: p\nmodels: [{name: m, base_url: ["control:random"]}]\nsettings: [baseline]\nbenchmarks:\n'
        "  - {suite: rewardbench2, data: [rb.jsonl]}\n  - {suite: judgebench, data: [jb.jsonl]}\n"
        "average: [rewardbench2, judgebench]\n"
    )
    line = ["matrix", plan, "--data-root", tmp_path, "--out", tmp_path / "out", "--quiet"]
    assert bench(*line) == 0
    row = json.loads((tmp_path / "out" / "matrix.json").read_bytes())["rows"][0]
    assert (row["average_said"], row["average_lacks"]) == (pytest.approx(row["average_readout"]), {})
    run = tmp_path / "out" / "m" / "judgebench" / "baseline"
    found = metrics(run)
    rows = [invalid(one) for one in read_predictions(run)]
    whole = metrics_of(open_suite("judgebench", score_only=True), rows, len(rows))
    for change, told, cell in (
        (
            whole,
            "judgebench (withheld: 8 of the 8 judgments behind it are invalid (100%))",
            "withheld (100% invalid)",
        ),
        ({**found, "complete": False}, "judgebench (not complete)", "(0% invalid, not complete)"),
    ):
        (run / "metrics.json").write_text(json.dumps(change))
        capsys.readouterr()
        assert bench(*line, "--table") == 0
        text = capsys.readouterr().out
        assert f"no average of m, baseline, without {told}" in text
        assert cell in text
        assert "| - / - |" in text


def test_a_run_without_judgments_is_not_compared_and_its_page_has_no_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row if row.valid else valid(row) for row in judged(40, 0.9, 1)]
    good = write_run(tmp_path / "good", rows)
    dead = write_run(tmp_path / "dead", [invalid(row) for row in rows])
    part = write_run(tmp_path / "part", [invalid(row) if row.group == "mmlu-pro" else row for row in rows])
    assert main(["compare", str(good), str(dead)]) == 3
    told = capsys.readouterr().out
    assert "dead and good are not compared: judgebench.overall of dead is withheld: 80 of the 80" in told
    assert "better" not in told
    assert main(["compare", str(good), str(dead), "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert (found["comparisons"], len(found["withheld"])) == ([], 1)
    assert main(["compare", str(good), str(part)]) == 0
    told = capsys.readouterr().out
    assert "invalid judgments 25% against 0%" in told.splitlines()[0]
    assert "mmlu-pro is left out: too few judgments of it are valid" in told
    page = report_page([dead]).decode()
    assert '<p class="big">withheld</p>' in page
    assert "0.0<small>" not in page
    both = report_page([good, part]).decode()
    assert "Withheld, part: 20 of the 20 judgments behind it are invalid (100%)" in both
    assert "* More than 5% of the judgments behind the number" in both


# -------------------------------------------------------------------------------------- dead servers


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_artifacts(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    yield from serving(lambda turn: Say("Output (a)"))


def run_line(server: ScriptedServer, artifacts: Path, data: Path, out: Path, *more: str) -> list[str]:
    line = ["run", "judgebench", "--data", data, "--base-url", server.base_url, "--model", "scripted"]
    return [*map(str, line), "--artifacts", str(artifacts), "--out", str(out), "--quiet", *more]


def test_a_server_that_refuses_everything_ends_the_run_at_once(
    artifacts: Path, tmp_path: Path, serve: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    refusing = [True]

    def script(turn: Turn) -> Any:
        return Status(400, '{"error": {"message": "no tools today"}}') if refusing else Say("Output (a)")

    server, out = serve(script), tmp_path / "run"
    data = write_rows(tmp_path / "data.jsonl", *(original(number) for number in range(200)))
    line = run_line(server, artifacts, data, out, "--concurrency", "8")
    assert main(line) == 1
    told = capsys.readouterr()
    assert "no tools today" in told.err
    assert "refused" in told.err
    assert "skillbench endpoints check" in told.err, "what to change"
    assert "the same command then goes on" in told.err
    assert 32 <= len(server.requests) <= 32 + 8
    assert list(read_predictions(out)) == [], "what it hit is no judgment"
    assert json.loads((out / "run.json").read_bytes())["sessions"][0]["ended"] == "refused"
    refusing.clear()
    assert main(line) == 0
    found = metrics(out)
    assert (found["counts"]["valid"], found["complete"]) == (400, True)


def test_a_few_refusals_before_the_first_answer_are_recorded(
    artifacts: Path, tmp_path: Path, serve: Any
) -> None:
    server, out = (
        serve(lambda turn: Status(403, "no") if turn.number < 10 else Say("Output (a)")),
        tmp_path / "run",
    )
    data = write_rows(tmp_path / "data.jsonl", *(original(number) for number in range(60)))
    assert main(run_line(server, artifacts, data, out, "--concurrency", "4")) == 0
    found = metrics(out)
    assert found["counts"]["invalid_by_owner"] == {"endpoint": 10}
    assert found["headline"]["state"] == "marked"
    assert found["complete"]


def test_a_run_of_few_judgments_that_all_fail_is_recorded_and_has_no_number(
    artifacts: Path, tmp_path: Path, serve: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server, out = serve(lambda turn: Status(403, "no")), tmp_path / "run"
    data = write_rows(tmp_path / "data.jsonl", *(original(number) for number in range(5)))
    assert main(run_line(server, artifacts, data, out)) == 3
    told = capsys.readouterr()
    assert "judgebench.overall is withheld: 10 of the 10 judgments behind it are invalid (100%)" in told.out
    assert "withheld: more than 50%" in told.err
    assert metrics(out)["counts"]["invalid"] == 10


def test_calls_that_nobody_offered_are_the_judges_and_no_reason_to_stop(
    artifacts: Path, tmp_path: Path, serve: Any
) -> None:
    out = tmp_path / "run"
    data = write_rows(tmp_path / "data.jsonl", *(original(number) for number in range(40)))
    server = serve(lambda turn: Call("no_such_tool", {}))
    assert main(run_line(server, artifacts, data, out, "--skill", "tiny")) == 3
    assert metrics(out)["counts"]["invalid_by_owner"] == {"judge": 80}
