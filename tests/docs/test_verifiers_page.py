"""docs/verifiers.md: each example that it prints, and those in the docstrings of the public doors."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest
from documents import ROOT

DOORS = (
    "skillrt.front_door",
    "skillrt.programs.choice",
    "skillrt.testing",
    "skillrt.verifiers.alone",
    "skillrt.verifiers.answers.equal",
)


def test_the_page_is_right() -> None:
    found = doctest.testfile(str(ROOT / "docs/verifiers.md"), module_relative=False)
    assert found.attempted > 8
    assert found.failed == 0


@pytest.mark.parametrize("door", DOORS)
def test_the_examples_of_public_doors_are_right(door: str) -> None:
    found = doctest.testmod(import_module(door))
    assert found.attempted >= 1
    assert found.failed == 0
