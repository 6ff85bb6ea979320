"""What a programming task says about the answers that it accepts, besides the ones that it shows.

Read for what a wrong reading costs. That several answers are right is read from many wordings: it only keeps
a mismatch from being certain. That another order is right is believed only where the words are plain: it lets
an answer pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from skillrt.verifiers.references.forms import KEPT_PROMPTS


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a number may be off: ``amount`` at most, measured as ``kind`` says.

    The kind ``unsaid`` means that the measure is not known.
    """

    amount: float
    kind: Literal["absolute", "relative", "either", "unsaid"]


@dataclass(frozen=True, slots=True)
class Accepts:
    """What a prompt says.

    Attributes:
        order: ``any`` where a list may stand in any order, ``unclear`` where something may.
        order_within: the lists inside the list may stand in any order as well.
        answer: ``any`` where several answers are right, ``unclear`` where several lists or texts may be.
        longest: the answer is a longest or shortest something, and ties are likely.
        any_case: small and capital letters are the same in the output; ``unclear`` where they are somewhere.
        tolerance: how far a number may be off, where that is stated.
        in_place: ``asked`` where the argument must be changed, ``named`` where changing it is spoken of.
    """

    order: Literal["shown", "any", "unclear"] = "shown"
    order_within: bool = False
    answer: Literal["shown", "any", "unclear"] = "shown"
    longest: bool = False
    any_case: Literal["no", "yes", "unclear"] = "no"
    tolerance: Tolerance | None = None
    in_place: Literal["no", "named", "asked"] = "no"


@lru_cache(maxsize=KEPT_PROMPTS)
def read_accepts(prompt: str) -> Accepts:
    """Return what ``prompt`` accepts. Never raises."""
    sentences = list(_sentences(prompt))
    return Accepts(
        order=_order(sentences),
        order_within=any(_ORDER_WITHIN.search(sentence) for sentence in sentences),
        answer=_answer(sentences),
        longest=any(_LONGEST.search(sentence) for sentence in sentences),
        any_case=_case(sentences),
        tolerance=_tolerance(sentences),
        in_place=_in_place(sentences),
    )


def _sentences(prompt: str) -> Iterator[str]:
    """Yield the sentences, each on one line, in small letters and without marks of layout."""
    text = prompt.lower().replace("’", "'").replace("\r", "")
    for paragraph in re.split(r"\n[ \t]*\n", text):
        line = " ".join(re.sub(r"[*`$~\\]", "", paragraph).split())
        yield from (part for part in re.split(r"(?<=[.!?;])\s+|(?<=[。！？；])", line) if part)


# ------------------------------------------------------------------------------------ several answers


def _either(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns))


def _with(sentences: list[str], *words: str) -> list[str]:
    """Return the sentences that hold one of the words.

    A search for a word costs little, and one for a pattern much.
    """
    return [sentence for sentence in sentences if any(word in sentence for word in words)]


# Not choose, pick, select and make: what a task lets one do in a step is mostly said so.
_VERBS = (
    r"(?:print|output|return|find|report|give|construct|provide|display|write|produce|determine|show|submit"
    r"|name|generate|identify|restore|recover|create|accept)\w*"
)
_GAP = (
    r"(?:(?!(?:if|whether|when|for|where|that|than|without|between|not|of|by|from|with|containing)\b)\S+\s+)"
)
_NO_CHOICE = (
    r"(?!\s+(?:order|case|number|extra|additional|leading|trailing|more|further|times?|points?|moment|given"
    r"|other (?:text|output|character)|permutation of))"
)
_SOME = r"(?:valid|correct|possible|suitable|acceptable|feasible|optimal|legal|right)"
_THINGS = (
    r"(?:answer|solution|output|result|one|arrangement|sequence|permutation|string|array|way|ordering|assignment"
    r"|construction|configuration|option|choice|set|pair|path|list)s?\b"
)
_RIGHT = r"(?:valid|correct|accept(?:ed|able)|right|fine|ok(?:ay)?|possible (?:answer|solution|output)s?)\b"
_THEM = r"(?:them|these|those|the)\b"

