"""Source text to tokens: maximal munch, with comments and line ends kept.

Lexing never fails: what is wrong is reported and becomes a token of kind ``BAD``, and the item that
holds it is not parsed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from skillc.diagnostics import Report
from skillc.source import MAX_TEXT_CHARS, MAX_TOKENS, SourceFile, Span

__all__ = ["Token", "lex", "too_long"]


@dataclass(frozen=True, slots=True)
class Token:
    """A token. ``value`` is what it means: a text without quotes, a word, digits."""

    kind: str
    value: str
    span: Span


_TOKEN = re.compile(
    r"""
    (?P<SPACE>[ \t]+)
  | (?P<NEWLINE>\n)
  | (?P<COMMENT>\#[^\n]*)
  | (?P<LONG>\"{3}|'{3})
  | (?P<SINGLE>'[^'\n]*'?)
  | (?P<STRING>"(?:[^"\\\n]|\\[^\n])*"?)
  | (?P<REGEX>/(?:[^/\\\n]|\\[^\n])*/[A-Za-z]*)
  | (?P<NUMBER>[0-9]+(?:\.[0-9]+)?[A-Za-z_0-9]*)
  | (?P<WORD>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<PUNCT>\.\.|\.\*|!=|<=|>=|[{}\[\]():,.=<>|+\-*?])
""",
    re.VERBOSE,
)
_INT = re.compile(r"[0-9]+\Z")
_FLOAT = re.compile(r"[0-9]+\.[0-9]+\Z")
_DURATION = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:ms|s|min)\Z")
_ITEM_HEAD = re.compile(r"[ \t]+[a-z_]+(?:[ \t]+[a-z_]+){0,3}[ \t]+\Z")
_MAX_DIGITS = 15


def lex(source: SourceFile, report: Report) -> list[Token]:
    """Return the tokens of ``source``, without spaces; the last one is ``END``."""
    tokens: list[Token] = []
    text, position = source.text, 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            position = _bad_characters(source, position, tokens, report)
            continue
        kind, end = str(match.lastgroup), match.end()
        if kind == "LONG":
            token, end = _long(source, position, match[0], report)
            tokens.append(token)
        elif kind != "SPACE":
            tokens.append(_simple(kind, match[0], Span(source, position, end), report))
        position = end
        if len(tokens) > MAX_TOKENS:
            message = f"the file has more words and signs than {MAX_TOKENS:,}"
            report.file_error("SK003", source.path, message, "split it")
            del tokens[2:]  # What is left is `language 1`: nothing else is said of such a file.
            break
    tokens.append(Token("END", "", Span(source, len(text), len(text))))
    return tokens


def _bad_characters(source: SourceFile, position: int, tokens: list[Token], report: Report) -> int:
    text, end = source.text, position + 1
    while end < len(text) and text[end] != "\n" and _TOKEN.match(text, end) is None:
        end += 1
    span = Span(source, position, end)
    shown = text[position:end]
    message = f"{_visible(shown)} is no part of the language"
    if shown == "/":
        message = "this regular expression has no closing `/` on its line"
        end = text.find("\n", position) if "\n" in text[position:] else len(text)
    report.error("SK103", span, message, 'texts stand in "...", """...""" or \'\'\'...\'\'\'')
    tokens.append(Token("BAD", shown, span))
    return end


def _visible(text: str) -> str:
    if text.isprintable():
        return f"`{text}`"
    return "the character " + ", ".join(f"U+{ord(char):04X}" for char in text[:4])


def _simple(kind: str, text: str, span: Span, report: Report) -> Token:
    match kind:
        case "SINGLE":
            help = 'texts stand in "...", or in triple quotes'
            report.error("SK103", span, "texts do not stand in single quotes", help)
            return Token("BAD", text, span)
        case "STRING":
            return _string(text, span, report)
        case "NUMBER":
            return _number(text, span, report)
    return Token(kind, text, span)


def _number(text: str, span: Span, report: Report) -> Token:
    for kind, pattern in (("INT", _INT), ("FLOAT", _FLOAT), ("DURATION", _DURATION)):
        if pattern.match(text):
            if len(text) > _MAX_DIGITS:
                report.error("SK108", span, "this number is too long", f"use at most {_MAX_DIGITS} digits")
                return Token("BAD", text, span)
            return Token(kind, text, span)
    digits = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") or text
    report.error(
        "SK108",
        span,
        f"`{text}` is neither a number nor a name",
        f"durations are glued (`3s`, `250ms`, `2min`), other quantities spaced (`{digits} chars`)",
    )
    return Token("BAD", text, span)


def _string(text: str, span: Span, report: Report) -> Token:
    if len(text) < 2 or not text.endswith('"') or _ends_escaped(text):
        report.error(
            "SK102",
            span,
            "this text has no closing quote on its line",
            'close it, or use """...""" for several lines',
        )
        return Token("BAD", text, span)
    try:
        value = json.loads(text)
        value.encode()
    except (ValueError, UnicodeEncodeError):
        bad = re.search(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4}).?|[\x00-\x1f]|\\u[dD][89a-fA-F]', text)
        where = span.within(bad.start(), bad.end()) if bad else span
        report.error(
            "SK106",
            where,
            f"{_visible(where.text)} cannot stand in a quoted text",
            r'escapes are those of JSON (\n \t \" \\ \u0041); in """...""" a backslash is just that',
        )
        return Token("BAD", text, span)
    too_big = too_long(value, span.within(0, 1), report)
    return Token("BAD" if too_big else "STRING", value, span)


def too_long(text: str, span: Span, report: Report) -> bool:
    """Report a text that is longer than one may be."""
    if len(text) > MAX_TEXT_CHARS:
        message = f"this text has {len(text):,} characters; {MAX_TEXT_CHARS:,} is the most"
        report.error("SK007", span, message, "split it into several resources")
    return len(text) > MAX_TEXT_CHARS


def _ends_escaped(text: str) -> bool:
    body = text[1:-1]
    return (len(body) - len(body.rstrip("\\"))) % 2 == 1


def _long(source: SourceFile, start: int, quotes: str, report: Report) -> tuple[Token, int]:
    close = source.text.find(quotes, start + 3)
    if close >= 0 and _opens_another(source, start, close, quotes):
        line = source.position(close)[0]
        report.error(
            "SK102",
            Span(source, start, start + 3),
            f"this text is not closed before the next one begins, on line {line}",
            f"end it with {quotes}",
        )
        return Token("BAD", quotes, Span(source, start, start + 3)), source.line_starts[line - 1] - 1
    if close < 0:
        span = Span(source, start, start + 3)
        report.error(
            "SK102", span, f"this text is never closed: there is no second {quotes}", f"end it with {quotes}"
        )
        return Token("BAD", "", span), len(source.text)
    # The last three of a run of quotes close: a text may end in a quote.
    while source.text[close + 3 : close + 4] == quotes[0]:
        close += 1
    span = Span(source, start, close + 3)
    value = _dedent(span, source.text[start + 3 : close], report)
    if value is not None and too_long(value, Span(source, start, start + 3), report):
        value = None
    return Token("BAD" if value is None else "LONG", value or "", span), close + 3


def _opens_another(source: SourceFile, start: int, close: int, quotes: str) -> bool:
    """Tell whether the quotes at ``close`` look like the beginning of another text.

    Asked only where the quotes of the file do not come in pairs, so that a text is never misread.
    """
    if quotes not in source.odd_quotes or "\n" not in source.text[start:close]:
        return False
    line = source.text[source.text.rfind("\n", 0, close) + 1 : close]
    return _ITEM_HEAD.match(line) is not None


def _dedent(span: Span, raw: str, report: Report) -> str | None:
    """Take the closing line's indentation from every line; None when a line has less of it."""
    lines = raw.split("\n")
    if len(lines) == 1:
        return raw
    last = lines[-1]
    margin = last[: len(last) - len(last.lstrip(" \t"))]
    out, offset = [lines[0]], 3 + len(lines[0]) + 1
    for line in lines[1:]:
        if line.startswith(margin):
            out.append(line[len(margin) :] if line.strip() else "")
        elif not line.strip():
            out.append("")
        else:
            indent = len(line) - len(line.lstrip(" \t"))
            report.error(
                "SK107",
                span.within(offset + indent, offset + max(len(line), indent + 1)),
                "this line is indented less than the line that closes its text",
                "indent it as far as the closing quotes at least: that much is taken from every line",
            )
            return None
        offset += len(line) + 1
    if not out[0].strip():
        out = out[1:]
    if out and not last.strip():
        out = out[:-1]
    return "\n".join(out)
