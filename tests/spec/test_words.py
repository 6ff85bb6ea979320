"""A word of the contract stands in skillspec alone: elsewhere it is a name that is imported."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from skillspec import words

ROOT = Path(__file__).parents[2]
FOLDERS = ("compiler", "runtime", "benchmarks", "recipes")
CODE = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
WORDS = {getattr(words, name) for name in words.__all__ if isinstance(getattr(words, name), str)}
OTHER_MEANING = {
    ("recipes/skillrl/settings.py", "direct"),  # a mode of the reward: the judge's own number without a skill
    ("recipes/skillrl/cli.py", "direct"),
    ("compiler/skillc/emit/schemas.py", "final_answer"),  # a function of this name
    ("compiler/skillc/emit/link.py", "preloaded"),  # the phrase of this name
}


def spelled(path: Path) -> list[tuple[str, str]]:
    """The words that stand as texts in a file, outside of ``Literal[...]``."""
    tree = ast.parse(path.read_text())
    typed = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "Literal"
        for part in ast.walk(node)
    }
    place = path.relative_to(ROOT).as_posix()
    return [
        (place, node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in WORDS and id(node) not in typed
    ]


def test_there_is_code_and_there_are_words() -> None:
    assert len(CODE) > 200
    assert {"progressive", "final_answer"} <= WORDS


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_word_of_the_contract_is_spelled_again(path: Path) -> None:
    assert not [hit for hit in spelled(path) if hit not in OTHER_MEANING]