_ANY = _either(
    # print any of them; return any array with that sum; the index of any peak
    rf"\b{_VERBS}\s+{_GAP}{{0,4}}?any\b{_NO_CHOICE}",
    rf"\b{_VERBS}\s+the (?:index|indices|position|positions|value|name|id|number|node|key)s? of any\b",
    rf"\b{_VERBS}\s+(?:\S+\s+){{0,4}}?any(?: one)? of {_THEM}",
    rf"\b{_VERBS}\s+(?:\S+\s+){{0,4}}?(?:an )?arbitrary (?!order|number)",
    # any valid answer is accepted; any will do
    rf"\bany (?:one )?(?:{_SOME}|of (?:the|these|those)) (?:\w+ )?{_THINGS}",
    r"\bany\b[^.]{0,60}\b(?:is|are|be) (?:\w+ )?(?:accepted|acceptable|fine|ok|okay|enough|correct)\b",
    r"\bany\b[^.]{0,60}\b(?:accepted|suffices?|will do|would do|works)\b",
    # return one of them; find one valid assignment; print whichever you like
    rf"\b{_VERBS}\s+(?:\S+\s+){{0,3}}?(?:one|either) of (?:them|these|those|the (?:{_SOME}\b|{_THINGS}))",
    rf"\b{_VERBS}\s+(?:\S+\s+){{0,3}}?(?:either one|whichever|(?:one|some) {_SOME}\b)",
    rf"\b{_VERBS}\s+an? {_SOME} (?:\w+ )?{_THINGS}",
    r"\b(?:does not|doesn't|don't|no) matter which\b",
    r"\bwhichever (?:one )?you\b|(?<!times )(?<!many )\bas you (?:like|wish|prefer)\b",
    r"\byour (?:own )?choice\b|\bfree to choose\b|\b(?:an )?arbitrary one\b",
    # this is also a valid answer; other answers are accepted as well
    rf"\b(?:is|are|be) (?:\w+ )?(?:also|another|both|equally)(?: \w+){{0,2}}? {_RIGHT}",
    rf"\b(?:is|are|be) (?:also |just |only )?(?:another|one of (?:the|several|many))"
    rf"(?: \w+){{0,2}}? {_THINGS}",
    r"\b(?:is|are|be) also (?:an? )?(?:\w+ )?(?:answers?|solutions?)\b",
    rf"\b(?:also|other|alternative|different|all)(?: \w+)? {_THINGS}"
    rf"[^.]{{0,20}}\b(?:is|are|be)(?: also)? {_RIGHT}",
    r"\b(?:also|both|all|either)[^.,]{0,25}\b(?:is|are|be) (?:accepted|acceptable)\b",
    r"\b(?:accepted|acceptable|valid|correct|right|fine|okay) (?:too|as well)\b",
    r"\bother (?:answers?|solutions?|outputs?)[^.]{0,20}\b(?:exist|possible|accepted|allowed)",
    r"\b(?:answer|solution|output|result)s?\b[^.]{0,30}(?:\bnot|n't)(?: \w+){0,2}? unique\b|\bnon-?unique\b",
    # a program looks at the answer
    r"\b(?:special|custom) (?:judge|checker|grader)\b|\binteractive (?:problem|task)\b|\binteractor\b",
    r"\b(?:judge|checker|grader)s? (?:will |would |can )?(?:accepts?|verif\w+|checks?)\b",
    r"\bchecked by a (?:program|script|checker)\b",
    r"任意(?!\s*顺序|数|整)|任何一|其中(?:任|一|之一)|答案不唯一|均可|都可以|任选|随便",
)
_ANY_WORDS = (
    *("any", "arbitrar", "one", "some", "either", "whichever", "also", "another", "both", "other", "unique"),
    *(
        "judge",
        "checker",
        "checked by",
        "grader",
        "interact",
        "matter",
        "choice",
        "free to",
        "as you",
        "valid",
        "correct",
    ),
    *("possible", "suitable", "accept", "feasible", "optimal", "legal", "right", "too", "as well", "任"),
    *("其中", "不唯一", "均可", "都可以", "随便"),
)
"""One of them is in whatever the patterns above find."""
_SEVERAL = _either(
    r"\b(?:multiple|several|many|more than one|numerous|various|two or more|different|tie[sd]?)\b",
    r"\bnot (?:\w+ )?unique\b",
    r"多(?:个|种|组)[^。]{0,6}(?:答案|解|方案|结果)",
)
_SEVERAL_ANSWERS = _either(
    rf"\b(?:multiple|several|many|more than one|numerous|various|two or more)(?: \w+){{0,3}}? {_THINGS}"
    r"[^.]{0,20}\b(?:exist|possible|accepted|allowed|acceptable|correct|valid)\b",
    r"多(?:个|种|组)[^。]{0,6}(?:答案|解|方案)",
)
_CHOICE = _either(r"\bany\b", r"\bone of\b", r"\barbitrar", r"\beither\b", r"\bwhichever\b", r"\bwhatever\b")
_TIE_BREAK = _either(
    r"\blexicographical|\balphabetical|\b(?:small|larg|low|high|short|long|earli|lat|great|clos|few)(?:er|est)\b",
    r"\b(?:minimum|maximum|minimal|maximal|leftmost|rightmost|first|last|least|most)\b|\bthem all\b",
    r"\ball (?:of them|possible|such|\w*\s?(?:answers|solutions))\b",
    r"字典序|最[小大先前后早]|所有",
)
_NEGATED = _either(r"(?:\b(?:not|never|without|cannot)|n't)(?:\s+\w+)?\s*$")
_UNCLEAR = _either(
    rf"\b(?:one|a|an|another|some) (?:{_SOME}|optimal|example) (?:\w+ )?(?:{_THINGS}|is\b)",
    r"\b(?:find|return|print|output|give|construct|build|create|generate|design|restore|recover)"
    r" (?:an?|some|such) (?:\w+ ){0,3}?(?:permutation|array|string|sequence|matrix|arrangement|assignment|set"
    r"|subset|pair|triple|triplet|tree|graph|path|way|partition|colou?ring|grid|list|order|ordering|numbers"
    r"|integers|word|subsequence|plan)\b",
    r"\b(?:construct|rearrange|reorgani[sz]e|reorder|shuffle|permute)\b",
)
_LONGEST = _either(r"\b(?:longest|shortest|largest|biggest)\b", r"最[长短]")


