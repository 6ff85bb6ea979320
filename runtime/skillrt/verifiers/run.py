"""Running a verifier by its signature, for the judge loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from skillrt.verifiers.checklist import checklist_rules
from skillrt.verifiers.programs.example_runs import code_examples
from skillrt.verifiers.references.reference import reference_match
from skillrt.verifiers.results import ItemsResult, WinnerResult

if TYPE_CHECKING:
    from skillrt.sandbox.records import Sandbox

__all__ = ["SANDBOXED", "run_verifier"]

SANDBOXED = frozenset({"code_examples@1", "checklist_rules@1"})
"""The verifiers that run code, and so need an open ``cpython`` sandbox."""


async def run_verifier(by: str, fields: Mapping[str, Any], sandbox: Sandbox | None) -> dict[str, Any]:
    """Run the verifier ``by`` on the fields that it reads.

    Args:
        by: ``name@version`` of ``skillspec.signatures``.
        fields: the sample's fields that the signature names.
        sandbox: an open ``cpython`` sandbox; without one what has to run code is inconclusive.

    Returns:
        Plain JSON: ``conclusive``, then ``winner`` or ``items`` (numbered from 1), and ``text``, which is
        what a judge is shown: data, not prose, so that it needs no translation.
    """
    if by == "code_examples@1" and sandbox is None:
        return {"conclusive": False, "winner": None, "items": [], "text": ""}
    match by:
        case "reference_match@1":
            result: WinnerResult | ItemsResult = await asyncio.to_thread(
                reference_match, fields["prompt"], fields["responses"], fields["reference"]
            )
        case "code_examples@1":
            assert sandbox is not None
            result = await code_examples(fields["prompt"], fields["responses"], sandbox)
        case "checklist_rules@1":
            result = await checklist_rules(fields["checkers"], fields["prompt"], fields["response"], sandbox)
        case _:
            raise ValueError(f"there is no verifier {by}")
    return _winner(result) if isinstance(result, WinnerResult) else _items(result)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _winner(result: WinnerResult) -> dict[str, Any]:
    told = result.to_json()
    text = _text({"winner": result.winner, "reason": told["reason"], "responses": told["responses"]})
    return {
        "conclusive": result.conclusive,
        "winner": result.winner,
        "text": text if result.responses else "",
    }


def _items(result: ItemsResult) -> dict[str, Any]:
    items = [{"item": item.index + 1, "status": item.status} for item in result.items]
    decided = [item for item in result.items if item.status != "inconclusive"]
    text = _text({item.index + 1: [item.status, item.to_json()["reason"]] for item in decided})
    return {"conclusive": bool(decided), "items": items, "text": text if decided else ""}
