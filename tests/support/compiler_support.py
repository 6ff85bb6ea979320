"""Small projects for the compiler's tests: a task, a skill and phrases that are right, to be made wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from skillc.diagnostics import Report
from skillc.program import Checked, check_project, compile_project
from skillc.project.load import find_sources
from skillc.render import render
from skillspec.phrases import PHRASES

MAIN = '''\
language 1
import { words, python, bias } from "shared.skill"

task pairs {
  given  prompt, responses { A "Output (a)", B "Output (b)" }, history?
  attach reference?
  about  domain?
  answer choice of responses
  accept text only /Output \\((?P<label>a|b)\\)/i { a = A  b = B }
  system """You compare two outputs."""
  user """
    Request:
    {{ prompt }}

    (a) {{ responses.A }}
    (b) {{ responses.B }}
    """
  closing text  """Answer Output (a) or Output (b)."""
  closing tools """Submit with final_answer."""
}

task ratings {
  given  prompt, response
  attach checklist?, checkers?
  answer score 0..1 real
  accept text trailing /(?P<score>[0-9.]+)/
  user """{{ prompt }} {{ response }}"""
  closing tools """Submit."""
}

skill fair_judge {
  version "1.0.0"
  summary "Compares two outputs by what they say."
  serves  pairs
  setting fair
  phrases words

  guidance stance { text "Judge what is there." }

  procedure {
    step read    "Note what is asked."
    step compare "Hold both against it." use python consult rubric.main
  }

  resource rubric main { text "Right beats well written."  hint "what counts" }
  use python
  use bias

  protocol { load optional  turns 5  views 2 }

  evidence {
    finding some criterion, response max 4 {
      criterion correct hard "the result is right"
      criterion useful  soft "it helps"
      status satisfied | failed | unclear
      cites 0..2 of resource, run, quote
    }
    ungrounded drop
  }
  readout { base answer }
}

skill scorer {
  version "0.1.0"
  summary "Scores one response by its items."
  serves  ratings
  setting operational
  phrases words
  procedure { step go "Check every item." use rules consult checklist.items }
  resource checklist items { from checklist  hint "the items" }
  taxonomy failures {
    critical wrong_task "does something else" cap 0.25
    minor    style      "the tone is off"
  }
  verifier rules { by "checklist_rules@1"  reads prompt, response, checkers  gives items  run auto }
  evidence {
    finding each item from checklist max 20 {
      status satisfied | failed
      failure in failures when status = failed
    }
  }
  readout {
    settle items by rules
    let    ok = count(findings where status = satisfied)
    base   ratio(ok, total) else 0.5
    cap    by failures
    cap    0.9 when failed(minor)
    round  4
  }
}
'''

SHARED = """\
language 1
use python { calls 2  timeout 2s  sees prompt, responses }
resource note bias { text "Length is no merit."  hint "before a close call" }
"""


def phrases(name: str = "words") -> str:
    """A complete ``phrases`` declaration that uses every placeholder."""
    lines = [
        f'  {key} "{key}: {" ".join("{" + mark + "}" for mark in marks)}"' for key, marks in PHRASES.items()
    ]
    return "\n".join([f"phrases {name} {{", *lines, "}", ""])


def good_files() -> dict[str, str]:
    """The files of a project without mistakes."""
    return {"main.skill": MAIN, "shared.skill": SHARED + phrases()}


@dataclass
class Result:
    """A checked project and its diagnostics."""

    checked: Checked
    report: Report

    def text(self) -> str:
        """The diagnostics as the command shows them."""
        return render(self.report.diagnostics, "text")

    def codes(self) -> list[str]:
        """The codes of the diagnostics, by place."""
        return [item.code for item in self.report.diagnostics]

    def artifacts(self) -> dict[str, bytes]:
        """The compiled artifacts."""
        assert not self.report.has_errors, self.text()
        return compile_project(self.checked)


def check(root: Path, files: dict[str, str]) -> Result:
    """Write ``files`` below ``root`` and check them."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    report = Report()
    return Result(check_project(root, find_sources(root, [root]), report), report)
