"""``skillc diff``: what changed for the judge, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from compiler_support import check, good_files

from skillc.cli import main
from skillc.emit.output import write_artifacts


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """Artifacts of the good project."""
    write_artifacts(tmp_path / "before", check(tmp_path / "sources", good_files()).artifacts())
    return tmp_path / "before"


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """Sources of the good project with some changes."""
    files = good_files()
    for old, new in changes:
        assert any(old in text for text in files.values()), old
        files = {name: text.replace(old, new) for name, text in files.items()}
    check(tmp_path / "after", files)
    return tmp_path / "after"


def test_artifacts_and_the_sources_they_were_made_from(
    before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", str(before), str(tmp_path / "sources")]) == 0
    assert capsys.readouterr().out == "no difference for the judge\n"


def test_a_comment_is_no_difference_for_the_judge(
    before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    after = changed(tmp_path, ("task pairs {", "# two at a time\ntask pairs {"))
    assert main(["diff", str(before), str(after), "--format", "json"]) == 0
    assert not any(json.loads(capsys.readouterr().out).values())


def test_texts_tools_settings_and_sizes(
    before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    after = changed(
        tmp_path,
        ("Right beats well written.", "Right beats well said."),
        ("turns 5  views 2", "turns 7  views 2"),
        ("max 4 {", "max 5 {"),
    )
    assert main(["diff", str(before), str(after)]) == 1
    shown = capsys.readouterr().out
    assert "skill fair_judge: limits.turns: 5 -> 7\n" in shown
    assert "skill fair_judge: resource rubric.main" in shown
    assert "-Right beats well written.\n+Right beats well said.\n" in shown
    assert "link fair_judge.pairs.fair.flat: final_answer" in shown
    assert '-    "maxItems": 4' in shown
    # In the resource, and in the flat manual, which has it in line and says the new bound too.
    assert shown.count("+Right beats well said.") == 2
    assert "scorer" not in shown
    assert main(["diff", str(before), str(after), "--format", "json"]) == 1
    plain = json.loads(capsys.readouterr().out)
    flat = next(item for item in plain["sizes"] if item["link"] == "fair_judge.pairs.fair.flat")
    assert flat["after"] - flat["before"] == len("said") - len("written")
    assert plain["settings"]["skill fair_judge: limits.turns"] == [5, 7]


def test_what_came_and_what_went(before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    after = changed(tmp_path, ("scorer", "marker"))
    assert main(["diff", str(before), str(after)]) == 1
    shown = capsys.readouterr().out
    assert "+ skill marker\n" in shown
    assert "- link scorer.ratings.operational.flat\n" in shown
    assert "  scorer.ratings.operational.flat: " in shown


def test_sides_that_cannot_be_compared(
    before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", str(before), str(tmp_path / "nowhere")]) == 2
    (tmp_path / "empty").mkdir()
    assert main(["diff", str(before), str(tmp_path / "empty")]) == 2
    assert "holds neither artifacts (index.json) nor sources (*.skill)" in capsys.readouterr().err
    broken = changed(tmp_path, ("answer choice of responses", "answer choice of nothing"))
    assert main(["diff", str(before), str(broken)]) == 2
    assert "have mistakes: skillc check" in capsys.readouterr().err
