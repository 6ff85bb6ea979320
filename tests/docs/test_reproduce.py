"""docs/reproduce.md, word by word: every ``sh`` block in its order, against judges that go by a rule."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from documents import ROOT, read_document
from paper_data import DATASETS, figures, judge_by_rule, make_data
from scripted_server import ScriptedServer

from skillbench.running.plan import read_plan
from skillbench.running.presets import PRESETS
from skillbench.suites import SUITES, suite_class

DOCUMENT = read_document(ROOT / "docs" / "reproduce.md")
MODEL = "qwen35_27b"
ALL, HALF, NONE = 100.0, 50.0, 0.0
RB2_BEST, RB2_WORST = (500 + 101) / 6, -1 / 6
"""The subset Ties runs from -1 to 101: everything right, and everything wrong."""
BEST = " | ".join(f"{one} / {one} (0% invalid)" for one in ("100.17", "100.00", "100.00"))
"""The cells of a judge that is always right: said, readout, and the share of invalid judgments."""


class Reader:
    """Someone who sets the variables that the document names and pastes its blocks into a shell."""

    def __init__(self, folder: Path, url: str, model: str = MODEL) -> None:
        self.folder = folder
        tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        # Bash and the commands get what a fresh shell has, and the three variables.
        self.environment = {"PATH": tools, "HOME": str(folder), "LANG": "C.UTF-8"}
        self.environment |= {"DATA": str(folder / "data"), "MODEL": model, "JUDGE_URL": url}

    def paste(self, script: str) -> str:
        """Run a block; returns what it printed."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(judge_by_rule, model=PRESETS[MODEL].served) as running:
        yield running


def test_the_variables_are_the_ones_that_it_tells_to_set() -> None:
    told = re.findall(r"^export (\w+)=", DOCUMENT.of_kind("console")[0], re.MULTILINE)
    used = {name for text in DOCUMENT.of_kind("sh") for name in re.findall(r"\$\{?(\w+)", text)}
    assert used - {"file"} == set(told) == {"DATA", "MODEL", "JUDGE_URL"}


def test_every_command_runs_and_every_table_is_reached(tmp_path: Path, server: ScriptedServer) -> None:
    make_data(tmp_path / "data")
    reader = Reader(tmp_path, server.base_url)
    printed = [reader.paste(script) for script in DOCUMENT.of_kind("sh")]
    runs = tmp_path / "runs"

    everything = "\n".join(printed)
    assert "use --tool-mode native" in everything
    assert "12 judgments replayed; metrics.json has the same bytes" in everything
    assert "skill_fair is better than baseline (judgebench.merged.overall: 100.0 against 0.0" in everything
    assert "differ in their seed alone" in everything
    assert (runs / f"{MODEL}-judgebench.html").stat().st_size > 10_000
    _main_matrix(runs, everything)
    _ablations(runs)
    _best_of_n_and_instructions(runs)
    _more_orders(runs)
    _sound(runs)
    _metrics_that_it_names(runs)


def _main_matrix(runs: Path, everything: str) -> None:
    paper = figures(runs / "paper" / "matrix.json")
    for setting, right, leaderboard in (
        ("baseline", NONE, RB2_WORST),
        ("skill_fair", ALL, RB2_BEST),
        ("skill_operational", ALL, RB2_BEST),
    ):
        assert paper[MODEL, setting, "rewardbench2"] == pytest.approx((leaderboard, leaderboard))
        assert paper[MODEL, setting, "judgebench"] == (right, right)
        assert paper[MODEL, setting, "rmbench"] == (right, right)
    assert f"| {MODEL} | skill_fair | {BEST} |" in everything
    for page in (f"{MODEL}/judgebench/skill_fair/report.html", "judgebench.html"):
        assert (runs / "paper" / page).stat().st_size > 10_000
    controls = figures(runs / "controls" / "matrix.json")
    assert controls["always-first", "baseline", "judgebench"] == (NONE, NONE)
    assert controls["always-first", "baseline", "rmbench"] == (HALF, HALF)


