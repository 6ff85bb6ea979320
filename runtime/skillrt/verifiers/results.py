"""What verifiers return: frozen records that turn into short, plain JSON for a judge to read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

SHORT_CHARS = 160

Json = dict[str, object]
ItemStatus = Literal["satisfied", "failed", "inconclusive"]


def short(text: str, limit: int = SHORT_CHARS) -> str:
    """``text`` on one line and at most ``limit`` characters long, the cut marked with an ellipsis.

    What a candidate wrote may hold anything; lone surrogates are replaced, so that the line can be encoded.
    """
    # A cap before the split keeps a megabyte of text from being walked for one line of it.
    head = text[: limit * 8].encode("utf-8", "replace").decode("utf-8")
    line = " ".join(head.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


@dataclass(frozen=True, slots=True)
class ResponseFinding:
    """What a verifier found for one response.

    ``answer`` is what was read from the response (None: nothing in the demanded form). ``certain`` is False
    when the verifier could not tell whether the response matches; then ``matched`` is False as well.
    """

    label: str
    answer: str | None
    matched: bool
    why: str
    certain: bool = True

    def to_json(self) -> Json:
        """Plain JSON, texts cut to one short line."""
        return {
            "answer": None if self.answer is None else short(self.answer),
            "matched": self.matched if self.certain else None,
            "why": short(self.why),
        }


@dataclass(frozen=True, slots=True)
class WinnerResult:
    """Which response a deterministic verifier prefers, if it can tell.

    ``winner`` is a label exactly when ``conclusive`` is true. ``responses`` is sorted by label, so that the
    record does not depend on the order in which the responses were given.
    """

    verifier: str
    winner: str | None
    conclusive: bool
    reason: str
    responses: tuple[ResponseFinding, ...]

    def of(self, label: str) -> ResponseFinding:
        """Return the finding for ``label``; KeyError when there is none."""
        for finding in self.responses:
            if finding.label == label:
                return finding
        raise KeyError(label)

    def to_json(self) -> Json:
        """Plain JSON, short enough to be shown to a judge as evidence."""
        return {
            "verifier": self.verifier,
            "winner": self.winner,
            "conclusive": self.conclusive,
            "reason": short(self.reason),
            "responses": {finding.label: finding.to_json() for finding in self.responses},
        }


@dataclass(frozen=True, slots=True)
class ItemFinding:
    """One checklist item: its place in the list (from 0), its status and the reason for it."""

    index: int
    status: ItemStatus
    reason: str

    def to_json(self) -> Json:
        """Plain JSON of the item."""
        return {"index": self.index, "status": self.status, "reason": short(self.reason)}


@dataclass(frozen=True, slots=True)
class ItemsResult:
    """Per-item results in the order of the checklist."""

    verifier: str
    items: tuple[ItemFinding, ...]

    def count(self, status: ItemStatus) -> int:
        """Return how many items have ``status``."""
        return sum(item.status == status for item in self.items)

    def to_json(self) -> Json:
        """Plain JSON, short enough to be shown to a judge as evidence."""
        return {"verifier": self.verifier, "items": [item.to_json() for item in self.items]}


def decide(verifier: str, findings: Iterable[ResponseFinding], none_reason: str = "") -> WinnerResult:
    """Return the verdict over ``findings``.

    Conclusive only when exactly one response matches and no other might.

    ``none_reason`` replaces the reason given when nothing matches.
    """
    ordered = tuple(sorted(findings, key=lambda finding: finding.label))
    matched = [finding.label for finding in ordered if finding.matched]
    unsure = [finding.label for finding in ordered if not finding.certain]
    winner: str | None = None
    if len(ordered) < 2:
        reason = "fewer than two responses: nothing to compare"
    elif unsure:
        reason = f"could not be settled for {', '.join(unsure)}"
    elif len(matched) == 1:
        winner = matched[0]
        reason = f"only {winner} matches"
    elif matched:
        reason = f"{', '.join(matched)} match: they cannot be told apart"
    else:
        reason = none_reason or "no response matches"
    return WinnerResult(verifier, winner, winner is not None, reason, ordered)
