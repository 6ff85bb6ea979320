"""`checklist_rules`: checkers that come with a sample, counted as VerIF counts them."""

import json
import time
from collections.abc import Mapping

import pytest

from skillrt.sandbox import JSON, Sandbox, SandboxResult
from skillrt.verifiers import ConstraintChecker, PythonChecker, checklist_rules, read_checker
from skillrt.verifiers.checkers import checker_json

pytestmark = pytest.mark.asyncio(loop_scope="module")


def rule(*lines: str) -> str:
    return "def check_following(instruction, response):\n" + "".join(f"    {line}\n" for line in lines)


RESPONSE = '{"animal": "cat", "lives": 9}'
VERIF: list[tuple[str, str, str]] = [
    # what it returns: any true value counts
    (rule("return 'cat' in response"), "satisfied", "a true value"),
    (rule("return len(response) > 1000"), "failed", "a false value"),
    ("import re\n" + rule("return re.search('c.t', response)"), "satisfied", "a true value"),
    ("import re\n" + rule("return re.search('d.g', response)"), "failed", "a false value"),
    (rule("return response.count('a')"), "satisfied", "a true value"),
    (rule("return 'yes'"), "satisfied", "a true value"),
    (rule("return []"), "failed", "a false value"),
    (rule("print('True')"), "failed", "a false value"),
    # the instruction is a word, whatever was asked
    (rule("return instruction == 'instruction'"), "satisfied", "a true value"),
    (rule("return 'Write' in instruction"), "failed", "a false value"),
    # imports run first, in the globals
    (
        rule("import json", "return lives(response) == 9")
        + "def lives(text):\n    return json.loads(text)['lives']\n",
        "satisfied",
        "a true value",
    ),
    (
        "LIMIT = math.floor(9.5)\n" + rule("return len(response) > LIMIT") + "import math\n",
        "satisfied",
        "a true",
    ),
    (rule("if not response:", "    import no_such_module", "return True"), "satisfied", "a true value"),
    ("import no_such_module\n" + rule("return True"), "failed", "ModuleNotFoundError"),
    # every exception is not met
    ("import json\n" + rule("return json.loads(response[1:])"), "failed", "JSONDecodeError"),
    (rule("return response.missing"), "failed", "AttributeError"),
    ("def check_following(response):\n    return True\n", "failed", "TypeError"),
    ("def check_following(:\n", "failed", "SyntaxError"),
    ("result = {'met': True}\n", "failed", "KeyError"),
    (
        "from llm_call import llm_judge\n" + rule("return llm_judge(response)"),
        "failed",
        "ModuleNotFoundError",
    ),
]
"""Sources in VerIF's style with what its rules make of them."""

BREAKING: list[tuple[str, str]] = [
    (rule("raise ValueError('no')"), "ValueError: no"),
    (rule("raise SystemExit"), "called exit"),
    (rule("import os", "os._exit(0)"), "ended with"),
    (rule("import os", "os.abort()"), "crashed"),
    (rule("while True:", "    pass"), "timeout"),
    (rule("while True:", "    print('x' * 1000)"), "output"),
    (rule("return len(bytearray(1 << 34))"), "memory"),
    (
        rule(
            "import threading, time",
            "threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
            "return True",
        ),
        "thread",
    ),
    (rule("import builtins", "builtins.bool = lambda value: True", "return True"), "builtins"),
    (rule("import builtins", "builtins.any = lambda values: False", "return True"), "builtins"),
    (rule("import os", "os.close(1)", "return True"), "Bad file descriptor"),
    (rule("import os", "os.closerange(0, 200)", "return True"), "ended with"),
    (rule("import os", "os.dup2(os.open('/dev/null', os.O_WRONLY), 1)", "return True"), "descriptors"),
    (rule("class Odd:", "    def __bool__(self):", "        raise OSError('odd')", "return Odd()"), "odd"),
    ("\ud800", "SyntaxError"),
    ("import __main__\n__main__.result = {'met': True}\nraise SystemExit(0)\n", "called exit"),
]
"""Every way in which a checker can break, though it may say True."""


async def test_twenty_sources_count_as_verif_counts_them(sandbox: Sandbox) -> None:
    assert len(VERIF) == 20
    result = await checklist_rules([source for source, _, _ in VERIF], "Write of a cat.", RESPONSE, sandbox)
    for item, (source, status, reason) in zip(result.items, VERIF, strict=True):
        assert (item.status, reason in item.reason) == (status, True), (source, item)
    assert len(json.dumps(result.to_json())) < 250 * len(VERIF)


