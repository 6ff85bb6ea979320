"""Suites that other packages bring by an entry point: run, compared, and refused where they are broken."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from skillbench.suites import SUITES

ROOT = Path(__file__).parents[3]
CODE = tuple(str(ROOT / name) for name in ("spec", "compiler", "runtime", "benchmarks", "recipes"))

SUITE = """
from skillbench.statistics.estimates import mean_estimate, mean_of_means
from skillbench.suites.base import Case, Job, Scores
from skillbench.suites.files import FileSuite, seal
from skillbench.suites.source import Source


class Row:
    def __init__(self, values):
        self.ident, self.topic, self.prompt = values["id"], values["topic"], values["prompt"]
        self.pair, self.better, self.reference = values["pair"], values["better"], values["reference"]


class Outside(FileSuite):
    name = "outside"
    tasks = ("starter",)
    shown = {"prompt": "prompt", "pair": "responses"}
    source = Source(title="Outside")

    def read(self, row):
        return Row(row.values)

    def group(self, sample):
        return sample.topic

    def expand(self, sample, key, position):
        fields = {"prompt": sample.prompt, "responses": dict(zip("AB", sample.pair))}
        fields |= {"reference": sample.reference}
        case = Case(key, sample.ident, position, "starter", "AB", fields, sample.topic)
        yield Job(case, seal(sample.better, sample.topic))

    def score(self, rows):
        topics = {}
        for row in rows:
            both = float(row.outcome == row.gold), float(row.said == row.gold)
            topics.setdefault(row.group, []).append(both)
        def overall(which):
            shares = [[both[which] for both in topic] for topic in topics.values()]
            means = [sum(topic) / len(topic) for topic in shares]
            return {"outside.overall": HEADLINE} if shares else {}
        return Scores("outside.overall" if topics else None, overall(0), overall(1))
"""

Skillbench = Callable[..., "subprocess.CompletedProcess[str]"]


def install(folder: Path, code: str, place: str = "outside_suite:Outside") -> None:
    """Put a package of one module where Python finds it, with the record of an installation."""
    about = folder / "outside_suite-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: outside-suite\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[skillbench.suites]\noutside = {place}\n")
    (folder / "outside_suite.py").write_text(code)


@pytest.fixture
def skillbench(tmp_path: Path) -> Skillbench:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), *CODE))}

    def run(*words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "skillbench.cli", *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return run


def write_rows(folder: Path) -> None:
    """Nine rows of one topic, whose right response is shown first, and one of another, shown second."""
    rows = [
        {
            "id": f"r{number}",
            "topic": "many" if number < 9 else "one",
            "prompt": f"What is {number} + 1?",
            "pair": [f"It is surely {number + 1}.", "It is 77."][:: 1 if number < 9 else -1],
            "better": "A" if number < 9 else "B",
            "reference": str(number + 1),
        }
        for number in range(10)
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize(
    ("headline", "first", "group"),
    [
        ("mean_of_means(shares)", 50, "strata"),
        ("mean_estimate(means)", 50, "samples"),  # the mean of means, formed by hand
        ("mean_estimate([value for topic in shares for value in topic])", 90, "samples"),
    ],
)
def test_a_comparison_is_of_the_metric_whatever_the_metric_is_a_mean_of(
    tmp_path: Path, skillbench: Skillbench, headline: str, first: float, group: str
) -> None:
    install(tmp_path, SUITE.replace("HEADLINE", headline))
    write_rows(tmp_path)
    for control in ("always-first", "always-longest"):
        where = ("--data", "rows.jsonl", "--base-url", f"control:{control}", "--out", control, "--quiet")
        skillbench("run", "outside", *where)
    values = {}
    for control in ("always-first", "always-longest"):
        metrics = json.loads((tmp_path / control / "metrics.json").read_bytes())
        interval = metrics["intervals"]["readout"]["outside.overall"]
        values[control] = interval["value"]
        assert interval["over"] == group
    assert values == {"always-first": pytest.approx(first), "always-longest": 100}
    for one, two in (("always-first", "always-longest"), ("always-longest", "always-first")):
        compared = json.loads(skillbench("compare", one, two, "--json").stdout)["comparisons"][0]
        assert (compared["first_value"], compared["second_value"]) == pytest.approx(
            (values[one], values[two])
        )
        assert compared["difference"]["value"] == pytest.approx(values[two] - values[one])


def test_values_that_do_not_add_up_to_the_metric_are_not_compared(
    tmp_path: Path, skillbench: Skillbench
) -> None:
    install(tmp_path, SUITE.replace("HEADLINE", "mean_estimate([min(means)])"))
    write_rows(tmp_path)
    for control in ("always-first", "random"):
        where = ("--data", "rows.jsonl", "--base-url", f"control:{control}", "--out", control, "--quiet")
        skillbench("run", "outside", *where)
    told = skillbench("compare", "always-first", "random", code=2).stderr
    assert "does not add up to its outside.overall" in told


@pytest.mark.parametrize(
    ("code", "place", "told"),
    [
        ("x = 1", "outside_suite:Outside", "cannot be loaded from outside_suite:Outside"),
        ("import nowhere_at_all", "outside_suite:Outside", "No module named 'nowhere_at_all'"),
        ("Outside = int", "outside_suite:Outside", "is no class of suites"),
        (
            SUITE.replace('"outside"', '"other"'),
            "outside_suite:Outside",
            "must have this name; it is 'other'",
        ),
    ],
)
def test_a_broken_package_is_named_and_breaks_nothing_else(
    tmp_path: Path, skillbench: Skillbench, code: str, place: str, told: str
) -> None:
    install(tmp_path, code, place)
    assert told in skillbench("data", "where", "outside", code=2).stderr
    assert "Starter" in skillbench("data", "where", "starter").stdout


def test_nobody_outside_of_the_suites_names_one() -> None:
    names = re.compile(rf"\b({'|'.join(SUITES)})\b", re.IGNORECASE)
    for package in CODE:
        for path in Path(package).rglob("*.py"):
            if "suites" in path.relative_to(package).parts:
                continue
            text = path.read_text("utf-8")
            word = set() if "skillbench" in path.parts else {"starter"}
            named = {match[0] for match in names.finditer(text)} - word
            assert not named, f"{path} names {named}"
