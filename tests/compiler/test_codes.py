"""The codes: each is explained and tested, and every format of the diagnostics is what it claims to be."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from compiler_support import Result, check, good_files

from skillc.cli import main
from skillc.codes import load_codes
from skillc.diagnostics import MAX_IN_FILE, Report
from skillc.program import check_project
from skillc.project.load import find_sources
from skillc.render import render
from skillc.source import MAX_CHARS, MAX_TEXT_CHARS

HERE = Path(__file__).parent
SIX = {
    'summary "Compares': 'sumary "Compares',
    "{{ responses.B }}": "{{ responses.C }}",
    "consult rubric.main": "consult rubric.mian",
    "turns 5  views 2": "turns 5, views 2",
    "criterion correct hard": "criterion correct firm",
    "base   ratio(ok, total)": "base   ratio(okay, total)",
}


def broken(root: Path) -> Result:
    """A project with six mistakes in one file and a warning in another."""
    files = good_files()
    for old, new in SIX.items():
        files["main.skill"] = files["main.skill"].replace(old, new, 1)
    files["more.skill"] = (
        'language 1\ntask alone {\n  given prompt\n  answer score 0..1 real\n  user "{{ prompt }}"\n}\n'
    )
    return check(root, files)


# ------------------------------------------------------------------------------------ what files can be


def raw(root: Path, content: bytes) -> list[tuple[str, str]]:
    """Code and message of what is said about one file of these bytes."""
    root.mkdir(exist_ok=True)
    (root / "main.skill").write_bytes(content)
    report = Report()
    check_project(root, find_sources(root, [root]), report)
    return [(item.code, item.message) for item in report.diagnostics]


FILES: dict[str, tuple[bytes, str, str]] = {
    "not UTF-8": (b"language 1\n# caf\xe9\n", "SK002", "UTF-8"),
    "too large": (b"language 1\n" + b"#" * MAX_CHARS, "SK003", "characters"),
    "carriage returns": (b"language 1\r\n", "SK005", "there is a carriage return in the file"),
    "a byte order mark": (b"\xef\xbb\xbflanguage 1\n", "SK005", "there is a byte order mark in the file"),
    "a null character": (b"language 1\n\0", "SK005", "there is a null character in the file"),
    "a long text": (
        b'language 1\nguidance x { text "' + b"x" * (MAX_TEXT_CHARS + 1) + b'" }\n',
        "SK007",
        "characters",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_what_a_file_cannot_be(tmp_path: Path, name: str) -> None:
    content, code, words = FILES[name]
    said = raw(tmp_path, content)
    assert [found for found, _ in said] == [code]
    assert words in said[0][1]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    report = Report()
    check_project(tmp_path, ("gone.skill",), report)
    assert [(item.code, item.path, item.span) for item in report.diagnostics] == [
        ("SK001", "gone.skill", None)
    ]


def test_too_much_is_wrong(tmp_path: Path) -> None:
    """A file shows so many mistakes and says that there are more."""
    lines = "".join(f"wrong{number} x\n" for number in range(MAX_IN_FILE + 50))
    said = raw(tmp_path, f"language 1\n{lines}".encode())
    assert len(said) == MAX_IN_FILE + 1
    assert [code for code, _ in said].count("SK008") == 1


# ------------------------------------------------------------------------------------------------ codes


def test_every_code_has_a_test() -> None:
    """A diagnostic in the table of wrong programs, or a test of its own."""
    table = set(re.findall(r"\[(SK\d{3})\]", (HERE / "wrong_programs.txt").read_text(encoding="utf-8")))
    own = set()
    for path in sorted(HERE.glob("test_*.py")):
        own |= set(re.findall(r"\bSK\d{3}\b", path.read_text(encoding="utf-8")))
    assert sorted(set(load_codes()) - table - own) == []
    assert sorted((table | own) - set(load_codes()) - NOT_CODES) == []


NOT_CODES = {"SK999"}


def test_every_code_is_used_by_the_compiler() -> None:
    """An explanation of what is never said would mislead."""
    root = HERE.parents[1] / "compiler" / "skillc"
    used = set()
    for path in root.rglob("*.py"):
        used |= set(re.findall(r'"(SK\d{3})"', path.read_text(encoding="utf-8")))
    assert sorted(set(load_codes()) ^ used) == []


def test_explain_says_each_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    listing = capsys.readouterr().out.splitlines()
    assert len(listing) == len(load_codes())
    for code, entry in load_codes().items():
        assert main(["explain", code.lower()]) == 0
        out = capsys.readouterr().out
        assert out.startswith(f"{code}: {entry.title}\n\n")
        assert len(out) > len(code) + len(entry.title) + 30
        assert max(map(len, out.splitlines())) <= 110
    assert main(["explain", "SK999"]) == 2
    assert "there is no code SK999" in capsys.readouterr().err


def test_titles_and_explanations_are_sentences_of_their_own() -> None:
    entries = list(load_codes().values())
    assert len({entry.title for entry in entries}) == len(entries)
    assert len({entry.explanation for entry in entries}) == len(entries)
    assert all(entry.explanation.endswith(".") and not entry.title.endswith(".") for entry in entries)


# ---------------------------------------------------------------------------------------------- formats


def test_six_mistakes_show_six_in_every_format(tmp_path: Path) -> None:
    found = [item for item in broken(tmp_path).report.diagnostics if item.severity == "error"]
    assert [item.code for item in found] == ["SK404", "SK110", "SK201", "SK101", "SK604", "SK701"]
    assert len(json.loads(render(found, "json"))) == 6
    assert len(render(found, "github").splitlines()) == 6
    assert len(json.loads(render(found, "sarif"))["runs"][0]["results"]) == 6
    assert len(re.findall(r"^main\.skill:\d+:\d+: error", render(found, "text"), re.MULTILINE)) == 6


def test_every_diagnostic_says_how_to_mend_it(tmp_path: Path) -> None:
    assert all(item.help for item in broken(tmp_path).report.diagnostics)
    table = (HERE / "wrong_programs.txt").read_text(encoding="utf-8")
    for entry in table.split("---- says\n")[1:]:
        assert "= help: " in entry.split("\n==== ")[0] or "\n  help: " in entry


def test_json_is_plain(tmp_path: Path) -> None:
    entries = json.loads(render(broken(tmp_path).report.diagnostics, "json", "src/"))
    keys = ["code", "severity", "file", "line", "column", "end_line", "end_column", "message", "help"]
    for entry in entries:
        assert list(entry) == keys
        assert entry["file"].startswith("src/")
        assert (entry["line"], entry["column"]) <= (entry["end_line"], entry["end_column"])
        assert entry["severity"] in ("error", "warning")
    assert {entry["severity"] for entry in entries} == {"error", "warning"}


def test_github_commands_are_whole_and_escaped(tmp_path: Path) -> None:
    diagnostics = broken(tmp_path).report.diagnostics
    lines = render(diagnostics, "github").splitlines()
    shape = re.compile(
        r"::(error|warning) file=[^,:]+,line=\d+,endLine=\d+,col=\d+,endColumn=\d+,title=SK\d{3}::[^\r\n]+"
    )
    assert len(lines) == len(diagnostics)
    for line in lines:
        assert shape.fullmatch(line), line


def test_sarif_has_what_2_1_0_requires(tmp_path: Path) -> None:
    """The required properties of the standard, and that what refers to something finds it."""
    log = json.loads(render(broken(tmp_path).report.diagnostics, "sarif"))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "skillc"
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    rules = driver["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
    for result in run["results"]:
        assert result["level"] in ("none", "note", "warning", "error")
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        (location,) = result["locations"]
        place: dict[str, Any] = location["physicalLocation"]
        uri = place["artifactLocation"]["uri"]
        assert uri
        assert not uri.startswith("/")
        region = place["region"]
        assert all(region[key] >= 1 for key in ("startLine", "startColumn", "endLine", "endColumn"))
        assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])


EMPTY: dict[str, Callable[[str], bool]] = {
    "text": lambda text: text == "",
    "github": lambda text: text == "",
    "json": lambda text: json.loads(text) == [],
    "sarif": lambda text: json.loads(text)["runs"][0]["results"] == [],
}


@pytest.mark.parametrize("format", EMPTY)
def test_nothing_wrong_is_a_valid_answer_too(format: str) -> None:
    assert EMPTY[format](render([], format))


def test_an_old_word_compiles_to_the_same_artifacts(tmp_path: Path) -> None:
    files = good_files()
    new = check(tmp_path / "new", files).artifacts()
    files["main.skill"] = files["main.skill"].replace("cap    0.9 when", "veto   0.9 when")
    result = check(tmp_path / "old", files)
    assert result.codes() == ["SK114"]
    old = result.artifacts()

    def without_sources(content: bytes) -> dict[str, Any]:
        record: dict[str, Any] = json.loads(content)
        return {key: value for key, value in record.items() if key not in ("sources", "digest")}

    assert without_sources(old["skills/scorer.json"]) == without_sources(new["skills/scorer.json"])


def test_a_text_file_is_held_to_the_size_of_a_text(tmp_path: Path) -> None:
    files = good_files()
    files["main.skill"] = files["main.skill"].replace(
        'text "Right beats well written."', 'text file "long.md"', 1
    )
    files["long.md"] = "x" * (MAX_TEXT_CHARS + 1)
    result = check(tmp_path, files)
    assert result.codes() == ["SK007"]
    assert "main.skill:45:36" in result.text()
