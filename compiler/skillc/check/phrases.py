"""Checking phrases: every one is there, with no other placeholders than its own."""

from __future__ import annotations

from skillc.diagnostics import Report, did_you_mean, listed
from skillc.project.inherit import effective_items, is_complete
from skillc.project.scope import Scope
from skillc.tree import PhrasesDecl, Text
from skillspec.phrases import PHRASES, placeholders

__all__ = ["check_phrases"]

_SHOWN = 6


def check_phrases(declaration: PhrasesDecl, scope: Scope, report: Report) -> dict[str, str]:
    """Check a declaration and return its texts in the order of the contract."""
    items = effective_items(declaration, scope, report)
    texts: dict[str, str] = {}
    for key, bound in items.items():
        value = bound.item.value
        if not isinstance(value, Text) or bound.scope is not scope:
            continue
        if key not in PHRASES:
            message = f"there is no phrase called `{key}`"
            report.error(
                "SK407",
                bound.item.span,
                message,
                did_you_mean(key, PHRASES, "skillspec/phrases.py lists them all"),
            )
            continue
        _check_placeholders(key, value, report)
        if not value.value.strip():
            report.error("SK408", value.span, f"the phrase `{key}` is empty", "write what the judge is told")
    for key in PHRASES:
        text = items[key].item.value if key in items else None
        if isinstance(text, Text):
            texts[key] = text.value
    missing = [key for key in PHRASES if key not in items]
    if missing and is_complete(declaration, scope):
        shown = [f"`{key}`" for key in missing[:_SHOWN]]
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        names = ", ".join(shown) + more if more else listed(shown, "and")
        message = f"phrases `{declaration.name.text}` lack {names}"
        report.error(
            "SK406",
            declaration.name.span,
            message,
            "write a text for each: the tools and notices say nothing of their own",
        )
    return texts


def _check_placeholders(key: str, text: Text, report: Report) -> None:
    allowed = PHRASES[key]
    for name in dict.fromkeys(placeholders(text.value)):
        if name in allowed:
            continue
        at = text.span.text.find("{" + name + "}")
        span = text.span.within(at, at + len(name) + 2) if at >= 0 else text.span
        known = listed((f"`{{{word}}}`" for word in allowed), "and")
        fallback = f"it has {known}" if allowed else "it has none"
        near = did_you_mean(name, allowed, fallback)
        report.error("SK408", span, f"the phrase `{key}` has no placeholder `{{{name}}}`", near)
