"""Label probabilities from token probabilities: what to ask of a model, and what its answers come to.

A label is begun for the model up to where the labels part, and each likely next token is followed until one
label alone is left. Labels may be cut into tokens anywhere, share their first tokens, or begin one another.
"""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Iterable, Mapping, Sequence

from skillrt.judging.answers import read_answer
from skillrt.programs.program import Program
from skillspec.records import ChoiceAnswer, ScaleAnswer

__all__ = ["LogprobsError", "Tokens", "answer_texts", "weigh", "weighed_answer"]

Tokens = Sequence[tuple[str, float]]
"""The likeliest next tokens with their natural log probabilities."""

_FORMS = ("{}", "[[{}]]", "({})", "**{}**")
"""How a label may stand in an answer; the first that the task's ``accept`` reads is taken."""
_WORD = re.compile(r"\w")
_REQUESTS = 24
"""At most so many requests an order; five labels of four tokens need no more."""
_SMALL = 1e-3
"""A beginning less likely than this is not followed."""


class LogprobsError(Exception):
    """The task has no labels to weigh, or the server gives no log probabilities. The text is for a person."""


def weighed_answer(program: Program) -> ChoiceAnswer | ScaleAnswer:
    """Return the kind of answer of a task that can be read by token probabilities.

    Raises:
        LogprobsError: the task's answer has no labels, or the link has tools.
    """
    answer = program.task.answer
    if isinstance(answer, ChoiceAnswer | ScaleAnswer) and not program.tools:
        return answer
    raise LogprobsError(
        f"{program.link.id} cannot be read by token probabilities: that takes a choice or a scale, "
        "in the delivery direct"
    )


def answer_texts(program: Program) -> dict[str, str]:
    """Return for each label the text by which the judge would give it.

    Raises:
        LogprobsError: the task has no labels, is not read from text, or reads them in no known form.
    """
    task, labels = program.task, weighed_answer(program).labels
    captured = {} if task.accept is None else {label: text for text, label in task.accept.labels.items()}
    spellings = (
        {answer.label: answer.shown for answer in labels},
        {answer.label: answer.label for answer in labels},
        {answer.label: captured.get(answer.label, answer.label) for answer in labels},
    )
    for spelling in spellings:
        for form in _FORMS:
            texts = {label: form.format(text) for label, text in spelling.items()}
            if all(read_answer(task, text) == label for label, text in texts.items()):
                return texts
    raise LogprobsError(f"task {task.id} reads its labels in no form that can be begun")


def weigh(texts: Mapping[str, str]) -> Generator[str, Tokens, dict[str, float]]:
    """Share the probability of every continuation out among the labels that it can become.

    Yields beginnings of an answer and is sent the tokens that may go on after each; returns the weight of
    each label. The weights add up to the share of all probability that fell on labels, one at most.

    Args:
        texts: label to the text by which it is given.
    """
    weights = dict.fromkeys(texts, 0.0)
    open_ends = {_beginning(texts.values()): 1.0}
    for _ in range(_REQUESTS):
        if not open_ends:
            break
        prefix = min(open_ends, key=len)  # what it becomes is longer, so that nothing is asked for twice
        weight = open_ends.pop(prefix)
        left = weight
        for token, logprob in (yield prefix):
            text = prefix + (token if prefix else token.lstrip())
            share = 0.0 if math.isnan(logprob) else weight * math.exp(min(logprob, 0.0))
            reached = _reached(texts, text)
            if text == prefix or not reached:
                continue
            left -= share
            if len(reached) == 1:
                weights[reached[0]] += share
            elif share >= _SMALL:
                open_ends[text] = open_ends.get(text, 0.0) + share
        for label, whole in texts.items():
            if whole == prefix:  # a label that is the beginning of another one, and ends here
                weights[label] += max(0.0, left)
    return weights


def _beginning(texts: Iterable[str]) -> str:
    """Return what all texts begin with, less white space at its end, which is part of the next token."""
    least, most = min(texts), max(texts)
    same = (number for number, pair in enumerate(zip(least, most, strict=False)) if pair[0] != pair[1])
    return least[: next(same, min(len(least), len(most)))].rstrip()


def _reached(texts: Mapping[str, str], text: str) -> list[str]:
    """Return the labels that ``text`` begins, and the longest one that it has given in full."""
    longer = [label for label, whole in texts.items() if len(whole) > len(text) and whole.startswith(text)]
    given = [label for label, whole in texts.items() if text.startswith(whole) and _ends(whole, text)]
    return [*longer, *sorted(given, key=lambda label: len(texts[label]))[-1:]]


def _ends(whole: str, text: str) -> bool:
    """Tell whether ``whole`` is over where it ends in ``text``: ``Actually`` does not give the label A."""
    return not (_WORD.match(whole[-1:]) and _WORD.match(text[len(whole) :][:1]))
