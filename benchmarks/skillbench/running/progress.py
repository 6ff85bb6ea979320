"""The progress line of a run, on stderr and only for a person at a terminal."""

from __future__ import annotations

import sys
from typing import Any

from skillbench.folder.journal import Journal
from skillspec.terminal import unescaped

__all__ = ["Progress", "note", "short_count"]


def short_count(number: int) -> str:
    """Return a count as people read it: 950, 12.3k, 4.56M."""
    if number < 1000:
        return str(number)
    for unit, size in (("k", 1e3), ("M", 1e6), ("G", 1e9)):
        if number < 1000 * size or unit == "G":
            return f"{number / size:.3g}{unit}"
    raise AssertionError("unreachable")


def note(what: str, *, quiet: bool) -> None:
    """Tell a person at a terminal what goes on after the judging, where that may take a while."""
    if not quiet and sys.stderr.isatty():
        print(f"{what} ...", file=sys.stderr, flush=True)


class Progress:
    """Shows how many judgments are made, the rate, the time left, tokens and invalid judgments.

    Args:
        total: judgments of the whole run.
        journal: what is recorded; counts are read from it.
        quiet: show nothing; nothing is shown either when stderr is no terminal.
    """

    def __init__(self, total: int, journal: Journal, *, quiet: bool) -> None:
        self._journal = journal
        self._bar: Any = None
        if not quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                total=total,
                initial=len(journal.recorded),
                unit="judgment",
                dynamic_ncols=True,
                file=unescaped(sys.stderr),
                smoothing=0.1,
            )

    def advance(self) -> None:
        """One more judgment is recorded."""
        if self._bar is not None:
            tokens, invalid = short_count(self._journal.tokens), self._journal.invalid
            self._bar.set_postfix_str(f"tokens {tokens}, invalid {invalid}", refresh=False)
            self._bar.update()

    def close(self) -> None:
        """Leave the line as it stands."""
        if self._bar is not None:
            self._bar.close()
