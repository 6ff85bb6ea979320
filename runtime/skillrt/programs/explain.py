"""What a judge would be sent, as text for a person, with sizes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from skillrt.programs.program import Program
from skillrt.programs.view import make_view

__all__ = ["estimated_tokens", "explanation"]

_CHARS_PER_TOKEN = 4


def estimated_tokens(text: str) -> str:
    """Return how many tokens a text may have, as words; a rule of thumb for English."""
    return f"about {-(-len(text) // _CHARS_PER_TOKEN)} tokens"


def explanation(
    program: Program, sample: Mapping[str, Any], tokens: Callable[[str], str] = estimated_tokens
) -> str:
    """Return the opening messages, the tools and what ``use_skill`` answers, each with its size.

    Args:
        program: the link.
        sample: field name to value.
        tokens: says how many tokens a text has.

    Raises:
        skillrt.programs.view.SampleError: the sample does not fit the task.
    """

    def size(text: str) -> str:
        return f"{len(text)} characters, {tokens(text)}"

    view = make_view(program.task, program.link, sample)
    request = program.first_request(view)
    sent: list[str] = []
    parts = [f"link {program.link.id}"]
    for message in request.messages:
        parts.append(f"===== {message['role']} ({size(message['content'])})\n{message['content']}")
        sent.append(message["content"])
    for tool in request.tools:
        schema = json.dumps(tool, ensure_ascii=False, separators=(",", ":"))
        parts.append(f"===== tool {tool['function']['name']} ({size(schema)})\n{schema}")
        sent.append(schema)
    parts.append(f"===== total sent ({size(''.join(sent))})")
    if program.link.loaded:
        loaded = program.loaded_text(view, {})
        parts.append(f"===== returned by use_skill ({size(loaded)})\n{loaded}")
    return "\n\n".join(parts)
