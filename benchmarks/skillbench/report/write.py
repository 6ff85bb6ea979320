"""Writing the page at the end of a run, which must not fail for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from skillbench.console import note
from skillbench.errors import BenchError, complain
from skillspec.files import write_file

__all__ = ["REPORT", "try_to_report", "write_report"]

REPORT: Final = "report.html"
"""The page's name in a run folder."""


def write_report(folders: Sequence[Path], out: Path) -> int:
    """Write the page of one run or several and return its size in bytes.

    Raises:
        BenchError: a folder is no run folder, is broken or empty, or there are too many.
        OSError: the page cannot be written.
    """
    from skillbench.report.page import report_page

    page = report_page(folders)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_file(out, page)
    return len(page)


def try_to_report(folders: Sequence[Path], out: Path, *, quiet: bool) -> None:
    """Write the page, or say in a sentence why not."""
    note("writing the report", quiet=quiet)
    try:
        write_report(folders, out)
    except BenchError as error:
        complain(f"there is no report: {error}")
    except Exception as error:  # the run's results are written; its page can be made again
        why, named = " ".join(str(error).split()), " ".join(map(str, folders))
        complain(
            f"the report could not be written ({type(error).__name__}: {why}); "
            f"skillbench report {named} tries again"
        )
