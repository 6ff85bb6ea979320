"""From predictions to IF-RewardBench's metrics. A prompt's first row carries its graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from skillbench.errors import BenchError
from skillbench.statistics.estimate import Estimate
from skillbench.statistics.estimates import mean_estimate, mean_of_means
from skillbench.suites.base import Prediction, Scores
from skillbench.suites.behind import Behind
from skillbench.suites.ifrewardbench.constraints import (
    PADDING,
    AnswerLabels,
    ConstraintPrompt,
    ConstraintScore,
    PromptScore,
    score_constraints,
)
from skillbench.suites.ifrewardbench.groups import (
    checklist_size,
    model_size,
    score_groups,
    score_kinds,
    turn,
)
from skillbench.suites.ifrewardbench.metric import (
    INSTRUCTION_TYPES,
    OverallPrompt,
    OverallScore,
    Ranking,
    score_overall,
)
from skillbench.suites.offers import Worth

__all__ = ["JudgedPrompt", "by_prompt", "constraint_scores", "overall_scores", "overall_worths"]

_KENDALL: Final = (-1.0, 1.0)
_SHARE: Final = (0.0, 1.0)
_LABELS: Final = ("A", "B")
_ORDERS: Final = ("AB", "BA")
_RANKED: Final = ("kendall", "accuracy")
_CHECKED_METRICS: Final = ("positive_f1", "negative_f1", *_RANKED)
_COMPARED: Final = frozenset({"first", "second", "responses", "pairs", "better"})
_CHECKED: Final = frozenset({"response", "labels", "of"})
"""What the gold of a row holds: of a comparison, and of a checklist."""


@dataclass(slots=True)
class JudgedPrompt:
    """All judgments of a prompt, of which only the first row carries the prompt's own facts."""

    kind: str
    rows: list[Prediction] = field(default_factory=list)

    def common(self, name: str) -> Any:
        """Return what the first row of a finished prompt says.

        Raises:
            BenchError: no row says it.
        """
        for row in self.rows:
            if name in row.gold:
                return row.gold[name]
        raise _too_old(self.rows[0], {name})


def _too_old(row: Prediction, missing: Iterable[str]) -> BenchError:
    names = ", ".join(sorted(missing))
    return BenchError(
        f"{row.id} was recorded by another version of skillbench, which did not write {names}: the run "
        "cannot be scored by this one. Make it again with another --out"
    )


def by_prompt(rows: Iterable[Prediction], *, checklists: bool = False) -> dict[int, JudgedPrompt]:
    """Sort rows by the position of their prompt.

    Args:
        rows: predictions of one run, in any order.
        checklists: whether they judge a checklist each, or compare two responses.

    Raises:
        BenchError: a row lacks what this version writes.
    """
    needed = _CHECKED if checklists else _COMPARED
    prompts: dict[int, JudgedPrompt] = {}
    for row in rows:
        missing = needed - (row.gold.keys() if isinstance(row.gold, Mapping) else set())
        if missing:
            raise _too_old(row, missing)
        prompts.setdefault(row.position, JudgedPrompt(row.group)).rows.append(row)
    return dict(sorted(prompts.items()))


def _by_type(
    prefix: str,
    prompts: Sequence[JudgedPrompt],
    values: Mapping[str, tuple[Sequence[float], tuple[float, float], float]],
) -> dict[str, Estimate]:
    """Estimate each metric as the mean of the types' means, and for each type.

    ``values`` holds for each metric one value a prompt, its limits, and the official mean.
    """
    estimates: dict[str, Estimate] = {}
    kinds = [prompt.kind for prompt in prompts]
    present = [name for name in INSTRUCTION_TYPES if name in kinds]
    units = [[prompt.rows[0].unit for prompt in prompts if prompt.kind == name] for name in present]
    split = {
        metric: [[value for value, kind in zip(each, kinds, strict=True) if kind == name] for name in present]
        for metric, (each, _, _) in values.items()
    }
    for metric, (_, limits, total) in values.items():
        estimates[f"{prefix}.{metric}"] = mean_of_means(split[metric], limits, total, units)
    for place, name in enumerate(present):
        for metric, (_, limits, _) in values.items():
            estimates[f"{prefix}.{name}.{metric}"] = mean_estimate(
                split[metric][place], limits, clusters=units[place]
            )
    return estimates


