"""Exchanging the responses exchanges the outcome and nothing else, for every task and skill that compares.

That the rendered texts are exchanged is shown in test_shipped.py. Here it is what becomes of an answer: how
it is read from text, which arguments a tool takes, what the readout makes of answer, findings and verifiers.
"""

from __future__ import annotations

import itertools
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from skillc.diagnostics import Report
from skillc.program import check_project, compile_project
from skillc.project.load import find_sources
from skillrt.judging.answers import read_answer
from skillrt.judging.readout import read_out
from skillrt.programs.program import Program, load_program
from skillspec.artifacts import ArtifactStore
from skillspec.records import ChoiceAnswer, Readout, ScaleAnswer, Task

SOURCES = Path(__file__).parents[2] / "skills_src"


@cache
def store() -> ArtifactStore:
    """The shipped sources, compiled in memory."""
    checked = check_project(SOURCES, find_sources(SOURCES, [SOURCES]), Report())
    return ArtifactStore(files=compile_project(checked))


def pairwise() -> list[str]:
    """The links of all tasks that compare responses, one delivery each with and without a skill."""
    return [
        name
        for name in store().index.links
        if name.split(".")[-1] in ("direct", "progressive")
        and isinstance(store().task(store().link(name).task).answer, ChoiceAnswer | ScaleAnswer)
    ]


def responses(task: Task) -> list[str]:
    """The labels of the responses, in their order."""
    return [label.label for field in task.fields for label in field.labels]


def mirrored_labels(task: Task, swap: dict[str, str]) -> dict[str, str]:
    """For each label of the answer the one that means the same of the exchanged responses."""
    assert isinstance(task.answer, ChoiceAnswer | ScaleAnswer)
    outcomes = {name: (outcome.winner, outcome.by) for name, outcome in task.answer.outcomes.items()}
    mirror = {}
    for name, (winner, by) in outcomes.items():
        wanted = (swap.get(winner, winner), by)
        (mirror[name],) = [other for other, outcome in outcomes.items() if outcome == wanted]
    return mirror


def exchanges(labels: list[str]) -> list[dict[str, str]]:
    """Every exchange of the responses."""
    return [dict(zip(labels, order, strict=True)) for order in itertools.permutations(labels)][1:]


def swapped(value: Any, swap: dict[str, str]) -> Any:
    """A finding or a verifier's result with the responses exchanged."""
    return {
        key: swap.get(item, item) if key in ("response", "winner") and isinstance(item, str) else item
        for key, item in value.items()
    }


def evidence(program: Program, labels: list[str], rng: random.Random) -> tuple[list[Any], dict[str, Any]]:
    """Random findings and verifiers' results."""
    skill = program.skill
    if skill is None:
        return [], {}
    criteria = [item.name for item in skill.evidence.criteria] if skill.evidence is not None else []
    findings = [
        {
            "criterion": rng.choice(criteria or ["none"]),
            "response": rng.choice(labels),
            "status": rng.choice(["satisfied", "failed", "unclear"]),
            "grounded": rng.random() < 0.8,
        }
        for _ in range(rng.randrange(6))
    ]
    results = {
        verifier.id: {"winner": rng.choice([*labels, None]), "conclusive": rng.random() < 0.5}
        for verifier in skill.verifiers
    }
    return findings, results


@pytest.mark.parametrize("name", pairwise())
def test_exchanged_answers_and_evidence_exchange_the_outcome(name: str) -> None:
    program = load_program(store(), name)
    task, labels = program.task, responses(program.task)
    skill = program.skill
    readout = skill.readout if skill is not None else Readout()
    rules = skill.evidence if skill is not None else None
    outcomes = set()
    for swap in exchanges(labels):
        mirror = mirrored_labels(task, swap)
        for number, answer in itertools.product(range(6), [*mirror, None]):
            findings, results = evidence(program, labels, random.Random(f"{name} {number}"))
            before = read_out(task, readout, rules, findings, answer, fields={}, verifiers=results)
            after = read_out(
                task,
                readout,
                rules,
                [swapped(item, swap) for item in findings],
                mirror.get(answer) if answer is not None else None,
                fields={},
                verifiers={key: swapped(item, swap) for key, item in results.items()},
            )
            outcomes.add(before.outcome)
            assert after.outcome == swap.get(before.outcome, before.outcome)
            assert (after.decided_by, after.missing) == (before.decided_by, before.missing)
    assert set(labels) <= outcomes


FORMS = ["{}", "[[{}]]", "Output ({})", "Response {}", "结论：[[{}]]"]


@pytest.mark.parametrize("name", sorted({store().link(name).task for name in pairwise()}))
def test_every_label_is_read_from_text_in_the_same_form(name: str) -> None:
    """Whatever form is accepted for one response is accepted for all."""
    task = store().task(name)
    assert isinstance(task.answer, ChoiceAnswer | ScaleAnswer)
    if task.accept is None:
        return
    captured = {label: text for text, label in reversed(task.accept.labels.items())}
    accepted = 0
    for form in FORMS:
        read = {label: read_answer(task, form.format(text)) for label, text in captured.items()}
        sides = {
            label: answer for label, answer in read.items() if task.answer.outcomes[label].winner != "tie"
        }
        assert set(sides.values()) == {None} or sides == {label: label for label in sides}, form
        accepted += None not in sides.values()
    assert accepted >= 1


@pytest.mark.parametrize("name", pairwise())
def test_tools_offer_every_response_alike(name: str) -> None:
    """Enums list the labels in the order shown, the mirror image of each among them."""
    program = load_program(store(), name)
    mirror = mirrored_labels(program.task, exchanges(responses(program.task))[-1])
    for tool in program.link.tools:
        properties = tool.parameters["properties"]
        if "verdict" in properties:
            assert sorted(properties["verdict"]["enum"]) == sorted(mirror.values())
        finding = properties.get("findings", {}).get("items", {}).get("properties", {})
        if "response" in finding:
            assert finding["response"]["enum"] == responses(program.task)
