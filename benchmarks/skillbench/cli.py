"""The ``skillbench`` command.

Exit codes: 0 done; 1 the run was stopped half-way by something outside; 2 wrong use, wrong data or
no server; 130 interrupted. Modules are imported when a command needs them, so that ``--help`` is
quick.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from skillspec.terminal import plain_output
from skillspec.version import VersionAction

__all__ = ["main"]

_COMMANDS = {
    "demo": "see the whole path work offline, with a small embedded model",
    "sample": "print a row's fields as skillc show --sample takes them",
    "run": "run a suite, or go on with a run",
    "compare": "tell whether runs of the same data differ, and by how much",
    "report": "write runs as one page that opens offline",
    "matrix": "run models x benchmarks x settings of a plan, and print one table",
    "data": "check benchmark data, or see where it is and get it",
    "endpoints": "see what judge servers can and cannot do",
    "models": "list the model presets and how to serve them",
    "rescore": "compute a run's metrics again from its traces, with the artifacts and readers of now",
    "replay": "run a recorded run again without a server, to the same bytes of metrics",
    "score": "score published judge outputs, without a model",
    "verify": "see how far deterministic verifiers alone decide a benchmark",
}
"""The verbs: each has a module of its name in ``skillbench.commands``, imported when it is asked for."""

_SHELLS = ("bash", "zsh", "fish")


def _parser(command: str | None, *, whole: bool = False) -> argparse.ArgumentParser:
    """Return the parser; with the arguments of ``command`` alone, unless it is to be ``whole``."""
    parser = argparse.ArgumentParser(
        prog="skillbench", description="Measure LLM judges, with and without a compiled skill."
    )
    parser.add_argument("--version", action=VersionAction)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, what in _COMMANDS.items():
        verb = commands.add_parser(name, help=what, description=what)
        if whole or name == command:
            module = import_module(f"skillbench.commands.{name}")
            module.add_arguments(verb)
            verb.set_defaults(run=module.run_command)
    completion = commands.add_parser("completion", help="print a script that completes this command")
    completion.description = 'Print a script for the shell; with bash: eval "$(skillbench completion bash)".'
    completion.add_argument("shell", choices=_SHELLS)
    completion.set_defaults(run=_completion)
    return parser


def _completion(arguments: argparse.Namespace) -> int:
    import shtab

    parser = _parser(None, whole=True)
    todo: list[argparse.ArgumentParser] = [parser]
    while todo:
        for action in todo.pop()._actions:
            if isinstance(action, argparse._SubParsersAction):
                todo.extend(action.choices.values())
            elif action.type is Path or action.metavar in ("DIR", "FILE"):
                complete = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE
                action.complete = complete  # type: ignore[attr-defined]
    print(shtab.complete(parser, arguments.shell))
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    with plain_output():
        return _main(argv)


def _main(argv: Sequence[str] | None) -> int:
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser(next(iter(given), None)).parse_args(given)
    run: Callable[[argparse.Namespace], int] = arguments.run
    from skillbench.errors import BenchError, complain

    try:
        return run(arguments)
    except BenchError as error:
        complain(str(error))
        return 2
    except BrokenPipeError:
        # The reader of our output went away; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        place = f" {error.filename}" if error.filename else ""
        complain(f"{error.strerror or error}{place}; nothing that was recorded is lost")
        return 1
    except KeyboardInterrupt:
        complain("interrupted; nothing that was recorded is lost")
        return 130


if __name__ == "__main__":
    sys.exit(main())
