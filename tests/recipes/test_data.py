"""Preparing training data: what is kept, what is dropped and why, and that each rule was tried."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from reward_support import HAS_TREE, HEAD, HOSTILE, SHORT

from skillrl.cli import main
from skillrl.data.errors import DataError
from skillrl.data.formats import FORMATS
from skillrl.data.prepare import prepare_rows
from skillrl.data.source import read_source
from skillrl.doctor import examine
from skillrl.overrides import read_overrides
from skillrl.reward import close_sessions, compute_score
from skillrl.rows.sample import read_instruction
from skillrt.verifiers.checkers import checker_json

VERINSTRUCT = FORMATS["verinstruct"]
ASKS_A_MODEL = "from llm_call import llm_judge\n" + HEAD + "    return llm_judge(response)"
IFEVAL_FILE = Path(__file__).parents[2] / "../shared/data/ifeval/input_data.jsonl"


def row(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "prompt": f"Write about tree number {number}.",
        "checkers": ["[rule] Short.", "[llm] Kind.", "[RULE]  Names a tree."],
        "functions": [
            SHORT,
            "from llm_call import llm_judge\n" + HEAD + "    return llm_judge(response)",
            HAS_TREE,
        ],
        **changes,
    }


def truth_of(prepared: Any, split: str = "train", index: int = 0) -> dict[str, Any]:
    return json.loads(prepared.splits[split][index]["reward_model"]["ground_truth"])


def test_a_row_becomes_what_verl_and_the_reward_read() -> None:
    prepared = prepare_rows(VERINSTRUCT, [row()], seed=0, validation=0)
    (made,) = prepared.splits["train"]
    assert set(made) == {"data_source", "prompt", "ability", "reward_model", "extra_info"}
    assert made["prompt"] == [{"role": "user", "content": "Write about tree number 0."}]
    assert made["extra_info"] == {"index": 0, "split": "train", "id": "0"}
    instruction = read_instruction(made["reward_model"]["ground_truth"])
    assert instruction.fields["checklist"] == ["Short.", "Kind.", "Names a tree."]
    assert instruction.checkers == [SHORT, None, HAS_TREE]
    assert instruction.soft == ["Kind."]
    assert prepared.items == {"decided by a rule: it ran on a probe": 2, "left to the judge: tagged [llm]": 1}


def test_turns_become_system_prompt_and_history() -> None:
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "Write about a tree."},
    ]
    prepared = prepare_rows(VERINSTRUCT, [row(prompt=turns)], seed=0, validation=0)
    assert prepared.splits["train"][0]["prompt"] == turns
    truth = truth_of(prepared)
    assert (truth["system_prompt"], truth["prompt"]) == ("Be brief.", "Write about a tree.")
    assert truth["history"] == turns[1:3]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"prompt": " "}, "prompt is missing or empty"),
        ({"prompt": [{"role": "assistant", "content": "x"}]}, "does not end with a user's turn"),
        ({"functions": [SHORT]}, "differ in length"),
        ({"checkers": None}, "checkers is missing or no list"),
        ({"checkers": ["[rule] ", "[llm] Kind.", "[rule] Tree."]}, "has no text"),
        ({"checkers": [], "functions": []}, "no checkers"),
        ({"checkers": "not json"}, "no JSON list"),
    ],
)
def test_rows_are_dropped_with_a_reason(changes: dict[str, Any], reason: str) -> None:
    prepared = prepare_rows(VERINSTRUCT, [row(1), row(2, **changes)], seed=0, validation=0)
    assert prepared.read == 2
    assert len(prepared.splits["train"]) == 1
    ((told, count),) = prepared.dropped.items()
    assert reason in told
    assert count == 1


def test_a_prompt_is_taken_once() -> None:
    prepared = prepare_rows(VERINSTRUCT, [row(), row()], seed=0, validation=0)
    assert prepared.dropped == {"the same prompt was there before": 1}


def test_rules_that_cannot_run_are_left_to_the_judge() -> None:
    hostile = {name: HOSTILE[name] for name in HOSTILE if name not in ("endless loop", "prints a result")}
    rows = [
        row(
            number,
            checkers=["[rule] One.", "[rule] Two.", "[rule] Three."],
            functions=[source, SHORT, "import llm_call"],
        )
        for number, source in enumerate(hostile.values())
    ]
    prepared = prepare_rows(VERINSTRUCT, rows, seed=0, validation=0)
    for index in range(len(rows)):
        assert truth_of(prepared, index=index)["checkers"] == [None, SHORT, None]
    assert prepared.items["left to the judge: the rule calls a model"] == len(rows)
    assert prepared.items["decided by a rule: it ran on a probe"] == len(rows)
    no_python = "left to the judge: it cannot run here: the checker ended with runtime (SyntaxError)"
    assert prepared.items[no_python] == 1
    assert sum(prepared.items.values()) == 3 * len(rows)


def test_a_rule_that_raises_on_the_probes_stays_a_rule() -> None:
    sources = {
        "it raised on the probes": "import json\n" + HEAD + "    return 'name' in json.loads(response)",
        "it ran on a probe": HEAD + "    return re.search('a', response)\nimport re",
        "(NameError)": HEAD + "    return np.size(response) > 3",
        "(ModuleNotFoundError)": HEAD + "    import no_such_module\n    return True",
        "(KeyError)": "def check(instruction, response): return True",
    }
    rows = [
        row(number, checkers=["[rule] One."], functions=[source])
        for number, source in enumerate(sources.values())
    ]
    prepared = prepare_rows(VERINSTRUCT, rows, seed=0, validation=0)
    assert len(prepared.items) == len(sources)
    for told in sources:
        (fate,) = (fate for fate in prepared.items if told in fate)
        assert fate.startswith("decided by a rule" if told.startswith("it ") else "left to the judge")


def test_the_split_is_seeded_and_disjoint() -> None:
    rows = [row(number) for number in range(30)]
    one, same, other = (prepare_rows(VERINSTRUCT, rows, seed=seed, validation=8) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    prompts = [made["prompt"][0]["content"] for split in one.splits.values() for made in split]
    assert len(set(prompts)) == 30
    assert len(one.splits["val"]) == 8
    assert {made["extra_info"]["split"] for made in one.splits["val"]} == {"val"}


def test_nothing_left_to_train_on_is_an_error() -> None:
    with pytest.raises(DataError, match=r"Lower --val.*1 x prompt is missing"):
        prepare_rows(VERINSTRUCT, [row(), row(1, prompt="")], seed=0, validation=1)


def test_sources_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        read_source(tmp_path / "none.jsonl", "x/y")
    with pytest.raises(DataError, match="holds no"):
        read_source(tmp_path, "x/y")
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n[1]\n')
    with pytest.raises(DataError, match="row 2: a row must be an object, not list"):
        read_source(tmp_path, "x/y")
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n{"id": \n')
    with pytest.raises(DataError, match=r"a\.jsonl, line 2 is no JSON"):
        read_source(tmp_path, "x/y")


def test_a_rule_that_wants_a_file_is_left_to_the_judge() -> None:
    reads_json = "import json\n" + HEAD + "    return 'a' in json.loads(response)"
    reads_file = HEAD + "    return bool(open('/etc/hostname').read())"
    rows = [row(0, checkers=["[rule] One.", "[rule] Two."], functions=[reads_json, reads_file])]
    prepared = prepare_rows(VERINSTRUCT, rows, seed=0, validation=0)
    assert truth_of(prepared)["checkers"] == [reads_json, None]


CONSTRAINED = {
    "ifeval": {
        "instruction_id_list": ["punctuation:no_comma", "length_constraints:number_words"],
        "kwargs": [{"num_words": float("nan")}, {"relation": "at least", "num_words": 3.0, "keyword": None}],
    },
    "ifbench": {
        "instruction_id_list": ["words:repeats", "count:numbers"],
        "kwargs": [{"small_n": 1.0, "N": None}, {"N": 0.0, "sep": float("nan")}],
    },
}
TOLD = {
    "ifeval": [
        "punctuation: no comma",
        'length constraints: number words (relation = "at least", num_words = 3)',
    ],
    "ifbench": ["words: repeats (small_n = 1)", "count: numbers (N = 0)"],
}


@pytest.mark.parametrize("family", CONSTRAINED)
async def test_rows_of_constraints_are_decided_by_the_official_rules(family: str) -> None:
    raw = {"key": 7, "prompt": "Use no comma and at least three words.", **CONSTRAINED[family]}
    draft = FORMATS[family].read(raw, 0)
    assert list(draft.demands.checklist) == TOLD[family]
    truth = json.dumps(
        {
            "prompt": draft.prompt,
            "checklist": list(draft.demands.checklist),
            "checkers": [checker_json(checker) for checker in draft.demands.checkers],
        }
    )
    answers = {
        "ifeval": (("one two three", 1), ("one, two, three", 0.5), ("one,", 0)),
        "ifbench": (("one two three", 1), ("one 2 three", 0.5), ("one 2 one", 0)),
    }
    try:
        for text, score in answers[family]:
            found = await compute_score(
                data_source="", solution_str=text, ground_truth=truth, extra_info=None, mode="rules"
            )
            assert found["score"] == score
    finally:
        await close_sessions()


def test_the_command_prepares_and_shows_real_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    if not IFEVAL_FILE.is_file():
        pytest.skip("the shared IFEval rows are not there")
    out = tmp_path / "out"
    command = ["prepare", "ifeval", "--data", str(IFEVAL_FILE), "--out", str(out)]
    command += ["--limit", "40", "--val", "5"]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "40 rows read, 40 kept (val 5, train 35), 0 dropped" in told
    assert "decided by a rule: it ran on a probe" in told
    first = (out / "train.parquet").read_bytes()
    assert main(command) == 0
    assert (out / "train.parquet").read_bytes() == first
    assert told.splitlines()[0] in (out / "card.md").read_text()
    capsys.readouterr()
    assert main(["inspect", str(out / "val.parquet"), "--row", "2", "--rollout", "MARKED TEXT"]) == 0
    shown = capsys.readouterr().out
    assert "[rule]" in shown
    assert "MARKED TEXT" in shown
    assert main(["inspect", str(out / "val.parquet"), "--row", "9"]) == 2
    assert "has 5 rows" in capsys.readouterr().err


def test_overrides_are_read_in_order_and_filled(tmp_path: Path) -> None:
    file = tmp_path / "a.overrides"
    file.write_text("# a comment\n\na.b=1\n+c.d=$WHERE/x\n")
    assert read_overrides([file], ["a.b=2"], {"WHERE": "/data"}) == ("a.b=2", "+c.d=/data/x")
    with pytest.raises(DataError, match=r"line 4: \$WHERE is not set"):
        read_overrides([file], [], {})
    with pytest.raises(DataError, match="no KEY=VALUE"):
        read_overrides([], ["a.b"], {})


def test_the_shipped_overrides_can_be_read() -> None:
    folder = Path(__file__).parents[2] / "recipes/if_grpo"
    environment = {"DATA": "d", "POLICY": "p", "JUDGE_URLS": "u", "JUDGE_MODEL": "m"}
    for name in ("paper", "small_gpu", "cpu"):
        files = [folder / "common.overrides", folder / f"{name}.overrides", folder / "group.overrides"]
        found = read_overrides(files, [], environment)
        assert "reward.custom_reward_function.path=pkg://skillrl.reward" in found
        assert len({line.split("=")[0].lstrip("+") for line in found}) == len(found)


def test_a_doctor_without_verl_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["doctor"])
    told = capsys.readouterr().out
    assert "a checker ran behind its walls" in told
    try:
        import verl  # noqa: F401
    except ImportError:
        assert code == 1
        assert "not installed" in told


class Section(dict[str, Any]):
    """A part of a configuration, as Hydra's look: names are keys and attributes."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


