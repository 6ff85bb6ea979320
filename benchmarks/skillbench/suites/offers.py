"""What a suite offers beyond running it: what samples are worth, rows to verify, published outputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

__all__ = ["PublishedReader", "PublishedReport", "TextReader", "Verifiable", "Worth"]


@dataclass(frozen=True, slots=True)
class Worth:
    """What a sample is worth by the headline, for both views in 0..1 or -1..1.

    None where a view has no value for it; a sample without a value by the readout is not finished.
    """

    readout: float | None
    said: float | None


@dataclass(frozen=True, slots=True)
class Verifiable:
    """What a deterministic verifier may try: no label is in what it is shown.

    Attributes:
        ident: the row's id, with what tells its parts apart.
        group: what results are counted by.
        position: the row's number over all files.
        prompt: what was asked.
        responses: by label, in the suite's order.
        better: the label of the right response; never shown.
        reference: the acceptable answers, None where the row has none that may be used.
        programs: whether the responses are programs that the prompt's examples can try.
        contradicted: whether the row's reference is known to contradict its label.
    """

    ident: str
    group: str
    position: int
    prompt: str
    responses: Mapping[str, str]
    better: str
    reference: str | tuple[str, ...] | None = None
    programs: bool = False
    contradicted: bool = False


class PublishedReport(Protocol):
    """Scores of published outputs of judges."""

    def text(self) -> str:
        """Return the report for a reader."""

    def to_json(self) -> dict[str, object]:
        """Return the report as plain JSON, unrounded."""


PublishedReader = Callable[[Sequence[Path], str | None, str | None], PublishedReport]
"""Scores files of published outputs; the name of a judge overrules what the rows say. The last is the
reader, ``ours`` or ``official``; None for the suite's own default."""

TextReader = Callable[[str, Mapping[str, Any]], Any]
"""Reads an answer in the task's terms from a judge's text and the task's fields; None where there is none."""
