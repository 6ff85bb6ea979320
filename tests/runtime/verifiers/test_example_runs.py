"""`code_examples`: programs run on the prompt's examples."""

import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest

from skillrt.sandbox import JSON, ErrorKind, Sandbox, SandboxResult
from skillrt.verifiers import code_examples
from skillrt.verifiers.programs import drivers, example_runs

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOUBLE = (
    "Return twice n.\n\nExample 1:\n\nInput: n = 2\nOutput: 4\n\nExample 2:\n\nInput: n = 5\nOutput: 10\n\n"
)
ECHO = "Sample Input 1\n\n3\nab\n\nSample Output 1\n\nababab\n\nThree times.\n"
GOOD = "class Solution:\n    def double(self, n: int) -> int:\n        return 2 * n\n"
BAD = "class Solution:\n    def double(self, n: int) -> int:\n        return n * n\n"
REPEAT = "n = int(input())\nprint(input() * n)\n"


async def winner(prompt: str, one: str, other: str, sandbox: Sandbox) -> str | None:
    """The winner, checked to be the same with the responses swapped."""
    result = await code_examples(prompt, {"A": one, "B": other}, sandbox)
    swapped = await code_examples(prompt, {"A": other, "B": one}, sandbox)
    assert swapped.winner == {"A": "B", "B": "A", None: None}[result.winner]
    assert swapped.conclusive == result.conclusive == (result.winner is not None)
    return result.winner


@pytest.mark.parametrize(
    ("loser", "why"),
    [
        (BAD, "expected 10, got 25"),
        ("def double(n):\n    return n / 0\n", "ZeroDivisionError"),
        ("def double(n):\n    return None\n", "expected 4, got None"),
        ("def double(n):\n    return '4'\n", "expected 4, got '4'"),
        ("def double(n):\n    raise SystemExit\n", "called exit"),
        ("def double(n):\n    return object()\n", "returned a object"),
        ("def double(n):\n    print(4)\n", "got None"),
        ("result = {'returned': 4}\ndef double(n):\n    return 0\n", "got 0"),
        ("import __main__\n__main__.result = {'returned': 4}\ndef double(n):\n    return 0\n", "got 0"),
        ("I do not know.", "no Python program"),
    ],
)
async def test_the_passing_call_wins(loser: str, why: str, sandbox: Sandbox) -> None:
    assert await winner(DOUBLE, GOOD, loser, sandbox) == "A"
    result = await code_examples(DOUBLE, {"A": GOOD, "B": loser}, sandbox)
    assert why in result.of("B").why
    assert result.of("A").why == "passes all 2 examples"
    json.dumps(result.to_json())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (GOOD, GOOD),
        (BAD, BAD),
        (GOOD, "```cpp\nint f(int n) { return 2 * n; }\n```"),
        (GOOD, "def one(a): return 2 * a\ndef two(b): return b\n"),
    ],
)
async def test_what_stays_open(one: str, other: str, sandbox: Sandbox) -> None:
    assert await winner(DOUBLE, one, other, sandbox) is None


@pytest.mark.parametrize(
    "program",
    [
        REPEAT,
        "import sys\nn, s = sys.stdin.read().split()\nprint(s * int(n), end='')\n",
        "n, s = open(0).read().split()\nprint(s * int(n))\n",
        "import sys\nd = sys.stdin.buffer.read().split()\nsys.stdout.buffer.write(d[1] * int(d[0]))\n",
        "def main():\n    n = int(input())\n    print(input() * n)\nif __name__ == '__main__':\n    main()\n",
        "import sys\nn = int(sys.stdin.readline())\nprint(input() * n)\nsys.exit(0)\n",
    ],
)
async def test_programs_read_standard_input_in_every_usual_way(program: str, sandbox: Sandbox) -> None:
    fenced = f"Here it is:\n```python\n{program}```\nIt prints the text."
    assert await winner(ECHO, fenced, "print(input())", sandbox) == "A"


async def test_an_endless_program_loses_and_is_stopped(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example_runs, "LIMIT_S", 0.5)
    result = await code_examples(DOUBLE, {"A": GOOD, "B": "def double(n):\n    while True: pass\n"}, sandbox)
    assert result.winner == "A"
    assert "no end" in result.of("B").why


