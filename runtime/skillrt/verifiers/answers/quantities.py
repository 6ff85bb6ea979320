"""Numbers with a unit, or with the name of what they count."""

from __future__ import annotations

from fractions import Fraction

from skillrt.verifiers.answers import units
from skillrt.verifiers.answers.asked import NOT_MINE, Comparer, Ruling
from skillrt.verifiers.answers.regions import is_region
from skillrt.verifiers.answers.scalars import exact, same_value, variables
from skillrt.verifiers.answers.tree import COLLECTIONS, Node, number


def quantities(answer: Node, other: Node, by: Comparer) -> Ruling:
    value, unit = answer.args[0], answer.text
    if other.head != "quantity":
        if other.head in ("words", "rel", "mark", *COLLECTIONS) or is_region(other):
            return NOT_MINE
        return _bare_against_unit(value, unit, other, by)
    if unit == other.text:
        return by.same(value, other.args[0])
    things = [text.startswith("thing: ") for text in (unit, other.text)]
    if any(things):
        if all(things) and unit.rstrip("s") == other.text.rstrip("s"):
            return by.same(value, other.args[0])
        return None
    return _converted(answer, other, by)


def _converted(answer: Node, other: Node, by: Comparer) -> bool | None:
    if {answer.text, other.text} == {"degree", "radian"}:
        sides = [
            Node("deg", "", side.args) if side.text == "degree" else side.args[0] for side in (answer, other)
        ]
        return same_value(sides[0], sides[1], by.asked.rounding)
    try:
        change = units.conversion(answer.text, other.text)
    except ValueError:
        return None
    if change is None:
        return False
    factor, offset = change
    moved = answer.args[0]
    if factor != 1:
        moved = Node("mul", "", (moved, _fraction(factor)))
    if offset:
        moved = Node("add", "", (moved, _fraction(offset)))
    return by.same(moved, other.args[0])


def _fraction(value: Fraction) -> Node:
    return Node("div", "", (number(str(value.numerator)), number(str(value.denominator))))


def _bare_against_unit(value: Node, unit: str, bare: Node, by: Comparer) -> bool | None:
    """One side without a unit is accepted; it differs only where no unit of the kind could mend it."""
    if variables(bare) - variables(value):
        # A letter may be a unit in its turn.
        return None
    verdict = by.same(value, bare)
    if verdict is not False:
        return verdict
    if unit == "degree" and same_value(Node("deg", "", (value,)), bare, None):
        return True
    sides = exact(value), exact(bare)
    if unit.startswith("thing: ") or sides[0] is None or sides[1] is None or not sides[1]:
        return False
    ratio = abs(sides[0] / sides[1])
    return None if units.may_convert(unit, ratio) else False
