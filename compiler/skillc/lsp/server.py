"""The language server, on standard input and output: ``skillc lsp``.

Every change of an open file checks the project anew, a moment after the last key; what is asked in
between is answered from the texts as they are then.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from skillc.diagnostics import Diagnostic, Report
from skillc.formatting import fmt
from skillc.lsp.complete import Proposal, complete
from skillc.lsp.project import Analysis, Place, analyse, find_root, offset_of, position_of
from skillc.lsp.symbols import target_of
from skillc.source import SourceFile, Span

__all__ = ["make_server", "serve"]

_DELAY_S = 0.2
_KINDS = {
    "word": types.CompletionItemKind.Keyword,
    "path": types.CompletionItemKind.File,
    "value": types.CompletionItemKind.EnumMember,
    "field": types.CompletionItemKind.Field,
    "task": types.CompletionItemKind.Class,
    "skill": types.CompletionItemKind.Class,
    "step": types.CompletionItemKind.Method,
    "verifier": types.CompletionItemKind.Function,
    "pipeline": types.CompletionItemKind.Function,
}
T = TypeVar("T")


class _Server(LanguageServer):
    """Holds the checked projects; one check serves all requests until a text changes."""

    def __init__(self, version: str) -> None:
        super().__init__("skillc", version, max_workers=1)
        self.known: dict[Path, Analysis] = {}
        self.shown: dict[Path, set[Path]] = {}
        self.timer: asyncio.TimerHandle | None = None

    @property
    def encoding(self) -> str:
        return str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding))

    def texts(self) -> dict[Path, str]:
        """Return the open files that are on this machine."""
        texts = {}
        for uri, document in self.workspace.text_documents.items():
            path = to_fs_path(uri)
            if path is not None and uri.startswith("file:"):
                texts[Path(path)] = document.source
        return texts

    def root(self, path: Path) -> Path:
        folders = [to_fs_path(uri) for uri in self.workspace.folders]
        return find_root(path, [Path(folder) for folder in folders if folder])

    def analysis(self, path: Path) -> Analysis:
        root = self.root(path)
        if root not in self.known:
            self.known[root] = analyse(root, self.texts())
        return self.known[root]

    def place(self, uri: str, position: types.Position) -> Place | None:
        path = to_fs_path(uri)
        if path is None:
            return None
        text = self.workspace.get_text_document(uri).source
        offset = offset_of(SourceFile("", text), position.line, position.character, self.encoding)
        analysis = self.analysis(Path(path))
        return Place.at(analysis, analysis.place(Path(path)), text, offset)

    def changed(self, delay: float = _DELAY_S) -> None:
        """A text has changed: check again when no other change follows at once."""
        self.known.clear()
        if self.timer is not None:
            self.timer.cancel()
        self.timer = asyncio.get_running_loop().call_later(delay, self.check)

    def check(self) -> None:
        """Check the projects of all open files and publish what is wrong, or no longer wrong."""
        for root in {self.root(path) for path in self.texts()} | set(self.shown):
            if root not in self.known:
                self.known[root] = analyse(root, self.texts())
            analysis = self.known[root]
            by_path: dict[Path, list[types.Diagnostic]] = {path: [] for path in self.shown.get(root, ())}
            for path in self.texts():
                if self.root(path) == root:
                    by_path[path] = []
            for item in analysis.diagnostics:
                by_path.setdefault(analysis.file(item.path), []).append(self.diagnostic(item))
            for path, items in by_path.items():
                uri = from_fs_path(str(path))
                if uri is not None:
                    params = types.PublishDiagnosticsParams(uri=uri, diagnostics=items)
                    self.text_document_publish_diagnostics(params)
            self.shown[root] = {path for path, items in by_path.items() if items}

    def diagnostic(self, item: Diagnostic) -> types.Diagnostic:
        severity = types.DiagnosticSeverity
        return types.Diagnostic(
            range=self.range(item.span) if item.span is not None else _range((0, 0), (0, 0)),
            message=f"{item.message}\n{item.help}" if item.help else item.message,
            severity=severity.Error if item.severity == "error" else severity.Warning,
            code=item.code,
            source="skillc",
        )

    def range(self, span: Span) -> types.Range:
        start = position_of(span.file, span.start, self.encoding)
        return _range(start, position_of(span.file, max(span.end, span.start), self.encoding))


def _range(start: tuple[int, int], end: tuple[int, int]) -> types.Range:
    return types.Range(types.Position(*start), types.Position(*end))


def make_server(version: str) -> LanguageServer:
    """Return the server with all that it answers."""
    server = _Server(version)

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(_params: types.DidOpenTextDocumentParams) -> None:
        server.changed(0.0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(_params: types.DidChangeTextDocumentParams) -> None:
        server.changed()

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(_params: types.DidSaveTextDocumentParams) -> None:
        server.changed(0.0)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(_params: types.DidCloseTextDocumentParams) -> None:
        server.changed(0.0)

    _answers(server)
    return server


def _answers(server: _Server) -> None:
    """Declare what the server answers when it is asked."""

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(params: types.HoverParams) -> types.Hover | None:
        place = server.place(params.text_document.uri, params.position)
        target = target_of(place) if place is not None else None
        if target is None or isinstance(target, str):
            return None
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, target.hover))

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def definition(params: types.DefinitionParams) -> types.Location | None:
        place = server.place(params.text_document.uri, params.position)
        target = target_of(place) if place is not None else None
        if place is None or target is None:
            return None
        path = target if isinstance(target, str) else target.span.file.path
        uri = from_fs_path(str(place.analysis.file(path).resolve()))
        where = _range((0, 0), (0, 0)) if isinstance(target, str) else server.range(target.span)
        return types.Location(uri, where) if uri is not None else None

    options = types.CompletionOptions(trigger_characters=[".", '"', " "])

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, options)
    def completion(params: types.CompletionParams) -> list[types.CompletionItem]:
        place = server.place(params.text_document.uri, params.position)
        return [_item(proposal) for proposal in complete(place)] if place is not None else []

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def formatting(params: types.DocumentFormattingParams) -> list[types.TextEdit]:
        source = SourceFile("", server.workspace.get_text_document(params.text_document.uri).source)
        text = fmt.format_source(source, Report())
        if text is None or text == source.text:
            return []
        return [types.TextEdit(server.range(Span(source, 0, len(source.text))), text)]


def _item(proposal: Proposal) -> types.CompletionItem:
    kind = _KINDS.get(proposal.kind, types.CompletionItemKind.Reference)
    return types.CompletionItem(proposal.text, kind=kind, detail=proposal.detail or proposal.kind)


def serve(version: str) -> int:
    """Serve standard input and output until the editor ends it."""
    make_server(version).start_io()
    return 0
