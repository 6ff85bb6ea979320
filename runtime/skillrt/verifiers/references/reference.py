"""``reference_match@1``: which response gives the reference's answer, in the form that the prompt demands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from skillrt.verifiers.references.equality import matches_any
from skillrt.verifiers.references.expressions import TooCostlyError
from skillrt.verifiers.references.extract import read_answer
from skillrt.verifiers.references.forms import KEPT_PROMPTS, Form, read_form
from skillrt.verifiers.results import ResponseFinding, WinnerResult, decide, short

NAME = "reference_match@1"


def reference_match(
    prompt: str, responses: Mapping[str, str], reference: str | Sequence[str]
) -> WinnerResult:
    """Compare the final answer of each response with the reference.

    The form of the answer is read from ``prompt``; an answer in another form counts as no match, and so does
    one that cannot be evaluated within the bounds. ``reference`` is one answer or several acceptable ones.
    Conclusive only when exactly one response matches and none is in doubt. Never raises, whatever the texts;
    the order of ``responses`` does not matter. May block for seconds on a hard mathematical expression (see
    ``expressions``), so call it from a thread in an event loop.
    """
    references = _acceptable(reference)
    form = read_form(prompt)
    if not references:
        findings = [ResponseFinding(label, None, False, "no reference", certain=False) for label in responses]
        return decide(NAME, findings)
    return decide(
        NAME,
        (_finding(form, prompt, label, text, references) for label, text in responses.items()),
        none_reason=f"no response matches the reference (demanded form: {form.describe()})",
    )


def _acceptable(reference: str | Sequence[str]) -> tuple[str, ...]:
    """Return the acceptable answers, empty and foreign entries left out, in a fixed order."""
    given = [reference] if isinstance(reference, str) else list(reference or ())
    return tuple(sorted({entry for entry in given if isinstance(entry, str) and entry.strip()}))


def _finding(
    form: Form, prompt: str, label: str, response: str, references: tuple[str, ...]
) -> ResponseFinding:
    """Return what one response answers, and whether that is an acceptable answer."""
    try:
        answer, verdict = _settled(form, prompt, response, references)
    except _UnsettledError as error:
        why = f"could not be compared with {_wanted(references)}"
        return ResponseFinding(label, error.answer, False, why, certain=False)
    if answer is None:
        return ResponseFinding(label, None, False, f"no answer in the demanded form ({form.describe()})")
    if verdict is None:
        # It is the answer that is at fault, and so it loses; the rival's answer is judged by itself.
        return ResponseFinding(label, answer, False, "cannot be evaluated within the bounds")
    why = f"{'equals' if verdict else 'differs from'} {_wanted(references)}"
    return ResponseFinding(label, answer, verdict, why)


class _UnsettledError(Exception):
    """Raised, not returned, so that a comparison that may succeed later is not kept."""

    def __init__(self, answer: str) -> None:
        super().__init__(answer)
        self.answer = answer


@lru_cache(maxsize=KEPT_PROMPTS)
def _settled(
    form: Form, prompt: str, response: str, references: tuple[str, ...]
) -> tuple[str | None, bool | None]:
    """Return the answer of a response and whether it is acceptable.

    The result is kept, because the same question comes again in the other order.

    The verdict is None for an answer that cannot be evaluated within the bounds.
    """
    answer = read_answer(form, response)
    if answer is None:
        return None, False
    try:
        verdict = matches_any(form, prompt, answer, references)
    except TooCostlyError:
        return answer, None
    if verdict is None:
        raise _UnsettledError(answer)
    return answer, verdict


def _wanted(references: tuple[str, ...]) -> str:
    return short(" or ".join(references), 60)
