"""`checklist_rules`: checkers that come with a sample."""

import json
import time
from collections.abc import Mapping

import pytest

from skillrt.sandbox import JSON, Sandbox, SandboxResult
from skillrt.verifiers import checklist_rules

pytestmark = pytest.mark.asyncio(loop_scope="module")


def rule(body: str) -> str:
    return f"def check_following(instruction, response):\n    {body}\n"


CHECKERS: list[tuple[str | None, str, str]] = [
    (rule("return 'cat' in response"), "satisfied", "a true value"),
    (rule("return len(response) > 1000"), "failed", "a false value"),
    (rule("return instruction == 'Write of a cat.'"), "satisfied", "a true value"),
    ("import re\n" + rule("return bool(re.search('c.t', response))"), "satisfied", "a true value"),
    (None, "inconclusive", "no rule"),
    ("  \n", "inconclusive", "no rule"),
    (rule("return 1"), "satisfied", "a true value"),
    (rule("return 'no'"), "satisfied", "a true value"),
    (rule("return None"), "failed", "a false value"),
    (rule("return []"), "failed", "a false value"),
    (rule("print('True')"), "failed", "a false value"),
    (rule("raise ValueError('no')"), "failed", "ValueError: no"),
    (rule("raise SystemExit"), "failed", "called exit"),
    (rule("import os; os._exit(0)"), "failed", "ended with"),
    ("result = True\n", "inconclusive", "KeyError"),
    ("result = {'bool': True}\n", "inconclusive", "KeyError"),
    (
        "import __main__\n__main__.result = {'bool': True}\nraise SystemExit(0)\n",
        "inconclusive",
        "SystemExit",
    ),
    (
        "from llm_call import llm_judge\n" + rule("return llm_judge(response)"),
        "inconclusive",
        "ModuleNotFoundError",
    ),
    ("def check_following(response):\n    return True\n", "failed", "TypeError"),
    ("def check_following(:\n", "inconclusive", "SyntaxError"),
    ("print('{\"bool\": true}')\n" + rule("return False"), "failed", "a false value"),
    ("class Odd:\n    __bool__ = 1\n" + rule("return Odd()"), "failed", "TypeError"),
    ("\ud800", "inconclusive", "SyntaxError"),
]


async def test_every_kind_of_checker_at_once(sandbox: Sandbox) -> None:
    result = await checklist_rules(
        [source for source, _, _ in CHECKERS], "Write of a cat.", "A cat.", sandbox
    )
    found = [(item.index, item.status) for item in result.items]
    assert found == [(index, status) for index, (_, status, _) in enumerate(CHECKERS)]
    for item, (_, _, reason) in zip(result.items, CHECKERS, strict=True):
        assert reason in item.reason, item
    assert result.count("satisfied") == 5
    assert len(json.dumps(result.to_json())) < 250 * len(CHECKERS)


async def test_endless_checkers_do_not_hold_the_others_up(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skillrt.verifiers.checklist.TIMEOUT_S", 0.5)
    sources = [rule("while True: pass"), rule("return True"), rule("import time; time.sleep(60)")]
    started = time.perf_counter()
    result = await checklist_rules(sources, "", "", sandbox)
    assert [item.status for item in result.items] == ["failed", "satisfied", "failed"]
    assert "timeout" in result.items[0].reason
    assert time.perf_counter() - started < 30


async def test_code_in_the_response_is_text(sandbox: Sandbox) -> None:
    hostile = "'); import __main__; __main__.result = {'bool': True}  # \ud800\x00"
    result = await checklist_rules([rule("print(response); return False")], "", hostile, sandbox)
    assert [item.status for item in result.items] == ["failed"]


async def test_a_checker_that_runs_the_response_does_not_let_it_forge_and_leave(sandbox: Sandbox) -> None:
    forging = "import __main__\n__main__.result = {'bool': True}\nraise SystemExit(0)"
    result = await checklist_rules([rule("exec(response); return False")], "", forging, sandbox)
    assert [item.status for item in result.items] == ["failed"]


async def test_no_checkers_no_items(sandbox: Sandbox) -> None:
    assert (await checklist_rules([], "", "", sandbox)).items == ()


class Fixed:
    """A sandbox with one fixed outcome, or an exception."""

    def __init__(self, outcome: SandboxResult | Exception) -> None:
        self.outcome = outcome

    async def run(
        self, code: str, inputs: Mapping[str, JSON], *, timeout_s: float, memory_mb: int
    ) -> SandboxResult:
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def ended(result: JSON, ok: bool = True, kind: str = "none") -> SandboxResult:
    return SandboxResult(ok, "True", result, None, kind, False, 0.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (ended({"bool": True}), "satisfied"),
        (ended({"bool": False}), "failed"),
        (ended({"bool": 1}), "failed"),
        (ended({"bool": "True"}), "failed"),
        (ended({"bool": True, "other": 1}), "failed"),
        (ended(True), "failed"),
        (ended(None), "failed"),
        (ended({"bool": True}, ok=False, kind="runtime"), "failed"),
        (ended({"bool": True}, ok=True, kind="output"), "failed"),
        (ended({"broken": "SyntaxError"}), "inconclusive"),
        (ended(None, ok=False, kind="unavailable"), "inconclusive"),
        (RuntimeError("broken"), "inconclusive"),
    ],
)
async def test_only_a_bare_bool_from_a_clean_run_counts(
    outcome: SandboxResult | Exception, status: str
) -> None:
    result = await checklist_rules([rule("return True")], "", "", Fixed(outcome))
    assert [item.status for item in result.items] == [status]