async def test_any_of_several_answers_is_no_evidence_against_a_program(sandbox: Sandbox) -> None:
    prompt = DOUBLE + "If there are multiple answers, return any of them."
    assert await winner(prompt, GOOD, BAD, sandbox) is None
    assert await winner(prompt, GOOD, "def double(n):\n    return n / 0", sandbox) == "A"


async def test_lists_in_any_order(sandbox: Sandbox) -> None:
    shown = "Input: n = 2\nOutput: [0,1]\n\n"
    down = "def f(n):\n    return list(range(n))[::-1]"
    assert (
        await winner("Return the list in any order.\n" + shown, down, "def f(n): return []", sandbox) == "A"
    )
    assert await winner("Return the list.\n" + shown, down, "def f(n): return [*range(n)]", sandbox) == "B"


async def test_arguments_go_by_name_where_the_names_agree(sandbox: Sandbox) -> None:
    prompt = "Input: a = 7, b = 2\nOutput: 5\n\n"
    by_name = "def f(b, a):\n    return a - b"
    by_place = "def f(x, y):\n    return y - x"
    assert await winner(prompt, by_name, by_place, sandbox) == "A"


async def test_a_prompt_without_examples_is_inconclusive(sandbox: Sandbox) -> None:
    result = await code_examples("Write something.", {"A": GOOD, "B": BAD}, sandbox)
    assert not result.conclusive
    assert "no example" in result.of("A").why


class Scripted:
    """A sandbox that ends every call in the same way, or raises."""

    def __init__(self, kind: ErrorKind | None, spent_s: float = 0.0) -> None:
        self.kind, self.spent_s = kind, spent_s
        self.calls: list[Mapping[str, JSON]] = []

    async def run(
        self, code: str, inputs: Mapping[str, JSON], *, timeout_s: float, memory_mb: int
    ) -> SandboxResult:
        self.calls.append(inputs)
        if self.kind is None:
            raise RuntimeError("the sandbox is broken")
        bad = "n * n" in str(inputs["source"])
        if bad and self.kind != "none":
            return SandboxResult(False, "", None, "x", self.kind, False, 0.0)
        given: Any = inputs["given"]
        gave = [[0 if bad else 2 * one[0], None] for one in (given if code == drivers.CALLS else [given])]
        told: Any = {"gave": gave, "error": None}
        return SandboxResult(True, "", told, None, "none", False, 0.0, self.spent_s)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("none", "A"),
        ("runtime", "A"),
        ("syntax", "A"),
        ("timeout", "A"),
        ("memory", "A"),
        ("crashed", "A"),
        ("output", "A"),
        ("unavailable", None),
        (None, None),
    ],
)
async def test_what_each_end_of_a_run_counts_for(kind: ErrorKind | None, expected: str | None) -> None:
    assert await winner(DOUBLE, GOOD, BAD, Scripted(kind)) == expected


async def test_a_sandbox_that_ended_under_a_run_is_asked_again() -> None:
    class Once(Scripted):
        async def run(self, *given: Any, **more: Any) -> SandboxResult:
            done = await super().run(*given, **more)
            if len(self.calls) == 1:
                return SandboxResult(False, "", None, "x", "unavailable", False, 0.0)
            return done

    assert (await code_examples(DOUBLE, {"A": GOOD, "B": "no program"}, Once("none"))).winner == "A"


async def test_a_result_of_another_form_is_a_failure() -> None:
    class Forged(Scripted):
        async def run(self, *given: Any, **more: Any) -> SandboxResult:
            await super().run(*given, **more)
            told: Any = forged
            return SandboxResult(True, "", told, None, "none", False, 0.0)

    forgeries: list[Any] = [None, 4, [], {}, {"gave": 4, "error": None}, {"gave": [[4, None]], "error": 4}]
    forgeries += [
        {"gave": gave, "error": None} for gave in ([], [4] * 9, [[4]], [[{"0x": "4"}, 4]], [[None, 4]])
    ]
    for forged in forgeries:
        result = await code_examples(DOUBLE, {"A": GOOD, "B": "no program"}, Forged("none"))
        assert (result.of("A").matched, result.of("A").certain) == (False, True), forged


