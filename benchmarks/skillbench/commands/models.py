"""``skillbench models``: the presets, and how to serve them."""

from __future__ import annotations

import argparse

from skillbench.running.presets import PRESETS, serve_command

__all__ = ["add_arguments", "run_command"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that ``run_command`` reads."""
    parser.add_argument("--weights", metavar="DIR", default="$MODEL_DIR", help="where the weights lie")


def run_command(args: argparse.Namespace) -> int:
    """Print each preset with its served name, its concurrency and the command that serves it."""
    for key, preset in PRESETS.items():
        command = serve_command(preset, "WEIGHTS").replace("WEIGHTS", f'"{args.weights}"')
        print(f"{key}: {preset.served}, {preset.concurrency} judgments at a time to each server\n  {command}")
    return 0
