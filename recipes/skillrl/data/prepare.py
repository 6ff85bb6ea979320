"""``skillrl prepare``: raw rows to ``train.parquet``, ``val.parquet`` and a data card."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skillrl.data.errors import DataError
from skillrl.data.formats import FORMATS, Draft, Format
from skillrl.data.source import Source, read_source
from skillrl.data.trial import try_checkers
from skillrl.rows.raw import BY_RULE, TO_JUDGE, RowError
from skillrt.programs.neutral import encodable
from skillrt.verifiers import Checker
from skillrt.verifiers.checkers import checker_json

__all__ = ["Prepared", "prepare", "prepare_rows", "write_prepared"]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows in verl's columns by split, and what became of everything that was read.

    Attributes:
        splits: the rows that are kept.
        read: rows that were read.
        dropped: how many were dropped, by reason.
        items: the checklist items of the kept rows by who decides them and why, the ignored ones too.
    """

    splits: Mapping[str, tuple[dict[str, Any], ...]]
    read: int
    dropped: Mapping[str, int]
    items: Mapping[str, int]

    def lines(self) -> list[str]:
        """Say what was kept and dropped, and why, a line for each reason."""
        parts = ", ".join(f"{split} {len(rows)}" for split, rows in self.splits.items())
        kept = sum(map(len, self.splits.values()))
        return [
            f"{self.read} rows read, {kept} kept ({parts}), {sum(self.dropped.values())} dropped",
            *(f"  {count} x dropped: {reason}" for reason, count in _ordered(self.dropped)),
            f"{sum(self.items.values())} checklist items in the rows kept",
            *(f"  {count} x {fate}" for fate, count in _ordered(self.items)),
        ]


def prepare_rows(kind: Format, rows: Sequence[Mapping[str, Any]], *, seed: int, validation: int) -> Prepared:
    """Turn raw rows into verl's, trying each rule once.

    A rule that cannot run is left to the judge; a row that cannot be read, or repeats a prompt, is
    dropped. Each row and item is counted with its reason.

    Args:
        kind: the data set.
        rows: its raw rows.
        seed: shuffles the rows before they are split.
        validation: rows that go into ``val``.

    Raises:
        DataError: no row is left to train on.
    """
    dropped: Counter[str] = Counter()
    drafts: list[Draft] = []
    seen: set[str] = set()
    for number, row in enumerate(rows):
        try:
            draft = kind.read(row, number)
            if (key := " ".join(draft.prompt.split())) in seen:
                raise RowError("the same prompt was there before")
        except RowError as error:
            dropped[error.reason] += 1
            continue
        seen.add(key)
        drafts.append(draft)
    tried = asyncio.run(try_checkers(rule for draft in drafts for rule in draft.demands.checkers if rule))
    items: Counter[str] = Counter()
    for draft in drafts:
        items.update(fate for fate in draft.demands.fates if fate != BY_RULE)
        for is_rule, why in (tried[rule] for rule in draft.demands.checkers if rule is not None):
            items[f"{BY_RULE if is_rule else TO_JUDGE}: {why}"] += 1
    if len(drafts) <= validation:
        reasons = "; ".join(f"{count} x {reason}" for reason, count in dropped.most_common(3))
        raise DataError(
            f"{len(drafts)} of {len(rows)} rows can be used and {validation} are wanted for validation: "
            f"nothing is left to train on. Lower --val, or see why rows were dropped: {reasons or 'none'}."
        )
    random.Random(seed).shuffle(drafts)  # noqa: S311
    parts = {"val": drafts[:validation], "train": drafts[validation:]}
    splits = {
        split: tuple(_row(kind.name, draft, split, index, tried) for index, draft in enumerate(part))
        for split, part in parts.items()
    }
    return Prepared(splits, len(rows), dict(dropped), dict(items))


def _row(
    name: str, draft: Draft, split: str, index: int, tried: Mapping[Checker, tuple[bool, str]]
) -> dict[str, Any]:
    system = [{"role": "system", "content": draft.system_prompt}] if draft.system_prompt else []
    fields = {
        "prompt": draft.prompt,
        "system_prompt": draft.system_prompt,
        "history": list(draft.history),
        "checklist": list(draft.demands.checklist),
        "checkers": [
            checker_json(rule if rule is not None and tried[rule][0] else None)
            for rule in draft.demands.checkers
        ],
    }
    row = {
        "data_source": name,
        "prompt": [*system, *draft.history, {"role": "user", "content": draft.prompt}],
        "ability": "instruction_following",
        "reward_model": {
            "style": "rule",
            "ground_truth": json.dumps(
                {key: value for key, value in fields.items() if value}, ensure_ascii=False
            ),
        },
        "extra_info": {"index": index, "split": split, "id": draft.id},
    }
    plain: dict[str, Any] = encodable(row)
    return plain


def write_prepared(prepared: Prepared, source: Source, kind: Format, out: Path, *, seed: int) -> None:
    """Write the parquet files and ``card.md`` to ``out``.

    Raises:
        DataError: pyarrow is missing, or the folder cannot be written.
    """
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise DataError("parquet needs pyarrow: pip install 'skillc[verl]', or pip install pyarrow") from None
    text = pyarrow.string()
    turn = pyarrow.struct([("role", text), ("content", text)])
    schema = pyarrow.schema(
        [
            ("data_source", text),
            ("prompt", pyarrow.list_(turn)),
            ("ability", text),
            ("reward_model", pyarrow.struct([("style", text), ("ground_truth", text)])),
            ("extra_info", pyarrow.struct([("index", pyarrow.int64()), ("split", text), ("id", text)])),
        ]
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
        for split, rows in prepared.splits.items():
            parquet.write_table(pyarrow.Table.from_pylist(list(rows), schema), out / f"{split}.parquet")
        (out / "card.md").write_text(_card(prepared, source, kind, seed), encoding="utf-8")
    except OSError as error:
        raise DataError(f"{out} cannot be written: {error.strerror}") from None


def _card(prepared: Prepared, source: Source, kind: Format, seed: int) -> str:
    lines = [
        f"# {kind.name}, prepared for training",
        "",
        f"- source: {source.name}, sha256 {source.digest}",
        f"- split: shuffled with seed {seed}",
        "",
        "A rule was run once in the sandbox on two probe answers. What it raises there decides nothing.",
        "A source that can do nothing here, whatever it is given, is left to the judge.",
        "",
        "    " + "\n    ".join(prepared.lines()),
    ]
    return "\n".join(lines) + "\n"


def _ordered(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def prepare(
    kind: str, data: Path | None, out: Path, *, seed: int, validation: int, limit: int | None
) -> Prepared:
    """Read, check, split and write a data set; return what was written.

    Raises:
        DataError: the data cannot be read or used, or ``out`` cannot be written.
    """
    chosen = FORMATS[kind]
    source = read_source(data, chosen.hub_name)
    prepared = prepare_rows(chosen, source.rows[:limit], seed=seed, validation=validation)
    write_prepared(prepared, source, chosen, out, seed=seed)
    return prepared
