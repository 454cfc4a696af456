"""A socket that waits with patience, not for ever: it notices silence, trickles and cancelling."""

import io
import select
import socket
import time
from collections.abc import Callable

from backups.engine.errors import Cancelled
from backups.engine.mirror.errors import SourceGone

TICK_SECONDS = 0.2
PACE_BYTES = 1024  # fewer than these in the whole time of patience is no progress
BUFFER_BYTES = 256 * 1024


class Patience:
    """How long a server may keep us waiting. Time counts only while we wait for it."""

    def __init__(self, seconds: float, cancelled: Callable[[], bool]) -> None:
        self._seconds = seconds
        self._cancelled = cancelled
        self._waited = 0.0
        self._received = 0

    def begin(self) -> None:
        """A new question. Raises Cancelled: a server that is quick enough is never waited for."""
        self._check()
        self._waited, self._received = 0.0, 0

    def received(self, count: int) -> None:
        self._received += count
        if self._received >= PACE_BYTES:
            self._waited, self._received = 0.0, 0

    def wait(self, poll: select.poll) -> dict[int, int]:
        """What is ready within a moment, as events by handle."""
        self._check()
        if self._waited >= self._seconds:
            raise SourceGone(f"the server has been silent or too slow for {self._seconds:g} s")
        started = time.monotonic()
        ready = poll.poll(TICK_SECONDS * 1000)
        self._waited += time.monotonic() - started
        return dict(ready)

    def _check(self) -> None:
        if self._cancelled():
            raise Cancelled("cancelled")


class PatientSocket:
    """As much of a socket as PyMySQL uses."""

    def __init__(self, sock: socket.socket, patience: Patience) -> None:
        self._sock = sock
        self._patience = patience
        sock.settimeout(0)

    def settimeout(self, _seconds: float | None) -> None:
        """The one deadline is our patience."""

    def close(self) -> None:
        self._sock.close()

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self), BUFFER_BYTES)

    def sendall(self, data: bytes) -> None:
        self._patience.begin()
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
                self._patience.received(count)
                return count

    def _wait(self, event: int) -> None:
        poll = select.poll()
        poll.register(self._sock, event)
        self._patience.wait(poll)


class _Incoming(io.RawIOBase):
    def __init__(self, sock: PatientSocket) -> None:
        self._patient = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._patient.receive_into(buffer)
