"""What a submission owes: one finding for each key, in one piece or in parts, and nothing of a part."""

from typing import Any

import pytest
from judge_support import Driver, call, final, final_for, finding, play, program, turn, view_of

from skillrt.programs.view import JudgeView

CUT = turn(call("final_answer", raw='{"findings": [{"item": 1, "why'), finish="length")


def pointwise(delivery: str = "preloaded") -> Any:
    return program("if_pointwise", delivery, "instruction_following_pointwise", "operational")


def item(number: int, status: str = "satisfied", failure: str | None = None) -> dict[str, Any]:
    return {"item": number, "why": None, "status": status, "failure": failure, "cites": []}


def items(*findings: dict[str, Any]) -> Any:
    return final(None, *findings)


def listed(one: Any, count: int) -> JudgeView:
    return view_of(one, checklist=[f"demand {number}" for number in range(count)])


def test_a_checklist_is_complete_or_there_is_no_verdict() -> None:
    one = program("ifrb_constraint", "tools_only", "instruction_following")
    wrong = [{"item": number, "status": "satisfied"} for number in (1, 2, 2, 9)]
    judgment, driver = play(one, turn(final_for(one, wrong)), turn(final_for(one, [wrong[1]])))
    assert judgment.verdict.outcome == ["satisfied", "satisfied"]
    assert driver.last()["content"].startswith("final_answer")
    for name, key in (("keys_repeated", "item 2"), ("keys_unknown", "item 9")):
        assert one.phrase(name, keys=key) in driver.last()["content"]
    assert one.phrase("keys_missing", keys="item 2") not in driver.last()["content"]
    judgment, _ = play(one, turn(final_for(one, wrong[:1])))
    assert (judgment.verdict.valid, judgment.verdict.error_owner) == (False, "judge")
    assert judgment.verdict.error == "no final answer: incomplete: item 2"


@pytest.mark.parametrize("delivery", ["progressive", "preloaded", "flat"])
def test_one_finding_of_ten_is_no_score(delivery: str) -> None:
    one = pointwise(delivery)
    driver = Driver([turn(items(item(1)))])
    judgment = driver.judge(one, listed(one, 10))
    verdict = judgment.verdict
    assert (verdict.valid, verdict.score, verdict.error_owner) == (False, None, "judge")
    assert verdict.error == "no final answer: incomplete: item 2-10"
    assert one.phrase("keys_missing", keys="item 2-10") in driver.last()["content"]
    # Free turns are used up, then the tries with the tool forced.
    assert [request.forced for request in driver.sent] == [None] * 6 + ["final_answer"] * 4
    assert driver.sent[-1].owed["findings"] == [{"item": number} for number in range(2, 11)]


def test_items_one_by_one_fit_after_a_cut_answer() -> None:
    """Each part that brings something is no try; the last word on an item counts."""
    one = pointwise()
    assert one.skill is not None
    parts = [turn(items(item(number)), finish="stop") for number in range(1, 61)]
    driver = Driver([CUT, *parts])
    judgment = driver.judge(one, listed(one, 60))
    assert (judgment.verdict.valid, judgment.verdict.score) == (True, 1.0)
    assert [entry["item"] for entry in judgment.verdict.findings] == list(range(1, 61))
    assert [request.bounded for request in driver.sent] == [False] + [True] * 60
    assert [len(request.owed["findings"] or ()) for request in driver.sent[1:]] == list(range(60, 0, -1))
    # Who goes on without bringing anything is given up after as many tries as ever.
    driver = Driver([CUT, *parts[:9], parts[8]])
    judgment = driver.judge(one, listed(one, 60))
    assert judgment.verdict.error == "no final answer: incomplete: item 10-60"
    assert len(driver.sent) == 1 + 9 + 4


def test_the_last_word_on_an_item_counts() -> None:
    one = pointwise()
    driver = Driver([turn(items(item(1), item(2))), turn(items(item(3), item(1, "failed", "form_broken")))])
    judgment = driver.judge(one, listed(one, 3))
    assert judgment.verdict.score == 0.5  # two of three, under the cap of form_broken
    assert {entry["item"]: entry["status"] for entry in judgment.verdict.findings} == {
        1: "failed",
        2: "satisfied",
        3: "satisfied",
    }


def test_more_items_than_a_submission_can_have_are_the_samples_failure() -> None:
    one = pointwise()
    driver = Driver([turn(items(item(1)))])
    judgment = driver.judge(one, listed(one, 61))
    assert (judgment.verdict.error_owner, driver.sent) == ("sample", [])
    assert "more findings than the 60" in str(judgment.verdict.error)


def test_items_that_a_rule_has_settled_are_not_owed() -> None:
    one = pointwise()
    rules = [{"item": 1, "status": "failed"}, {"item": 2, "status": "inconclusive"}]
    view = view_of(one, checklist=["a", "b", "c"], checkers=["x", "y", None])
    settled = {"conclusive": True, "items": rules}
    driver = Driver([turn(items(item(2), item(3)))], verifier=lambda _: settled)
    verdict = driver.judge(one, view).verdict
    assert driver.sent[0].owed["findings"] == [{"item": 2}, {"item": 3}]
    assert (verdict.said, verdict.score, len(verdict.findings)) == (0.6667, 0.6667, 2)
    # Said counts what the judge did submit; the score does not.
    driver = Driver([turn(items(item(1), item(2), item(3)))], verifier=lambda _: settled)
    verdict = driver.judge(one, view).verdict
    assert (verdict.said, verdict.score) == (1.0, 0.6667)


def test_own_items_have_no_holes_and_say_that_they_are_the_judges_own() -> None:
    one = pointwise()
    for wrong in ([], [item(2)], [item(1), item(3)], [item(1), item(1)]):
        judgment, driver = play(one, turn(items(*wrong)), turn(items(item(1), item(2, "failed"))))
        assert (judgment.verdict.score, judgment.verdict.keys, len(driver.sent)) == (0.5, "own", 2)
    assert Driver([turn(items(item(1)))]).judge(one, listed(one, 1)).verdict.keys is None


def test_an_open_block_names_no_key_twice() -> None:
    judgment, driver = play(
        program("starter", "preloaded"), turn(final("A", finding(), finding())), turn(final("B", finding()))
    )
    told = driver.last()["content"]
    assert told.startswith("final_answer is not accepted. More than once: correctness / A. Call it again")
    assert (judgment.verdict.outcome, len(judgment.verdict.findings)) == ("B", 1)
