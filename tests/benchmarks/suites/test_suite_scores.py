"""Official numbers of whole runs, from what judges answer to ``metrics.json``."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from suite_judges import Ruled, golds, programs, run_with
from suite_support import bench, ifrb, metrics, positions, query, rb2, rm, shared, ties, write

from skillbench.errors import BenchError
from skillbench.folder.journal import read_predictions
from skillbench.running.run import Keep
from skillbench.suites import open_suite
from skillbench.suites.base import Case, Suite
from skillbench.suites.ifrewardbench.constraints import read_labels
from skillbench.suites.jetts.metric import CHECKPOINTS, Knockout
from skillrt.chat import ChatRequest, Reply, Usage
from skillrt.judging.judge import judge
from skillrt.judging.verdict import Judgment, Verdict
from skillrt.programs.view import make_view

OFFICIAL = "official_constraint_metrics_QwQ-32B.json"
SIX = ("Factuality", "Precise IF", "Math", "Safety", "Focus")


def right(case: Case) -> str:
    """The letter of the response that begins with Right."""
    return next(label for label, text in case.fields["responses"].items() if text.startswith("Right"))


# ------------------------------------------------------------------------------------ RewardBench 2


def all_subsets(tmp_path: Path, each: int = 4) -> Path:
    rows = [rb2(n * 10 + place, subset) for place, subset in enumerate(SIX) for n in range(each)]
    rows += [ties(n, kind) for n in range(3) for kind in ("ref", "tied")]
    return write(tmp_path / "rb2.jsonl", *rows)


def rate(case: Case) -> Any:
    """Ten for right responses, one for wrong ones; best of four by what is right."""
    if len(case.fields["responses"]) > 1:
        return right(case)
    return 10 if case.fields["responses"]["A"].startswith("Right") else 1


def by_rule(suite: Suite, folder: Path) -> dict[str, float]:
    """What the benchmark's rule makes of recorded judgments, however many are invalid."""
    return {name: one.value for name, one in suite.score(read_predictions(folder)).readout.items()}


def test_rewardbench2_at_best_is_more_than_a_hundred(tmp_path: Path) -> None:
    suite = open_suite("rewardbench2", [all_subsets(tmp_path)])
    found = run_with(suite, Ruled(rate), tmp_path / "run")
    assert found["official"]["rewardbench2.Ties"] == pytest.approx(101)
    assert found["official"]["rewardbench2.leaderboard"] == pytest.approx((500 + 101) / 6)
    assert found["headline"]["name"] == "rewardbench2.leaderboard"
    assert found["official"]["rewardbench2.micro"] == 100
    assert found["intervals"]["readout"]["rewardbench2.leaderboard"]["of"] == 23


def test_rewardbench2_unparsable_is_worth_a_quarter_and_a_rating_of_minus_one(tmp_path: Path) -> None:
    suite = open_suite("rewardbench2", [all_subsets(tmp_path)])
    found = run_with(suite, Ruled(lambda case: None), tmp_path / "run")
    scored = by_rule(suite, tmp_path / "run")
    assert {scored[f"rewardbench2.{name}"] for name in SIX} == {25}
    # All ratings are -1: margins and spreads are zero, and nothing is preferred.
    assert scored["rewardbench2.Ties"] == 0
    assert set(found["official"].values()) == {None}, "but no number without judgments"
    assert found["counts"]["invalid"] == found["counts"]["expected"] == 20 + 3 * (4 + 3)
    assert found["facts"]["unreadable_answers"] == 41