@pytest.mark.parametrize("column", ["ours", "theirs"])
def test_a_doctor_names_the_row_that_nobody_can_read(
    column: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet as parquet

    good = {"query": "Write.", "checkers": ["[rule] Short."], "functions": [SHORT]}
    bad = {"query": "Write.", "checkers": ["[rule] Short."], "functions": [SHORT, SHORT]}
    extras = [good, bad if column == "theirs" else good]
    truths = ["", "" if column == "theirs" else '{"prompt": "Write.", "checkers": ["x"]}']
    rows = [
        {"reward_model": {"ground_truth": truth}, "extra_info": extra}
        for truth, extra in zip(truths, extras, strict=True)
    ]
    for name, kept in (("train", rows), ("val", rows[:1])):
        parquet.write_table(pyarrow.Table.from_pylist(kept), tmp_path / f"{name}.parquet")
    data = Section(train_files=str(tmp_path / "train.parquet"), val_files=str(tmp_path / "val.parquet"))
    data["train_batch_size"] = 1
    monkeypatch.setattr("skillrl.doctor._composed", lambda overrides: (Section(data=data), "composed"))
    found = {one.what: one for one in examine([], [])}
    assert found["data"].state == "bad"
    assert found["data"].told.startswith("train_files, row 2: ")
    assert "differ in length" in found["data"].told
    data["train_files"] = data["val_files"]
    found = {one.what: one for one in examine([], [])}
    assert (found["data"].state, found["data"].told) == ("ok", "train_files 1 rows, val_files 1 rows")
