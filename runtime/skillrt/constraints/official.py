"""Official constraints by their ids: the 25 of IFEval and the 58 of IFBench, strict and loose.

    check("punctuation:no_comma", {}, "No comma here.")                           # True
    check("count:numbers", {"N": 2}, "In 7 words:\\n1 and 2", loose=True)          # True

A check answers as the published checker does, oddities included; what judges are offered beside it
(``skillrt.constraints.HELPERS``) is made to be sane.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from skillrt.constraints import ifbench, ifeval
from skillrt.constraints.family import Family

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FAMILIES", "check"]

FAMILIES: Final[Mapping[str, Family]] = MappingProxyType(
    {family.name: family for family in (ifeval.FAMILY, ifbench.FAMILY)}
)
"""The families by name; no id is in two of them."""
_ALL: Final = Family(
    "all", "official", {name: rule for family in FAMILIES.values() for name, rule in family.checks.items()}
)


def check(
    instruction_id: str,
    kwargs: Mapping[str, Any] | None,
    response: str,
    *,
    prompt: str = "",
    loose: bool = False,
) -> bool:
    """Tell whether a response follows one official constraint; a blank one follows nothing.

    Args:
        instruction_id: the id of the constraint, such as ``"count:numbers"``.
        kwargs: its arguments as in the official data. Others, null and NaN are ignored; numpy's are taken.
        response: the text to check.
        prompt: the request, for a constraint that repeats it and whose arguments lack it.
        loose: also try the response without its first line, its last line or both, and each of the four
            without asterisks; one that follows is enough.

    Raises:
        ValueError: the id is unknown, or the arguments do not fit it.
    """
    return _ALL.check(instruction_id, kwargs, response, prompt=prompt, loose=loose)
