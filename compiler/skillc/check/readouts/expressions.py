"""Type-checking expressions and compiling them to data.

Everything is total: there is no division but ``ratio``, no loop but the aggregates over findings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from skillc.check.readouts.never import never_holds
from skillc.diagnostics import Report, did_you_mean, listed
from skillc.source import Span
from skillc.tree import (
    BinaryExpr,
    CallExpr,
    ExprTree,
    InExpr,
    Name,
    NameExpr,
    NumberExpr,
    TextExpr,
    UnaryExpr,
)
from skillspec.expr import Aggregate, Const, Expr, Operation, Ref

__all__ = ["ExprCompiler", "Names", "Typed", "field_ref"]

Type = Literal["number", "truth", "text", "word", "data"]
_TYPE_WORDS = {
    "number": "a number",
    "truth": "true or false",
    "text": "a text",
    "word": "one of several words",
    "data": "a value that can only be present or absent",
}
_ORDER = {"lt", "le", "gt", "ge"}
_FUNCTIONS = ("count", "any", "all", "sum", "failed", "ratio", "min", "max")


@dataclass(frozen=True, slots=True)
class Typed:
    """A compiled expression with its type; ``values`` are the words that a ``word`` can be."""

    type: Type
    expr: Expr
    values: tuple[str, ...] = ()
    field: bool = False
    """A field of the sample: as a condition it asks whether it is there."""


@dataclass(frozen=True)
class Names:
    """What names mean in an expression: outside of aggregates, and in their conditions."""

    names: Mapping[str, Typed]
    finding: Mapping[str, Typed] = field(default_factory=dict)
    aggregates: bool = False
    failed: Mapping[str, Expr] = field(default_factory=dict)
    """What ``failed(x)`` asks of a finding, for each x that it takes."""
    explain: Callable[[Name], str | None] = lambda _: None
    """A reason for which a name that is known elsewhere means nothing here."""
    reader: str = ""
    """What reads the sample here, for a person; empty where nothing does."""
    tasks: tuple[str, ...] = ()
    """The tasks whose samples it reads."""


class ExprCompiler:
    """Compiles expressions; what is wrong is reported and gives None."""

    def __init__(self, names: Names, report: Report) -> None:
        self.names = names
        self.report = report
        self.used: dict[str, Name] = {}
        self.lenient_ratio = False

    # ---------------------------------------------------------------------------- entry points

    def condition(self, tree: ExprTree, *, inside: bool = False) -> Expr | None:
        """Compile something that must be true or false."""
        typed = self.compile(tree, inside=inside)
        return None if typed is None else self._truth(typed, tree.span)

    def holding(self, tree: ExprTree, *, inside: bool = False) -> Expr | None:
        """Compile a whole condition, and warn when it is certainly false."""
        expr = self.condition(tree, inside=inside)
        if expr is not None and never_holds(expr):
            message = "this condition never holds"
            self.report.warning("SK615", tree.span, message, "its parts exclude each other: take one away")
        return expr

    def number(self, tree: ExprTree, what: str, *, inside: bool = False) -> Expr | None:
        """Compile something that must be a number."""
        typed = self.compile(tree, inside=inside)
        if typed is None:
            return None
        if typed.type != "number":
            self._mismatch(tree.span, what, "number", typed.type)
            return None
        return typed.expr

    def _mismatch(self, span: Span, what: str, wanted: Type, got: Type) -> None:
        message = f"{what} must be {_TYPE_WORDS[wanted]}, and this is {_TYPE_WORDS[got]}"
        self.report.error("SK702", span, message, "compare it with something, or use another value")

    def _truth(self, typed: Typed, span: Span) -> Expr | None:
        if typed.type == "truth":
            return typed.expr
        if typed.field:
            return Operation(op="ne", args=(typed.expr, Const(value="")))
        self._mismatch(span, "a condition", "truth", typed.type)
        return None

    # ------------------------------------------------------------------------------ expressions

    def compile(self, tree: ExprTree, *, inside: bool = False) -> Typed | None:
        """Compile any expression; ``inside``: in a condition over findings."""
        match tree:
            case NumberExpr():
                return Typed("number", Const(value=tree.value))
            case TextExpr():
                return Typed("text", Const(value=tree.value))
            case NameExpr():
                return self._name(tree, inside)
            case UnaryExpr(op="not"):
                truth = self.condition(tree.arg, inside=inside)
                return None if truth is None else Typed("truth", Operation(op="not", args=(truth,)))
            case UnaryExpr():
                number = self.number(tree.arg, "what is negated", inside=inside)
                return None if number is None else Typed("number", Operation(op="neg", args=(number,)))
            case BinaryExpr():
                return self._binary(tree, inside)
            case InExpr():
                return self._in(tree, inside)
            case CallExpr():
                return self._call(tree, inside)

    def _name(self, tree: NameExpr, inside: bool) -> Typed | None:
        known = {**self.names.names, **(self.names.finding if inside else {})}
        named = known.get(tree.text)
        if named is not None:
            self.used[tree.text] = Name(tree.text, tree.span)
            return named
        reason = self.names.explain(Name(tree.text, tree.span))
        if reason is None and not inside and tree.text in self.names.finding:
            reason = "it belongs to single findings: use it in `count(findings where ...)` and the like"
        message = f"`{tree.text}` means nothing here"
        choices = [*known, "findings"] if self.names.aggregates else list(known)
        if reason is None and did_you_mean(tree.text, choices, " ") == " " and self._oracle(tree):
            return None
        help = reason or did_you_mean(tree.text, choices)
        self.report.error("SK701", tree.span, message, help or "texts stand in quotes")
        return None

    def _oracle(self, tree: NameExpr) -> bool:
        """Report a name that is like nothing known: as a field of the sample it is oracle."""
        if not self.names.reader or not self.names.tasks or len(tree.parts) > 1:
            return False
        tasks = listed((f"`{name}`" for name in self.names.tasks), "and")
        which = f"task {tasks} does" if len(self.names.tasks) == 1 else f"tasks {tasks} do"
        message = f"{self.names.reader} reads `{tree.text}`, which {which} not declare: it is oracle"
        help = f'declare it with `given`, `attach` or `about`; a text stands in quotes: "{tree.text}"'
        self.report.error("SK302", tree.span, message, help)
        return True

    def _word(self, tree: ExprTree, values: tuple[str, ...]) -> Typed | None:
        """Return a bare word where one of ``values`` is wanted; None when it is none of them."""
        if isinstance(tree, NameExpr) and tree.text in values:
            return Typed("text", Const(value=tree.text))
        if isinstance(tree, TextExpr) and tree.value in values:
            return Typed("text", Const(value=tree.value))
        return None

    def _pair(self, left: ExprTree, right: ExprTree, inside: bool) -> tuple[Typed, Typed] | None:
        """Compile the two sides of a comparison: a bare word on one side may be a value of the other."""
        first = self._quiet(left, inside)
        if first is not None and first.type == "word":
            word = self._word(right, first.values)
            if word is None:
                word = self._quiet(right, inside)
                if word is None or word.type != "word":
                    self._no_value(right, first.values)
                    return None
            self.compile(left, inside=inside)
            return first, word
        second = self._quiet(right, inside)
        if second is not None and second.type == "word":
            turned = self._pair(right, left, inside)
            return None if turned is None else (turned[1], turned[0])
        a = self.compile(left, inside=inside)
        # What the right side should be depends on the left one: without it there is nothing to say.
        b = self.compile(right, inside=inside) if a is not None else None
        return None if a is None or b is None else (a, b)

    def _quiet(self, tree: ExprTree, inside: bool) -> Typed | None:
        silent = ExprCompiler(self.names, Report())
        return silent.compile(tree, inside=inside) if isinstance(tree, NameExpr) else None

    def _no_value(self, tree: ExprTree, values: tuple[str, ...]) -> None:
        shown = tree.text if isinstance(tree, NameExpr) else tree.span.text
        help = did_you_mean(shown, values, f"it can be {listed((f'`{value}`' for value in values), 'or')}")
        self.report.error("SK703", tree.span, f"`{shown}` is not among the values that this can have", help)

    def _binary(self, tree: BinaryExpr, inside: bool) -> Typed | None:
        if tree.op in ("and", "or"):
            truths = [self.condition(side, inside=inside) for side in (tree.left, tree.right)]
            if truths[0] is None or truths[1] is None:
                return None
            return Typed("truth", Operation(op=tree.op, args=(truths[0], truths[1])))
        if tree.op in ("eq", "ne"):
            pair = self._pair(tree.left, tree.right, inside)
            if pair is None or not self._comparable(pair, tree.span):
                return None
            return Typed("truth", Operation(op=tree.op, args=(pair[0].expr, pair[1].expr)))
        what = "what is compared" if tree.op in _ORDER else "what is added or multiplied"
        left = self.number(tree.left, what, inside=inside)
        right = self.number(tree.right, what, inside=inside)
        if left is None or right is None:
            return None
        return Typed("truth" if tree.op in _ORDER else "number", Operation(op=tree.op, args=(left, right)))

    def _comparable(self, pair: tuple[Typed, Typed], span: Span) -> bool:
        kinds = {"text" if typed.type == "word" else typed.type for typed in pair}
        if kinds in ({"text"}, {"number"}, {"truth"}):
            return True
        first, second = (_TYPE_WORDS[typed.type] for typed in pair)
        self.report.error("SK702", span, f"{first} is never equal to {second}", "compare like with like")
        return False

    def _in(self, tree: InExpr, inside: bool) -> Typed | None:
        args: list[Expr] = []
        for option in tree.options:
            pair = self._pair(tree.arg, option, inside)
            if pair is None or not self._comparable(pair, option.span):
                return None
            if not args:
                args.append(pair[0].expr)
            args.append(pair[1].expr)
        return Typed("truth", Operation(op="in", args=tuple(args)))

    # -------------------------------------------------------------------------------- functions

    def _call(self, tree: CallExpr, inside: bool) -> Typed | None:
        name = tree.name.text
        if name not in _FUNCTIONS:
            help = did_you_mean(
                name, _FUNCTIONS, f"functions are {listed((f'`{f}`' for f in _FUNCTIONS), 'and')}"
            )
            self.report.error("SK704", tree.name.span, f"there is no function `{name}`", help)
            return None
        if name in ("ratio", "min", "max"):
            return self._arithmetic(tree, inside)
        if inside:
            self.report.error(
                "SK704",
                tree.span,
                f"`{name}` cannot stand inside a condition over findings",
                "name its value with `let` first",
            )
            return None
        if not self.names.aggregates:
            self.report.error(
                "SK704", tree.span, "there are no findings here", "findings are there in the readout only"
            )
            return None
        return self._failed(tree) if name == "failed" else self._aggregate(tree)

    def _failed(self, tree: CallExpr) -> Typed | None:
        arg = tree.args[0][0]
        if len(tree.args) != 1 or not isinstance(arg, NameExpr) or tree.args[0][1] is not None:
            self.report.error("SK704", tree.span, "`failed` takes one name", "write `failed(correctness)`")
            return None
        where = self.names.failed.get(arg.text)
        if where is None:
            help = did_you_mean(
                arg.text,
                self.names.failed,
                "it takes a criterion or `hard` (with a slot `status`), a failure or a severity",
            )
            self.report.error("SK703", arg.span, f"`{arg.text}` is nothing that can have failed", help)
            return None
        return Typed("truth", Aggregate(fn="any", where=where))

    def _arithmetic(self, tree: CallExpr, inside: bool) -> Typed | None:
        name = tree.name.text
        counts = (2, 3) if name == "ratio" else range(2, 9)
        if len(tree.args) not in counts or any(where is not None for _, where in tree.args):
            shape = (
                "`ratio(a, b)` or `ratio(a, b, value when b is 0)`" if name == "ratio" else f"`{name}(a, b)`"
            )
            self.report.error("SK704", tree.span, f"`{name}` does not take these", f"write {shape}")
            return None
        numbers = [self.number(arg, f"what `{name}` takes", inside=inside) for arg, _ in tree.args]
        known = [number for number in numbers if number is not None]
        if len(known) != len(numbers):
            return None
        if name == "ratio" and len(known) == 2:
            if not self.lenient_ratio:
                self.report.error(
                    "SK705",
                    tree.span,
                    "this ratio has no value when its second part is 0",
                    "add what it is then: `ratio(a, b, 0)`",
                )
                return None
            known.append(Const(value=None))
        return Typed("number", Operation(op=name, args=tuple(known)))  # type: ignore[arg-type]

    def _aggregate(self, tree: CallExpr) -> Typed | None:
        name = tree.name.text
        if len(tree.args) != 1:
            self.report.error(
                "SK704", tree.span, f"`{name}` takes one thing", f"write `{name}(findings where ...)`"
            )
            return None
        arg, where_tree = tree.args[0]
        where = self.holding(where_tree, inside=True) if where_tree is not None else None
        if where_tree is not None and where is None:
            return None
        over_findings = isinstance(arg, NameExpr) and arg.text == "findings"
        if over_findings and name in ("count", "any"):
            return Typed("number" if name == "count" else "truth", Aggregate(fn=name, where=where))  # type: ignore[arg-type]
        if over_findings or name in ("count", "any"):
            shapes = {
                "all": "`all(status = satisfied where ...)`",
                "sum": "`sum(criterion.weight where ...)`",
            }
            help = f"write {shapes.get(name, f'`{name}(findings where ...)`')}"
            self.report.error("SK704", arg.span, f"`{name}` does not take this", help)
            return None
        of = (
            self.condition(arg, inside=True)
            if name == "all"
            else self.number(arg, "what is summed", inside=True)
        )
        if of is None:
            return None
        kind: Type = "truth" if name == "all" else "number"
        return Typed(kind, Aggregate(fn=name, where=where, of=of))  # type: ignore[arg-type]


def field_ref(name: str, kind: Type) -> Typed:
    """Return a field of the sample as it stands in a condition."""
    return Typed(kind, Ref(path=("field", name)), field=True)
