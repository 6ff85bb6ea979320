"""Hydra overrides kept in files: one a line, with comments, and names filled from the environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from skillrl.data.errors import DataError

__all__ = ["read_overrides"]

_NAME = re.compile(r"\$(\w+)")


def read_overrides(
    files: Iterable[Path], more: Sequence[str], environment: Mapping[str, str]
) -> tuple[str, ...]:
    """Return the overrides of ``files`` in order, then ``more``; of two for one key the last one counts.

    Raises:
        DataError: a file cannot be read, a line is no ``key=value``, or a name is not set.
    """
    by_key: dict[str, str] = {}
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise DataError(f"{file} cannot be read: {error.strerror}") from None
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.lstrip().startswith("#"):
                _take(by_key, line.strip(), f"{file.name}, line {number}", environment)
    for override in more:
        _take(by_key, override, "command line", environment)
    return tuple(by_key.values())


def _take(by_key: dict[str, str], line: str, place: str, environment: Mapping[str, str]) -> None:
    key, sign, _ = line.partition("=")
    if not sign or not key.strip("+~"):
        raise DataError(f"{place}: {line!r} is no KEY=VALUE")
    missing = [name for name in _NAME.findall(line) if name not in environment]
    if missing:
        raise DataError(f"{place}: ${missing[0]} is not set; export it first")
    by_key[key.lstrip("+")] = _NAME.sub(lambda name: environment[name[1]], line)
