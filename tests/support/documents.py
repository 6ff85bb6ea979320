"""Reading our documents as a reader who follows them: blocks of code, commands, links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyromark

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = ("skillbench", "skillc", "skillrl")


@dataclass(frozen=True)
class Block:
    """A block of code: the word after its fence (empty where there is none), and the heading above it.

    ``mark`` is what a comment right before it says: ``file PATH`` or ``edit PATH``; empty without one.
    """

    kind: str
    text: str
    section: str
    mark: str = ""


@dataclass(frozen=True)
class Document:
    """What a test needs of a document. ``anchors`` are its headings as links name them."""

    path: Path
    blocks: tuple[Block, ...]
    inline: tuple[str, ...]
    links: tuple[str, ...]
    anchors: frozenset[str]

    def of_kind(self, kind: str, section: str | None = None) -> list[str]:
        """The texts of the blocks of a kind, in their order; of one section alone where it is named."""
        return [one.text for one in self.blocks if one.kind == kind and section in (None, one.section)]


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def read_document(path: Path) -> Document:
    """Read a Markdown file."""
    blocks: list[Block] = []
    inline: list[str] = []
    links: list[str] = []
    headings: list[str] = []
    kind = mark = ""
    collected: list[str] = []
    for event in pyromark.events(path.read_text("utf-8"), options=pyromark.Options.ENABLE_TABLES):
        match event:
            case {"Start": {"CodeBlock": block}}:
                kind, collected = block["Fenced"] if isinstance(block, dict) else "", []
            case {"End": "CodeBlock"}:
                blocks.append(Block(kind, "".join(collected), headings[-1] if headings else "", mark))
                mark = ""
            case {"Html": comment} if comment.startswith(("<!-- file ", "<!-- edit ")):
                mark = comment.strip().removeprefix("<!-- ").removesuffix(" -->")
            case {"Start": {"Heading": _}}:
                collected = []
            case {"End": {"Heading": _}}:
                headings.append("".join(collected))
            case {"Start": {"Link": link}}:
                links.append(link["dest_url"])
            case {"Code": text}:
                inline.append(text)
                collected.append(text)
            case {"Text": text}:
                collected.append(text)
    return Document(path, tuple(blocks), tuple(inline), tuple(links), frozenset(map(_anchor, headings)))


def commands(script: str) -> Iterator[list[str]]:
    """Yield the words of each of our commands in a script: continued lines joined, comments left out."""
    for line in script.replace("\\\n", " ").splitlines():
        words = _words(line)
        if words and words[0] in PROGRAMS:
            yield words


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:  # prose, or a quotation that goes over several lines
        return []
    stop = next((n for n, word in enumerate(words) if word in ("|", ">", "&&", ";")), len(words))
    return words[:stop]
