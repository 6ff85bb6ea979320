"""What is there twice, which prompts are one, what a limit takes, and which file is the published one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from suite_support import ifrb, query, rb2, rm, ties, write

from skillbench.cli import main
from skillbench.errors import BenchError
from skillbench.statistics.estimates import mean_estimate, mean_of_means, percent_estimate, share_estimate
from skillbench.suites import open_suite

SHARED = Path(__file__).parents[3] / "../shared/data"
needs_data = pytest.mark.skipif(not SHARED.is_dir(), reason="the real rows in ../shared/data are not here")


def original(number: int, **values: Any) -> dict[str, Any]:
    row = {
        "pair_id": f"p{number}",
        "source": ("mmlu-pro-law", "livebench-math", "livecodebench")[number % 3],
        "question": f"Question {number}?",
        "response_model": "gpt-4o-2024-05-13",
        "response_A": f"Right {number}.",
        "response_B": f"Wrong {number}!",
        "label": "A>B",
    }
    return {**row, **values}


def vendored(number: int) -> dict[str, Any]:
    row = original(number)
    return {
        "question_id": f"other-{number}",
        "query_type": row["source"],
        "prompt": row["question"],
        "chosen": row["response_A"],
        "rejected": row["response_B"],
    }


REPEATED = {
    "another id": ("judgebench", [original(1), original(1, pair_id="x")]),
    "swapped": (
        "judgebench",
        [original(1), original(1, response_A="Wrong 1!", response_B="Right 1.", label="B>A")],
    ),
    "another schema": ("judgebench", [original(1), vendored(1)]),
    "best of four": ("rewardbench2", [rb2(1), {**rb2(1), "id": "x"}]),
    "a matrix": ("rmbench", [rm(1), {**rm(1), "id": "x"}]),
    "candidates": ("jetts", [query(1), query(1)]),
    "checklists": ("ifrewardbench", [ifrb(1), {**ifrb(1), "id": "x"}]),
}


@pytest.mark.parametrize("name", REPEATED)
def test_the_same_row_under_whatever_id_is_refused_and_let_through_by_name(tmp_path: Path, name: str) -> None:
    suite_name, rows = REPEATED[name]
    path = write(tmp_path / "gsm8k_rows.jsonl", *rows)
    mode = "constraint" if suite_name == "ifrewardbench" else None
    suite = open_suite(suite_name, [path], mode)
    with pytest.raises(BenchError, match=r"line 2: the row holds the same as .*line 1.*--allow-duplicates"):
        suite.check()
    assert suite.check(allow_duplicates=True).duplicates == 1
    with pytest.raises(BenchError, match=r"gsm8k_rows\.jsonl is given twice"):
        open_suite(suite_name, [path, path], mode).check()


def test_rows_that_share_an_id_or_a_prompt_are_no_duplicates(tmp_path: Path) -> None:
    rows = [rm(1), rm(1, chosen=["Other.", "Other, more.", "Other, most."]), rm(1, prompt="Another?")]
    summary = open_suite("rmbench", [write(tmp_path / "d.jsonl", *rows)]).check()
    assert (summary.repeated_ids, summary.duplicates) == (2, 0)


def test_every_table_says_that_rows_are_there_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(write(tmp_path / "d.jsonl", *(original(number) for number in range(6))))
    words = [
        "run",
        "judgebench",
        "--data",
        path,
        "--data",
        path,
        "--base-url",
        "control:always-first",
        "--quiet",
    ]
    assert main([*words, "--out", str(tmp_path / "a")]) == 2
    assert "is given twice" in capsys.readouterr().err
    for name in ("a", "b"):
        assert main([*words, "--out", str(tmp_path / name), "--allow-duplicates"]) == 0
    told = "6 rows of the data repeat others"
    assert told in capsys.readouterr().out
    assert json.loads((tmp_path / "a/run.json").read_bytes())["rows"]["duplicates"] == 6
    assert told in (tmp_path / "a/summary.md").read_text()
    assert told in (tmp_path / "a/report.html").read_text()
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b")]) == 0
    assert told in capsys.readouterr().out
    assert main(["data", "check", "judgebench", "--data", path, "--data", path, "--allow-duplicates"]) == 0
    assert told in capsys.readouterr().out


def test_a_limit_draws_from_all_groups_and_grows(tmp_path: Path) -> None:
    sizes = {"mmlu-pro-law": 60, "livebench-math": 25, "livebench-reasoning": 10, "livecodebench": 5}
    sources = [source for source, size in sizes.items() for _ in range(size)]
    rows = [original(number, source=source) for number, source in enumerate(sources)]
    path = write(tmp_path / "d.jsonl", *rows)

    def taken(limit: int, seed: int = 0) -> list[int]:
        jobs = open_suite("judgebench", [path], seed=seed).jobs(limit)
        return list(dict.fromkeys(job.case.position for job in jobs))

    before: set[int] = set()
    for limit in (1, 4, 5, 10, 37, 100):
        now = taken(limit)
        assert len(now) == limit
        assert now == sorted(now)
        assert before < set(now)
        before = set(now)
    assert len({sources[position] for position in taken(4)}) == 4
    drawn = Counter(sources[position] for position in taken(50))
    assert all(abs(drawn[source] - size / 2) <= 1 for source, size in sizes.items()), drawn
    assert taken(10, seed=1) != taken(10)
    assert open_suite("judgebench", [path]).check(50).groups["mmlu-pro"] == drawn["mmlu-pro-law"]


def test_both_rows_of_a_prompt_of_ties_are_drawn_together(tmp_path: Path) -> None:
    rows = [ties(number, kind) for number in range(9) for kind in ("ref", "tied")]
    suite = open_suite("rewardbench2", [write(tmp_path / "d.jsonl", *rows)])
    numbers = Counter(ident.partition(":")[2] for ident in {job.case.sample_id for job in suite.jobs(6)})
    assert sorted(numbers.values()) == [2, 2, 2]


def test_a_finished_run_of_five_grows_to_ten_and_never_shrinks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = write(tmp_path / "d.jsonl", *(original(number) for number in range(30))), tmp_path / "run"

    def run(*words: str) -> int:
        where = ("--data", str(path), "--base-url", "control:random", "--quiet", "--out", str(out))
        return main(["run", "judgebench", *where, *words])

    def rows() -> list[str]:
        return (out / "predictions.jsonl").read_text().splitlines()

    assert run("--limit", "5") == 0
    first = rows()
    assert len(first) == 10
    assert run("--limit", "10") == 0
    assert rows()[:10] == first
    assert len(rows()) == 20
    metrics = json.loads((out / "metrics.json").read_bytes())
    assert metrics["complete"]
    assert json.loads((out / "run.json").read_bytes())["limit"] == 10
    assert run("--limit", "5") == 2
    assert "holds a run of 10 samples, and --limit 5 is fewer" in capsys.readouterr().err
    assert run("--limit", "12", "--placement-seed", "1") == 2
    assert "placement_seed was 0, now 1" in capsys.readouterr().err
    assert run() == 0
    assert len(rows()) == 60
    assert run("--limit", "20") == 2
    assert "holds a run of all samples" in capsys.readouterr().err


def test_one_prompt_in_two_files_is_one_observation(tmp_path: Path) -> None:
    """Twice the files, other responses to the same prompts: the interval does not shrink."""
    suites = {}
    for name, files in (("one", 1), ("two", 2)):
        paths = [
            write(
                tmp_path / f"{name}{file}.jsonl",
                *(original(n, source="livebench-math", response_A=f"{file} right {n}.") for n in range(12)),
            )
            for file in range(files)
        ]
        suites[name] = open_suite("judgebench", paths)
    spans = {}
    for name, suite in suites.items():
        out = tmp_path / name
        words = ["run", "judgebench", "--base-url", "control:always-longest", "--quiet", "--out", str(out)]
        assert main([*words, *(word for path in suite.paths for word in ("--data", str(path)))]) == 0
        rows = [json.loads(line) for line in (out / "predictions.jsonl").read_text().splitlines()]
        assert len({row["cluster"] for row in rows}) == 12
        spans[name] = json.loads((out / "metrics.json").read_bytes())["intervals"]["readout"][
            "judgebench.overall"
        ]
    assert spans["one"]["value"] == spans["two"]["value"] == 100
    assert spans["two"]["low"] == pytest.approx(spans["one"]["low"])
    assert (spans["one"]["of"], spans["two"]["of"]) == (12, 24)


def test_clusters_widen_an_interval_and_single_ones_leave_it_alone() -> None:
    values = [0.0, 1.0, 1.0, 0.0, 1.0, 1.0]
    alone, doubled = mean_estimate(values), [value for value in values for _ in range(2)]
    prompts = [str(number) for number in range(6) for _ in range(2)]
    twice = mean_estimate(doubled, clusters=prompts)
    assert (twice.low, twice.high) == pytest.approx((alone.low, alone.high))
    assert mean_estimate(doubled).low > twice.low
    assert mean_estimate(values, clusters=list("abcdef")) == alone
    assert share_estimate([True, False, True], ["a", "b", "c"]) == percent_estimate(2, 3)
    assert share_estimate([True, True, True], ["a", "a", "b"]).low < 100
    # The same prompts in two strata, as in files of two generators.
    strata = mean_of_means([values, values], clusters=[list("abcdef")] * 2)
    assert (strata.low, strata.high) == pytest.approx((alone.low, alone.high))
    assert strata.over == "strata"


@needs_data
@pytest.mark.parametrize(
    ("suite", "name", "told"),
    [
        ("judgebench", "judgebench/gpt.jsonl", "this is the published data set, 350 of 620 rows of it"),
        ("rmbench", "rmbench/chat_filtered.json", "this is the published data set, 129 of 1327 rows of it"),
    ],
)
def test_a_published_file_is_known_by_its_digest_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suite: str, name: str, told: str
) -> None:
    path = SHARED / name
    assert main(["data", "check", suite, "--data", str(path)]) == 0
    assert told in capsys.readouterr().out
    other = tmp_path / path.name
    other.write_bytes(path.read_bytes().replace(b"the", b"teh", 1))
    assert main(["data", "check", suite, "--data", str(other)]) == 0
    printed = capsys.readouterr().out
    assert "published data set" not in printed
    assert "rows, not known to be the published file" in printed


def test_as_many_rows_as_the_published_ones_are_not_the_published_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from skillbench.suites.rewardbench2.metric import ROWS

    rows = [{**rb2(number), "subset": subset} for subset, count in ROWS.items() if subset != "Ties"
            for number in range(count)]  # fmt: skip
    rows = [{**row, "id": str(number), "prompt": f"Prompt {number}"} for number, row in enumerate(rows)]
    rows += [ties(number, kind) for number in range(51) for kind in ("ref", "tied")]
    path = write(tmp_path / "d.jsonl", *rows)
    assert main(["data", "check", "rewardbench2", "--data", str(path)]) == 0
    assert "1865 of 1865 rows, not known to be the published file" in capsys.readouterr().out
