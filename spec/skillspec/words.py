"""Words that compiler and runtime must spell alike: the deliveries, and the tools as a judge sees them."""

from __future__ import annotations

from typing import Final, Literal

__all__ = [
    "DELIVERIES",
    "DIRECT",
    "FINAL_ANSWER",
    "FLAT",
    "LIST_RESOURCES",
    "PRELOADED",
    "PROGRESSIVE",
    "PYTHON_SANDBOX",
    "RUN_RESOURCE",
    "SKILL_DELIVERIES",
    "TOOLS_ONLY",
    "USE_SKILL",
    "VIEW_RESOURCE",
    "WITHOUT_SKILL",
    "Delivery",
    "SkillDelivery",
]

SkillDelivery = Literal["progressive", "preloaded", "flat", "tools_only"]
Delivery = Literal["direct", SkillDelivery]

DIRECT: Final = "direct"
"""The task alone: the baseline."""
PROGRESSIVE: Final = "progressive"
"""The skill is announced and loaded by a tool call."""
PRELOADED: Final = "preloaded"
"""The skill's text stands in the system prompt; resources come by tool."""
FLAT: Final = "flat"
"""Skill and resources stand in the prompt; there is one tool, which submits."""
TOOLS_ONLY: Final = "tools_only"
"""Task and tools, without the skill's text."""

SKILL_DELIVERIES: Final[tuple[SkillDelivery, ...]] = (PROGRESSIVE, PRELOADED, FLAT, TOOLS_ONLY)
DELIVERIES: Final[tuple[Delivery, ...]] = (DIRECT, *SKILL_DELIVERIES)
WITHOUT_SKILL: Final[tuple[Delivery, ...]] = (DIRECT, TOOLS_ONLY)
"""Deliveries in which the judge reads nothing of the skill, so that the task's own readout counts."""

USE_SKILL: Final = "use_skill"
LIST_RESOURCES: Final = "list_resources"
VIEW_RESOURCE: Final = "view_resource"
RUN_RESOURCE: Final = "run_resource"
PYTHON_SANDBOX: Final = "python_sandbox"
FINAL_ANSWER: Final = "final_answer"
