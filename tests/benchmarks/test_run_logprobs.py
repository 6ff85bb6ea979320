"""``skillbench run --readout logprobs`` from the command line, against servers with known probabilities."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from bench_support import original, write_rows
from scripted_server import CONTEXT_VLLM, Reply, Say, Script, ScriptedServer, Status, Turn, Weigh, serving
from suite_support import query
from tiny_artifacts import write_artifacts

from skillbench.cli import main

PAIRS = 10
READ_SO = ("--readout", "logprobs")


def first_is_better(shown: str) -> float:
    """The scripted judge's probability of the response shown first: by the text, the same in every run."""
    return 0.05 + 0.9 * hashlib.sha256(shown.encode()).digest()[0] / 255


def weighed(turn: Turn, **more: Any) -> Weigh:
    first = first_is_better(turn.opening)
    return Weigh({"Output (a)": 0.9 * first, "Output (b)": 0.9 * (1 - first), "Output (?)": 0.1}, **more)


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_artifacts(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    yield from serving(weighed)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "data.jsonl", *(original(number) for number in range(PAIRS)))


def command(server: ScriptedServer | str, data: Path, out: Path, *more: str) -> list[str]:
    url = server if isinstance(server, str) else server.base_url
    named = () if url.startswith("control:") else ("--model", "scripted")
    return ["run", "judgebench", "--data", str(data), "--base-url", url, *named, "--out", str(out),
            "--quiet", *READ_SO, *more]  # fmt: skip


def metrics(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "metrics.json").read_bytes())
    return found


