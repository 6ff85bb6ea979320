"""Reading a folder of artifacts.

An :class:`ArtifactStore` reads files on demand, checks each against its record type, its digest
and the index, and keeps what it read. Whatever is wrong is an :class:`ArtifactError` that names
the file and the place in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from skillspec import ARTIFACT_FORMAT
from skillspec.encoding import digest_of, text_ref
from skillspec.files import read_file
from skillspec.records import Index, IndexEntry, Link, Skill, Task

__all__ = ["ArtifactError", "ArtifactStore", "decode_record", "default_root", "link_id"]

R = TypeVar("R", Task, Skill, Link, Index)
_REF = re.compile(r"[0-9a-f]{20}")
_MOST_RECORD: Final = 16 << 20
_MOST_TEXT: Final = 4 << 20
_AGAIN: Final = "Compile again: skillc compile"


class ArtifactError(Exception):
    """An artifact is missing, broken, altered or newer than this program. The text is for a person."""


class _Head(msgspec.Struct):
    format: int
    kind: str


def default_root() -> Path:
    """Return the installation's own artifacts: package data, or ``generated/`` of a checkout."""
    here = Path(__file__).resolve().parent
    packaged = here / "generated"
    if (packaged / "index.json").is_file():
        return packaged
    return here.parents[1] / "generated"


def link_id(task: str, skill: str | None, setting: str, delivery: str) -> str:
    """Return the id of a link: ``skill.task.setting.delivery``, or ``task.direct`` for the baseline."""
    if delivery == "direct":
        return f"{task}.direct"
    return f"{skill}.{task}.{setting}.{delivery}"


def decode_record(data: bytes, record: type[R], name: str) -> R:
    """Decode one artifact and check its format and types.

    Raises:
        ArtifactError: names the file and, for a wrong value, its JSON path.
    """
    try:
        head = msgspec.json.decode(data, type=_Head)
    except RecursionError as error:
        raise ArtifactError(f"{name} is nested too deeply. {_AGAIN}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{name} is not an artifact: {error}. {_AGAIN}") from error
    if head.format > ARTIFACT_FORMAT:
        raise ArtifactError(
            f"{name} has artifact format {head.format}, this program reads up to {ARTIFACT_FORMAT}. "
            "Update skillc, or compile the sources with this version."
        )
    try:
        return msgspec.json.decode(data, type=record)
    except msgspec.ValidationError as error:
        raise ArtifactError(f"{name}: {error}. {_AGAIN}") from error


class ArtifactStore:
    """The artifacts below ``root``, or those in ``files``.

    Args:
        root: folder that holds ``index.json``; the installation's own when None.
        files: path to content, as the compiler makes them; nothing is read from a disk then.

    Raises:
        ArtifactError: when there is no index, or it cannot be read.
    """

    def __init__(self, root: Path | None = None, *, files: Mapping[str, bytes] | None = None) -> None:
        self.root = root if root is not None else default_root()
        self._files = files
        self._records: dict[str, Task | Skill | Link] = {}
        self._texts: dict[str, str] = {}
        self.index = decode_record(self._read("index.json"), Index, "index.json")

    def _read(self, path: str) -> bytes:
        if self._files is not None:
            if path not in self._files:
                raise ArtifactError(f"there is no {path} among the artifacts")
            return self._files[path]
        try:
            return read_file(self.root / path, _MOST_TEXT if path.endswith(".txt") else _MOST_RECORD)
        except OSError as error:
            raise ArtifactError(
                f"cannot read {self.root / path}: {error.strerror}. "
                "Compile first (skillc compile), or name the folder of the artifacts."
            ) from error

    def _load(self, what: str, known: dict[str, IndexEntry], name: str, record: type[R]) -> R:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
            hint = f"did you mean {', '.join(near)}?" if near else f"there are: {', '.join(known) or 'none'}"
            raise ArtifactError(f"there is no {what} called {name}; {hint}")
        path = f"{what}s/{name}.json"
        if known[name].path != path:
            raise ArtifactError(f"index.json says that {name} lies in {known[name].path!r}. {_AGAIN}")
        cached = self._records.get(path)
        if cached is None:
            decoded = decode_record(self._read(path), record, path)
            if isinstance(decoded, Index) or digest_of(decoded) != decoded.digest:
                raise ArtifactError(f"{path} was altered after it was compiled. {_AGAIN}")
            if decoded.id != name or decoded.digest != known[name].digest:
                raise ArtifactError(f"{path} is not the {what} {name} that index.json names. {_AGAIN}")
            self._check_parts(decoded, path)
            self._records[path] = cached = decoded
        if not isinstance(cached, record):
            raise ArtifactError(f"{path} is not a {what}")
        return cached

    def _check_parts(self, record: Task | Skill | Link, path: str) -> None:
        """Refuse a link whose task or skill is another one than it was made with."""
        if not isinstance(record, Link):
            return
        parts = [(self.task(record.task).digest, record.task_digest)]
        if record.skill is not None:
            parts.append((self.skill(record.skill).digest, record.skill_digest or ""))
        if any(there != wanted for there, wanted in parts):
            raise ArtifactError(f"{path} was made with another task or skill than lies beside it. {_AGAIN}")

    def check_texts(self, record: Task | Skill | Link) -> None:
        """Read every text that a record refers to.

        Raises:
            ArtifactError: a text is missing or was altered.
        """
        todo: list[Any] = [msgspec.to_builtins(record)]
        while todo:
            value = todo.pop()
            if isinstance(value, dict):
                todo.extend(value.values())
            elif isinstance(value, list | tuple):
                todo.extend(value)
            elif isinstance(value, str) and _REF.fullmatch(value):
                self.text(value)

    def task(self, name: str) -> Task:
        """Return the task called ``name``."""
        return self._load("task", self.index.tasks, name, Task)

    def skill(self, name: str) -> Skill:
        """Return the skill called ``name``."""
        return self._load("skill", self.index.skills, name, Skill)

    def link(self, name: str) -> Link:
        """Return the link with the id ``name``; :func:`link_id` builds ids."""
        return self._load("link", self.index.links, name, Link)

    def text(self, ref: str) -> str:
        """Return the text with the given reference, its content checked against its name."""
        text = self._texts.get(ref)
        if text is None:
            path = f"texts/{ref}.txt"
            if not ref.isalnum():
                raise ArtifactError(f"{ref!r} names no text. {_AGAIN}")
            try:
                text = self._read(path).decode()
            except UnicodeDecodeError:
                raise ArtifactError(f"{path} is not UTF-8. {_AGAIN}") from None
            if text_ref(text) != ref:
                raise ArtifactError(f"{path} was altered after it was compiled. {_AGAIN}")
            self._texts[ref] = text
        return text
