"""The schemas of all tools stay within the part of JSON Schema that strict function calling accepts."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from compiler_support import check, good_files
from jsonschema import Draft202012Validator

from skillc.diagnostics import Report
from skillc.emit.schemas import one_string, strict_object
from skillc.emit.validate import find_mismatch, tool_problem
from skillc.program import check_project, compile_project
from skillc.project.load import find_sources
from skillspec.tool_subset import order_problem, tool_subset

SOURCES = Path(__file__).parents[2] / "skills_src"


@cache
def shipped() -> list[tuple[str, dict[str, Any]]]:
    """All tools of all shipped links, by link and name."""
    checked = check_project(SOURCES, find_sources(SOURCES, [SOURCES]), Report())
    tools = []
    for path, content in compile_project(checked).items():
        if path.startswith("links/"):
            tools += [(f"{path} {tool['name']}", tool["parameters"]) for tool in json.loads(content)["tools"]]
    return tools


def test_the_meta_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(tool_subset())


def test_every_shipped_tool_fits() -> None:
    distinct = {json.dumps(parameters): parameters for _, parameters in shipped()}
    assert len(distinct) >= 10
    assert {key: problem for key, value in distinct.items() if (problem := tool_problem(value))} == {}


def test_findings_come_before_the_reason_and_the_reason_before_the_answer() -> None:
    """The order of properties is the order in which a model thinks."""
    answers = [list(value["properties"]) for name, value in shipped() if name.endswith("final_answer")]
    order = ["findings", "reason", "verdict", "score", "verdicts"]
    assert answers
    for names in answers:
        assert names == [name for name in order if name in names]


GOOD = strict_object(
    {
        "findings": {
            "type": "array",
            "items": strict_object(
                {
                    "status": {"type": "string", "enum": ["satisfied", "failed"]},
                    "failure": {"anyOf": [{"type": "string", "enum": ["slip"]}, {"type": "null"}]},
                    "item": {"type": "integer", "minimum": 1},
                }
            ),
            "maxItems": 4,
        },
        "score": {"type": "number", "minimum": 0, "maximum": 1},
    }
)


def _nested(depth: int) -> dict[str, Any]:
    schema = one_string("x")
    for _ in range(depth - 1):
        schema = strict_object({"x": schema})
    return schema


def test_what_is_good_fits() -> None:
    assert tool_problem(GOOD) is None
    assert tool_problem(strict_object({})) is None
    assert tool_problem(_nested(5)) is None


Change = Callable[[dict[str, Any]], Any]
BAD: dict[str, Change] = {
    "open object": lambda s: s.update(additionalProperties=True),
    "no additionalProperties": lambda s: s.pop("additionalProperties"),
    "a property that is optional": lambda s: s["required"].pop(),
    "required in another order": lambda s: s["required"].reverse(),
    "a reference": lambda s: s["properties"].update(score={"$ref": "#/$defs/score"}),
    "definitions": lambda s: s.update({"$defs": {}}),
    "a default": lambda s: s["properties"]["score"].update(default=0),
    "an array without a bound": lambda s: s["properties"]["findings"].pop("maxItems"),
    "an array without items": lambda s: s["properties"]["findings"].pop("items"),
    "an empty enum": lambda s: s["properties"].update(score={"type": "string", "enum": []}),
    "an enum with a value twice": lambda s: s["properties"].update(
        score={"type": "string", "enum": ["a", "a"]}
    ),
    "several types": lambda s: s["properties"].update(score={"type": ["string", "null"]}),
    "oneOf": lambda s: s["properties"].update(score={"oneOf": [{"type": "string"}]}),
    "a union of two kinds": lambda s: s["properties"].update(
        score={"anyOf": [{"type": "string"}, {"type": "boolean"}]}
    ),
    "a pattern": lambda s: s["properties"].update(score={"type": "string", "pattern": "a+"}),
    "a name that is no name": lambda s: (
        s["properties"].update({"A b": {"type": "null"}}),
        s["required"].append("A b"),
    ),
    "no object": lambda s: s.update(type="string"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_strict_calling_refuses_is_refused(name: str) -> None:
    schema = copy.deepcopy(GOOD)
    BAD[name](schema)
    assert tool_problem(schema) is not None


def test_what_the_meta_schema_cannot_say() -> None:
    assert order_problem(_nested(6)) == "$.x.x.x.x.x: objects nest deeper than 5"
    turned = {**GOOD, "required": GOOD["required"][::-1]}
    assert order_problem(turned) == "$: `required` does not name the properties in their order"


def test_no_link_is_written_with_a_tool_outside_of_the_subset(tmp_path: Path) -> None:
    files = check(tmp_path, good_files()).artifacts()
    path = "links/fair_judge.pairs.fair.progressive.json"
    assert find_mismatch(files, [path]) is None
    link = json.loads(files[path])
    link["tools"][-1]["parameters"]["additionalProperties"] = True
    problem = find_mismatch({path: json.dumps(link).encode()}, [path])
    assert problem is not None
    assert problem.startswith(f"{path}: the parameters of tool final_answer leave the strict subset: $")
