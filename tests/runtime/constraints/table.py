"""Texts with the counts that a careful reader would give, written by hand before the helpers were run.

A check is a helper's name, or a tuple of the name and its further arguments; where the helper gives a list
and the expected value is a number, the length of the list is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Check = str | tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One text and what each helper should say of it."""

    name: str
    text: str
    expected: dict[Check, Any]


FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"
THUMB = "\U0001f44d\U0001f3fd"

LATIN = (
    Case(
        "plain",
        "The cat sat on the mat.",
        {"word_count": 6, "sentence_count": 1, "lines": 1, "paragraphs": 1},
    ),
    Case("digits", "1,000 of the 1960s ([3.5])", {"numbers": ["1,000", "1960", "3.5"], "nesting_depth": 2}),
    Case("repeated", "The cat and THE dog", {"repeated_words": {"the": 2}, ("repeated_words", 2): {}}),
    Case("emoji of parts", f"{FAMILY}{FLAG} {THUMB} 1\ufe0f\u20e3 © 7#", {"emojis": 4}),
    Case("two sentences", "It rained. We stayed in.", {"word_count": 5, "sentence_count": 2}),
    Case("contraction", "I don't know, and you can’t either.", {"word_count": 7, "sentence_count": 1}),
    Case("hyphen", "A well-known state-of-the-art tool", {"word_count": 8}),
    Case("number", "It costs 3.14 or 1,000 dollars.", {"word_count": 6, "sentence_count": 1}),
    Case(
        "title before name", "Dr. Smith met Mr. Jones. They talked.", {"sentence_count": 2, "word_count": 7}
    ),
    Case("three marks", "Really?! Yes! No.", {"sentence_count": 3, "word_count": 3}),
    Case("semicolon", "He came; John left.", {"sentence_count": 1}),
    Case("quoted end", '"Stop!" he said. "Why?"', {"sentence_count": 2, "quotes": ["Stop!", "Why?"]}),
    Case(
        "no end mark", "a headline without a stop", {"sentence_count": 1, "is_lower": True, "is_upper": False}
    ),
    Case("ellipsis word", "Wait... what is that? Nothing.", {"sentence_count": 2}),
    Case(
        "paragraphs",
        "One.\n\nTwo.\n\n\nThree.",
        {"paragraphs": 3, "blocks": 3, "lines": 3, "sentence_count": 3},
    ),
    Case("soft break", "One line\nsame paragraph", {"paragraphs": 1, "lines": 2, ("lines", True): 2}),
    Case("blank lines kept", "a\n\nb\n", {("lines", True): 4, "lines": 2}),
    Case("carriage returns", "a\r\n\r\nb\rc", {"lines": 3, "blocks": 2}),
    Case(
        "letters",
        "Banana bread",
        {("letter_count", "b"): 2, ("letter_count", "a"): 4, ("letter_count", "B", False): 1},
    ),
    Case("accent", "éclair e", {("letter_count", "e"): 1, ("letter_count", "é"): 1, "word_count": 2}),
    Case(
        "decomposed accent",
        "cafe\u0301",
        {("letter_count", "é"): 1, ("letter_count", "e"): 0, "grapheme_count": 4},
    ),
    Case("commas", "a, b, c; d", {("char_count", ","): 2, ("char_count", ",;"): 3}),
    Case(
        "capitals",
        "NASA and the FBI met I.",
        {"capital_words": ["NASA", "FBI", "I"], ("capital_words", 2): 2},
    ),
    Case("shouting", "STOP THIS NOW!", {"is_upper": True, "is_lower": False, "capital_words": 3}),
    Case(
        "digits only",
        "123 456",
        {"is_upper": False, "is_lower": False, "word_count": 2, "is_title_case": False},
    ),
    Case("title case", "The Long Road Home", {"is_title_case": True}),
    Case("not title case", "The Long road Home", {"is_title_case": False}),
    Case(
        "starts",
        "  Once upon a time",
        {("starts_with", "once UPON"): True, ("starts_with", "once", False): False},
    ),
    Case("ends", "That is all. Bye!\n", {("ends_with", "bye!"): True, ("ends_with", "Bye"): False}),
    Case("ends curly", "It’s done", {("ends_with", "it's done"): True, ("starts_with", "IT'S"): True}),
    Case("first and last", "«Hello», said he.", {"first_word": "Hello", "last_word": "he", "word_count": 3}),
    Case("quoted whole", '"All of it."', {"is_quoted": True, "quotes": 1}),
    Case("quoted part", '"Some" of it', {"is_quoted": False, "quotes": 1}),
    Case("guillemets", "« Bonjour »", {"is_quoted": True, "quotes": 1}),
    Case("one mark", '"', {"is_quoted": False, "quotes": 0, "word_count": 0}),
    Case(
        "keyword",
        "Art is art; party and artful are not.",
        {("keyword_count", "art"): 2, ("keyword_count", "art", False): 4},
    ),
    Case("keyword phrase", "New\nYork, new  york", {("keyword_count", "new york"): 2}),
    Case(
        "keyword case",
        "Peace peace PEACE",
        {("keyword_count", "peace"): 3, ("keyword_count", "peace", True, False): 1},
    ),
    Case("keyword symbols", "C++ and C# and C", {("keyword_count", "C++"): 1, ("keyword_count", "c"): 3}),
    Case("keyword umlaut", "Über uns, über", {("keyword_count", "über"): 2, ("keyword_count", "ber"): 0}),
    Case("keyword regex", "a.b aXb", {("keyword_count", "a.b"): 1}),
    Case(
        "missing",
        "red and blue",
        {("missing_keywords", ("red", "green")): ["green"], ("found_keywords", ("red", "x")): ["red"]},
    ),
    Case("postscript", "Hi.\nBye.\n\nP.S. Call me\nsoon", {"postscript": "P.S. Call me\nsoon"}),
    Case(
        "postscript loose", "Hi\n**PS:** call", {"postscript": "**PS:** call", ("postscript", "P.P.S"): None}
    ),
    Case("double postscript", "P.P.S. more", {"postscript": None, ("postscript", "P.P.S"): "P.P.S. more"}),
    Case("no postscript", "Psalm 23 and pstest", {"postscript": None}),
    Case(
        "placeholders", "Dear [name], see [address] or [a link](u) [x]", {"placeholders": ["name", "address"]}
    ),
    Case("angle title", "<<My Day>>\ntext << >>", {"titles": ["My Day"]}),
    Case("sections", "SECTION 1\na\nSection 2: Costs\nb", {("sections", "section"): 2}),
    Case("sections inline", "See section 3 below", {("sections", "Section"): 0}),
    Case(
        "two responses",
        "Yes.\n******\nNo.",
        {"two_responses": True, ("parts", "******"): 2, "sentence_count": 2},
    ),
    Case("same responses", "Yes.\n******\nyes.", {"two_responses": False}),
    Case("three responses", "a****** b ******c", {"two_responses": False, ("parts", "******"): 3}),
    Case("star dividers", "a\n***\nb\n***\nc", {("parts", "***"): 3, "paragraphs": 3}),
    Case("prompt", "Say hi.  Hi!", {("repeats_prompt", "say hi."): True, ("repeats_prompt", "hi"): False}),
    Case("underscore", "snake_case _ word", {"word_count": 2}),
    Case("address", "mail me@x.org or https://x.org/a", {"word_count": 7}),
    Case("spanish", "¿Qué tal? ¡Muy bien!", {"sentence_count": 2, "word_count": 4}),
    Case("german", "Das ist z.B. gut. Er kam am 3. Mai.", {"sentence_count": 2}),
    Case(
        "tabs",
        "a\tb\u00a0c",
        {"word_count": 3, "lines": 1, "grapheme_count": 5, ("grapheme_count", False): 3},
    ),
)

