"""What each sample of a run is worth by its suite's headline metric: the units of a comparison.

A headline is a mean over samples, or a mean of the means of groups: with the right weights, the values
here add up to it, so that a difference of two runs is the difference of their headlines. A value is
computed by the suite itself from the judgments of one sample.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from skillbench.errors import BenchError
from skillbench.folder.journal import PREDICTIONS, read_predictions
from skillbench.folder.store import read_run
from skillbench.statistics.pairs import mean_weights
from skillbench.suites import open_suite
from skillbench.suites.base import Prediction, Suite
from skillrt.judging.verdict import Verdict

__all__ = ["VIEWS", "RunValues", "read_values", "suite_of"]

VIEWS: Final = ("readout", "said")
"""What the skill's code made of the judgments, and what the judge itself answered."""

Floats = npt.NDArray[np.float64]

_PAIRS: Final = frozenset({"judgebench", "starter"})
_OVER_GROUPS: Final = frozenset({"jetts", "ifrewardbench"})
_TIES: Final = "Ties"
_STAND_INS: Final = {"jetts": "jetts.match_accuracy"}
"""What stands for the headline where the readout alone decides it: the judge's choices steer no walk."""


@dataclass(frozen=True, slots=True)
class RunValues:
    """A run by sample. Arrays are parallel to ``keys``.

    Attributes:
        folder: the run's.
        run: what its ``run.json`` says.
        headline: the metric that the values are of, None when no sample is finished.
        macro: whether the metric is the mean of the strata's means.
        keys: the samples, by position and id; finished ones alone.
        groups: the group of each sample.
        strata: what the metric averages over; for most suites the groups.
        values: by view, in 0..1 or -1..1; NaN where a view has no value for the sample.
        tokens: prompt and completion tokens of each sample.
        unfinished: samples that lack a judgment.
    """

    folder: Path
    run: Mapping[str, Any]
    headline: str | None
    macro: bool
    keys: tuple[str, ...]
    groups: tuple[str, ...]
    strata: tuple[str, ...]
    values: Mapping[str, Floats]
    tokens: Floats
    unfinished: int

    @property
    def identity(self) -> Mapping[str, Any]:
        """What makes the run this run and no other."""
        found: Mapping[str, Any] = self.run["identity"]
        return found

    def metric(self, view: str) -> str | None:
        """Return the name of the metric that a view's values are of."""
        if view == "said":
            return _STAND_INS.get(str(self.identity["suite"]), self.headline)
        return self.headline

    def mean(self, view: str) -> float | None:
        """Return the metric as the weighted mean of the samples, None where there is none."""
        values = self.values[view]
        known = np.isfinite(values)
        if not known.any():
            return None
        strata = [name for name, there in zip(self.strata, known, strict=True) if there]
        return float(values[known] @ mean_weights(strata, macro=self.macro))


def suite_of(run: Mapping[str, Any], folder: Path) -> Suite:
    """Return the suite that scores a run, without its data.

    Raises:
        BenchError: ``run.json`` names no suite of ours.
    """
    identity = run.get("identity")
    if not isinstance(identity, dict) or not isinstance(identity.get("suite"), str):
        raise BenchError(f"{folder / 'run.json'} does not say which suite was run")
    return open_suite(
        identity["suite"], (), identity.get("mode"), identity.get("placement_seed") or 0, score_only=True
    )


def _cluster(row: Prediction, suite: str) -> str:
    if suite == "rewardbench2" and row.group == _TIES:
        # Both prompts of a pair make one value.
        return f"{_TIES}:{row.sample_id.rpartition(':')[2]}"
    return f"{row.position}:{row.sample_id}"


@dataclass(slots=True)
class _Sample:
    group: str
    tokens: int = 0
    points: tuple[int, int] = (0, 0)
    judgments: int = 0


def _pair_values(suite: Suite, folder: Path) -> Iterator[tuple[str, _Sample, tuple[float, float]]]:
    """The official rule for pairs, in one pass: right when both orders together give a plus."""
    found: dict[str, _Sample] = {}
    for row in read_predictions(folder):
        key = _cluster(row, suite.name)
        sample = found.setdefault(key, _Sample(row.group))
        sample.tokens += row.usage.prompt_tokens + row.usage.completion_tokens
        sample.judgments += 1
        gained = (
            suite.points(row.gold, Verdict(valid=True, outcome=answer)) if answer is not None else 0
            for answer in (row.outcome, row.said)
        )
        readout, said = (int(one or 0) for one in gained)
        sample.points = (sample.points[0] + readout, sample.points[1] + said)
    for key, sample in found.items():
        done = sample.judgments == 2
        yield key, sample, (*(float(one > 0) if done else np.nan for one in sample.points),)  # type: ignore[misc]


