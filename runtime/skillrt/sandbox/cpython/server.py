"""The fork server: takes calls from its client, has a child forked for each, and watches over it.

It starts with an empty environment. It trusts its client; of the children it takes bytes, counts them, and
passes them on as text. When its client goes away it ends the children, removes their folders, and ends. One
thread around a selector; the forking is the zygote's.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import selectors
import signal
import site
import socket
import sys
import time
from functools import partial
from typing import Any

from skillrt.sandbox.cpython import landlock, scratch, seccomp, wire
from skillrt.sandbox.cpython.confine import Walls, address_space, why_not
from skillrt.sandbox.cpython.running import Running
from skillrt.sandbox.cpython.zygote import MAX_PACKET, Zygote
from skillrt.sandbox.helper_worker import load, warm_up

TICK_S = 0.05
"""How often deadlines and scratch folders are looked at while calls run."""


class Server:
    """The server's state: its client, its zygote (two once a heavy helper was wanted), its children."""

    def __init__(self, client: socket.socket, zygote: socket.socket, settings: dict[str, Any]) -> None:
        self._client = client
        self._zygotes = [zygote]
        self._heavy = re.compile("|".join(rf"\b{name}\b" for name in settings["heavy"]) or "(?!)")
        self._limits: dict[str, int] = settings["limits"]
        self._base: str = settings["base"]
        self._selector = selectors.DefaultSelector()
        self._incoming = bytearray()
        self._children: dict[int, Running] = {}

    def serve(self) -> None:
        """Answer calls until the client goes away; then leave nothing behind."""
        self._selector.register(self._client, selectors.EVENT_READ, self._read_client)
        self._listen_to(self._zygotes[0])
        try:
            while self._turn():
                pass
        finally:
            for zygote in self._zygotes:
                zygote.close()  # it kills and reaps its children and ends
            os.wait()
            scratch.remove(self._base)

    def _turn(self) -> bool:
        for key, _ in self._selector.select(self._patience()):
            if self._selector.get_map().get(key.fd) is not key:
                continue  # closed by an earlier event of this turn, and the number perhaps in use again
            if not key.data():
                if key.fileobj in (self._client, *self._zygotes):
                    return False
                self._selector.unregister(key.fd)
                self._job_handed_over(key.fd)
        now = time.monotonic()
        for child in self._children.values():
            if child.has_whole_frame() and not child.answered:
                self._answer(child, {})  # it has nothing left to do but end, and that takes a while
            if child.check(now):
                self._kill(child)
        return True

    def _patience(self) -> float | None:
        if not self._children:
            return None
        nearest: float = min(child.deadline for child in self._children.values()) - time.monotonic()
        return min(TICK_S, max(0.001, nearest))

    def _job_handed_over(self, fd: int) -> None:
        for child in self._children.values():
            if child.job == fd:
                child.end_job()

    def _read_client(self) -> bool:
        try:
            chunk = self._client.recv(1 << 20)
        except ConnectionError:
            return False
        self._incoming += chunk
        for message in wire.unpack(self._incoming):
            if "kill" in message:
                if child := self._children.get(message["kill"]):
                    child.stop("crashed", "the call was cancelled")
                    self._kill(child)
            else:
                self._start(message)
        return bool(chunk)

    def _start(self, call: dict[str, Any]) -> None:
        zygote = self._second_zygote() if self._heavy.search(call["code"]) else self._zygotes[0]
        child = Running(call, self._limits, scratch.make(self._base), zygote)
        place = {
            "scratch": child.scratch,
            "timeout_s": child.timeout_s,
            "memory_bytes": call["memory_bytes"],
            "file_bytes": self._limits["scratch_bytes"],
        }
        packet = json.dumps({"id": child.number, "place": place}).encode("ascii")
        socket.send_fds(zygote, [packet], child.far_ends)
        child.close_far_ends()
        self._children[child.number] = child
        for fd, act, event in child.pipes():
            self._selector.register(fd, event, act)

    def _second_zygote(self) -> socket.socket:
        if len(self._zygotes) == 1:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            socket.send_fds(self._zygotes[0], [b'{"second": true}'], [theirs.fileno()])
            theirs.close()
            ours.recv(MAX_PACKET)  # it says when it is ready; the wait, once, is no call's time
            self._zygotes.append(ours)
            self._listen_to(ours)
        return self._zygotes[1]

    def _listen_to(self, zygote: socket.socket) -> None:
        self._selector.register(zygote, selectors.EVENT_READ, partial(self._read_zygote, zygote))

    def _kill(self, child: Running) -> None:
        child.zygote.send(json.dumps({"kill": child.number}).encode("ascii"))

    def _read_zygote(self, zygote: socket.socket) -> bool:
        packet = zygote.recv(MAX_PACKET)
        if packet:
            message = json.loads(packet)
            self._finish(self._children.pop(message["id"]), message)
        return bool(packet)

    def _finish(self, child: Running, message: dict[str, Any]) -> None:
        """The child has ended: nobody else holds the pipes, so what is in them is all there will be."""
        if "failed" in message:
            child.stop("unavailable", message["failed"])
        while child.read_frame():
            pass
        if not child.answered:
            self._answer(child, message)
        for fd, _, _ in child.pipes():
            if fd in self._selector.get_map():
                self._selector.unregister(fd)
        child.close()
        scratch.remove(child.scratch)

    def _answer(self, child: Running, ended: dict[str, Any]) -> None:
        while child.read_output():
            pass
        child.answered = True
        self._client.sendall(wire.pack(child.outcome(ended)))


