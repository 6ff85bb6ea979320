"""``skillrl inspect``: what verl, the rules and the judge will see for one row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from skillrl.data.errors import DataError
from skillrl.data.source import read_parquet
from skillrl.rows.sample import InstructionError, read_row
from skillrl.session import sample_for
from skillrl.settings import RewardSettings
from skillrt.programs.program import load_program
from skillrt.programs.view import SampleError, make_view
from skillspec.artifacts import ArtifactStore

__all__ = ["describe_row", "row_of"]


def row_of(file: Path, number: int) -> Mapping[str, Any]:
    """Return row ``number`` (from 1) of a parquet file.

    Raises:
        DataError: there is no such file or row.
    """
    if not file.is_file():
        raise DataError(f"{file} does not exist. Make it with skillrl prepare.")
    rows = read_parquet(file)
    if number > len(rows):
        raise DataError(f"{file.name} has {len(rows)} rows; there is no row {number}.")
    return rows[number - 1]


def describe_row(row: Mapping[str, Any], settings: RewardSettings, rollout: str) -> str:
    """Return the row as text: what the policy is asked, the items, and the judge's opening messages.

    Raises:
        DataError: the row has not verl's columns, or nobody can read its instruction.
    """
    turns = row.get("prompt")
    if not isinstance(turns, list) or not all(isinstance(turn, Mapping) for turn in turns):
        raise DataError("the row's prompt is not a list of turns, so the row is not in verl's form")
    try:
        instruction = read_row(row)
        program = load_program(ArtifactStore(), settings.link)
        view = make_view(program.task, program.link, sample_for(settings, instruction, rollout))
        messages = program.first_request(view).messages
    except (InstructionError, SampleError) as error:
        raise DataError(str(error)) from None
    checkers = instruction.checkers or [None] * len(instruction.fields.get("checklist", ()))
    items = [
        f"{number}. [{'judge' if checker is None else 'rule'}] {text}"
        for number, (text, checker) in enumerate(
            zip(instruction.fields.get("checklist", ()), checkers, strict=True), 1
        )
    ]
    blocks = [
        _block("the row", [f"{name}: {row.get(name)}" for name in ("data_source", "ability", "extra_info")]),
        _block("what the policy is asked", [f"[{turn['role']}] {turn['content']}" for turn in turns]),
        _block("the items, and who decides them", items or ["none"]),
        _block(
            f"what the judge is sent ({settings.link})",
            [f"[{message['role']}] {message['content']}" for message in messages],
        ),
    ]
    return "\n\n".join(blocks)


def _block(title: str, lines: list[str]) -> str:
    return "\n".join([f"== {title}", *lines])
