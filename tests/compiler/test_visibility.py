"""Visibility as a type: every level, in every setting, at every place that reads a field.

What is allowed is said here by sets, not taken from the compiler: fair is public, operational is public,
sample and benchmark, what is not declared is oracle and allowed nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from compiler_support import check, phrases

from skillrt.programs.program import load_program
from skillrt.programs.view import make_view
from skillspec.artifacts import ArtifactStore

GRANTED = {"fair": {"public"}, "operational": {"public", "sample", "benchmark"}}
ITEMS = {"public": "given", "sample": "attach", "benchmark": "about", "oracle": None}

PROGRAM = '''\
language 1
import { words } from "words.skill"

task blind {
  given  prompt, responses { A, B }, reference
  answer choice of responses
  accept text only label
  user   """{{ prompt }} {{ responses.A }} {{ responses.B }} {{ reference }}"""
}

task pairs {
  given  prompt{responses}
  {levels}
  answer {answer}
  {accept}
  system """You compare.{system}"""
  user   """{{ prompt }}{user}"""
  closing tools """Submit."""
}

skill judge {
  version "1.0.0"
  summary "Compares."
  serves  pairs
  setting {setting}
  phrases words
  procedure { step look "Look." }
  protocol { runs 2 }
  {part}
  evidence { finding each {keys} { status satisfied | failed } }
  readout { base answer{rule} }
}
'''
LABEL = "accept text only label"


@dataclass(frozen=True)
class Place:
    """A place that reads a field: what is put into the program, and how a diagnostic names it."""

    path: str
    field: str
    put: dict[str, str]
    of_skill: bool = True
    """Whether the path is one of the skill; the other places are the task's own."""


READS = "reads prompt, responses, reference"
PLACES = {
    "system": Place("the `system` template", "extra", {"system": " {{ extra }}"}, False),
    "user": Place("the `user` template", "extra", {"user": " {{ extra }}"}, False),
    "answer": Place(
        "the answer",
        "checklist",
        {"answer": 'checklist over checklist { satisfied "[[y]]" failed "[[n]]" }'},
        False,
    ),
    "resource": Place("resource `note.x`", "extra", {"part": 'resource note x { from extra  hint "h" }'}),
    "resource when": Place(
        "`when` of resource `note.x`",
        "extra",
        {"part": 'resource note x { text "t"  hint "h"  when extra = "a" }'},
    ),
    "verifier": Place(
        "verifier `match`",
        "reference",
        {"part": f'verifier match {{ by "reference_match@1"  {READS}  gives winner  run auto }}'},
    ),
    "verifier when": Place(
        "`when` of verifier `code`",
        "extra",
        {
            "part": 'verifier code { by "code_examples@1"  reads prompt, responses  gives winner  run auto  '
            "when extra }"
        },
    ),
    "pipeline": Place(
        "pipeline `again`",
        "reference",
        {"part": f'pipeline again {{ task blind  {READS}  gives winner  budget 1 requests  hint "h" }}'},
    ),
    "pipeline when": Place(
        "`when` of pipeline `again`",
        "extra",
        {
            "part": "pipeline again { task plain  reads prompt, responses  gives winner  budget 1 requests  "
            'hint "h"  when extra in ["a", "b"] }'
        },
    ),
    "tool": Place("`use python`", "extra", {"part": "use python { sees extra }"}),
    "readout": Place("the readout", "extra", {"rule": '\n    decide A when extra = "a"'}),
    "abstention": Place("the readout", "extra", {"rule": "\n    abstain when not extra"}),
    "evidence": Place("`finding each item`", "checklist", {"keys": "item from checklist max 9"}),
}
PLAIN = '''
task plain {
  given  prompt, responses { A, B }
  answer choice of responses
  accept text only label
  user   """{{ prompt }} {{ responses.A }} {{ responses.B }}"""
}
'''


def program(place: Place, level: str, setting: str, *, alone: bool = True) -> dict[str, str]:
    """A program in which ``place`` reads its field at ``level``; ``alone``: its task has a direct link."""
    over_list = place.put.get("answer") is not None
    parts = {
        "responses": "" if over_list else ", responses { A, B }",
        "levels": f"{ITEMS[level]} {place.field}" if ITEMS[level] not in (None, "given") else "",
        "answer": "choice of responses",
        "accept": r"accept text blocks /(?P<item>\d) (?P<label>\[\[[yn]\]\])/" if over_list else LABEL,
        "system": "",
        "user": "" if over_list else " {{ responses.A }} {{ responses.B }}",
        "setting": setting,
        "part": "",
        "keys": "item max 9" if over_list else "response max 4",
        "rule": "",
    }
    parts |= {key: value for key, value in place.put.items() if key not in ("system", "user")}
    for key in ("system", "user"):
        parts[key] += place.put.get(key, "")
    if level == "public":
        parts["responses"] += f", {place.field}"
    if not alone:
        parts["accept"] = ""
    text = PROGRAM
    for key, value in parts.items():
        text = text.replace("{" + key + "}", value, 1)
    return {
        "main.skill": text + (PLAIN if "task plain" in text else ""),
        "words.skill": "language 1\n" + phrases(),
    }


