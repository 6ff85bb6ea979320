"""skillc fmt: what the one layout is, and how the command behaves."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from skillc.cli import main
from skillc.diagnostics import Report
from skillc.formatting.fmt import format_source
from skillc.source import SourceFile

UGLY = '''\


language   1
import {a,
 b}   from "x.skill"
# what is judged
task pairs {   # two outputs

    given prompt ,responses{A "Output (a)",B}, history ?   # public
    attach reference?  # sample
    accept text only /a  b/i{a=A b=B}
  answer scale { "A>>B" = A by 2 "A=B"=tie
  "B" = B }
  system """
      kept   as it is

    """
    user "x"



    closing text "one"
    closing tools "two" }
task b extends pairs { replace user "y" } skill s {
resource note a{ text "x"   hint "short" }
resource rubric longer { text file "y.md" hint "h" for b }
  taxonomy t{
critical one "x" cap 0.5
minor seven_words "a longer text" cap 1
  }
  procedure { step a "x" use v,
  w consult rubric . all
    # a note
    step longer "y"
  }
  readout {
  let x=count( findings where status=satisfied )
  cap -0.5 when not( x<- 2 )and y in["a" ,"b"]
  decide v . winner when v.conclusive
  }
}
test "t" {
  judge final_answer { findings:[ { criterion:"a" item:1 },
  { b: [] } ], reason: "x",
  }
  expect items [ 1 ] . status = failed }
# the end'''

NEAT = '''\
language 1
import { a,
  b } from "x.skill"

# what is judged
task pairs {  # two outputs
  given  prompt, responses { A "Output (a)", B }, history?  # public
  attach reference?                                         # sample
  accept text only /a  b/i { a = A  b = B }
  answer scale { "A>>B" = A by 2  "A=B" = tie
    "B" = B }
  system """
      kept   as it is

    """
  user "x"

  closing text  "one"
  closing tools "two"
}

task b extends pairs { replace user "y" }

skill s {
  resource note   a      { text "x"          hint "short" }
  resource rubric longer { text file "y.md"  hint "h"  for b }
  taxonomy t {
    critical one         "x"             cap 0.5
    minor    seven_words "a longer text" cap 1
  }
  procedure {
    step a "x" use v,
      w consult rubric.all
    # a note
    step longer "y"
  }
  readout {
    let    x = count(findings where status = satisfied)
    cap    -0.5 when not (x < -2) and y in ["a", "b"]
    decide v.winner when v.conclusive
  }
}

test "t" {
  judge final_answer { findings: [{ criterion: "a"  item: 1 },
    { b: [] }], reason: "x",
  }
  expect items[1].status = failed
}

# the end
'''


def formatted(text: str) -> str | None:
    return format_source(SourceFile("x.skill", text), Report())


def test_the_layout() -> None:
    assert formatted(UGLY) == NEAT
    assert formatted(NEAT) == NEAT


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("", ""),
        ("\n\n", ""),
        ("# only\n\n\n\n# notes", "# only\n\n# notes\n"),
        ("language 1", "language 1\n"),
        ("task a {}", "task a { }\n"),
        ("task a {\n\n}\n", "task a {\n}\n"),
        (
            'phrases p {\n  a "一二" # x\n  long_one "b"     #y\n}\n',
            'phrases p {\n  a        "一二"  # x\n  long_one "b"     #y\n}\n',
        ),
        (
            'taxonomy t {\n minor a "x"\n\n minor long "y"\n}\n',
            'taxonomy t {\n  minor a "x"\n\n  minor long "y"\n}\n',
        ),
        ("protocol p { }", None),
        ('task a {\n  user """x\n', None),
        ("task a {\n  given given given\n}\n", None),
    ],
)
def test_small_cases(text: str, result: str | None) -> None:
    assert formatted(text) == result


def test_wide_cells_do_not_push_others_away() -> None:
    wide = "w" * 70
    lines = [f'critical a "{wide}" cap 0.1', 'critical b "x" cap 0.1', 'critical c "xyz" cap 0.1']
    assert formatted("taxonomy t {\n" + "\n".join(lines) + "\n}\n") == (
        f'taxonomy t {{\n  critical a "{wide}" cap 0.1\n'
        '  critical b "x"   cap 0.1\n  critical c "xyz" cap 0.1\n}\n'
    )


# ------------------------------------------------------------------------------------ the command


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "skills_src").mkdir()
    (tmp_path / "skills_src" / "ugly.skill").write_text("language   1\n")
    (tmp_path / "skills_src" / "neat.skill").write_text("language 1\n")
    return tmp_path


def test_files_are_laid_out_in_place(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ugly = folder / "skills_src" / "ugly.skill"
    ugly.chmod(0o640)
    assert main(["fmt", "--check"]) == 1
    said = "would reformat skills_src/ugly.skill\n1 file would be reformatted, 1 file unchanged\n"
    assert capsys.readouterr().out == said
    assert ugly.read_text() == "language   1\n"
    assert main(["fmt"]) == 0
    assert (
        capsys.readouterr().out == "reformatted skills_src/ugly.skill\n1 file reformatted, 1 file unchanged\n"
    )
    assert ugly.read_text() == "language 1\n"
    assert ugly.stat().st_mode & 0o777 == 0o640
    assert main(["fmt", "--check"]) == 0
    assert sorted(path.name for path in (folder / "skills_src").iterdir()) == ["neat.skill", "ugly.skill"]


def test_the_difference_is_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "--diff", "skills_src/ugly.skill"]) == 1
    assert capsys.readouterr().out == (
        "--- skills_src/ugly.skill\n+++ skills_src/ugly.skill (formatted)\n"
        "@@ -1,2 +1,2 @@\n-language   1\n+language 1\n \n"
    )


def test_a_file_with_syntax_errors_is_left_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = folder / "skills_src" / "broken.skill"
    broken.write_text("language   1\ntask {\n")
    assert main(["fmt"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("skills_src/broken.skill:2:5: error[SK101]: the line ends too early\n")
    assert out.endswith("1 file reformatted, 1 file unchanged, 1 file with syntax errors\n")
    assert broken.read_text() == "language   1\ntask {\n"


@pytest.mark.parametrize(("text", "status"), [("language  1\n", 0), ("task {", 1)])
def test_standard_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, status: int
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["fmt", "-"]) == status
    captured = capsys.readouterr()
    assert captured.out == ("" if status else "language 1\n")
    assert ("<stdin>:1:" in captured.err) == bool(status)


def test_a_path_that_is_not_there(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fmt", "nowhere"]) == 2
    assert capsys.readouterr().err == "skillc: there is no nowhere; name the files or folders to format\n"
