"""The version that the three commands tell of themselves."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

__all__ = ["VersionAction"]


class VersionAction(argparse.Action):
    """``--version``: print the program's name and versions, and end."""

    def __init__(self, option_strings: Sequence[str], dest: str, **_: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, help="print the version and end")

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from skillspec import ARTIFACT_FORMAT, LANGUAGE_VERSION, __version__

        formats = f"language {LANGUAGE_VERSION}, artifact format {ARTIFACT_FORMAT}"
        print(f"{parser.prog} {__version__} ({formats})")
        parser.exit()
