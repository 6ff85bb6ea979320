"""Binding findings to what was seen: a citation counts when the conversation bears it out.

A resource must have been viewed (or sent in line), a run must have been made, and quoted words must
stand in the sample as the judge was shown it. White space, letter case and typographic quotes do
not count.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from skillrt.programs.neutral import plain
from skillspec.records import Evidence

__all__ = ["Seen", "ground", "is_grounded"]

_SPACE = re.compile(r"\s+")
_QUOTES = str.maketrans({"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\u00a0": " "})
_HAN = re.compile(r"[\u3400-\u9fff]")
_SHORTEST_QUOTE = 3


def _normal(text: str) -> str:
    return _SPACE.sub(" ", plain(text).translate(_QUOTES)).strip().casefold()


class Seen:
    """What a conversation has shown so far."""

    def __init__(self, shown_texts: Sequence[str], resources: Collection[str] = ()) -> None:
        self._texts = list(shown_texts)
        self._normal: str | None = None
        self.resources: set[str] = set(resources)
        self.runs: set[str] = set()

    def bears_out(self, kind: str, ref: str) -> bool:
        """Tell whether a citation is true of this conversation."""
        match kind:
            case "resource":
                return ref.strip() in self.resources
            case "run":
                digits = ref.strip().casefold().removeprefix("run").strip(" #.:")
                return ref.strip() in self.runs or digits in self.runs
            case "quote":
                quoted = _normal(ref).strip("\"' .\u2026")
                # Two Han characters are a word already.
                if len(quoted) + len(_HAN.findall(quoted)) < _SHORTEST_QUOTE:
                    return False
                if self._normal is None:
                    self._normal = "\n".join(_normal(text) for text in self._texts)
                return quoted in self._normal
        return False


def is_grounded(finding: Mapping[str, Any], evidence: Evidence, seen: Seen) -> bool:
    """Tell whether a finding cites enough, and nothing that is not there."""
    cites = finding.get("cites") or []
    if len(cites) < evidence.cites_min:
        return False
    return all(seen.bears_out(cite["kind"], cite["ref"]) for cite in cites)


def ground(
    findings: Sequence[Mapping[str, Any]], evidence: Evidence, seen: Seen
) -> tuple[list[dict[str, Any]], bool]:
    """Mark each finding with ``grounded`` and tell whether all are.

    Ungrounded findings stay in the list, marked; the readout leaves them out where the skill says
    ``ungrounded drop``.
    """
    marked = [{**finding, "grounded": is_grounded(finding, evidence, seen)} for finding in findings]
    return marked, all(finding["grounded"] for finding in marked)
