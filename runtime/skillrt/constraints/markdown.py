"""What a Markdown text is made of: list items, headings, code, tables, links, emphasis, paragraphs.

Parsed by pyromark (pulldown-cmark: CommonMark and GFM tables, in linear time). markdown-it-py reads the
same language but takes up to 0.7 s for 100 kB of short lines or brackets, which a host function that
serves untrusted text cannot. Two habits of chat models that Markdown does not know are read as well,
line by line inside a paragraph: bullets such as "•" and numbers such as "1、", "（1）", "①".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, Final

from skillrt.constraints.pure import check_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_BULLET: Final = re.compile(r"[•◦‣▪▫●○■□·∙➤►▶]\s*(?=\S)")
_NUMBER: Final = re.compile(
    r"(?:[（(]([0-9]{1,3})[)）]|([0-9]{1,3})[、．]|([①-⑳])|([一二三四五六七八九十]{1,3})、)\s*(?=\S)"
)
_CIRCLED, _CHINESE = 3, 4  # groups of _NUMBER
_LOOSE_MARKS: Final = frozenset("•◦‣▪▫●○■□·∙➤►▶（(、．①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳")
_SPANS: Final = frozenset(("Emphasis", "Strong", "Link", "Image"))
_MARKER: Final = r"(?:>|[-+*][ \t]|[0-9]{1,9}[.)][ \t])[ \t]{0,3}"
_DEEP: Final = re.compile(rf"(?m)^((?:{_MARKER}){{100}})(?:{_MARKER})++")
"""A line that opens more than 100 quotes and lists at once; what is deeper is cut off."""
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>|<[!?][^<>]*>")
_BREAK_TAG: Final = re.compile(
    r"</?(?:p|div|li|ul|ol|h[1-6]|tr|td|th|table|section|article|br|hr)\b[^<>]*>", re.I
)
_HTML_PARAGRAPH: Final = re.compile(r"<p(?:\s[^<>]*)?>", re.I)
_HTML_CODE: Final = re.compile(r"<(?=(?:script|style|pre)\b)", re.I)


Item = tuple[str, int, int | None]
"""One list item: its own first text, its depth (1 = outermost), its number (None for a bullet)."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table: the cells of its head and of its rows, as plain text."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What one text is made of, each kind in the order of the text."""

    items: tuple[Item, ...]
    headings: tuple[tuple[int, str], ...]
    code: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    links: tuple[tuple[str, str], ...]
    highlights: tuple[tuple[str, str], ...]
    paragraphs: tuple[str, ...]
    prose: tuple[str, ...]
    """Paragraphs and list items: what has sentences."""
    texts: tuple[str, ...]
    """All of the text without markup, code blocks left out."""


def clean(text: str) -> str:
    """The text without lone surrogates (each becomes U+FFFD), which no library in native code takes."""
    if check_text(text).isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def html_text(html: str) -> str:
    """The text of a piece of HTML: comments and tags gone, block tags as line breaks."""
    kept: list[str] = []
    place = 0
    while (start := html.find("<!--", place)) >= 0 and (end := html.find("-->", start + 4)) >= 0:
        kept.append(html[place:start])
        place = end + 3
    kept.append(html[place:])
    return _TAG.sub("", _BREAK_TAG.sub("\n", "".join(kept))).strip()


@lru_cache(maxsize=128)
def chinese_number(digits: str) -> int:
    """一 to 九十九 as a number."""
    tens, ten, ones = digits.partition("十")
    value = int(unicodedata.numeric(tens[0])) if tens else 1
    if not ten:
        return value
    return 10 * value + (int(unicodedata.numeric(ones[0])) if ones else 0)


def _named(value: Any) -> tuple[str, Any]:
    """The kind and the details of an element: "TableRow" or {"List": 1}."""
    if type(value) is str:
        return value, None
    [(kind, detail)] = value.items()
    return kind, detail


class _Reader:
    """Collects a Document from the events of one text."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.headings: list[tuple[int, str]] = []
        self.code: list[tuple[str, str]] = []
        self.tables: list[Table] = []
        self.links: list[tuple[str, str]] = []
        self.highlights: list[tuple[str, str]] = []
        self.paragraphs: list[str] = []
        self.prose: list[str] = []
        self.texts: list[str] = []
        self.buffer: list[str] = []
        self.numbers: list[int | None] = []  # for each open list: the next number, None for bullets
        self.open: list[int] = []  # for each open item: its place in items
        self.spans: dict[str, list[int]] = {}  # inline kind -> how many are open, where the outermost began
        self.url = ""
        self.image = 0
        self.language = ""
        self.cells: list[str] = []
        self.rows: list[tuple[str, ...]] = []

    def read(self, events: Iterable[Any]) -> Document:
        """Hostile texts have 100,000 events in 100 kB, so this loop is kept short."""
        buffer, starts, ends = self.buffer, self.starts(), self.ends()
        for event in events:
            if type(event) is str:
                if event in ("SoftBreak", "HardBreak"):
                    buffer.append("\n")
            elif (value := event.get("Text")) is not None:
                buffer.append(value)
            elif (value := event.get("Start")) is not None:
                if value == "Item":
                    if buffer:
                        self.take_item_text()
                    self.start_item()
                elif buffer or (value != "Paragraph" and "Heading" not in value):
                    self.start(value, starts)
            elif (value := event.get("End")) is not None:
                if value == "Item":
                    self.end_item()
                elif value == "Paragraph":
                    self.end_paragraph()
                elif "Heading" in value:
                    self.end_heading(value["Heading"])
                else:
                    kind, detail = _named(value)
                    if kind in ends:
                        ends[kind](detail)
            else:
                self.inline(*_named(event))
        return Document(
            tuple(self.items),
            tuple(self.headings),
            tuple(self.code),
            tuple(self.tables),
            tuple(self.links),
            tuple(self.highlights),
            tuple(self.paragraphs),
            tuple(self.prose),
            tuple(self.texts),
        )

    def start(self, value: Any, starts: Mapping[str, Callable[[Any], None]]) -> None:
        kind, detail = _named(value)
        if self.buffer and kind not in _SPANS:
            self.take_item_text()
        if kind in starts:
            starts[kind](detail)

    def inline(self, kind: str, value: Any) -> None:
        if kind in ("Code", "Html"):
            self.buffer.append(value)
        elif kind == "InlineHtml" and value[:3].lower() == "<br":
            self.buffer.append("\n")

    def starts(self) -> dict[str, Callable[[Any], None]]:
        spans = {kind: partial(self.open_span, kind) for kind in _SPANS}
        blocks = {"CodeBlock": self.start_code, "Table": self.start_table}
        return {"List": self.numbers.append, **blocks, **spans}

    def ends(self) -> dict[str, Callable[[Any], None]]:
        return {
            "List": self.end_list,
            "CodeBlock": self.end_code,
            "HtmlBlock": self.end_html,
            "TableCell": lambda _: self.cells.append(self.take()),
            "TableHead": self.end_row,
            "TableRow": self.end_row,
            "Table": self.end_table,
            **{kind: partial(self.close_span, kind) for kind in _SPANS},
        }

    def start_item(self) -> None:
        number = self.numbers[-1]
        if number is not None:
            self.numbers[-1] = number + 1
        self.open.append(len(self.items))
        self.items.append(("", len(self.numbers), number))

    def end_item(self) -> None:
        place = self.open.pop()
        if self.buffer and (text := self.take()):
            self.texts.append(text)
            self.prose.append(text)
            if not self.items[place][0]:
                self.items[place] = (text, len(self.numbers), self.items[place][2])

    def end_list(self, _: Any) -> None:
        self.numbers.pop()

    def start_code(self, detail: Any) -> None:
        self.language = detail["Fenced"] if isinstance(detail, dict) else ""

    def end_code(self, _: Any) -> None:
        info = self.language.split()
        self.code.append((info[0] if info else "", "".join(self.buffer)))
        self.buffer.clear()

    def start_table(self, _: Any) -> None:
        self.rows = []

    def end_row(self, _: Any) -> None:
        self.texts.append("\t".join(self.cells))
        self.rows.append(tuple(self.cells))
        self.cells = []

    def end_table(self, _: Any) -> None:
        self.tables.append(Table(self.rows[0] if self.rows else (), tuple(self.rows[1:])))

    def end_heading(self, level: str) -> None:
        title = self.take()
        self.headings.append((int(level[1:]), title))
        self.texts.append(title)

    def open_span(self, kind: str, detail: Any) -> None:
        state = self.spans.setdefault(kind, [0, 0])
        if state[0] == 0:  # nested ones of a kind are part of the outermost: joining each would be quadratic
            state[1] = len(self.buffer)
            if kind == "Link":
                self.url = detail["dest_url"]
        state[0] += 1

    def close_span(self, kind: str, _: Any) -> None:
        state = self.spans[kind]
        state[0] -= 1
        if state[0]:
            return
        text = " ".join("".join(self.buffer[state[1] :]).split())
        if kind == "Link":
            self.links.append((text, self.url))
        elif kind != "Image":
            self.highlights.append((text, "bold" if kind == "Strong" else "italic"))

    def take(self) -> str:
        buffer = self.buffer
        text = buffer[0].strip() if len(buffer) == 1 else "".join(buffer).strip()
        buffer.clear()
        return text

    def take_item_text(self) -> None:
        """What was read directly inside an item (a tight list has no paragraphs) is the item's text."""
        if self.buffer:
            self.add_prose(self.take(), in_list=True)

    def add_prose(self, text: str, in_list: bool) -> None:
        if not text:
            return
        self.texts.append(text)
        self.prose.append(text)
        if not in_list:
            self.paragraphs.append(text)
        elif self.open and not self.items[self.open[-1]][0]:
            place = self.open[-1]
            self.items[place] = (text, *self.items[place][1:])

    def end_paragraph(self) -> None:
        text, in_list = self.take(), bool(self.open)
        if _LOOSE_MARKS.isdisjoint(text):
            self.add_prose(text, in_list)
            return
        plain: list[str] = []
        for line in text.split("\n"):
            item = loose_item(line.strip(), len(self.numbers) + 1)
            if item is None:
                plain.append(line)
                continue
            if plain:
                self.add_prose("\n".join(plain).strip(), in_list)
                plain = []
            self.items.append(item)
            self.texts.append(item[0])
            self.prose.append(item[0])
        self.add_prose("\n".join(plain).strip(), in_list)

    def end_html(self, _: Any) -> None:
        html = "".join(self.buffer)
        self.buffer.clear()
        if _HTML_CODE.match(html.lstrip()):
            return
        pieces = _HTML_PARAGRAPH.split(html)[1:]
        self.paragraphs.extend(piece for piece in map(html_text, pieces) if piece)
        texts = [line.strip() for line in html_text(html).split("\n") if line.strip()]
        self.texts.extend(texts)
        self.prose.extend(texts)


