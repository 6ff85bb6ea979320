"""Names: what a file declares and imports, and what it extends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from skillc.diagnostics import Report, did_you_mean
from skillc.project.load import Project
from skillc.tree import (
    Declaration,
    GuidanceDecl,
    Item,
    Module,
    Name,
    PhrasesDecl,
    PipelineDecl,
    PythonDecl,
    ResourceDecl,
    SkillDecl,
    TaskDecl,
    TaxonomyDecl,
    VerifierDecl,
)

__all__ = [
    "Bound",
    "Entry",
    "Scope",
    "Scopes",
    "build_scopes",
    "kind_of",
    "unused_declarations",
    "unused_imports",
]

D = TypeVar("D", bound=Declaration)

_KINDS: dict[type, str] = {
    TaskDecl: "a task",
    SkillDecl: "a skill",
    PhrasesDecl: "phrases",
    ResourceDecl: "a resource",
    GuidanceDecl: "guidance",
    TaxonomyDecl: "a taxonomy",
    VerifierDecl: "a verifier",
    PipelineDecl: "a pipeline",
    PythonDecl: "a sandbox",
}


def kind_of(declaration: Declaration | type) -> str:
    """Return what a declaration is, with its article."""
    return _KINDS[declaration if isinstance(declaration, type) else type(declaration)]


@dataclass(frozen=True, eq=False)
class Entry:
    """A declaration with the scope of its file."""

    declaration: Declaration
    scope: Scope


@dataclass(frozen=True, eq=False)
class Bound:
    """An item with the scope in which its names mean something."""

    item: Item
    scope: Scope


@dataclass(eq=False)
class Scope:
    """The names of one file: its own and the imported ones."""

    module: Module
    report: Report
    own: dict[str, Entry] = field(default_factory=dict)
    imported: dict[str, Entry] = field(default_factory=dict)
    unresolved: set[str] = field(default_factory=set)
    """Imported names that could not be found, reported once already."""
    used: set[str] = field(default_factory=set)

    def find(self, name: str) -> Entry | None:
        """Return what ``name`` means here, without a report."""
        entry = self.own.get(name)
        if entry is None:
            entry = self.imported.get(name)
        if entry is not None:
            self.used.add(name)
        return entry

    def lookup(self, name: Name, kind: type[D]) -> tuple[D, Scope] | None:
        """Return the declaration of the given kind that ``name`` means, or report why there is none."""
        entry = self.find(name.text)
        if entry is None:
            if name.text in self.unresolved:
                self.used.add(name.text)
                return None
            everything = {**self.own, **self.imported}
            known = [key for key, other in everything.items() if isinstance(other.declaration, kind)]
            help = did_you_mean(name.text, known, "declare it in this file or import it")
            self.report.error(
                "SK201", name.span, f"there is no {_plain(kind)} called `{name.text}` here", help
            )
            return None
        if not isinstance(entry.declaration, kind):
            needed = kind_of(kind) + (" are" if kind is PhrasesDecl else " is")
            message = f"`{name.text}` is {kind_of(entry.declaration)}, and {needed} needed here"
            line = entry.declaration.name.span
            self.report.error("SK208", name.span, message, f"it is declared in {line.file.path}:{line.line}")
            return None
        return entry.declaration, entry.scope


def _plain(kind: type) -> str:
    return kind_of(kind).removeprefix("a ")


Scopes = dict[str, Scope]


def build_scopes(project: Project) -> Scopes:
    """Build the scopes of all modules; duplicates and imports that find nothing are reported."""
    scopes = {path: Scope(module, project.report) for path, module in project.modules.items()}
    for scope in scopes.values():
        _own(scope)
    for scope in scopes.values():
        _imports(scope, scopes, project)
    return scopes


def _own(scope: Scope) -> None:
    scope.unresolved.update(scope.module.lost)
    for declaration in scope.module.declarations:
        name = declaration.name
        first = scope.own.get(name.text)
        if first is not None:
            line = first.declaration.name.span.line
            message = f"`{name.text}` is declared twice in this file"
            scope.report.error(
                "SK202", name.span, message, f"the first one is on line {line}; rename one of them"
            )
            continue
        scope.own[name.text] = Entry(declaration, scope)


def _imports(scope: Scope, scopes: Scopes, project: Project) -> None:
    report = project.report
    for item in scope.module.imports:
        target = project.locate(scope.module.file, item.path)
        other = scopes.get(target) if target is not None else None
        for name in item.names:
            taken = scope.own.get(name.text) or scope.imported.get(name.text)
            if other is None:
                scope.unresolved.add(name.text)
            elif other is scope:
                report.error("SK204", name.span, "a file cannot import from itself", "take the import away")
            elif name.text in other.module.lost and name.text not in other.own:
                scope.unresolved.add(name.text)
            elif name.text not in other.own:
                scope.unresolved.add(name.text)
                help = did_you_mean(
                    name.text, other.own, "only what a file itself declares can be imported from it"
                )
                message = f"{other.module.file.path} declares no `{name.text}`"
                report.error("SK204", name.span, message, help)
            elif taken is not None:
                message = f"`{name.text}` is imported, but there is one here already"
                where = taken.declaration.name.span
                report.error(
                    "SK202", name.span, message, f"the other is declared in {where.file.path}:{where.line}"
                )
            else:
                scope.imported[name.text] = other.own[name.text]
                other.used.add(name.text)


def unused_declarations(scopes: Scopes) -> Iterator[Name]:
    """Yield shared declarations that nothing takes in, in files that declare a skill themselves.

    A file without a skill is a library: others may take from it what this project does not.
    """
    for scope in scopes.values():
        if not any(isinstance(entry.declaration, SkillDecl) for entry in scope.own.values()):
            continue
        for name, entry in scope.own.items():
            if name not in scope.used and not isinstance(entry.declaration, TaskDecl | SkillDecl):
                yield entry.declaration.name


def unused_imports(scopes: Scopes) -> Iterator[Name]:
    """Yield the imported names that nothing used, once everything was checked."""
    for scope in scopes.values():
        for item in scope.module.imports:
            for name in item.names:
                if name.text in scope.imported and name.text not in scope.used:
                    yield name
