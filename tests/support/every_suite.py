"""A few rows of every benchmark in every mode, and judges that can answer all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bench_support import original
from suite_support import ifrb, positions, query, rb2, rm, ties, write

from skillbench.suites import open_suite
from skillbench.suites.base import Case, Suite

NAMES = [
    "judgebench-", "rmbench-", "rewardbench2-ranking", "rewardbench2-rotations", "rewardbench2-ratings",
    "ifrewardbench-overall", "ifrewardbench-overall_balanced", "ifrewardbench-constraint", "jetts-",
]  # fmt: skip
"""Suite and mode, as :func:`suites` calls them."""

SIX = ("Factuality", "Precise IF", "Math", "Safety", "Focus")
KINDS = ("Single_Turn", "Multi_Turn", "System_Prompt")


def suites(tmp_path: Path) -> dict[str, Suite]:
    """Every suite in every mode over a few rows, each group in several of them."""
    checks = [ifrb(number, KINDS[number % 3]) for number in range(6)]
    positions(tmp_path / "position_maps.json", *checks)
    files = {
        "judgebench": write(
            tmp_path / "jb.jsonl",
            *(original(n, source=("livebench-math", "mmlu-pro-law")[n % 2]) for n in range(8)),
            original(9, response_model="claude-3-opus"),
        ),
        "rmbench": write(
            tmp_path / "rm.jsonl",
            *(
                rm(n, part)
                for n, part in enumerate(("chat", "math", "code", "safety-refuse", "safety-response"))
            ),
        ),
        "rewardbench2": write(
            tmp_path / "rb2.jsonl",
            *(rb2(n, subset) for n, subset in enumerate(SIX)),
            *(ties(n, kind) for n in range(3) for kind in ("ref", "tied")),
        ),
        "ifrewardbench": write(tmp_path / "if.json", *checks),
    }
    found = {
        f"{name}-{mode}": open_suite(name, [path], mode or None)
        for name, path in files.items()
        for mode in {"rewardbench2": ("ranking", "rotations", "ratings"),
                     "ifrewardbench": ("overall", "overall_balanced", "constraint")}.get(name, ("",))
    }  # fmt: skip
    names = ("math_a", "ifeval_b")
    walks = [
        write(tmp_path / f"{name}.jsonl", *(query(10 * place + n) for n in range(3)))
        for place, name in enumerate(names)
    ]
    return found | {"jetts-": open_suite("jetts", walks)}


def answer(case: Case) -> Any:
    """Some valid answer to any task."""
    shown = case.fields["responses"]
    if "constraint" in case.task:
        return ["satisfied"] * len(case.fields["checklist"])
    return 7 if len(shown) == 1 else "A"


def best(gold: Any, case: Case) -> Any:
    """The right answer."""
    if isinstance(gold, str):
        return gold
    if "labels" in gold:
        return ["satisfied" if label else "failed" for label in gold["labels"]]
    if "number" in gold:
        return 10 if gold["number"] < gold["correct"] else 1
    return gold.get("winner") or gold.get("better") or answer(case)
