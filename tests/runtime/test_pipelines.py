"""Second opinions: sub-judgments with tasks of their own, bound by a budget, never deciding."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from judge_support import Driver, call, events, final_for, program, talk, turn, view_of

from skillrt.chat import ChatRequest, Reply, Usage
from skillrt.endpoints.config import EndpointFailure
from skillrt.judging.judge import judge
from skillrt.judging.pipelines import run_pipeline
from skillrt.judging.verdict import Judgment, Verdict
from skillrt.programs.program import Program
from skillspec.records import Pipeline

PARENT = program("judgebench", "progressive", "reward_judge_operational", "operational")
FIELDS = {"prompt": "How much is 17 + 25?", "responses": {"A": "42", "B": "43"}, "reference": "42"}


def pipeline(**changes: Any) -> Pipeline:
    given: dict[str, Any] = {
        "id": "opinion", "task": "blind_pairwise", "reads": ("prompt", "responses"), "orders": "both",
        "each": None, "gives": "winner", "requests": 2,
    }  # fmt: skip
    return Pipeline(**{**given, **changes})


async def asked(
    one: Pipeline, outcome: Any, fields: Mapping[str, Any] = FIELDS
) -> tuple[dict[str, Any], list[Any]]:
    """Run a pipeline whose sub-judge gives ``outcome(sample)``."""
    samples: list[Any] = []

    async def ask(sub: Program, sample: Mapping[str, Any]) -> Judgment:
        samples.append(dict(sample))
        value = outcome(sample)
        return Judgment(
            Verdict(valid=value is not None, said=value, outcome=value), Usage(requests=1), {"events": []}
        )

    done = await run_pipeline(one, PARENT, {name: fields[name] for name in one.reads}, ask)
    assert done.usage.requests == len(samples) == len(done.traces)
    return done.result, samples


def by_text(sample: Mapping[str, Any]) -> str:
    return next(label for label, text in sample["responses"].items() if text == "42")


@pytest.mark.parametrize(
    ("outcome", "winner", "conclusive"),
    [
        (by_text, "A", True),
        (lambda sample: "A", None, False),  # the first place, whatever stands there
        (lambda sample: "tie", "tie", False),
        (lambda sample: None, None, False),
        (lambda sample: "A" if sample["responses"]["A"] == "42" else None, None, False),
    ],
)
async def test_a_winner_must_win_in_both_orders(outcome: Any, winner: Any, conclusive: bool) -> None:
    result, samples = await asked(pipeline(), outcome)
    assert (result["winner"], result["conclusive"]) == (winner, conclusive)
    assert [sample["responses"] for sample in samples] == [{"A": "42", "B": "43"}, {"A": "43", "B": "42"}]
    assert json.loads(result["text"])["winner"] == winner
    assert all("reference" not in sample for sample in samples)


async def test_the_budget_bounds_the_requests() -> None:
    result, samples = await asked(pipeline(requests=1), by_text)
    assert len(samples) == 1
    assert result["winner"] == "A"


def graded(**scores: float) -> Any:
    texts = {"42": "A", "43": "B"}
    return lambda sample: scores.get(texts[sample["response"]])


@pytest.mark.parametrize(
    ("scores", "winner"),
    [
        ({"A": 9, "B": 2}, "A"),
        ({"A": 2, "B": 9}, "B"),
        ({"A": 5, "B": 4}, None),
        ({"A": 5, "B": 5}, None),
        ({"A": 9}, None),
    ],
)
async def test_each_response_is_graded_by_itself_and_the_best_must_lead(scores: Any, winner: Any) -> None:
    one = pipeline(
        task="graded_against_reference", reads=("prompt", "responses", "reference"), orders="one",
        each="responses", requests=4, margin=2.0,
    )  # fmt: skip
    result, samples = await asked(one, graded(**scores))
    assert (result["winner"], result["conclusive"]) == (winner, winner is not None)
    assert [sample["response"] for sample in samples] == ["42", "43"]
    assert all(sample["reference"] == "42" and "responses" not in sample for sample in samples)


class Chat:
    """A judge that asks for a second opinion, and the model behind that opinion."""

    def __init__(self, opinion: Any) -> None:
        self.opinion = opinion
        self.sent: list[ChatRequest] = []

    def conversation(self) -> "Chat":
        return self

    async def send(self, request: ChatRequest) -> Reply:
        self.sent.append(request)
        if not request.tools:
            if isinstance(self.opinion, EndpointFailure):
                raise self.opinion
            return self.opinion(request)
        done = sum(message["role"] == "assistant" for message in request.messages)
        turns = [
            turn(call("use_skill")),
            turn(call("run_resource", id="second_opinion")),
            turn(final_for(PARENT, "B")),
        ]
        return turns[min(done, 2)]


async def run_with(opinion: Any) -> tuple[Judgment, Chat]:
    chat = Chat(opinion)
    judgment = await judge(PARENT, view_of(PARENT, reference="no such thing"), transport=chat, sandbox=None)
    return judgment, chat


async def test_an_opinion_is_asked_counted_traced_and_shown() -> None:
    judgment, chat = await run_with(lambda request: talk("[[A]] A", usage=Usage(prompt_tokens=7)))
    assert (judgment.verdict.said, judgment.verdict.outcome) == ("B", "B")
    assert judgment.usage.requests == 3 + 2 == len(chat.sent)
    assert judgment.usage.prompt_tokens == 14
    traces = events(judgment, "pipeline")[0]["judgments"]
    assert [trace["sample"] for trace in traces] == ["shown", "turned"]
    assert all(trace["messages"] for trace in traces)
    assert '"votes"' in str(chat.sent[-1].messages[-1]["content"])
    # The opinion is blind: it is shown neither the reference nor what the parent did.
    assert "no such thing" not in str([request.messages for request in chat.sent if not request.tools])


@pytest.mark.parametrize("opinion", [EndpointFailure("gone", "down"), lambda request: talk("hm")])
async def test_an_opinion_that_fails_is_inconclusive(opinion: Any) -> None:
    judgment, _ = await run_with(opinion)
    assert (judgment.verdict.valid, judgment.verdict.outcome) == (True, "B")
    result = next(event for event in events(judgment, "verifier") if event["id"] == "second_opinion")[
        "result"
    ]
    assert (result["winner"], result["conclusive"]) == (None, False)


def test_the_end_of_a_trace_says_why() -> None:
    judgment = Driver([talk("hm")]).judge(PARENT, view_of(PARENT))
    end = judgment.trace["events"][-1]
    assert (end["type"], end["valid"], end["error_owner"]) == ("end", False, "judge")
    assert end["error"] == judgment.verdict.error
