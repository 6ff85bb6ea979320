"""Finding and reading the files of a project."""

from __future__ import annotations

import difflib
import errno
import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from skillc.diagnostics import Report
from skillc.reading.file import read_module
from skillc.source import MAX_CHARS, SourceFile, Span
from skillc.tree import Module, Name
from skillspec.files import read_file

__all__ = ["Project", "find_sources", "leads_out", "load_project"]

SUFFIX = ".skill"


@dataclass
class Project:
    """The modules of a project by path, and every file that was read.

    Paths are relative to the root, posix style; ``entries`` are the files that were asked for;
    ``unsaved`` are texts that stand for what is on disk, as an editor has them; ``shown`` is put
    before the paths of this project wherever they are told or recorded; ``confined`` refuses links
    that lead out of the root.
    """

    root: Path
    report: Report
    unsaved: Mapping[str, str] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict)
    files: dict[str, SourceFile | None] = field(default_factory=dict)
    entries: tuple[str, ...] = ()
    shown: str = ""
    confined: bool = True

    def read(self, path: str) -> SourceFile | None:
        """Read a file once; None when it cannot be used, which is reported once."""
        if path not in self.files:
            self.files[path] = self._read(path)
        return self.files[path]

    def _read(self, path: str) -> SourceFile | None:
        text = self.unsaved[path] if path in self.unsaved else self._decoded(path)
        if text is None:
            return None
        if len(text) > MAX_CHARS:
            message = f"the file has {len(text):,} characters; {MAX_CHARS:,} is the most"
            self.report.file_error("SK003", self.shown + path, message, "split it")
            return None
        return self._clean(SourceFile(self.shown + path, text))

    def _decoded(self, path: str) -> str | None:
        if self.confined and leads_out(self.root / path, self.root):
            message = "the file is a link that leads out of the folder of the sources"
            self.report.file_error("SK001", self.shown + path, message, "put the file itself there")
            return None
        try:
            data = read_file(self.root / path, 4 * MAX_CHARS)
        except OSError as error:
            if error.errno == errno.EFBIG:
                message = f"the file is too large: {MAX_CHARS:,} characters is the most"
                self.report.file_error("SK003", self.shown + path, message, "split it")
                return None
            reason = error.strerror or "unreadable"
            self.report.file_error(
                "SK001", self.shown + path, f"the file cannot be read: {reason}", "check its name and rights"
            )
            return None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            message = f"the file is not UTF-8: byte {error.start + 1}, on line {line}"
            self.report.file_error("SK002", self.shown + path, message, "save it as UTF-8")
            return None

    def _clean(self, file: SourceFile) -> SourceFile | None:
        """The file, or None and a report when it has signs that no source has."""
        text = file.text
        if text.startswith("\ufeff") or "\r" in text or "\0" in text:
            at = next(n for n, char in enumerate(text) if char in "\ufeff\r\0")
            what = {"\ufeff": "a byte order mark", "\r": "a carriage return", "\0": "a null character"}[
                text[at]
            ]
            message = f"there is {what} in the file"
            self.report.error(
                "SK005", Span(file, at, at), message, "save it as UTF-8 with LF line ends and no mark"
            )
            return None
        return file

    def locate(self, base: SourceFile, path: Name) -> str | None:
        """Return the root-relative path that ``path`` means in ``base``, or report that there is none."""
        wanted = path.text
        here = posixpath.dirname(base.path.removeprefix(self.shown))
        joined = posixpath.normpath(posixpath.join(here, wanted))
        inside = bool(wanted) and not wanted.startswith("/") and "\\" not in wanted and "\0" not in wanted
        inside = inside and joined != ".." and not joined.startswith("../") and len(wanted) < 300
        try:
            real = (self.root / joined).resolve() if inside else self.root
            there = joined in self.unsaved or real.is_file()
        except (OSError, ValueError, RuntimeError):  # a link in a circle, or a name that no file can have
            real, there = self.root, False
        if not inside or not real.is_relative_to(self.root.resolve()):
            message = f'"{wanted}" leads out of the folder of the sources'
            help = "write a path relative to this file, with /, that stays inside the root"
            self.report.error("SK006", path.span, message, help)
            return None
        if not there:
            if self.report.full(base.path):
                return None
            self.report.error("SK203", path.span, f"there is no file {joined}", self._similar(joined))
            return None
        return joined

    def _similar(self, path: str) -> str:
        suffix = posixpath.splitext(path)[1]
        known = sorted(
            file.relative_to(self.root).as_posix() for file in self.root.rglob(f"*{suffix}") if suffix
        )
        near = difflib.get_close_matches(path, known, n=1, cutoff=0.5)
        if not near:
            near = [file for file in known if posixpath.basename(file) == posixpath.basename(path)][:1]
        return f"did you mean {near[0]}?" if near else "paths are relative to the file that names them"


def leads_out(file: Path, root: Path) -> bool:
    """Tell whether a file is a link to something that does not lie below ``root``."""
    try:
        return file.is_symlink() and not file.resolve().is_relative_to(root.resolve())
    except (OSError, ValueError, RuntimeError):  # a link in a circle leads nowhere
        return False


def find_sources(root: Path, paths: list[Path]) -> tuple[str, ...]:
    """Return the root-relative paths of the source files among ``paths``, folders searched through.

    A link that leads out of the root, or nowhere, keeps its own name: reading it says what is wrong.
    """
    found: set[str] = set()
    base = root.resolve()
    for path in paths:
        files = sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else [path]
        for file in files:
            try:
                real = file.resolve()
            except (OSError, RuntimeError):
                real = file.parent.resolve() / file.name
            if not real.is_relative_to(base):
                real = file.parent.resolve() / file.name
            found.add(Path(os.path.relpath(real, base)).as_posix())
    return tuple(sorted(found))


def load_project(
    root: Path,
    entries: tuple[str, ...],
    report: Report,
    unsaved: Mapping[str, str] | None = None,
    shown: str = "",
) -> Project:
    """Read the entries and all that they import.

    Args:
        root: what all paths are relative to.
        entries: the files to begin with.
        report: takes the diagnostics.
        unsaved: texts that stand for the files of that path.
        shown: put before the paths of this project wherever they are told or recorded.
    """
    project = Project(root, report, unsaved or {}, entries=entries, shown=shown)
    queue = list(entries)
    while queue:
        path = queue.pop(0)
        if path in project.modules:
            continue
        file = project.read(path)
        if file is None:
            continue
        module = _load(file, project)
        project.modules[path] = module
        for item in module.imports:
            target = project.locate(file, item.path)
            if target is not None:
                queue.append(target)
    return project


def _load(file: SourceFile, project: Project) -> Module:
    def include(path: Name) -> SourceFile | None:
        target = project.locate(file, path)
        return project.read(target) if target is not None else None

    return read_module(file, project.report, include)
