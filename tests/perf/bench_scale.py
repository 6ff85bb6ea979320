"""Ten thousand judgments and a hundred thousand, of each kind of suite: memory, resuming, the report.

    python tests/perf/bench_scale.py [SUITE ...] [--judgments N]

Rows are made up, with responses of a thousand characters; the judge is the seeded control `random`, so all
that is measured is ours. Prints for a tenth of the judgments and for all of them the most memory while
judging, while computing metrics and while writing the report; then, after a kill, the seconds until
judging goes on and until all is done; and the size of the report. Goals: judging takes at most 60 MB more
for all than for a tenth, judging goes on within 15 s, the report is under 20 MB.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

GOAL_MORE_MB, GOAL_RESUME_S, GOAL_REPORT_MB = 60, 15, 20
CUT = 500
PHASES = ("judging", "metrics", "report")


def text(draw: random.Random, size: int = 1000) -> str:
    """Words of no meaning."""
    return " ".join(f"{draw.randrange(10**6):x}" for _ in range(size // 6))


def judgebench(number: int, draw: random.Random) -> dict[str, Any]:
    """A pair, judged in two orders."""
    return {
        "pair_id": f"pair-{number}",
        "original_id": number,
        "source": ("mmlu-pro-law", "livebench-reasoning", "livebench-math", "livecodebench")[number % 4],
        "question": text(draw),
        "response_model": "made-up",
        "response_A": text(draw),
        "response_B": text(draw),
        "label": draw.choice(("A>B", "B>A")),
    }


def rmbench(number: int, draw: random.Random) -> dict[str, Any]:
    """A prompt with three styles of two responses: nine cells in two orders."""
    return {
        "id": f"row-{number}",
        "prompt": text(draw),
        "chosen": [text(draw) for _ in range(3)],
        "rejected": [text(draw) for _ in range(3)],
        "domain": ("chat", "code", "math", "safety-refuse")[number % 4],
    }


def jetts(number: int, draw: random.Random) -> dict[str, Any]:
    """A query with ten candidates: a knockout of nine matches, each of which the next one waits for."""
    return {
        "query": {"content": text(draw), "metadata": {"answer": str(number)}},
        "responses": [
            {"content": f"{text(draw)} The answer is {number}.", "metadata": {"score": draw.randrange(2)}}
            for _ in range(10)
        ],
    }


SUITES: dict[str, tuple[Callable[[int, random.Random], dict[str, Any]], int, str]] = {
    "judgebench": (judgebench, 2, "pairs.jsonl"),
    "rmbench": (rmbench, 18, "rows.jsonl"),
    "jetts": (jetts, 9, "gsm8k_made-up.jsonl"),
}
"""How a row is made, how many judgments it is, and the file that holds it."""


def make(suite: str, judgments: int, folder: Path) -> Path:
    """Write the data."""
    row, each, name = SUITES[suite]
    draw = random.Random(1)
    path = folder / name
    with path.open("w", encoding="utf-8") as file:
        for number in range(-(-judgments // each)):
            file.write(json.dumps(row(number, draw)) + "\n")
    return path


def start(suite: str, data: Path, out: Path, artifacts: Path) -> subprocess.Popen[bytes]:
    """Start, or go on with, the run in a process of its own."""
    line = [sys.executable, "-m", "skillbench.cli", "run", suite, "--data", str(data), "--out", str(out)]
    line += ["--base-url", "control:random", "--artifacts", str(artifacts), "--quiet"]
    return subprocess.Popen(line, stdout=subprocess.DEVNULL)


def memory_mb(pid: int) -> float:
    """What the process holds now; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next(
        (int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmRSS")), 0.0
    )


def watch(process: subprocess.Popen[bytes], out: Path) -> Iterator[tuple[str, float]]:
    """Yield the phase that a run is in and its memory, until it ends."""
    for name in ("metrics.json", "summary.md", "report.html"):
        (out / name).unlink(missing_ok=True)
    sessions = out / "run.json"
    while process.poll() is None:
        ended = sessions.exists() and b'"ended": null' not in sessions.read_bytes()
        phase = "report" if (out / "summary.md").exists() else "metrics" if ended else "judging"
        yield phase, memory_mb(process.pid)
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"skillbench run ended with {process.returncode}")


def cut(out: Path) -> None:
    """Leave what a kill leaves: the last judgments are missing, and the last line is torn."""
    for name in ("predictions.jsonl", "traces.jsonl"):
        lines = (out / name).read_bytes().splitlines(keepends=True)
        (out / name).write_bytes(b"".join(lines[:-CUT]) + lines[-1][:100])


def peaks(suite: str, judgments: int, folder: Path, artifacts: Path) -> tuple[dict[str, float], Path, Path]:
    """Run once; return the most memory of each phase in MB, the data and the run folder."""
    folder.mkdir()
    data, out = make(suite, judgments, folder), folder / "run"
    out.mkdir()
    most = dict.fromkeys(PHASES, 0.0)
    began = time.monotonic()
    for phase, held in watch(start(suite, data, out, artifacts), out):
        most[phase] = max(most[phase], held)
    shown = ", ".join(f"{phase} {held:.0f}" for phase, held in most.items())
    print(f"{suite} {judgments:>7,}: {time.monotonic() - began:6.1f} s; most memory, MB: {shown}", flush=True)
    return most, data, out


def resume(suite: str, data: Path, out: Path, artifacts: Path) -> float:
    """Kill-and-continue; return the seconds until the first new judgment, and print those to the end."""
    cut(out)
    size = (out / "predictions.jsonl").stat().st_size
    began = time.monotonic()
    first = report = None
    for phase, _ in watch(start(suite, data, out, artifacts), out):
        if first is None and (out / "predictions.jsonl").stat().st_size > size:
            first = time.monotonic() - began
        if report is None and phase == "report":
            report = time.monotonic()
    ended = time.monotonic()
    assert first is not None
    written = ended - report if report is not None else 0.0
    print(
        f"{suite} resumed: judging after {first:.1f} s, done after {ended - began:.1f} s, of which the "
        f"report {written:.1f} s",
        flush=True,
    )
    return first


def main() -> int:
    """Run all suites and judge them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("suites", nargs="*", metavar="SUITE", help="default: all")
    parser.add_argument("--judgments", type=int, default=100_000)
    given = parser.parse_args()
    unknown = set(given.suites) - set(SUITES)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are: {', '.join(SUITES)}")
    from skillc.cli import main as skillc

    failed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        artifacts = folder / "artifacts"
        root = Path(__file__).resolve().parents[2]
        if skillc(["compile", "--root", str(root), str(root / "skills_src"), "--out", str(artifacts)]):
            return 1
        for suite in given.suites or SUITES:
            tenth, _, _ = peaks(suite, given.judgments // 10, folder / f"{suite}-tenth", artifacts)
            whole, data, out = peaks(suite, given.judgments, folder / suite, artifacts)
            first = resume(suite, data, out, artifacts)
            size = (out / "report.html").stat().st_size / 1e6
            more = whole["judging"] - tenth["judging"]
            print(f"{suite}: judging takes {more:+.0f} MB for ten times as many; report {size:.1f} MB\n")
            failed |= more > GOAL_MORE_MB or first > GOAL_RESUME_S or size >= GOAL_REPORT_MB
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
