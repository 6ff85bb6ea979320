import json

import pytest

from skillrt.programs.arguments import ArgumentsError, ArgumentsReader
from skillspec.records import Tool

FINDING = {
    "type": "object",
    "properties": {
        "criterion": {"type": "string", "enum": ["correctness", "style"]},
        "item": {"type": "integer", "minimum": 1, "maximum": 9},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["criterion", "item", "note"],
    "additionalProperties": False,
}
FINAL = Tool(
    name="final_answer",
    description="",
    parameters={
        "type": "object",
        "properties": {
            "findings": {"type": "array", "items": FINDING, "maxItems": 2},
            "reason": {"type": "string"},
            "verdict": {"type": "string", "enum": ["A", "B"]},
        },
        "required": ["findings", "reason", "verdict"],
        "additionalProperties": False,
    },
)
EMPTY = Tool(
    name="use_skill",
    description="",
    parameters={"type": "object", "properties": {}, "required": [], "additionalProperties": False},
)
GOOD = {
    "findings": [
        {"criterion": "style", "item": 2, "note": None},
        {"criterion": "style", "item": 1, "note": "x"},
    ],
    "reason": "r",
    "verdict": "A",
}


@pytest.fixture(scope="module")
def reader() -> ArgumentsReader:
    return ArgumentsReader((FINAL, EMPTY))


def test_what_fits_is_returned_as_plain_values(reader: ArgumentsReader) -> None:
    assert reader.read("final_answer", json.dumps(GOOD)) == GOOD
    assert reader.read("use_skill", "") == {}
    assert reader.read("use_skill", "{}") == {}


@pytest.mark.parametrize(
    ("findings", "read"),
    [
        ("[]", []),
        (json.dumps(GOOD["findings"]), GOOD["findings"]),
        ([json.dumps(item) for item in GOOD["findings"]], GOOD["findings"]),
        (
            [{"criterion": "style", "item": "3", "note": "null"}],
            [{"criterion": "style", "item": 3, "note": "null"}],
        ),
        (
            [{"criterion": "style", "item": "3", "note": "[1]"}],
            [{"criterion": "style", "item": 3, "note": "[1]"}],
        ),
    ],
)
def test_a_text_is_taken_for_what_it_spells_where_the_schema_wants_that(
    reader: ArgumentsReader, findings: object, read: object
) -> None:
    assert reader.read("final_answer", json.dumps({**GOOD, "findings": findings})) == {
        **GOOD,
        "findings": read,
    }
    # A text that the schema wants as a text stays one.
    spelled = {**GOOD, "reason": "[1]", "findings": findings}
    assert reader.read("final_answer", json.dumps(spelled))["reason"] == "[1]"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"verdict": "C"}, "$.verdict"),
        ({"verdict": None}, "$.verdict"),
        ({"findings": [GOOD["findings"][0]] * 3}, "$.findings"),
        ({"findings": [{**GOOD["findings"][0], "item": 0}]}, "$.findings[0].item"),
        ({"findings": [{**GOOD["findings"][0], "item": "one"}]}, "$.findings[0].item"),
        ({"findings": [{"criterion": "style"}]}, "$.findings[0]"),
        ({"score": 1}, "score"),
        ({"findings": "none"}, "$.findings"),
        ({"findings": "[{}]"}, "$.findings"),
        ({"findings": "[" * 5000}, "$.findings"),
        ({"findings": {}}, "$.findings"),
    ],
)
def test_what_does_not_fit_names_the_place(reader: ArgumentsReader, change: dict, path: str) -> None:
    with pytest.raises(ArgumentsError) as caught:
        reader.read("final_answer", json.dumps({**GOOD, **change}))
    assert path in str(caught.value)


@pytest.mark.parametrize(
    "text", ['{"findings": [', "not json", "[]", '{"reason": "\\ud800"}', "[" * 5000, "NaN"]
)
def test_broken_json_is_an_arguments_error(reader: ArgumentsReader, text: str) -> None:
    with pytest.raises(ArgumentsError):
        reader.read("final_answer", text)
