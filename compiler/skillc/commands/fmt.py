"""``skillc fmt``: laying out files in place, or telling what would change."""

from __future__ import annotations

import argparse
import difflib
import stat
import sys
from dataclasses import dataclass, field
from pathlib import Path

from skillc.diagnostics import Report
from skillc.formatting.fmt import format_source
from skillc.project.load import SUFFIX, Project, leads_out
from skillc.render import render
from skillc.usage import DEFAULT_ROOT, UsageError
from skillspec.files import write_file
from skillspec.terminal import unescaped

__all__ = ["fmt"]

_STDIN = "<stdin>"


@dataclass
class _Outcome:
    changed: list[str] = field(default_factory=list)
    same: int = 0
    refused: int = 0


def fmt(options: argparse.Namespace) -> int:
    """Format the files that the options name.

    Returns:
        0 done or nothing to do, 1 syntax errors, or changes to be made with ``--check`` or ``--diff``.

    Raises:
        UsageError: a path is not there, or a file cannot be written.
    """
    paths = options.paths or [DEFAULT_ROOT]
    if "-" in paths:
        return _standard_input(options)
    outcome = _Outcome()
    for path in _files(paths):
        _one(path, options, outcome)
    dry = options.check or options.diff
    would = "would be reformatted" if dry else "reformatted"
    counts = [
        (len(outcome.changed), would),
        (outcome.same, "unchanged"),
        (outcome.refused, "with syntax errors"),
    ]
    said = [f"{number} {'file' if number == 1 else 'files'} {what}" for number, what in counts if number]
    print(", ".join(said) or "no files", file=sys.stderr if options.diff else sys.stdout)
    return 1 if outcome.refused or (dry and outcome.changed) else 0


def _files(paths: list[str]) -> list[Path]:
    files: dict[Path, None] = {}
    for name in paths:
        path = Path(name)
        if not path.exists():
            raise UsageError(f"there is no {path}; name the files or folders to format")
        inside = [file for file in sorted(path.rglob(f"*{SUFFIX}")) if not leads_out(file, path)]
        files.update(dict.fromkeys(inside if path.is_dir() else [path]))
    return list(files)


def _formatted(name: str, unsaved: dict[str, str]) -> tuple[str, str] | None:
    """Text and formatted text of a file; None when it has syntax errors, which are shown."""
    report = Report()
    source = Project(Path(), report, unsaved, confined=False).read(name)
    text = format_source(source, report) if source is not None else None
    if source is None or text is None:
        shown = render(report.diagnostics, "text")
        sys.stderr.write(shown) if unsaved else sys.stdout.write(shown)
        return None
    return source.text, text


def _one(path: Path, options: argparse.Namespace, outcome: _Outcome) -> None:
    name = path.as_posix()
    pair = _formatted(name, {})
    if pair is None:
        outcome.refused += 1
    elif pair[0] == pair[1]:
        outcome.same += 1
    else:
        outcome.changed.append(name)
        if options.diff:
            sys.stdout.write(_diff(name, *pair))
        elif not options.check:
            _write(path, pair[1])
        if not options.diff:
            print(f"{'would reformat' if options.check else 'reformatted'} {name}")


def _standard_input(options: argparse.Namespace) -> int:
    try:
        text = sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"standard input is not UTF-8 (byte {error.start + 1})") from error
    pair = _formatted(_STDIN, {_STDIN: text})
    if pair is None:
        return 1
    if options.diff:
        sys.stdout.write(_diff(_STDIN, *pair))
    elif not options.check:
        unescaped(sys.stdout).write(pair[1])
    return int((options.check or options.diff) and pair[0] != pair[1])


def _diff(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.split("\n"), after.split("\n"), name, f"{name} (formatted)", lineterm=""
    )
    return "".join(f"{line}\n" for line in lines)


def _write(path: Path, text: str) -> None:
    """Replace a file at one stroke; a link stays a link, rights stay as they are."""
    target = path.resolve()
    try:
        write_file(target, text.encode(), stat.S_IMODE(target.stat().st_mode))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
