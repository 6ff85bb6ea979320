"""What the embedded judge answers: plain chats, forced calls, the rendered tools, the fields that we read."""

from __future__ import annotations

import json

import jsonschema
import openai
import pytest

from skillrt.endpoints.body import COMPACT_JSON

CHAT = "/v1/chat/completions"
MESSAGES = [
    {"role": "system", "content": "You compare two answers."},
    {"role": "user", "content": "What is 2 + 2?\n(a) 4\n(b) 5"},
]
VERDICT = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "maxLength": 40},
        "findings": {"type": "array", "maxItems": 2, "items": {"type": "string", "maxLength": 20}},
        "score": {"type": "integer", "minimum": 1, "maximum": 10},
        "better": {"enum": ["A", "B"]},
    },
    "required": ["reason", "findings", "score", "better"],
    "additionalProperties": False,
}
LOOK = {"type": "object", "properties": {"path": {"enum": ["rubric.md"]}}, "required": ["path"]}
TOOLS = [
    {"type": "function", "function": {"name": "zz_verdict", "description": "Decide.", "parameters": VERDICT}},
    {"type": "function", "function": {"name": "aa_look", "description": "Read.", "parameters": LOOK}},
]


def call_schema(*names):
    """The schema of a call to one of the named tools, in the form that the package's docstring gives."""
    calls = [
        {
            "type": "object",
            "properties": {
                "name": {"const": tool["function"]["name"]},
                "arguments": tool["function"]["parameters"],
            },
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
        for tool in TOOLS
        if tool["function"]["name"] in names
    ]
    return calls[0] if len(calls) == 1 else {"anyOf": calls}


def forced(schema):
    return {
        "messages": MESSAGES,
        "tools": TOOLS,
        "tool_choice": "none",
        "response_format": {"type": "json_schema", "json_schema": {"name": "call", "schema": schema}},
        "temperature": 0,
        "max_tokens": 250,
    }


def test_the_openai_client_gets_text_usage_and_logprobs(judge):
    client = openai.OpenAI(base_url=judge.base_url, api_key="none", max_retries=0)
    answer = client.chat.completions.create(
        model=judge.model, messages=MESSAGES, max_tokens=3, temperature=0, logprobs=True, top_logprobs=4
    )
    assert answer.choices[0].message.content
    assert answer.model == judge.model
    assert answer.usage.completion_tokens == 3
    assert answer.usage.prompt_tokens > 20
    tokens = answer.choices[0].logprobs.content
    assert [len(token.top_logprobs) for token in tokens] == [4, 4, 4]
    assert all(token.logprob <= 0 for token in tokens)
    client.close()


@pytest.mark.parametrize("names", [("zz_verdict",), ("aa_look",), ("zz_verdict", "aa_look")])
def test_a_forced_call_obeys_its_schema_with_its_keys_in_order(post, names):
    schema = call_schema(*names)
    status, answer = post(CHAT, forced(schema))
    assert status == 200
    assert answer["choices"][0]["finish_reason"] == "stop"
    message = answer["choices"][0]["message"]
    assert "tool_calls" not in message
    call = json.loads(message["content"])
    jsonschema.validate(call, schema)
    parameters = VERDICT if call["name"] == "zz_verdict" else LOOK
    assert list(call) == ["name", "arguments"]
    assert list(call["arguments"]) == list(parameters["properties"])


@pytest.mark.parametrize("choice", ["none", "auto"])
def test_the_template_renders_tools_calls_and_results_in_their_order(post, choice):
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "aa_look", "arguments": '{"path": "rubric.md"}'},
    }
    history = [
        *MESSAGES,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "Right answers win."},
    ]
    status, answer = post("/apply-template", {"messages": history, "tools": TOOLS, "tool_choice": choice})
    assert status == 200
    listed = "\n".join(
        json.dumps({"name": t["function"]["name"], "description": t["function"]["description"]})[:-1]
        + ', "parameters": '
        + json.dumps(t["function"]["parameters"])
        + "}"
        for t in TOOLS
    )
    assert answer["prompt"] == (
        "<|im_start|>system\nYou compare two answers.\n\nTools you may call:\n<tools>\n"
        + listed
        + "\n</tools>\nTo call one, reply only with\n"
        '<tool_call>\n{"name": NAME, "arguments": {...}}\n</tool_call><|im_end|>\n'
        "<|im_start|>user\nWhat is 2 + 2?\n(a) 4\n(b) 5<|im_end|>\n"
        "<|im_start|>assistant\n"
        '<tool_call>\n{"name": "aa_look", "arguments": {"path": "rubric.md"}}\n</tool_call><|im_end|>\n'
        "<|im_start|>user\n<tool_response>\nRight answers win.\n</tool_response><|im_end|>\n"
        "<|im_start|>assistant\n"
    )


def test_without_tools_only_the_messages_are_rendered(post):
    _, answer = post("/apply-template", {"messages": MESSAGES[1:]})
    user = "<|im_start|>user\nWhat is 2 + 2?\n(a) 4\n(b) 5<|im_end|>\n"
    assert answer["prompt"] == user + "<|im_start|>assistant\n"


def test_a_shared_head_is_read_from_the_cache(post):
    head = {"role": "system", "content": "Judge with care. " * 40}
    used = []
    for question in ("Is 7 prime?", "Is 9 prime?"):
        body = {"messages": [head, {"role": "user", "content": question}], "tools": TOOLS, "max_tokens": 1}
        _, answer = post(CHAT, body)
        used.append(answer["usage"])
    assert used[1]["prompt_tokens"] > 200
    assert used[1]["prompt_tokens_details"]["cached_tokens"] >= used[1]["prompt_tokens"] - 15


def test_a_prompt_over_the_context_is_refused_by_name(post):
    status, answer = post(CHAT, {"messages": [{"role": "user", "content": "word " * 9000}], "max_tokens": 1})
    assert status == 400
    assert answer["error"]["type"] == "exceed_context_size_error"
    assert answer["error"]["n_ctx"] == 8192
    assert answer["error"]["n_prompt_tokens"] > 9000


def test_a_schema_it_cannot_follow_is_refused(post):
    status, answer = post(CHAT, forced({"type": "strng"}))
    assert status == 400
    assert "unrecognized type" in answer["error"]["message"]


def test_compact_json_costs_fewer_tokens_and_still_obeys(post):
    schema = call_schema("aa_look")
    _, loose = post(CHAT, forced(schema))
    _, compact = post(CHAT, {**forced(schema), **COMPACT_JSON})
    content = compact["choices"][0]["message"]["content"]
    assert "\n" not in content
    jsonschema.validate(json.loads(content), schema)
    assert compact["usage"]["completion_tokens"] < loose["usage"]["completion_tokens"]
