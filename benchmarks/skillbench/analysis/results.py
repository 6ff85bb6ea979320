"""From predictions to ``metrics.json``.

Metrics depend on the recorded judgments alone, never on the order they came in nor on the clock:
times lie in ``run.json`` and in the traces.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from skillbench.analysis.probabilities import Probabilities
from skillbench.analysis.validity import Validity, share_of, validities
from skillbench.errors import BenchError
from skillbench.folder.journal import PREDICTIONS, fitting, read_predictions
from skillbench.folder.shapes import misshapen
from skillbench.folder.store import read_run
from skillbench.statistics.estimate import Estimate
from skillbench.suites.base import Prediction, Scores, Suite
from skillbench.suites.behind import Behind
from skillspec.files import read_json

__all__ = ["METRICS_FORMAT", "expectation", "metrics_of", "read_metrics", "recorded_metrics"]

METRICS_FORMAT: Final = 2
"""Version of ``metrics.json``. In 1, ``official`` and ``headline`` were by the readout."""

_SUMS = ("requests", "prompt_tokens", "cached_tokens", "completion_tokens", "tool_calls", "retries")


@dataclass(slots=True)
class _Tally:
    """Counts over all predictions, taken while they pass by."""

    judgments: Counter[str] = field(default_factory=Counter)
    invalid: Counter[str] = field(default_factory=Counter)
    owners: Counter[str] = field(default_factory=Counter)
    usage: Counter[str] = field(default_factory=Counter)
    decided: Counter[str] = field(default_factory=Counter)
    overruled: int = 0
    said: int = 0
    computed: int = 0
    grounded: Counter[str] = field(default_factory=Counter)
    probabilities: Probabilities = field(default_factory=Probabilities)

    def watch(self, rows: Iterable[Prediction], suite: Suite) -> Iterator[Prediction]:
        for row in rows:
            self.judgments[row.group] += 1
            if row.valid:
                self._watch_verdict(row)
            else:
                self.invalid[row.group] += 1
                self.owners[row.error_owner or "harness"] += 1
            if row.grounded is not None:
                self.grounded["grounded" if row.grounded else "ungrounded"] += 1
            for name in _SUMS:
                self.usage[name] += getattr(row.usage, name)
            self.probabilities.see(row, suite)
            yield row

    def _watch_verdict(self, row: Prediction) -> None:
        self.overruled += row.said != row.outcome
        self.said += row.said is not None
        if row.decided_by is not None:
            self.decided[row.decided_by] += 1
        else:
            self.computed += row.said is None and row.outcome is not None

    @property
    def only_readout(self) -> bool:
        """Whether the readout makes the only score: it computes one where the judge is asked for none."""
        return not self.said and self.computed > 0

    def groups(self) -> dict[str, dict[str, Any]]:
        """Return the judgments of each group, and whether a number of it may be shown."""
        return {
            name: share_of(self.judgments[name], self.invalid[name]).facts()
            for name in sorted(self.judgments)
        }

    def strata(self, suite: Suite) -> dict[str, Validity]:
        """Return the same of each stratum."""
        judgments, invalid = Counter[str](), Counter[str]()
        for group, number in self.judgments.items():
            judgments[suite.stratum(group)] += number
            invalid[suite.stratum(group)] += self.invalid[group]
        return {name: share_of(number, invalid[name]) for name, number in judgments.items()}


def _detailed(
    estimates: Mapping[str, Estimate], states: Mapping[str, Validity]
) -> dict[str, dict[str, float | int | str | None]]:
    detailed: dict[str, dict[str, float | int | str | None]] = {}
    for name, estimate in estimates.items():
        if states[name].state == "withheld":
            detailed[name] = {
                **dict.fromkeys(("value", "low", "high", "hits")),
                "of": estimate.of,
                "method": "withheld",
                "over": estimate.over,
            }
        else:
            detailed[name] = asdict(estimate)
    return detailed


def _incomplete(suite: Suite, scores: Scores, groups: Mapping[str, int] | None) -> set[str]:
    """Name the strata of which not all samples are finished."""
    return {
        suite.stratum(group)
        for group, samples in (groups or {}).items()
        if scores.finished.get(group, 0) < samples
    }


def metrics_of(
    suite: Suite,
    rows: Iterable[Prediction],
    expected: int,
    groups: Mapping[str, int] | None = None,
    duplicates: int = 0,
) -> dict[str, Any]:
    """Compute what ``metrics.json`` holds.

    Args:
        suite: gives the official metric.
        rows: the predictions, in any order; read once.
        expected: how many judgments the whole run has.
        groups: how many samples each group has; None where that is not known.
        duplicates: rows of the data that hold the same as others.

    Values are per cent, Kendall too, and None where they are withheld; ``validity`` says why. ``said`` is by
    the judge's own answer and ``readout`` by what the skill's code made of it. ``official`` and ``headline``
    are by the former; ``only_readout`` names the metrics for which there is but the latter.
    ``probabilities`` is there where the judgments have some.
    """
    tally = _Tally()
    scores: Scores = suite.score(tally.watch(rows, suite))
    judgments, invalid = tally.judgments.total(), tally.invalid.total()
    incomplete = _incomplete(suite, scores, groups) if judgments < expected else set()
    states = validities(scores, Behind(judgments, invalid), tally.strata(suite), incomplete)
    said = {} if tally.only_readout else _detailed(scores.said, states)
    readout = _detailed(scores.readout, states)
    # Names in the suite's order; for each the judge's own number where there is one.
    official = {name: said.get(name, readout.get(name, {})) for name in {**scores.readout, **scores.said}}
    weighed = tally.probabilities.facts()
    return {
        "format": METRICS_FORMAT,
        "suite": suite.name,
        "mode": suite.mode,
        "reader": suite.reader,
        "complete": judgments == expected,
        "headline": _headline(scores.headline, said, readout, states),
        "official": {name: estimate["value"] for name, estimate in official.items()},
        "said": {name: estimate["value"] for name, estimate in said.items()},
        "readout": {name: estimate["value"] for name, estimate in readout.items()},
        "only_readout": [name for name in official if name not in said],
        "intervals": {"confidence": 0.95, "said": said, "readout": readout},
        "validity": {name: validity.facts() for name, validity in states.items()},
        "groups": tally.groups(),
        "code": {
            "decided": tally.decided.total(),
            "of": judgments,
            "by_verifier": dict(sorted(tally.decided.items(), key=lambda entry: (-entry[1], entry[0]))),
        },
        "orders": {name: dict(facts) for name, facts in scores.orders.items()},
        "references": dict(scores.references),
        "facts": dict(scores.facts),
        **({"probabilities": weighed} if weighed else {}),
        "counts": {
            "expected": expected,
            "duplicates": duplicates,
            "judgments": judgments,
            "valid": judgments - invalid,
            "invalid": invalid,
            "invalid_by_owner": dict(sorted(tally.owners.items())),
            "unfinished_samples": scores.unfinished,
            "readout_differs_from_said": tally.overruled,
            "grounded": tally.grounded["grounded"],
            "ungrounded": tally.grounded["ungrounded"],
        },
        "usage": {name: tally.usage[name] for name in _SUMS},
    }


def _headline(
    name: str | None,
    said: Mapping[str, Mapping[str, Any]],
    readout: Mapping[str, Mapping[str, Any]],
    states: Mapping[str, Validity],
) -> dict[str, Any]:
    """Return the headline: by the judge's own answer where it has a number by that."""
    if name is None:
        return {"name": None, "by": None, **dict.fromkeys(("value", "low", "high", "readout"))}
    by, estimate = ("said", said[name]) if name in said else ("readout", readout[name])
    other = readout.get(name)
    return {
        "name": name,
        "by": by,
        **{end: estimate[end] for end in ("value", "low", "high")},
        "readout": None if other is None else other["value"],
        **states[name].facts(),
    }


