"""docs/serving.md against the presets, the plans and servers that misbehave as it describes."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest
from documents import ROOT, read_document
from paper_data import judge_by_rule, make_data
from scripted_server import CONTEXT_VLLM, Html, Reply, ScriptedServer, Status, Turn
from suite_support import bench

from skillbench.cli import main
from skillbench.running.presets import PRESETS, serve_command

DOCUMENT = read_document(ROOT / "docs" / "serving.md")
TEXT = (ROOT / "docs" / "serving.md").read_text("utf-8")
SERVED = "Qwen3.5-27B"


def test_the_commands_are_those_of_the_presets() -> None:
    told = [text.strip() for text in DOCUMENT.of_kind("console") if text.startswith("vllm serve")]
    assert told == [
        serve_command(preset, "DIR").replace("DIR", '"$MODEL_DIR"') for preset in PRESETS.values()
    ]
    for key, preset in PRESETS.items():
        assert f"`{key}`, {preset.concurrency} judgments at a time" in TEXT
    flags = {word for preset in PRESETS.values() for word in preset.flags if word.startswith("--")}
    assert flags <= {word for text in DOCUMENT.inline for word in text.split()}, "each flag has its reason"


def test_the_plan_with_a_thinking_model_runs(tmp_path: Path) -> None:
    (plan,) = DOCUMENT.of_kind("yaml")
    (tmp_path / "plan.yaml").write_text(plan, "utf-8")
    data = make_data(tmp_path / "data")
    with ScriptedServer(judge_by_rule, model=SERVED) as server:
        words = ["--data-root", data, "--base-url", server.base_url, "--out", tmp_path / "out", "--quiet"]
        assert bench("matrix", tmp_path / "plan.yaml", *words) == 0
        asked = {
            (body["chat_template_kwargs"]["enable_thinking"], body["max_tokens"]) for body in server.bodies()
        }
    assert asked == {(False, 2048), (True, 16384)}
    table = json.loads((tmp_path / "out" / "matrix.json").read_bytes())
    assert [row["model"] for row in table["rows"]] == ["qwen35_27b"] * 2 + ["qwen35_27b_thinking"] * 2


def test_a_plan_names_the_tool_mode(tmp_path: Path) -> None:
    assert "`tool_mode: schema` at the model" in TEXT
    data = make_data(tmp_path / "data")
    (tmp_path / "plan.yaml").write_text(
        "name: llama\nmodels: [{name: llama, model: m, tool_mode: schema}]\nsettings: [skill_fair]\n"
        "benchmarks: [{suite: judgebench, data: [judgebench/gpt.jsonl]}]\n"
    )
    with ScriptedServer(judge_by_rule, model="m") as server:
        words = ["--data-root", data, "--base-url", server.base_url, "--out", tmp_path / "out", "--quiet"]
        assert bench("matrix", tmp_path / "plan.yaml", *words) == 0
        bodies = server.bodies()
    assert all("response_format" in body and body["tool_choice"] == "none" for body in bodies)


def run_against(
    reply: Reply | None, out: Path, data: Path, *, model: str = SERVED, url: str = ""
) -> tuple[int, str]:
    """Judge one pair with a skill; returns the exit status and all that the run has recorded."""

    def script(turn: Turn) -> Reply:
        return reply if reply is not None else judge_by_rule(turn)

    with ScriptedServer(script, model=SERVED) as server:
        words = [
            "--data",
            data / "judgebench/gpt.jsonl",
            "--setting",
            "skill_fair",
            "--limit",
            "1",
            "--quiet",
        ]
        code = bench("run", "judgebench", *words, "--base-url", url or server.base_url, "--model", model,
                     "--out", out)  # fmt: skip
    rows = out / "predictions.jsonl"
    return code, rows.read_text("utf-8") if rows.is_file() else ""


NO_TOOLS = Status(
    400, '{"error": {"message": "\\"auto\\" tool choice requires --enable-auto-tool-choice and so on"}}'
)


@pytest.mark.parametrize(
    ("reply", "sign", "owner"),
    [
        (NO_TOOLS, "refused the request with HTTP 400", "endpoint"),
        (CONTEXT_VLLM, "does not fit the model's context", "sample"),
    ],
    ids=["without the tool flags", "context too small"],
)
def test_what_goes_wrong_in_a_judgment_shows_as_described(
    reply: Reply, sign: str, owner: str, tmp_path: Path
) -> None:
    row = next(line for line in TEXT.splitlines() if line.startswith("|") and sign in line)
    assert f"owner `{owner}`" in row
    code, recorded = run_against(reply, tmp_path / "out", make_data(tmp_path / "data"))
    assert code == 3, "nothing was judged, and there is no number"
    assert sign in recorded
    assert f'"error_owner":"{owner}"' in re.sub(r"\s", "", recorded)


@pytest.mark.parametrize("sign", ["no judge answers", "the server has no model"])
def test_what_goes_wrong_at_once_shows_as_described(
    sign: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"| `{sign}` | at once, exit status 2 |" in TEXT
    data = make_data(tmp_path / "data")
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
    if sign == "no judge answers":
        code, _ = run_against(None, tmp_path / "out", data, url=closed)
    else:
        code, _ = run_against(None, tmp_path / "out", data, model="another")
    assert code == 2
    assert sign in capsys.readouterr().err


def test_a_web_page_in_the_judges_place_is_no_chat_completion(capsys: pytest.CaptureFixture[str]) -> None:
    assert "| `is no chat completion` |" in TEXT
    with ScriptedServer(lambda turn: Html(), model=SERVED) as server:
        assert main(["endpoints", "check", "--base-url", server.base_url, "--preset", "qwen35_27b"]) == 1
    assert "is no chat completion" in capsys.readouterr().out
