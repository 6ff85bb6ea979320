"""The desk at which a judge asks for things: the manual, its resources, runs.

The desk answers one tool call at a time: with a text, with something that has to be run first, or
with the submitted answer. It keeps to the protocol's limits and remembers what was shown and run,
which is what findings may cite.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skillrt.chat import ToolCall
from skillrt.judging.actions import RunPipeline, RunPython, RunResult, RunVerifier
from skillrt.judging.grounding import Seen
from skillrt.judging.owed import Faults, Ledger, blocks_for, listed, settled_items
from skillrt.programs.arguments import ArgumentsError
from skillrt.programs.neutral import neutralise
from skillrt.programs.program import Program, show_value
from skillrt.programs.view import JudgeView
from skillspec import words
from skillspec.records import Limits, Pipeline, PythonTool, Verifier
from skillspec.words import (
    FINAL_ANSWER,
    FLAT,
    LIST_RESOURCES,
    PROGRESSIVE,
    PYTHON_SANDBOX,
    RUN_RESOURCE,
    USE_SKILL,
    VIEW_RESOURCE,
)

__all__ = ["Desk", "Refused", "Submitted"]

_BEHIND_LOADING = (LIST_RESOURCES, VIEW_RESOURCE, RUN_RESOURCE)


@dataclass(frozen=True, slots=True)
class Submitted:
    """The arguments of a ``final_answer`` that fits its schema."""

    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """A submission that lacks entries, or has some twice.

    ``text`` tells the judge which; ``reason`` a person. ``progress``: it brought something that was owed.
    """

    text: str
    reason: str
    progress: bool


class Desk:
    """What one judgment may ask for, how much of it is left, and what it has seen."""

    def __init__(self, program: Program, view: JudgeView) -> None:
        self.evidence: dict[str, Mapping[str, Any]] = {}
        self.seen = Seen([show_value(value) for value in view.fields.values()])
        self._program = program
        self._view = view
        skill = program.skill
        self._limits = skill.limits if skill is not None else Limits()
        self._python: PythonTool | None = skill.python if skill is not None else None
        self._loaded = program.link.delivery != PROGRESSIVE
        self._listed = False
        self._views = self._asked_runs = self._code_runs = 0
        self._ledgers: list[Ledger] = []
        if program.link.delivery == FLAT:
            self.seen.resources.update(item.id for item in program.offered(view))

    @property
    def runs(self) -> int:
        """How many runs were made; the last one has this number."""
        return self._asked_runs + self._code_runs

    def useful(self) -> tuple[str, ...]:
        """Return the tools that are of use now.

        Only servers that force every call by a grammar are told: there the manual comes first, and
        what was listed is not listed again.
        """
        closed: set[str] = {LIST_RESOURCES} if self._listed else set()
        if self._loaded:
            closed.add(USE_SKILL)
        else:
            closed |= set(self._program.tool_names) - {USE_SKILL}
        if self._views >= self._limits.views:
            closed |= {VIEW_RESOURCE, LIST_RESOURCES}
        if self._asked_runs >= self._limits.runs:
            closed.add(RUN_RESOURCE)
        if self._python is not None and self._code_runs >= self._python.calls:
            closed.add(PYTHON_SANDBOX)
        return tuple(name for name in self._program.tool_names if name not in closed)

    def answer(self, call: ToolCall) -> str | RunPython | RunVerifier | RunPipeline | Submitted | Refused:
        """Answer a call: a text to give back, something to run first, or what became of the answer."""
        phrase = self._program.phrase
        if not self._program.arguments.knows(call.name):
            names = ", ".join(self._program.tool_names)
            return phrase("not_a_tool", name=neutralise(call.name[:80]), tools=names)
        if call.name == FINAL_ANSWER:
            faults = sum((ledger.raw_faults(call.arguments) for ledger in self.ledgers()), Faults())
            if faults:
                return self._refused(faults, "not_distinct")
        try:
            arguments = self._program.arguments.read(call.name, call.arguments)
        except ArgumentsError as error:
            return phrase("bad_arguments", name=call.name, problem=neutralise(str(error)[:300]))
        if not self._loaded and (
            call.name in _BEHIND_LOADING
            or (self._limits.load == "required" and call.name != USE_SKILL)
        ):  # fmt: skip
            return phrase("load_first")
        match call.name:
            case words.USE_SKILL:
                return self._load()
            case words.LIST_RESOURCES:
                return self._list()
            case words.VIEW_RESOURCE:
                return self._show(arguments["id"])
            case words.RUN_RESOURCE:
                return self._run(arguments["id"])
            case words.PYTHON_SANDBOX:
                return self._code(arguments["code"])
        return self._submitted(arguments)

    # ---------------------------------------------------------------------------- what is submitted

    def ledgers(self) -> list[Ledger]:
        """Return what is owed now, block by block: what verifiers have settled is owed no longer."""
        program = self._program
        if not program.tools:
            return []
        skill = program.skill if program.link.readout == "skill" else None
        settled = settled_items(skill.readout, self.evidence) if skill is not None else {}
        blocks = blocks_for(
            skill.evidence if skill is not None else None,
            program.task.answer,
            next(
                (tuple(label.label for label in item.labels) for item in program.task.fields if item.labels),
                (),
            ),
            self._view.fields,
            settled,
            program.most_verdicts,
        )
        for place, block in enumerate(blocks):
            if place == len(self._ledgers):
                self._ledgers.append(Ledger(block))
            self._ledgers[place].block = block
        return self._ledgers

    def owed(self) -> dict[str, list[dict[str, Any]] | None]:
        """Return the lists that must be whole, each with the keys still owed where these are known."""
        skill = self._program.skill
        computed = skill is not None and skill.readout.base is not None
        owed: dict[str, list[dict[str, Any]] | None] = {}
        for ledger in self.ledgers():
            block = ledger.block
            if ledger.in_parts:
                owed[block.name] = [dict(zip(block.keys, key, strict=True)) for key in ledger.owed()]
            elif block.closed or computed:
                owed[block.name] = None
        return owed

    def _submitted(self, arguments: dict[str, Any]) -> Submitted | Refused:
        ledgers = self.ledgers()
        before = sum(len(ledger.owed()) for ledger in ledgers)
        taken = [(ledger, ledger.take(arguments)) for ledger in ledgers]
        faults = sum((each for _, each in taken), Faults())
        if faults:
            fewer = sum(len(ledger.owed()) for ledger in ledgers) < before
            in_parts = all(ledger.in_parts for ledger, each in taken if each)
            return self._refused(faults, "incomplete" if in_parts else "not_distinct", progress=fewer)
        kept = {ledger.block.name: list(ledger.kept.values()) for ledger in ledgers}
        return Submitted({**arguments, **kept})

    def _refused(self, faults: Faults, frame: str, *, progress: bool = False) -> Refused:
        phrase = self._program.phrase
        kinds = {
            "keys_missing": faults.missing,
            "keys_repeated": faults.repeated,
            "keys_unknown": faults.unknown,
        }
        problems = " ".join(phrase(kind, keys=listed(keys)) for kind, keys in kinds.items() if keys)
        return Refused(phrase(frame, problems=problems), faults.reason(), progress=progress)

    # -------------------------------------------------------------------------------- what was run

    def verifier(self, verifier: Verifier) -> RunVerifier:
        """Return the run of a verifier on the fields that it reads."""
        return RunVerifier(verifier, self._fields(verifier.reads))

    def note(self, name: str, result: Mapping[str, Any]) -> None:
        """Keep the result of a verifier or pipeline."""
        self.evidence[name] = result
        self.seen.runs.add(name)

    def result_text(self, result: Mapping[str, Any]) -> str:
        """Return what the judge is told of the verifier or pipeline that it asked for."""
        shown = self._program.harmless(str(result.get("text") or self._program.phrase("inconclusive")))
        return self._program.phrase("run_result", number=self.runs, result=shown)

    def run_text(self, result: RunResult) -> str:
        """Return what the judge is told of its own run, within the skill's bound."""
        phrase = self._program.phrase
        self.seen.runs.add(str(self.runs))
        if result.ok:
            value = self._program.harmless(json.dumps(result.result, ensure_ascii=False))
            text = phrase("run_result", number=self.runs, result=value)
        else:
            text = phrase("run_failed", number=self.runs, error=self._program.harmless(result.error))
        if result.printed:
            printed = self._program.harmless(result.printed.rstrip("\n"))
            text += "\n" + phrase("run_printed", text=printed)
        bound = self._python.output_chars if self._python is not None else 0
        return text if len(text) <= bound else text[:bound] + phrase("cut", chars=bound)

    # ---------------------------------------------------------------------------------- the tools

    def _fields(self, names: tuple[str, ...]) -> dict[str, Any]:
        fields = self._view.fields
        return {
            name: dict(fields[name]) if isinstance(fields[name], Mapping) else fields[name]
            for name in names
            if name in fields
        }

    def _load(self) -> str:
        if self._loaded:
            return self._program.phrase("already_loaded")
        self._loaded = True
        return self._program.loaded_text(self._view, self.evidence)

    def _list(self) -> str:
        self._listed = True
        hints = {item.id: item.hint for item in self._program.offered(self._view)}
        hints |= {name: item.hint for name, item in self._program.runnable(self._view).items()}
        lines = [f"{name}: {hint}" if hint else name for name, hint in hints.items()]
        return "\n".join(lines) or self._program.phrase("nothing_offered")

    def _show(self, name: str) -> str:
        phrase = self._program.phrase
        if name in self.seen.resources:
            return phrase("already_viewed", id=name)
        if self._views >= self._limits.views:
            return phrase("views_spent", limit=self._limits.views)
        text = self._program.resource_text(name, self._view)
        if text is None:
            return phrase("absent_resource", id=name)
        self._views += 1
        self.seen.resources.add(name)
        limit = self._limits.view_chars
        return text if len(text) <= limit else text[:limit] + phrase("cut", chars=limit)

    def _run(self, name: str) -> str | RunVerifier | RunPipeline:
        phrase = self._program.phrase
        item = self._program.runnable(self._view).get(name)
        if item is None:
            return phrase("absent_resource", id=name)
        if name in self.evidence:
            return phrase("already_viewed", id=name)
        if self._asked_runs >= self._limits.runs:
            return phrase("runs_spent", limit=self._limits.runs)
        self._asked_runs += 1
        self.seen.runs.add(str(self.runs))
        if isinstance(item, Pipeline):
            return RunPipeline(item, self._fields(item.reads))
        return self.verifier(item)

    def _code(self, code: str) -> str | RunPython:
        python = self._python
        assert python is not None, "the tool is offered only where the skill uses Python"
        phrase = self._program.phrase
        if self._code_runs >= python.calls:
            return phrase("calls_spent", limit=python.calls)
        if len(code) > python.code_chars:
            problem = f"{len(code)} > {python.code_chars} chars"
            return phrase("bad_arguments", name=PYTHON_SANDBOX, problem=problem)
        self._code_runs += 1
        return RunPython(code, self._fields(python.sees), python.timeout_s)
