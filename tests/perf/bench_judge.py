"""What a judgment costs: CPU of our whole process tree, and characters that a prefix cache has not.

    python tests/perf/bench_judge.py [--limit N] [--concurrency N]

Judges the 350 real pairs of ../shared/data in both orders through ``skillbench run``, against a server in a
process of its own that answers at once, by the plan use_skill, view_resource, python_sandbox, final_answer.
The prefix cache is counted as vLLM keeps it: blocks of 64 characters, each chained to the one before, over
the tools first and the messages after them, nothing ever evicted.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[2] / "shared" / "data" / "judgebench" / "gpt.jsonl"
BLOCK = 64
JUDGMENTS = 700
GOAL_CPU_MS, GOAL_PER_S = 10.0, 100.0
RUNS = {
    ("reward_judge_fair", "progressive"): 12_000,
    ("reward_judge_fair", "preloaded"): 9_000,
    ("reward_judge_operational", "progressive"): 16_000,
    ("reward_judge_operational", "preloaded"): 9_000,
}
"""The runs, and how many characters a judgment may miss the cache with."""


@contextlib.contextmanager
def instant_server(*more: str) -> Iterator[str]:
    """A server in a process of its own; gives its base URL."""
    command = [sys.executable, str(HERE / "instant_server.py"), *more]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        finally:
            process.stdin.close()
            process.wait(10)


def run(
    skill: str, delivery: str, url: str, out: Path, limit: int | None, concurrency: int
) -> tuple[float, float]:
    """Run the suite; return the CPU seconds of the process tree, and the wall time in seconds."""
    command = [sys.executable, "-m", "skillbench.cli", "run", "judgebench", "--data", str(DATA)]
    command += ["--out", str(out), "--skill", skill, "--delivery", delivery, "--quiet"]
    command += ["--base-url", url, "--model", "scripted", "--concurrency", str(concurrency)]
    command += ["--limit", str(limit)] if limit else []
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"skillbench run ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime, time.monotonic() - began


def bodies(record: Path) -> Iterator[bytes]:
    """The bodies that a server recorded, in the order of arrival."""
    data = record.read_bytes()
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 8], "big")
        yield data[at + 8 : at + 8 + length]
        at += 8 + length


def prompt_of(body: dict[str, object]) -> str:
    """What a chat template makes of a request, near enough: the tools, then the messages."""
    parts = [json.dumps(body.get("tools", []), ensure_ascii=False)]
    messages = body["messages"]
    assert isinstance(messages, list)
    for message in messages:
        calls = message.get("tool_calls")
        parts += [message["role"], message["content"] or "", json.dumps(calls) if calls else ""]
    return "\n".join(parts)


def missed(record: Path) -> tuple[int, int]:
    """Characters sent, and of those the ones that no chained block of an earlier request holds."""
    known: set[bytes] = set()
    sent = misses = 0
    for raw in bodies(record):
        prompt = prompt_of(json.loads(raw))
        sent += len(prompt)
        chain, hit = b"", 0
        for start in range(0, len(prompt) - BLOCK + 1, BLOCK):
            block = prompt[start : start + BLOCK].encode("utf-8", "replace")
            chain = hashlib.blake2b(chain + block, digest_size=16).digest()
            hit += BLOCK if chain in known else 0
            known.add(chain)
        misses += len(prompt) - hit
    return sent, misses


def measure(skill: str, delivery: str, goal: int, limit: int | None, concurrency: int) -> bool:
    """Run one combination twice, once timed and once recorded; print its figures, tell whether they do."""
    count = min(2 * limit, JUDGMENTS) if limit else JUDGMENTS
    with tempfile.TemporaryDirectory() as folder:
        record = Path(folder) / "bodies"
        with instant_server() as url:
            cpu, wall = run(skill, delivery, url, Path(folder) / "timed", limit, concurrency)
        with instant_server("--record", str(record)) as url:
            run(skill, delivery, url, Path(folder) / "recorded", limit, concurrency)
        sent, misses = missed(record)
    print(
        f"{skill} {delivery}: {cpu / count * 1000:.1f} ms CPU (goal {GOAL_CPU_MS:g}), "
        f"{count / wall:.0f} judgments/s (goal {GOAL_PER_S:g}), {sent / count:,.0f} characters sent, "
        f"{misses / count:,.0f} miss the cache (goal {goal:,})",
        flush=True,
    )
    in_time = cpu / count * 1000 <= GOAL_CPU_MS and count / wall >= GOAL_PER_S
    return misses / count <= goal and in_time


def main() -> int:
    """Print the figures of every combination that is compiled."""
    from skillspec.artifacts import ArtifactStore, link_id

    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, help="only the first N pairs")
    parser.add_argument("--concurrency", type=int, default=16)
    given = parser.parse_args()
    if not DATA.is_file():
        print("bench_judge needs ../shared/data/judgebench/gpt.jsonl, which is not here")
        return 0
    store = ArtifactStore()
    met = True
    for (skill, delivery), goal in RUNS.items():
        setting = store.skill(skill).setting if skill in store.index.skills else "fair"
        if link_id("judgebench", skill, setting, delivery) in store.index.links:
            met &= measure(skill, delivery, goal, given.limit, given.concurrency)
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
