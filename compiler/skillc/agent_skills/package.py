"""The Agent Skills target: a folder for each skill that other agents can load (agentskills.io).

``SKILL.md`` has the procedure and what findings look like, ``references/`` the resources that are
texts, ``evals/evals.json`` prompts and assertions made from the test blocks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from skillc.agent_skills.evals import make_evals
from skillc.check.model import ResourceModel, SkillModel, TaskModel
from skillc.emit.texts import findings_text
from skillc.program import Checked, compile_project
from skillspec.artifacts import ArtifactStore
from skillspec.records import Answer, ChecklistAnswer, ScoreAnswer

__all__ = ["PackageError", "compile_packages", "find_problems", "package_name", "token_estimate"]

MOST_TOKENS = 5000
MOST_LINES = 500
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_KEYS = ("name", "description", "license", "compatibility", "metadata", "allowed-tools")
_BOUNDS = {"name": 64, "description": 1024, "compatibility": 500}
_LINE = re.compile(r'(?P<indent> {2})?(?P<key>[a-z-]+):(?: (?P<value>".*"))?\Z')
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_COMPATIBILITY = (
    "Any agent that can read files. Steps that run code need a Python interpreter; "
    "checks and second opinions that only the skillc runtime offers are marked as such."
)


class PackageError(Exception):
    """A skill cannot be made into a package. The text is for a person."""


def package_name(skill: str) -> str:
    """Return the name of a skill's package: hyphens for underscores."""
    return re.sub(r"-+", "-", skill.replace("_", "-")).strip("-")


def compile_packages(checked: Checked) -> dict[str, bytes]:
    """Return the packages of a project without errors, path to content.

    Raises:
        PackageError: a package would not keep to the format's limits.
    """
    store = ArtifactStore(files=compile_project(checked))
    files: dict[str, str] = {}
    for name in sorted(checked.skills):
        skill = checked.skills[name]
        folder = package_name(name)
        if f"{folder}/SKILL.md" in files:
            raise PackageError(f"skill {name} and another one would both be the package {folder}")
        package = {"SKILL.md": _skill_md(skill, store.skill(name).digest)}
        for item in skill.resources:
            text = item.declaration.text
            if text is not None:
                head = f"# {item.declaration.id}\n\n{item.hint}\n\n"
                package[_reference(item)] = f"{head}{text.value.strip()}\n"
        evals = {"skill_name": folder, "evals": make_evals(checked, skill, folder, store)}
        package["evals/evals.json"] = json.dumps(evals, ensure_ascii=False, indent=1) + "\n"
        problems = find_problems(folder, package)
        if problems:
            raise PackageError(f"package {folder}: {'; '.join(problems)}")
        files |= {f"{folder}/{path}": text for path, text in package.items()}
    return {path: text.encode() for path, text in files.items()}


# ---------------------------------------------------------------------------------------- the manual


def _description(skill: SkillModel) -> str:
    """Return the summary as the format wants it: ASCII, one line, without what its readers trip over."""
    if skill.summary.isascii():
        text = " ".join(skill.summary.split())
    else:
        locales = ", ".join(dict.fromkeys(task.locale for task in skill.serves))
        tasks = ", ".join(task.id for task in skill.serves)
        text = f"How to judge responses for {tasks}. The manual is written for the language {locales}."
    return re.sub(r"-{2,}", "-", text.replace("<", "(").replace(">", ")"))


def _frontmatter(skill: SkillModel, digest: str) -> str:
    metadata = {
        "version": skill.version,
        "digest": digest,
        "setting": skill.setting,
        "tasks": ", ".join(task.id for task in skill.serves),
    }
    lines = ["---", f"name: {_quoted(package_name(skill.id))}"]
    lines.append(f"description: {_quoted(_description(skill))}")
    lines.append(f"compatibility: {_quoted(_COMPATIBILITY)}")
    lines.append("metadata:")
    lines += [f"  {key}: {_quoted(value)}" for key, value in metadata.items()]
    return "\n".join([*lines, "---"])


def _quoted(text: str) -> str:
    # A JSON string is a double-quoted YAML scalar.
    return json.dumps(text, ensure_ascii=True)


def _skill_md(skill: SkillModel, digest: str) -> str:
    title = skill.id.replace("_", " ").capitalize()
    sections = [f"# {title}", " ".join(skill.summary.split())]
    for part in skill.guidance:
        if part.text is not None:
            sections.append(part.text.value.strip() + _for([name.text for name in part.tasks or ()]))
    sections.append("## Procedure\n\n" + "\n".join(_steps(skill)))
    sections.append("## References\n\n" + "\n".join(_index(skill)))
    checks = _checks(skill)
    if checks:
        sections.append("## Only in the skillc runtime\n\n" + "\n".join(checks))
    findings = findings_text(skill).partition("\n")[2]
    if findings:
        note = "Each finding cites what it rests on: a reference, a run, or words quoted from the sample."
        sections.append(f"## Findings\n\n{note}\n\n{findings}")
    answers = [f"- {task.id}: {_answer(task)}" for task in skill.serves]
    sections.append("## Answer\n\nEnd with one answer, in the form of the task.\n\n" + "\n".join(answers))
    return "\n\n".join([_frontmatter(skill, digest), *sections]) + "\n"


