"""What a server's refusal means: read from its status, its code and its words, wherever they stand.

Servers put an error into the status, into a 200, or into one choice of a 200; as an object, a list or a
plain text; and name it by a number, a word or a sentence. All of them come to one ``EndpointFailure``.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from skillrt.endpoints.config import EndpointFailure, FailureKind

__all__ = ["error_of", "failure_of", "retry_after", "shown"]

_MOST_WORDS = 2000
_MOST_SHOWN = 300
_DEPTH = 6
_DAY_S = 86_400.0

_SPOKEN = ("message", "msg", "error", "errors", "detail", "details", "error_description", "reason", "title")
_NAMED = ("param", "loc", "code", "type", "error_type", "status", "object")
_STATUSES = {
    "authentication_error": 401,
    "bad_request": 400,
    "badrequesterror": 400,
    "billing_error": 402,
    "context_length_exceeded": 400,
    "exceed_context_size_error": 400,
    "insufficient_quota": 402,
    "internal_error": 500,
    "internal_server_error": 500,
    "invalid_argument": 400,
    "invalid_request_error": 400,
    "model_not_found": 404,
    "not_found": 404,
    "not_found_error": 404,
    "notfounderror": 404,
    "overloaded_error": 503,
    "permission_denied": 403,
    "permission_error": 403,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "resource_exhausted": 429,
    "server_error": 500,
    "service_unavailable": 503,
    "timeout": 408,
    "unavailable": 503,
    "validation": 422,
}
_OVERFLOWS = ("context_length_exceeded", "exceed_context_size_error", "context_window_exceeded",
              "model_max_prompt_tokens_exceeded", "prompt_too_long")  # fmt: skip
_NO_CREDIT = re.compile(r"exceeded your current quota|(?:insufficient|no) (?:balance|credits?|funds)", re.I)
_TRY_AGAIN = re.compile(r"(?:retry|try again) (?:in|after) (\d{1,6}(?:\.\d{1,9})?) ?(ms|s\b|sec)", re.I)
_RATE = re.compile(r"per[ _-]?(?:minute|hour|day)|\b[rt]p[mdh]\b|rate[ _-]?limit|quota", re.I)
_ABOUT_CONTEXT = re.compile(
    r"context[ _-](?:length|size|window|limit)"
    r"|\b(?:model|prompt|input|sequence)(?:'s)?(?: token)? (?:length|limit)\b"
    r"|\b(?:prompt|input|inputs|context|conversation|messages|request)\b[^.]{0,80}\btokens?\b"
    r"|\btokens?\b[^.]{0,80}\b(?:prompt|input|inputs|context|conversation|messages)\b"
    r"|\bprompt\b[^.]{0,40}\b(?:too long|length)\b|\binput (?:is|was) too (?:long|large)\b",
    re.I,
)
_ABOUT_EXCESS = re.compile(
    r"exceed|too (?:long|large|many|big)|longer than|larger than|more than|less than|fewer than|must be <"
    r"|at most|maximum|\bmax\b|limit|overflow|reduce the length|does not fit|should be \[|\d\s*>\s*\d"
    r"|\bkeep the first\b",
    re.I,
)
_SIZE = re.compile(r"\d{3}|too (?:long|large)|exceed", re.I)
_OTHER_BOUND = re.compile(
    r"logprobs|\bstring (?:is )?too long|logit_bias|\bstop\b[^.]{0,20}\bsequences?", re.I
)
_REFUSED_BY_500 = re.compile(
    r"invalid_request_error|badrequesterror|unsupportedparams|not[ _]implemented"
    r"|requires? (?:the )?--|--jinja",
    re.I,
)


def shown(text: str, most: int = _MOST_SHOWN) -> str:
    """Return a server's text on one line, cut, with visible characters alone."""
    line = " ".join(text.split())[:most]
    return "".join(char if char.isprintable() else "\ufffd" for char in line)


def failure_of(
    where: str, status: int, detail: Any, *, wait: float | None = None, inside: bool = False
) -> EndpointFailure:
    """Return the failure that an error is.

    Args:
        where: the server, for a person.
        status: of HTTP, or named by an error inside a 200.
        detail: the body, decoded from JSON, or its text.
        wait: the pause that the server asked for, in seconds.
        inside: the error stood in a 200.
    """
    parts = dict(_parts(detail))
    words = _spoken(detail)
    code = " ".join(str(parts.get(name, "")) for name in ("code", "type", "error_type")).lower()
    if wait is None and (told := _TRY_AGAIN.search(words)):
        wait = float(told[1]) / (1000 if told[2].lower() == "ms" else 1)
    kind = _kind(status, code, words, wait)
    said = shown(words) or "it gave no reason"
    named = f"error {status} inside a 200" if inside else f"HTTP {status}"
    match kind:
        case "context":
            problem = f"the conversation does not fit the model's context: {said}"
        case "refused":
            problem = f"{where} refused the request with {named}: {said}"
        case _:
            problem = f"{where} answered {named}: {said}"
    param = parts.get("param")
    return EndpointFailure(
        problem,
        kind,
        wait if kind == "busy" else None,
        status,
        f"{words} {code}".strip()[:_MOST_WORDS],
        param if isinstance(param, str) else "",
    )


