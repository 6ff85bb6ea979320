"""Engines that judge cases by a rule, through the real loop and the real artifacts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from suite_support import compiled

from skillbench.analysis.results import metrics_of
from skillbench.folder.journal import read_predictions
from skillbench.folder.store import RunFolder
from skillbench.running.engine import ProgramChoice, Programs, load_programs
from skillbench.running.progress import Progress
from skillbench.running.workers import Stop, judge_all
from skillbench.suites.base import Case, Job, Suite, open_seal
from skillrt.chat import ChatRequest, Reply, ToolCall, Usage
from skillrt.judging.controls import Control
from skillrt.judging.judge import judge
from skillrt.judging.verdict import Judgment, Verdict
from skillrt.programs.program import Program
from skillrt.programs.view import make_view


class Ruled:
    """An engine without any model: the rule gives the outcome of a case, None for an invalid judgment."""

    def __init__(self, rule: Callable[[Case], Any], said: Callable[[Case], Any] | None = None) -> None:
        self.rule = rule
        self.said = said or rule
        self.cases: list[Case] = []

    async def alive(self) -> bool:
        return True

    async def judge(self, case: Case) -> Judgment:
        self.cases.append(case)
        outcome, said = self.rule(case), self.said(case)
        if isinstance(outcome, Judgment):
            return outcome
        if outcome is None:
            return Judgment(Verdict(valid=False, error="nothing", error_owner="judge"), Usage(requests=1))
        return Judgment(Verdict(valid=True, said=said, outcome=outcome), Usage(requests=1))


def run_with(
    suite: Suite, engine: Any, out: Path, *, stop_after: int | None = None, keep: Any = None
) -> dict[str, Any]:
    """Judge a suite with an engine into a run folder and return its metrics.

    ``stop_after`` ends the session after so many judgments; ``keep`` says which rows stay.
    """
    summary = suite.check()
    stop = Stop()

    class Counting(Progress):
        done = 0

        def advance(self) -> None:
            self.done += 1
            if self.done == stop_after:
                stop.ask()
                stop.ask()

    with RunFolder(out, {"suite": suite.name}, {}, keep) as folder:
        progress = Counting(summary.judgments, folder.journal, quiet=True)
        ending = asyncio.run(
            judge_all(
                suite, suite.jobs(), engine, folder.journal, concurrency=4, progress=progress, stop=stop
            )
        )
        found = metrics_of(suite, read_predictions(folder.path), summary.judgments, summary.groups)
    return {**found, "ending": ending}


def golds(suite: Suite) -> dict[str, Any]:
    """The gold of every case by id, the cases that follow included (as if the first always wins)."""
    found: dict[str, Any] = {}
    for job in suite.jobs():
        following: Job | None = job
        while following is not None:
            found[following.case.id] = open_seal(following.sealed)["gold"]
            following = following.follow("A") if following.follow is not None else None
    return found


class Curious:
    """A judge that asks for everything there is to see before it answers, and keeps all that it was sent."""

    def __init__(self, program: Program, case: Case) -> None:
        self._program = program
        self._answerer = Control("always-first", 0).sit_down(program, case.fields, case.id)
        self.sent: list[str] = []
        self._asked: list[tuple[str, Mapping[str, Any]]] | None = None

    def conversation(self) -> Curious:
        return self

    def _wishes(self, request: ChatRequest) -> list[tuple[str, Mapping[str, Any]]]:
        wishes: list[tuple[str, Mapping[str, Any]]] = []
        for tool in request.tools:
            function = tool["function"]
            ids = function["parameters"]["properties"].get("id", {}).get("enum", [None])
            match function["name"]:
                case "use_skill" | "list_resources":
                    wishes.append((function["name"], {}))
                case "view_resource" | "run_resource":
                    wishes += [(function["name"], {"id": ident}) for ident in ids]
                case "python_sandbox":
                    wishes.append((function["name"], {"code": "result = str(locals()) + str(globals())"}))
        return wishes

    async def send(self, request: ChatRequest) -> Reply:
        self.sent.append(json.dumps([request.messages, request.tools], ensure_ascii=False, default=str))
        if self._asked is None:
            self._asked = self._wishes(request)
        if self._asked and request.forced is None:
            # Several in one turn, so that the turns suffice to see all.
            calls = [self._asked.pop(0) for _ in range(min(6, len(self._asked)))]
            made = tuple(ToolCall(f"c{n}", name, json.dumps(given)) for n, (name, given) in enumerate(calls))
            return Reply("", made, finish_reason="tool_calls")
        if not request.tools:
            return await self._answerer.send(request)
        return await self._answerer.send(ChatRequest(request.messages, request.tools, "final_answer"))


async def judge_curiously(program: Program, case: Case, sandbox: Any) -> tuple[Judgment, list[str]]:
    """Judge a case with a :class:`Curious` judge; return the judgment and everything it was sent."""
    chats = Curious(program, case)
    view = make_view(program.task, program.link, case.fields)
    judgment = await judge(program, view, transport=chats, sandbox=sandbox)
    return judgment, chats.sent


def programs(suite: Suite, skill: str | None, delivery: str) -> Programs:
    """The programs of a suite from the compiled artifacts."""
    return load_programs(str(compiled()), ProgramChoice(suite.tasks, skill, None, delivery))
