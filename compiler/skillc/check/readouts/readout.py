"""Checking the readout and compiling it to data."""

from __future__ import annotations

from dataclasses import dataclass, field

from skillc.check.evidence import failed_conditions, failure_is, finding_names
from skillc.check.model import Reading, TaskModel
from skillc.check.naming import check_name
from skillc.check.readouts.context import RESULTS, ReadoutContext, gives
from skillc.check.readouts.expressions import ExprCompiler, Names, Typed, field_ref
from skillc.check.readouts.never import can_lack_value
from skillc.check.readouts.silence import Silence
from skillc.diagnostics import Report, did_you_mean
from skillc.source import Span
from skillc.tree import ExprTree, Name, NameExpr, ReadoutDecl, RuleDecl, VerifierDecl
from skillspec.expr import Aggregate, Const, Expr, Operation, Ref
from skillspec.fields import shape_of
from skillspec.records import (
    ChecklistAnswer,
    ChoiceAnswer,
    Decision,
    Let,
    Readout,
    ScaleAnswer,
    ScoreAnswer,
    ScoreRule,
    Settle,
)

__all__ = ["ReadoutContext", "check_readout"]

_MOST_DIGITS = 10
_ONCE = ("base", "abstain", "round")


@dataclass
class _Parts:
    settle: list[Settle] = field(default_factory=list)
    lets: list[Let] = field(default_factory=list)
    base: Expr | None = None
    otherwise: float | None = None
    caps: list[ScoreRule] = field(default_factory=list)
    abstain: Expr | None = None
    decisions: list[Decision] = field(default_factory=list)
    round: int | None = None


def check_readout(
    readout: ReadoutDecl | None, context: ReadoutContext, report: Report
) -> tuple[Readout, list[Reading]]:
    """Check a readout and return it as data, with the fields that it reads."""
    lost = context.evidence is not None and context.evidence.has_finding and not context.evidence.keys
    if readout is None or lost:  # a head that could not be read was reported: what findings have is unknown
        return Readout(), []
    return _ReadoutChecker(context, report).check(readout)


def _head(tree: ExprTree) -> str:
    """Return the first part of a dotted name; empty for anything else."""
    return tree.parts[0].text if isinstance(tree, NameExpr) else ""


