"""The JSON Schemas of the artifacts: up to date, met by what is written, and as strict as the reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from compiler_support import check, good_files
from jsonschema import Draft202012Validator

from skillc.emit.output import OutputError, write_artifacts
from skillc.emit.validate import find_mismatch
from skillspec import ARTIFACT_FORMAT
from skillspec.artifacts import ArtifactError, ArtifactStore, decode_record
from skillspec.schemas import KINDS, load_schema, schema_text, write_schemas


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    """The artifacts of a small project."""
    return check(tmp_path / "sources", good_files()).artifacts()


@pytest.mark.parametrize("kind", KINDS)
def test_the_files_are_what_the_records_give(kind: str) -> None:
    text = (Path(__file__).parents[2] / "spec" / "skillspec" / "schemas" / f"{kind}.json").read_text()
    assert text == schema_text(kind), "stale: run python -m skillspec.schemas"
    Draft202012Validator.check_schema(json.loads(text))


def test_writing_them_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in write_schemas(tmp_path)]
    assert [path.read_bytes() for path in write_schemas(tmp_path)] == first
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(KINDS)


def test_what_the_compiler_makes_meets_them(files: dict[str, bytes]) -> None:
    assert find_mismatch(files, files) is None


# A path in the artifact of a kind, and a value that does not fit there.
WRONG: list[tuple[str, tuple[str | int, ...], Any]] = [
    ("task", ("id",), "Not A Name"),
    ("task", ("answer", "kind"), "guess"),
    ("task", ("fields", 0, "level"), "secret"),
    ("task", ("more",), 1),
    ("skill", ("limits", "turns"), "many"),
    ("skill", ("setting",), "open"),
    ("skill", ("readout", "base"), {"op": "import os"}),
    ("link", ("delivery",), "by post"),
    ("link", ("messages", 0, "parts", 0, "ref"), "../../etc/passwd"),
    ("index", ("texts", "x"), -1),
]


@pytest.mark.parametrize(("kind", "path", "value"), WRONG)
def test_what_does_not_fit_is_refused_on_writing_and_on_reading(
    tmp_path: Path, files: dict[str, bytes], kind: str, path: tuple[str | int, ...], value: Any
) -> None:
    name = "index.json" if kind == "index" else next(name for name in files if name.startswith(f"{kind}s/"))
    record = json.loads(files[name])
    place = record
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    data = json.dumps(record).encode()
    with pytest.raises(OutputError, match=f"{name} does not fit the schema {kind}.json"):
        write_artifacts(tmp_path / "out", {**files, name: data})
    assert not (tmp_path / "out").exists()
    with pytest.raises(ArtifactError, match=name):
        decode_record(data, KINDS[kind], name)  # type: ignore[type-var]


def test_a_newer_format_is_refused_and_says_so(tmp_path: Path, files: dict[str, bytes]) -> None:
    record = json.loads(files["index.json"])
    record["format"] = ARTIFACT_FORMAT + 1
    record["unheard_of"] = True
    told = (
        f"index.json has artifact format {ARTIFACT_FORMAT + 1}, this program reads up to {ARTIFACT_FORMAT}. "
        "Update skillc, or compile the sources with this version."
    )
    with pytest.raises(ArtifactError) as caught:
        ArtifactStore(files={**files, "index.json": json.dumps(record).encode()})
    assert str(caught.value) == told
    assert list(Draft202012Validator(load_schema("index")).iter_errors(record))


def test_a_store_of_files_in_memory(files: dict[str, bytes]) -> None:
    store = ArtifactStore(files=files)
    assert store.link("pairs.direct").task == "pairs"
    with pytest.raises(ArtifactError, match=r"there is no texts/0000\.txt among the artifacts"):
        store.text("0000")
