"""The examples of spec/LANGUAGE.md are one project that compiles, passes its tests, and uses all the grammar.

A code block of the page is indented by four spaces (more in a list), after a comment that says what it is:

- ``<!-- file NAME -->``: a part of that file; with ``, shortened``, ``...`` stands for phrases left out;
- ``<!-- each line in a task -->``, ``<!-- each line in a readout -->``: each line is tried in such a block;
- ``<!-- task file NAME -->``: given with ``--task-file``.

A block without such a comment is a list of commands.
"""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from skillc.cli import _parser, main
from skillc.diagnostics import Report
from skillc.program import check_project
from skillc.project.load import find_sources
from skillc.render import render
from skillc.source import SourceFile
from skillc.syntax.lexer import lex
from skillc.syntax.outline import Block, Line, outline
from skillc.syntax.parser import Node, parse_line
from skillc.syntax.tables import load_tables
from skillspec.phrases import PHRASES

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "spec" / "LANGUAGE.md"
TEXTS = {
    "tasks/items_system.txt": "You check items.\n",
    "official_system.txt": "Official words.\n",
    "official_user.txt": "{{ prompt }} {{ responses.A }} {{ responses.B }}\n",
}

TASK = """\
language 1
task example {
  given prompt, responses { A, B }, checklist
  user "{{ prompt }} {{ responses.A }} {{ responses.B }}"
  closing tools "Submit."
  LINE
  accept text MODE
}
"""
READOUT = """\
language 1
import { scorer } from "scoring.skill"
skill example extends scorer {
  version "1.0.0"
  replace readout {
    base ratio(satisfied, total) else 0.5
    cap by failures
    LINE
  }
}
"""
WRAPPERS = {"each line in a task": TASK, "each line in a readout": READOUT}


@dataclass(frozen=True)
class Example:
    """A code block: what the comment before it says, its text, and its line on the page."""

    kind: str
    name: str
    text: str
    line: int


def examples() -> Iterator[Example]:
    lines = PAGE.read_text(encoding="utf-8").split("\n")
    marker, number = "", 0
    while number < len(lines):
        comment = re.fullmatch(r"\s*<!-- (.+) -->", lines[number])
        if comment is not None:
            marker = comment[1]
        elif lines[number].startswith("    ") and lines[number].strip():
            start = number
            while number < len(lines) and (lines[number].startswith("    ") or not lines[number].strip()):
                number += 1
            kind, _, name = marker.partition("file ")
            found = (kind + "file", name) if name else (marker or "commands", "")
            yield Example(
                *found, textwrap.dedent("\n".join(lines[start:number])).strip("\n") + "\n", start + 1
            )
            marker = ""
            continue
        number += 1


EXAMPLES = list(examples())


def project_files() -> dict[str, str]:
    """The page's source files, each put together from its parts."""
    files: dict[str, str] = {}
    for example in EXAMPLES:
        if example.kind == "file":
            name, _, shortened = example.name.partition(", ")
            text = example.text
            if shortened:
                left_out = [
                    f'  {key} "{" ".join("{" + mark + "}" for mark in marks) or "x"}"'
                    for key, marks in PHRASES.items()
                    if key not in text
                ]
                text = text.replace("  ...", "\n".join(left_out))
            files[name] = files.get(name, "") + "\n" + text
    return files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "skills_src"
    shipped = REPOSITORY / "skills_src"
    for folder in ("notes", "rubrics"):
        shutil.copytree(shipped / folder, made / folder)
    shutil.copy(shipped / "common.skill", made / "common.skill")
    for name, text in {**project_files(), **TEXTS}.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text, encoding="utf-8")
    return made


def wrapped(kind: str, line: str) -> str:
    """A line in the block that it belongs to; a task reads its answers by the way that fits."""
    accept = {
        "score": "only /(?P<score>[0-9]+)/",
        "checklist": r"blocks /(?P<item>[0-9]+) (?P<label>\[\[yes\]\]|\[\[no\]\])/",
    }.get(line.split()[1], "only label")
    return WRAPPERS[kind].replace("LINE", line).replace("MODE", accept)


def mistakes(root: Path) -> str:
    report = Report()
    check_project(root, find_sources(root, [root]), report)
    return render(report.diagnostics, "text")


def test_every_block_is_of_a_known_kind() -> None:
    kinds = {example.kind for example in EXAMPLES}
    assert kinds == {"file", "task file", "commands", *WRAPPERS}


def test_the_project_of_the_page_has_no_mistake(root: Path) -> None:
    assert mistakes(root) == ""


def test_its_tests_pass(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(root)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("kind", WRAPPERS)
def test_single_lines(kind: str, root: Path) -> None:
    lines = [line for example in EXAMPLES if example.kind == kind for line in example.text.splitlines()]
    assert len(lines) > 3
    for line in lines:
        (root / "example.skill").write_text(wrapped(kind, line), encoding="utf-8")
        assert mistakes(root) == "", line


def test_task_files(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = [example for example in EXAMPLES if example.kind == "task file"]
    official = root.parent / example.name
    official.write_text(example.text, encoding="utf-8")
    for name in ("official_system.txt", "official_user.txt"):
        (root / name).rename(root.parent / name)
    assert main(["check", str(root), "--task-file", str(official)]) == 0, capsys.readouterr().out


def test_commands_exist() -> None:
    choices = next(action.choices for action in _parser()._actions if action.dest == "command")
    assert choices is not None
    told = re.findall(r"skillc ([a-z]+)", PAGE.read_text(encoding="utf-8"))
    lines = [line for example in EXAMPLES if example.kind == "commands" for line in example.text.splitlines()]
    assert all(line.startswith("skillc ") for line in lines)
    assert set(told) <= set(choices)
    assert set(choices) <= set(told), "a verb that the page does not tell of"


def rules_of(text: str) -> set[str]:
    """The names of the grammar's rules that a file uses."""
    found: set[str] = set()

    def parsed(start: str, line: Line) -> None:
        stack = [parse_line(start, line.tokens, line.end)]
        while stack:
            node: Node = stack.pop()
            found.add(node.rule)
            stack.extend(node.nodes())

    def walk(kind: str, parts: list[Line | Block]) -> None:
        for part in parts:
            if isinstance(part, Block):
                own = part.kind in ("task", "skill", "test", "finding")
                parsed(f"head_{part.kind}" if own else "head_block", part.head)
                walk(part.kind, list(part.body))
            else:
                parsed(f"{kind}_line", part)

    report = Report()
    walk("file", outline(lex(SourceFile("x", text), report), report))
    assert not report.has_errors
    return found


def test_every_construct_has_an_example() -> None:
    files = list(project_files().values())
    files += [
        wrapped(kind, line)
        for kind in WRAPPERS
        for example in EXAMPLES
        if example.kind == kind
        for line in example.text.splitlines()
    ]
    used = set[str]().union(*(rules_of(text) for text in files))
    # A rule that always hands on its one part never shows in a tree.
    always = {rule.node for rule in load_tables().rules if not rule.inline and not rule.expand}
    assert always - used == set()
