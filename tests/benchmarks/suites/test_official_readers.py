"""``--reader official``: published rules of reading answers, written here a second time."""

from __future__ import annotations

import json
import math
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scripted_server import MODEL, Say, ScriptedServer
from suite_judges import Ruled, run_with
from suite_support import query, rb2, write

from skillbench.cli import main
from skillbench.errors import BenchError
from skillbench.suites import open_suite
from skillbench.suites.ifrewardbench.outputs import score_critiques
from skillbench.suites.rewardbench2.metric import SUBSETS
from skillbench.suites.rewardbench2.outputs import score_texts
from skillbench.suites.texts import read_again, reader_of
from skillrt.chat import Usage
from skillrt.judging.verdict import Judgment, Verdict

SHARED = Path(__file__).parents[3] / "../shared/data/if_rewardbench"

CHOICES = ("[[{0}]]", "Best: [[{0}]].", "Not [[{1}]] but [[{0}]]", "[[{0}]] and [[{0}]]", "[[E]]",
           "{0} is best", "[{0}]", "", "I first thought [[{1}]].\n\nFinal: [[{0}]]", "[[{0}")  # fmt: skip
RATINGS = ("{0}", "Rating: {0}", "I give {0}/10", "-{0}", "{0}.5", "{0} of 10.", "**{0}**", "about {0}\n", "",
           "10", "no idea", "0", "11", "{0} or 10")  # fmt: skip


def noisy(seed: int = 0) -> list[dict[str, Any]]:
    """500 texts or more: best of four in all subsets, and rated pairs of Ties."""
    draw = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for number in range(430):
        letters = draw.sample("ABCD", 2)
        text = draw.choice(CHOICES).format(*letters)
        subset = SUBSETS[number % 5]
        rows.append({"id": f"r{number}", "subset": subset, "chosen_at": draw.choice("ABCD"), "text": text})
    for number in range(12):
        for kind, correct, of in (("ref", 1, 3), ("tied", 2, 4)):
            texts = [draw.choice(RATINGS).format(draw.randint(1, 10)) for _ in range(of)]
            ident = f"{kind}:{number}"
            rows.append({"id": ident, "subset": "Ties", "num_correct": correct, "texts": texts})
    return rows


def published_choice(text: str) -> str | None:
    for letter in ("A", "B", "C", "D"):
        if text.find(f"[[{letter}]]") >= 0:
            return letter
    return None


def published_rating(text: str) -> int:
    match = re.search(r"(\d+)$", text.strip())
    digits = match.group(1) if match else ""
    before = text.strip()[: -len(digits)] if digits else ""
    whole = digits and not re.search(r"\w$", before)
    return int(digits) if whole and 1 <= int(digits) <= 10 and not digits.startswith("0") else -1


def published_metrics(rows: list[dict[str, Any]]) -> dict[str, float]:
    """The official numbers: shares by subset, the formula of Ties, and the mean of the six."""
    shares: dict[str, list[float]] = {}
    margins: dict[str, dict[str, tuple[float, float]]] = {"ref": {}, "tied": {}}
    for row in rows:
        if "text" in row:
            choice = published_choice(row["text"])
            share = 0.25 if choice is None else float(choice == row["chosen_at"])
            shares.setdefault(row["subset"], []).append(share)
            continue
        ratings = [published_rating(text) for text in row["texts"]]
        right, wrong = ratings[: row["num_correct"]], ratings[row["num_correct"] :]
        kind, _, number = row["id"].partition(":")
        margins[kind][number] = (min(right) - max(wrong), max(right) - min(right))
    ref, tied = margins["ref"], margins["tied"]
    accuracy = [sum(m > 0 for m, _ in side.values()) / len(side) for side in (tied, ref)]
    preferred = sum(m > s for m, s in tied.values()) / len(tied)
    least = {number: min(ref[number][0], tied[number][0]) for number in tied}
    hard = sum(least[number] > tied[number][1] for number in tied) / len(tied)
    gaps = []
    for number, (_, spread) in tied.items():
        quotient = least[number] / spread if spread else math.copysign(math.inf, least[number])
        gaps.append(0.0 if not spread and not least[number] else math.tanh(quotient - 1))
    score = (
        0.3 * accuracy[0] + 0.3 * accuracy[1] + 0.2 * preferred + 0.2 * hard + 0.01 * sum(gaps) / len(gaps)
    )
    found = {name: 100 * sum(own) / len(own) for name, own in shares.items()} | {"Ties": 100 * score}
    return found | {"leaderboard": sum(found.values()) / 6}


