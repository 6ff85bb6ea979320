"""The call that an example shows, and what came back from it: a value, or its arguments changed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from skillrt.sandbox.records import JSON
from skillrt.verifiers.programs.accepts import Accepts
from skillrt.verifiers.programs.candidate import Function, entry_for
from skillrt.verifiers.programs.comparing import Outcome, compare_values
from skillrt.verifiers.programs.examples import CallExample
from skillrt.verifiers.programs.nodes import NodeUse, read_nodes
from skillrt.verifiers.results import short

MAX_HEX = 100_000
MAX_WALL_BITS = 1_024
"""Longer integers cross the sandbox's wall in hexadecimal."""


@dataclass(frozen=True, slots=True)
class Call:
    """One example's call: the function, its arguments in the order of its parameters, the shown result."""

    entry: Function
    given: list[JSON]
    expected: JSON
    nodes: NodeUse
    accepts: Accepts

    def inputs(self, code: str) -> dict[str, JSON]:
        """Return what the driver needs: nothing of the result."""
        return {
            "source": code,
            "owner": self.entry.owner,
            "name": self.entry.name,
            "shapes": list(self.nodes.shapes),
            "in_place": self.accepts.in_place == "asked",
            "given": [_encoded(value) for value in self.given],
        }


def read_call(prompt: str, code: str, example: CallExample, accepts: Accepts) -> Call | None:
    """Return the call of one example.

    It is None where the function to call is not clear, or its nodes are not known here.
    """
    entry = entry_for(prompt, code, tuple(name for name, _ in example.arguments))
    if entry is None:
        return None
    given = _ordered(entry, example)
    nodes = read_nodes(prompt, code, entry, given)
    if nodes is None:
        return None
    return Call(entry, [value for _, value in given], example.expected, nodes, accepts)


def _ordered(entry: Function, example: CallExample) -> tuple[tuple[str, JSON], ...]:
    """Return the arguments in the order of the function's parameters where the names agree, else as shown."""
    by_name = dict(example.arguments)
    names = entry.parameters[: len(by_name)]
    if set(names) == set(by_name):
        return tuple((name, by_name[name]) for name in names)
    return example.arguments


def compare_call(gave: JSON, call: Call) -> tuple[Outcome, object]:
    """Return how a call did, and the value that counts: what it returned, or what its argument became.

    gave: what the driver says of the call, [value, arguments after it or None]; anybody may have written it.
    """
    if not isinstance(gave, list) or len(gave) != 2:
        return "failed", None
    value, after = gave
    outcome = _compared(value, call)
    if call.accepts.in_place != "asked" and (value is not None or outcome != "failed"):
        return outcome, _decoded(value, call.expected)
    changed = after if isinstance(after, list) and len(after) == len(call.given) else []
    reached = [
        _compared([] if became is None else became, call)
        for became, shape in zip(changed, call.nodes.shapes or ["plain"] * len(changed), strict=True)
        if isinstance(became, list | dict) or shape != "plain"
    ]
    best: Outcome = "passed" if "passed" in reached else "unknown" if "unknown" in reached else "failed"
    if not reached:
        return outcome, _decoded(value, call.expected)
    if value is not None:
        # It both returned and was to change: right where both agree.
        return outcome if outcome == best else "unknown", _decoded(value, call.expected)
    if best == "passed" and call.accepts.in_place == "no":
        best = "unknown"
    if outcome == "passed":
        return outcome, None
    return best, None if best == "failed" and call.accepts.in_place == "no" else _decoded(
        changed[0], call.expected
    )


def _compared(value: JSON, call: Call) -> Outcome:
    """Compare one value with the result that is shown."""
    if value is None and call.expected == [] and call.nodes.shapes and call.nodes.returns_nodes is not False:
        return "passed" if call.nodes.returns_nodes else "unknown"
    expected = _trimmed(call.expected) if _holds_tree(value) else call.expected
    return compare_values(_decoded(value, call.expected), expected, call.accepts)


def _decoded(value: JSON, expected: JSON) -> object:
    """Return a value as the driver wrote it.

    Long integers are whole, and nodes are the list that the example shows.
    """
    if isinstance(value, list):
        inner = expected if isinstance(expected, list) else []
        several = len(inner) == len(value)
        return [_decoded(item, inner[place] if several else []) for place, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if list(value) == ["0x"]:
        digits = value["0x"]
        if isinstance(digits, str) and re.fullmatch(rf"-?0x[0-9a-f]{{1,{MAX_HEX}}}", digits):
            return int(digits, 16)
    if list(value) in (["tree"], ["list"]):
        items = _decoded(next(iter(value.values())), [])
        if isinstance(items, list):
            # Where one value is shown, it is that of the node.
            return items if isinstance(expected, list) else items[0] if items else None
    return {key: _decoded(item, []) for key, item in value.items()}


def _holds_tree(value: JSON) -> bool:
    return (isinstance(value, dict) and list(value) == ["tree"]) or (
        isinstance(value, list) and any(map(_holds_tree, value))
    )


def _trimmed(shown: JSON) -> JSON:
    """Return a shown tree, or list of trees, without the children that are not there at its end."""
    if not isinstance(shown, list):
        return shown
    items = [_trimmed(item) for item in shown]
    while items and items[-1] is None:
        items.pop()
    return items


def _encoded(value: JSON) -> JSON:
    """Return a value as the driver reads it: integers of any length."""
    if isinstance(value, int) and value.bit_length() > MAX_WALL_BITS:
        return {"0x": hex(value)}
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    if isinstance(value, dict):
        return {key: _encoded(item) for key, item in value.items()}
    return value


def shown_value(value: object) -> str:
    """Return a value in one short line."""
    try:
        text = repr(value)
    except ValueError:  # an integer longer than Python writes out
        text = "a value with an integer of thousands of digits"
    return short(text, 50)
