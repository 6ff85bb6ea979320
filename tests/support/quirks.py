"""Quirks of servers: what one refuses, in its words, and in what form it answers.

A quirk is data; a :class:`Product` has some and plays them on a scripted server. :mod:`products` has some.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scripted_server import Status

ANY: tuple[Any, ...] = ()
NAMED = "a tool by name"


@dataclass(frozen=True)
class Refuse:
    """A field that is not taken, at all or with some values.

    ``path`` leads to it, ``*`` for each item of a list; ``values`` are the ones refused, all where empty;
    ``but`` are the only ones taken. ``error`` is the whole body.
    """

    path: str
    error: Any
    status: int = 400
    values: tuple[Any, ...] = ANY
    but: tuple[Any, ...] = ANY

    def hits(self, body: Mapping[str, Any]) -> bool:
        return any(self._wrong(value) for value in _at(body, self.path.split(".")))

    def _wrong(self, value: Any) -> bool:
        known = NAMED if isinstance(value, dict) and "function" in value else value
        if self.but:
            return known not in self.but
        return not self.values or known in self.values

    def answer(self) -> Status:
        text = self.error if isinstance(self.error, str) else json.dumps(self.error)
        return Status(self.status, text)


def _at(value: Any, path: list[str]) -> Iterator[Any]:
    if not path:
        yield value
    elif path[0] == "*" and isinstance(value, list):
        for item in value:
            yield from _at(item, path[1:])
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


Change = Callable[[dict[str, Any]], None]
"""Changes a completion in place."""


@dataclass
class Product:
    """One product. ``first`` are the whole bodies of its first answers, before it answers as it should."""

    refuses: tuple[Refuse, ...] = ()
    changes: tuple[Change, ...] = ()
    first: tuple[Status, ...] = ()
    before: bytes = b""
    header: tuple[str, str] | None = None
    target: str = ""
    root: str = "/v1"
    played: int = 0
    parameters: int = 0

    def refusal(self, body: Mapping[str, Any], headers: Mapping[str, str], target: str) -> Status | None:
        if self.header and headers.get(self.header[0]) != self.header[1]:
            return Status(401, '{"error": {"code": "401", "message": "Access denied: a wrong key"}}')
        if self.target and target != self.target:
            return Status(404, '{"error": {"code": "404", "message": "Resource not found"}}')
        for refuse in self.refuses:
            if refuse.hits(body):
                self.parameters += 1
                return refuse.answer()
        if self.played < len(self.first):
            self.played += 1
            return self.first[self.played - 1]
        return None

    def change(self, completion: dict[str, Any]) -> bytes:
        for change in self.changes:
            change(completion)
        return self.before + json.dumps(completion).encode()


def said(message: str, **more: Any) -> dict[str, Any]:
    """An error as OpenAI puts it."""
    return {"error": {"message": message, **more}}


# ---------------------------------------------------------------------------------- forms of an answer


def message_of(completion: dict[str, Any]) -> dict[str, Any]:
    return completion["choices"][0]["message"]


def functions_of(completion: dict[str, Any]) -> list[dict[str, Any]]:
    return [call["function"] for call in message_of(completion).get("tool_calls") or []]


def ends(**names: str) -> Change:
    """Ends are called otherwise."""

    def change(completion: dict[str, Any]) -> None:
        choice = completion["choices"][0]
        choice["finish_reason"] = names.get(choice["finish_reason"], choice["finish_reason"])

    return change


def counts(usage: Any) -> Change:
    """Tokens are counted otherwise; None for not at all."""

    def change(completion: dict[str, Any]) -> None:
        completion["usage"] = usage

    return change


def thinks(name: str) -> Change:
    """Thoughts stand in a field of this name."""
    return lambda completion: message_of(completion).update({name: "A or B? I see."})


def thinks_aloud(begin: str, end: str) -> Change:
    """Thoughts stand before the text."""

    def change(completion: dict[str, Any]) -> None:
        message = message_of(completion)
        message["content"] = f"{begin}A or B?{end}{message['content'] or ''}"

    return change


def encodes_twice(completion: dict[str, Any]) -> None:
    for function in functions_of(completion):
        function["arguments"] = json.dumps(function["arguments"])


def gives_objects(completion: dict[str, Any]) -> None:
    for function in functions_of(completion):
        function["arguments"] = json.loads(function["arguments"])


def gives_texts(completion: dict[str, Any]) -> None:
    """Lists and numbers in arguments are texts, as a parser of tags leaves them."""
    for function in functions_of(completion):
        given = json.loads(function["arguments"])
        texts = {key: item if isinstance(item, str) else json.dumps(item) for key, item in given.items()}
        function["arguments"] = json.dumps(texts)


def names(form: str) -> Change:
    """Tools are named with something around the name."""

    def change(completion: dict[str, Any]) -> None:
        for function in functions_of(completion):
            function["name"] = form.format(function["name"])

    return change


def no_ids(completion: dict[str, Any]) -> None:
    for call in message_of(completion).get("tool_calls") or []:
        del call["id"]


def leaves_calls(form: str, *, name: str = "arguments") -> Change:
    """Calls stay in the content: ``{0}`` is the name, ``{1}`` the arguments, ``{2}`` the call as JSON."""

    def change(completion: dict[str, Any]) -> None:
        functions = functions_of(completion)
        texts = []
        for function in functions:
            call = json.dumps({"name": function["name"], name: json.loads(function["arguments"])})
            texts.append(form.format(function["name"], function["arguments"], call))
        if functions:
            message_of(completion).update(content="\n".join(texts), tool_calls=[])
            completion["choices"][0]["finish_reason"] = "stop"

    return change


def in_tags(completion: dict[str, Any]) -> None:
    """Calls stay in the content, each parameter in a tag."""
    texts = []
    for function in functions_of(completion):
        given = json.loads(function["arguments"])
        lines = (
            f"<parameter={key}>\n{item if isinstance(item, str) else json.dumps(item)}\n</parameter>\n"
            for key, item in given.items()
        )
        texts.append(f"<tool_call>\n<function={function['name']}>\n{''.join(lines)}</function>\n</tool_call>")
    if texts:
        message_of(completion).update(content="\n".join(texts), tool_calls=None)


def first_form(completion: dict[str, Any]) -> None:
    """The call stands where the API had it first."""
    functions = functions_of(completion)
    if functions:
        message_of(completion).update(tool_calls=None, function_call=functions[0])
        completion["choices"][0]["finish_reason"] = "function_call"


def in_parts(completion: dict[str, Any]) -> None:
    """The content comes in parts, thoughts among them."""
    message = message_of(completion)
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "A or B?"}]}
    message["content"] = [thought, {"type": "text", "text": message["content"] or ""}]
