"""One server: its client, its admission, its health, and what became of the requests to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from skillrt.endpoints.body import encode_body, read_reply, request_body
from skillrt.endpoints.breaker import Breaker
from skillrt.endpoints.config import EndpointConfig, EndpointFailure, FailureKind
from skillrt.endpoints.limiter import Limiter
from skillrt.judging.actions import Reply
from skillrt.programs.program import ChatRequest

if TYPE_CHECKING:
    from skillrt.endpoints.client import Client

__all__ = ["NotAdmittedError", "Server", "refuses_thinking"]

_LATENCIES = 200
_LATENCIES_LEAST = 20
_MOST_DETAIL = 2000
_LIST_S = 10.0
_OVERFLOW = ("context", "too long", "too large", "longer than", "maximum model length")


class NotAdmittedError(Exception):
    """The breaker opened while the request waited for its place: nothing was sent, choose again."""


class Server:
    """One base URL of a configuration. ``connections`` bounds the requests in flight from above."""

    def __init__(self, url: str, client: Client, config: EndpointConfig, connections: int) -> None:
        self.url = url
        self.config = config
        self.limiter = Limiter(min(config.concurrency, connections))
        self.breaker = Breaker()
        self.counts: Counter[str] = Counter()
        self._client = client
        self._silent = replace(config, enable_thinking=None)
        self._thinking_refused = False
        self._bounds_refused = False
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)

    def latency(self, share: float) -> float | None:
        """Return a quantile of recent latencies in seconds, None while there are too few."""
        if len(self._latencies) < _LATENCIES_LEAST:
            return None
        return sorted(self._latencies)[int(share * (len(self._latencies) - 1))]

    def report(self) -> dict[str, Any]:
        """Return what became of this server's requests, as plain JSON values."""
        median, slow = self.latency(0.5), self.latency(0.95)
        return {
            "url": self.url,
            **dict(sorted(self.counts.items())),
            "breaker_opened": self.breaker.opened,
            "concurrency": int(self.limiter.limit),
            "thinking_refused": self._thinking_refused,
            "bounds_refused": self._bounds_refused,
            "latency_s": None if median is None else [round(median, 3), round(slow or median, 3)],
        }

    async def ask(self, request: ChatRequest) -> Reply:
        """Send one request and read the reply.

        Raises:
            EndpointFailure: no usable answer came; the server's health has been noted.
            NotAdmittedError: nothing was sent.
        """
        await self.limiter.acquire()
        try:
            if not self.breaker.admits:
                raise NotAdmittedError
            return await self._ask(request)
        finally:
            self.limiter.release()

    async def _ask(self, request: ChatRequest) -> Reply:
        began = time.monotonic()
        probe = self.breaker.started()
        self.counts["requests"] += 1
        try:
            answer = await self._post(request)
            reply = read_reply(answer, self.config, forced=bool(request.tools), bounded=request.bounded)
        except EndpointFailure as failure:
            self._note_failure(failure, began, probe)
            raise
        except BaseException:
            self.counts["given_up"] += 1
            self.breaker.cancelled(probe=probe)
            raise
        latency = time.monotonic() - began
        self.counts["answered"] += 1
        self._latencies.append(latency)
        self.limiter.succeeded()
        self.breaker.succeeded()
        return replace(reply, usage=replace(reply.usage, latency_s=latency), endpoint=self.url)

    def _note_failure(self, failure: EndpointFailure, began: float, probe: bool) -> None:
        self.counts[failure.kind] += 1
        if failure.kind in ("busy", "deadline"):
            self.limiter.overloaded(began, failure.retry_after)
        if failure.kind in ("down", "deadline", "broken"):
            self.breaker.failed(probe=probe)
        else:  # it answered, whatever it said
            self.breaker.succeeded()

    async def models(self) -> tuple[str, ...]:
        """Return the names of the models that the server lists; empty where it keeps no list.

        Raises:
            EndpointFailure: it does not answer.
        """
        import openai

        try:
            async with asyncio.timeout(_LIST_S):
                listed = await self._client.get("/models", cast_to=object)
        except TimeoutError as error:
            raise EndpointFailure(f"{self.url} did not answer within {_LIST_S:g} s", "deadline") from error
        except openai.APIStatusError as error:
            if error.status_code in (404, 405):
                return ()
            raise EndpointFailure(f"{self.url}: HTTP {error.status_code}", "down") from error
        except (openai.APIError, ValueError) as error:
            raise EndpointFailure(f"{self.url}: {_why(error)}", "down") from error
        models = listed.get("data", []) if isinstance(listed, dict) else []
        return tuple(str(model.get("id")) for model in models if isinstance(model, dict))

    async def _post(self, request: ChatRequest) -> Any:
        config = self._silent if self._thinking_refused else self.config
        if self._bounds_refused:
            request = replace(request, bounded=False)
        try:
            return await self.post(request_body(request, config))
        except EndpointFailure as failure:
            if config.enable_thinking is not None and refuses_thinking(failure):
                self._thinking_refused = True
            elif request.bounded and failure.status in (400, 422) and failure.kind == "refused":
                self._bounds_refused = True
            else:
                raise
        return await self._post(request)

    async def post(self, body: Mapping[str, Any]) -> Any:
        """Send a body once, past admission and breaker, and return the decoded answer.

        Raises:
            EndpointFailure: none came.
        """
        import openai

        seconds = self.config.request_timeout_s
        try:
            # The client's own time-outs are off: they start anew with every byte, and it calls a refused
            # connection a time-out.
            async with asyncio.timeout(seconds):
                response = await self._client.post_chat(encode_body(body))
            return _decoded(response)
        except TimeoutError as error:
            raise EndpointFailure(f"{self.url} did not answer within {seconds:g} s", "deadline") from error
        except openai.APIStatusError as error:
            raise _status_failure(self.url, error) from error
        except (openai.APIError, json.JSONDecodeError, UnicodeDecodeError) as error:
            raise EndpointFailure(f"{self.url}: {_why(error)}", "down") from error


