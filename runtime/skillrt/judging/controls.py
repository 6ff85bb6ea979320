"""Judges without a model, for the rows of a table that show what a number is worth.

``always-first`` looks at the place, ``always-longest`` at the length, ``random`` at nothing, and
``reference_match`` at the reference alone; where it can tell nothing it guesses as ``random`` does.
They take the place of a server: requests reach them through the same judge loop, and what they
submit goes through the same readout.

Where one response stands alone there is no place: ``always-first`` gives the best answer there is,
``always-longest`` one that grows with the length, n / (n + 1000) of the way for n characters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from skillrt.chat import ChatRequest, Reply, ToolCall
from skillrt.judging.answers import read_answer
from skillrt.programs.program import Program
from skillspec.records import ChecklistAnswer, ChoiceAnswer, ScaleAnswer, ScoreAnswer, Task
from skillspec.words import FINAL_ANSWER, USE_SKILL

__all__ = ["CONTROLS", "CONTROL_SCHEME", "Control", "control_named"]

CONTROL_SCHEME: Final = "control:"
"""What a base URL begins with that means one of these."""

CONTROLS: Final = ("always-first", "always-longest", "random", "reference_match")

_HALFWAY_CHARS: Final = 1000
_TEXTS: Final = ("{}", "[[{}]]", "\\boxed{{{}}}", "Answer: {}")
_BLOCK: Final = "[检查项{number}-开始]\n要求：{item}\n分析：-\n结论：{said}\n[检查项{number}-结束]"


def control_named(url: str) -> str:
    """Return the control that a base URL such as ``control:random`` means.

    Raises:
        ValueError: there is no such control.
    """
    name = url.removeprefix(CONTROL_SCHEME)
    if name not in CONTROLS:
        known = ", ".join(CONTROL_SCHEME + control for control in CONTROLS)
        raise ValueError(f"there is no control {name!r}; there are: {known}")
    return name


@dataclass(frozen=True, slots=True)
class Control:
    """A control with its seed. ``sit_down`` begins a judgment."""

    name: str
    seed: int

    def sit_down(self, program: Program, sample: Mapping[str, Any], key: str) -> _Judgment:
        """Return where the conversations of one judgment come from; ``key`` is what is drawn by."""
        return _Judgment(self, program, sample, key)


class _Judgment:
    """One judgment by a control: a ``skillrt.judging.judge.Chats`` and its only conversation in one.

    It is asked again for the sub-judgments of a pipeline, but no control asks for one.
    """

    def __init__(self, control: Control, program: Program, fields: Mapping[str, Any], key: str) -> None:
        self._control = control
        self._program = program
        self._fields = fields
        self._key = key

    def conversation(self) -> _Judgment:
        """Begin the conversation."""
        return self

    async def send(self, request: ChatRequest) -> Reply:
        """Answer with the verdict, after loading the skill where there is one to load."""
        tools = {tool["function"]["name"]: tool["function"]["parameters"] for tool in request.tools}
        answer = await self._answer()
        if not tools:
            return Reply(_as_text(self._program.task, answer, self._fields), endpoint="control")
        opened = any(message["role"] == "assistant" for message in request.messages)
        if USE_SKILL in tools and not opened and request.forced is None:
            return _call(USE_SKILL, {})
        return _call(FINAL_ANSWER, _arguments(tools[FINAL_ANSWER], answer, request.owed))

    # ------------------------------------------------------------------------------------ answers

    async def _answer(self) -> Any:
        """Return the answer in the task's terms: a label, a number, or a list of statuses."""
        task, fields = self._program.task, self._fields
        match task.answer:
            case ChoiceAnswer() | ScaleAnswer():
                winner = await self._winner(fields)
                return _label_for(task, winner)
            case ScoreAnswer(minimum=low, maximum=high, integer=integer):
                value = low + (high - low) * self._share(fields)
                return round(value) if integer else value
            case ChecklistAnswer(over=over):
                return self._statuses(len(fields[over]), fields)

    async def _winner(self, fields: Mapping[str, Any]) -> str:
        responses: Mapping[str, str] = fields["responses"]
        labels = [label.label for field in self._program.task.fields for label in field.labels]
        match self._control.name:
            case "always-first":
                return labels[0]
            case "always-longest":
                return max(labels, key=lambda label: len(responses[label]))
            case "reference_match":
                return await self._matching(fields) or self._drawn(labels)
            case _:
                return self._drawn(labels)

    async def _matching(self, fields: Mapping[str, Any]) -> str | None:
        """Match the row's reference, in every setting: the control measures it, no judge is shown it."""
        if not fields.get("reference"):
            return None
        from skillrt.verifiers import run_verifier

        matched = await run_verifier("reference_match@1", fields, None)
        return matched.get("winner") if matched.get("conclusive") else None

    def _drawn(self, labels: list[str]) -> str:
        return labels[int(self._uniform("winner") * len(labels))]

    def _share(self, fields: Mapping[str, Any]) -> float:
        """Return how good a response alone is, from 0 to 1."""
        match self._control.name:
            case "always-first":
                return 1.0
            case "always-longest":
                shown = fields.get("responses") or {"": fields.get("response", "")}
                chars = len(next(iter(shown.values())))
                return chars / (chars + _HALFWAY_CHARS)
            case _:
                return self._uniform("score")

    def _statuses(self, items: int, fields: Mapping[str, Any]) -> list[str]:
        if self._control.name in ("random", "reference_match"):
            good = [self._uniform(f"item {number}") < 0.5 for number in range(items)]
        else:
            good = [number < round(items * self._share(fields)) for number in range(items)]
        return ["satisfied" if met else "failed" for met in good]

    def _uniform(self, what: str) -> float:
        text = f"control {self._control.seed} {self._key} {what}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / 2**56


