"""Writing artifacts: atomically, only what changed, and removing what is no longer made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skillc.emit.validate import find_mismatch
from skillspec.encoding import text_ref
from skillspec.files import decode_json, read_file, read_json, write_file

__all__ = ["OutputError", "Stale", "compare", "compare_packages", "write_artifacts", "write_packages"]

_FOLDERS = {"tasks": "task", "skills": "skill", "links": "link"}
_MADE_BY_US = b'\n  digest: "'
_TEXT = re.compile(r"[0-9a-f]{20}\.txt\Z")


class OutputError(Exception):
    """The folder cannot be written, or holds something else. The text is for a person."""


@dataclass(frozen=True, slots=True)
class Stale:
    """How a folder differs from what it should hold: paths, sorted."""

    changed: tuple[str, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.changed or self.missing or self.extra)


def compare(out: Path, files: Mapping[str, bytes]) -> Stale:
    """Compare a folder byte by byte with the artifacts that it should hold.

    Raises:
        OutputError: a file cannot be read.
    """
    changed, missing = [], []
    for path, content in files.items():
        try:
            if read_file(out / path) != content:
                changed.append(path)
        except FileNotFoundError:
            missing.append(path)
        except OSError as error:
            raise OutputError(f"cannot read {out / path}: {error.strerror}") from error
    return Stale(tuple(sorted(changed)), tuple(sorted(missing)), tuple(_extra(out, files)))


def _extra(out: Path, files: Mapping[str, bytes]) -> list[str]:
    """Artifacts in the folder that are no longer made. Files of other origin are left alone."""
    extra = []
    for folder in (*_FOLDERS, "texts"):
        if not (out / folder).is_dir():
            continue
        for path in sorted((out / folder).iterdir()):
            name = f"{folder}/{path.name}"
            if name not in files and path.is_file() and _is_ours(path, folder):
                extra.append(name)
    return extra


def _is_ours(path: Path, folder: str) -> bool:
    try:
        data = read_file(path)
        if folder == "texts":
            return bool(_TEXT.match(path.name)) and text_ref(data.decode()) == path.stem
        record = decode_json(data) if path.suffix == ".json" else None
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and record.get("kind") == _FOLDERS[folder] and "digest" in record


def _check_folder(out: Path) -> None:
    index = out / "index.json"
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is not a folder; name another one with --out")
    if index.exists():
        try:
            record = read_json(index)
        except (OSError, ValueError):
            return
        if not isinstance(record, dict) or record.get("kind") != "index":
            raise OutputError(f"{index} is not ours; name another folder with --out")


def write_packages(out: Path, files: Mapping[str, bytes]) -> Stale:
    """Bring the packages in the folder ``out`` to hold ``files``.

    References that are no longer made are removed from packages that are ours; nothing else is.

    Raises:
        OutputError: the folder cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is not a folder; name another one with --out")
    stale = compare_packages(out, files)
    try:
        for path in (*stale.changed, *stale.missing):
            target = out / path
            target.parent.mkdir(parents=True, exist_ok=True)
            write_file(target, files[path])
        for path in stale.extra:
            (out / path).unlink()
    except OSError as error:
        raise OutputError(f"cannot write {error.filename}: {error.strerror}") from error
    return stale


def compare_packages(out: Path, files: Mapping[str, bytes]) -> Stale:
    """Compare the packages in a folder byte by byte with those that it should hold.

    Raises:
        OutputError: a file cannot be read.
    """
    stale = compare(out, files)
    extra = []
    for package in sorted({path.partition("/")[0] for path in files}):
        manual = out / package / "SKILL.md"
        if manual.is_file() and _MADE_BY_US in read_file(manual):
            references = (path.relative_to(out).as_posix() for path in manual.parent.glob("references/*.md"))
            extra += [path for path in sorted(references) if path not in files]
    return Stale(stale.changed, stale.missing, tuple(extra))


def write_artifacts(out: Path, files: Mapping[str, bytes]) -> Stale:
    """Bring the folder ``out`` to hold ``files``; the index is written last.

    Returns:
        What had to be changed.

    Raises:
        OutputError: the folder cannot be written or holds something else, or an artifact does not
            fit its schema.
    """
    _check_folder(out)
    stale = compare(out, files)
    todo = [*stale.changed, *stale.missing]
    problem = find_mismatch(files, todo) if todo else None
    if problem is not None:
        raise OutputError(f"nothing was written: {problem}. The compiler and its schemas have come apart")
    try:
        for path in sorted(todo, key=lambda path: (path == "index.json", path)):
            target = out / path
            target.parent.mkdir(parents=True, exist_ok=True)
            write_file(target, files[path])
        for path in stale.extra:
            (out / path).unlink()
    except OSError as error:
        raise OutputError(f"cannot write {error.filename}: {error.strerror}") from error
    return stale
