"""``skillbench matrix``: every run of a plan, one after the other, and one table of all.

Each run lies in its own folder and is resumed as any run is; the same command goes on after a kill
and leaves what is finished alone. The table is written anew after each run, and at the end a page for
each benchmark with its runs side by side.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from skillbench.analysis.summary import MARK, code_share, duplicates_told, invalid_share, quoted
from skillbench.analysis.validity import MOST_UNMARKED, WITHHELD_CODE
from skillbench.commands.arguments import (
    add_duplicates_argument,
    add_engine_arguments,
    add_request_arguments,
    positive,
    ray_options,
    request_options,
)
from skillbench.errors import BenchError
from skillbench.report.page import MOST_RUNS
from skillbench.report.write import try_to_report
from skillbench.running.plan import Cell, Plan, read_plan
from skillbench.running.ray.cluster import open_cluster
from skillbench.running.run import Endpoint, RunOptions, run
from skillspec.words import DIRECT

__all__ = ["MATRIX_FORMAT", "add_arguments", "run_command", "table"]

MATRIX_FORMAT: Final = 2
"""Version of ``matrix.json``."""

_DATA_ROOT: Final = "SKILLBENCH_DATA"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that ``run_command`` reads."""
    parser.add_argument("plan", type=Path, metavar="PLAN", help="YAML file, or the name of a plan that ships")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for all runs")
    parser.add_argument(
        "--data-root",
        type=Path,
        metavar="DIR",
        help=f"folder that the plan's data paths start from (default: ${_DATA_ROOT}, or here)",
    )
    parser.add_argument(
        "--base-url",
        action="append",
        default=[],
        metavar="[MODEL=]URL",
        help="server of all models, or of one of the plan's; repeatable",
    )
    parser.add_argument("--models", metavar="A,B", help="only these models of the plan")
    parser.add_argument("--benchmarks", metavar="A,B", help="only these benchmarks of the plan")
    parser.add_argument("--settings", metavar="A,B", help="only these settings of the plan")
    parser.add_argument("--limit", type=positive, metavar="N", help="only N samples of each benchmark")
    add_duplicates_argument(parser)
    parser.add_argument("--concurrency", type=positive, metavar="N", help="judgments at a time, each server")
    parser.add_argument(
        "--api-key-env", default="OPENAI_API_KEY", metavar="VAR", help="variable with the key"
    )
    parser.add_argument("--no-seed", action="store_true", help="send no sampling seed")
    add_request_arguments(parser)
    add_engine_arguments(parser)
    parser.add_argument("--artifacts", metavar="DIR", help="compiled artifacts (default: the installation's)")
    parser.add_argument("--retry-errors", action="store_true", help="judge endpoint failures again")
    parser.add_argument("--table", action="store_true", help="run nothing; print the table of what there is")
    parser.add_argument("--quiet", action="store_true", help="no progress line")


@dataclass(frozen=True, slots=True)
class _Prepared:
    cell: Cell
    options: RunOptions


def run_command(args: argparse.Namespace) -> int:
    """Run a plan; 0 when all is done, 1 when an endpoint went away, 130 when interrupted.

    3 says that all is done and a number of the table is withheld.

    Raises:
        BenchError: the plan, its data, its artifacts or its endpoints cannot be used; checked for
            every run before the first one begins.
    """
    plan = _narrowed(read_plan(args.plan), args)
    if not args.table:
        prepared = [_prepare(cell, plan, args) for cell in plan.cells()]
        _check(prepared)
        code = _run_all(prepared, plan, args)
        if code:
            return code
    rows = list(table(plan, args.out))
    print(_write(plan, args.out, rows))
    cells = [cell for row in rows for cell in row["benchmarks"].values() if cell is not None]
    return WITHHELD_CODE if not args.table and any(cell["state"] == "withheld" for cell in cells) else 0


