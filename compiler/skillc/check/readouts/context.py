"""What a readout can read, and what verifiers give."""

from __future__ import annotations

from dataclasses import dataclass

from skillc.check.model import SlotModel, TaskModel
from skillc.tree import EvidenceDecl, VerifierDecl
from skillspec.signatures import SIGNATURES

__all__ = ["RESULTS", "ReadoutContext", "gives"]

RESULTS = {"winner": ("winner", "conclusive"), "score": ("score", "conclusive"), "items": ("conclusive",)}
"""What a readout reads of a verifier, by what it gives."""


@dataclass(frozen=True)
class ReadoutContext:
    """What a readout can read."""

    skill: str
    serves: tuple[TaskModel, ...]
    verifiers: tuple[VerifierDecl, ...]
    pipelines: frozenset[str]
    evidence: EvidenceDecl | None
    slots: tuple[SlotModel, ...]


def gives(verifier: VerifierDecl) -> str:
    """Return what a verifier gives: by its signature, whatever the declaration says."""
    signature = SIGNATURES.get(verifier.by.text) if verifier.by is not None else None
    if signature is not None:
        return signature.gives
    return verifier.gives.text if verifier.gives is not None else ""
