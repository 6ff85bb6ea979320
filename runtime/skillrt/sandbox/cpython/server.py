"""The fork server: takes calls from its client, has a child forked for each, and watches over it.

It starts with an empty environment. It trusts its client; of the children it takes bytes, counts them, and
passes them on as text. When its client goes away it ends the children, removes their folders, and ends. One
thread around a selector, which nothing holds up: the forking is the zygote's, and folders that the kernel
does not bound are the keeper's.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import select
import selectors
import signal
import site
import socket
import sys
import time
from functools import partial
from typing import Any

from skillrt.sandbox.cpython import keeper, landlock, rooms, scratch, seccomp, wire
from skillrt.sandbox.cpython.confine import (
    Walls,
    address_space,
    bound_descriptors,
    die_with_parent,
    drop_capabilities,
    too_few_descriptors,
    why_not,
)
from skillrt.sandbox.cpython.running import Running, refusal
from skillrt.sandbox.cpython.zygote import MAX_PACKET, Zygote
from skillrt.sandbox.helper_worker import load, warm_up

TICK_S = 0.05
"""How often deadlines are looked at while calls run."""
LOST_S = 15.0
"""A process of ours that did not do what it was told after so long is lost, and the server ends."""
HEAVY_START_S = 120.0
"""Time for the second zygote to load the heavy helpers."""


class Server:
    """The server's state: its client, its zygote (two once a heavy helper was wanted), its children."""

    def __init__(
        self,
        client: socket.socket,
        zygote: socket.socket,
        keeper: socket.socket | None,
        settings: dict[str, Any],
    ) -> None:
        self._client = client
        self._zygotes = [zygote]
        self._keeper = keeper
        """None where the kernel bounds the folders."""
        self._heavy_ready = False
        self._heavy_calls: list[dict[str, Any]] = []
        """Calls that wait for the second zygote."""
        self._heavy_since = 0.0
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
        if self._keeper is not None:
            self._selector.register(self._keeper, selectors.EVENT_READ, self._read_keeper)
        try:
            while self._turn():
                pass
        finally:
            for zygote in self._zygotes:
                zygote.close()  # it kills and reaps its children and ends
            if self._keeper is not None:
                self._keeper.close()

    def _turn(self) -> bool:
        for key, _ in self._selector.select(self._patience()):
            if self._selector.get_map().get(key.fd) is not key:
                continue  # closed by an earlier event of this turn, and the number perhaps in use again
            if not key.data():
                if isinstance(key.fileobj, socket.socket):
                    return False
                self._selector.unregister(key.fd)
                self._job_handed_over(key.fd)
        now = time.monotonic()
        for child in self._children.values():
            self._watch(child)
            if child.has_whole_frame() and not child.answered:
                self._answer(child, {})  # it has nothing left to do but end, and that takes a while
            if child.check(now) and child.killed_at is None:
                child.killed_at = now
                self._send(child.zygote, {"kill": child.number})
        return not self._lost(now)

    def _lost(self, now: float) -> bool:
        """Whether a zygote does nothing any more: it was stopped, or hangs."""
        if self._heavy_calls and now - self._heavy_since > HEAVY_START_S:
            return True
        return any(now - (child.killed_at or now) > LOST_S for child in self._children.values())

    def _patience(self) -> float | None:
        if not self._children:
            return TICK_S if self._heavy_calls else None
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
                self._cancel(message["kill"])
            elif "ping" in message:
                self._client.sendall(wire.pack({"id": message["ping"]}))
            else:
                self._start(message)
        return bool(chunk)

    def _cancel(self, number: int) -> None:
        if child := self._children.get(number):
            child.stop("crashed", "the call was cancelled")
        for call in [call for call in self._heavy_calls if call["id"] == number]:
            self._heavy_calls.remove(call)
            self._refuse(number, "crashed", "the call was cancelled")

    def _start(self, call: dict[str, Any]) -> None:
        heavy = self._heavy.search(call["code"]) is not None
        try:
            if heavy and not self._heavy_ready:
                self._want_second_zygote()
                self._heavy_calls.append(call)
            else:
                self._fork(call, self._zygotes[heavy])
        except OSError as error:
            self._refuse(call["id"], "unavailable", f"the sandbox takes no more calls: {error.strerror}")

    def _refuse(self, number: int, kind: str, error: str) -> None:
        self._client.sendall(wire.pack(refusal(number, kind, error)))

    def _fork(self, call: dict[str, Any], zygote: socket.socket) -> None:
        folder = self._base if self._keeper is None else scratch.make(self._base)
        try:
            child = Running(call, self._limits, folder, zygote)
        except OSError:
            self._leave(call["id"], folder)
            raise
        place = {
            "scratch": child.scratch,
            "timeout_s": child.timeout_s,
            "memory_bytes": call["memory_bytes"],
            "file_bytes": self._limits["scratch_bytes"],
        }
        packet = json.dumps({"id": child.number, "place": place}).encode("ascii")
        try:
            socket.send_fds(zygote, [packet], child.far_ends)
        except OSError:
            child.close()
            self._leave(child.number, folder)
            raise
        finally:
            child.close_far_ends()
        self._children[child.number] = child
        for fd, act, event in child.pipes():
            self._selector.register(fd, event, act)

    def _want_second_zygote(self) -> None:
        """Ask for it, once; it says when it is ready, and the wait is no call's time."""
        if len(self._zygotes) == 1:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                socket.send_fds(self._zygotes[0], [b'{"second": true}'], [theirs.fileno()])
            self._heavy_since = time.monotonic()
            self._zygotes.append(ours)
            self._listen_to(ours)

    def _listen_to(self, zygote: socket.socket) -> None:
        zygote.setblocking(False)
        self._selector.register(zygote, selectors.EVENT_READ, partial(self._read_zygote, zygote))

    def _send(self, process: socket.socket, message: dict[str, Any]) -> None:
        try:
            process.send(json.dumps(message).encode("ascii"))
        except OSError:  # it takes nothing, or is gone: who waits for it finds out
            return

    def _watch(self, child: Running) -> None:
        """Have the keeper look at the folder of a child that is about to begin."""
        if self._keeper is not None and child.pid and not child.watched:
            child.watched = True
            self._send(self._keeper, {"watch": child.number, "folder": child.scratch, "pid": child.pid})

    def _leave(self, number: int, folder: str) -> None:
        if self._keeper is not None:
            self._send(self._keeper, {"remove": number, "folder": folder})

    def _read_keeper(self) -> bool:
        assert self._keeper is not None
        packet = self._keeper.recv(MAX_PACKET)
        if packet and (child := self._children.get(json.loads(packet)["full"])):
            child.stop_full()
        return bool(packet)

    def _read_zygote(self, zygote: socket.socket) -> bool:
        packet = zygote.recv(MAX_PACKET)
        if packet:
            message = json.loads(packet)
            if "ready" in message:
                self._heavy_ready = True
                waiting, self._heavy_calls = self._heavy_calls, []
                for call in waiting:
                    self._start(call)
            else:
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
        self._leave(child.number, child.scratch)

    def _answer(self, child: Running, ended: dict[str, Any]) -> None:
        while child.read_output():
            pass
        child.answered = True
        self._client.sendall(wire.pack(child.outcome(ended)))


