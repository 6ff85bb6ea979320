"""``skillc compile``: write what the sources come to, for a target, or say what is stale."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from skillc.agent_skills.package import PackageError, compile_packages
from skillc.emit.output import OutputError, Stale, compare, compare_packages, write_artifacts, write_packages
from skillc.program import Checked, compile_project
from skillc.usage import UsageError, count

__all__ = ["DEFAULT_OUTS", "write_target"]

DEFAULT_OUTS = {"runtime": Path("generated"), "agent-skills": Path("agent_skills")}
"""The targets, and where each is written when nothing else is said."""


def write_target(checked: Checked, options: argparse.Namespace) -> int:
    """Write a project without errors for its target; 1 with ``--check`` when something is stale.

    Raises:
        UsageError: the folder cannot be written, or the target cannot take these skills.
    """
    out: Path = options.out if options.out is not None else DEFAULT_OUTS[options.target]
    try:
        files, stale = _made(checked, options, out)
    except (OutputError, PackageError) as error:
        raise UsageError(str(error)) from error
    if options.check:
        for what, paths in (
            ("changed", stale.changed),
            ("missing", stale.missing),
            ("no longer made", stale.extra),
        ):
            for path in paths:
                print(f"stale: {out / path} ({what})", file=sys.stderr)
        if stale:
            target = "" if options.target == "runtime" else f" --target {options.target}"
            print(f"{out} is stale: run skillc compile{target}", file=sys.stderr)
            return 1
    if options.format == "text":
        written = len(stale.changed) + len(stale.missing)
        done = f"{written} written, {len(stale.extra)} removed" if stale else "up to date"
        print(f"{out}: {_summary(checked, files, options.target)} ({done})")
    return 0


def _made(checked: Checked, options: argparse.Namespace, out: Path) -> tuple[dict[str, bytes], Stale]:
    if options.target == "agent-skills":
        packages = compile_packages(checked)
        return packages, (compare_packages if options.check else write_packages)(out, packages)
    files = compile_project(checked)
    return files, (compare if options.check else write_artifacts)(out, files)


def _summary(checked: Checked, files: dict[str, bytes], target: str) -> str:
    if target == "agent-skills":
        return count(len(checked.skills), "package")
    links = sum(path.startswith("links/") for path in files)
    counts = ((len(checked.tasks), "task"), (len(checked.skills), "skill"), (links, "link"))
    return ", ".join(count(number, noun) for number, noun in counts)
