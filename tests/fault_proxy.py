"""A TCP proxy on the loopback that spoils connections: late, cut, silent or drop by drop."""

import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

CHUNK = 65536
TRICKLE_SECONDS = 0.2  # between two bytes

Waiting = queue.Queue[tuple[float, bytes]]  # each with the time at which it is due


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`*_after` count the bytes that the server has sent on one connection."""

    round_trip: float = 0.0
    cut_after: int | None = None  # the connection is reset
    stall_after: int | None = None  # open, but nothing more arrives
    trickle_after: int | None = None  # one byte at a time
    garble_after: int | None = None  # every 89th byte is another one


class FaultProxy:
    """Set `fault` at any time; what is under way keeps its own."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._closing = threading.Event()
        self.fault = Fault()
        self.connections = 0
        self.port = int(self._listener.getsockname()[1])
        self._start(self._accept)

    def cut_all(self) -> None:
        for sock in self._sockets:
            _shut(sock)

    def close(self) -> None:
        self._closing.set()
        _shut(self._listener)
        self._listener.close()
        self.cut_all()
        for thread in self._threads:
            thread.join()
        for sock in self._sockets:
            sock.close()

    def _start(self, work: Callable[..., None], *words: object) -> None:
        thread = threading.Thread(target=work, args=words, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._closing.is_set():
                client, _ = self._listener.accept()
                self.connections += 1
                self._join(client)

    def _join(self, client: socket.socket) -> None:
        self._sockets.append(client)
        try:
            server = socket.create_connection(("127.0.0.1", self._target), 5)
        except OSError:
            _shut(client)
            return
        server.settimeout(None)
        self._sockets.append(server)
        for sock in (client, server):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._pump(client, server, Fault(round_trip=self.fault.round_trip))
        self._pump(server, client, self.fault)

    def _pump(self, source: socket.socket, sink: socket.socket, fault: Fault) -> None:
        waiting: Waiting = queue.Queue()
        self._start(_receive, source, waiting, fault.round_trip / 2)
        self._start(self._deliver, waiting, source, sink, fault)

    def _deliver(
        self, waiting: Waiting, source: socket.socket, sink: socket.socket, fault: Fault
    ) -> None:
        sent = 0
        with suppress(OSError):
            while True:
                due, data = waiting.get()
                self._closing.wait(max(0.0, due - time.monotonic()))
                if not data:
                    break
                sent = self._spoil(data, sent, sink, fault)
        _shut(sink)
        _shut(source)

    def _spoil(self, data: bytes, sent: int, sink: socket.socket, fault: Fault) -> int:
        limits = (fault.cut_after, fault.stall_after, fault.trickle_after)
        limit = min((limit for limit in limits if limit is not None), default=None)
        if fault.garble_after is not None:
            data = _garbled(data, max(0, fault.garble_after - sent))
        healthy = data if limit is None else data[: max(0, limit - sent)]
        sink.sendall(healthy)
        if len(healthy) < len(data):
            self._misbehave(data[len(healthy) :], sink, fault)
        return sent + len(data)

    def _misbehave(self, data: bytes, sink: socket.socket, fault: Fault) -> None:
        if fault.cut_after is not None:
            raise ConnectionAbortedError
        if fault.stall_after is not None:
            return
        for byte in data:
            if self._closing.wait(TRICKLE_SECONDS):
                return
            sink.sendall(bytes([byte]))


def _receive(source: socket.socket, waiting: Waiting, delay: float) -> None:
    data = b"-"
    while data:
        try:
            data = source.recv(CHUNK)
        except OSError:
            data = b""
        waiting.put((time.monotonic() + delay, data))


def _garbled(data: bytes, start: int) -> bytes:
    spoilt = bytearray(data)
    for place in range(start, len(data), 89):
        spoilt[place] ^= 0x15
    return bytes(spoilt)


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def fault_proxy(target: int) -> Iterator[FaultProxy]:
    """A proxy to a port of this machine; healthy until told otherwise."""
    proxy = FaultProxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
