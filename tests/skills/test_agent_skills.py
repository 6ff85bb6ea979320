"""The Agent Skills target: every shipped skill is a valid package, by the reference validator and by ours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from skillc.agent_skills.package import compile_packages, find_problems, package_name, token_estimate
from skillc.cli import main
from skillc.diagnostics import Report
from skillc.program import check_project
from skillc.project.load import find_sources

SOURCES = Path(__file__).parents[2] / "skills_src"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of the shipped skills, on disk."""
    out = tmp_path_factory.mktemp("packages") / "out"
    assert main(["compile", str(SOURCES), "--target", "agent-skills", "--out", str(out)]) == 0
    return out


def folder(out: Path, name: str) -> dict[str, str]:
    """A package as path to text."""
    root = out / name
    return {
        path.relative_to(root).as_posix(): path.read_text("utf-8")
        for path in root.rglob("*")
        if path.is_file()
    }


def test_each_skill_is_valid_by_the_reference_validator(packages: Path) -> None:
    tool = Path(sys.executable).with_name("agentskills")
    if not tool.is_file():
        pytest.skip("skills-ref is not installed")
    names = sorted(path.name for path in packages.iterdir())
    assert names == [
        "instruction-following",
        "instruction-following-pairwise",
        "instruction-following-pointwise",
        "reward-judge-fair",
        "reward-judge-operational",
    ]
    for name in names:
        done = subprocess.run(
            [tool, "validate", packages / name], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_frontmatter_and_sizes(packages: Path) -> None:
    for path in packages.iterdir():
        package = folder(packages, path.name)
        assert find_problems(path.name, package) == []
        head, body = package["SKILL.md"].removeprefix("---\n").split("\n---\n", 1)
        keys = [line.split(":")[0] for line in head.splitlines() if not line.startswith(" ")]
        assert keys == ["name", "description", "compatibility", "metadata"]
        assert '\n  version: "' in head
        assert '\n  digest: "' in head
        assert token_estimate(body) < 5000
        assert all(name.count("/") <= 1 for name in package)


def test_evals_come_from_the_test_blocks(packages: Path) -> None:
    evals = json.loads((packages / "reward-judge-operational" / "evals" / "evals.json").read_text("utf-8"))
    assert evals["skill_name"] == "reward-judge-operational"
    assert [item["id"] for item in evals["evals"]] == list(range(1, len(evals["evals"]) + 1))
    assert all(set(item) == {"id", "prompt", "files", "assertions"} for item in evals["evals"])
    by_prompt = {item["prompt"]: item["assertions"] for item in evals["evals"]}
    (first,) = [text for prompt, text in by_prompt.items() if "Response B: Answer: 73" in prompt]
    assert first == [
        "Ends with exactly one of these answers: Response A, Response B.",
        "The better response is A.",
    ]
    assert not any("-secret" in prompt for prompt in by_prompt)
    # What a scripted judge said proves nothing where no verifier and no finding bears it out.
    (sky,) = [text for prompt, text in by_prompt.items() if "Why is the sky blue?" in prompt]
    assert sky == ["Ends with exactly one of these answers: Output (a), Output (b)."]


GOOD = '---\nname: "a-b"\ndescription: "What."\nmetadata:\n  version: "1"\n---\n\nSee [x](references/x.md).\n'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"a-b"', '"a_b"', "the name 'a_b' is not that of the folder"),
        ('"What."', '"A <b> tag."', "the description has ---, < or >"),
        ('"What."', '"A --- line."', "the frontmatter has --- inside"),
        ('"What."', '"Größe"', "the frontmatter is not ASCII"),
        ('"What."', "What.", 'is not `key: "text"`'),
        ('"What."', f'"{"x" * 1025}"', "description has 1025 characters; 1024 is the most"),
        ("metadata:", 'author: "me"\nmetadata:', "author is no key of the format"),
        ("metadata:\n", "metadata: {a: b}\n", "is not `key"),
        ("references/x.md", "references/y.md", "the link references/y.md leads to no file"),
        ("references/x.md", "references/deep/x.md", "leads to no file one level down"),
        ("See", "See\n" * 500, "the body has 502 lines"),
        ("See", "word " * 4200, "the body has about 5256 tokens"),
        ("---\nname", "name", "SKILL.md has no frontmatter"),
    ],
)
def test_what_the_format_or_we_refuse(old: str, new: str, told: str) -> None:
    assert find_problems("a-b", {"SKILL.md": GOOD, "references/x.md": "x"}) == []
    assert old in GOOD
    package = {"SKILL.md": GOOD.replace(old, new, 1), "references/x.md": "x", "references/deep/x.md": "x"}
    assert any(told in problem for problem in find_problems("a-b", package)), find_problems("a-b", package)


def test_names_of_packages() -> None:
    assert package_name("reward_judge_fair") == "reward-judge-fair"
    assert package_name("_a__b_") == "a-b"


def test_the_same_bytes_twice_and_only_our_leftovers_go(packages: Path, tmp_path: Path) -> None:
    report = Report()
    checked = check_project(SOURCES, find_sources(SOURCES, [SOURCES]), report)
    assert compile_packages(checked) == compile_packages(checked)
    line = ["compile", str(SOURCES), "--target", "agent-skills", "--out", str(tmp_path)]
    assert main([*line, "--check"]) == 1
    assert main(line) == 0
    fair = tmp_path / "reward-judge-fair"
    (fair / "references" / "old.md").write_text("no longer made")
    (fair / "scripts.py").write_text("of the user")
    (tmp_path / "other").mkdir()
    assert main([*line, "--check"]) == 1
    assert main(line) == 0
    assert not (fair / "references" / "old.md").exists()
    assert (fair / "scripts.py").exists()
    assert main([*line, "--check"]) == 0
