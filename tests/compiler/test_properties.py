"""Properties: formatting keeps the meaning and settles at once; no input stops the compiler.

The same inputs by the ten thousand, each with its time, are in tests/perf/fuzz_compiler.py.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from compiler_support import check, good_files
from hypothesis import given, settings
from hypothesis import strategies as st
from source_support import compile_text, corpus, meaning, mutated, noise, program, scattered

from skillc.diagnostics import Report
from skillc.emit.output import write_artifacts
from skillc.formatting.fmt import format_source
from skillc.render import render
from skillc.source import SourceFile

SEEDS = st.integers(0, 2**32)
FORMATS = ("text", "json", "github", "sarif")


def formatted(text: str) -> str | None:
    return format_source(SourceFile("x.skill", text), Report())


def keeps_and_settles(text: str) -> None:
    once = formatted(text)
    assert once is not None
    assert meaning(once) == meaning(text)
    assert formatted(once) == once


@pytest.mark.parametrize("number", range(len(corpus())))
def test_formatting_real_files(number: int) -> None:
    keeps_and_settles(corpus()[number])


@given(SEEDS)
@settings(max_examples=300, deadline=None)
def test_formatting_programs_of_the_grammar(seed: int) -> None:
    """Every rule of the grammar, in layouts that nobody would write."""
    keeps_and_settles(program(seed))


@given(SEEDS, st.integers(0, len(corpus()) - 1))
@settings(max_examples=60, deadline=None)
def test_spaces_do_not_matter(seed: int, number: int) -> None:
    assert formatted(scattered(corpus()[number], seed)) == formatted(corpus()[number])


@given(SEEDS)
@settings(max_examples=150, deadline=None)
def test_formatting_what_is_left_of_a_file(seed: int) -> None:
    text = mutated(seed)
    if formatted(text) is not None:
        keeps_and_settles(text)


@pytest.mark.parametrize("make", [mutated, noise, program])
def test_no_input_stops_the_compiler(
    make: Callable[[int], str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("root")
    check(root, {"shared.skill": good_files()["shared.skill"]})

    @given(SEEDS)
    @settings(max_examples=300, deadline=None)
    def holds(seed: int) -> None:
        report = compile_text(root, make(seed))
        for format in FORMATS:
            render(report.diagnostics, format, "")

    holds()


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_text_stops_the_formatter(text: str) -> None:
    report = Report()
    assert (format_source(SourceFile("x", text), report) is None) == report.has_errors


def test_the_same_sources_give_the_same_bytes_twice(tmp_path: Path) -> None:
    """Another process, folder, locale and hash seed: test_compile.py."""
    assert check(tmp_path, good_files()).artifacts() == check(tmp_path, good_files()).artifacts()


def test_a_formatted_project_compiles_to_the_same_bytes(tmp_path: Path) -> None:
    """But for the digests of the sources, which are of other bytes."""
    neat = {name: formatted(text) or "" for name, text in good_files().items()}
    before, after = (
        check(tmp_path / name, files).artifacts() for name, files in (("a", good_files()), ("b", neat))
    )
    assert neat != good_files()
    assert {path for path in before if path.startswith("texts/")} == {
        path for path in after if path.startswith("texts/")
    }


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(a+)+(?P<label>b)$", "a" * 50_000),
        (r"(a|aa)+(?P<label>b)\z", "a" * 50_000),
        (r"(\w+\s?)*(?P<label>!)", "word " * 10_000),
        (r"(.*)(.*)(.*)(.*)(?P<label>[0-9])", "x" * 50_000),
        (r"((a{1,10}){1,10})(?P<label>b)", "a" * 50_000),
    ],
)
def test_a_hostile_regex_ends(pattern: str, text: str, tmp_path: Path) -> None:
    """From source to reading an answer. Where matching backtracks, none of these ends in a lifetime."""
    from skillrt.judging.answers import read_answer
    from skillspec.artifacts import ArtifactStore

    files = good_files()
    accept = f"accept text last /{pattern}/ {{ b = A  c = B }}"
    lines = files["main.skill"].split("\n")
    number = next(n for n, line in enumerate(lines) if line.startswith("  accept text only"))
    lines[number] = f"  {accept}"
    files["main.skill"] = "\n".join(lines)
    write_artifacts(tmp_path / "out", check(tmp_path / "src", files).artifacts())
    assert read_answer(ArtifactStore(tmp_path / "out").task("pairs"), text) is None


def test_a_regex_that_takes_too_much_memory_is_refused(tmp_path: Path) -> None:
    files = good_files()
    old = "/Output \\((?P<label>a|b)\\)/i"
    assert old in files["main.skill"]
    files["main.skill"] = files["main.skill"].replace(old, "/(((x{1,90}){1,90}){1,90})(?P<label>a|b)/")
    assert "error[SK4" in check(tmp_path, files).text() or "error[SK5" in check(tmp_path, files).text()
