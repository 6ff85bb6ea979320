"""What a report says of one run, ready to be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skillbench.analysis.diagnostics import Diagnostics, diagnose
from skillbench.analysis.judgments import Judgments, read_judgments
from skillbench.analysis.results import read_metrics
from skillbench.analysis.sample_values import RunValues, read_values, suite_of
from skillbench.errors import BenchError
from skillbench.settings import setting_for
from skillbench.statistics.estimate import Estimate
from skillbench.statistics.estimates import mean_estimate, share_estimate

__all__ = ["RunFacts", "group_estimates", "read_facts"]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A run as the report needs it. ``setting`` is a name for people, ``metrics`` as in metrics.json.

    ``groups`` has an estimate for each group by what the headline is by, None where it is withheld.
    """

    name: str
    setting: str
    values: RunValues
    judgments: Judgments
    diagnostics: Diagnostics
    metrics: Mapping[str, Any]
    groups: Mapping[str, Estimate | None]

    @property
    def identity(self) -> Mapping[str, Any]:
        """What makes the run this run and no other."""
        return self.values.identity


def group_estimates(run: RunValues, view: str) -> dict[str, Estimate]:
    """Return each group's mean over its samples with its 95% interval, in per cent."""
    estimates: dict[str, Estimate] = {}
    labels = np.asarray(run.groups)
    for name in sorted(set(run.groups)):
        places = np.flatnonzero((labels == name) & np.isfinite(run.values[view]))
        values, units = run.values[view][places], [run.units[place] for place in places]
        if not len(values):
            continue
        if np.isin(values, (0.0, 1.0)).all():
            estimates[name] = share_estimate([bool(value) for value in values], units)
        else:
            limits = (-1.0 if values.min() < 0 else 0.0, 1.0)
            estimates[name] = mean_estimate(values.tolist(), limits, clusters=units)
    return estimates


def _groups(run: RunValues, metrics: Mapping[str, Any]) -> dict[str, Estimate | None]:
    """Return the estimates of groups that may be shown; the others have none."""
    view = metrics["headline"]["by"] or "said"
    estimates: dict[str, Estimate | None] = dict(group_estimates(run, view))
    withheld = [name for name, validity in metrics["groups"].items() if validity["state"] == "withheld"]
    return {**estimates, **dict.fromkeys(withheld)}


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
    metrics = read_metrics(folder)
    return RunFacts(
        name=name,
        setting=_setting(values.identity),
        values=values,
        judgments=judgments,
        diagnostics=diagnose(judgments),
        metrics=metrics,
        groups=_groups(values, metrics),
    )