def texts_of(row: dict[str, Any]) -> list[str]:
    return row["texts"] if "texts" in row else [row["text"]]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_rewardbench2_from_texts_is_the_published_number(tmp_path: Path, seed: int) -> None:
    rows = noisy(seed)
    assert sum(len(texts_of(row)) for row in rows) >= 500
    path = write(tmp_path / "texts.jsonl", *rows)
    found = {name: one.value for name, one in score_texts([path], None, "official").scores.said.items()}
    for name, value in published_metrics(rows).items():
        assert found[f"rewardbench2.{name}"] == pytest.approx(value, abs=1e-9), name


def test_rewardbench2_readers_differ_only_where_the_document_says(tmp_path: Path) -> None:
    """Ours finds several letters ambiguous, and a number that is not whole or below 1 no rating."""
    suite = open_suite("rewardbench2", score_only=True)

    for task, texts in (
        ("rewardbench2", [text.format("C", "B") for text in CHOICES]),
        ("rewardbench2_rating_ties", [text.format(7) for text in RATINGS]),
    ):
        ours, theirs = (reader_of(suite, task, reader) for reader in ("ours", "official"))
        for text in texts:
            mine, published = ours(text, {}), theirs(text, {})
            if mine != published:
                several = len(set(re.findall(r"\[\[([A-D])\]\]", text))) > 1
                part = re.search(r"(-|/|\d\.|of )\d+\.?\W*$", text)
                assert several or part or "or 10" in text, text
                assert mine is None
    assert ours("-1", {}) is None
    assert theirs("-1", {}) == 1


def test_the_command_reads_by_either_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"id": "a", "subset": "Math", "chosen_at": "A", "text": "Not [[A]] but [[B]]"}]
    path = str(write(tmp_path / "t.jsonl", *rows))
    values = {}
    for reader in ("ours", "official"):
        assert main(["score", "rewardbench2", "--outputs", path, "--reader", reader, "--json"]) == 0
        values[reader] = json.loads(capsys.readouterr().out)["metrics"]["rewardbench2.Math"]
    assert values == {"ours": 25, "official": 100}
    assert main(["score", "starter", "--outputs", path]) == 2
    assert "no published form of outputs is known for starter" in capsys.readouterr().err
    with pytest.raises(BenchError, match=r"line 1: field texts\[1\] must be text or null"):
        score_texts(
            [
                write(
                    tmp_path / "b.jsonl",
                    {"id": "ref:1", "subset": "Tie", "num_correct": 1, "texts": ["1", 2]},
                )
            ]
        )


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real rows in ../shared/data are not here")
def test_if_rewardbench_from_the_critiques_of_a_real_judge_is_the_published_result() -> None:
    report = score_critiques([SHARED / "QwQ-32B.json"], None, "official")
    values = {name: one.value / 100 for name, one in report.scores.said.items()}
    published = {"positive_f1": 0.7981, "negative_f1": 0.5011, "accuracy": 0.5102, "kendall": 0.3968}
    for name, value in published.items():
        assert values[f"ifrewardbench.constraint.{name}"] == pytest.approx(value, abs=5e-5)


def replied(task: str, text: str) -> Judgment:
    trace = {"link": f"{task}.direct", "fields": {}, "events": [{"type": "reply", "content": text}]}
    return Judgment(Verdict(valid=False, error="unclear", error_owner="judge"), Usage(), trace)


