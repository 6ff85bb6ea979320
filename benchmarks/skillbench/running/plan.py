"""Plans: which models are run on which benchmarks in which settings, read from YAML."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from skillbench.errors import BenchError
from skillbench.running.presets import find_preset
from skillbench.settings import LEVELS, Setting, find_setting
from skillbench.suites import SUITES
from skillspec.files import read_file

__all__ = ["SHIPPED", "BenchmarkPlan", "Cell", "ModelPlan", "Plan", "SettingPlan", "read_plan"]

SHIPPED: Final = Path(__file__).resolve().parent / "plans"
"""The plans that ship; a plan's name alone is looked up here."""

_MOST_BYTES: Final = 1 << 20
_MOST_ENTRIES: Final = 20_000
_MOST_DEPTH: Final = 12
_MOST_BRACKETS: Final = 500
_MOST_NAME: Final = 120

AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]


class ModelPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model: a preset's key, or the name that a server calls it by."""

    name: str
    model: str | None = None
    base_url: tuple[str, ...] = ()
    concurrency: AtLeastOne | None = None
    temperature: Annotated[float, msgspec.Meta(ge=0, le=100)] = 0.0
    max_tokens: AtLeastOne | None = None
    enable_thinking: bool = False
    tool_mode: Literal["native", "schema"] | None = None


class BenchmarkPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A benchmark: its suite, its files below the data root, and what the table shows of it.

    ``metric`` lists names of metrics; the first that a run has is shown, and its headline where it is
    empty. ``beside`` names metrics that are listed below the table. ``settings`` narrows the plan's to some.
    """

    suite: str
    data: tuple[str, ...] = ()
    name: str = ""
    mode: str | None = None
    metric: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    settings: tuple[str, ...] | None = None
    routes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What the table and the folder call it."""
        return self.name or (f"{self.suite}-{self.mode}" if self.mode else self.suite)


class SettingPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A setting: one of the named ones, or a skill and its delivery; ``routes`` go to the baseline."""

    name: str
    skill: str | None = None
    delivery: str | None = None
    setting: str | None = None
    routes: tuple[str, ...] = ()


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    models: tuple[str | ModelPlan, ...]
    benchmarks: tuple[BenchmarkPlan, ...]
    settings: tuple[str | SettingPlan, ...]
    average: tuple[str, ...] = ()
    seed: int = 0
    placement_seed: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One run of a plan."""

    model: ModelPlan
    benchmark: BenchmarkPlan
    setting: SettingPlan

    @property
    def folder(self) -> Path:
        """The run's folder below the matrix's."""
        return Path(self.model.name, self.benchmark.title, self.setting.name)


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan, checked. ``average`` names the benchmarks whose shown metrics are averaged."""

    name: str
    models: tuple[ModelPlan, ...]
    benchmarks: tuple[BenchmarkPlan, ...]
    settings: tuple[SettingPlan, ...]
    average: tuple[str, ...]
    seed: int
    placement_seed: int

    def cells(self) -> tuple[Cell, ...]:
        """Return the runs in their order: a model after the other, so that a server is used up first."""
        return tuple(
            Cell(model, benchmark, setting)
            for model in self.models
            for benchmark in self.benchmarks
            for setting in self.settings
            if benchmark.settings is None or setting.name in benchmark.settings
        )


def read_plan(path: Path) -> Plan:
    """Read a plan: a YAML file, or the name of one that ships with the repository.

    Raises:
        BenchError: it cannot be read, or says something that cannot be run.
    """
    import yaml

    found = path
    if path.name == str(path) and not os.path.lexists(path):
        found = next((p for p in (SHIPPED / path, SHIPPED / f"{path}.yaml") if p.is_file()), path)
    try:
        raw = read_file(found, _MOST_BYTES)
        _check_brackets(raw)
        written = yaml.safe_load(raw)
        _check_size(written)
        document = msgspec.convert(written, _Document)
    except OSError as error:
        known = ", ".join(sorted(one.stem for one in SHIPPED.glob("*.yaml")))
        hint = f"; the plans that ship are: {known}" if known else ""
        raise BenchError(f"cannot read the plan {path}: {error.strerror}{hint}") from error
    except yaml.YAMLError as error:
        raise BenchError(f"{found} is not YAML: {' '.join(str(error).split())}") from error
    except (msgspec.ValidationError, ValueError, TypeError, OverflowError) as error:
        raise BenchError(f"{found}: {' '.join(str(error).replace('`', '').split())}") from error
    except RecursionError as error:
        raise BenchError(f"{found} is nested too deeply") from error
    plan = Plan(
        name=document.name,
        models=tuple(_model(one) for one in document.models),
        benchmarks=document.benchmarks,
        settings=tuple(_setting(one) for one in document.settings),
        average=document.average,
        seed=document.seed,
        placement_seed=document.placement_seed,
    )
    _check(plan, found)
    return plan


def _check_brackets(raw: bytes) -> None:
    """Refuse what the parser of YAML would be busy with for a long time: its time grows with the square."""
    depth = 0
    for sign in re.findall(rb"[\[\]{}]|(?<![^\s-])- (?=- )", raw):
        depth += 1 if sign in b"[{- " else -1
        if depth > _MOST_BRACKETS:
            raise ValueError("it is nested too deeply")


def _check_size(written: Any, depth: int = 0) -> int:
    """Count what the document holds, anchors each time they are named; refuse what no plan needs."""
    if depth > _MOST_DEPTH:
        raise ValueError("it is nested too deeply")
    parts = [*written, *written.values()] if isinstance(written, dict) else written
    size = 1
    for part in parts if isinstance(parts, list | tuple | set) else ():
        size += _check_size(part, depth + 1)
        if size > _MOST_ENTRIES:
            raise ValueError(f"it has more than {_MOST_ENTRIES:,} entries")
    return size


def _model(one: str | ModelPlan) -> ModelPlan:
    named = ModelPlan(one) if isinstance(one, str) else one
    if named.model is not None or any(url.startswith(("control:", "local")) for url in named.base_url):
        return named
    preset = find_preset(named.name)
    return msgspec.structs.replace(
        named, model=preset.served, concurrency=named.concurrency or preset.concurrency
    )


def _setting(one: str | SettingPlan) -> SettingPlan:
    given = SettingPlan(one) if isinstance(one, str) else one
    if given.skill is not None or given.delivery is not None:
        return given
    known: Setting = find_setting(given.name)
    return msgspec.structs.replace(given, skill=known.skill, delivery=known.delivery)


def _check(plan: Plan, path: Path) -> None:
    def refuse(problem: str) -> BenchError:
        return BenchError(f"{path}: {problem}")

    for kind, names in (
        ("model", [one.name for one in plan.models]),
        ("benchmark", [one.title for one in plan.benchmarks]),
        ("setting", [one.name for one in plan.settings]),
    ):
        if not names:
            raise refuse(f"there is no {kind}")
        for name in names:
            if names.count(name) > 1:
                raise refuse(f"there are two of the {kind} {name}; give one of them a name of its own")
            plain = name.isprintable() and len(name.encode("utf-8", "replace")) <= _MOST_NAME
            if Path(name).name != name or name.startswith(".") or not plain:
                raise refuse(f"{name!r} cannot be the name of a {kind}: it becomes a folder")
    titles = {one.title for one in plan.benchmarks}
    settings = {one.name for one in plan.settings}
    for benchmark in plan.benchmarks:
        if benchmark.suite not in SUITES:
            raise refuse(f"there is no suite {benchmark.suite}; there are: {', '.join(SUITES)}")
        for name in benchmark.settings or ():
            if name not in settings:
                raise refuse(f"benchmark {benchmark.title} names the setting {name}, which the plan lacks")
    for name in plan.average:
        if name not in titles:
            raise refuse(f"average names the benchmark {name}, which the plan lacks")
    for setting in plan.settings:
        if setting.setting is not None and setting.setting not in LEVELS:
            raise refuse(f"setting of {setting.name} must be {' or '.join(LEVELS)}")
