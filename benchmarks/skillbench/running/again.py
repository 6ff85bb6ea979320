"""Runs judged again from their traces: ``skillbench replay`` and ``skillbench rescore``.

``replay`` must give the recorded judgments and the same bytes of ``metrics.json``, with the very
artifacts of the run. ``rescore`` takes the artifacts, readers and metrics of now, writes what comes of
them beside the run and leaves the run's judgments as they are.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from skillbench.analysis.results import expectation, metrics_of
from skillbench.analysis.sample_values import suite_of
from skillbench.analysis.summary import summary_text
from skillbench.errors import BenchError
from skillbench.folder.journal import PREDICTIONS, TRACES, decode_line, encode_line, fitting, read_predictions
from skillbench.folder.store import pretty, read_run
from skillbench.suites.base import Prediction, Suite
from skillbench.suites.texts import read_again
from skillrt.judging.verdict import Judgment
from skillrt.programs.program import Program
from skillspec.files import open_file, read_lines, write_file

__all__ = ["Again", "judge_again"]

_SHOWN = 5


@dataclass(slots=True)
class Again:
    """What judging again came to. ``kept`` rows have no trace, such as those of a harness error."""

    rows: list[Prediction] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    kept: int = 0
    unfit: list[str] = field(default_factory=list)


class _Traced(msgspec.Struct):
    """A line of ``traces.jsonl``."""

    id: str
    trace: dict[str, Any]


_TRACED = msgspec.json.Decoder(_Traced)


class _Links:
    """Programs by the name of their link."""

    def __init__(self, artifacts: str | None, digests: Mapping[str, str] | None) -> None:
        from skillspec.artifacts import ArtifactError, ArtifactStore

        try:
            self._store = ArtifactStore(Path(artifacts) if artifacts else None)
        except ArtifactError as error:
            raise BenchError(str(error)) from error
        self._digests = digests
        self._programs: dict[str, Program] = {}

    def program(self, name: str) -> Program:
        from skillrt.programs.program import load_program
        from skillspec.artifacts import ArtifactError

        if name not in self._programs:
            try:
                program = load_program(self._store, name)
            except ArtifactError as error:
                raise BenchError(str(error)) from error
            wanted = None if self._digests is None else self._digests.get(name)
            if wanted is not None and program.link.digest != wanted:
                raise BenchError(
                    f"the artifacts have another {name} than the run was made with; name the run's own with "
                    "--artifacts, or use skillbench rescore"
                )
            self._programs[name] = program
        return self._programs[name]


def judge_again(folder: Path, artifacts: str | None, *, exact: bool, reader: str | None = None) -> Again:
    """Judge every recorded judgment again from its trace.

    Args:
        folder: the run folder.
        artifacts: the artifacts to judge with; the installation's own when None.
        exact: refuse other artifacts than the run's.
        reader: by whose rules answers are read; as in the run when None.

    Raises:
        BenchError: the folder is no run, its files are broken, or the artifacts do not fit.
    """
    again = Again(run=read_run(folder))
    identity = again.run.get("identity") or {}
    if reader is not None:
        identity = again.run["identity"] = {**identity, "reader": reader}
    suite = suite_of(again.run, folder)
    links = _Links(artifacts, identity.get("links") or {} if exact else None)
    traces = _traces(folder)
    for row in read_predictions(folder):
        ident, trace = next(traces, (None, {}))
        if ident != row.id:
            raise BenchError(
                f"{folder / TRACES} has no trace of {row.id} where it should stand; was the run killed? "
                "The command that began it mends its files"
            )
        if not trace:
            again.kept += 1
            again.rows.append(row)
            continue
        again.rows.append(_again(row, trace, links, suite, again))
    with fitting(folder, suite.name):
        again.metrics = metrics_of(suite, iter(again.rows), *expectation(again.run))
    return again


def _again(
    row: Prediction, trace: Mapping[str, Any], links: _Links, suite: Suite, again: Again
) -> Prediction:
    from skillrt.judging.replay import ReplayError, replay

    try:
        judgment = replay(links.program(trace["link"]), trace)
    except (ReplayError, KeyError, TypeError, ValueError, AttributeError) as error:
        again.unfit.append(f"{row.id}: {error}")
        return row
    judgment = read_again(suite, row.task, judgment)
    fresh = _row(row, judgment, suite)
    if (fresh.said, fresh.outcome, fresh.valid) != (row.said, row.outcome, row.valid):
        again.changed.append(f"{row.id}: {_told(row)} -> {_told(fresh)}")
    return fresh


def _told(row: Prediction) -> str:
    return f"said {row.said!r}, readout {row.outcome!r}" if row.valid else f"invalid ({row.error})"


def _row(row: Prediction, judgment: Judgment, suite: Suite) -> Prediction:
    verdict = judgment.verdict
    return msgspec.structs.replace(
        row,
        said=verdict.said,
        outcome=verdict.outcome,
        label=verdict.label,
        score=suite.points(row.gold, verdict),
        valid=verdict.valid,
        error=verdict.error,
        error_owner=verdict.error_owner,
        grounded=verdict.grounded,
        decided_by=verdict.decided_by,
        reason=verdict.reason,
        usage=judgment.usage,
        probabilities=verdict.probabilities,
        mass=verdict.mass,
        clipped=verdict.clipped,
        keys=verdict.keys,
    )


def _traces(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    path = folder / TRACES
    try:
        with open_file(path) as file:
            for number, raw in enumerate(read_lines(file), 1):
                try:
                    line = decode_line(raw, _TRACED)
                    yield line.id, line.trace
                except ValueError as error:
                    raise BenchError(f"{path}, line {number}: not a trace ({error})") from error
    except OSError as error:
        raise BenchError(f"cannot read {path}: {error.strerror}") from error


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of both commands."""
    parser.add_argument("run_folder", type=Path, metavar="DIR", help="the run folder")
    parser.add_argument("--artifacts", metavar="DIR", help="compiled artifacts (default: the installation's)")


def print_some(lines: list[str]) -> None:
    """Print the first few of many lines."""
    for line in lines[:_SHOWN]:
        print(f"  {line}")
    if len(lines) > _SHOWN:
        print(f"  and {len(lines) - _SHOWN} more")


def write_results(folder: Path, metrics: Mapping[str, Any], run: Mapping[str, Any]) -> None:
    """Write ``metrics.json`` and ``summary.md``."""
    write_file(folder / "metrics.json", pretty(metrics))
    write_file(folder / "summary.md", summary_text(metrics, run).encode())


def write_rescored(folder: Path, again: Again) -> Path:
    """Write the rows and results of judging again to ``rescored`` in the run folder; return that."""
    out = folder / "rescored"
    if out.is_symlink():
        raise BenchError(f"{out} is a link, and links are not followed; move it away")
    out.mkdir(exist_ok=True)
    write_file(out / PREDICTIONS, b"".join(map(encode_line, again.rows)))
    write_results(out, again.metrics, again.run)
    return out
