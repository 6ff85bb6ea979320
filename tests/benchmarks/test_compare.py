"""``skillbench compare``: alignment, refusals, what it says, and that its numbers are the headline's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bench_support import prediction
from synthetic_runs import judged, write_run

from skillbench.analysis.sample_values import read_values
from skillbench.cli import main
from skillbench.suites.base import Prediction

PAIRS = 400


def told(capsys: pytest.CaptureFixture[str], *folders: Path) -> dict[str, Any]:
    assert main(["compare", *map(str, folders), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_judges_that_differ_by_chance_and_judges_that_differ(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = write_run(tmp_path / "base", judged(PAIRS, 0.7, 1))
    again = write_run(tmp_path / "again", reseeded(judged(PAIRS, 0.7, 1), 0.7, 5), model="other")
    better = write_run(
        tmp_path / "better", reseeded(judged(PAIRS, 0.7, 1), 0.85, 6), skill="reward_judge_fair"
    )
    assert main(["compare", str(base), str(again), str(better)]) == 0
    shown = capsys.readouterr().out
    assert "No difference is shown between again and base: judgebench.overall" in shown
    assert "more than one time in five" in shown
    assert "better is better than base (judgebench.overall" in shown
    assert "comparisons; p adjusted for their number" in shown
    found = told(capsys, base, again, better)
    readout = {one["second"]: one for one in found["comparisons"] if one["view"] == "readout"}
    assert readout["again"]["shown"] is False
    assert readout["better"]["shown"] is True
    for name in ("again", "better"):
        one = readout[name]
        heads = [json.loads((tmp_path / run / "metrics.json").read_bytes())["headline"]["value"]
                 for run in ("base", name)]  # fmt: skip
        assert (one["first_value"], one["second_value"]) == pytest.approx(tuple(heads))
        assert one["difference"]["value"] == pytest.approx(heads[1] - heads[0])
        assert one["samples"] == PAIRS
        assert len(one["groups"]) == 4
        assert {group["difference"]["of"] for group in one["groups"]} == {PAIRS // 4}
    assert 5 < readout["better"]["difference"]["low"] < readout["better"]["difference"]["high"] < 45
    assert readout["better"]["tokens"] == [1.0, 1.0, 1.0], "the same usage was recorded"


def reseeded(rows: Any, accuracy: float, seed: int) -> list[Prediction]:
    """The same pairs judged anew: golds of ``rows``, answers of another judge."""
    import random

    draw = random.Random(seed)
    found = []
    for row in rows:
        answer = row.gold if draw.random() < accuracy else "AB"[row.gold == "A"]
        score = 1 if answer == row.gold else -1
        found.append(
            prediction(
                row.position,
                row.order,
                id=row.id,
                sample_id=row.sample_id,
                group=row.group,
                gold=row.gold,
                outcome=answer,
                score=score,
                usage=row.usage,
            )
        )
    return found


def test_samples_are_aligned_by_id_whatever_the_order_of_recording(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = list(judged(60, 0.7, 3))
    one = write_run(tmp_path / "one", rows)
    two = write_run(tmp_path / "two", rows[::-1][5:])
    found = told(capsys, one, two)
    first = found["comparisons"][0]
    assert (first["samples"], first["only_first"], first["only_second"], first["p"]) == (57, 0, 0, 1.0)
    assert found["runs"][1]["unfinished"] == 1
    assert first["difference"]["high"] > 0, "no difference seen is not no difference"
    assert main(["compare", str(one), str(two)]) == 0
    shown = capsys.readouterr().out
    assert "two: 1 samples are not finished" in shown
    assert "the same to the last sample" in shown


def test_other_data_is_refused_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(judged(5, 0.7, 3))
    one = write_run(tmp_path / "one", rows)
    for name, identity, words in (
        ("data", {"data": ["gpt.jsonl 11ee"]}, "ran other data than one (file and SHA-256: gpt.jsonl"),
        ("suite", {"suite": "starter"}, "ran suite judgebench, suite starter"),
    ):
        other = write_run(tmp_path / name, rows, **identity)
        assert main(["compare", str(one), str(other)]) == 2
        told = capsys.readouterr().err
        assert "only runs of the same data can be compared sample by sample" in told
        assert words.split(" than")[0].split(",")[0] in told
    assert main(["compare", str(one), str(write_run(tmp_path / "m", rows, data=["moved.jsonl 00ff"]))]) == 0
    capsys.readouterr()
    for wrong, words in (
        ((one,), "two run folders"),
        ((one, one), "named twice"),
        ((one, tmp_path), "run.json"),
    ):
        assert main(["compare", *map(str, wrong)]) == 2
        assert words in capsys.readouterr().err


def test_repeats_over_seeds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base = list(judged(100, 0.7, 1))
    folders = [write_run(tmp_path / f"s{seed}", reseeded(base, 0.7, seed), seed=seed) for seed in range(3)]
    found = told(capsys, *folders)
    (one,) = found["repeats"]
    heads = [json.loads((folder / "metrics.json").read_bytes())["headline"]["value"] for folder in folders]
    assert one["names"] == ["s0", "s1", "s2"]
    assert one["spread"]["least"] == pytest.approx(min(heads))
    assert one["spread"]["greatest"] == pytest.approx(max(heads))
    assert 20 < one["unstable"] < 90


def test_a_run_without_metrics_is_scored_from_its_rows(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", judged(40, 0.8, 2))
    before = read_values(folder).mean("readout")
    (folder / "metrics.json").unlink()
    values = read_values(folder)
    assert values.headline == "judgebench.overall"
    assert values.mean("readout") == before


def cells(domain: str, position: int, hits: int) -> list[Prediction]:
    """The 18 judgments of a row of RM-Bench, right in the first ``hits``."""
    found = []
    for number in range(18):
        cell, order = divmod(number, 2)
        winner = "AB"[order]
        found.append(
            prediction(
                position,
                ("AB", "BA")[order],
                id=f"{position}:{cell}:{order}",
                group=domain,
                task="rmbench",
                gold={"winner": winner, "cell": list(divmod(cell, 3))},
                outcome=winner if number < hits else "AB"[winner == "A"],
            )
        )
    return found


def test_values_add_up_to_a_headline_that_is_a_mean_over_domains(tmp_path: Path) -> None:
    domains = ("chat", "math", "code", "safety-refuse", "safety-response", "safety-response")
    rows = [row for number, name in enumerate(domains) for row in cells(name, number, 3 + 3 * number)]
    folder = write_run(tmp_path / "run", rows, suite="rmbench")
    metrics = json.loads((folder / "metrics.json").read_bytes())
    values = read_values(folder)
    assert metrics["headline"]["name"] == values.headline == "rmbench.balanced.overall"
    assert values.macro
    assert 100 * (values.mean("readout") or 0) == pytest.approx(metrics["headline"]["value"])


def rated(position: int, ident: str, ratings: list[float], correct: int) -> list[Prediction]:
    """The ratings of one prompt of RewardBench 2's subset Ties."""
    return [
        prediction(
            position,
            str(number),
            id=f"{position}:{number}",
            sample_id=ident,
            group="Ties",
            subset="rating",
            gold={"number": number, "of": len(ratings), "correct": correct},
            outcome=value,
        )
        for number, value in enumerate(ratings)
    ]


