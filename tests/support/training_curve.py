"""What a training run earned, step by step: read from verl's dumps and the manager's summaries, and drawn."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Point = dict[str, float]
PARTS = ("rule_score", "judge_score", "judge_failed")

_WIDTH, _HEIGHT = 640, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 40, 44
_STYLE = "<style>text{fill:#737b85}.axis{stroke:#888}.grid{stroke:#8884}path,polyline{fill:none}</style>"
"""Greys that stand out as well from white as from a dark page."""


@dataclass(frozen=True)
class Line:
    """One line of a plot: which value of the points, what to call it, and how it looks."""

    key: str
    name: str
    colour: str
    window: int = 1
    """Each point is drawn as the mean of this many, up to and with itself."""
    faint: bool = False


def read_jsonl(file: Path) -> list[dict[str, Any]]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def rollouts(run: Path) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Each step's rollouts, as verl dumped them."""
    for file in sorted((run / "rollouts").glob("*.jsonl"), key=lambda file: int(file.stem)):
        yield int(file.stem), read_jsonl(file)


def read_curve(run: Path) -> list[Point]:
    """The mean reward of each step and its parts.

    A summary is written when the next step begins: the last step has no parts.
    """
    parts: dict[int, list[dict[str, float]]] = {}
    for file in sorted((run / "summaries").glob("*.jsonl")):
        for row in read_jsonl(file):
            parts.setdefault(row["step"], []).append(row)
    return [
        {
            "step": step,
            "rollouts": len(lines),
            "score": round(statistics.fmean(float(line["score"]) for line in lines), 4),
            **_parts(parts.get(step, ())),
        }
        for step, lines in rollouts(run)
    ]


def _parts(workers: Sequence[Mapping[str, float]]) -> Point:
    """The means over all workers, each weighted by its number of rewards."""
    found = {}
    for name in PARTS:
        known = [(row[name], row["rewards"]) for row in workers if name in row]
        if known:
            total = sum(count for _, count in known)
            found[name] = round(sum(mean * count for mean, count in known) / total, 4)
    return found


def draw_curve(points: Sequence[Point], lines: Sequence[Line], title: str) -> str:
    """The lines over the steps as SVG, readable on light and on dark paper."""
    first, last = points[0]["step"], max(points[-1]["step"], points[0]["step"] + 1)
    top = (
        1.0 if max(point[line.key] for point in points for line in lines if line.key in point) > 0.6 else 0.6
    )
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT

    def across(step: float) -> float:
        return _LEFT + (step - first) / (last - first) * (right - _LEFT)

    def down(value: float) -> float:
        return bottom - value / top * (bottom - _TOP)

    marks = []
    for tenth in range(0, round(top * 10) + 1, 2):
        y = down(tenth / 10)
        marks.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{right}"/>')
        marks.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tenth / 10:.1f}</text>')
    every = max(1, round((last - first) / 8))
    for step in [int(first), *range(int(first // every + 1) * every, int(last) + 1, every)]:
        marks.append(f'<text x="{across(step):.1f}" y="{bottom + 16}" text-anchor="middle">{step}</text>')
    middle = (_TOP + bottom) / 2
    marks.append(
        f'<text x="{(_LEFT + right) / 2}" y="{_HEIGHT - 8}" text-anchor="middle">training step</text>'
    )
    marks.append(
        f'<text transform="translate(14 {middle}) rotate(-90)" text-anchor="middle">'
        "mean of the rollouts</text>"
    )
    drawn, names = [], []
    for line in lines:
        known = [(point["step"], point[line.key]) for point in points if line.key in point]
        places = []
        for number, (step, _) in enumerate(known):
            window = known[max(0, number + 1 - line.window) : number + 1]
            places.append(f"{across(step):.1f},{down(statistics.fmean(value for _, value in window)):.1f}")
        look = 'stroke-width="1" opacity=".7"' if line.faint else 'stroke-width="2"'
        drawn.append(f'<polyline points="{" ".join(places)}" stroke="{line.colour}" {look}/>')
        faded = ";fill-opacity:.7" if line.faint else ""
        names.append(f'<tspan style="fill:{line.colour}{faded}" dx="12">{line.name}</tspan>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-family="sans-serif" font-size="12">{_STYLE}<title>{title}</title>'
        f'{"".join(marks)}<path class="axis" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>{"".join(drawn)}'
        f'<text x="{_LEFT - 12}" y="20">{"".join(names)}</text></svg>\n'
    )


def write_curve(run: Path, lines: Sequence[Line], title: str) -> list[Point]:
    """Write ``curve.json`` and ``curve.svg`` of a run; return the points."""
    points = read_curve(run)
    known = [line for line in lines if any(line.key in point for point in points)]
    (run / "curve.json").write_text(json.dumps(points, indent=1) + "\n")
    (run / "curve.svg").write_text(draw_curve(points, known, title))
    return points
