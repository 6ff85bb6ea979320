"""Two thousand judgments in flight at once on one process, waiting on a slow server.

    python tests/perf/bench_in_flight.py [--judgments N] [--latency S]

Runs itself twice under ``ulimit -n 1024``: with the soft limit alone at 1,024, which the runtime raises by
itself, and with the hard limit there too, where it says how to mend it and lets requests wait for a
connection. Prints errors, the most requests in flight, and the peak memory of the process (goals: none, and
under 500 MB). The server is a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import resource
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

GOAL_MB = 500
DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "judgebench" / "gpt.jsonl"


async def run(url: str, judgments: int) -> dict[str, object]:
    """Start all judgments at once and return what came of them."""
    from faults import judge_many

    from skillrt.endpoints import EndpointConfig, open_endpoints
    from skillrt.programs.program import load_program
    from skillspec.artifacts import ArtifactStore

    program = load_program(ArtifactStore(), "reward_judge_fair.judgebench.fair.progressive")
    rows = [json.loads(line) for line in DATA.read_text("utf-8").splitlines()] if DATA.is_file() else []
    texts = [(row["prompt"], row["chosen"], row["rejected"]) for row in rows] or [
        ("p" * 3000, "a" * 2000, "b")
    ]
    samples = [
        {"prompt": prompt, "responses": {"A": one, "B": other}}
        for prompt, one, other in (texts[number % len(texts)] for number in range(judgments))
    ]
    config = EndpointConfig(base_urls=(url,), model="scripted", concurrency=judgments, request_timeout_s=120)
    most = 0
    began = time.monotonic()
    async with open_endpoints(config) as transport:
        limiter = transport.servers[0].limiter

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, limiter.in_flight)
                await asyncio.sleep(0.05)

        watcher = asyncio.create_task(watch())
        done = await judge_many(transport, program, samples, None, judgments, 600.0)
        watcher.cancel()
    errors = {judgment.verdict.error for _, judgment in done} - {None}
    return {
        "judgments": len(done),
        "valid": sum(judgment.verdict.valid for _, judgment in done),
        "errors": sorted(map(str, errors))[:5],
        "most requests in flight": most,
        "seconds": round(time.monotonic() - began, 1),
        "peak memory MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "soft limit now": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    }


def main() -> int:
    """Run both cases and judge them."""
    from bench_judge import instant_server

    parser = argparse.ArgumentParser()
    parser.add_argument("--judgments", type=int, default=2000)
    parser.add_argument("--latency", type=float, default=2.0, help="of each answer, in seconds")
    parser.add_argument("--url", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.url:
        logging.basicConfig(level=logging.WARNING, format="%(message)s")
        print(json.dumps(asyncio.run(run(given.url, given.judgments))))
        return 0
    failed = False
    for limit, flags in (("soft", "-Sn"), ("hard", "-n")):
        with instant_server("--latency", str(given.latency)) as url:
            command = f'ulimit {flags} 1024; exec "$0" "$@"'
            more = [__file__, "--url", url, "--judgments", str(given.judgments)]
            child = subprocess.run(
                ["bash", "-c", command, sys.executable, *more], stdout=subprocess.PIPE, text=True, check=True
            )
        found = json.loads(child.stdout)
        print(f"{limit} limit of 1,024 files:", json.dumps(found))
        failed |= found["valid"] != given.judgments or found["peak memory MB"] >= GOAL_MB
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
