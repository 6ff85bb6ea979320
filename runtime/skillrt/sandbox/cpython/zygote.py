"""The process that is forked for every call. It never sees what a call is about.

A forked child holds a copy of its parent's memory, and hostile code can read all of it: the parent must not
be the one through whose hands the other calls go. So there are two processes. The server takes calls and
results; the zygote knows the helpers, the walls and numbers. A child gets its code through a pipe from the
server when it is locked down.
"""

from __future__ import annotations

import errno
import gc
import json
import os
import selectors
import signal
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from skillrt.sandbox.cpython.child import Place, become
from skillrt.sandbox.cpython.confine import Walls, address_space, die_with_parent
from skillrt.sandbox.helper_worker import warm_up

MAX_PACKET = 1 << 12


class Zygote:
    """Forks children on the server's word, kills them on its word, and tells it how they ended.

    heavy: names of helpers that load much at their first call. They are left cold here; calls that name them
    are forked from a second zygote, itself forked from this one when it is first wanted, where they are warm.
    """

    def __init__(
        self, server: socket.socket, walls: Walls, helpers: Mapping[str, Any], heavy: Sequence[str]
    ) -> None:
        self._server, self._walls, self._helpers, self._heavy = server, walls, helpers, heavy
        self._selector = selectors.DefaultSelector()
        self._children: dict[int, tuple[int, int]] = {}
        """Number of the call -> process id and its descriptor."""
        self._pid = os.getpid()
        self._second: int | None = None

    def serve(self) -> None:
        """Work until the server goes away, then end all children."""
        gc.collect()
        gc.freeze()
        self._selector.register(self._server, selectors.EVENT_READ, None)
        self._tell({"ready": True, "folder": self._walls.bounds.folder})
        try:
            while self._turn():
                pass
        finally:
            for pid, _ in self._children.values():
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            if self._second is not None:
                os.waitpid(self._second, 0)  # it ends as this one does

    def _turn(self) -> bool:
        for key, _ in self._selector.select():
            if key.data is not None:
                self._ended(key.data)
            elif not self._obey():
                return False
        return True

    def _obey(self) -> bool:
        packet, fds, _, _ = socket.recv_fds(self._server, MAX_PACKET, 3)
        if not packet:
            return False
        message = json.loads(packet)
        if "kill" in message:
            if found := self._children.get(message["kill"]):
                os.kill(found[0], signal.SIGKILL)
        elif "second" in message:
            self._fork_second(fds)
        else:
            self._fork(Place(**message["place"]), message["id"], fds)
        return True

    def _fork(self, place: Place, number: int, fds: list[int]) -> None:
        pid = None
        try:
            if len(fds) != 3:
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            pid = os.fork()
            if pid == 0:
                become(place, self._walls, self._helpers, (fds[0], fds[1], fds[2]), self._pid)
            pidfd = os.pidfd_open(pid)
            self._children[number] = (pid, pidfd)
            self._selector.register(pidfd, selectors.EVENT_READ, number)
        except OSError as error:
            if pid is not None:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            self._tell({"id": number, "failed": f"no process could be made: {error.strerror}"})
        finally:
            for fd in fds:
                os.close(fd)

    def _fork_second(self, fds: list[int]) -> None:
        if not fds:
            return  # its socket is closed with the packet: the server sees the end
        fd = fds[0]
        pid = os.fork()
        if pid != 0:
            os.close(fd)
            self._second = pid
            return
        try:
            die_with_parent()
            self._server.close()
            self._selector.close()
            for _, pidfd in self._children.values():
                os.close(pidfd)
            for name in self._heavy:
                warm_up(self._helpers[name])
            walls = replace(self._walls, base_memory=address_space())
            Zygote(socket.socket(fileno=fd), walls, self._helpers, ()).serve()
        finally:
            os._exit(0)

    def _ended(self, number: int) -> None:
        pid, pidfd = self._children.pop(number)
        self._selector.unregister(pidfd)
        os.close(pidfd)
        _, status, used = os.wait4(pid, 0)
        processor_s = used.ru_utime + used.ru_stime
        self._tell(
            {"id": number, "status": status, "processor_s": processor_s, "peak_bytes": used.ru_maxrss << 10}
        )

    def _tell(self, message: dict[str, Any]) -> None:
        self._server.send(json.dumps(message).encode("ascii"))
