"""``report.html``: whole, self-contained, small, deaf to hostile texts; parsed, and in a browser."""

from __future__ import annotations

import base64
import gzip
import json
import re
import tracemalloc
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bench_support import original, write_rows
from headless import Page, open_browser
from suite_support import compiled
from synthetic_runs import HOSTILE, judged, write_run

from skillbench.analysis.diagnostics import diagnose
from skillbench.analysis.judgments import read_judgments
from skillbench.analysis.sample_values import suite_of
from skillbench.cli import main
from skillbench.errors import BenchError
from skillbench.folder.store import read_run
from skillbench.report import pack as packing
from skillbench.report.page import report_page

VOID = {"meta", "input", "br", "img", "link", "hr"}


class Reader(HTMLParser):
    """Collects elements and texts, and checks that what is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: dict[str, str] = {}
        self._open: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append((tag, dict(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        tag, attributes = self._open[-1] if self._open else ("", {})
        if tag == "script":
            self.scripts[attributes.get("id") or "code"] = data
        elif tag != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))


def read(page: bytes) -> Reader:
    reader = Reader()
    reader.feed(page.decode("utf-8"))
    reader.close()
    return reader


def unpack(packed: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(packed)))


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two small runs; names, groups, ids and texts of the second are hostile."""
    folder = tmp_path_factory.mktemp("runs")
    plain = write_run(folder / "plain", judged(60, 0.7, 1), model="made-up")
    rows = [
        msgspec.structs.replace(row, id=f"{HOSTILE}:{row.id}", group=f"{HOSTILE}{row.group}", label=HOSTILE)
        for row in judged(60, 0.9, 2)
    ]
    identity = {"model": HOSTILE, "skill": "reward_judge_fair", "delivery": "flat"}
    return plain, write_run(folder / "hostile", rows, HOSTILE, **identity)


