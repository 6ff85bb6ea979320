"""The fault run: three servers that misbehave in nine ways, one of them killed and brought back.

    python tests/perf/bench_faults.py [--limit N] [--concurrency N]

Judges the 350 real pairs of ../shared/data in both orders with reward_judge_fair. Each of the nine faults of
tests/support/faults.py meets 5% of the requests. The second server is killed after a third of the judgments
and started again after two thirds. Prints what happened; exit code 1 when a judgment is lost or doubled, or
more than 1% are invalid.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
DATA = HERE.parents[2] / "shared" / "data" / "judgebench" / "gpt.jsonl"
RESOURCE = "rubric.pairwise"
SERVERS = 3


def serve(port: int, seed: int) -> None:
    """Be one of the servers until standard input closes."""
    import logging

    from faults import with_faults, working
    from scripted_server import ScriptedServer

    logging.disable()  # aiohttp reports each client that went away
    with ScriptedServer(with_faults(working(RESOURCE), seed), port=port, latency_s=0.005) as server:
        server.requests = _Forgetful()
        print(server.base_url, flush=True)
        sys.stdin.read()


class _Forgetful(list[Any]):
    def append(self, item: Any) -> None:
        """Keep nothing."""


def start(port: int, seed: int) -> tuple[subprocess.Popen[str], str]:
    """Start a server in a process of its own."""
    command = [sys.executable, __file__, "--serve", str(port), str(seed)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def pairs(limit: int | None) -> list[dict[str, Any]]:
    """The samples: each pair in both orders."""
    rows = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()][:limit]
    return [
        {"prompt": row["prompt"], "responses": dict(zip("AB", texts, strict=True))}
        for row in rows
        for texts in ((row["chosen"], row["rejected"]), (row["rejected"], row["chosen"]))
    ]


async def run(limit: int | None, concurrency: int) -> dict[str, Any]:
    """Make the run and return what happened."""
    from faults import judge_many, summary

    from skillrt.endpoints import EndpointConfig, open_endpoints
    from skillrt.programs.program import load_program
    from skillrt.sandbox import open_sandbox
    from skillspec.artifacts import ArtifactStore

    program = load_program(ArtifactStore(), "reward_judge_fair.judgebench.fair.progressive")
    samples = pairs(limit)
    processes = [start(0, seed) for seed in range(SERVERS)]
    urls = tuple(url for _, url in processes)
    config = EndpointConfig(base_urls=urls, model="scripted", request_timeout_s=1.0, concurrency=concurrency)
    began = time.monotonic()
    async with open_endpoints(config) as transport, open_sandbox("monty") as sandbox:

        async def kill_and_revive() -> None:
            await _answered(transport, len(samples) * 2)
            processes[1][0].kill()
            processes[1][0].wait()
            await _answered(transport, len(samples) * 4)
            port = int(urls[1].split(":")[2].split("/")[0])
            processes[1] = await asyncio.to_thread(start, port, SERVERS)

        killer = asyncio.create_task(kill_and_revive())
        done = await judge_many(transport, program, samples, sandbox, concurrency * SERVERS)
        killer.cancel()
        found = {
            "wanted": len(samples),
            "seconds": round(time.monotonic() - began, 1),
            **summary(done, transport),
        }
    for process, _ in processes:
        process.kill()
        process.wait()
    return found


async def _answered(transport: Any, count: int) -> None:
    while sum(server.counts["requests"] for server in transport.servers) < count:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


def main() -> int:
    """Run, print, and judge the run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--limit", type=int, help="only the first N pairs")
    parser.add_argument("--concurrency", type=int, default=16, help="requests in flight, each server")
    parser.add_argument("--serve", nargs=2, type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(*given.serve)
        return 0
    if not DATA.is_file():
        print("bench_faults needs ../shared/data/judgebench/gpt.jsonl, which is not here")
        return 0
    found = asyncio.run(run(given.limit, given.concurrency))
    print(json.dumps(found, indent=1))
    lost = found["wanted"] - found["distinct"]
    doubled = found["judgments"] - found["distinct"]
    invalid = 1 - found["valid"] / found["wanted"]
    print(f"lost {lost}, doubled {doubled}, invalid {invalid:.2%} (goal: none, none, under 1%)")
    return int(bool(lost or doubled or invalid >= 0.01))


if __name__ == "__main__":
    sys.exit(main())
