"""Rule checkers by kind: Python source that a data set brings, and official constraints.

In a row a checker is Python source (a string), or an object that says what kind it is:

    {"kind": "python", "source": "def check_following(instruction, response): ..."}
    {"kind": "ifeval", "id": "punctuation:no_comma", "kwargs": {}}
    {"kind": "ifbench", "id": "count:numbers", "kwargs": {"N": 2}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from skillrt.constraints import FAMILIES
from skillrt.constraints.arguments import plain_arguments

__all__ = ["Checker", "ConstraintChecker", "PythonChecker", "checker_json", "read_checker"]

_KEPT = 512
"""Verdicts remembered: a rollout's rules are asked for before it is judged and while it is."""


@dataclass(frozen=True, slots=True)
class PythonChecker:
    """Source that defines ``check_following(instruction, response)``; it runs in a sandbox."""

    source: str


@dataclass(frozen=True, slots=True)
class ConstraintChecker:
    """An official constraint, decided here, strictly; ``family`` is ``"ifeval"`` or ``"ifbench"``."""

    family: str
    id: str
    kwargs: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def met(self, prompt: str, response: str) -> bool:
        """Tell whether ``response`` follows the constraint.

        Raises:
            ValueError: the family or id is unknown, or the arguments do not fit.
        """
        return _met(self, prompt, response)


@lru_cache(maxsize=_KEPT)
def _met(checker: ConstraintChecker, prompt: str, response: str) -> bool:
    family = FAMILIES.get(checker.family)
    if family is None:
        raise ValueError(
            f"unknown family of constraints {checker.family!r}; known are: {', '.join(FAMILIES)}"
        )
    return family.check(checker.id, checker.kwargs, response, prompt=prompt)


Checker = PythonChecker | ConstraintChecker


def read_checker(value: object) -> Checker | None:
    """Read a checker as a row has it; None and blank source stand for an item without a rule.

    Raises:
        ValueError: it is no checker; the text says what is wrong.
    """
    if value is None or isinstance(value, PythonChecker | ConstraintChecker):
        return value
    if isinstance(value, str):
        return PythonChecker(value) if value.strip() else None
    if not isinstance(value, Mapping):
        raise ValueError(f"a checker must be Python source or an object, not {type(value).__name__}")
    match value.get("kind"):
        case "python":
            source = value.get("source")
            if not isinstance(source, str) or not source.strip():
                raise ValueError("a checker of the kind python must have its source, a text")
            return PythonChecker(source)
        case str(family) if family in FAMILIES:
            name = value.get("id")
            if not isinstance(name, str):
                raise ValueError(f"a checker of the kind {family} must have the id of its constraint, a text")
            return ConstraintChecker(family, name, plain_arguments(value.get("kwargs")))
        case kind:
            known = ", ".join(("python", *FAMILIES))
            raise ValueError(f"unknown kind of checker {kind!r}; known are: {known}")


def checker_json(checker: Checker | None) -> str | dict[str, Any] | None:
    """Return what a row has for a checker; ``read_checker`` reads it back."""
    match checker:
        case PythonChecker(source):
            return source
        case ConstraintChecker(family, name, kwargs):
            return {"kind": family, "id": name, "kwargs": dict(kwargs)}
    return None
