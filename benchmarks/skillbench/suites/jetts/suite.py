"""JETTS: best of N by a sequential knockout of pairwise matches, one walk for each query.

A match exists only once the match before it is decided, so a job says which one follows. The walk
goes by the readout's outcome; who is shown first is drawn for each match, and so is the order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from skillbench.statistics.estimate import Estimate
from skillbench.statistics.estimates import mean_estimate, mean_of_means
from skillbench.suites.base import Case, Job, Prediction, Scores
from skillbench.suites.behind import Behind
from skillbench.suites.fields import objects
from skillbench.suites.files import FileSuite, seal
from skillbench.suites.jetts.metric import (
    CHECKPOINTS,
    MAX_CANDIDATES,
    BestOfN,
    Knockout,
    gsm8k_answer,
    references,
    score_choices,
)
from skillbench.suites.rows import Row, kind_of
from skillbench.suites.source import Source
from skillrt.judging.verdict import Verdict

__all__ = ["JETTS", "Sample"]

_DATASETS: Final = ("gsm8k", "math", "champ", "humaneval", "mbpp", "bigcodebench", "alpacaeval", "ifeval")
_ANSWERS: Final[Mapping[str, Callable[[str], str | None]]] = {"gsm8k": gsm8k_answer}
_LABELS: Final = ("A", "B")


@dataclass(frozen=True, slots=True)
class Sample:
    """A query of a file. The data has no ids: file and line are one. ``scores`` are oracle."""

    ident: str
    file: str
    dataset: str
    prompt: str
    responses: tuple[str, ...]
    scores: tuple[float, ...]


def _dataset(stem: str) -> str:
    lower = stem.lower()
    known = (name for name in sorted(_DATASETS, key=len, reverse=True) if lower.startswith(f"{name}_"))
    return next(known, lower.partition("_")[0])


def _read(row: Row) -> Sample:
    query = row.values.get("query")
    if not isinstance(query, dict):
        raise row.error(
            "query",
            "is missing" if query is None else f"must be an object with content, not {kind_of(query)}",
        )
    prompt = query.get("content")
    if not isinstance(prompt, str) or not prompt.strip():
        raise row.error("query.content", f"must be text, not {kind_of(prompt) if prompt else 'empty'}")
    candidates = objects(row, "responses")
    if len(candidates) < 2:
        raise row.error("responses", "holds one candidate; there is nothing to choose from")
    responses, scores = [], []
    for number, candidate in enumerate(candidates):
        text, place = candidate.get("content"), f"responses[{number}]"
        if not isinstance(text, str):
            raise row.error(f"{place}.content", f"must be text, not {kind_of(text)}")
        about = candidate.get("metadata")
        score = about.get("score") if isinstance(about, dict) else None
        if not isinstance(score, int | float) or not math.isfinite(score):
            raise row.error(f"{place}.metadata.score", f"must be a number, not {kind_of(score)}")
        responses.append(text)
        scores.append(float(score))
    stem = row.path.stem
    return Sample(f"{stem}:{row.line}", stem, _dataset(stem), prompt, tuple(responses), tuple(scores))


class JETTS(FileSuite[Sample]):
    """The suite ``jetts`` over one or more files ``<dataset>_<generator>.jsonl``."""

    name = "jetts"
    sequential = True
    official = "a match without a winner is drawn by a coin (seeded here); ours keeps who holds the place"
    said_metric = "jetts.match_accuracy"
    source = Source(
        title="JETTS, reranking: <dataset>_<generator>.jsonl with ten candidates a query",
        home="https://github.com/SalesforceAIResearch/jetts-benchmark",
        license="CC BY-NC 4.0",
        note="An archive of 143 MB on Google Cloud Storage; its own tool fetches it.",
        commands=(
            "gcloud storage cp gs://sfr-jetts-benchmark-data/reranking_and_refinement.tar.gz .",
            "tar xzf reranking_and_refinement.tar.gz",
        ),
    )
    tasks: tuple[str, ...] = ("jetts_match",)
    shown: ClassVar[Mapping[str, str]] = {
        "query": "prompt (its content alone)",
        "responses": "responses (their content alone)",
    }

    def read(self, row: Row) -> Sample:
        """Read one query with its candidates."""
        return _read(row)

    def group(self, sample: Sample) -> str:
        """Return the file's name without its ending."""
        return sample.file

    def judgments(self, sample: Sample, /) -> int:
        """One match fewer than there are candidates."""
        return min(len(sample.responses), MAX_CANDIDATES) - 1

    def content(self, sample: Sample) -> object:
        """Return the query and all candidates."""
        return sample.prompt, sorted(sample.responses)

    def expand(self, sample: Sample, key: str, position: int) -> Iterator[Job]:
        """Yield the first match; the others follow from it."""
        walk = Knockout(key, len(sample.responses), self.seed)
        job = self._match(walk, sample, key, position)
        if job is not None:
            yield job

    def _match(self, walk: Knockout, sample: Sample, key: str, position: int) -> Job | None:
        match = walk.next_match()
        if match is None:
            return None
        left, right = match.first, match.second
        gold: dict[str, Any] = {
            "match": match.number,
            "first": left,
            "second": right,
            "champion": match.champion,
        }
        gold["better"] = _better(sample.scores[left], sample.scores[right])
        if match.number == 1:
            gold |= {"order": list(walk.order), "scores": list(sample.scores)}
            read = _ANSWERS.get(sample.dataset)
            if read is not None:
                gold["answers"] = [read(text) for text in sample.responses]
        shown = {"A": sample.responses[left], "B": sample.responses[right]}
        fields = {"prompt": sample.prompt, "responses": shown, "dataset": sample.dataset}

        drawn = gold["drawn"] = walk.drawn()

        def follow(outcome: Any) -> Job | None:
            walk.tell(self._winner(outcome, drawn))
            return self._match(walk, sample, key, position)

        case_id, order = f"{key}:{match.number}", f"{left}v{right}"
        return Job(
            Case(case_id, sample.ident, position, self.tasks[0], order, fields, sample.file),
            seal(gold, sample.file, source=sample.dataset),
            follow,
        )

    def _winner(self, outcome: Any, drawn: str | None) -> str | None:
        """Return who won a match; officially a coin decides where the judge names nobody."""
        if outcome in _LABELS or self.reader == "ours":
            return outcome if outcome in _LABELS else None
        return drawn

    def points(self, gold: Any, verdict: Verdict) -> int | None:
        """Return 1 for the better candidate, 0 for the other one or none; None where they are equal."""
        if not verdict.valid or gold["better"] is None:
            return None
        return int(verdict.outcome == gold["better"])

    def answer_of(self, gold: Any) -> Any:
        """Return the label of the better candidate, None where they are equal."""
        return gold["better"]

    def score(self, rows: Iterable[Prediction]) -> Scores:
        """Compute ``jetts.best_of_<k>`` over all files, the same for each file, and the references.

        ``match_accuracy`` is over matches of candidates with unequal scores; it alone exists for what
        the judge said, because the walk goes by the readout.
        """
        walks: dict[int, _Walk] = {}
        for row in rows:
            walks.setdefault(row.position, _Walk(row.group, row.unit)).add(row)
        finished = {n: walk for n, walk in sorted(walks.items()) if walk.choices(self._winner) is not None}
        if not finished:
            return Scores(None, {}, {}, len(walks))
        readout, known = _best(finished.values())
        said: dict[str, Estimate] = {}
        for estimates, which in ((readout, "outcome"), (said, "said")):
            right = [(walk.unit, *walk.right(which)) for walk in finished.values()]
            told = [(unit, hits / of) for unit, hits, of in right if of]
            if told:
                estimates["jetts.match_accuracy"] = mean_estimate(
                    [share for _, share in told], clusters=[unit for unit, _ in told]
                )
        picks = [row.outcome for walk in finished.values() for row in walk.matches.values()]
        return Scores(
            f"jetts.best_of_{CHECKPOINTS[-1]}",
            readout,
            said,
            len(walks) - len(finished),
            references=known,
            facts={
                "matches": len(picks),
                "first_shown_chosen": picks.count("A"),
                "matches_without_winner": sum(pick not in _LABELS for pick in picks),
            },
            behind={name: _behind(name, finished.values()) for name in readout},
            finished=Counter(walk.file for walk in finished.values()),
        )