def _answer(sentences: list[str]) -> Literal["shown", "any", "unclear"]:
    """Tell whether several answers are right."""
    for sentence, following in pairwise([*sentences, ""]):
        for match in _ANY.finditer(sentence) if _with([sentence], *_ANY_WORDS) else ():
            if not _NEGATED.search(sentence[: match.start()]):
                return "any"
        several = _SEVERAL.search(sentence)
        if several and not _TIE_BREAK.search(sentence[several.end() :]):
            if _CHOICE.search(sentence[several.end() :]):
                return "any"
            if _SEVERAL_ANSWERS.search(sentence) and not _TIE_BREAK.search(following):
                return "any"
    return "unclear" if any(_UNCLEAR.search(sentence) for sentence in sentences) else "shown"


# ---------------------------------------------------------------------------------------------- order

_ANSWERING = r"\b(?:return|print|output|answer|result|report|list)(?:s|ed|ing)?\b"
_FREE_ORDER = (
    r"\bin (?:any|an arbitrary|arbitrary|whatever|whichever|no particular|no specific)"
    r"(?: valid| possible)? order\b"
)
_ORDER_OF_ANSWER = _either(
    rf"{_ANSWERING}[^.\n]{{0,100}}{_FREE_ORDER}",
    r"\border of (?:the )?(?:elements (?:in|of) (?:the )?)?(?:returned )?"
    r"(?:answer|output|result|solution)s?\b"
    r"[^.\n]{0,40}\b(?:does(?:n't| not) matter|is (?:not important|irrelevant|arbitrary))",
    r"(?:输出|返回|答案|结果)[^。]{0,20}(?:任意|任何)顺序",
    r"(?:答案|结果|输出)的?顺序(?:不限|任意|不重要|无关)",
)
_DOING = _either(r"\b(?:operation|move|step|turn)s?\b|\b(?:perform|appl[yi]|doing|visit|remov|delet|merg)")
"""What may be done in any order, where it is not the answer that may stand so."""
_SOME_ORDER = _either(
    _FREE_ORDER,
    r"\bany (?:\w+ )?order(?:ing)?\b|\bno (?:particular|specific) order\b|\bunordered\b",
    r"\border(?:ing)?\b[^.]{0,60}(?:\bnot|n't) (?:\w+ )?"
    r"(?:matter|important|relevant|significant|considered|specified|preserved|fixed)\b",
    r"\border(?:ing)? (?:is|are|may be|can be) (?:\w+ )?(?:irrelevant|unimportant|arbitrary|immaterial)\b",
    r"\b(?:regardless|irrespective|independent(?:ly)?) of (?:\w+ ){0,2}order\b",
    r"\border(?:ing)? (?:may|can) (?:vary|differ)\b|\border(?:ing)? is up to\b",
    r"\b(?:any|arbitrary) permutation of\b",
    r"顺序(?:不限|任意|不重要|无关|随意)|(?:任意|任何)顺序|不(?:考虑|计|分|要求)顺序",
)
_ORDER_WITHIN = _either(
    r"\border of (?:the )?\w+ and (?:the )?order of (?:the )?(?:\w+ )?\w+\b[^.]{0,30}(?:\bnot|n't) matter"
)


def _order(all_sentences: list[str]) -> Literal["shown", "any", "unclear"]:
    sentences = _with(all_sentences, "order", "permutation", "顺序")
    for sentence in sentences:
        match = _ORDER_OF_ANSWER.search(sentence)
        if match and not _DOING.search(match[0]):
            return "any"
    return "unclear" if any(_SOME_ORDER.search(sentence) for sentence in sentences) else "shown"


