"""``skillc new``: the source of a small skill that compiles and passes its own tests."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from skillc.usage import DEFAULT_ROOT, UsageError

__all__ = ["new", "source_of"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}\Z")
_COMMON = "common.skill"
_COMMON_PHRASES = "plain_english"


def new(options: argparse.Namespace) -> int:
    """Write ``NAME.skill`` and say what to do next.

    Raises:
        UsageError: the name is malformed, or the file is there already or cannot be written.
    """
    name: str = options.name
    folder: Path = options.dir if options.dir is not None else Path(DEFAULT_ROOT)
    if not _NAME.match(name):
        raise UsageError(f"{name!r} is no name for a skill: use up to 60 of a-z, 0-9 and _, a letter first")
    path = folder / f"{name}.skill"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(source_of(name, folder))
    except FileExistsError as error:
        raise UsageError(f"{error.filename} is there already; choose another name or --dir") from error
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
    print(f"{path}: a skill, a task and five tests\nnext: skillc test {path}")
    return 0


def source_of(name: str, folder: Path) -> str:
    """Return the source of a new skill for ``folder``; it imports what ``common.skill`` there has."""
    shared = _shared(folder / _COMMON)
    source, phrases = _read("new_skill.txt"), f"{name}_words"
    imports = ""
    if _COMMON_PHRASES in shared:
        phrases = _COMMON_PHRASES
    else:
        source += _read("new_phrases.txt")
    if shared:
        imports = f'import {{ {", ".join(shared)} }} from "{_COMMON}"\n'
    python = "" if "python" in shared else " { calls 3  timeout 3s  sees prompt, responses }"
    for mark, value in (("name", name), ("imports", imports), ("phrases", phrases), ("python", python)):
        source = source.replace(f"{{{{{mark}}}}}", value)
    # The widths of names decide the layout, so it is made here and not in the template.
    from skillc.diagnostics import Report
    from skillc.formatting.fmt import format_source
    from skillc.source import SourceFile

    formatted = format_source(SourceFile(f"{name}.skill", source), Report())
    return source if formatted is None else formatted


def _shared(common: Path) -> list[str]:
    """Names of ours that the file of shared declarations has; none where there is no such file."""
    if not common.is_file():
        return []
    from skillc.diagnostics import Report
    from skillc.project.load import load_project

    report = Report()
    module = load_project(common.parent, (common.name,), report).modules.get(common.name)
    declared = {item.name.text for item in module.declarations} if module is not None else set()
    return [] if report.has_errors else [name for name in (_COMMON_PHRASES, "python") if name in declared]


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
