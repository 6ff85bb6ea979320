"""Pairs of answers by kind, with the verdicts that are right: equal (=), different (!), not settled (?)."""

from __future__ import annotations

SAID = {True: "=", False: "!", None: "?"}


def table_rows(table: str) -> list[tuple[str, str, str]]:
    """The rows of a table: two answers and the right verdicts."""
    lines = [line for line in table.splitlines() if " | " in line]
    rows = [tuple(part.strip("\n") for part in line.rsplit(" | ", 2)) for line in lines]
    return [(one, other, right) for one, other, right in rows]


# The kinds that a checker of mathematical answers meets, in our own examples.
KINDS = r"""
numbers
-17 | -17.0 | =
8350000 | 8,350,000 | =
64 000 | 64000 | =
2500.0 | 2,500 | =
712,45 | 712.45 | =
3,7 | 3.7 | =
.25 | 0.25 | =
1.204,5 | 1.204 | ?!
+6 | 6 | =
007 | 7 | =
19 | 91 | !
4.50 | 4.5 | =
0.125 | \frac{1}{8} | =
\$4,250.75 | 4250.75 | =
4,250.75€ | 4250.75 | =
12{,}345 | 12345 | =
12,\!345 | 12345 | =
12 {, } 345 | 12345 | =?
12, 345 | 12345 | !?
forty-three | 43 | =
two hundred and six | 206 | =
6.02e23 | 6.02\times10^{23} | =
6.02\cdot 10^{23} | 6.02\cdot 10^{22} | !
٤٢ | 42 | =
fractions
7/4 | \frac{7}{4} | =
-7/4 | -\frac{7}{4} | =
-7/4 | \frac{-7}{4} | =
-7/4 | \frac{7}{-4} | =
\frac74 | \dfrac{7}{4} | =
\frac7{4} | \tfrac{7}{4} | =
\cfrac{7}{4} | 1.75 | =
1\frac{3}{4} | \frac{7}{4} | =
1 3/4 | 7/4 | =
-1 3/4 | -\frac{7}{4} | =
1 3/4 | \frac{13}{4} | !
1 3/4 | 1 | !
2 5/4 | \frac{13}{4} | ?!
(3) 1/4 | 3.25 | ?!
3.0 1/4 | 3.25 | ?!
6/8 | 3/4 | =
\frac{2}{3} | \frac{3}{2} | !
0.\overline{6} | \frac23 | =
0.\overline{142857} | \frac17 | =
0.1\overline{6} | \frac16 | =
0.8\dot{3} | \frac56 | =
0.666... | 2/3 | =
0.(27) | 3/11 | =
0.67 | \frac23 | ?
0.6667 | \frac23 | ?
0.6 | \frac23 | ?!
0.7 | \frac23 | ?
0.76 | \frac23 | !
\frac{5}{0} | 5 | ?!
percentages
35\% | 35 percent | =
35\% | 35 pct | =
35 % | 0.35 | =
35\% | \frac{7}{20} | =
0.35 | 35 | !
35\% | 53\% | !
4 1/2 % | 0.045 | =
roots and powers
\sqrt7 | \sqrt{7} | =
\sqrt{28} | 2\sqrt{7} | =
\frac{1}{\sqrt{3}} | \frac{\sqrt{3}}{3} | =
\sqrt{8}+\sqrt{2} | 3\sqrt2 | =
\sqrt[3]{54} | 3\sqrt[3]{2} | =
\sqrt[3]{-27} | -3 | =
7^{1/2} | \sqrt{7} | =
\sqrt{7}i | \sqrt{-7} | =
3\sqrt{5} | 5\sqrt{3} | !
4\sqrt{2} | 4 | !
\frac{1+\sqrt{5}}{2} | \frac{\sqrt5 + 1}{2} | =
\frac{1+\sqrt{5}}{2} | \frac{1-\sqrt{5}}{2} | !
\sqrt{6+2\sqrt{5}} | 1+\sqrt5 | =
2^{10} | 1024 | =
2^{10} | 2 | !
(-2)^{4} | -2^4 | !
2.6457513 | \sqrt7 | ?
\sqrt(7) | \sqrt{7} | =
sqrt(7)/2 | \frac{\sqrt7}{2} | =
functions
\frac{3}{2}\pi | \frac{3\pi}{2} | =
3\pi/2 | 1.5\pi | =
\sin(\pi/6) | \frac12 | =
\cos 60^\circ | 0.5 | =
\tan\frac{\pi}{3} | \sqrt3 | =
\ln(e^3) | 3 | =
\log_2 32 | 5 | =
\log_{10} 1000 | 3 | =
\ln 12 | 2\ln 2 + \ln 3 | =
\arctan 1 | \frac{\pi}{4} | =
\binom{6}{2} | 15 | =
5! | 120 | =
|{-4}| | 4 | =
\lfloor 3.7 \rfloor | 3 | =
\lceil 3.2 \rceil | 3 | !
e^{2}\cdot e^{3} | e^5 | =
expressions
3a - 3 | 3(a-1) | =
(x-4)(x+4) | x^2-16 | =
x^2-16 | x^2+16 | !
\frac{a+b}{3} | \frac{a}{3} + \frac{b}{3} | =
\frac{x^2-1}{x-1} | x+1 | =
1+\cot^2 t | \csc^2 t | =
\sin(2u) | 2\sin u\cos u | =
2\cos b\sin a | 2\sin a\cos b | =
\frac{1}{2\sqrt{x}} | \frac12 x^{-1/2} | =
5x^{2}y | 5yx^2 | =
x+2k+3 | x+3 | !
2^{n+1} | 2\cdot 2^n | =
(-1)^{n} | (-1)^{n+2} | =
(n+1)! | (n+1)\cdot n! | =
a/b/c | \frac{a}{bc} | =
a\div b | \frac{a}{b} | =
1/3x | \frac{x}{3} | ?
x**3 | x^3 | =
2*x + 1 | 2x+1 | =
p | q | ?
x | X | ?
\sqrt{t^2} | t | ?
\int_0^2 3 t^2\,dt | 8 | =
\sum_{k=1}^{4} k | 10 | =?
solutions
x=9 | 9 | =
k = \frac{2}{7} | 2/7 | =
x = 9 | x = 8 | !
x = 4+5 = 9 | 9 | =
x \approx 3.2 | 3.2 | =
x = \frac{16}{5} \approx 3.3 | \frac{16}{5} | =
x = 9 | y = 9 | ?
7 = 2b + c | 2b+c | ?!
a + 2c = 0 | 0 | ?!
3x+6y-9=0 | y = \frac{3}{2} - \frac{x}{2} | =
x^2/9+y^2/4=1 | 4x^2+9y^2=36 | =
x^2+y^2=4 | x^2+y^2=5 | !
y = x^2 - 1 | f(x) = x^2 - 1 | =
2x - y = 4 | y = 2x + 4 | !
x_1 = 4, x_2 = -1 | 4, -1 | =
x_1 = 4, x_2 = -1 | \{-1, 4\} | =
x = 4 \text{ or } x = -1 | -1, 4 | =
x = 4, -1 | \{4,-1\} | =
a = 2, b = 5 | b = 5, a = 2 | =
a = 2, b = 5 | a = 5, b = 2 | !
a = 2, b = 5 | (2, 5) | =
lists and sets
\{4, 1, 9\} | \{9, 4, 1\} | =
\{4, 1, 9\} | \{4, 1, 8\} | !
\{4, 1, 9\} | 1, 4, 9 | =
4, 1 and 9 | \{1,4,9\} | =
4, 1, \text{ and } 9 | 4, 1, 9 | =
4 \text{ and } 9 | 9 \text{ and } 4 | =
4, 9 | 9, 4 | ?
4, 9 | 4, 8 | !
4, 9 | 4 | !
\{4\} | 4 | =
\emptyset | \{\} | =
\emptyset | \{0\} | !
\pm 6 | 6, -6 | =
\pm 6 | 6 | !
2 \pm \sqrt{7} | \{2+\sqrt7, 2-\sqrt7\} | =
2 \pm \sqrt{7} | 2 \pm \sqrt{5} | !
\{\pm\sqrt3, 2\} | \{2, \sqrt3, -\sqrt3\} | =
points, intervals, inequalities
(2, 7) | ( 2 , 7 ) | =
(2, 7) | (7, 2) | !
(2, \frac{9}{2}) | (2,4.5) | =
\left(5, \frac{\pi}{3}\right) | (5, \pi/3) | =
(2, 7) | \{2, 7\} | ?
[2, 7) | [2,7) | =
[2, 7) | (2,7) | !
[2, 7) | [2,8) | !
2 < x < 7 | (2, 7) | =
x \in [2, 7) | 2 \le x < 7 | =
7 > x \geq 2 | [2,7) | =
x >= 5 | [5, \infty) | =
x > 5 | x < 5 | !
x > 5 | x \ge 5 | !
x \lt 5 | 5 \gt x | =
x < 3 | -x > -3 | =
x < 3 | x > -3 | !
x \ne 4 | (-\infty,4)\cup(4,\infty) | =
\mathbb{R} \setminus \{4\} | x \neq 4 | =
(-\infty, 1] \cup [6, \infty) | x \le 1 \text{ or } x \ge 6 | =
(-\infty, 1] \cup [6, \infty) | [6,\infty) \cup (-\infty,1] | =
(-\infty, 1] \cup [6, \infty) | (-\infty, 1) \cup [6, \infty) | !
\{0\} \cup [2,5) | [2,5) \cup \{0\} | =
(-\infty,\infty) | \mathbb{R} | =
all real numbers | \mathbb{R} | =
(\frac15, \frac73] | (0.2, 2.3333] | ?
\infty | -\infty | !
\infty | 1000 | !
matrices
\begin{pmatrix}3 & 0 \\ 0 & 3\end{pmatrix} | \begin{bmatrix}3&0\\0&3\end{bmatrix} | =
\begin{pmatrix}3 & 0 \\ 0 & 3\end{pmatrix} | \left[\begin{array}{cc}3&0\\0&3\\\end{array}\right] | =
\begin{pmatrix}3 & 0 \\ 0 & 3\end{pmatrix} | \begin{pmatrix}3 & 0 \\ 0 & 4\end{pmatrix} | !
\begin{pmatrix} \frac12 \\ 4 \end{pmatrix} | \begin{pmatrix} 0.5 \\ 4 \end{pmatrix} | =
\begin{pmatrix} 1 \\ 4 \end{pmatrix} | (1, 4) | =
\begin{pmatrix} 1 & 4 \end{pmatrix} | \begin{pmatrix} 1 \\ 4 \end{pmatrix} | ?
units
24\text{ miles} | 24 | =
24 \text{ mi} | 24 \text{ km} | !
2 m | 200 cm | =
3 hours | 180 minutes | =
72 km/h | 20 m/s | =
9.8 \text{ m/s}^2 | 9.8 \text{ m/s} | !
6 square feet | 6 \text{ ft}^2 | =
6 cubic feet | 6 \text{ ft}^2 | !
45^\circ | 45 \text{ degrees} | =
45^\circ | \frac{\pi}{4} | =
20 ^\circ C | 68 ^\circ F | =
\$3 | 300 cents | =
3 dollars | 3 euros | !
12 apples | 12 oranges | ?
12 apples | 13 apples | !
5 km | 5000 | ?
5 km | 7 | !
bases, times, ratios
1012_3 | 1012_{3} | =
1012_3 | 1012_{4} | !
1012_3 | 1011_3 | !
1F_{16} | 31_{10} | =
1012_3 | 1012 | ?
7:30 PM | 7:30 AM | !
7:30 p.m. | 19:30 | =
7 PM | 7:00 PM | =
7:30 | 7:30 PM | ?
noon | 12 PM | =
12:30 | 1:30 | !
2:3 | 2 : 3 | =
2:3 | 3:2 | !
2:3 | 4:6 | ?
words and options
\text{Tuesday} | tuesday | =
Tuesday | Monday | !
yes | \text{No} | !
\text{(C)} | C | =
\text{B} | B | =
(B) 17 | 17 | =
(B) 17 | (C) 18 | !
B | C | !
(B) 17 | 18 | !
undefined | 7 | !
no solution | 3 | !
Harriet | \text{Harriet} | =
the square root of two | \sqrt{2} | ?
even | odd | !
figures
\overline{PQ} | \overline{QP} | =
\overrightarrow{PQ} | \overrightarrow{QP} | !
\angle PQR | \angle RQP | =
\triangle PQR | \triangle PRQ | ?
g'(2) | g(2) | !
x' | x'' | !
"""
