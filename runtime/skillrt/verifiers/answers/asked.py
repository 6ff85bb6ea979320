"""What a prompt says of its answer, and what the rules of comparison are given."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

from skillrt.verifiers.answers.scalars import Rounding, rounding_of
from skillrt.verifiers.answers.tree import Node

NOT_MINE: Literal["not mine"] = "not mine"
"""What a rule says of a pair that is not its own."""
Ruling = bool | Literal["not mine"] | None

_SOLVE = re.compile(
    r"\b(?:solve|find all|all (?:real |possible |integer |complex )?(?:values|solutions|roots|numbers|pairs)"
    r"|roots|zeros|solutions|factors|possible values)\b",
    re.IGNORECASE,
)
_ORDERED = re.compile(
    r"\b(?:in (?:\w+ )?order|respectively|sequence|ascending|descending|increasing|sorted|ordered)\b",
    re.IGNORECASE,
)
_INTEGRAL = re.compile(r"\b(?:indefinite integral|antiderivative|anti-derivative)\b", re.IGNORECASE)
_BASE_WORDS = {
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "binary": 2,
}
_BASE = re.compile(r"\bbase[\s-]*(\$?_?\{?(\d{1,2})|" + "|".join(_BASE_WORDS) + r")\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a prompt says of its answer."""

    prompt: str
    rounding: Rounding | None
    any_order: bool
    in_order: bool
    percent: bool
    ratio: bool
    integral: bool
    base: int | None


@lru_cache(maxsize=256)
def asked(prompt: str) -> Asked:
    """Return what ``prompt`` says of its answer, in so far as it decides whether two answers are equal."""
    text = prompt if len(prompt) < 20_000 else prompt[:10_000] + prompt[-10_000:]
    base = _BASE.search(text)
    ordered = _ORDERED.search(text) is not None
    return Asked(
        text,
        rounding_of(text),
        _SOLVE.search(text) is not None and not ordered,
        ordered,
        re.search(r"\bpercent(?:age)?\b|%", text, re.IGNORECASE) is not None,
        re.search(r"\bratio\b", text, re.IGNORECASE) is not None,
        _INTEGRAL.search(text) is not None,
        (int(base[2]) if base[2] else _BASE_WORDS[base[1].lower()]) if base else None,
    )


class Comparer(Protocol):
    """What a rule compares parts with."""

    @property
    def asked(self) -> Asked:
        """What the prompt says."""

    def same(self, answer: Node, other: Node) -> bool | None:
        """Tell whether two parts are equal; None when that is not settled."""


Rule = Callable[[Node, Node, Comparer], Ruling]
"""Compares two answers of which the first is of the rule's kind."""
