"""The process that looks into scratch folders and removes them, where the kernel does not bound them.

Looking into a folder full of files, and removing one, takes as long as hostile code likes: this process
has all the time, and the server none. Folders in use are looked at first, then a piece of one that is no
longer in use is removed.
"""

from __future__ import annotations

import json
import os
import selectors
import socket
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from skillrt.sandbox.cpython import scratch

LOOK_S = 0.005
"""How often folders in use are looked at; what is written between two looks is not bounded."""
MAX_BLIND = 20
"""So many looks in a row that could not see everything, and the folder counts as too full."""
MAX_PACKET = 1 << 12


@dataclass
class _Watched:
    folder: str
    pid: int
    blind: int = 0


class Keeper:
    """Watches and removes the folders that the server names, and tells which are too full."""

    def __init__(self, server: socket.socket, base: str, max_bytes: int) -> None:
        self._server, self._base, self._max_bytes = server, base, max_bytes
        self._watched: dict[int, _Watched] = {}
        self._removals: deque[Iterator[None]] = deque()

    def serve(self) -> None:
        """Work until the server goes away, then remove everything."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._server, selectors.EVENT_READ)
            while True:
                wait = 0.0 if self._removals else LOOK_S if self._watched else None
                if selector.select(wait) and not self._obey():
                    break
                self._look()
                if self._removals and next(self._removals[0], self) is self:
                    self._removals.popleft()
        scratch.remove(self._base)

    def _obey(self) -> bool:
        packet = self._server.recv(MAX_PACKET)
        if not packet:
            return False
        message = json.loads(packet)
        if "watch" in message:
            self._watched[message["watch"]] = _Watched(message["folder"], message["pid"])
        else:
            self._watched.pop(message["remove"], None)
            self._removals.append(scratch.removal(message["folder"]))
        return True

    def _look(self) -> None:
        for number, watched in list(self._watched.items()):
            full = scratch.too_full(watched.folder, watched.pid, self._max_bytes)
            watched.blind = watched.blind + 1 if full is None else 0
            if full or watched.blind >= MAX_BLIND:
                del self._watched[number]
                self._server.send(json.dumps({"full": number}).encode("ascii"))


def start(base: str, max_bytes: int, others: list[socket.socket]) -> socket.socket:
    """Fork the keeper, before any call is read; the socket to it. others: what it must not hold open."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() != 0:
        theirs.close()
        return ours
    try:
        ours.close()
        for other in others:
            other.close()
        Keeper(theirs, base, max_bytes).serve()
    finally:
        os._exit(0)