def test_the_page_is_whole_and_asks_for_nothing(runs: tuple[Path, Path]) -> None:
    page = report_page(runs)
    assert page == report_page(runs), "same runs, same bytes"
    reader = read(page)
    for tag, attributes in reader.elements:
        assert not {"src", "srcset", "style"} & set(attributes), tag
        assert not any(name.startswith("on") for name in attributes), tag
        assert (attributes.get("href") or "#").startswith("#"), tag
    assert not {"link", "img", "iframe", "object"} & {tag for tag, _ in reader.elements}
    assert b"http:" not in page
    assert b"https:" not in page
    code = [one for one in reader.elements if one == ("script", {})]
    assert len(code) == 1, "one script, the page's own"
    ids = [attributes["id"] for _, attributes in reader.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_the_page_says_what_the_runs_say(runs: tuple[Path, Path]) -> None:
    text = read(report_page(runs)).text
    for folder in runs:
        metrics = json.loads((folder / "metrics.json").read_bytes())
        head = metrics["headline"]
        assert f"95% interval {head['low']:.1f} to {head['high']:.1f}" in text
        assert f"{head['value']:.1f}" in text
    assert "hostile is better than plain (judgebench.overall" in text or "No difference is shown" in text
    for words in ("fair_flat_prompt", "baseline", "response shown first", "longest response", "sandbox, s",
                  "cached tokens", "0.25", "00ff"):  # fmt: skip
        assert words in text, words
    assert HOSTILE in text, "hostile names are shown as the text that they are"


def test_the_rows_and_conversations_that_a_page_carries(runs: tuple[Path, Path]) -> None:
    reader = read(report_page(runs))
    data = unpack(reader.scripts["rows"])
    assert [run["count"] for run in data["runs"]] == [120, 120]
    columns = data["runs"][1]["columns"]
    assert all(one.startswith(HOSTILE) for one in columns["id"])
    flags = data["flags"]
    rows = [json.loads(line) for line in (runs[0] / "predictions.jsonl").read_text().splitlines()]
    for row, bits in zip(rows, data["runs"][0]["columns"]["flags"], strict=True):
        assert bool(bits & flags["valid"]) == row["valid"]
        assert bool(bits & flags["wrong"]) == (row["valid"] and row["outcome"] != row["gold"])
        assert bool(bits & flags["ungrounded"]) == (row["grounded"] is False)
    assert len(data["talks"]) == 240
    for run, row, chunk, place in data["talks"][::17]:
        talk = unpack(reader.scripts[f"chunk{chunk}"])[place]
        position = data["runs"][run]["columns"]["id"][row].rpartition("pair-")[2].partition(":")[0]
        assert f"Question {position}?" in talk["messages"][1]["text"]
        assert talk["findings"][0]["criterion"] == "correctness"
        assert talk["messages"][2]["calls"][0][0] == "final_answer"


def test_a_page_of_too_much_carries_a_stated_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_run(tmp_path / "run", judged(300, 0.7, 3))
    monkeypatch.setattr(packing, "MOST_CONVERSATIONS", 50)
    monkeypatch.setattr(packing, "_ROWS_BYTES", 4000)
    reader = read(report_page([folder]))
    data = unpack(reader.scripts["rows"])
    kept = data["runs"][0]["count"]
    assert 0 < kept < 600
    assert "note" not in data["runs"][0]["columns"]
    assert f"{kept} of 600 judgments are listed" in reader.text
    assert "columns were left out: note, label" in reader.text
    talks = [one for one in data["talks"] if one[0] >= 0]
    assert f"{len(talks)} of them can be read" in reader.text
    assert all(row < kept for _, row, _, _ in talks)


def test_the_sample_of_conversations_holds_every_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_run(tmp_path / "run", judged(600, 0.9, 4))
    monkeypatch.setattr(packing, "MOST_CONVERSATIONS", 40)
    data = unpack(read(report_page([folder])).scripts["rows"])
    columns, flags = data["runs"][0]["columns"], data["flags"]
    bits = [columns["flags"][row] for _, row, _, _ in data["talks"]]
    assert len(bits) == 40
    assert sum(not one & flags["valid"] for one in bits) >= 5
    assert sum(bool(one & flags["ungrounded"]) for one in bits) >= 5
    assert sum(bool(one & flags["wrong"]) for one in bits) >= 8
    assert len({columns["group"][row] for _, row, _, _ in data["talks"]}) == 4


def test_diagnostics_of_a_judge_that_likes_the_first_response(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", judged(2000, 0.9, 5, first=0.3))
    found = diagnose(read_judgments(folder, suite_of(read_run(folder), folder)))
    rates = {rate.name: rate.share for rate in (*found.rates, *found.position, *found.length)}
    # Right with 0.9 where nothing drew it to A: 0.3 + 0.7 * 0.5 name A.
    assert rates["first chosen"].low < 65 < rates["first chosen"].high
    assert rates["first right"].value == 50
    # Both orders agree: (right with 0.93 or 0.63) twice, or wrong twice.
    assert rates["same in both orders"].value == pytest.approx(100 * (0.93 * 0.63 + 0.07 * 0.37), abs=3)
    assert rates["invalid"].value == pytest.approx(1, abs=0.6)
    assert rates["ungrounded"].value == pytest.approx(10, abs=2)
    # In these traces the longest response is B, whatever is right.
    assert rates["longest chosen"].value == pytest.approx(100 - rates["first chosen"].value)
    assert rates["right, longest right"].value == pytest.approx(63, abs=4)
    assert rates["right, longest wrong"].value == pytest.approx(93, abs=3)
    assert found.costs["sandbox_s"]["p50"] == 0.25
    assert found.costs["requests"]["max"] == 3


def test_graded_labels_and_stated_chances_are_held_against_what_was_right(tmp_path: Path) -> None:
    rows = [msgspec.structs.replace(row, label="A>>B" if row.outcome == row.gold else "B>A")
            for row in judged(50, 0.6, 6)]  # fmt: skip
    folder = write_run(tmp_path / "labels", rows)
    degrees = {one.name: one.share.value for one in diagnose(columns(folder)).degrees}
    assert degrees == {"by far": 100, "slightly": 0}
    rated = [
        msgspec.structs.replace(
            row, group="Ties", subset="rating", order=str(place % 4), position=place // 4,
            sample_id=f"ref:{place // 4}",
            gold={"number": place % 4, "of": 4, "correct": 1}, outcome=0.75 if place % 4 == 0 else 0.25,
            said=None, valid=True, error=None, error_owner=None,
        )
        for place, row in enumerate(judged(40, 0.6, 6))
    ]  # fmt: skip
    folder = write_run(tmp_path / "chances", rated, suite="rewardbench2", mode="ratings")
    found = diagnose(columns(folder)).calibration
    assert found is not None
    assert (found.error, found.brier) == pytest.approx((0.25, 0.0625))
    assert "expected calibration error 0.250" in read(report_page([folder])).text


def columns(folder: Path) -> Any:
    return read_judgments(folder, suite_of(read_run(folder), folder))


def test_broken_traces_and_a_killed_run_still_give_a_page(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", judged(20, 0.7, 7))
    (folder / "metrics.json").unlink()
    lines = (folder / "traces.jsonl").read_bytes().splitlines(keepends=True)
    lines[3] = b"\xff\xfe not json\n"
    lines[4] = b'{"trace": {"messages": [1, null], "events": "none", "fields": []}}\n'
    (folder / "traces.jsonl").write_bytes(b"".join(lines[:30]))
    assert main(["report", str(folder)]) == 0
    data = unpack(read((folder / "report.html").read_bytes()).scripts["rows"])
    assert data["runs"][0]["count"] == 40
    assert len(data["talks"]) == 30


def test_what_cannot_be_reported_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = write_run(tmp_path / "empty", [])
    broken = write_run(tmp_path / "broken", judged(3, 0.7, 1))
    (broken / "metrics.json").write_text("{")
    for folder, words in (
        (empty, "no judgments yet"),
        (broken, "metrics.json is broken"),
        (tmp_path, "run.json"),
    ):
        assert main(["report", str(folder)]) == 2
        assert words in capsys.readouterr().err


@pytest.mark.parametrize("error", [BenchError("broken"), MemoryError("none left"), ValueError("odd\nthing")])
def test_a_run_never_fails_for_its_page(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(folders: Any) -> bytes:
        raise error

    monkeypatch.setattr("skillbench.report.page.report_page", fail)
    rows = write_rows(tmp_path / "data.jsonl", *(original(number) for number in range(3)))
    line = ["run", "judgebench", "--data", rows, "--base-url", "control:random", "--out", tmp_path / "out"]
    line += ["--artifacts", compiled()]
    assert main([*map(str, line)]) == 0
    said = capsys.readouterr().err
    assert said.startswith("skillbench: ")
    assert "report" in said
    assert said.count("\n") == 1
    monkeypatch.undo()
    assert main([*map(str, line)]) == 0, "what is missing is made by the next run of the command"
    written = (tmp_path / "out" / "report.html").stat().st_mtime_ns
    assert main([*map(str, line)]) == 0
    assert (tmp_path / "out" / "report.html").stat().st_mtime_ns == written


def test_memory_stays_flat_and_the_page_small(tmp_path: Path) -> None:
    """Ten times the judgments: the traces' texts never add up in memory."""
    text = "word " * 400
    small = write_run(tmp_path / "small", judged(100, 0.8, 8), text)
    large = write_run(tmp_path / "large", judged(1000, 0.8, 9), text)
    peaks = []
    for folder in (small, large):
        tracemalloc.start()
        columns(folder)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (large / "traces.jsonl").stat().st_size > 12_000_000
    assert peaks[1] < peaks[0] + 2_000_000
    assert len(report_page([large])) < 20_000_000


# ------------------------------------------------------------------------------------- in a browser


async def test_the_page_in_a_browser(runs: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(report_page(runs))
    async with open_browser(tmp_path) as browser:
        for width in (1280, 390):
            for dark in (False, True):
                page = await browser.open(path, width=width, dark=dark)
                await page.until("document.body.dataset.ready === 'yes'")
                await looked_at(page, runs[1], width, dark)
                assert page.errors == []
                assert page.requests == [path.absolute().as_uri()], "an offline page asks for itself alone"
                await page.picture(tmp_path / "page.png")
                assert (tmp_path / "page.png").stat().st_size > 15_000


async def looked_at(page: Page, folder: Path, width: int, dark: bool) -> None:
    assert await page.value("document.documentElement.scrollWidth") <= width, "nothing juts out"
    paper = await page.value("getComputedStyle(document.body).backgroundColor")
    light = sum(map(int, re.findall(r"\d+", paper)[:3])) / 3
    assert light < 60 if dark else light > 200
    await page.value(f"{CHANGE}change('run', '1')")
    for kind in ("wrong", "invalid", "ungrounded", ""):
        shown = await page.value(
            f"{CHANGE}change('kind', '{kind}'); document.getElementById('count').textContent"
        )
        assert shown == counted(folder, kind)
    await page.value("document.querySelector('#list button').click()")
    await page.until("document.getElementById('detail').textContent.includes('as the judge saw it')")
    detail = await page.value("document.getElementById('detail').textContent")
    assert HOSTILE in detail
    assert "final_answer" in detail
    assert await page.value("document.querySelectorAll('img').length") == 0
    assert await page.value("document.title") == "judgebench: 2 runs"


CHANGE = """
var change = (id, value) => {
  const field = document.getElementById(id);
  field.value = value;
  field.dispatchEvent(new Event("change"));
};
"""


def counted(folder: Path, kind: str) -> str:
    rows = [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]
    found = sum(
        {
            "": True,
            "invalid": not row["valid"],
            "wrong": row["valid"] and row["outcome"] != row["gold"],
            "ungrounded": row["grounded"] is False,
        }[kind]
        for row in rows
    )
    return f"{found} judgment{'s' if found != 1 else ''}"
