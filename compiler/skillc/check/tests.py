"""Checking test blocks: what they run exists and fits, and what they expect can be there at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import cast

from skillc.check.model import SkillModel, TaskModel
from skillc.diagnostics import Report, did_you_mean, listed
from skillc.project.scope import Scope
from skillc.tree import Expectation, Name, SkillDecl, TaskDecl, TestDecl
from skillspec.fields import is_absent, shape_problem
from skillspec.levels import SETTINGS
from skillspec.records import ChecklistAnswer, ScoreAnswer
from skillspec.words import DELIVERIES, DIRECT, WITHOUT_SKILL

__all__ = ["check_test"]

_VERDICT = ("said", "outcome", "reason", "decided_by")
_VERIFIER = ("winner", "items", "conclusive", "text")
_PIPELINE = ("winner", "votes", "scores", "conclusive", "text")


def check_test(
    test: TestDecl,
    scope: Scope,
    task_of: Callable[[TaskDecl, Scope], TaskModel | None],
    skills: Mapping[str, SkillModel],
    report: Report,
) -> None:
    """Check one test block; ``skills`` are those without mistakes, by name."""
    for item, there in (("run", test.run), ("sample", test.sample), ("expect", test.expectations)):
        if not there:
            report.error("SK210", test.span, f"the test has no `{item}`", f"write `{item} ...`")
    if test.run is None:
        return
    skill, task, setting, delivery = test.run
    declared = scope.lookup(skill, SkillDecl)
    known_words = True
    for name, known in ((setting, tuple(SETTINGS)), (delivery, DELIVERIES)):
        if name.text not in known:
            what = "setting" if name is setting else "delivery"
            known_words = False
            report.error(
                "SK604", name.span, f"there is no {what} `{name.text}`", did_you_mean(name.text, known)
            )
    declared_task = scope.lookup(task, TaskDecl)
    model = task_of(*declared_task) if declared_task is not None else None
    if model is not None:
        _check_sample(test, model, report)
    runs = skills.get(skill.text) if declared is not None else None
    # A model with another declaration is another skill of the same name, which is reported as such.
    if runs is None or model is None or not known_words or declared is None:
        return
    if runs.name is declared[0].name and _check_run(test.run, runs, model, report):
        expectable = _Known(runs, model, delivery.text)
        for expected in test.expectations:
            _check_expectation(expected, expectable, report)


def _check_sample(test: TestDecl, task: TaskModel, report: Report) -> None:
    sample = test.sample
    if sample is None or not isinstance(sample.value, dict):
        return
    for name, info in task.fields.items():
        value = sample.value.get(name)
        if is_absent(value):
            if not info.optional:
                message = f"the sample has no `{name}`, which task `{task.id}` needs"
                report.error("SK801", sample.span, message, "add it")
            continue
        problem = shape_problem(name, value, tuple(label.label.text for label in info.labels))
        if problem is not None:
            report.error(
                "SK801",
                sample.span,
                f"the sample does not fit: {problem}",
                "see the field shapes in spec/LANGUAGE.md",
            )


def _check_run(
    run: tuple[Name, Name, Name, Name], skill: SkillModel, task: TaskModel, report: Report
) -> bool:
    _, named, setting, delivery = run
    if task.id not in [served.id for served in skill.serves]:
        served = listed((f"`{item.id}`" for item in skill.serves), "and")
        report.error(
            "SK802", named.span, f"`{skill.id}` does not serve task `{task.id}`", f"it serves {served}"
        )
        return False
    if setting.text != skill.setting:
        message = f"`{skill.id}` is made for setting {skill.setting}, and is run in no other"
        report.error("SK802", setting.span, message, f"write `setting {skill.setting}`")
        return False
    if delivery.text == DIRECT and task.accept is None:
        message = f"task `{task.id}` has no `accept`, so there is no delivery direct of it"
        report.error("SK802", delivery.span, message, "choose another delivery")
        return False
    return True


class _Known:
    """What the expectations of one test may name."""

    def __init__(self, skill: SkillModel, task: TaskModel, delivery: str) -> None:
        self.skill = skill
        self.task = task
        self.delivery = delivery
        self.shows_skill = delivery not in WITHOUT_SKILL
        self.has_findings = self.shows_skill and skill.evidence is not None
        asked = [item for item, _ in skill.verifiers if item.run is not None and item.run.text == "asked"]
        self.ids = dict.fromkeys(
            [item.name.text for item in asked]
            + [item.name.text for item, _ in skill.pipelines]
            + [item.declaration.id for item in skill.resources]
        )
        self.targets = dict.fromkeys(self._targets())

    def _targets(self) -> Iterator[str]:
        """Yield what an ``expect ... = ...`` may name."""
        answer = self.task.answer
        yield from _VERDICT
        if isinstance(answer, ScoreAnswer):
            yield from ("score", "clipped")
        elif not isinstance(answer, ChecklistAnswer):
            yield from ("winner", "label")
        if self.has_findings:
            yield from ("findings", "grounded", "keys")
        if isinstance(answer, ChecklistAnswer) or self.has_findings:
            yield "items"
        if self.shows_skill:
            for verifier, _ in self.skill.verifiers:
                yield from (f"{verifier.name.text}.{word}" for word in _VERIFIER)
            for pipeline, _ in self.skill.pipelines:
                yield from (f"{pipeline.name.text}.{word}" for word in _PIPELINE)


def _check_expectation(expected: Expectation, known: _Known, report: Report) -> None:
    match expected.kind:
        case "offered" | "hidden":
            if expected.target not in known.ids:
                message = f"`{known.skill.id}` has no `{expected.target}` that could be offered"
                help = did_you_mean(expected.target, known.ids) or "it offers nothing"
            elif not known.shows_skill:
                message = f"delivery {known.delivery} offers nothing of the skill"
                help = "run the test in delivery progressive, preloaded or flat"
            else:
                return
            report.error("SK803", expected.span, message, help)
        case "dropped" if not known.has_findings:
            message = "there are no findings here that could be dropped"
            help = "findings come with the skill's `evidence`, and with deliveries that show the skill"
            report.error("SK803", expected.span, message, help)
        case "equal":
            _check_equal(expected, known, report)


def _check_equal(expected: Expectation, known: _Known, report: Report) -> None:
    target = expected.target
    if target not in known.targets:
        message = f"there is no `{target}` to expect in a run of `{known.skill.id}` on `{known.task.id}`"
        report.error("SK803", expected.span, message, did_you_mean(target, known.targets))
        return
    if target in ("items", "findings") and not expected.index:
        message = f"`{target}` is a list, numbered from 1"
        report.error("SK803", expected.span, message, f"write `{target}[1].status = ...`")
        return
    labels = _labels(known.task, target)
    values = expected.value if isinstance(expected.value, list) else [expected.value]
    if labels and not expected.attribute and not all(value in labels for value in values):
        message = f"`{target}` is never this in task `{known.task.id}`"
        shown = listed(f"`{'null' if label is None else label}`" for label in labels)
        report.error("SK803", expected.span, message, f"it is {shown}")


def _labels(task: TaskModel, target: str) -> tuple[str | None, ...]:
    """Return the values that a target can have, where they are few; none where it may be anything."""
    answer = task.answer
    if isinstance(answer, ScoreAnswer) or target not in ("winner", "said", "outcome", "label"):
        return ()
    if isinstance(answer, ChecklistAnswer):
        return cast("tuple[str | None, ...]", ("satisfied", "failed", None))
    if target == "label":
        return (*answer.outcomes, None)
    return (*dict.fromkeys(outcome.winner for outcome in answer.outcomes.values()), "tie", None)
