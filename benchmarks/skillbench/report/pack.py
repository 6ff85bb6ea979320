"""The judgments that a report carries: all rows in columns, and a bounded choice of conversations."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from skillbench.analysis.judgments import RIGHT, WRONG, Judgments
from skillbench.folder.journal import TRACES
from skillspec.files import open_file
from skillspec.words import FINAL_ANSWER

__all__ = ["FLAGS", "MOST_CONVERSATIONS", "Pack", "pack"]

MOST_CONVERSATIONS: Final = 2000
"""Conversations in one report, over all its runs."""

FLAGS: Final = {"valid": 1, "right": 2, "wrong": 4, "ungrounded": 8, "overruled": 16}
"""Bits of a row."""

_ROWS_BYTES: Final = 5_000_000
_TALK_BYTES: Final = 7_000_000
_CHUNK: Final = 24
_TEXT: Final = 24_000
_MESSAGES: Final = 80


@dataclass(frozen=True, slots=True)
class Pack:
    """What the page's script unpacks: gzip in base64.

    ``kept`` counts the rows carried and ``conversations`` those that can be read; ``dropped`` names
    columns that were left out for size.
    """

    rows: str
    chunks: tuple[str, ...]
    total: int
    kept: int
    conversations: int
    dropped: tuple[str, ...]


def _zip(value: Any) -> bytes:
    # Half surrogate pairs of a model's text go through as escapes; mtime 0 gives the same bytes every time.
    return gzip.compress(json.dumps(value, separators=(",", ":")).encode("ascii"), 6, mtime=0)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _flags(run: Judgments, row: int) -> int:
    return (
        FLAGS["valid"] * run.valid[row]
        + FLAGS["right"] * (run.right[row] == RIGHT)
        + FLAGS["wrong"] * (run.right[row] == WRONG)
        + FLAGS["ungrounded"] * (run.grounded[row] == 0)
        + FLAGS["overruled"] * run.overruled[row]
    )


def _columns(run: Judgments, count: int, without: Sequence[str]) -> dict[str, Any]:
    tokens = (run.costs["prompt_tokens"][row] + run.costs["completion_tokens"][row] for row in range(count))
    columns: dict[str, Any] = {
        "id": run.ids[:count],
        "group": run.group[:count].tolist(),
        "order": run.order[:count],
        "gold": run.gold[:count],
        "said": run.said[:count],
        "outcome": run.outcome[:count],
        "label": run.label[:count],
        "note": run.note[:count],
        "flags": [_flags(run, row) for row in range(count)],
        "tokens": [int(number) for number in tokens],
        "latency": [round(seconds, 2) for seconds in run.costs["latency_s"][:count]],
    }
    return {name: column for name, column in columns.items() if name not in without}


def _kind(run: Judgments, row: int) -> str:
    if not run.valid[row]:
        return "invalid"
    if run.grounded[row] == 0:
        return "ungrounded"
    if run.overruled[row]:
        return "overruled"
    return "wrong" if run.right[row] == WRONG else "other"


def _choice(runs: Sequence[Judgments], counts: Sequence[int]) -> list[tuple[int, int]]:
    """Choose judgments whose conversations are carried: of every run, group and kind in turn.

    Within such a set they come in an order that a hash of the id gives: a sample, and the same each time.
    """
    sets: dict[tuple[int, int, str], list[tuple[bytes, int]]] = {}
    for number, (run, count) in enumerate(zip(runs, counts, strict=True)):
        for row in range(min(count, len(run.trace_at))):
            place = hashlib.sha256(run.ids[row].encode("utf-8", "replace")).digest()[:8]
            sets.setdefault((number, run.group[row], _kind(run, row)), []).append((place, row))
    queues = [iter(sorted(sets[key])) for key in sorted(sets)]
    keys = sorted(sets)
    chosen: list[tuple[int, int]] = []
    while queues and len(chosen) < MOST_CONVERSATIONS:
        left, names = [], []
        for key, queue in zip(keys, queues, strict=True):
            candidate = next(queue, None)
            if candidate is None:
                continue
            chosen.append((key[0], candidate[1]))
            left.append(queue)
            names.append(key)
        queues, keys = left, names
    return chosen[:MOST_CONVERSATIONS]


def _cut(text: Any) -> str:
    shown = text if isinstance(text, str) else "" if text is None else json.dumps(text, ensure_ascii=False)
    return shown if len(shown) <= _TEXT else f"{shown[:_TEXT]}\n[... {len(shown) - _TEXT} characters more]"


def _calls(message: Mapping[str, Any]) -> list[list[str]]:
    calls = []
    for call in message.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            calls.append([str(function.get("name")), _cut(function.get("arguments"))])
    return calls


def _findings(messages: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return the findings that were accepted; of an old run, those that the judge submitted last."""
    kept = next(
        (event["findings"] for event in events if event.get("type") == "end" and "findings" in event), None
    )
    if isinstance(kept, list):
        return _short(kept)
    for message in reversed(messages):
        for name, arguments in reversed(_calls(message)):
            if name != FINAL_ANSWER:
                continue
            try:
                given = json.loads(arguments)
            except ValueError:
                continue
            findings = given.get("findings") if isinstance(given, dict) else None
            if isinstance(findings, list):
                return _short(findings)
    return []


