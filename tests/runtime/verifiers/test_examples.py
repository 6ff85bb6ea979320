"""The examples that a programming task shows."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillrt.verifiers.programs.examples import CallExample, StdinExample, literal, read_examples

CALLS = """Return the sum.

Example 1:

Input: nums = [1,-2], k = 3, name = "a, b = true"
Output: true
Explanation: because.
Input data may hold anything.

Example 2:
Input: nums = [], k = 0, name = ""
Output: [[1, 2], null]

Constraints:

1 <= k
"""


def test_calls_are_read_with_names_and_json_literals() -> None:
    examples = read_examples(CALLS)
    assert examples.calls == (
        CallExample((("nums", [1, -2]), ("k", 3), ("name", "a, b = true")), True),
        CallExample((("nums", []), ("k", 0), ("name", "")), [[1, 2], None]),
    )
    assert not examples.programs


def test_bold_headings_and_windows_line_ends_are_read() -> None:
    examples = read_examples("**Input:** n = 3\r\n**Output:** 2.5\r\n**Explanation:** x")
    assert examples.calls == (CallExample((("n", 3),), 2.5),)


@pytest.mark.parametrize(
    "shown",
    [
        "Input: n = __import__('os')\nOutput: 1\n",
        "Input: 3\nOutput: 1\n",
        "Input: n = 3, **{}\nOutput: 1\n",
        "Input: n = {1, 2}\nOutput: 1\n",
        "Input: n = 3\nOutput: 2, nums = [1,_]\n",
        "Input: n = 3\nOutput: one\n",
        "Input: n = b'x'\nOutput: 1\n",
        "Input: n = " + "[" * 5000 + "\nOutput: 1\n",
        "Input: n = 1e999\nOutput: 1\n",
        "There are no examples.",
        "",
    ],
)
def test_what_cannot_be_read_is_no_example(shown: str) -> None:
    assert not read_examples(shown)


def test_samples_of_programs_end_at_a_blank_line_or_later() -> None:
    prompt = (
        "Sample Input 1\r\n\r\n2 3\r\nab c\r\n\r\nSample Output 1\r\n\r\nYes\r\n1\r\n\r\nThis is why.\r\n\r\n"
        "Sample Input 2\n\n1 1\nx\n\nSample Output 2\n\nNo"
    )
    first, second = read_examples(prompt).programs
    assert first == StdinExample("2 3\nab c\n", ("Yes\n1", "Yes\n1\nThis is why."))
    assert second == StdinExample("1 1\nx\n", ("No",))


def test_blank_lines_that_a_page_put_between_all_lines_are_taken_out() -> None:
    shown = "Sample Input 1:\n2\n\na\n\nb\n\n\n\nSample Output 1:\n\nA\nB\n\n\nNote\n\nIn the first case\n"
    prompt = f"Print it.{shown}"
    assert read_examples(prompt).programs == (StdinExample("2\na\nb\n", ("A\nB",)),)


def test_blank_lines_that_are_data_stay() -> None:
    prompt = "Example Input\n3\na\n\nb\nExample Output\n1\n"
    assert read_examples(prompt).programs == (StdinExample("3\na\n\nb\n", ("1",)),)


def test_fenced_samples_are_read() -> None:
    prompt = "### Sample Input 1\n```\n1 2\n```\n### Sample Output 1\n```\n3\n\n4\n```\nbecause"
    assert read_examples(prompt).programs == (StdinExample("1 2\n", ("3\n\n4\n",)),)


def test_a_prompt_that_would_have_to_be_cut_shows_no_example() -> None:
    assert read_examples(CALLS + "x" * 50_000)
    assert not read_examples(CALLS + "x" * 60_000)


def test_integers_of_any_length_are_read() -> None:
    digits = "1" + "0" * 9_000
    (example,) = read_examples(f'Input: n = -{digits}, s = "{digits}"\nOutput: [{digits}1]\n').calls
    assert example == CallExample((("n", -(10**9_000)), ("s", digits)), [10**9_001 + 1])


def test_an_example_on_one_line() -> None:
    assert read_examples("Input: n = 5, Output: [1]\nInput: n = 6 **Output:** [2]\n").calls == (
        CallExample((("n", 5),), [1]),
        CallExample((("n", 6),), [2]),
    )


PIECES = st.sampled_from(
    [
        "Input:",
        "Output:",
        "Sample Input 1\n",
        "Sample Output 1\n",
        "\n",
        " n = ",
        "[1]",
        '"',
        "```",
        "Note",
        "x",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.text() | st.lists(PIECES, max_size=40).map("".join))
def test_any_text_can_be_read(prompt: str) -> None:
    examples = read_examples(prompt)
    assert not (examples.calls and examples.programs)


@pytest.mark.parametrize(
    "shown", ["{{1}, {2}}", "{[1]}", "{{}: 1}", "[" * 3000, "(" * 300 + ")" * 300, "-" * 3000 + "1"]
)
def test_what_is_no_literal_is_told_so(shown: str) -> None:
    with pytest.raises((ValueError, SyntaxError)):
        literal(shown)
