"""A fork server's process and the socket to it, seen from the client."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
from typing import Any

from skillrt.sandbox.cpython import scratch, wire
from skillrt.sandbox.records import SandboxUnavailable

START_TIMEOUT_S = 60.0
"""Time for the server to import the helpers' libraries."""
PING_S = 2.0
MAX_SILENT_PINGS = 10
"""A server that left so many pings unanswered, PING_S apart, is stopped or hangs."""

BOOT = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from skillrt.sandbox.cpython.server import main; main(int(sys.argv[2]))"
)


class Connection:
    """A fork server process and the socket to it."""

    def __init__(self, process: subprocess.Popen[bytes], base: str) -> None:
        self._process = process
        self._base = base
        self._waiting: dict[int, asyncio.Future[dict[str, Any] | None]] = {}
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._pinging: asyncio.Task[None] | None = None
        self._silent = 0
        """Pings since the server's last word. Time would say less: this process may have been busy."""
        self.gone = False

    @classmethod
    async def open(cls, settings: dict[str, Any]) -> Connection:
        """Start a server. Raises SandboxUnavailable with the server's reason."""
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise SandboxUnavailable(f"the cpython sandbox's server did not start: {error}") from None
        try:
            base = tempfile.mkdtemp(prefix="skillrt-sandbox-")
        except OSError as error:
            ours.close()
            theirs.close()
            raise SandboxUnavailable(f"the cpython sandbox has no place for its folders: {error}") from None
        import_path = [os.path.abspath(path) for path in sys.path if path]  # noqa: PTH100, ASYNC240 no disk access
        try:
            process = subprocess.Popen(  # noqa: S603, ASYNC220 our own interpreter; a fork and an exec are quick
                [
                    sys.executable,
                    "-s",
                    "-P",
                    "-S",
                    "-X",
                    "utf8",
                    "-c",
                    BOOT,
                    json.dumps(import_path),
                    str(theirs.fileno()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PYTHONHASHSEED": "0"},
                cwd="/",
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            scratch.remove(base)
            raise SandboxUnavailable(f"the cpython sandbox's server did not start: {error}") from None
        finally:
            theirs.close()
        connection = cls(process, base)
        try:
            await asyncio.wait_for(connection._greet(ours, {**settings, "base": base}), START_TIMEOUT_S)
        except BaseException:
            await connection.close()
            raise
        return connection

    def ask(self, number: int, request: dict[str, Any]) -> asyncio.Future[dict[str, Any] | None]:
        """Send a call; the future ends with the server's answer, or None where the server is gone."""
        future: asyncio.Future[dict[str, Any] | None] = asyncio.get_running_loop().create_future()
        if self.gone:
            future.set_result(None)
        else:
            self._waiting[number] = future
            self.tell(request)
            if self._pinging is None or self._pinging.done():
                self._pinging = asyncio.create_task(self._ping())
        return future

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message that has no answer of its own."""
        if self._writer is not None and not self.gone:
            self._writer.write(wire.pack(message))

    async def _ping(self) -> None:
        """Ask the server for a word as long as calls wait for it; end it where none comes."""
        self._silent = 0
        while self._waiting:
            await asyncio.sleep(PING_S)
            if self._silent >= MAX_SILENT_PINGS:
                self._process.kill()  # its processes end with it, and reading ends what waits
                return
            self._silent += 1
            self.tell({"ping": -1})

    async def close(self) -> None:
        """End the server, reap it, and remove what calls left on disk."""
        self.gone = True
        if self._pinging is not None:
            self._pinging.cancel()
        if self._writer is not None:
            self._writer.close()
        try:
            await asyncio.to_thread(self._process.wait, 5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
        if self._reading is not None:
            await asyncio.wait([self._reading])
        await asyncio.to_thread(scratch.remove, self._base)

    async def _greet(self, ours: socket.socket, settings: dict[str, Any]) -> None:
        self._reader, self._writer = await asyncio.open_unix_connection(sock=ours, limit=1 << 20)
        self.tell(settings)
        try:
            answer = await self._receive(self._reader)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            raise SandboxUnavailable(
                f"the cpython sandbox's server ended at its start; see `{sys.executable} -c 'import skillrt'`"
            ) from None
        if "ready" not in answer:
            raise SandboxUnavailable(f"the cpython sandbox cannot isolate here: {answer.get('unavailable')}")
        self._reading = asyncio.create_task(self._read_answers(self._reader))

    async def _read_answers(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                answer = await self._receive(reader)
                self._silent = 0
                future = self._waiting.pop(answer["id"], None)
                if future is not None and not future.done():
                    future.set_result(answer)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            self.gone = True
            for future in self._waiting.values():
                if not future.done():
                    future.set_result(None)
            self._waiting.clear()

    @staticmethod
    async def _receive(reader: asyncio.StreamReader) -> dict[str, Any]:
        length = wire.unpack_length(await reader.readexactly(4))
        message: dict[str, Any] = json.loads(await reader.readexactly(length))
        return message
