"""A family of official constraints: checks by id, each a function of arguments and response."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from skillrt.constraints.arguments import plain_arguments
from skillrt.constraints.markdown import clean

__all__ = ["Check", "Family"]

Check = Callable[[Mapping[str, Any], str], bool]


@dataclass(frozen=True, slots=True)
class Family:
    """The constraints of one benchmark; ``title`` is its name as people write it."""

    name: str
    title: str
    checks: Mapping[str, Check]

    def check(
        self,
        instruction_id: str,
        kwargs: Mapping[str, Any] | None,
        response: str,
        *,
        prompt: str = "",
        loose: bool = False,
    ) -> bool:
        """Tell whether a response follows one constraint of the family; see ``skillrt.constraints.check``."""
        rule = self.checks.get(instruction_id)
        if rule is None:
            raise ValueError(
                f"unknown {self.title} instruction {instruction_id!r}; {_known(instruction_id, self.checks)}"
            )
        given = plain_arguments(kwargs)
        if prompt.strip():
            given.setdefault("prompt_to_repeat", prompt)
        text = clean(response)
        # Called on a blank response as well: wrong arguments are told whatever the response is.
        met = rule(given, text) and bool(text.strip())
        return met or (loose and any(rule(given, other) for other in _variants(text) if other.strip()))


def _variants(text: str) -> Iterator[str]:
    """Yield what else a loose check looks at: first or last line off, asterisks removed, and combinations."""
    lines = text.split("\n")
    for kept in (lines[1:], lines[:-1], lines[1:-1]):
        yield "\n".join(kept).strip()
    if "*" in text:
        bare = text.replace("*", "")
        yield bare
        yield from _variants(bare)


def _known(name: str, checks: Mapping[str, Check]) -> str:
    near = difflib.get_close_matches(name, checks, n=1) if isinstance(name, str) else []
    return f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(sorted(checks))}"
