"""Deterministic checks of what a text is made of: words, lists, JSON, keywords, language and the like.

`HELPERS` has every helper by name with its signature for a judge; `check` decides the official constraints
of IFEval and IFBench with their official meaning.
"""

from skillrt.constraints.official import FAMILIES, check
from skillrt.constraints.registry import HELPERS, Helper, pure_source

__all__ = ["FAMILIES", "HELPERS", "Helper", "check", "pure_source"]