def _behind(prompts: Iterable[JudgedPrompt], orders: Sequence[str] = ()) -> Behind:
    rows = [row for prompt in prompts for row in prompt.rows if not orders or row.order in orders]
    return Behind(len(rows), sum(not row.valid for row in rows))


def _behind_types(
    prefix: str, prompts: Sequence[JudgedPrompt], orders: Sequence[str] = (), metrics: Sequence[str] = _RANKED
) -> dict[str, Behind]:
    """Count the judgments of what ``_by_type`` gives."""
    split = {name: [prompt for prompt in prompts if prompt.kind == name] for name in INSTRUCTION_TYPES}
    kinds = {name: _behind(members, orders) for name, members in split.items() if members}
    whole = _behind(prompts, orders)
    behind = {}
    for metric in metrics:
        parts = {name: f"{prefix}.{name}.{metric}" for name in kinds}
        behind[f"{prefix}.{metric}"] = replace(whole, parts=parts)
        behind |= {parts[name]: part for name, part in kinds.items()}
    return behind


# ------------------------------------------------------------------------------------------ overall


def _comparisons(
    prompt: JudgedPrompt, which: str, orders: Sequence[str]
) -> tuple[list[tuple[int, int]], int]:
    """Return (loser, winner) of the decided judgments in the official order, and how many decided nothing."""
    pairs, undecided = [], 0
    # The official order of pairs is by the numbers of the first and the second response shown.
    rows = [row for row in prompt.rows if row.order in orders]
    for row in sorted(rows, key=lambda row: (str(row.order), row.gold["first"], row.gold["second"])):
        first, second, answer = row.gold["first"], row.gold["second"], getattr(row, which)
        undecided += answer not in _LABELS
        if answer in _LABELS:
            pairs.append((second, first) if answer == "A" else (first, second))
    return pairs, undecided


def _score_comparisons(prompts: Sequence[JudgedPrompt], which: str, orders: Sequence[str]) -> OverallScore:
    """Score finished prompts by ``outcome`` or ``said`` of their rows that show ``orders``."""
    listed = []
    for prompt in prompts:
        comparisons, undecided = _comparisons(prompt, which, orders)
        edges = tuple((edge[0], edge[1]) for edge in prompt.common("edges"))
        responses = prompt.rows[0].gold["responses"]
        listed.append(OverallPrompt(prompt.kind, responses, tuple(comparisons), edges, undecided))
    return score_overall(listed)


def _complete(prompt: JudgedPrompt, *, both: bool) -> bool:
    return len(prompt.rows) == int(prompt.rows[0].gold["pairs"]) * (2 if both else 1)


def _both(prompts: Iterable[JudgedPrompt]) -> bool:
    return any(row.order == "BA" for prompt in prompts for row in prompt.rows)


def overall_worths(rows: Iterable[Prediction]) -> Iterator[tuple[Sequence[Prediction], Worth]]:
    """Yield each prompt's judgments and its Kendall by the official order, none where one is missing."""
    prompts = by_prompt(rows).values()
    both = _both(prompts)
    finished = [prompt for prompt in prompts if _complete(prompt, both=both)]
    yield from ((prompt.rows, Worth(None, None)) for prompt in prompts if not _complete(prompt, both=both))
    views = [_score_comparisons(finished, which, ("AB",)).prompts for which in ("outcome", "said")]
    for prompt, readout, said in zip(finished, *views, strict=True):
        yield prompt.rows, Worth(readout.kendall, said.kendall)


