r"""What only dresses an answer is taken off: dollars, fonts, sizes, colours, spaces, signs of Unicode.

The result is TeX with few commands. A letter that stood upright (``\text{cm}``, ``\mathrm{e}``) is led by
``UPRIGHT``, because upright letters are words, units and constants, where slanted ones are variables.
"""

from __future__ import annotations

import re
import unicodedata

from skillrt.verifiers.answers.listing import listed, paired

UPRIGHT = "\x01"
GROUPING = "\x02"
"""A comma between digits that can only be a separator of thousands (``{,}``)."""
_DEPTH = 30

# TeX for the signs of Unicode; a space is put after each.
_COMMANDS = paired(
    r"""
    × \times ✕ \times ✖ \times ⨯ \times · \cdot ⋅ \cdot ∙ \cdot • \cdot ‧ \cdot √ \surd ∛ \surd[3]
    ∜ \surd[4] ∞ \infty ± \pm ∓ \mp ≤ \le ⩽ \le ≥ \ge ⩾ \ge ≠ \ne ≈ \approx ∪ \cup ∩ \cap ∈ \in
    ∅ \emptyset ∖ \setminus ∠ \angle △ \triangle ℝ \mathbb{R} ℤ \mathbb{Z} ℕ \mathbb{N} ℚ \mathbb{Q}
    ℂ \mathbb{C} ° ^\circ º ^\circ ∫ \int ∑ \sum ⌊ \lfloor ⌋ \rfloor ⌈ \lceil ⌉ \rceil ∥ \parallel
    ⟂ \perp → \to ⇒ \Rightarrow ¬ \neg ∧ \wedge ∨ \vee … \ldots € \euro £ \pounds ¥ \yen ¢ \cent µ \mu
    ϕ \phi ϵ \epsilon ϑ \theta α \alpha β \beta γ \gamma δ \delta ε \epsilon ζ \zeta η \eta θ \theta
    ι \iota κ \kappa λ \lambda μ \mu ν \nu ξ \xi π \pi ρ \rho σ \sigma τ \tau υ \upsilon φ \phi χ \chi
    ψ \psi ω \omega Γ \Gamma Δ \Delta Θ \Theta Λ \Lambda Ξ \Xi Π \Pi Σ \Sigma Φ \Phi Ψ \Psi Ω \Omega
    """
)
_SIGNS = {sign: f"{command} " for sign, command in _COMMANDS.items()} | {
    **dict.fromkeys("−–‐‑‒—﹣", "-"),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("′’ʹ＇", "'"),
    **dict.fromkeys("″”ʺ", "''"),
    **dict.fromkeys("‴", "'" * 3),
    **dict.fromkeys("，﹐", ","),
    **dict.fromkeys("（﹙", "("),
    **dict.fromkeys("）﹚", ")"),
    **dict.fromkeys("％", "%"),
    **dict.fromkeys("℃", r"^\circ C"),
    **dict.fromkeys("℉", r"^\circ F"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f\u3000", " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f\u2061\u2062\u2063", ""),
}
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱˣʸ", "0123456789+-()nixy", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₙₓₖᵢⱼₘ", "0123456789+-()nxkijm", strict=True))
_RAISED_RUN = re.compile(f"[{re.escape(''.join(_RAISED))}]+")
_LOWERED_RUN = re.compile(f"[{re.escape(''.join(_LOWERED))}]+")
_VULGAR = re.compile(r"(\d+)⁄(\d+)")
_DROPPED = frozenset(
    listed(
        "left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle"
        " textstyle scriptstyle limits nolimits nonumber notag centering large Large LARGE huge Huge"
        " small normalsize boldmath unboldmath mathstrut strut hfill noindent"
    )
)
_DROPPED_WITH = frozenset(listed("hspace vspace phantom vphantom hphantom label tag hskip"))
_UNWRAPPED = frozenset(
    listed(
        "mathbf boldsymbol bm mathit mathsf mathtt pmb underline boxed fbox framebox mathnormal"
        " ensuremath mathop uline smash mathord mathclose mathopen underbrace overbrace"
    )
)
_UNWRAPPED_SECOND = frozenset(listed("textcolor colorbox"))
_UPRIGHT = frozenset(
    listed(
        "text textbf textit textrm texttt textsf textsc textnormal textmd textup mbox hbox mathrm"
        " operatorname emph textsl unit si"
    )
)
_SWITCHES = frozenset(listed("rm bf it tt sf sl sc bfseries itshape rmfamily ttfamily"))
_SPACES = frozenset([*listed("quad qquad enspace thinspace , ; : ! > space newline"), " ", "\n"])
_RENAMED = paired(
    """
    dfrac frac tfrac frac cfrac frac dbinom binom tbinom binom leq le geq ge leqslant le geqslant ge neq ne
    varnothing emptyset degree circ textdegree circ ast cdot star cdot lbrace { rbrace } varphi phi
    varepsilon epsilon vartheta theta varrho rho lvert vert rvert vert mid vert land wedge lor vee
    rightarrow to rarr to implies Rightarrow dots ldots cdots ldots lt < gt > arcsinh arsinh
    backslash setminus lbrack [ rbrack ] lparen ( rparen ) measuredangle angle arctg arctan tg tan ctg cot
    cotg cot bigcup cup Cup cup textpi pi textdollar $ dollar $ textpm pm percent % textminus - colon :
    """
)
_ALIGNED = re.compile(
    r"\\(?:begin|end)\s*\{(?:aligned|align\*?|gathered|gather\*?|equation\*?|split|displaymath|math|center"
    r"|alignedat|flalign\*?|multline\*?)\}(?:\{\d*\})?"
)
_BRACES = re.compile(r"\\.|[{}]", re.DOTALL)
_ONE_TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|[^\s\\]", re.DOTALL)


