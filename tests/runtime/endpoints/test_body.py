"""Request bodies."""

import json
from dataclasses import replace
from typing import Any

from judge_support import program, view_of

from skillrt.chat import ChatRequest
from skillrt.endpoints import EndpointConfig, encode_body, request_body

NATIVE = EndpointConfig(base_urls=("http://x/v1",), model="m", seed=7, temperature=0.5)
SCHEMA = EndpointConfig(base_urls=("http://x/v1",), model="m", tool_mode="schema", enable_thinking=None)

POINTWISE = "instruction_following_pointwise"


def opening(delivery: str = "progressive") -> ChatRequest:
    one = program("starter", delivery)
    return one.first_request(view_of(one))


def test_a_native_body() -> None:
    body = request_body(opening(), NATIVE)
    assert list(body) == [
        "model",
        "messages",
        "tools",
        "tool_choice",
        "temperature",
        "max_tokens",
        "seed",
        "chat_template_kwargs",
    ]
    assert body["tool_choice"] == "auto"
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert (body["temperature"], body["seed"]) == (0.5, 7)
    assert all(tool["function"]["strict"] is True for tool in body["tools"])


def test_a_forced_native_call() -> None:
    request = opening()
    body = request_body(ChatRequest(request.messages, request.tools, "final_answer"), NATIVE)
    assert body["tool_choice"] == {"type": "function", "function": {"name": "final_answer"}}


def test_a_text_request_has_no_tools() -> None:
    body = request_body(opening("direct"), NATIVE)
    assert "tools" not in body
    assert "tool_choice" not in body
    assert "response_format" not in body


def test_schema_mode_forces_one_of_the_tools_of_use() -> None:
    request = opening()
    allowed = ChatRequest(request.messages, request.tools, None, ("use_skill", "final_answer"))
    body = request_body(allowed, SCHEMA)
    assert body["tool_choice"] == "none"
    assert len(body["tools"]) == len(request.tools)
    schema = body["response_format"]["json_schema"]["schema"]
    assert [one["properties"]["name"]["const"] for one in schema["anyOf"]] == ["use_skill", "final_answer"]
    forced = request_body(
        ChatRequest(request.messages, request.tools, "final_answer", ("use_skill",)), SCHEMA
    )
    schema = forced["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["name"] == {"const": "final_answer"}
    arguments = schema["properties"]["arguments"]
    assert list(arguments["properties"]) == ["findings", "reason", "verdict"]
    assert arguments["properties"]["reason"]["maxLength"] > 0
    assert "chat_template_kwargs" not in forced


def final_schema(
    skill: str, task: str, setting: str, max_tokens: int = 4096, **owed: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a bounded request sends, and the schema of its final_answer."""
    one = program(task, "preloaded", skill, setting)
    request = ChatRequest((), one.tools, "final_answer", bounded=True, owed=owed)
    body = request_body(request, replace(NATIVE, max_tokens=max_tokens))
    schema = body["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["name"] == {"const": "final_answer"}
    return body, schema["properties"]["arguments"]["properties"]


def test_a_bounded_request_sends_the_same_tools_and_a_schema_that_ends() -> None:
    body, bounded = final_schema("reward_judge_fair", "starter", "fair")
    assert body["tools"] == list(program("starter", "preloaded").tools)
    assert (body["tool_choice"], "logit_bias" in body) == ("none", False)
    assert bounded["reason"]["maxLength"] <= 80
    assert bounded["findings"]["maxItems"] == 1
    cites = bounded["findings"]["items"]["properties"]["cites"]
    assert (cites["maxItems"], cites["items"]["properties"]["ref"]["maxLength"] <= 80) == (1, True)
    assert bounded["verdict"]["enum"] == ["A", "B"]


def items(*numbers: int) -> list[dict[str, int]]:
    return [{"item": number} for number in numbers]


def test_what_is_owed_stands_in_the_schema_entry_by_entry() -> None:
    _, checklist = final_schema("instruction_following", "ifrb_constraint", "fair", verdicts=items(2, 5))
    assert checklist["findings"]["maxItems"] == 1
    assert (checklist["verdicts"]["minItems"], checklist["verdicts"]["maxItems"]) == (2, 2)
    entries = [entry["properties"] for entry in checklist["verdicts"]["prefixItems"]]
    assert [entry["item"] for entry in entries] == [{"const": 2}, {"const": 5}]
    assert [list(entry) for entry in entries] == [["item", "status"]] * 2
    _, nothing = final_schema(POINTWISE, "if_pointwise", "operational", findings=[])
    assert nothing["findings"]["maxItems"] == 0


def test_a_list_that_must_be_whole_shares_the_room_of_a_turn() -> None:
    """Texts get shorter before entries wait for the next turn, and what is asked for always fits."""

    def asked(count: int, max_tokens: int) -> tuple[int, int]:
        owed = items(*range(1, count + 1))
        _, score = final_schema(POINTWISE, "if_pointwise", "operational", max_tokens, findings=owed)
        entries = score["findings"]["prefixItems"]
        return len(entries), entries[0]["properties"]["why"]["anyOf"][0]["maxLength"]

    assert asked(3, 4096) == (3, 80)
    assert asked(20, 4096) == (20, 40)
    assert asked(30, 4096) == (30, 20)
    batch, chars = asked(60, 4096)
    assert chars == 20
    assert 30 < batch < 60
    assert asked(60, 1024)[0] < batch
    assert asked(60, 100) == (1, 20)
    _, own = final_schema(POINTWISE, "if_pointwise", "operational", findings=None)
    assert own["findings"]["maxItems"] == batch


def test_a_bound_is_not_below_what_the_schema_demands() -> None:
    parameters = {
        "type": "object",
        "properties": {
            "verdict": {"type": "string", "enum": ["A"]},
            "cites": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 5},
            "none": {"type": "array", "items": {"type": "integer"}, "maxItems": 0},
        },
    }
    tool = {"type": "function", "function": {"name": "final_answer", "parameters": parameters}}
    body = request_body(ChatRequest((), (tool,), "final_answer", bounded=True), NATIVE)
    bounded = body["response_format"]["json_schema"]["schema"]["properties"]["arguments"]["properties"]
    assert (bounded["cites"]["maxItems"], bounded["none"]["maxItems"]) == (2, 0)


def test_schema_mode_forces_a_label_where_there_are_no_tools() -> None:
    body = request_body(opening("direct"), SCHEMA)
    labels = [label.shown for label in program("starter", "direct").task.answer.labels]  # type: ignore[union-attr]
    assert body["response_format"]["json_schema"]["schema"] == {"enum": labels}


def test_bodies_are_compact_json_in_the_order_given_whatever_the_text() -> None:
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": 'é\u2028"\\\x00\x1f</\U0001f600'}],
        "temperature": 0.0,
    }
    assert encode_body(body) == json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    halves = {"messages": [{"content": "\ud83d", "role": "user"}]}
    assert json.loads(encode_body(halves)) == {"messages": [{"content": "\ufffd", "role": "user"}]}


def test_a_field_of_the_users_is_added_or_stands_for_ours_and_null_leaves_ours_out() -> None:
    more = {"seed": None, "temperature": 1, "reasoning_effort": "low"}
    body = request_body(opening(), replace(NATIVE, extra_body=more))
    assert "seed" not in body
    assert (body["temperature"], body["reasoning_effort"]) == (1, "low")
    assert set(body) ^ set(request_body(opening(), NATIVE)) == {"seed", "reasoning_effort"}
