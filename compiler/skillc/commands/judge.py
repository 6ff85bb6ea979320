"""``skillc judge``: judge a sample with a real judge; the front door of the runtime in the shell."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from skillc.usage import DEFAULT_OUT, UsageError
from skillspec.files import MOST_BYTES, decode_json, read_file

__all__ = ["add_arguments", "judge"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.description = (
        "Judge a sample and print what was said, what the readout made of it, and what it cost. "
        "Exit status: 0 a valid judgment, 1 an invalid one, 2 wrong usage or no server."
    )
    parser.add_argument("skill", nargs="?", help="name of the skill; without it the task alone is judged")
    parser.add_argument("--task", help="name of the task (default: the only one that the skill serves)")
    parser.add_argument("--setting", choices=("fair", "operational"), help="default: the skill's own")
    parser.add_argument("--delivery", help="default: progressive, or direct without a skill")
    parser.add_argument(
        "--sample", required=True, metavar="FILE", help="JSON object with the task's fields; - reads it here"
    )
    parser.add_argument(
        "--base-url",
        action="append",
        metavar="URL",
        help="server, repeatable; or local, or control:NAME (default: local)",
    )
    parser.add_argument("--model", help="the model's name at the server")
    parser.add_argument(
        "--api-key-env", metavar="NAME", help="environment variable that holds the server's key"
    )
    parser.add_argument("--both-orders", action="store_true", help="judge a pair in both orders")
    parser.add_argument("--artifacts", type=Path, metavar="DIR", help="folder of compiled artifacts")
    parser.add_argument("--json", action="store_true", help="print the whole judgment, trace included")


def judge(options: argparse.Namespace) -> int:
    """Carry out the command; 0 for a valid judgment, else 1.

    Raises:
        UsageError: names, sample or server cannot be used.
    """
    import dataclasses

    from skillrt.endpoints.config import EndpointDown
    from skillrt.endpoints.refusals import AllRefusedError
    from skillrt.front_door import Judge
    from skillrt.judging.verdict import Judgment
    from skillrt.runtime import LOCAL
    from skillrt.sandbox.records import SandboxUnavailable
    from skillspec.artifacts import ArtifactError

    key = os.environ.get(options.api_key_env) if options.api_key_env else None
    if options.api_key_env and key is None:
        raise UsageError(f"the environment has no {options.api_key_env} (--api-key-env)")
    local = Path(DEFAULT_OUT)
    folder = options.artifacts or (local if (local / "index.json").is_file() else None)
    sample = _sample(options.sample)
    judgments: list[Judgment]
    try:
        with Judge(
            options.skill,
            task=options.task,
            base_url=options.base_url or LOCAL,
            model=options.model,
            setting=options.setting,
            delivery=options.delivery,
            artifacts=folder,
            api_key=key,
        ) as door:
            if options.both_orders:
                both = door.both_orders(sample)
                judgments, winner = [both.first, both.second], both.winner
            else:
                judgments, winner = [door.judge(sample)], None
    except (AllRefusedError, ArtifactError, EndpointDown, SandboxUnavailable, ValueError) as error:
        raise UsageError(str(error)) from error
    if options.json:
        told: Any = [dataclasses.asdict(judgment) for judgment in judgments]
        if options.both_orders:
            told = {"winner": winner, "first": told[0], "second": told[1]}
        print(json.dumps(told if options.both_orders else told[0], ensure_ascii=False, indent=2))
    else:
        for name, judgment in zip(("as given", "exchanged"), judgments, strict=False):
            print((f"{name}: " if options.both_orders else "") + _line(judgment))
        if options.both_orders:
            print(f"both orders: {winner or 'no agreement'}")
    return 0 if all(judgment.verdict.valid for judgment in judgments) else 1


def _line(judgment: Any) -> str:
    verdict, usage = judgment.verdict, judgment.usage
    cost = f"{usage.requests} requests, {usage.prompt_tokens + usage.completion_tokens} tokens"
    if not verdict.valid:
        return f"invalid ({verdict.error_owner}): {verdict.error}; {cost}"
    decided = f", decided by {verdict.decided_by}" if verdict.decided_by else ""
    reason = f"\n  {' '.join(verdict.reason.split())}" if verdict.reason else ""
    return f"outcome {verdict.outcome}, said {verdict.said}{decided}; {cost}{reason}"


def _sample(place: str) -> dict[str, Any]:
    name = "standard input" if place == "-" else place
    try:
        raw = sys.stdin.buffer.read(MOST_BYTES) if place == "-" else read_file(Path(place))
        sample = decode_json(raw)
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name} is not JSON: {error}") from error
    if not isinstance(sample, dict):
        raise UsageError(f"{name} does not hold a JSON object with a task's fields")
    return sample
