"""RewardBench 2: best of four, and ratings of single responses for the subset Ties.

Modes: ``ranking`` shows the four once, the chosen one at a place that a digest of the row's key
and the seed draws; ``rotations`` shows them in all four rotations; ``ratings`` rates each response of
every row by itself. Rows of Ties are rated in every mode.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

from skillbench.statistics.estimate import Estimate
from skillbench.statistics.estimates import mean_estimate, mean_of_means
from skillbench.suites.base import Case, Job, Prediction, Scores
from skillbench.suites.behind import Behind
from skillbench.suites.files import FileSuite, seal
from skillbench.suites.offers import PublishedReader, TextReader, Verifiable
from skillbench.suites.rewardbench2.metric import (
    LETTERS,
    NO_RATING,
    ROWS,
    SUBSETS,
    TiesRow,
    best_of_four,
    four_way_ratings,
    leaderboard,
    read_choice,
    read_rating,
    rotated,
    rotation,
    seeded_place,
    swapped_in,
    ties_score,
)
from skillbench.suites.rewardbench2.rows import TIES, Sample, read_sample
from skillbench.suites.rows import Row
from skillbench.suites.source import RemoteFile, Source
from skillrt.judging.verdict import Verdict

__all__ = ["RATED", "TIED", "RewardBench2"]

_OPENRS: Final = (
    "https://raw.githubusercontent.com/Qwen-Applications/OpenRS/16e9cfbc5b1aae6c559536f353c97a1fd82a1ba2/data"
)
RATED: Final = "rewardbench2_rating"
TIED: Final = "rewardbench2_rating_ties"
_LEAST: Final = -0.01
_MOST: Final = 1.01


class RewardBench2(FileSuite[Sample]):
    """The suite ``rewardbench2``; ``seed`` moves the chosen responses to other places."""

    name = "rewardbench2"
    modes: ClassVar[tuple[str, ...]] = ("ranking", "rotations", "ratings")
    source = Source(
        title="RewardBench 2, 1,865 rows",
        home="https://huggingface.co/datasets/allenai/reward-bench-2",
        license="ODC-BY; the copy read here comes with OpenRS, Apache-2.0",
        files=(
            RemoteFile(
                f"{_OPENRS}/rewardbench_v2/rewardbench_v2.jsonl",
                "rewardbench_v2/rewardbench_v2.jsonl",
                rows=1865,
            ),
        ),
        note="The rows of the data set on Hugging Face are read too, written as JSON lines.",
        rows=sum(ROWS.values()),
        groups=ROWS,
    )
    shown: ClassVar[Mapping[str, str]] = {
        "prompt": "prompt",
        "chosen": "responses",
        "rejected": "responses",
        "subset": "subset",
        "reference": "reference",
        "checklist": "checklist",
    }

    def __init__(self, paths: Sequence[Path] = (), mode: str = "", seed: int = 0) -> None:
        super().__init__(paths, mode, seed)
        self.tasks = (RATED, TIED) if self.mode == "ratings" else ("rewardbench2", TIED)

    official = (
        "the first of [[A]], [[B]], [[C]], [[D]], in this order, that occurs anywhere in a text counts; a "
        "rating is the digits at the text's end, of -1, 9/10 or 7.5 too"
    )

    def official_reader(self, task: str) -> TextReader:
        """Return the published rule for best of four, or for ratings."""
        if task in (RATED, TIED):
            return lambda text, _: None if (rating := read_rating(text)) == NO_RATING else rating
        return lambda text, _: read_choice(text)

    @classmethod
    def published(cls) -> PublishedReader:
        """Return the reader of judges' texts."""
        from skillbench.suites.rewardbench2.outputs import score_texts

        return score_texts

    def read(self, row: Row) -> Sample:
        """Read one row; best of four needs exactly four."""
        return read_sample(row)

    def group(self, sample: Sample) -> str:
        """Return the subset."""
        return sample.subset

    def _rates(self, sample: Sample) -> bool:
        return self.mode == "ratings" or sample.subset == TIES

    def judgments(self, sample: Sample, /) -> int:
        """One for each response that is rated, else one or all four rotations."""
        if self._rates(sample):
            return len(sample.completions)
        return len(LETTERS) if self.mode == "rotations" else 1

    def expand(self, sample: Sample, key: str, position: int) -> Iterator[Job]:
        """Yield one job for each rating, or for each arrangement of the four."""
        about: dict[str, Any] = {"subset": sample.subset}
        if sample.reference is not None:
            about["reference"] = sample.reference
        if sample.checklist is not None:
            about["checklist"] = sample.checklist
        jobs = self._ratings if self._rates(sample) else self._rankings
        yield from jobs(sample, key, position, about)

    def _ratings(self, sample: Sample, key: str, position: int, about: Mapping[str, Any]) -> Iterator[Job]:
        task = TIED if sample.subset == TIES else RATED
        for number, text in enumerate(sample.completions):
            fields = {"prompt": sample.prompt, "responses": {"A": text}, **about}
            gold = {"number": number, "of": len(sample.completions), "correct": sample.correct}
            yield Job(
                Case(f"{key}:{number}", sample.ident, position, task, str(number), fields, sample.subset),
                seal(gold, sample.subset, subset="rating"),
            )

    def _rankings(self, sample: Sample, key: str, position: int, about: Mapping[str, Any]) -> Iterator[Job]:
        if self.mode == "rotations":
            orders = [rotation(turn) for turn in range(len(LETTERS))]
        else:
            orders = [swapped_in(seeded_place(key, self.seed))]
        for order in orders:
            name = "".join(map(str, order))
            shown = {
                letter: sample.completions[number] for letter, number in zip(LETTERS, order, strict=True)
            }
            fields = {"prompt": sample.prompt, "responses": shown, **about}
            case_id = f"{key}:{name}"
            yield Job(
                Case(case_id, sample.ident, position, "rewardbench2", name, fields, sample.subset),
                seal(LETTERS[order.index(0)], sample.subset),
            )

    def points(self, gold: Any, verdict: Verdict) -> int | float | None:
        """Return the share of best of four; a rating has no points of its own."""
        if not verdict.valid or not isinstance(gold, str):
            return None
        return best_of_four(verdict.outcome, gold)

    def sample_of(self, row: Prediction) -> str:
        """Return the row, or in Ties the number: both prompts of a pair make one value."""
        if row.group == TIES:
            return f"{TIES}:{row.sample_id.rpartition(':')[2]}"
        return super().sample_of(row)

    def answer_of(self, gold: Any) -> Any:
        """Return the letter of the chosen response, or whether a rated one is right."""
        if isinstance(gold, str):
            return gold
        return "right" if gold["number"] < gold["correct"] else "wrong"

    def together(self, sample: Sample) -> str | None:
        """Return the number of a prompt of Ties: its two rows make one value."""
        return sample.ident.partition(":")[2] if sample.subset == TIES else None

    def content(self, sample: Sample) -> object:
        """Return the prompt and all responses."""
        return sample.prompt, sorted(sample.completions)

    def tries(self, sample: Sample, position: int, /) -> Iterator[Verifiable]:
        """Yield the rows of best of four."""
        if sample.subset == TIES:
            return
        order = swapped_in(seeded_place(f"{position} {sample.ident}", self.seed))
        shown = {letter: sample.completions[number] for letter, number in zip(LETTERS, order, strict=True)}
        reference = tuple(sample.reference) if isinstance(sample.reference, list) else sample.reference
        better = LETTERS[order.index(0)]
        yield Verifiable(sample.ident, sample.subset, position, sample.prompt, shown, better, reference)

    def score(self, rows: Iterable[Prediction]) -> Scores:
        """Compute ``rewardbench2.leaderboard``, the subsets, and the parts of Ties.

        With rotations the score of a row is the mean over its four, ``rewardbench2.rotated.*``.
        Nothing that can be read is worth 0.25, and a rating of -1.
        """
        prefix = {"ranking": self.name}.get(self.mode, f"{self.name}.{self.mode}")
        if self.mode == "rotations":
            prefix = f"{self.name}.rotated"
        answers = _collect(rows)
        needed = len(LETTERS) if self.mode == "rotations" else 1
        finished = {position: row for position, row in sorted(answers.items()) if row.complete(needed)}
        readout, said = (_estimates(prefix, finished.values(), which) for which in (1, 0))
        lost = sum(row.lost for row in finished.values())
        facts: dict[str, int | float | str] = {"unreadable_answers": lost}
        counts = Counter(row.subset for row in finished.values())
        missing = sum(max(0, rows - counts[name]) for name, rows in ROWS.items())
        if missing:
            facts["rows_missing_of_the_published_1865"] = missing
        facts |= _letters(row for row in finished.values() if not row.rated)
        if self.mode == "rotations" and any(not row.rated for row in finished.values()):
            facts["same_response_in_all_rotations"] = sum(
                row.rotated(1).consistent for row in finished.values() if not row.rated
            )
        headline = next((f"{prefix}.{name}" for name in ("leaderboard", "micro", TIES)
                         if f"{prefix}.{name}" in readout), None)  # fmt: skip
        return Scores(
            headline,
            readout,
            said,
            len(answers) - len(finished),
            facts=facts,
            behind={name: _behind(name, prefix, finished.values()) for name in readout},
            finished=counts,
        )