def undress(text: str) -> str:
    """``text`` without what only dresses it; see the module."""
    plain = text.encode("utf-8", "replace").decode("utf-8")
    plain = _unicode(plain)
    # A comma with the space after it taken away groups digits; a line's end between numbers parts them.
    plain = re.sub(r",\\!\s*(?=\d{3})|\s*\{\s*,\s*\}\s*(?=\d)", "{,}", plain)
    plain = re.sub(r"(?<=\d)[ \t]*\r?\n\s*(?=\d)", r" \\\\ ", plain)
    plain = re.sub(r"</?(?:b|i|em|strong|u|span|p|br|sup|sub|code)\s*/?>", " ", plain, flags=re.IGNORECASE)
    plain = _dollars(plain)
    plain = _ALIGNED.sub(" ", plain)
    if not re.search(r"\\begin\s*\{", plain):
        plain = re.sub(r"(?<!\\)&", " ", plain)
    return _trimmed(_walk(plain, False, 0))


def _unicode(text: str) -> str:
    """Signs of Unicode as TeX or ASCII; digits of any script as digits."""
    text = _RAISED_RUN.sub(lambda run: "^{" + "".join(_RAISED[sign] for sign in run[0]) + "}", text)
    text = _LOWERED_RUN.sub(lambda run: "_{" + "".join(_LOWERED[sign] for sign in run[0]) + "}", text)
    pieces = []
    for sign in text:
        if sign.isascii():
            pieces.append(sign)
        elif sign in _SIGNS:
            pieces.append(_SIGNS[sign])
        elif sign.isdecimal():
            pieces.append(str(unicodedata.decimal(sign)))
        else:
            folded = unicodedata.normalize("NFKC", sign)
            pieces.append(_VULGAR.sub(r"\\frac{\1}{\2}", folded))
    return "".join(pieces)


_ESCAPED_OR_DOLLAR = re.compile(r"\\.|\$", re.DOTALL)


def _dollars(text: str) -> str:
    r"""Mathematics' dollars taken off; one that is money becomes ``\$``."""
    if sum(sign[0] == "$" for sign in _ESCAPED_OR_DOLLAR.finditer(text)) % 2:
        text = re.sub(r"^(\s*[-+]?\s*)\$(?=\s*\.?\d)", r"\1\\$", text)
    text = _ESCAPED_OR_DOLLAR.sub(
        lambda sign: " " if sign[0] in ("$", "\\(", "\\)", "\\[", "\\]") else sign[0], text
    )
    return _unmarked(text.strip())


