"""Whether an answer equals a reference: equal, different, or not settled."""

from __future__ import annotations

import re
from collections.abc import Iterator

from skillrt.verifiers.answers.asked import NOT_MINE, Asked, Ruling, asked
from skillrt.verifiers.answers.compare import Comparison, is_value
from skillrt.verifiers.answers.reading.dress import UPRIGHT, undress
from skillrt.verifiers.answers.reading.whole import Reading, readings
from skillrt.verifiers.answers.special import based_of, option_of, options_of, same_ratio, same_time, time_of
from skillrt.verifiers.answers.words import is_no_number, same_words
from skillrt.verifiers.references.expressions import TooCostlyError, compare_texts

ANSWER_CHARS = 600
"""An answer that is longer is not read: what it takes to compare grows with it."""
NESTING = 40


def equal(answer: str, reference: str, *, prompt: str = "") -> bool | None:
    r"""Tell whether two final answers are equal.

    Both are read as people write them: TeX, Unicode, program notation, numbers with units, lists, sets,
    intervals, equations, options, times, words. Values are compared exactly where they are exact, by their
    relative difference elsewhere. The order of the two does not matter.

    Args:
        answer: a final answer, without the working before it.
        reference: the answer to compare it with.
        prompt: the question. It tells whether a rounding, a set in any order, a base or a percentage was
            asked for, and what the options say.

    Returns:
        True when they are equal, False when they certainly differ, None when neither could be settled.

    Example:
        >>> equal(r"\frac{1}{2}", "0.5"), equal("35 cm", "35 m"), equal("0.33", "1/3")
        (True, False, None)
    """
    try:
        return settle(answer, reference, prompt)
    except TooCostlyError:
        return None


def settle(answer: str, reference: str, prompt: str = "") -> bool | None:
    """As ``equal``, but what cannot be evaluated is blamed on the side that brought it.

    Raises:
        TooCostlyError: one side (``left`` is the answer) cannot be evaluated within the bounds.
    """
    long = [len(text) > 4 * ANSWER_CHARS for text in (answer, reference)]
    if any(long):
        return _too_long(answer.strip() == reference.strip(), long)
    left, right = undress(answer), undress(reference)
    if not left or not right:
        return False
    if _squeezed(left) == _squeezed(right):
        return True
    long = [len(text) > ANSWER_CHARS or _nesting(text) > NESTING for text in (left, right)]
    if any(long):
        return _too_long(False, long)
    ask = asked(prompt)
    verdict = _special(left, right, ask)
    return _read(left, right, ask) if isinstance(verdict, str) else verdict


def _too_long(identical: bool, long: list[bool]) -> bool | None:
    if identical:
        return True
    if all(long):
        return None
    raise TooCostlyError("left" if long[0] else "right")


def _nesting(text: str) -> int:
    """Return how deep brackets stand in brackets."""
    depth = deepest = 0
    for sign in text:
        depth += (sign in "({[") - (sign in ")}]")
        deepest = max(deepest, depth)
    return deepest


def _squeezed(text: str) -> str:
    """Without the spaces that no one needs: between digits or letters a space has a meaning."""
    plain = " ".join(text.replace(UPRIGHT, "").split())
    return re.sub(r"(?<!\w) | (?!\w)", "", plain)


def _special(left: str, right: str, ask: Asked) -> Ruling:
    """Return the verdict of the kinds that are no mathematics; NOT_MINE where the texts are of none."""
    times = time_of(left), time_of(right)
    if times[0] and times[1]:
        verdict = same_time(times[0], times[1])
        if verdict is not False or times[0].told or times[1].told:
            return verdict
        if not same_ratio(left, right):
            return False
    elif any(time is not None and time.told for time in times):
        return _half_untold(left, right)
    options = option_of(left), option_of(right)
    if any(options):
        return _options(left, right, ask)
    return NOT_MINE


def _half_untold(left: str, right: str) -> bool | None:
    """``3 PM`` and ``3``: the number may be the hour, and anything else is another answer."""
    number = next(text for text in (left, right) if time_of(text) is None)
    return None if re.search(r"\d|[A-Za-z]", number) else False