def recorded_metrics(folder: Path) -> dict[str, Any] | None:
    """Return what ``metrics.json`` of a run folder says, in whatever form; None where there is none.

    Raises:
        BenchError: it cannot be read.
    """
    path = folder / "metrics.json"
    try:
        metrics = read_json(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BenchError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise BenchError(f"{path} is broken: {error}; the run's own command writes it again") from error
    if not isinstance(metrics, dict) or not isinstance(metrics.get("format"), int):
        raise BenchError(f"{path} does not hold the metrics of a run; the run's own command writes it again")
    if metrics["format"] == METRICS_FORMAT and (problem := misshapen(metrics)) is not None:
        raise BenchError(f"{path} is broken ({problem}); the run's own command writes it again")
    return metrics


def read_metrics(folder: Path) -> Mapping[str, Any]:
    """Return the metrics of a run folder in the form of today.

    Where ``metrics.json`` is of another form, or missing because the run was killed, they are computed
    from the recorded judgments.

    Raises:
        BenchError: it is no run folder, or its files are broken.
    """
    recorded = recorded_metrics(folder)
    if recorded is not None and recorded["format"] == METRICS_FORMAT:
        return recorded
    path = folder / PREDICTIONS
    state = path.stat() if path.exists() else None
    return _computed(folder, (state.st_mtime_ns, state.st_size) if state is not None else None)


@functools.lru_cache(maxsize=64)
def _computed(folder: Path, _state: tuple[int, int] | None) -> Mapping[str, Any]:
    """Compute the metrics once for each state of the predictions: a matrix asks after every run."""
    from skillbench.analysis.sample_values import suite_of

    run = read_run(folder)
    suite = suite_of(run, folder)
    with fitting(folder, suite.name):
        return metrics_of(suite, read_predictions(folder), *expectation(run))


def expectation(run: Mapping[str, Any]) -> tuple[int, Mapping[str, int] | None, int]:
    """Return what ``run.json`` says of the data: its judgments, the samples of each group, its duplicates."""
    rows = run.get("rows")
    facts = rows if isinstance(rows, dict) else {}
    return int(facts.get("judgments", 0)), facts.get("groups"), int(facts.get("duplicates") or 0)