def _better(left: float, right: float) -> str | None:
    return None if left == right else "A" if left > right else "B"


@dataclass(frozen=True, slots=True)
class _Played:
    """A recorded match, as much of it as the metric needs: there may be very many."""

    first: int
    second: int
    champion: int
    better: str | None
    said: Any
    outcome: Any
    drawn: str | None
    valid: bool


@dataclass(slots=True)
class _Walk:
    """The recorded matches of a query by number; ``start`` is the gold of the first one."""

    file: str
    unit: str
    matches: dict[int, _Played] = field(default_factory=dict)
    start: Mapping[str, Any] = field(default_factory=dict)
    best: BestOfN | None = None

    def add(self, row: Prediction) -> None:
        """Take in a match."""
        gold = row.gold
        if gold["match"] == 1:
            self.start = gold
        self.matches[gold["match"]] = _Played(
            gold["first"],
            gold["second"],
            gold["champion"],
            gold["better"],
            row.said,
            row.outcome,
            gold.get("drawn"),
            row.valid,
        )

    def choices(self, winner: Callable[[Any, str | None], str | None]) -> BestOfN | None:
        """Walk again along the recorded matches; None when one is missing or belongs to another walk."""
        if 1 not in self.matches:
            return None
        start = self.start
        champion = int(start["champion"])
        champions = [champion]
        for number in range(1, len(start["order"])):
            row = self.matches.get(number)
            if row is None or row.champion != champion:
                return None
            won = winner(row.outcome, row.drawn)
            champion = {"A": row.first, "B": row.second}.get(won or "", champion)
            champions.append(champion)
        picks = {k: champions[min(k, len(champions)) - 1] for k in CHECKPOINTS}
        known = references(start["scores"], start["order"], start.get("answers"))
        self.best = BestOfN(picks, tuple(start["scores"]), known)
        return self.best

    def right(self, which: str) -> tuple[int, int]:
        """Matches won by the better candidate, of those that have one."""
        told = [row for row in self.matches.values() if row.better is not None]
        return sum(getattr(row, which) == row.better for row in told), len(told)


