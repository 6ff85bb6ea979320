"""Which entries a submission owes, and which it still lacks.

The findings of a closed block, and the verdicts of a checklist, are complete or they are not accepted:
exactly one for each combination of the keys. What is missing, said twice or never asked for is told to the
judge by its keys, and nothing is computed from the rest. Where the keys come from the sample, entries that
were in order are kept, so that a judge may submit a long list in several parts. Items that a verifier has
settled are owed no finding. Without a checklist the judge numbers its own items, from 1 and without holes;
a number of its own means nothing from one submission to the next, so such a list is submitted whole.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from skillrt.programs.neutral import neutralise
from skillspec.records import ChecklistAnswer, Evidence, Readout

__all__ = ["Block", "Faults", "Ledger", "blocks_for", "listed", "settled_items"]

Key = tuple[Any, ...]
_MOST_NAMED = 20
_NAME_CHARS = 80


@dataclass(frozen=True, slots=True)
class Block:
    """A list of a submission whose entries have keys.

    ``values`` are those that each key can have; ``own``: the judge numbers the items, up to ``most``.
    ``nested``: the list is an object with a property for each key. ``settled``: keys that owe nothing.
    """

    name: str
    keys: tuple[str, ...]
    values: tuple[tuple[Any, ...], ...]
    closed: bool
    most: int
    own: bool = False
    nested: bool = False
    settled: frozenset[Key] = frozenset()

    def all_keys(self) -> Iterator[Key]:
        """Go through the combinations of the keys."""
        return itertools.product(*self.values)

    def problem(self) -> str | None:
        """Say why no submission could be complete, or return None."""
        count = sum(1 for _ in itertools.islice(self.all_keys(), self.most + 1))
        if not self.closed or self.own or self.nested or count <= self.most:
            return None
        return f"the sample asks for more {self.name} than the {self.most} that a submission can have"

    def grouped(self, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the entries of a submission, each with its keys."""
        given: Any = arguments.get(self.name) or []
        if not self.nested:
            return [dict(entry) for entry in given]
        entries = []
        for key in self.all_keys():
            entry = given
            for name in key:
                entry = entry[name]
            entries.append({**dict(zip(self.keys, key, strict=True)), **entry})
        return entries


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with the keys of a submission, each as the judge is told it."""

    missing: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.repeated or self.unknown)

    def __add__(self, other: Faults) -> Faults:
        return Faults(
            self.missing + other.missing, self.repeated + other.repeated, self.unknown + other.unknown
        )

    def reason(self) -> str:
        """Return them for a person."""
        kinds = {"incomplete": self.missing, "repeated": self.repeated, "not asked for": self.unknown}
        return "; ".join(f"{kind}: {listed(keys)}" for kind, keys in kinds.items() if keys)


def listed(keys: Sequence[str]) -> str:
    """Return the first of some keys as one text, with the number of those that are left out."""
    text = ", ".join(keys[:_MOST_NAMED])
    return text if len(keys) <= _MOST_NAMED else f"{text} (+{len(keys) - _MOST_NAMED})"


@dataclass
class Ledger:
    """One block in one judgment: what was submitted of it in order, and what is still owed."""

    block: Block
    kept: dict[Key, dict[str, Any]] = field(default_factory=dict)

    @property
    def in_parts(self) -> bool:
        """Whether entries that were in order are kept from one submission to the next."""
        return self.block.closed and not self.block.own and not self.block.nested

    def owed(self) -> list[Key]:
        """Return the keys of the sample for which nothing was submitted yet."""
        if not self.in_parts:
            return []
        return [
            key for key in self.block.all_keys() if key not in self.kept and key not in self.block.settled
        ]

    def take(self, arguments: Mapping[str, Any]) -> Faults:
        """Take a submission that fits its schema, and tell what is wrong with its keys."""
        block = self.block
        entries = block.grouped(arguments)
        keys = [tuple(entry[name] for name in block.keys) for entry in entries]
        counts = Counter(keys)
        # The numbers of an open block's items are the judge's own affair.
        known = set(counts if block.own and not block.closed else block.all_keys())
        if not self.in_parts:
            self.kept.clear()
        self.kept.update(
            (key, entry)
            for key, entry in zip(keys, entries, strict=True)
            if key in known and counts[key] == 1
        )
        missing = self._own_missing(counts) if block.own else self.owed()
        return Faults(
            tuple(self._spelt([key for key in missing if key not in counts])),
            tuple(self._spelt([key for key, count in counts.items() if count > 1])),
            tuple(self._spelt([key for key in counts if key not in known])),
        )

    def _own_missing(self, given: Collection[Key]) -> list[Key]:
        """Holes in the judge's own numbers; one item at least."""
        if not self.block.closed:
            return []
        place = self.block.keys.index("item")
        last = max((key[place] for key in given if key[place] <= self.block.most), default=1)
        return [key for key in self.block.all_keys() if key[place] <= last and key not in given]

    def raw_faults(self, text: str) -> Faults:
        """Tell what is wrong with the keys of an object, before its schema is looked at.

        A JSON reader would take the last of several properties of one name without a word.
        """
        if not self.block.nested:
            return Faults()
        try:
            arguments = json.loads(text, object_pairs_hook=_Object)
        except (ValueError, RecursionError):
            return Faults()
        given = arguments.get(self.block.name) if isinstance(arguments, dict) else None
        return self._level(given, ())

    def _level(self, given: Any, above: Key) -> Faults:
        if not isinstance(given, _Object) or len(above) == len(self.block.keys):
            return Faults()
        names = self.block.values[len(above)]
        faults = Faults(
            tuple(self._spelt([(*above, name) for name in names if name not in given])),
            tuple(self._spelt([(*above, name) for name in given.twice])),
            tuple(self._spelt([(*above, name) for name in given if name not in names])),
        )
        for name in names:
            faults += self._level(given.get(name), (*above, name))
        return faults

    def _spelt(self, keys: Sequence[Key]) -> list[str]:
        """Write keys so that the judge finds them: ``item 2-4``, ``item 7 / A``, ``correctness / B``."""
        if "item" not in self.block.keys:
            return [neutralise(" / ".join(str(part)[:_NAME_CHARS] for part in key)) for key in keys]
        place = self.block.keys.index("item")
        groups: dict[Key, list[int]] = {}
        for key in keys:
            groups.setdefault((*key[:place], *key[place + 1 :]), []).append(key[place])
        return [
            " / ".join((f"item {first}" if first == last else f"item {first}-{last}", *rest))
            for rest, numbers in groups.items()
            for first, last in _runs(sorted(numbers))
        ]


