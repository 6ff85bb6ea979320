"""Runs judgebench with a fake engine in a process of its own, so that tests can kill it.

python bench_driver.py DATA OUT [PAUSE_S]
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bench_support import FakeEngine

from skillbench.analysis.results import metrics_of
from skillbench.folder.journal import read_predictions
from skillbench.folder.store import RunFolder, pretty
from skillbench.running.progress import Progress
from skillbench.running.workers import judge_all, stop_on_signals
from skillbench.suites.judgebench.suite import JudgeBench


async def judge(suite: JudgeBench, folder: RunFolder, total: int, pause_s: float) -> str:
    async with stop_on_signals() as stop:
        return await judge_all(
            suite,
            suite.jobs(),
            FakeEngine(pause_s=pause_s),
            folder.journal,
            concurrency=16,
            progress=Progress(total, folder.journal, quiet=True),
            stop=stop,
        )


def main(data: str, out: str, pause_s: str = "0") -> int:
    suite = JudgeBench([Path(data)])
    summary = suite.check()
    with RunFolder(Path(out), {"data": summary.files[0].sha256}, {}) as folder:
        folder.begin()
        print("judging", flush=True)
        ending = asyncio.run(judge(suite, folder, summary.judgments, float(pause_s)))
        folder.end(ending)
        metrics = metrics_of(suite, read_predictions(folder.path), summary.judgments)
        folder.write("metrics.json", pretty(metrics))
    return 130 if ending == "interrupted" else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
