from typing import Any

import pytest

from skillrt.judging.grounding import Seen, ground
from skillrt.judging.readout import answer_value, read_out
from skillspec.expr import Aggregate, Const, Operation, Ref
from skillspec.records import (
    Criterion,
    Decision,
    Evidence,
    Failure,
    Label,
    Let,
    Outcome,
    Readout,
    ScaleAnswer,
    ScoreAnswer,
    ScoreRule,
    Settle,
    Task,
)


def task(answer: Any) -> Task:
    return Task(
        format=1, id="t", fields=(), answer=answer, accept=None, system=None, user="0" * 20,
        closing_text=None, closing_tools=None, sources={}, digest="0" * 64,
    )  # fmt: skip


SCALE = task(
    ScaleAnswer(
        labels=tuple(Label(label=text, shown=text) for text in ("A>>B", "A=B", "B>A")),
        outcomes={
            "A>>B": Outcome(winner="A", by=2),
            "A=B": Outcome(winner="tie"),
            "B>A": Outcome(winner="B"),
        },
    )
)
SCORE = task(ScoreAnswer(minimum=0, maximum=1, integer=False))


def status(value: str) -> Operation:
    return Operation("eq", (Ref(("finding", "status")), Const(value)))


EVIDENCE = Evidence(
    keys=("item",),
    most=9,
    criteria=(Criterion(name="right", strength="hard", text=""),),
    failures=(
        Failure(name="wrong_task", severity="critical", text="", cap=0.25),
        Failure(name="slip", severity="minor", text=""),
    ),
    ungrounded="keep",
)
SATISFIED_RATIO = Operation("ratio", (Ref(("let", "ok")), Aggregate("count", None), Const(None)))
POINTWISE = Readout(
    settle=(Settle(verifier="rules"),),
    lets=(Let(name="ok", value=Aggregate("count", status("satisfied"))),),
    base=SATISFIED_RATIO,
    caps=(
        ScoreRule(
            value=Const(0.25),
            when=Aggregate("any", Operation("eq", (Ref(("finding", "failure.severity")), Const("critical")))),
        ),
        ScoreRule(value=Const(0.9)),
    ),
    round=3,
)


def score(
    findings: list[dict[str, Any]], verifiers: dict[str, Any] | None = None, readout: Readout = POINTWISE
):
    return read_out(SCORE, readout, EVIDENCE, findings, None, fields={}, verifiers=verifiers or {})


@pytest.mark.parametrize(
    ("raw", "winner"), [("A>>B", "A"), ("A=B", "tie"), ("B>A", "B"), ("A>B", None), (None, None), (3, None)]
)
def test_labels_mean_winners(raw: Any, winner: str | None) -> None:
    assert answer_value(SCALE, raw) == winner


@pytest.mark.parametrize(("raw", "value"), [(0.5, 0.5), (0, 0), (1.01, None), (True, None), ("1", None)])
def test_scores_keep_to_their_bounds(raw: Any, value: float | None) -> None:
    assert answer_value(SCORE, raw) == value


def test_base_is_a_ratio_with_the_least_cap() -> None:
    ok, bad = {"item": 1, "status": "satisfied"}, {"item": 2, "status": "failed"}
    assert score([ok, bad]).outcome == 0.5
    assert score([ok, {**ok, "item": 2}]).outcome == 0.9
    assert score([ok, ok, {**bad, "failure": "wrong_task"}]).outcome == 0.25
    assert score([ok, ok, {**bad, "failure": "slip"}]).outcome == 0.667
    assert score([]).outcome is None


def test_verifiers_overrule_items_and_add_what_was_left_out() -> None:
    rules = {"rules": {"items": [{"item": 1, "status": "failed"}, {"item": 3, "status": "failed"},
                                 {"item": 2, "status": "inconclusive"}]}}  # fmt: skip
    findings = [{"item": 1, "status": "satisfied"}, {"item": 2, "status": "satisfied"}]
    assert score(findings).outcome == 0.9
    assert score(findings, rules).outcome == 0.333


