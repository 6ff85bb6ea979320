"""One server: its client, its admission, its health, and what became of the requests to it.

The first request of each shape goes out alone: what a server refuses in it is found out once, not by all that
are in flight together.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from skillrt.chat import ChatRequest, Reply
from skillrt.endpoints.answers.failures import error_of, failure_of, retry_after, shown
from skillrt.endpoints.answers.reply import decode, read_reply, usage_of
from skillrt.endpoints.body import encode_body, request_body
from skillrt.endpoints.config import EndpointConfig, EndpointFailure
from skillrt.endpoints.dialect import Dialect
from skillrt.endpoints.rates.breaker import Breaker
from skillrt.endpoints.rates.limiter import Limiter
from skillrt.endpoints.rates.pace import Pace

if TYPE_CHECKING:
    from skillrt.endpoints.client import Answer, Client

__all__ = ["NotAdmittedError", "Server"]

_LOG = logging.getLogger(__name__)
_LATENCIES = 200
_LATENCIES_LEAST = 20
_LIST_S = 10.0
_NO_LIST = (400, 403, 404, 405, 501)
"""So a server answers that keeps no list of its models, or does not show it to this key."""
_ALONE_S = 5.0
"""So long the others wait for the first request of a shape: a refusal comes sooner than an answer."""


class NotAdmittedError(Exception):
    """The breaker opened while the request waited for its place: nothing was sent, choose again."""


class Server:
    """One base URL of a configuration. ``connections`` bounds the requests in flight from above."""

    def __init__(self, url: str, client: Client, config: EndpointConfig, connections: int) -> None:
        self.url = url
        self.config = config
        self.limiter = Limiter(min(config.concurrency, connections))
        self.breaker = Breaker()
        self.pace = Pace(config.rpm, config.tpm)
        kept = frozenset(config.extra_body) | ({"response_format"} if config.tool_mode == "schema" else set())
        self.dialect = Dialect(kept)
        self.counts: Counter[str] = Counter()
        self.last_failure: EndpointFailure | None = None
        self._client = client
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)
        self._taken: set[tuple[object, ...]] = set()
        self._trying: dict[tuple[object, ...], asyncio.Event] = {}
        self._aside_until = 0.0
        self._aside: EndpointFailure | None = None

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
            "changed": self.dialect.report(),
            "latency_s": None if median is None else [round(median, 3), round(slow or median, 3)],
        }

    @property
    def nonsense(self) -> bool:
        """Tell whether what answers here has never given a chat completion, but other things."""
        last = self.last_failure
        return last is not None and last.kind == "broken" and not self.counts["answered"]

    @property
    def aside(self) -> EndpointFailure | None:
        """Why this server is left alone for longer than anybody waits; None where it is not."""
        if self._aside is not None and time.monotonic() >= self._aside_until:
            self._aside = None
        return self._aside

    async def ask(self, request: ChatRequest) -> Reply:
        """Send one request and read the reply.

        Raises:
            EndpointFailure: no usable answer came; the server's health has been noted.
            NotAdmittedError: nothing was sent.
        """
        await self.limiter.acquire()
        try:
            shape = self._shape(request)
            if shape not in self._taken:
                return await self._ask_first(request, shape)
            return await self._ask(request)
        finally:
            self.limiter.release()

    @staticmethod
    def _shape(request: ChatRequest) -> tuple[object, ...]:
        return bool(request.tools), request.forced is None, request.bounded, request.prefill is None

    async def _ask_first(self, request: ChatRequest, shape: tuple[object, ...]) -> Reply:
        """Be the first request of this shape, or wait for the one that is."""
        until = time.monotonic() + _ALONE_S
        while (event := self._trying.get(shape)) is not None and time.monotonic() < until:
            try:
                async with asyncio.timeout(until - time.monotonic()):
                    await event.wait()
            except TimeoutError:
                break
        if shape in self._taken or event is not None:
            return await self._ask(request)
        event = self._trying[shape] = asyncio.Event()
        try:
            reply = await self._ask(request)
            self._taken.add(shape)
            return reply
        finally:
            if self._trying.get(shape) is event:
                del self._trying[shape]
            event.set()

    async def _ask(self, request: ChatRequest) -> Reply:
        if self.aside is not None or not self.breaker.admits:
            raise NotAdmittedError
        began = time.monotonic()
        probe = self.breaker.started()
        self.counts["requests"] += 1
        try:
            reply = await self.answer(request)
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
        self.last_failure = failure
        pause = failure.retry_after
        if pause is not None and pause > self.config.max_wait_s:
            self._set_aside(pause, failure)
            pause = None
        if failure.kind in ("busy", "deadline"):
            self.limiter.overloaded(began, pause)
        if failure.kind in ("down", "deadline", "broken"):
            self.breaker.failed(probe=probe)
        else:  # it answered, whatever it said
            self.breaker.succeeded()

    def _set_aside(self, pause: float, failure: EndpointFailure) -> None:
        """Leave the server alone for so long, and say so."""
        problem = (
            f"{self.url} asks to be left alone for {pause:.0f} s, longer than the "
            f"{self.config.max_wait_s:g} s that --max-wait allows: {shown(failure.words)}"
        )
        if self.aside is None:
            _LOG.warning("%s; it is set aside", problem)
            self.counts["set_aside"] += 1
        self._aside_until = max(self._aside_until, time.monotonic() + pause)
        self._aside = EndpointFailure(problem, "busy", None, failure.status, failure.words)

    async def models(self) -> tuple[str, ...]:
        """Return the names of the models that the server lists; empty where it keeps no list.

        Raises:
            EndpointFailure: it does not answer.
        """
        import openai

        try:
            async with asyncio.timeout(_LIST_S):
                listed = await self._client.list_models()
        except TimeoutError as error:
            raise EndpointFailure(f"{self.url} did not answer within {_LIST_S:g} s", "deadline") from error
        except openai.APIStatusError as error:
            status, place = error.status_code, error.response.headers.get("location")
            if status in _NO_LIST:
                return ()
            said = f"it redirects to {place}" if place else shown(error.response.text)
            problem = f"{self.url}: HTTP {status}: {said}"
            raise EndpointFailure(problem, "refused" if status < 500 else "down", None, status) from error
        except (openai.APIError, EndpointFailure, ValueError) as error:
            raise EndpointFailure(f"{self.url}: {_why(error)}", "down") from error
        models = listed.get("data", []) if isinstance(listed, dict) else []
        return tuple(shown(str(model.get("id"))) for model in models or () if isinstance(model, dict))

    async def answer(self, request: ChatRequest, config: EndpointConfig | None = None) -> Reply:
        """Send a request past admission and breaker, and again without what the server does not take.

        Raises:
            EndpointFailure: no usable answer came.
        """
        known: tuple[dict[str, str], dict[str, str]] | None = None
        words = ""
        while True:
            if request.bounded and "response_format" in self.dialect.changes:
                request = replace(request, bounded=False)
            body = self.dialect.apply(request_body(request, config or self.config))
            try:
                return read_reply(await self.post(body), request)
            except EndpointFailure as failure:
                before = self.dialect.known()
                if not self.dialect.learn(failure, body):
                    if known is not None and failure.words == words:
                        self.dialect.forget(known, words)
                    raise
                self.counts["adapted"] += 1
                known, words = known or before, failure.words

    async def post(self, body: Mapping[str, Any]) -> Any:
        """Send a body once, past admission and breaker, and return the decoded answer.

        Raises:
            EndpointFailure: none came.
        """
        seconds = self.config.request_timeout_s
        raw = encode_body(body)
        estimate = await self.pace.wait(len(raw)) if self.pace.bounds else 0.0
        try:
            async with asyncio.timeout(seconds):
                answer = await self._client.post_chat(raw)
        except TimeoutError as error:
            raise EndpointFailure(f"{self.url} did not answer within {seconds:g} s", "deadline") from error
        except EndpointFailure as failure:
            problem = f"{self.url}: {failure}"
            raise EndpointFailure(problem, failure.kind, None, failure.status, failure.words) from None
        decoded = self._decoded(answer)
        if not answer.well:
            wait = retry_after(answer.headers.get("retry-after"))
            raise failure_of(self.url, answer.status, decoded, wait=wait)
        inside = error_of(decoded)
        if inside is not None:
            raise failure_of(self.url, *inside, inside=True)
        if self.pace.bounds:
            used = usage_of(decoded)
            self.pace.settle(len(raw), estimate, used.prompt_tokens, used.completion_tokens)
        return decoded

    def _decoded(self, answer: Answer) -> Any:
        """Return what an answer says in JSON, and any other page as its text; half an answer raises."""
        try:
            return decode(answer.body)
        except EndpointFailure:
            if answer.well:
                answer.body.clear()  # whoever keeps the failure must not keep this
                raise
        except ValueError as error:
            if answer.well and "json" in answer.headers.get("content-type", ""):
                raise EndpointFailure(
                    f"{self.url}: the answer's JSON is cut or broken: {error}", "down"
                ) from error
        return _text(answer)


def _text(answer: Answer) -> str:
    """Return the text of a page, or where a redirect leads to another host."""
    if 300 <= answer.status < 400 and (place := answer.headers.get("location")):
        return f"it redirects to {place}, where neither key nor prompt is sent"
    return answer.body[:4000].decode("utf-8", "replace")


def _why(error: BaseException) -> str:
    """Return what the innermost cause says: the client's own words for it are general, or wrong."""
    said = str(error)
    cause = error.__cause__
    while cause is not None:
        said, cause = str(cause) or said, cause.__cause__
    return said
