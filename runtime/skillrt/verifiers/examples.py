"""The input/output examples that a programming task shows in its prompt."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from functools import lru_cache

from skillrt.sandbox.records import JSON
from skillrt.verifiers.forms import KEPT_PROMPTS

MAX_EXAMPLES = 12
PROMPT_CHARS = 60_000


@dataclass(frozen=True, slots=True)
class CallExample:
    """`Input: nums = [1,2], k = 3` and `Output: 5`: arguments by name, in the order shown, and the result."""

    arguments: tuple[tuple[str, JSON], ...]
    expected: JSON


@dataclass(frozen=True, slots=True)
class StdinExample:
    """A sample input for a program, and the outputs that agree with the sample.

    A prompt often runs its explanation on after the output, with only a blank line between: `outputs` holds
    the shown text up to the first blank line, up to the second, and so on.
    """

    stdin: str
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Examples:
    """All examples of a prompt, of one kind, and what the prompt says about the answers that it accepts."""

    calls: tuple[CallExample, ...] = ()
    programs: tuple[StdinExample, ...] = ()
    any_order: bool = False
    any_answer: bool = False
    any_case: bool = False

    def __bool__(self) -> bool:
        return bool(self.calls or self.programs)


_CALL = re.compile(
    r"^[ \t>*]*Input\**:\**[ \t]*(?P<input>.{0,3000}?)\n\s*[>*]*Output\**:\**[ \t]*(?P<output>.{0,3000}?)"
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
_ANY_ORDER = re.compile(
    r"\b(?:return|print|output|answer)\b[^.\n]{0,100}\bin any (?:valid )?order\b"
    r"|\border of (?:the )?(?:answer|output|result)s?\b[^.\n]{0,40}\bdoes(?:n't| not) matter\b",
    re.IGNORECASE,
)
_ANY_ANSWER = re.compile(
    r"\b(?:multiple|several|more than one|many) (?:\w+ ){0,3}(?:answers?|solutions?|outputs?|ways?)\b"
    r"[^.\n]{0,80}\b(?:any|one)\b|\b(?:return|print|output|find) any (?:of (?:them|these)|such|valid|one)\b"
    r"|\bany (?:valid|correct) (?:answer|solution|output)\b",
    re.IGNORECASE,
)
_ANY_CASE = re.compile(r"\bin any case\b|\bcase[- ]insensitive", re.IGNORECASE)


@lru_cache(maxsize=KEPT_PROMPTS)
def read_examples(prompt: str) -> Examples:
    """The examples shown in `prompt`; empty when there are none that can be read. Never raises."""
    text = prompt[:PROMPT_CHARS].replace("\r\n", "\n").replace("\r", "\n")
    programs = _programs(text)
    return Examples(
        calls=() if programs else _calls(text),
        programs=programs,
        any_order=bool(_ANY_ORDER.search(text)),
        any_answer=bool(_ANY_ANSWER.search(text)),
        any_case=bool(_ANY_CASE.search(text)),
    )


def _calls(text: str) -> tuple[CallExample, ...]:
    """The readable examples of the `Input: a = 1, b = 2` kind."""
    found = []
    for match in list(_CALL.finditer(text))[:MAX_EXAMPLES]:
        try:
            arguments = _arguments(match["input"])
            expected = literal(match["output"])
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        if arguments:
            found.append(CallExample(arguments, expected))
    return tuple(found)


def _arguments(shown: str) -> tuple[tuple[str, JSON], ...]:
    """`a = 1, b = [2]` as pairs; ValueError when it is anything else."""
    call = _parsed(f"f({_python(shown.strip())})")
    if not isinstance(call, ast.Call) or call.args or any(word.arg is None for word in call.keywords):
        raise ValueError("not a list of named arguments")
    return tuple((str(word.arg), _json(_value(word.value))) for word in call.keywords)


def literal(shown: str) -> JSON:
    """A JSON or Python literal; ValueError or SyntaxError when it is neither."""
    return _json(_value(_parsed(_python(shown.strip().strip("`*").strip()))))


def _parsed(source: str) -> ast.expr:
    """The one expression in `source`; ValueError or SyntaxError when it is none, or nests too deep."""
    try:
        return ast.parse(source, mode="eval").body
    except (RecursionError, MemoryError) as error:
        raise ValueError("nested too deep") from error


def _value(node: ast.expr) -> object:
    """The value of a literal; ValueError when it is none, as for a set of sets, which cannot be."""
    try:
        return ast.literal_eval(node)
    except (TypeError, RecursionError, MemoryError) as error:
        raise ValueError(f"no literal: {error}") from error


def _json(value: object) -> JSON:
    """A literal as plain JSON; ValueError for sets, bytes and whatever else JSON does not have."""
    try:
        plain: JSON = json.loads(json.dumps(value, allow_nan=False))
    except TypeError as error:
        raise ValueError(str(error)) from None
    return plain


_STRING = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'")
_NAMES = {"true": "True", "false": "False", "null": "None"}


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
    return re.sub(r"\b(?:true|false|null)\b", lambda match: _NAMES[match[0]], code)


def _programs(text: str) -> tuple[StdinExample, ...]:
    """The pairs of sample input and sample output, each output following its input."""
    headers = list(_SAMPLE.finditer(text))
    found = []
    for place, header in enumerate(headers[:-1]):
        answer = headers[place + 1]
        if header["kind"].lower() != "input" or answer["kind"].lower() != "output":
            continue
        end = headers[place + 2].start() if place + 2 < len(headers) else len(text)
        stdin = _unspaced(_unfenced(text[header.end() : answer.start()]))
        outputs = _outputs(text[answer.end() : end])
        if stdin.strip() and outputs:
            found.append(StdinExample(stdin, outputs))
    return tuple(found[:MAX_EXAMPLES])


def _outputs(shown: str) -> tuple[str, ...]:
    """What may count as the sample's output: its paragraphs, one, then two, and so on."""
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
    """The sample's lines; where a page's layout put a blank line between all of them, without these."""
    lines = shown.strip("\n").rstrip().split("\n")
    inner = [not line.strip() for line in lines[1::2]]
    doubled = len(lines) >= 3 and all(inner) and all(line.strip() for line in lines[::2])
    return "\n".join(lines[::2] if doubled else lines) + "\n"
