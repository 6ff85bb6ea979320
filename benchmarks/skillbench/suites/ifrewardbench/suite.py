"""IF-RewardBench: which of two responses follows its instruction better, and which items each meets.

Modes: ``overall`` shows each pair of a prompt's responses once, in the published order;
``overall_balanced`` shows it in the other order too and reports that beside the official number;
``constraint`` asks for a verdict on every item of the checklist, response by response.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from skillbench.errors import BenchError
from skillbench.suites.base import Case, Job, Prediction, Scores
from skillbench.suites.fields import objects, texts
from skillbench.suites.files import FileSuite, seal
from skillbench.suites.ifrewardbench.metric import INSTRUCTION_TYPES, shown_pairs
from skillbench.suites.ifrewardbench.outputs import read_preference, read_statuses
from skillbench.suites.ifrewardbench.scores import constraint_scores, overall_scores, overall_worths
from skillbench.suites.offers import PublishedReader, TextReader, Worth
from skillbench.suites.rows import Row, kind_of
from skillbench.suites.source import RemoteFile, Source
from skillrt.judging.verdict import Verdict
from skillspec.files import read_json

__all__ = ["POSITIONS", "IFRewardBench", "Sample"]

_IF: Final = (
    "https://raw.githubusercontent.com/thu-coai/IF-RewardBench/8840f9c630d65897e000f58004c64114a62bd7a1"
)
_FAMILIES: Final = {
    "category": "constraint_categories",
    "composition": "constraint_composition_types",
}

POSITIONS: Final = "position_maps.json"
"""Name of the file with the display order of every pair."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A prompt. ``edges`` are (chosen, rejected) numbers of responses, ``labels`` the gold ones."""

    ident: str
    kind: str
    prompt: str
    system: str | None
    history: list[dict[str, str]]
    checklist: list[str]
    responses: tuple[str, ...]
    labels: tuple[tuple[int, ...], ...]
    edges: tuple[tuple[int, int], ...]
    kinds: Mapping[str, list[list[str]]]
    model: str


def _messages(row: Row) -> tuple[str | None, list[dict[str, str]], str]:
    messages = objects(row, "messages")
    turns: list[dict[str, str]] = []
    for number, message in enumerate(messages):
        for name in ("role", "content"):
            if not isinstance(message.get(name), str):
                raise row.error(
                    f"messages[{number}].{name}", f"must be text, not {kind_of(message.get(name))}"
                )
        turns.append({"role": message["role"], "content": message["content"]})
    system = turns.pop(0)["content"] if turns[0]["role"] == "system" else None
    if not turns or turns[-1]["role"] != "user":
        raise row.error("messages", "must end with the user's instruction")
    return system, turns[:-1], turns[-1]["content"]


def _responses(row: Row, items: int) -> tuple[dict[int, int], list[str], list[tuple[int, ...]]]:
    """Return the numbers of the response ids, the texts, and the gold labels."""
    numbers: dict[int, int] = {}
    shown: list[str] = []
    labels: list[tuple[int, ...]] = []
    for number, response in enumerate(objects(row, "responses")):
        place = f"responses[{number}]"
        ident, text, gold = (response.get(name) for name in ("response_id", "response", "labels"))
        if not isinstance(ident, int) or ident in numbers:
            raise row.error(f"{place}.response_id", "must be a whole number of its own")
        if not isinstance(text, str):
            raise row.error(f"{place}.response", f"must be text, not {kind_of(text)}")
        if not isinstance(gold, list) or len(gold) != items or any(label not in (0, 1) for label in gold):
            raise row.error(
                f"{place}.labels", f"must hold 0 or 1 for each of the {items} items of the checklist"
            )
        numbers[ident] = number
        shown.append(text)
        labels.append(tuple(int(label) for label in gold))
    return numbers, shown, labels


