"""From source to score: what `each` and `some` ask of a submission, and what a readout asks of a judge."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from compiler_support import check, phrases
from jsonschema import Draft202012Validator
from judge_support import Driver, play, turn, view_of

from skillc.emit.validate import tool_problem
from skillrt.chat import ChatRequest, Reply, ToolCall
from skillrt.endpoints import EndpointConfig, read_reply, request_body
from skillrt.judging.verdict import Judgment, Verdict
from skillrt.programs.program import Program, load_program
from skillspec.artifacts import ArtifactStore

PROJECT = '''\
language 1
import { words } from "words.skill"
task rated {
  given  prompt, response
  attach checklist?
  answer score 0..1 real
  user """{{ prompt }} {{ response }}"""
  closing tools """Submit."""
}
task pair {
  given  prompt, responses { A, B }
  answer choice of responses
  user """{{ prompt }} {{ responses.A }} {{ responses.B }}"""
  closing tools """Submit."""
}
skill judge {
  version "1.0.0"
  summary "Judges."
  serves  TASK
  setting operational
  phrases words
  procedure { step look "Look." }
  evidence {
    finding FINDING {
      why    text 80 chars
      status satisfied | failed | unclear
      cites  0..1 of quote
    }
    UNGROUNDED
  }
  readout { READOUT }
}
'''
WEIGHTED = (
    "each criterion {\n"
    '      criterion right hard "it is right" weight 3\n'
    '      criterion clear soft "it is clear" weight 2\n'
    '      criterion short soft "it is short"'
)
SHARE = "base ratio(sum(criterion.weight where status = satisfied), sum(criterion.weight)) else invalid"


def source(finding: str, readout: str, task: str = "rated", ungrounded: str = "") -> str:
    head, _, criteria = finding.partition("{")
    text = PROJECT.replace("FINDING {", f"{head.strip()} {{{criteria}", 1)
    text = text.replace("READOUT", readout).replace("TASK", task).replace("UNGROUNDED", ungrounded)
    return text.replace(" accept text only label\n", "")


def program(root: Path, finding: str, readout: str, task: str = "rated", ungrounded: str = "") -> Program:
    """The compiled link of the project."""
    text = source(finding, readout, task, ungrounded)
    result = check(root / "src", {"main.skill": text, "words.skill": "language 1\n" + phrases()})
    assert not result.report.has_errors, result.text()
    for path, content in result.artifacts().items():
        (root / "out" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "out" / path).write_bytes(content)
    return load_program(ArtifactStore(root / "out"), f"judge.{task}.operational.flat")


def final(program: Program) -> dict[str, Any]:
    return program.link.tools[-1].parameters


def submit(program: Program, *raw: str) -> tuple[Verdict, Driver]:
    """What comes of raw arguments, the last ones said for ever."""
    judgment: Judgment
    judgment, driver = play(program, *(turn(ToolCall("c", "final_answer", text)) for text in raw))
    return judgment.verdict, driver


def entry(status: str = "satisfied", **keys: Any) -> dict[str, Any]:
    return {**keys, "why": "", "status": status, "cites": []}


def test_known_keys_are_properties_of_their_own(tmp_path: Path) -> None:
    schema = final(program(tmp_path, WEIGHTED, SHARE))["properties"]
    assert list(schema) == ["findings", "reason"]
    assert schema["findings"]["required"] == ["right", "clear", "short"]
    assert schema["findings"]["properties"]["right"]["required"] == ["why", "status", "cites"]
    both = program(
        tmp_path / "2", WEIGHTED.replace("criterion {", "criterion, response {"), "base answer", "pair"
    )
    findings = final(both)["properties"]["findings"]
    assert findings["properties"]["clear"]["required"] == ["A", "B"]
    assert list(final(both)["properties"]) == ["findings", "reason", "verdict"]
    assert tool_problem(final(both)) is None


def test_a_weighted_readout_counts_every_criterion_once(tmp_path: Path) -> None:
    one = program(tmp_path, WEIGHTED, SHARE)
    whole = {"right": entry(), "clear": entry("failed"), "short": entry()}
    honest, driver = submit(one, json.dumps({"findings": whole, "reason": ""}))
    assert (honest.score, len(driver.sent)) == (pytest.approx(4 / 6), 1)
    assert [finding["criterion"] for finding in honest.findings] == ["right", "clear", "short"]


WRONG = {
    "left out": ('{"right": X, "short": X}', "keys_missing", "clear"),
    "all left out": ("{}", "keys_missing", "right, clear, short"),
    "three times": ('{"right": X, "right": X, "clear": X, "short": X, "right": X}', "keys_repeated", "right"),
    "made up": ('{"right": X, "clear": X, "short": X, "kind": X}', "keys_unknown", "kind"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_left_out_repeated_or_made_up_is_told_and_never_scored(tmp_path: Path, name: str) -> None:
    findings, phrase, keys = WRONG[name]
    raw = '{"findings": ' + findings.replace("X", json.dumps(entry())) + ', "reason": ""}'
    one = program(tmp_path, WEIGHTED, SHARE)
    verdict, driver = submit(one, raw)
    assert (verdict.valid, verdict.score, verdict.error_owner) == (False, None, "judge")
    assert one.phrase(phrase, keys=keys) in driver.last()["content"]
    assert keys in str(verdict.error)


def test_criteria_for_each_response_nest(tmp_path: Path) -> None:
    one = program(tmp_path, WEIGHTED.replace("criterion {", "criterion, response {"), "base answer", "pair")
    pair = {"A": entry(), "B": entry("failed")}
    whole = {"right": pair, "clear": pair, "short": pair}
    broken = {**whole, "clear": {"A": entry()}, "short": {}}
    verdict, driver = submit(
        one, *(json.dumps({"findings": given, "reason": "", "verdict": "A"}) for given in (broken, whole))
    )
    assert one.phrase("keys_missing", keys="clear / B, short / A, short / B") in driver.last()["content"]
    assert (verdict.outcome, len(verdict.findings)) == ("A", 6)
    assert verdict.findings[1] == {"criterion": "right", "response": "B", **entry("failed"), "grounded": True}


def test_an_ungrounded_finding_of_a_closed_block_is_not_met(tmp_path: Path) -> None:
    one = program(tmp_path, WEIGHTED, SHARE, ungrounded="ungrounded drop")
    false = {**entry(), "cites": [{"kind": "quote", "ref": "never said by anybody"}]}
    whole = {"right": false, "clear": entry(), "short": entry()}
    assert submit(one, json.dumps({"findings": whole, "reason": ""}))[0].score == 0.5


READING = {
    "base 0.5 * answer": 0.5,
    "let half = 0.5 * answer base half": 0.5,
    "base 1 cap 0.25 when answer < 2": 0.25,
    "base 0.75 decide 0 when answer < 0": 0.75,
    "base 0.75 abstain when answer < 0": 0.75,
    "base answer + 1": 1.0,
}


@pytest.mark.parametrize("readout", READING)
def test_a_readout_that_reads_the_answer_makes_the_judge_give_it(tmp_path: Path, readout: str) -> None:
    one = program(tmp_path, "some item", readout)
    schema = final(one)
    assert list(schema["properties"]) == ["findings", "reason", "score"]
    answer = {"findings": [], "reason": "", "score": 1.0}
    Draft202012Validator(schema).validate(answer)
    verdict, _ = submit(one, json.dumps(answer))
    assert (verdict.valid, verdict.score) == (True, READING[readout])
    assert verdict.clipped == (2.0 if readout == "base answer + 1" else None)


def test_a_readout_that_does_not_read_the_answer_does_not_ask_for_it(tmp_path: Path) -> None:
    assert "score" not in final(program(tmp_path, WEIGHTED, SHARE))["properties"]


def test_who_abstains_has_said_something(tmp_path: Path) -> None:
    one = program(tmp_path, "some item", "base answer abstain when answer < 0.5")
    verdict, _ = submit(one, json.dumps({"findings": [], "reason": "", "score": 0.25}))
    assert (verdict.valid, verdict.said, verdict.outcome) == (True, 0.25, None)


ALLOWED = (
    "base answer cap 0.5 when count(findings where status = failed) < 2",
    "base answer cap 0.5 when not any(findings where status = satisfied)",
    "base answer decide 0 when count(findings where status = failed) >= 2",
    "base answer decide 0 when 2 <= count(findings where status = failed)",
    "base answer decide 0 when not (count(findings where status = failed) < 1)",
    "let bad = count(findings where status = failed) base answer decide 0 when 2 * bad - 1 > 3",
    "base answer abstain when any(findings where status = unclear)",
)


@pytest.mark.parametrize("readout", ALLOWED)
def test_what_silence_cannot_make_worth_more_may_ask_for_open_findings(tmp_path: Path, readout: str) -> None:
    program(tmp_path, "some item", readout)


def test_labels_may_be_words_of_python_and_numbers(tmp_path: Path) -> None:
    finding = "each criterion {\n" + "\n".join(
        f'      criterion {name} soft "x"' for name in ("class", "none", "from", "if")
    )
    one = program(tmp_path, finding, "base ratio(satisfied, total)")
    whole = {name: entry() for name in ("class", "none", "from", "if")}
    assert submit(one, json.dumps({"findings": whole, "reason": ""}))[0].score == 1.0


def longest(schema: dict[str, Any]) -> Any:
    """The longest value that a bounded schema lets a judge write."""
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return max(schema["enum"], key=len)
    match schema["type"]:
        case "object":
            return {name: longest(part) for name, part in schema["properties"].items()}
        case "array" if "prefixItems" in schema:
            return [longest(part) for part in schema["prefixItems"]]
        case "array":
            return [longest(schema["items"])] * schema["maxItems"]
        case "string":
            return "x" * schema["maxLength"]
    return schema["maximum"]


@pytest.mark.parametrize(("max_tokens", "most_requests"), [(4096, 4), (1024, 16), (512, 51)])
def test_a_hundred_items_fit_the_tokens_of_a_turn_after_a_cut(
    tmp_path: Path, max_tokens: int, most_requests: int
) -> None:
    """A judge that says as much as a bounded request allows gets through, each turn within its tokens."""
    one = program(tmp_path, "each item from checklist", "base ratio(satisfied, total) else invalid")
    config = EndpointConfig(base_urls=("http://x/v1",), model="m", max_tokens=max_tokens)

    def answer(request: ChatRequest) -> Reply:
        body = request_body(request, config)
        written = json.dumps(longest(body["response_format"]["json_schema"]["schema"]), separators=(",", ":"))
        free = sum(len(text) for text in re.findall(r'"(x+)"', written))
        # As Chinese would count: a token for each character of a free text, a third of one for JSON's own.
        assert free + (len(written) - free) / 3 <= max_tokens
        return read_reply({"choices": [{"message": {"content": written}}]}, request)

    cut = turn(ToolCall("c", "final_answer", '{"findings": [{"item": 1, "why'), finish="length")
    driver = Driver([cut, *[answer] * most_requests])
    judgment = driver.judge(one, view_of(one, checklist=[f"demand {number}" for number in range(100)]))
    assert judgment.verdict.valid, judgment.verdict.error
    assert [finding["item"] for finding in judgment.verdict.findings] == list(range(1, 101))
    assert len(driver.sent) <= 1 + most_requests
    assert all(request.bounded for request in driver.sent[1:])