def refuses_thinking(failure: EndpointFailure) -> bool:
    """Tell whether a server refused ``chat_template_kwargs``."""
    named = "chat_template_kwargs" in failure.detail or "enable_thinking" in failure.detail
    return failure.status in (400, 422) and named


def _decoded(response: Any) -> Any:
    """Return what an answer says in JSON, and any other page as its text; half an answer raises."""
    try:
        return json.loads(response.content)
    except ValueError:
        if "json" in response.headers.get("content-type", ""):
            raise
    except RecursionError:
        pass  # brackets in brackets: no chat completion
    return response.text


def _why(error: BaseException) -> str:
    """Return what the innermost cause says: the client's own words for it are general, or wrong."""
    said = str(error)
    cause = error.__cause__
    while cause is not None:
        said, cause = str(cause) or said, cause.__cause__
    return said


def _detail(error: Any) -> str:
    try:
        return str(error.response.text)[:_MOST_DETAIL]
    except Exception:  # what a refusal says is a courtesy; reading it must not hide the refusal
        return str(error)


def _retry_after(error: Any) -> float | None:
    """Read Retry-After: seconds, or the date at which to come back; None where there is neither."""
    said = error.response.headers.get("retry-after")
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return min(max(0.0, float(said)), 86_400.0)
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        return min(max(0.0, parsedate_to_datetime(said).timestamp() - time.time()), 86_400.0)
    return None


def _status_failure(url: str, error: Any) -> EndpointFailure:
    status, detail = error.status_code, _detail(error)
    lowered, said = detail.lower(), " ".join(detail.split())[:300]
    problem = f"{url} answered HTTP {status}: {said}"
    kind: FailureKind = "down"
    wait: float | None = None
    if status in (400, 413) and any(word in lowered for word in _OVERFLOW):
        problem, kind = f"the conversation does not fit the model's context: {said}", "context"
    elif status in (429, 503):
        kind, wait = "busy", _retry_after(error)
    elif status < 500 and status != 408:
        problem, kind = f"{url} refused the request with HTTP {status}: {said}", "refused"
    return EndpointFailure(problem, kind, wait, status, detail)
