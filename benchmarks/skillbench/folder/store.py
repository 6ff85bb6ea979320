"""A run folder: ``run.json``, the journal, ``metrics.json`` and ``summary.md``, under one lock.

A folder belongs to one identity (data, artifacts, model, sampling). It is continued under the same
identity and refused under any other, so that no metric ever mixes two runs.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from skillbench.errors import BenchError, RefusedError
from skillbench.folder.journal import PREDICTIONS, TRACES, Journal
from skillbench.folder.shapes import RunShape, problem_of
from skillbench.suites.base import Prediction
from skillspec.files import open_append, read_file, read_json, write_file

__all__ = ["RUN_FORMAT", "RunFolder", "pretty", "read_run"]

RUN_FORMAT: Final = 1
"""Version of the files in a run folder."""

_LOCK: Final = ".lock"


def read_run(folder: Path) -> dict[str, Any]:
    """Return what ``run.json`` says.

    Raises:
        BenchError: the folder is no run folder, or its ``run.json`` cannot be read.
    """
    path = folder / "run.json"
    try:
        found = read_json(path)
    except OSError as error:
        raise BenchError(f"cannot read {path}: {error.strerror}; is it a run folder?") from error
    except ValueError as error:
        raise BenchError(
            f"{path} is broken: {error}; the command that began the run mends it, as far as that can be done"
        ) from error
    if not isinstance(found, dict) or found.get("format") != RUN_FORMAT:
        raise BenchError(f"{path} is not a run of this version of skillbench; use another --out")
    if (problem := problem_of(found, RunShape)) is not None:
        raise BenchError(f"{path} is broken: {problem}")
    return found


def _torn_identity(path: Path) -> dict[str, Any] | None:
    """Return what a ``run.json`` that a crash tore says of the run; None where even that is torn."""
    try:
        text = read_file(path).decode("utf-8", "replace")
        at = re.match(rf'\{{\s*"format":\s*{RUN_FORMAT},\s*"identity":\s*', text)
        found = json.JSONDecoder().raw_decode(text, at.end())[0] if at is not None else None
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def pretty(value: Any) -> bytes:
    """Return the bytes of a JSON file that people read too."""
    return json.dumps(value, indent=2, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return [
        f"{name} was {json.dumps(old.get(name))}, now {json.dumps(new.get(name))}"
        for name in dict.fromkeys((*old, *new))
        if old.get(name) != new.get(name)
    ]


class RunFolder:
    """One run's folder, open and locked. Use it as a context manager.

    Args:
        path: the folder; made when it is not there.
        identity: what must be the same to continue a run: plain JSON values.
        facts: what is recorded without being compared: data counts, versions, servers.
        keep: rows for which it is false are taken out, to be judged again.

    Raises:
        RefusedError: the folder holds another run, another process works on it, or it has results
            but no ``run.json``.
        BenchError: the folder cannot be made or written, or its files are broken.
    """

    def __init__(
        self,
        path: Path,
        identity: Mapping[str, Any],
        facts: Mapping[str, Any],
        keep: Callable[[Prediction], bool] | None = None,
    ) -> None:
        self.path = path
        # What is read back from JSON must compare equal to what is given.
        self._identity = json.loads(json.dumps(identity))
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = open_append(path / _LOCK)
        except OSError as error:
            raise BenchError(f"cannot make the run folder {path}: {error.strerror}") from error
        try:
            self._take_lock()
            sessions = self._check_identity(facts.get("limit"))
            self._run = {"format": RUN_FORMAT, "identity": self._identity, **facts, "sessions": sessions}
            self._session: dict[str, Any] = {}
            # Before the journal's files, so that these never stand without it.
            self._save()
            self.journal = Journal(path, keep)
        except OSError as error:
            os.close(self._lock)
            raise BenchError(f"cannot write {path}: {error.strerror}") from error
        except BaseException:
            os.close(self._lock)
            raise
        self.resumed = len(self.journal.recorded)

    def _save(self) -> None:
        write_file(self.path / "run.json", pretty(self._run))

    def _take_lock(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RefusedError(
                f"another skillbench is writing {self.path}; wait for it, or use another --out"
            ) from error

    def _recorded(self) -> dict[str, Any] | None:
        """Return what ``run.json`` says, or a crash left of it; None where nothing was lost by that."""
        try:
            return read_run(self.path)
        except BenchError as error:
            if not isinstance(error.__cause__, ValueError):
                raise
        path = self.path / "run.json"
        if (identity := _torn_identity(path)) is not None:
            return {"format": RUN_FORMAT, "identity": identity}
        files = [self.path / name for name in (PREDICTIONS, TRACES)]
        rows = [file.name for file in files if file.exists() and file.stat().st_size]
        if not rows and not read_file(path).strip():
            return None
        raise RefusedError(
            f"{path} is broken, so nobody can say what the judgments in this folder belong to; use another "
            "--out, or put back a copy of run.json"
        )

    def _check_identity(self, limit: int | None) -> list[Any]:
        if not (self.path / "run.json").exists():
            for name in (PREDICTIONS, TRACES):
                if (self.path / name).exists():
                    raise RefusedError(
                        f"{self.path} has a {name} but no run.json, so nobody can say what it belongs to; "
                        "use another --out"
                    )
            return []
        found = self._recorded()
        if found is None:
            return []
        different = _differences(found.get("identity") or {}, self._identity)
        if different:
            raise RefusedError(
                f"{self.path} holds another run: {'; '.join(different)}. "
                "Give the settings that it was begun with to go on with it, or another --out to begin anew."
            )
        before = found.get("limit")
        if limit is not None and found.get("sessions") and (before is None or before > limit):
            held = "all samples" if before is None else f"{before} samples"
            raise RefusedError(
                f"{self.path} holds a run of {held}, and --limit {limit} is fewer: give as many or more, "
                "or another --out to begin anew."
            )
        return list(found.get("sessions") or [])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.journal.close()
        os.close(self._lock)

    def begin(self, **facts: Any) -> None:
        """Note that a session of judging starts, with facts such as the models that the server has."""
        self._session = {"started": _now(), "finished": None, "judged": 0, "ended": None}
        self._run["sessions"] = [*self._run["sessions"], self._session]
        self._run.update(facts)
        self._save()

    def end(self, how: str, **facts: Any) -> None:
        """Note how the session ended, with facts such as what became of the requests."""
        judged = len(self.journal.recorded) - self.resumed
        self._session.update(finished=_now(), judged=judged, ended=how, **facts)
        self._save()

    def write(self, name: str, data: bytes) -> None:
        """Write one of the result files."""
        write_file(self.path / name, data)
