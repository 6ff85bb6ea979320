"""Pure constraint helpers: plain Python over plain text, no library.

The source of every function here also runs inside the monty interpreter (`registry.pure_source` cuts
out what is needed), so this module keeps to what monty has: `re` and `unicodedata`, no generators, no
callable in `re.sub`, no `del`, no `str.translate`. Every pattern is one of ours and scans a text once;
what a caller gives is only ever compared, never compiled.

All helpers are total: any text in, a JSON value out. A bad argument is a ValueError that says what was
expected.
"""

import re
import unicodedata

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
"""A line that may open a fenced code block: up to three spaces, then at least three backticks or tildes."""
WORD = re.compile(r"[^\W_](?:[^\W_]|['’_](?=[^\W_]))*")
"""A run of letters and digits; an apostrophe or underscore inside it does not end it."""
QUOTED = re.compile(
    r"\"([^\"\n]+)\"|“([^“”\n]+)”|«([^«»\n]+)»|„([^„“”\n]+)[“”]|「([^「」\n]+)」|『([^『』\n]+)』|《([^《》\n]+)》"
)
NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])|[0-9]+(?:\.[0-9]+)?")
CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
PLACEHOLDER = re.compile(r"\[([^\[\]\n]+)\](?![(:])")
TITLE = re.compile(r"<<([^<>\n]+)>>")
SECTION_NUMBER = re.compile(r"\s*([0-9]+|[IVXLCDM]+(?![a-zA-Z])|[一二三四五六七八九十百]+)\s*(.*)", re.DOTALL)
QUOTE_PAIRS = ('""', "“”", "„“", "„”", "«»", "»«", "「」", "『』", "‘’", "''", "《》")
UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x2E80, 0x31FF),
    (0x3400, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)
"""Scripts written without spaces (Thai, Lao, Burmese, Khmer, kana, Han): no word boundaries there."""


def check_text(value: object, what: str = "text") -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what} must be a string, got {type(value).__name__}")
    return value


