"""How to reach the judge model."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import Literal

from skillrt.judging.verdict import CONTEXT, DEADLINE

__all__ = ["EndpointConfig", "EndpointDown", "EndpointFailure", "FailureKind"]

FailureKind = Literal["down", "busy", "refused", "context", "deadline", "broken"]
_CAUSES = {"context": CONTEXT, "deadline": DEADLINE}


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointConfig:
    """Servers, model and sampling.

    Attributes:
        base_urls: OpenAI-compatible roots such as ``http://127.0.0.1:8000/v1``, one or more.
        model: the served model's name.
        api_key: sent as bearer token; most local servers want none.
        temperature: sampling temperature; 0 is greedy.
        max_tokens: bound on one turn of the judge.
        seed: sampling seed, None to send none.
        enable_thinking: sent as ``chat_template_kwargs``; None sends nothing.
        request_timeout_s: deadline of one request, in seconds.
        judgment_timeout_s: deadline of a whole judgment, in seconds.
        patience_s: when no server has been healthy for so long, requests fail instead of waiting, in seconds.
        concurrency: requests in flight to one server, at most; how many it is really given
            adapts to its answers.
        retries: how often a request that failed is sent again.
        hedge: send a request that hangs a second time to another server.
        tool_mode: ``native`` uses tool calls of the API; ``schema`` forces every call by a JSON
            schema, for servers that cannot force a call by name (llama.cpp).
    """

    base_urls: tuple[str, ...]
    model: str
    api_key: str | None = None
    temperature: float = 0.0
    max_tokens: int = 2048
    seed: int | None = None
    enable_thinking: bool | None = False
    request_timeout_s: float = 300.0
    judgment_timeout_s: float = 1800.0
    patience_s: float = 120.0
    concurrency: int = 16
    retries: int = 6
    hedge: bool = True
    tool_mode: Literal["native", "schema"] = "native"


class EndpointFailure(Exception):
    """A request could not be answered; ``kind`` is the sort of failure, the text is for a person.

    ``retry_after`` is the pause in seconds that the server asked for, None where it asked for none;
    ``status`` and ``detail`` are the HTTP status and the body of a refusal, None and empty without one.
    """

    def __init__(
        self,
        problem: str,
        kind: FailureKind,
        retry_after: float | None = None,
        status: int | None = None,
        detail: str = "",
    ) -> None:
        super().__init__(problem)
        self.kind = kind
        self.retry_after = retry_after
        self.status = status
        self.detail = detail

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
