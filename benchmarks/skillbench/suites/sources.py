"""Where the benchmarks' data is, under which license, and in which revision we read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["SOURCES", "RemoteFile", "Source"]


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file to download: where it is put, and its SHA-256 where we have seen it."""

    url: str
    path: str
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """The data of a suite. ``files`` is empty where it cannot be fetched file by file."""

    title: str
    home: str
    license: str
    files: tuple[RemoteFile, ...]
    note: str
    commands: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Where the files lie below the data root."""
        return tuple(file.path for file in self.files)


_RAW: Final = "https://raw.githubusercontent.com"
_OPENRS: Final = f"{_RAW}/Qwen-Applications/OpenRS/16e9cfbc5b1aae6c559536f353c97a1fd82a1ba2/data"
_JUDGEBENCH: Final = f"{_RAW}/ScalerLab/JudgeBench/12a499c5c29f06940d259b49250fca627d2a0ee5/data"
_IF: Final = f"{_RAW}/thu-coai/IF-RewardBench/8840f9c630d65897e000f58004c64114a62bd7a1"


def _original(model: str) -> str:
    return f"{_JUDGEBENCH}/dataset=judgebench,response_model={model}.jsonl"


SOURCES: Final[Mapping[str, Source]] = MappingProxyType(
    {
        "rewardbench2": Source(
            "RewardBench 2, 1,865 rows",
            "https://huggingface.co/datasets/allenai/reward-bench-2",
            "ODC-BY; the copy read here comes with OpenRS, Apache-2.0",
            (
                RemoteFile(
                    f"{_OPENRS}/rewardbench_v2/rewardbench_v2.jsonl", "rewardbench_v2/rewardbench_v2.jsonl"
                ),
            ),
            "The rows of the data set on Hugging Face are read too, written as JSON lines.",
        ),
        "judgebench": Source(
            "JudgeBench, 350 pairs by GPT-4o and 270 by Claude",
            "https://huggingface.co/datasets/ScalerLab/JudgeBench",
            "MIT; the copies with ground truths come with OpenRS, Apache-2.0",
            (
                RemoteFile(
                    f"{_OPENRS}/judgebench/gpt.jsonl",
                    "judgebench/gpt.jsonl",
                    "0585f737413c90fb7e3e2a756ead4c0d238dbdc4d7339ce0a0a8b5dab3cbdfec",
                ),
                RemoteFile(f"{_OPENRS}/judgebench/claude.jsonl", "judgebench/claude.jsonl"),
                RemoteFile(
                    _original("gpt-4o-2024-05-13"),
                    "judgebench/original_gpt.jsonl",
                    "d5106306b38dead1b2e964ecf5534a3e7b2fc4b8d3b8da327599edfcebd76042",
                ),
                RemoteFile(_original("claude-3-5-sonnet-20240620"), "judgebench/original_claude.jsonl"),
            ),
            "gpt.jsonl and original_gpt.jsonl hold the same pairs: give one of them, not both.",
        ),
        "rmbench": Source(
            "RM-Bench, 1,327 rows of four domains",
            "https://huggingface.co/datasets/THU-KEG/RM-Bench",
            "ODC-BY; the copy read here comes with OpenRS, Apache-2.0",
            (RemoteFile(f"{_OPENRS}/rmbench/rmbench.jsonl", "rmbench/rmbench.jsonl"),),
            "The published files, merged or one a domain (chat_filtered.json and so on), are read too.",
        ),
        "jetts": Source(
            "JETTS, reranking: <dataset>_<generator>.jsonl with ten candidates a query",
            "https://github.com/SalesforceAIResearch/jetts-benchmark",
            "CC BY-NC 4.0",
            (),
            "An archive of 143 MB on Google Cloud Storage; its own tool fetches it.",
            (
                "gcloud storage cp gs://sfr-jetts-benchmark-data/reranking_and_refinement.tar.gz .",
                "tar xzf reranking_and_refinement.tar.gz",
            ),
        ),
        "ifrewardbench": Source(
            "IF-RewardBench, 842 prompts",
            "https://github.com/thu-coai/IF-RewardBench",
            "see the repository",
            (
                RemoteFile(f"{_IF}/data/if_rewardbench.json", "if_rewardbench/if_rewardbench.json"),
                RemoteFile(f"{_IF}/inference/position_maps.json", "if_rewardbench/position_maps.json"),
            ),
            "position_maps.json fixes the display order of every pair; it belongs to the benchmark.",
        ),
        "starter": Source(
            "Starter, pairs of our own", "ships with skillbench", "Apache-2.0", (), "Nothing to get."
        ),
    }
)
"""By suite."""
