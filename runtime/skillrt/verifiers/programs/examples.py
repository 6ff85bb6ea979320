"""The input/output examples that a programming task shows in its prompt."""

from __future__ import annotations

import ast
import json
import math
import re
from dataclasses import dataclass, field
from functools import lru_cache

from skillrt.sandbox.records import JSON
from skillrt.verifiers.programs.accepts import Accepts, read_accepts
from skillrt.verifiers.references.forms import KEPT_PROMPTS

MAX_EXAMPLES = 12
PROMPT_CHARS = 60_000


@dataclass(frozen=True, slots=True)
class CallExample:
    """``Input: nums = [1,2], k = 3`` and ``Output: 5``: arguments by name, as shown, and the result."""

    arguments: tuple[tuple[str, JSON], ...]
    expected: JSON


@dataclass(frozen=True, slots=True)
class StdinExample:
    """A sample input for a program, and the outputs that agree with the sample.

    A prompt often runs its explanation on after the output, with only a blank line between: ``outputs`` holds
    the shown text up to the first blank line, up to the second, and so on.
    """

    stdin: str
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Examples:
    """All examples of a prompt, of one kind, and what the prompt says about the answers that it accepts."""

    calls: tuple[CallExample, ...] = ()
    programs: tuple[StdinExample, ...] = ()
    accepts: Accepts = field(default_factory=Accepts)

    def __bool__(self) -> bool:
        return bool(self.calls or self.programs)


