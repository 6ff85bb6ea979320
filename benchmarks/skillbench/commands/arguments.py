"""Kinds of arguments that several commands take."""

from __future__ import annotations

import argparse
import math
import os
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from skillbench.errors import BenchError
from skillbench.running.ray.cluster import RayOptions

__all__ = [
    "add_duplicates_argument",
    "add_engine_arguments",
    "add_reader_argument",
    "add_request_arguments",
    "positive",
    "ray_options",
    "request_options",
]

_OURS: Final = ("messages", "model", "n", "stream", "tool_choice", "tools")
_OUR_HEADERS: Final = ("connection", "content-length", "content-type", "host", "transfer-encoding")
_HEADER: Final = re.compile(r"(?P<name>[\w!#$%&'*+.^`|~-]+)=(?P<value>.+)", re.ASCII)
_VARIABLE: Final = re.compile(r"^env:(?P<whole>\w+)$|\$\{(?P<braced>\w+)\}|\$(?P<bare>\w+)", re.ASCII)
_SECRET_FIELD: Final = re.compile(
    r"(?:.*[-_.])?(?:api[-_]?key|secret|password|access[-_]?token|auth(?:orization)?)", re.IGNORECASE
)


def positive(text: str) -> int:
    """Return a whole number from 1 up.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    number = int(text) if text.isascii() and text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return number


def add_engine_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that ``ray_options`` reads."""
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="judge in this process, or with Ray workers on a cluster (default: local)",
    )
    parser.add_argument(
        "--ray-address",
        metavar="ADDRESS",
        help="the cluster, such as 10.0.0.1:6379 or auto (default: $RAY_ADDRESS, or one on this machine)",
    )
    parser.add_argument(
        "--ray-workers",
        type=positive,
        metavar="N",
        help="worker processes, which share the concurrency (default: one for each CPU of the cluster)",
    )


def add_duplicates_argument(parser: argparse.ArgumentParser) -> None:
    """Declare ``--allow-duplicates``."""
    parser.add_argument(
        "--allow-duplicates",
        action="store_true",
        help="take rows that hold the same as others, or a file named twice; every table says so",
    )


def add_reader_argument(parser: argparse.ArgumentParser, default: str | None = "ours") -> None:
    """Declare ``--reader``."""
    parser.add_argument(
        "--reader",
        choices=("ours", "official"),
        default=default,
        help="by whose rules answers are read: ours, by which ambiguity is nothing, or the benchmark's own, "
        "by which published numbers were made (docs/reproduce.md lists where they differ)"
        + (f"; default: {default}" if default else ""),
    )


def ray_options(arguments: argparse.Namespace) -> RayOptions | None:
    """Return what was said of the cluster, None to judge in this process.

    Raises:
        BenchError: something was said of a cluster that is not asked for.
    """
    if arguments.engine == "ray":
        return RayOptions(arguments.ray_address, arguments.ray_workers)
    if arguments.ray_address or arguments.ray_workers:
        raise BenchError("--ray-address and --ray-workers need --engine ray")
    return None


def add_request_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that ``request_options`` reads."""
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="send this header too; repeatable. A value env:VAR, or $VAR in it, is read from the environment "
        "variable; values are written nowhere",
    )
    parser.add_argument(
        "--extra-body",
        metavar="JSON",
        help="fields to add to each request, as an object; they replace ours, and null leaves ours out",
    )
    parser.add_argument("--rpm", type=_rate, metavar="N", help="requests a minute to each server, at most")
    parser.add_argument(
        "--tpm", type=_rate, metavar="N", help="tokens a minute to each server, at most, answers included"
    )
    parser.add_argument(
        "--max-wait",
        type=_rate,
        default=120.0,
        metavar="S",
        help="a server that asks to be left alone for longer is set aside, in seconds (default: 120)",
    )


def request_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what the arguments say as fields of ``skillbench.running.endpoint.Endpoint``.

    Raises:
        BenchError: a header, a variable or the extra body is not what it must be.
    """
    headers, secrets = [], []
    for text in arguments.header:
        name, value, read = _header(text)
        headers.append((name, value))
        secrets += read
    return {
        "headers": tuple(headers),
        "secrets": tuple(secrets),
        "extra_body": _extra_body(arguments.extra_body),
        "rpm": arguments.rpm,
        "tpm": arguments.tpm,
        "max_wait_s": arguments.max_wait,
    }


def _rate(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def _header(text: str) -> tuple[str, str, list[str]]:
    """Return name and value of a header, and what of it came from the environment."""
    match = _HEADER.fullmatch(text)
    if match is None:
        raise BenchError(f"--header {text.partition('=')[0]}: write NAME=VALUE, such as api-key=env:MY_KEY")
    name, read = match["name"], []

    def variable(place: re.Match[str]) -> str:
        key = place["whole"] or place["braced"] or place["bare"]
        if not os.environ.get(key):
            raise BenchError(f"--header {name}: the environment variable {key} is not set")
        read.append(os.environ[key])
        return os.environ[key]

    value = _VARIABLE.sub(variable, match["value"])
    if name.lower() in _OUR_HEADERS:
        raise BenchError(f"--header {name}: this header is made from the request itself")
    if not (value.isascii() and value.isprintable()):
        raise BenchError(f"--header {name}: the value has characters that no header may have")
    return name, value, read


def _extra_body(text: str | None) -> Mapping[str, Any]:
    if text is None:
        return {}
    try:
        fields = msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        raise BenchError(f"--extra-body is no JSON: {error}") from error
    if not isinstance(fields, dict):
        raise BenchError("--extra-body must be a JSON object, such as '{\"top_p\": 0.9}'")
    for name in fields:
        if name in _OURS:
            raise BenchError(f"--extra-body must not set {name}, which the judge's protocol sets")
        if _SECRET_FIELD.fullmatch(name):
            # It would end up in run.json.
            raise BenchError(f"--extra-body must not hold a key, as {name} seems to: use --header")
    return fields
