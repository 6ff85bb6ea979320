"""The constraint helpers by name, for the sandboxes and for the text that tells a judge what it may call."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from skillrt.constraints import language, markdown, pure, segments, structured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Helper:
    """One helper: a total function from text (and plain arguments) to a JSON value.

    A pure one can be handed to an interpreter as source (``pure_source``); any other needs a library and must
    stay a host function: its time is linear in the text, and it takes no pattern of the caller's.
    """

    name: str
    function: Callable[..., Any]
    pure: bool

    @property
    def signature(self) -> str:
        """One line for a tool text: ``letter_count(text, letter, ignore_case=True) -> int``."""
        shape = inspect.signature(self.function)
        arguments = ", ".join(
            name if given.default is given.empty else f"{name}={given.default!r}"
            for name, given in shape.parameters.items()
        )
        result = shape.return_annotation
        spelled = result if isinstance(result, str) else getattr(result, "__name__", str(result))
        head = spelled.partition("[")[0]  # "list", not "list[dict[str, ...]]": the summary says of what
        return f"{self.name}({arguments}) -> {spelled if '|' in head else head}"

    @property
    def summary(self) -> str:
        """The first sentence of what the function says about itself."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]


_PURE: Final = (
    pure.lines,
    pure.blocks,
    pure.parts,
    pure.two_responses,
    pure.letter_count,
    pure.char_count,
    pure.numbers,
    pure.nesting_depth,
    pure.capital_words,
    pure.is_upper,
    pure.is_lower,
    pure.is_title_case,
    pure.starts_with,
    pure.ends_with,
    pure.repeats_prompt,
    pure.is_quoted,
    pure.quotes,
    pure.postscript,
    pure.sections,
    pure.placeholders,
    pure.titles,
    pure.keyword_count,
    pure.keyword_counts,
    pure.missing_keywords,
    pure.found_keywords,
)
_HOSTED: Final = (
    segments.words,
    segments.word_count,
    segments.first_word,
    segments.last_word,
    segments.sentences,
    segments.sentence_count,
    segments.repeated_words,
    segments.emojis,
    segments.graphemes,
    segments.grapheme_count,
    markdown.paragraphs,
    markdown.bullets,
    markdown.numbered_items,
    markdown.headings,
    markdown.code_blocks,
    markdown.tables,
    markdown.links,
    markdown.highlights,
    markdown.plain_text,
    structured.is_json,
    structured.json_report,
    structured.json_keys,
    structured.json_missing,
    language.language,
    language.is_language,
)

HELPERS: Final[Mapping[str, Helper]] = MappingProxyType(
    {function.__name__: Helper(function.__name__, function, True) for function in _PURE}
    | {function.__name__: Helper(function.__name__, function, False) for function in _HOSTED}
)
"""All helpers by name, the pure ones first."""


@lru_cache(maxsize=1)
def _pieces() -> tuple[str, dict[str, tuple[str, frozenset[str]]]]:
    """Return the imports of ``pure``, and the source and the used names of each of its names."""
    source = inspect.getsource(pure)
    imports: list[str] = []
    pieces: dict[str, tuple[str, frozenset[str]]] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import):
            imports.append(ast.unparse(node))
        elif isinstance(node, ast.FunctionDef | ast.Assign):
            name = node.name if isinstance(node, ast.FunctionDef) else ast.unparse(node.targets[0])
            uses = frozenset(inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)) - {name}
            pieces[name] = (ast.unparse(_without_docs(node)), uses)
    return "\n".join(imports) + "\n", pieces


def _without_docs(node: ast.FunctionDef | ast.Assign) -> ast.FunctionDef | ast.Assign:
    if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
        node.body = node.body[1:]
    return node


def pure_source(names: Iterable[str]) -> str:
    """Source that defines the named pure helpers and whatever of ``pure`` they need, in its order.

    ValueError for a name that is no pure helper. The source imports ``re`` and ``unicodedata`` and nothing
    else.
    """
    imports, pieces = _pieces()
    needed: set[str] = set()
    waiting = list(names)
    for name in waiting:
        if name not in HELPERS or not HELPERS[name].pure:
            raise ValueError(f"{name!r} is not a pure helper")
    while waiting:
        name = waiting.pop()
        if name in pieces and name not in needed:
            needed.add(name)
            waiting.extend(pieces[name][1])
    return imports + "\n".join(text for name, (text, _) in pieces.items() if name in needed) + "\n"
