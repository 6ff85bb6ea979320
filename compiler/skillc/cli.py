"""The ``skillc`` command. Everything heavy is imported by the command that needs it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from skillspec.words import DELIVERIES, PROGRESSIVE

if TYPE_CHECKING:
    from skillc.diagnostics import Report
    from skillc.program import Checked

from skillc.usage import DEFAULT_OUT, DEFAULT_ROOT, UsageError, count
from skillspec.terminal import plain_output
from skillspec.version import VersionAction

__all__ = ["main"]

FORMATS = ("text", "json", "github", "sarif")
TEST_FORMATS = ("text", "json", "github")
TARGETS = ("runtime", "agent-skills")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n{self.format_usage()}")


def _parser() -> _Parser:
    parser = _Parser(prog="skillc", description="Check and compile reward-evaluation skills.")
    parser.add_argument("--version", action=VersionAction)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, text in (("check", "report all mistakes"), ("compile", "check, then write the artifacts")):
        command = commands.add_parser(name, help=text, description=text.capitalize() + ".")
        _source_arguments(command)
        command.add_argument("--format", choices=FORMATS, default="text", help="how diagnostics are shown")
        if name == "compile":
            command.add_argument(
                "--out", type=Path, help=f"where to write (default: {DEFAULT_OUT}, or agent_skills)"
            )
            command.add_argument(
                "--target",
                choices=TARGETS,
                default="runtime",
                help="runtime: artifacts for skillrt; agent-skills: packages that other agents load",
            )
            command.add_argument(
                "--check", action="store_true", help="write nothing; exit 1 when something is stale"
            )
    _test_parser(commands.add_parser("test", help="run the test blocks, without a model"))
    _show_parser(
        commands.add_parser(
            "show",
            help="print what a judge would be sent",
            description="Print the opening messages and tools just as a judge is sent them, with sizes.",
        )
    )
    from skillc.commands import judge

    judge.add_arguments(commands.add_parser("judge", help="judge a sample with a real judge"))
    _new_parser(commands.add_parser("new", help="write a small skill to begin with"))
    _diff_parser(commands.add_parser("diff", help="show what changed for the judge"))
    _fmt_parser(commands.add_parser("fmt", help="lay out the sources in the one way"))
    commands.add_parser("lsp", help="serve an editor, on standard input and output")
    _completion_parser(commands.add_parser("completion", help="print a script that completes this command"))
    explain = commands.add_parser("explain", help="explain a diagnostic's code")
    explain.add_argument("code", nargs="?", help="such as SK301; all codes when left out")
    return parser


def _source_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help=f"files or folders (default: {DEFAULT_ROOT})"
    )
    command.add_argument("--root", type=Path, help="folder to which all paths in the sources are confined")
    command.add_argument(
        "--task-file",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="source file whose tasks replace those of the same name; may be given several times",
    )


def _test_parser(test: argparse.ArgumentParser) -> None:
    test.description = "Check the sources, then run their test blocks: a scripted judge, real verifiers."
    _source_arguments(test)
    test.add_argument("--format", choices=TEST_FORMATS, default="text", help="how results are shown")
    test.add_argument("-k", metavar="NAME", help="only tests that have this in their name, skill or task")


def _new_parser(new: argparse.ArgumentParser) -> None:
    new.description = (
        "Write NAME.skill: a task, a skill and tests that pass, with comments that explain them."
    )
    new.add_argument("name", metavar="NAME", help="name of the skill, such as brevity_judge")
    new.add_argument("--dir", type=Path, metavar="DIR", help=f"folder for the file (default: {DEFAULT_ROOT})")


def _diff_parser(diff: argparse.ArgumentParser) -> None:
    diff.description = (
        "Compare two compilations: texts, tools, settings and sizes of what a judge is sent. Each side is a "
        "folder of artifacts, or of sources. Exit status: 0 no difference, 1 some, 2 wrong usage."
    )
    diff.add_argument("before", type=Path, metavar="A", help="folder of artifacts or sources")
    diff.add_argument("after", type=Path, metavar="B", help="folder of artifacts or sources")
    diff.add_argument("--format", choices=("text", "json"), default="text", help="how it is shown")


def _completion_parser(completion: argparse.ArgumentParser) -> None:
    completion.description = 'Print a script for the shell; with bash: eval "$(skillc completion bash)".'
    completion.add_argument("shell", choices=("bash", "zsh", "fish"))


def _fmt_parser(fmt: argparse.ArgumentParser) -> None:
    fmt.description = "Lay out source files in place. Texts and comments stay as they are."
    fmt.add_argument(
        "paths",
        nargs="*",
        metavar="PATH",
        help=f"files or folders (default: {DEFAULT_ROOT}); - reads standard input and prints",
    )
    fmt.add_argument("--check", action="store_true", help="write nothing; exit 1 when something would change")
    fmt.add_argument("--diff", action="store_true", help="write nothing, show what would change, exit 1 then")


def _show_parser(show: argparse.ArgumentParser) -> None:
    show.add_argument("skill", nargs="?", help="name of the skill; may be left out with --delivery direct")
    show.add_argument("--task", help="name of the task (default: the only one that the skill serves)")
    show.add_argument("--setting", choices=("fair", "operational"), help="default: the skill's own")
    show.add_argument("--delivery", choices=DELIVERIES, default=PROGRESSIVE)
    show.add_argument(
        "--sample",
        type=Path,
        metavar="FILE",
        help="JSON object with the task's fields (default: placeholders)",
    )
    show.add_argument(
        "--artifacts",
        type=Path,
        metavar="DIR",
        help=f"artifacts to show (default: {DEFAULT_OUT}, or those installed)",
    )
    show.add_argument("--model", default="MODEL", metavar="NAME", help="model named in the request")
    show.add_argument("--temperature", type=float, default=0.0, help="sent in the request (default: 0)")
    show.add_argument(
        "--max-tokens", type=int, default=2048, metavar="N", help="sent in the request (default: 2048)"
    )
    show.add_argument("--seed", type=int, default=0, metavar="N", help="sent in the request (default: 0)")
    show.add_argument(
        "--tool-mode", choices=("native", "schema"), default="native", help="how tool calls are asked for"
    )
    show.add_argument(
        "--format", choices=("text", "request"), default="text", help="request: the JSON body, byte by byte"
    )
    show.add_argument("--tokenizer", type=Path, metavar="FILE", help="tokenizer.json for exact token counts")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line and return the exit status: 0 done, 1 mistakes or stale artifacts, 2 wrong usage."""
    with plain_output():
        return _main(argv)


