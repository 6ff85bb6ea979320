"""What a hostile server costs in memory: measured in a process of its own, which meets it many times over."""

from __future__ import annotations

import functools
import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

MOST_MIB = 64
AT_ONCE = 4

CLIENT = """
import asyncio, json, resource, sys
from skillrt.endpoints import EndpointConfig, EndpointFailure, open_endpoints
from skillrt.chat import ChatRequest

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

async def main(url):
    request = ChatRequest(({"role": "user", "content": "Which?"},), ())
    config = EndpointConfig(base_urls=(url,), model="m", request_timeout_s=60.0, retries=0)
    async with open_endpoints(config) as transport:
        asked = [transport.conversation().send(request) for _ in range(AT_ONCE)]
        before = peak()
        ends = await asyncio.gather(*asked, return_exceptions=True)
    kinds = sorted({getattr(end, "kind", repr(end)[:200]) for end in ends})
    print(json.dumps({"mib": peak() - before, "kinds": kinds}))

AT_ONCE = 4
asyncio.run(main(sys.argv[1]))
"""

Pour = Callable[[BaseHTTPRequestHandler], None]


def endless(handler: BaseHTTPRequestHandler) -> None:
    """JSON that never ends."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[")
    while True:
        handler.wfile.write(b'"' + b"x" * 1_000_000 + b'",')


def of_ten_gigabytes(handler: BaseHTTPRequestHandler) -> None:
    """Says how long it is."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
    while True:
        handler.wfile.write(bytes(1_000_000))


@functools.cache
def zeros() -> bytes:
    """A hundred megabytes, packed."""
    return gzip.compress(bytes(100_000_000))


def packed(handler: BaseHTTPRequestHandler) -> None:
    """Ten gigabytes of zeros in ten megabytes."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    for _ in range(100):
        handler.wfile.write(zeros())


def of_brackets(handler: BaseHTTPRequestHandler) -> None:
    """Thirty megabytes that would be ten million lists."""
    body = b"[" + b"[]," * 10_000_000 + b"[]]"
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    handler.wfile.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)


def of_headers(handler: BaseHTTPRequestHandler) -> None:
    """Headers without end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        handler.wfile.write(b"".join(b"x-%d: y\r\n" % number for number in range(10_000)))


def of_one_header(handler: BaseHTTPRequestHandler) -> None:
    """One header without end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nx: ")
    while True:
        handler.wfile.write(b"y" * 1_000_000)


@pytest.fixture
def pouring() -> Iterator[Callable[[Pour], str]]:
    """Starts servers that pour; gives the base URL."""
    servers: list[ThreadingHTTPServer] = []

    def start(pour: Pour) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.close_connection = True
                with suppress(OSError):  # the client goes away
                    pour(self)

            def log_message(self, *_: object) -> None: ...

        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        servers[-1].daemon_threads = True
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_address[1]}/v1"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("pour", "kind"),
    [
        (endless, "broken"),
        (of_ten_gigabytes, "broken"),
        (packed, "broken"),
        (of_brackets, "broken"),
        (of_headers, "down"),
        (of_one_header, "down"),
    ],
)
def test_what_pours_is_a_failure_within_bounds(pour: Pour, kind: str, pouring: Callable[[Pour], str]) -> None:
    command = [sys.executable, "-c", CLIENT, pouring(pour), str(AT_ONCE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kinds"] == [kind]
    assert told["mib"] < MOST_MIB, told
