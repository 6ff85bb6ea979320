"""Rows as people's files have them: other names, numpy's values, NaN, text for lists, what nobody reads."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reward_support import HAS_TREE, SHORT, judge_all, kwargs_for, response_in
from scripted_server import ScriptedServer, Turn

from skillrl.cli import main
from skillrl.data.errors import DataError
from skillrl.data.formats import FORMATS
from skillrl.data.prepare import prepare_rows
from skillrl.data.source import read_source
from skillrl.reward import close_sessions, compute_score
from skillrl.rows.sample import InstructionError, read_instruction

VERINSTRUCT, IFEVAL = FORMATS["verinstruct"], FORMATS["ifeval"]
TAGGED = ["[rule] Short.", "[llm] Kind.", "[rule] Names a tree."]
FUNCTIONS = [SHORT, None, HAS_TREE]
TURNS = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hello."},
    {"role": "assistant", "content": "Hello!"},
    {"role": "user", "content": "Write about a tree."},
]


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    yield
    await close_sessions()


EXTRAS: dict[str, dict[str, Any]] = {
    "query": {"query": "Write about a tree.", "checkers": TAGGED, "functions": FUNCTIONS},
    "prompt": {"prompt": "Write about a tree.", "checkers": TAGGED, "functions": FUNCTIONS},
    "instruction": {"instruction": "Write about a tree.", "checkers": TAGGED, "functions": FUNCTIONS},
    "numpy": {
        "index": np.int64(3),
        "query": np.str_("Write about a tree."),
        "checkers": np.array(TAGGED, dtype=object),
        "functions": np.array(FUNCTIONS, dtype=object),
    },
    "text": {
        "prompt": "Write about a tree.",
        "checkers": json.dumps(TAGGED),
        "functions": json.dumps(FUNCTIONS),
    },
    "objects": {
        "query": "Write about a tree.",
        "prompt": float("nan"),
        "checkers": [
            {"type": "rule", "text": "Short.", "function": SHORT},
            {"type": "llm", "text": "Kind.", "function": None},
            {"checker": "[RULE] Names a tree."},
        ],
        "functions": ["", float("nan"), HAS_TREE],
    },
    "untagged": {
        "query": "Write about a tree.",
        "checkers": ["Short?", *TAGGED, {"text": "No tag."}],
        "functions": ["def nothing(): pass", *FUNCTIONS, None],
    },
}


@pytest.mark.parametrize("name", EXTRAS)
@pytest.mark.parametrize("ground_truth", [None, "", "42", "no JSON", '{"answer": 1}', float("nan")])
async def test_the_request_is_read_where_a_row_has_it(name: str, ground_truth: object) -> None:
    instruction = read_instruction(ground_truth, EXTRAS[name])
    assert instruction.fields["prompt"] == "Write about a tree."
    assert instruction.fields["checklist"] == ["Short.", "Kind.", "Names a tree."]
    assert instruction.checkers == [SHORT, None, HAS_TREE]


async def test_such_a_row_is_scored_by_its_rules_and_its_judge() -> None:
    for name in ("numpy", "objects"):
        with ScriptedServer(judge_all()) as server:
            given = {"ground_truth": "", "extra_info": EXTRAS[name], **kwargs_for(server)}
            whole = await compute_score(data_source="x", solution_str="A tree.", **given)
            partly = await compute_score(data_source="x", solution_str="A birch.", **given)
        assert (whole["score"], whole["rules"], whole["rules_undecided"]) == (1, 2, 0)
        assert partly["score"] == pytest.approx(2 / 3, abs=1e-4)


async def test_turns_in_extra_info_reach_the_judge() -> None:
    seen: list[Turn] = []

    def watch(turn: Turn) -> Any:
        seen.append(turn)
        return judge_all()(turn)

    with ScriptedServer(watch) as server:
        for prompt in (np.array(TURNS, dtype=object), json.dumps(TURNS), repr(TURNS)):
            extra = {"prompt": prompt, "checkers": ["[llm] Kind.", "[llm] Short.", "[llm] True."]}
            await compute_score("x", "A tree.", None, extra, **kwargs_for(server))
    for turn in seen:
        assert "assistant: Hello!" in turn.opening
        assert "<instruction>\nWrite about a tree.\n</instruction>" in turn.opening
        assert response_in(turn) == "A tree."
    assert len(seen) == 3


def test_our_own_rows_are_not_overridden_by_what_else_a_row_holds() -> None:
    truth = json.dumps({"prompt": "Ours.", "checklist": ["Short."], "checkers": [SHORT]})
    found = read_instruction(truth, {"prompt": "Theirs.", "checkers": ["[llm] Other."]})
    assert (found.fields["prompt"], found.checkers) == ("Ours.", [SHORT])


@pytest.mark.parametrize(
    "ground_truth",
    ["no json", "[]", "{}", '{"prompt": "p", "checkers": ["x"]}', '{"prompt": ["p"]}', None, 7, "NaN"],
)
async def test_a_row_that_nobody_can_read_is_an_error_of_its_batch(ground_truth: object) -> None:
    extra = {"index": 12, "split": "train"}
    with pytest.raises(InstructionError, match="the row with split train, index 12"):
        await compute_score("x", "A tree.", ground_truth, extra, mode="rules")


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ({"query": " "}, "missing or empty"),
        ({"query": "q", "checkers": ["[rule] a", "[rule] b"], "functions": [SHORT]}, "differ in length"),
        ({"query": "q", "checkers": "no list"}, "no JSON list"),
        ({"prompt": '[{"role": "user", "content": "cut of'}, "cannot be read"),
        ({"prompt": [{"role": "assistant", "content": "x"}]}, "does not end with a user's turn"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(extra: dict[str, Any], told: str) -> None:
    with pytest.raises(InstructionError, match=told):
        read_instruction("", extra)


def prepared_truth(raw: dict[str, Any], kind: Any = VERINSTRUCT) -> dict[str, Any]:
    prepared = prepare_rows(kind, [raw], seed=0, validation=0)
    return json.loads(prepared.splits["train"][0]["reward_model"]["ground_truth"])


@pytest.mark.parametrize("key", ["prompt", "query", "instruction"])
def test_a_data_set_may_name_its_request_otherwise(key: str) -> None:
    found = prepared_truth({key: "Write about a tree.", "checkers": TAGGED, "functions": FUNCTIONS})
    assert (found["prompt"], found["checkers"]) == ("Write about a tree.", [SHORT, None, HAS_TREE])


@pytest.mark.parametrize("written", [json.dumps, repr])
def test_turns_written_down_as_text_are_turns(written: Any) -> None:
    prepared = prepare_rows(
        VERINSTRUCT, [{"prompt": written(TURNS), "checkers": ["[llm] Kind."]}], seed=0, validation=0
    )
    assert prepared.splits["train"][0]["prompt"] == TURNS
    cut = {"prompt": written(TURNS)[:-9], "checkers": ["[llm] Kind."]}
    plain = {"prompt": '["not turns"]', "checkers": ["[llm] Kind."]}
    kept = prepare_rows(VERINSTRUCT, [cut, plain], seed=0, validation=0)
    assert kept.dropped == {"prompt looks like turns written down as text, and cannot be read": 1}
    assert kept.splits["train"][0]["prompt"][0]["content"] == '["not turns"]'


def test_items_without_tag_are_ignored_and_rules_without_function_are_the_judges() -> None:
    rows = [
        {"prompt": "One.", "checkers": ["Untagged.", "[llm] Kind.", "[rule] Short."]},
        {"prompt": "Two.", "checkers": ["Untagged."], "functions": [SHORT]},
        {
            "prompt": "Three.",
            "checkers": [{"type": "rule", "text": "Short.", "code": SHORT}],
            "functions": [],
        },
        {"prompt": "", "checkers": TAGGED},
    ]
    prepared = prepare_rows(VERINSTRUCT, rows, seed=0, validation=0)
    assert prepared.items == {
        "ignored: tagged neither [rule] nor [llm]": 2,
        "left to the judge: tagged [llm]": 1,
        "left to the judge: the rule has no function": 1,
        "decided by a rule: it ran on a probe": 1,
    }
    assert prepared.dropped == {"prompt is missing or empty": 1}
    told = "\n".join(prepared.lines())
    assert "4 rows read, 3 kept" in told
    for reason, count in {**prepared.items, **prepared.dropped}.items():
        assert f"{count} x " in told
        assert reason in told


async def test_a_row_whose_items_are_all_untagged_can_be_trained_on() -> None:
    raw = {"prompt": "Write.", "checkers": ["Untagged."]}
    found = await asyncio.to_thread(prepared_truth, raw)
    assert found == {"prompt": "Write."}
    with ScriptedServer(judge_all()) as server:
        scored = await compute_score("x", "A tree.", json.dumps(found), {}, **kwargs_for(server))
    assert (scored["score"], scored["judge_failed"]) == (1, 0)


@pytest.mark.parametrize(
    "kwargs",
    [
        [{"num_words": float("nan"), "relation": None}, {"num_words": 3.0, "relation": "at least"}],
        [{}, {"num_words": np.int64(3), "relation": np.str_("at least"), "keyword": np.nan}],
        np.array([None, {"num_words": np.float64(3), "relation": "at least"}], dtype=object),
        ["{}", '{"num_words": 3, "relation": "at least"}'],
        json.dumps([{"num_words": float("nan")}, {"num_words": 3, "relation": "at least"}]),
    ],
)
def test_arguments_of_ifeval_as_tables_have_them(kwargs: Any) -> None:
    ids = np.array(["punctuation:no_comma", "length_constraints:number_words"], dtype=object)
    found = prepared_truth({"key": 1, "prompt": "p", "instruction_id_list": ids, "kwargs": kwargs}, IFEVAL)
    assert found["checklist"][0] == "punctuation: no comma"
    assert "num_words = 3" in found["checklist"][1]
    assert "3.0" not in found["checklist"][1]
    arguments = {"num_words": 3, "relation": "at least"}
    assert found["checkers"][1] == {
        "kind": "ifeval",
        "id": "length_constraints:number_words",
        "kwargs": arguments,
    }


LINES = "".join(
    json.dumps({"key": n, "prompt": f"{n}.", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]})
    + "\n"
    for n in range(3)
)
ROWS = [json.loads(line) for line in LINES.splitlines()]
FILES: dict[str, bytes] = {
    "bom.jsonl": b"\xef\xbb\xbf" + LINES.encode(),
    "bom.json": b"\xef\xbb\xbf" + json.dumps(ROWS).encode(),
    "lines.json": LINES.encode(),
    "crlf.jsonl": LINES.replace("\n", "\r\n").encode(),
    "wrapped.json": json.dumps({"data": ROWS}).encode(),
    "list.jsonl": json.dumps(ROWS, indent=1).encode(),
    "packed.jsonl.gz": gzip.compress(LINES.encode()),
    "packed.json.gz": gzip.compress(b"\xef\xbb\xbf" + json.dumps(ROWS).encode()),
}


@pytest.mark.parametrize("name", FILES)
def test_files_as_people_have_them(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    assert list(read_source(tmp_path / name, "x/y").rows) == ROWS
    assert len(read_source(tmp_path, "x/y").rows) == len(ROWS)
    command = [
        "prepare",
        "ifeval",
        "--data",
        str(tmp_path / name),
        "--out",
        str(tmp_path / "out"),
        "--val",
        "1",
    ]
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    assert main(command) == 0
    assert "3 rows read, 3 kept (val 1, train 2), 0 dropped" in capsys.readouterr().out


@pytest.mark.parametrize(
    "cut",
    [b'{"data": [', gzip.compress(LINES.encode(), mtime=0)[:-20], b"\xff\xfe{}", b"[" * 9999],
    ids=["JSON", "gzip", "UTF-16", "nested"],
)
def test_a_file_that_is_cut_off_is_told(cut: bytes, tmp_path: Path) -> None:
    for name in ("a.json", "a.jsonl", "a.jsonl.gz"):
        (tmp_path / name).write_bytes(cut)
        with pytest.raises(DataError, match=r"a\.json"):
            read_source(tmp_path / name, "x/y")
