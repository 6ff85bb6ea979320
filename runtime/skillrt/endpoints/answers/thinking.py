"""A model's thinking, where a server leaves it in the text."""

from __future__ import annotations

import re

__all__ = ["strip_thinking"]

_THOUGHT_ENDS = re.compile(
    r"</think>|\[/THINK\]|<\|end_?of_?thought\|>|</seed:think>|<\|end\|>(?=\s*<\|start\|>)"
    r"|<\|channel\|>final(?:\s*<\|constrain\|>\w+)?\s*<\|message\|>"
)
_THOUGHT_BEGINS = re.compile(
    r"\s*(?:<think>|\[THINK\]|<seed:think>|(?:<\|start\|>assistant)?<\|channel\|>analysis)"
)
_CHANNEL_END = re.compile(r"<\|(?:end|return)\|>\s*\Z")


def strip_thinking(text: str) -> str:
    """Return what follows the model's thinking: all after the last end of a thought.

    A text that opens a thought and never closes it holds no answer.
    """
    if "<" not in text and "[" not in text:
        return text
    end = 0
    for match in _THOUGHT_ENDS.finditer(text):
        end = match.end()
    if end:
        return _CHANNEL_END.sub("", text[end:])
    return "" if _THOUGHT_BEGINS.match(text) else text