def _for(tasks: Sequence[str] | None) -> str:
    return f" (for {', '.join(tasks)})" if tasks else ""


def _reference(item: ResourceModel) -> str:
    return f"references/{item.declaration.id.replace('.', '-').replace('_', '-')}.md"


def _steps(skill: SkillModel) -> list[str]:
    linked = {item.declaration.id: item for item in skill.resources if item.declaration.text is not None}
    lines = []
    for number, step in enumerate(skill.steps, 1):
        ids = dict.fromkeys(name.text for name in (*step.use, *step.consult))
        named = [f"[{name}]({_reference(linked[name])})" if name in linked else name for name in ids]
        tail = f" See: {', '.join(named)}." if named else ""
        text = " ".join(step.text.value.split())
        lines.append(
            f"{number}. **{step.name.text}**: {text}{_for([n.text for n in step.tasks or ()])}{tail}"
        )
    return lines


def _index(skill: SkillModel) -> list[str]:
    lines = []
    for item in skill.resources:
        tail = f"{item.hint}{_for(item.tasks)}"
        if item.declaration.text is not None:
            lines.append(f"- [{item.declaration.id}]({_reference(item)}): {tail}")
        else:
            fields = ", ".join(name.text for name in item.declaration.fields or ())
            lines.append(f"- {item.declaration.id}: {tail}. Comes with the sample: {fields}.")
    return lines or ["None."]


def _checks(skill: SkillModel) -> list[str]:
    lines = []
    for items, what in (
        ([item for item, _ in skill.verifiers], "a check by code"),
        ([item for item, _ in skill.pipelines], "asks the model again"),
    ):
        for item in items:
            hint = f": {' '.join(item.hint.value.split())}" if item.hint is not None else ""
            lines.append(f"- {item.name.text} ({what}){hint}")
    return lines


def _answer(task: TaskModel) -> str:
    answer: Answer = task.answer
    match answer:
        case ScoreAnswer():
            kind = "a whole number" if answer.integer else "a number"
            return f"{kind} from {answer.minimum:g} to {answer.maximum:g}"
        case ChecklistAnswer():
            return f"for each item of the {answer.over}, satisfied or failed"
    return "one of " + ", ".join(f"`{label.label}`" for label in answer.labels)


# ----------------------------------------------------------------------------------------- the checks


def token_estimate(text: str) -> int:
    """Estimate tokens from above: a quarter of the ASCII characters, and one for every other."""
    plain = sum(char.isascii() for char in text)
    return -(-plain // 4) + len(text) - plain


def find_problems(folder: str, package: Mapping[str, str]) -> list[str]:
    """Say how a package breaks the format, or our stricter reading of it.

    Stricter: the frontmatter is ASCII, flat block YAML with every string in double quotes, and every
    link leads to a file of the package.

    Args:
        folder: the package's folder, which is its name.
        package: path in the folder to text.
    """
    text = package.get("SKILL.md", "")
    head, mark, body = text.removeprefix("---\n").partition("\n---\n")
    if not text.startswith("---\n") or not mark:
        return ["SKILL.md has no frontmatter between two lines ---"]
    values, problems = _read_frontmatter(head)
    if values.get("name") != folder or not _NAME.match(folder):
        problems.append(f"the name {values.get('name')!r} is not that of the folder, in a-z, 0-9 and hyphens")
    problems += [f"there is no {key}" for key in ("name", "description") if not values.get(key)]
    for key, most in _BOUNDS.items():
        if len(values.get(key, "")) > most:
            problems.append(f"{key} has {len(values[key])} characters; {most} is the most")
    if re.search(r"---|[<>]", values.get("description", "")):
        problems.append("the description has ---, < or >")
    if token_estimate(body) >= MOST_TOKENS:
        size = f"about {token_estimate(body)} tokens"
        problems.append(f"the body has {size}; it stays under {MOST_TOKENS}: move texts to resources")
    if body.count("\n") >= MOST_LINES:
        problems.append(f"the body has {body.count(chr(10))} lines; it stays under {MOST_LINES}")
    for link in _LINK.findall(body):
        if link not in package or link.count("/") != 1:
            problems.append(f"the link {link} leads to no file one level down in the package")
    return problems


def _read_frontmatter(head: str) -> tuple[dict[str, str], list[str]]:
    values: dict[str, str] = {}
    problems = [] if head.isascii() else ["the frontmatter is not ASCII"]
    if "---" in head:
        problems.append("the frontmatter has --- inside")
    parent = ""
    for line in head.split("\n"):
        match = _LINE.match(line)
        if match is None:
            problems.append(f'the frontmatter line {line[:60]!r} is not `key: "text"`')
            continue
        key, value = match["key"], match["value"]
        if match["indent"]:
            if parent != "metadata" or value is None:
                problems.append(f"{key} is nested and not under metadata")
            continue
        parent = key
        if key not in _KEYS or key in values:
            problems.append(f"{key} is no key of the format, or stands twice")
        values[key] = json.loads(value) if value is not None else ""
    return values, problems
