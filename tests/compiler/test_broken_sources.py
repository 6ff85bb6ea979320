"""Sources that are no sources: one diagnostic each, and no wait."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from skillc.cli import main

GOOD = (
    "language 1\n"
    'task t { given prompt, response  answer score 0..1  user """{{ prompt }} {{ response }}""" }\n'
)


def text(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 << 30)


def out_of_the_root(path: Path) -> None:
    (path.parents[1] / "outside.txt").write_text("language 1\nsecret\n")
    path.symlink_to("../outside.txt")


def in_a_circle(path: Path) -> None:
    (path.parent / "b.skill").symlink_to(path.name)
    path.symlink_to("b.skill")


def importing(name: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(f"language 1\nimport {{ x }} from {name}\n")


SOURCES: dict[str, Callable[[Path], object]] = {
    "empty": text(b""),
    "a null character": text(b"language 1\n\0"),
    "not UTF-8": text(b"\xff\xfe\x00"),
    "a byte order mark": text(b"\xef\xbb\xbf" + GOOD.encode()),
    "carriage returns": text(GOOD.replace("\n", "\r\n").encode()),
    "an escape sequence": text(b"language 1\n\x1b[2J\x1b]0;title\x07 task\n"),
    "turned writing": text("language 1\ntask \u202eevil {}\n".encode()),
    "depth": text(b"language 1\ntask t { given prompt answer score user " + b"(" * 100_000),
    "one long line": text(b"language 1 " + b"a " * 200_000),
    "a million quotes": text(b"language 1 " + b'"' * 1_000_000),
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "3 GB": huge,
    "a link out of the root": out_of_the_root,
    "a link to a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to nothing": lambda path: path.symlink_to("nothing.skill"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "links in a circle": in_a_circle,
    "an import of itself that is missing": importing('"b.skill"'),
    "an import out of the root": importing('"../outside.txt"'),
    "an import of a folder": importing('"."'),
    "an import with a null character": importing('"a\\u0000.skill"'),
    "an import of half a pair": importing('"a\\ud800.skill"'),
    "an import with a name too long": importing(f'"{"n" * 290}"'),
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_broken_source_is_a_diagnostic(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "src"
    root.mkdir()
    (root / "good.skill").write_text(GOOD)
    SOURCES[name](root / "a.skill")
    for words in (["check", str(root)], ["fmt", "--check", str(root)]):
        status = main(words)
        told = capsys.readouterr()
        shown = told.out + told.err
        assert status in (1, 2)
        assert "Traceback" not in shown
        assert not set(shown) & set("\x1b\x07\u202e")
        assert "secret" not in shown
