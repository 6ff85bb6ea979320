"""skillbench completion: a script that the shell reads, with every command and its arguments in it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from skillbench.cli import _COMMANDS, main


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_every_command_is_completed(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in (*_COMMANDS, "completion"))


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["skillbench", "mat"], {"matrix"}),
        (["skillbench", "run", "jet"], {"jetts"}),
        (["skillbench", "run", "--retry"], {"--retry-errors"}),
        (["skillbench", "run", "--engine", "r"], {"ray"}),
    ],
)
def test_bash_completes(
    words: list[str], found: set[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["completion", "bash"])
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    ask = (
        f'source "{script}"; COMP_WORDS=({" ".join(words)}); COMP_CWORD={len(words) - 1}; '
        '_shtab_skillbench; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, timeout=30)
    assert set(done.stdout.split()) == found, done.stderr
