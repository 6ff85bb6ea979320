"""The token-probability readout, against a model with known probabilities."""

import asyncio
import json
import math
from typing import Any

import pytest
from judge_support import program, view_of

from skillrt.chat import ChatRequest, Reply, Usage
from skillrt.endpoints import EndpointConfig, EndpointFailure, read_reply, request_body
from skillrt.judging.answers import read_answer
from skillrt.judging.probabilities.judge import LogprobsError, answer_texts, judge_by_logprobs
from skillrt.judging.replay import replay


class Model:
    """Says each whole answer with its probability, which may depend on the order; cuts it into tokens."""

    def __init__(
        self, answers: dict[str, float], turned: dict[str, float] | None = None, width: int = 1
    ) -> None:
        self.answers = (answers, answers if turned is None else turned)
        self.width = width
        self.prefixes: list[str] = []

    def conversation(self) -> "Model":
        return self

    async def send(self, request: ChatRequest) -> Reply:
        assert request.prefill is not None
        self.prefixes.append(request.prefill)
        text = str(request.messages[-1]["content"])
        answers = self.answers[text.index("The sum is 42.") > text.index("It is 43")]
        tokens: dict[str, float] = {}
        for answer, probability in answers.items():
            if answer.startswith(request.prefill):
                token = answer[len(request.prefill) :][: self.width] or "<end>"
                tokens[token] = tokens.get(token, 0.0) + probability
        total = sum(tokens.values())
        return Reply(
            "",
            usage=Usage(prompt_tokens=10),
            tokens=tuple((one, math.log(p / total)) for one, p in tokens.items()),
        )


async def judged(task: str, model: Any) -> Any:
    one = program(task, "direct")
    return await judge_by_logprobs(one, view_of(one), transport=model)


@pytest.mark.parametrize("width", [1, 2, 5, 50])
async def test_a_choice_is_weighed_however_it_is_cut_into_tokens(width: int) -> None:
    model = Model({"Output (a)": 0.3, "Output (b)": 0.6}, {"Output (a)": 0.5, "Output (b)": 0.5}, width)
    judgment = await judged("judgebench", model)
    # Shown: A 1/3, B 2/3. Turned: half and half. The second order's A is B.
    assert judgment.trace["probabilities"] == pytest.approx(
        {"A": (1 / 3 + 1 / 2) / 2, "B": (2 / 3 + 1 / 2) / 2}
    )
    assert (judgment.verdict.outcome, judgment.verdict.label) == ("B", "B")
    assert judgment.verdict.score == pytest.approx(7 / 12)
    assert model.prefixes == ["Output (", "Output ("]
    assert judgment.usage.requests == 2
    assert judgment.usage.prompt_tokens == 20


async def test_a_preference_for_a_place_is_no_preference() -> None:
    judgment = await judged("judgebench", Model({"Output (a)": 0.9, "Output (b)": 0.1}))
    assert judgment.verdict.valid
    assert judgment.verdict.outcome is None
    assert judgment.trace["probabilities"] == pytest.approx({"A": 0.5, "B": 0.5})


@pytest.mark.parametrize("width", [1, 2, 3])
async def test_a_scale_is_followed_token_by_token(width: int) -> None:
    shown = {"A>>B": 0.1, "A>B": 0.4, "A=B": 0.2, "B>A": 0.2, "B>>A": 0.1}
    mirrored = {"B>>A": 0.1, "B>A": 0.4, "A=B": 0.2, "A>B": 0.2, "A>>B": 0.1}
    judgment = await judged("rmbench", Model(shown, mirrored, width))
    assert judgment.trace["probabilities"] == pytest.approx(shown)
    assert (judgment.verdict.outcome, judgment.verdict.label) == ("A", "A>B")
    assert judgment.verdict.score == pytest.approx(0.5)
    assert judgment.trace["mass"] == pytest.approx([1.0, 1.0])


def test_labels_are_weighed_in_the_form_that_the_task_reads() -> None:
    assert answer_texts(program("rewardbench2", "direct"))["C"] == "[[C]]"
    assert answer_texts(program("rmbench", "direct"))["A=B"] == "A=B"


async def test_what_is_no_label_is_left_out_and_said() -> None:
    shown = {"Output (a)": 0.2, "Output (c)": 0.8}
    judgment = await judged("judgebench", Model(shown, {"Output (b)": 0.1, "Output (": 0.9}))
    assert judgment.trace["probabilities"] == pytest.approx({"A": 1.0, "B": 0.0})
    assert judgment.trace["mass"] == pytest.approx([0.2, 0.1])


async def test_without_any_label_the_judgment_is_invalid() -> None:
    judgment = await judged("judgebench", Model({"Output (z)": 1.0}))
    assert (judgment.verdict.valid, judgment.verdict.error_owner) == (False, "judge")


class Refuses:
    def __init__(self, error: EndpointFailure | None) -> None:
        self.error = error

    def conversation(self) -> "Refuses":
        return self

    async def send(self, request: ChatRequest) -> Reply:
        if self.error is not None:
            raise self.error
        return Reply("A")


