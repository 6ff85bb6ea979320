"""Keeping a sample's text from being read as control tokens, and from holding what nobody sees.

Servers tokenize a chat after the template was applied, and most of them turn the spelling of a
special token inside a user's text into that token. A candidate that contains ``<|im_end|>`` could
so close the judge's turn and open one of its own. A word joiner (U+2060, no width) inside the
spelling keeps the text readable and the token from forming. What is a token is told by its shape,
because every family of models brings new names.

Characters that have no width and no use in a judge's text are left out: Unicode tags, marks of the
direction of writing, and variation selectors can carry a hidden message. Verifiers and tools read
the text as it is.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

__all__ = ["JOINER", "MARK", "encodable", "hidden", "map_strings", "neutralise", "plain", "visible"]

JOINER = "\u2060"
MARK = "\\" + JOINER
"""What :class:`skillrt.programs.frame.Frame` puts before a forged part of the frame."""

_HIDDEN = re.compile(
    "[\u061c\u180b-\u180d\u180f\u200e\u200f\u202a-\u202e\u2066-\u206f\ufe00-\ufe0f\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]+"
)

# Names of one word that are tokens of some family, and no ordinary element of HTML; numbers may follow.
_WORDS = (
    "s|bos|eos|bot|eot|sop|eop|pad|unk|mask|sep|cls|ctrl|unused|think|thinking|thought|reasoning|tool|tools"
    "|toolcall|toolcalls|function|functions|parameter|parameters|invoke|observation|assistant|user|system"
    "|human|image|escape|reserved"
)
_NAME = (
    r"(?:[a-z0-9.\u2581-]{1,40}[_:\u2581][\w:.\u2581-]{0,60}"  # of several parts: tool_call, x:think
    rf"|(?:{_WORDS})\d{{0,5}}"
    r"|[a-z]{3,20}\d{1,5}|0x[0-9a-f]{2}"
    r"|(?-i:[A-Z][A-Z0-9]{2,30}))"
)
_TAIL = r"(?:\s*/?>|\s*=\s*[^<>\s]|\s+[\w:.-]{1,40}\s*=)"

_CONTROL = re.compile(
    r"[<\uff1c](?=/?[|\uff5c])"  # <|im_end|>, and the full-width bars of some families
    r"|[|\uff5c](?=[>\uff1e])"
    r"|\[(?=\|)|\|(?=\])"  # [|endofturn|]
    rf"|<(?=/?{_NAME}{_TAIL})"  # <tool_call>, <function=f>, <start_of_turn>, <SPECIAL_12>, <extra_id_0>
    r"|<(?=\[[^\[\]<>\n]{1,60}\]>)"  # <[BOS_never_used]>
    r"|<(?=<[/A-Z][A-Z_]{1,20}>>)|>(?=>[A-Z]{3,20}<<)"  # <<SYS>>, >>TITLE<<
    r"|\[(?=/?(?-i:[A-Za-z]?[A-Z][A-Z0-9_]{1,40})\])|\[(?=/?(?:INST|unused\d{1,4})\])"  # [INST], [gMASK]
    r"|\](?=~|<\]|!)|\[(?=>\[|[a-z!]{0,3}~)"  # ]~b], [e~[, ]<]x[>[
    r"|\u25c1(?=/?\w)"
    r"|[/\\][nts](?=(?:(?<=n)o[_-]?think|(?<=t)hink|(?<=s)ystem_override)(?:ing)?(?![\w-]))",  # /no_think
    re.IGNORECASE,
)


def hidden(value: Any) -> int:
    """Return how many characters :func:`visible` leaves out of the texts of a JSON-like value."""
    if isinstance(value, str):
        return 0 if value.isascii() else len(value) - len(visible(value))
    if isinstance(value, Mapping):
        return sum(map(hidden, value.values()))
    return sum(map(hidden, value)) if isinstance(value, list | tuple) else 0


def visible(text: str) -> str:
    """Return ``text`` without tags, direction marks and variation selectors."""
    return text if text.isascii() else _HIDDEN.sub("", text)


def neutralise(text: str) -> str:
    """Return the visible part of ``text`` with every spelling of a control token broken by a word joiner."""
    return _CONTROL.sub(lambda match: match[0] + JOINER, visible(text))


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
    """Return ``text`` without what :func:`neutralise` put in or left out, and without marks."""
    return visible(text.replace(MARK, "").replace(JOINER, ""))


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
