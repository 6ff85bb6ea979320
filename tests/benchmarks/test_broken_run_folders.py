"""Run folders that are broken or were prepared by somebody: a sentence, and nothing written elsewhere."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bench_support import prediction
from synthetic_runs import judged, write_run

from skillbench.cli import main
from skillbench.errors import BenchError, RefusedError
from skillbench.folder.journal import PREDICTIONS, TRACES, Journal, read_predictions
from skillbench.folder.store import RunFolder, read_run

Change = Callable[[Path], object]
DEEP = b"[" * 100_000


def put(name: str, content: bytes) -> Change:
    return lambda folder: (folder / name).write_bytes(content)


def edit(name: str, change: Callable[[Any], object]) -> Change:
    def changed(folder: Path) -> None:
        record = json.loads((folder / name).read_bytes())
        change(record)
        (folder / name).write_text(json.dumps(record))

    return changed


def first_row(name: str, **changes: Any) -> Change:
    def changed(folder: Path) -> None:
        first, *rest = (folder / name).read_bytes().splitlines(keepends=True)
        line = json.dumps({**json.loads(first), **changes}).encode() + b"\n"
        (folder / name).write_bytes(b"".join([line, *rest]))

    return changed


def instead(name: str, make: Callable[[Path], object]) -> Change:
    def changed(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return changed


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 << 30)


BROKEN: dict[str, Change] = {
    "no run.json": lambda folder: (folder / "run.json").unlink(),
    "an empty run.json": put("run.json", b""),
    "a torn run.json": put("run.json", b'{"format": 1, "iden'),
    "a run.json of depth": put("run.json", b'{"format": 1, "identity": ' + DEEP),
    "a run.json that is a list": put("run.json", b"[]"),
    "a run.json that is not UTF-8": put("run.json", b"\xff\xfe\x00"),
    "a run.json of NaN": put("run.json", b'{"format": 1, "identity": {"temperature": NaN}}'),
    "a number of 5,000 digits": put("run.json", b'{"format": 1, "limit": ' + b"9" * 5000 + b"}"),
    "a run.json of 3 GB": instead("run.json", huge),
    "a run.json that is a pipe": instead("run.json", os.mkfifo),
    "a run.json that is a device": instead("run.json", lambda path: path.symlink_to("/dev/zero")),
    "a run.json that is a folder": instead("run.json", Path.mkdir),
    "a run.json linked to itself": instead("run.json", lambda path: path.symlink_to("run.json")),
    "an identity that is a list": edit("run.json", lambda run: run.update(identity=[1])),
    "no identity": edit("run.json", lambda run: run.pop("identity")),
    "no suite": edit("run.json", lambda run: run["identity"].pop("suite")),
    "a suite that is a number": edit("run.json", lambda run: run["identity"].update(suite=7)),
    "a suite that is none": edit("run.json", lambda run: run["identity"].update(suite="../x\x1b[2J")),
    "a mode that is none": edit("run.json", lambda run: run["identity"].update(mode="nobody's")),
    "a model that is a list": edit("run.json", lambda run: run["identity"].update(model=["m"])),
    "sessions that are a text": edit("run.json", lambda run: run.update(sessions="none")),
    "rows that are a text": edit("run.json", lambda run: run.update(rows={"judgments": "many"})),
    "no predictions": lambda folder: (folder / PREDICTIONS).unlink(),
    "empty predictions": put(PREDICTIONS, b""),
    "predictions that are a pipe": instead(PREDICTIONS, os.mkfifo),
    "predictions of 3 GB": instead(PREDICTIONS, huge),
    "predictions of depth": put(PREDICTIONS, DEEP + b"\n"),
    "a prediction of wrong types": first_row(PREDICTIONS, usage="none", position="x"),
    "a prediction with an odd answer": first_row(
        PREDICTIONS, said={"a": [1]}, outcome=[{}], gold={"x": None}
    ),
    "a torn prediction": lambda folder: put(PREDICTIONS, (folder / PREDICTIONS).read_bytes()[:-9])(folder),
    "traces that are a pipe": instead(TRACES, os.mkfifo),
    "traces of depth": put(TRACES, DEEP + b"\n"),
    "traces of wrong types": put(TRACES, b'{"id": 1, "trace": 7}\n' * 4),
    "traces of nothing": put(TRACES, b"null\n" * 4),
    "empty metrics": put("metrics.json", b""),
    "metrics of depth": put("metrics.json", DEEP),
    "metrics that are a list": put("metrics.json", b"[]"),
    "metrics without a headline": edit("metrics.json", lambda metrics: metrics.pop("headline")),
    "metrics of wrong types": edit("metrics.json", lambda metrics: metrics.update(intervals=[], code=None)),
    "a headline that is nowhere": edit("metrics.json", lambda metrics: metrics["headline"].update(name="x")),
    "metrics that are a pipe": instead("metrics.json", os.mkfifo),
    "a validity that is missing": edit("metrics.json", lambda metrics: metrics.update(validity={})),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_run_folder_is_a_sentence(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, whole = tmp_path / "run", tmp_path / "whole"
    for path in (folder, whole):
        write_run(path, judged(4, 0.8, 1))
    BROKEN[name](folder)
    for words in (
        ("report", folder, "--out", tmp_path / "page.html"),
        ("compare", whole, folder),
        ("replay", folder),
        ("rescore", folder),
    ):
        status = main([str(word) for word in words])
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        assert "\x1b" not in told.err + told.out
        assert status in (0, 1, 2, 3)
        if status == 2:
            assert told.err.startswith("skillbench: ")
            assert told.err.count("\n") == 1


# ------------------------------------------------------------------------------------ going on with it


def begun(folder: Path) -> None:
    with RunFolder(folder, {"suite": "s", "model": "m"}, {"limit": None}) as run:
        run.journal.append(prediction(0), {"messages": []})


def test_a_torn_run_json_is_mended_as_long_as_it_says_whose_run_it_is(tmp_path: Path) -> None:
    begun(tmp_path)
    whole = (tmp_path / "run.json").read_bytes()
    for size in range(len(whole) - 1, whole.index(b'"limit"'), -7):
        (tmp_path / "run.json").write_bytes(whole[:size])
        with RunFolder(tmp_path, {"suite": "s", "model": "m"}, {"limit": None}) as run:
            assert run.resumed == 1
        assert read_run(tmp_path)["identity"] == {"suite": "s", "model": "m"}
    (tmp_path / "run.json").write_bytes(whole[:-3])
    with pytest.raises(RefusedError, match="holds another run"):
        RunFolder(tmp_path, {"suite": "s", "model": "other"}, {})


def test_an_empty_run_json_is_refused_where_there_are_judgments(tmp_path: Path) -> None:
    begun(tmp_path)
    (tmp_path / "run.json").write_bytes(b"")
    with pytest.raises(RefusedError, match="use another --out, or put back a copy"):
        RunFolder(tmp_path, {"suite": "s", "model": "m"}, {})
    for name in (PREDICTIONS, TRACES):
        (tmp_path / name).write_bytes(b"")
    with RunFolder(tmp_path, {"suite": "s", "model": "m"}, {}) as run:
        assert run.resumed == 0


@pytest.mark.parametrize("name", [PREDICTIONS, TRACES, ".lock", "run.json", "metrics.json", "summary.md"])
def test_nothing_is_written_through_a_link(name: str, tmp_path: Path) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "run"
    begun(folder)
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(victim)
    victim.write_bytes((folder / "run.json").read_bytes() if name != "run.json" else b"{}")
    before = victim.read_bytes()
    told = ""
    try:
        with RunFolder(folder, {"suite": "s", "model": "m"}, {}) as run:
            run.write("metrics.json", b"{}")
            run.write("summary.md", b"text")
    except BenchError as error:
        told = str(error)
    assert victim.read_bytes() == before
    assert bool(told) == (name in (PREDICTIONS, TRACES, ".lock", "run.json"))
    assert (folder / name).is_symlink() == bool(told)


def test_rows_are_taken_out_without_following_links(tmp_path: Path) -> None:
    begun(tmp_path)
    victim = tmp_path / "victim"
    victim.write_bytes(b"kept")
    for name in (PREDICTIONS, TRACES):
        (tmp_path / f"{name}.new").symlink_to(victim)
    Journal(tmp_path, lambda _: False).close()
    assert victim.read_bytes() == b"kept"
    assert list(read_predictions(tmp_path)) == []
    assert sorted(path.name for path in tmp_path.glob("*.new")) == []