def _run_all(prepared: Sequence[_Prepared], plan: Plan, args: argparse.Namespace) -> int:
    ray = ray_options(args)
    judged: set[Path] = set()
    with ExitStack() as stack:
        if ray is not None:  # one cluster for all runs
            stack.enter_context(open_cluster(ray))
        for number, job in enumerate(prepared, 1):
            if not args.quiet:
                print(f"[{number}/{len(prepared)}] {job.cell.folder}", file=sys.stderr, flush=True)
            result = run(job.options)
            if result.judged:
                judged.add(job.cell.folder)
            _write(plan, args.out, list(table(plan, args.out)))
            if result.ending != "done":
                how = "interrupted" if result.ending == "interrupted" else result.why
                print(f"skillbench: {how}; the same command goes on with {job.cell.folder}", file=sys.stderr)
                return 130 if result.ending == "interrupted" else 1
    for page, cells in _pages(plan, args.out):
        if not page.exists() or any(cell.folder in judged for cell in cells):
            try_to_report([args.out / cell.folder for cell in cells], page, quiet=args.quiet)
    return 0


def _pages(plan: Plan, out: Path) -> Iterator[tuple[Path, list[Cell]]]:
    """Yield pages of runs side by side: of a benchmark, or of one model's where those are too many."""
    for benchmark in plan.benchmarks:
        cells = [cell for cell in plan.cells() if cell.benchmark is benchmark]
        pages = {out / f"{benchmark.title}.html": cells}
        if len(cells) > MOST_RUNS:
            pages = {
                out / model.name / f"{benchmark.title}.html": [cell for cell in cells if cell.model is model]
                for model in plan.models
            }
        yield from ((page, some) for page, some in pages.items() if 1 < len(some) <= MOST_RUNS)


def _narrowed(plan: Plan, args: argparse.Namespace) -> Plan:
    def some(kind: str, given: str | None, names: Sequence[str]) -> set[str]:
        wanted = set(names) if given is None else {name.strip() for name in given.split(",")}
        unknown = sorted(wanted - set(names))
        if unknown:
            raise BenchError(f"the plan has no {kind} {unknown[0]}; it has: {', '.join(names)}")
        return wanted

    models = some("model", args.models, [model.name for model in plan.models])
    benchmarks = some("benchmark", args.benchmarks, [benchmark.title for benchmark in plan.benchmarks])
    settings = some("setting", args.settings, [setting.name for setting in plan.settings])
    return Plan(
        plan.name,
        tuple(model for model in plan.models if model.name in models),
        tuple(benchmark for benchmark in plan.benchmarks if benchmark.title in benchmarks),
        tuple(setting for setting in plan.settings if setting.name in settings),
        tuple(name for name in plan.average if name in benchmarks),
        plan.seed,
        plan.placement_seed,
    )


def _urls(cell: Cell, given: Sequence[str]) -> tuple[str, ...]:
    """Return the model's own URLs of the command line, else those for all, else the plan's."""
    own, every = [], []
    for text in given:
        name, sign, url = text.partition("=")
        if sign and "/" not in name and not name.startswith("control:"):
            own += [url] if name == cell.model.name else []
        else:
            every.append(text)
    urls = own or list(cell.model.base_url) or every
    if not urls:
        raise BenchError(f"model {cell.model.name} has no server: give --base-url {cell.model.name}=URL")
    return tuple(urls)


def _prepare(cell: Cell, plan: Plan, args: argparse.Namespace) -> _Prepared:
    root = args.data_root or Path(os.environ.get(_DATA_ROOT) or ".")
    model = cell.model
    endpoint = Endpoint(
        base_urls=_urls(cell, args.base_url),
        model=model.model,
        api_key=os.environ.get(args.api_key_env),
        temperature=model.temperature,
        max_tokens=model.max_tokens,
        seed=None if args.no_seed else plan.seed,
        enable_thinking=model.enable_thinking,
        tool_mode=model.tool_mode,
        concurrency=args.concurrency or model.concurrency,
        **request_options(args),
    ).config()
    options = RunOptions(
        suite=cell.benchmark.suite,
        out=args.out / cell.folder,
        endpoint=endpoint,
        data=tuple(path for pattern in cell.benchmark.data for path in _files(root, pattern)),
        skill=cell.setting.skill,
        setting=cell.setting.setting,
        delivery=cell.setting.delivery,
        mode=cell.benchmark.mode,
        routes=tuple(dict.fromkeys((*cell.setting.routes, *cell.benchmark.routes))),
        placement_seed=plan.placement_seed,
        limit=args.limit,
        allow_duplicates=args.allow_duplicates,
        artifacts=args.artifacts,
        retry_errors=args.retry_errors,
        quiet=args.quiet,
        ray=ray_options(args),
    )
    return _Prepared(cell, options)


