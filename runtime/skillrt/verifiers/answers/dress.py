r"""What only dresses an answer is taken off: dollars, fonts, sizes, colours, spaces, signs of Unicode.

The result is TeX with few commands. A letter that stood upright (`\text{cm}`, `\mathrm{e}`) is led by
``UPRIGHT``, because upright letters are words, units and constants, where slanted ones are variables.
"""

from __future__ import annotations

import re
import unicodedata

UPRIGHT = "\x01"
GROUPING = "\x02"
"""A comma between digits that can only be a separator of thousands (`{,}`)."""
_DEPTH = 30

_SIGNS = {
    **dict.fromkeys("−–‐‑‒—﹣", "-"),
    **dict.fromkeys("×✕✖⨯", r"\times "),
    **dict.fromkeys("·⋅∙•‧", r"\cdot "),
    **dict.fromkeys("÷∕⁄", "/"),
    **dict.fromkeys("′’ʹ＇", "'"),
    **dict.fromkeys("″”ʺ", "''"),
    **dict.fromkeys("，﹐", ","),
    **dict.fromkeys("（﹙", "("),
    **dict.fromkeys("）﹚", ")"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2008\u2009\u200a\u202f\u3000", " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad\ufe0f\u2061\u2062\u2063", ""),
    **{"‴": "'''", "√": r"\surd ", "∛": r"\surd[3]", "∜": r"\surd[4]", "∞": r"\infty ", "±": r"\pm ", "∓": r"\mp "},
    **{"≤": r"\le ", "⩽": r"\le ", "≥": r"\ge ", "⩾": r"\ge ", "≠": r"\ne ", "≈": r"\approx ", "∪": r"\cup "},
    **{"∩": r"\cap ", "∈": r"\in ", "∅": r"\emptyset ", "∖": r"\setminus ", "∠": r"\angle ", "△": r"\triangle "},
    **{"ℝ": r"\mathbb{R}", "ℤ": r"\mathbb{Z}", "ℕ": r"\mathbb{N}", "ℚ": r"\mathbb{Q}", "ℂ": r"\mathbb{C}"},
    **{"°": r"^\circ ", "º": r"^\circ ", "℃": r"^\circ C", "℉": r"^\circ F", "％": "%", "∫": r"\int ", "∑": r"\sum "},
    **{"⌊": r"\lfloor ", "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ", "∥": r"\parallel ", "⟂": r"\perp "},
    **{"→": r"\to ", "⇒": r"\Rightarrow ", "¬": r"\neg ", "∧": r"\wedge ", "∨": r"\vee ", "…": r"\ldots "},
    **{"€": r"\euro ", "£": r"\pounds ", "¥": r"\yen ", "¢": r"\cent ", "µ": r"\mu ", "Ω": r"\Omega "},
}
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩϕϵϑ",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi"
        " psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega phi epsilon theta".split(),
        strict=True,
    )
)
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱˣʸ", "0123456789+-()nixy", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₙₓₖᵢⱼₘ", "0123456789+-()nxkijm", strict=True))
_RAISED_RUN = re.compile(f"[{re.escape(''.join(_RAISED))}]+")
_LOWERED_RUN = re.compile(f"[{re.escape(''.join(_LOWERED))}]+")
_VULGAR = re.compile(r"(\d+)⁄(\d+)")
_DROPPED = frozenset(
    "left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle textstyle"
    " scriptstyle limits nolimits nonumber notag centering large Large LARGE huge Huge small normalsize"
    " boldmath unboldmath mathstrut strut hfill noindent".split()
)
_DROPPED_WITH = frozenset("hspace vspace phantom vphantom hphantom label tag hskip".split())
_UNWRAPPED = frozenset(
    "mathbf boldsymbol bm mathit mathsf mathtt pmb underline boxed fbox framebox mathnormal ensuremath mathop"
    " uline mathstrut smash mathord displaylimits mathclose mathopen underbrace overbrace".split()
)
_UNWRAPPED_SECOND = frozenset("textcolor colorbox".split())
_UPRIGHT = frozenset(
    "text textbf textit textrm texttt textsf textsc textnormal textmd textup mbox hbox mathrm operatorname emph"
    " textsl unit si".split()
)
_SWITCHES = frozenset("rm bf it tt sf sl sc bfseries itshape rmfamily ttfamily".split())
_SPACES = frozenset(["quad", "qquad", "enspace", "thinspace", ",", ";", ":", "!", " ", ">", "space", "newline", "\n"])
_RENAMED = {
    **{"dfrac": "frac", "tfrac": "frac", "cfrac": "frac", "dbinom": "binom", "tbinom": "binom", "leq": "le"},
    **{"geq": "ge", "leqslant": "le", "geqslant": "ge", "neq": "ne", "varnothing": "emptyset", "degree": "circ"},
    **{"ast": "cdot", "star": "cdot", "lbrace": "{", "rbrace": "}", "varphi": "phi", "varepsilon": "epsilon"},
    **{"vartheta": "theta", "varrho": "rho", "lvert": "vert", "rvert": "vert", "mid": "vert", "land": "wedge"},
    **{"lor": "vee", "rightarrow": "to", "implies": "Rightarrow", "dots": "ldots", "cdots": "ldots", "lt": "<"},
    **{"gt": ">", "arcsinh": "arsinh", "ne": "ne", "rarr": "to", "backslash": "setminus", "lbrack": "["},
    **{"rbrack": "]", "measuredangle": "angle", "arctg": "arctan", "tg": "tan", "ctg": "cot", "cotg": "cot"},
    **{"lparen": "(", "rparen": ")", "bigcup": "cup", "Cup": "cup", "textdegree": "circ", "textpi": "pi"},
    **{"textdollar": "$", "dollar": "$", "textpm": "pm", "percent": "%", "textminus": "-", "colon": ":"},
}
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
        elif sign in _GREEK:
            pieces.append(rf"\{_GREEK[sign]} ")
        elif sign.isdecimal():
            pieces.append(str(unicodedata.decimal(sign)))
        else:
            folded = unicodedata.normalize("NFKC", sign)
            pieces.append(_VULGAR.sub(r"\\frac{\1}{\2}", folded))
    return "".join(pieces)


def _dollars(text: str) -> str:
    r"""Mathematics' dollars taken off; one that is money becomes `\$`."""
    if len(re.findall(r"(?<!\\)\$", text)) % 2:
        text = re.sub(r"^(\s*[-+]?\s*)\$(?=\s*\.?\d)", r"\1\\$", text)
    text = re.sub(r"(?<!\\)\$", " ", text)
    text = re.sub(r"\\[()\[\]]", " ", text)
    # Markdown's marks around the whole; a lone asterisk is a product.
    return re.sub(r"^\s*(\*{1,3}|_{2}|`+)(?=\S)(.*?)(?<=\S)\1\s*$", r"\2", text.strip(), flags=re.DOTALL)


def _trimmed(text: str) -> str:
    """Without a closing stop, trailing line ends and space around."""
    previous = None
    while previous != text:
        previous, text = text, text.strip().removesuffix("\\\\").rstrip(",;").strip()
        # A stop closes a sentence; three go on with a decimal.
        text = re.sub(r"(?<!\.)\.$", "", text)
    return text


def argument(text: str, start: int) -> tuple[str, int]:
    """The argument that begins at ``start`` (space skipped): a group's content, or a single token."""
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
