"""Leaving a finding out, repeating one or making one up never pays: every shipped skill, every delivery."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from judge_support import Driver, call, store, turn, view_of

from skillrt.judging.verdict import Verdict
from skillrt.programs.program import Program, load_program
from skillrt.programs.view import JudgeView
from skillspec.artifacts import link_id

DELIVERIES = ("progressive", "preloaded", "flat", "tools_only")
HURRIED = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


@cache
def links() -> dict[str, Program]:
    """Every link of a skill that ships, by name."""
    names = [
        link_id(task, skill, store().skill(skill).setting, delivery)
        for skill in store().index.skills
        for task in store().skill(skill).serves
        for delivery in DELIVERIES
    ]
    return {name: load_program(store(), name) for name in names}


def value(draw: Any, name: str, schema: dict[str, Any]) -> Any:
    """A value of a schema, drawn; lists that comment on the answer are empty."""
    if "anyOf" in schema:
        return value(draw, name, schema["anyOf"][0])
    match schema["type"]:
        case "string":
            return draw(st.sampled_from(schema["enum"])) if "enum" in schema else "words"
        case "number":
            return draw(st.sampled_from([0.0, 0.25, 1.0]))
        case "integer":
            return draw(st.integers(schema["minimum"], schema.get("maximum", 9)))
        case "object":
            return {key: value(draw, key, sub) for key, sub in schema["properties"].items()}
    return []


@st.composite
def judged(draw: Any, program: Program) -> tuple[JudgeView, dict[str, Any], dict[str, Any]]:
    """A sample, an honest submission for it, and what a verifier has settled of its items."""
    items = draw(st.integers(1, 7))
    fields = {name: [f"demand {number}" for number in range(items)] for name in ("checklist", "checkers")}
    view = view_of(program, **fields)
    (final,) = (tool for tool in program.link.tools if tool.name == "final_answer")
    honest = value(draw, "", final.parameters)
    numbers = range(1, items + 1)
    if "verdicts" in honest:
        entry = final.parameters["properties"]["verdicts"]["items"]
        honest["verdicts"] = [{**value(draw, "", entry), "item": number} for number in numbers]
    if "findings" in honest and isinstance(honest["findings"], list):
        schema = final.parameters["properties"]["findings"]
        findings = [value(draw, "", schema["items"]) for _ in range(5)]
        if program.skill is not None and program.skill.evidence is not None and program.skill.evidence.closed:
            findings = [{**value(draw, "", schema["items"]), "item": number} for number in numbers]
        for finding in findings:
            if finding["status"] != "failed" and "failure" in finding:
                finding["failure"] = None
        honest["findings"] = list({key_of(finding): finding for finding in findings}.values())
    settled = draw(st.dictionaries(st.sampled_from(numbers), st.sampled_from(["satisfied", "failed"])))
    rules = [{"item": item, "status": status} for item, status in settled.items()]
    return view, honest, {"conclusive": False, "items": rules}


def key_of(entry: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(entry.get(name) for name in ("criterion", "response", "item"))


def tampered(draw: Any, honest: dict[str, Any]) -> dict[str, Any]:
    """The honest submission with one entry of one list left out, repeated, or made up."""
    lists = [name for name in ("findings", "verdicts") if honest.get(name)]
    if not lists:
        return honest
    name = draw(st.sampled_from(lists))
    entries = [*honest[name]]
    place = draw(st.integers(0, len(entries) - 1))
    match draw(st.sampled_from(["leave out", "repeat", "invent"])):
        case "leave out":
            del entries[place]
        case "repeat":
            again = {**entries[place], "status": draw(st.sampled_from(["satisfied", "failed"]))}
            entries.insert(draw(st.integers(0, len(entries))), again)
        case "invent":
            entries.append({**entries[place], "item": 90, "status": "satisfied"})
    return {**honest, name: entries}


def verdict(program: Program, view: JudgeView, rules: dict[str, Any], *submitted: dict[str, Any]) -> Verdict:
    """What comes of a judge that submits these one after the other, and the last one for ever."""
    known = set(program.link.tools[-1].parameters["properties"])
    turns = [
        turn(call("final_answer", **{name: part for name, part in arguments.items() if name in known}))
        for arguments in submitted
    ]
    return Driver(turns, verifier=lambda run: rules).judge(program, view).verdict


def worth(seen: Verdict, honest: Verdict) -> float:
    """A score as a number; a winner or a checklist is worth 1 if it is the honest one, as no verdict is 0."""
    if isinstance(honest.outcome, int | float):
        return seen.outcome if seen.valid else -1.0
    return float(not seen.valid or seen.outcome == honest.outcome)


@pytest.mark.parametrize("name", sorted(links()))
@HURRIED
@given(data=st.data())
def test_no_single_tampering_pays(name: str, data: st.DataObject) -> None:
    program = links()[name]
    view, honest, rules = data.draw(judged(program))
    right = verdict(program, view, rules, honest)
    changed = tampered(data.draw, honest)
    seen = verdict(program, view, rules, changed)
    if isinstance(right.outcome, int | float):
        assert worth(seen, right) <= right.outcome, json.dumps([honest, changed])
        assert worth(seen, right) in (-1.0, right.outcome)
    elif right.valid:
        assert worth(seen, right) == 1.0, json.dumps([honest, changed])
    else:
        assert not seen.valid
    mended = verdict(program, view, rules, changed, honest)
    assert (mended.valid, mended.outcome) == (right.valid, right.outcome)


POINTWISE = "instruction_following_pointwise.if_pointwise.operational.preloaded"


@HURRIED
@given(data=st.data())
def test_no_sequence_of_parts_pays(data: st.DataObject) -> None:
    """Any parts in any order, entries said again alike, and invented ones: the honest score or none."""
    program = links()[POINTWISE]
    view, honest, rules = data.draw(judged(program))
    right = verdict(program, view, rules, honest)
    parts = data.draw(st.lists(st.lists(st.sampled_from(honest["findings"]), max_size=4), max_size=5))
    invented = {**honest["findings"][0], "item": 77, "status": "satisfied"}
    submitted = [{**honest, "findings": part} for part in parts]
    submitted.append({**honest, "findings": [*honest["findings"], invented]})
    seen = verdict(program, view, rules, *submitted)
    assert seen.score in (None, right.score)
    seen = verdict(program, view, rules, *submitted[:-1], honest)
    assert (seen.valid, seen.score) == (right.valid, right.score)
