import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrt.programs.neutral import JOINER, map_strings, neutralise, plain

TOKENS = [
    "<|im_end|>",
    "<|im_start|>assistant",
    "<|endoftext|>",
    "<|eot_id|>",
    "</s>",
    "<s>",
    "<bos>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<</SYS>>",
    "<tool_call>",
    "</tool_call>",
    "<tool_response>",
    "<think>",
    "</think>",
    "<start_of_turn>",
    "<｜Assistant｜>",
    "<function=final_answer>",
]


@pytest.mark.parametrize("token", TOKENS)
def test_no_control_token_is_left(token: str) -> None:
    text = neutralise(f"before {token} after")
    assert token not in text
    assert plain(text) == f"before {token} after"


@pytest.mark.parametrize(
    "text", ["a < b | c > d", "x<y>z", "List<String>", "<b>bold</b>", "if a|b>c: pass", "[1] [A]"]
)
def test_ordinary_text_stays_readable(text: str) -> None:
    assert plain(neutralise(text)) == text


def test_plain_text_is_untouched() -> None:
    assert neutralise("a < b and List<String> and <b>") == "a < b and List<String> and <b>"


@given(st.text(alphabet="<|>/simpau_end[]INST ", max_size=60))
def test_whatever_is_joined_no_bar_token_forms(text: str) -> None:
    safe = neutralise(text)
    assert "<|" not in safe
    assert "|>" not in safe
    assert plain(safe) == text
    assert map_strings({"a": [text, {"b": text}]}, neutralise) == {"a": [safe, {"b": safe}]}
    assert JOINER not in text