async def test_the_expected_results_never_enter_the_sandbox() -> None:
    box = Scripted("none")
    await code_examples(DOUBLE, {"A": GOOD, "B": BAD}, box)
    assert {name for inputs in box.calls for name in inputs} == {
        *("source", "owner", "name", "given", "shapes", "in_place"),
    }
    assert [inputs["given"] for inputs in box.calls if inputs["source"] == GOOD] == [[[2], [5]]]


async def test_both_orders_cost_the_runs_of_one() -> None:
    box = Scripted("none")
    await winner(DOUBLE, GOOD, BAD, box)
    assert len(box.calls) == 2  # all examples of one, then of the other
    down = Scripted("unavailable")
    await winner(DOUBLE, GOOD, BAD, down)
    assert [inputs["source"] for inputs in down.calls].count(
        BAD
    ) == 8  # for each order together, then alone; each asked again


PROGRAMS = {
    "right": "def double(n): return 2 * n",
    "wrong later": "def double(n): return 4",
    "raises at once": "def double(n): return {}[n]",
    "raises later": "def double(n):\n    if n > 2: raise ValueError('first\\nlast line')\n    return 2 * n",
    "does not compile": "def double(n):\n    return 'unclosed\n",
    "exits": "def double(n):\n    raise SystemExit(0)",
    "exits at once": "import sys\ndef double(n): return 2 * n\nsys.exit(0)",
    "exits later": "import sys\ndef double(n):\n    if n > 2: sys.exit(3)\n    return 2 * n",
    "counts": "seen = []\ndef double(n):\n    seen.append(n)\n    return 2 * n * len(seen)",
    "hangs later": "def double(n):\n    while n > 2: pass\n    return 2 * n",
    "takes memory later": "def double(n):\n    return 2 * n if n < 3 else len(bytearray(2 ** 40))",
    "returns an object": "def double(n): return object()",
    "leaves a thread": (
        "import threading, time\n"
        "def double(n):\n"
        "    threading.Thread(target=time.sleep, args=(0.3,), daemon=True).start()\n"
        "    return 2 * n"
    ),
}
PRINTING = {
    "right": REPEAT,
    "wrong later": "print('ababab')",
    "raises later": "n = int(input())\nif n < 3: raise KeyError(n)\nprint(input() * n)",
    "reads all": "n, text = open(0).read().split()\nprint(text * int(n))",
    "exits": "import sys\nn = int(input())\nprint(input() * n)\nsys.exit()",
    "closes its output": "import sys\nprint('ababab')\nsys.stdout.close()",
    "keeps state in a module": (
        "import sys\nsys.runs = getattr(sys, 'runs', 0) + 1\n"
        "n = int(input())\nprint(input() * n * (sys.runs == 1))"
    ),
    "replaces its output": "import io, sys\nsys.stdout = io.StringIO()\nprint('ababab')",
}
TWICE = ECHO + "Sample Input 2\n\n2\nx\n\nSample Output 2\n\nxx\n\nThat is it.\n"


@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        *(pytest.param(DOUBLE, code, id=name) for name, code in PROGRAMS.items()),
        *(pytest.param(TWICE, code, id=f"prints, {name}") for name, code in PRINTING.items()),
    ],
)
async def test_all_examples_in_one_process_say_what_each_alone_says(
    prompt: str, code: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(example_runs, "TOGETHER_S", 0.4)
    monkeypatch.setattr(example_runs, "LIMIT_S", 0.6)
    responses = {"A": f"```python\n{code}\n```", "B": "no program"}
    together = await code_examples(prompt, responses, sandbox)
    example_runs._FOUND.clear()

    async def never(self: example_runs._Trials) -> None:
        return None

    monkeypatch.setattr(example_runs._Trials, "together", never)
    assert (await code_examples(prompt, responses, sandbox)).of("A") == together.of("A")
    example_runs._FOUND.clear()


async def test_permuting_the_responses_permutes_the_result() -> None:
    texts = [GOOD, BAD, "nothing"]
    box = Scripted("runtime")
    for order in itertools.permutations(range(3)):
        responses = {"ABC"[place]: texts[number] for place, number in enumerate(order)}
        result = await code_examples(DOUBLE, responses, box)
        assert result.winner == "ABC"[order.index(0)]