@dataclass(slots=True)
class _Answers:
    """All judgments of a row: by order the (said, outcome) and the gold."""

    ident: str
    subset: str
    unit: str
    rated: bool
    answers: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    golds: dict[str, Any] = field(default_factory=dict)
    lost: int = 0
    invalid: int = 0

    def complete(self, needed: int) -> bool:
        if self.rated:
            needed = next(iter(self.golds.values()))["of"]
        return len(self.answers) == needed

    def ratings(self, which: int) -> tuple[float, ...]:
        ratings = (self.answers[str(number)][which] for number in range(len(self.answers)))
        return tuple(NO_RATING if value is None else value for value in ratings)

    def rotated(self, which: int) -> Any:
        turns = ["".join(map(str, rotation(turn))) for turn in range(len(LETTERS))]
        return rotated([self.answers[turn][which] for turn in turns])

    def share(self, which: int) -> float:
        """Return the row's score between 0 and 1, outside of Ties."""
        if self.rated:
            return four_way_ratings([*self.ratings(which)])  # type: ignore[list-item]
        if len(self.answers) > 1:
            return float(self.rotated(which).mean)
        return sum(best_of_four(pair[which], self.golds[name]) for name, pair in self.answers.items())


def _collect(rows: Iterable[Prediction]) -> dict[int, _Answers]:
    answers: dict[int, _Answers] = {}
    for row in rows:
        entry = answers.get(row.position)
        if entry is None:
            answers[row.position] = entry = _Answers(
                row.sample_id, row.group, row.unit, row.subset == "rating"
            )
        entry.answers[str(row.order)] = (row.said, row.outcome)
        entry.golds[str(row.order)] = row.gold
        entry.lost += row.outcome is None
        entry.invalid += not row.valid
    return answers


