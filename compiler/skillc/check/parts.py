"""Checking the parts of a skill: resources, verifiers, pipelines, the sandbox, guidance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from skillc.check.model import Reading, ResourceModel, TaskModel
from skillc.check.naming import check_name, check_twice
from skillc.check.readouts.expressions import ExprCompiler, Names, field_ref
from skillc.check.steps import check_tasks
from skillc.diagnostics import Report, did_you_mean, listed
from skillc.project.scope import Scope
from skillc.tree import (
    ExprTree,
    GuidanceDecl,
    Name,
    PipelineDecl,
    PythonDecl,
    Quantity,
    ResourceDecl,
    TaskDecl,
    TaxonomyDecl,
    Text,
    VerifierDecl,
)
from skillspec.expr import Expr
from skillspec.fields import shape_of
from skillspec.records import ChoiceAnswer, ScaleAnswer, ScoreAnswer
from skillspec.signatures import SIGNATURES

__all__ = ["CheckedParts", "PartChecker"]

Part = ResourceDecl | GuidanceDecl | TaxonomyDecl | VerifierDecl | PipelineDecl | PythonDecl
_HINT_CHARS = 160
_MOST_REQUESTS = 20
_QUANTITIES = {"code": (100, 20_000), "output": (100, 20_000)}


@dataclass
class CheckedParts:
    """The parts that the artifacts need, and what all of them read."""

    resources: tuple[ResourceModel, ...] = ()
    verifiers: tuple[tuple[VerifierDecl, Expr | None], ...] = ()
    pipelines: tuple[tuple[PipelineDecl, Expr | None], ...] = ()
    readings: list[Reading] = field(default_factory=list)


class PartChecker:
    """Checks the parts of one skill against the tasks that it serves."""

    def __init__(self, skill: str, serves: Sequence[TaskModel], names: Sequence[str], report: Report) -> None:
        self.skill = skill
        self.serves = serves
        self.names = names
        self.report = report
        self.checked = CheckedParts()

    def check(
        self,
        parts: Mapping[str, Part],
        scopes: Mapping[str, Scope],
        task_of: Callable[[TaskDecl, Scope], TaskModel | None],
    ) -> CheckedParts:
        """Check all parts."""
        resources, verifiers, pipelines = [], [], []
        for name, part in parts.items():
            match part:
                case ResourceDecl():
                    resources.append(self._resource(part))
                case VerifierDecl():
                    verifiers.append((part, self._verifier(part)))
                case PipelineDecl():
                    pipelines.append((part, self._pipeline(part, scopes[name], task_of)))
                case PythonDecl():
                    self._python(part)
                case GuidanceDecl():
                    self._guidance(part)
                case TaxonomyDecl():
                    check_name(part.name, "a taxonomy", self.report)
        self.checked.resources = tuple(resources)
        self.checked.verifiers = tuple(verifiers)
        self.checked.pipelines = tuple(pipelines)
        return self.checked

    # ---------------------------------------------------------------------------------- shared

    def _tasks(self, tasks: tuple[Name, ...] | None) -> tuple[str, ...] | None:
        check_tasks(tasks, self.names, self.report)
        return None if tasks is None else tuple(name.text for name in tasks)

    def _read(
        self, fields: Sequence[Name], place: str, tasks: tuple[str, ...] | None, *, limits: bool = True
    ) -> None:
        check_twice(fields, self.report)
        self.checked.readings.extend(Reading(name, place, tasks, limits) for name in fields)

    def _when(
        self, tree: ExprTree | None, place: str, tasks: tuple[str, ...] | None
    ) -> tuple[Expr | None, tuple[str, ...]]:
        if tree is None:
            return None, ()
        readers = [task for task in self.serves if tasks is None or task.id in tasks]
        known = dict.fromkeys(name for task in readers for name in task.fields)
        names = {name: field_ref(name, "text" if shape_of(name) == "text" else "data") for name in known}
        # Of a task that could not be built the fields are not known, and so neither what is missing.
        report = self.report if len(self.serves) == len(self.names) else Report()
        reader = f"`when` of {place} of skill `{self.skill}`"
        compiler = ExprCompiler(Names(names, reader=reader, tasks=tuple(task.id for task in readers)), report)
        expr = compiler.holding(tree)
        self._read(tuple(compiler.used.values()), f"`when` of {place}", tasks)
        return expr, tuple(compiler.used)

    def _hint(self, hint: Text | None, part: str, wanted: bool, at: Name) -> str:
        if hint is None:
            if wanted:
                self.report.error(
                    "SK210", at.span, f"{part} has no hint", 'write its line in the index: `hint "..."`'
                )
            return ""
        text = hint.value.strip()
        if not text or len(text) > _HINT_CHARS or "\n" in text:
            message = f"a hint is one line of 1 to {_HINT_CHARS} characters"
            self.report.error("SK605", hint.span, message, "say what it is for in a few words")
        return text

    def _missing(self, at: Name, part: str, item: str, help: str) -> None:
        self.report.error("SK210", at.span, f"{part} has no `{item}`", help)

    # -------------------------------------------------------------------------------- resources

    def _resource(self, part: ResourceDecl) -> ResourceModel:
        check_name(part.kind, "a kind of resource", self.report)
        check_name(part.name, "a resource", self.report)
        place = f"resource `{part.id}`"
        if part.text is not None and part.fields:
            message = f"{place} has a text and comes from the sample"
            self.report.error(
                "SK614",
                part.name.span,
                message,
                "keep `text` or `from`, and make two resources of it if both are needed",
            )
        elif part.text is None and not part.fields:
            self._missing(
                part.name, place, "text", "write `text ...`, or `from FIELD` for a field of the sample"
            )
        if part.text is not None and not part.text.value.strip():
            self.report.error(
                "SK605",
                part.text.declared,
                f"the text of {place} is empty",
                "write it, or take the resource away",
            )
        tasks = self._tasks(part.tasks)
        self._read(part.fields, place, tasks)
        when, fields = self._when(part.when, place, tasks)
        hint = self._hint(part.hint, place, True, part.name)
        return ResourceModel(part, hint, tasks, when, fields)

    def _guidance(self, part: GuidanceDecl) -> None:
        check_name(part.name, "guidance", self.report)
        self._tasks(part.tasks)
        if part.text is None:
            self._missing(
                part.name, f"guidance `{part.name.text}`", "text", "write what the judge is to keep in mind"
            )

    # -------------------------------------------------------------------------------- verifiers

    def _verifier(self, part: VerifierDecl) -> Expr | None:
        check_name(part.name, "a verifier", self.report)
        place = f"verifier `{part.name.text}`"
        for item, there in (("by", part.by), ("reads", part.reads), ("gives", part.gives), ("run", part.run)):
            if not there:
                helps = {"by": 'write `by "reference_match@1"`', "run": "write `run auto` or `run asked`"}
                self._missing(part.name, place, item, helps.get(item, f"write `{item} ...`"))
        if part.run is not None and part.run.text not in ("auto", "asked"):
            help = did_you_mean(part.run.text, ("auto", "asked"), "write one of them")
            self.report.error(
                "SK604", part.run.span, f"a verifier runs `auto` or `asked`, not `{part.run.text}`", help
            )
        tasks = self._tasks(part.tasks)
        self._signature(part)
        self._read(part.reads, place, tasks)
        asked = part.run is not None and part.run.text == "asked"
        self._hint(part.hint, place, asked, part.name)
        return self._when(part.when, place, tasks)[0]

    def _signature(self, part: VerifierDecl) -> None:
        if part.by is None:
            return
        signature = SIGNATURES.get(part.by.text)
        if signature is None:
            help = did_you_mean(part.by.text, SIGNATURES)
            self.report.error("SK606", part.by.span, f'there is no verifier "{part.by.text}"', help)
            return
        if part.gives is not None and part.gives.text != signature.gives:
            message = f'"{part.by.text}" gives {signature.gives}, not `{part.gives.text}`'
            self.report.error("SK606", part.gives.span, message, f"write `gives {signature.gives}`")
        reads = [name.text for name in part.reads]
        missing = [name for name in signature.reads if name not in reads]
        if part.reads and missing:
            message = f'"{part.by.text}" needs {listed((f"`{name}`" for name in missing), "and")} as well'
            self.report.error(
                "SK606",
                part.reads[0].span.to(part.reads[-1].span),
                message,
                f"write `reads {', '.join(signature.reads)}`",
            )
        for name in part.reads:
            if name.text not in (*signature.reads, *signature.optional):
                help = f"write `reads {', '.join(signature.reads)}`"
                self.report.error("SK606", name.span, f'"{part.by.text}" has no use for `{name.text}`', help)

    # -------------------------------------------------------------------------------- pipelines

    def _pipeline(
        self, part: PipelineDecl, scope: Scope, task_of: Callable[[TaskDecl, Scope], TaskModel | None]
    ) -> Expr | None:
        check_name(part.name, "a pipeline", self.report)
        place = f"pipeline `{part.name.text}`"
        for item, there in (
            ("task", part.task),
            ("reads", part.reads),
            ("gives", part.gives),
            ("budget", part.budget),
        ):
            if not there:
                helps = {"budget": "write `budget 2 requests`"}
                self._missing(part.name, place, item, helps.get(item, f"write `{item} ...`"))
        for word, allowed in ((part.orders, ("one", "both")), (part.gives, ("winner", "score"))):
            if word is not None and word.text not in allowed:
                help = did_you_mean(word.text, allowed, "write one of them")
                self.report.error(
                    "SK604", word.span, f"`{word.text}` is neither `{allowed[0]}` nor `{allowed[1]}`", help
                )
        budget: Quantity | None = part.budget
        if budget is not None and (budget.unit.text != "requests" or not 1 <= budget.value <= _MOST_REQUESTS):
            self.report.error(
                "SK605",
                budget.span,
                f"a budget is 1 to {_MOST_REQUESTS} requests",
                "write for example `budget 2 requests`",
            )
        declared = scope.lookup(part.task, TaskDecl) if part.task is not None else None
        model = task_of(*declared) if declared is not None else None
        tasks = self._tasks(part.tasks)
        if model is not None:
            self._sub_task(part, model)
            self._fits(part, model, tasks)
        self._read(part.reads, place, tasks)
        self._hint(part.hint, place, True, part.name)
        return self._when(part.when, place, tasks)[0]

    def _sub_task(self, part: PipelineDecl, model: TaskModel) -> None:
        assert part.task is not None
        if model.accept is None:
            message = f"task `{model.id}` has no `accept`, and pipelines ask without tools"
            self.report.error(
                "SK607", part.task.span, message, "say in the task how its answer is read from text"
            )
        wanted = ScoreAnswer if part.each is not None else ChoiceAnswer | ScaleAnswer
        if not isinstance(model.answer, wanted):
            kinds = "a score" if part.each is not None else "a choice or a scale"
            message = f"task `{model.id}` does not answer by {kinds}"
            help = "use another task" + (
                ", or take `each` away"
                if part.each is not None
                else ", or score each response by itself: `each responses`"
                if isinstance(model.answer, ScoreAnswer)
                else ""
            )
            self.report.error("SK607", part.task.span, message, help)
            return
        if part.margin is not None and part.each is None:
            message = "`margin` compares scores, and this pipeline asks for a winner"
            self.report.error("SK607", part.margin.span, message, "take it away, or write `each responses`")
        together = part.each is None and "responses" in {name.text for name in part.reads}
        if part.orders is not None and part.orders.text == "both" and not together:
            message = "`orders both` needs responses that are shown together"
            self.report.error("SK607", part.orders.span, message, "take it away")
        reads = {name.text for name in part.reads}
        if part.each is not None:
            if part.each.text != "responses" or "responses" not in reads:
                self.report.error(
                    "SK607",
                    part.each.span,
                    "`each` goes over `responses`, which must be read",
                    "write `each responses`",
                )
            reads = (reads - {"responses"}) | {"response"}
        missing = [
            info.name for info in model.fields.values() if not info.optional and info.name not in reads
        ]
        if missing and part.reads:
            names = listed((f"`{name}`" for name in missing), "and")
            message = f"task `{model.id}` needs {names}, which the pipeline does not read"
            self.report.error(
                "SK607", part.reads[0].span.to(part.reads[-1].span), message, "add it to `reads`"
            )

    def _fits(self, part: PipelineDecl, model: TaskModel, tasks: tuple[str, ...] | None) -> None:
        """Its task takes the responses that it hands on, and its budget covers them."""
        served = [task for task in self.serves if tasks is None or task.id in tasks]
        reads = {name.text for name in part.reads}
        if "responses" not in reads:
            return
        other = next((task for task in served if task.labels() and task.labels() != model.labels()), None)
        if part.each is None and other is not None and part.task is not None and "responses" in model.fields:
            message = (
                f"task `{model.id}` compares {listed(model.labels(), 'and')}, and task `{other.id}` has "
                f"{listed(other.labels(), 'and')}"
            )
            fitting = [task.id for task in served if task.labels() == model.labels()]
            help = f"limit this with `for {', '.join(fitting)}`" if fitting else "ask with another task"
            self.report.error("SK607", part.task.span, message, help)
        each = max((len(task.labels()) for task in served), default=1)
        both = part.orders is not None and part.orders.text == "both"
        needed = each if part.each is not None else 2 if both else 1
        if part.budget is not None and 1 <= part.budget.value < needed:
            message = f"this pipeline asks {needed} times, and its budget is {part.budget.value}"
            self.report.error("SK607", part.budget.span, message, f"write `budget {needed} requests`")

    # ---------------------------------------------------------------------------------- sandbox

    def _python(self, part: PythonDecl) -> None:
        if part.name.text != "python":
            help = did_you_mean(part.name.text, ("python",), "the tool is called `python`")
            self.report.error(
                "SK601", part.name.span, f"there is no tool `{part.name.text}` to give a block to", help
            )
            return
        if part.calls is not None and not 1 <= part.calls.value <= 20:
            self.report.error("SK605", part.calls.span, "`calls` is 1 to 20", "write such a number")
        if part.timeout is not None and not 0.1 <= part.timeout.value <= 60:
            self.report.error(
                "SK605", part.timeout.span, "`timeout` is 100ms to 1min", "write for example `3s`"
            )
        for key, quantity in (("code", part.code), ("output", part.output)):
            low, high = _QUANTITIES[key]
            if quantity is not None and (quantity.unit.text != "chars" or not low <= quantity.value <= high):
                message = f"`{key}` is {low} to {high} chars"
                self.report.error("SK605", quantity.span, message, f"write for example `{key} 4000 chars`")
        self._read(part.sees, "`use python`", None, limits=False)
