"""JudgeBench: pairs of responses, one of them objectively right, judged in both orders.

Two row schemas are read. The original one has ``response_A``, ``response_B`` and ``label``; the
one that other projects ship has ``chosen`` and ``rejected``, which we place by a bit of the row's
id, so that the right one is not always the first, and no run differs from another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

from skillbench.suites.judgebench.published import read_last_output
from skillbench.suites.offers import PublishedReader, TextReader, Verifiable
from skillbench.suites.pairs import Pair, PairSuite, placed
from skillbench.suites.rows import Row
from skillbench.suites.source import RemoteFile, Source

__all__ = ["CONTRADICTIONS", "GROUPS", "JudgeBench", "group_of", "read_pair"]

GROUPS: Final = ("mmlu-pro", "livebench-reasoning", "livebench-math", "livecodebench")
"""The groups of the paper's tables, in their order."""

CONTRADICTIONS: Final = frozenset(
    {
        "07019bab-fc3e-5c91-ac9c-36869cfe79b0",
        "52dc37ec-fb24-59d8-9390-53185cb0c6d1",
        "6efc8c4d-df53-5758-b3b1-988604fa35af",
        "a4eff39a-4f2e-5cee-a6de-b8e74625269f",
        "adec78c1-2733-577d-bbb9-fa5ba72cd85f",
        "c4da31be-6fe6-5c9a-bdf8-2dfd8f2884ef",
        "c67cf264-33f9-5730-aeea-a7364756a96b",
        "df1964d5-629f-5b4a-bcd5-79137e8f3bc5",
    }
)
"""Pairs whose ``ground_truth`` contradicts the official label. Read by hand: the response that the label
calls worse gives the reference's answer in the demanded form, the other one a different answer. Reported,
never used."""

_CODE: Final = "livecodebench"
_LABELS: Final = {"A>B": "A", "B>A": "B"}
_RAW: Final = "https://raw.githubusercontent.com"
_OPENRS: Final = f"{_RAW}/Qwen-Applications/OpenRS/16e9cfbc5b1aae6c559536f353c97a1fd82a1ba2/data/judgebench"
_ORIGINAL: Final = (
    f"{_RAW}/ScalerLab/JudgeBench/12a499c5c29f06940d259b49250fca627d2a0ee5/data/"
    "dataset=judgebench,response_model="
)


def group_of(source: str) -> str:
    """Return the group that a source is reported under: the subjects of MMLU-Pro are one group."""
    return "mmlu-pro" if source.startswith("mmlu-pro") else source


def read_pair(row: Row) -> Pair:
    """Read a row of either schema.

    Raises:
        RowError: a field is missing or has the wrong type; names file, line and field.
    """
    if "chosen" in row.values or "rejected" in row.values or "question_id" in row.values:
        return _read_vendored(row)
    if not {"pair_id", "question", "response_A", "response_B", "label"} & set(row.values):
        raise row.error(
            None,
            "this is no JudgeBench row: it has neither pair_id, question, response_A, response_B, label "
            "nor question_id, prompt, chosen, rejected",
        )
    return _read_original(row)


def _read_original(row: Row) -> Pair:
    label = row.text("label")
    if label not in _LABELS:
        raise row.error("label", f"must be A>B or B>A, not {label[:40]!r}")
    ident, source, prompt = row.ident("pair_id"), row.text("source"), row.text("question")
    responses = row.text("response_A", empty=True), row.text("response_B", empty=True)
    return _pair(row, ident, source, prompt, responses, _LABELS[label])


def _read_vendored(row: Row) -> Pair:
    ident = row.ident("question_id")
    chosen, rejected = row.text("chosen", empty=True), row.text("rejected", empty=True)
    responses, better = placed(f"judgebench placement {ident}", chosen, rejected)
    return _pair(row, ident, row.text("query_type"), row.text("prompt"), responses, better)