class _ReadoutChecker:
    def __init__(self, context: ReadoutContext, report: Report) -> None:
        self.context = context
        self.report = report
        self.lets: dict[str, Typed] = {}
        self.used: dict[str, Name] = {}
        self.parts = _Parts()
        self.open = Silence(context.evidence, report)

    def check(self, readout: ReadoutDecl) -> tuple[Readout, list[Reading]]:
        self._check_repeats(readout)
        # Lets first, in the order written: the other rules may use them wherever they stand.
        for rule in readout.rules:
            if rule.kind == "let":
                self._let(rule)
        for rule in readout.rules:
            if rule.kind != "let":
                getattr(self, f"_{rule.kind}")(rule)
        for rule in readout.rules:
            if rule.kind == "let" and rule.name is not None and rule.name.text not in self.used:
                self.report.unused(
                    "SK602", rule.name.span, f"nothing uses `{rule.name.text}`", "use it, or take it away"
                )
        if readout.rules and not any(rule.kind == "base" for rule in readout.rules):
            self.report.error(
                "SK707",
                readout.span,
                "the readout has no `base`",
                "write `base answer`, or what the score is",
            )
        parts = self.parts
        record = Readout(
            settle=tuple(parts.settle),
            lets=tuple(parts.lets),
            base=parts.base,
            otherwise=parts.otherwise,
            caps=tuple(parts.caps),
            abstain=parts.abstain,
            decisions=tuple(parts.decisions),
            round=parts.round,
        )
        known = self._field_names()
        readings = [Reading(name, "the readout", None) for key, name in self.used.items() if key in known]
        return record, readings

    def _check_repeats(self, readout: ReadoutDecl) -> None:
        for kind in _ONCE:
            rules = [rule for rule in readout.rules if rule.kind == kind]
            for rule in rules[1:]:
                message = f"the readout has `{kind}` twice"
                help = f"the first one is on line {rules[0].span.line}; keep one of them"
                self.report.error("SK202", rule.span, message, help)

    # ------------------------------------------------------------------------------------ names

    def _field_names(self) -> dict[str, Typed]:
        names = dict.fromkeys(name for task in self.context.serves for name in task.fields)
        return {name: field_ref(name, "text" if shape_of(name) == "text" else "data") for name in names}

    def _winners(self) -> tuple[str, ...]:
        labels = dict.fromkeys(label for task in self.context.serves for label in task.labels())
        return (*labels, "tie")

    def _names(self) -> Names:
        names = self._field_names()
        labels = tuple(dict.fromkeys(label for task in self.context.serves for label in task.labels()))
        for verifier in self.context.verifiers:
            result_kind = gives(verifier)
            for result in RESULTS.get(result_kind, ()):
                path = ("verifier", verifier.name.text, result)
                kinds = {"winner": "word", "conclusive": "truth", "score": "number"}
                values = self._winners() if result == "winner" else ()
                names[f"{verifier.name.text}.{result}"] = Typed(kinds[result], Ref(path=path), values)  # type: ignore[arg-type]
        names.update(self._answer_name())
        names.update(self._counts())
        names.update(self.lets)
        evidence = self.context.evidence
        reader = f"the readout of skill `{self.context.skill}`"
        tasks = tuple(task.id for task in self.context.serves)
        if evidence is None:
            return Names(names, explain=self._explain, reader=reader, tasks=tasks)
        finding = finding_names(evidence, self.context.slots, labels)
        failed = failed_conditions(evidence, self.context.slots)
        return Names(names, finding, True, failed, self._explain, reader, tasks)

    def _answer_name(self) -> dict[str, Typed]:
        kinds = {type(task.answer) for task in self.context.serves}
        ref = Ref(path=("answer",))
        if kinds == {ScoreAnswer}:
            return {"answer": Typed("number", ref)}
        if kinds and kinds <= {ChoiceAnswer, ScaleAnswer}:
            labels = dict.fromkeys(
                label.label
                for task in self.context.serves
                if isinstance(task.answer, ChoiceAnswer | ScaleAnswer)
                for label in task.answer.labels
            )
            return {"answer": Typed("word", ref, tuple(labels))}
        return {}

    def _counts(self) -> dict[str, Typed]:
        status = next((slot for slot in self.context.slots if slot.name == "status"), None)
        if status is None or not {"satisfied", "failed"} <= set(status.values):
            return {}
        ref = Ref(path=("finding", "status"))
        satisfied = Operation(op="eq", args=(ref, Const(value="satisfied")))
        decided = Operation(op="in", args=(ref, Const(value="satisfied"), Const(value="failed")))
        return {
            "satisfied": Typed("number", Aggregate(fn="count", where=satisfied)),
            "total": Typed("number", Aggregate(fn="count", where=decided)),
        }

    def _explain(self, name: Name) -> str | None:
        head = name.text.split(".")[0]
        if head in self.context.pipelines:
            return "pipelines ask a model and never decide; only verifiers do"
        verifier = next((item for item in self.context.verifiers if item.name.text == head), None)
        if verifier is not None:
            known = [f"{head}.{result}" for result in RESULTS.get(gives(verifier), ())]
            return did_you_mean(name.text, known)
        if self.context.evidence is None and head in ("findings", "status", "satisfied", "total"):
            return "this skill has no `evidence`, so there are no findings"
        return None

    def _compiler(self) -> ExprCompiler:
        compiler = ExprCompiler(self._names(), self.report)
        compiler.used = self.used
        return compiler

    # ------------------------------------------------------------------------------------ rules

    def _let(self, rule: RuleDecl) -> None:
        assert rule.name is not None
        assert rule.value is not None
        check_name(rule.name, "a value", self.report)
        if rule.name.text in self._names().names:
            self.report.error(
                "SK202",
                rule.name.span,
                f"`{rule.name.text}` has a meaning here already",
                "choose another name",
            )
            return
        typed = self._compiler().compile(rule.value)
        if typed is None:
            # Known but unusable, so that its uses are not reported too.
            self.lets[rule.name.text] = Typed("number", Const(value=None))
            self.used[rule.name.text] = rule.name
            return
        self.open.name(rule.name.text, rule.value, typed.expr)
        self.lets[rule.name.text] = Typed(typed.type, Ref(path=("let", rule.name.text)), typed.values)
        self.parts.lets.append(Let(name=rule.name.text, value=typed.expr))

    def _base(self, rule: RuleDecl) -> None:
        assert rule.value is not None
        if isinstance(rule.value, NameExpr) and rule.value.text == "answer":
            if rule.number is not None:
                self.report.error(
                    "SK707",
                    rule.span,
                    "`base answer` has no `else`",
                    "a missing answer is an invalid judgment",
                )
            return
        compiler = self._compiler()
        compiler.lenient_ratio = True
        base = compiler.number(rule.value, "the base")
        if self._needs_scores("a computed base is a score", rule.value) and base is not None:
            self._within(rule.value, base, "the base")
            self.open.check(rule.value, base, value="the base")
        if rule.number is not None:
            self._within_bounds(rule.number.span, rule.number.value, "what `else` gives")
            if base is not None and not can_lack_value(base):
                message = "this base always has a value, so `else` is never used"
                self.report.unused("SK602", rule.number.span, message, "take it away")
        self.parts.base = base if base is not None else Const(value=None)
        self.parts.otherwise = None if rule.number is None else float(rule.number.value)

    def _within(self, tree: ExprTree, expr: Expr, what: str) -> None:
        """A number that is written down must be a score of every task."""
        negative = isinstance(expr, Operation) and expr.op == "neg"
        inner = expr.args[0] if isinstance(expr, Operation) and negative else expr
        if isinstance(inner, Const) and isinstance(inner.value, int | float):
            self._within_bounds(tree.span, -inner.value if negative else inner.value, what)

    def _within_bounds(self, span: Span, value: float, what: str) -> None:
        for task in self.context.serves:
            answer = task.answer
            if not isinstance(answer, ScoreAnswer) or answer.minimum >= answer.maximum:
                continue
            if not answer.minimum <= value <= answer.maximum:
                message = f"{value:g} is no score of task `{task.id}`, so it cannot be {what}"
                help = f"its scores go from {answer.minimum:g} to {answer.maximum:g}"
                self.report.error("SK605", span, message, help)
                return

    def _needs_scores(self, what: str, tree: ExprTree) -> bool:
        others = [task for task in self.context.serves if not isinstance(task.answer, ScoreAnswer)]
        if others:
            kinds = {ChoiceAnswer: "choice", ScaleAnswer: "scale", ChecklistAnswer: "checklist"}
            kind = kinds[type(others[0].answer)]
            message = f"{what}, and task `{others[0].id}` answers by {kind}"
            self.report.error(
                "SK706", tree.span, message, "write `base answer`, or serve tasks with `answer score` only"
            )
        return not others

    def _settle(self, rule: RuleDecl) -> None:
        assert rule.name is not None
        assert rule.by is not None
        if rule.name.text != "items":
            self.report.error(
                "SK604",
                rule.name.span,
                f"`{rule.name.text}` cannot be settled",
                f"write `settle items by {rule.by.text}`",
            )
        verifier = self._verifier(rule.by)
        if verifier is None:
            return
        if gives(verifier) != "items":
            self.report.error(
                "SK706",
                rule.by.span,
                f"verifier `{rule.by.text}` does not give items",
                "settle by one that does",
            )
        evidence = self.context.evidence
        keys = [key.name.text for key in evidence.keys] if evidence is not None else []
        if "item" not in keys or "satisfied" not in self._counts():
            message = "to settle items, findings need the key `item` and a slot `status`"
            help = "write `finding each item max 20 { status satisfied | failed ... }`"
            self.report.error("SK706", rule.span, message, help)
        self.parts.settle.append(Settle(verifier=rule.by.text))

    def _verifier(self, name: Name) -> VerifierDecl | None:
        known = {item.name.text: item for item in self.context.verifiers}
        if name.text not in known:
            help = did_you_mean(name.text, known, "declare it: `verifier ... { ... }`")
            self.report.error("SK201", name.span, f"this skill has no verifier `{name.text}`", help)
        return known.get(name.text)

    def _decide(self, rule: RuleDecl) -> None:
        assert rule.value is not None
        assert rule.when is not None
        compiler = self._compiler()
        value: Typed | None
        if isinstance(rule.value, NameExpr) and rule.value.text in self._winners():
            value = Typed("word", Const(value=rule.value.text), self._winners())
        else:
            value = compiler.compile(rule.value)
        if value is None and _head(rule.value) == _head(rule.when):
            return
        when = compiler.holding(rule.when)
        if value is None or when is None:
            return
        for task in self._decided(rule.value):
            wanted = "number" if isinstance(task.answer, ScoreAnswer) else "word"
            good = value.type == wanted and not isinstance(task.answer, ChecklistAnswer)
            if wanted == "word" and value.type == "word":
                good = good and set(value.values) <= set(self._winners())
            if not good:
                message = f"this cannot decide task `{task.id}`"
                help = "decide a score by a number, a choice or scale by a winner"
                self.report.error("SK706", rule.value.span, message, help)
                return
        self.open.check(rule.value, value.expr, value="a decision")
        self.open.check(rule.when, when, turns="a decision")
        decision = Decision(value=value.expr, when=when)
        if decision in self.parts.decisions:
            message = "this decides what an earlier line decides already"
            self.report.unused("SK602", rule.span, message, "take it away, or change its condition")
        self._within(rule.value, value.expr, "a decision")
        self.parts.decisions.append(decision)

    def _decided(self, value: ExprTree) -> tuple[TaskModel, ...]:
        """Return the tasks that a decision can reach.

        Where the verifier of the decision does not serve, the value is absent.
        """
        head = _head(value)
        for verifier in self.context.verifiers:
            if verifier.name.text == head and verifier.tasks is not None:
                only = {name.text for name in verifier.tasks}
                return tuple(task for task in self.context.serves if task.id in only)
        return self.context.serves

    def _cap(self, rule: RuleDecl) -> None:
        assert rule.value is not None
        compiler = self._compiler()
        value = compiler.number(rule.value, "a cap")
        when = compiler.holding(rule.when) if rule.when is not None else None
        if self._needs_scores("a cap bounds a score", rule.value) and value is not None:
            self._within(rule.value, value, "a cap")
            self.open.check(rule.value, value, value="the value of a cap")
        if rule.when is not None and when is not None:
            self.open.check(rule.when, when)
        if value is not None and (when is not None or rule.when is None):
            self.parts.caps.append(ScoreRule(value=value, when=when))

    def _cap_by(self, rule: RuleDecl) -> None:
        assert rule.by is not None
        taxonomies = {
            slot.taxonomy.name.text: slot.taxonomy for slot in self.context.slots if slot.taxonomy is not None
        }
        taxonomy = taxonomies.get(rule.by.text)
        if taxonomy is None:
            help = did_you_mean(rule.by.text, taxonomies, "findings need a slot `failure in ...`")
            self.report.error(
                "SK201", rule.by.span, f"findings name no failures of a taxonomy `{rule.by.text}`", help
            )
            return
        self._needs_scores("a cap bounds a score", NameExpr((rule.by,), rule.by.span))
        capped = [failure for failure in taxonomy.failures if failure.cap is not None]
        if not capped:
            message = f"taxonomy `{rule.by.text}` has no caps"
            self.report.error("SK706", rule.by.span, message, "give its failures caps, or take this away")
        for failure in capped:
            assert failure.cap is not None
            self._within_bounds(failure.cap.span, failure.cap.value, "a cap")
            when = Aggregate(fn="any", where=failure_is(failure))
            self.parts.caps.append(ScoreRule(value=Const(value=failure.cap.value), when=when))

    def _abstain(self, rule: RuleDecl) -> None:
        assert rule.when is not None
        self.parts.abstain = self._compiler().holding(rule.when)
        if self.parts.abstain is not None:
            self.open.check(rule.when, self.parts.abstain, turns="an abstention")

    def _round(self, rule: RuleDecl) -> None:
        assert rule.number is not None
        if rule.number.value > _MOST_DIGITS:
            self.report.error(
                "SK605", rule.number.span, f"`round` takes 0 to {_MOST_DIGITS} digits", "write such a number"
            )
        self.parts.round = int(rule.number.value)
