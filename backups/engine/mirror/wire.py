"""A socket that waits with patience, not for ever: it notices silence, trickles and cancelling."""

import io
import select
import socket
import time
from collections.abc import Callable

from backups.engine.mirror.errors import Cancelled, SourceGone

TICK_SECONDS = 0.2
PACE_BYTES = 1024  # fewer than these in the whole time of patience is no progress
BUFFER_BYTES = 256 * 1024


class PatientSocket:
    """As much of a socket as PyMySQL uses. Time counts only while we wait for the server."""

    def __init__(
        self, sock: socket.socket, *, patience: float, cancelled: Callable[[], bool]
    ) -> None:
        self._sock = sock
        self._patience = patience
        self._cancelled = cancelled
        self._waited = 0.0
        self._received = 0
        sock.settimeout(0)

    def settimeout(self, _seconds: float | None) -> None:
        """The one deadline is `patience`."""

    def close(self) -> None:
        self._sock.close()

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self), BUFFER_BYTES)

    def sendall(self, data: bytes) -> None:
        self._waited, self._received = 0.0, 0
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._sock.send(rest) :]
            except BlockingIOError:
                self._wait(select.POLLOUT)

    def receive_into(self, buffer: memoryview) -> int:
        while True:
            try:
                count = self._sock.recv_into(buffer)
            except BlockingIOError:
                self._wait(select.POLLIN)
            else:
                self._count(count)
                return count

    def _count(self, received: int) -> None:
        self._received += received
        if self._received >= PACE_BYTES:
            self._waited, self._received = 0.0, 0

    def _wait(self, event: int) -> None:
        if self._cancelled():
            raise Cancelled("cancelled")
        if self._waited >= self._patience:
            raise SourceGone(f"the server has been silent or too slow for {self._patience:g} s")
        poll = select.poll()
        poll.register(self._sock, event)
        started = time.monotonic()
        poll.poll(TICK_SECONDS * 1000)
        self._waited += time.monotonic() - started


class _Incoming(io.RawIOBase):
    def __init__(self, sock: PatientSocket) -> None:
        self._patient = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._patient.receive_into(buffer)
