"""The program that a response submits, and the function to call in it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillrt.verifiers.programs.candidate import entry_for, functions, read_candidate

CLASS = "class Solution:\n    def total(self, nums, k=0):\n        return sum(nums) + k\n"


def test_a_response_that_is_all_code() -> None:
    assert read_candidate(CLASS).code == CLASS


def test_the_last_program_counts_and_a_snippet_does_not_displace_it() -> None:
    first = "First try:\n```python\ndef total(nums):\n    return 0\n```\n"
    better = f"Better:\n```py\n{CLASS}```\n"
    use = "Use:\n```python\nprint(1)\n```\nOutput:\n```\n3\n```"
    assert read_candidate(first + better + use).code == CLASS


def test_an_indented_fence_and_one_left_open() -> None:
    assert read_candidate("1. Code:\n   ```python\n   def f(x):\n       return x\n   ```").code == (
        "def f(x):\n    return x\n"
    )
    assert read_candidate("```python\nn = int(input())\nprint(n)").code == "n = int(input())\nprint(n)"


def test_prose_around_a_program_without_fences() -> None:
    assert read_candidate(f"Here it is:\n\n{CLASS}\n\nIt adds them up.\n\nDone.").code == CLASS.rstrip()
    assert read_candidate("I would define a class Solution: first.\n\nThen sort.").code is None


def test_windows_line_ends() -> None:
    assert read_candidate("```python\r\ndef f():\r\n    return 1\r\n```").code == "def f():\n    return 1\n"


@pytest.mark.parametrize(
    ("response", "foreign"),
    [
        ("I would sort the list.", False),
        ("", False),
        ("```python\ndef f(:\n```", False),
        ("```cpp\nint main() {}\n```", True),
        ("```text\n1 2\n```", False),
        ("\x00", False),
        ("class " * 20_000, False),
        ("```python\n" + "(" * 50_000, False),
        ("def f():\n  return " + "-" * 50_000 + "1", False),
    ],
)
def test_no_program(response: str, foreign: bool) -> None:
    candidate = read_candidate(response)
    assert candidate.code is None
    assert candidate.foreign is foreign
    assert candidate.why


@pytest.mark.parametrize(
    ("prompt", "code", "arguments", "owner", "name"),
    [
        ("", CLASS, ("nums",), "Solution", "total"),
        ("", CLASS, ("nums", "k"), "Solution", "total"),
        ("", CLASS + "def helper(x):\n    pass\n", ("nums",), "Solution", "total"),
        ("Write a function `solve(n)`.", "def other(n): pass\ndef solve(n): pass", ("n",), None, "solve"),
        ("", "def other(m): pass\ndef solve(n): pass", ("n",), None, "solve"),
        ("", "class Solution:\n  @staticmethod\n  def f(n): pass", ("n",), "Solution", "f"),
        ("", "class Solution:\n  def _help(self, n): pass\n  def f(self, n): pass", ("n",), "Solution", "f"),
    ],
)
def test_the_entry_is_found(
    prompt: str, code: str, arguments: tuple[str, ...], owner: str | None, name: str
) -> None:
    entry = entry_for(prompt, code, arguments)
    assert entry is not None
    assert (entry.owner, entry.name) == (owner, name)


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("def f(a): pass\ndef g(b): pass", ("n",)),
        ("def f(a, b): pass", ("n",)),
        ("x = 1", ("n",)),
        ("def f(:", ("n",)),
    ],
)
def test_an_unclear_entry_is_none(code: str, arguments: tuple[str, ...]) -> None:
    assert entry_for("", code, arguments) is None


@settings(max_examples=300, deadline=None)
@given(
    st.text()
    | st.lists(st.sampled_from(["```", "~~~~", "python\n", "\n", "def f(", "x):", " pass", "\\"])).map(
        "".join
    )
)
def test_any_text_can_be_read(response: str) -> None:
    candidate = read_candidate(response)
    functions(candidate.code or response)
    assert candidate.why
