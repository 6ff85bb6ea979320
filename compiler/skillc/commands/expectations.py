"""Holding what a test saw against what it expects."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skillc.diagnostics import listed
from skillc.tree import Expectation

if TYPE_CHECKING:
    from skillc.commands.scripted import Seen

__all__ = ["Miss", "check_expectation", "show"]

_AROUND = 40
_MOST = 160
_LONGEST_LINE = 2000
_NOTHING = object()


@dataclass(frozen=True, slots=True)
class Miss:
    """An expectation that was not met: what it wanted, and what was there instead."""

    expected: str
    seen: str


def check_expectation(expected: Expectation, seen: Seen) -> Miss | None:
    """Return why ``expected`` does not hold of what was seen, or None when it does."""
    match expected.kind:
        case "offered" | "hidden":
            return _offered(expected, seen)
        case "sent":
            return _sent(expected.target, seen)
        case "not_sent":
            return _not_sent(expected.target, seen)
        case "requests":
            same = seen.requests == expected.value
            return None if same else Miss(f"requests {expected.value}", f"requests {seen.requests}")
        case "dropped":
            return _dropped(expected, seen)
        case "invalid":
            return _invalid(expected, seen)
    return _equal(expected, seen)


def show(value: object) -> str:
    """Show a value as a test would write it: labels and words bare, the rest as JSON."""
    if isinstance(value, str) and value.isidentifier():
        return value
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _MOST else f"{text[:_MOST]}..."


# ------------------------------------------------------------------------------------- what was sent


def _offered(expected: Expectation, seen: Seen) -> Miss | None:
    there = expected.target in seen.offered()
    if there == (expected.kind == "offered"):
        return None
    wanted = "offered" if expected.kind == "offered" else "not offered"
    actual = f"offered: {listed(seen.offered(), 'and')}" if seen.offered() else "nothing is offered"
    return Miss(f"{wanted} {expected.target}", actual)


def _sent(text: str, seen: Seen) -> Miss | None:
    if any(text in sent.text for sent in seen.sent):
        return None
    chars = sum(len(sent.text) for sent in seen.sent)
    actual = f"it stands nowhere in the {chars:,} characters that were sent"
    lines = dict.fromkeys(
        line.strip() for sent in seen.sent for line in sent.text.splitlines() if len(line) < _LONGEST_LINE
    )
    near = difflib.get_close_matches(text.strip(), lines, n=1, cutoff=0.6)
    if near:
        actual += f"; the nearest line is {show(near[0])}"
    return Miss(f"sent contains {show(text)}", actual)


def _not_sent(text: str, seen: Seen) -> Miss | None:
    for sent in seen.sent:
        at = sent.text.find(text)
        if at >= 0:
            around = sent.text[max(0, at - _AROUND) : at + len(text) + _AROUND]
            where = "the tools" if sent.role == "tools" else f"a message of role {sent.role}"
            return Miss(f"sent not contains {show(text)}", f"{where} has {show(around)}")
    return None


# ---------------------------------------------------------------------------------------- the verdict


def _dropped(expected: Expectation, seen: Seen) -> Miss | None:
    assert seen.judgment is not None
    findings = seen.judgment.verdict.findings
    dropped = [number for number, item in enumerate(findings, 1) if not item.get("grounded", True)]
    if len(dropped) == expected.value:
        return None
    which = f" (findings number {listed(map(str, dropped), 'and')})" if dropped else ""
    return Miss(f"dropped {expected.value}", f"dropped {len(dropped)} of {len(findings)}{which}")


def _invalid(expected: Expectation, seen: Seen) -> Miss | None:
    assert seen.judgment is not None
    verdict = seen.judgment.verdict
    wanted = "invalid" if expected.value is None else f"invalid {show(expected.value)}"
    if verdict.valid:
        return Miss(wanted, f"a valid judgment: {show(verdict.outcome)}")
    error = verdict.error or ""
    if expected.value is None or str(expected.value) in error:
        return None
    return Miss(wanted, f"invalid {show(error)}")


def _equal(expected: Expectation, seen: Seen) -> Miss | None:
    assert seen.judgment is not None
    verdict = seen.judgment.verdict
    name = expected.target
    if expected.index is not None:
        name += f"[{expected.index}]" + (f".{expected.attribute}" if expected.attribute else "")
    wanted = f"{name} = {show(expected.value)}"
    of_verdict = "." not in expected.target
    if of_verdict and not verdict.valid:
        return Miss(wanted, f"the judgment is invalid: {verdict.error}")
    value = _value(expected, seen)
    if value is _NOTHING:
        return Miss(wanted, f"there is no {name}")
    return None if _same(value, expected.value) else Miss(wanted, f"{name} = {show(value)}")


def _value(expected: Expectation, seen: Seen) -> Any:
    assert seen.judgment is not None
    verdict = seen.judgment.verdict
    match expected.target:
        case "winner" | "outcome":
            value: Any = verdict.outcome
        case "items":
            wanted = next((item for item in seen.items() if item.get("item") == expected.index), _NOTHING)
            return _attribute(wanted, expected.attribute or "status")
        case "findings":
            value = list(verdict.findings)
        case "said" | "score" | "label" | "reason" | "decided_by" | "grounded" | "clipped" | "keys":
            value = getattr(verdict, expected.target)
        case _:
            # An id may have dots, so the last word is what is asked of it.
            name, _, attribute = expected.target.rpartition(".")
            result = seen.results().get(name)
            value = _NOTHING if result is None else _attribute(result, attribute)
    if expected.index is None or value is _NOTHING:
        return value
    if not isinstance(value, list | tuple) or not 1 <= expected.index <= len(value):
        return _NOTHING
    entry = value[expected.index - 1]
    return entry if expected.attribute is None else _attribute(entry, expected.attribute)


def _attribute(value: Any, name: str) -> Any:
    return value.get(name, _NOTHING) if isinstance(value, Mapping) else _NOTHING


def _same(seen: object, expected: object) -> bool:
    if isinstance(seen, bool) or isinstance(expected, bool):
        return seen is expected
    if isinstance(seen, int | float) and isinstance(expected, int | float):
        return abs(seen - expected) < 1e-9
    if isinstance(seen, list | tuple) and isinstance(expected, list):
        return len(seen) == len(expected) and all(map(_same, seen, expected))
    return seen == expected
