"""The phrases: every sentence that the runtime and the compiler may say to a judge.

A ``phrases`` declaration must give a text for each name here, and may use only the placeholders
listed with it, written ``{name}``. Filling is plain replacement, never ``str.format``: values
come from models and data sets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["PHRASES", "SAID", "fill", "placeholders"]

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

PHRASES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        # In the system message, put there by the compiler.
        "announce": ("skill", "summary"),
        "preloaded": ("skill",),
        # Headings inside what use_skill returns, put there by the compiler.
        "heading_procedure": (),
        "heading_resources": (),
        "heading_findings": (),
        "findings_each": ("keys",),
        "findings_some": ("keys", "most"),
        "heading_evidence": (),
        # Tool and argument descriptions, put there by the compiler.
        "tool_use_skill": (),
        "tool_list_resources": (),
        "tool_view_resource": (),
        "tool_run_resource": (),
        "tool_python_sandbox": ("calls", "seconds", "fields"),
        "tool_final_answer": (),
        # Said by the runtime.
        "load_first": (),
        "already_loaded": (),
        "not_a_tool": ("name", "tools"),
        "bad_arguments": ("name", "problem"),
        # A final_answer whose findings are not those that were asked for: the frame, and what is wrong.
        "incomplete": ("problems",),
        "not_distinct": ("problems",),
        "keys_missing": ("keys",),
        "keys_repeated": ("keys",),
        "keys_unknown": ("keys",),
        "not_a_resource": ("id", "ids"),
        "absent_resource": ("id",),
        "already_viewed": ("id",),
        "cut": ("chars",),
        "views_spent": ("limit",),
        "runs_spent": ("limit",),
        "calls_spent": ("limit",),
        "turns_left": ("left",),
        "no_call": (),
        "final_now": (),
        "run_result": ("number", "result"),
        "run_printed": ("text",),
        "run_failed": ("number", "error"),
        "inconclusive": (),
        "nothing_offered": (),
    }
)
"""Names of the phrases, each with the placeholders that it may use."""

SAID: Final = (
    "heading_evidence",
    "load_first",
    "already_loaded",
    "bad_arguments",
    "incomplete",
    "not_distinct",
    "cut",
    "views_spent",
    "runs_spent",
    "calls_spent",
    "turns_left",
    "no_call",
    "final_now",
    "run_result",
    "run_printed",
    "run_failed",
)
"""Phrases that tell a judge of results, budgets and turns: no text of a sample may read like one of them."""


def placeholders(text: str) -> tuple[str, ...]:
    """Return the placeholders in ``text``, in order of appearance."""
    return tuple(_PLACEHOLDER.findall(text))


def fill(text: str, /, **values: object) -> str:
    """Replace each ``{name}`` of ``text`` that is in ``values``; everything else stays as it is."""
    return _PLACEHOLDER.sub(
        lambda match: str(values[match[1]]) if match[1] in values else match[0],
        text,
    )