SCRIPTS = (
    Case(
        "chinese",
        "我今天去了北京。天气很好！你呢？",
        {"word_count": 13, "sentence_count": 3, "grapheme_count": 16},
    ),
    Case(
        "chinese quotes",
        "他说：「走吧！」然后走了。",
        {"sentence_count": 2, "quotes": ["走吧！"], "word_count": 8},
    ),
    Case("chinese speech", "“你好！”他说。“再见。”", {"sentence_count": 2}),
    Case("chinese question in speech", "“你是谁？”他问，“从哪来？”", {"sentence_count": 1}),
    Case(
        "chinese keyword",
        "北京欢迎你，北京！",
        {("keyword_count", "北京"): 2, ("letter_count", "京"): 2, "word_count": 7},
    ),
    Case("chinese mixed", "我用Python写了3个程序。", {"word_count": 9, ("keyword_count", "python"): 1}),
    Case(
        "chinese numbers",
        "一、准备\n二、开始\n三、结束",
        {"numbered_items": 3, "paragraphs": 0, "bullets": 0},
    ),
    Case("chinese brackets", "（1）甲\n（2）乙", {"numbered_items": 2}),
    Case("circled", "① 甲\n② 乙\n③ 丙", {"numbered_items": 3, "sentence_count": 3}),
    Case("chinese section", "第1节 开始\n内容\n第2节 结束", {("sections", "第{n}节"): 2}),
    Case("chinese paragraphs", "第一段。\n\n第二段。", {"paragraphs": 2, "sentence_count": 2}),
    Case("book title marks", "《红楼梦》", {"is_quoted": True, "quotes": ["红楼梦"], "word_count": 3}),
    Case("japanese", "これはペンです。あれは本です。", {"sentence_count": 2}),
    Case("katakana", "カタカナ テスト", {"word_count": 2, "grapheme_count": 8}),
    Case("korean", "안녕하세요. 반갑습니다.", {"word_count": 2, "sentence_count": 2, "grapheme_count": 13}),
    Case("arabic", "مرحبا بالعالم. كيف حالك؟", {"word_count": 4, "sentence_count": 2, "lines": 1}),
    Case("arabic question inside", "كيف حالك؟ بخير؟", {"sentence_count": 2, "word_count": 3}),
    Case("arabic keyword", "كتاب جديد كتابي", {("keyword_count", "كتاب"): 1}),
    Case("hebrew", "שלום עולם! מה שלומך?", {"word_count": 4, "sentence_count": 2}),
    Case("hebrew list", "- אחת\n- שתיים", {"bullets": 2, "sentence_count": 2}),
    Case("mixed direction", "He said שלום to מחמד.", {"word_count": 5, "sentence_count": 1}),
    Case("persian digits", "۱۲۳ نفر", {"word_count": 2}),
    Case("urdu stop", "یہ کتاب ہے۔ وہ قلم ہے۔", {"sentence_count": 2, "word_count": 6}),
    Case("hindi", "यह किताब है। वह कलम है।", {"sentence_count": 2, "word_count": 6}),
    Case("russian", "Привет, мир! Как дела?", {"word_count": 4, "sentence_count": 2, "is_upper": False}),
    Case("russian capitals", "СССР и США", {"capital_words": ["СССР", "США"]}),
    Case("greek", "Καλημέρα κόσμε.", {"word_count": 2, "sentence_count": 1}),
    Case("thai keyword", "ฉันรักประเทศไทย", {("keyword_count", "รัก"): 1}),
    Case(
        "vietnamese",
        "Tôi yêu Việt Nam.",
        {"word_count": 4, "grapheme_count": 17, ("keyword_count", "việt nam"): 1},
    ),
    Case("turkish", "İstanbul güzel.", {"word_count": 2, "sentence_count": 1}),
)