def _ablations(runs: Path) -> None:
    found = figures(runs / "ablations" / "matrix.json")
    assert found[MODEL, "skill_fair", "rmbench"] == (ALL, ALL), "copied from the main matrix"
    copied = json.loads((runs / "ablations" / MODEL / "judgebench" / "baseline" / "run.json").read_bytes())
    assert len(copied["sessions"]) == 1, "and not judged again"
    for name in ("rewardbench2", "judgebench", "rmbench"):
        assert found[MODEL, "fair_flat_prompt", name] == pytest.approx((HALF, HALF))
    assert found[MODEL, "flat_prompt", "rmbench"] == (HALF, HALF)
    # The reference settles one of the six pairs, which the judge got wrong.
    assert found[MODEL, "flat_prompt", "judgebench"] == pytest.approx((HALF, 400 / 6))
    assert found[MODEL, "tool_only", "judgebench"] == (NONE, NONE)
    assert found[MODEL, "tool_only", "rewardbench2"] == pytest.approx((RB2_WORST, RB2_WORST))


def _best_of_n_and_instructions(runs: Path) -> None:
    jetts = figures(runs / "jetts" / "matrix.json")
    rules = figures(runs / "if" / "matrix.json")
    for name in DATASETS:
        assert jetts[MODEL, "baseline", name] == (None, NONE)
        assert jetts[MODEL, "skill_fair", name] == jetts[MODEL, "skill_operational", name] == (None, ALL)
    for mode in ("overall", "constraint"):
        for setting, kendall in (("baseline", -ALL), ("agentic", ALL), ("agentic_flat", NONE)):
            found = rules[MODEL, setting, f"ifrewardbench-{mode}"]
            assert found == pytest.approx((kendall, kendall), abs=1e-9)


def _more_orders(runs: Path) -> None:
    rotated = json.loads((runs / "rotations" / MODEL / "metrics.json").read_bytes())
    assert rotated["official"]["rewardbench2.rotated.leaderboard"] == pytest.approx(RB2_BEST)
    balanced = json.loads((runs / "balanced" / MODEL / "metrics.json").read_bytes())
    assert balanced["official"]["ifrewardbench.overall.balanced.kendall"] == pytest.approx(ALL)


def _sound(runs: Path) -> None:
    """No judgment of the whole document is invalid or missing, and each value lies in its interval."""
    files = sorted(runs.rglob("metrics.json"))
    assert len(files) > 60
    for path in files:
        metrics = json.loads(path.read_bytes())
        assert metrics["complete"], path
        assert metrics["counts"]["invalid"] == 0, path
        for name, one in metrics["intervals"]["readout"].items():
            low, value, high = one["low"], one["value"], one["high"]
            assert one["method"] == "none" or low - 1e-9 <= value <= high + 1e-9, f"{path}: {name}"


def _metrics_that_it_names(runs: Path) -> None:
    found = {
        name for path in runs.rglob("metrics.json") for name in json.loads(path.read_bytes())["official"]
    }
    named = [text for text in DOCUMENT.inline if re.fullmatch(r"(\w+bench2?|jetts)(\.[\w*]+)+", text)]
    assert len(named) > 8
    for name in named:
        assert fnmatch.filter(found, name), f"no run has the metric {name}"


def test_data_lies_where_the_plans_look_for_it_and_every_setting_is_named() -> None:
    (layout,) = (text for text in DOCUMENT.of_kind("") if "$DATA" in text)
    told = {line.removeprefix("$DATA/") for line in layout.split()}
    plans = [read_plan(Path(name)) for name in ("paper", "ablations", "controls", "jetts", "ifrewardbench")]
    assert told == {path for plan in plans for one in plan.benchmarks for path in one.data}
    fetched = {path for name in SUITES for path in suite_class(name).source.paths}
    assert {path for path in told if "*" not in path} <= fetched
    assert {setting.name for plan in plans for setting in plan.settings} <= set(DOCUMENT.inline)
    assert {model.name for plan in plans[:2] for model in plan.models} == set(PRESETS)


def test_the_main_matrix_of_all_four_models(tmp_path: Path) -> None:
    """The document says to give the command again for each model: one folder, one table of twelve rows."""
    make_data(tmp_path / "data")
    one, table = DOCUMENT.of_kind("sh", "The main matrix")
    for model, preset in PRESETS.items():
        with ExitStack() as stack:
            server = stack.enter_context(ScriptedServer(judge_by_rule, model=preset.served))
            Reader(tmp_path, server.base_url, model).paste(one)
    printed = Reader(tmp_path, "http://127.0.0.1:9/v1").paste(table)
    paper = figures(tmp_path / "runs" / "paper" / "matrix.json")
    assert len(paper) == 4 * 3 * 3
    for model in PRESETS:
        assert f"| {model} | skill_operational | {BEST} |" in printed
        assert paper[model, "baseline", "judgebench"] == (NONE, NONE)
