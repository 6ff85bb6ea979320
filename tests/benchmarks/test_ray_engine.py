"""``--engine ray``: the same judgments by workers on a cluster of this machine, also when workers die."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bench_support import original, write_rows
from scripted_server import Call, ScriptedServer, Status, Turn, Weigh, call, plan
from suite_support import compiled, query
from tiny_artifacts import write_artifacts

from skillbench.cli import main
from skillbench.errors import BenchError
from skillbench.running.engine import EngineGoneError, JudgeEngine
from skillbench.running.ray import engine as ray_engine
from skillbench.running.ray.cluster import RayOptions, open_cluster
from skillbench.running.ray.engine import DEATHS, RayEngine
from skillbench.running.ray.worker import Answer, Opened
from skillbench.suites.base import Case
from skillrt.chat import Usage
from skillrt.judging.verdict import Judgment, Verdict

pytestmark = pytest.mark.xdist_group("ray")  # one cluster, not one for each process of the tests

PAIRS = 30
CLOCKS = {"latency_s", "duration_s", "endpoint"}
"""What a clock or a port decides; all else of a judgment is the same by either engine."""


def rule(turn: Turn) -> str:
    return "AB"[sum(turn.opening.encode()) % 2]


WORKING = plan(
    call("use_skill"),
    call("python_sandbox", code="result = len(responses['A']) - len(responses['B'])"),
    lambda turn: Call("final_answer", {"reason": "scripted", "verdict": rule(turn)}),
)


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_artifacts(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A cluster of two CPUs for all tests: starting one takes seconds."""
    ray = pytest.importorskip("ray", reason="needs Ray, the extra ray, which is not installed")
    with open_cluster(RayOptions("local", 2)):
        yield ray


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "data.jsonl", *(original(number) for number in range(PAIRS)))


def command(url: str, artifacts: Path, data: Path, out: Path, *more: str) -> list[str]:
    given = ["--data", str(data), "--base-url", url, "--model", "scripted", "--artifacts", str(artifacts)]
    tiny = ["--skill", "tiny", "--concurrency", "6", "--quiet"]
    return ["run", "judgebench", *given, *tiny, "--out", str(out), *more]


RAY = ("--engine", "ray", "--ray-workers", "2")


def recorded(out: Path, name: str = "predictions.jsonl") -> list[Any]:
    """The lines of a journal by id, without what a clock decides."""

    def still(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: still(one) for key, one in value.items() if key not in CLOCKS}
        return [still(one) for one in value] if isinstance(value, list) else value

    lines = [still(json.loads(line)) for line in (out / name).read_text("utf-8").splitlines()]
    assert len({line["id"] for line in lines}) == len(lines), "nothing is recorded twice"
    return sorted(lines, key=lambda line: line["id"])


def session(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "run.json").read_bytes())["sessions"][-1]
    return found


