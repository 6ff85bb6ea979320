"""How far `check` agrees with official verdicts: `python -m skillrt.constraints.agreement --data FOLDER`.

A folder of IFEval has `input_data.jsonl` (instruction ids and arguments) and `official_strict_verdicts.jsonl`
(responses and verdicts); instructions listed in `checker_random_instruction_indices` were decided by chance
and are left out. One of IFBench has `rows_with_official_verdicts.jsonl`, with strict and loose verdicts.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skillrt.constraints.official import check

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

INPUTS = "input_data.jsonl"
VERDICTS = "official_strict_verdicts.jsonl"
ROWS = "rows_with_official_verdicts.jsonl"


@dataclass(frozen=True, slots=True)
class Difference:
    """One instruction on which we and the official checker part."""

    key: int | str
    index: int
    instruction_id: str
    kwargs: Mapping[str, Any]
    loose: bool
    official: bool
    ours: bool | str
    """Our verdict, or why there is none."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Verdicts compared, by instruction id, and each difference."""

    compared: Counter[str]
    left_out: int
    differences: tuple[Difference, ...]

    @property
    def share(self) -> float:
        """The share of instructions with the same verdict, 0 to 1 (0 when nothing was compared)."""
        total = self.compared.total()
        return (total - len(self.differences)) / total if total else 0.0


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{path.name}:{number}: not JSON: {error}") from error
        if not isinstance(row, dict) or "key" not in row:
            raise ValueError(f"{path.name}:{number}: expected an object with a key")
        yield row


def measure(folder: Path) -> Agreement:
    """Compare all rows of a folder. OSError for a missing file, ValueError for a malformed row."""
    compared: Counter[str] = Counter()
    differences: list[Difference] = []
    left_out = 0
    for name, row in _asked(folder):
        try:
            verdicts = [
                (column == "loose", index, *asked)
                for column in ("strict", "loose")[: 1 + ("loose" in row)]
                for index, asked in enumerate(
                    zip(row["instruction_id_list"], row["kwargs"], row[column], strict=True)
                )
            ]
            chance, response = row.get("checker_random_instruction_indices", []), row["response"]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{name}: key {row['key']}: ids, arguments and verdicts do not fit: {error}"
            ) from error
        for loose, index, ident, kwargs, official in verdicts:
            if index in chance:
                left_out += 1
                continue
            compared[ident] += 1
            ours = _ours(ident, kwargs, response, loose)
            if ours != official:
                differences.append(Difference(row["key"], index, ident, kwargs, loose, official, ours))
    return Agreement(compared, left_out, tuple(differences))


def _asked(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row with the file it is of, and what was asked, answered and decided in it."""
    if (folder / ROWS).is_file():
        for row in _rows(folder / ROWS):
            yield ROWS, row
        return
    inputs = {row["key"]: row for row in _rows(folder / INPUTS)}
    for row in _rows(folder / VERDICTS):
        yield (
            VERDICTS,
            inputs.get(row["key"], {}) | row | {"strict": row.get("strict_follow_instruction_list")},
        )


def _ours(ident: str, kwargs: Mapping[str, Any], response: str, loose: bool) -> bool | str:
    try:
        return check(ident, kwargs, response, loose=loose)
    except ValueError as error:
        return str(error)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the agreement by instruction and each difference; 1 when under 99%, 2 for unreadable data."""
    parser = argparse.ArgumentParser(
        prog="python -m skillrt.constraints.agreement", description=(__doc__ or "")[:71]
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with official files of IFEval or IFBench"
    )
    folder: Path = parser.parse_args(arguments).data
    try:
        measured = measure(folder)
    except (OSError, ValueError) as error:
        print(f"cannot read the official verdicts: {error}", file=sys.stderr)
        return 2
    wrong = Counter(difference.instruction_id for difference in measured.differences)
    for name, total in sorted(measured.compared.items()):
        print(f"{name:46} {total - wrong[name]:4} of {total:4}")
    same, total = measured.compared.total() - len(measured.differences), measured.compared.total()
    print(
        f"{'all':46} {same:4} of {total:4}  {measured.share:.2%};"
        f" {measured.left_out} decided by chance left out"
    )
    for gap in measured.differences:
        where = f"key {gap.key} [{gap.index}] {gap.instruction_id}{' (loose)' if gap.loose else ''}"
        print(f"{where} {gap.kwargs}: official {gap.official}, ours {gap.ours}")
    return 0 if measured.share >= 0.99 else 1


if __name__ == "__main__":
    sys.exit(main())
