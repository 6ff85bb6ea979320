"""Each file of examples/ runs, against a scripted judge; the README holds the shortest one word for word."""

from __future__ import annotations

import re
import subprocess
import sys

from documents import ROOT

from skillrt.testing import ScriptedJudge, call

EXAMPLES = ROOT / "examples"
TURNS = [call("use_skill"), call("final_answer", findings=[], reason="scripted", verdict="A")]


def run(script: str, *arguments: str) -> str:
    line = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_judge_a_pair() -> None:
    script = (EXAMPLES / "judge_a_pair.py").read_text()
    with ScriptedJudge(TURNS) as server:
        where = f'base_url="{server.base_url}", model="{server.model}"'
        changed = script.replace('base_url="local"', where)
        assert changed != script
        assert run(changed) == "A scripted\n"


def test_judge_a_list() -> None:
    script = (EXAMPLES / "judge_a_list.py").read_text()
    with ScriptedJudge(TURNS) as server:
        lines = run(script, server.base_url, server.model).splitlines()
    assert [line.endswith("-> A") for line in lines] == [True, True, True, False]
    assert lines[-1] == "both orders agree: False, winner None"


def test_a_reward_in_a_loop() -> None:
    script = (EXAMPLES / "reward_in_a_loop.py").read_text()
    findings = [
        {"item": number, "why": None, "status": "satisfied", "failure": None, "cites": []}
        for number in (1, 2)
    ]
    with ScriptedJudge([call("final_answer", findings=findings, reason="scripted")]) as server:
        lines = run(script, server.base_url, server.model).splitlines()
    assert lines == ["1.00 A tall oak with a broad crown.", "0.50 A tall, broad oak."]


def test_a_suite_of_your_own() -> None:
    script = (EXAMPLES / "suite_of_your_own.py").read_text()
    assert run(script) == "33.3% (6.1 to 79.2) of 3 pairs\n"


def test_the_readme_shows_the_shortest_example_word_for_word() -> None:
    code = (EXAMPLES / "judge_a_pair.py").read_text().split('"""\n\n', 1)[1]
    shown = "".join(f"    {line}".rstrip() + "\n" for line in code.splitlines())
    assert shown in (ROOT / "README.md").read_text()


def test_every_example_is_run_here() -> None:
    source = (ROOT / "tests/docs/test_examples.py").read_text()
    named = set(re.findall(r'EXAMPLES / "([\w./]+)"', source))
    assert {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.glob("*.py")} <= named
