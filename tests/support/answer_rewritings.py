"""Rewritings that keep an answer's value, rewritings that change it, and pairs made by them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from answer_values import VALUES, Value, split

NUMBERS = ("integer", "decimal", "fraction")
SCALARS = (*NUMBERS, "irrational", "extreme", "expression")

Rewriting = Callable[[str, random.Random], str | None]


# Rewritings of any answer that keep it.

_DRESSES = r"""
$@$|$$@$$|\(@\)|\[@\]| @ |@.|@\\|\ @\ |\boxed{@}|\displaystyle @|\textcolor{red}{@}|\color{blue} @|{\large @}
\begin{aligned} @ \end{aligned}|\begin{equation*}@\end{equation*}|\quad @|\,@\,|**@**|$ @ $.|\underline{@}
\mathbf{@}|\boldsymbol{@}|{\bf @}|\fbox{@}|~@~|\mathit{@}
"""


def dressed(text: str, chance: random.Random) -> str:
    """In one or two dresses of TeX or Markdown."""
    for _ in range(chance.choice([1, 1, 2])):
        dress = chance.choice([*split(_DRESSES), "@\n", "\u200b@"])
        if dress.startswith(("\\begin", "\\[", "$$", "\\(", "$")) and ("\\begin" in text or "$" in text):
            continue
        text = dress.replace("@", text)
    return text


_SIGNS = {
    "\\pi": "π", "\\times ": "×", "\\cdot ": "·", "-": "−", "\\infty": "∞", "\\cup": "∪", "^\\circ": "°",
    "\\emptyset": "∅", "^2": "²", "^3": "³", "\\sqrt{2}": "√2", "\\sqrt{3}": "√3", "\\frac{1}{2}": "½",
    "\\angle ": "∠", "'": "′",
}  # fmt: skip


def in_unicode(text: str, chance: random.Random) -> str | None:
    """With signs of Unicode for TeX, or with digits of full width."""
    present = [sign for sign in _SIGNS if sign in text]
    if present and not (set(present) == {"-"} and chance.random() < 0.5):
        for sign in present:
            if sign in ("^2", "^3") and re.search(re.escape(sign) + r"\d", text):
                continue
            if sign == "-" and "\\begin" in text:
                continue
            text = text.replace(sign, _SIGNS[sign])
        return text
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return text.translate({ord(digit): chr(0xFF10 + int(digit)) for digit in "0123456789"})
    return None


def respaced(text: str, chance: random.Random) -> str | None:
    """With spaces where they mean nothing, and another spelling of brackets and fractions."""
    for old, new in (
        ("\\frac", chance.choice(["\\dfrac", "\\tfrac", "\\cfrac"])),
        ("(", chance.choice(["\\left(", "( ", "\\bigl("])),
        (")", chance.choice(["\\right)", " )", "\\bigr)"])),
        ("\\{", "\\left\\{ "),
        ("\\}", " \\right\\}"),
        ("+", " + "),
        (",", chance.choice([", ", " , ", ",\\ "])),
    ):
        text = text.replace(old, new)
    # Brackets of one pair must stay a pair.
    return None if text.count("\\left") != text.count("\\right") else text


def _number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def renoted(text: str, chance: random.Random) -> str | None:
    """A number in another notation."""
    sign, bare = ("-", text[1:]) if text.startswith("-") else ("", text)
    if re.fullmatch(r"\d+", bare):
        ways = _notations_of_integer(sign, bare)
    elif re.fullmatch(r"\d+\.\d+", bare):
        ways = _notations_of_decimal(sign, bare)
    else:
        ways = _notations_of_fraction(sign, bare, chance.choice([2, 3, 10]))
    return chance.choice(ways)


def _notations_of_integer(sign: str, bare: str) -> list[str]:
    text = sign + bare
    ways = [
        f"{text}.0",
        f"\\frac{{{text}}}{{1}}",
        f"{sign}{int(bare) * 6}/6",
        f"\\text{{{text}}}",
        f"{text}e0",
    ]
    ways += [f"{{\\rm {text}}}", f"{text}_{{10}}" if not sign else f"{text}.", f"\\mathrm{{{text}}}"]
    if len(bare) > 3:
        grouped = f"{int(bare):,}"
        ways += [sign + grouped.replace(",", comma) for comma in (",", "{,}", ",\\!", " ")]
        ways.append(f"\\text{{{sign}{grouped}}}")
    if bare.endswith("000"):
        ways += [f"{sign}{bare[:-3]}\\times 10^{{3}}", f"{sign}{bare[:-3]}e3"]
    return ways


def _notations_of_decimal(sign: str, bare: str) -> list[str]:
    places = len(bare.partition(".")[2])
    digits = int(bare.replace(".", ""))
    ways = [f"{sign}{bare}0", f"\\frac{{{sign}{digits}}}{{{10**places}}}", f"{sign}{digits}/{10**places}"]
    ways += [
        f"{sign}{digits}e-{places}",
        f"{sign}{digits}\\cdot 10^{{-{places}}}",
        sign + bare.removeprefix("0"),
    ]
    whole, rest = divmod(digits * 100, 10**places)
    return [*ways, f"{sign}{whole}.{rest:0{places}d}\\%"]


def _notations_of_fraction(sign: str, bare: str, times: int) -> list[str]:
    above, below = map(int, bare.split("/"))
    ways = [
        f"{sign}\\frac{{{above}}}{{{below}}}",
        f"\\frac{{{sign}{above}}}{{{below}}}",
        f"{sign}{above} / {below}",
    ]
    ways += [f"{sign}{above}\\div {below}", f"{sign}{above * times}/{below * times}"]
    ways.append(f"{sign}\\frac{{{above * times}}}{{{below * times}}}")
    if above > below:
        whole, rest = divmod(above, below)
        ways += [f"{sign}{whole} {rest}/{below}", f"{sign}{whole}\\frac{{{rest}}}{{{below}}}"]
    if below in (3, 9):
        whole, rest = divmod(above * 9 // below, 9)
        ways += [
            f"{sign}{whole}.{repeated}"
            for repeated in (f"\\overline{{{rest}}}", f"\\dot{{{rest}}}", f"({rest})")
        ]
    return ways


_IDENTITIES = [
    "(@)", "1\\cdot(@)", "(@)+0", "(@)/1", "\\frac{@}{1}", "(@)^1", "2(@)-(@)", "\\frac{3(@)}{3}", "-(-(@))",
    "\\sqrt[3]{(@)^3}", "0 + (@)", "\\left(@\\right)", "(@)\\times 2^0", "\\frac{(@)}{7}\\cdot 7",
]  # fmt: skip


def reworked(text: str, chance: random.Random) -> str:
    """Algebra that changes nothing."""
    way = chance.choice(_IDENTITIES)
    if way.startswith("\\sqrt") and re.search("[a-z-]", text):
        way = "(@)"
    return way.replace("@", text)


def reordered(text: str, chance: random.Random) -> str | None:
    """The members of a set in another order, an interval as an inequality, pieces of a union exchanged."""
    if text.startswith("\\{"):
        members = text[2:-2].split(",")
        chance.shuffle(members)
        return "\\{" + ",".join(members) + "\\}"
    pieces = text.split("\\cup")
    if len(pieces) > 1:
        return "\\cup ".join(reversed(pieces))
    interval = re.fullmatch(r"([\[(])(-?\\infty|-?\d+),(-?\\infty|-?\d+)([\])])", text)
    if interval and ("[" in text or "]" in text or "infty" in text):
        left = "" if "infty" in interval[2] else interval[2] + ("\\le " if interval[1] == "[" else "<") + " "
        right = "" if "infty" in interval[3] else (" \\le " if interval[4] == "]" else " < ") + interval[3]
        return f"{left}x{right}"
    return None


_UNITS = {
    "cm": ["\\text{cm}", "\\mathrm{cm}", "centimeters", "\\text{ centimetres}"],
    "m": ["\\text{m}", "\\mathrm{~m}", "meters", "\\text{ metres}"],
    "km": ["\\text{km}", "kilometers"],
    "kg": ["\\text{kg}", "kilograms", "\\mathrm{kg}"],
    "g": ["\\text{g}", "grams"],
    "hours": ["\\text{h}", "hrs", "\\text{ hours}", "hours of work"],
    "minutes": ["\\text{min}", "mins", "min"],
    "seconds": ["\\text{s}", "sec"],
    "days": ["\\text{days}", "day"],
    "cm^2": ["\\text{cm}^2", "square centimeters", "\\text{ cm}^{2}", "cm²"],
    "m^2": ["\\text{m}^2", "square meters", "sq m"],
    "m^3": ["\\text{m}^3", "cubic meters", "\\mathrm{m}^{3}"],
    "liters": ["\\text{L}", "litres"],
    "mL": ["\\text{mL}", "milliliters", "ml"],
    "km/h": ["\\text{km/h}", "kilometers per hour", "\\frac{\\text{km}}{\\text{h}}"],
    "m/s": ["\\text{m/s}", "meters per second", "\\mathrm{m}\\cdot\\mathrm{s}^{-1}"],
    "miles": ["\\text{mi}", "mile"],
    "feet": ["\\text{ft}", "ft"],
    "inches": ["\\text{in}", "inch"],
    "pounds": ["lb", "\\text{lbs}"],
    "newtons": ["\\text{N}"],
    "joules": ["\\text{J}"],
    "watts": ["\\text{W}"],
}
_LARGER = {
    "cm": ("mm", 10), "m": ("cm", 100), "km": ("m", 1000), "kg": ("g", 1000), "hours": ("minutes", 60),
    "minutes": ("seconds", 60), "days": ("hours", 24), "liters": ("mL", 1000), "feet": ("inches", 12),
    "pounds": ("ounces", 16), "m^2": ("cm^2", 10000), "dollars": ("cents", 100),
}  # fmt: skip


def _parts(text: str) -> tuple[str, str]:
    number, _, unit = text.partition(" ")
    return number, unit


def remeasured(text: str, chance: random.Random) -> str | None:
    """The same quantity with its unit in another spelling, in a smaller unit, or without one."""
    number, unit = _parts(text)
    ways = [f"{number} {spelling}" for spelling in _UNITS.get(unit, [])]
    if unit in _LARGER:
        smaller, times = _LARGER[unit]
        bare, caret, power = smaller.partition("^")
        ways.append(f"{int(number) * times} \\text{{ {bare}}}{caret}{power}")
    if unit and unit not in ("cents",):
        ways.append(number)
    if unit in ("dollars", "euros"):
        ways.append(f"\\${number}" if unit == "dollars" else f"€{number}")
    return chance.choice(ways) if ways else None


KEEPING: dict[str, tuple[tuple[str, ...], Rewriting]] = {
    "dress": (("*",), dressed),
    "unicode": (("*",), in_unicode),
    "spaces": (("*",), respaced),
    "notation": (NUMBERS, renoted),
    "algebra": (SCALARS, reworked),
    "order": (("collection",), reordered),
    "unit": (("quantity",), remeasured),
}


# Rewritings that change a value.


def other_digit(text: str, chance: random.Random) -> str | None:
    """One digit changed for another."""
    places = [match.start() for match in re.finditer(r"\d", text)]
    if not places or "(x)" in text:
        return None
    place = chance.choice(places)
    digit = chance.choice([digit for digit in "123456789" if digit != text[place]])
    return text[:place] + digit + text[place + 1 :]


def other_sign(text: str, chance: random.Random) -> str | None:
    """The sign turned around."""
    if text in ("0", "f(x)", "f'(x)", "f''(x)"):
        return None
    return text[1:] if text.startswith("-") and _number(text) else f"-({text})"


def other_exponent(text: str, chance: random.Random) -> str:
    """Another power of it."""
    return f"({text})^2+7" if _number(text) else f"({text})^2+\\frac{{1}}{{7}}"


def other_scale(text: str, chance: random.Random) -> str | None:
    """A thousand, ten or two times as much, or a little more."""
    if text == "0":
        return None
    return chance.choice(
        ["10({})", "1000({})", "\\frac{{{}}}{{2}}", "({})+10^{{-12}}", "({})(1+10^{{-25}})"]
    ).format(text)


def other_unit(text: str, chance: random.Random) -> str | None:
    """The same number of something else."""
    number, unit = _parts(text)
    if not unit:
        return None
    others = ["cm", "m", "kg", "g", "hours", "minutes", "cm^2", "m^3", "km/h", "dollars", "liters", "watts"]
    return f"{number} {chance.choice([other for other in others if other != unit])}"


_OTHER_MARKS = [
    ("PM", "AM"), ("AM", "PM"), ("yes", "no"), ("no", "yes"), ("Tuesday", "Monday"), ("_2", "_7"),
    ("_3", "_4"), ("_5", "_8"), ("''", "'"), ("'", "''"), ("ABC", "BAC"), ("PQ", "QP"),
    ("[", "("), ("]", ")"), ("\\sin", "\\cos"), ("+", "-"), ("\\ln", "\\sin"), ("\\sqrt", "\\sqrt[5]"),
    ("\\pi", "e"), ("=", "=4+"),
]  # fmt: skip


def other_mark(text: str, chance: random.Random) -> str | None:
    """Another base, half of the day, prime, bracket, function, or order of points."""
    ways = [(old, new) for old, new in _OTHER_MARKS if old in text and "\\sqrt[" not in text]
    if not ways or (text.startswith("[") and "\\cup" in text) or text.startswith("\\sqrt{a^2"):
        return None
    old, new = chance.choice(ways)
    changed = text.replace(old, new, 1)
    return (
        None
        if changed.count("(") + changed.count("[") != text.count("(") + text.count("[")
        and "sqrt" not in changed
        else changed
    )


CHANGING: dict[str, tuple[tuple[str, ...], Rewriting]] = {
    "digit": ((*NUMBERS, "irrational", "extreme", "quantity"), other_digit),
    "sign": (SCALARS, other_sign),
    "exponent": (SCALARS, other_exponent),
    "scale": (SCALARS, other_scale),
    "unit": (("quantity",), other_unit),
    "mark": (("other", "collection", "expression", "irrational"), other_mark),
}


@dataclass(frozen=True)
class Pair:
    """Two answers, whether they are equal, and how the second one came about."""

    one: str
    other: str
    equal: bool
    how: str


def pairs(count: int, seed: int) -> Iterator[Pair]:
    """``count`` pairs, seeded: a value and a rewriting of it, or two values of the table."""
    chance = random.Random(seed)
    made = 0
    while made < count:
        value = chance.choice(VALUES)
        drawn = chance.random()
        if drawn < 0.15:
            rival = chance.choice(VALUES)
            if rival == value or _related(value, rival):
                continue
            pair = Pair(value.text, rival.text, False, "two values")
        else:
            table = KEEPING if drawn < 0.6 else CHANGING
            how = chance.choice(
                [name for name, (kinds, _) in table.items() if "*" in kinds or value.kind in kinds] or [""]
            )
            other = table[how][1](value.text, chance) if how else None
            if other is None or other == value.text:
                continue
            pair = Pair(value.text, other, table is KEEPING, f"{value.kind}: {how}")
            if table is CHANGING and chance.random() < 0.3:
                # A change is to be seen through a dress.
                pair = Pair(value.text, dressed(other, chance), False, pair.how)
        yield pair
        made += 1


def _related(one: Value, other: Value) -> bool:
    """Values that a reader may take for the same: a number, and the same number of something."""
    return {one.kind, other.kind} <= {"quantity", *NUMBERS} and one.kind != other.kind
