"""A table of answers that all differ in value."""

from __future__ import annotations

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


def split(table: str) -> list[str]:
    return [text for line in table.splitlines() for text in line.split("|") if text]


VALUES: list[Value] = [
    Value(text, kind)
    for kind, texts in {
        "integer": INTEGERS.split(),
        "decimal": DECIMALS.split(),
        "fraction": FRACTIONS.split(),
        "irrational": split(IRRATIONALS),
        "extreme": split(TINY_AND_HUGE),
        "expression": split(EXPRESSIONS),
        "quantity": split(QUANTITIES),
        "collection": split(COLLECTIONS),
        "other": split(OTHERS),
    }.items()
    for text in texts
]