def test_the_first_decision_that_holds_replaces_the_outcome() -> None:
    readout = Readout(
        decisions=tuple(
            Decision(value=Ref(("verifier", name, "winner")), when=Ref(("verifier", name, "conclusive")))
            for name in ("first", "second")
        )
    )

    def outcome(**verifiers: Any):
        return read_out(SCALE, readout, None, [], "B>A", fields={}, verifiers=verifiers)

    silent = {"winner": None, "conclusive": False}
    assert outcome(first=silent).outcome == "B"
    assert outcome(first=silent).decided_by is None
    decided = outcome(first=silent, second={"winner": "A", "conclusive": True})
    assert (decided.outcome, decided.decided_by) == ("A", "second")
    both = outcome(first={"winner": "tie", "conclusive": True}, second={"winner": "A", "conclusive": True})
    assert (both.outcome, both.decided_by) == ("tie", "first")


def test_ungrounded_findings_count_only_where_they_are_kept() -> None:
    findings = [
        {"item": 1, "status": "satisfied", "grounded": False},
        {"item": 2, "status": "failed", "grounded": True},
    ]
    assert score(findings).outcome == 0.5
    dropping = Evidence(keys=("item",), most=9, ungrounded="drop")
    assert read_out(SCORE, POINTWISE, dropping, findings, None, fields={}, verifiers={}).outcome == 0.0


def cite(kind: str, ref: str) -> dict[str, Any]:
    return {"status": "failed", "cites": [{"kind": kind, "ref": ref}]}


@pytest.mark.parametrize(
    ("finding", "grounded"),
    [
        (cite("resource", "rubric.pairwise"), True),
        (cite("resource", "rubric.other"), False),
        (cite("run", "1"), True),
        (cite("run", "run 1"), True),
        (cite("run", "2"), False),
        (cite("quote", "the   ANSWER is “four”"), True),
        (cite("quote", "the answer is five"), False),
        (cite("quote", "of"), False),
        ({"status": "failed", "cites": []}, True),
    ],
)
def test_citations_must_be_borne_out(finding: dict[str, Any], grounded: bool) -> None:
    seen = Seen(['So the answer is\n "four".'], {"rubric.pairwise"})
    seen.runs.add("1")
    marked, every = ground([finding], EVIDENCE, seen)
    assert marked == [{**finding, "grounded": grounded}]
    assert every is grounded


def test_too_few_citations_are_no_ground() -> None:
    wanting = Evidence(keys=("item",), most=9, cites_min=1, cites_max=2, cites_kinds=("quote",))
    assert ground([{"cites": []}], wanting, Seen([]))[1] is False


LISTED = Evidence(keys=("item",), items_from="checklist", most=9, ungrounded="keep")


def listed(findings: list[dict[str, Any]], verifiers: dict[str, Any] | None = None) -> float | None:
    fields = {"checklist": ["one", "two", "three", "four"]}
    readout = Readout(settle=POINTWISE.settle, lets=POINTWISE.lets, base=POINTWISE.base)
    return read_out(SCORE, readout, LISTED, findings, None, fields=fields, verifiers=verifiers or {}).outcome


def test_a_checklist_binds_the_findings() -> None:
    good = [{"item": number, "status": "satisfied"} for number in (1, 2, 3, 4)]
    assert listed(good) == 1.0
    assert listed(good[:2]) == 0.5  # what is left out counts as not satisfied
    assert listed([*good[:2], *good[:2], *good[:2]]) == 0.5  # saying it twice gains nothing
    assert listed([*good[:2], {"item": 99, "status": "satisfied"}]) == 0.5
    assert listed([]) == 0.0
    failed = {"rules": {"items": [{"item": 1, "status": "failed"}, {"item": 3, "status": "satisfied"}]}}
    assert listed(good, failed) == 0.75
    assert listed([], failed) == 0.25


def test_a_settled_item_keeps_no_failure_label() -> None:
    finding = {"item": 1, "status": "failed", "failure": "wrong_task"}
    settled = {"rules": {"items": [{"item": 1, "status": "satisfied"}]}}
    assert score([finding]).outcome == 0.0
    assert score([finding], settled).outcome == 0.9


@pytest.mark.parametrize(("base", "outcome"), [(5, 1), (-0.5, 0), (0.25, 0.25)])
def test_a_computed_score_keeps_to_the_bounds_of_the_task(base: float, outcome: float) -> None:
    assert score([], readout=Readout(base=Const(base))).outcome == outcome