def _edges(row: Row, numbers: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
    edges = []
    listed = row.values.get("preference_graph")
    if not isinstance(listed, list):
        raise row.error("preference_graph", f"must be a list, not {kind_of(listed)}")
    for number, edge in enumerate(listed):
        ends = []
        for name in ("chosen", "rejected"):
            end = edge.get(name) if isinstance(edge, dict) else None
            ident = end.get("response_id") if isinstance(end, dict) else None
            if not isinstance(ident, int) or ident not in numbers:
                raise row.error(
                    f"preference_graph[{number}].{name}.response_id", "names no response of the row"
                )
            ends.append(numbers[ident])
        edges.append((ends[0], ends[1]))
    return tuple(edges)


def _kinds(row: Row, items: int) -> dict[str, list[list[str]]]:
    """Return for each family of kinds of constraints the kinds of every item; empty where there are none."""
    listed = row.values.get("constraint_type")
    entries = listed if isinstance(listed, list) and len(listed) == items else [None] * items
    kinds: dict[str, list[list[str]]] = {}
    for family, field in _FAMILIES.items():
        names = [entry.get(field) if isinstance(entry, dict) else None for entry in entries]
        kinds[family] = [list(map(str, name)) if isinstance(name, list) else [] for name in names]
    return kinds


def _read(row: Row) -> Sample:
    kind = row.text("instruction_type")
    if kind not in INSTRUCTION_TYPES:
        raise row.error(
            "instruction_type", f"must be one of {', '.join(INSTRUCTION_TYPES)}, not {kind[:40]!r}"
        )
    checklist = texts(row, "checklist")
    system, history, prompt = _messages(row)
    numbers, shown, labels = _responses(row, len(checklist))
    return Sample(
        ident=row.ident("id"),
        kind=kind,
        prompt=prompt,
        system=system,
        history=history,
        checklist=checklist,
        responses=tuple(shown),
        labels=tuple(labels),
        edges=_edges(row, numbers),
        kinds=_kinds(row, len(checklist)),
        model=str(row.values.get("response_generation_model") or ""),
    )


def _positions(path: Path) -> dict[str, dict[str, int]]:
    try:
        entries = read_json(path)
    except OSError as error:
        raise BenchError(
            f"cannot read {path}: {error.strerror}; the display order of the pairs is part of the benchmark: "
            f"put {POSITIONS} beside the data, or name it with a --data of its own"
        ) from error
    except ValueError as error:
        raise BenchError(f"{path} is not JSON: {error}") from error
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise BenchError(
            f"{path} must be an object that gives each prompt's id an object such as {{'0_1': 1}}"
        )
    return entries


class IFRewardBench(FileSuite[Sample]):
    """The suite ``ifrewardbench``: ``if_rewardbench.json`` and, for pairs, ``position_maps.json``."""

    name = "ifrewardbench"
    modes: ClassVar[tuple[str, ...]] = ("overall", "overall_balanced", "constraint")
    source = Source(
        title="IF-RewardBench, 842 prompts",
        home="https://github.com/thu-coai/IF-RewardBench",
        license="see the repository",
        files=(
            RemoteFile(f"{_IF}/data/if_rewardbench.json", "if_rewardbench/if_rewardbench.json", rows=842),
            RemoteFile(f"{_IF}/inference/position_maps.json", "if_rewardbench/position_maps.json"),
        ),
        note="position_maps.json fixes the display order of every pair; it belongs to the benchmark.",
        rows=842,
    )
    shown: ClassVar[Mapping[str, str]] = {
        "messages": "prompt, system_prompt, history",
        "responses": "responses (their texts alone)",
        "checklist": "checklist",
        "instruction_type": "instruction_type",
    }

    def __init__(self, paths: Sequence[Path] = (), mode: str = "", seed: int = 0) -> None:
        maps = [path for path in paths if path.name == POSITIONS or path.stem.startswith("position_maps")]
        data = [path for path in paths if path not in maps]
        super().__init__(data, mode, seed)
        self.tasks = ("ifrb_constraint",) if self.mode == "constraint" else ("ifrb_overall",)
        self._maps_path = maps[0] if maps else data[0].with_name(POSITIONS) if data else Path(POSITIONS)
        self._maps: dict[str, dict[str, int]] | None = None

    def digested(self) -> tuple[Path, ...]:
        """Return the data files and, for pairs, the display orders."""
        return self.paths if self.mode == "constraint" else (*self.paths, self._maps_path)

    official = (
        "constraints: a block whose conclusion is neither form counts as failed, and only a missing block is "
        "padded; pairs: a text that names both decides nothing"
    )

    def official_reader(self, task: str) -> TextReader:  # noqa: ARG002
        """Return the published rule for checklists, or for pairs."""
        return read_statuses if self.mode == "constraint" else read_preference

    @classmethod
    def published(cls) -> PublishedReader:
        """Return the reader of judges' critiques of checklists."""
        from skillbench.suites.ifrewardbench.outputs import score_critiques

        return score_critiques

    def read(self, row: Row) -> Sample:
        """Read one prompt and check that every pair of its responses has a display order."""
        sample = _read(row)
        if self.mode != "constraint":
            try:
                self._pairs(sample)
            except ValueError as error:
                raise row.error("id", f"{sample.ident}: {self._maps_path.name}: {error}") from error
        return sample

    def _pairs(self, sample: Sample) -> list[tuple[int, int]]:
        if self._maps is None:
            self._maps = _positions(self._maps_path)
        if sample.ident not in self._maps:
            raise ValueError("this prompt is not in it")
        return list(shown_pairs(len(sample.responses), self._maps[sample.ident]))

    def group(self, sample: Sample) -> str:
        """Return the instruction type."""
        return sample.kind

    def judgments(self, sample: Sample, /) -> int:
        """One a response, or one or two a pair."""
        if self.mode == "constraint":
            return len(sample.responses)
        return len(self._pairs(sample)) * (2 if self.mode == "overall_balanced" else 1)

    def content(self, sample: Sample) -> object:
        """Return the conversation, the checklist and all responses."""
        return sample.system, sample.history, sample.prompt, sample.checklist, sorted(sample.responses)

    def expand(self, sample: Sample, key: str, position: int) -> Iterator[Job]:
        """Yield the prompt's judgments."""
        fields: dict[str, Any] = {"prompt": sample.prompt, "checklist": sample.checklist}
        if sample.system is not None:
            fields["system_prompt"] = sample.system
        if sample.history:
            fields["history"] = sample.history
        fields["instruction_type"] = sample.kind
        jobs = self._responses if self.mode == "constraint" else self._comparisons
        yield from jobs(sample, key, position, fields)

    def _responses(self, sample: Sample, key: str, position: int, fields: Mapping[str, Any]) -> Iterator[Job]:
        spoken = len(sample.history) + 1
        for number, text in enumerate(sample.responses):
            gold: dict[str, Any] = {"response": number, "labels": list(sample.labels[number])}
            gold["of"] = len(sample.responses)
            if number == 0:
                gold |= {"edges": sample.edges, "model": sample.model, "turns": (spoken + 1) // 2}
                gold["kinds"] = sample.kinds
            case = Case(
                f"{key}:{number}",
                sample.ident,
                position,
                self.tasks[0],
                str(number),
                {**fields, "responses": {"A": text}},
                sample.kind,
            )
            yield Job(case, seal(gold, sample.kind))

    def _comparisons(
        self, sample: Sample, key: str, position: int, fields: Mapping[str, Any]
    ) -> Iterator[Job]:
        pairs = self._pairs(sample)
        orders = ("AB", "BA") if self.mode == "overall_balanced" else ("AB",)
        common = {"responses": len(sample.responses), "pairs": len(pairs)}
        for index, (first, second) in enumerate(pairs):
            for order in orders:
                left, right = (first, second) if order == "AB" else (second, first)
                gold: dict[str, Any] = {"first": left, "second": right, **common}
                gold["better"] = _better(sample.edges, left, right)
                if index == 0:
                    gold["edges"] = sample.edges
                shown = {"A": sample.responses[left], "B": sample.responses[right]}
                case_id = f"{key}:{left}_{right}:{order}"
                all_fields = {**fields, "responses": shown}
                case = Case(case_id, sample.ident, position, self.tasks[0], order, all_fields, sample.kind)
                yield Job(case, seal(gold, sample.kind))

    def points(self, gold: Any, verdict: Verdict) -> int | float | None:
        """Return the share of items judged as the gold labels do, or 1 or 0 for a pair that has an edge."""
        if not verdict.valid:
            return None
        if "labels" in gold:
            said = ["satisfied" if label else "failed" for label in gold["labels"]]
            outcome = verdict.outcome or []
            return sum(
                bool(stated == expected) for stated, expected in zip(said, outcome, strict=False)
            ) / len(said)
        return None if gold["better"] is None else int(verdict.outcome == gold["better"])

    def answer_of(self, gold: Any) -> Any:
        """Return the labels of the items, or the label of the better response of a pair."""
        return gold["labels"] if "labels" in gold else gold["better"]

    def score(self, rows: Iterable[Prediction]) -> Scores:
        """Compute ``ifrewardbench.overall.*`` or ``ifrewardbench.constraint.*`` as officially."""
        return constraint_scores(rows) if self.mode == "constraint" else overall_scores(rows)

    def worths(self, rows: Iterable[Prediction]) -> Iterable[tuple[Sequence[Prediction], Worth]] | None:
        """Score all pairs together: one official shuffle runs through all prompts."""
        return None if self.mode == "constraint" else overall_worths(rows)


def _better(edges: Sequence[tuple[int, int]], left: int, right: int) -> str | None:
    if (left, right) in edges:
        return "A"
    return "B" if (right, left) in edges else None
