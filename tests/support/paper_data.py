"""A small data root in the published schemas, and a judge that goes by a rule, for the documents' commands.

Every response ends in a mark such as ``[#3 q1 items 10]``: the row's number, how good it is, and which items
of a checklist it meets. The judge reads the marks of what it is shown, in the order shown, so that what it
is worth is known beforehand: it is always right with a skill to load, wrong without one, and right for rows
with an even number alone where the skill is pasted into the prompt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from scripted_server import Call, Reply, Say, Turn
from suite_support import ifrb, positions, query, rb2, rm, ties, write

SUBSETS = ("Factuality", "Precise IF", "Math", "Safety", "Focus")
DOMAINS = ("chat", "safety-refuse")
KINDS = ("Single_Turn", "Multi_Turn", "System_Prompt")
DATASETS = ("gsm8k", "ifeval", "humaneval", "bigcodebench")
SOURCES = ("mmlu-pro-math", "livebench-reasoning", "livebench-math", "livecodebench")


def mark(text: str, row: int, quality: int, items: str = "") -> str:
    """A response with its mark."""
    return f"{text} [#{row} q{quality}{f' items {items}' if items else ''}]"


# ----------------------------------------------------------------------------------------------- data


def _rewardbench2(root: Path) -> None:
    rows = []
    for number, subset in enumerate((*SUBSETS, *SUBSETS), 1):
        good, bad = [mark("Yes.", number, 1)], [mark(f"No {letter}.", number, 0) for letter in "xyz"]
        rows.append(rb2(number, subset, chosen=good, rejected=bad))
    for number in (1, 2):
        for kind, right in (("ref", 1), ("tied", 2)):
            good = [mark(f"Yes {place}.", number, 1) for place in range(right)]
            bad = [mark(f"No {place}.", number, 0) for place in range(2)]
            rows.append(ties(number, kind, chosen=good, rejected=bad))
    write(root / "rewardbench_v2/rewardbench_v2.jsonl", *rows)


def _pair(number: int, source: str, model: str) -> dict[str, Any]:
    return {
        "question_id": f"pair-{number}",
        "query_type": source,
        "prompt": f"Question {number}?",
        "chosen": mark("Yes.", number, 1),
        "rejected": mark("No.", number, 0),
        "ground_truth": f"the answer to {number}",
        "check_list": [],
        "original_id": f"{number}",
        "response_model": model,
    }


def _judgebench(root: Path) -> None:
    rows = [_pair(number, source, "gpt-4o-2024-05-13") for number, source in enumerate(SOURCES, 1)]
    # The one row whose reference settles it: the form is demanded, and both answers keep it.
    rows[0] |= {
        "prompt": "What is 6 times 7? (A) 41 (B) 42 (C) 43. Once you have your answer, please duplicate that "
        "letter five times in a single string. For example, if your answer is K, then write KKKKK.",
        "chosen": mark("It is 42.\n\nBBBBB", 1, 1),
        "rejected": mark("It is 41.\n\nAAAAA", 1, 0),
        "ground_truth": "B",
    }
    write(root / "judgebench/gpt.jsonl", *rows)
    claude = [_pair(number, SOURCES[1], "claude-3-5-sonnet-20240620") for number in (5, 6)]
    write(root / "judgebench/claude.jsonl", *claude)


def _rmbench(root: Path) -> None:
    rows = []
    for number, domain in enumerate(DOMAINS, 1):
        row = rm(number, domain)
        good, bad = ([mark(text, number, q) for text in row[k]] for q, k in ((1, "chosen"), (0, "rejected")))
        rows.append({**row, "chosen": good, "rejected": bad})
    write(root / "rmbench/rmbench.jsonl", *rows)


def _jetts(root: Path) -> None:
    for dataset in DATASETS:
        rows = []
        for number, scores in enumerate(((0, 1, 0), (0, 0, 1)), 1):
            row = query(number, scores)
            for response, score in zip(row["responses"], scores, strict=True):
                response["content"] = mark(response["content"], number, score)
            rows.append(row)
        write(root / f"reranking_and_refinement/{dataset}_some-model.jsonl", *rows)


def _if_rewardbench(root: Path) -> None:
    rows = []
    for number, kind in enumerate((*KINDS, *KINDS[1:], KINDS[0]), 1):
        row = ifrb(number, kind)
        for place, response in enumerate(row["responses"]):
            response["labels"] = [int(place < 2), int(place < 1)]
            items = "".join(map(str, response["labels"]))
            response["response"] = mark(response["response"], number, 2 - place, items)
        rows.append(row)
    write(root / "if_rewardbench/if_rewardbench.json", *rows)
    positions(root / "if_rewardbench/position_maps.json", *rows)


def make_data(root: Path) -> Path:
    """Write every benchmark of the experiments below ``root``."""
    folders = ("rewardbench_v2", "judgebench", "rmbench", "reranking_and_refinement", "if_rewardbench")
    for folder in folders:
        (root / folder).mkdir(parents=True)
    for make in (_rewardbench2, _judgebench, _rmbench, _jetts, _if_rewardbench):
        make(root)
    return root


# ---------------------------------------------------------------------------------------------- judge

_MARK = re.compile(r"\[#(?P<row>\d+) q(?P<quality>\d+)(?: items (?P<items>[01]+))?\]")
_BLOCK = "[检查项{0}-开始]\n要求：-\n分析：-\n结论：[[人工智能助手的回复{1}该要求]]\n[检查项{0}-结束]"


def _right(turn: Turn, row: int) -> bool:
    if "use_skill" in turn.tools:
        return True
    return turn.tools == ["final_answer"] and row % 2 == 0


def _winner(shown: Sequence[re.Match[str]], right: bool) -> str:
    best: Callable[..., int] = max if right else min
    place = best(range(len(shown)), key=lambda n: int(shown[n]["quality"]))
    return "ABCD"[place]


def _verdicts(items: str, right: bool) -> list[bool]:
    return [(one == "1") == right for one in items]


def _text(turn: Turn, shown: Sequence[re.Match[str]], right: bool) -> str:
    asked = turn.opening
    if "检查项列表-开始" in asked:
        said = enumerate(_verdicts(shown[0]["items"], right), 1)
        return "\n".join(_BLOCK.format(number, "满足了" if good else "没有满足") for number, good in said)
    if len(shown) == 1:
        return f"Rating: {_score(shown[0], right)}"
    winner = _winner(shown, right)
    if "Output (a):" in asked:
        return f"Output ({winner.lower()})"
    if "## Response A" in asked:
        return "A>>B" if winner == "A" else "B>>A"
    return f"[[{winner}]]"


def _score(one: re.Match[str], right: bool) -> int:
    return 10 if (int(one["quality"]) > 0) == right else 1


def _answer(name: str, schema: Mapping[str, Any], shown: Sequence[re.Match[str]], right: bool) -> Any:
    match name:
        case "findings":
            return []
        case "reason":
            return "by rule"
        case "score":
            return _score(shown[0], right)
        case "verdicts":
            said = enumerate(_verdicts(shown[0]["items"], right), 1)
            return [{"item": number, "status": "satisfied" if good else "failed"} for number, good in said]
        case _:
            winner = _winner(shown, right)
            return next(one for one in schema["enum"] if one.startswith(winner))


def judge_by_rule(turn: Turn) -> Reply:
    """Answer whatever a run, or a check of the endpoint, asks."""
    shown = list(_MARK.finditer(turn.opening))
    if not shown:
        return _probed(turn)
    right = _right(turn, int(shown[0]["row"]))
    if not turn.tools:
        return Say(_text(turn, shown, right))
    if "use_skill" in turn.tools and not turn.done and turn.forced is None:
        return Call("use_skill")
    schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in turn.body["tools"]}
    properties = schemas["final_answer"]["properties"]
    return Call("final_answer", {name: _answer(name, one, shown, right) for name, one in properties.items()})


def _probed(turn: Turn) -> Reply:
    if turn.done or "decide" not in turn.tools:
        return Say("plover" if turn.done else "(b)")
    return Call("decide", {"steps": ["read"], "better": "B"})


def figures(table: Path) -> dict[tuple[str, str, str], tuple[float | None, float]]:
    """Read a ``matrix.json``: model, setting and benchmark to (said, readout)."""
    rows = json.loads(table.read_bytes())["rows"]
    return {
        (row["model"], row["setting"], name): (cell["said"], cell["readout"])
        for row in rows
        for name, cell in row["benchmarks"].items()
        if cell is not None
    }