def _behind(metric: str, prefix: str, rows: Iterable[_Answers]) -> Behind:
    name = metric.removeprefix(f"{prefix}.")
    kind, _, part = name.partition(".")
    wanted = {"leaderboard": SUBSETS, "micro": [subset for subset in SUBSETS if subset != TIES]}.get(
        kind, [kind]
    )
    ids = {"tied_accuracy": "tied:", "ref_accuracy": "ref:"}.get(part, "")
    members = [row for row in rows if row.subset in wanted and row.ident.startswith(ids)]
    parts = {subset: f"{prefix}.{subset}" for subset in SUBSETS} if kind == "leaderboard" else {}
    return Behind(sum(len(row.answers) for row in members), sum(row.invalid for row in members), parts)


def _letters(rows: Iterable[_Answers]) -> dict[str, int]:
    named = Counter(pair[1] for row in rows for pair in row.answers.values())
    return {f"chose_{letter}": named[letter] for letter in LETTERS} if named else {}


def _estimates(prefix: str, rows: Iterable[_Answers], which: int) -> dict[str, Estimate]:
    shares: dict[str, list[float]] = {}
    units: dict[str, list[str]] = {}
    tied: list[_Answers] = []
    for row in rows:
        if row.subset == TIES:
            tied.append(row)
        else:
            shares.setdefault(row.subset, []).append(row.share(which))
            units.setdefault(row.subset, []).append(row.unit)
    every = [share for group in shares.values() for share in group]
    prompts = [unit for group in units.values() for unit in group]
    parts, ties = _ties(tied, which)
    if ties:
        shares[TIES] = ties
        units[TIES] = [f"{TIES}:{number}" for number in range(len(ties))]
    means = {name: sum(group) / len(group) for name, group in shares.items()}
    if ties:
        means[TIES] = parts[TIES].value / 100
    named: dict[str, Estimate] = {}
    if len(shares) == len(SUBSETS):
        limits = (_LEAST / 6, (5 + _MOST) / 6)
        named["leaderboard"] = mean_of_means(
            [shares[name] for name in SUBSETS],
            limits,
            leaderboard(means),
            [units[name] for name in SUBSETS],
        )
    if every:
        named["micro"] = mean_estimate(every, clusters=prompts)
    for name in SUBSETS:
        if name in shares and name != TIES:
            named[name] = mean_estimate(shares[name], value=means[name], clusters=units[name])
    return {f"{prefix}.{name}": estimate for name, estimate in (named | parts).items()}


def _ties(rows: Sequence[_Answers], which: int) -> tuple[dict[str, Estimate], list[float]]:
    """Return the estimates of Ties and each prompt's own score, whose mean the score is."""
    ties = {
        row.ident: TiesRow(row.ident, row.ratings(which), next(iter(row.golds.values()))["correct"])
        for row in rows
    }
    numbers = [name.partition(":")[2] for name in ties if name.startswith("ref:")]
    paired = [number for number in numbers if f"tied:{number}" in ties]
    if not paired:
        return {}, []
    total = ties_score(ties.values())
    own = [ties_score([ties[f"ref:{number}"], ties[f"tied:{number}"]]) for number in paired]
    limits = (_LEAST, _MOST)
    estimates = {TIES: mean_estimate([score.overall for score in own], limits, total.overall)}
    for name in ("tied_accuracy", "ref_accuracy", "preferred", "preferred_hard"):
        values = [getattr(score, name) for score in own]
        estimates[f"{TIES}.{name}"] = mean_estimate(values, value=getattr(total, name))
    estimates[f"{TIES}.margin"] = mean_estimate([score.margin for score in own], (-1.0, 1.0), total.margin)
    return estimates, [score.overall for score in own]