def _label_for(task: Task, winner: str) -> str:
    """Return the strongest label with which ``winner`` wins."""
    outcomes = task.answer.outcomes  # type: ignore[union-attr]
    fitting = [label for label, outcome in outcomes.items() if outcome.winner == winner]
    return max(fitting, key=lambda label: outcomes[label].by)


def _call(name: str, arguments: Mapping[str, Any]) -> Reply:
    call = ToolCall(f"control-{name}", name, json.dumps(arguments, ensure_ascii=False))
    return Reply("", (call,), finish_reason="tool_calls", endpoint="control")


def _arguments(
    schema: Mapping[str, Any], answer: Any, owed: Mapping[str, Sequence[Mapping[str, Any]] | None]
) -> dict[str, Any]:
    """Fill the schema of ``final_answer``: the findings that are owed, no reason, the answer."""
    filled: dict[str, Any] = {}
    for name, kind in schema["properties"].items():
        match name:
            case "findings" if kind["type"] == "array":
                # Where the items are the judge's own, there is one at least.
                keys = owed.get(name, ())
                filled[name] = [
                    {**_filler(kind["items"]), **key} for key in (keys if keys is not None else [{}])
                ]
            case "findings":
                filled[name] = _filler(kind)
            case "reason":
                filled[name] = ""
            case "verdicts":
                filled[name] = [{"item": number, "status": status} for number, status in enumerate(answer, 1)]
            case _:
                filled[name] = answer
    return filled


def _filler(schema: Mapping[str, Any]) -> Any:
    """Return a value that says nothing and fits: the last of several words, null, or what is empty."""
    if "anyOf" in schema:
        return None
    match schema["type"]:
        case "object":
            return {name: _filler(part) for name, part in schema["properties"].items()}
        case "array":
            return [_filler(schema["items"])] * schema.get("minItems", 0)
        case "string":
            return schema.get("enum", [""])[-1]
    return schema["minimum"]


def _as_text(task: Task, answer: Any, fields: Mapping[str, Any]) -> str:
    if isinstance(task.answer, ChecklistAnswer):
        names = {"satisfied": task.answer.satisfied, "failed": task.answer.failed}
        items = enumerate(zip(fields[task.answer.over], answer, strict=True), 1)
        return "\n".join(
            _BLOCK.format(number=number, item=str(item).replace("[", "("), said=names[status])
            for number, (item, status) in items
        )
    return _said(task, answer)


def _said(task: Task, answer: Any) -> str:
    """Write an answer as the task accepts it: the first of the usual forms that reads back the same."""
    forms = list(_forms(task, answer))
    return next((form for form in forms if read_answer(task, form) == answer), forms[0])


def _forms(task: Task, answer: Any) -> Iterator[str]:
    shown = {label.label: label.shown for label in getattr(task.answer, "labels", ())}
    for text in dict.fromkeys((shown.get(answer, str(answer)), str(answer))):
        for form in _TEXTS:
            yield form.format(text)