EMOJI = (
    Case("family", FAMILY, {"grapheme_count": 1, "word_count": 0, "sentence_count": 0}),
    Case("flag and thumb", f"{FLAG}{THUMB}", {"grapheme_count": 2}),
    Case("emoji words", f"go {FAMILY} now", {"word_count": 2, "grapheme_count": 8}),
    Case("emoji end", "Nice! 😀 Bye.", {"sentence_count": 2, "word_count": 2}),
    Case("keycap", "1\ufe0f\u20e3", {"grapheme_count": 1}),
    Case("emoji bullets", "- 😀 a\n- 😀 b", {"bullets": 2, "word_count": 2}),
    Case("heart", "I ❤\ufe0f you", {"word_count": 2, "grapheme_count": 7}),
    Case("zalgo", "a\u0301\u0302\u0303b", {"grapheme_count": 2, "word_count": 1}),
)

MARKDOWN = (
    Case("bullets", "- a\n- b\n- c", {"bullets": 3, "numbered_items": 0, "paragraphs": 0}),
    Case("three markers", "* a\n\n+ b\n\n- c", {"bullets": 3}),
    Case("bullet in fence", "```\n- a\n- b\n```\n- c", {"bullets": 1, "code_blocks": 1}),
    Case(
        "bullet in tildes",
        "~~~\n* a\n~~~",
        {"bullets": 0, "code_blocks": [{"language": "", "code": "* a\n"}]},
    ),
    Case("bullet in open fence", "text\n\n```py\n- a", {"bullets": 0, "code_blocks": 1, "paragraphs": 1}),
    Case("indented code", "text\n\n    - a\n    - b", {"bullets": 0, "code_blocks": 1}),
    Case("nested", "- a\n  - b\n  - c\n- d", {"bullets": 4}),
    Case(
        "nested depths",
        "- a\n  - b\n    - c",
        {"bullets": [{"text": "a", "depth": 1}, {"text": "b", "depth": 2}, {"text": "c", "depth": 3}]},
    ),
    Case("mixed nesting", "1. a\n   - b\n   - c\n2. d", {"bullets": 2, "numbered_items": 2}),
    Case(
        "numbers",
        "3. c\n4. d",
        {"numbered_items": [{"number": 3, "text": "c", "depth": 1}, {"number": 4, "text": "d", "depth": 1}]},
    ),
    Case("number brackets", "1) a\n2) b", {"numbered_items": 2, "sentence_count": 2}),
    Case("year is no item", "It was in\n1986. What a year", {"numbered_items": 0, "paragraphs": 1}),
    Case("minus is no item", "5 -3\n-2 is less", {"bullets": 0}),
    Case("rule is no bullet", "a\n\n---\n\nb\n\n* * *\n\nc", {"bullets": 0, "paragraphs": 3}),
    Case(
        "bold line is no bullet",
        "**bold** start\n\n*it* too",
        {"bullets": 0, "highlights": 2, "paragraphs": 2},
    ),
    Case("dot bullets", "Buy:\n• milk\n• eggs", {"bullets": 2, "paragraphs": ["Buy:"]}),
    Case("task list", "- [ ] a\n- [x] b", {"bullets": 2, "placeholders": 0}),
    Case("bullet in quote", "> - a\n> - b", {"bullets": 2}),
    Case("loose list", "- a\n\n- b\n\n  more b", {"bullets": 2, "paragraphs": 0, "sentence_count": 3}),
    Case("headings", "# A\n\n## B\ntext\n\n### C ###", {"headings": 3, "paragraphs": 1}),
    Case(
        "underlined heading",
        "Title\n=====\n\nSub\n---\ntext",
        {"headings": [{"level": 1, "text": "Title"}, {"level": 2, "text": "Sub"}]},
    ),
    Case("no heading", "#hashtag\n\n\\# not\n\n####### seven", {"headings": 0, "paragraphs": 3}),
    Case("heading in fence", "```\n# comment\n```", {"headings": 0, "code_blocks": 1, "sentence_count": 0}),
    Case("heading is no sentence", "# Answer\n\nOne. Two.", {"sentence_count": 2, "word_count": 3}),
    Case(
        "two fences",
        "```py\nx=1\n```\n\n```js\ny\n```",
        {"code_blocks": [{"language": "py", "code": "x=1\n"}, {"language": "js", "code": "y\n"}]},
    ),
    Case(
        "fence in fence",
        "````md\n```\na\n```\n````",
        {"code_blocks": [{"language": "md", "code": "```\na\n```\n"}]},
    ),
    Case("fence in item", "- a\n  ```\n  - b\n  ```\n- c", {"bullets": 2, "code_blocks": 1}),
    Case(
        "inline code",
        "Use `- a` and ``x`y``.",
        {"bullets": 0, "code_blocks": 0, "plain_text": "Use - a and x`y."},
    ),
    Case(
        "blank line in fence", "a\n\n```\nb\n\nc\n```\n\nd", {"blocks": 3, "paragraphs": 2, "code_blocks": 1}
    ),
    Case(
        "table",
        "|a|b|\n|-|-|\n|1|2|\n|3|4|",
        {"tables": [{"header": ["a", "b"], "rows": [["1", "2"], ["3", "4"]]}], "bullets": 0},
    ),
    Case("table without edges", "a | b\n--- | ---\n1 | 2", {"tables": 1, "paragraphs": 0}),
    Case("pipe is no table", "a | b\nc | d", {"tables": 0, "paragraphs": 1}),
    Case("table in fence", "```\n|a|\n|-|\n```", {"tables": 0}),
    Case("two tables", "|a|\n|-|\n|1|\n\ntext\n\n|b|\n|-|", {"tables": 2, "paragraphs": 1}),
    Case(
        "links",
        "[a](u) and ![i](v) and <https://x.org>",
        {"links": [{"text": "a", "url": "u"}, {"text": "https://x.org", "url": "https://x.org"}]},
    ),
    Case(
        "reference link",
        "[a][r]\n\n[r]: http://u.org",
        {"links": [{"text": "a", "url": "http://u.org"}], "paragraphs": 1},
    ),
    Case(
        "highlights",
        "*a* and **b c** and _d_",
        {
            "highlights": [
                {"text": "a", "kind": "italic"},
                {"text": "b c", "kind": "bold"},
                {"text": "d", "kind": "italic"},
            ]
        },
    ),
    Case("both", "***x***", {"highlights": 2}),
    Case("star times", "2 * 3 * 4 and snake_case_name", {"highlights": 0}),
    Case("escaped stars", "\\*no\\*", {"highlights": 0, "plain_text": "*no*"}),
    Case("quote paragraph", "> said\n> so\n\nmine", {"paragraphs": 2}),
    Case("plain of markup", "# T\n\n- **a** [b](u)\n\n```\nc\n```", {"plain_text": "T\na b"}),
)

