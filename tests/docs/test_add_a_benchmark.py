"""docs/add-a-benchmark.md, done as it says: a package is written, installed as a wheel, and run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from documents import ROOT, Block, read_document

DOCUMENT = read_document(ROOT / "docs" / "add-a-benchmark.md")
CODE = tuple(str(ROOT / name) for name in ("spec", "compiler", "runtime", "benchmarks", "recipes"))


def run(script: str, folder: Path, installed: Path) -> str:
    environment = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join((str(installed), *CODE)),
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def make_wheel(package: Path, folder: Path) -> Path:
    """Build the package of one module as its ``pyproject.toml`` says, without a build back end."""
    project = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))
    about, modules = project["project"], project["tool"]["setuptools"]["py-modules"]
    name = f"{about['name']}-{about['version']}"
    points = "".join(
        f"[{group}]\n" + "".join(f"{point} = {place}\n" for point, place in members.items())
        for group, members in about["entry-points"].items()
    )
    files = {f"{module}.py": (package / f"{module}.py").read_text("utf-8") for module in modules} | {
        f"{name}.dist-info/METADATA": "Metadata-Version: 2.1\n"
        f"Name: {about['name']}\nVersion: {about['version']}\n",
        f"{name}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{name}.dist-info/entry_points.txt": points,
    }
    record = f"{name}.dist-info/RECORD"
    files[record] = "".join(f"{path},,\n" for path in (*files, record))
    wheel = folder / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel


def test_done_as_it_says_a_wheel_brings_a_suite_and_it_runs(tmp_path: Path) -> None:
    package, installed = tmp_path / "quizbench", tmp_path / "installed"
    files = [block for block in DOCUMENT.blocks if block.mark.startswith("file ")]
    assert len(files) == 5
    for block in files:
        path = package / block.mark.removeprefix("file ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, "utf-8")
    wheel = make_wheel(package, tmp_path)
    run(
        f"python -m pip install --quiet --no-index --no-deps --target {installed} {wheel}", package, installed
    )
    (package / "quizbench.py").unlink()  # what runs is what was installed

    def follow(block: Block) -> str:
        assert block.kind in ("sh", "console"), f"nothing says what this block is for:\n{block.text}"
        return run(block.text, package, installed) if block.kind == "sh" else ""

    printed = "".join(follow(block) for block in DOCUMENT.blocks if not block.mark)
    assert "quiz: 3 samples, 6 judgments" in printed
    assert "writer (3 rows)" in printed.partition("fields that are sealed")[2]
    assert "How many minutes are three hours?" in printed, "skillc show prints the row"
    assert "2 of 3 decided" in printed, "verifiers go by the solutions"
    assert "quiz.overall 0.00" in printed
    assert "3 passed" in printed
    first, match = (
        json.loads((package / f"runs/{name}/metrics.json").read_bytes()) for name in ("first", "match")
    )
    assert first["counts"]["invalid"] == match["counts"]["invalid"] == 0
    assert first["official"]["quiz.overall"] == 0
    assert match["official"]["quiz.units"] == 100
    assert (package / "runs/first/report.html").is_file()


def test_its_python_is_laid_out_as_ours(tmp_path: Path) -> None:
    for number, text in enumerate(DOCUMENT.of_kind("python")):
        (tmp_path / f"block_{number}.py").write_text(text, "utf-8")
    ruff = Path(sys.executable).parent / "ruff"
    for verb in (("check",), ("format", "--check")):
        words = [str(ruff), *verb, "--no-cache", "--config", str(ROOT / "pyproject.toml"), str(tmp_path)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
