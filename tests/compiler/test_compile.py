"""Artifacts: what is in them, and that the same sources give the same bytes anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from compiler_support import check, good_files

from skillc.emit.output import OutputError, compare, write_artifacts
from skillspec.artifacts import ArtifactStore, link_id


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    files = check(tmp_path / "src", good_files()).artifacts()
    write_artifacts(tmp_path / "out", files)
    return ArtifactStore(tmp_path / "out")


def text_of(store: ArtifactStore, parts: Any) -> str:
    return "\n\n".join(store.text(part.ref) for part in parts if hasattr(part, "ref"))


def test_every_artifact_reads_back_with_its_digest(store: ArtifactStore) -> None:
    for name in store.index.tasks:
        assert store.task(name).id == name
    for name in store.index.skills:
        assert store.skill(name).id == name
    for name in store.index.links:
        assert store.link(name).id == name
    for ref, size in store.index.texts.items():
        assert len(store.text(ref)) == size
    assert len(store.index.links) == 2 + 2 * 4


def test_each_link_hands_over_only_what_is_read(store: ArtifactStore) -> None:
    for delivery in ("progressive", "preloaded", "flat", "tools_only"):
        link = store.link(link_id("pairs", "fair_judge", "fair", delivery))
        assert link.fields == ("prompt", "responses")
    link = store.link(link_id("ratings", "scorer", "operational", "progressive"))
    assert link.fields == ("prompt", "response", "checklist", "checkers")
    assert store.link(link_id("ratings", "scorer", "operational", "tools_only")).fields == (
        "prompt",
        "response",
    )
    assert store.link("ratings.direct").fields == ("prompt", "response")


def test_deliveries_move_the_same_texts(store: ArtifactStore) -> None:
    progressive = store.link("fair_judge.pairs.fair.progressive")
    preloaded = store.link("fair_judge.pairs.fair.preloaded")
    flat = store.link("fair_judge.pairs.fair.flat")
    manual = text_of(store, progressive.loaded)
    assert "1. read: Note what is asked." in manual
    assert "2. compare: Hold both against it. [python, rubric.main]" in manual
    assert manual in text_of(store, preloaded.messages[0].parts)
    inlined = text_of(store, flat.messages[0].parts)
    assert "2. compare: Hold both against it. [rubric.main]" in inlined
    assert "rubric.main:\nRight beats well written." in inlined
    assert "heading_resources" not in inlined
    assert "Right beats well written." not in manual
    assert [tool.name for tool in progressive.tools] == [
        "use_skill",
        "list_resources",
        "view_resource",
        "python_sandbox",
        "final_answer",
    ]
    assert [tool.name for tool in preloaded.tools] == [tool.name for tool in progressive.tools[1:]]
    assert [tool.name for tool in flat.tools] == ["final_answer"]
    tools_only = store.link("fair_judge.pairs.fair.tools_only")
    assert [tool.name for tool in tools_only.tools] == ["python_sandbox", "final_answer"]
    assert list(tools_only.tools[-1].parameters["properties"]) == ["reason", "verdict"]
    assert {link.readout for link in (progressive, preloaded, flat)} == {"skill"}
    assert tools_only.readout == "task"


def _objects(schema: Any) -> list[dict[str, Any]]:
    found = []
    if isinstance(schema, dict):
        found = [schema] if schema.get("type") == "object" else []
        found += [inner for value in schema.values() for inner in _objects(value)]
    return found + (
        [inner for value in schema for inner in _objects(value)] if isinstance(schema, list) else []
    )


def test_tool_schemas_are_strict_and_keep_their_order(store: ArtifactStore) -> None:
    for name in store.index.links:
        for tool in store.link(name).tools:
            for schema in _objects(tool.parameters):
                assert schema["additionalProperties"] is False
                assert schema["required"] == list(schema["properties"])
    final = store.link("fair_judge.pairs.fair.progressive").tools[-1].parameters
    assert list(final["properties"]) == ["findings", "reason", "verdict"]
    assert final["properties"]["verdict"]["enum"] == ["A", "B"]
    assert final["properties"]["findings"]["maxItems"] == 4
    computed = store.link("scorer.ratings.operational.progressive").tools[-1].parameters
    assert list(computed["properties"]) == ["findings", "reason"]


def test_a_computed_readout_is_data(store: ArtifactStore) -> None:
    readout = store.skill("scorer").readout
    assert readout.otherwise == 0.5
    assert readout.round == 4
    assert [settle.verifier for settle in readout.settle] == ["rules"]
    assert len(readout.caps) == 2


def test_what_extends_has_all_it_took_over(tmp_path: Path) -> None:
    files = good_files()
    files["more.skill"] = """\
language 1
import { fair_judge } from "main.skill"
skill stricter extends fair_judge {
  version "2.0.0"
  replace protocol { turns 3 }
  procedure {
    step weigh "Weigh what was found." before compare
    replace step read "Read twice."
  }
}
"""
    files = check(tmp_path / "src", files).artifacts()
    write_artifacts(tmp_path / "out", files)
    skill = ArtifactStore(tmp_path / "out").skill("stricter")
    assert [(step.name, step.text) for step in skill.steps] == [
        ("read", "Read twice."),
        ("weigh", "Weigh what was found."),
        ("compare", "Hold both against it."),
    ]
    assert (skill.limits.turns, skill.limits.views) == (3, 4)
    assert [resource.id for resource in skill.resources] == ["rubric.main", "note.bias"]
    assert set(skill.sources) == {"main.skill", "more.skill", "shared.skill"}


_BUILD = """
import sys, hashlib
from pathlib import Path
from skillc.cli import main
sys.exit(main(["compile", sys.argv[1], "--out", sys.argv[2]]))
"""


def test_same_sources_same_bytes(tmp_path: Path) -> None:
    """Twice, from another working directory, under another locale and another hash seed."""
    here = check(tmp_path / "src", good_files()).artifacts()
    for seed, cwd in (("0", tmp_path), ("77", Path("/"))):
        out = tmp_path / f"out{seed}"
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": "C", "PYTHONUTF8": "0"}
        command = [sys.executable, "-c", _BUILD, str(tmp_path / "src"), str(out)]
        subprocess.run(command, check=True, cwd=cwd, env=environment, stdout=subprocess.DEVNULL)
        paths = [path for path in out.rglob("*") if path.is_file()]
        written = {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}
        assert written == here


def test_writing_removes_its_own_and_nothing_else(tmp_path: Path) -> None:
    files = check(tmp_path / "src", good_files()).artifacts()
    out = tmp_path / "out"
    write_artifacts(out, files)
    (out / "tasks" / "notes.json").write_text('{"mine": 1}')
    (out / "texts" / "readme.txt").write_text("mine")
    fewer = {path: content for path, content in files.items() if path != "tasks/ratings.json"}
    assert compare(out, fewer).extra == ("tasks/ratings.json",)
    assert write_artifacts(out, fewer).extra == ("tasks/ratings.json",)
    assert not (out / "tasks" / "ratings.json").exists()
    assert (out / "tasks" / "notes.json").exists()
    assert (out / "texts" / "readme.txt").exists()
    assert not write_artifacts(out, fewer)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    files = check(tmp_path / "src", good_files()).artifacts()
    (tmp_path / "index.json").write_text(json.dumps({"kind": "web"}))
    with pytest.raises(OutputError, match="is not ours"):
        write_artifacts(tmp_path, files)