HTML = (
    Case(
        "paragraph tags",
        "<p>One. Two.</p>\n<p>Three.</p>",
        {"paragraphs": ["One. Two.", "Three."], "sentence_count": 3},
    ),
    Case(
        "inline tags", "a <b>bold</b> word", {"plain_text": "a bold word", "paragraphs": 1, "word_count": 5}
    ),
    Case(
        "script", "<script>\nalert('- a');\n</script>", {"bullets": 0, "sentence_count": 0, "plain_text": ""}
    ),
    Case("comment", "<!-- one. two. -->\n\ntext", {"sentence_count": 1, "paragraphs": ["text"]}),
    Case("div list", "<div>\n- a\n- b\n</div>", {"bullets": 0}),
    Case("less than", "1 < 2 and 3 > 2", {"word_count": 5, "plain_text": "1 < 2 and 3 > 2"}),
    Case("entity", "a &amp; b", {"plain_text": "a & b"}),
    Case("break", "a<br>b", {"plain_text": "a\nb"}),
)

STRUCTURED = (
    Case(
        "object",
        '{"a": 1, "b": [2]}',
        {"is_json": True, "json_keys": ["a", "b"], ("json_keys", True): ["a", "b"]},
    ),
    Case(
        "fenced object",
        '```json\n{"a": {"b": 1}}\n```',
        {"is_json": True, ("is_json", False): False, ("json_keys", True): ["a", "a.b"]},
    ),
    Case(
        "talk around", 'Here: {"a": 1}', {"is_json": False, "json_keys": [], ("json_missing", ("a",)): ["a"]}
    ),
    Case("not a number", '{"a": NaN}', {"is_json": False}),
    Case("trailing comma", "[1,]", {"is_json": False}),
    Case(
        "missing keys", '{"a": {"b": [5]}}', {("json_missing", ("a", "a.b.0", "a.b.1", "c")): ["a.b.1", "c"]}
    ),
    Case("scalar", "3", {"is_json": True, "json_keys": []}),
    Case("list of objects", '[{"k": 1}, {"k": 2}]', {("json_keys", True): ["0.k", "1.k"], "json_keys": []}),
    Case("too deep", "[" * 100_000, {"is_json": False, "json_keys": [], "placeholders": 0, "bullets": 0}),
)