def loose_item(line: str, depth: int) -> Item | None:
    """The list item that a line is by its "•" or "1、"; None for any other line."""
    if bullet := _BULLET.match(line):
        return line[bullet.end() :], depth, None
    if (number := _NUMBER.match(line)) is None:
        return None
    kind = number.lastindex or 0
    digits = number[kind]
    if kind == _CHINESE:
        return line[number.end() :], depth, chinese_number(digits)
    return line[number.end() :], depth, int(unicodedata.numeric(digits) if kind == _CIRCLED else int(digits))


@lru_cache(maxsize=4)
def _read(text: str) -> Document:
    import pyromark

    options = pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_TASKLISTS
    return _Reader().read(pyromark.events(_DEEP.sub(r"\1", text), options=options))


def read_markdown(text: str) -> Document:
    """Parse a text, or give what the last call for it gave: a judge asks several questions about one text."""
    return _read(clean(text))


def bullets(text: str) -> list[dict[str, str | int]]:
    """The bulleted list items: {"text", "depth"}, depth 1 outermost. A dash inside code is none."""
    items = read_markdown(text).items
    return [{"text": item, "depth": depth} for item, depth, number in items if number is None]


def numbered_items(text: str) -> list[dict[str, str | int]]:
    """The numbered list items: {"number", "text", "depth"}; the number is the one a reader sees rendered."""
    items = read_markdown(text).items
    return [{"number": n, "text": item, "depth": depth} for item, depth, n in items if n is not None]


