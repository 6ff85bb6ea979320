"""Filling a template within bounds.

An artifact may come from anywhere, and its digest only says that it is whole. So the runtime holds a
template to what the language allows, and fills it within a time and a size: every turn of a loop is
counted, and what could multiply a text is measured first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateError, TemplateRuntimeError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from skillspec.artifacts import ArtifactError
from skillspec.templates import FILTERS, FORBIDDEN, METHODS, OPERATORS

__all__ = ["Templates"]

_MOST_CHARS: Final = 32_000_000
_MOST_SECONDS: Final = 2.0
_MOST_COUNT: Final = 1_000
_TURN: Final = "each turn"


class _TooMuch(TemplateRuntimeError):
    """The template takes more time or makes more text than a template may."""


def _measured(chars: int) -> None:
    if chars > _MOST_CHARS:
        raise _TooMuch(f"it makes more than {_MOST_CHARS:,} characters")


def _join(value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    """The filter ``join``, measured."""
    shown = [str(item if attribute is None else item[attribute]) for item in value]
    _measured(sum(map(len, shown)) + len(d) * len(shown))
    return d.join(shown)


def _replace(value: str, old: str, new: str, count: int = -1) -> str:
    """The filter ``replace``, measured."""
    text, old, new = str(value), str(old), str(new)
    _measured(len(text) + len(new) * (text.count(old) if count is None or count < 0 else count))
    return text.replace(old, new, -1 if count is None else count)


def _round(value: float, precision: int = 0, method: str = "common") -> float:
    """The filter ``round``, for as many digits as a number has."""
    from jinja2.filters import do_round

    return do_round(value, min(precision, 20), method)  # type: ignore[arg-type]


def _batch(value: Iterable[Any], linecount: int, fill_with: Any = None) -> Iterator[list[Any]]:
    """The filter ``batch``, with rows of a bounded length."""
    from jinja2.filters import do_batch

    if linecount > _MOST_COUNT:
        raise _TooMuch(f"a batch has more than {_MOST_COUNT:,} items")
    return do_batch(value, linecount, fill_with)


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja2 with the language's filters and methods, and with loops that are counted."""

    intercepted_binops = frozenset(["+"])

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=False)
        self.globals = {}
        self.filters = {name: function for name, function in self.filters.items() if name in FILTERS}
        self.filters |= {"join": _join, "replace": _replace, "round": _round, "batch": _batch}
        self.filters[_TURN] = self._turns
        self.deadline = 0.0

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        return super().is_safe_attribute(obj, attr, value) and (not callable(value) or attr in METHODS)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if hasattr(left, "__len__") and hasattr(right, "__len__"):
            _measured(len(left) + len(right))
        return super().call_binop(context, operator, left, right)

    def _turns(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self.in_time()
            yield item

    def in_time(self) -> None:
        if time.monotonic() > self.deadline:
            raise _TooMuch(f"it takes more than {_MOST_SECONDS:g} s")


class _Bounded(NodeTransformer):
    """Counts the turns of loops, and refuses what the language does not have."""

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        kind = type(node).__name__
        if kind in FORBIDDEN or kind in OPERATORS or getattr(node, "recursive", False):
            raise TemplateError(
                f"{OPERATORS.get(kind, kind.lower())} is not for templates (line {node.lineno})"
            )
        node = super().generic_visit(node, *args, **kwargs)
        if isinstance(node, nodes.For):
            node.iter = nodes.Filter(node.iter, _TURN, [], [], None, None, lineno=node.lineno)
        if isinstance(node, nodes.Concat):
            return self._sum(node)
        return node

    @staticmethod
    def _sum(node: nodes.Concat) -> nodes.Node:
        texts: list[nodes.Expr] = [
            nodes.Filter(part, "string", [], [], None, None, lineno=node.lineno) for part in node.nodes
        ]
        total = texts[0]
        for text in texts[1:]:
            total = nodes.Add(total, text, lineno=node.lineno)
        return total


class Templates:
    """The templates of a program, each compiled once."""

    def __init__(self) -> None:
        self.environment = _Environment()
        self._compiled: dict[str, Template] = {}

    def compile(self, name: str, source: str) -> Template:
        """Compile a template.

        Raises:
            ArtifactError: it does not parse, or uses what no template may.
        """
        template = self._compiled.get(name)
        if template is None:
            environment = self.environment
            try:
                tree = _Bounded().visit(environment.parse(source))
                tree.set_environment(environment)
                code = environment.compile(tree)
            except (TemplateError, RecursionError, SyntaxError, MemoryError) as error:
                raise ArtifactError(
                    f"the template {name} cannot be used ({error}). Compile again: skillc compile"
                ) from error
            made = Template.from_code(environment, code, environment.make_globals(None))
            self._compiled[name] = template = made
        return template

    def fill(self, name: str, source: str, values: Mapping[str, Any]) -> str:
        """Return the template filled with values.

        Raises:
            ArtifactError: as :meth:`compile`.
            jinja2.TemplateError: it cannot be filled with these values, or not within its bounds.
        """
        template = self.compile(name, source)
        self.environment.deadline = time.monotonic() + _MOST_SECONDS
        pieces: list[str] = []
        chars = 0
        for piece in template.generate(values):
            pieces.append(piece)
            chars += len(piece)
            _measured(chars)
            self.environment.in_time()
        return "".join(pieces)
