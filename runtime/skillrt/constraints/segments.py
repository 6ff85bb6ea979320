"""Words, sentences and graphemes.

Words follow Unicode Standard Annex 29 by way of unicode-segmentation-rs: uniseg gives the same words
(the tests compare the two) but takes 1.2 s for 100 kB of English. Graphemes are `regex`'s \\X.
Sentences are syntok's.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final

import regex

from skillrt.constraints.markdown import clean, read_markdown
from skillrt.constraints.pure import check_count, check_text

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPENING_QUOTES: Final = '「『“‘"'
_CLOSING_QUOTES: Final = '」』”’"'
_QUOTE_REACH: Final = 300
"""How far before an end mark the quotation that it closes is looked for, in characters."""
SYNTOK_TOKENS: Final = 4_000
"""Up to so many tokens (or ten times as many characters) a text is split by syntok, 8 microseconds a token;
a longer one by `_plain_split`."""
_TOKEN: Final = regex.compile(r"[^\W_]+|[^\w\s]|_")
_GRAPHEME: Final = regex.compile(r"\X")
_EMOJI: Final = regex.compile(r"[\p{Emoji_Presentation}\uFE0F\u20E3]")
_HARD: Final = "。！？｡؟۔।॥።။։"
_CLOSERS: Final = "」』”’）】》〉\\\"')\\]"
_HARD_END: Final = regex.compile(rf"[{_HARD}]+[{_HARD}!?…{_CLOSERS}]*")
"""Marks that end a sentence whatever follows; syntok, made for languages with spaces, does not cut there."""
_SOFT_CUT: Final = re.compile(r"([.!?][\"')\]”’»]{0,2})\s+(?=[^\sa-z])")
_HARD_CUT: Final = regex.compile(
    rf"([{_HARD}]++(?:(?![!?…{_CLOSERS}])|[{_HARD}!?…{_CLOSERS}]++(?![\p{{L}}\p{{N}}])))"
)
_GERMAN_DATE: Final = regex.compile(
    r"\b([0-9]{1,2})\.(?= (?:Januar|Jänner|Februar|März|April|Mai|Juni|Juli|August|September|Oktober"
    r"|November|Dezember)\b)"
)
_UNDIVIDED: Final = regex.compile(rf"[^.!?‼‽⁇⁈⁉﹒﹗．{_HARD}\p{{Ps}}\p{{Pe}}]*+[.!?]*+")
"""No end mark before its end and no bracket: one sentence, without asking syntok."""
_OPENING: Final = regex.compile(r"\p{Ps}")
_ALNUM: Final = regex.compile(r"[\p{L}\p{N}]")


def words(text: str) -> list[str]:
    """The words by Unicode's boundaries: "don't" and "3.14" are one, "well-known" two, each Han sign one.

    Thai, Lao, Khmer and Burmese are not cut into dictionary words: there the pieces are syllables at best.
    """
    import unicode_segmentation_rs

    return unicode_segmentation_rs.unicode_words(clean(text))


def word_count(text: str) -> int:
    """How many words `words` finds. For a count without markup: word_count(plain_text(text))."""
    return len(words(text))


def first_word(text: str) -> str:
    """The first word, without punctuation; "" when there is none."""
    every_word = words(check_text(text))
    return every_word[0] if every_word else ""


def last_word(text: str) -> str:
    """The last word, without punctuation; "" when there is none."""
    every_word = words(check_text(text))
    return every_word[-1] if every_word else ""


def repeated_words(text: str, most: int = 1) -> dict[str, int]:
    """The words that occur more than `most` times, whatever their case, and how often."""
    check_count(most, "most", 0)
    counts = Counter(word.casefold() for word in words(text))
    return {word: times for word, times in counts.items() if times > most}


def emojis(text: str) -> list[str]:
    """The emoji, each as a reader sees it: a family, a flag or a hand with its skin tone is one."""
    return [character for character in graphemes(text) if _EMOJI.search(character)]


def graphemes(text: str) -> list[str]:
    """The characters as a reader sees them: an emoji or a letter with its accents is one."""
    clusters: list[str] = _GRAPHEME.findall(clean(text))
    return clusters


def grapheme_count(text: str, spaces: bool = True) -> int:
    """How many characters a reader sees; without white space when `spaces` is false."""
    clusters = graphemes(text)
    return len(clusters) if spaces else sum(not character.isspace() for character in clusters)


def sentences(text: str) -> list[str]:
    """The sentences of the paragraphs and list items; headings, tables and code have none.

    A list item or paragraph without an end mark is one sentence. A semicolon or colon ends none.
    """
    prose = read_markdown(text).prose
    if _is_long(prose):
        return _plain_split(prose)
    listed: list[str] = []
    for piece in prose:
        if _UNDIVIDED.fullmatch(piece):
            if _ALNUM.search(piece):
                listed.append(piece)
            continue
        ends = [match.end() for match in _HARD_END.finditer(piece) if _ends_sentence(piece, match)]
        for hard in _cut(piece, ends):
            listed.extend(sentence for sentence in _syntok_split(hard) if _ALNUM.search(sentence))
    return listed


def _is_long(prose: tuple[str, ...]) -> bool:
    if sum(map(len, prose)) > 10 * SYNTOK_TOKENS:
        return True
    whole = "\n".join(prose)
    # For each opening bracket syntok looks up to 50 tokens ahead.
    return len(_TOKEN.findall(whole)) + 15 * len(_OPENING.findall(whole)) + len(prose) > SYNTOK_TOKENS


def sentence_count(text: str) -> int:
    """How many sentences `sentences` finds."""
    return len(sentences(text))


def _ends_sentence(text: str, mark: regex.Match[str]) -> bool:
    """Whether an end mark inside quotation marks ends the sentence around them as well.

    It does at the end, before another quotation and where a colon came before; in “你好！”他说 it does not.
    """
    if mark.group()[-1] not in _CLOSING_QUOTES or mark.end() == len(text):
        return True
    if not text[mark.end()].isalnum():
        return True
    before = text[max(0, mark.start() - _QUOTE_REACH) : mark.start()]
    opening = max(before.rfind(quote) for quote in _OPENING_QUOTES)
    return opening < 0 or (opening > 0 and before[opening - 1] in "：:")


def _cut(text: str, places: list[int]) -> Iterator[str]:
    start = 0
    for place in [*places, len(text)]:
        if piece := text[start:place].strip():
            yield piece
        start = place


def _syntok_split(text: str) -> Iterator[str]:
    from syntok import segmenter
    from syntok.tokenizer import Tokenizer

    # syntok ends sentences at semicolons and after "3." in "3. Mai"; a comma instead keeps the offsets right.
    softened = _GERMAN_DATE.sub(r"\1,", text.replace(";", ","))
    tokens = Tokenizer(replace_not_contraction=False).tokenize(softened)
    starts = [sentence[0].offset for sentence in segmenter.segment(tokens) if sentence]
    return _cut(text, starts[1:])


def _plain_split(prose: tuple[str, ...]) -> list[str]:
    """Sentences by end marks, known abbreviations aside: for texts that would keep syntok busy too long."""
    from syntok._segmentation_states import State

    # "\n" will part sentences for certain, "\r" unless an abbreviation stands before it.
    # CommonMark has no null character, so that may part the pieces meanwhile.
    whole = "\0".join(prose).replace("\n", " ").replace("\r", " ").replace("\0", "\n")
    whole = _SOFT_CUT.sub(r"\1\r", whole)
    if not whole.isascii():
        whole = _HARD_CUT.sub(r"\1\n", whole)
    pieces: list[str] = []
    for line in whole.split("\n"):
        if "\r" not in line:
            pieces.append(line)
            continue
        held: list[str] = []
        for cut in line.split("\r"):
            held.append(cut)
            word = cut[cut.rfind(" ") + 1 : -1] if cut[-1:] == "." else ""
            if word not in State.abbreviations and not (len(word) == 1 and word.isalpha()):
                pieces.append(" ".join(held))
                held = []
        if held:
            pieces.append(" ".join(held))
    return [sentence.strip() for sentence in pieces if _ALNUM.search(sentence)]
