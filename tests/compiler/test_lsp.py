"""The language server, driven by a real client over standard input and output."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from compiler_support import check, good_files

types = pytest.importorskip("lsprotocol.types", reason="the language server needs the extra lsp")

from pygls.lsp.client import LanguageClient  # noqa: E402

WAIT_S = 20.0


class Editor:
    """An editor with one project: opens files, types into them, asks."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.client = LanguageClient("editor", "1")
        self.diagnostics: dict[str, list[Any]] = {}
        self.news = asyncio.Event()
        self.texts: dict[str, str] = {}

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: Any) -> None:
            self.diagnostics[params.uri] = params.diagnostics
            self.news.set()

    async def start(self) -> None:
        await self.client.start_io(sys.executable, "-m", "skillc.cli", "lsp")
        folder = types.WorkspaceFolder(self.root.as_uri(), "project")
        parameters = types.InitializeParams(
            capabilities=types.ClientCapabilities(), root_uri=self.root.as_uri(), workspace_folders=[folder]
        )
        await self.client.initialize_async(parameters)
        self.client.initialized(types.InitializedParams())

    async def stop(self) -> None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()

    def uri(self, name: str) -> str:
        return (self.root / "skills_src" / name).as_uri()

    def open(self, name: str) -> None:
        text = (self.root / "skills_src" / name).read_text()
        self.texts[name] = text
        item = types.TextDocumentItem(self.uri(name), "skill", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def type(self, name: str, before: str, after: str) -> None:
        """Replace a text that is there once, without saving."""
        assert self.texts[name].count(before) == 1
        start = self.position(name, before)
        self.texts[name] = self.texts[name].replace(before, after)
        end = types.Position(start.line + before.count("\n"), start.character + len(before))
        change = types.TextDocumentContentChangePartial(range=types.Range(start, end), text=after)
        version = types.VersionedTextDocumentIdentifier(2, self.uri(name))
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(version, [change]))

    def position(self, name: str, text: str, shift: int = 0) -> Any:
        before = self.texts[name][: self.texts[name].index(text) + shift]
        return types.Position(before.count("\n"), len(before) - before.rfind("\n") - 1)

    async def codes(self, name: str, expected: list[str]) -> list[Any]:
        """Wait until the diagnostics of a file have the expected codes."""
        async with asyncio.timeout(WAIT_S):
            while [
                item.code for item in self.diagnostics.get(self.uri(name), [None]) if item
            ] != expected or (self.uri(name) not in self.diagnostics):
                self.news.clear()
                await self.news.wait()
        return self.diagnostics[self.uri(name)]

    async def hover(self, name: str, text: str, shift: int = 0) -> str:
        document = types.TextDocumentIdentifier(self.uri(name))
        found = await self.client.text_document_hover_async(
            types.HoverParams(document, self.position(name, text, shift))
        )
        return found.contents.value if found is not None else ""

    async def definition(self, name: str, text: str, shift: int = 0) -> tuple[str, int, int] | None:
        document = types.TextDocumentIdentifier(self.uri(name))
        found = await self.client.text_document_definition_async(
            types.DefinitionParams(document, self.position(name, text, shift))
        )
        if found is None:
            return None
        start = found.range.start
        return found.uri.rsplit("/", 1)[-1], start.line, start.character

    async def completion(self, name: str, text: str, shift: int) -> set[str]:
        document = types.TextDocumentIdentifier(self.uri(name))
        found = await self.client.text_document_completion_async(
            types.CompletionParams(document, self.position(name, text, shift))
        )
        return {item.label for item in found}


@pytest_asyncio.fixture
async def editor(tmp_path: Path) -> AsyncIterator[Editor]:
    files = good_files()
    files["main.skill"] = files["main.skill"].replace(
        'text "Right beats well written."', 'text file "rubrics/main.md"'
    )
    files["rubrics/main.md"] = "Right beats well written.\n"
    check(tmp_path / "skills_src", files)
    made = Editor(tmp_path)
    await made.start()
    yield made
    await made.stop()


async def test_an_afternoon_of_typing(editor: Editor) -> None:
    editor.open("main.skill")
    await editor.codes("main.skill", [])

    # A mistake is shown while it is typed, where it is, and goes when it is mended. Nothing is saved.
    editor.type("main.skill", "setting fair", "setting fare")
    (item,) = await editor.codes("main.skill", ["SK604"])
    start, end = item.range.start, item.range.end
    assert (start.line, start.character, end.character) == (34, 10, 14)
    assert item.message == "there is no setting `fare`\ndid you mean `fair`?"
    editor.type("main.skill", "setting fare", "setting fair")
    await editor.codes("main.skill", [])

    # A mistake in a file that others import is shown in those too, though they are not open.
    editor.open("shared.skill")
    editor.type("shared.skill", "phrases words {", "phrases wordy {")
    await editor.codes("main.skill", ["SK204"])
    editor.type("shared.skill", "phrases wordy {", "phrases words {")
    await editor.codes("main.skill", [])

    # Hover: a resource with its level and text, wherever it is named; a field with its level.
    named = await editor.hover("main.skill", "rubric.main", 8)
    assert "**rubric.main**: level public" in named
    assert "Right beats well written." in named
    assert named == await editor.hover("main.skill", "rubric.main", 2)
    items = await editor.hover("main.skill", "consult checklist.items", 20)
    assert "**checklist.items**: level sample" in items
    assert "level public" in await editor.hover("main.skill", "reads prompt", 7)
    assert "sandbox python" in await editor.hover("main.skill", "use python consult", 5)
    assert await editor.hover("main.skill", "Compares two", 3) == ""

    # Jumps: to a name of this file, of another one, to a file.
    assert await editor.definition("main.skill", "serves  pairs", 9) == ("main.skill", 3, 5)
    assert await editor.definition("main.skill", "phrases words", 9) == ("shared.skill", 3, 8)
    assert await editor.definition("main.skill", "bias }", 1) == ("shared.skill", 2, 14)
    assert await editor.definition("main.skill", "shared.skill", 3) == ("shared.skill", 0, 0)
    assert await editor.definition("main.skill", "rubrics/main.md", 3) == ("main.md", 0, 0)
    assert await editor.definition("main.skill", "consult rubric.main", 16) is not None
    assert await editor.definition("main.skill", "version", 2) is None


