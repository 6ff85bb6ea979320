"""``evals.json`` of an Agent Skills package, from the test blocks of a skill.

A test block scripts the judge, an eval asks a real one. So a verdict is asserted only where the test
shows it to be right: a verifier overruled the script, or the script's findings all held.
"""

from __future__ import annotations

import json
from typing import Any

from skillc.check.model import SkillModel
from skillc.program import Checked
from skillc.tree import TestDecl
from skillspec.artifacts import ArtifactStore, link_id
from skillspec.records import ChecklistAnswer, ScoreAnswer, Task

__all__ = ["make_evals"]

_WITHOUT_SKILL = ("direct", "tools_only")


def make_evals(
    checked: Checked, skill: SkillModel, package: str, store: ArtifactStore
) -> list[dict[str, Any]]:
    """Return the evals of a skill: one for each sample that its tests show the skill on.

    Args:
        checked: the project.
        skill: the skill.
        package: name of its package.
        store: the compiled project; it gives the prompts their words.
    """
    evals: dict[str, dict[str, Any]] = {}
    for module in checked.project.modules.values():
        for test in module.tests:
            run = test.run
            if run is None or run[0].text != skill.id or run[3].text in _WITHOUT_SKILL:
                continue
            task = store.task(run[1].text)
            prompt = _prompt(test, task, skill, package, store)
            if prompt is None:
                continue
            eval = evals.setdefault(
                prompt, {"id": len(evals) + 1, "prompt": prompt, "files": [], "assertions": [_form(task)]}
            )
            eval["assertions"] += [text for text in _verdicts(test) if text not in eval["assertions"]]
    return list(evals.values())


def _prompt(test: TestDecl, task: Task, skill: SkillModel, package: str, store: ArtifactStore) -> str | None:
    from skillrt.programs.program import load_program, show_value
    from skillrt.programs.view import SampleError, make_view

    sample = test.sample.value if test.sample is not None and isinstance(test.sample.value, dict) else {}
    direct = link_id(task.id, None, "fair", "direct")
    alone = link_id(task.id, skill.id, skill.setting, "tools_only")
    program = load_program(store, direct if direct in store.index.links else alone)
    try:
        view = make_view(program.task, program.link, sample)
        texts = [message["content"] for message in program.messages(view, {})]
    except SampleError:
        return None
    attached = {name for item in skill.resources for name in (item.declaration.fields or ())}
    for name in [field.name for field in task.fields if field.name in {item.text for item in attached}]:
        if name in sample and name not in view.fields:
            texts.append(f"{name}:\n{show_value(sample[name])}")
    return "\n\n".join([f"Use the skill {package} for this judgment (task {task.id}).", *texts])


def _form(task: Task) -> str:
    answer = task.answer
    if isinstance(answer, ScoreAnswer):
        return f"Ends with one number from {answer.minimum:g} to {answer.maximum:g}."
    if isinstance(answer, ChecklistAnswer):
        return "Says of every item whether it is satisfied or failed."
    shown = ", ".join(dict.fromkeys(label.shown for label in answer.labels))
    return f"Ends with exactly one of these answers: {shown}."


def _verdicts(test: TestDecl) -> list[str]:
    equal = {item.target: item.value for item in test.expectations if item.kind == "equal"}
    holds = any(item.kind == "dropped" and item.value == 0 for item in test.expectations)
    overruled = "said" in equal and "winner" in equal and equal["said"] != equal["winner"]
    if not (overruled or (holds and _has_findings(test))):
        return []
    names = (("winner", "The better response is"), ("score", "The score is"))
    return [f"{text} {_shown(equal[name])}." for name, text in names if equal.get(name) is not None]


def _has_findings(test: TestDecl) -> bool:
    last = test.turns[-1].arguments if test.turns else None
    return last is not None and isinstance(last.value, dict) and bool(last.value.get("findings"))


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