_CALL = re.compile(
    r"^[ \t>*]*Input\**:\**[ \t]*(?P<input>.{0,20000}?)"
    r"(?:\n\s*[>*]*|[,;]?[ \t]+\**(?=Output\**:))Output\**:\**[ \t]*(?P<output>.{0,20000}?)"
    r"(?=\n[ \t>*]*(?:Explanation|Example|Input|Constraints|Note|Follow)\b|\n[ \t\xa0]*\n|\Z)",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_SAMPLE = re.compile(
    r"(?:^[ \t#*]*|(?<=[.:!?)\"]))(?:Sample|Example)[ \t]*(?P<kind>Input|Output)\b"
    r"[ \t]*#?\d*[ \t]*:?\**[ \t]*\n",
    re.MULTILINE | re.IGNORECASE,
)
_NEXT_SECTION = re.compile(
    r"^[ \t#*]*(?:Note|Notes|Explanation|Constraints|Hint|Scoring|Example \d+)\b[^\n]{0,20}$", re.MULTILINE
)


@lru_cache(maxsize=KEPT_PROMPTS)
def read_examples(prompt: str) -> Examples:
    """Return the examples shown in ``prompt``; empty when there are none that can be read. Never raises."""
    if len(prompt) > PROMPT_CHARS:  # cut, it would show a cut example
        return Examples()
    text = prompt.replace("\r\n", "\n").replace("\r", "\n")
    programs = _programs(text)
    return Examples(
        calls=() if programs else _calls(text),
        programs=programs,
        accepts=read_accepts(text),
    )


def _calls(text: str) -> tuple[CallExample, ...]:
    """Return the readable examples of the ``Input: a = 1, b = 2`` kind."""
    calls = []
    for match in list(_CALL.finditer(text))[:MAX_EXAMPLES]:
        try:
            arguments = _arguments(match["input"])
            expected = literal(match["output"])
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if arguments:
            calls.append(CallExample(arguments, expected))
    return tuple(calls)


def _arguments(shown: str) -> tuple[tuple[str, JSON], ...]:
    """``a = 1, b = [2]`` as pairs; ValueError when it is anything else."""
    call = _parsed(f"f({_python(shown.strip())})")
    if not isinstance(call, ast.Call) or call.args or any(word.arg is None for word in call.keywords):
        raise ValueError("not a list of named arguments")
    return tuple((str(word.arg), _json(_value(word.value))) for word in call.keywords)


def literal(shown: str) -> JSON:
    """Return a JSON or Python literal; ValueError or SyntaxError when it is neither."""
    return _json(_value(_parsed(_python(shown.strip().strip("`*").strip()))))


def _parsed(source: str) -> ast.expr:
    """Return the one expression in ``source``.

    Raises ValueError or SyntaxError when there is none, or when it nests too deep.
    """
    try:
        return ast.parse(source, mode="eval").body
    except (RecursionError, MemoryError) as error:
        raise ValueError("nested too deep") from error


def _value(node: ast.expr) -> object:
    """Return the value of a literal; ValueError when it is none, as for a set of sets, which cannot be."""
    try:
        return ast.literal_eval(node)
    except (TypeError, RecursionError, MemoryError) as error:
        raise ValueError(f"no literal: {error}") from error


def _json(value: object) -> JSON:
    """Return a literal as plain JSON, integers of any length; ValueError for what JSON does not have."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, dict):
        return {key if isinstance(key, str) else json.dumps(key): _json(item) for key, item in value.items()}
    raise ValueError(f"{type(value).__name__} is not a JSON value")


_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_NAMES = {"true": "True", "false": "False", "null": "None"}
_CHUNK = 4_000
_LONG_INTEGER = re.compile(rf"(?<![\w.])[1-9]\d{{{_CHUNK},}}(?![\w.])")
"""Integers that Python refuses to read in decimal."""


def _python(shown: str) -> str:
    """JSON's names as Python's, outside string literals; typographic quotes as plain ones."""
    shown = shown.replace("“", '"').replace("”", '"')
    pieces: list[str] = []
    place = 0
    for string in _STRING.finditer(shown):
        pieces += [_renamed(shown[place : string.start()]), string[0]]
        place = string.end()
    return "".join([*pieces, _renamed(shown[place:])])


def _renamed(code: str) -> str:
    code = re.sub(r"\b(?:true|false|null)\b", lambda match: _NAMES[match[0]], code)
    return _LONG_INTEGER.sub(_in_hexadecimal, code)


def _in_hexadecimal(match: re.Match[str]) -> str:
    """Return a long integer in the notation that Python reads at any length."""
    value = 0
    for start in range(0, len(match[0]), _CHUNK):
        chunk = match[0][start : start + _CHUNK]
        value = value * 10 ** len(chunk) + int(chunk)
    return hex(value)


def _programs(text: str) -> tuple[StdinExample, ...]:
    """Return the pairs of sample input and sample output, each output following its input."""
    headers = list(_SAMPLE.finditer(text))
    programs = []
    for place, header in enumerate(headers[:-1]):
        answer = headers[place + 1]
        if header["kind"].lower() != "input" or answer["kind"].lower() != "output":
            continue
        end = headers[place + 2].start() if place + 2 < len(headers) else len(text)
        stdin = _unspaced(_unfenced(text[header.end() : answer.start()]))
        outputs = _outputs(text[answer.end() : end])
        if stdin.strip() and outputs:
            programs.append(StdinExample(stdin, outputs))
    return tuple(programs[:MAX_EXAMPLES])


def _outputs(shown: str) -> tuple[str, ...]:
    """Return what may count as the sample's output: its paragraphs, one, then two, and so on."""
    fenced = re.match(r"\s*```\w*\n(.*?)```", shown, re.DOTALL)
    if fenced:
        return (fenced[1],)
    section = _NEXT_SECTION.search(shown)
    body = shown[: section.start()] if section else shown
    paragraphs = [part.strip("\n") for part in re.split(r"\n[ \t]*\n", body) if part.strip()]
    return tuple("\n".join(paragraphs[:count]) for count in range(1, min(len(paragraphs), 40) + 1))


def _unfenced(shown: str) -> str:
    fenced = re.search(r"```\w*\n(.*?)```", shown, re.DOTALL)
    return fenced[1] if fenced else shown


def _unspaced(shown: str) -> str:
    """Return the sample's lines.

    Blank lines that a page's layout put between all of them are left out.
    """
    lines = shown.strip("\n").rstrip().split("\n")
    inner = [not line.strip() for line in lines[1::2]]
    doubled = len(lines) >= 3 and all(inner) and all(line.strip() for line in lines[::2])
    return "\n".join(lines[::2] if doubled else lines) + "\n"
