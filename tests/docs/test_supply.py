"""The locks fit the package, name hashes only, and their licences are told."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
WANTED = {
    "demo": [*PROJECT["dependencies"], *EXTRAS["local"]],
    "dev": [*PROJECT["dependencies"], *EXTRAS["local"], *EXTRAS["dev"]],
}


def locked(name: str) -> dict[str, list[Requirement]]:
    """The packages of a lock, by name; one may have versions for several versions of Python."""
    packages: dict[str, list[Requirement]] = {}
    entries = (ROOT / f"locks/{name}.txt").read_text("utf-8").replace("\\\n", " ").splitlines()
    for entry in entries:
        said, *hashes = entry.split("--hash=")
        assert hashes, said
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", part.strip()) for part in hashes), said
        requirement = Requirement(said)
        packages.setdefault(requirement.name, []).append(requirement)
    return packages


@pytest.mark.parametrize("name", WANTED)
def test_a_lock_holds_what_the_package_asks_for(name: str) -> None:
    packages = locked(name)
    for requirement in map(Requirement, WANTED[name]):
        for package in packages[requirement.name.replace("_", "-").lower()]:
            version = next(iter(package.specifier)).version
            assert requirement.specifier.contains(version), (str(requirement), version)


def test_the_two_locks_agree() -> None:
    few, many = locked("demo"), locked("dev")
    assert few.items() <= many.items()
    assert not {"torch", "verl", "vllm"} & many.keys()


def test_the_licence_of_whatever_runs_is_told() -> None:
    told = (ROOT / "docs/supply.md").read_text("utf-8")
    named = set(re.findall(r"[\w.-]+", told))
    assert {*locked("demo"), *locked("model")} - named == set()
    assert "?" not in re.findall(r"^\| (\S+) ", told, re.MULTILINE)


def test_the_model_is_the_one_that_the_makefile_names() -> None:
    (model,) = (str(requirement) for found in locked("model").values() for requirement in found)
    assert f"LOCAL_MODEL := {model}\n" in (ROOT / "Makefile").read_text("utf-8")