def test_both_prompts_of_a_pair_of_ties_make_one_value(tmp_path: Path) -> None:
    rows: list[Prediction] = []
    for place, subset in enumerate(("Factuality", "Precise IF", "Math", "Safety", "Focus")):
        for number in range(3 + place):
            answer = "A" if number % 3 else "B"
            rows.append(
                prediction(100 * place + number, "0123", id=f"{subset}{number}", group=subset, outcome=answer)
            )
    rows += rated(900, "ref:1", [9, 3, 2], 1) + rated(901, "tied:1", [9, 8, 2], 2)
    rows += rated(902, "ref:2", [4, 5, 2], 1) + rated(903, "tied:2", [7, 7, 8], 2)
    folder = write_run(tmp_path / "run", rows, suite="rewardbench2", mode="ranking")
    values = read_values(folder)
    head = json.loads((folder / "metrics.json").read_bytes())["headline"]
    assert values.headline == head["name"] == "rewardbench2.leaderboard"
    assert values.groups.count("Ties") == 2
    assert 100 * (values.mean("readout") or 0) == pytest.approx(head["value"])


DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "if_rewardbench" / "QwQ-32B.json"


@pytest.mark.parametrize("mode", ["overall", "constraint"])
def test_values_of_rankings_add_up_to_the_official_kendall(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    if not DATA.is_file():
        pytest.skip("needs ../shared/data/if_rewardbench/QwQ-32B.json, which is not here")
    for seed in (1, 2):
        command = ["run", "ifrewardbench", "--mode", mode, "--base-url", "control:random", "--limit", "8"]
        given = ["--data", str(DATA), "--seed", str(seed), "--out", str(tmp_path / str(seed)), "--quiet"]
        assert main([*command, *given]) == 0
        head = json.loads((tmp_path / str(seed) / "metrics.json").read_bytes())["headline"]
        values = read_values(tmp_path / str(seed))
        assert 100 * (values.mean("readout") or 0) == pytest.approx(head["value"])
    capsys.readouterr()
    found = told(capsys, tmp_path / "1", tmp_path / "2")
    assert found["comparisons"][0]["test"] == "paired permutation"
    assert found["repeats"][0]["names"] == ["1", "2"]
    assert main(["report", str(tmp_path / "1"), str(tmp_path / "2")]) == 0