def test_the_last_output_named_counts_officially_and_nothing_is_read_from_calls() -> None:
    suite = open_suite("judgebench", score_only=True, reader="official")
    text = "Output (a) is short. Output (b) it is."
    assert read_again(suite, "judgebench", replied("judgebench", text)).verdict.outcome == "B"
    ours = open_suite("judgebench", score_only=True)
    assert not read_again(ours, "judgebench", replied("judgebench", text)).verdict.valid
    plain = replied("judgebench", text)
    called = replace(plain, trace={**plain.trace, "link": "reward_judge_fair.judgebench.fair.flat"})
    assert read_again(suite, "judgebench", called).verdict == called.verdict
    with pytest.raises(BenchError, match="no official rule of reading answers is known for rmbench"):
        open_suite("rmbench", score_only=True, reader="official")


def test_jetts_a_match_without_a_winner_is_drawn_officially_and_both_definitions_of_pass_at_1_stand(
    tmp_path: Path,
) -> None:
    rows = [query(number, tuple(float(place == 3) for place in range(6))) for number in range(30)]
    path = write(tmp_path / "gsm8k_g.jsonl", *rows)

    def nothing(case: Any) -> None:
        return None

    kept, drawn, again = (
        run_with(open_suite("jetts", [path], reader=reader), Ruled(nothing), tmp_path / name)
        for name, reader in (("kept", "ours"), ("drawn", "official"), ("again", "official"))
    )
    best = [one["intervals"]["readout"] for one in (kept, drawn, again)]
    assert kept["counts"]["unfinished_samples"] == drawn["counts"]["unfinished_samples"] == 0
    assert best[1] == best[2], "the coin is seeded"
    assert kept["references"]["jetts.pass_at_1"] == pytest.approx(100 / 6)
    assert kept["references"]["jetts.pass_at_1_first"] == 0
    changed = {}
    for name in ("kept", "drawn"):
        champions: dict[int, set[int]] = {}
        for line in (tmp_path / name / "predictions.jsonl").read_text().splitlines():
            row = json.loads(line)
            champions.setdefault(row["position"], set()).add(row["gold"]["champion"])
        changed[name] = sum(len(held) > 1 for held in champions.values())
    assert changed["kept"] == 0
    assert changed["drawn"] > 20


def test_a_run_and_its_rescore_read_by_the_rules_that_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By ours a text that names two is nothing; by the published rule it names the first of the letters."""
    path = write(tmp_path / "d.jsonl", *(rb2(number) for number in range(8)))
    metrics = {}
    with ScriptedServer(lambda turn: Say("Not [[A]] but [[B]].")) as server:
        for reader in ("ours", "official"):
            words = [
                "run",
                "rewardbench2",
                "--data",
                str(path),
                "--base-url",
                server.base_url,
                "--model",
                MODEL,
            ]
            main([*words, "--out", str(tmp_path / reader), "--reader", reader, "--quiet"])
            metrics[reader] = json.loads((tmp_path / reader / "metrics.json").read_bytes())
    first = sum(json.loads(line)["gold"] == "A" for line in (tmp_path / "ours/predictions.jsonl").open())
    assert metrics["ours"]["counts"]["invalid"] == 8
    assert metrics["official"]["counts"]["invalid"] == 0
    assert metrics["official"]["official"]["rewardbench2.Math"] == 100 * first / 8
    assert "answers read by official rules" in (tmp_path / "official/summary.md").read_text()
    capsys.readouterr()
    assert main(["rescore", str(tmp_path / "ours"), "--reader", "official"]) == 0
    rescored = json.loads((tmp_path / "ours/rescored/metrics.json").read_bytes())
    assert rescored == metrics["official"]
    assert main(["replay", str(tmp_path / "official")]) == 0
    told = capsys.readouterr().out
    assert "metrics.json has the same bytes" in told
    assert main(["rescore", str(tmp_path / "official"), "--reader", "ours"]) == 0
    back = json.loads((tmp_path / "official/rescored/metrics.json").read_bytes())
    assert back == metrics["ours"]