EDGES = (
    Case(
        "empty",
        "",
        {
            **dict.fromkeys(
                ("word_count", "sentence_count", "grapheme_count", "lines", "blocks", "paragraphs"), 0
            ),
            **dict.fromkeys(
                ("bullets", "numbered_items", "headings", "code_blocks", "tables", "links", "quotes"), 0
            ),
            **dict.fromkeys(
                ("is_quoted", "is_upper", "is_lower", "is_title_case", "is_json", "two_responses"), False
            ),
            "first_word": "",
            "postscript": None,
            ("keyword_count", "a"): 0,
            ("letter_count", "a"): 0,
        },
    ),
    Case(
        "blank", " \n\t\n ", {"word_count": 0, "sentence_count": 0, "lines": 0, "blocks": 0, "paragraphs": 0}
    ),
    Case("punctuation only", "... !!! ???", {"word_count": 0, "sentence_count": 0}),
    Case("lone surrogate", "a \ud800 b.", {"word_count": 2, "sentence_count": 1, "grapheme_count": 6}),
    Case("null character", "a\x00b", {"grapheme_count": 3, "lines": 1}),
    Case(
        "megabyte of words",
        "word " * 200_000,
        {"word_count": 200_000, "paragraphs": 1, "sentence_count": 1, "lines": 1},
    ),
    Case(
        "megabyte of sentences",
        "One is here. " * 80_000,
        {"sentence_count": 80_000, ("keyword_count", "one"): 80_000},
    ),
    Case("megabyte of bullets", "- item\n" * 140_000, {"bullets": 140_000, "numbered_items": 0}),
    Case("megabyte of han", "好。" * 160_000, {"word_count": 160_000, "sentence_count": 160_000}),
    Case(
        "megabyte of paragraphs",
        "abc\n\n" * 200_000,
        {"paragraphs": 200_000, "blocks": 200_000, "lines": 200_000},
    ),
)

CASES = LATIN + SCRIPTS + EMOJI + MARKDOWN + HTML + STRUCTURED + EDGES
