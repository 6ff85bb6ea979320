import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrt.programs.neutral import JOINER, hidden, map_strings, neutralise, plain, visible

FAMILIES = {
    "ChatML, Qwen": "<|im_start|> <|im_end|> <|endoftext|> <|vision_start|> <|fim_prefix|> <think> </think>",
    "Qwen tools": "<tool_call> </tool_call> <tool_response> <tools> <function=run> <parameter=x> </function>",
    "Qwen switches": "/no_think /think /nothink \\no_think \\nothink",
    "SmolLM": "/no_think /system_override <think>",
    "Llama": "<|begin_of_text|> <|eot_id|> <|start_header_id|> <|python_tag|>"
    " <<SYS>> <</SYS>> [INST] [/INST]",
    "Mistral": "<s> </s> [SYSTEM_PROMPT] [/SYSTEM_PROMPT] [TOOL_CALLS] [AVAILABLE_TOOLS] [TOOL_RESULTS]"
    " [ARGS] [CALL_ID] [TOOL_CONTENT] [THINK] [/THINK] [IMG_BREAK] [MODEL_SETTINGS] [REFERENCE_DOC_0]"
    " [PREFIX]",
    "DeepSeek": "<｜begin▁of▁sentence｜> <｜Assistant｜> <｜User｜> <｜tool▁calls▁begin｜> <｜tool▁sep｜>"
    " <｜DSML｜function_calls> </｜DSML｜invoke>",
    "Gemma": "<bos> <eos> <pad> <unk> <mask> <start_of_turn> <end_of_turn> <start_of_image> <unused99>"
    " <ctrl42> <start_function_call> <escape> <|tool_call> <tool_call|> <turn|>",
    "GLM": "[gMASK]<sop> [sMASK] <eop> <|observation|> <arg_key> </arg_key> <arg_value> /nothink",
    "EXAONE": "[|user|] [|assistant|] [|system|] [|endofturn|] [|tool|]",
    "MiniMax": "]~b] ]~!b[ [e~[ ]<]start of image[>[ ]<]video[>[ <minimax:tool_call> <beginning_of_sentence>"
    ' <invoke name="run"> <parameter name="x">',
    "Nemotron": "<SPECIAL_10> <SPECIAL_999> <TOOLCALL> </TOOLCALL> <AVAILABLE_TOOLS>"
    " <extra_id_0> <extra_id_1>",
    "Cohere": "<|START_OF_TURN_TOKEN|> <|END_OF_TURN_TOKEN|> <|CHATBOT_TOKEN|> <|START_ACTION|> <BOS_TOKEN>",
    "LongCat": "<longcat_tool_call> </longcat_tool_call> <longcat_s> <longcat_think>",
    "Harmony": "<|start|> <|channel|> <|message|> <|call|> <|return|>",
    "Phi, Granite": "<|assistant|> <|end|> <|tool_call|> <|start_of_role|> <|end_of_role|>",
    "Kimi": "<|tool_calls_section_begin|> <|im_middle|> ◁think▷ ◁/think▷ [EOS] [BOS] [PAD]",
    "Seed": "<seed:bos> <seed:tool_call> <seed:think>"
    " </seed:think> <[BOS_never_used_51bce0c785ca2f68081bfa7d91973934]>",
    "InternLM": "<|action_start|> <|plugin|> <IMG_CONTEXT> <|interpreter|>",
    "Hunyuan, Jamba": "<tool_calls> </tool_calls> <|startoftext|> <|extra_0|> <｜hy_Assistant｜>",
    "Step": '<｜tool_calls_begin｜> <steptml:invoke name="f"> </steptml:toolcall>',
    "OLMo, xAI": "<function_calls> </function_calls> <xai:function_call>",
    "Baichuan, OpenPangu": "<reserved_106> <C_Q> <C_A> [unused10] [unused17] <0x0A>",
    "Falcon": ">>QUESTION<< >>ANSWER<<",
    "LFM, Solar, Apertus": "<|tool_call_start|> <|tool_calls|> <|tools_prefix|> <SPECIAL_61>",
    "full-width": "＜|im_end|＞ <｜im_end｜>",
}
"""What families of models have in their chat templates, vocabularies and parsers of calls."""

TOKENS = [
    (family, token) for family, tokens in FAMILIES.items() for token in re.split(r" (?=[^a-z])", tokens)
]


@pytest.mark.parametrize(("family", "token"), TOKENS)
def test_no_control_token_is_left(family: str, token: str) -> None:
    text = neutralise(f"before {token} after")
    assert token not in text
    assert plain(text) == f"before {token} after"


@pytest.mark.parametrize(
    "text", ["a < b | c > d", "x<y>z", "List<String>", "<b>bold</b>", "if a|b>c: pass", "[1] [A]"]
)
def test_ordinary_text_stays_readable(text: str) -> None:
    assert plain(neutralise(text)) == text


HONEST = [
    "a < b and List<String> and <b>",
    "vector<int> x; #include <iostream>; for (i = 0; i < max_n; i++) { a->b; }",
    "<h1>Title</h1><p class='x'>text</p><br/>",
    "x[1], a[i][j], [A], [Your Name], [link](https://example.org/think-tank/a)",
    r"\(\theta \to \infty\), \notin, \text{think}",
    "cout << x >> y; 1 << 2",
]


@pytest.mark.parametrize("text", HONEST)
def test_plain_text_is_untouched(text: str) -> None:
    assert neutralise(text) == text


HIDDEN = "".join(chr(0xE0000 + ord(char)) for char in "say A") + "\u202e\u2066\u200f\ufe0f\U000e0101"


def test_what_nobody_sees_is_left_out_and_makes_no_token() -> None:
    text = f"It is{HIDDEN} 42 \u2764\ufe0f <\ufe0f|im_end|>"
    assert visible(text) == "It is 42 \u2764 <|im_end|>"
    assert hidden({"a": [text, 1, None]}) == len(HIDDEN) + 2
    assert "<|" not in neutralise(text)
    assert plain(neutralise(text)) == plain(text)


def test_arguments_that_are_sent_back_stay_json() -> None:
    for value in (r"a\no_think", "x\think", "x\nothink", "[INST]", 'say "</think>"'):
        assert plain(json.loads(neutralise(json.dumps({"code": value})))["code"]) == value


@given(st.text(alphabet="<|>/simpau_end[]INST ", max_size=60))
def test_whatever_is_joined_no_bar_token_forms(text: str) -> None:
    safe = neutralise(text)
    assert "<|" not in safe
    assert "|>" not in safe
    assert plain(safe) == text
    assert map_strings({"a": [text, {"b": text}]}, neutralise) == {"a": [safe, {"b": safe}]}
    assert JOINER not in text
