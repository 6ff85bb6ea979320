"""The client of one server, for thousands of requests a minute that differ in their body alone.

openai's client does for each request what a client for any API of any site has to: it puts the URL and the
headers together anew, merges those of the HTTP client with them, and sends the request through the flows of
authentication and redirects. For a judge's server all that comes out the same every time, and it was more
than half of what a request cost. So the HTTP client behind it is ours: aiohttp by the shortest way. What is a
good answer, and what an error, stays the library's.
"""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies
from uuid import uuid4

import aiohttp
import httpx2
import openai

if TYPE_CHECKING:
    from openai._types import RequestOptions

__all__ = ["Client", "Pool"]

_IDLE_S = 4.0
"""uvicorn closes a connection that was idle for 5 s, and one that closes while written to is a failed try."""
_READ = frozenset((b"content-type", b"retry-after", b"retry-after-ms", b"x-request-id", b"x-should-retry"))
"""The headers of an answer that the library or we look at; others tell of a transfer that is over."""


class Client(openai.AsyncOpenAI):
    """openai's client for one server, without retries and time limits of its own: ours know all servers.

    Two of its steps are remembered. A version of the library that has not got them is only slower.

    Args:
        url: the base URL.
        api_key: sent as the bearer token.
        pool: the connections, closed by whoever opened them.
    """

    def __init__(self, url: str, api_key: str, pool: Pool) -> None:
        self._last_url: tuple[str, httpx2.URL] | None = None
        self._post_headers: httpx2.Headers | None = None
        self._chat_url = f"{url.rstrip('/')}/chat/completions"
        # Whatever is not said here is copied from the defaults for each request.
        self._said: RequestOptions = {
            "headers": {},
            "max_retries": 0,
            "timeout": None,
            "security": {"bearer_auth": True},
        }
        # The library would draw a random key for each request, though it sends none.
        self._keys = map(f"{uuid4()}-{{}}".format, itertools.count())
        super().__init__(
            base_url=url,
            api_key=api_key,
            http_client=pool,
            timeout=None,
            max_retries=0,
        )

    async def post_chat(self, body: bytes) -> httpx2.Response:
        """Send the body of a chat completion and return the answer, read.

        Raises:
            openai.APIError: none came, or its status is an error.
        """
        said: RequestOptions = {**self._said, "idempotency_key": next(self._keys)}
        return await self.post(self._chat_url, cast_to=httpx2.Response, content=body, options=said)

    def _prepare_url(self, url: str) -> httpx2.URL:
        if self._last_url is None or self._last_url[0] != url:
            self._last_url = (url, super()._prepare_url(url))
        return self._last_url[1]

    def _build_headers(self, options: Any, *, retries_taken: int = 0) -> httpx2.Headers:
        if options.method != "post" or self._idempotency_header:
            return super()._build_headers(options, retries_taken=retries_taken)
        if self._post_headers is None:
            built = super()._build_headers(options, retries_taken=retries_taken)
            # Those in which the library tells on what machine and how it runs: nothing to a judge's server.
            kept = [pair for pair in built.multi_items() if not pair[0].lower().startswith("x-stainless-")]
            self._post_headers = httpx2.Headers(kept)
        return self._post_headers


class _Connections(httpx2.AsyncBaseTransport):
    """An aiohttp session as a transport. aiohttp follows redirects, unpacks bodies and knows proxies."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._session: aiohttp.ClientSession | None = None

    def _opened(self, url: httpx2.URL) -> aiohttp.ClientSession:
        # Certificates are read for those who need them only.
        tls = httpx2.create_ssl_context() if url.scheme == "https" else True
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._most, ssl=tls, keepalive_timeout=_IDLE_S),
            timeout=aiohttp.ClientTimeout(),
            # aiohttp would look through the environment at every request.
            trust_env=bool(getproxies()),
        )
        return self._session

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        session = self._session or self._opened(request.url)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]
        try:
            async with session.request(
                request.method, str(request.url), headers=headers, data=request.content or None
            ) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, OSError) as error:
            raise httpx2.TransportError(str(error) or type(error).__name__) from error
        told = [pair for pair in answer.raw_headers if pair[0].lower() in _READ]
        return httpx2.Response(answer.status, headers=told, stream=httpx2.ByteStream(body), request=request)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


class Pool(httpx2.AsyncClient):
    """The HTTP client of one server: ``most`` connections and no more, all kept open, no time limits."""

    def __init__(self, most: int) -> None:
        self._connections = _Connections(most)
        self._head = functools.lru_cache(maxsize=16)(_head)
        super().__init__(transport=self._connections, timeout=None)

    def build_request(
        self,
        method: str,
        url: httpx2.URL | str,
        *,
        content: Any = None,
        headers: Any = None,
        extensions: Any = None,
        **more: Any,
    ) -> httpx2.Request:
        """Make a request of what it is given; what comes as form, file, JSON or parameter is the base's."""
        more.pop("timeout", None)
        if any(value is not None for value in more.values()) or not isinstance(content, bytes | None):
            return super().build_request(
                method, url, content=content, headers=headers, extensions=extensions, **more
            )
        at, head = self._head(str(url), tuple(headers or ()))
        request = httpx2.Request(
            method, at, headers=head, stream=httpx2.ByteStream(content or b""), extensions=extensions
        )
        request.read()
        return request

    async def send(self, request: httpx2.Request, **_flows: Any) -> httpx2.Response:
        """Send it; the answer comes read."""
        response = await self._connections.handle_async_request(request)
        response.read()
        return response


def _head(url: str, headers: tuple[tuple[str, str], ...]) -> tuple[httpx2.URL, httpx2.Headers]:
    """What the requests to one server have in common, taken apart once."""
    return httpx2.URL(url), httpx2.Headers(headers)