def _main(argv: Sequence[str] | None) -> int:
    parser = _parser()
    options = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if options.command is None:
        parser.print_help()
        return 2
    try:
        return _run(options)
    except UsageError as error:
        print(f"skillc: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # The reader has gone (head, less): not a mistake, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    match options.command:
        case "check":
            return _check(options)
        case "compile":
            return _compile(options)
        case "test":
            return _test(options)
        case "new":
            from skillc.commands.new import new

            return new(options)
        case "diff":
            from skillc.commands.diff import diff

            return diff(options)
        case "fmt":
            from skillc.commands.fmt import fmt

            return fmt(options)
        case "lsp":
            return _lsp()
        case "completion":
            return _completion(options.shell)
        case "judge":
            from skillc.commands.judge import judge

            return judge(options)
        case "show":
            from skillc.commands.show import show

            return show(options)
    return _explain(options.code)


def _lsp() -> int:
    try:
        from skillc.lsp.server import serve
    except ImportError as error:
        raise UsageError("the language server needs pygls: pip install 'skillc[lsp]'") from error
    from importlib.metadata import version

    return serve(version("skillc"))


def _completion(shell: str) -> int:
    import shtab

    parser = _parser()
    todo: list[argparse.ArgumentParser] = [parser]
    while todo:
        for action in todo.pop()._actions:
            if isinstance(action, argparse._SubParsersAction):
                todo.extend(action.choices.values())
            elif action.type is Path or action.metavar == "PATH":
                action.complete = shtab.FILE  # type: ignore[attr-defined]
    print(shtab.complete(parser, shell))
    return 0


def _explain(code: str | None) -> int:
    from skillc.codes import load_codes

    if code is None:
        for name, entry in load_codes().items():
            print(f"{name}  {entry.title}")
        return 0
    explained = load_codes().get(code.upper())
    if explained is None:
        from skillc.diagnostics import did_you_mean

        raise UsageError(
            f"there is no code {code}; {did_you_mean(code.upper(), load_codes(), 'skillc explain lists all')}"
        )
    import textwrap

    print(f"{code.upper()}: {explained.title}\n\n{textwrap.fill(explained.explanation, 100)}")
    return 0


# --------------------------------------------------------------------------------- check and compile


def _root_and_paths(options: argparse.Namespace) -> tuple[Path, list[Path]]:
    """Find the root: the one given, skills_src where everything lies in it, else the paths' common folder."""
    paths: list[Path] = options.paths or [options.root or Path(DEFAULT_ROOT)]
    for path in paths:
        if not path.exists():
            hint = "" if options.paths else "; name the files or folders to compile"
            raise UsageError(f"there is no {path}{hint}")
    real = [path.resolve() for path in paths]
    default = Path(DEFAULT_ROOT).resolve()
    if options.root is not None:
        root = options.root
    elif all(path.is_relative_to(default) for path in real):
        root = Path(DEFAULT_ROOT)
    else:
        folders = [str(path if path.is_dir() else path.parent) for path in real]
        root = Path(os.path.relpath(os.path.commonpath(folders)))
    for path, resolved in zip(paths, real, strict=True):
        if not resolved.is_relative_to(root.resolve()):
            raise UsageError(f"{path} does not lie in the root {root}")
    return root, paths


def _checked(options: argparse.Namespace) -> tuple[Checked, Report, str]:
    from skillc.diagnostics import Report
    from skillc.program import check_project
    from skillc.project.load import find_sources

    root, paths = _root_and_paths(options)
    for file in options.task_file:
        if not file.is_file():
            raise UsageError(f"there is no file {file} (--task-file)")
    task_files = [file.resolve() for file in options.task_file]
    own = find_sources(root, [file for file in task_files if file.is_relative_to(root.resolve())])
    entries = tuple(path for path in find_sources(root, paths) if path not in own)
    if not entries:
        raise UsageError(f"there is no .skill file in {', '.join(str(path) for path in paths)}")
    report = Report()
    prefix = "" if str(root) == "." else f"{root.as_posix()}/"
    return check_project(root, entries, report, task_files=task_files), report, prefix


def _say(report: Report, prefix: str, format: str) -> None:
    from skillc.render import render

    diagnostics = report.diagnostics
    if diagnostics or format in ("json", "sarif"):
        sys.stdout.write(render(diagnostics, format, prefix))
    if diagnostics and format == "text":
        errors = sum(item.severity == "error" for item in diagnostics)
        counts = [count(errors, "error"), count(len(diagnostics) - errors, "warning")]
        print(", ".join(part for part in counts if not part.startswith("0 ")))


def _check(options: argparse.Namespace) -> int:
    checked, report, prefix = _checked(options)
    _say(report, prefix, options.format)
    if report.has_errors:
        return 1
    if options.format == "text":
        print(f"ok: {count(len(checked.tasks), 'task')}, {count(len(checked.skills), 'skill')}")
    return 0


def _test(options: argparse.Namespace) -> int:
    checked, report, prefix = _checked(options)
    if report.has_errors or options.format != "json":
        _say(report, prefix, options.format)
    if report.has_errors:
        return 1
    from skillc.commands.test import run_tests, say_outcomes, select_tests

    tests = select_tests(checked, options.k)
    if not tests:
        known = count(len(select_tests(checked)), "test")
        why = f"no test has {options.k!r} in its name, skill or task" if options.k else "there is no test"
        raise UsageError(f"{why}; there are {known} in these files" if options.k else f"{why} in these files")
    outcomes = run_tests(checked, tests)
    say_outcomes(outcomes, options.format, prefix)
    return int(any(item.status == "failed" for item in outcomes))


def _compile(options: argparse.Namespace) -> int:
    checked, report, prefix = _checked(options)
    _say(report, prefix, options.format)
    if report.has_errors:
        return 1
    from skillc.commands.compile import write_target

    return write_target(checked, options)


if __name__ == "__main__":
    sys.exit(main())
