"""From source to what goes over the wire: what `skillc show` prints is what a run sends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from scripted_server import Call, Say, ScriptedServer, call, final, plan

import skillbench.cli
import skillc.cli
from skillrt.sandbox import open_sandbox

ROOT = Path(__file__).parents[1]
SKILL = "reward_judge_fair"


def first_body(tmp_path: Path, *more: str) -> tuple[bytes, int]:
    """The first request of a run of one pair, and the number of its row: a limit draws rows by a seed."""
    script = final(lambda turn: "A")
    if "--skill" not in more:
        script = plan(lambda turn: Say("Response A"))
    elif "tools_only" in more:
        script = plan(lambda turn: Call("final_answer", {"reason": "scripted", "verdict": "A"}))
    else:
        script = plan(call("use_skill"), script)
    with ScriptedServer(script, model="m") as server:
        out = str(tmp_path / "run")
        where = ["--base-url", server.base_url, "--model", "m", "--limit", "1", "--concurrency", "1"]
        assert skillbench.cli.main(["run", "starter", *where, "--out", out, "--quiet", *more]) == 0
        first = json.loads((tmp_path / "run" / "predictions.jsonl").read_text().splitlines()[0])
        return server.requests[0].raw, first["position"] + 1


def shown_body(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], row: int, *more: str) -> bytes:
    capsysbinary.readouterr()
    assert skillbench.cli.main(["sample", "starter", "--row", str(row), "--order", "AB"]) == 0
    sample = tmp_path / "sample.json"
    sample.write_bytes(capsysbinary.readouterr().out)
    names = ["--task", "starter", "--sample", str(sample), "--model", "m", "--format", "request"]
    assert skillc.cli.main(["show", *more, *names]) == 0
    return capsysbinary.readouterr().out


@pytest.mark.parametrize("delivery", ["progressive", "preloaded", "flat", "tools_only"])
def test_the_first_request_is_byte_identical_to_show(
    delivery: str, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    sent, row = first_body(tmp_path, "--skill", SKILL, "--delivery", delivery)
    shown = shown_body(tmp_path, capsysbinary, row, SKILL, "--delivery", delivery)
    assert shown.rstrip(b"\n") == sent


def test_so_is_the_baseline(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    sent, row = first_body(tmp_path)
    shown = shown_body(tmp_path, capsysbinary, row, "--delivery", "direct")
    assert shown.rstrip(b"\n") == sent


def test_token_counts_are_exact_with_a_tokenizer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    words.save(str(tmp_path / "tokenizer.json"))
    more = ["--task", "starter", "--tokenizer", str(tmp_path / "tokenizer.json")]
    assert skillc.cli.main(["show", SKILL, *more]) == 0
    heads = [line for line in capsys.readouterr().out.splitlines() if line.startswith("=====")]
    assert heads
    assert all("tokens" in line and "about" not in line for line in heads), heads


def python_tool(skill: Mapping[str, Any]) -> str:
    return str(skill["phrases"]["tool_python_sandbox"])


@pytest.mark.parametrize("name", [SKILL, "instruction_following"])
async def test_the_modules_that_the_tool_names_are_there(name: str) -> None:
    skill = json.loads((ROOT / "generated" / "skills" / f"{name}.json").read_bytes())
    text = python_tool(skill)
    known = [
        "re",
        "json",
        "math",
        "collections",
        "itertools",
        "functools",
        "decimal",
        "datetime",
        "unicodedata",
    ]
    assert all(module in text for module in known)
    async with open_sandbox("monty") as sandbox:
        code = "\n".join(f"import {module}" for module in known) + "\nresult = 1"
        assert (await sandbox.run(code, {}, timeout_s=3, memory_mb=64)).ok
