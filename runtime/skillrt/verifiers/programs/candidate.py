"""Finding the Python program that a response submits."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from dataclasses import dataclass
from functools import lru_cache

CODE_CHARS = 200_000
"""A response longer than this has broken a limit: contests take a third of it at most."""
MAX_BLOCKS = 40
MAX_TRIED_CHARS = 600_000
KEPT_CODES = 64

_FENCE = re.compile(r"^[ \t]*(?P<mark>`{3,}|~{3,})[ \t]*(?P<language>[\w+#.-]*)[^\n]*$", re.MULTILINE)
_PYTHON = frozenset({"", "py", "python", "python3", "python2", "py3"})
_PLAIN = frozenset({"text", "txt", "plaintext", "output", "console", "bash", "sh", "shell", "json", "input"})


@dataclass(frozen=True, slots=True)
class Function:
    """A function that may be the entry; a method if it has an ``owner``. ``parameters`` leave out ``self``.

    ``annotations`` are those of the parameters, None where there are none.
    """

    owner: str | None
    name: str
    parameters: tuple[str, ...]
    required: int
    annotations: tuple[ast.expr | None, ...] = ()
    returns: ast.expr | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """The code of a response; ``code`` is None when there is none, and ``why`` says so.

    ``foreign`` is true when there is code, but in another language than Python.
    """

    code: str | None
    why: str
    foreign: bool = False


def read_candidate(response: str) -> Candidate:
    """Return the Python program in ``response``: fenced, or the whole response. Never raises.

    Of several fenced programs the last one that defines a class or function, or reads input, counts; a
    later snippet (an example of use) does not displace it.
    """
    if len(response) > CODE_CHARS:
        return Candidate(None, f"longer than {CODE_CHARS} characters")
    text = response.replace("\r\n", "\n")
    blocks = _blocks(text)
    programs = [code for language, code in blocks if language in _PYTHON and parsed(code) is not None]
    weighty = [code for code in programs if _is_program(code)]
    if weighty or programs:
        return Candidate((weighty or programs)[-1], "fenced code")
    if not blocks and parsed(text) is not None and _is_program(text):
        return Candidate(text, "the whole response is code")
    if not blocks and (code := _unfenced(text)) is not None:
        return Candidate(code, "code without a fence")
    other = sorted({language for language, _ in blocks if language not in _PYTHON | _PLAIN})
    if other:
        return Candidate(None, f"code in {', '.join(other)[:40]}, not in Python", foreign=True)
    return Candidate(None, "no Python program that can be parsed")


_CODE_START = re.compile(r"^(?:import \w|from [\w.]+ import\b|class \w+.*:|def \w+\(|@\w)", re.MULTILINE)


def _unfenced(text: str) -> str | None:
    """Return the program in a response that wraps it in prose without a fence.

    It begins at the first line of code. Paragraphs at its end are left off until the rest can be parsed.
    """
    start = _CODE_START.search(text)
    if start is None:
        return None
    paragraphs = text[start.start() :].split("\n\n")
    tried = 0
    for kept in range(len(paragraphs), max(0, len(paragraphs) - MAX_BLOCKS), -1):
        code = "\n\n".join(paragraphs[:kept])
        tried += len(code)
        if tried > MAX_TRIED_CHARS:
            return None
        if _is_program(code):
            return code
    return None


def parsed(code: str) -> ast.Module | None:
    """Return the syntax tree of ``code``, or None."""
    try:
        with warnings.catch_warnings():
            # An invalid escape in a candidate's string is no business of this process's log.
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _blocks(text: str) -> list[tuple[str, str]]:
    """Return the fenced blocks as (language, code); a last fence left open runs to the end."""
    blocks: list[tuple[str, str]] = []
    opening: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opening is None:
            opening = fence
        elif not fence["language"] and fence["mark"].startswith(opening["mark"]):
            blocks.append(_block(opening, text[: fence.start()]))
            opening = None
    if opening is not None:
        blocks.append(_block(opening, text))
    return blocks[-MAX_BLOCKS:]


def _block(opening: re.Match[str], before: str) -> tuple[str, str]:
    """Return the block that ``opening`` begins and the end of ``before`` ends, as (language, code)."""
    return opening["language"].lower(), textwrap.dedent(before[opening.end() + 1 :])


def _is_program(code: str) -> bool:
    """Tell whether the code defines something, or reads standard input."""
    tree = parsed(code)
    if tree is None:
        return False
    defines = any(isinstance(node, ast.ClassDef | ast.FunctionDef) for node in tree.body)
    return defines or re.search(r"\binput\s*\(|\bstdin\b|\bopen\(0", code) is not None


@lru_cache(maxsize=KEPT_CODES)
def functions(code: str) -> tuple[Function, ...]:
    """Return the functions at the top level and the public methods of its classes, in order of appearance."""
    tree = parsed(code)
    listed: list[Function] = []
    for node in tree.body if tree else []:
        if isinstance(node, ast.FunctionDef):
            listed.append(_function(None, node))
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef) and not method.name.startswith("_"):
                    listed.append(_function(node.name, method))
    return tuple(listed)


def _function(owner: str | None, node: ast.FunctionDef) -> Function:
    arguments = node.args.posonlyargs + node.args.args
    static = any(isinstance(mark, ast.Name) and mark.id == "staticmethod" for mark in node.decorator_list)
    if owner is not None and not static:
        arguments = arguments[1:]
    return Function(
        owner,
        node.name,
        tuple(argument.arg for argument in arguments),
        len(arguments) - len(node.args.defaults),
        tuple(argument.annotation for argument in arguments),
        node.returns,
    )


def written(annotation: ast.expr | None) -> str:
    """Return an annotation as text, short.

    It is a string's own text, and empty where there is no annotation.
    """
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value[:200]
    return "" if annotation is None else ast.unparse(annotation)[:200]


def entry_for(prompt: str, code: str, arguments: tuple[str, ...]) -> Function | None:
    """Return the function that the task's examples call, or None when that is not clear.

    It takes as many arguments as the examples give. Preferred in turn: one that the prompt names, a method
    of ``Solution``, one whose parameters have the examples' names, the only one left.
    """
    fitting = [
        function
        for function in functions(code)
        if function.required <= len(arguments) <= len(function.parameters)
    ]
    tests = (
        lambda function: re.search(rf"\b{re.escape(function.name)}\s*\(", prompt) is not None,
        lambda function: function.owner == "Solution",
        lambda function: function.parameters[: len(arguments)] == arguments,
    )
    for test in tests:
        fitting = [function for function in fitting if test(function)] or fitting
    return fitting[0] if len(fitting) == 1 else None
