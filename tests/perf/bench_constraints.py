"""Time each constraint helper and official check on 100 kB of ordinary and hostile text.

    python tests/perf/bench_constraints.py

Prints for each its slowest text, the median of five calls there, and the time for 1 MB of that text.
Markdown is parsed anew at each call (the helpers keep the last few documents).
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Iterable, Mapping
from typing import Any

from skillrt.constraints import FAMILIES, HELPERS, check, markdown

SIZE = 100_000
LIMIT_MS = 50.0
OFFICIAL_LIMIT_MS = 100.0
GIVEN: dict[str, Any] = {
    "keywords": ["a"],
    "forbidden_words": ["b"],
    "keyword": "a",
    "frequency": 9,
    "relation": "at least",
    "letter": "a",
    "let_frequency": 9,
    "let_relation": "at least",
    "language": "en",
    "num_sentences": 3,
    "num_paragraphs": 3,
    "num_words": 3,
    "nth_paragraph": 2,
    "first_word": "a",
    "num_placeholders": 3,
    "postscript_marker": "P.S.",
    "num_bullets": 3,
    "num_highlights": 3,
    "section_spliter": "Part",
    "num_sections": 3,
    "prompt_to_repeat": "a b",
    "end_phrase": "b",
    "capital_frequency": 3,
    "capital_relation": "at least",
    "small_n": 3,
    "N": 3,
    "min_words": 1,
    "max_words": 9,
    "sep": "*",
    "options": "yes/no",
    "percentage": 10,
    "reference_text": "a b c d " * 1000,
    "word": "fox",
    "n_start": 0,
    "n_end": 2,
    "n": 1,
    "m": 2,
    **{f"keyword{place}": word for place, word in enumerate("abcde", 1)},
}
"""Arguments for all official constraints at once; each takes its own."""
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "parts": ("***",),
    "letter_count": ("a",),
    "char_count": (",;",),
    "starts_with": ("the quick",),
    "ends_with": ("dog.",),
    "repeats_prompt": ("the quick brown",),
    "sections": ("a",),
    "keyword_count": ("a",),
    "keyword_counts": (["a", "the quick"],),
    "missing_keywords": (["a"],),
    "found_keywords": (["a"],),
    "json_missing": (["a.b"],),
    "is_language": ("en",),
}
PROSE = "the quick brown fox jumps over lazy dogs. Then it stopped! Why? Dr. Smith said so, in 1999."
REPEATED = {
    "stars": "*",
    "brackets": "[",
    "image marks": "![",
    "new lines": "\n",
    "short lines": "a\n",
    "quote marks": ">",
    "spaced quotes": "> ",
    "dashes": "- ",
    "dash lines": "-\n",
    "items": "- a\n",
    "numbers": "1. ",
    "dots": ".",
    "letters": "a",
    "words a": "a ",
    "sentences a": "a. ",
    "sentences A": "A. ",
    "pipes": "|a",
    "table rows": "|c|d|\n",
    "family": "👨\u200d👩\u200d👧",
    "han": "我今天去了北京。天气很好！",
    "arabic": "مرحبا بالعالم؟ ",
    "double quotes": '"',
    "curly quotes": "“",
    "closed speech": "好！”他",
    "round": "(",
    "word rounds": "a(",
    "definitions": "[a]: b\n",
    "ticks": "`",
    "open ticks": "`a",
    "angles": "<",
    "tags": "<a ",
    "comments": "<!--",
    "titles": "<<a",
    "spaces": " ",
    "marks": "́",
    "mark pairs": "̣́",
    "bold": "**a**",
    "nested bold": "*a **b ",
    "objects": '{"a":',
    "list": "[0,",
    "loose items": "• a\n",
    "han items": "一、好\n",
    "postscripts": "P.S\n",
    "mail": "a@a",
    "fences": "```\n",
    "headings": "# a\n",
    "paragraphs": "a\n\n",
    "hyphens": "a-",
    "paragraph tags": "<p>a\n",
    "ideograph ends": "。",
    "entities": "&amp;",
    "initials": "A.B.",
    "periods apart": ". ",
    "colons": ":,",
    "shortened": "a's ",
    "questions": "Question\n",
}


def english() -> str:
    """Ordinary prose with lists and headings, seeded."""
    source = random.Random(1)
    words = PROSE.split()
    ends = ("\n\n", "\n- ", "\n1. ", "\n## ", " ")
    made: list[str] = []
    while sum(map(len, made)) < SIZE:
        made.append(" ".join(source.choices(words, k=source.randint(5, 60))) + source.choice(ends))
    return "".join(made)[:SIZE]


def clock(name: str, text: str) -> float:
    """Milliseconds of processor time of one call: other work on the machine does not count."""
    markdown._read.cache_clear()
    start = time.thread_time()
    if name in HELPERS:
        HELPERS[name].function(text, *ARGUMENTS.get(name, ()))
    else:
        check(name, GIVEN, text)
    return (time.thread_time() - start) * 1000


def slowest(names: Iterable[str], texts: Mapping[str, str], limit_ms: float) -> int:
    """Print one line for each name; return how many take longer than the limit."""
    over = count = 0
    for name in names:
        for warm in ("one two", "Ein Wort.", "'tis OK, it's"):
            clock(name, warm)
        worst = max(texts, key=lambda kind: clock(name, texts[kind]))
        median = statistics.median(clock(name, texts[worst]) for _ in range(5))
        million = clock(name, texts[worst] * 10)
        over += median > limit_ms
        count += 1
        print(f"{name:42} {median:7.1f} ms / 100 kB  {million:8.0f} ms / 1 MB  on {worst}")
    print(f"{count} checks, {len(texts)} texts of {SIZE} characters, {over} over {limit_ms:.0f} ms")
    return over


def main() -> int:
    """Print one line a check; 1 when one takes over its limit."""
    texts = {"english": english()} | {name: (part * SIZE)[:SIZE] for name, part in REPEATED.items()}
    official = [name for family in FAMILIES.values() for name in family.checks]
    over = slowest(HELPERS, texts, LIMIT_MS) + slowest(official, texts, OFFICIAL_LIMIT_MS)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