def _short(findings: Sequence[Any]) -> list[Any]:
    return [finding for finding in findings[:50] if len(json.dumps(finding)) < _TEXT]


class _Trace(msgspec.Struct):
    messages: list[Any] | None = None
    events: list[Any] | None = None


class _Line(msgspec.Struct):
    trace: _Trace


_DECODER: Final = msgspec.json.Decoder(_Line)


def _trace(raw: bytes) -> _Trace:
    try:
        return _DECODER.decode(raw).trace
    except (msgspec.DecodeError, UnicodeDecodeError):  # half surrogate pairs
        return msgspec.convert(json.loads(raw), _Line).trace


def _conversation(raw: bytes) -> dict[str, Any]:
    try:
        trace = _trace(raw)
        messages = [message for message in trace.messages or () if isinstance(message, dict)]
        events = [event for event in trace.events or () if isinstance(event, dict)]
    except (ValueError, TypeError, RecursionError):
        return {"messages": [], "findings": [], "verifiers": [], "more": 0}
    verifiers = [
        [str(event.get("id")), _cut(event["result"].get("text"))]
        for event in events
        if event.get("type") == "verifier" and isinstance(event.get("result"), dict)
    ]
    return {
        "messages": [
            {"role": str(message.get("role")), "text": _cut(message.get("content")), "calls": _calls(message)}
            for message in messages[:_MESSAGES]
        ],
        "findings": _findings(messages, events),
        "verifiers": verifiers[:20],
        "more": max(0, len(messages) - _MESSAGES),
    }


def _lines(
    folders: Sequence[Path], runs: Sequence[Judgments], chosen: Sequence[tuple[int, int]]
) -> Iterator[bytes]:
    with ExitStack() as stack:
        files = [stack.enter_context(open_file(folder / TRACES)) for folder in folders]
        for number, row in chosen:
            files[number].seek(runs[number].trace_at[row])
            yield files[number].readline()


def _talks(
    folders: Sequence[Path], runs: Sequence[Judgments], counts: Sequence[int]
) -> tuple[list[bytes], list[tuple[int, int]]]:
    chosen = _choice(runs, counts)
    chunks: list[bytes] = []
    used = 0
    pending: list[dict[str, Any]] = []
    done: list[tuple[int, int]] = []
    for number, raw in enumerate(_lines(folders, runs, chosen), 1):
        pending.append(_conversation(raw))
        if len(pending) < _CHUNK and number < len(chosen):
            continue
        chunk = _zip(pending)
        if used + len(chunk) > _TALK_BYTES:
            break
        used += len(chunk)
        chunks.append(chunk)
        done += chosen[len(done) : len(done) + len(pending)]
        pending = []
    return chunks, done


def pack(folders: Sequence[Path], names: Sequence[str], runs: Sequence[Judgments]) -> Pack:
    """Pack the judgments of runs within a size that a browser opens without delay."""
    total = sum(map(len, runs))
    counts = [len(run) for run in runs]
    without: tuple[str, ...] = ()
    chunks, done = _talks(folders, runs, counts)
    while True:
        talks = [[*place, *divmod(number, _CHUNK)] for number, place in enumerate(done)]
        listed = [
            {"name": name, "groups": run.groups, "count": count, "columns": _columns(run, count, without)}
            for name, run, count in zip(names, runs, counts, strict=True)
        ]
        rows = _zip({"flags": FLAGS, "runs": listed, "talks": talks})
        if len(rows) <= _ROWS_BYTES:
            break
        if not without:
            without = ("note", "label")
            continue
        counts = [count * 3 // 4 for count in counts]
        done = [(number, row) if row < counts[number] else (-1, -1) for number, row in done]
    return Pack(
        rows=_text(rows),
        chunks=tuple(map(_text, chunks)),
        total=total,
        kept=sum(counts),
        conversations=sum(number >= 0 for number, _ in done),
        dropped=without,
    )
