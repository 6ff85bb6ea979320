"""What every shipped skill and task must hold to: size, completeness, no difference between the labels."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from skillc.diagnostics import Report
from skillc.program import Checked, check_project, compile_project
from skillc.project.load import find_sources
from skillrt.constraints import HELPERS
from skillrt.programs.program import Program, load_program
from skillrt.programs.view import make_view
from skillspec.artifacts import ArtifactStore
from skillspec.records import ChoiceAnswer, ScaleAnswer

SOURCES = Path(__file__).parents[2] / "skills_src"
LOADED_CHARS = {"reward_judge_fair": 4000, "reward_judge_operational": 8000}
OTHERS_CHARS = 6000
TESTS_A_SKILL = 5

LABEL_TEXTS = {
    label: f"What candidate {name} wrote."
    for label, name in zip("ABCD", ("one", "two", "three", "four"), strict=True)
}


@cache
def checked() -> tuple[Checked, Report]:
    """All shipped sources, checked once."""
    report = Report()
    return check_project(SOURCES, find_sources(SOURCES, [SOURCES]), report), report


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    """The artifacts of the shipped sources."""
    root = tmp_path_factory.mktemp("artifacts")
    for path, data in compile_project(checked()[0]).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    return ArtifactStore(root)


def links(delivery: str) -> list[str]:
    """The names of the links of all skills in one delivery."""
    skills = checked()[0].skills.values()
    return [f"{skill.id}.{task.id}.{skill.setting}.{delivery}" for skill in skills for task in skill.serves]


def pairwise_links() -> list[str]:
    """Direct and skill links of the tasks that compare responses."""
    project, _ = checked()
    tasks = {
        task.id for task in project.tasks.values() if isinstance(task.answer, ChoiceAnswer | ScaleAnswer)
    }
    direct = [f"{name}.direct" for name in sorted(tasks)]
    deliveries = ("progressive", "preloaded", "flat", "tools_only")
    return direct + [name for way in deliveries for name in links(way) if name.split(".")[1] in tasks]


def sample(program: Program, texts: dict[str, str]) -> dict[str, Any]:
    """A sample with every field of the program's task."""
    shapes: dict[str, Any] = {
        "history": [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "good day"}],
        "checklist": ["is a list", "is short"],
        "checkers": [None, None],
        "responses": texts,
    }
    return {field.name: shapes.get(field.name, f"the {field.name}") for field in program.task.fields}


def all_texts(program: Program, texts: dict[str, str]) -> str:
    """Everything static or rendered that a judge of this link can be sent before it answers."""
    view = make_view(program.task, program.link, sample(program, texts))
    parts = [message["content"] for message in program.messages(view, {})]
    parts.append(program.loaded_text(view, {}))
    parts += [program.resource_text(item.id, view) or "" for item in program.offered(view)]
    return "\n\n".join(parts) + repr(program.tools)


def test_the_sources_are_clean() -> None:
    """No error and no warning."""
    assert [item.message for item in checked()[1].diagnostics] == []


@pytest.mark.parametrize("name", links("progressive"))
def test_a_loaded_skill_is_small_and_whole(store: ArtifactStore, name: str) -> None:
    """What use_skill returns: within its size, with each of its steps and each id on offer."""
    program = load_program(store, name)
    assert program.skill is not None
    view = make_view(
        program.task, program.link, sample(program, dict(list(LABEL_TEXTS.items())[: labels_of(program)]))
    )
    text = program.loaded_text(view, {})
    assert len(text) < LOADED_CHARS.get(program.skill.id, OTHERS_CHARS)
    steps = [s for s in program.skill.steps if s.tasks is None or program.task.id in s.tasks]
    for number, step in enumerate(steps, 1):
        assert f"{number}. {step.name}: {step.text}" in text
    for offered in (*program.link.resources, *program.link.verifiers, *program.link.pipelines):
        assert re.search(rf"(?<![\w.]){re.escape(offered)}(?![\w.]*\w)", text), offered


def labels_of(program: Program) -> int:
    """How many responses the task of a program has."""
    return max((len(field.labels) for field in program.task.fields), default=0)


@pytest.mark.parametrize("name", pairwise_links())
def test_exchanged_responses_exchange_the_texts_and_nothing_else(store: ArtifactStore, name: str) -> None:
    """Rendering exchanged responses is the same as exchanging them in the rendered text."""
    program = load_program(store, name)
    labels = list(LABEL_TEXTS)[: labels_of(program)]
    texts = {label: LABEL_TEXTS[label] for label in labels}
    turned = dict(zip(labels, reversed(texts.values()), strict=True))
    back = dict(zip(texts.values(), reversed(texts.values()), strict=True))
    pattern = re.compile("|".join(map(re.escape, back)))
    assert all_texts(program, turned) == pattern.sub(lambda match: back[match[0]], all_texts(program, texts))


@pytest.mark.parametrize("name", sorted(checked()[0].tasks))
def test_every_outcome_has_its_mirror_image(name: str) -> None:
    """What an answer means does not depend on the side: each label has one for the other response."""
    task = checked()[0].tasks[name]
    if not isinstance(task.answer, ChoiceAnswer | ScaleAnswer):
        assert name.split("_")[0] in ("rewardbench2", "ifrb", "if", "graded")
        return
    outcomes = [(outcome.winner, outcome.by) for outcome in task.answer.outcomes.values()]
    winners = {winner for winner, _ in outcomes} - {"tie"}
    steps = {winner: sorted(by for known, by in outcomes if known == winner) for winner in winners}
    assert len({tuple(by) for by in steps.values()}) == 1
    assert winners == set(task.labels())


@pytest.mark.parametrize("path", ["protocols/toolkit.md", "protocols/toolkit_zh.md"])
def test_the_toolkit_names_every_helper_and_no_other(path: str) -> None:
    """A judge is told of the functions that the sandbox has, with their real arguments."""
    text = (SOURCES / path).read_text(encoding="utf-8")
    words = set(re.findall(r"[a-z_]+", text))
    assert set(HELPERS) <= words
    for called, arguments in re.findall(r"\b([a-z_]+)\(([^()]*)\)", text):
        if called not in HELPERS:
            assert called in ("len", "sum")
            continue
        given = [argument.strip() for argument in arguments.split(",")]
        real = HELPERS[called].signature.partition("(")[2].partition(") ->")[0].split(", ")
        names = [argument.partition("=")[0] for argument in real]
        if given == ["plain_text"]:
            continue
        for argument in given:
            assert argument in real or argument in names or argument == "whole_word=False"


def test_each_skill_has_tests_of_its_own() -> None:
    """At least five test blocks run each skill."""
    project, _ = checked()
    counts = dict.fromkeys(project.skills, 0)
    for module in project.project.modules.values():
        for test in module.tests:
            assert test.run is not None
            counts[test.run[0].text] += 1
    assert all(count >= TESTS_A_SKILL for count in counts.values()), counts


def test_announcements_of_the_chinese_skill_are_chinese(store: ArtifactStore) -> None:
    """A judge of a Chinese conversation is spoken to in Chinese in every notice."""
    phrases = load_program(store, "instruction_following.ifrb_overall.fair.progressive").phrases
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in phrases.values())