@pytest.mark.parametrize("error", [None, EndpointFailure("gone", "down")])
async def test_a_server_without_probabilities_is_the_endpoints_failure(error: EndpointFailure | None) -> None:
    judgment = await judged("judgebench", Refuses(error))
    assert (judgment.verdict.valid, judgment.verdict.error_owner) == (False, "endpoint")
    assert str(judgment.verdict.error) in (
        "gone",
        "the server gives no log probabilities (logprobs, top_logprobs)",
    )


@pytest.mark.parametrize(
    ("task", "delivery"), [("rewardbench2_rating", "direct"), ("judgebench", "preloaded")]
)
async def test_only_labels_in_plain_text_can_be_weighed(task: str, delivery: str) -> None:
    with pytest.raises(LogprobsError, match="choice or a scale"):
        answer_texts(program(task, delivery))


def test_the_body_begins_the_answer_and_asks_for_probabilities() -> None:
    config = EndpointConfig(base_urls=("http://x/v1",), model="m", tool_mode="schema")
    request = ChatRequest(({"role": "user", "content": "?"},), (), choices=("A", "B"), prefill="Output (")
    body = request_body(request, config)
    assert body["messages"][-1] == {"role": "assistant", "content": "Output ("}
    assert (body["max_tokens"], body["logprobs"], body["top_logprobs"]) == (1, True, 20)
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
    assert "response_format" not in body
    nothing = request_body(ChatRequest(request.messages, (), prefill=""), config)
    assert len(nothing["messages"]) == 1
    assert (nothing["continue_final_message"], nothing["add_generation_prompt"]) == (False, True)


def test_tokens_are_read_from_the_answer() -> None:
    request = ChatRequest((), ())
    top = [{"token": "a", "logprob": -0.1}, {"token": "b", "logprob": -2.5}]
    choice = {"message": {"content": "a"}, "logprobs": {"content": [{"token": "a", "top_logprobs": top}]}}
    assert read_reply({"choices": [choice]}, request).tokens == (("a", -0.1), ("b", -2.5))
    for odd in (None, {}, {"content": []}, {"content": [{"top_logprobs": [{"token": "a"}]}]}):
        assert read_reply({"choices": [{**choice, "logprobs": odd}]}, request).tokens == ()


class Full:
    """A server whose context holds so many characters; the rest it answers as ``Model``."""

    def __init__(self, chars: int) -> None:
        self.chars = chars
        self.asked = 0

    def conversation(self) -> "Full":
        return self

    async def send(self, request: ChatRequest) -> Reply:
        self.asked += 1
        if sum(len(str(message["content"])) for message in request.messages) > self.chars:
            raise EndpointFailure("too long", "context")
        return Reply("", tokens=(("a", math.log(0.75)), ("b", math.log(0.25))))


@pytest.mark.parametrize(("chars", "owner"), [(12_000, None), (1_000, "sample")])
async def test_a_sample_that_is_too_long_is_cut_by_steps_and_replays(chars: int, owner: str | None) -> None:
    one = program("judgebench", "direct")
    view = view_of(one, responses={"A": "The sum is 42." * 1000, "B": "It is 43." * 1000})
    judgment = await judge_by_logprobs(one, view, transport=Full(chars), both_orders=False)
    assert judgment.verdict.error_owner == owner
    steps = [event["step"] for event in judgment.trace["events"] if event["type"] == "shortened"]
    assert steps == ([1, 2] if owner is None else [1, 2, 3])
    again = replay(one, json.loads(json.dumps(judgment.trace)))
    assert (again.verdict, again.usage) == (judgment.verdict, judgment.usage)


async def test_a_judgment_that_takes_too_long_is_the_endpoints_and_replays() -> None:
    class Slow(Full):
        async def send(self, request: ChatRequest) -> Reply:
            await asyncio.sleep(30)
            raise AssertionError

    one = program("judgebench", "direct")
    judgment = await judge_by_logprobs(one, view_of(one), transport=Slow(0), deadline_s=0.02)
    assert (judgment.verdict.valid, judgment.verdict.error_owner) == (False, "endpoint")
    assert replay(one, judgment.trace).verdict == judgment.verdict


async def test_one_order_alone_is_weighed_where_the_other_is_a_judgment_of_its_own() -> None:
    one = program("judgebench", "direct")
    model = Model({"Output (a)": 0.9, "Output (b)": 0.1})
    judgment = await judge_by_logprobs(one, view_of(one), transport=model, both_orders=False)
    assert judgment.verdict.probabilities == pytest.approx({"A": 0.9, "B": 0.1})
    assert judgment.usage.requests == 1


@pytest.mark.parametrize("task", ["judgebench", "starter", "jetts_match", "if_pairwise", "ifrb_overall"])
def test_every_task_with_labels_has_texts_that_it_reads(task: str) -> None:
    one = program(task, "direct")
    texts = answer_texts(one)
    assert {read_answer(one.task, text) for text in texts.values()} == set(texts)
