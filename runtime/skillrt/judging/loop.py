"""The judge loop, without input or output.

A ``JudgeLoop`` is one conversation with a judge. It says what to do next (``Send`` a
request, ``RunPython``, ``RunVerifier``, or ``Finish``) and is told what came of it.
The runner, the reward function, replay and the tests all drive this object; it never waits, never
raises for what a model or a server does, and never makes a winner up.

How it ends, numbered:

1. the judge submits a ``final_answer`` that fits its schema and has every entry that it owes, once: a valid
   verdict, or, where the findings give the readout nothing to compute, an invalid one, owned by the judge.
   What a submission lacks, repeats or invents is told as a malformed call is, and costs a try only if nothing
   came that was owed, so that a long list can be submitted in parts; nothing is computed from part of it;
2. no call, or the turns are spent: the answer is asked for with the tool forced; a forced call that
   does not fit is asked for again, and then the judgment is invalid with its reason. A call that the
   token limit cut leaves the conversation, and from then on it is asked for *bounded*: texts of a line,
   one entry in each list that only comments on the answer. The trace has the cut turn and marks each
   request that was bounded;
3. without tools the answer is read from the judge's text: a text without one clear answer is invalid, and
   so is a text that the token limit cut, because its end is missing;
4. the endpoint fails: invalid, owned by the endpoint;
5. the sample cannot be shown, or does not fit the model's context after every shortening: invalid, owned
   by the sample.

What a conversation is shortened by is stated at ``JudgeLoop.failed``.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from skillrt.chat import CONTEXT, CUT, ChatRequest, Reply, ToolCall, Usage, add_usage
from skillrt.endpoints.answers.thinking import strip_thinking
from skillrt.judging.actions import Action, Finish, RunPipeline, RunPython, RunResult, RunVerifier, Send
from skillrt.judging.answers import read_answer
from skillrt.judging.conclusion import conclude
from skillrt.judging.desk import Desk, Refused, Submitted
from skillrt.judging.verdict import ErrorOwner, Judgment, Verdict
from skillrt.programs.neutral import MARK, hidden, neutralise
from skillrt.programs.program import Program
from skillrt.programs.view import JudgeView, SampleError, cut_fields
from skillspec.records import Limits, Verifier
from skillspec.words import DIRECT, FINAL_ANSWER, PYTHON_SANDBOX

__all__ = ["JudgeLoop"]

_FORCED_TRIES = 4
_CALLS_A_TURN = 8
_WARN_TURNS = 2
_STUB_CHARS = 200
_TOLD = ("valid", "said", "outcome", "grounded", "decided_by")
_SAMPLE_CHARS = (8000, 4000, 2000)


def _is_json_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _sent_back(call: ToolCall) -> dict[str, Any]:
    # Some chat templates parse the arguments: what is no object would break the next turn.
    arguments = neutralise(call.arguments) if _is_json_object(call.arguments) else "{}"
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": neutralise(call.name), "arguments": arguments},
    }


def _name_of(run: RunPython | RunVerifier | RunPipeline) -> str:
    match run:
        case RunVerifier():
            return run.verifier.id
        case RunPipeline():
            return run.pipeline.id
    return PYTHON_SANDBOX


def _thawed(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else value


class JudgeLoop:
    """One judgment of one sample by one link."""

    def __init__(self, program: Program, view: JudgeView) -> None:
        self.program = program
        self.view = view
        self._fields = {name: _thawed(value) for name, value in view.fields.items()}
        skill = program.skill
        self._limits: Limits = skill.limits if skill is not None else Limits(turns=1)
        self._desk = Desk(program, view)
        self._waiting: deque[Verifier] = deque(program.verifiers(view, "auto"))
        self._calls: deque[ToolCall] = deque()
        self._pending: tuple[ToolCall, str] | None = None
        """The call whose run is under way, and what it runs."""
        self.refused: str | None = None
        """What the last submission lacks, for a person; None where there was none, or a whole one."""
        self._messages: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []
        self._usage = Usage()
        self._turns = self._forced = self._granted = self._shortened = 0
        self._force_next = self._forcing = self._bounded = self._was_cut = False

    # -------------------------------------------------------------------------------- being driven

    def start(self) -> Action:
        """Begin: the automatic verifiers first, then the opening request."""
        if self._waiting:
            return self._desk.verifier(self._waiting[0])
        for ledger in self._desk.ledgers():
            if problem := ledger.block.problem():
                return self._invalid(problem, "sample", "fields")
        try:
            self._messages = self.program.messages(self.view, self._desk.evidence)
        except SampleError as error:
            return self._invalid(error.problem, "sample", "fields")
        if marks := sum(message["content"].count(MARK) for message in self._messages):
            self._events.append({"type": "forged", "marks": marks})
        if unseen := hidden(self.view.fields):
            self._events.append({"type": "hidden", "characters": unseen})
        return self._next()

    def verified(
        self, result: Mapping[str, Any], *, used: Usage | None = None, traces: Sequence[dict[str, Any]] = ()
    ) -> Action:
        """Take the result of a verifier or a pipeline.

        Args:
            result: plain JSON with ``conclusive``, what it gives, and ``text`` for the judge.
            used: what the requests of a pipeline cost.
            traces: those of a pipeline's sub-judgments.
        """
        if used is not None:
            self._usage = add_usage(self._usage, used)
            self._events.append({"type": "pipeline", "usage": asdict(used), "judgments": list(traces)})
        if self._pending is not None:
            (call, name), self._pending = self._pending, None
            self._note(name, result)
            return self._answer_call(call, self._desk.result_text(result))
        self._note(self._waiting.popleft().id, result)
        return self.start()

    def _note(self, name: str, result: Mapping[str, Any]) -> None:
        self._desk.note(name, result)
        self._events.append({"type": "verifier", "id": name, "result": dict(result)})

    def ran(self, result: RunResult) -> Action:
        """Take the result of a ``RunPython``."""
        assert self._pending is not None, "no run was asked for"
        (call, _), self._pending = self._pending, None
        self._events.append({"type": "run", "number": self._desk.runs, **asdict(result)})
        return self._answer_call(call, self._desk.run_text(result))

    def failed(self, problem: str, *, context: bool = False, kind: str = "") -> Action:
        """Take it that the request could not be answered.

        Args:
            problem: what happened, for a person.
            kind: the sort of failure, a word or two that can be counted.
            context: the conversation was too long for the model. It is made smaller by steps and sent
                again: first all that the tools have shown, the last answer excepted, is cut to a line;
                then every text of the sample to a bound that halves from step to step, the same for each
                of them, so that no response gains by it; after the last step the judgment is invalid. A
                step that finds nothing to cut sends the same again: servers that share one memory among
                their conversations refuse by load.
        """
        if not context:
            return Finish(self.given_up(problem, "endpoint", kind))
        self._fail(problem, "endpoint", kind, context=True)
        return self._shorten(problem)

    def given_up(self, problem: str, owner: ErrorOwner, kind: str = "") -> Judgment:
        """End the judgment here, whatever was going on: invalid, owned by ``owner``, of this ``kind``."""
        self._fail(problem, owner, kind, context=False)
        return self._invalid(problem, owner, kind).judgment

    def _fail(self, problem: str, owner: ErrorOwner, kind: str, *, context: bool) -> None:
        told = {"problem": problem, "owner": owner, "kind": kind, "context": context}
        self._events.append({"type": "failure", **told})

    def reply(self, reply: Reply) -> Action:
        """Take the judge's turn."""
        self._count(reply)
        self._was_cut |= reply.finish_reason == "length"
        if self.program.link.delivery == DIRECT:
            return self._read_text(reply)
        calls = reply.tool_calls[:_CALLS_A_TURN]
        if reply.finish_reason == "length" and self._was_answer(calls):
            return self._cut_answer()
        # A judge may repeat what a candidate wrote: its own words go back as harmless as the sample's.
        content = neutralise(strip_thinking(reply.content))
        message: dict[str, Any] = {"role": "assistant", "content": content}
        if calls:
            message["tool_calls"] = [_sent_back(call) for call in calls]
        self._messages.append(message)
        if not calls:
            return self._no_call()
        self._calls.extend(calls)
        return self._work()

    # ---------------------------------------------------------------------------------- the turns

    def _next(self) -> Action:
        self._turns += 1
        self._forcing = bool(self.program.tools) and (self._force_next or self._turns >= self._limits.turns)
        self._forced += self._forcing
        return self._request()

    def _request(self) -> Send:
        forced = FINAL_ANSWER if self._forcing else None
        bounded = self._forcing and self._bounded
        self._events.append(
            {"type": "request", "messages": len(self._messages), "forced": forced, "bounded": bounded}
        )
        allowed = (FINAL_ANSWER,) if forced else self._desk.useful()
        program = self.program
        return Send(
            ChatRequest(
                tuple(self._messages),
                program.tools,
                forced,
                allowed,
                program.choices,
                bounded=bounded,
                owed=self._desk.owed(),
            )
        )

    def _was_answer(self, calls: Sequence[ToolCall]) -> bool:
        """Tell whether a turn that was cut was on its way to the answer.

        A call in it that looks whole is no answer either: some servers close the JSON that a limit cut.
        """
        return self._forcing or any(call.name == FINAL_ANSWER for call in calls)

    def _spent(self) -> bool:
        """Tell whether all tries are used up; those that brought something do not count."""
        return self._forced - self._granted >= _FORCED_TRIES

    def _cut_answer(self) -> Action:
        if self._spent():
            return self._invalid("no final answer: the answer was cut by the token limit", "judge", CUT)
        self._force_next = self._bounded = True
        return self._next()

    def _no_call(self) -> Action:
        if self._spent():
            return self._invalid("no final answer: it kept talking", "judge", "no answer")
        self._force_next = True
        self._say("user", self.program.phrase("final_now" if self._forced else "no_call"))
        return self._next()

    def _work(self) -> Action:
        while self._calls:
            call = self._calls.popleft()
            self._usage = replace(self._usage, tool_calls=self._usage.tool_calls + 1)
            if self._forcing and call.name != FINAL_ANSWER:
                self._tool_message(call, self.program.phrase("final_now"))
                continue
            answer = self._desk.answer(call)
            if isinstance(answer, Submitted):
                self.refused = None
                return self._final(answer.arguments)
            if isinstance(answer, Refused):
                self.refused = f"no final answer: {answer.reason}"
                self._granted += self._forcing and answer.progress
                answer = answer.text
            if not isinstance(answer, str):
                self._pending = (call, _name_of(answer))
                return answer
            self._tool_message(call, answer)
        if self._spent():
            problem = self.refused or "no final answer: no forced call was one that fits"
            return self._invalid(problem, "judge", "malformed")
        if self._forced:
            self._force_next = True
        return self._next()

    def _answer_call(self, call: ToolCall, text: str) -> Action:
        self._tool_message(call, text)
        return self._work()

    def _tool_message(self, call: ToolCall, text: str) -> None:
        left = self._limits.turns - self._turns
        if not self._calls and 0 < left <= _WARN_TURNS and not self._forced:
            text += "\n" + self.program.phrase("turns_left", left=left)
        self._messages.append({"role": "tool", "tool_call_id": call.id, "content": text})
        self._events.append({"type": "tool", "name": call.name, "message": len(self._messages) - 1})

    def _say(self, role: str, text: str) -> None:
        self._messages.append({"role": role, "content": text})

    def _shorten(self, problem: str) -> Action:
        step, self._shortened = self._shortened, self._shortened + 1
        if step > len(_SAMPLE_CHARS):
            return self._invalid(problem, "sample", CONTEXT)
        changed = self._cut_tools() if step == 0 else self._cut_sample(_SAMPLE_CHARS[step - 1])
        was = [{"message": number, "content": content} for number, content in changed.items()]
        self._events.append({"type": "shortened", "step": step, "was": was})
        return self._request()

    def _cut_tools(self) -> dict[int, str]:
        """Cut what the tools have shown; return what was cut, by the number of its message."""
        return self._replace(
            {
                number: message["content"][:_STUB_CHARS] + self.program.phrase("cut", chars=_STUB_CHARS)
                for number, message in enumerate(self._messages[:-1])
                if message["role"] == "tool" and len(message["content"]) > 2 * _STUB_CHARS
            }
        )

    def _cut_sample(self, chars: int) -> dict[int, str]:
        """Cut the texts of the sample; return the messages that changed as they were."""
        self.view = JudgeView(cut_fields(self.view.fields, chars))
        opened = self.program.messages(self.view, self._desk.evidence)
        return self._replace(
            {
                number: message["content"]
                for number, message in enumerate(opened)
                if message["content"] != self._messages[number]["content"]
            }
        )

    def _replace(self, contents: Mapping[int, str]) -> dict[int, str]:
        was = {number: self._messages[number]["content"] for number in contents}
        for number, content in contents.items():
            self._messages[number] = {**self._messages[number], "content": content}
        return was

    # ---------------------------------------------------------------------------------- the end

    def _read_text(self, reply: Reply) -> Action:
        self._messages.append({"role": "assistant", "content": reply.content})
        if reply.finish_reason == "length":
            return self._invalid("the judge's text was cut by the token limit before its end", "judge", CUT)
        answer = read_answer(self.program.task, reply.content, self._items())
        if answer is None:
            return self._invalid("no readable answer in the judge's text", "judge", "unreadable")
        return self._conclude(answer, [], "")

    def _items(self) -> int:
        """Return how many items the checklist has, where the task has one."""
        return len(self.view.fields.get(getattr(self.program.task.answer, "over", ""), ()))

    def _final(self, arguments: Mapping[str, Any]) -> Action:
        answer = arguments.get("verdict", arguments.get("score"))
        if "verdicts" in arguments:
            given = {entry["item"]: entry["status"] for entry in arguments["verdicts"]}
            answer = [given[number] for number in sorted(given)]
        return self._conclude(answer, arguments.get("findings") or [], arguments.get("reason") or "")

    def _conclude(self, answer: Any, submitted: Sequence[Mapping[str, Any]], reason: str) -> Action:
        verdict = conclude(self.program, self.view, self._desk, answer, submitted)
        return self._finish(replace(verdict, reason=reason))

    def _invalid(self, problem: str, owner: ErrorOwner, kind: str) -> Finish:
        # However it ended, a judge that ran to its limit on the way is to be told from one that did not.
        kind = CUT if owner == "judge" and self._was_cut else kind
        return self._finish(Verdict(valid=False, error=problem, error_owner=owner, error_kind=kind))

    def _count(self, reply: Reply) -> None:
        self._usage = add_usage(self._usage, replace(reply.usage, requests=1))
        self._events.append(reply.event())

    def _finish(self, verdict: Verdict) -> Finish:
        told = (*_TOLD, "clipped", "keys", "findings", "error", "error_owner")
        self._events.append({"type": "end", **{name: getattr(verdict, name) for name in told}})
        link = self.program.link
        trace = {
            "link": link.id,
            "digest": link.digest,
            "fields": self._fields,
            "messages": self._messages,
            "events": self._events,
        }
        return Finish(Judgment(verdict, self._usage, trace))
