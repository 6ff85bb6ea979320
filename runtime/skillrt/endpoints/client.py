"""The HTTP side of one server: aiohttp by the shortest way, with bounds on what comes back.

openai's client does for each request what a client for any API of any site has to, and that costs 0.16 ms
more through its public options alone and 0.35 ms in all: for a judge's server the same URL and headers come
out every time. So chats go through the session directly; only the list of models goes through the library,
over the same connections.

What comes back is bounded: the bytes of a body, also unpacked (aiohttp bounds lines and headers), and large
bodies are read one at a time. Redirects are followed on the same host alone, for a request carries the key
and the prompt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit
from urllib.request import getproxies

import aiohttp

from skillrt.endpoints.config import EndpointFailure
from skillrt.endpoints.secrets import Redactor

if TYPE_CHECKING:
    import httpx2

__all__ = ["MOST_BYTES", "Answer", "Client"]

MOST_BYTES = 32 * 1024 * 1024
"""A body that is larger, unpacked, is no answer."""

_LARGE_BYTES = 512 * 1024
_IDLE_S = 4.0
"""uvicorn closes a connection that was idle for 5 s, and one that closes while written to is a failed try."""
_MOVED = (301, 302, 307, 308)
_MOST_MOVES = 5
_KEY_HEADERS = frozenset(("api-key", "authorization", "x-api-key"))
_COMMON = (("accept", "application/json"), ("user-agent", "skillrt"))


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, the headers that we look at, and a body without secrets."""

    status: int
    headers: Mapping[str, str]
    body: bytearray

    @property
    def well(self) -> bool:
        """Tell whether the status is none of an error or a redirect."""
        return 200 <= self.status < 300


class Client:
    """The connections to one server. Use it as a context.

    Args:
        url: the base URL; its query, where it has one, comes after the path of each request.
        api_key: sent as the bearer token, unless a header carries a key; None sends none.
        headers: sent with each request.
        connections: how many there may be at a time.
        redactor: what to hide in answers.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None,
        headers: Sequence[tuple[str, str]],
        connections: int,
        redactor: Redactor,
    ) -> None:
        self._url = urlsplit(url)
        self._api_key = api_key
        self._chat_url = self._at("chat/completions")
        given = {name.lower(): value for name, value in headers}
        bearer = (
            {} if api_key is None or given.keys() & _KEY_HEADERS else {"authorization": f"Bearer {api_key}"}
        )
        self._headers = dict(_COMMON) | bearer | given
        self._post_headers = {**self._headers, "content-type": "application/json"}
        self._most = connections
        self._redactor = redactor
        self._large = asyncio.Lock()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    def _at(self, path: str) -> str:
        base = self._url
        return urlunsplit(base._replace(path=f"{base.path.rstrip('/')}/{path}", fragment=""))

    async def post_chat(self, body: bytes) -> Answer:
        """Send the body of a chat completion and return the answer, read.

        Raises:
            EndpointFailure: none came, or one that is too large.
        """
        return await self._request("POST", self._chat_url, self._post_headers, body)

    async def list_models(self) -> object:
        """Return what the server says at ``/models``, decoded.

        Raises:
            openai.APIError: it says nothing, or an error.
            ValueError: what it says cannot be read.
        """
        import httpx2
        import openai

        async with httpx2.AsyncClient(transport=_bridge(self)) as http:
            client = openai.AsyncOpenAI(
                base_url=urlunsplit(self._url),
                api_key=self._api_key or "none",
                http_client=http,
                max_retries=0,
            )
            return await client.get(self._at("models"), cast_to=object)

    async def get(self, url: str) -> Answer:
        """Ask for a page with our headers and no others; raises as ``post_chat``."""
        return await self._request("GET", url, self._headers, None)

    def _opened(self) -> aiohttp.ClientSession:
        tls: aiohttp.ClientSession | object = True
        if self._url.scheme == "https":  # certificates are read for those who need them only
            import httpx2

            tls = httpx2.create_ssl_context()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._most, ssl=tls, keepalive_timeout=_IDLE_S),  # type: ignore[arg-type]
            timeout=aiohttp.ClientTimeout(),
            # aiohttp would look through the environment at every request.
            trust_env=bool(getproxies()),
        )
        return self._session

    async def _request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        session = self._session or self._opened()
        try:
            for _ in range(_MOST_MOVES):
                async with session.request(
                    method, url, headers=headers, data=body, allow_redirects=False
                ) as answer:
                    moved = answer.status in _MOVED and urljoin(url, answer.headers.get("location", ""))
                    if moved and _origin(urlsplit(moved)) == _origin(self._url):
                        url = moved
                        continue
                    text = await self._read(answer)
                    return Answer(answer.status, answer.headers, self._redactor.clean(text))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # A ValueError is a place to which no request can go. None of them may hold a key: they are shown.
            said = bytearray((str(error) or type(error).__name__).encode("utf-8", "replace"))
            shown = self._redactor.clean(said).decode("utf-8", "replace")
            raise EndpointFailure(shown, "down") from None
        raise EndpointFailure(f"it redirects in a circle, by way of {url}", "refused", status=310)

    async def _read(self, answer: aiohttp.ClientResponse) -> bytearray:
        body = bytearray()
        await _read_upto(answer.content, body, _LARGE_BYTES)
        if len(body) > _LARGE_BYTES:
            async with self._large:
                await _read_upto(answer.content, body, MOST_BYTES)
            if len(body) > MOST_BYTES:
                body.clear()  # whoever keeps the failure must not keep this
                answer.close()  # the rest is not waited for
                problem = f"it sent more than {MOST_BYTES // 1024**2} MiB, which is no chat completion"
                raise EndpointFailure(problem, "broken", status=answer.status)
        return body


async def _read_upto(content: aiohttp.StreamReader, body: bytearray, most: int) -> None:
    """Read to the end, or until there is more than ``most``."""
    while len(body) <= most and (chunk := await content.readany()):
        body += chunk


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    port = url.port or {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.hostname, port


def _bridge(client: Client) -> httpx2.AsyncBaseTransport:
    """Return a transport by which the library's requests go through our connections."""
    import httpx2

    class Bridge(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            answer = await client.get(str(request.url))
            kept = {
                name: answer.headers[name] for name in ("content-type", "location") if name in answer.headers
            }
            return httpx2.Response(answer.status, headers=kept, content=bytes(answer.body), request=request)

    return Bridge()
