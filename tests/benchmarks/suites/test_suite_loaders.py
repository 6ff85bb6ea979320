"""The official formats of every benchmark, and broken copies with the sentence that a person gets."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from suite_support import ifrb, positions, query, rb2, rm, shared, ties, write

from skillbench.cli import main
from skillbench.errors import BenchError
from skillbench.suites import open_suite
from skillbench.suites.base import Suite, open_seal
from skillbench.suites.rows import read_rows

GOOD = {"rewardbench2": rb2, "rmbench": rm, "jetts": query, "ifrewardbench": ifrb}
JUDGMENTS = {"rewardbench2": 1, "rmbench": 18, "jetts": 3, "ifrewardbench": 3}


def suite(name: str, tmp: Path, *rows: Any, file: str = "d.jsonl") -> Suite:
    path = write(tmp / file, *rows)
    if name == "ifrewardbench":
        positions(tmp / "position_maps.json", *rows)
    return open_suite(name, [path])


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("form", ["plain", "bom", "crlf", "blank"])
def test_lines_with_all_that_files_come_with(tmp_path: Path, name: str, form: str) -> None:
    found = suite(name, tmp_path, *(GOOD[name](number) for number in range(3)))
    path = tmp_path / "d.jsonl"
    raw = path.read_bytes()
    changed = {
        "plain": raw,
        "bom": b"\xef\xbb\xbf" + raw,
        "crlf": raw.replace(b"\n", b"\r\n"),
        "blank": b"\n" + raw.replace(b"\n", b"\n\n"),
    }
    path.write_bytes(changed[form])
    summary = found.check()
    assert (summary.samples, summary.judgments) == (3, 3 * JUDGMENTS[name])
    assert len({job.case.fields["prompt"] for job in found.jobs()}) == 3


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("pad", [0, 1 << 20])
def test_lists_are_read_as_lines_are(tmp_path: Path, mark: bytes, pad: int) -> None:
    rows = [rm(number, prompt='Pröm\u4f60 "]},[' + "x" * pad) for number in range(5)]
    path = tmp_path / "merged.json"
    path.write_bytes(mark + json.dumps(rows, indent=1, ensure_ascii=False).replace("\n", "\r\n").encode())
    read = list(read_rows([path]))
    assert [row.values for row in read] == rows
    assert [row.position for row in read] == [0, 1, 2, 3, 4]
    lines = path.read_bytes().split(b"\n")
    assert all(lines[row.line - 1].strip() == b"{" for row in read)


BROKEN: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("rewardbench2", lambda row: row.pop("prompt"), "line 2: field prompt is missing"),
    ("rewardbench2", lambda row: row.pop("chosen"), "field chosen is missing"),
    ("rewardbench2", lambda row: row.update(rejected=["a"]), "must hold 1 and 3 responses, not 1 and 1"),
    ("rewardbench2", lambda row: row.update(chosen=[3]), r"field chosen\[0\] must be text, not a number"),
    ("rewardbench2", lambda row: row.update(chosen="Right"), "field chosen must be a list, not text"),
    ("rewardbench2", lambda row: row.update(subset="Poetry"), "field subset is unknown.*Factuality"),
    ("rewardbench2", lambda row: row.update(num_incorrect=4), "says 4, but the row has 3"),
    ("rewardbench2", lambda row: row.update(subset="Ties"), "must be ref:N or tied:N"),
    ("rmbench", lambda row: row.update(chosen=row["chosen"][:2]), "field chosen must hold 3 texts, not 2"),
    ("rmbench", lambda row: row.update(domain="poetry"), "field domain is unknown"),
    ("rmbench", lambda row: row.pop("domain"), "neither subset nor the file's name"),
    ("rmbench", lambda row: row.update(domain=3), "field domain must be text"),
    ("rmbench", lambda row: row.update(prompt=["x"]), "field prompt must be text, not a list"),
    ("jetts", lambda row: row.update(query="Query?"), "field query must be an object with content, not text"),
    ("jetts", lambda row: row["query"].pop("content"), "field query.content must be text, not empty"),
    ("jetts", lambda row: row.update(responses=row["responses"][:1]), "holds one candidate"),
    ("jetts", lambda row: row["responses"][1].pop("metadata"), r"responses\[1\].metadata.score must be a"),
    ("jetts", lambda row: row["responses"][0].update(content=None), r"responses\[0\].content must be text"),
    ("ifrewardbench", lambda row: row.update(instruction_type="Other"), "must be one of Single_Turn"),
    ("ifrewardbench", lambda row: row["responses"][0].update(labels=[1]), "0 or 1 for each of the 2 items"),
    ("ifrewardbench", lambda row: row["responses"][1].update(response_id=0), "a whole number of its own"),
    ("ifrewardbench", lambda row: row["messages"].pop(), "must end with the user's instruction"),
    ("ifrewardbench", lambda row: row.update(preference_graph=[{"chosen": {}}]), "names no response of"),
]


@pytest.mark.parametrize(("name", "change", "sentence"), BROKEN)
def test_broken_rows_name_file_line_and_field(
    tmp_path: Path, name: str, change: Callable[[dict[str, Any]], Any], sentence: str
) -> None:
    bad = GOOD[name](2)
    change(bad)
    found = suite(name, tmp_path, GOOD[name](1), bad, GOOD[name](3))
    with pytest.raises(BenchError, match=sentence) as caught:
        found.check()
    assert f"{tmp_path / 'd.jsonl'}, line 2: field" in str(caught.value)


@pytest.mark.parametrize("name", GOOD)
def test_cut_files(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for file in ("chat_a.jsonl", "chat_a.json"):
        suite(name, tmp_path, *(GOOD[name](number) for number in range(3)), file=file)
        path = tmp_path / file
        path.write_bytes(path.read_bytes()[:-20])
        assert main(["data", "check", name, "--data", str(path)]) == 2
        told = capsys.readouterr().err
        assert "cut off?" in told, told
        assert file in told


def test_broken_lists(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    for text, sentence in (
        ('[\n{"a": 1},\n{"a": 2 "b"' + ' "c": 3,' * 9 + "}]", "line 3: not JSON"),
        ('[{"a": 1}, 3]', "a row must be a JSON object, not a number"),
        ("[]", "the file has no rows"),
        ('[{"a": 1}, {"b"', "middle of its JSON"),
        ('[{"a": 1}, ', "middle of its list"),
    ):
        path.write_text(text)
        with pytest.raises(BenchError, match=sentence):
            list(read_rows([path]))
    path.write_bytes(b'[{"a": "\xff"}]')
    with pytest.raises(BenchError, match="not UTF-8"):
        list(read_rows([path]))


def test_repeated_ids_stay_apart(tmp_path: Path) -> None:
    for name in ("rewardbench2", "rmbench", "ifrewardbench"):
        found = suite(name, tmp_path, GOOD[name](1), GOOD[name](1), GOOD[name](2))
        assert found.check().repeated_ids == 1
        ids = [job.case.id for job in found.jobs()]
        assert len(set(ids)) == len(ids)


def test_real_rmbench_files_tell_their_domain_by_name() -> None:
    names = ("rmbench/chat_filtered.json", "rmbench/code_filtered.json")
    found = open_suite("rmbench", [shared(name) for name in names])
    summary = found.check()
    assert (summary.samples, summary.judgments, summary.groups) == (357, 6426, {"chat": 129, "code": 228})
    case = next(found.jobs()).case
    assert set(case.fields) == {"prompt", "responses", "domain"}
    assert case.fields["domain"] == "chat"


def test_real_ifrewardbench_file_in_all_modes() -> None:
    path = shared("if_rewardbench/QwQ-32B.json")
    modes = {"overall": 344, "overall_balanced": 688, "constraint": 108}
    for mode, judgments in modes.items():
        assert open_suite("ifrewardbench", [path], mode).check().judgments == judgments
    maps = json.loads(path.with_name("position_maps.json").read_text())
    for job in open_suite("ifrewardbench", [path], "overall").jobs():
        one, two = (int(number) for number in job.case.id.split(":")[1].split("_"))
        assert maps[job.case.sample_id][f"{min(one, two)}_{max(one, two)}"] == int(one > two)


def test_missing_display_orders(tmp_path: Path) -> None:
    path = write(tmp_path / "if.json", ifrb(1), ifrb(2))
    with pytest.raises(BenchError, match="display order of the pairs is part of the benchmark"):
        open_suite("ifrewardbench", [path]).check()
    positions(tmp_path / "position_maps.json", ifrb(1))
    with pytest.raises(BenchError, match=r"position_maps\.json: this prompt is not in it"):
        open_suite("ifrewardbench", [path]).check()
    assert open_suite("ifrewardbench", [path], "constraint").check().judgments == 6


def test_ties_are_rated_and_the_others_placed_by_the_seed(tmp_path: Path) -> None:
    rows = [rb2(number) for number in range(200)] + [ties(1), ties(1, "ref", subset="Tie")]
    path = write(tmp_path / "d.jsonl", *rows)
    places = {}
    for seed in (0, 1):
        jobs = list(open_suite("rewardbench2", [path], None, seed).jobs())
        assert [job.case.task for job in jobs[200:]] == ["rewardbench2_rating_ties"] * 7
        golds = [open_seal(job.sealed)["gold"] for job in jobs[:200]]
        for job, gold in zip(jobs, golds, strict=False):
            assert job.case.fields["responses"][gold].startswith("Right")
            assert list(job.case.fields["responses"]) == list("ABCD")
        places[seed] = golds
        assert all(30 < golds.count(letter) < 70 for letter in "ABCD")
    assert places[0] != places[1]
    again = list(open_suite("rewardbench2", [path]).jobs())
    assert [open_seal(job.sealed)["gold"] for job in again[:200]] == places[0]


def test_two_hundred_megabytes_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    block = (json.dumps(rm(1, prompt="x" * 60_000)).encode() + b"\n") * 40
    with path.open("wb") as file:
        while file.tell() < 200_000_000:
            file.write(block)
    script = (
        "import sys\n"
        "from skillbench.cli import main\n"
        "code = main(['data', 'check', 'rmbench', '--data', sys.argv[1]])\n"
        "print(*[line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')])\n"
        "sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=False)
    path.unlink()
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) < 150 * 1024


def test_a_long_list_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "big.json"
    row = json.dumps(rm(1, prompt="x" * 60_000)).encode()
    with path.open("wb") as file:
        file.write(b"[" + row)
        while file.tell() < 40_000_000:
            file.write(b",\n" + row)
        file.write(b"]")
    tracemalloc.start()
    count = sum(1 for _ in read_rows([path]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count > 600
    assert peak < 20_000_000, peak


@pytest.mark.parametrize("name", GOOD)
def test_data_check_says_what_is_sealed(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    suite(name, tmp_path, GOOD[name](1), GOOD[name](2, unknown_field=3))
    assert main(["data", "check", name, "--data", str(tmp_path / "d.jsonl")]) == 0
    shown, sealed = capsys.readouterr().out.split("fields that are sealed")
    assert f"2 samples, {2 * JUDGMENTS[name]} judgments" in shown
    assert "unknown_field (1 rows)" in sealed
    for hidden in {"rewardbench2": ("models", "id"), "rmbench": ("error", "error_key")}.get(name, ()):
        assert f"{hidden} (2 rows)" in sealed


def test_data_where_and_get(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "where"]) == 0
    told = capsys.readouterr().out
    for name in ("rewardbench2", "judgebench", "rmbench", "jetts", "ifrewardbench"):
        assert f"{name}: " in told
    assert main(["data", "get", "jetts", "--to", str(tmp_path)]) == 1
    assert "gcloud storage cp" in capsys.readouterr().out