def check_phrase(value: object, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{what} must be a string that is not blank")
    return value


def check_phrases(values: object, what: str) -> list[str]:
    if not isinstance(values, (list, tuple)) or not values:
        raise ValueError(f"{what} must be a list of at least one string")
    return [check_phrase(value, f"each of {what}") for value in values]


def check_count(value: object, what: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{what} must be a whole number of at least {least}")
    return value


def composed(text: str) -> str:
    """NFC; a text with 31 combining marks in a row stays as it is: composing those takes quadratic time."""
    if text.isascii():
        return text
    marks = [char for char in set(text) if unicodedata.combining(char)]
    if marks and re.search("[" + "".join(marks) + "]{31}", text):
        return text
    return unicodedata.normalize("NFC", text)


def folded(text: str) -> str:
    """For comparing phrases: composed, caseless, straight quotes, every run of white space one space."""
    text = composed(text).casefold()
    for curly, straight in (("’", "'"), ("‘", "'"), ("“", '"'), ("”", '"')):
        text = text.replace(curly, straight)
    return " ".join(text.split())


def split_lines(text: str) -> list[str]:
    for ending in ("\r\n", "\r", "\u2028", "\u2029"):
        text = text.replace(ending, "\n")
    return text.split("\n")


def lines(text: str, blank: bool = False) -> list[str]:
    """The lines of a text, without their ends. Blank lines are left out unless `blank` is true."""
    return [line for line in split_lines(check_text(text)) if blank or line.strip()]


def blocks(text: str) -> list[str]:
    """The pieces of a text between blank lines, as written. A fenced code block is never cut in two."""
    listed: list[str] = []
    held: list[str] = []
    fence = ""
    for line in split_lines(check_text(text)):
        if not line.strip() and not fence:
            if held:
                listed.append("\n".join(held))
                held = []
            continue
        held.append(line)
        mark = FENCE.match(line)
        if mark and not fence and not (mark.group(1)[0] == "`" and "`" in mark.group(2)):
            fence = mark.group(1)
        elif mark and fence and mark.group(1).startswith(fence) and not mark.group(2).strip():
            fence = ""
    if held:
        listed.append("\n".join(held))
    return listed


def parts(text: str, separator: str) -> list[str]:
    """The trimmed pieces of a text between occurrences of a separator such as "***", without blank ones."""
    check_phrase(separator, "separator")
    return [piece.strip() for piece in check_text(text).split(separator) if piece.strip()]


def two_responses(text: str, separator: str = "******") -> bool:
    """Whether the text is exactly two different responses with the separator between them."""
    responses = parts(text, separator)
    return len(responses) == 2 and folded(responses[0]) != folded(responses[1])


def letter_count(text: str, letter: str, ignore_case: bool = True) -> int:
    """How often one character occurs. Accents count: "e" is not found in "é"."""
    letter = composed(check_phrase(letter, "letter"))
    if len(letter) != 1:
        raise ValueError(
            f"letter must be one character, got {len(letter)}; use keyword_count for longer ones"
        )
    text = composed(check_text(text))
    return text.lower().count(letter.lower()) if ignore_case else text.count(letter)


def char_count(text: str, characters: str) -> int:
    """How many characters of the text are among `characters`, such as ",;" for commas and semicolons."""
    check_text(text)
    if not check_text(characters, "characters"):
        raise ValueError("characters must name at least one character")
    return sum(text.count(char) for char in set(characters))


def numbers(text: str) -> list[str]:
    """The numbers written in digits, as they stand: "1,000" and "3.5" are one each, "1960s" has 1960."""
    return NUMBER.findall(check_text(text))


def nesting_depth(text: str) -> int:
    """How deep brackets ( ) [ ] { } of any kinds stand inside each other; only closed pairs count."""
    opened: list[str] = []
    heights: list[int] = []
    deepest = 0
    for char in check_text(text):
        if char in "([{":
            opened.append(char)
            heights.append(0)
        elif char in ")]}" and opened and CLOSED_BY[opened[-1]] == char:
            opened.pop()
            height = heights.pop() + 1
            if heights:
                heights[-1] = max(heights[-1], height)
            deepest = max(deepest, height)
    return deepest


def capital_words(text: str, min_letters: int = 1) -> list[str]:
    """The words written all in capitals, of at least `min_letters` characters (by default "I" counts)."""
    check_count(min_letters, "min_letters", 1)
    words = WORD.findall(check_text(text))
    return [word for word in words if word.isupper() and len(word) >= min_letters]


def is_upper(text: str) -> bool:
    """Whether there is a cased letter and every cased letter is a capital."""
    return check_text(text).isupper()


def is_lower(text: str) -> bool:
    """Whether there is a cased letter and none is a capital."""
    return check_text(text).islower()


def is_title_case(text: str) -> bool:
    """Whether every word that begins with a cased letter begins with a capital, and there is at least one."""
    initials = [word[0] for word in WORD.findall(check_text(text)) if word[0].lower() != word[0].upper()]
    return bool(initials) and all(initial == initial.upper() for initial in initials)


def starts_with(text: str, phrase: str, ignore_case: bool = True) -> bool:
    """Whether the trimmed text begins with the phrase; white space is folded, and case if `ignore_case`."""
    check_phrase(phrase, "phrase")
    if ignore_case:
        return folded(check_text(text)).startswith(folded(phrase))
    return " ".join(composed(check_text(text)).split()).startswith(" ".join(composed(phrase).split()))


def ends_with(text: str, phrase: str, ignore_case: bool = True) -> bool:
    """Whether the trimmed text ends with the phrase; white space is folded, and case if `ignore_case`."""
    check_phrase(phrase, "phrase")
    if ignore_case:
        return folded(check_text(text)).endswith(folded(phrase))
    return " ".join(composed(check_text(text)).split()).endswith(" ".join(composed(phrase).split()))


def repeats_prompt(text: str, prompt: str) -> bool:
    """Whether the text begins by repeating the prompt word for word (case and white space aside)."""
    return starts_with(text, check_phrase(prompt, "prompt"))


def is_quoted(text: str) -> bool:
    """Whether the whole trimmed text stands between one pair of quotation marks, of any usual kind."""
    text = check_text(text).strip()
    return len(text) > 1 and (text[0] + text[-1]) in QUOTE_PAIRS


def quotes(text: str) -> list[str]:
    """What stands between double quotation marks of any usual kind on one line, without the marks."""
    return ["".join([part for part in match.groups() if part]) for match in QUOTED.finditer(check_text(text))]


def postscript(text: str, marker: str = "P.S.") -> str | None:
    """The last line that begins with the marker, and what follows it; null when there is none.

    Points and spaces inside the marker do not matter ("PS:", "P. S."), but "P.P.S." is not "P.S.".
    """
    wanted = [char for char in check_phrase(marker, "marker").casefold() if char.isalnum()]
    if not wanted:
        raise ValueError("marker must have at least one letter or digit")
    rows = split_lines(check_text(text))
    for number in range(len(rows) - 1, -1, -1):
        if begins_with_marker(rows[number], wanted):
            return "\n".join(rows[number:]).strip()
    return None


def begins_with_marker(line: str, wanted: list[str]) -> bool:
    rest = line.lstrip(" \t*_#>(").casefold()
    place = 0
    for char in wanted:
        while place < len(rest) and place < 4 * len(wanted) and rest[place] in ". ":
            place += 1
        if place >= len(rest) or rest[place] != char:
            return False
        place += 1
    return place >= len(rest) or not rest[place].isalnum()


def sections(text: str, marker: str) -> list[dict[str, str]]:
    """The lines that open a numbered section, such as "SECTION 1" or "## Section II: Costs".

    Each is {"number", "title"}. A marker with {n} in it says where the number stands: "第{n}节".
    """
    before, _, after = check_phrase(marker, "marker").strip().partition("{n}")
    before, after = before.strip().casefold(), after.strip().casefold()
    listed: list[dict[str, str]] = []
    for line in split_lines(check_text(text)):
        head = line.lstrip(" \t#*_>-").rstrip()
        if not head.casefold().startswith(before):
            continue
        match = SECTION_NUMBER.match(head[len(before) :])
        if match and match.group(2).casefold().startswith(after):
            listed.append(
                {"number": match.group(1), "title": match.group(2)[len(after) :].strip(" .:：-–—*_#")}
            )
    return listed


def placeholders(text: str) -> list[str]:
    """What stands in square brackets, as in [address]; no links, link definitions or check boxes."""
    return [name for name in PLACEHOLDER.findall(check_text(text)) if name.strip() not in ("", "x", "X")]


def titles(text: str) -> list[str]:
    """Titles in double angular brackets, as in <<A title>>, without the brackets."""
    return [title.strip() for title in TITLE.findall(check_text(text)) if title.strip()]


def is_joining(char: str) -> bool:
    """Whether a letter next to this character belongs to the same word."""
    if char.isascii():
        return char.isalnum() or char == "_"
    if not (char.isalnum() or unicodedata.combining(char)):
        return False
    point = ord(char)
    return not any(low <= point <= high for low, high in UNSPACED)


def keyword_count(text: str, keyword: str, whole_word: bool = True, ignore_case: bool = True) -> int:
    """How often a word or phrase occurs, not overlapping; plain text, never a pattern.

    `whole_word` asks for word boundaries ("art" is not in "party"), except in scripts written without spaces.
    """
    if ignore_case:
        keyword, text = folded(check_phrase(keyword, "keyword")), folded(check_text(text))
    else:
        keyword = " ".join(composed(check_phrase(keyword, "keyword")).split())
        text = " ".join(composed(check_text(text)).split())
    if not whole_word or not (is_joining(keyword[0]) or is_joining(keyword[-1])):
        return text.count(keyword)
    count, start, size = 0, text.find(keyword), len(keyword)
    first, last = is_joining(keyword[0]), is_joining(keyword[-1])
    while start >= 0:
        end = start + size
        left = first and start > 0 and is_joining(text[start - 1])
        right = last and end < len(text) and is_joining(text[end])
        if left or right:
            start += 1
            while first and start < len(text) and is_joining(text[start - 1]):  # inside a word none begins
                start += 1
            start = text.find(keyword, start)
        else:
            count += 1
            start = text.find(keyword, end)
    return count


def keyword_counts(text: str, keywords: list[str], whole_word: bool = True) -> dict[str, int]:
    """How often each of the keywords occurs, whatever its case."""
    return {word: keyword_count(text, word, whole_word) for word in check_phrases(keywords, "keywords")}


def missing_keywords(text: str, keywords: list[str], whole_word: bool = True) -> list[str]:
    """Those of the keywords that do not occur: empty when all are there."""
    return [word for word, count in keyword_counts(text, keywords, whole_word).items() if count == 0]


def found_keywords(text: str, keywords: list[str], whole_word: bool = True) -> list[str]:
    """Those of the keywords that occur: empty when a list of forbidden words is kept to."""
    return [word for word, count in keyword_counts(text, keywords, whole_word).items() if count > 0]
