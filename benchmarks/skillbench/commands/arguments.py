"""Kinds of arguments that several commands take."""

from __future__ import annotations

import argparse

from skillbench.errors import BenchError
from skillbench.running.ray.cluster import RayOptions

__all__ = [
    "add_duplicates_argument",
    "add_engine_arguments",
    "add_reader_argument",
    "positive",
    "ray_options",
]


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
    """Declare the arguments that :func:`ray_options` reads."""
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