def _offsets(suite: Suite, folder: Path) -> dict[str, list[int]]:
    """Where the rows of each sample lie in the file, so that one sample at a time is in memory."""
    found: dict[str, list[int]] = {}
    start = 0
    with (folder / PREDICTIONS).open("rb") as file:
        for row, raw in zip(read_predictions(folder), file, strict=True):
            found.setdefault(_cluster(row, suite.name), []).append(start)
            start += len(raw)
    return found


def _scored_values(
    suite: Suite, folder: Path, headline: str
) -> Iterator[tuple[str, _Sample, tuple[float, float]]]:
    """Have the suite score each sample alone; its headline is then the sample's value."""
    import msgspec

    decoder = msgspec.json.Decoder(Prediction)

    def decode(raw: bytes) -> Prediction:
        try:
            return decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return msgspec.convert(json.loads(raw), Prediction)

    with (folder / PREDICTIONS).open("rb") as file:
        for key, places in _offsets(suite, folder).items():
            rows = []
            for place in places:
                file.seek(place)
                rows.append(decode(file.readline()))
            sample = _Sample(rows[0].group)
            sample.tokens = sum(row.usage.prompt_tokens + row.usage.completion_tokens for row in rows)
            scores = suite.score(rows)
            wanted = headline if headline in scores.readout else scores.headline
            values = []
            for found in (scores.readout, scores.said):
                one = found.get(wanted or "")
                if one is None and found is scores.said:
                    one = found.get(_STAND_INS.get(suite.name, ""))
                values.append(one.value / 100 if one is not None else np.nan)
            yield key, sample, (values[0], values[1])


def _ranked_values(suite: Suite, folder: Path) -> Iterator[tuple[str, _Sample, tuple[float, float]]]:
    """IF-RewardBench's pairs: one official shuffle runs through all prompts, so all are scored together."""
    from skillbench.suites.ifrewardbench.scores import by_prompt, score_comparisons

    orders = 2 if suite.mode == "overall_balanced" else 1
    found = by_prompt(read_predictions(folder))
    done = [one for one in found.values() if len(one.rows) == int(one.rows[0].gold["pairs"]) * orders]
    scores = [score_comparisons(done, which, ("AB",)).prompts for which in ("outcome", "said")]
    for prompt in found.values():
        if prompt not in done:
            yield _cluster(prompt.rows[0], suite.name), _Sample(prompt.kind), (np.nan, np.nan)
    for prompt, readout, said in zip(done, *scores, strict=True):
        tokens = sum(row.usage.prompt_tokens + row.usage.completion_tokens for row in prompt.rows)
        key = _cluster(prompt.rows[0], suite.name)
        yield key, _Sample(prompt.kind, tokens), (readout.kendall, said.kendall)


def _stratum(suite: str, group: str) -> str:
    if suite != "rmbench":
        return group
    from skillbench.suites.rmbench.metric import domain_of

    return domain_of(group)


def _over_groups(suite: str, headline: str) -> bool:
    """Whether a headline is the mean of the means of its groups."""
    last = headline.rpartition(".")[2]
    return suite in _OVER_GROUPS or last == "leaderboard" or (suite == "rmbench" and last == "overall")


def _headline(folder: Path, suite: Suite) -> str | None:
    try:
        metrics = json.loads((folder / "metrics.json").read_bytes())
        name = metrics["headline"]["name"]
    except (OSError, ValueError, KeyError, TypeError):
        # A run that was killed has no metrics yet; its predictions say all there is to know.
        return suite.score(read_predictions(folder)).headline
    return name if isinstance(name, str) else None


def read_values(folder: Path) -> RunValues:
    """Read a run folder by sample; memory grows with samples, not with judgments or their texts.

    Raises:
        BenchError: it is no run folder, or its files are broken.
    """
    run = read_run(folder)
    suite = suite_of(run, folder)
    headline = _headline(folder, suite)
    if suite.name in _PAIRS or headline is None:
        found = _pair_values(suite, folder)
    elif suite.name == "ifrewardbench" and suite.mode != "constraint":
        found = _ranked_values(suite, folder)
    else:
        found = _scored_values(suite, folder, headline)
    keys: list[str] = []
    groups: list[str] = []
    tokens: list[float] = []
    values: list[tuple[float, float]] = []
    unfinished = 0
    for key, sample, both in found:
        if np.isnan(both[0]):
            unfinished += 1
            continue
        keys.append(key)
        groups.append(sample.group)
        tokens.append(sample.tokens)
        values.append(both)
    table = np.asarray(values, dtype=np.float64).reshape(-1, 2)
    return RunValues(
        folder=folder,
        run=run,
        headline=headline,
        macro=headline is not None and _over_groups(suite.name, headline),
        keys=tuple(keys),
        groups=tuple(groups),
        strata=tuple(_stratum(suite.name, group) for group in groups),
        values={"readout": table[:, 0], "said": table[:, 1]},
        tokens=np.asarray(tokens, dtype=np.float64),
        unfinished=unfinished,
    )