def main(descriptor: int) -> None:
    """Serve the client on the socket. Its first message holds the settings, the first answer says ready."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    client = socket.socket(fileno=descriptor)
    bound_descriptors()
    settings = _first_message(client)
    reason, helpers = too_few_descriptors(settings["processes"]) or why_not(), {}
    if reason is None:
        try:
            helpers = _load_helpers(settings)
        except Exception as error:  # told to the client, which raises it for the user
            reason = f"a helper does not load: {type(error).__name__}: {error}"
    if reason is not None:
        client.sendall(wire.pack({"unavailable": reason}))
        return
    zygote, pid = _fork_zygote(client, settings, helpers)
    ready = zygote.recv(MAX_PACKET)
    if not ready:
        client.sendall(wire.pack({"unavailable": "the process that forks ended at its start"}))
        return
    keeper_socket = None
    base: str = settings["base"]
    if not json.loads(ready)["folder"]:
        keeper_socket = keeper.start(base, settings["limits"]["scratch_bytes"], [client, zygote])
    client.sendall(wire.pack({"ready": True}))
    try:
        Server(client, zygote, keeper_socket, settings).serve()
    finally:
        _end(pid)
        if keeper_socket is None:
            scratch.remove(base)
        else:
            os.wait()  # the keeper removes all there is, then ends


def _end(pid: int) -> None:
    """Wait for the zygote, which ends by itself unless it is lost."""
    pidfd = os.pidfd_open(pid)
    if not select.select([pidfd], [], [], LOST_S / 3)[0]:
        os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _fork_zygote(
    client: socket.socket, settings: dict[str, Any], helpers: dict[str, Any]
) -> tuple[socket.socket, int]:
    """Start the zygote, before any call is read; the socket on which it says when it is ready, and its
    process id."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid != 0:
        theirs.close()
        return ours, pid
    try:
        die_with_parent()
        ours.close()
        client.close()
        for name in settings["hosted"]:
            if name not in settings["heavy"]:
                warm_up(helpers[name])
        site.setquit()
        sys.dont_write_bytecode = True
        sys.path[:] = settings["child_path"]
        os.environ.clear()
        bounds = rooms.find_bounds(settings["base"], drop_capabilities)
        walls = Walls(
            landlock_abi=landlock.abi(),
            read_fds=tuple(landlock.open_paths(settings["read_paths"])),
            write_fds=tuple(fd for fd, _ in landlock.open_paths(["/dev/null"])),
            filter=seccomp.compile_filter(os.uname().machine),
            base_memory=address_space(),
            bounds=bounds,
        )
        rooms.enter(bounds)
        die_with_parent()  # again: entering may have undone it
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
