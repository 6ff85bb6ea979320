"""Official files as they are, and broken ones with the sentence that a person gets."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from bench_support import original, real, vendored, write_rows

from skillbench.errors import BenchError
from skillbench.suites import open_suite
from skillbench.suites.base import open_seal
from skillbench.suites.judgebench.suite import JudgeBench


def load(path: Path) -> list[Any]:
    return list(JudgeBench([path]).jobs())


def test_original_rows_give_both_orders(tmp_path: Path) -> None:
    jobs = load(write_rows(tmp_path / "d.jsonl", original(1), original(2, label="B>A")))
    assert [job.case.id for job in jobs] == ["pair-1:AB", "pair-1:BA", "pair-2:AB", "pair-2:BA"]
    assert [open_seal(job.sealed)["gold"] for job in jobs] == ["A", "B", "B", "A"]
    assert jobs[0].case.fields["responses"] == {"A": "Right 1.", "B": "Wrong 1."}
    assert jobs[1].case.fields["responses"] == {"A": "Wrong 1.", "B": "Right 1."}
    assert list(jobs[1].case.fields["responses"]) == ["A", "B"], "labels stay in the order of the task"
    assert "reference" not in jobs[0].case.fields


def test_vendored_rows_are_placed_by_their_id(tmp_path: Path) -> None:
    rows = [vendored(number) for number in range(200)]
    jobs = load(write_rows(tmp_path / "d.jsonl", *rows))
    for job in jobs:
        gold = open_seal(job.sealed)["gold"]
        assert job.case.fields["responses"][gold].startswith("Right")
    firsts = Counter(open_seal(job.sealed)["gold"] for job in jobs if job.case.order == "AB")
    assert 70 < firsts["A"] < 130
    again = load(write_rows(tmp_path / "e.jsonl", *reversed(rows)))
    placed = {job.case.id: open_seal(job.sealed)["gold"] for job in jobs}
    assert {job.case.id: open_seal(job.sealed)["gold"] for job in again} == placed


def test_references_are_fields_except_where_they_describe_the_winner(tmp_path: Path) -> None:
    jobs = load(
        write_rows(
            tmp_path / "d.jsonl",
            vendored(1),
            vendored(2, ground_truth=["D", "H"]),
            vendored(3, ground_truth=7),
            vendored(4, ground_truth=""),
            vendored(5, query_type="livecodebench", ground_truth="return 1"),
            vendored(6, check_list=["is short"]),
        )
    )
    shown = [job.case.fields.get("reference") for job in jobs if job.case.order == "AB"]
    assert shown == ["J", ["D", "H"], "7", None, None, "J"]
    assert open_seal(jobs[8].sealed)["reference"] == "return 1"
    assert [job.case.fields.get("checklist") for job in jobs][-1] == ["is short"]


def test_real_files_load() -> None:
    for name in ("gpt.jsonl", "original_gpt.jsonl"):
        summary = JudgeBench([real(name)]).check()
        assert (summary.samples, summary.judgments, summary.repeated_ids) == (350, 700, 0)
        assert summary.groups == {
            "mmlu-pro": 154,
            "livebench-reasoning": 98,
            "livebench-math": 56,
            "livecodebench": 42,
        }


def test_repeated_ids_get_keys_of_their_own(tmp_path: Path) -> None:
    rows = [original(1), original(1), original(1, pair_id="pair-1~2"), original(1)]
    path = write_rows(tmp_path / "d.jsonl", *rows)
    cases = [job.case for job in load(path)]
    assert len({case.id for case in cases}) == 8
    assert [case.position for case in cases] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert [case.sample_id for case in cases][2] == "pair-1"
    assert JudgeBench([path]).check().repeated_ids == 2


def test_bom_crlf_blank_lines_and_separators_inside_texts(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    odd = json.dumps(original(2, question="one\u2028two\x85three"), ensure_ascii=False)
    lines = [json.dumps(original(1)), "", odd]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    assert [job.case.fields["prompt"] for job in load(path)][1:3] == ["Question 1?", "one\u2028two\x85three"]


def test_several_files_and_a_limit(tmp_path: Path) -> None:
    files = [write_rows(tmp_path / f"{n}.jsonl", original(n), original(n + 10)) for n in (1, 2)]
    suite = JudgeBench(files)
    assert [job.case.position for job in suite.jobs(3)] == [0, 0, 1, 1, 2, 2]
    summary = suite.check(3)
    assert (summary.samples, summary.judgments, len(summary.files)) == (3, 6, 2)


def without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (without(original(), "question"), "line 2: field question is missing"),
        (original(question="  "), "line 2: field question is empty"),
        (original(question=7), "line 2: field question must be text, not a number"),
        (original(response_B=None), "line 2: field response_B is missing"),
        (original(response_A=["x"]), "line 2: field response_A must be text, not a list"),
        (original(label="A"), "line 2: field label must be A>B or B>A, not 'A'"),
        (original(label=True), "line 2: field label must be text, not true or false"),
        (original(pair_id={}), "line 2: field pair_id must be text, not an object"),
        (without(vendored(), "prompt"), "line 2: field prompt is missing"),
        (without(vendored(), "rejected"), "line 2: field rejected is missing"),
        (vendored(ground_truth={"x": 1}), "line 2: field ground_truth must be a text or a list of texts"),
        (vendored(ground_truth=True), "line 2: field ground_truth must be a text or a list of texts"),
        (vendored(check_list="x"), "line 2: field check_list must be a list of texts"),
        ({"id": 1, "text": "x"}, "line 2: this is no JudgeBench row"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, row: dict[str, Any], words: str) -> None:
    path = write_rows(tmp_path / "d.jsonl", original(), row)
    with pytest.raises(BenchError) as caught:
        JudgeBench([path]).check()
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "has no rows"),
        (b"\r\n \n", "has no rows"),
        (b'{"pair_id": "x", "quest', "line 1: the line ends in the middle of its JSON"),
        (b'{"pair_id": "x",\n', "line 1: the line ends in the middle of its JSON"),
        (b"{'pair_id': 1}\n", "line 1: not JSON"),
        (b'["a"]\n', "line 1: a row must be a JSON object, not a list"),
        (b'\n{"a": "\xff"}\n', "line 2: byte 8 is not UTF-8"),
        (b"[" * 100_000, "line 1: "),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "d.jsonl"
    path.write_bytes(data)
    with pytest.raises(BenchError) as caught:
        JudgeBench([path]).check()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_rows_are_checked_even_beyond_the_limit(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "d.jsonl", original(1), original(2, question=""))
    with pytest.raises(BenchError, match="line 2"):
        JudgeBench([path]).check(limit=1)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"cannot read .*: No such file"):
        JudgeBench([tmp_path / "none.jsonl"]).check()
    with pytest.raises(BenchError, match=r"cannot read .*: Is a directory"):
        JudgeBench([tmp_path]).check()


def test_suites_by_name() -> None:
    with pytest.raises(BenchError, match="name its files with --data"):
        open_suite("judgebench")
    with pytest.raises(BenchError, match="there is no suite called x; there are: rewardbench2, judgebench"):
        open_suite("x")


def test_sealed_values_show_nowhere(tmp_path: Path) -> None:
    secret = "SECRET-7f3a"
    path = write_rows(
        tmp_path / "d.jsonl",
        vendored(query_type="livecodebench", ground_truth=secret, response_model=secret, original_id=secret),
    )
    for job in load(path):
        assert secret not in repr(job)
        assert secret not in f"{job.sealed} {job.sealed!r} {job.case}"
        assert secret not in json.dumps(job.case.fields)
        assert open_seal(job.sealed)["reference"] == secret
        with pytest.raises(TypeError):
            pickle.dumps(job.sealed)
        with pytest.raises(TypeError):
            iter(job.sealed)  # type: ignore[call-overload]
        with pytest.raises(TypeError):
            vars(job.sealed)