# ------------------------------------------------------------------------------------ letters, numbers

_OUTPUT_CASE = _either(
    r"\bin (?:any|either|arbitrary) (?:letter )?case\b|\bin any register\b",
    r"\b(?:upper|lower)(?:[- ]?case)? (?:or|and) (?:upper|lower)[- ]?case\b",
    r"\bany (?:mix|combination) of (?:\w+ )*case\b",
    r"大小写(?:不限|均可|任意)",
)
_CASE = _either(
    r"\bcase[- ]?insensitiv|\bcase\b[^.]{0,30}(?:\bnot|n't) matter|\bignor\w+ (?:the )?case\b",
    r"大小写不敏感|不区分大小写",
    _OUTPUT_CASE.pattern,
)
_AMOUNT = (
    r"(?:10\s*(?:\^|\*\*)?\s*[{(]?\s*[-−–]\s*\{?\s*(?P<power>\d{1,2})|1(?:\.0*)?\s*e\s*[-−–]\s*(?P<e>\d{1,2})"
    r"|(?P<plain>0?\.\d{1,12}))(?![\d.]*\d)"
)
_TOLERANCE = _either(
    r"(?:error|toleran\w*|within|differ\w*|deviat\w*|precisi\w*|accura\w*|exceed\w*|at most|less than"
    r"|smaller than|up to|no more than|below|epsilon|误差|精度)[^.;]{0,70}?"
    rf"(?<![\d.]){_AMOUNT}"
)
_ABOUT_ERROR = _either(
    r"\berrors?\b",
    r"\btoleran",
    r"\bprecisi",
    r"\baccura",
    r"\bwithin\b",
    r"\bdiffer",
    r"\bdeviat",
    "误差|精度",
)
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def _case(sentences: list[str]) -> Literal["no", "yes", "unclear"]:
    said = [sentence for sentence in _with(sentences, "case", "regist", "大小写") if _CASE.search(sentence)]
    if any(_OUTPUT_CASE.search(sentence) and re.search(_ANSWERING, sentence) for sentence in said):
        return "yes"
    return "unclear" if said else "no"


def _tolerance(sentences: list[str]) -> Tolerance | None:
    """Return the tolerance that a sentence about errors states.

    It is the widest of several; where the kind is not said, it is ``unsaid``.
    """
    stated = []
    for sentence in _with(sentences, "10", "e-", "e−", ".0"):
        if _ABOUT_ERROR.search(sentence):
            low = sentence.translate(_SUPERSCRIPTS)
            amounts = [_amount(match) for match in _TOLERANCE.finditer(low)]
            stated += [Tolerance(amount, _kind(low)) for amount in amounts if 0 < amount <= 1]
    if not stated:
        return None
    widest = max(stated, key=lambda tolerance: tolerance.amount)
    return widest if len(set(stated)) == 1 else Tolerance(widest.amount, "unsaid")


def _amount(match: re.Match[str]) -> float:
    exponent = match["power"] or match["e"]
    return float(f"1e-{exponent}") if exponent else float(match["plain"])


def _kind(sentence: str) -> Literal["absolute", "relative", "either", "unsaid"]:
    absolute = re.search(r"\babsolute|绝对", sentence) is not None
    relative = re.search(r"\brelative|相对", sentence) is not None
    if absolute and relative:
        return "either"
    return "absolute" if absolute else "relative" if relative else "unsaid"


_IN_PLACE_ASKED = _either(
    r"\b(?:do not|don't|not|without|rather than|instead of)"
    r" return(?:ing)? (?:anything|any value|a value|a new|a copy)",
    r"\breturns? (?:nothing|none|void)\b|->\s*none\b|\bvoid \w+\s*\(|原地",
    r"\bmodify\b[^.]{0,60}\bin[- ]?place\b|\bin[- ]?place\b[^.]{0,20}\binstead\b",
    r"\b(?:must|should|have to|need to)\b[^.]{0,40}\bin[- ]?place\b",
)
_IN_PLACE = _either(
    r"\bin[- ]?place\b",
    r"\b(?:modify|change|alter)\b[^.]{0,30}\b(?:array|list|matrix|board|grid|input)",
)


def _in_place(all_sentences: list[str]) -> Literal["no", "named", "asked"]:
    sentences = _with(all_sentences, "place", "return", "none", "void", "modify", "change", "alter", "原地")
    if any(_IN_PLACE_ASKED.search(sentence) for sentence in sentences):
        return "asked"
    return "named" if any(_IN_PLACE.search(sentence) for sentence in sentences) else "no"
