"""What a server does not take of a request, found out by its own words, once.

Servers differ in the fields that they accept, and most refuse what they do not know. A refusal names the
field: it is then left out, renamed or said in another way, and the request sent again. What the server then
takes is remembered; where it refuses still, in the same words, the field was not the cause and is sent again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from skillrt.endpoints.answers.failures import shown
from skillrt.endpoints.config import EndpointFailure

__all__ = ["LEFT_OUT", "Dialect"]

LEFT_OUT: Final = "left out"
_NEW_NAME: Final = "max_completion_tokens"
_FORMAT: Final = "response_format"
_MAY_NAME_A_FIELD = (200, 400, 404, 405, 415, 422, 500, 501)
_WINDOW = 160

_NAMES: Final[Mapping[str, re.Pattern[str]]] = {
    field: re.compile(rf"(?<![\w-])(?:{names})(?![\w-])", re.IGNORECASE)
    for field, names in {
        "chat_template_kwargs": "chat_template_kwargs|enable_thinking",
        "logit_bias": "logit_bias",
        "max_completion_tokens": "max_completion_tokens",
        "max_tokens": "max_tokens",
        "response_format": r"response_format(?:\.\w+)*|json_schema|structured outputs?|guided decoding",
        "seed": "seed",
        "strict": "strict|invalid schema for function",
        "temperature": "temperature",
        "tool_choice": "tool_choice|tool choice|forced function calling",
    }.items()
}
_REFUSES = re.compile(
    r"support|recogni[sz]ed|unknown|unexpected|permitted|\bextra\b|forbid|allow|unavailable|not available"
    r"|invalid|\bonly\b|\bmust\b|deprecated|removed|cannot|can't|additional|no such|not a valid|incompatible"
    r"|not accept|illegal|requires|expected|should be|instead|disabled|not implemented",
    re.IGNORECASE,
)
_NOT_KNOWN = re.compile(
    r"support|recogni[sz]ed|unknown|unexpected|permitted|\bextra\b|forbid|not allow|deprecated|removed"
    r"|additional|no such|not accept|instead|max_completion_tokens",
    re.IGNORECASE,
)
_TOO_MUCH = re.compile(r"too (?:large|high|big)|at most|less than|smaller than|maximum value", re.IGNORECASE)
_LIST_OF_GOOD_ONES = re.compile(
    r"(?<!not )\b(?:supported|allowed|valid|accepted|permitted|known|available)\b[\w ]{0,20}"
    r"\b(?:fields?|parameters?|params|arguments?|keys|values?|options|types?)\b",
    re.IGNORECASE,
)
_UNKNOWN_FIELD = re.compile(
    r"unrecogni[sz]ed|\bextra (?:inputs?|fields?)\b|not permitted|additional propert"
    r"|unknown (?:name|field|parameter|argument)",
    re.IGNORECASE,
)
_AUTO, _REQUIRED = re.compile(r"\bauto\b", re.IGNORECASE), re.compile(r"\b(?:required|any)\b", re.IGNORECASE)
_SERVER_FLAG = re.compile(r"--enable-auto-tool-choice|--jinja|--tool-call-parser")


class Dialect:
    """How requests to one server are changed. ``changes`` names for each field what is sent instead."""

    def __init__(self, given: frozenset[str] = frozenset()) -> None:
        self._given = given
        """Fields that a person asked for: they are sent, whatever the server says."""
        self.changes: dict[str, str] = {}
        self.words: dict[str, str] = {}
        self._in_vain: set[str] = set()

    def apply(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change a body to what the server takes; it is changed in place."""
        for field, change in self.changes.items():
            if field == "strict":
                _drop_strict(body)
            elif field not in body:
                continue
            elif field == "max_tokens" and change != LEFT_OUT:
                body[change] = body.pop(field)
            elif field == "tool_choice" and change != LEFT_OUT:
                _say_choice(body, change)
            else:
                del body[field]
        return body

    def learn(self, failure: EndpointFailure, body: Mapping[str, Any]) -> bool:
        """Read from a refusal of ``body`` which fields to change; tell whether the next try will differ."""
        if failure.kind not in ("refused", "down", "broken") or failure.status not in _MAY_NAME_A_FIELD:
            return False
        if failure.words in self._in_vain or _SERVER_FLAG.search(failure.words):
            return False
        fields = list(self._refused(failure, body))
        if not fields and failure.status in (400, 422) and "tools" in body and self._sent(_FORMAT, body):
            fields = [_FORMAT]  # tools and a schema together are much to ask; not all say what they miss
        for field in fields:
            ours = "max_tokens" if field == _NEW_NAME else field
            self.changes[ours] = _instead(field, body, failure.words)
            self.words[ours] = shown(failure.words, 160)
        return bool(fields)

    def known(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return what is known now, for ``forget``."""
        return dict(self.changes), dict(self.words)

    def forget(self, known: tuple[dict[str, str], dict[str, str]], words: str) -> None:
        """Go back to what was known before: the server refuses still, in the same ``words``."""
        self.changes, self.words = known
        self._in_vain.add(words)

    def report(self) -> dict[str, str]:
        """Return each change with the server's words for it."""
        return {
            field: f"{change} (the server: {self.words[field]})"
            for field, change in sorted(self.changes.items())
        }

    def _refused(self, failure: EndpointFailure, body: Mapping[str, Any]) -> Iterator[str]:
        good_ones = _LIST_OF_GOOD_ONES.search(failure.words)  # what it names is not refused
        words = failure.words[: good_ones.start()] if good_ones else failure.words
        for field, name in _NAMES.items():
            if not self._sent(field, body):
                continue
            length = field in ("max_tokens", _NEW_NAME)
            if length and _TOO_MUCH.search(failure.words):
                continue  # another name for it would be too much as well
            pattern = _NOT_KNOWN if length else _REFUSES
            if name.fullmatch(failure.param.rpartition(".")[2]) and pattern.search(failure.words):
                yield field
                continue
            for match in name.finditer(words):
                around = failure.words[max(0, match.start() - _WINDOW) : match.end() + _WINDOW]
                if pattern.search(around):
                    yield field
                    break

    def _sent(self, field: str, body: Mapping[str, Any]) -> bool:
        if field in self._given:
            return False
        if field == "strict":
            return any("strict" in tool["function"] for tool in body.get("tools", ()))
        return field in body


def _instead(field: str, body: Mapping[str, Any], words: str) -> str:
    """Return what to send instead of what was refused."""
    if field == "max_tokens":
        return _NEW_NAME
    if field != "tool_choice" or _UNKNOWN_FIELD.search(words):
        return LEFT_OUT
    match body["tool_choice"]:
        case Mapping():
            return "auto" if _AUTO.search(words) and not _REQUIRED.search(words) else "required"
        case "required":
            return "auto"
    return LEFT_OUT


def _drop_strict(body: dict[str, Any]) -> None:
    if "tools" in body:
        body["tools"] = [
            {**tool, "function": {name: part for name, part in tool["function"].items() if name != "strict"}}
            for tool in body["tools"]
        ]


def _say_choice(body: dict[str, Any], form: str) -> None:
    """Say in another form which tool is to be called; with ``required`` the named tool is the only one."""
    choice = body["tool_choice"]
    if not isinstance(choice, Mapping):
        return
    body["tool_choice"] = form
    if form == "required":
        name = choice["function"]["name"]
        body["tools"] = [tool for tool in body["tools"] if tool["function"]["name"] == name]
