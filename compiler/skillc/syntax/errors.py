"""Saying what a syntax error is, for a person."""

from __future__ import annotations

from skillc.diagnostics import Report, did_you_mean, listed
from skillc.syntax.lexer import Token
from skillc.syntax.parser import SyntaxProblem

__all__ = ["report_problem"]

_NAMES = {
    "NAME": "a name",
    "STRING": "a text",
    "LONG": "",
    "INT": "a whole number",
    "FLOAT": "",
    "DURATION": "a duration such as `3s`",
    "REGEX": "a regular expression /.../",
    "$END": "the end of the line",
}
_KINDS = {
    "file": "a file",
    "task": "a task",
    "skill": "a skill",
    "test": "a test",
    "use": "a sandbox",
    "finding": "a finding",
    "evidence": "evidence",
    "procedure": "a procedure",
    "phrases": "phrases",
    "guidance": "guidance",
}
_MOST = 9


def _shown(token: Token) -> str:
    if token.kind in ("STRING", "LONG"):
        return "a text"
    if token.kind == "REGEX":
        return "a regular expression"
    return f"`{token.value}`"


def _expected(names: list[str]) -> str:
    words = [_NAMES.get(name, f"`{name}`") for name in names]
    if "INT" in names and "FLOAT" in names:
        words = ["a number" if word == "a whole number" else word for word in words]
    words = [word for word in dict.fromkeys(words) if word]
    words.sort(key=lambda word: (word == "the end of the line", word.startswith("`"), word))
    if len(words) > _MOST:
        words = [*words[:_MOST], "..."]
    return listed(words)


def report_problem(problem: SyntaxProblem, kind: str, blocks: frozenset[str], report: Report) -> None:
    """Report a syntax error in a block of ``kind``, in which ``blocks`` may open blocks of their own."""
    token = problem.token
    if report.full(problem.at.file.path):
        return
    if not problem.expected:
        report.error("SK004", problem.at, "this nests too deep", "write it flatter")
        return
    block = _KINDS.get(kind, f"a {kind}")
    words = [name for name in problem.expected if name.isalpha() and name.islower()]
    if token is None:
        report.error(
            "SK101", problem.at, "the line ends too early", f"expected {_expected(problem.expected)}"
        )
        return
    if problem.first and token.kind == "WORD":
        known = [word for word in (*words, *sorted(blocks)) if word not in ("replace",)]
        hint = did_you_mean(
            token.value, known, f"{block} has {listed((f'`{word}`' for word in known), 'and')}"
        )
        message = f"{block} has no item `{token.value}`"
        if token.value in known:
            message = f"`{token.value}` cannot begin a line like this in {block}"
        report.error("SK110", token.span, message, hint)
        return
    message = f"{_shown(token)} cannot stand here"
    if token.kind == "WORD" and token.value in blocks:
        report.error("SK101", token.span, message, "start it on a line of its own")
        return
    hint = did_you_mean(token.value, words, " ") if token.kind == "WORD" else " "
    report.error("SK101", token.span, message, hint.strip() or f"expected {_expected(problem.expected)}")
