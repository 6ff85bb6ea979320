"""What the language server knows of a project: its files as the editor has them, checked as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from skillc.diagnostics import Diagnostic, Report
from skillc.program import check_project
from skillc.project.load import Project, find_sources
from skillc.project.scope import Scopes, build_scopes
from skillc.source import SourceFile
from skillc.syntax.lexer import Token, lex
from skillc.usage import DEFAULT_ROOT

__all__ = ["Analysis", "Place", "analyse", "find_root", "offset_of", "position_of"]


@dataclass(frozen=True)
class Analysis:
    """A project at one moment: modules, names and diagnostics."""

    root: Path
    project: Project
    scopes: Scopes
    diagnostics: tuple[Diagnostic, ...]

    def place(self, path: Path) -> str:
        """Return the root-relative path of a file."""
        return path.resolve().relative_to(self.root.resolve()).as_posix()

    def file(self, path: str) -> Path:
        """Return the file of a root-relative path."""
        return self.root / path


@dataclass(frozen=True)
class Place:
    """A place in a source file that the editor asks about."""

    analysis: Analysis
    path: str
    source: SourceFile
    offset: int
    tokens: tuple[Token, ...] = field(repr=False)

    @classmethod
    def at(cls, analysis: Analysis, path: str, text: str, offset: int) -> Place:
        """Return the place at an offset of a file's current text."""
        source = SourceFile(path, text)
        return cls(analysis, path, source, offset, tuple(lex(source, Report())))

    def token(self) -> Token | None:
        """Return the word or text at the place, or just before it."""
        touching = [token for token in self.tokens if token.span.start <= self.offset <= token.span.end]
        named = [token for token in touching if token.kind in ("WORD", "STRING", "LONG")]
        return named[-1] if named else None


def find_root(file: Path, folders: list[Path]) -> Path:
    """Return the root of a file's sources.

    It is the skills_src above the file, else the editor's folder, else the file's own folder.
    """
    above = [parent for parent in file.parents if parent.name == DEFAULT_ROOT]
    if above:
        return above[0]
    holding = [folder for folder in folders if file.is_relative_to(folder)]
    return max(holding, key=lambda folder: len(folder.parts)) if holding else file.parent


def analyse(root: Path, texts: Mapping[Path, str]) -> Analysis:
    """Check a project, with the texts that the editor holds in place of the files.

    Below ``skills_src`` all sources are checked; elsewhere only what is open, and what that imports.
    """
    real = root.resolve()
    unsaved = {
        path.resolve().relative_to(real).as_posix(): text
        for path, text in texts.items()
        if path.resolve().is_relative_to(real)
    }
    entries = set(unsaved)
    if root.name == DEFAULT_ROOT and root.is_dir():
        entries.update(find_sources(root, [root]))
    report = Report()
    project = check_project(root, tuple(sorted(entries)), report, unsaved).project
    scopes = build_scopes(replace(project, report=Report()))
    return Analysis(root, project, scopes, tuple(report.diagnostics))


def position_of(file: SourceFile, offset: int, encoding: str) -> tuple[int, int]:
    """Line and column from 0, as the editor counts: columns in the units of ``encoding``."""
    line, column = file.position(offset)
    before = file.line(line)[: column - 1]
    return line - 1, _units(before, encoding)


def offset_of(file: SourceFile, line: int, column: int, encoding: str) -> int:
    """Return the offset of an editor's position; one beyond a line or the file is its end."""
    if line >= len(file.line_starts):
        return len(file.text)
    start, text = file.line_starts[line], file.line(line + 1)
    units = 0
    for index, char in enumerate(text):
        if units >= column:
            return start + index
        units += _units(char, encoding)
    return start + len(text)


def _units(text: str, encoding: str) -> int:
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    if encoding == "utf-32":
        return len(text)
    return len(text) + sum(char > "\uffff" for char in text)
