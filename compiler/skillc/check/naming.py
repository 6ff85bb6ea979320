"""The form of names and labels."""

from __future__ import annotations

import re
from collections.abc import Iterable

from skillc.diagnostics import Report
from skillc.tree import Name

__all__ = ["check_label", "check_name", "check_twice"]

_NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
_MOST = 80


def check_name(name: Name, what: str, report: Report) -> None:
    """Report a name that is not in lower case or too long."""
    if len(name.text) > _MOST:
        message = f"the name of {what} has {len(name.text)} characters; {_MOST} is the most"
        report.error("SK209", name.span, message, "choose a shorter one")
    elif not _NAME.match(name.text):
        lower = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.text).lower()
        report.error("SK209", name.span, f"the name of {what} is in lower case", f"write `{lower}`")


def check_twice(names: Iterable[Name], report: Report) -> None:
    """Report names that a list has twice."""
    seen: set[str] = set()
    for name in names:
        if name.text in seen:
            report.error("SK202", name.span, f"`{name.text}` is in this list twice", "keep one of them")
        seen.add(name.text)


def check_label(label: Name, report: Report) -> None:
    """Report a label that is empty or too long, or has a line break."""
    if not label.text.strip() or "\n" in label.text or len(label.text) > _MOST:
        report.error("SK209", label.span, "a label has 1 to 80 characters on one line", "choose another one")
