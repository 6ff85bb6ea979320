"""What a judge must not know is in nothing sent, run or recorded: unique strings, planted and searched for.

Every compiled link (task, skill, setting, delivery) is walked by a judge that calls all there is to call.
"""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from judge_support import call, final_for, sample_for, store, talk

from skillrt.chat import ChatRequest, Reply
from skillrt.endpoints import EndpointConfig, encode_body, request_body
from skillrt.judging.judge import judge
from skillrt.programs.program import Program, load_program
from skillrt.programs.view import make_view
from skillrt.sandbox.records import SandboxResult

CONFIG = EndpointConfig(base_urls=("http://x/v1",), model="m")
ORACLE = (
    "label", "chosen", "rejected", "winner", "gold", "score", "scores", "labels", "generator", "models",
    "response_model", "preference_graph", "num_correct", "additional_metadata", "ground_truth", "origin",
    "error", "error_key", "pair_id", "question_id", "query_type", "original_id", "decision", "metadata",
)  # fmt: skip
SHAPES = {"checklist": list, "checkers": list, "history": lambda text: [{"role": "user", "content": text[0]}]}


def planted(name: str) -> str:
    return f"ORACLE-{name}-7f3a"


def sample(one: Program) -> dict[str, Any]:
    """What the link may see, and all else planted: fields undeclared, or declared above its setting."""
    hidden = {name: planted(name) for name in ORACLE}
    for field in one.task.fields:
        if field.name not in one.link.fields:
            shape = SHAPES.get(field.name, lambda texts: texts[0])
            hidden[field.name] = shape([planted(field.name)])
    shown = {
        field.name: "shown"
        for field in one.task.fields
        if field.name not in ("history", "checkers", "responses")
    }
    shown = {name: value for name, value in shown.items() if name in one.link.fields}
    shown |= {"checklist": ["shown"]} if "checklist" in shown else {}
    return {**shown, **sample_for(one), **hidden}


class Curious:
    """A judge that calls every tool with every argument that its schema allows, then answers."""

    def __init__(self, one: Program) -> None:
        self.program = one
        self.sent: list[bytes] = []

    def conversation(self) -> "Curious":
        return self

    async def send(self, request: ChatRequest) -> Reply:
        for mode in ("native", "schema"):
            config = EndpointConfig(base_urls=CONFIG.base_urls, model="m", tool_mode=mode)  # type: ignore[arg-type]
            self.sent.append(encode_body(request_body(request, config)))
        if not request.tools:
            return talk("Output (b)" if "Output (b)" in str(request.messages) else "[[B]] B>A\n3")
        turns = [("use_skill", "run_resource"), ("list_resources", "view_resource"), ("python_sandbox",)]
        done = sum(message["role"] == "assistant" for message in request.messages)
        while done < len(turns):
            calls = tuple(one for name in turns[done] for one in self._calls(name))
            if calls and not request.forced:
                return Reply("", calls)
            done += 1
        return Reply("", (final_for(self.program, self._verdict()),))

    def _verdict(self) -> Any:
        properties = self.program.link.tools[-1].parameters["properties"]
        if "verdict" in properties:
            return properties["verdict"]["enum"][-1]
        return [{"item": 1, "status": "failed"}] if "verdicts" in properties else 1

    def _calls(self, name: str) -> Iterable[Any]:
        for tool in self.program.link.tools:
            if tool.name == name:
                properties = tool.parameters["properties"]
                if "id" not in properties:
                    yield call(name, **{"code": "result = 1"} if "code" in properties else {})
                    continue
                # What shows fields of the sample first: views are limited.
                of_fields = {item.id for item in self.program.skill.resources if item.fields}  # type: ignore[union-attr]
                ids = sorted(properties["id"]["enum"], key=lambda one: one not in of_fields)
                yield from (call(name, number, id=one) for number, one in enumerate(ids[:5]))


class Recording:
    """A sandbox that runs nothing and keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[str] = []

    async def run(self, code: str, inputs: Any, *, timeout_s: float, memory_mb: int) -> SandboxResult:
        self.given.append(json.dumps([code, dict(inputs)], default=str))
        return SandboxResult(True, "", 1, None, "none", False, 0.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", sorted(store().index.links))
async def test_no_oracle_value_is_sent_run_or_recorded(name: str) -> None:
    one = load_program(store(), name)
    given = sample(one)
    assert any(planted("label") in str(value) for value in given.values())
    view = make_view(one.task, one.link, given)
    chat, sandbox = Curious(one), Recording()
    judgment = await judge(one, view, transport=chat, sandbox=sandbox, checkers=sandbox)
    everything = [
        *(body.decode() for body in chat.sent),
        *sandbox.given,
        json.dumps(judgment.trace, ensure_ascii=False),
        repr(judgment.verdict),
    ]
    assert judgment.verdict.error_owner in (None, "judge"), judgment.verdict.error
    events = [event["type"] for event in judgment.trace["events"]]
    assert events.count("pipeline") == min(len(one.link.pipelines), 2) or "run_resource" not in one.tool_names
    assert ("run" in events) == ("python_sandbox" in one.tool_names)
    for text in everything:
        assert "ORACLE-" not in text
    # The walk sees what is shown: the prompt is in what was sent.
    assert any(str(given["prompt"]) in text for text in everything[: len(chat.sent)])


def test_the_walk_would_find_a_leak() -> None:
    one = load_program(store(), "starter.direct")
    view = make_view(one.task, one.link, {**sample(one), "prompt": planted("prompt")})
    assert b"ORACLE-" in encode_body(request_body(one.first_request(view), CONFIG))