class _Object(dict[str, Any]):
    """A JSON object that remembers which of its properties stood there more than once."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Go through the stretches of numbers that follow each other."""
    for _, stretch in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        inside = [number for _, number in stretch]
        yield inside[0], inside[-1]


def settled_items(readout: Readout, verifiers: Mapping[str, Mapping[str, Any]]) -> dict[int, str]:
    """Return the status of each item that a verifier has settled; the first one that has counts."""
    items: dict[int, str] = {}
    for rule in readout.settle:
        verdicts = verifiers.get(rule.verifier, {}).get("items")
        for verdict in verdicts if isinstance(verdicts, list) else ():
            if verdict.get("status") in ("satisfied", "failed"):
                items.setdefault(verdict["item"], verdict["status"])
    return items


def blocks_for(
    evidence: Evidence | None,
    answer: Any,
    labels: tuple[str, ...],
    fields: Mapping[str, Any],
    settled: Collection[int],
    most_verdicts: int,
) -> tuple[Block, ...]:
    """Return the blocks of a link's ``final_answer`` for one sample.

    Args:
        evidence: what findings look like; None where there are none.
        answer: the record of the task's answer.
        labels: of the responses.
        fields: the visible fields of the sample.
        settled: the items that a verifier has settled.
        most_verdicts: how many verdicts the tool takes.
    """
    blocks = []
    if evidence is not None:
        listed_items = fields.get(evidence.items_from) if evidence.items_from is not None else None
        count = evidence.most if listed_items is None else len(listed_items)
        values = {
            "criterion": tuple(criterion.name for criterion in evidence.criteria),
            "response": labels,
            "item": tuple(range(1, count + 1)),
        }
        own = "item" in evidence.keys and listed_items is None
        blocks.append(
            Block(
                name="findings",
                keys=evidence.keys,
                values=tuple(values[key] for key in evidence.keys),
                closed=evidence.closed,
                most=evidence.most,
                own=own,
                nested=evidence.closed and "item" not in evidence.keys,
                settled=frozenset((item,) for item in settled) if evidence.keys == ("item",) else frozenset(),
            )
        )
    if isinstance(answer, ChecklistAnswer):
        items = tuple(range(1, len(fields.get(answer.over, ())) + 1))
        blocks.append(Block("verdicts", ("item",), (items,), closed=True, most=most_verdicts))
    return tuple(blocks)
