"""The editors' files are valid, agree with each other, and know the words of the language."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from skillc.syntax.tables import load_tables

EDITORS = Path(__file__).parents[2] / "editors"
GRAMMAR = EDITORS / "textmate" / "skill.tmLanguage.json"
CODE = EDITORS / "vscode"


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def patterns(value: Any) -> list[dict[str, Any]]:
    """All rules of a grammar."""
    if isinstance(value, list):
        return [rule for part in value for rule in patterns(part)]
    if not isinstance(value, dict):
        return []
    own = [value] if any(key in value for key in ("match", "begin", "include")) else []
    return own + [rule for part in value.values() for rule in patterns(part)]


def test_the_keywords_are_those_of_the_language() -> None:
    words: set[str] = set()
    for rule in read(GRAMMAR)["repository"]["keywords"]["patterns"]:
        alternatives = re.search(r"\(\?:([a-z|]+)\)", rule["match"])
        assert alternatives is not None
        mine = alternatives[1].split("|")
        assert not words & set(mine)
        words.update(mine)
    assert words == set(load_tables().keywords)


def test_the_rules_compile_and_lead_somewhere() -> None:
    grammar = read(GRAMMAR)
    rules = patterns(grammar["patterns"]) + patterns(grammar["repository"])
    assert len(rules) > 20
    for rule in rules:
        if "include" in rule:
            assert rule["include"].removeprefix("#") in grammar["repository"]
        for key in ("match", "begin"):
            if key in rule:
                re.compile(rule[key])
        if "end" in rule:
            # A back-reference in `end` means a group of `begin`.
            groups = re.compile(rule["begin"]).groups
            assert all(int(number) <= groups for number in re.findall(r"\\(\d)", rule["end"]))


@pytest.mark.parametrize(
    ("text", "rule", "found"),
    [
        ('step a "x" use b', "keywords", ["step", "use"]),
        ("judge final_answer", "keywords", ["judge"]),
        ("decide v.winner when v.conclusive", "keywords", ["decide", "when"]),
        ("rubric.text", "keywords", []),
        ("timeout 3s 0.5", "number", ["3s", "0.5"]),
        (r"/a\/b/i { a }", "regex", [r"/a\/b/i"]),
        ("ratio(a, b)", "call", ["ratio"]),
    ],
)
def test_what_the_rules_find(text: str, rule: str, found: list[str]) -> None:
    part = read(GRAMMAR)["repository"][rule]
    matches = [match for inner in part.get("patterns", [part]) for match in re.finditer(inner["match"], text)]
    assert [match[0] for match in sorted(matches, key=lambda match: match.start())] == found


def test_the_extension_is_whole() -> None:
    package = read(CODE / "package.json")
    language, grammar = package["contributes"]["languages"][0], package["contributes"]["grammars"][0]
    assert language["extensions"] == [".skill"]
    assert grammar["language"] == language["id"]
    assert grammar["scopeName"] == read(GRAMMAR)["scopeName"]
    assert (CODE / package["main"]).is_file()
    assert read(CODE / language["configuration"])["comments"] == {"lineComment": "#"}
    assert package["contributes"]["configuration"]["properties"]["skillc.command"]["default"] == [
        "skillc",
        "lsp",
    ]
    assert f"../textmate/{GRAMMAR.name}" in package["scripts"]["grammar"]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_extension_is_javascript() -> None:
    done = subprocess.run(["node", "--check", str(CODE / "extension.js")], capture_output=True, timeout=30)
    assert done.returncode == 0, done.stderr
