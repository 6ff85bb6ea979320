"""Reading an answer from plain text, as the task's ``accept`` says.

Author patterns are RE2: matching takes time linear in the text, whatever the pattern. Ambiguity
is None, never a guess.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from skillrt.endpoints.answers.thinking import strip_thinking
from skillrt.programs.neutral import encodable
from skillspec.records import Accept, ChecklistAnswer, ScoreAnswer, Task

__all__ = ["label_pattern", "read_answer"]

_WORD = re.compile(r"\w")


def label_pattern(labels: tuple[str, ...]) -> str:
    """Return the RE2 pattern that finds any of ``labels`` literally, longest first, as whole words."""
    parts = []
    for label in sorted(labels, key=lambda text: (-len(text), text)):
        left = r"\b" if _WORD.match(label[:1]) else ""
        right = r"\b" if _WORD.match(label[-1:]) else ""
        parts.append(left + _quote(label) + right)
    return f"(?P<label>{'|'.join(parts)})"


def _quote(text: str) -> str:
    import re2

    return str(re2.escape(text))


@lru_cache(maxsize=256)
def _compiled(pattern: str, ignore_case: bool) -> Any:
    import re2

    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.log_errors = False
    return re2.compile(pattern, options=options)


def read_answer(task: Task, text: str, items: int = 0) -> Any:
    """Read the judge's answer from ``text``.

    Args:
        task: gives the kind of answer and the rule of acceptance.
        text: the judge's own turn, nothing else.
        items: for a checklist, how many items there are.

    Returns:
        A label, a number, or for a checklist a list of ``items`` entries
        (``"satisfied"``, ``"failed"`` or None); None when there is no clear answer.
    """
    accept = task.accept
    if accept is None:
        return None
    text = strip_thinking(encodable(text))
    if isinstance(task.answer, ChecklistAnswer):
        return _read_blocks(task.answer, accept, text, items)
    if isinstance(task.answer, ScoreAnswer):
        return _read_score(task.answer, accept, text)
    pattern = accept.pattern or label_pattern(tuple(label.shown for label in task.answer.labels))
    mapping = accept.labels or {label.shown: label.label for label in task.answer.labels}
    if accept.ignore_case:
        mapping = {key.lower(): value for key, value in mapping.items()}
    matches: list[tuple[str | None, int]] = []
    for match in _compiled(pattern, accept.ignore_case).finditer(text):
        captured = match.group("label") or ""
        matches.append((mapping.get(captured.lower() if accept.ignore_case else captured), match.end()))
    if not matches:
        return None
    if accept.mode == "only":
        return matches[0][0] if len({label for label, _ in matches}) == 1 else None
    label, end = matches[-1]
    if accept.mode == "trailing" and end < len(text.rstrip()):
        return None
    return label


def _read_score(answer: ScoreAnswer, accept: Accept, text: str) -> float | int | None:
    matches = list(
        _compiled(accept.pattern or r"(?P<score>-?\d+(?:\.\d+)?)", accept.ignore_case).finditer(text)
    )
    if not matches:
        return None
    last = matches[-1]
    if accept.mode == "trailing" and last.end() < len(text.rstrip()):
        return None
    scores = {match.group("score") for match in matches}
    if accept.mode == "only" and len(scores) != 1:
        return None
    try:
        value = float(last.group("score"))
    except (TypeError, ValueError):
        return None
    if not answer.minimum <= value <= answer.maximum or (answer.integer and not value.is_integer()):
        return None
    return int(value) if answer.integer else value


def _read_blocks(answer: ChecklistAnswer, accept: Accept, text: str, items: int) -> list[str | None] | None:
    pattern = accept.pattern
    if pattern is None:
        return None
    meaning = {answer.satisfied: "satisfied", answer.failed: "failed"}
    seen: dict[int, set[str | None]] = {}
    for match in _compiled(pattern, accept.ignore_case).finditer(text):
        number = match.group("item") or ""
        if number.isdecimal() and len(number) < 6:
            seen.setdefault(int(number), set()).add(meaning.get(match.group("label")))
    if not seen:
        return None
    # Two blocks of one item that disagree are no verdict on it.
    return [
        next(iter(seen[number])) if len(seen.get(number, ())) == 1 else None for number in range(1, items + 1)
    ]
