"""``predictions.jsonl`` and ``traces.jsonl``: two files that only grow, line by line in step.

Line N of one belongs to line N of the other. The trace is written first, so a process that dies
at any byte leaves at most a torn line, or a trace without its prediction; both are cut off when
the folder is opened again.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from skillbench.errors import BenchError
from skillbench.suites.base import Prediction
from skillspec.files import decode_json, open_append, open_file, read_file, read_lines, write_file

__all__ = ["PREDICTIONS", "TRACES", "Journal", "decode_line", "encode_line", "fitting", "read_predictions"]

PREDICTIONS: Final = "predictions.jsonl"
TRACES: Final = "traces.jsonl"
_MARK: Final = "compacting"
_NEW: Final = ".new"
_HEAD: Final = re.compile(rb'\{"id":("(?:[^"\\]|\\.)*")')
T = TypeVar("T")
_DECODER = msgspec.json.Decoder(Prediction)


def encode_line(value: Any) -> bytes:
    """Return a line of JSON for ``value``, whatever odd text or number it holds."""
    try:
        return msgspec.json.encode(value) + b"\n"
    except (UnicodeEncodeError, ValueError, TypeError, OverflowError):
        # A model's text may hold half a surrogate pair, and a tool's result numbers beyond 64 bits.
        plain = msgspec.to_builtins(value, builtin_types=(int,))
        return json.dumps(plain, default=str, separators=(",", ":")).encode("ascii") + b"\n"


def read_predictions(folder: Path) -> Iterator[Prediction]:
    """Yield the recorded predictions in the order of recording, one at a time.

    Raises:
        BenchError: there are none, or a line is broken; names the line.
    """
    path = folder / PREDICTIONS
    try:
        with open_file(path) as file:
            for number, raw in enumerate(read_lines(file), 1):
                yield _decode(raw, path, number)
    except FileNotFoundError as error:
        raise BenchError(f"{folder} has no {PREDICTIONS}: it is not a run folder") from error
    except OSError as error:
        raise BenchError(f"cannot read {path}: {error.strerror}") from error


@contextmanager
def fitting(folder: Path, suite: str) -> Iterator[None]:
    """Refuse rows that are predictions, and hold answers that no judgment of the suite can have.

    Raises:
        BenchError: what is done with them failed for what they hold.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BenchError(
            f"{folder / PREDICTIONS} holds judgments that are none of suite {suite} "
            f"({type(error).__name__}: {' '.join(str(error).split())})"
        ) from error


