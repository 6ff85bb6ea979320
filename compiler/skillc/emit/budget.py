"""Budgets in characters: what a judge reads of a skill stays small."""

from __future__ import annotations

from skillc.check.model import SkillModel
from skillc.check.protocol import TEXT_CHARS
from skillc.diagnostics import Report
from skillc.emit.link import manual_text

__all__ = ["check_budget"]


def check_budget(skill: SkillModel, report: Report) -> None:
    """Check the text of the loaded skill for each task, and resources that one view cannot show.

    Beyond a limit that the protocol declares is an error, beyond the default a warning.
    """
    limit = skill.text_limit.value if skill.text_limit is not None else TEXT_CHARS
    sizes = {task.id: len(manual_text(skill, task)) for task in skill.serves}
    largest = max(sizes, key=lambda name: sizes[name])
    if sizes[largest] > limit:
        message = (
            f"the loaded text of skill `{skill.id}` has {sizes[largest]:,} characters for task `{largest}`; "
            f"{limit:,} is the most"
        )
        help = "move what only some samples need into resources"
        if skill.text_limit is not None:
            report.error("SK608", skill.text_limit.span, message, f"{help}, or raise this")
        else:
            help += ", or allow more: `protocol { text 10000 chars }`"
            report.warning("SK608", skill.name.span, message, help)
    for resource in skill.resources:
        text = resource.declaration.text
        length = len(text.value.strip()) if text is not None else 0
        if text is not None and length > skill.limits.view_chars:
            message = (
                f"`{resource.declaration.id}` has {length:,} characters, and one view shows "
                f"{skill.limits.view_chars:,}: the rest is never seen"
            )
            help = "split it, or raise `view` in the protocol"
            report.warning("SK609", text.declared, message, help)
