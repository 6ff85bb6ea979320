"""Model presets: the Qwen3.5 family as ``vllm serve`` serves it, and how hard to ask it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from skillbench.errors import BenchError

__all__ = ["PRESETS", "Preset", "find_preset", "serve_command"]

_FLAGS: Final = (
    "--enable-auto-tool-choice",
    "--tool-call-parser",
    "qwen3_coder",
    "--reasoning-parser",
    "qwen3",
    "--language-model-only",
    "--enable-prompt-tokens-details",
)


@dataclass(frozen=True, slots=True)
class Preset:
    """A judge model.

    Attributes:
        served: the name that it is served under.
        concurrency: judgments in flight to one server; what it is given in fact adapts to its answers.
        tensor_parallel: GPUs that one server of it is spread over.
        flags: what ``vllm serve`` needs so that tool calls and thoughts are read apart, and the tokens
            that its prefix cache served are counted.
    """

    served: str
    concurrency: int
    tensor_parallel: int
    flags: tuple[str, ...] = _FLAGS


PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {
        "qwen35_9b": Preset("Qwen3.5-9B", 96, 1),
        "qwen35_27b": Preset("Qwen3.5-27B", 64, 1),
        "qwen35_35b_a3b": Preset("Qwen3.5-35B-A3B", 96, 1),
        "qwen35_122b_a10b": Preset("Qwen3.5-122B-A10B", 48, 4),
    }
)
"""The presets by the key that plans and ``--preset`` use."""


def find_preset(name: str) -> Preset:
    """Return the preset called ``name``.

    Raises:
        BenchError: there is none.
    """
    if name not in PRESETS:
        raise BenchError(f"there is no model preset {name}; there are: {', '.join(PRESETS)}")
    return PRESETS[name]


def serve_command(preset: Preset, weights: str) -> str:
    """Return the shell command that serves the model whose weights lie in ``weights``."""
    words = ["vllm", "serve", weights, "--served-model-name", preset.served]
    words += ["--tensor-parallel-size", str(preset.tensor_parallel), *preset.flags]
    return shlex.join(words)
