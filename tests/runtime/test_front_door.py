"""skillrt.Judge: one object that judges, in a script, a running event loop and many threads."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from skillc.cli import main
from skillrt import EndpointDown, Judge
from skillrt.programs.choice import ChoiceError
from skillrt.testing import ScriptedJudge, call, say

ROOT = Path(__file__).parents[2]
PAIR = {"prompt": "2 + 2?", "responses": {"A": "four", "B": "five"}}
TURNS = [call("use_skill"), call("final_answer", findings=[], reason="scripted", verdict="A")]


def door(server: ScriptedJudge, **more: Any) -> Judge:
    return Judge("reward_judge_fair", task="judgebench", base_url=server.base_url, model=server.model, **more)


def test_a_pair_is_judged_and_the_answer_recorded_as_in_a_run() -> None:
    with ScriptedJudge(TURNS) as server, door(server) as judge:
        judgment = judge.judge(PAIR)
    assert (judgment.verdict.outcome, judgment.verdict.reason) == ("A", "scripted")
    assert judgment.usage.requests == len(server.requests) == 2
    assert judgment.trace["fields"]["responses"] == PAIR["responses"]


def test_responses_may_stand_in_any_order_and_fields_be_named() -> None:
    with ScriptedJudge(TURNS) as server, door(server) as judge:
        judge.judge(PAIR)
        judge.judge(prompt="2 + 2?", responses={"B": "five", "A": "four"})
    assert server.requests[0] == server.requests[2], "the same texts in the same places"


def test_the_door_sends_what_a_run_sends(tmp_path: Path) -> None:
    from skillbench.cli import main as skillbench

    rows = tmp_path / "rows.jsonl"
    row = {
        "pair_id": "1",
        "original_id": "1",
        "source": "mmlu-pro-math",
        "question": PAIR["prompt"],
        "response_model": "m",
        "response_A": "four",
        "response_B": "five",
        "label": "A>B",
    }
    rows.write_text(json.dumps(row) + "\n")
    with ScriptedJudge(TURNS) as server:
        line = ["run", "judgebench", "--data", str(rows), "--skill", "reward_judge_fair", "--quiet"]
        where = ["--base-url", server.base_url, "--model", server.model, "--out", str(tmp_path / "run")]
        assert skillbench([*line, *where]) == 0
        by_runner = sorted(server.requests)
        server.requests.clear()
        with door(server, seed=0, enable_thinking=False) as judge:
            judge.both_orders(PAIR)
        assert sorted(server.requests) == by_runner


def test_both_orders_exchange_the_texts_and_tell_labels_as_given() -> None:
    with ScriptedJudge(TURNS) as server, door(server) as judge:
        both = judge.both_orders(PAIR)
        assert both.second.trace["fields"]["responses"] == {"A": "five", "B": "four"}
        assert (both.winner, both.consistent) == (None, False), "A in both orders is two texts"
    with Judge("reward_judge_fair", task="judgebench", base_url="control:always-longest") as judge:
        both = judge.both_orders(prompt="?", responses={"A": "short", "B": "much longer"})
        assert (both.winner, both.consistent) == ("B", True)
        with pytest.raises(ValueError, match="two responses"):
            judge.both_orders(prompt="?", responses={"A": "alone"})


def test_it_works_where_an_event_loop_runs_already() -> None:
    with ScriptedJudge(TURNS) as server, door(server) as judge:

        async def notebook() -> tuple[Any, Any, list[Any]]:
            blocking = judge.judge(PAIR)
            waited = await judge.ajudge(PAIR)
            return blocking, waited, await judge.ajudge_all([PAIR] * 5)

        blocking, waited, many = asyncio.run(notebook())
    outcomes = [judgment.verdict.outcome for judgment in (blocking, waited, *many)]
    assert outcomes == ["A"] * 7


def test_many_threads_share_a_judge_and_order_is_kept() -> None:
    samples = [{**PAIR, "prompt": f"question {number}"} for number in range(12)]
    with ScriptedJudge(TURNS) as server, door(server, concurrency=3) as judge:
        with ThreadPoolExecutor(4) as threads:
            assert {found.verdict.outcome for found in threads.map(judge.judge, samples)} == {"A"}
        judgments = judge.judge_all(samples)
    assert [judgment.trace["fields"]["prompt"] for judgment in judgments] == [
        sample["prompt"] for sample in samples
    ]


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(ChoiceError, match="no skill called fair_judge"):
        Judge("fair_judge", task="judgebench", base_url="local")
    with pytest.raises(ChoiceError, match="serves several tasks"):
        Judge("reward_judge_fair", base_url="local")
    with pytest.raises(ValueError, match="name the model"):
        Judge("reward_judge_fair", task="judgebench", base_url="http://127.0.0.1:9/v1")
    with pytest.raises(ValueError, match="no control"):
        Judge("reward_judge_fair", task="judgebench", base_url="control:nobody")
    with ScriptedJudge([say("?")]) as server:
        judge = Judge(task="judgebench", base_url=server.base_url, model="another")
        with judge, pytest.raises(EndpointDown, match="no model another; it has: scripted"):
            judge.judge(PAIR)
        with door(server) as judge:
            verdict = judge.judge(prompt="?").verdict
            assert (verdict.valid, verdict.error_owner) == (False, "sample")
        assert not any(b"chat" in body for body in server.requests)
    with pytest.raises(RuntimeError, match="closed"):
        judge.judge(PAIR)


def test_no_server_is_said_and_a_later_one_is_used() -> None:
    judge = Judge(task="judgebench", base_url="http://127.0.0.1:9/v1", model="m")
    for _ in range(2):
        with pytest.raises(EndpointDown, match="no judge answers"):
            judge.judge(PAIR)
    judge.close()
    judge.close()


def test_explain_prints_what_is_sent_and_asks_nobody() -> None:
    judge = Judge("reward_judge_fair", task="judgebench", base_url="http://127.0.0.1:9/v1", model="m")
    text = judge.explain(PAIR)
    assert "Output (a):\nfour" in text
    assert "===== returned by use_skill" in text


def test_the_process_ends_although_nobody_closed_the_judge() -> None:
    with ScriptedJudge(TURNS) as server:
        script = (
            "from skillrt import Judge\n"
            f"where = {{'base_url': {server.base_url!r}, 'model': 'scripted'}}\n"
            "judge = Judge('reward_judge_fair', task='judgebench', **where)\n"
            f"print(judge.judge({PAIR!r}).verdict.outcome)\n"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "A\n", "")


def test_the_same_door_in_the_shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = tmp_path / "sample.json"
    sample.write_text(json.dumps(PAIR))
    with ScriptedJudge(TURNS) as server:
        line = ["judge", "reward_judge_fair", "--task", "judgebench", "--sample", str(sample)]
        where = ["--base-url", server.base_url, "--model", server.model]
        assert main([*line, *where]) == 0
        tokens = sum(len(body) // 4 + 1 for body in server.requests)
        told = capsys.readouterr().out
        assert told == f"outcome A, said A; 2 requests, {tokens} tokens\n  scripted\n"
        assert main([*line, *where, "--both-orders", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["winner"], told["first"]["verdict"]["outcome"]) == (None, "A")
    sample.write_text("[]")
    assert main([*line, "--base-url", "control:random"]) == 2
    assert "does not hold a JSON object" in capsys.readouterr().err


@pytest.mark.parametrize("module", ["skillc", "skillbench", "skillrl"])
def test_each_command_runs_as_a_module_and_tells_its_version(module: str) -> None:
    command = [sys.executable, "-m", module, "--version"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{module} 0.")