def error_of(answer: Any) -> tuple[int, Any] | None:
    """Return status and text of an error that came in a 200, None where the answer has none.

    The status is 200 where the error names none that can be read.
    """
    if not isinstance(answer, Mapping):
        return None
    error = answer.get("error")
    if not error and answer.get("object") == "error":
        error = answer
    choices = answer.get("choices")
    if not error and isinstance(choices, list) and choices and isinstance(choices[0], Mapping):
        error = choices[0].get("error")
    if not error and not choices and isinstance(answer.get("detail"), str | list):
        error = answer["detail"]
    if not error:
        return None
    parts = dict(_parts(error))
    for name in ("code", "status", "status_code", "type", "error_type"):
        if status := _status(parts.get(name) or (answer.get(name) if not isinstance(answer, str) else None)):
            return status, error
    return 200, error


def retry_after(said: str | None) -> float | None:
    """Read Retry-After: seconds, or the date at which to come back; None where there is neither."""
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        seconds = float(said)  # type: ignore[arg-type]
        return min(max(0.0, seconds), _DAY_S) if seconds == seconds else None
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return min(max(0.0, parsedate_to_datetime(said).timestamp() - time.time()), _DAY_S)  # type: ignore[arg-type]
    return None


def _status(code: Any) -> int | None:
    text = str(code).strip().lower() if isinstance(code, int | str) and not isinstance(code, bool) else ""
    if text.isascii() and text.isdigit() and len(text) <= 6:
        number = int(text)
        while number > 599:  # 40303 is a 403 with more to it
            number //= 10
        return number if number >= 400 else None
    return _STATUSES.get(text)


def _kind(status: int, code: str, words: str, wait: float | None) -> FailureKind:
    if status == 429 and ("insufficient_quota" in code or (wait is None and _NO_CREDIT.search(words))):
        return "refused"  # what is spent does not come back by waiting
    if status in (429, 503, 529):
        return "busy"
    if _overflows(status, code, words):
        return "context"
    if status == 200:
        return "broken"
    if status == 501 or (status >= 500 and _REFUSED_BY_500.search(f"{code} {words}")):
        return "refused"
    return "down" if status >= 500 or status in (408, 409, 425) else "refused"


def _overflows(status: int, code: str, words: str) -> bool:
    """Tell whether the prompt was too long: by the code, or by words on a length and on a limit."""
    if any(name in code for name in _OVERFLOWS):
        return True
    if status not in (200, 400, 413, 422, 500) or _RATE.search(words) or _OTHER_BOUND.search(words):
        return False
    if status == 413:
        return True
    return all(pattern.search(words) for pattern in (_ABOUT_CONTEXT, _ABOUT_EXCESS, _SIZE))


def _parts(value: Any, depth: int = _DEPTH) -> Iterator[tuple[str, Any]]:
    """Yield what names the error, the innermost last: code, type, field."""
    if depth == 0:
        return
    if isinstance(value, str):
        if value.lstrip()[:1] in ("{", "["):
            with contextlib.suppress(ValueError, RecursionError):
                yield from _parts(json.loads(value), depth - 1)
    elif isinstance(value, list):
        for item in value[:8]:
            yield from _parts(item, depth - 1)
    elif isinstance(value, Mapping):
        for name in _NAMED:
            if isinstance(value.get(name), int | str):
                yield name, value[name]
        for name in _SPOKEN:
            yield from _parts(value.get(name), depth - 1)


def _spoken(detail: Any) -> str:
    said = list(dict.fromkeys(_sentences(detail)))
    if not said and detail and not isinstance(detail, str):
        said = [json.dumps(detail, ensure_ascii=False)]
    return " ".join(said)[:_MOST_WORDS]


def _sentences(value: Any, depth: int = _DEPTH) -> Iterator[str]:
    """Yield what is said to a person, and of each problem with a field which field it is."""
    if depth == 0:
        return
    if isinstance(value, str):
        inner = None
        if value.lstrip()[:1] in ("{", "["):
            with contextlib.suppress(ValueError, RecursionError):
                inner = json.loads(value)
        spoken = list(_sentences(inner, depth - 1)) if isinstance(inner, dict | list) else []
        yield from spoken or [value]
    elif isinstance(value, list):
        for item in value[:8]:
            yield from _sentences(item, depth - 1)
    elif isinstance(value, Mapping):
        place = value.get("loc")
        if isinstance(place, list) and isinstance(value.get("msg"), str):
            yield f"{'.'.join(str(step) for step in place)}: {value['msg']}"
            return
        for name in _SPOKEN:
            yield from _sentences(value.get(name), depth - 1)
