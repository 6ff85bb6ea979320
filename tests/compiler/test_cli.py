"""The command: exit codes, formats, staleness, and showing what a judge is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from compiler_support import check, good_files

from skillc.cli import main
from skillc.codes import load_codes

FIVE = """\
language 1

task broken {
  given  prompt, responses { A, B }
  answer choice of responses
  accept text only /(?P<label>[AB]/
  user "{{ prompt }} {{ winner }}"
  closing tools "Submit."
}

skill wrong {
  version "one"
  summary "x"
  serves broken
  setting fair
  phrases words
  procedure { step a "x" consult rubric.none }
  protocol { turns many }
}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    check(tmp_path / "skills_src", good_files())
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_a_file_with_five_mistakes_shows_five(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = FIVE.replace("task broken", 'import { words } from "shared.skill"\n\ntask broken')
    (project / "skills_src" / "five.skill").write_text(source)
    status, out, _ = run(capsys, "check", "skills_src/five.skill")
    assert status == 1
    assert [line.split(": ")[0] for line in out.splitlines() if line.startswith("skills_src/")] == [
        "skills_src/five.skill:8:20",
        "skills_src/five.skill:9:25",
        "skills_src/five.skill:14:11",
        "skills_src/five.skill:19:34",
        "skills_src/five.skill:20:20",
    ]
    assert out.rstrip().endswith("5 errors")
    assert run(capsys, "compile", "skills_src/five.skill")[0] == 1
    assert not (project / "generated").exists()


def test_check_and_compile(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "check") == (0, "ok: 2 tasks, 2 skills\n", "")
    status, out, _ = run(capsys, "compile")
    assert (status, out) == (0, "generated: 2 tasks, 2 skills, 10 links (31 written, 0 removed)\n")
    assert run(capsys, "compile")[1].endswith("(up to date)\n")


def test_compile_check_finds_what_is_stale(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "compile")
    assert run(capsys, "compile", "--check")[0] == 0
    task = project / "generated" / "tasks" / "pairs.json"
    task.write_bytes(task.read_bytes() + b" ")
    (project / "generated" / "links" / "pairs.direct.json").unlink()
    status, _, err = run(capsys, "compile", "--check")
    assert status == 1
    assert err == (
        "stale: generated/tasks/pairs.json (changed)\n"
        "stale: generated/links/pairs.direct.json (missing)\n"
        "generated is stale: run skillc compile\n"
    )
    run(capsys, "compile")
    assert run(capsys, "compile", "--check")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["check", "nowhere"], "skillc: there is no nowhere"),
        (["show"], "skillc: name a skill: fair_judge or scorer"),
        (["show", "fair_juge"], "skillc: there is no skill called fair_juge; did you mean fair_judge?"),
        (
            ["show", "fair_judge", "--task", "ratings"],
            "skillc: fair_judge does not serve ratings; it serves",
        ),
        (
            ["show", "scorer", "--setting", "fair"],
            "skillc: scorer is made for setting operational",
        ),
        (["show", "fair_judge", "--sample", "none.json"], "skillc: cannot read none.json: No such file"),
        (["explain", "SK9"], "skillc: there is no code SK9; "),
    ],
)
def test_wrong_usage_is_one_sentence(
    project: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    run(capsys, "compile")
    status, _, err = run(capsys, *arguments)
    assert status == 2
    assert err.startswith(says)
    assert err.count("\n") == 1


def test_an_unknown_command_exits_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["chek"])
    assert ended.value.code == 2


def test_formats_carry_the_same_diagnostics(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main_file = project / "skills_src" / "main.skill"
    main_file.write_text(main_file.read_text().replace("setting fair", "setting fare"))
    plain = json.loads(run(capsys, "check", "--format", "json")[1])
    assert plain == [
        {
            "code": "SK604",
            "severity": "error",
            "file": "skills_src/main.skill",
            "line": 35,
            "column": 11,
            "end_line": 35,
            "end_column": 15,
            "message": "there is no setting `fare`",
            "help": "did you mean `fair`?",
        }
    ]
    assert run(capsys, "check", "--format", "github")[1] == (
        "::error file=skills_src/main.skill,line=35,endLine=35,col=11,endColumn=15,title=SK604::"
        "there is no setting `fare`. did you mean `fair`?\n"
    )
    sarif = json.loads(run(capsys, "check", "--format", "sarif")[1])
    result = sarif["runs"][0]["results"][0]
    assert result["ruleId"] == "SK604"
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 35


def test_every_code_that_is_used_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    import re

    import skillc

    folder = Path(skillc.__file__).parent
    used = {code for path in folder.rglob("*.py") for code in re.findall(r'"(SK\d{3})"', path.read_text())}
    assert used == set(load_codes())
    assert run(capsys, "explain", "sk301")[1].startswith("SK301: a field outside of the setting\n\nEach")


# -------------------------------------------------------------------------------------------- show

SAMPLE = {
    "prompt": "What is 2 + 2?",
    "responses": {"A": "4", "B": "5"},
    "reference": "SECRET-REFERENCE",
    "label": "SECRET-LABEL",
}


def test_show_prints_what_is_sent(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "compile")
    (project / "sample.json").write_text(json.dumps(SAMPLE))
    status, out, err = run(capsys, "show", "fair_judge", "--sample", "sample.json")
    assert status == 0
    assert "===== user (" in out
    assert "Request:\nWhat is 2 + 2?\n\n(a) 4\n(b) 5\n\nSubmit with final_answer." in out
    assert "===== tool final_answer (" in out
    assert "===== returned by use_skill (" in out
    assert "1. read: Note what is asked." in out
    assert "SECRET" not in out
    assert err == "oracle, so not looked at: label (task pairs does not declare them)\n"


def test_show_request_is_the_body(project: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    main(["compile"])
    (project / "sample.json").write_text(json.dumps(SAMPLE))
    capfdbinary.readouterr()
    arguments = ["show", "pairs", "--delivery", "direct", "--sample", "sample.json", "--format", "request"]
    assert main([*arguments, "--model", "judge-1"]) == 0
    body = json.loads(capfdbinary.readouterr().out)
    assert body["model"] == "judge-1"
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert "tools" not in body
    assert "SECRET" not in json.dumps(body)


def test_show_without_a_sample_has_placeholders(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "compile")
    _, out, err = run(capsys, "show", "scorer", "--delivery", "flat")
    assert "<prompt> <response>" in out
    assert err == "no --sample given: fields show as placeholders\n"


def test_a_sample_that_does_not_fit_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "compile")
    (project / "sample.json").write_text('{"prompt": "x"}')
    status, _, err = run(capsys, "show", "fair_judge", "--sample", "sample.json")
    assert (status, err) == (2, "skillc: sample.json: the sample has no responses, which task pairs needs\n")