def _pair(row: Row, ident: str, source: str, prompt: str, responses: tuple[str, str], better: str) -> Pair:
    """Put together what both schemas have.

    The ground truth of code rows often describes the winning solution, so there it is oracle and no field
    at all.
    """
    model = row.text("response_model") if row.values.get("response_model") is not None else ""
    reference, checklist = _texts(row, "ground_truth"), _checklist(row)
    group = group_of(source)
    about: dict[str, Any] = {"source": source}
    hidden: dict[str, Any] = {"model": model, "source": source}
    if reference is not None:
        (hidden if group == _CODE else about)["reference"] = reference
    if checklist is not None:
        about["checklist"] = checklist
    subset = "claude" if model.startswith("claude") else ""
    return Pair(
        ident=ident,
        group=group,
        prompt=prompt,
        responses=responses,
        better=better,
        about=about,
        hidden=hidden,
        subset=subset,
    )


def _texts(row: Row, name: str) -> str | list[str] | None:
    value = row.values.get(name)
    match value:
        case None | "" | []:
            return None
        case str():
            return value
        case bool():
            pass
        case int() | float():
            return str(value)
        case list() if all(isinstance(item, str) for item in value):
            return value
    raise row.error(name, "must be a text or a list of texts")


def _checklist(row: Row) -> list[str] | None:
    value = row.values.get("check_list")
    if value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        return value or None
    raise row.error("check_list", "must be a list of texts")


class JudgeBench(PairSuite):
    """The suite ``judgebench`` over one or more files of either schema.

    Pairs written by a Claude model are reported as ``judgebench.claude.*``, and where a run has both,
    all together as ``judgebench.merged.*``.
    """

    name = "judgebench"
    tasks: tuple[str, ...] = ("judgebench",)
    groups: ClassVar[Sequence[str]] = GROUPS
    shown: ClassVar[Mapping[str, str]] = {
        "question": "prompt",
        "prompt": "prompt",
        "response_A": "responses",
        "response_B": "responses",
        "chosen": "responses",
        "rejected": "responses",
        "source": "source",
        "query_type": "source",
        "ground_truth": "reference",
        "check_list": "checklist",
    }
    source = Source(
        title="JudgeBench, 350 pairs by GPT-4o and 270 by Claude",
        home="https://huggingface.co/datasets/ScalerLab/JudgeBench",
        license="MIT; the copies with ground truths come with OpenRS, Apache-2.0",
        files=(
            RemoteFile(
                f"{_OPENRS}/gpt.jsonl",
                "judgebench/gpt.jsonl",
                "0585f737413c90fb7e3e2a756ead4c0d238dbdc4d7339ce0a0a8b5dab3cbdfec",
                350,
            ),
            RemoteFile(f"{_OPENRS}/claude.jsonl", "judgebench/claude.jsonl", rows=270),
            RemoteFile(
                f"{_ORIGINAL}gpt-4o-2024-05-13.jsonl",
                "judgebench/original_gpt.jsonl",
                "d5106306b38dead1b2e964ecf5534a3e7b2fc4b8d3b8da327599edfcebd76042",
                350,
            ),
            RemoteFile(
                f"{_ORIGINAL}claude-3-5-sonnet-20240620.jsonl", "judgebench/original_claude.jsonl", rows=270
            ),
        ),
        note="gpt.jsonl and original_gpt.jsonl hold the same pairs: give one of them, not both.",
        rows=620,
    )

    official = "the last Output (a) or Output (b) in a text counts, whatever stood before"

    def official_reader(self, task: str) -> TextReader:  # noqa: ARG002
        """Return the rule of published parsers: the last mention counts."""
        return lambda text, _: read_last_output(text)

    def read(self, row: Row) -> Pair:
        """Read one row of either schema."""
        return read_pair(row)

    def tries(self, sample: Pair, position: int, /) -> Iterator[Verifiable]:
        """Yield the pair; code pairs go by the examples in their prompts."""
        for row in super().tries(sample, position):
            yield replace(row, programs=sample.group == _CODE, contradicted=sample.ident in CONTRADICTIONS)

    @classmethod
    def published(cls) -> PublishedReader:
        """Return the reader of the official repository's outputs."""
        from skillbench.suites.judgebench.outputs import score_outputs

        return score_outputs
