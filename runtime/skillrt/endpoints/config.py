"""How to reach the judge model."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from skillrt.chat import CONTEXT, DEADLINE

__all__ = ["EndpointConfig", "EndpointDown", "EndpointFailure", "FailureKind"]

FailureKind = Literal["down", "busy", "refused", "context", "deadline", "broken", "filtered"]
_CAUSES = {"context": CONTEXT, "deadline": DEADLINE}


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointConfig:
    """Servers, model and sampling.

    Attributes:
        base_urls: OpenAI-compatible roots such as ``http://127.0.0.1:8000/v1``, one or more. A query
            (``?api-version=...``) stays behind the path of each request.
        model: the served model's name.
        api_key: sent as bearer token, unless a header carries a key; most local servers want none.
        headers: further headers of each request, name and value. Values under names such as ``api-key`` are
            kept out of whatever a server says, as ``api_key`` is.
        secrets: further texts to keep out.
        extra_body: fields that are added to each request, or replace ours; None leaves one of ours out.
        temperature: sampling temperature; 0 is greedy.
        max_tokens: bound on one turn of the judge.
        seed: sampling seed, None to send none.
        enable_thinking: sent as ``chat_template_kwargs``; None sends nothing.
        rpm: requests a minute to one server, at most; None for as many as it takes.
        tpm: tokens a minute to one server, at most, prompt and answer together.
        max_wait_s: a server that asks to be left alone for longer, in seconds, is set aside; what only it
            could answer fails at once.
        request_timeout_s: deadline of one request, in seconds.
        judgment_timeout_s: deadline of a whole judgment, in seconds.
        patience_s: when no server has been healthy for so long, requests fail instead of waiting, in seconds.
        concurrency: requests in flight to one server, at most; how many it is really given
            adapts to its answers.
        retries: how often a request that failed is sent again.
        refusal_limit: so many requests refused alike at the beginning, and none answered, end all
            (``skillrt.endpoints.AllRefusedError``); None never does.
        hedge: send a request that hangs a second time to another server.
        tool_mode: ``native`` uses tool calls of the API; ``schema`` forces every call by a JSON
            schema, for servers that cannot force a call by name (llama.cpp).
    """

    base_urls: tuple[str, ...]
    model: str
    api_key: str | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    temperature: float = 0.0
    max_tokens: int = 2048
    seed: int | None = None
    enable_thinking: bool | None = False
    rpm: float | None = None
    tpm: float | None = None
    max_wait_s: float = 120.0
    request_timeout_s: float = 300.0
    judgment_timeout_s: float = 1800.0
    patience_s: float = 120.0
    concurrency: int = 16
    retries: int = 6
    refusal_limit: int | None = 32
    hedge: bool = True
    tool_mode: Literal["native", "schema"] = "native"


class EndpointFailure(Exception):
    """A request could not be answered; the text is for a person.

    Attributes:
        kind: ``down`` (no answer, or an error of the server's own), ``busy`` (it asks for less), ``refused``
            (this request, whatever is repeated), ``context`` (longer than the model's context), ``deadline``,
            ``broken`` (an answer that is no chat completion) or ``filtered`` (the server ended the model's
            turn by a filter).
        retry_after: the pause in seconds that the server asked for, None where it asked for none.
        status: the HTTP status, or the one that an error inside a 200 names; None where nothing came.
        words: what the server said, as plain text.
        param: the field that the server names as the cause, empty where it names none.
    """

    def __init__(
        self,
        problem: str,
        kind: FailureKind,
        retry_after: float | None = None,
        status: int | None = None,
        words: str = "",
        param: str = "",
    ) -> None:
        super().__init__(problem)
        self.kind = kind
        self.retry_after = retry_after
        self.status = status
        self.words = words
        self.param = param

    @property
    def cause(self) -> str:
        """What can be counted: a word or two without addresses and seconds, ``connection refused`` say."""
        if self.kind in _CAUSES:
            return _CAUSES[self.kind]
        if self.status is not None:
            return f"HTTP {self.status}"
        inner: BaseException | None = self
        while inner is not None:
            if isinstance(inner, OSError) and inner.errno is not None and inner.errno in errno.errorcode:
                return os.strerror(inner.errno).lower()
            inner = inner.__cause__ or inner.__context__
        return self.kind


class EndpointDown(Exception):
    """No server answers, or none has the model; raised before any judgment is started."""
