"""The run folder survives kills at any byte, locks, and refuses to mix two runs."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bench_driver
import pytest
from bench_support import FakeEngine, by_digest, original, prediction, write_rows

from skillbench.errors import BenchError, RefusedError
from skillbench.folder.journal import PREDICTIONS, TRACES, Journal, read_predictions
from skillbench.folder.store import RunFolder, read_run
from skillbench.running.progress import Progress
from skillbench.running.workers import Ending, Stop, judge_all
from skillbench.suites.judgebench.suite import JudgeBench
from skillrt.chat import Usage
from skillrt.judging.verdict import Judgment, Verdict

SUPPORT = Path(bench_driver.__file__).parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "run"
    path.mkdir()
    return path


def filled(folder: Path, count: int) -> tuple[bytes, bytes]:
    """Record ``count`` judgments and return the bytes of both files."""
    journal = Journal(folder)
    for number in range(count):
        journal.append(prediction(number, reason="é" * number), {"messages": ["x" * 10 * number]})
    journal.close()
    return (folder / PREDICTIONS).read_bytes(), (folder / TRACES).read_bytes()


def ids(folder: Path, name: str) -> list[str]:
    return [json.loads(line)["id"] for line in (folder / name).read_bytes().splitlines()]


def test_a_kill_at_every_byte_loses_and_repeats_nothing(folder: Path) -> None:
    predictions, traces = filled(folder, 3)
    lines = traces.splitlines(keepends=True)
    before, start = sum(map(len, lines[:2])), len(b"".join(predictions.splitlines(keepends=True)[:2]))
    states = [(predictions[:start], traces[:cut]) for cut in range(before, len(traces) + 1)]
    states += [(predictions[:cut], traces) for cut in range(start, len(predictions) + 1)]
    for number, (left, right) in enumerate(states):
        (folder / PREDICTIONS).write_bytes(left)
        (folder / TRACES).write_bytes(right)
        journal = Journal(folder)
        whole = left == predictions
        assert journal.recorded == {"p0:AB", "p1:AB", *(["p2:AB"] if whole else [])}, number
        if not whole:
            journal.append(prediction(2, reason="éé"), {"messages": ["x" * 20]})
        journal.close()
        assert (folder / PREDICTIONS).read_bytes() == predictions
        assert (folder / TRACES).read_bytes() == traces


def test_lost_trailing_traces_take_their_predictions_with_them(folder: Path) -> None:
    _, traces = filled(folder, 4)
    (folder / TRACES).write_bytes(b"".join(traces.splitlines(keepends=True)[:2]))
    journal = Journal(folder)
    assert journal.recorded == {"p0:AB", "p1:AB"}
    journal.close()
    assert ids(folder, PREDICTIONS) == ids(folder, TRACES) == ["p0:AB", "p1:AB"]


def test_a_line_broken_in_the_middle_is_refused(folder: Path) -> None:
    predictions, _ = filled(folder, 3)
    (folder / PREDICTIONS).write_bytes(predictions.replace(b'"p1:AB"', b'"p1:AB', 1))
    with pytest.raises(BenchError, match=r"predictions.jsonl, line 2: not a prediction"):
        Journal(folder)


def test_traces_of_another_run_are_refused(folder: Path) -> None:
    _, traces = filled(folder, 2)
    (folder / TRACES).write_bytes(traces.replace(b'"p0:AB"', b'"p9:AB"', 1))
    with pytest.raises(BenchError, match=r"traces.jsonl, line 1: not the trace of p0:AB"):
        Journal(folder)


def test_odd_texts_and_numbers_are_recorded(folder: Path) -> None:
    journal = Journal(folder)
    journal.append(prediction(0, reason="half \ud83d and \u2028"), {"n": 10**30, "text": "\udc00"})
    journal.append(prediction(2, id='odd "é\\" \ud800'), {"text": "fine"})
    journal.close()
    again = Journal(folder)
    again.append(prediction(1), {})
    again.close()
    rows = list(read_predictions(folder))
    assert [row.id for row in rows] == ["p0:AB", 'odd "é\\" \ud800', "p1:AB"]
    assert rows[0].reason == "half \ud83d and \u2028"
    assert len((folder / TRACES).read_bytes().splitlines()) == 3


def test_recording_twice_is_a_mistake(folder: Path) -> None:
    journal = Journal(folder)
    journal.append(prediction(0), {})
    with pytest.raises(ValueError, match="recorded already"):
        journal.append(prediction(0), {})
    journal.close()


def test_endpoint_failures_are_taken_out_on_demand(folder: Path) -> None:
    journal = Journal(folder)
    for number, owner in enumerate((None, "endpoint", "judge", "endpoint")):
        row = prediction(number, valid=owner is None, error_owner=owner, error=owner)
        journal.append(row, {"n": number})
    journal.close()
    kept = Journal(folder)
    assert len(kept.recorded) == 4, "without being asked nothing is judged again"
    kept.close()
    journal = Journal(folder, lambda row: row.error_owner != "endpoint")
    assert journal.recorded == {"p0:AB", "p2:AB"}
    assert journal.invalid == 1
    journal.append(prediction(1), {"n": 9})
    journal.close()
    assert ids(folder, PREDICTIONS) == ids(folder, TRACES) == ["p0:AB", "p2:AB", "p1:AB"]
    assert sorted(path.name for path in folder.iterdir()) == [PREDICTIONS, TRACES]


def test_a_kill_while_rows_are_taken_out(folder: Path) -> None:
    predictions, traces = filled(folder, 3)
    short = [b"".join(data.splitlines(keepends=True)[:2]) for data in (predictions, traces)]
    fresh = [folder / f"{name}.new" for name in (PREDICTIONS, TRACES)]
    # Killed before the mark was set: the old pair counts.
    for path, data in zip(fresh, short, strict=True):
        path.write_bytes(data)
    journal = Journal(folder)
    assert len(journal.recorded) == 3
    journal.close()
    # Killed after the mark, with one file renamed already: the new pair counts.
    (folder / TRACES).write_bytes(short[1])
    fresh[0].write_bytes(short[0])
    (folder / "compacting").touch()
    journal = Journal(folder)
    assert len(journal.recorded) == 2
    journal.close()
    assert sorted(path.name for path in folder.iterdir()) == [PREDICTIONS, TRACES]


def test_another_run_in_the_folder_is_refused_with_what_differs(folder: Path) -> None:
    with RunFolder(folder, {"model": "a", "seed": 0, "data": {"x": "1"}}, {}) as run:
        run.begin()
        run.end("done")
    with pytest.raises(RefusedError) as caught:
        RunFolder(folder, {"model": "b", "seed": 0, "data": {"x": "2"}}, {})
    assert 'model was "a", now "b"' in str(caught.value)
    assert 'data was {"x": "1"}, now {"x": "2"}' in str(caught.value)
    assert "seed" not in str(caught.value)
    assert "another --out" in str(caught.value)
    with RunFolder(folder, {"model": "a", "seed": 0, "data": {"x": "1"}}, {}) as run:
        run.begin()
    sessions = read_run(folder)["sessions"]
    assert [session["ended"] for session in sessions] == ["done", None]


def test_results_without_a_run_are_refused(folder: Path) -> None:
    filled(folder, 1)
    with pytest.raises(RefusedError, match=r"no run\.json"):
        RunFolder(folder, {}, {})


def test_a_broken_or_newer_run_is_refused(folder: Path) -> None:
    for text, words in (
        ("{", "is broken"),
        ("[]", "not a run of this version"),
        ('{"format": 99}', "not a run of"),
    ):
        (folder / "run.json").write_text(text)
        with pytest.raises(BenchError, match=words):
            RunFolder(folder, {}, {})


def test_one_process_at_a_time(folder: Path) -> None:
    with RunFolder(folder, {}, {}), pytest.raises(RefusedError, match="another skillbench is writing"):
        RunFolder(folder, {}, {})
    with RunFolder(folder, {}, {}):
        pass


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError, match="cannot make the run folder"):
        RunFolder(tmp_path / "file" / "run", {}, {})


# ------------------------------------------------------------------------------------- the runner


async def judged(
    folder: Path, data: Path, engine: FakeEngine, *, stop: Stop | None = None, concurrency: int = 8
) -> tuple[Ending, Journal]:
    suite = JudgeBench([data])
    journal = Journal(folder)
    ending = await judge_all(
        suite,
        suite.jobs(),
        engine,
        journal,
        concurrency=concurrency,
        progress=Progress(0, journal, quiet=True),
        stop=stop or Stop(),
    )
    journal.close()
    return ending, journal


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "data.jsonl", *(original(number) for number in range(60)))


async def test_every_case_is_judged_once_and_never_sees_the_oracle(folder: Path, tmp_path: Path) -> None:
    secrets = ("SECRET-MODEL", "SECRET-ORIGIN", "SECRET-CHECK", "A>B")
    row = original(response_model=secrets[0], original_id=secrets[1], check={"kind": secrets[2]})
    engine = FakeEngine()
    ending, _ = await judged(folder, write_rows(tmp_path / "s.jsonl", row), engine)
    assert ending == "done"
    assert len(engine.seen) == 2
    for secret in secrets:
        assert secret not in repr(engine.seen)


async def test_an_engine_that_raises_makes_an_invalid_judgment(folder: Path, data: Path) -> None:
    def rule(fields: Mapping[str, Any]) -> Any:
        if fields["prompt"] == "Question 3?":
            raise KeyError("boom")
        return by_digest(fields)

    ending, journal = await judged(folder, data, FakeEngine(rule))
    assert ending == "done"
    assert len(journal.recorded) == 120
    broken = [row for row in read_predictions(folder) if row.error_owner == "harness"]
    assert [row.error for row in broken] == ["KeyError: 'boom'"] * 2
    assert all(row.score is None for row in broken)


def endpoint_failure(_: Mapping[str, Any]) -> Judgment:
    return Judgment(Verdict(valid=False, error="HTTP 500", error_owner="endpoint"), Usage())


async def test_a_server_that_goes_away_stops_the_run_early(folder: Path, data: Path) -> None:
    ending, journal = await judged(folder, data, FakeEngine(endpoint_failure, alive=False), concurrency=4)
    assert ending == "stopped"
    assert len(journal.recorded) < 20
    ending, journal = await judged(folder, data, FakeEngine(), concurrency=4)
    assert ending == "done"
    assert len(journal.recorded) == 120


async def test_a_server_that_only_refuses_does_not_stop_the_run(folder: Path, data: Path) -> None:
    ending, journal = await judged(folder, data, FakeEngine(endpoint_failure, alive=True), concurrency=4)
    assert (ending, journal.invalid) == ("done", 120)


async def test_asking_twice_stops_at_once(folder: Path, data: Path) -> None:
    stop = Stop()
    run = asyncio.create_task(judged(folder, data, FakeEngine(pause_s=60.0), stop=stop))
    await asyncio.sleep(0.05)
    stop.ask()
    await asyncio.sleep(0.05)
    assert not run.done(), "judgments in flight have a grace"
    stop.ask()
    async with asyncio.timeout(2):
        ending, journal = await run
    assert ending == "interrupted"
    assert len(journal.recorded) < 120


async def test_a_full_disk_ends_the_run_and_leaves_it_resumable(
    folder: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, count = os.write, 0

    def write(descriptor: int, payload: Any) -> int:
        nonlocal count
        count += 1
        if count == 21:
            return real(descriptor, bytes(payload)[:7])
        if count > 21:
            raise OSError(28, "No space left on device")
        return real(descriptor, payload)

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(OSError, match="No space left"):
            await judged(folder, data, FakeEngine())
    ending, journal = await judged(folder, data, FakeEngine())
    assert (ending, len(journal.recorded)) == ("done", 120)
    assert len(list(read_predictions(folder))) == 120


# ---------------------------------------------------------------------------------------- killing


def start(data: Path, out: Path, pause_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, str(SUPPORT / "bench_driver.py"), str(data), str(out), str(pause_s)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "judging\n"
    return process


def wait_for_rows(out: Path, least: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if (out / PREDICTIONS).exists() and (out / PREDICTIONS).read_bytes().count(b"\n") >= least:
            return
        time.sleep(0.005)
    raise AssertionError("the run does not get on")


def test_kill_9_twice_then_the_metrics_of_an_undisturbed_run(tmp_path: Path) -> None:
    data = write_rows(tmp_path / "d.jsonl", *(original(number) for number in range(300)))
    assert bench_driver.main(str(data), str(tmp_path / "calm")) == 0
    out = tmp_path / "killed"
    before: list[str] = []
    for least in (60, 250):
        process = start(data, out, 0.06)
        wait_for_rows(out, least)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        assert ids(out, PREDICTIONS)[: len(before)] == before
        before = [line["id"] for line in map(json.loads, whole_lines(out / PREDICTIONS))]
        assert least <= len(before) < 600
    assert bench_driver.main(str(data), str(out)) == 0
    recorded = ids(out, PREDICTIONS)
    assert recorded[: len(before)] == before
    assert len(recorded) == len(set(recorded)) == 600
    assert ids(out, TRACES) == recorded
    assert (out / "metrics.json").read_bytes() == (tmp_path / "calm" / "metrics.json").read_bytes()
    assert len(read_run(out)["sessions"]) == 3


def whole_lines(path: Path) -> list[bytes]:
    return [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_run_that_goes_on(tmp_path: Path, number: signal.Signals) -> None:
    data = write_rows(tmp_path / "d.jsonl", *(original(row) for row in range(200)))
    out = tmp_path / "run"
    process = start(data, out, 0.1)
    wait_for_rows(out, 30)
    process.send_signal(number)
    assert process.wait(10) == 130
    kept = len(ids(out, PREDICTIONS))
    assert 30 <= kept < 400
    assert read_run(out)["sessions"][-1]["ended"] == "interrupted"
    assert json.loads((out / "metrics.json").read_bytes())["complete"] is False
    assert bench_driver.main(str(data), str(out)) == 0
    assert len(set(ids(out, PREDICTIONS))) == len(ids(out, PREDICTIONS)) == 400
