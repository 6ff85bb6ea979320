"""The ``skillrl`` command.

Exit codes: 0 done; 1 ``doctor`` found something that would break a run; 2 wrong use or wrong data;
130 interrupted. Modules are imported when a command needs them, so that ``--help`` is quick.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from skillspec.terminal import plain_output
from skillspec.version import VersionAction
from skillspec.words import PRELOADED, SKILL_DELIVERIES

__all__ = ["main"]


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 up")
    return int(text)


def _from_one(text: str) -> int:
    if (number := _whole(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="skillrl", description="Train on a compiled skill with verl.")
    parser.add_argument("--version", action=VersionAction)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    prepare = commands.add_parser("prepare", help="turn a data set into verl's parquet, each rule tried once")
    prepare.add_argument("kind", choices=("verinstruct", "ifeval", "ifbench"), help="the data set's format")
    prepare.add_argument("--data", type=Path, metavar="PATH", help="file or folder (default: Hugging Face)")
    prepare.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")
    prepare.add_argument(
        "--val", type=_whole, default=128, metavar="N", help="rows to validate on (default: 128)"
    )
    prepare.add_argument("--limit", type=_from_one, metavar="N", help="read only the first N rows")
    prepare.add_argument("--seed", type=_whole, default=0, metavar="N", help="of the split (default: 0)")
    prepare.set_defaults(run=_prepare)
    inspect = commands.add_parser("inspect", help="show what verl, the rules and the judge see for a row")
    inspect.add_argument("file", type=Path, help="a parquet file of skillrl prepare")
    inspect.add_argument("--row", type=_from_one, default=1, metavar="N", help="row number, from 1")
    inspect.add_argument("--rollout", default="(the rollout)", help="text to show as the response")
    inspect.add_argument("--delivery", choices=SKILL_DELIVERIES, default=PRELOADED)
    inspect.add_argument("--mode", choices=("skill", "direct", "rules_x_llm"), default="skill")
    inspect.set_defaults(run=_inspect)
    overrides = commands.add_parser("overrides", help="print a run's overrides, one a line, names filled in")
    _add_overrides(overrides)
    overrides.set_defaults(run=_overrides)
    doctor = commands.add_parser("doctor", help="check machine and configuration before a run costs money")
    _add_overrides(doctor)
    doctor.set_defaults(run=_doctor)
    return parser


def _add_overrides(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", type=Path, action="append", default=[], metavar="FILE", help="override file, repeatable"
    )
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE", help="what comes after the files")


def _overrides(args: argparse.Namespace) -> int:
    from skillrl.overrides import read_overrides

    print("\n".join(read_overrides(args.config, args.overrides, os.environ)))
    return 0


def _prepare(args: argparse.Namespace) -> int:
    from skillrl.data.prepare import prepare
    from skillrt.sandbox import SandboxUnavailable

    try:
        done = prepare(args.kind, args.data, args.out, seed=args.seed, validation=args.val, limit=args.limit)
    except SandboxUnavailable as error:
        print(f"skillrl: {error}", file=sys.stderr)
        return 2
    print("\n".join(done.lines()))
    print(f"written to {args.out}, with the same counts in card.md")
    return 0


def _inspect(args: argparse.Namespace) -> int:
    from skillrl.data.inspect import describe_row, row_of
    from skillrl.settings import RewardSettings

    settings = RewardSettings(mode=args.mode, delivery=args.delivery)
    print(describe_row(row_of(args.file, args.row), settings, args.rollout))
    return 0


def _doctor(args: argparse.Namespace) -> int:
    from skillrl.doctor import examine

    findings = examine(args.config, args.overrides)
    for finding in findings:
        print(finding.line())
    return int(any(finding.state == "bad" for finding in findings))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    with plain_output():
        return _main(argv)


def _main(argv: Sequence[str] | None) -> int:
    args = _parser().parse_args(argv)
    from skillrl.data.errors import DataError
    from skillspec.artifacts import ArtifactError

    try:
        return int(args.run(args))
    except (DataError, ArtifactError) as error:
        print(f"skillrl: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