def test_two_workers_give_the_bytes_of_one_process(
    cluster: Any, artifacts: Path, data: Path, tmp_path: Path
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    with ScriptedServer(WORKING) as server:
        assert main(command(server.base_url, artifacts, data, one)) == 0
        asked = len(server.requests)
        assert main(command(server.base_url, artifacts, data, two, *RAY)) == 0
        assert len(server.requests) == 2 * asked
        assert main(command(server.base_url, artifacts, data, two)) == 0, "either engine finds it done"
    assert (one / "metrics.json").read_bytes() == (two / "metrics.json").read_bytes()
    assert len(recorded(two)) == 2 * PAIRS
    for name in ("predictions.jsonl", "traces.jsonl"):
        assert recorded(one, name) == recorded(two, name)
    found = session(two)
    assert found["engine"] == "ray"
    assert [one["worker"] for one in found["servers"]] == [1, 2], "both had work"
    assert sum(one["answered"] for one in found["servers"]) == asked


def test_servers_that_refuse_everything_end_the_run_of_all_workers(
    cluster: Any, artifacts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = write_rows(tmp_path / "many.jsonl", *(original(number) for number in range(200)))
    with ScriptedServer(lambda turn: Status(401, "no such key")) as server:
        assert main(command(server.base_url, artifacts, rows, tmp_path / "run", *RAY)) == 1
        assert len(server.requests) < 100
    told = capsys.readouterr().err
    assert "no such key" in told
    assert "--api-key-env" in told
    assert recorded(tmp_path / "run") == []
    assert session(tmp_path / "run")["ended"] == "refused"


def test_workers_read_token_probabilities(cluster: Any, artifacts: Path, data: Path, tmp_path: Path) -> None:
    line = ["run", "judgebench", "--data", str(data), "--model", "scripted", "--artifacts", str(artifacts)]
    line += ["--readout", "logprobs", "--quiet"]
    likely = Weigh({"Output (a)": 0.7, "Output (b)": 0.3})
    with ScriptedServer(lambda turn: likely) as server:
        for name, more in (("one", ()), ("two", RAY)):
            assert main([*line, "--base-url", server.base_url, "--out", str(tmp_path / name), *more]) == 0
    found = recorded(tmp_path / "two")
    assert recorded(tmp_path / "one") == found
    assert [row["probabilities"]["A"] for row in found] == [pytest.approx(0.7)] * (2 * PAIRS)


def test_a_walk_whose_cases_follow_from_each_other(cluster: Any, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "gsm8k_d.jsonl", *(query(number) for number in range(6)))
    line = ["run", "jetts", "--data", str(path), "--setting", "skill_fair", "--artifacts", str(compiled())]
    line += ["--base-url", "control:random", "--quiet", "--out"]
    assert main([*line, str(tmp_path / "one")]) == 0
    assert main([*line, str(tmp_path / "two"), *RAY]) == 0
    assert recorded(tmp_path / "one") == recorded(tmp_path / "two")
    metrics = [(tmp_path / name / "metrics.json").read_bytes() for name in ("one", "two")]
    assert metrics[0] == metrics[1]


def test_a_worker_that_is_killed_loses_and_doubles_nothing(
    cluster: Any, artifacts: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines: list[RayEngine] = []
    start = RayEngine.start

    async def noted(self: RayEngine) -> None:
        engines.append(self)
        await start(self)

    monkeypatch.setattr(RayEngine, "start", noted)

    def play(turn: Turn) -> Any:
        if turn.number == 40:
            opened = engines[0]._seats[0].opened
            assert opened is not None
            os.kill(opened.pid, signal.SIGKILL)
        return WORKING(turn)

    whole, hurt = tmp_path / "whole", tmp_path / "hurt"
    with ScriptedServer(WORKING, latency_s=0.02) as server:
        assert main(command(server.base_url, artifacts, data, whole)) == 0
    with ScriptedServer(play, latency_s=0.02) as server:
        assert main(command(server.base_url, artifacts, data, hurt, *RAY)) == 0
        assert len(server.requests) > 6 * PAIRS, "what the dead worker had begun was begun again"
    assert recorded(whole) == recorded(hurt)
    assert (whole / "metrics.json").read_bytes() == (hurt / "metrics.json").read_bytes()
    assert "Ray worker 1 died" in (hurt / "errors.log").read_text()


def test_interrupted_on_the_cluster_and_gone_on_with_here(
    cluster: Any, artifacts: Path, data: Path, tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    address = cluster.get_runtime_context().gcs_address
    with ScriptedServer(WORKING, latency_s=0.1) as server:
        line = command(server.base_url, artifacts, data, cut, *RAY, "--ray-address", address)
        process = subprocess.Popen([sys.executable, "-m", "skillbench.cli", *line], stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while not (cut / "predictions.jsonl").exists() or len(recorded(cut)) < 5:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 130, said
        assert b"the same command goes on with it" in said
        assert 5 <= len(recorded(cut)) < 2 * PAIRS
        server.latency_s = 0
        assert main(command(server.base_url, artifacts, data, cut)) == 0
        assert main(command(server.base_url, artifacts, data, whole)) == 0
    assert recorded(whole) == recorded(cut)
    assert (whole / "metrics.json").read_bytes() == (cut / "metrics.json").read_bytes()


def test_no_server_is_said_once_and_before_anything_is_judged(
    cluster: Any, artifacts: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command("http://127.0.0.1:9/v1", artifacts, data, tmp_path / "out", *RAY)) == 2
    assert "127.0.0.1:9" in capsys.readouterr().err
    assert recorded(tmp_path / "out") == []


# ------------------------------------------------------------------------- without a cluster


def test_without_ray_it_says_how_to_get_it(
    artifacts: Path,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    url = "http://127.0.0.1:9/v1"
    assert main(command(url, artifacts, data, tmp_path / "out", *RAY)) == 2
    assert "pip install 'skillc[ray]'" in capsys.readouterr().err
    assert main(command(url, artifacts, data, tmp_path / "out", "--ray-workers", "2")) == 2
    assert "need --engine ray" in capsys.readouterr().err
    local = ["run", "starter", "--base-url", "local", "--out", str(tmp_path / "local"), *RAY]
    assert main(local) == 2
    assert "one process with one slot" in capsys.readouterr().err


def test_an_engine_that_goes_away_stops_the_run_and_says_why(
    artifacts: Path,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    judged = 0
    judge = JudgeEngine.judge

    async def until_it_is_gone(self: JudgeEngine, case: Case) -> Judgment:
        nonlocal judged
        judged += 1
        if judged > 10:
            raise EngineGoneError("no Ray worker is left: they had enough")
        return await judge(self, case)

    line = ["run", "judgebench", "--data", str(data), "--base-url", "control:random", "--quiet"]
    line += ["--skill", "tiny", "--artifacts", str(artifacts), "--out", str(tmp_path / "out")]
    with monkeypatch.context() as patch:
        patch.setattr(JudgeEngine, "judge", until_it_is_gone)
        assert main(line) == 1
    assert "no Ray worker is left: they had enough; " in capsys.readouterr().err
    assert (len(recorded(tmp_path / "out")), session(tmp_path / "out")["ended"]) == (10, "stopped")
    assert main(line) == 0
    assert len(recorded(tmp_path / "out")) == 2 * PAIRS


class Method:
    """A method of an actor as Ray offers it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    async def remote(self, *given: Any) -> Any:
        await asyncio.sleep(0)
        return self._function(*given)


class Actor:
    """A worker played in this process; it dies of cases whose id it does not like, and comes back."""

    def __init__(self, number: int, poison: str = "", opens: int = 1_000_000) -> None:
        self.deaths = 0
        self.asked: list[str] = []
        self._alive = False
        self._number, self._poison, self._opens = number, poison, opens
        self.open, self.judge, self.close = map(Method, (self._open, self._judge, lambda: None))

    def _open(self, setup: Any) -> Opened:
        from ray.exceptions import ActorDiedError

        self._opens -= 1
        if self._opens < 0:
            raise ActorDiedError
        self._alive = True
        return Opened(("scripted",), "here", self._number)

    def _judge(self, case: Case) -> Answer:
        from ray.exceptions import ActorUnavailableError

        self.asked.append(case.id)
        if case.id == self._poison or not self._alive:
            self.deaths += self._alive
            self._alive = False
            raise ActorUnavailableError("it died", None)
        return Answer(Judgment(Verdict(valid=True, outcome="A"), Usage()))


def case(ident: str) -> Case:
    return Case(ident, ident, 0, "judgebench", "AB", {})


async def opened(monkeypatch: pytest.MonkeyPatch, *actors: Actor) -> RayEngine:
    ray = pytest.importorskip("ray", reason="needs Ray, the extra ray, which is not installed")
    monkeypatch.setattr(ray, "kill", lambda actor: None)
    monkeypatch.setattr(ray_engine, "_OPEN_PAUSE_S", 0.01)
    engine = RayEngine(list(actors), None)
    await engine.start()
    return engine


async def test_a_case_that_kills_every_worker_is_given_up_and_the_others_are_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    actors = (Actor(1, "poison"), Actor(2, "poison"))
    engine = await opened(monkeypatch, *actors)
    names = [*(f"good-{number}" for number in range(20)), "poison"]
    judged = dict(zip(names, await asyncio.gather(*(engine.judge(case(one)) for one in names)), strict=True))
    await engine.close()
    poisoned = judged.pop("poison").verdict
    assert (poisoned.valid, poisoned.error_owner, poisoned.outcome) == (False, "harness", None)
    assert poisoned.error == "the worker that judged it died, 3 times"
    assert sum(actor.deaths for actor in actors) == DEATHS
    assert all(one.verdict.valid for one in judged.values())


async def test_workers_that_never_come_back_end_the_run_and_fail_no_judgment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = await opened(monkeypatch, Actor(1, "poison", opens=1))
    with pytest.raises(EngineGoneError, match="no Ray worker is left"):
        await engine.judge(case("poison"))
    await engine.close()


async def test_a_cluster_whose_workers_cannot_start_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BenchError, match="a Ray worker could not start"):
        await opened(monkeypatch, Actor(1, opens=0), Actor(2, opens=0))


async def test_work_goes_to_the_worker_that_has_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    actors = (Actor(1), Actor(2), Actor(3))
    engine = await opened(monkeypatch, *actors)
    await asyncio.gather(*engine._tending)
    await asyncio.gather(*(engine.judge(case(str(number))) for number in range(30)))
    await engine.close()
    assert [len(actor.asked) for actor in actors] == [10, 10, 10]