def overall_scores(rows: Iterable[Prediction]) -> Scores:
    """Compute ``ifrewardbench.overall.{kendall,accuracy}`` and, over both orders, ``.balanced.*``."""
    grouped = by_prompt(rows)
    both = _both(grouped.values())
    finished = [prompt for prompt in grouped.values() if _complete(prompt, both=both)]
    if not finished:
        return Scores(None, {}, {}, len(grouped))
    kinds = [prompt.kind for prompt in finished]
    spans = {"ifrewardbench.overall": ("AB",)} | ({"ifrewardbench.overall.balanced": _ORDERS} if both else {})
    undecided = 0

    def estimates(which: str) -> dict[str, Estimate]:
        nonlocal undecided
        named: dict[str, Estimate] = {}
        for prefix, orders in spans.items():
            score = _score_comparisons(finished, which, orders)
            undecided = score.undecided if which == "outcome" else undecided
            named |= _by_type(prefix, finished, _rankings(score.prompts, score.kendall, score.accuracy))
        return named

    readout, said = estimates("outcome"), estimates("said")
    picks = [row.outcome for prompt in finished for row in prompt.rows]
    facts = {"undecided": undecided, "first_shown_chosen": picks.count("A"), "judgments": len(picks)}
    counted = {prefix: _behind_types(prefix, finished, orders) for prefix, orders in spans.items()}
    return Scores(
        "ifrewardbench.overall.kendall",
        readout,
        said,
        len(grouped) - len(finished),
        facts=facts,
        behind={name: counts for each in counted.values() for name, counts in each.items()},
        finished=Counter(kinds),
    )


def _rankings(
    prompts: Sequence[Ranking], kendall: float, accuracy: float
) -> dict[str, tuple[Sequence[float], tuple[float, float], float]]:
    return {
        "kendall": ([ranking.kendall for ranking in prompts], _KENDALL, kendall),
        "accuracy": ([ranking.accuracy for ranking in prompts], _SHARE, accuracy),
    }


# --------------------------------------------------------------------------------------- constraint

_PREFIX: Final = "ifrewardbench.constraint"
_FAMILIES: Final[Mapping[str, Callable[[JudgedPrompt], str]]] = {
    "model": lambda prompt: model_size(prompt.common("model")),
    "checklist": lambda prompt: checklist_size(len(prompt.rows[0].gold["labels"])),
    "turn": lambda prompt: turn(["user"] * (2 * prompt.common("turns") - 1)),
}
"""How groups of prompts are named that the official results list apart."""


def _labels(answer: Any, items: int) -> AnswerLabels:
    """Turn statuses into labels; what has no verdict is padded as officially."""
    statuses = list(answer) if isinstance(answer, list | tuple) else [None] * items
    statuses = (statuses + [None] * items)[:items]
    known = [status in ("satisfied", "failed") for status in statuses]
    labels = [
        int(status == "satisfied") if read else PADDING for status, read in zip(statuses, known, strict=True)
    ]
    return AnswerLabels(tuple(labels), known.count(False))


def _constraint_prompts(prompts: Sequence[JudgedPrompt], which: str) -> list[ConstraintPrompt]:
    listed = []
    for prompt in prompts:
        rows = sorted(prompt.rows, key=lambda row: row.gold["response"])
        listed.append(
            ConstraintPrompt(
                instruction_type=prompt.kind,
                read={
                    row.gold["response"]: _labels(getattr(row, which), len(row.gold["labels"]))
                    for row in rows
                },
                gold={row.gold["response"]: tuple(row.gold["labels"]) for row in rows},
                edges=tuple((edge[0], edge[1]) for edge in prompt.common("edges")),
            )
        )
    return listed


