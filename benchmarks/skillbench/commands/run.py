"""``skillbench run``: one suite, one judge, one folder."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from skillbench.analysis.validity import MOST_SHOWN, WITHHELD_CODE, withheld_of
from skillbench.commands.arguments import (
    add_duplicates_argument,
    add_engine_arguments,
    add_reader_argument,
    add_request_arguments,
    positive,
    ray_options,
    request_options,
)
from skillbench.errors import BenchError, complain
from skillbench.running.run import Endpoint, RunOptions, RunResult, run
from skillbench.settings import LEVELS, SETTINGS
from skillbench.suites import SUITES
from skillspec.words import DELIVERIES, DIRECT

__all__ = ["add_arguments", "run_command"]


def _route(text: str) -> str:
    group, sign, where = text.rpartition("=")
    if not sign or not group or where != DIRECT:
        raise argparse.ArgumentTypeError(f"{text!r} is no route such as Math=direct")
    return group


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that ``run_command`` reads."""
    _add_what(parser)
    _add_endpoint(parser)
    add_engine_arguments(parser)
    parser.add_argument(
        "--limit",
        type=positive,
        metavar="N",
        help="only N samples, drawn by --placement-seed from all groups alike; the same command with a "
        "greater N goes on with the run",
    )
    add_duplicates_argument(parser)
    add_reader_argument(parser)
    parser.add_argument("--artifacts", metavar="DIR", help="compiled artifacts (default: the installation's)")
    parser.add_argument("--retry-errors", action="store_true", help="judge endpoint failures again")
    parser.add_argument("--quiet", action="store_true", help="no progress line")


def _add_what(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("suite", choices=tuple(SUITES))
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="run folder")
    parser.add_argument("--data", type=Path, action="append", default=[], metavar="FILE", help="data file")
    parser.add_argument("--skill", metavar="NAME", help="the skill; without one the task is judged directly")
    parser.add_argument(
        "--setting",
        metavar="NAME",
        help="a setting of the experiments, which names skill and delivery (baseline, skill_fair, "
        "skill_operational, fair_flat_prompt, flat_prompt, tool_only, agentic, agentic_flat), or what a "
        "--skill may see (fair, operational; default: the skill's own)",
    )
    parser.add_argument(
        "--mode",
        metavar="MODE",
        help="one of the suite's ways of judging, which data where lists (default: its first)",
    )
    parser.add_argument(
        "--rotations", dest="mode", action="store_const", const="rotations", help="as --mode rotations"
    )
    parser.add_argument(
        "--ratings", dest="mode", action="store_const", const="ratings", help="as --mode ratings"
    )
    parser.add_argument(
        "--route",
        action="append",
        default=[],
        type=_route,
        metavar="GROUP=direct",
        help="judge this group without the skill; repeatable",
    )
    parser.add_argument(
        "--placement-seed",
        type=int,
        default=0,
        metavar="N",
        help="draws the places of responses where the suite places them at random, and the samples of "
        "--limit (default: 0)",
    )
    parser.add_argument(
        "--delivery", choices=DELIVERIES, help="default: progressive, or direct without a skill"
    )
    parser.add_argument(
        "--readout",
        choices=("text", "logprobs"),
        default="text",
        help="read the verdict from what the judge says, or from the probabilities of the labels' tokens "
        "after an answer begun for it: a probability for each outcome, and calibration. logprobs needs "
        "delivery direct, a choice or a scale, and a server that gives top_logprobs (default: text)",
    )


