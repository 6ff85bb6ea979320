"""What each sample of a run is worth by its suite's headline metric: the units of a comparison.

A headline is a mean over samples, or a mean of the means of groups: with the right weights, the values
here add up to it, so that a difference of two runs is the difference of their headlines. A value is
computed by the suite itself from the judgments of one sample.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from skillbench.errors import BenchError
from skillbench.folder.journal import PREDICTIONS, decode_line, fitting, read_predictions
from skillbench.folder.store import read_run
from skillbench.statistics.pairs import mean_weights
from skillbench.suites import open_suite
from skillbench.suites.base import Prediction, Suite
from skillbench.suites.offers import Worth
from skillspec.files import open_file, read_json

__all__ = ["VIEWS", "RunValues", "read_values", "suite_of"]

VIEWS: Final = ("said", "readout")
"""What the judge itself answered, and what the skill's code made of the judgments."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RunValues:
    """A run by sample. Arrays are parallel to ``keys``.

    Attributes:
        folder: the run's.
        run: what its ``run.json`` says.
        headline: the metric that the values are of, None when no sample is finished.
        said_metric: what stands for it by what the judge said, None where the headline itself does.
        macro: whether the metric is the mean of the strata's means.
        adds_up: whether the values add up to the metric; a comparison of values that do not is refused.
        keys: the samples, by position and id; finished ones alone.
        groups: the group of each sample.
        strata: what the metric averages over; for most suites the groups.
        units: the prompt of each sample: samples of one prompt are no independent observations.
        values: by view, in 0..1 or -1..1; NaN where a view has no value for the sample.
        tokens: prompt and completion tokens of each sample.
        unfinished: samples that lack a judgment.
    """

    folder: Path
    run: Mapping[str, Any]
    headline: str | None
    said_metric: str | None
    macro: bool
    adds_up: bool
    keys: tuple[str, ...]
    groups: tuple[str, ...]
    strata: tuple[str, ...]
    units: tuple[str, ...]
    values: Mapping[str, Floats]
    tokens: Floats
    unfinished: int

    @property
    def identity(self) -> Mapping[str, Any]:
        """What makes the run this run and no other."""
        identity: Mapping[str, Any] = self.run["identity"]
        return identity

    def metric(self, view: str) -> str | None:
        """Return the name of the metric that a view's values are of."""
        if view == "said":
            return self.said_metric or self.headline
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
    lacking = [name for name in ("suite", "delivery", "model", "skill") if name not in (identity or {})]
    if not isinstance(identity, dict) or lacking:
        raise BenchError(f"{folder / 'run.json'} does not say which {lacking[0]} was run")
    return open_suite(
        identity["suite"],
        (),
        identity.get("mode"),
        identity.get("placement_seed") or 0,
        reader=identity.get("reader") or "ours",
        score_only=True,
    )


def _tokens(rows: Sequence[Prediction]) -> int:
    return sum(row.usage.prompt_tokens + row.usage.completion_tokens for row in rows)


def _by_sample(suite: Suite, folder: Path) -> Iterator[Sequence[Prediction]]:
    """Yield the judgments of each sample; of the others only the places are in memory."""
    places: dict[str, list[int]] = {}
    start = 0
    with open_file(folder / PREDICTIONS) as file:
        for row, raw in zip(read_predictions(folder), file, strict=True):
            places.setdefault(suite.sample_of(row), []).append(start)
            start += len(raw)
        for starts in places.values():
            rows = []
            for start in starts:
                file.seek(start)
                rows.append(decode_line(file.readline(), _DECODER))
            yield rows


_DECODER: Final = msgspec.json.Decoder(Prediction)


def _worths(suite: Suite, folder: Path, headline: str) -> Iterator[tuple[Sequence[Prediction], Worth]]:
    """Yield each sample's judgments and what they are worth by the headline."""
    together = suite.worths(read_predictions(folder))
    if together is not None:
        yield from together
        return
    for rows in _by_sample(suite, folder):
        yield rows, suite.worth(rows, headline)


@dataclass(frozen=True, slots=True)
class _Headline:
    """The headline metric as the whole run has it; ``macro`` is None where nobody says."""

    name: str | None
    value: float | None = None
    macro: bool | None = None


def _headline(folder: Path, suite: Suite) -> _Headline:
    try:
        metrics = read_json(folder / "metrics.json")
        name = metrics["headline"]["name"]
        estimate = metrics["intervals"]["readout"].get(name) or {}
        if name is None or "over" in estimate:
            macro = estimate.get("over") == "strata"
            return _Headline(name, estimate.get("value"), macro)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    # A run that was killed has no metrics yet, an old one does not say what a metric is the mean of.
    scores = suite.score(read_predictions(folder))
    headline = scores.readout.get(scores.headline or "")
    if headline is None:
        return _Headline(scores.headline)
    return _Headline(scores.headline, headline.value, headline.over == "strata")


def _adds_up(values: Floats, strata: Sequence[str], headline: _Headline) -> tuple[bool, bool]:
    """Return whether the metric is the mean of its strata's means, and whether the values add up to it.

    What the metric says of itself is believed where it is true; a suite that formed the mean of means by
    hand is understood as well.
    """
    said = bool(headline.macro)
    if headline.value is None or not len(values):
        return said, True
    for macro in (said, not said):
        mean = 100 * float(values @ mean_weights(strata, macro=macro))
        if math.isclose(mean, headline.value, rel_tol=1e-9, abs_tol=1e-6):
            return macro, True
    return said, False


def read_values(folder: Path) -> RunValues:
    """Read a run folder by sample; memory grows with samples, not with judgments or their texts.

    Raises:
        BenchError: it is no run folder, or its files are broken.
    """
    run = read_run(folder)
    suite = suite_of(run, folder)
    with fitting(folder, suite.name):
        return _read(folder, run, suite)


def _read(folder: Path, run: Mapping[str, Any], suite: Suite) -> RunValues:
    headline = _headline(folder, suite)
    keys: list[str] = []
    groups: list[str] = []
    units: list[str] = []
    tokens: list[float] = []
    values: list[tuple[float, float]] = []
    unfinished = 0
    for rows, worth in _worths(suite, folder, headline.name or ""):
        if worth.readout is None:
            unfinished += 1
            continue
        keys.append(suite.sample_of(rows[0]))
        groups.append(rows[0].group)
        units.append(rows[0].unit)
        tokens.append(_tokens(rows))
        values.append((worth.readout, math.nan if worth.said is None else worth.said))
    table = np.asarray(values, dtype=np.float64).reshape(-1, 2)
    strata = tuple(suite.stratum(group) for group in groups)
    macro, adds_up = _adds_up(table[:, 0], strata, headline)
    return RunValues(
        folder=folder,
        run=run,
        headline=headline.name,
        said_metric=suite.said_metric,
        macro=macro,
        adds_up=adds_up,
        keys=tuple(keys),
        groups=tuple(groups),
        strata=strata,
        units=tuple(units),
        values={"readout": table[:, 0], "said": table[:, 1]},
        tokens=np.asarray(tokens, dtype=np.float64),
        unfinished=unfinished,
    )
