"""Tool calls that a server left in the text: the forms in which models write them.

A server without the model's parser gives a call as it was written: JSON with a name and arguments, alone, in
a list, in a fence, or between markers (Hermes, Qwen, Llama, Mistral, DeepSeek, Kimi, GLM, Granite, Command R,
gpt-oss and others); parameters in tags; a call in the form of Python. The text must be nothing but calls: a
text that talks of a call, or quotes one, is talk. Where the judge said something first and then called, the
call counts only if it does not answer, for what a candidate wrote may stand at the end of a quotation.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from skillspec.words import FINAL_ANSWER

__all__ = ["calls_in", "clean_name", "object_text"]

_MOST_CHARS = 200_000
_MOST_PYTHON = 20_000
_DECODER = json.JSONDecoder()
_NAME = r"[A-Za-z_][\w.:-]*"
_NAME_KEYS = ("name", "tool_name", "function", "tool", "recipient_name")
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "input", "tool_input")
_MARKER = (
    r"<[|\uff5c][^<>|\uff5c]{1,60}[|\uff5c]>"  # <|tool_call_begin|> and every other control token
    r"|</?(?:[\w-]+:)?(?:\w*tool_?calls?|function_?calls?)>"
    r"|\[/?(?:TOOL_CALLS|ARGS|TOOL_REQUEST|END_TOOL_REQUEST)\]|\[CALL_ID\]\w*"
)
_NOISE = re.compile(
    rf"(?:\s|[,;]|```\w*|{_MARKER}|>>>|functools(?=\s*\[)|function(?=<[|\uff5c])"
    rf"|(?:assistant|commentary|analysis)(?=\s*(?:to=|<[|\uff5c]))|(?:json|code)(?=\s*(?:\{{|<[|\uff5c])))+",
    re.IGNORECASE,
)
_BEGINS = re.compile(rf"{_MARKER}|<function=|<invoke\s", re.IGNORECASE)
_NAMED = re.compile(rf"(?:to=)?(?P<name>{_NAME})")
_TAGGED = re.compile(
    rf"<(?:function=|invoke\s+name=)[\"']?(?P<name>{_NAME})[\"']?\s*>(?P<inner>.*?)</(?:function|invoke)>",
    re.DOTALL,
)
_PARAMETER = re.compile(
    r"\s*<parameter(?:=|\s+name=)[\"']?(?P<key>[\w.-]+)[\"']?[^>]*>(?P<value>.*?)</parameter>", re.DOTALL
)
_PAIR = re.compile(r"\s*<arg_key>(?P<key>.*?)</arg_key>\s*<arg_value>(?P<value>.*?)</arg_value>", re.DOTALL)

Call = tuple[str, str]
"""A name, and the text of its arguments."""


def clean_name(name: str, known: Sequence[str]) -> str:
    """Return the tool that a name means: without a namespace, a number or control tokens around it.

    What means none of the ``known`` tools comes back as it is.
    """
    if name in known:
        return name
    bare = re.split(r"<[|\uff5c]|\s", name.strip(" \t\r\n\"'`"), maxsplit=1)[0]
    for form in (bare, bare.rpartition(":")[0] or bare, bare.partition(":")[0]):
        for part in (form, form.rpartition(".")[2], form.rpartition("/")[2]):
            if part in known:
                return part
    return name


def object_text(arguments: Any) -> str:
    """Return arguments as the JSON text of an object, where they hold one, encoded twice or fenced too.

    What holds none comes back as a text, so that the judge can be told.
    """
    if arguments is None or arguments == "":
        return "{}"
    if not isinstance(arguments, str):
        return json.dumps(arguments, ensure_ascii=False)
    text = arguments.strip()
    if text[:1] == "{" and text[-1:] == "}":
        return arguments
    for _ in range(3):
        decoded = _decoded(text)
        if isinstance(decoded, dict):
            return text
        if decoded is None:
            break
        if not isinstance(decoded, str):
            return arguments
        text = decoded.strip()
    skipped = _NOISE.match(text)
    start = skipped.end() if skipped else 0
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return "{}" if text == "null" else arguments
    if isinstance(value, dict) and _at_end(text, end):
        return text[start:end]
    return "{}" if value is None else arguments


def calls_in(
    text: str, known: Sequence[str], forced: str | None, parameters: Mapping[str, Any] | None
) -> tuple[str, list[Call]]:
    """Return what a text says before its calls, and the calls; none where it is not made of calls.

    Args:
        text: what the model wrote, without its thoughts.
        known: the tools' names.
        forced: the tool that the request demanded by name; its bare arguments are then a call too.
        parameters: the schema of that tool's arguments.
    """
    if len(text) > _MOST_CHARS or not any(sign in text for sign in "{<[("):
        return text, []
    calls = _read(text, known, forced, parameters)
    if calls:
        return "", calls
    begins = _BEGINS.search(text)
    if begins and text[: begins.start()].strip():
        calls = _read(text[begins.start() :], known, None, None)
        if calls and all(name != FINAL_ANSWER for name, _ in calls):
            return text[: begins.start()].rstrip(), calls
    return text, []


def _read(
    text: str, known: Sequence[str], forced: str | None, parameters: Mapping[str, Any] | None
) -> list[Call]:
    calls: list[Call] = []
    try:
        for call in _scan(text, known, forced, parameters):
            calls.append(call)
    except (ValueError, RecursionError):
        calls = []
    return calls or _python_calls(text, known)


def _scan(
    text: str, known: Sequence[str], forced: str | None, parameters: Mapping[str, Any] | None
) -> Iterator[Call]:
    """Yield the calls of a text that is nothing else.

    Raises:
        ValueError: it is something else.
    """
    at = 0
    while not _at_end(text, at := _skipped(text, at)):
        if tagged := _TAGGED.match(text, at):
            yield _known(tagged["name"], known), _inner(tagged["inner"])
            at = tagged.end()
            continue
        named = _NAMED.match(text, at)
        if named and clean_name(named["name"], known) in known:
            name = clean_name(named["name"], known)
            at = _skipped(text, named.end())
            if text[at : at + 9] == "<arg_key>":
                pairs, at = _pairs(_PAIR, text, at)
                yield name, json.dumps(pairs, ensure_ascii=False)
                continue
            value, at = _DECODER.raw_decode(text, at)
            yield name, _object(value)
            continue
        value, at = _DECODER.raw_decode(text, at)
        yield from _from_json(value, known, forced, parameters)


def _skipped(text: str, at: int) -> int:
    noise = _NOISE.match(text, at)
    return noise.end() if noise else at


def _at_end(text: str, at: int) -> bool:
    return _skipped(text, at) >= len(text)


def _known(name: str, known: Sequence[str]) -> str:
    cleaned = clean_name(name, known)
    if cleaned not in known:
        raise ValueError(name)
    return cleaned


def _object(value: Any) -> str:
    text = object_text(value)
    if not isinstance(_decoded(text), dict):
        raise ValueError(text)
    return text


def _inner(inner: str) -> str:
    """Return the arguments between the tags of a call: parameters in tags of their own, or an object."""
    if "<parameter" not in inner:
        return _object(inner)
    pairs, end = _pairs(_PARAMETER, inner, 0)
    if inner[end:].strip():
        raise ValueError(inner)
    return json.dumps(pairs, ensure_ascii=False)


def _pairs(pattern: re.Pattern[str], text: str, at: int) -> tuple[dict[str, str], int]:
    pairs: dict[str, str] = {}
    while match := pattern.match(text, at):
        pairs[match["key"].strip()] = match["value"].removeprefix("\n").removesuffix("\n")
        at = match.end()
    return pairs, at


def _from_json(
    value: Any, known: Sequence[str], forced: str | None, parameters: Mapping[str, Any] | None
) -> Iterator[Call]:
    if isinstance(value, list):
        if not value:
            raise ValueError("no call")
        for item in value:
            yield from _from_json(item, known, None, None)
        return
    if not isinstance(value, dict):
        raise ValueError("no call")
    if isinstance(value.get("tool_calls"), list):
        yield from _from_json(value["tool_calls"], known, None, None)
        return
    if isinstance(value.get("function"), dict):
        value = value["function"]
    name = next((value[key] for key in _NAME_KEYS if isinstance(value.get(key), str)), None)
    if name is not None and clean_name(name, known) in known:
        arguments = next((value[key] for key in _ARGUMENT_KEYS if key in value), None)
        yield clean_name(name, known), _object(arguments)
        return
    if forced is None or not _fits(value, parameters or {}):
        raise ValueError("no call")
    yield forced, json.dumps(value, ensure_ascii=False)


def _fits(value: Mapping[str, Any], parameters: Mapping[str, Any]) -> bool:
    """Tell whether an object has the fields of a tool's arguments, all that it must and no other."""
    required, properties = parameters.get("required", ()), parameters.get("properties", {})
    return bool(required) and set(required) <= value.keys() <= set(properties)


def _python_calls(text: str, known: Sequence[str]) -> list[Call]:
    """Read ``[tool(key="value"), ...]``, the form of some Llamas; values are literals."""
    body = text[_skipped(text, 0) :]
    if len(body) > _MOST_PYTHON or not re.match(rf"\[?\s*{_NAME}\(", body):
        return []
    body = _BEGINS.split(body.strip().removesuffix("```"))[0].strip()
    try:
        tree = ast.parse(body, mode="eval").body
        nodes = tree.elts if isinstance(tree, ast.List) else [tree]
        return [_python_call(node, known) for node in nodes]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _python_call(node: ast.expr, known: Sequence[str]) -> Call:
    if not isinstance(node, ast.Call) or node.args:
        raise ValueError("no call")
    arguments = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords}
    if None in arguments:
        raise ValueError("no call")
    return _known(ast.unparse(node.func), known), json.dumps(arguments, ensure_ascii=False)


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