def _files(root: Path, pattern: str) -> Iterator[Path]:
    """Yield the file, or for a pattern such as ``folder/*.jsonl`` all that fit, by name."""
    if not any(sign in pattern for sign in "*?["):
        yield root / pattern
        return
    paths = sorted(root.glob(pattern))
    if not paths:
        raise BenchError(f"no file fits {root / pattern}; give --data-root, or get the data first")
    yield from paths


def _check(prepared: Sequence[_Prepared]) -> None:
    """Find whatever is wrong with any run before the first one begins; data is checked once."""
    from skillbench.running.engine import ProgramChoice, load_programs
    from skillbench.suites import open_suite

    checked: set[tuple[Any, ...]] = set()
    for job in prepared:
        options = job.options
        suite = open_suite(options.suite, options.data, options.mode, options.placement_seed)
        try:
            delivery = options.delivery or DIRECT
            choice = ProgramChoice(suite.tasks, options.skill, options.setting, delivery)
            load_programs(options.artifacts, choice)
        except BenchError as error:
            raise BenchError(f"{job.cell.folder}: {error}") from error
        key = (options.suite, options.data, options.mode)
        if key not in checked:
            suite.check(options.limit, allow_duplicates=options.allow_duplicates)
            checked.add(key)


# ------------------------------------------------------------------------------------------ the table


def _write(plan: Plan, out: Path, rows: Sequence[Mapping[str, Any]]) -> str:
    """Write ``matrix.json`` and ``matrix.md``; return the latter."""
    from skillbench.folder.store import pretty
    from skillspec.files import write_file

    text = _text(plan, rows)
    out.mkdir(parents=True, exist_ok=True)
    write_file(out / "matrix.json", pretty({"format": MATRIX_FORMAT, "plan": plan.name, "rows": rows}))
    write_file(out / "matrix.md", text.encode())
    return text


def table(plan: Plan, out: Path) -> Iterator[dict[str, Any]]:
    """Yield a row for each model and setting: for each benchmark the shown metric, said and readout.

    ``average_said`` and ``average_readout`` are means over the plan's benchmarks to be averaged. They are
    None unless all of these are there, complete, and not withheld; ``average_lacks`` says which are not.
    """
    for model in plan.models:
        for setting in plan.settings:
            cells = {
                cell.benchmark.title: _shown(cell, out)
                for cell in plan.cells()
                if (cell.model.name, cell.setting.name) == (model.name, setting.name)
            }
            row: dict[str, Any] = {"model": model.name, "setting": setting.name, "benchmarks": cells}
            lacks = {name: _lack(cells.get(name)) for name in plan.average}
            row["average_lacks"] = {name: lack for name, lack in lacks.items() if lack}
            for which in ("said", "readout"):
                values = [(cells.get(name) or {}).get(which) for name in plan.average]
                known = [value for value in values if value is not None]
                whole = bool(values) and len(known) == len(values) and not row["average_lacks"]
                row[f"average_{which}"] = sum(known) / len(known) if whole else None
            yield row


def _lack(cell: Mapping[str, Any] | None) -> str:
    """Say why no average may hold a cell; empty where it may."""
    if cell is None:
        return "not run"
    if cell["state"] == "withheld":
        return f"withheld: {cell['why']}"
    return "" if cell["complete"] else "not complete"


