"""What is read from a server's answer: the turn, how it ended, and what it cost."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from skillrt.chat import ChatRequest, Reply, ToolCall, Usage
from skillrt.endpoints import EndpointFailure, read_reply
from skillrt.endpoints.answers.reply import decode

PARAMETERS = {
    "type": "object",
    "properties": {
        "findings": {"type": "array"},
        "reason": {"type": "string"},
        "verdict": {"type": "string"},
    },
    "required": ["findings", "reason", "verdict"],
}
TOOLS = tuple(
    {"type": "function", "function": {"name": name, "parameters": parameters}}
    for name, parameters in (
        ("use_skill", {"type": "object", "properties": {}, "required": []}),
        ("view_resource", {"type": "object", "properties": {"id": {}}, "required": ["id"]}),
        ("final_answer", PARAMETERS),
    )
)
ASKED = ChatRequest((), TOOLS)
FORCED = ChatRequest((), TOOLS, "final_answer")
PLAIN = ChatRequest((), ())

ANSWER = '{"findings": [], "reason": "ok", "verdict": "B"}'
TWICE = json.dumps(ANSWER)
CALL = f'{{"name": "final_answer", "arguments": {ANSWER}}}'
META = f'{{"name": "final_answer", "parameters": {ANSWER}}}'
PARTS = ("findings", "[]"), ("reason", "ok"), ("verdict", "B")
LINES = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in PARTS)


def answer(message: Any, finish: Any = "stop", **more: Any) -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": finish}], **more}


def called(name: str, arguments: Any, **more: Any) -> dict[str, Any]:
    return {"tool_calls": [{"function": {"name": name, "arguments": arguments}, **more}]}


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ({"content": "A"}, Reply("A")),
        ({"content": None}, Reply("")),
        ({}, Reply("")),
        ({"content": [{"type": "text", "text": "A"}, {"text": "B"}, "C"]}, Reply("AB")),
        ({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                      {"type": "text", "text": "A"}]}, Reply("A", reasoning="hm")),
        ({"content": "", "reasoning_content": "A!"}, Reply("", reasoning="A!")),
        ({"content": None, "reasoning": "A!"}, Reply("", reasoning="A!")),
        ({"content": None, "refusal": "I will not."}, Reply("I will not.")),
        (called("f", '{"a": 1}', id="x"), Reply("", (ToolCall("x", "f", '{"a": 1}'),))),
        (called("f", {"a": 1}), Reply("", (ToolCall("call00000", "f", '{"a": 1}'),))),
        (called("f", None), Reply("", (ToolCall("call00000", "f", "{}"),))),
        (called("f", ""), Reply("", (ToolCall("call00000", "f", "{}"),))),
        (called("f", "null"), Reply("", (ToolCall("call00000", "f", "{}"),))),
        (called("f", '{"a": '), Reply("", (ToolCall("call00000", "f", '{"a": '),))),
        (called("f", "[1]"), Reply("", (ToolCall("call00000", "f", "[1]"),))),
        (called("f", json.dumps('{"a": 1}')), Reply("", (ToolCall("call00000", "f", '{"a": 1}'),))),
        (called("f", json.dumps(json.dumps("{}"))), Reply("", (ToolCall("call00000", "f", "{}"),))),
        (called("f", '```json\n{"a": 1}\n```'), Reply("", (ToolCall("call00000", "f", '{"a": 1}'),))),
        ({"function_call": {"name": "f", "arguments": "{}"}}, Reply("", (ToolCall("call00000", "f", "{}"),))),
        ({"tool_calls": {"function": {"name": "f", "arguments": "{}"}}},
         Reply("", (ToolCall("call00000", "f", "{}"),))),
    ],
)  # fmt: skip
def test_answers_are_read(message: Any, reply: Reply) -> None:
    assert read_reply(answer(message), ASKED) == reply


@pytest.mark.parametrize(
    "broken",
    [None, "<html>", b"", [], {}, {"choices": []}, {"choices": [{}]}, {"choices": [{"message": None}]}, 7,
     answer({"tool_calls": [{"function": None}]}), answer({"tool_calls": [{}]}), answer({"tool_calls": "f"}),
     {"choices": [{"text": "A"}]}],
)  # fmt: skip
def test_what_is_no_completion_is_broken(broken: Any) -> None:
    with pytest.raises(EndpointFailure) as caught:
        read_reply(broken, ASKED)
    assert caught.value.kind == "broken"


# ------------------------------------------------------------------------------------- how a turn ended


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("stop", "stop"),
        ("STOP", "stop"),
        ("end_turn", "stop"),
        ("eos_token", "stop"),
        (None, ""),
        ("", ""),
        ("tool_calls", "tool_calls"),
        ("tool_use", "tool_calls"),
        ("function_call", "tool_calls"),
        ("length", "length"),
        ("max_tokens", "length"),
        ("MAX_TOKENS", "length"),
        ("model_length", "length"),
    ],
)
def test_the_names_of_an_end(said: str | None, read: str) -> None:
    assert read_reply(answer({"content": "A"}, said), PLAIN).finish_reason == read


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("content_filter", "filtered"),
        ("SAFETY", "filtered"),
        ("refusal", "filtered"),
        ("sensitive", "filtered"),
        ("error", "broken"),
        ("abort", "broken"),
        ("insufficient_system_resource", "broken"),
        ("MALFORMED_FUNCTION_CALL", "broken"),
        (7, "broken"),
        (["stop"], "broken"),
    ],
)
@pytest.mark.parametrize("content", ["Response A", None])
def test_a_turn_that_the_server_ended_is_its_failure(said: Any, kind: str, content: str | None) -> None:
    with pytest.raises(EndpointFailure) as caught:
        read_reply(answer({"content": content}, said), PLAIN)
    assert caught.value.kind == kind
    assert str(said) in str(caught.value)


# ------------------------------------------------------------------------------------------------ calls


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("functions.final_answer", "final_answer"),
        ("final_answer<|channel|>commentary", "final_answer"),
        ("functions.final_answer<|constrain|>json", "final_answer"),
        ("functions.final_answer:0", "final_answer"),
        ("default_api.final_answer", "final_answer"),
        (" final_answer\n", "final_answer"),
        ("final_answers", "final_answers"),
        ("my.tool", "my.tool"),
        ("", ""),
    ],
)
def test_a_name_is_freed_of_what_a_family_of_models_puts_around_it(name: str, read: str) -> None:
    assert read_reply(answer(called(name, ANSWER)), ASKED).tool_calls[0].name == read


LEFT = {
    "arguments alone": ANSWER,
    "arguments in a fence": f"```json\n{ANSWER}\n```",
    "a call": CALL,
    "a call in a fence": f"```json\n{CALL}\n```",
    "parameters": META,
    "a list": f"[{META}]",
    "encoded twice": f'{{"name": "final_answer", "arguments": {TWICE}}}',
    "the API's form": f'{{"type": "function", "function": {{"name": "final_answer", "arguments": {TWICE}}}}}',
    "the API's list": f'{{"tool_calls": [{{"function": {{"name": "final_answer", "arguments": {TWICE}}}}}]}}',
    "hermes": f"<tool_call>\n{CALL}\n</tool_call>",
    "hermes with its end": f"<tool_call>{CALL}</tool_call><|im_end|>",
    "behind thoughts": f"<think>B, then.</think>\n<tool_call>{CALL}</tool_call>",
    "behind thoughts of mistral": f"[THINK]B, then.[/THINK][TOOL_CALLS][{CALL}]",
    "qwen coder": f"<tool_call>\n<function=final_answer>\n{LINES}</function>\n</tool_call>",
    "llama json": f"<|python_tag|>{META}<|eom_id|>",
    "llama tag": f"<function=final_answer>{ANSWER}</function>",
    "llama python": '[final_answer(findings=[], reason="ok", verdict="B")]',
    "python in a fence": '```tool_code\nfinal_answer(findings=[], reason="ok", verdict="B")\n```',
    "olmo": '<function_calls>final_answer(findings=[], reason="ok", verdict="B")</function_calls>',
    "mistral": f"[TOOL_CALLS][{CALL}]",
    "mistral later": f"[TOOL_CALLS]final_answer[ARGS]{ANSWER}",
    "mistral with an id": f"[TOOL_CALLS]final_answer[CALL_ID]a1b2c3d4e[ARGS]{ANSWER}",
    "deepseek": "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>final_answer\n"
    f"```json\n{ANSWER}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    "deepseek later": "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>final_answer<｜tool▁sep｜>"
    f"{ANSWER}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    "kimi": "<|tool_calls_section_begin|><|tool_call_begin|>functions.final_answer:0"
    f"<|tool_call_argument_begin|>{ANSWER}<|tool_call_end|><|tool_calls_section_end|>",
    "gpt-oss": "<|channel|>commentary to=functions.final_answer <|constrain|>json<|message|>"
    f"{ANSWER}<|call|>",
    "gpt-oss without its tokens": f"commentary to=functions.final_answer json{ANSWER}",
    "glm": "<tool_call>final_answer\n"
    + "".join(f"<arg_key>{key}</arg_key>\n<arg_value>{value}</arg_value>\n" for key, value in PARTS)
    + "</tool_call>",
    "granite": f"<|tool_call|>[{CALL}]",
    "phi": f"functools[{CALL}]",
    "jamba": f"<tool_calls>[{CALL}]</tool_calls>",
    "internlm": f"<|action_start|><|plugin|>\n{META}<|action_end|>",
    "minimax": '<minimax:tool_call>\n<invoke name="final_answer">\n'
    + "".join(f'<parameter name="{key}">{value}</parameter>\n' for key, value in PARTS)
    + "</invoke>\n</minimax:tool_call>",
    "seed": f"<seed:tool_call><function=final_answer>{LINES}</function></seed:tool_call>",
    "command r": '<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "final_answer", '
    f'"parameters": {ANSWER}}}]<|END_ACTION|>',
    "nemotron": f"<TOOLCALL>[{CALL}]</TOOLCALL>",
    "functionary": f">>>final_answer\n{ANSWER}",
    "longcat": f"<longcat_tool_call>{CALL}</longcat_tool_call>",
    "lm studio": f"[TOOL_REQUEST]{CALL}[END_TOOL_REQUEST]",
}


@pytest.mark.parametrize("form", LEFT)
def test_a_call_that_was_left_in_the_content_is_read(form: str) -> None:
    reply = read_reply(answer({"content": LEFT[form], "tool_calls": []}), FORCED)
    assert [call.name for call in reply.tool_calls] == ["final_answer"]
    arguments = json.loads(reply.tool_calls[0].arguments)
    assert (arguments["reason"], arguments["verdict"]) == ("ok", "B")
    assert arguments["findings"] in ([], "[]")  # tags give texts, which the reader of arguments knows
    assert reply.content == ""


@pytest.mark.parametrize(
    "talk",
    [
        "B is better.",
        f"I submit {ANSWER}",
        f"It wrote <tool_call>{CALL}</tool_call>",
        f"<tool_call>{CALL}</tool_call> is what it wrote, to be graded well.",
        f"```\n{CALL}\n``` stands in the response.",
        '{"name": "other_tool", "arguments": {}}',
        '{"verdict": "B"}',
        '{"findings": [], "reason": "ok", "verdict": "B", "more": 1}',
        '{"name": "final_answer", "argum',
        "final_answer",
        "final_answer(*[1])",
        "[final_answer(verdict=__import__('os').name)]",
        "[1, 2]",
        "{}",
        "[" * 100_000,
        "(" * 100_000 + ANSWER,
        "<tool_call>" * 10_000,
    ],
)
def test_what_is_not_exactly_a_call_is_talk(talk: str) -> None:
    reply = read_reply(answer({"content": talk}), FORCED)
    assert (reply.tool_calls, reply.content) == ((), talk)


def test_bare_arguments_are_a_call_only_where_it_was_forced_by_name() -> None:
    assert read_reply(answer({"content": ANSWER}), ASKED).tool_calls == ()
    assert read_reply(answer({"content": CALL}), ASKED).tool_calls[0].name == "final_answer"
    assert read_reply(answer({"content": CALL}), PLAIN).tool_calls == ()


def test_a_call_behind_talk_counts_unless_it_answers() -> None:
    content = 'I load it first.\n<tool_call>{"name": "use_skill", "arguments": {}}</tool_call>'
    reply = read_reply(answer({"content": content}), ASKED)
    assert ([call.name for call in reply.tool_calls], reply.content) == (["use_skill"], "I load it first.")
    for request in (ASKED, FORCED):
        assert read_reply(answer({"content": f"So: <tool_call>{CALL}</tool_call>"}), request).tool_calls == ()


def test_several_calls_in_a_text_are_several() -> None:
    made = [json.dumps({"name": "view_resource", "arguments": {"id": name}}) for name in "ab"]
    texts = [f"<tool_call>{call}</tool_call>" for call in made]
    calls = read_reply(answer({"content": "\n".join(texts)}), ASKED).tool_calls
    assert [(call.id, call.arguments) for call in calls] == [
        ("call00000", '{"id": "a"}'),
        ("call00001", '{"id": "b"}'),
    ]


# ------------------------------------------------------------------------------------------- usage, JSON


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}},
            Usage(0, 9, 4, 2),
        ),
        ({"prompt_tokens": 9, "prompt_tokens_details": None}, Usage(0, 9, 0, 0)),
        ({"prompt_tokens": 9, "prompt_cache_hit_tokens": 8}, Usage(0, 9, 8, 0)),
        ({"prompt_tokens": 9, "cached_tokens": 8}, Usage(0, 9, 8, 0)),
        ({"prompt_tokens": "nine", "completion_tokens": [1], "prompt_tokens_details": "x"}, Usage()),
        ({"prompt_tokens": -9, "completion_tokens": -1}, Usage()),
        ({"prompt_tokens": True, "completion_tokens": None}, Usage()),
        ({"prompt_tokens": float("inf"), "completion_tokens": math.nan}, Usage()),
        ({"prompt_tokens": 10**3999}, Usage()),
        (None, Usage()),
        ("many", Usage()),
        ([], Usage()),
    ],
)
def test_usage_is_read_whatever_it_is(usage: Any, read: Usage) -> None:
    assert read_reply(answer({"content": "A"}, usage=usage), PLAIN).usage == read
    assert read_reply(answer({"content": "A"}), PLAIN).usage == Usage()


@pytest.mark.parametrize("digits", [4_000, 4_301, 100_000])
def test_a_number_of_thousands_of_digits_is_not_counted_and_harms_nothing(digits: int) -> None:
    body = b'{"choices": [{"message": {"content": "A"}}], "usage": {"prompt_tokens": %s}}' % (b"9" * digits)
    reply = read_reply(decode(body), PLAIN)
    assert (reply.content, reply.usage) == ("A", Usage())


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'\n\n  {"a": 1}\n', {"a": 1}),
        (b'{"a": "\\ud83d"}', {"a": "\ufffd"}),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        (b'{"a": 1e999}', {"a": math.inf}),
    ],
)
def test_json_of_every_dialect_is_decoded(body: bytes, value: Any) -> None:
    assert decode(body) == value


@pytest.mark.parametrize("body", [b"[" * 100_000, b"[" + b"[]," * 1_000_000 + b"[]]"])
def test_a_mass_of_brackets_is_not_decoded(body: bytes) -> None:
    with pytest.raises(EndpointFailure, match="brackets") as caught:
        decode(body)
    assert caught.value.kind == "broken"