def constraint_scores(rows: Iterable[Prediction]) -> Scores:
    """Compute ``ifrewardbench.constraint.{positive_f1,negative_f1,accuracy,kendall}`` and the groups."""
    grouped = by_prompt(rows, checklists=True)
    finished = [prompt for prompt in grouped.values() if len(prompt.rows) == prompt.rows[0].gold["of"]]
    if not finished:
        return Scores(None, {}, {}, len(grouped))
    read = {which: _constraint_prompts(finished, which) for which in ("outcome", "said")}
    scores = {which: score_constraints(prompts) for which, prompts in read.items()}
    readout, said = (
        _constraint_estimates(finished, read[which], scores[which]) for which in ("outcome", "said")
    )
    whole = scores["outcome"]
    facts = {"items": whole.items, "padded_labels": whole.padded}
    facts |= {"answers": whole.answers, "unreadable_answers": whole.unreadable}
    return Scores(
        "ifrewardbench.constraint.kendall",
        readout,
        said,
        len(grouped) - len(finished),
        facts=facts,
        behind={name: counts for name, counts in _behind_constraints(finished).items() if name in readout},
        finished=Counter(prompt.kind for prompt in finished),
    )


def _four(
    prompts: Sequence[PromptScore], total: PromptScore
) -> dict[str, tuple[Sequence[float], tuple[float, float], float]]:
    labels, ranking = total.labels, total.ranking
    return {
        "positive_f1": ([prompt.labels.positive for prompt in prompts], _SHARE, labels.positive),
        "negative_f1": ([prompt.labels.negative for prompt in prompts], _SHARE, labels.negative),
        **_rankings([prompt.ranking for prompt in prompts], ranking.kendall, ranking.accuracy),
    }


def _constraint_estimates(
    prompts: Sequence[JudgedPrompt], listed: Sequence[ConstraintPrompt], score: ConstraintScore
) -> dict[str, Estimate]:
    estimates = _by_type(_PREFIX, prompts, _four(score.prompts, score.overall))
    for family, key_of in _FAMILIES.items():
        named = [key_of(prompt) for prompt in prompts]
        for name, group in score_groups(named, score.prompts).items():
            members = [scored for scored, key in zip(score.prompts, named, strict=True) if key == name]
            for metric, (values, limits, total) in _four(members, group).items():
                estimates[f"{_PREFIX}.{family}.{name}.{metric}"] = mean_estimate(values, limits, total)
    return estimates | _kinds(prompts, listed)


def _behind_constraints(prompts: Sequence[JudgedPrompt]) -> dict[str, Behind]:
    """Count the judgments of each metric; of a kind of constraint, those whose checklist has one."""
    behind = _behind_types(_PREFIX, prompts, metrics=_CHECKED_METRICS)
    families: dict[tuple[str, str], list[JudgedPrompt]] = {}
    for prompt in prompts:
        keys = [(family, key_of(prompt)) for family, key_of in _FAMILIES.items()]
        for family, items in prompt.common("kinds").items():
            keys += [(family, kind) for kind in dict.fromkeys(kind for item in items for kind in item)]
        for key in keys:
            families.setdefault(key, []).append(prompt)
    for (family, name), members in families.items():
        counted = _behind(members)
        behind |= {f"{_PREFIX}.{family}.{name}.{metric}": counted for metric in (*_CHECKED_METRICS, "mcc")}
    return behind


def _kinds(prompts: Sequence[JudgedPrompt], listed: Sequence[ConstraintPrompt]) -> dict[str, Estimate]:
    """F1 by kind of constraint, over the items of all prompts together: without an interval."""
    triples: dict[str, list[tuple[str, int, int]]] = {}
    for prompt, scored in zip(prompts, listed, strict=True):
        for family, kinds in prompt.common("kinds").items():
            triples.setdefault(family, []).extend(
                (kind, label, right)
                for ident, gold in scored.gold.items()
                for names, label, right in zip(kinds, scored.read[ident].labels, gold, strict=True)
                for kind in names
            )
    estimates: dict[str, Estimate] = {}
    for family, members in triples.items():
        for name, score in score_kinds(members).items():
            for metric, value, least in (
                ("positive_f1", score.labels.positive, 0.0),
                ("negative_f1", score.labels.negative, 0.0),
                ("mcc", score.mcc, -100.0),
            ):
                estimates[f"{_PREFIX}.{family}.{name}.{metric}"] = Estimate(
                    100 * value, least, 100.0, None, score.items, "none"
                )
    return estimates
