"""Artifacts that are broken or were altered: one sentence, before anything is sent."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_artifacts import write_artifacts

from skillrt.programs.program import load_program
from skillspec.artifacts import ArtifactError, ArtifactStore
from skillspec.encoding import encode_pretty, text_ref, with_digest
from skillspec.records import Index, Link, Message, Task, TemplatePart

LINK = "tiny.judgebench.fair.progressive"
TASK = Path("tasks/judgebench.json")
Change = Callable[[Path], object]


def edit(path: str, change: Callable[[Any], object]) -> Change:
    def changed(root: Path) -> None:
        record = json.loads((root / path).read_bytes())
        change(record)
        (root / path).write_text(json.dumps(record))

    return changed


def put(path: str, content: bytes) -> Change:
    return lambda root: (root / path).write_bytes(content)


def instead(path: str, make: Callable[[Path], object]) -> Change:
    def changed(root: Path) -> None:
        (root / path).unlink()
        make(root / path)

    return changed


def every_text(content: bytes) -> Change:
    return lambda root: [path.write_bytes(content) for path in (root / "texts").iterdir()]


def grown(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3 << 30)


def resealed(root: Path) -> None:
    """A task with digests that fit again, of which the index knows nothing."""
    task = with_digest(
        json_record(
            root / TASK, Task, lambda record: record["answer"]["labels"][0].update(shown="Output (b)")
        )
    )
    (root / TASK).write_bytes(encode_pretty(task))


def json_record(path: Path, record: Any, change: Callable[[Any], object]) -> Any:
    import msgspec

    values = json.loads(path.read_bytes())
    change(values)
    return msgspec.convert(values, record)


def reindexed(root: Path) -> None:
    """The same, and the index says so as well: the link still knows which task it was made with."""
    resealed(root)
    digest = json.loads((root / TASK).read_bytes())["digest"]
    edit("index.json", lambda index: index["tasks"]["judgebench"].update(digest=digest))(root)


def with_template(source: str) -> Change:
    """A link whose digests fit, with a template of somebody else's."""

    def changed(root: Path) -> None:
        ref = text_ref(source)
        (root / f"texts/{ref}.txt").write_text(source)
        path = root / f"links/{LINK}.json"

        def place(link: Any) -> None:
            link["messages"][1]["parts"][0]["ref"] = ref

        link = with_digest(json_record(path, Link, place))
        assert isinstance(link.messages[1], Message)
        assert isinstance(link.messages[1].parts[0], TemplatePart)
        path.write_bytes(encode_pretty(link))
        index = json_record(
            root / "index.json", Index, lambda index: index["links"][LINK].update(digest=link.digest)
        )
        (root / "index.json").write_bytes(encode_pretty(index))

    return changed


BROKEN: dict[str, Change] = {
    "no index": lambda root: (root / "index.json").unlink(),
    "an empty index": put("index.json", b""),
    "an index that is a list": put("index.json", b"[]"),
    "an index of depth": put("index.json", b'{"format":1,"kind":"index","tasks":' + b"[" * 100_000),
    "a torn index": lambda root: put("index.json", (root / "index.json").read_bytes()[:-40])(root),
    "an index that is a pipe": instead("index.json", os.mkfifo),
    "an index that is a folder": instead("index.json", Path.mkdir),
    "an index of 3 GB": instead("index.json", grown),
    "an index that is a device": instead("index.json", lambda path: path.symlink_to("/dev/zero")),
    "an index linked to itself": instead("index.json", lambda path: path.symlink_to("index.json")),
    "an index of the future": edit("index.json", lambda index: index.update(format=999)),
    "a format that is no number": edit("index.json", lambda index: index.update(format=float("nan"))),
    "a path out of the folder": edit("index.json", lambda index: index["links"][LINK].update(path="../../x")),
    "the path of another": edit(
        "index.json", lambda index: index["links"][LINK].update(path="links/starter.direct.json")
    ),
    "the digest of another": edit(
        "index.json", lambda index: index["tasks"]["judgebench"].update(digest="1" * 64)
    ),
    "a task under the name of another": lambda root: shutil.copy(root / "tasks/starter.json", root / TASK),
    "a task of wrong types": edit(str(TASK), lambda task: task.update(fields="prompt")),
    "an altered task": edit(str(TASK), lambda task: task["answer"]["labels"][0].update(shown="Output (b)")),
    "a sealed task that the index does not know": resealed,
    "a sealed task that the link does not know": reindexed,
    "an altered text": every_text(b"The first output is better."),
    "a text that is not UTF-8": every_text(b"\xff\xfe"),
    "no texts": lambda root: shutil.rmtree(root / "texts"),
    "a template that multiplies": with_template("{{ 'a' * 10000000000 }}"),
    "a template that does not parse": with_template("{{ prompt"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_artifacts_are_one_sentence_before_anything_is_sent(name: str, tmp_path: Path) -> None:
    root = write_artifacts(tmp_path)
    assert load_program(ArtifactStore(root), LINK).link.id == LINK
    BROKEN[name](root)
    with pytest.raises(ArtifactError) as caught:
        load_program(ArtifactStore(root), LINK)
    told = str(caught.value)
    assert "\n" not in told
    assert "ompile" in told
