"""Checking the protocol: how much of what, within bounds that make sense."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from skillc.check.naming import check_twice
from skillc.diagnostics import Report, did_you_mean
from skillc.project.scope import Bound
from skillc.tree import Name, Names, Number, PipelineDecl, Quantity, ResourceDecl, Value, VerifierDecl
from skillspec.records import Limits

__all__ = ["TEXT_CHARS", "build_limits", "prefer_order", "text_limit"]

TEXT_CHARS = 8000
"""What the text of a loaded skill should have at most where its protocol does not say."""

_BOUNDS = {"turns": (1, 50), "views": (0, 50), "runs": (0, 20)}
_CHARS = {"view": (200, 40_000), "text": (500, 40_000)}
_LOADS = ("optional", "required")


def build_limits(items: Mapping[str, Bound], parts: Mapping[str, object], report: Report) -> Limits:
    """Build the limits from the entries of ``protocol``."""
    given: dict[str, Any] = {}
    for key, bound in items.items():
        if key.startswith("protocol "):
            _entry(key.removeprefix("protocol "), bound.item.value, given, parts, report)
    limits = Limits(**given)
    _check_reachable(limits, items, parts, report)
    return limits


def _entry(
    key: str, value: Value, given: dict[str, Any], parts: Mapping[str, object], report: Report
) -> None:
    match value:
        case Name():
            if value.text not in _LOADS:
                help = did_you_mean(value.text, _LOADS, "write one of them")
                report.error(
                    "SK604", value.span, f"`load` is `optional` or `required`, not `{value.text}`", help
                )
                return
            given["load"] = value.text
        case Number():
            low, high = _BOUNDS[key]
            if not low <= value.value <= high:
                report.error("SK605", value.span, f"`{key}` is {low} to {high}", "write such a number")
                return
            given[key] = value.value
        case Quantity():
            low, high = _CHARS[key]
            if value.unit.text != "chars" or not low <= value.value <= high:
                message = f"`{key}` is {low} to {high} chars"
                report.error("SK605", value.span, message, f"write for example `{key} 6000 chars`")
            elif key == "view":
                given["view_chars"] = value.value
        case Names():
            check_twice(value.names, report)
            offered = [name for name, part in parts.items() if _offered(part)]
            for name in value.names:
                if not _matches(name.text, offered):
                    help = did_you_mean(name.text, offered, "it orders resources, verifiers and pipelines")
                    report.error("SK201", name.span, f"nothing here is called `{name.text}`", help)
            given["prefer"] = tuple(name.text for name in value.names)


def text_limit(items: Mapping[str, Bound]) -> Quantity | None:
    """What the protocol allows the text of the loaded skill, None where it does not say."""
    value = items["protocol text"].item.value if "protocol text" in items else None
    return value if isinstance(value, Quantity) else None


def _offered(part: object) -> bool:
    return isinstance(part, ResourceDecl | VerifierDecl | PipelineDecl)


def _matches(pattern: str, ids: list[str]) -> list[str]:
    if pattern.endswith(".*"):
        return [name for name in ids if name.startswith(pattern[:-1])]
    return [name for name in ids if name == pattern]


def prefer_order(prefer: tuple[str, ...], ids: list[str]) -> list[str]:
    """Order ids: those that ``prefer`` names first, in its order, then the rest as declared."""
    ordered = dict.fromkeys(name for pattern in prefer for name in _matches(pattern, ids))
    return list(ordered | dict.fromkeys(ids))


def _check_reachable(
    limits: Limits, items: Mapping[str, Bound], parts: Mapping[str, object], report: Report
) -> None:
    """Warn of what the protocol never lets the judge reach."""
    for name, part in parts.items():
        if isinstance(part, ResourceDecl) and limits.views == 0:
            report.unused(
                "SK602",
                part.name.span,
                f"`{name}` can never be viewed: `views` is 0",
                "raise `views`, or take it away",
            )
        asked = isinstance(part, PipelineDecl) or (
            isinstance(part, VerifierDecl) and part.run is not None and part.run.text == "asked"
        )
        if asked and limits.runs == 0 and isinstance(part, VerifierDecl | PipelineDecl):
            where = (
                "`runs` is 0" if "protocol runs" in items else "without `runs` in the protocol there are none"
            )
            report.unused(
                "SK602",
                part.name.span,
                f"`{name}` can never be run: {where}",
                "write `runs 2` in the protocol",
            )
