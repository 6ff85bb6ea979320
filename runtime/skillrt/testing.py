"""A judge's server that follows a script, for tests of what you build on the runtime.

with ScriptedJudge([call("final_answer", reason="A is right", verdict="A")]) as server:
    judge = Judge(skill, task=task, base_url=server.base_url, model=server.model, delivery="flat")
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

__all__ = ["ScriptedJudge", "Turn", "call", "say"]

_CHARS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the judge: a text, or a call of a tool. Made by ``say`` and ``call``."""

    text: str = ""
    tool: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)


def say(text: str) -> Turn:
    """Return a turn of plain text."""
    return Turn(text)


def call(tool: str, /, **arguments: Any) -> Turn:
    """Return a turn that calls ``tool`` with ``arguments``."""
    return Turn("", tool, arguments)


class ScriptedJudge:
    """Serves chat completions on a loopback port: turn by turn what the script says.

    Which turn comes is counted from the request itself (its messages by the assistant), so that conversations
    may run side by side; after the last turn the last one is repeated.

    Args:
        turns: what the judge does in each conversation; at least one turn.

    Attributes:
        base_url: the server's address, while it is open.
        model: the served model's name.
        requests: the bodies that were received, in the order of arrival.

    Example:
        >>> with ScriptedJudge([say("[[A]]")]) as server:
        ...     server.base_url.startswith("http://127.0.0.1:")
        True
    """

    model = "scripted"

    def __init__(self, turns: Sequence[Turn]) -> None:
        if not turns:
            raise ValueError("a script needs at least one turn")
        self.turns = tuple(turns)
        self.requests: list[bytes] = []
        self.base_url = ""
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def answer(self, body: bytes) -> dict[str, Any]:
        """Return the completion that answers a request's body."""
        self.requests.append(body)
        request = json.loads(body)
        done = sum(message["role"] == "assistant" for message in request["messages"])
        turn = self.turns[min(done, len(self.turns) - 1)]
        message: dict[str, Any] = {"role": "assistant", "content": turn.text or None}
        if turn.tool is not None:
            arguments = json.dumps(dict(turn.arguments), ensure_ascii=False)
            function = {"name": turn.tool, "arguments": arguments}
            message["tool_calls"] = [{"id": f"call_{done}", "type": "function", "function": function}]
        finish = "stop" if turn.tool is None else "tool_calls"
        tokens = len(body) // _CHARS_PER_TOKEN
        return {
            "id": f"scripted-{done}",
            "object": "chat.completion",
            "created": 0,
            "model": self.model,
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": {"prompt_tokens": tokens, "completion_tokens": 1, "total_tokens": tokens + 1},
        }


def _handler(judge: ScriptedJudge) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave together: apart, the client's system waits before it answers

        def do_GET(self) -> None:
            self._send({"object": "list", "data": [{"id": judge.model, "object": "model"}]})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._send(judge.answer(body))

        def _send(self, value: Mapping[str, Any]) -> None:
            raw = json.dumps(value, ensure_ascii=False).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: a test's output is its own."""

    return Handler
