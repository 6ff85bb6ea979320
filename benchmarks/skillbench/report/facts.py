"""What a report says of one run, ready to be shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skillbench.analysis.diagnostics import Diagnostics, diagnose
from skillbench.analysis.sample_values import RunValues, read_values, suite_of
from skillbench.errors import BenchError
from skillbench.folder.journal import read_predictions
from skillbench.folder.judgments import Judgments, read_judgments
from skillbench.folder.results import metrics_of
from skillbench.running.settings import setting_for
from skillbench.statistics.estimates import mean_estimate, percent_estimate
from skillbench.suites.base import Estimate

__all__ = ["RunFacts", "group_estimates", "read_facts"]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run as the report needs it. ``setting`` is a name for people, ``metrics`` as in metrics.json."""

    name: str
    setting: str
    values: RunValues
    judgments: Judgments
    diagnostics: Diagnostics
    metrics: Mapping[str, Any]
    groups: Mapping[str, Estimate]

    @property
    def identity(self) -> Mapping[str, Any]:
        """What makes the run this run and no other."""
        return self.values.identity


def group_estimates(run: RunValues, view: str = "readout") -> dict[str, Estimate]:
    """Return each group's mean over its samples with its 95% interval, in per cent."""
    found: dict[str, Estimate] = {}
    labels = np.asarray(run.groups)
    for name in sorted(set(run.groups)):
        values = run.values[view][labels == name]
        values = values[np.isfinite(values)]
        if not len(values):
            continue
        if np.isin(values, (0.0, 1.0)).all():
            found[name] = percent_estimate(int(values.sum()), len(values))
        else:
            found[name] = mean_estimate(values.tolist(), (-1.0 if values.min() < 0 else 0.0, 1.0))
    return found


def _metrics(folder: Path, run: Mapping[str, Any]) -> Mapping[str, Any]:
    path = folder / "metrics.json"
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        # A run that was killed: what it has is scored now.
        rows = run.get("rows")
        expected = rows.get("judgments", 0) if isinstance(rows, dict) else 0
        return metrics_of(suite_of(run, folder), read_predictions(folder), int(expected))
    except ValueError as error:
        raise BenchError(f"{path} is broken: {error}; the run's own command writes it again") from error
    if not isinstance(found, dict) or not {"headline", "counts", "usage", "intervals"} <= set(found):
        raise BenchError(
            f"{path} is not of this version of skillbench; the run's own command writes it again"
        )
    return found


def _setting(identity: Mapping[str, Any]) -> str:
    skill, delivery = identity.get("skill"), str(identity.get("delivery"))
    return setting_for(skill, delivery) or (f"{skill}, {delivery}" if skill else "no skill")


def read_facts(folder: Path, name: str) -> RunFacts:
    """Read a run folder.

    Raises:
        BenchError: it is no run folder, or its files are broken.
    """
    values = read_values(folder)
    judgments = read_judgments(folder, suite_of(values.run, folder))
    if not len(judgments):
        raise BenchError(f"{folder} has no judgments yet; there is nothing to report")
    return RunFacts(
        name=name,
        setting=_setting(values.identity),
        values=values,
        judgments=judgments,
        diagnostics=diagnose(judgments),
        metrics=_metrics(folder, values.run),
        groups=group_estimates(values),
    )
