"""Checking Jinja2 templates: only declared fields, optional ones guarded, nothing from outside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from skillc.check.model import FieldInfo, Reading
from skillc.diagnostics import Report, did_you_mean, listed
from skillc.source import Span
from skillc.tree import Name, Text
from skillspec.templates import FILTERS, FORBIDDEN, METHODS, OPERATORS

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import SandboxedEnvironment

__all__ = ["check_template"]

_GUARD_FILTERS = {"default", "d"}
_PARTS = frozenset({"role", "content"})
"""What values have that a template may name, beside the labels of responses."""
_LOOP = frozenset(
    [
        "depth",
        "depth0",
        "first",
        "index",
        "index0",
        "last",
        "length",
        "nextitem",
        "previtem",
        "revindex",
        "revindex0",
    ]
)
_LAZY = frozenset(
    ["batch", "items", "map", "reject", "rejectattr", "reverse", "select", "selectattr", "unique"]
)
_TAKES_LAZY = _LAZY | {"first", "join", "list", "sort"}


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def check_template(
    text: Text, fields: Mapping[str, FieldInfo], place: str, task: str, report: Report
) -> tuple[Reading, ...]:
    """Check one template of a task and return where it first reads each field, in the order of the task."""
    from jinja2 import TemplateSyntaxError

    try:
        tree = _environment().parse(text.value)
    except TemplateSyntaxError as error:
        span = _line_span(text, error.lineno)
        report.error(
            "SK401",
            span,
            f"the template does not parse: {error.message}",
            "it is Jinja2: {{ field }}, {% if field %}...{% endif %}",
        )
        return ()
    except RecursionError:
        report.error("SK401", text.declared, "the template nests too deep", "write it flatter")
        return ()
    checker = _Checker(text, fields, place, task, report)
    try:
        checker.visit(tree, frozenset(), frozenset())
        if not report.has_errors:
            _environment().from_string(text.value)
    except (RecursionError, SyntaxError, MemoryError):
        report.error("SK401", text.declared, "the template nests too deep", "write it flatter")
    place = f"the {place} template"
    return tuple(
        Reading(Name(name, checker.read[name]), place, (task,)) for name in fields if name in checker.read
    )


def _line_span(text: Text, number: int) -> Span:
    """Return the span of line ``number`` of a text, in the source that it comes from."""
    if not text.raw:
        return text.span
    lines = text.value.split("\n")
    wanted = lines[number - 1] if 0 < number <= len(lines) else ""
    source = text.span.file.text
    position = text.span.start
    for line in lines[: number - 1]:
        start = source.find(line, position, text.span.end)
        if start < 0:
            return text.declared
        position = source.find("\n", start + len(line), text.span.end) + 1
    start = source.find(wanted, position, text.span.end)
    return Span(text.span.file, start, start + len(wanted)) if start >= 0 else text.declared


class _Checker:
    def __init__(
        self, text: Text, fields: Mapping[str, FieldInfo], place: str, task: str, report: Report
    ) -> None:
        self.text = text
        self.fields = fields
        self.place = place
        self.task = task
        self.report = report
        self.read: dict[str, Span] = {}
        self.taken: set[int] = set()
        """Filters whose lists are gone through; any other would print an address."""

    def visit(self, node: nodes.Node, guarded: frozenset[str], local: frozenset[str]) -> None:
        """Check a node. ``guarded`` fields are known to be there, ``local`` names are the template's own."""
        kind = type(node).__name__
        if kind in FORBIDDEN:
            message = f"{_statement(kind)} is not allowed in a template"
            self.report.error(
                "SK405", _line_span(self.text, node.lineno), message, "a template stands alone; write it out"
            )
            return
        if kind in OPERATORS:
            message = f"`{OPERATORS[kind]}` is not allowed in a template"
            self.report.error(
                "SK405",
                _line_span(self.text, node.lineno),
                message,
                "templates put texts together and do not compute",
            )
            return
        visitor = getattr(self, f"_visit_{kind.lower()}", None)
        if visitor is not None:
            visitor(node, guarded, local)
        else:
            self._children(node, guarded, local)

    def _children(self, node: nodes.Node, guarded: frozenset[str], local: frozenset[str]) -> None:
        for child in node.iter_child_nodes():
            child_kind = type(child).__name__
            self.visit(child, guarded, local)
            if child_kind == "Assign":
                local = local | _assigned(child)

    def _visit_all(self, body: list[nodes.Node], guarded: frozenset[str], local: frozenset[str]) -> None:
        for child in body:
            self.visit(child, guarded, local)
            if type(child).__name__ in ("Assign", "AssignBlock"):
                local = local | _assigned(child)

    def _visit_template(self, node: nodes.Template, guarded: frozenset[str], local: frozenset[str]) -> None:
        self._visit_all(node.body, guarded, local)

    def _visit_if(self, node: nodes.If, guarded: frozenset[str], local: frozenset[str]) -> None:
        self.visit(node.test, guarded | _mentioned_as_test(node.test), local)
        self._visit_all(node.body, guarded | _present_if(node.test, True), local)
        after = guarded | _present_if(node.test, False)
        for branch in node.elif_:
            self.visit(branch, after, local)
            after = after | _present_if(branch.test, False)
        self._visit_all(node.else_, after, local)

    def _visit_condexpr(self, node: nodes.CondExpr, guarded: frozenset[str], local: frozenset[str]) -> None:
        self.visit(node.test, guarded | _mentioned_as_test(node.test), local)
        self.visit(node.expr1, guarded | _present_if(node.test, True), local)
        if node.expr2 is not None:
            self.visit(node.expr2, guarded | _present_if(node.test, False), local)

    def _visit_and(self, node: nodes.And, guarded: frozenset[str], local: frozenset[str]) -> None:
        self.visit(node.left, guarded | _mentioned_as_test(node.left), local)
        self.visit(node.right, guarded | _present_if(node.left, True), local)

    def _visit_or(self, node: nodes.Or, guarded: frozenset[str], local: frozenset[str]) -> None:
        self.visit(node.left, guarded | _mentioned_as_test(node.left), local)
        self.visit(node.right, guarded | _present_if(node.left, False), local)

    def _visit_not(self, node: nodes.Not, guarded: frozenset[str], local: frozenset[str]) -> None:
        self.visit(node.node, guarded | _mentioned_as_test(node.node), local)

    def _visit_test(self, node: nodes.Test, guarded: frozenset[str], local: frozenset[str]) -> None:
        if node.name not in _environment().tests:
            help = did_you_mean(node.name, sorted(_environment().tests), "see the tests of Jinja2")
            self.report.error("SK401", self._find(node, node.name), f"Jinja2 has no test `{node.name}`", help)
        checked = _mentioned_as_test(node.node) if node.name in ("defined", "none") else frozenset()
        self._children(node, guarded | checked, local)

    def _visit_filter(self, node: nodes.Filter, guarded: frozenset[str], local: frozenset[str]) -> None:
        if node.name not in FILTERS:
            known = listed((f"`{name}`" for name in sorted(FILTERS)), "and")
            help = did_you_mean(node.name, sorted(FILTERS), f"there are {known}")
            message = f"templates have no filter `{node.name}`"
            self.report.error("SK401", self._find(node, node.name), message, help)
        if node.name == "batch" and len(node.args) + len(node.kwargs) > 1:
            # Filling up to a size would let one line make a text of any length.
            span = self._find(node, node.name)
            self.report.error("SK405", span, "`batch` takes one number", "write `batch(2)`")
        if node.name in _TAKES_LAZY and node.node is not None:
            self.taken.add(id(node.node))
        if node.name in _LAZY and id(node) not in self.taken:
            message = f"`{node.name}` gives a list that cannot be shown as it is"
            self.report.error("SK405", self._find(node, node.name), message, 'add `| join(", ")` or `| list`')
        for name in _attributes(node):
            if name not in _PARTS:
                self._no_part(node, name)
        safe = node.name in _GUARD_FILTERS and len(node.args) > 1 and node.node is not None
        more = _mentioned_as_test(node.node) if safe and node.node is not None else frozenset()
        self._children(node, guarded | more, local)

    def _visit_for(self, node: nodes.For, guarded: frozenset[str], local: frozenset[str]) -> None:
        self.taken.add(id(node.iter))
        self.visit(node.iter, guarded, local)
        inner = local | _names(node.target) | {"loop"}
        if node.test is not None:
            self.visit(node.test, guarded, inner)
        self._visit_all(node.body, guarded, inner)
        self._visit_all(node.else_, guarded, local)

    def _visit_call(self, node: nodes.Call, guarded: frozenset[str], local: frozenset[str]) -> None:
        attr = getattr(node.node, "attr", None)
        if attr is not None and attr not in METHODS:
            known = listed((f"`{name}`" for name in sorted(METHODS)), "and")
            message = f"templates cannot call `{attr}`"
            help = did_you_mean(attr, sorted(METHODS), f"what they can call is {known}")
            self.report.error("SK405", self._find(node, attr), message, help)
            return
        called = node.node
        if attr is None:
            self.visit(called, guarded, local)
        else:
            self.visit(called.node, guarded, local)  # type: ignore[attr-defined]
        for argument in (*node.args, *node.kwargs):
            self.visit(argument, guarded, local)

    def _visit_getattr(self, node: nodes.Getattr, guarded: frozenset[str], local: frozenset[str]) -> None:
        self.visit(node.node, guarded, local)
        self._part(node.node, node.attr, node, local)

    def _visit_getitem(self, node: nodes.Getitem, guarded: frozenset[str], local: frozenset[str]) -> None:
        self._children(node, guarded, local)
        key = getattr(node.arg, "value", None)
        if isinstance(key, str):
            self._part(node.node, key, node, local)

    def _part(self, owner: nodes.Node, label: str, node: nodes.Node, local: frozenset[str]) -> None:
        """A label of responses, a part of a turn, or what a loop knows of itself."""
        name = getattr(owner, "name", None) if type(owner).__name__ == "Name" else None
        info = self.fields.get(name) if name is not None and name not in local else None
        if info is None or not info.labels:
            known_parts = _LOOP if name == "loop" and name in local else _PARTS
            if label not in known_parts and (name is None or name in local or info is not None):
                self._no_part(node, label)
            return
        known = [item.label.text for item in info.labels]
        if label not in known:
            message = f"`{info.name}` has no label `{label}`"
            self.report.error(
                "SK404", self._find(node, f"{info.name}.{label}", label), message, did_you_mean(label, known)
            )

    def _no_part(self, node: nodes.Node, label: str) -> None:
        message = f"nothing in a sample has a part `{label}` that could be shown"
        help = did_you_mean(label, sorted(_PARTS), "turns have `role` and `content`, `responses` its labels")
        self.report.error("SK405", self._find(node, label), message, help)

    def _visit_name(self, node: nodes.Name, guarded: frozenset[str], local: frozenset[str]) -> None:
        name = node.name
        if node.ctx != "load" or name in local:
            return
        info = self.fields.get(name)
        if info is None:
            if name in _environment().globals:
                message = f"`{name}` is a function of Jinja2; templates here read fields only"
                self.report.error("SK405", self._find(node, name), message, "write it without")
                return
            message = (
                f"the {self.place} template reads `{name}`, which task `{self.task}` does not declare: "
                "it is oracle"
            )
            near = did_you_mean(name, self.fields, "declare it with `given` if the judge may see it")
            self.report.error("SK302", self._find(node, name), message, near)
            return
        self.read.setdefault(name, self._find(node, name))
        if info.optional and name not in guarded:
            message = f"`{name}` may be absent and is read without a guard"
            help = f'write {{% if {name} %}}...{{% endif %}} around it, or {{{{ {name} or "" }}}}'
            self.report.error("SK403", self._find(node, name), message, help)

    def _find(self, node: nodes.Node, *words: str) -> Span:
        line = _line_span(self.text, node.lineno)
        for word in words:
            match = re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)|(?<=\.){re.escape(word)}(?!\w)", line.text)
            if match is not None:
                return line.within(match.start(), match.end())
        return line