def said(
    tmp_path: Path, place: Place, level: str, setting: str, *, alone: bool = True
) -> list[tuple[str, str]]:
    """Code and message of every error."""
    result = check(tmp_path, program(place, level, setting, alone=alone))
    return [(item.code, item.message) for item in result.report.diagnostics if item.severity == "error"]


@pytest.mark.parametrize("setting", GRANTED)
@pytest.mark.parametrize("level", ITEMS)
@pytest.mark.parametrize("where", [name for name, place in PLACES.items() if place.of_skill])
def test_what_a_skill_reads(tmp_path: Path, where: str, level: str, setting: str) -> None:
    place = PLACES[where]
    path = f"{place.path} of skill `judge` reads `{place.field}`, which"
    expected = []
    if level == "oracle":
        expected = [("SK302", f"{path} task `pairs` does not declare: it is oracle")]
    elif level not in GRANTED[setting]:
        grants = "public" if setting == "fair" else "public, sample, benchmark"
        expected = [
            ("SK301", f"{path} is at level {level} in task `pairs`; setting {setting} grants {grants}")
        ]
    assert said(tmp_path, place, level, setting) == expected


@pytest.mark.parametrize("setting", GRANTED)
@pytest.mark.parametrize("level", ITEMS)
@pytest.mark.parametrize("where", [name for name, place in PLACES.items() if not place.of_skill])
def test_what_a_task_reads_itself(tmp_path: Path, where: str, level: str, setting: str) -> None:
    """A task with ``accept`` runs by itself, in setting fair: whatever its skills are granted."""
    place = PLACES[where]
    expected = []
    if level == "oracle":
        expected = [("SK302", ORACLE_IN_TASK[where])]
    elif level != "public":
        message = (
            f"{place.path} of task `pairs` reads `{place.field}`, which is at level {level}: "
            "a task by itself runs in setting fair"
        )
        expected = [("SK301", message)]
    assert said(tmp_path, place, level, setting) == expected


ORACLE_IN_TASK = {
    "system": "the `system` template reads `extra`, which task `pairs` does not declare: it is oracle",
    "user": "the `user` template reads `extra`, which task `pairs` does not declare: it is oracle",
    "answer": "the answer goes over `checklist`, which is no field of this task",
}


@pytest.mark.parametrize("setting", GRANTED)
@pytest.mark.parametrize("level", ["public", "sample", "benchmark"])
@pytest.mark.parametrize("where", [name for name, place in PLACES.items() if not place.of_skill])
def test_a_task_that_only_skills_run_reads_what_they_are_granted(
    tmp_path: Path, where: str, level: str, setting: str
) -> None:
    place = PLACES[where]
    expected = []
    if level not in GRANTED[setting]:
        message = (
            f"skill `judge` serves task `pairs`, where {place.path} reads `{place.field}`, which is at level "
            f"{level}; setting {setting} grants public"
        )
        expected = [("SK301", message)]
    assert said(tmp_path, place, level, setting, alone=False) == expected


def _store(root: Path, files: dict[str, str]) -> ArtifactStore:
    for path, data in check(root / "src", files).artifacts().items():
        (root / "out" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "out" / path).write_bytes(data)
    return ArtifactStore(root / "out")


SAMPLE: dict[str, Any] = {
    "prompt": "p",
    "responses": {"A": "a", "B": "b"},
    "extra": "EXTRA",
    "label": "B",
    "chosen": "b",
    "scores": [1, 0],
}


def test_an_undeclared_field_is_not_in_any_view(tmp_path: Path) -> None:
    """What no task declares is not handed on, whatever the sample brings along."""
    store = _store(tmp_path, program(PLACES["resource"], "sample", "operational"))
    for name in store.index.links:
        link = store.link(name)
        if link.task == "pairs":
            view = make_view(store.task(link.task), link, SAMPLE)
            assert set(view.fields) <= {"prompt", "responses", "extra"}
            assert not {"label", "chosen", "scores"} & set(view.fields)
            wide = link.setting == "operational" and link.delivery != "tools_only"
            assert ("extra" in view.fields) is wide


def test_a_link_cannot_widen_what_its_setting_grants(tmp_path: Path) -> None:
    """A link that names more fields than its setting grants, or undeclared ones, gets none of them."""
    import msgspec

    store = _store(tmp_path, program(PLACES["resource"], "sample", "operational"))
    link = msgspec.structs.replace(
        store.link("pairs.direct"), fields=("prompt", "responses", "extra", "label")
    )
    assert set(make_view(store.task("pairs"), link, SAMPLE).fields) == {"prompt", "responses"}


def test_oracle_fields_change_nothing_that_is_sent(tmp_path: Path) -> None:
    """The opening request is the same bytes with and without the oracle fields."""
    store = _store(tmp_path, program(PLACES["resource"], "sample", "operational"))
    bare = {key: SAMPLE[key] for key in ("prompt", "responses", "extra")}
    for delivery in ("progressive", "preloaded", "flat", "tools_only"):
        linked = load_program(store, f"judge.pairs.operational.{delivery}")
        sent = [linked.messages(make_view(linked.task, linked.link, sample), {}) for sample in (SAMPLE, bare)]
        assert sent[0] == sent[1]
        assert ("EXTRA" in str(sent[0])) is (delivery == "flat")