def _add_endpoint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--base-url",
        action="append",
        metavar="URL",
        required=True,
        help="server, repeatable; or local (embedded model); or control:always-first, "
        "control:always-longest, control:random, control:reference_match",
    )
    parser.add_argument("--model", metavar="NAME", help="the model's name at the server")
    parser.add_argument(
        "--preset", metavar="NAME", help="model preset: name and concurrency (skillbench models lists them)"
    )
    parser.add_argument(
        "--concurrency", type=positive, metavar="N", help="judgments at a time, each server (default: 16)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="sampling seed (default: 0)")
    parser.add_argument(
        "--no-seed", dest="seed", action="store_const", const=None, help="send no sampling seed"
    )
    parser.add_argument("--temperature", type=float, default=0.0, metavar="T", help="default: 0")
    parser.add_argument("--max-tokens", type=positive, metavar="N", help="a turn's length (default: 2048)")
    parser.add_argument("--enable-thinking", action="store_true", help="let a thinking model think")
    parser.add_argument("--timeout", type=float, default=300.0, metavar="S", help="a request's, in seconds")
    parser.add_argument(
        "--tool-mode",
        choices=("native", "schema"),
        help="how calls are forced (default: native; local: schema)",
    )
    parser.add_argument(
        "--api-key-env", default="OPENAI_API_KEY", metavar="VAR", help="environment variable with the key"
    )
    add_request_arguments(parser)


def run_command(arguments: argparse.Namespace) -> int:
    """Run, or go on with a run; returns the exit code: 3 where a metric is withheld.

    Raises:
        BenchError: something is wrong before the first judgment.
    """
    from skillbench.analysis.summary import sentence

    skill, setting, delivery = _what(arguments.skill, arguments.setting, arguments.delivery)
    result = run(
        RunOptions(
            suite=arguments.suite,
            out=arguments.out,
            endpoint=_endpoint(arguments).config(),
            data=tuple(arguments.data),
            skill=skill,
            setting=setting,
            delivery=delivery,
            mode=arguments.mode,
            routes=tuple(dict.fromkeys(arguments.route)),
            placement_seed=arguments.placement_seed,
            readout=arguments.readout,
            limit=arguments.limit,
            allow_duplicates=arguments.allow_duplicates,
            reader=arguments.reader,
            artifacts=arguments.artifacts,
            retry_errors=arguments.retry_errors,
            quiet=arguments.quiet,
            ray=ray_options(arguments),
        )
    )
    print(f"{sentence(result.metrics)}.\nResults: {arguments.out / 'summary.md'}")
    return _exit_code(result, arguments.out)


def _endpoint(arguments: argparse.Namespace) -> Endpoint:
    model, concurrency = arguments.model, arguments.concurrency
    if arguments.preset:
        from skillbench.running.presets import find_preset

        preset = find_preset(arguments.preset)
        model, concurrency = model or preset.served, concurrency or preset.concurrency
    return Endpoint(
        base_urls=tuple(arguments.base_url),
        model=model,
        api_key=os.environ.get(arguments.api_key_env),
        temperature=arguments.temperature,
        max_tokens=arguments.max_tokens,
        seed=arguments.seed,
        enable_thinking=arguments.enable_thinking,
        request_timeout_s=arguments.timeout,
        tool_mode=arguments.tool_mode,
        concurrency=concurrency,
        **request_options(arguments),
    )


def _exit_code(result: RunResult, out: Path) -> int:
    match result.ending:
        case "interrupted":
            complain(f"interrupted; {out} keeps every judgment, the same command goes on with it")
            return 130
        case "stopped":
            complain(
                f"{result.why}; {out} keeps every judgment. When it is back, the "
                "same command with --retry-errors goes on and judges the failed ones again"
            )
            return 1
        case "refused":
            complain(f"{result.why} Nothing of it is recorded; the same command then goes on with {out}")
            return 1
        case _:
            failed = result.metrics["counts"]["invalid_by_owner"].get("endpoint", 0)
            if failed:
                complain(f"{failed} judgments failed at the endpoint; --retry-errors judges them again")
            withheld = withheld_of(result.metrics)
            if withheld:
                more = f" and {len(withheld) - 3} more" if len(withheld) > 3 else ""
                complain(
                    f"{', '.join(withheld[:3])}{more} withheld: more than {MOST_SHOWN}% of the judgments "
                    f"behind a metric or behind a part of it are invalid; {out / 'summary.md'} names all"
                )
                return WITHHELD_CODE
            return 0


def _what(
    skill: str | None, setting: str | None, delivery: str | None
) -> tuple[str | None, str | None, str | None]:
    """Return skill, levels and delivery; a named setting stands for the first and the last."""
    if setting is None or setting in LEVELS:
        return skill, setting, delivery
    if setting not in SETTINGS:
        raise BenchError(f"there is no setting {setting}; there are: {', '.join((*SETTINGS, *LEVELS))}")
    if skill is not None or delivery is not None:
        raise BenchError(
            f"--setting {setting} names skill and delivery itself: leave --skill and --delivery out"
        )
    return SETTINGS[setting].skill, None, SETTINGS[setting].delivery