def decode_line(raw: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return what a line of JSON holds, whatever odd text or number is in it.

    Raises:
        ValueError: it is no JSON, or not of the decoder's type.
    """
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:  # lines that only Python's own reader takes: half surrogate pairs
        return msgspec.convert(decode_json(raw), decoder.type)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error) or "it is nested too deeply") from error


def _decode(raw: bytes, path: Path, number: int) -> Prediction:
    try:
        return decode_line(raw, _DECODER)
    except ValueError as error:
        raise BenchError(f"{path}, line {number}: not a prediction ({error})") from error


class Journal:
    """The two files of one run folder, open for appending. Made by one process at a time.

    Args:
        folder: the run folder, which exists.
        keep: rows for which it is false are taken out while opening, to be judged again.

    Raises:
        BenchError: a line in the middle of a file is broken, which no kill can cause.
    """

    def __init__(self, folder: Path, keep: Callable[[Prediction], bool] | None = None) -> None:
        self._folder = folder
        self._finish_compaction()
        self.recorded: set[str] = set()
        self.outcomes: dict[str, Any] = {}
        self.invalid = 0
        self.tokens = 0
        self._refused: OSError | None = None
        doomed = self._repair(keep or (lambda _: True))
        if doomed:
            self._compact(doomed)
        # Unbuffered: a finished line is with the kernel when append returns.
        self._traces, self._predictions = (
            os.fdopen(open_append(folder / name), "ab", buffering=0) for name in (TRACES, PREDICTIONS)
        )

    def append(self, prediction: Prediction, trace: Mapping[str, Any]) -> None:
        """Record one judgment.

        Raises:
            OSError: the disk refused; the journal takes nothing more, because its last line may be torn.
        """
        if prediction.id in self.recorded:
            raise ValueError(f"{prediction.id} is recorded already")
        if self._refused is not None:
            raise self._refused
        head = {"id": prediction.id, "sample_id": prediction.sample_id, "order": prediction.order}
        try:
            _write(self._traces.fileno(), encode_line({**head, "task": prediction.task, "trace": trace}))
            _write(self._predictions.fileno(), encode_line(prediction))
        except OSError as error:
            self._refused = error
            raise
        self._count(prediction)

    def close(self) -> None:
        """Close the files; everything appended is in them already."""
        self._traces.close()
        self._predictions.close()

    def _count(self, row: Prediction) -> None:
        self.recorded.add(row.id)
        if isinstance(row.outcome, str | None):
            # What a case that follows from this one depends on; other outcomes decide nothing.
            self.outcomes[row.id] = row.outcome
        self.invalid += not row.valid
        self.tokens += row.usage.prompt_tokens + row.usage.completion_tokens

    # ------------------------------------------------------------------------------- after a kill

    def _repair(self, keep: Callable[[Prediction], bool]) -> set[str]:
        """Cut both files after their last common whole line; return the ids to take out."""
        paths = (self._folder / PREDICTIONS, self._folder / TRACES)
        doomed: set[str] = set()
        with ExitStack() as stack:
            predictions, traces = (stack.enter_context(os.fdopen(open_append(path), "r+b")) for path in paths)
            predictions.seek(0)
            traces.seek(0)
            good = (0, 0)
            other = read_lines(traces)
            for number, line in enumerate(read_lines(predictions), 1):
                trace = next(other, b"")
                row = self._whole(line, trace, number, predictions.peek(1) != b"")
                if row is None:
                    break
                if row.id in self.recorded or row.id in doomed:
                    raise BenchError(f"{paths[0]}, line {number}: {row.id} is recorded twice")
                if keep(row):
                    self._count(row)
                else:
                    doomed.add(row.id)
                good = (good[0] + len(line), good[1] + len(trace))
            predictions.truncate(good[0])
            traces.truncate(good[1])
        return doomed

    def _whole(self, line: bytes, trace: bytes, number: int, more: bool) -> Prediction | None:
        """Read line ``number`` of both files; None for a torn end."""
        path = self._folder / PREDICTIONS
        try:
            row = _decode(line, path, number)
        except BenchError:
            if more:
                raise
            return None
        if not line.endswith(b"\n"):
            return None
        if not trace.endswith(b"\n"):
            return None
        head = _HEAD.match(trace)
        if head is None or json.loads(head[1]) != row.id:
            raise BenchError(f"{self._folder / TRACES}, line {number}: not the trace of {row.id}")
        return row

    # --------------------------------------------------------------------------- taking rows out

    def _compact(self, doomed: set[str]) -> None:
        """Rewrite both files without ``doomed``; a kill at any point leaves the old or the new pair."""
        with ExitStack() as stack:
            names = (PREDICTIONS, TRACES)
            token = secrets.token_hex(8)
            old = [stack.enter_context(open_file(self._folder / name)) for name in names]
            new = [stack.enter_context((self._folder / f"{name}.{token}{_NEW}").open("xb")) for name in names]
            for number, (line, trace) in enumerate(zip(*old, strict=True), 1):
                if _decode(line, self._folder / PREDICTIONS, number).id not in doomed:
                    new[0].write(line)
                    new[1].write(trace)
            for file in new:
                file.flush()
                os.fsync(file.fileno())
        write_file(self._folder / _MARK, token.encode())
        self._finish_compaction()

    def _finish_compaction(self) -> None:
        """Carry out, or forget, a compaction that was under way when a process died."""
        mark = self._folder / _MARK
        with suppress(FileNotFoundError):
            token = read_file(mark, 64).decode("ascii", "replace")
            for name in (TRACES, PREDICTIONS):
                with suppress(FileNotFoundError):
                    if token.isalnum():
                        (self._folder / f"{name}.{token}{_NEW}").replace(self._folder / name)
            mark.unlink()
        for left in self._folder.glob(f"*{_NEW}"):
            left.unlink(missing_ok=True)


def _write(descriptor: int, data: bytes) -> None:
    """Write all of ``data``; one call takes at most what the kernel likes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
