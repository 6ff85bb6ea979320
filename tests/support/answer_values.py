"""Answers that all differ in value, with rewritings that keep a value and rewritings that change it."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

INTEGERS = r"""
0 1 2 3 4 6 7 9 10 11 12 13 15 17 18 20 23 24 27 30 36 42 48 55 60 64 72 81 90 97 100 105 120 128 144
169 180 210 225 256 300 343 360 400 500 512 625 720 729 840 999 1000 1024 1225 1729 2048 2187 2401 4096
5040 6561 10000 12345 14916 40320 65536 100000 123456 362880 1000000 3628800 16777216 1000000007
12345678901234567890 -1 -2 -3 -5 -7 -8 -11 -16 -25 -36 -50 -99 -125 -216 -1001 -2025
"""
DECIMALS = r"""
0.5 0.25 0.75 0.2 0.04 0.125 0.001 1.5 2.25 3.14 2.718 9.81 12.5 99.95 0.333 0.667 100.01 -0.5 -2.75
-0.125 1000.5 0.0625 6.28 1.414 0.000001
"""
FRACTIONS = r"""
1/3 2/3 1/6 5/6 1/7 3/7 22/7 1/9 4/9 5/11 7/12 11/12 8/13 1/17 17/19 355/113 100/3 29/40 1/1001 -1/3
-5/7 -4/9 -22/15 13/60 121/35
"""
IRRATIONALS = r"""
\pi|2\pi|\frac{\pi}{2}|\frac{\pi}{6}|\pi^2|e|e^2|\frac{1}{e}|\sqrt{2}|\sqrt{3}|2\sqrt{3}
\frac{\sqrt{3}}{2}|\frac{\sqrt{2}}{2}|\sqrt{5}|\frac{1+\sqrt{5}}{2}|\frac{1-\sqrt{5}}{2}|\sqrt{7}+1
\sqrt{2}+\sqrt{3}|\sqrt[3]{2}|\sqrt[3]{4}|2^{1/5}|\ln 2|\ln 3|\log_2 3|\sin 1|\cos 1|\tan\frac{\pi}{8}
\arctan 2|\arcsin\frac{1}{3}|3-2\sqrt{2}|\pi-3|\frac{4\pi}{3}|\sqrt{\pi}|e^{\pi}|\pi e|2^{\sqrt{2}}
\frac{\ln 2}{3}|1+\frac{1}{e}|1-\frac{1}{e}|\sqrt{10}-\pi
"""
TINY_AND_HUGE = r"""
10^{-20}|2\cdot 10^{-20}|6.63\times 10^{-34}|9.11\times 10^{-31}|2^{-60}|2^{-61}|\frac{1}{2^{99}}
\frac{1}{50!}|\frac{1}{52!}|3^{100}|3^{101}|7^{77}|40!|6.02\times 10^{23}|3\times 10^8|2^{2006}
\frac{1}{3^{300}}|1+10^{-30}|1-10^{-30}|10^{40}
"""
EXPRESSIONS = r"""
x|y|2x|3x+1|3x-1|x^2|x^3|x^2-1|x^2+1|(x+1)^2|\frac{1}{x}|\frac{x}{y}|\frac{y}{x}|x+y|x-y|y-x|xy|x^2y
xy^2|\sqrt{x}|\frac{1}{\sqrt{x}}|\sqrt{x+1}|\sin x|\cos x|\sin(2x)|\tan x|\sin^2 x|\cos^2 x|\ln x
\ln(x+1)|e^x|e^{-x}|e^{2x}|xe^x|2^x|x^n|n!|(n+1)!|\frac{n(n+1)}{2}|\frac{n(n-1)}{2}|2^n-1|a^2+b^2
a^2-b^2|(a+b)^2|\frac{a}{a+b}|\frac{b}{a+b}|\binom{n}{2}+n^3|\pi r^2|2\pi r|\frac{4}{3}\pi r^3
\frac{x+1}{x-1}|\frac{x-1}{x+1}|\arctan x|x\ln x|\frac{\ln x}{x}|5x^2-7x+2|x^4+4|k\pi|\sqrt{a^2+b^2}
3t^2
"""
QUANTITIES = r"""
35 cm|35 m|36 km|5 kg|5 g|7 hours|7 minutes|8 seconds|14 days|25 cm^2|26 m^2|27 m^3|21 liters|22 mL
60 km/h|19 m/s|9 m/s^2|31 miles|33 feet|34 inches|16 pounds|28 ounces|38 newtons|39 joules|41 watts
43 dollars|44 euros|45^\circ|46 radians|47 cents
"""
COLLECTIONS = r"""
\{1,2\}|\{1,3\}|\{1,2,3\}|\{0\}|\emptyset|\{-1,1\}|\{x,y\}|(1,2)|(2,1)|(1,2,3)|(3,2,1)|(-1,4)
(\frac{1}{2},3)|[0,1)|(0,1]|[0,2)|(-\infty,3)|(-\infty,3]|(3,\infty)|[3,\infty)
(-\infty,0)\cup(0,\infty)|[1,2)\cup(5,6]|\{\sqrt{2},\sqrt{3}\}|\begin{pmatrix}1&2\\3&4\end{pmatrix}
\begin{pmatrix}1&3\\2&4\end{pmatrix}|\begin{pmatrix}7\\8\end{pmatrix}
"""
OTHERS = r"""
x=5/9|x+2y=3|2x+y=3|y'=2x|y''=2x|f'(x)|f(x)|f''(x)|101_2|101_3|212_5|3:00 PM|3:00 AM|11:30 AM|10:45 PM
2:3|5:4|\text{yes}|\text{no}|\text{Tuesday}|\text{Friday}|\text{undefined}|A|B|D|E|\angle ABC|\angle ACB
\overrightarrow{PQ}|\overrightarrow{QP}
"""


@dataclass(frozen=True)
class Value:
    """An answer and the kind of thing that it is."""

    text: str
    kind: str


def _split(table: str) -> list[str]:
    return [text for line in table.splitlines() for text in line.split("|") if text]


VALUES: list[Value] = [
    Value(text, kind)
    for kind, texts in {
        "integer": INTEGERS.split(),
        "decimal": DECIMALS.split(),
        "fraction": FRACTIONS.split(),
        "irrational": _split(IRRATIONALS),
        "extreme": _split(TINY_AND_HUGE),
        "expression": _split(EXPRESSIONS),
        "quantity": _split(QUANTITIES),
        "collection": _split(COLLECTIONS),
        "other": _split(OTHERS),
    }.items()
    for text in texts
]

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
        dress = chance.choice([*_split(_DRESSES), "@\n", "\u200b@"])
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
    ways: list[str] = []
    if re.fullmatch(r"\d+", bare):
        ways += [
            f"{text}.0",
            f"\\frac{{{text}}}{{1}}",
            f"{sign}{int(bare) * 6}/6",
            f"\\text{{{text}}}",
            f"{{\\rm {text}}}",
        ]
        ways += [
            f"{text}e0",
            f"{text}_{{10}}" if not sign else f"{text}.",
            f"\\mathrm{{{text}}}",
            f"\\mbox{{{text}}}",
        ]
        if len(bare) > 3:
            grouped = f"{int(bare):,}"
            ways += [sign + grouped, sign + grouped.replace(",", "{,}"), sign + grouped.replace(",", ",\\!")]
            ways += [sign + grouped.replace(",", " "), f"\\text{{{sign}{grouped}}}"]
        if bare.endswith("000"):
            ways.append(f"{sign}{bare[:-3]}\\times 10^{{3}}")
            ways.append(f"{sign}{bare[:-3]}e3")
    elif re.fullmatch(r"\d+\.\d+", bare):
        places = len(bare.partition(".")[2])
        digits = int(bare.replace(".", ""))
        ways += [
            f"{text}0",
            f"\\frac{{{sign}{digits}}}{{{10**places}}}",
            f"{sign}{digits}/{10**places}",
            f"{sign}{digits}e-{places}",
        ]
        ways += [f"{sign}{digits}\\cdot 10^{{-{places}}}", sign + bare.removeprefix("0")]
        shifted = f"{digits * 100}"
        ways.append(f"{sign}{int(shifted) // 10**places}.{int(shifted) % 10**places:0{places}d}\\%")
    elif fraction := re.fullmatch(r"(\d+)/(\d+)", bare):
        above, below = int(fraction[1]), int(fraction[2])
        times = chance.choice([2, 3, 10])
        ways += [
            f"{sign}\\frac{{{above}}}{{{below}}}",
            f"\\frac{{{sign}{above}}}{{{below}}}",
            f"{sign}{above * times}/{below * times}",
        ]
        ways += [
            f"{sign}{above}\\div {below}",
            f"{sign}{above} / {below}",
            f"{sign}\\frac{{{above * times}}}{{{below * times}}}",
        ]
        if above > below and above % below:
            whole, rest = divmod(above, below)
            ways += [f"{sign}{whole} {rest}/{below}", f"{sign}{whole}\\frac{{{rest}}}{{{below}}}"]
        if below in (3, 9):
            whole, rest = divmod(above * 9 // below, 9)
            ways += [
                f"{sign}{whole}.\\overline{{{rest}}}",
                f"{sign}{whole}.\\dot{{{rest}}}",
                f"{sign}{whole}.({rest})",
            ]
    return chance.choice(ways) if ways else None


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
