"""Where raw rows come from: JSONL, JSON, parquet, a folder of these, or Hugging Face."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skillrl.data.errors import DataError

__all__ = ["Source", "read_parquet", "read_source"]

_SUFFIXES = (".jsonl", ".json", ".parquet", ".jsonl.gz", ".json.gz")


@dataclass(frozen=True, slots=True)
class Source:
    """Raw rows, and what they were read from: a name and a digest for the data card."""

    name: str
    digest: str
    rows: tuple[dict[str, Any], ...]


def read_source(path: Path | None, hub_name: str) -> Source:
    """Read all rows of ``path``, or of ``hub_name`` on Hugging Face where no path is given.

    Raises:
        DataError: nothing is there, or it cannot be read.
    """
    if path is None:
        return _from_hub(hub_name)
    if not path.exists():
        raise DataError(
            f"{path} does not exist. Give --data a JSONL, JSON or parquet file or a folder of them."
        )
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.name.endswith(_SUFFIXES))
    if not files:
        raise DataError(f"{path} holds no {', '.join(_SUFFIXES)} file.")
    digest = hashlib.sha256()
    rows: list[dict[str, Any]] = []
    for file in files:
        digest.update(file.read_bytes())
        rows.extend(_read_file(file))
    return Source(", ".join(file.name for file in files), digest.hexdigest()[:16], tuple(rows))


def _read_file(file: Path) -> Iterator[dict[str, Any]]:
    if file.suffix == ".parquet":
        yield from read_parquet(file)
        return
    try:
        raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        values = _values(raw.decode("utf-8-sig"), file)
    except (ValueError, OSError, EOFError, zlib.error, RecursionError) as error:
        raise DataError(f"{file.name} cannot be read: {error}") from None
    for number, value in enumerate(values, 1):
        if not isinstance(value, dict):
            raise DataError(
                f"{file.name}, row {number}: a row must be an object, not {type(value).__name__}."
            )
        yield value


def _values(text: str, file: Path) -> list[Any]:
    """Return the values of a JSON text, or of its lines: either is met under either name."""
    if file.name.removesuffix(".gz").endswith(".json") or text.lstrip().startswith("["):
        try:
            value = json.loads(text)
        except ValueError:
            pass
        else:
            if isinstance(value, dict) and len(value) == 1:
                (only,) = value.values()
                value = only if isinstance(only, list) else value
            return value if isinstance(value, list) else [value]
    lines = enumerate(text.split("\n"), 1)
    return [_json_line(line, file, number) for number, line in lines if line.strip()]


def _json_line(line: str, file: Path, number: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{file.name}, line {number} is no JSON: {error}") from None


def read_parquet(file: Path) -> list[dict[str, Any]]:
    """Read the rows of a parquet file.

    Raises:
        DataError: pyarrow is missing, or the file is none.
    """
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise DataError("parquet needs pyarrow: pip install 'skillc[verl]', or pip install pyarrow") from None
    try:
        rows: list[dict[str, Any]] = parquet.read_table(file).to_pylist()
    except (OSError, ValueError) as error:
        raise DataError(f"{file.name} cannot be read as parquet: {error}") from None
    return rows


def _from_hub(name: str) -> Source:
    try:
        from datasets import load_dataset
    except ImportError:
        raise DataError(
            f"reading {name} from Hugging Face needs the package datasets; "
            "install it, or give --data a downloaded file or folder"
        ) from None
    try:
        loaded = load_dataset(name, split="train")
        rows = tuple(dict(row) for row in loaded)
    except Exception as error:  # the hub's client raises what its many parts raise
        raise DataError(
            f"{name} cannot be fetched from Hugging Face ({type(error).__name__}: {error}). "
            "Without a network, give --data a downloaded file or folder."
        ) from None
    digest = hashlib.sha256(json.dumps(rows, sort_keys=True, default=str).encode()).hexdigest()[:16]
    return Source(name, digest, rows)
