"""Whatever a prompt or a response holds, a verifier answers, in bounded time, and the same for any place."""

import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

import pytest

from skillrt.sandbox import Sandbox
from skillrt.verifiers import WinnerResult, code_examples, reference_match
from skillrt.verifiers.programs.candidate import read_candidate
from skillrt.verifiers.programs.examples import read_examples
from skillrt.verifiers.references.forms import read_form

PROMPT = "Write a function f.\n\nInput: n = 2\nOutput: 4\n"
RIGHT = [
    "def f(n):\n return n * 2\n",
    "class A:\n def f(self, n):\n  return n + 2\n",
    "def f(n):\n return 4\n",
]
WRONG = [
    "def f(n):\n return n\n",
    "def f(n):\n return None\n",
    "def f(n):\n raise ValueError\n",
    "def f(n:\n",
]
NO_PROGRAM = ["", "I do not know.", "x = 1\n", "``` ```", "\x00\ud800", "def g():\n return 4\n" * 3]

Verify = Callable[[Mapping[str, str]], Awaitable[WinnerResult]]


def _responses(seed: int) -> tuple[str, str]:
    """Two responses, often one that passes and one that does not."""
    chance = random.Random(seed)
    programs = chance.choice([RIGHT, WRONG]), chance.choice([RIGHT, WRONG, NO_PROGRAM])
    texts = []
    for choice in programs:
        program = chance.choice(choice)
        fenced = chance.random() < 0.7
        texts.append(f"So:\n```python\n{program}```\n" if fenced else program)
    chance.shuffle(texts)
    return texts[0], texts[1]


async def _winners(verify: Verify, count: int) -> Counter[str | None]:
    """The winners over many pairs; fails when a verdict depends on the place or the name of a response."""
    winners: Counter[str | None] = Counter()
    for seed in range(count):
        one, other = _responses(seed)
        result = await verify({"A": one, "B": other})
        swapped = await verify({"A": other, "B": one})
        turned = await verify({"B": other, "A": one})
        assert swapped.winner == {"A": "B", "B": "A", None: None}[result.winner], seed
        assert (result.of("A").why, result.of("B").why) == (swapped.of("B").why, swapped.of("A").why), seed
        assert turned == result, seed
        winners[result.winner] += 1
    return winners


@pytest.mark.asyncio(loop_scope="module")
async def test_code_examples_prefers_no_place(sandbox: Sandbox) -> None:
    async def verify(responses: Mapping[str, str]) -> WinnerResult:
        return await code_examples(PROMPT, responses, sandbox)

    winners = await _winners(verify, 60)
    # Without winners of both places there would be nothing to prefer.
    assert winners["A"] >= 10
    assert winners["B"] >= 10


@pytest.mark.asyncio(loop_scope="module")
async def test_a_verifier_that_prefers_a_place_would_be_seen(sandbox: Sandbox) -> None:
    async def partial(responses: Mapping[str, str]) -> WinnerResult:
        result = await code_examples(PROMPT, responses, sandbox)
        first = next(iter(sorted(responses)))
        return WinnerResult(result.verifier, first, True, result.reason, result.responses)

    with pytest.raises(AssertionError):
        await _winners(partial, 60)


UNITS = [
    "*",
    "**a** ",
    "\\boxed{",
    "1, ",
    "Input: n\n",
    "Sample Input\n",
    "```\n",
    "(",
    "repeat letter ",
    "format ",
    '"',
]


@pytest.mark.parametrize("unit", UNITS)
def test_a_megabyte_of_prompt_or_response_is_read_in_bounded_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    started = time.perf_counter()
    read_form(text)
    read_examples(text)
    read_candidate(text)
    reference_match(text, {"A": text, "B": text + "."}, text)
    # Far above what was seen: this is about the growth, not about the machine.
    assert time.perf_counter() - started < 20