def _names(node: nodes.Node) -> frozenset[str]:
    from jinja2 import nodes as kinds

    names = {child.name for child in node.find_all(kinds.Name)}
    return frozenset(names | ({node.name} if isinstance(node, kinds.Name) else set()))


def _attributes(node: nodes.Filter) -> list[str]:
    """Return the parts that a filter takes of the members of a list."""
    named = [pair.value for pair in node.kwargs if pair.key == "attribute"]
    first = node.args[:1] if node.name in ("selectattr", "rejectattr") else []
    return [
        value for value in (getattr(arg, "value", None) for arg in (*named, *first)) if isinstance(value, str)
    ]


def _assigned(node: nodes.Node) -> frozenset[str]:
    return _names(node.target) if hasattr(node, "target") else frozenset()


def _mentioned_as_test(node: nodes.Node) -> frozenset[str]:
    """A bare name whose truth is asked for: asking is no reading of an absent value."""
    return frozenset({node.name}) if type(node).__name__ == "Name" else frozenset()  # type: ignore[attr-defined]


def _present_if(test: nodes.Node, truth: bool) -> frozenset[str]:
    """Return the names that are known to be there when ``test`` came out as ``truth``."""
    from jinja2 import nodes as kinds

    match test:
        case kinds.Name():
            return frozenset({test.name}) if truth else frozenset()
        case kinds.Not():
            return _present_if(test.node, not truth)
        case kinds.And():
            return _present_if(test.left, truth) | _present_if(test.right, truth) if truth else frozenset()
        case kinds.Or():
            return frozenset() if truth else _present_if(test.left, False) | _present_if(test.right, False)
        case kinds.Test() if test.name == "none" and isinstance(test.node, kinds.Name):
            return frozenset() if truth else frozenset({test.node.name})
    return frozenset()


def _statement(kind: str) -> str:
    words = {"FromImport": "from ... import", "CallBlock": "call"}
    return "{% " + words.get(kind, kind.lower()) + " %}"
