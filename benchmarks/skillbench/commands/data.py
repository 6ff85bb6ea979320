"""``skillbench data``: check data files, say where they come from, and get them."""

from __future__ import annotations

import argparse
import hashlib
import http.client
import secrets
import shlex
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from skillbench.analysis.summary import duplicates_told
from skillbench.commands.arguments import add_duplicates_argument
from skillbench.errors import BenchError
from skillbench.suites import SUITES, open_suite, suite_class
from skillbench.suites.base import DataSummary, Suite
from skillbench.suites.source import RemoteFile
from skillspec.files import open_file

__all__ = ["add_arguments", "report", "run_command"]

_CHUNK: Final = 1 << 20
_TIMEOUT_S: Final = 60.0
_PART: Final = ".part"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that ``run_command`` reads."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", help="read data as a run would, and say what is in it")
    check.add_argument("suite", choices=tuple(SUITES))
    check.add_argument("--data", type=Path, action="append", default=[], metavar="FILE", help="data file")
    check.add_argument("--mode", metavar="MODE", help="the suite's mode, which decides the judgments")
    add_duplicates_argument(check)
    where = verbs.add_parser("where", help="say where data comes from, its license, and how to get it")
    where.add_argument("suite", nargs="?", choices=tuple(SUITES))
    get = verbs.add_parser("get", help="download data in the revision that we read")
    get.add_argument("suite", choices=tuple(SUITES))
    get.add_argument("--to", type=Path, required=True, metavar="DIR", help="the data root")


def run_command(args: argparse.Namespace) -> int:
    """Carry out one of the verbs; returns the exit code.

    Raises:
        BenchError: the data cannot be used, or cannot be fetched.
    """
    match args.verb:
        case "check":
            suite = open_suite(args.suite, tuple(args.data), args.mode)
            print(report(suite, suite.check(allow_duplicates=args.allow_duplicates)))
        case "where":
            print("\n\n".join(_where(name) for name in ([args.suite] if args.suite else SUITES)))
        case _:
            return _get(args.suite, args.to)
    return 0


def report(suite: Suite, summary: DataSummary) -> str:
    """Return what a check found: counts, repeated ids, fields, and which of them stay sealed."""
    lines = [f"{file.name}: sha256 {file.sha256}" for file in summary.files]
    mode = f" ({suite.mode})" if suite.mode else ""
    lines.append(f"{suite.name}{mode}: {summary.samples} samples, {summary.judgments} judgments")
    lines += [f"  {group}: {count}" for group, count in sorted(summary.groups.items())]
    lines += _completeness(suite, summary)
    if summary.duplicates:
        lines.append(duplicates_told(summary.duplicates))
    repeated = "no id repeats" if not summary.repeated_ids else (
        f"{summary.repeated_ids} rows repeat an id; each row counts, and is told apart by its place"
    )  # fmt: skip
    lines.append(repeated)
    if not suite.shown:
        return "\n".join([*lines, "the suite does not say which fields may become visible"])
    lines += ["fields that may become visible, as far as the setting allows:"]
    shown = [(name, count) for name, count in summary.fields.items() if name in suite.shown]
    hidden = [(name, count) for name, count in summary.fields.items() if name not in suite.shown]
    lines += [f"  {name} ({count} rows) as {suite.shown[name]}" for name, count in shown]
    lines.append(
        "fields that are sealed; no judge, tool or readout gets them:" if hidden else "no other fields"
    )
    lines += [f"  {name} ({count} rows)" for name, count in hidden]
    return "\n".join(lines)


def _completeness(suite: Suite, summary: DataSummary) -> list[str]:
    """Say which files are the published ones, by their digests alone, and what is missing of the whole."""
    source = suite.source
    known = {file.name: source.published_rows(file.sha256) for file in summary.files}
    data = {path.name for path in suite.paths}
    if suite.paths == suite.shipped:
        return ["these are the rows that ship with the suite"]
    named = [(name, rows) for name, rows in known.items() if name in data]
    total = f" of {source.rows}" if source.rows is not None else ""
    if named and all(rows is not None for _, rows in named):
        held = sum(rows or 0 for _, rows in named)
        part = "" if held == source.rows else f", {held}{total} rows of it"
        return [f"this is the published data set{part}, known by the digests of its files"]
    lines = [
        f"{summary.samples}{total} rows, not known to be the published "
        + ("file" if len(named) == 1 else "files")
    ]
    lines += [f"  {name} is a published file, by its digest" for name, rows in named if rows is not None]
    lines += [
        f"  {group}: {summary.groups.get(group, 0)} of {count}"
        for group, count in source.groups.items()
        if summary.groups.get(group, 0) != count
    ]
    return lines


def _where(name: str) -> str:
    suite = suite_class(name)
    source = suite.source
    lines = [f"{name}: {source.title}", f"  home:    {source.home}", f"  license: {source.license}"]
    if suite.modes:
        lines.append(f"  modes:   {', '.join(suite.modes)}")
    lines += [f"  file:    {file.path} from {file.url}" for file in source.files]
    if source.files:
        lines.append(f"  get:     skillbench data get {name} --to DIR")
    lines += [f"  get:     {command}" for command in source.commands]
    lines.append(f"  note:    {source.note}")
    return "\n".join(lines)


def _get(name: str, root: Path) -> int:
    source = suite_class(name).source
    if not source.files:
        print(_where(name))
        print("Nothing is fetched: " + ("run the commands above." if source.commands else "it is here."))
        return 1 if source.commands else 0
    for file in source.files:
        path = root / file.path
        digest = _digest(path) if path.is_file() else None
        if digest is not None and file.sha256 in (None, digest):
            print(f"{path}: there already, sha256 {digest}")
            continue
        if digest is not None:
            raise BenchError(f"{path} is there and is another file (sha256 {digest}); move it away first")
        print(f"{path}: sha256 {_fetch(file, path)}")
    paths = " ".join(f"--data {shlex.quote(str(root / path))}" for path in source.paths[:2])
    print(f"Check: skillbench data check {name} {paths}")
    return 0


def _digest(path: Path) -> str:
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch(file: RemoteFile, path: Path) -> str:
    """Download one file; a part of it never stands under its name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{secrets.token_hex(8)}{_PART}")
    digest = hashlib.sha256()
    try:
        with urllib.request.urlopen(file.url, timeout=_TIMEOUT_S) as answer, part.open("xb") as out:  # noqa: S310
            while chunk := answer.read(_CHUNK):
                digest.update(chunk)
                out.write(chunk)
            length = answer.headers.get("Content-Length")
            if length is not None and out.tell() != int(length):
                raise BenchError(
                    f"{file.url}: the connection ended after {out.tell()} of {length} bytes; again?"
                )
    except urllib.error.HTTPError as error:
        raise BenchError(f"{file.url}: the server answers {error.code} {error.reason}") from error
    except (urllib.error.URLError, TimeoutError, http.client.HTTPException, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise BenchError(
            f"cannot reach {file.url} ({reason}). Without a network: fetch it elsewhere and put it at {path}"
        ) from error
    else:
        sha256 = digest.hexdigest()
        if file.sha256 is not None and sha256 != file.sha256:
            raise BenchError(
                f"{file.url} has sha256 {sha256}, not {file.sha256}: not the file that was asked for"
            )
        part.replace(path)
        return sha256
    finally:
        part.unlink(missing_ok=True)
