"""Links of the documents lead somewhere, and the commands in them are ones that the programs take."""

from __future__ import annotations

import argparse
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from documents import PROGRAMS, ROOT, commands, read_document

import skillbench.cli
import skillc.cli
import skillrl.cli

EXAMPLE = "quiz"
"""The suite that docs/add-a-benchmark.md adds; here it stands for one that there is."""
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("spec/*.md")])


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def parser_for(words: list[str]) -> argparse.ArgumentParser:
    match words[0]:
        case "skillbench":
            return skillbench.cli._parser(words[1] if len(words) > 1 else None)
        case "skillc":
            return skillc.cli._parser()
        case _:
            return skillrl.cli._parser()


def complaint(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What the program's argument parser has against a command; empty when nothing."""
    known = ["judgebench" if word == EXAMPLE else word for word in words]
    try:
        parser_for(words).parse_args(known[1:])
    except SystemExit as ending:
        told = capsys.readouterr()
        return told.err.strip().rpartition("error: ")[2] if ending.code else ""
    return ""


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_relative_links_lead_to_files_and_headings_that_there_are(path: Path) -> None:
    document = read_document(path)
    for link in document.links:
        parts = urlsplit(link)
        if parts.scheme:
            assert parts.scheme in ("https", "http"), link
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        assert target.exists(), f"{name(path)} links to {link}, which is not there"
        assert target.is_relative_to(ROOT), f"{name(path)} links to {link}, outside of the repository"
        if parts.fragment:
            assert parts.fragment in read_document(target).anchors, f"{name(path)}: no heading for {link}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_commands_in_blocks_parse(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for block in read_document(path).blocks:
        for words in commands(block.text):
            if any(word.startswith("[") or word == "|" for word in words):
                continue  # a synopsis
            assert not complaint(words, capsys), f"{name(path)}: {' '.join(words)}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_commands_in_sentences_are_the_beginning_of_one(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in read_document(path).inline:
        for words in commands(text):
            if len(words) == 1 or any(set(word) & set("[|<") for word in words):
                continue
            told = complaint(words, capsys)
            assert not told or "are required" in told, f"{name(path)}: {text}: {told}"


def test_the_documents_are_the_ones_we_ship_and_hold_commands() -> None:
    held = [
        words for path in DOCUMENTS for block in read_document(path).blocks for words in commands(block.text)
    ]
    assert {words[0] for words in held} == set(PROGRAMS)
    assert {"reproduce.md", "serving.md", "add-a-benchmark.md", "train.md"} <= {
        path.name for path in DOCUMENTS
    }
    assert len(held) > 40


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("skillbench run judgebench --out x --base-url local --limt 3", "unrecognized arguments: --limt 3"),
        ("skillbench endpoints test --base-url local", "invalid choice: 'test'"),
        ("skillc compile --chek", "--chek"),
    ],
)
def test_a_command_that_is_none_is_seen(line: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    (words,) = commands(line)
    assert told in complaint(words, capsys)