_MARKED = re.compile(r"(\*{1,3}|_{2}|`+)(?=\S)(.*?)\1", re.DOTALL)


def _unmarked(text: str) -> str:
    """Without Markdown's marks around the whole; a lone asterisk is a product."""
    marked = _MARKED.fullmatch(text)
    return marked[2] if marked else text


def _trimmed(text: str) -> str:
    """Without closing stops, trailing line ends, space and a group's braces around the whole."""
    previous = None
    while previous != text:
        previous, text = text, _unmarked(text.strip().removesuffix("\\\\").rstrip(",;").strip())
        # A stop closes a sentence; three go on with a decimal.
        text = re.sub(r"(?<!\.)\.{1,2}$", "", text)
        if text.startswith("{"):
            inner, end = argument(text, 0)
            text = inner if end == len(text) and text.endswith("}") and "," not in inner else text
    return text


def argument(text: str, start: int) -> tuple[str, int]:
    """Return the argument that begins at ``start`` (space skipped): a group's content, or a single token."""
    while start < len(text) and text[start].isspace():
        start += 1
    if text[start : start + 1] == "{":
        depth = 0
        for brace in _BRACES.finditer(text, start):
            depth += {"{": 1, "}": -1}.get(brace[0], 0)
            if depth == 0:
                return text[start + 1 : brace.start()], brace.end()
        return text[start + 1 :], len(text)
    token = _ONE_TOKEN.match(text, start)
    return (token[0], token.end()) if token else ("", len(text))


def _walk(text: str, upright: bool, depth: int) -> str:
    """``text`` undressed; ``upright`` marks its letters as upright ones."""
    if depth > _DEPTH:
        return text
    out: list[str] = []
    place = 0
    while place < len(text):
        sign = text[place]
        if sign == "\\":
            command = _ONE_TOKEN.match(text, place)
            if command is None:
                break
            piece, place, upright = _command(command[0][1:], text, command.end(), upright, depth)
            out.append(piece)
        elif sign == "{":
            inner, place = argument(text, place)
            out.append(GROUPING if inner == "," else "{" + _walk(inner, upright, depth + 1) + "}")
        elif sign.isalpha() and upright:
            run = re.match(r"[^\W\d_]+", text[place:])
            letters = run[0] if run else sign
            out.append(UPRIGHT + letters)
            place += len(letters)
        else:
            out.append(" " if sign == "~" else sign)
            place += 1
    return "".join(out)


def _command(name: str, text: str, place: int, upright: bool, depth: int) -> tuple[str, int, bool]:
    """What the command ``name`` becomes, where the text goes on, and whether what follows is upright."""
    if name in _SPACES:
        return " ", place, upright
    name = _RENAMED.get(name, name)
    if name in _DROPPED:
        # `\left.` and `\right.` stand for no bracket at all.
        return " ", place + (name in ("left", "right") and text[place : place + 1] == "."), upright
    if name in _SWITCHES:
        return " ", place, name in ("rm", "rmfamily") or upright or name in ("bf", "bfseries", "tt")
    if name == "color":
        return " ", argument(text, place)[1], upright
    if name in _DROPPED_WITH:
        return " ", argument(text, place)[1], upright
    if name in _UNWRAPPED_SECOND:
        place = argument(text, place)[1]
    if name in _UNWRAPPED or name in _UNWRAPPED_SECOND or name in _UPRIGHT:
        if text[place : place + 1] == "*":
            place += 1
        inner, place = argument(text, place)
        content = _walk(inner, upright or name in _UPRIGHT, depth + 1)
        if name in _UPRIGHT:
            # Space inside counts, and no letter may run together with those around.
            return f" {content} ", place, upright
        simple = len(content) <= 1 or content.isdecimal()
        return (content if simple else "{" + content + "}"), place, upright
    if name in ("{", "}", "$", "%", "&", "#", "_", "\\", "|"):
        return "\\" + name, place, upright
    if len(name) == 1 and not name.isalpha():
        return name, place, upright
    gap = " " if text[place : place + 1].isalpha() else ""
    return f"\\{name}{gap}", place, upright