def lines(out: Path, name: str = "predictions.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / name).read_text("utf-8").splitlines()]


def shown(trace: dict[str, Any]) -> str:
    return str(trace["messages"][-1]["content"])


def test_each_outcome_gets_its_probability_and_both_orders_are_averaged(
    artifacts: Path, serve: Callable[..., ScriptedServer], data: Path, tmp_path: Path
) -> None:
    server, out = serve(), tmp_path / "run"
    assert main(command(server, data, out, "--artifacts", str(artifacts))) == 0
    rows = lines(out)
    traces = {line["id"]: line["trace"] for line in lines(out, "traces.jsonl")}
    assert len(rows) == 2 * PAIRS
    first_of: dict[str, float] = {}
    for row in rows:
        first = first_of[row["id"]] = first_is_better(shown(traces[row["id"]]))
        assert row["probabilities"] == pytest.approx({"A": first, "B": 1 - first}, abs=1e-6)
        assert row["mass"] == pytest.approx(0.9, abs=1e-6)
        assert row["outcome"] == ("A" if first > 0.5 else "B")
    # One question for the probe, then one a judgment: the suite itself runs both orders.
    assert len(server.requests) == 1 + 2 * PAIRS
    found = metrics(out)["probabilities"]
    chances = [(max(p, 1 - p), int((p > 0.5) == (row["gold"] == "A")))
               for row, p in ((row, first_of[row["id"]]) for row in rows)]  # fmt: skip
    assert found["each_order"]["of"] == 2 * PAIRS
    assert found["each_order"]["brier"] == pytest.approx(sum((p - hit) ** 2 for p, hit in chances) / 20)
    assert sum(one["of"] for one in found["each_order"]["bins"]) == 2 * PAIRS
    # What the first response of the row gets, averaged over both places; it is the better one in all rows.
    means = [(first_of[f"pair-{n}:AB"] + 1 - first_of[f"pair-{n}:BA"]) / 2 for n in range(PAIRS)]
    both = [(max(p, 1 - p), int(p > 0.5)) for p in means]
    assert found["both_orders"]["of"] == PAIRS
    assert found["both_orders"]["right_percent"] == pytest.approx(10 * sum(hit for _, hit in both))
    assert found["both_orders"]["brier"] == pytest.approx(sum((p - hit) ** 2 for p, hit in both) / PAIRS)
    assert found["label_mass"] == pytest.approx({"mean": 0.9, "least": 0.9}, abs=1e-6)
    assert "the mean of both orders: right" in (out / "summary.md").read_text("utf-8")
    assert main(["report", str(out)]) == 0
    page = (out / "report.html").read_text("utf-8")
    assert "mean of both orders: expected calibration error" in page


def test_the_trace_has_what_was_asked_and_received_and_replays_without_a_server(
    artifacts: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def script(turn: Turn) -> Reply:
        return CONTEXT_VLLM if turn.number == 4 else weighed(turn)

    out, kept = tmp_path / "run", ("--artifacts", str(artifacts))
    with ScriptedServer(script) as server:
        assert main(command(server, data, out, *kept, "--concurrency", "1")) == 0
    traces = [line["trace"] for line in lines(out, "traces.jsonl")]
    (asked,) = [event for event in traces[0]["events"] if event["type"] == "request"]
    (told,) = [event for event in traces[0]["events"] if event["type"] == "reply"]
    assert server.bodies()[1]["messages"] == [
        *traces[0]["messages"], {"role": "assistant", "content": asked["prefill"]}
    ]  # fmt: skip
    assert tuple(token for token, _ in told["tokens"]) in permutations("ab?")
    assert math.fsum(math.exp(logprob) for _, logprob in told["tokens"]) == pytest.approx(1.0)
    # The fourth judgment did not fit the context at first, and was asked for again.
    kinds = [event["type"] for event in traces[3]["events"]]
    assert kinds == ["request", "failure", "shortened", "shown", "request", "reply", "end"]
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    capsys.readouterr()
    assert main(["replay", str(out), *kept]) == 0
    assert "metrics.json has the same bytes" in capsys.readouterr().out
    assert main(["rescore", str(out), *kept]) == 0
    for name in ("predictions.jsonl", "metrics.json"):
        assert (out / "rescored" / name).read_bytes() == before[name]


def test_a_changed_probability_in_a_trace_is_noticed(
    artifacts: Path, serve: Callable[..., ScriptedServer], data: Path, tmp_path: Path
) -> None:
    out, kept = tmp_path / "run", ("--artifacts", str(artifacts))
    assert main(command(serve(), data, out, *kept)) == 0
    path = out / "traces.jsonl"
    whole = path.read_text("utf-8")
    for wrong, right in (('["a",-0.5]', r'\["a",-[\d.]+\]'), ('"prefill":"Other"', r'"prefill":"[^"]+"')):
        path.write_text(re.sub(right, wrong, whole, count=1), "utf-8")
        assert main(["replay", str(out), *kept]) == 1


def test_another_readout_does_not_go_on_with_a_run(
    artifacts: Path, serve: Callable[..., ScriptedServer], data: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    server, out, kept = serve(), tmp_path / "run", ("--artifacts", str(artifacts))
    assert main(command(server, data, out, *kept)) == 0
    before = (out / "metrics.json").read_bytes()
    assert main(command(server, data, out, *kept, "--readout", "text")) == 2
    assert 'readout was "logprobs", now "text"' in capsys.readouterr().err
    assert main(command(server, data, out, *kept)) == 0
    assert (out / "metrics.json").read_bytes() == before


def test_nothing_is_said_of_probabilities_where_there_are_none(
    artifacts: Path, serve: Callable[..., ScriptedServer], data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    server = serve(lambda turn: Say("Output (a)"))
    assert main(command(server, data, out, "--artifacts", str(artifacts), "--readout", "text")) == 0
    assert "probabilities" not in metrics(out)
    assert all("probabilities" not in row and "mass" not in row for row in lines(out))
    assert "token probabilities" not in (out / "summary.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (lambda turn: weighed(turn, given=False), "gives no log probabilities"),
        (lambda turn: Status(400, '{"error": {"message": "Unrecognized request argument: top_logprobs"}}'),
         "Unrecognized request argument"),
    ],
)  # fmt: skip
def test_a_server_without_log_probabilities_is_refused_at_the_start(
    reply: Script, words: str, artifacts: Path, serve: Callable[..., ScriptedServer], data: Path,
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    out = tmp_path / "run"
    assert main(command(serve(reply), data, out, "--artifacts", str(artifacts))) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.startswith("skillbench: --readout logprobs cannot be used here: ")
    assert lines(out) == []


def test_every_server_is_asked(
    artifacts: Path,
    serve: Callable[..., ScriptedServer],
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    without = serve(lambda turn: weighed(turn, given=False))
    more = ("--artifacts", str(artifacts), "--base-url", without.base_url)
    assert main(command(serve(), data, tmp_path / "run", *more)) == 2
    assert "gives no log probabilities" in capsys.readouterr().err


def test_a_server_that_stops_giving_them_owns_the_failure(
    artifacts: Path, serve: Callable[..., ScriptedServer], data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    server = serve(lambda turn: weighed(turn, given=turn.number % 2 == 0))
    assert main(command(server, data, out, "--artifacts", str(artifacts), "--concurrency", "1")) == 0
    rows = lines(out)
    failed = [row for row in rows if not row["valid"]]
    assert len(failed) == PAIRS
    assert {row["error_owner"] for row in failed} == {"endpoint"}
    assert all("probabilities" not in row for row in failed)
    assert metrics(out)["probabilities"]["judgments"] == PAIRS


@pytest.mark.parametrize(
    ("url", "more", "words"),
    [
        ("control:random", (), "a control gives no token probabilities"),
        ("http://127.0.0.1:9/v1", ("--skill", "tiny"), "in the delivery direct"),
        ("http://127.0.0.1:9/v1", ("--enable-thinking",), "leaves no room for thoughts"),
    ],
)
def test_what_cannot_be_read_so_is_refused(
    url: str, more: Sequence[str], words: str, artifacts: Path, data: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert main(command(url, data, tmp_path / "run", "--artifacts", str(artifacts), *more)) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_task_that_asks_for_scores_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"id": "1", "prompt": "?", "chosen": ["a"], "rejected": ["b", "c", "d"], "num_correct": 1,
           "num_incorrect": 3, "total_completions": 4, "models": ["m"] * 4, "subset": "Math"}  # fmt: skip
    data = write_rows(tmp_path / "rows.jsonl", row)
    given = command("http://127.0.0.1:9/v1", data, tmp_path / "run", "--ratings")
    given[1] = "rewardbench2"
    assert main(given) == 2
    assert "takes a choice or a scale" in capsys.readouterr().err


def test_where_the_suite_shows_one_order_a_judgment_weighs_both(
    serve: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    data, out = write_rows(tmp_path / "gsm8k_d.jsonl", query(1)), tmp_path / "run"
    server = serve(lambda turn: Weigh({"[[A]]": 0.7, "[[B]]": 0.3}))
    given = command(server, data, out)
    given[1] = "jetts"
    assert main(given) == 0
    rows = lines(out)
    for row in rows:  # the place alone decides, so neither is likelier than the other
        assert row["probabilities"] == pytest.approx({"A": 0.5, "B": 0.5}, abs=1e-6)
        assert (row["valid"], row["outcome"]) == (True, None)
        assert row["usage"]["requests"] == 2
    assert metrics(out)["probabilities"] == {
        "judgments": len(rows),
        "label_mass": pytest.approx({"mean": 1, "least": 1}),
        "each_order": {"of": 0, "undecided": len(rows)},
    }
    assert main(["replay", str(out)]) == 0


def whole_words(answer: str) -> list[str]:
    """Tokens with a space before them, as most vocabularies have them, also at the beginning."""
    return re.findall(r" ?[^ ]+", f" {answer}")


def in_signs(answer: str) -> list[str]:
    """``A>>B`` as ``A``, ``>>``, ``B``; ``A>B`` as ``A>``, ``B``: other first tokens for like labels."""
    return ["A", ">>", "B"] if answer == "A>>B" else ["A>", "B"] if answer == "A>B" else [answer]


STRENGTHS = {"A>>B": 0.15, "A>B": 0.35, "A=B": 0.1, "B>A": 0.3, "B>>A": 0.1}


@pytest.mark.parametrize("cut", [tuple, whole_words, in_signs])
def test_labels_of_a_scale_that_share_tokens_are_told_apart(
    cut: Callable[[str], Sequence[str]], serve: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    row = {"id": "1", "prompt": "?", "chosen": ["a", "b", "c"], "rejected": ["d", "e", "f"], "domain": "math"}
    data = write_rows(tmp_path / "rows.jsonl", row)
    given = command(serve(lambda turn: Weigh(STRENGTHS, cut)), data, tmp_path / "run")
    given[1] = "rmbench"
    assert main(given) == 0
    rows = lines(tmp_path / "run")
    assert len(rows) == 18
    for one in rows:
        assert one["probabilities"] == pytest.approx({"A": 0.5, "tie": 0.1, "B": 0.4}, abs=1e-6)
        assert (one["outcome"], one["label"]) == ("A", "A>B")
    # The place alone decides here: over both orders each response gets the same, and none is chosen.
    assert metrics(tmp_path / "run")["probabilities"]["both_orders"] == {"of": 0, "undecided": 9}


def test_a_label_that_is_not_among_the_likeliest_tokens_counts_as_nothing(
    artifacts: Path, serve: Callable[..., ScriptedServer], data: Path, tmp_path: Path
) -> None:
    others = {f"Output ({sign}": 0.01 for sign in "cdefghijklmnopqrstuvwxyz"}
    out = tmp_path / "run"
    server = serve(lambda turn: Weigh({"Output (a)": 0.8, "Output (b)": 1e-4, **others}))
    assert main(command(server, data, out, "--artifacts", str(artifacts))) == 0
    for row in lines(out):
        assert row["probabilities"] == {"A": 1.0, "B": 0.0}
        assert row["mass"] == pytest.approx(0.8 / (0.8 + 1e-4 + 0.24), abs=1e-6)
    shutil.rmtree(out)
    server = serve(lambda turn: Weigh({"Output (a)": 1e-4, **others}) if turn.number else weighed(turn))
    assert main(command(server, data, out, "--artifacts", str(artifacts))) == 3
    assert {(row["valid"], row["error_owner"]) for row in lines(out)} == {(False, "judge")}
    assert "probabilities" not in metrics(out)
