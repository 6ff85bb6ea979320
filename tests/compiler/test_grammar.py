"""The grammar has no conflicts, its saved tables are fresh, and keywords are soft."""

from __future__ import annotations

from pathlib import Path

from compiler_support import check, good_files, phrases

from skillc.diagnostics import Report
from skillc.source import SourceFile
from skillc.syntax import tables
from skillc.syntax.lexer import lex
from skillc.syntax.outline import outline
from skillc.syntax.tables import build_tables, encode_tables, grammar_text, load_tables, start_symbols


def test_the_saved_tables_are_those_of_the_grammar() -> None:
    """Lark builds them with ``strict=True``: a conflict would raise here."""
    saved = Path(tables.__file__).with_name("tables.json").read_text(encoding="utf-8")
    assert saved == encode_tables(build_tables(grammar_text()))


def test_every_start_symbol_can_be_parsed_from() -> None:
    assert set(load_tables().starts) == set(start_symbols(grammar_text()))


def test_keywords_are_names_where_a_name_is_needed(tmp_path: Path) -> None:
    source = """\
language 1
import { words } from "shared.skill"
task text {
  given  prompt, user, label, responses { A, only }
  answer choice { A, only, tie }
  accept text last label
  user "{{ prompt }} {{ user }} {{ label }}"
  closing tools "Submit."
}
skill task {
  version "1.0.0"
  summary "x"
  serves text
  setting fair
  phrases words
  procedure { step use "x" consult text.file for text
    step step "y" }
  resource text file { text "x" hint "y" when user = "when" }
  resource from from { from user  hint "y" }
}
"""
    result = check(tmp_path, {"main.skill": source, "shared.skill": "language 1\n" + phrases()})
    assert result.text() == ""


def test_an_item_never_crosses_a_line_but_in_brackets_or_after_a_comma(tmp_path: Path) -> None:
    files = good_files()
    files["main.skill"] = files["main.skill"].replace(
        "given  prompt, responses {", "given  prompt,\n    responses {\n"
    )
    assert check(tmp_path, files).text() == ""
    files["main.skill"] = files["main.skill"].replace("  setting fair\n", "  setting\n    fair\n")
    assert check(tmp_path, files).codes() == ["SK101", "SK110"]


def test_a_mistake_spoils_its_own_line_only() -> None:
    report = Report()
    text = "task a {\n  given prompt,, x\n  answer choice of responses\n}\nskill b {\n}\n"
    parts = outline(lex(SourceFile("x", text), report), report)
    assert [getattr(part, "kind", "line") for part in parts] == ["task", "skill"]
    assert not report.has_errors