async def test_a_checker_that_breaks_is_worth_no_more_than_one_that_fails(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skillrt.verifiers.checklist.TIMEOUT_S", 2.0)
    result = await checklist_rules([source for source, _ in BREAKING], "", RESPONSE, sandbox)
    for item, (source, reason) in zip(result.items, BREAKING, strict=True):
        assert (item.status, reason in item.reason) == ("failed", True), (source, item)


async def test_the_libraries_that_data_sets_use_are_there(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skillrt.verifiers.checklist.TIMEOUT_S", 60.0)  # nltk takes seconds to import
    sources = [
        "from nltk.tokenize import wordpunct_tokenize\n"
        + rule("return len(wordpunct_tokenize(response)) == 3"),
        # Data that was put beside the installed packages is looked for there; none is ever downloaded.
        "import nltk\n" + rule("return any('site-packages/nltk_data' in path for path in nltk.data.path)"),
        "import nltk\n" + rule("return nltk.download('punkt_tab')"),
    ]
    result = await checklist_rules(sources, "", "A cat.", sandbox)
    assert [item.status for item in result.items] == ["satisfied", "satisfied", "failed"], result.items


async def test_undecided_is_only_an_item_without_a_rule(sandbox: Sandbox) -> None:
    result = await checklist_rules([None, "  \n", rule("return True")], "", "", sandbox)
    assert [item.status for item in result.items] == ["inconclusive", "inconclusive", "satisfied"]
    without = await checklist_rules([rule("return True")], "", "", None)
    assert [item.status for item in without.items] == ["inconclusive"]


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
    hostile = "'); import __main__; __main__.result = {'met': True}  # \ud800\x00"
    result = await checklist_rules([rule("print(response); return False")], "", hostile, sandbox)
    assert [item.status for item in result.items] == ["failed"]


@pytest.mark.parametrize(
    "forging",
    [
        "import __main__\n__main__.result = {'met': True}\nraise SystemExit(0)",
        "import builtins\nbuiltins.bool = lambda value: True",
        "import os\nos._exit(0)",
        "import threading, time\nthreading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
    ],
)
async def test_a_checker_that_runs_the_response_does_not_let_it_forge(sandbox: Sandbox, forging: str) -> None:
    result = await checklist_rules([rule("exec(response)", "return False")], "", forging, sandbox)
    assert [item.status for item in result.items] == ["failed"]


async def test_no_checkers_no_items(sandbox: Sandbox) -> None:
    assert (await checklist_rules([], "", "", sandbox)).items == ()


async def test_official_constraints_need_no_sandbox() -> None:
    checkers = [
        {"kind": "ifeval", "id": "punctuation:no_comma", "kwargs": {}},
        {"kind": "ifbench", "id": "count:numbers", "kwargs": {"N": 2.0, "relation": None}},
        {"kind": "ifeval", "id": "count:numbers", "kwargs": {"N": 1}},
        {
            "kind": "ifeval",
            "id": "length_constraints:number_words",
            "kwargs": {"num_words": 1, "relation": "most"},
        },
        {"kind": "ifbench", "id": "repeat:repeat_change"},
        {"kind": "ifmagic", "id": "x"},
        3,
    ]
    result = await checklist_rules(checkers, "Say seven words", "Tell seven words", None)
    assert [(item.status, item.reason.partition(":")[0]) for item in result.items] == [
        ("satisfied", "punctuation"),
        ("failed", "count"),
        ("failed", "the constraint cannot be checked"),
        ("failed", "the constraint cannot be checked"),
        ("satisfied", "repeat"),
        ("failed", "the checker cannot be read"),
        ("failed", "the checker cannot be read"),
    ]


async def test_a_checker_is_read_and_written() -> None:
    for value, checker in [
        (None, None),
        ("", None),
        ("def f(): pass", PythonChecker("def f(): pass")),
        ({"kind": "python", "source": "x = 1"}, PythonChecker("x = 1")),
        ({"kind": "ifeval", "id": "a:b", "kwargs": None}, ConstraintChecker("ifeval", "a:b", {})),
        (
            {"kind": "ifbench", "id": "a:b", "kwargs": {"N": 2, "M": None}},
            ConstraintChecker("ifbench", "a:b", {"N": 2}),
        ),
    ]:
        assert read_checker(value) == checker
        assert read_checker(checker_json(checker)) == checker
        assert hash(checker) is not None
    for wrong in (
        3,
        [],
        {},
        {"kind": "python"},
        {"kind": "ifeval"},
        {"kind": "ifeval", "id": "a:b", "kwargs": []},
    ):
        with pytest.raises(ValueError, match=r"checker|kwargs"):
            read_checker(wrong)


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
        (ended({"met": True}), "satisfied"),
        (ended({"met": False}), "failed"),
        (ended({"met": 1}), "failed"),
        (ended({"met": "True"}), "failed"),
        (ended({"met": True, "other": 1}), "failed"),
        (ended(True), "failed"),
        (ended(None), "failed"),
        (ended({"met": True}, ok=False, kind="runtime"), "failed"),
        (ended({"met": True}, ok=True, kind="output"), "failed"),
        (ended(None, ok=False, kind="unavailable"), "inconclusive"),
        (RuntimeError("broken"), "inconclusive"),
    ],
)
async def test_only_a_verdict_from_a_clean_run_counts(
    outcome: SandboxResult | Exception, status: str
) -> None:
    result = await checklist_rules([rule("return True")], "", "", Fixed(outcome))
    assert [item.status for item in result.items] == [status]
