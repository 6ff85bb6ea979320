"""Where a benchmark's data is, under which license, and how its published files are told from others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["RemoteFile", "Source"]


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to download.

    Attributes:
        url: where it is, in the revision that we read.
        path: where it is put, below the data root.
        sha256: of its bytes, where we have seen it.
        rows: how many rows it holds, where we have counted them.
    """

    url: str
    path: str
    sha256: str | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The data of a benchmark.

    Attributes:
        title: its name and size, for people.
        home: where it is published.
        license: what it may be used for.
        files: what is fetched; empty where it cannot be fetched file by file.
        note: what else to know.
        commands: how to get what cannot be fetched file by file.
        rows: rows of the whole published data set, None where nobody says.
        groups: the same by group, where that is known.
        known: digests of further published files, with their rows.
    """

    title: str
    home: str = ""
    license: str = "not stated"
    files: tuple[RemoteFile, ...] = ()
    note: str = ""
    commands: tuple[str, ...] = ()
    rows: int | None = None
    groups: Mapping[str, int] = field(default_factory=dict)
    known: Mapping[str, int] = field(default_factory=dict)

    @property
    def paths(self) -> tuple[str, ...]:
        """Where the files lie below the data root."""
        return tuple(file.path for file in self.files)

    def published_rows(self, sha256: str) -> int | None:
        """Return how many rows the published file with this digest holds; None when it is no such file."""
        own = {file.sha256: file.rows for file in self.files if file.sha256 is not None}
        return {**self.known, **own}.get(sha256)
