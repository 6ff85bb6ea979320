"""Plans and data files that are broken, or made to hang their reader: one sentence."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from skillbench.errors import BenchError
from skillbench.running.plan import read_plan
from skillbench.suites.rows import digest_file, read_rows

PLAN = (
    "name: p\nmodels: [{name: m, model: m}]\nbenchmarks: [{suite: starter}]\n"
    "settings: [{name: s, delivery: direct}]\n"
)


def text(content: str | bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content if isinstance(content, bytes) else content.encode())


def changed(old: str, new: str) -> Callable[[Path], object]:
    assert old in PLAN
    return text(PLAN.replace(old, new))


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 << 30)


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
PLANS: dict[str, Callable[[Path], object]] = {
    "nothing": text(""),
    "a list": text("[1]"),
    "no YAML": text("models: [\n\t- a"),
    "not UTF-8": text(b"\xff\xfe\x00name"),
    "a null character": text(PLAN + "\0"),
    "of depth": text("[" * 20_000),
    "depth in lines": text("- " * 20_000),
    "depth in its value": text("name: p\nmodels: " + "[" * 200 + "]" * 200),
    "anchors that multiply": text(LAUGHS + "models: *i\n"),
    "an anchor in itself": text("name: p\nmodels: &m [*m]\nbenchmarks: []\nsettings: []\n"),
    "an object of Python": text("!!python/object/apply:os.system ['true']"),
    "a date that is none": changed("name: p", "name: 2026-99-99"),
    "a key that is a list": text("? [1, 2]\n: 3\n"),
    "a field that is none": text(PLAN + "sed: 1\n"),
    "a name that is a number": changed("name: p", "name: 7"),
    "a temperature of NaN": changed("model: m", "model: m, temperature: .nan"),
    "a negative concurrency": changed("model: m", "model: m, concurrency: -3"),
    "no tokens": changed("model: m", "model: m, max_tokens: 0"),
    "a seed without end": text(PLAN + "seed: .inf\n"),
    "a number of 5,000 digits": text(PLAN + f"seed: {'9' * 5000}\n"),
    "a model that steers the terminal": changed("name: m, model", 'name: "m\\e[2J", model'),
    "a model that leads out": changed("name: m, model", 'name: "../m", model'),
    "a model of a null character": changed("name: m, model", 'name: "m\\0", model'),
    "a name too long for a folder": changed("name: m, model", f"name: {'m' * 300}, model"),
    "a suite that is none": changed("suite: starter", "suite: nobody"),
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "3 GB": huge,
    "a link to itself": lambda path: path.symlink_to(path.name),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_broken_plan_is_a_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    PLANS[name](path)
    with pytest.raises(BenchError) as caught:
        read_plan(path)
    assert "\n" not in str(caught.value)


def test_the_plan_that_they_were_made_of_is_read(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    assert len(read_plan(path).cells()) == 1


ROWS: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "3 GB of nothing": huge,
    "depth": text(b'{"a": ' + b"[" * 100_000 + b"\n"),
    "depth in a list": text(b'[{"a": ' + b"[" * 100_000),
    "a number of 5,000 digits": text(b'{"a": ' + b"9" * 5000 + b"}\n"),
    "the same in a list": text(b'[{"a": ' + b"9" * 5000 + b"}]"),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_broken_data_file_is_a_sentence(name: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    ROWS[name](path)
    with pytest.raises(BenchError, match=r"rows\.jsonl"):
        list(read_rows([path]))
    if name in ("a pipe", "a folder", "a device"):
        with pytest.raises(BenchError, match=r"it is a (pipe|device), not a file|Is a directory"):
            digest_file(path)
