"""For a library that opens its own sockets: it gets a private local one, and we carry its bytes.

The library's calls block, deaf to cancelling, so they run in a thread of their own. The thread
that asked carries the bytes meanwhile, and keeps the time as for a socket of ours.
"""

import os
import select
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from backups.engine.mirror.wire import BUFFER_BYTES, Patience, PatientSocket

ACCEPT_SECONDS = 10.0
CLOSE_SECONDS = 10.0
Answer = TypeVar("Answer")


class Relay:
    """Between one connection of the library and `server`, which it closes in the end."""

    def __init__(self, server: socket.socket, patience: Patience) -> None:
        self._server = server
        self._patience = patience
        self._outgoing = PatientSocket(server, patience)
        self._local = socket.socket()
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._pending = self._buffer[:0]  # for the library, which has not taken it yet
        self._ended = False
        self._done = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="mariadb")
        self._asked: Future[Any] | None = None

    def open(self, connect: Callable[[str], Answer]) -> Answer:
        """Let the library connect to the path that it is given."""
        # A folder that only we may enter, and only until the library is in.
        with (
            TemporaryDirectory(prefix="ethonode-") as folder,
            socket.socket(socket.AF_UNIX) as door,
        ):
            path = str(Path(folder) / "door")
            door.bind(path)
            door.listen(1)
            door.settimeout(ACCEPT_SECONDS)
            future = self._worker.submit(connect, path)
            self._local.close()
            self._local, _ = door.accept()
        self._local.settimeout(0)
        return self._carried(future)

    def call(self, work: Callable[[], Answer]) -> Answer:
        """One call of the library; bytes move only while it lasts."""
        return self._carried(self._worker.submit(work))

    def close(self) -> None:
        """End at once: the library finds its connection broken. Safe to repeat.

        A call that does not come back even so (mysqlclient 2.3.2 after an error in mid-answer) is
        left to itself.
        """
        with suppress(OSError):
            self._local.shutdown(socket.SHUT_RDWR)
        ended = self._asked is None or bool(wait([self._asked], CLOSE_SECONDS).done)
        self._worker.shutdown(wait=ended)
        self._asked = None
        for sock in (self._local, self._server):
            sock.close()
        if not self.is_closed:
            os.close(self._done)
            self._done = -1

    @property
    def is_closed(self) -> bool:
        return self._done < 0

    def _carried(self, future: Future[Answer]) -> Answer:
        self._asked = future
        future.add_done_callback(lambda _: os.eventfd_write(self._done, 1))
        self._patience.begin()
        while not future.done():
            self._carry(self._patience.wait(self._poll()))
        with suppress(BlockingIOError):
            os.eventfd_read(self._done)
        self._asked = None
        return future.result()

    def _poll(self) -> select.poll:
        poll = select.poll()
        poll.register(self._done, select.POLLIN)
        poll.register(self._local, select.POLLIN | (select.POLLOUT if self._pending else 0))
        if not self._pending and not self._ended:
            poll.register(self._server, select.POLLIN)
        return poll

    def _carry(self, ready: dict[int, int]) -> None:
        with suppress(BlockingIOError):
            if ready.get(self._local.fileno(), 0) & select.POLLIN:
                self._outgoing.sendall(self._local.recv(BUFFER_BYTES))
        with suppress(BlockingIOError):
            if self._server.fileno() in ready:
                self._take(self._server.recv_into(self._buffer))
        with suppress(BlockingIOError):
            if self._pending:
                self._pending = self._pending[self._local.send(self._pending) :]

    def _take(self, count: int) -> None:
        self._patience.received(count)
        self._pending = self._buffer[:count]
        if not count:
            self._ended = True
            self._local.shutdown(socket.SHUT_WR)
