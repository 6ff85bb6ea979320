"""Deterministic checks of what a text is made of: words, lists, JSON, keywords, language and the like.

``HELPERS`` has every helper by name with its signature for a judge; ``check`` decides the official
constraints of IFEval and IFBench with their official meaning.
"""

from typing import TYPE_CHECKING, Any

from skillrt.constraints.registry import HELPERS, Helper, pure_source

if TYPE_CHECKING:
    from skillrt.constraints.official import FAMILIES, check

__all__ = ["FAMILIES", "HELPERS", "Helper", "check", "pure_source"]


def __getattr__(name: str) -> Any:
    # The sandboxes import the helpers, and need not wait for what the official checks load.
    if name in ("FAMILIES", "check"):
        from skillrt.constraints import official

        return getattr(official, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