def _behind(metric: str, walks: Iterable[_Walk]) -> Behind:
    """Count the matches of a metric; ``best_of_k`` has those before the k-th candidate was met."""
    where, _, name = metric.removeprefix("jetts.").rpartition(".")
    met = int(name.rpartition("_")[2]) if name.startswith("best_of_") else MAX_CANDIDATES
    members = [walk for walk in walks if where in ("", walk.file)]
    played = [row for walk in members for number, row in walk.matches.items() if number < met]
    files = dict.fromkeys(walk.file for walk in members)
    parts = {} if where or name == "match_accuracy" else {file: f"jetts.{file}.{name}" for file in files}
    return Behind(len(played), sum(not row.valid for row in played), parts)


def _best(walks: Iterable[_Walk]) -> tuple[dict[str, Estimate], dict[str, float]]:
    """Return the judge's estimates and the references, for each file and as the mean of the files."""
    by_file: dict[str, list[BestOfN]] = {}
    units: dict[str, list[str]] = {}
    for walk in walks:
        if walk.best is not None:
            by_file.setdefault(walk.file, []).append(walk.best)
            units.setdefault(walk.file, []).append(walk.unit)
    scores = {name: score_choices(by_file[name]) for name in sorted(by_file)}
    every = [score for query in by_file.values() for answered in query for score in answered.scores]
    limits = (min(0.0, *every), max(1.0, *every))

    def values(name: str, k: int) -> list[float]:
        return [query.scores[query.choices[k]] for query in by_file[name]]

    estimates: dict[str, Estimate] = {}
    pooled: dict[str, list[float]] = {}
    known: dict[str, float] = {}
    for k in CHECKPOINTS:
        estimates[f"jetts.best_of_{k}"] = mean_of_means(
            [values(name, k) for name in scores], limits, clusters=[units[name] for name in scores]
        )
    for name, score in scores.items():
        for k in CHECKPOINTS:
            estimates[f"jetts.{name}.best_of_{k}"] = mean_estimate(
                values(name, k), limits, score.judge[k], units[name]
            )
        own = {"pass_at_1": score.pass_at_1, "pass_at_1_first": score.pass_at_1_first}
        own |= {f"random_{k}": score.random[k] for k in CHECKPOINTS}
        own |= {f"oracle_{k}": score.oracle[k] for k in CHECKPOINTS}
        own |= {f"majority_{k}": score.majority[k] for k in CHECKPOINTS} if score.majority else {}
        for metric, value in own.items():
            pooled.setdefault(metric, []).append(value)
            known[f"jetts.{name}.{metric}"] = 100 * value
    means = {f"jetts.{metric}": 100 * sum(own) / len(own) for metric, own in pooled.items()
             if len(own) == len(scores)}  # fmt: skip
    return estimates, means | known
