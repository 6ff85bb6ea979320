"""The progress line of a run, on stderr and only for a person at a terminal."""

from __future__ import annotations

import sys
from typing import Any

from skillbench.console import short_count
from skillbench.folder.journal import Journal
from skillspec.terminal import unescaped

__all__ = ["Progress"]


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
