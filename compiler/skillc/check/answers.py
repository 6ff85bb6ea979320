"""Answers and how they are accepted: every label has an outcome, every pattern is RE2."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from skillc.check.model import FieldInfo
from skillc.check.naming import check_label
from skillc.check.regexes import compile_regex
from skillc.diagnostics import Report, did_you_mean, listed
from skillc.tree import (
    AcceptDecl,
    ChecklistDecl,
    ChoiceDecl,
    ChoiceOfDecl,
    LabelDecl,
    Name,
    OutcomeDecl,
    ScaleDecl,
    ScoreDecl,
    Value,
)
from skillspec.fields import shape_of
from skillspec.records import (
    Accept,
    Answer,
    ChecklistAnswer,
    ChoiceAnswer,
    Label,
    Outcome,
    ScaleAnswer,
    ScoreAnswer,
)

__all__ = ["build_accept", "build_answer", "check_accept"]

TIE = "tie"
_MODES = ("only", "last", "trailing", "blocks")
_LARGEST = 1e9
_MOST_PATTERN = 1000


def build_answer(value: Value, fields: Mapping[str, FieldInfo], report: Report) -> Answer | None:
    """Build the record of an answer; None when nothing can be made of it."""
    match value:
        case ChoiceOfDecl():
            return _choice_of(value, fields, report)
        case ChoiceDecl():
            return _labelled(value, fields, report)
        case ScaleDecl():
            return _labelled(value, fields, report)
        case ScoreDecl():
            return _score(value, report)
        case ChecklistDecl():
            return _checklist(value, fields, report)
    return None


def _choice_of(value: ChoiceOfDecl, fields: Mapping[str, FieldInfo], report: Report) -> Answer | None:
    name = value.field
    info = fields.get(name.text)
    if info is None:
        message = f"the answer is a choice of `{name.text}`, which is no field of this task"
        report.error("SK302", name.span, message, did_you_mean(name.text, fields, "declare it with `given`"))
        return None
    if not info.labels:
        message = f"`{name.text}` has no labels to choose from"
        report.error(
            "SK507", name.span, message, "choose of `responses`, or list labels: `answer choice { ... }`"
        )
        return None
    if len(info.labels) < 2:
        report.error("SK501", name.span, "a choice needs two labels at least", "declare more responses")
    labels = tuple(Label(label=item.label.text, shown=item.shown or item.label.text) for item in info.labels)
    outcomes = {label.label: Outcome(winner=label.label) for label in labels}
    return ChoiceAnswer(of=name.text, labels=labels, outcomes=outcomes)


def _labelled(value: ChoiceDecl | ScaleDecl, fields: Mapping[str, FieldInfo], report: Report) -> Answer:
    responses = [label.label.text for info in fields.values() for label in info.labels]
    winners = [*responses, TIE]
    outcomes: dict[str, Outcome] = {}
    for item in value.labels:
        label = item.label
        check_label(label, report)
        if label.text in outcomes:
            report.error("SK202", label.span, f"label `{label.text}` is there twice", "rename one of them")
        outcomes[label.text] = _outcome(item, winners, report)
    if len(value.labels) < 2:
        report.error("SK501", value.span, "this answer needs two labels at least", "add labels")
    labels = tuple(Label(label=item.label.text, shown=item.shown or item.label.text) for item in value.labels)
    if isinstance(value, ScaleDecl):
        _check_order(value, outcomes, responses, report)
        return ScaleAnswer(labels=labels, outcomes=outcomes)
    return ChoiceAnswer(of=None, labels=labels, outcomes=outcomes)


def _outcome(item: LabelDecl, winners: list[str], report: Report) -> Outcome:
    outcome: OutcomeDecl | None = item.outcome
    winner: Name = outcome.winner if outcome is not None else item.label
    if winner.text not in winners:
        known = listed((f"`{name}`" for name in winners), "or")
        if outcome is None:
            message = f"label `{winner.text}` has no outcome: it is neither a response nor `tie`"
            report.error(
                "SK501", winner.span, message, f"say what it means: `{winner.text} = ...` with {known}"
            )
        else:
            message = f"`{winner.text}` cannot win: it is neither a response nor `tie`"
            report.error("SK501", winner.span, message, did_you_mean(winner.text, winners, f"write {known}"))
        return Outcome(winner=TIE, by=0)
    if outcome is not None and winner.text == TIE and outcome.by != 1:
        report.error("SK501", outcome.span, "a tie has no steps", "write `tie` alone")
    if outcome is not None and winner.text != TIE and outcome.by < 1:
        report.error("SK501", outcome.span, "a winner wins by 1 step at least", "write `by 1`, or `tie`")
    by = 0 if winner.text == TIE else outcome.by if outcome is not None else 1
    return Outcome(winner=winner.text, by=by)


def _check_order(
    value: ScaleDecl, outcomes: Mapping[str, Outcome], responses: list[str], report: Report
) -> None:
    """A scale runs from one response to the other without a turn."""
    if len(responses) != 2:
        report.error(
            "SK501",
            value.span,
            "a scale compares two responses",
            "declare `responses { A, B }`, or use `choice`",
        )
        return
    steps = []
    for item in value.labels:
        outcome = outcomes[item.label.text]
        steps.append(
            0 if outcome.winner == TIE else outcome.by if outcome.winner == responses[0] else -outcome.by
        )
    for (before, after), item in zip(itertools.pairwise(steps), value.labels[1:], strict=True):
        falling = steps[0] > steps[-1]
        if before == after or (after < before) != falling:
            message = f"label `{item.label.text}` is out of order on this scale"
            report.error(
                "SK509",
                item.label.span,
                message,
                "list the labels from one end to the other, each with an outcome of its own",
            )
            return


def _score(value: ScoreDecl, report: Report) -> Answer:
    low, high = value.minimum.value, value.maximum.value
    if value.type.text not in ("integer", "real"):
        message = f"a score is `integer` or `real`, not `{value.type.text}`"
        report.error(
            "SK505",
            value.type.span,
            message,
            did_you_mean(value.type.text, ("integer", "real"), "write one of them"),
        )
    if low >= high or max(abs(low), abs(high)) > _LARGEST:
        report.error(
            "SK505",
            value.minimum.span.to(value.maximum.span),
            "the bounds of a score go upwards",
            "write the smaller one first: `score 1..10 integer`",
        )
    if value.type.text == "integer" and (isinstance(low, float) or isinstance(high, float)):
        report.error(
            "SK505",
            value.minimum.span.to(value.maximum.span),
            "an integer score has whole bounds",
            "write whole numbers, or `real`",
        )
    return ScoreAnswer(minimum=float(low), maximum=float(high), integer=value.type.text == "integer")


def _checklist(value: ChecklistDecl, fields: Mapping[str, FieldInfo], report: Report) -> Answer | None:
    over = value.over
    if over.text not in fields:
        message = f"the answer goes over `{over.text}`, which is no field of this task"
        report.error("SK302", over.span, message, did_you_mean(over.text, fields, "declare it with `given`"))
        return None
    if shape_of(over.text) != "texts":
        report.error("SK507", over.span, f"`{over.text}` is no list of items", "go over `checklist`")
    verdicts = {name.text: text for name, text in value.verdicts}
    for name, _ in value.verdicts:
        if name.text not in ("satisfied", "failed"):
            known = ("satisfied", "failed")
            message = f"a checklist has the verdicts `satisfied` and `failed`, not `{name.text}`"
            report.error("SK501", name.span, message, did_you_mean(name.text, known, "write one of each"))
            return None
    if len(verdicts) != 2 or len(set(verdicts.values())) != 2 or not all(verdicts.values()):
        report.error(
            "SK501", value.span, "`satisfied` and `failed` need a text each, and not the same", "write both"
        )
        return None
    return ChecklistAnswer(over=over.text, satisfied=verdicts["satisfied"], failed=verdicts["failed"])


# -------------------------------------------------------------------------------------------- accept


def _meanings(answer: Answer) -> dict[str, str]:
    """Return the texts that stand for labels when no mapping is given."""
    match answer:
        case ChoiceAnswer() | ScaleAnswer():
            return {label.label: label.label for label in answer.labels}
        case ChecklistAnswer():
            return {answer.satisfied: "satisfied", answer.failed: "failed"}
    return {}


def check_accept(accept: AcceptDecl, answer: Answer, report: Report) -> None:
    """Check the mode, the pattern with its groups, and that every label can be accepted."""
    mode = accept.mode
    if mode.text not in _MODES:
        help = did_you_mean(mode.text, _MODES, f"modes are {listed((f'`{word}`' for word in _MODES), 'and')}")
        report.error("SK506", mode.span, f"there is no mode `{mode.text}`", help)
        return
    is_checklist = isinstance(answer, ChecklistAnswer)
    if (mode.text == "blocks") != is_checklist:
        help = "write `accept text blocks /.../`" if is_checklist else "write `only`, `last` or `trailing`"
        what = "a checklist is accepted by `blocks`" if is_checklist else "`blocks` is for checklists"
        report.error("SK506", mode.span, what, help)
        return
    if accept.pattern is None:
        if isinstance(answer, ScoreAnswer | ChecklistAnswer):
            what = "a score" if isinstance(answer, ScoreAnswer) else "a checklist"
            report.error(
                "SK506", accept.matcher, f"{what} has no labels to look for", "write a regular expression"
            )
        if accept.mapping:
            report.error(
                "SK504", accept.mapping[0][0].span, "`label` needs no mapping", "take the braces away"
            )
        return
    _check_pattern(accept, answer, report)
    _check_mapping(accept, answer, report)


def _check_pattern(accept: AcceptDecl, answer: Answer, report: Report) -> None:
    assert accept.pattern is not None
    if accept.flags not in ("", "i"):
        message = f"there is no flag `{accept.flags}`"
        report.error("SK502", accept.matcher, message, "the only flag is `i`: ignore case")
        return
    if len(accept.pattern) > _MOST_PATTERN:
        message = f"a regular expression has {_MOST_PATTERN} characters at most"
        report.error("SK502", accept.matcher, message, "look for less")
        return
    compiled = compile_regex(accept.pattern, accept.flags == "i")
    if compiled.problem is not None:
        help = "it is RE2: no look-around, no back-references"
        report.error(
            "SK502", accept.matcher, f"RE2 refuses this regular expression: {compiled.problem}", help
        )
        return
    groups = ["score"] if isinstance(answer, ScoreAnswer) else ["label"]
    if isinstance(answer, ChecklistAnswer):
        groups = ["item", "label"]
    for group in groups:
        if group not in compiled.groups:
            message = f"the regular expression has no group `{group}`"
            report.error("SK503", accept.matcher, message, f"write (?P<{group}>...) around what says it")
            return
    if compiled.matches_empty:
        message = "the regular expression matches the empty text"
        report.error("SK502", accept.matcher, message, "make it match the answer and nothing less")


def _check_mapping(accept: AcceptDecl, answer: Answer, report: Report) -> None:
    known = set(_meanings(answer).values())
    if isinstance(answer, ScoreAnswer | ChecklistAnswer):
        if accept.mapping:
            report.error(
                "SK504",
                accept.mapping[0][0].span,
                "only labels of a choice or a scale are mapped",
                "take the braces away",
            )
        return
    seen: set[str] = set()
    for captured, label in accept.mapping:
        key = captured.text.lower() if accept.flags == "i" else captured.text
        if key in seen:
            report.error("SK504", captured.span, f"`{captured.text}` is mapped twice", "keep one of them")
        seen.add(key)
        if label.text not in known:
            report.error(
                "SK504",
                label.span,
                f"the answer has no label `{label.text}`",
                did_you_mean(label.text, known_in_order(answer)),
            )
    if accept.mapping:
        _check_reached(accept, answer, report)


def known_in_order(answer: Answer) -> Iterable[str]:
    """Return the labels of an answer in their order."""
    return dict.fromkeys(_meanings(answer).values())


def _check_reached(accept: AcceptDecl, answer: Answer, report: Report) -> None:
    reached = {label.text for _, label in accept.mapping}
    missing = [label for label in known_in_order(answer) if label not in reached]
    if missing and reached <= set(known_in_order(answer)):
        message = f"no captured text means {listed((f'`{label}`' for label in missing), 'or')}"
        report.error(
            "SK504",
            accept.mapping[0][0].span.to(accept.mapping[-1][1].span),
            message,
            "map a text to every label",
        )


def build_accept(accept: AcceptDecl | None, answer: Answer) -> Accept | None:
    """Build the record of a checked acceptance."""
    if accept is None:
        return None
    ignore_case = accept.flags == "i"
    mapping = {captured.text: label.text for captured, label in accept.mapping}
    if not mapping:
        mapping = _meanings(answer)
        if accept.pattern is None and isinstance(answer, ChoiceAnswer | ScaleAnswer):
            mapping = {label.shown: label.label for label in answer.labels}
    mode = accept.mode.text
    return Accept(mode=mode, pattern=accept.pattern, ignore_case=ignore_case, labels=mapping)  # type: ignore[arg-type]