@pytest.mark.parametrize(
    ("before", "typed", "some", "never"),
    [
        ("setting fair", "setting ", {"fair", "operational"}, {"pairs", "setting"}),
        ("serves  pairs", "serves  ", {"pairs", "ratings"}, {"fair_judge", "prompt"}),
        ("consult rubric.main", "consult rub", {"rubric.main", "note.bias"}, {"pairs", "prompt"}),
        ("consult rubric.main", "consult rubric.", {"main"}, {"bias", "pairs"}),
        (
            "protocol { load optional",
            "pro",
            {"protocol", "procedure", "resource", "setting"},
            {"given", "pairs"},
        ),
        ("load optional", "load ", {"optional", "required"}, {"pairs"}),
        ("load optional", "lo", {"load", "turns", "views", "prefer"}, {"serves"}),
        ("accept text only", "accept text ", {"only", "last", "trailing", "blocks"}, {"pairs"}),
        ('by "checklist_rules@1"', 'by "', {"checklist_rules@1", "reference_match@1"}, {"fair"}),
        ('text file "rubrics/main.md"', 'text file "', {"rubrics/main.md"}, {"shared.skill"}),
        ('from "shared.skill"', 'from "', {"shared.skill"}, {"main.skill", "rubrics/main.md"}),
        (
            "reads prompt, response, checkers",
            "reads prompt, ",
            {"response", "checkers"},
            {"responses", "scorer"},
        ),
        ("given  prompt, responses", "ab", {"given", "attach", "about", "answer"}, {"serves"}),
        ("failure in failures when", "failure in ", {"failures"}, {"pairs"}),
        ("finding some criterion, response", "finding ", {"each", "some"}, {"pairs", "prompt"}),
        ("finding some criterion, response", "finding some ", {"criterion", "item"}, {"pairs", "prompt"}),
        ("finding some criterion, response", "finding each item, ", {"response"}, {"pairs", "prompt"}),
        ("item from checklist max", "item from ", {"checklist"}, {"pairs", "criterion"}),
        ('system """You compare', 'system """You fa', set(), {"given", "fair", "pairs"}),
    ],
)
async def test_completion(tmp_path: Path, before: str, typed: str, some: set[str], never: set[str]) -> None:
    from skillc.lsp.complete import complete
    from skillc.lsp.project import Place, analyse

    files = good_files()
    files["main.skill"] = files["main.skill"].replace(
        'text "Right beats well written."', 'text file "rubrics/main.md"'
    )
    files["rubrics/main.md"] = "x\n"
    check(tmp_path / "skills_src", files)
    text = files["main.skill"].replace(before, typed, 1)
    offset = text.index(typed, files["main.skill"].index(before)) + len(typed)
    root = tmp_path / "skills_src"
    analysis = analyse(root, {root / "main.skill": text})
    found = {proposal.text for proposal in complete(Place.at(analysis, "main.skill", text, offset))}
    assert some <= found
    assert not never & found


async def test_completion_reaches_the_editor(editor: Editor) -> None:
    editor.open("main.skill")
    editor.type("main.skill", "setting fair", "setting ")
    assert {"fair", "operational"} <= await editor.completion("main.skill", "setting \n", 8)


def test_positions_count_as_the_editor_does() -> None:
    from skillc.lsp.project import offset_of, position_of
    from skillc.source import SourceFile

    file = SourceFile("x", "a\n😀é b\n")
    for encoding, column in (("utf-16", 4), ("utf-8", 7), ("utf-32", 3)):
        assert position_of(file, file.text.index("b"), encoding) == (1, column)
        assert offset_of(file, 1, column, encoding) == file.text.index("b")
    assert offset_of(file, 1, 99, "utf-16") == file.text.index("\n", 3)
    assert offset_of(file, 9, 0, "utf-16") == len(file.text)


@pytest.mark.parametrize("cut", range(0, 3000, 37))
def test_completion_anywhere_in_a_file_that_is_being_written(cut: int, tmp_path: Path) -> None:
    from skillc.lsp.complete import complete
    from skillc.lsp.project import Place, analyse
    from skillc.lsp.symbols import target_of

    text = good_files()["main.skill"][:cut]
    root = tmp_path
    place = Place.at(analyse(root, {root / "main.skill": text}), "main.skill", text, len(text))
    complete(place)
    target_of(place)