def _shown(cell: Cell, out: Path) -> dict[str, Any] | None:
    from skillbench.analysis.results import read_metrics

    if not (out / cell.folder / "metrics.json").exists():
        return None
    metrics = read_metrics(out / cell.folder)
    names = (*cell.benchmark.metric, metrics["headline"]["name"])
    name = next((metric for metric in names if metric in metrics["official"]), None)
    by = "said" if name in metrics["said"] else "readout"
    state = metrics["validity"].get(name) or {"percent": 0.0, "state": "shown"}
    return {
        "metric": name,
        "by": by,
        "said": metrics["said"].get(name),
        "readout": metrics["readout"].get(name),
        "interval": metrics["intervals"][by].get(name),
        "state": state["state"],
        "why": state.get("why"),
        "invalid_percent": state["percent"],
        "beside": {
            each: {by: metrics[by].get(each) for by in ("said", "readout")}
            for each in cell.benchmark.beside
            if each in metrics["official"]
        },
        "duplicates": metrics["counts"].get("duplicates", 0),
        "code": metrics["code"],
        "complete": metrics["complete"],
        "invalid": metrics["counts"]["invalid"],
        "judgments": metrics["counts"]["judgments"],
    }


def _number(value: float | None, mark: str = "") -> str:
    return "-" if value is None else f"{value:.2f}{mark}"


def _text(plan: Plan, rows: Sequence[Mapping[str, Any]]) -> str:
    rows = quoted(rows)
    titles = [quoted(benchmark.title) for benchmark in plan.benchmarks]
    average = f"average of {', '.join(map(quoted, plan.average))}" if plan.average else None
    heads = ["model", "setting", *titles, *([average] if average else [])]
    lines = [f"# {quoted(plan.name)}", "", "Each cell: said / readout, % (invalid judgments).", ""]
    lines += ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in rows:
        cells = [row["model"], row["setting"]]
        cells += [_cell(row["benchmarks"].get(title), title in row["benchmarks"]) for title in titles]
        if average:
            cells.append(f"{_number(row['average_said'])} / {_number(row['average_readout'])}")
        lines.append("| " + " | ".join(cells) + " |")
    judged = [cell for row in rows for cell in row["benchmarks"].values() if cell]
    lines += ["", *_notes(titles, rows), ""]
    lines.append("`said` is what the judge answered, `readout` what the skill's code made of it.")
    if any(cell["state"] == "marked" for cell in judged):
        lines.append(f"{MARK} More than {MOST_UNMARKED}% of the judgments behind the number are invalid.")
    made, invalid = (sum(cell[name] for cell in judged) for name in ("judgments", "invalid"))
    return "\n".join([*lines, "", f"{made} judgments, {invalid} of them invalid.", ""])


def _cell(cell: Mapping[str, Any] | None, planned: bool) -> str:
    if cell is None:
        return "not run" if planned else "-"
    invalid = f"{invalid_share({'percent': cell['invalid_percent']})} invalid"
    about = f"({invalid}{'' if cell['complete'] else ', not complete'})"
    if cell["state"] == "withheld":
        return f"withheld {about}"
    mark = MARK if cell["state"] == "marked" else ""
    return f"{_number(cell['said'], mark)} / {_number(cell['readout'], mark)} {about}"


def _notes(titles: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Say which metrics each benchmark shows, what code decided, what is there twice, what is withheld."""
    for title in titles:
        there = [(row, row["benchmarks"][title]) for row in rows if row["benchmarks"].get(title)]
        names = sorted({str(cell["metric"]) for _, cell in there})
        if names:
            yield f"- {title}: {', '.join(names)}"
        for row, cell in there:
            where = f"  - {row['model']}, {row['setting']}"
            for each, both in cell["beside"].items():
                yield f"{where}: {each} {_number(both['said'])} / {_number(both['readout'])}"
            if cell["duplicates"]:
                yield f"{where}: {duplicates_told(cell['duplicates'])}"
            if cell["code"]["decided"]:
                yield f"{where}: {code_share(cell['code'])}"
            if cell["by"] == "readout" and cell["readout"] is not None:
                yield f"{where}: by the readout, which makes the only score"
            if cell["state"] == "withheld":
                yield f"{where}: withheld, {cell['why']}"
    for row in rows:
        if row["average_lacks"] and any(row["benchmarks"].values()):
            told = ", ".join(f"{name} ({lack})" for name, lack in row["average_lacks"].items())
            yield f"- no average of {row['model']}, {row['setting']}, without {told}"
