"""What is quoted in Markdown and on the terminal stays a quotation."""

import sys

import pytest
from synthetic_runs import HOSTILE

from skillbench.analysis.summary import quoted
from skillspec.terminal import plain_output, printable

STEERING = ["\x1b[2J", "\x1b]0;title\x07", "a\rb", "\x9b31m", "\x00", "\u202egnp", "\u2066", "\x7f", "x\x08y"]


@pytest.mark.parametrize("text", STEERING)
def test_nothing_steers_the_terminal(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with plain_output():
        print(text)
        print(f"{text}\tand\n", file=sys.stderr, end="")
        sys.stdout.writelines([text])
    told = capsys.readouterr()
    for shown in (told.out, told.err):
        assert all(char in "\n\t" or char.isprintable() for char in shown)
        assert shown.count("\n") == 1
    assert printable("plain \u00e9\n\t\u4e2d") == "plain \u00e9\n\t\u4e2d"


def test_markdown_is_quoted() -> None:
    told = quoted({"a|b": [HOSTILE, "x\n# head\n| cell |", "[link](javascript:0)", 1.5, None]})
    assert list(told) == ["a\\|b"]
    assert told["a\\|b"][0].startswith("\\</script\\>")
    assert told["a\\|b"][1:] == ["x # head \\| cell \\|", "\\[link\\](javascript:0)", 1.5, None]
    assert quoted("reward_judge_fair, 0.5 (a-b)") == "reward_judge_fair, 0.5 (a-b)"
