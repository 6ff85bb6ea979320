"""Keeping a sample's text from being read as control tokens.

Servers tokenize a chat after the template was applied, and most of them turn the spelling of a
special token inside a user's text into that token. A candidate that contains ``<|im_end|>`` could
so close the judge's turn and open one of its own. A word joiner (U+2060, no width) after the first
character keeps the text readable and the token from forming.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

__all__ = ["JOINER", "MARK", "encodable", "map_strings", "neutralise", "plain"]

JOINER = "\u2060"
MARK = "\\" + JOINER
"""What :class:`skillrt.programs.frame.Frame` puts before a forged part of the frame."""

_CONTROL = re.compile(
    r"<(?=[|\uff5c])"  # <|im_end|>, <|eot_id|>, and the full-width bars of some families
    r"|[|\uff5c](?=>)"
    r"|<(?=/?(?:[a-z]{1,20}:)?(?:s|bos|eos|pad|unk|tool_call|tool_response|tools|tool_calls|function|parameter"
    r"|think|thinking|start_of_turn|end_of_turn|start_of_image|reserved_\d+|invoke|observation)\b[^<>\n]{0,80}>)"
    r"|\[(?=/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CONTENT|ARGS|CALL_ID|THINK)\])"
    r"|<(?=</?SYS>>)",
    re.IGNORECASE,
)


def neutralise(text: str) -> str:
    """Return ``text`` with every spelling of a control token broken by a word joiner."""
    return _CONTROL.sub(lambda match: match[0] + JOINER, text)


def map_strings(value: Any, change: Callable[[str], str]) -> Any:
    """Apply ``change`` to every string inside a JSON-like value; mappings keep their keys."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: map_strings(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [map_strings(item, change) for item in value]
    return value


def plain(text: str) -> str:
    """Return ``text`` without the joiners that :func:`neutralise` put in, and without marks."""
    return text.replace(MARK, "").replace(JOINER, "")


def encodable(value: Any) -> Any:
    """Return a JSON-like value with each half of a surrogate pair, which UTF-8 cannot carry, as U+FFFD.

    Where there is none, and that is nearly always, the value itself comes back.
    """
    with contextlib.suppress(UnicodeEncodeError, TypeError, OverflowError, RecursionError):
        msgspec.json.encode(value)
        return value
    return map_strings(value, _whole)


def _whole(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