def main(descriptor: int) -> None:
    """Serve the client on the socket. Its first message holds the settings, the first answer says ready."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    client = socket.socket(fileno=descriptor)
    settings = _first_message(client)
    reason, helpers = why_not(), {}
    if reason is None:
        try:
            helpers = _load_helpers(settings)
        except Exception as error:  # told to the client, which raises it for the user
            reason = f"a helper does not load: {type(error).__name__}: {error}"
    if reason is not None:
        client.sendall(wire.pack({"unavailable": reason}))
        return
    zygote = _fork_zygote(client, settings, helpers)
    zygote.recv(MAX_PACKET)
    client.sendall(wire.pack({"ready": True}))
    Server(client, zygote, settings).serve()


def _fork_zygote(client: socket.socket, settings: dict[str, Any], helpers: dict[str, Any]) -> socket.socket:
    """Start the zygote, before any call is read; the socket on which it says when it is ready."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() != 0:
        theirs.close()
        return ours
    try:
        ours.close()
        client.close()
        for name in settings["hosted"]:
            if name not in settings["heavy"]:
                warm_up(helpers[name])
        site.setquit()
        sys.dont_write_bytecode = True
        sys.path[:] = settings["child_path"]
        os.environ.clear()
        walls = Walls(
            landlock_abi=landlock.abi(),
            read_fds=tuple(landlock.open_paths(settings["read_paths"])),
            write_fds=tuple(fd for fd, _ in landlock.open_paths(["/dev/null"])),
            filter=seccomp.compile_filter(os.uname().machine),
            base_memory=address_space(),
        )
        Zygote(theirs, walls, helpers, settings["heavy"]).serve()
    finally:
        os._exit(0)


def _load_helpers(settings: dict[str, Any]) -> dict[str, Any]:
    """Import and define the helpers, and whatever else a child may want that would cost it time to import."""
    for name in settings["preload"]:
        importlib.import_module(name)
    found: dict[str, Any] = {"__name__": "helpers"}
    exec(compile(settings["source"], "<helpers>", "exec"), found)  # noqa: S102 our own text
    names = {name: found[name] for name in settings["source_names"]}
    for name, target in settings["hosted"].items():
        names[name] = load(target)
    return names


def _first_message(client: socket.socket) -> dict[str, Any]:
    buffer = bytearray()
    while not (messages := wire.unpack(buffer)):
        chunk = client.recv(1 << 20)
        if not chunk:
            sys.exit(0)
        buffer += chunk
    return messages[0]
