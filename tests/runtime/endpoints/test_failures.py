"""What a refusal means, by its status, its code and its words, wherever they stand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from skillrt.endpoints.answers.failures import error_of, failure_of, retry_after, shown

TOO_LONG = [
    "This model's maximum context length is 4096 tokens. However, you requested 9000 tokens.",
    "request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it",
    "The decoder prompt (length 9000) is longer than the maximum model length of 4096.",
    "Input length (9000 tokens) exceeds the maximum allowed length (4096 tokens). Use a shorter input.",
    "The input (9000 tokens) is longer than the model's context length (4096 tokens).",
    "Requested token count exceeds the model's maximum context length of 4096 tokens.",
    "'max_tokens' or 'max_completion_tokens' is too large: 2048. This model's maximum context length is 4096 "
    "tokens and your request has 3000 input tokens.",
    "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens",
    "Input validation error: `inputs` must have less than 4095 tokens. Given: 6000",
    "prompt is too long: 210000 tokens > 200000 maximum",
    "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048575).",
    "Input is too long for requested model.",
    "Prompt contains 40000 tokens, too large for model with 32768 maximum context length",
    "too many tokens: total number of tokens in the prompt cannot exceed 4081",
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    "Your request exceeded model token limit: 131072 (requested: 200000)",
    "Prompt exceeds max length",
    "Range of input length should be [1, 30720]",
    "Trying to keep the first 5000 tokens when the context overflows; it holds only 4096 tokens",
    "context window exceeds limit",
]
OTHER_WORDS = [
    "Invalid 'messages[3].tool_calls[0].id': string too long. Expected a string with maximum length 40.",
    "Invalid 'tools[0].function.description': string too long. Expected at most 1024 characters, got 2000.",
    "Invalid schema for function 'f': In context=('properties', 'findings'), 'maxItems' is not permitted.",
    "max_tokens is too large: 50000. This model supports at most 16384 completion tokens.",
    "max_tokens must be at least 1, got -5",
    "Request too large for this model on tokens per minute (TPM): Limit 6000, Requested 9000",
    "top_logprobs: maximum is 20",
    "messages[0].role: no such role in this context",
    "Unexpected token < in JSON at position 0",
    "tools: at most 128 items are allowed in the input, got 200",
    "stop: at most 4 sequences",
    "Invalid API token in the request",
    "temperature must be less than 2",
]


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize("words", TOO_LONG)
def test_a_prompt_is_too_long_where_the_words_are_on_the_context(words: str, status: int) -> None:
    assert failure_of("u", status, {"error": {"message": words}}).kind == "context"


@pytest.mark.parametrize("words", OTHER_WORDS)
def test_other_lengths_and_other_contexts_are_refusals(words: str) -> None:
    failure = failure_of("u", 400, {"error": {"message": words, "type": "invalid_request_error"}})
    assert (failure.kind, words in str(failure)) == ("refused", True)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 502])
def test_a_status_that_speaks_of_something_else_is_no_overflow(status: int) -> None:
    assert failure_of("u", status, {"error": {"message": TOO_LONG[0]}}).kind != "context"


def test_a_code_is_enough() -> None:
    for code in ("context_length_exceeded", "exceed_context_size_error"):
        assert failure_of("u", 400, {"error": {"message": "no", "code": code}}).kind == "context"
        assert failure_of("u", 400, {"error": {"message": "no", "type": code}}).kind == "context"


@pytest.mark.parametrize(
    ("status", "detail", "kind"),
    [
        (400, "", "refused"),
        (401, {"error": "no"}, "refused"),
        (402, {"error": {"message": "Insufficient Balance"}}, "refused"),
        (404, "<html>", "refused"),
        (408, "", "down"),
        (422, {"detail": "no"}, "refused"),
        (429, {"error": {"message": "slow down; add a payment method under billing"}}, "busy"),
        (429, {"error": {"message": "later", "code": "insufficient_quota"}}, "refused"),
        (429, {"error": {"message": "You exceeded your current quota."}}, "refused"),
        (429, {"error": {"message": "You exceeded your current quota. Please retry in 22.5s."}}, "busy"),
        (500, {"error": {"message": "oops"}}, "down"),
        (500, {"error": {"message": "tools param requires --jinja flag"}}, "refused"),
        (501, "not implemented", "refused"),
        (503, {"error": {"message": "Loading model"}}, "busy"),
        (529, {"error": {"type": "overloaded_error", "message": "Overloaded"}}, "busy"),
        (307, "it redirects", "refused"),
    ],
)
def test_what_a_status_means(status: int, detail: Any, kind: str) -> None:
    assert failure_of("u", status, detail).kind == kind


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({"error": {"message": "so it is"}}, "so it is"),
        ({"error": "so it is"}, "so it is"),
        ({"message": "so it is"}, "so it is"),
        ({"detail": "so it is"}, "so it is"),
        ([{"error": {"message": "so it is"}}], "so it is"),
        (
            {"detail": [{"loc": ["body", "seed"], "msg": "so it is", "input": "not this"}]},
            "body.seed: so it is",
        ),
        ({"object": "error", "message": {"detail": [{"loc": ["x"], "msg": "so it is"}]}}, "x: so it is"),
        ({"error": {"message": json.dumps({"error": {"message": "so it is"}})}}, "so it is"),
        ("so it is", "so it is"),
        ({"odd": 1}, '{"odd": 1}'),
        ("", "it gave no reason"),
        (None, "it gave no reason"),
        ([[[[[[[[["deep"]]]]]]]]], '[[[[[[[[["deep"]]]]]]]]]'),
        ({"error": {"message": "\x1b[31mred\x07"}}, "\ufffd[31mred\ufffd"),
    ],
)
def test_the_words_are_found_wherever_they_stand(detail: Any, words: str) -> None:
    assert str(failure_of("u", 400, detail)) == f"u refused the request with HTTP 400: {words}"


def test_words_that_are_an_essay_are_cut() -> None:
    failure = failure_of("u", 400, {"error": {"message": "no " * 100_000}})
    assert len(str(failure)) < 400
    assert len(failure.words) <= 2000
    assert shown("a\nb\tc", 3) == "a b"


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"error": {"message": "no", "code": 404}}, 404),
        ({"error": {"message": "no", "code": "429"}}, 429),
        ({"error": {"message": "no", "code": "rate_limit_exceeded"}}, 429),
        ({"error": {"message": "no", "type": "server_error"}}, 500),
        ({"error": {"message": "no", "code": None, "status": 503}}, 503),
        ({"error": {"message": "no"}}, 200),
        ({"error": "no"}, 200),
        ({"error": "no", "code": 401}, 401),
        ({"object": "error", "message": "no", "code": 50302}, 503),
        ({"detail": "Not Found"}, 200),
        ({"choices": [{"error": {"code": 502, "message": "no"}, "message": {"content": "A"}}]}, 502),
        ({"error": {"message": "no", "code": 200}}, 200),
        ({"error": {"message": "no", "code": True}}, 200),
        ({"error": {"message": "no", "code": 10**30}}, 200),
    ],
)
def test_an_error_inside_a_200_has_the_status_that_it_names(answer: Any, status: int) -> None:
    inside = error_of(answer)
    assert inside is not None
    assert inside[0] == status
    failure = failure_of("u", *inside, inside=True)
    assert failure.kind == {200: "broken", 401: "refused", 404: "refused", 429: "busy", 503: "busy"}.get(
        status, "down"
    )
    assert failure.words.startswith(("no", "Not Found"))


NO_ERRORS = [None, "text", 7, [], {}, {"choices": []}, {"error": None, "choices": [{}]}, {"detail": 7}]


@pytest.mark.parametrize("answer", NO_ERRORS)
def test_no_error_where_there_is_none(answer: Any) -> None:
    assert error_of(answer) is None


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("1e9", 86_400.0), ("inf", 86_400.0), ("nan", None),
     ("soon", None), (None, None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)],
)  # fmt: skip
def test_the_pause_that_is_asked_for(said: str | None, seconds: float | None) -> None:
    assert retry_after(said) == seconds


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("Please retry in 22.5s.", 22.5), ("Try again in 350ms", 0.35), ("Try later", None)],
)
def test_a_pause_may_stand_in_the_words(words: str, seconds: float | None) -> None:
    assert failure_of("u", 429, {"error": {"message": words}}).retry_after == seconds