def _options(left: str, right: str, ask: Asked) -> Ruling:
    left_option, right_option = option_of(left), option_of(right)
    if left_option and right_option:
        if not left_option.words or not right_option.words:
            return left_option.letter == right_option.letter
        words = settle(left_option.words, right_option.words, ask.prompt)
        if left_option.letter == right_option.letter:
            return True if words is True else None
        return False if words is False else None
    option, text, turned = (left_option, right, False) if left_option else (right_option, left, True)
    assert option is not None
    if option.words:
        return settle(text, option.words, ask.prompt) if turned else settle(option.words, text, ask.prompt)
    options = options_of(ask.prompt)
    if option.letter not in options:
        return NOT_MINE if _single_letter(text) else None
    verdicts = {letter: _says_option(text, words, turned) for letter, words in options.items()}
    if verdicts[option.letter] is True:
        return True
    elsewhere = [letter for letter, verdict in verdicts.items() if verdict is True]
    return False if elsewhere and verdicts[option.letter] is False else None


def _says_option(text: str, words: str, turned: bool) -> bool | None:
    """Tell whether a text says what an option says; an option that cannot be evaluated settles nothing."""
    try:
        return settle(text, words) if turned else settle(words, text)
    except TooCostlyError as error:
        if (error.side == "left") is turned:
            raise
        return None


def _single_letter(text: str) -> bool:
    return re.fullmatch(rf"{UPRIGHT}?[A-Za-z](?:\s*,\s*{UPRIGHT}?[A-Za-z])*|[A-Z]{{1,5}}", text) is not None


_ENGINE = re.compile(r"\\(?:int|iint|sum|prod|lim|oint)(?![A-Za-z])")


def _read(left: str, right: str, ask: Asked) -> bool | None:
    ways = _ways(left), _ways(right)
    if not ways[0] or not ways[1]:
        if (
            (_ENGINE.search(left) or _ENGINE.search(right))
            and UPRIGHT not in left + right
            and "'" not in left + right
        ):
            return compare_texts(left, right)
        return _as_words(left, right, ask)
    ones, others = _measured(ways[0], ways[1]), _measured(ways[1], ways[0])
    verdicts = list(_verdicts(ones, others, ask))
    if any(verdict is True and not weak for verdict, weak in verdicts):
        return True
    told = {verdict for verdict, _ in verdicts}
    return told.pop() if len(told) == 1 else None


def _ways(text: str) -> tuple[Reading, ...]:
    based = based_of(text)
    return (Reading(based),) if based else readings(text)


def _measured(ways: tuple[Reading, ...], others: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Letters that may be units are units where the other side has one."""
    units = tuple(way for way in ways if way.unit and not way.weak)
    rival = [way for way in others if way.unit or not any(other.unit for other in others)]
    known = all(way.node.head == "quantity" and not way.node.text.startswith("thing: ") for way in rival)
    return units if units and known else ways


def _verdicts(
    ones: tuple[Reading, ...], others: tuple[Reading, ...], ask: Asked
) -> Iterator[tuple[bool | None, bool]]:
    for left in ones:
        for right in others:
            measured = ((left.unit and not right.weak) or (right.unit and not left.weak)) and (
                left.node.head == right.node.head == "quantity"
            )
            yield Comparison(ask).same(left.node, right.node), (left.weak or right.weak) and not measured


_PROSE = re.compile(r"[^\W\d_]{2}[^\\^_=<>+*/{}|]*|[^\W\d_][^\\^_=<>+*/{}|]*[^\W\d_]{3}[^\\^_=<>+*/{}|]*")


def _as_words(left: str, right: str, ask: Asked) -> bool | None:
    """Texts that cannot be read otherwise, compared as words where both are prose."""
    plain = [text.replace(UPRIGHT, "") for text in (left, right)]
    if all(_PROSE.fullmatch(text) for text in plain):
        return same_words(plain[0], plain[1], ask.prompt)
    prose = [_PROSE.fullmatch(text) is not None and is_no_number(text) for text in plain]
    ways = [_ways(text) for text in (left, right)]
    values = [bool(way) and all(is_value(reading.node) for reading in way) for way in ways]
    return False if (prose[0] and values[1]) or (prose[1] and values[0]) else None