def headings(text: str) -> list[dict[str, str | int]]:
    """The headings, # and underlined: {"level" (1 to 6), "text"}."""
    return [{"level": level, "text": title} for level, title in read_markdown(text).headings]


def code_blocks(text: str) -> list[dict[str, str]]:
    """The code blocks, fenced and indented: {"language" ("" when not said), "code"}."""
    return [{"language": language, "code": code} for language, code in read_markdown(text).code]


def tables(text: str) -> list[dict[str, list[str] | list[list[str]]]]:
    """The tables: {"header": cells, "rows": list of cells}, cells as plain text."""
    parsed = read_markdown(text).tables
    return [{"header": list(table.header), "rows": [list(row) for row in table.rows]} for table in parsed]


def links(text: str) -> list[dict[str, str]]:
    """The links (not images, not bare addresses): {"text", "url"}."""
    return [{"text": label, "url": url} for label, url in read_markdown(text).links]


def highlights(text: str) -> list[dict[str, str]]:
    """The emphasised spans, *italic* and **bold**: {"text", "kind"}; ***both*** gives one of each kind."""
    return [{"text": span, "kind": kind} for span, kind in read_markdown(text).highlights]


def paragraphs(text: str) -> list[str]:
    """The paragraphs of prose, quoted ones too: no heading, list item, table, code block or dividing line.

    In HTML each <p> with text is one. For text that is divided otherwise see `blocks`, `lines` and `parts`.
    """
    return list(read_markdown(text).paragraphs)


def plain_text(text: str) -> str:
    """The text without Markdown and HTML markup and without code blocks, one block a line or more."""
    return "\n".join(read_markdown(text).texts)