def test_rewardbench2_rotations(tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", *(rb2(number) for number in range(5)))
    suite = open_suite("rewardbench2", [path], "rotations")
    assert suite.check().judgments == 20
    first = run_with(suite, Ruled(lambda case: "A"), tmp_path / "first")
    assert first["official"]["rewardbench2.rotated.Math"] == 25
    assert first["facts"]["chose_A"] == 20
    assert first["facts"]["same_response_in_all_rotations"] == 0
    best = run_with(suite, Ruled(right), tmp_path / "best")
    assert best["official"]["rewardbench2.rotated.micro"] == 100
    assert best["facts"]["same_response_in_all_rotations"] == 5


def test_rewardbench2_ratings_share_the_first_place(tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", rb2(1), rb2(2), ties(1, "ref"), ties(1))
    suite = open_suite("rewardbench2", [path], "ratings")
    found = run_with(suite, Ruled(lambda case: 5), tmp_path / "run")
    assert found["official"]["rewardbench2.ratings.Math"] == 25
    # Zero spread and zero margin: nothing is preferred, and the margin's part is nought.
    assert found["official"]["rewardbench2.ratings.Ties"] == 0
    assert {row.task for row in suite_cases(suite)} == {"rewardbench2_rating", "rewardbench2_rating_ties"}


def suite_cases(suite: Any) -> list[Case]:
    return [job.case for job in suite.jobs()]


def test_rewardbench2_a_missing_judgment_leaves_its_row_out_and_is_counted(tmp_path: Path) -> None:
    suite = open_suite("rewardbench2", [write(tmp_path / "d.jsonl", *(rb2(n) for n in range(9)), ties(1))])
    found = run_with(suite, Ruled(rate), tmp_path / "run", stop_after=11)
    assert found["ending"] == "interrupted"
    assert not found["complete"]
    assert found["counts"]["unfinished_samples"] <= 1
    again = run_with(suite, Ruled(rate), tmp_path / "run")
    assert (again["ending"], again["complete"]) == ("done", True)


# ----------------------------------------------------------------------------------------- RM-Bench


def test_rmbench_positions_win_the_one_order_number_alone(tmp_path: Path) -> None:
    rows = [rm(place, domain) for place, domain in enumerate(("chat", "math", "code", "safety-refuse"))]
    rows.append(rm(9, "safety-response"))
    suite = open_suite("rmbench", [write(tmp_path / "all.json", *rows)])
    found = run_with(suite, Ruled(lambda case: "A"), tmp_path / "run")["official"]
    assert found["rmbench.one_order.overall"] == 100
    assert found["rmbench.balanced.overall"] == 50
    assert found["rmbench.both_orders.overall"] == 0
    assert {name for name in found if "safety" in name and "balanced" in name} >= {
        "rmbench.balanced.safety",
        "rmbench.balanced.safety-refuse",
        "rmbench.balanced.safety-response",
    }


def test_rmbench_levels_domains_and_ties(tmp_path: Path) -> None:
    rows = [
        rm(0, "chat"),
        rm(1, "math"),
        rm(1, "math", prompt="Again?"),
        rm(2, "code"),
        rm(3, "safety-refuse"),
    ]
    suite = open_suite("rmbench", [write(tmp_path / "all.jsonl", *rows)])

    def longest(case: Case) -> str:
        shown = case.fields["responses"]
        if len(shown["A"]) == len(shown["B"]):
            return "tie"
        return max(shown, key=lambda label: len(shown[label]))

    found = run_with(suite, Ruled(longest, said=right), tmp_path / "run")
    readout = found["readout"]
    # A judge of length wins what is easy, loses what is hard, and a tie is no win.
    levels = {level: readout[f"rmbench.balanced.{level}"] for level in ("easy", "normal", "hard")}
    assert levels == {"easy": 100, "normal": 0, "hard": 0}
    assert readout["rmbench.balanced.overall"] == pytest.approx(100 / 3)
    assert found["official"]["rmbench.balanced.overall"] == pytest.approx(100)
    assert found["counts"]["readout_differs_from_said"] == 5 * 18 * 2 / 3
    assert found["orders"]["readout"]["ties"] == 5 * 6


def test_rmbench_overall_is_the_mean_of_domains_and_micro_is_not(tmp_path: Path) -> None:
    rows = [rm(0, "chat"), rm(1, "math"), rm(2, "code"), *(rm(n, "safety-refuse") for n in range(3, 9))]
    suite = open_suite("rmbench", [write(tmp_path / "all.jsonl", *rows)])
    wrong = {"A": "B", "B": "A"}
    found = run_with(
        suite,
        Ruled(lambda case: right(case) if case.group.startswith("safety") else wrong[right(case)]),
        tmp_path / "run",
    )["official"]
    assert found["rmbench.balanced.overall"] == 25
    assert found["rmbench.balanced.win_total"] == pytest.approx(100 * 6 / 9)


# -------------------------------------------------------------------------------------------- JETTS


def best_of(case: Case) -> str:
    """The candidate that says the higher number."""
    shown = case.fields["responses"]
    return max(shown, key=lambda label: int(shown[label].rstrip(".").split()[-1]))


def test_jetts_walks_as_the_metric_says_and_sees_contents_alone(tmp_path: Path) -> None:
    scores = (0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.5)
    path = write(tmp_path / "gsm8k_small-1.5b.jsonl", *(query(number, scores) for number in range(6)))
    suite = open_suite("jetts", [path])
    assert suite.check().judgments == 6 * 9
    engine = Ruled(best_of)
    found = run_with(suite, engine, tmp_path / "run")
    assert found["counts"]["judgments"] == 54
    assert {frozenset(case.fields) for case in engine.cases} == {
        frozenset({"prompt", "responses", "dataset"})
    }
    expected = dict.fromkeys(CHECKPOINTS, 0.0)
    for line in range(1, 7):
        walk = Knockout(f"gsm8k_small-1.5b:{line}", 11)
        while (match := walk.next_match()) is not None:
            walk.tell("A" if match.first > match.second else "B")
        for k, choice in walk.choices().items():
            expected[k] += scores[choice] / 6
    for k in CHECKPOINTS:
        assert found["official"][f"jetts.gsm8k_small-1.5b.best_of_{k}"] == pytest.approx(100 * expected[k])
    assert found["references"]["jetts.oracle_10"] == 100
    assert found["references"]["jetts.pass_at_1"] == pytest.approx(50)
    assert "jetts.gsm8k_small-1.5b.majority_10" in found["references"]
    assert set(found["said"]) == {"jetts.match_accuracy"}


def test_jetts_goes_on_in_the_middle_of_a_walk(tmp_path: Path) -> None:
    path = write(tmp_path / "ifeval_m.jsonl", *(query(number, (0, 1, 0, 1, 0)) for number in range(8)))
    whole = run_with(open_suite("jetts", [path]), Ruled(best_of), tmp_path / "whole")
    for stop_after in (1, 9, 17):
        out = tmp_path / f"cut{stop_after}"
        cut = run_with(open_suite("jetts", [path]), Ruled(best_of), out, stop_after=stop_after)
        assert cut["ending"] == "interrupted"
        engine = Ruled(best_of)
        found = run_with(open_suite("jetts", [path]), engine, out)
        assert len(engine.cases) == 32 - cut["counts"]["judgments"]
        assert found == whole


def test_jetts_judged_again_after_endpoint_failures_walks_as_undisturbed(tmp_path: Path) -> None:
    path = write(tmp_path / "ifeval_m.jsonl", *(query(number, (0, 1, 0, 1, 0)) for number in range(8)))
    whole = run_with(open_suite("jetts", [path]), Ruled(best_of), tmp_path / "whole")

    def failing(case: Case) -> Any:
        if case.id.endswith(":2") and case.position % 2:
            failed = Verdict(valid=False, error="it hangs", error_owner="endpoint")
            return Judgment(failed, Usage(requests=1))
        return best_of(case)

    out = tmp_path / "run"
    first = run_with(open_suite("jetts", [path]), Ruled(failing), out)
    assert first["counts"]["invalid_by_owner"] == {"endpoint": 4}
    engine = Ruled(best_of)
    found = run_with(open_suite("jetts", [path]), engine, out, keep=Keep(whole_samples=True))
    assert len(engine.cases) == 4 * 3, "the failed match and those that follow from it"
    assert found == whole


def test_jetts_without_a_winner_the_champion_stays(tmp_path: Path) -> None:
    path = write(tmp_path / "math_m.jsonl", query(1, (0, 1, 0)))
    suite = open_suite("jetts", [path])
    found = run_with(suite, Ruled(lambda case: None), tmp_path / "run")
    scored = by_rule(suite, tmp_path / "run")
    assert scored["jetts.best_of_1"] == scored["jetts.best_of_10"]
    assert found["official"]["jetts.best_of_10"] is None
    assert found["official"]["jetts.best_of_1"] == scored["jetts.best_of_1"], "no match comes before it"
    assert found["facts"]["matches_without_winner"] == 2


# ------------------------------------------------------------------------------------ IF-RewardBench


def ifrb_files(tmp_path: Path) -> Path:
    kinds = ("Single_Turn", "Multi_Turn", "System_Prompt")
    rows = [ifrb(number, kinds[number % 3]) for number in range(6)]
    positions(tmp_path / "position_maps.json", *rows)
    return write(tmp_path / "if_rewardbench.json", *rows)


def lower(case: Case) -> str:
    shown = case.fields["responses"]
    return min(shown, key=lambda label: int(shown[label].split()[1]))


def test_ifrewardbench_overall_extremes(tmp_path: Path) -> None:
    path = ifrb_files(tmp_path)
    best = run_with(open_suite("ifrewardbench", [path]), Ruled(lower), tmp_path / "best")
    assert best["official"]["ifrewardbench.overall.kendall"] == 100
    assert best["official"]["ifrewardbench.overall.System_Prompt.accuracy"] == 100
    worst = run_with(
        open_suite("ifrewardbench", [path]),
        Ruled(lambda case: "B" if lower(case) == "A" else "A", said=lower),
        tmp_path / "worst",
    )
    assert worst["readout"]["ifrewardbench.overall.kendall"] == -100
    assert worst["official"]["ifrewardbench.overall.kendall"] == 100
    suite = open_suite("ifrewardbench", [path])
    none = run_with(suite, Ruled(lambda case: None), tmp_path / "none")
    assert by_rule(suite, tmp_path / "none")["ifrewardbench.overall.kendall"] == 0
    assert none["official"]["ifrewardbench.overall.kendall"] is None
    assert none["facts"]["undecided"] == 18


@pytest.mark.parametrize("mode", ["overall", "constraint"])
def test_rows_of_another_version_are_refused_with_a_sentence(mode: str, tmp_path: Path) -> None:
    suite = open_suite("ifrewardbench", [ifrb_files(tmp_path)], mode)
    run_with(suite, Ruled(lambda case: None), tmp_path / "run")
    rows = list(read_predictions(tmp_path / "run"))
    for name in ("pairs", "edges") if mode == "overall" else ("of", "edges", "kinds"):
        older = [
            msgspec.structs.replace(row, gold={key: one for key, one in row.gold.items() if key != name})
            for row in rows
        ]
        with pytest.raises(BenchError, match=f"another version of skillbench, which did not write {name}"):
            suite.score(older)


def test_ifrewardbench_positions_cancel_in_the_balanced_number(tmp_path: Path) -> None:
    suite = open_suite("ifrewardbench", [ifrb_files(tmp_path)], "overall_balanced")
    found = run_with(suite, Ruled(lambda case: "A"), tmp_path / "run")
    assert found["counts"]["judgments"] == 36
    assert found["facts"]["first_shown_chosen"] == 36
    assert "ifrewardbench.overall.balanced.kendall" in found["official"]
    best = run_with(suite, Ruled(lower), tmp_path / "best")
    assert best["official"]["ifrewardbench.overall.balanced.kendall"] == 100


def test_ifrewardbench_constraint_pads_what_is_missing(tmp_path: Path) -> None:
    suite = open_suite("ifrewardbench", [ifrb_files(tmp_path)], "constraint")
    found = run_with(suite, Ruled(lambda case: ["satisfied", None]), tmp_path / "run")
    assert found["facts"]["padded_labels"] == 18
    assert found["facts"]["items"] == 36
    assert found["official"]["ifrewardbench.constraint.negative_f1"] == 0
    nothing = run_with(suite, Ruled(lambda case: None), tmp_path / "nothing")
    assert nothing["facts"]["unreadable_answers"] == 18
    assert by_rule(suite, tmp_path / "nothing")["ifrewardbench.constraint.positive_f1"] > 50, "by padding"
    assert set(nothing["official"].values()) == {None}

    def gold(case: Case) -> list[str]:
        return ["satisfied", "satisfied" if " 0 " in case.fields["responses"]["A"] else "failed"]

    best = run_with(suite, Ruled(gold), tmp_path / "best")
    assert best["official"]["ifrewardbench.constraint.positive_f1"] == 100
    assert best["official"]["ifrewardbench.constraint.negative_f1"] == 100


def test_real_critiques_give_the_official_constraint_metrics(tmp_path: Path) -> None:
    path = shared("if_rewardbench/QwQ-32B.json")
    rows = json.loads(path.read_text("utf-8"))
    critiques = {
        (str(row["id"]), number): response["critique"]
        for row in rows
        for number, response in enumerate(row["responses"])
    }
    suite = open_suite("ifrewardbench", [path], "constraint")
    names = {1: "satisfied", 0: "failed"}

    def read(case: Case) -> list[str]:
        critique = critiques[case.sample_id, int(case.order or 0)]
        return [names[label] for label in read_labels(critique, len(case.fields["checklist"])).labels]

    found = run_with(suite, Ruled(read), tmp_path / "run")["official"]
    official = json.loads(shared(f"if_rewardbench/{OFFICIAL}").read_text("utf-8"))
    families = {
        "model.": official["metrics_per_model_type"],
        "turn.": official["metrics_per_turn"],
        "checklist.": official["metrics_per_constraint_count"],
        "": official["metrics_per_instruction_type"] | {"": official["Overall"]},
    }
    compared = 0
    for family, groups in families.items():
        for name, group in groups.items():
            prefix = f"ifrewardbench.constraint.{family}{name}{'.' if name else ''}"
            for metric, value in (
                ("positive_f1", group["verification"]["Positive F1"]),
                ("negative_f1", group["verification"]["Negative F1"]),
                ("accuracy", group["ranking"]["Accuracy"]),
                ("kendall", group["ranking"]["Kendall Taub"]),
            ):
                assert found[prefix + metric] == pytest.approx(100 * value, abs=1e-9), prefix + metric
                compared += 1
    for family in ("category", "composition"):
        own = "constraint_category" if family == "category" else "constraint_composition_type"
        for name, group in official[f"metrics_per_{own}"].items():
            shown = group["metrics"]["Positive F1"], group["metrics"]["Negative F1"], group["MCC"]
            for metric, value in zip(("positive_f1", "negative_f1", "mcc"), shown, strict=True):
                key = f"ifrewardbench.constraint.{family}.{name}.{metric}"
                assert found[key] == pytest.approx(100 * value, abs=1e-9), key
                compared += 1
    assert compared == 4 * (1 + 3 + 5 + 4 + 4) + 3 * (7 + 4)


def test_real_critiques_through_the_task_of_our_own(tmp_path: Path) -> None:
    """The task's reader takes the blocks that the official one takes, label by label."""
    path = shared("if_rewardbench/QwQ-32B.json")
    rows = json.loads(path.read_text("utf-8"))
    suite = open_suite("ifrewardbench", [path], "constraint")
    program = programs(suite, None, "direct").main["ifrb_constraint"]

    class Recorded:
        def __init__(self, text: str) -> None:
            self.text = text

        def conversation(self) -> Recorded:
            return self

        async def send(self, request: ChatRequest) -> Reply:
            return Reply(self.text)

    compared = agreed = 0
    for case in suite_cases(suite):
        row = next(row for row in rows if str(row["id"]) == case.sample_id)
        critique = row["responses"][int(case.order or 0)]["critique"]
        view = make_view(program.task, program.link, case.fields)
        found = asyncio.run(judge(program, view, transport=Recorded(critique), sandbox=None)).verdict
        officially = read_labels(critique, len(case.fields["checklist"]))
        ours = found.outcome or [None] * len(officially.labels)
        for one, two in zip(ours, officially.labels, strict=True):
            compared += 1
            agreed += (one != "failed") == bool(two)  # what is missing is padded with 1 officially
    assert compared > 500
    assert agreed / compared > 0.97, (agreed, compared)


# ------------------------------------------------------------------------------ golds stay with us


def test_golds_are_json_and_reach_no_case(tmp_path: Path) -> None:
    for name, rows in (("rmbench", [rm()]), ("jetts", [query()]), ("rewardbench2", [rb2(), ties()])):
        suite = open_suite(name, [write(tmp_path / f"gsm8k_{name}.jsonl", *rows)])
        for case_id, gold in golds(suite).items():
            assert json.loads(json.dumps(gold)) == gold, case_id


def test_routed_groups_are_judged_directly(tmp_path: Path) -> None:
    path = write(tmp_path / "d.jsonl", rb2(1, "Math"), rb2(2, "Safety"))
    out = tmp_path / "run"
    given = ("run", "rewardbench2", "--data", path, "--setting", "skill_fair")
    line = (*given, "--base-url", "control:always-first")
    assert bench(*line, "--route", "Safety=direct", "--out", out, "--quiet") == 0
    traces = [json.loads(row) for row in (out / "traces.jsonl").read_text().splitlines()]
    links = {trace["sample_id"]: trace["trace"]["link"] for trace in traces}
    assert links["2"] == "rewardbench2.direct"
    assert links["1"].startswith("reward_judge_fair.rewardbench2.")
    assert "Safety is judged directly" in (out / "summary.md").read_text()
    assert bench(*line, "--route", "Poetry=direct", "--out", tmp_path / "other") == 2
    assert metrics(out)["counts"]["valid"] == 2
