"""docs/add-a-benchmark.md, done as it says in a copy of the tree: files written, lists edited, all run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from documents import ROOT, Block, read_document

DOCUMENT = read_document(ROOT / "docs" / "add-a-benchmark.md")
COPIED = ("benchmarks", "spec", "skills_src", "tests/support", "tests/benchmarks/suites")
THIRD = pytest.approx(100 / 3)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of what the document changes or builds on."""
    root = tmp_path_factory.mktemp("tree")
    for folder in COPIED:
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    yield root
    shutil.rmtree(root, ignore_errors=True)


def edited(text: str, change: str, place: str) -> str:
    """Apply a diff without line numbers: what it keeps and takes away stands in the file exactly once."""
    lines = change.splitlines(keepends=True)
    assert all(line[0] in " +-" or not line.strip() for line in lines), change
    before = "".join(line[1:] or "\n" for line in lines if line[0] != "+")
    after = "".join(line[1:] or "\n" for line in lines if line[0] != "-")
    assert text.count(before) == 1, f"{place} has this {text.count(before)} times:\n{before}"
    return text.replace(before, after)


def follow(block: Block, root: Path) -> str:
    """Do what a block says; returns what was printed."""
    verb, _, place = block.mark.partition(" ")
    path = root / place
    if verb == "file":
        assert not path.exists(), f"{place} is there already"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, "utf-8")
    elif verb == "edit":
        path.write_text(edited(path.read_text("utf-8"), block.text, place), "utf-8")
    elif block.kind == "sh":
        return run(block.text, root)
    else:
        assert block.kind == "console", f"nothing says what this block is for:\n{block.text}"
    return ""


def run(script: str, root: Path) -> str:
    packages = [root / "benchmarks", root / "spec", root / "tests/support"]
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(map(str, packages)),
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_done_as_it_says_it_ends_with_a_sealed_suite_and_a_third(tree: Path) -> None:
    printed = "".join(follow(block, tree) for block in DOCUMENT.blocks)
    assert "triples: 3 samples, 9 judgments" in printed
    assert "writers (3 rows)" in printed.partition("fields that are sealed")[2]
    assert "How many minutes are three hours?" in printed, "skillc show prints the row"
    assert "triples.overall 33.33" in printed
    assert "No difference is shown between skill and first" in printed
    assert "6 passed" in printed
    for name in ("first", "skill"):
        metrics = json.loads((tree / "runs" / name / "metrics.json").read_bytes())
        assert metrics["official"]["triples.overall"] == metrics["said"]["triples.overall"] == THIRD
        assert metrics["counts"]["invalid"] == 0
    assert (tree / "runs/first/report.html").is_file()


def test_its_python_is_laid_out_as_ours(tmp_path: Path) -> None:
    for number, text in enumerate(DOCUMENT.of_kind("python")):
        (tmp_path / f"block_{number}.py").write_text(text, "utf-8")
    ruff = Path(sys.executable).parent / "ruff"
    for verb in (("check",), ("format", "--check")):
        words = [str(ruff), *verb, "--no-cache", "--config", str(ROOT / "pyproject.toml"), str(tmp_path)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_file_of_the_example_is_there() -> None:
    marks = [block.mark for block in DOCUMENT.blocks if block.mark]
    assert sum(mark.startswith("file ") for mark in marks) == 5
    assert sum(mark.startswith("edit ") for mark in marks) == 5
