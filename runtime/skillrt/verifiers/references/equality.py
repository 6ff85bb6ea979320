"""When an extracted answer equals a reference, by the form it was given in."""

from __future__ import annotations

from collections.abc import Sequence

from skillrt.verifiers.answers.equal import settle
from skillrt.verifiers.answers.words import same_words
from skillrt.verifiers.references.expressions import TooCostlyError
from skillrt.verifiers.references.extract import boxed_answer, letter_of, split_list, trim
from skillrt.verifiers.references.forms import Form, NumberList, OptionLetter, RepeatedLetter, Starred

REFERENCE_CHARS = 4_000


def matches_any(form: Form, prompt: str, answer: str, references: Sequence[str]) -> bool | None:
    """Tell whether ``answer`` equals one of the acceptable ``references``.

    It is None when that could not be settled.

    Raises:
        TooCostlyError: the answer equals none that can be told, and cannot be evaluated within the bounds.
    """
    verdicts: list[bool | None] = []
    costly: TooCostlyError | None = None
    for reference in references:
        try:
            verdicts.append(_matches(form, prompt, answer, reference[:REFERENCE_CHARS]))
        except TooCostlyError as error:
            if error.side == "left":
                costly = error
            else:
                verdicts.append(None)
    if True in verdicts:
        return True
    if costly is not None:
        raise costly
    return None if None in verdicts else False


def _matches(form: Form, prompt: str, answer: str, reference: str) -> bool | None:
    """Tell whether ``answer``, in ``form``, equals one reference."""
    wanted = boxed_answer(reference) or reference.strip()
    match form:
        case RepeatedLetter() | OptionLetter():
            times = form.times if isinstance(form, RepeatedLetter) else 1
            letter = _letter_reference(reference, times)
            return answer == letter if letter else settle(answer, wanted, prompt)
        case Starred(content="list") | NumberList():
            return same_list(boxed_answer(answer) or answer, wanted, prompt)
        case Starred(content="word"):
            verdict = same_words(answer, wanted, prompt)
            return settle(answer, wanted, prompt) if verdict is None else verdict
        case _:
            return settle(answer, wanted, prompt)


def _letter_reference(reference: str, times: int) -> str | None:
    """Return the letter of a reference given as ``C``, ``(C)`` or ``CCCCC``."""
    bare = trim(reference)
    if len(bare) == times and len(set(bare)) == 1 and bare.isupper():
        return bare[0]
    return letter_of(reference)


def same_list(first: str, second: str, prompt: str = "") -> bool | None:
    """Tell whether two lists have the same entries in the same order."""
    left, right = split_list(first), split_list(second)
    if len(left) != len(right) or not left:
        return False
    verdicts = [settle(*pair, prompt) for pair in zip(left, right, strict=True)]
    if False in verdicts:
        return False
    return None if None in verdicts else True
