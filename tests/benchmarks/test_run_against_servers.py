"""``skillbench`` from the command line against scripted judges: whole runs, kills, faults, refusals."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bench_support import original, real, vendored, write_rows
from scripted_server import (
    CONTEXT_VLLM,
    Call,
    Cut,
    Html,
    Say,
    Script,
    ScriptedServer,
    Status,
    Turn,
    call,
    every,
    final,
    plan,
    say,
    serving,
)
from tiny_artifacts import write_artifacts

from skillbench.cli import main
from skillbench.folder.journal import read_predictions

LABELS = {"A": "Output (a)", "B": "Output (b)"}


def rule(turn: Turn) -> str:
    """A verdict by a rule on the visible text: no better than chance, the same in every run."""
    return "AB"[hashlib.sha256(turn.opening.encode()).digest()[0] % 2]


DIRECT = say(lambda turn: LABELS[rule(turn)])
WORKING = plan(
    call("use_skill"),
    call("view_resource", id="rubric.pairwise"),
    call("python_sandbox", code="result = len(responses['A']) - len(responses['B'])"),
    lambda turn: Call("final_answer", {"reason": "scripted", "verdict": rule(turn)}),
)


def both(turn: Turn) -> Any:
    """Direct in a direct run, the working judge where there are tools."""
    return WORKING(turn) if turn.tools else DIRECT(turn)


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_artifacts(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    yield from serving(both)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "data.jsonl", *(original(number) for number in range(10)))


def command(server: ScriptedServer | str, artifacts: Path, data: Path, out: Path, *more: str) -> list[str]:
    url = server if isinstance(server, str) else server.base_url
    given = ["--data", str(data), "--base-url", url, "--model", "scripted", "--artifacts", str(artifacts)]
    return ["run", "judgebench", *given, "--out", str(out), *more]


def metrics(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "metrics.json").read_bytes())
    return found


def rows(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "predictions.jsonl").read_text("utf-8").splitlines()]


SKILL = ("--skill", "tiny")


def test_all_real_pairs_in_both_orders_with_a_skill(
    artifacts: Path, serve: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    server, out = serve(), tmp_path / "run"
    assert main(command(server, artifacts, real("gpt.jsonl"), out, *SKILL, "--concurrency", "32")) == 0
    found = metrics(out)
    assert found["counts"] | {"grounded": 0, "ungrounded": 0} == {
        "expected": 700,
        "duplicates": 0,
        "judgments": 700,
        "valid": 700,
        "invalid": 0,
        "invalid_by_owner": {},
        "unfinished_samples": 0,
        "readout_differs_from_said": 0,
        "grounded": 0,
        "ungrounded": 0,
    }
    assert found["usage"]["requests"] == len(server.requests) == 2800
    # The metric, computed once more from the rows by the definition alone.
    sums: dict[str, int] = {}
    for row in rows(out):
        assert row["score"] == (1 if row["outcome"] == row["gold"] else -1)
        sums[row["sample_id"]] = sums.get(row["sample_id"], 0) + row["score"]
    assert found["official"]["judgebench.overall"] == 100 * sum(one > 0 for one in sums.values()) / 350
    assert found["headline"]["name"] == "judgebench.overall"
    traces = (out / "traces.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in traces] == [row["id"] for row in rows(out)]


def test_a_perfect_judge_of_real_pairs_scores_100(
    artifacts: Path, serve: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    file = real("original_gpt.jsonl")
    better = {}
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        better[row["response_A"] if row["label"] == "A>B" else row["response_B"]] = row["pair_id"]

    def perfect(turn: Turn) -> Say:
        shown = re.split(r"\n\nOutput \([ab]\): ", turn.opening.rpartition("\n\nAnswer Output")[0])
        first = turn.opening.split("\n\nOutput (a): ", 1)[1]
        right = any(first.startswith(text) for text in better) or shown[1] in better
        return Say(LABELS["A" if right else "B"])

    out = tmp_path / "run"
    assert main(command(serve(perfect), artifacts, file, out, "--concurrency", "32", "--limit", "40")) == 0
    assert metrics(out)["headline"]["value"] >= 97.5


def test_the_oracle_is_never_sent(
    artifacts: Path, serve: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    secrets = [f"PLANTED{number}x" for number in range(9)]
    file = write_rows(
        tmp_path / "d.jsonl",
        original(1, response_model=secrets[0], original_id=secrets[1], score=secrets[2], pair_id=secrets[3]),
        vendored(
            2,
            response_model=secrets[4],
            ground_truth=secrets[5],
            query_type="livecodebench",
            question_id=secrets[6],
            check_list=[secrets[7]],
            winner=secrets[8],
        ),
    )
    server = serve()
    for name, more in (("direct", ()), ("skill", SKILL)):
        assert main(command(server, artifacts, file, tmp_path / name, *more)) == 0
    sent = server.sent()
    assert "Question 1?" in sent
    assert [secret for secret in secrets if secret in sent] == []
    traces = (tmp_path / "skill" / "traces.jsonl").read_text("utf-8")
    assert [secret for secret in (*secrets[:3], *secrets[4:6], *secrets[7:]) if secret in traces] == []


def test_the_starter_suite_and_its_files(
    artifacts: Path, serve: Callable[..., ScriptedServer], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server, out = serve(), tmp_path / "run"
    given = ["--base-url", server.base_url, "--model", "scripted", "--artifacts", str(artifacts)]
    assert main(["run", "starter", *given, "--out", str(out), *SKILL]) == 0
    shown = capsys.readouterr()
    assert "starter.overall" in shown.out
    assert shown.err == "", "no progress line where nobody looks"
    names = {path.name for path in out.iterdir()} - {".lock"}
    files = {"run.json", "predictions.jsonl", "traces.jsonl", "metrics.json", "summary.md", "report.html"}
    assert names == files
    run = json.loads((out / "run.json").read_bytes())
    assert run["identity"]["links"].keys() == {"tiny.starter.fair.progressive"}
    assert run["server"] == {"base_urls": [server.base_url], "models": ["scripted"]}
    assert run["sessions"][0]["ended"] == "done"
    needed = [
        "id",
        "sample_id",
        "task",
        "order",
        "gold",
        "said",
        "outcome",
        "score",
        "valid",
        "error",
        "usage",
    ]
    assert all(name in row for row in rows(out) for name in needed)
    # Again: nothing is left to do, so no server is asked for anything.
    before = len(server.requests)
    first = metrics(out)
    assert main(["run", "starter", *given, "--out", str(out), *SKILL]) == 0
    assert len(server.requests) == before
    assert metrics(out) == first


def test_kill_9_of_the_command_then_the_same_metrics(
    artifacts: Path, serve: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    file = write_rows(tmp_path / "d.jsonl", *(original(number) for number in range(60)))
    server = serve(latency_s=0.02)
    assert main(command(server, artifacts, file, tmp_path / "calm", *SKILL)) == 0
    out = tmp_path / "killed"
    line = command(server, artifacts, file, out, *SKILL)
    process = subprocess.Popen([sys.executable, "-m", "skillbench.cli", *line], stdout=subprocess.DEVNULL)
    wait_for_rows(out, 20)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    assert main(line) == 0
    assert len({row["id"] for row in rows(out)}) == len(rows(out)) == 120
    assert (out / "metrics.json").read_bytes() == (tmp_path / "calm" / "metrics.json").read_bytes()


def test_ctrl_c_leaves_a_run_that_the_same_command_ends(
    artifacts: Path, serve: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    file = write_rows(tmp_path / "d.jsonl", *(original(number) for number in range(100)))
    server, out = serve(latency_s=0.03), tmp_path / "run"
    line = command(server, artifacts, file, out, *SKILL)
    process = subprocess.Popen(
        [sys.executable, "-m", "skillbench.cli", *line],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_rows(out, 10)
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=15)
    assert process.returncode == 130
    assert complaint.count("\n") == 1
    assert "interrupted" in complaint
    assert "goes on" in complaint
    assert 10 <= len(rows(out)) < 200
    assert main(line) == 0
    assert metrics(out)["complete"] is True


def wait_for_rows(out: Path, least: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if (out / "predictions.jsonl").exists() and len(rows_so_far(out)) >= least:
            return
        time.sleep(0.01)
    raise AssertionError("the run does not get on")


def rows_so_far(out: Path) -> list[bytes]:
    return (out / "predictions.jsonl").read_bytes().split(b"\n")[:-1]


# --------------------------------------------------------------------------------- what goes wrong


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def complaint_of(capsys: pytest.CaptureFixture[str], line: list[str], code: int = 2) -> str:
    assert main(line) == code
    text = capsys.readouterr().err
    assert text.startswith("skillbench: ")
    assert text.count("\n") == 1, "one sentence, no traceback"
    return text


def test_an_endpoint_that_is_down(
    artifacts: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], serve: Any
) -> None:
    port = free_port()
    line = command(f"http://127.0.0.1:{port}/v1", artifacts, data, tmp_path / "run")
    assert "no judge answers" in complaint_of(capsys, line)
    serve(port=port)
    assert main(line) == 0, "when it is up, the same command runs"
    assert metrics(tmp_path / "run")["complete"] is True


def test_a_server_without_the_model(
    artifacts: Path, data: Path, tmp_path: Path, serve: Any, capsys: Any
) -> None:
    line = command(serve(model="other"), artifacts, data, tmp_path / "run")
    assert "the server has no model scripted; it has: other" in complaint_of(capsys, line)


@pytest.mark.parametrize(
    ("script", "owner"),
    [
        (lambda turn: Say("banana " * 20), "judge"),
        (lambda turn: Say(""), "judge"),
        (lambda turn: Say("Output (a). No, Output (b)."), "judge"),
        (lambda turn: Say("I think that", finish="length"), "judge"),
        (lambda turn: Call("no_such_tool", {}), "judge"),
        (lambda turn: Call("final_answer", raw='{"reason": "cut he', finish="length"), "judge"),
        (lambda turn: Call("final_answer", raw="[" * 5000), "judge"),
        (lambda turn: CONTEXT_VLLM, "sample"),
        (lambda turn: Status(403, '{"error": "no"}'), "endpoint"),
    ],
    ids=["garbage", "nothing", "two-labels", "cut-text", "no-tool", "cut-call", "deep", "context", "refused"],
)
@pytest.mark.parametrize("skill", [(), SKILL], ids=["direct", "skill"])
def test_a_judge_or_server_that_fails_is_recorded_with_its_owner(
    artifacts: Path, tmp_path: Path, serve: Any, script: Script, owner: str, skill: tuple[str, ...]
) -> None:
    out = tmp_path / "run"
    file = write_rows(tmp_path / "d.jsonl", original(1), original(2))
    assert main(command(serve(script), artifacts, file, out, *skill)) == 3, "there is no number of it"
    found = rows(out)
    assert len(found) == 4
    if skill and found[0]["valid"]:
        pytest.fail("an invalid answer was taken for a verdict")
    for row in found:
        assert (row["valid"], row["outcome"], row["score"]) == (False, None, None)
        assert row["error"]
        assert row["error_owner"] in (owner, *(["endpoint"] if owner == "sample" else []))
    assert metrics(out)["official"]["judgebench.overall"] is None
    assert metrics(out)["headline"]["why"] == "4 of the 4 judgments behind it are invalid (100%)"


def test_failures_of_the_moment_are_tried_again(
    artifacts: Path, data: Path, tmp_path: Path, serve: Any
) -> None:
    for number, fault in enumerate(
        (Status(500), Status(429, headers={"Retry-After": "0.05"}), Cut(), Html())
    ):
        out = tmp_path / f"run{number}"
        server = serve(every(both, fault, 7))
        assert main(command(server, artifacts, data, out, *SKILL)) == 0
        assert metrics(out)["counts"]["invalid"] == 0, fault


def test_retry_errors_judges_only_what_the_endpoint_failed(
    artifacts: Path, data: Path, tmp_path: Path, serve: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def script(turn: Turn) -> Any:
        if "Question 3?" in turn.opening and broken:
            return Status(403, '{"error": "not today"}')
        return Say("banana") if "Question 5?" in turn.opening else DIRECT(turn)

    broken = [True]
    server, out = serve(script), tmp_path / "run"
    line = command(server, artifacts, data, out)
    assert main(line) == 0
    assert "2 judgments failed at the endpoint; --retry-errors" in capsys.readouterr().err
    assert metrics(out)["counts"]["invalid_by_owner"] == {"endpoint": 2, "judge": 2}
    broken.clear()
    before = len(server.requests)
    assert main(line) == 0
    assert len(server.requests) == before
    assert main([*line, "--retry-errors"]) == 0
    assert len(server.requests) == before + 2
    assert metrics(out)["counts"]["invalid_by_owner"] == {"judge": 2}
    assert len({row.id for row in read_predictions(out)}) == len(list(read_predictions(out))) == 20


def test_wrong_use_is_one_sentence(
    artifacts: Path, data: Path, tmp_path: Path, serve: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server, out = serve(), tmp_path / "run"
    good = command(server, artifacts, data, out)
    assert main(good) == 0
    capsys.readouterr()
    other = write_rows(tmp_path / "other.jsonl", original(1), original(2, question=None))
    cases = [
        ([*good, "--seed", "5"], "holds another run: seed was 0, now 5"),
        (command(server, artifacts, other, tmp_path / "x"), "other.jsonl, line 2: field question is missing"),
        ([*good, "--skill", "tony"], "did you mean tiny?"),
        ([*good, "--delivery", "flat"], "needs a skill"),
        ([*good, "--delivery", "direct", *SKILL], "leave out --skill"),
        ([*good, *SKILL, "--setting", "operational"], "no link called tiny.judgebench.operational"),
        (command(server, tmp_path / "none", data, tmp_path / "x"), "Compile first"),
        ([*good, "--base-url", "local"], "no other can stand beside it"),
        ([*good, "--base-url", "http://me:key@127.0.0.1/v1"], "must not hold a password"),
        ([*good, "--base-url", "127.0.0.1:8000"], "is no URL such as"),
    ]
    for line, words in cases:
        assert words in complaint_of(capsys, line)
    assert len(rows(out)) == 20, "what was recorded stays"
    assert not (tmp_path / "x").exists()
    for line in (["run", "judgebench"], ["run", "nothing", "--out", "x"], [], [*good, "--limit", "0"]):
        with pytest.raises(SystemExit) as caught:
            main(line)
        assert caught.value.code == 2


def test_secrets_are_not_recorded(
    artifacts: Path, data: Path, tmp_path: Path, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, out = serve(), tmp_path / "run"
    monkeypatch.setenv("JUDGE_KEY", "sk-planted")
    line = command(server, artifacts, data, out, "--api-key-env", "JUDGE_KEY", "--limit", "1")
    assert main(line) == 0
    assert server.requests[0].headers["Authorization"] == "Bearer sk-planted"
    for path in out.iterdir():
        assert b"planted" not in path.read_bytes(), path.name


def test_sample_prints_what_skillc_show_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    second = vendored(2, query_type="livecodebench", winner="PLANTED")
    file = write_rows(tmp_path / "d.jsonl", original(1), second)
    base = ["sample", "judgebench", "--data", str(file), "--row"]
    assert main([*base, "1", "--order", "BA"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "prompt": "Question 1?",
        "responses": {"A": "Wrong 1.", "B": "Right 1."},
        "source": "livebench-math",
    }
    assert main([*base, "2"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"prompt", "responses", "source"}
    assert "there is no row 3" in complaint_of(capsys, [*base, "3"])
    assert main(["sample", "starter"]) == 0


def test_a_terminal_gets_a_progress_line(artifacts: Path, data: Path, tmp_path: Path, serve: Any) -> None:
    line = command(serve(), artifacts, data, tmp_path / "run")
    for more, wanted in (((), True), (("--quiet",), False)):
        primary, secondary = pty.openpty()
        fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 150, 0, 0))
        given = [sys.executable, "-m", "skillbench.cli", *line[:-1], str(tmp_path / f"run{wanted}"), *more]
        process = subprocess.Popen(given, stdout=subprocess.DEVNULL, stderr=secondary)
        os.close(secondary)
        shown = b""
        while select.select([primary], [], [], 20)[0]:
            try:
                piece = os.read(primary, 65536)
            except OSError:
                break
            shown += piece
            if not piece:
                break
        os.close(primary)
        assert process.wait(10) == 0
        assert (b"judgment/s" in shown and b"invalid 0" in shown) is wanted


def test_final_and_plan_force_the_last_step() -> None:
    script = plan(call("use_skill"), final(lambda turn: "A"))
    body = {"messages": [{"role": "user", "content": "x"}], "tools": []}
    assert script(Turn(0, body)) == Call("use_skill", {})
    forced = script(
        Turn(0, {**body, "tool_choice": {"type": "function", "function": {"name": "final_answer"}}})
    )
    assert isinstance(forced, Call)
    assert forced.arguments["verdict"] == "A"


def test_the_first_request_is_the_one_that_can_be_looked_at(
    artifacts: Path, data: Path, tmp_path: Path, serve: Any
) -> None:
    from skillbench.commands.sample import sample_json
    from skillbench.running.run import Endpoint
    from skillrt.endpoints import encode_body, request_body
    from skillrt.programs.program import load_program
    from skillrt.programs.view import make_view
    from skillspec.artifacts import ArtifactStore

    server = serve()
    line = command(server, artifacts, data, tmp_path / "run", *SKILL, "--concurrency", "1")
    assert main(line) == 0
    program = load_program(ArtifactStore(artifacts), "tiny.judgebench.fair.progressive")
    fields = json.loads(sample_json("judgebench", [data], 1, "AB"))
    request = program.first_request(make_view(program.task, program.link, fields))
    config = Endpoint(base_urls=(server.base_url,), model="scripted").config()
    assert server.requests[0].raw == encode_body(request_body(request, config))
