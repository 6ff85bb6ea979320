"""Reading the final answer out of a response, in the form that the prompt demands.

One rule holds everywhere: the last text in the demanded form is the answer.
Text in another form is not an answer.
All scanners are linear, or look at bounded windows only, because a response may be a megabyte of anything.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from skillrt.verifiers.references.forms import (
    Boxed,
    ClosingDigits,
    Form,
    Marked,
    NumberList,
    OptionLetter,
    RepeatedLetter,
    Starred,
    Tagged,
)

# A final answer stands near the end; what lies further up is reasoning.
TAIL_CHARS = 60_000
ANSWER_CHARS = 2_000

# Decoration only: signs, slashes and percent signs belong to an answer.
_EDGE = string.whitespace + ".,;:!?\"'`*_()[]{}$" + "“”‘’«»。，、；：！？…"
_MATH_BRACKET = re.compile(r"\\[()\[\]]")
_LABEL = re.compile(
    r"\s*(?:(?:so|thus|hence|therefore),?\s+)?(?:the\s+|my\s+)?(?:(?:final|correct|best)\s+)?(?:answer|result)s?"
    r"(?:\s+(?:is|are))?\s*[:=]?\s+",
    re.IGNORECASE,
)
_CONTROL_SPACE = re.compile(r"\\[ ,;:!]|\\q?quad\b|~")
_LATEX_WORD = re.compile(r"\\[A-Za-z]+\*?")


def read_answer(form: Form, response: str) -> str | None:
    """Return the answer that ``response`` gives in ``form``, or None. Deterministic; never raises."""
    text = response[-TAIL_CHARS:]
    match form:
        case RepeatedLetter(times):
            return _repeated_letter(text, times)
        case Starred():
            return _starred(form, text)
        case Boxed():
            return boxed_answer(text)
        case ClosingDigits(digits):
            return _closing_digits(text, digits)
        case NumberList():
            return _number_list(text)
        case Tagged(tag):
            return _tagged(text, tag)
        case Marked(marker):
            return _after_marker(text, marker)
        case OptionLetter():
            return _option_letter(text)
        case _:
            return _stated(text)


def trim(text: str) -> str:
    """``text`` without the quotes, brackets, stops and space around it."""
    return _MATH_BRACKET.sub("", text).strip(_EDGE)


def _repeated_letter(text: str, times: int) -> str | None:
    """Return the letter of the last run of exactly ``times`` equal capitals that stands by itself."""
    last = None
    for run in re.finditer(r"([A-Z])\1*", text):
        before = text[run.start() - 1 : run.start()]
        after = text[run.end() : run.end() + 1]
        alone = not (before.isalnum() or after.isalnum())
        if run.end() - run.start() == times and alone:
            last = run[1]
    return last


def star_segments(text: str, stars: int) -> Iterator[str]:
    """Yield the texts that stand between two runs of at least ``stars`` asterisks on one line.

    As in Markdown, an opening run is followed by text and a closing one preceded by it; unlike there, nesting
    is ignored, because models write ``**So, ***2*****``.
    """
    previous: re.Match[str] | None = None
    for run in re.finditer(r"\*+", text):
        if len(run[0]) < stars:
            # A lone asterisk (a product, a bullet) neither opens nor closes, and spoils what it stands in.
            previous = None
            continue
        if previous is not None:
            inner = text[previous.end() : run.start()]
            edged = not inner or inner[0].isspace() or inner[-1].isspace()
            if not edged and len(inner) <= ANSWER_CHARS and "\n" not in inner:
                yield inner
        previous = run


_OTHER_BOLD = re.compile(
    r"(?<!\w)__(?=\S)(?P<u>[^_\n]{1,200}?)(?<=\S)__(?!\w)|<(?P<t>b|strong)>(?P<h>[^<\n]{1,200})</(?P=t)>"
    r"|\\(?:textbf|mathbf|boldsymbol)\{(?P<l>[^{}\n]{1,200})\}",
    re.IGNORECASE,
)


_STAR_JOINT = re.compile(r"(?<=\w)\*{2,3}([ \t]*[,;][ \t]*(?:and[ \t]+)?)\*{2,3}(?=\w)")


def _starred(form: Starred, text: str) -> str | None:
    """Return the last starred text whose content is what the form asks for."""
    if form.content == "list":
        # `**yes**, **no**` is the list `**yes, no**`.
        text = _STAR_JOINT.sub(r"\1", text)
    candidates = list(star_segments(text, form.stars))
    if form.stars == 2 and not candidates:
        candidates = [match["u"] or match["h"] or match["l"] for match in _OTHER_BOLD.finditer(text)]
    for candidate in reversed(candidates):
        answer = _content(form, candidate)
        if answer is not None:
            return answer
    return None


def _content(form: Starred, segment: str) -> str | None:
    """``segment`` as the content that the form asks for, or None if it is something else."""
    segment = last_boxed(segment) or segment
    if form.content != "text" and (label := _LABEL.match(segment)):
        segment = segment[label.end() :]
    bare = trim(segment)
    match form.content:
        case "integer":
            return bare if re.fullmatch(r"[-−]?(?:\d{1,40}|\d{1,3}(?:,\d{3}){1,12})", bare) else None
        case "digit":
            return bare if re.fullmatch(r"[0-9]", bare) else None
        case "word":
            return bare if bare and not re.search(r"\s", bare) else None
        case "list":
            items = split_list(bare)
            if len(items) < 2 or (form.length is not None and len(items) != form.length):
                return None
            if form.words and any(item.casefold() not in form.words for item in items):
                return None
            return ", ".join(items)
        case _:
            return bare or None


_ENTRY_START = re.compile(r"^\s*(?:\d{1,3}[.)]\s+|[-*•]\s+)?(?:(?:and|or)\s+)?", re.IGNORECASE)


def split_list(text: str) -> list[str]:
    """Return the entries of a list written with commas, semicolons or lines.

    List numbers and ``and`` are taken off.
    """
    parts = re.split(r"[,;\n，、]", text[:ANSWER_CHARS])
    items = [trim(_ENTRY_START.sub("", part)) for part in parts]
    return [item for item in items if item]


_BOX = re.compile(r"\\f?box(?:ed)?(?![A-Za-z])\s*")
# A brace, or a backslash with what it escapes.
_BRACES = re.compile(r"\\.|[{}]", re.DOTALL)
_BARE_BOX = re.compile(r"[^\s{}$][^\n$]*?(?=\s*(?:\$|\\\)|\\\]|\n|[.,;](?:\s|$)|$))|[^\s{}$]+")
# What may stand between the boxes of one answer; prose between them ends it.
_JOINT = re.compile(
    r"(?:[\s$,;&]|\\[()\[\],;:! ]|\\q?quad|\\\\|\b(?:and|or|as well as)\b"
    r"|\\(?:text|mbox|textrm)\s*\{\s*(?:and|or|,)?\s*\})*",
    re.IGNORECASE,
)


def last_boxed(text: str) -> str | None:
    r"""Return the content of the last complete ``\boxed{...}`` (or ``\fbox{...}``), braces balanced.

    It is None if the box is empty.
    """
    boxes = list(_BOX.finditer(text))
    return _box_content(text, boxes[-1].end())[0] if boxes else None


def boxed_answer(text: str) -> str | None:
    r"""Return the answer in the last box, or in the last boxes.

    Boxes with no prose between them make a list.
    """
    boxes: list[tuple[str | None, int, int]] = []
    for start in list(_BOX.finditer(text))[-_BOXES:]:
        if boxes and start.start() < boxes[-1][2]:
            # A box inside of a box.
            continue
        content, end = _box_content(text, start.end())
        boxes.append((content, start.start(), end))
    if not boxes:
        return None
    contents = [boxes[-1][0]]
    for before, after in zip(reversed(boxes[:-1]), reversed(boxes[1:]), strict=True):
        if before[0] is None or not _JOINT.fullmatch(text[before[2] : after[1]][:_JOINT_CHARS]):
            break
        contents.insert(0, before[0])
    if contents[-1] is None:
        return None
    distinct = list(dict.fromkeys(content for content in contents if content))
    return _unwrapped(", ".join(distinct))


BARE_BOX_CHARS = 200
_BOXES = 40
_JOINT_CHARS = 80


def _unwrapped(content: str) -> str:
    r"""A box in a box is one box."""
    inner = _BOX.match(content)
    if inner is None:
        return content
    within, end = _box_content(content, inner.end())
    return within if within and end == len(content) else content


def _box_content(text: str, start: int) -> tuple[str | None, int]:
    """Return the content of a box that begins at ``start`` and where it ends.

    It is None when the box is empty or not closed.
    """
    if text[start : start + 1] != "{":
        bare = _BARE_BOX.match(text, start, start + BARE_BOX_CHARS)
        return (bare[0].strip() or None, bare.end()) if bare else (None, start)
    depth = 0
    for brace in _BRACES.finditer(text, start, start + ANSWER_CHARS):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth == 0:
            return text[start + 1 : brace.start()].strip("\n\t\r ") or None, brace.end()
    # Not closed: an answer cut short is not in the demanded form, and an earlier one was given up for it.
    return None, start


def _closing_digits(text: str, digits: int) -> str | None:
    """Return the number that ends the response (markup aside), if it has exactly ``digits`` digits."""
    tail = text[-400:]
    numbers = list(re.finditer(r"[0-9]+(?:[.,][0-9]+)*", tail))
    if not numbers:
        return None
    last = numbers[-1]
    rest = _LATEX_WORD.sub("", tail[last.end() :])
    if any(character.isalnum() for character in rest) or not re.fullmatch(rf"[0-9]{{{digits}}}", last[0]):
        return None
    # `1{,}225`, `-012` and `x012` are other numbers or names than `225` and `012`.
    return None if re.search(r"[\w\-−]$|\d\{,\}$", tail[: last.start()]) else last[0]


_NUMBERS_RUN = re.compile(r"(?<![\w.])\d{1,4}(?:\s*[,，]\s*\d{1,4}){0,400}(?!\w|\.\d)")


def _number_list(text: str) -> str | None:
    """Return the last comma list of whole numbers that follows ``answer``, is set off, or fills a line."""
    boxed = last_boxed(text)
    if boxed and re.fullmatch(r"\s*\d{1,4}(?:\s*,\s*\d{1,4})*\s*", boxed):
        return ", ".join(split_list(boxed))
    lines = text.splitlines()
    for line in reversed(lines):
        after = re.split(
            r"\b(?:answer|order|list|sequence)s?\b(?:\s+(?:is|are))?\s*[:=]?", line, flags=re.IGNORECASE
        )
        for part in (line, after[-1]):
            bare = trim(part)
            if re.fullmatch(r"\d{1,4}(?:\s*[,，]\s*\d{1,4})*", bare) and (len(after) > 1 or "," in bare):
                return ", ".join(split_list(bare))
    runs = [match[0] for match in _NUMBERS_RUN.finditer(text) if "," in match[0]]
    return ", ".join(split_list(runs[-1])) if runs else None


def _tagged(text: str, tag: str) -> str | None:
    """Return the content of the last complete pair of tags."""
    marks = list(re.finditer(rf"<(?P<closing>/?){re.escape(tag)}>", text, re.IGNORECASE))
    for opening, closing in zip(reversed(marks[:-1]), reversed(marks[1:]), strict=True):
        if closing["closing"] and not opening["closing"]:
            return text[opening.end() : closing.start()].strip()[:ANSWER_CHARS] or None
    return None


def _after_marker(text: str, marker: str) -> str | None:
    """Return the rest of the line after the last ``marker``, or the next line when that rest is empty."""
    words = r"\s+".join(re.escape(word) for word in marker.split())
    if marker[-1].isalnum():
        # `This answer depends` mentions an answer; `Answer:` and `the answer is` announce one.
        words += r"\b[*_]{0,3}\s*" + (":?" if marker.endswith(" is") else r"(?:is\b\s*:?|[:=])")
    markers = list(re.finditer(words, text, re.IGNORECASE))
    if not markers:
        return None
    rest = text[markers[-1].end() : markers[-1].end() + ANSWER_CHARS].lstrip(" \t:*_=`")
    lines = [line.strip() for line in rest.splitlines()]
    first = next((line for line in lines[:3] if line), "")
    inner = last_boxed(first)
    return inner or first.strip("*_` ") or None


_LETTER_STATED = re.compile(
    r"\b(?i:answer|option|choice)\b(?:\s+(?:is|would be))?\s*[:=]?\s*[\s*_`\"'$\\({\[]{0,12}"
    r"(?:(?:text|textbf|mathbf|boxed)\{[({]?)?(?P<letter>[A-Z])"
    r"(?=[)\]}.,;:!?*_`\"$\\]|\s*$|\s+(?:because|since|as|for)\b)",
    re.MULTILINE,
)


def _option_letter(text: str) -> str | None:
    """Return the letter in the last box, or stated last as the answer, or alone on the last line."""
    boxed = last_boxed(text)
    if boxed is not None and (letter := letter_of(boxed)):
        return letter
    stated = list(_LETTER_STATED.finditer(text))
    if stated:
        return stated[-1]["letter"]
    lines = [line for line in text.splitlines() if line.strip()]
    return letter_of(lines[-1]) if lines else None


def letter_of(text: str) -> str | None:
    r"""Return the option's letter in ``B``, ``(B)``, ``B.``, ``**B**``, ``\text{B}`` or ``(B) its words``.

    It is None for anything else.
    """
    bare = _LATEX_WORD.sub("", _CONTROL_SPACE.sub(" ", text)).strip()
    alone = trim(bare)
    if re.fullmatch(r"[A-Z]", alone):
        return alone
    led = re.match(r"[\s*_\"'{$]*(?:\(([A-Z])\)|\[([A-Z])\]|([A-Z])[.):])(?=[\s*_}$]|$)", bare)
    return next(group for group in led.groups() if group) if led else None


_STATED = re.compile(
    r"\b(?:final\s+answer|answer)\b(?:\s+(?:is|are|would be))?\s*[:=]?\s*(?P<rest>[^\n]{0,300})",
    re.IGNORECASE,
)


def _stated(text: str) -> str | None:
    """Without a demanded form: the last box, else what is stated as the answer, else a short response."""
    boxed = boxed_answer(text)
    if boxed is not None:
        return boxed
    stated = [match["rest"].strip() for match in _STATED.finditer(text)]
    for rest in reversed(stated):
        bold = list(star_segments(rest, 2))
        answer = bold[-1] if bold else rest.split(". ")[0]
        if trim(answer):
            return answer.strip()
    whole = text.strip()
    return whole if whole and len(whole) <= 80 and "\n" not in whole else None
