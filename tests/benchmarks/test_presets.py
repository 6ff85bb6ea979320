"""The model presets: names, concurrency, and how they are served."""

from __future__ import annotations

import pytest

from skillbench.cli import main
from skillbench.running.presets import PRESETS


def test_presets_name_model_concurrency_and_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    told = capsys.readouterr().out
    for key, preset in PRESETS.items():
        assert f"{key}: {preset.served}, {preset.concurrency} judgments" in told
        assert f"--served-model-name {preset.served}" in told
    assert told.count("--tool-call-parser qwen3_coder") == len(PRESETS)


def test_an_unknown_preset_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "starter", "--base-url", "http://127.0.0.1:9/v1", "--out", "nowhere", "--preset", "qwen"]
    assert main(words) == 2
    assert "there is no model preset qwen; there are: qwen35_9b" in capsys.readouterr().err
